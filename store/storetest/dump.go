package storetest

import (
	"bytes"
	"strings"
	"testing"

	"dossier"
	"dossier/query"
	"dossier/store"
)

// dumped is the dump of a store.
func (b *bench) dumped() string {
	b.Helper()
	var out bytes.Buffer
	b.view(func(tx store.Tx) error {
		rows, err := tx.Dump(ctx, &out)
		if want := int64(strings.Count(out.String(), "\n[")); err == nil && rows != want {
			b.Errorf("Dump says %d rows and writes %d", rows, want)
		}
		return err
	})
	return out.String()
}

// everything makes a space with a bit of everything.
func (b *bench) everything() *dossier.Collection {
	b.Helper()
	target := b.collection("target", &dossier.Field{Name: "name", Type: dossier.TypeText, Unique: true})
	target.Indexes = []dossier.Index{where(target, unique("folded", folded(target, "name"), on(target, query.CreatedBy)), query.CreatedBy, "=", "ann")}
	b.put(target)
	c := b.collection("things",
		&dossier.Field{Name: "text", Type: dossier.TypeText, Indexed: true}, &dossier.Field{Name: "n", Type: dossier.TypeNumber},
		&dossier.Field{Name: "auto", Type: dossier.TypeAutoNumber}, &dossier.Field{Name: "yes", Type: dossier.TypeBool},
		&dossier.Field{Name: "to", Type: dossier.TypeRelation, Collection: target.ID, MaxSelect: 3},
		&dossier.Field{Name: "file", Type: dossier.TypeFile, MaxSelect: 2}, &dossier.Field{Name: "pin", Type: dossier.TypePassword},
		&dossier.Field{Name: "rows", Type: dossier.TypeTable, Fields: []*dossier.Field{{Name: "q", Type: dossier.TypeNumber}}})
	people := &dossier.Collection{ID: b.id(), Number: -1, Name: "people", Kind: dossier.Auth, Created: now, Updated: now}
	b.put(people)
	b.put(&dossier.Collection{ID: b.id(), Number: 9001, Name: "seen", Kind: dossier.View, Query: "SELECT id, text FROM things", Created: now, Updated: now})
	to := b.insert(target, values("name", dossier.Text("a")))
	u := &dossier.Upload{Expires: now.AddDate(0, 0, 3), Length: -1}
	u.ID, u.Name, u.Size, u.SHA256, u.Created = b.fileID(), "naïve \"name\"\n.txt", 5, strings.Repeat("0", 64), now
	u.Chunks = []dossier.Chunk{{Key: string(u.ID) + "/x", Size: 5}}
	b.update(func(tx store.Tx) error { return tx.Uploads().Create(ctx, u) })
	for i := range 700 {
		r := b.record(values("text", dossier.Text("t"), "n", dossier.Number("1.50"), "yes", dossier.Bool(i%2 == 0), "to", dossier.List{string(to.ID)},
			"pin", dossier.Secret{Hash: "$h"}, "rows", dossier.Rows{{Values: values("q", dossier.Number("7"))}}))
		b.update(func(tx store.Tx) error { return tx.Records(c).Insert(ctx, r) })
		if i == 699 {
			b.update(func(tx store.Tx) error { return tx.Records(c).Delete(ctx, r.ID) }) // its number is not given again
		}
	}
	b.update(func(tx store.Tx) error {
		who := b.record(nil)
		who.Account = &dossier.Account{Email: "Ann@Example.com", PasswordHash: "hash", TokenKey: "key"}
		if err := tx.Records(people).Insert(ctx, who); err != nil {
			return err
		}
		if err := tx.Tokens().Put(ctx, &store.Token{ID: b.id(), Name: "t", Hash: strings.Repeat("a", 64), Key: true, Created: now}); err != nil {
			return err
		}
		if err := tx.Meta().Put(ctx, "broken", "\xff\x00\xfe"); err != nil {
			return err
		}
		return tx.Meta().Put(ctx, "secret", "s \u2028 \\ \t")
	})
	return c
}

// testDump proves that a loaded store is the dumped one: what it dumps, what it finds, and what it counts on from.
func testDump(t *testing.T, open Opener) {
	from := newBench(t, open)
	c := from.everything()
	text := from.dumped()
	dir := t.TempDir()
	to := open(t, dir)
	rows, err := to.Load(ctx, strings.NewReader(text))
	if err != nil || rows != int64(strings.Count(text, "\n[")) {
		t.Fatalf("Load: %d rows, %v", rows, err)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	back := reopen(t, open, dir)
	if again := back.dumped(); again != text {
		t.Errorf("the loaded store dumps\n%.2000s\nwant\n%.2000s", again, text)
	}
	collections, err := spaceOf(back)
	if err != nil {
		t.Fatal(err)
	}
	space := &dossier.Space{Collections: collections}
	q := query.Query{Filter: query.Compare{Left: query.Col("text"), Op: query.Eq, Right: query.Literal{Value: dossier.Text("t")}}, Limit: 1, Offset: 698}
	if got := back.find(space, c, q); len(got) != 1 || got[0] != 699 {
		t.Errorf("the last record is %v", got)
	}
	back.ids = from.ids
	next := back.insert(c, values("text", dossier.Text("next")))
	if next.Number != 701 || next.Values["auto"] != dossier.Number("701") {
		t.Errorf("the next record has the number %d and the automatic number %v", next.Number, next.Values["auto"])
	}
	target, _ := space.Collection("target")
	for _, name := range []string{"a", "A"} {
		back.refuse(dossier.Exists, func(tx store.Tx) error {
			return tx.Records(target).Insert(ctx, back.record(values("name", dossier.Text(name))))
		})
	}
	if _, err := back.Load(ctx, strings.NewReader(text)); dossier.KindOf(err) != dossier.Unsupported {
		t.Errorf("Load into a store that holds something: %v", err)
	}
}

func spaceOf(b *bench) (all []*dossier.Collection, err error) {
	err = b.View(ctx, func(tx store.Tx) (err error) {
		all, err = tx.Collections().List(ctx)
		return err
	})
	return all, err
}

// testBadDumps proves that a store takes no rows but its own.
func testBadDumps(t *testing.T, open Opener) {
	from := newBench(t, open)
	from.everything()
	text := from.dumped()
	replace := func(old, new string) string {
		if !strings.Contains(text, old) {
			t.Fatalf("a dump has no %q", old)
		}
		return strings.Replace(text, old, new, 1)
	}
	lines := strings.SplitAfter(text, "\n")
	cases := map[string]struct {
		dump string
		want dossier.Kind
	}{
		"nothing":                  {"", dossier.Invalid},
		"no dump":                  {"PK\x03\x04", dossier.Invalid},
		"cut off in a line":        {text[:len(text)/2], dossier.Invalid},
		"cut off at the end":       {text[:len(text)-len(lines[len(lines)-2])], dossier.Invalid},
		"a newer version":          {replace(`{"schema":`, `{"schema":9`), dossier.Unsupported},
		"no version":               {replace(`{"schema":`, `{"schema":-`), dossier.Invalid},
		"another member":           {replace(`{"schema":`, `{"x":1,"schema":`), dossier.Invalid},
		"a table of the database":  {replace(`"table":"meta"`, `"table":"sqlite_master"`), dossier.Invalid},
		"a table twice":            {replace(`"table":"meta"`, `"table":"tokens"`), dossier.Invalid},
		"records of no collection": {replace(`"table":"r_2"`, `"table":"r_77"`), dossier.Invalid},
		"a table that is SQL":      {replace(`"table":"meta"`, `"table":"meta; DROP TABLE meta"`), dossier.Invalid},
		"a column that is SQL":     {replace(`"columns":["name","value"]`, `"columns":["name","value) SELECT 1, 2; --"]`), dossier.Invalid},
		"a column twice":           {replace(`"columns":["name","value"]`, `"columns":["name","name"]`), dossier.Invalid},
		"a column fewer":           {replace(`"columns":["name","value"]`, `"columns":["name"]`), dossier.Invalid},
		"a bracket after the head": {strings.Replace(text, "\n", "]\n", 1), dossier.Invalid},
		"a row before the tables":  {lines[0] + "[1]\n" + text[len(lines[0]):], dossier.Invalid},
		"a cell more":              {replace(`["secret",`, `["secret",1,`), dossier.Invalid},
		"a fraction":               {replace(`["secret",`, `[1.5,`), dossier.Invalid},
		"a list in a cell":         {replace(`["secret",`, `[["secret"],`), dossier.Invalid},
		"a null that must not be":  {replace(`["secret",`, `[null,`), dossier.Invalid},
		"a key twice":              {replace(`["secret",`, `["broken",`), dossier.Invalid},
		"a row fewer":              {replace("[\"secret\",\"s \u2028 \\\\ \\u0009\"]\n", ""), dossier.Invalid},
		"something after the end":  {text + "x", dossier.Invalid},
		"a condition that is SQL":  {replace(`\"Op\":\"=\"`, `\"Op\":\"= 1 OR 1 =\"`), dossier.Invalid},
		"a broken definition":      {replace(`{\"ID\"`, `{{\"ID\"`), dossier.Invalid},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			to := newBench(t, open)
			if _, err := to.Load(ctx, strings.NewReader(c.dump)); dossier.KindOf(err) != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}
