package storetest

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"dossier"
	"dossier/query"
	"dossier/store"
)

// diffRecords is what differs; a row without values is one with none.
func diffRecords(want, got *dossier.Record) string { return cmp.Diff(want, got, cmpopts.EquateEmpty()) }

func testRecords(t *testing.T, open Opener) {
	b := newBench(t, open)
	c := b.collection("notes", &dossier.Field{Name: "title", Type: dossier.TypeText}, &dossier.Field{Name: "no", Type: dossier.TypeAutoNumber},
		&dossier.Field{Name: "lines", Type: dossier.TypeTable, Fields: []*dossier.Field{{Name: "what", Type: dossier.TypeText}}})
	one := b.insert(c, values("title", dossier.Text("one"), "lines", dossier.Rows{{}, {Values: values("what", dossier.Text("x"))}}))
	two := b.insert(c, values("title", dossier.Text(""), "lines", dossier.Rows{{}}))
	if one.Number != 1 || two.Number != 2 || one.Values["no"] != dossier.Number("1") || two.Values["no"] != dossier.Number("2") {
		t.Errorf("numbers are %v and %v", one, two)
	}
	if rows := two.Values["lines"].(dossier.Rows); rows[0].ID != 3 {
		t.Errorf("the third row of the collection has the ID %d", rows[0].ID)
	}
	if got := b.get(c, two.ID); got.Values["title"] != dossier.Text("") {
		t.Errorf("the empty text came back as %#v", got.Values["title"])
	}

	b.view(func(tx store.Tx) error {
		rs := tx.Records(c)
		_, err := rs.Get(ctx, "nobody")
		b.want(dossier.NotFound, err)
		_, err = rs.GetNumber(ctx, 9)
		b.want(dossier.NotFound, err)
		_, err = rs.GetEmail(ctx, "a@b.c")
		b.want(dossier.NotFound, err)
		_, err = tx.Records(&dossier.Collection{ID: "nothing", Name: "nothing"}).Get(ctx, one.ID)
		b.want(dossier.NotFound, err)
		got, err := rs.GetNumber(ctx, 1)
		if diff := diffRecords(one, got); diff != "" {
			t.Error(diff)
		}
		return err
	})
	testUpdate(b, c, one)

	b.update(func(tx store.Tx) error { return tx.Records(c).Delete(ctx, two.ID) })
	b.refuse(dossier.NotFound, func(tx store.Tx) error { return tx.Records(c).Delete(ctx, two.ID) })
	if again := b.insert(c, nil); again.Number != 3 || again.Values["no"] != dossier.Number("3") {
		t.Errorf("a number was used twice: %v", again)
	}
	b.refuse(dossier.Invalid, func(tx store.Tx) error { return tx.Records(c).Insert(ctx, b.record(values("nope", dossier.Text("")))) })
	b.refuse(dossier.Invalid, func(tx store.Tx) error {
		return tx.Records(c).Insert(ctx, b.record(values("title", dossier.Bool(true))))
	})
	b.refuse(dossier.Invalid, func(tx store.Tx) error {
		return tx.Records(c).Insert(ctx, b.record(values("title", dossier.Text("a\x00"))))
	})
}

func testUpdate(b *bench, c *dossier.Collection, one *dossier.Record) {
	b.Helper()
	change := one.Clone()
	change.Values["title"] = dossier.Text("uno")
	delete(change.Values, "lines")
	change.Created, change.Updated, change.UpdatedBy, change.Number = now.AddDate(1, 0, 0), now.AddDate(0, 0, 1), "bob", 77
	change.Revision = 2
	b.update(func(tx store.Tx) error { return tx.Records(c).Update(ctx, change, 1) })
	change.Created, change.Number = one.Created, one.Number
	if diff := cmp.Diff(change, b.get(c, one.ID)); diff != "" {
		b.Error(diff)
	}
	b.refuse(dossier.Stale, func(tx store.Tx) error { return tx.Records(c).Update(ctx, change.Clone(), 1) })
	ghost := change.Clone()
	ghost.ID = "ghost"
	b.refuse(dossier.NotFound, func(tx store.Tx) error { return tx.Records(c).Update(ctx, ghost, 2) })
}

func testRoundTrip(t *testing.T, open Opener) {
	b := newBench(t, open)
	c := b.collection("notes", &dossier.Field{Name: "n", Type: dossier.TypeNumber}, &dossier.Field{Name: "l", Type: dossier.TypeSelect, MaxSelect: 9},
		&dossier.Field{Name: "s", Type: dossier.TypeText})
	for _, n := range append(numbers, "-0.0", "123456789012345678", "99999999999999999999", "1234.5678", "0.1", "10.01", "5000000000000000000000") {
		want, err := dossier.ParseNumber(n)
		if err != nil {
			t.Fatal(err)
		}
		if got := b.get(c, b.insert(c, values("n", want)).ID).Values["n"]; got != want {
			t.Errorf("%s came back as %s", want, got)
		}
	}
	odd := append(words, "a,b", `",`, "\t\r\n\\/", "\u2028", strings.Repeat("x", 100_000))
	got := b.get(c, b.insert(c, values("l", dossier.List(odd))).ID)
	if diff := cmp.Diff(dossier.List(odd), got.Values["l"]); diff != "" {
		t.Error(diff)
	}
	for _, s := range odd {
		if got := b.get(c, b.insert(c, values("s", dossier.Text(s))).ID).Text("s"); got != s {
			t.Errorf("%q came back as %q", s, got)
		}
	}
	for _, empty := range []dossier.Value{nil, dossier.List{}} {
		if _, ok := b.get(c, b.insert(c, values("l", dossier.List(nil), "l", dossier.List{})).ID).Values["l"]; ok {
			t.Errorf("%#v came back as a value", empty)
		}
	}
}

func testClashes(t *testing.T, open Opener) {
	b := newBench(t, open)
	c := b.collection("notes", &dossier.Field{Name: "a", Type: dossier.TypeText, Unique: true},
		&dossier.Field{Name: "n", Type: dossier.TypeNumber, Unique: true, Indexed: true}, &dossier.Field{Name: "x", Type: dossier.TypeText})
	one := b.insert(c, values("a", dossier.Text("a"), "n", dossier.Number("1.0")))
	b.insert(c, nil)
	b.insert(c, nil) // empty values never clash

	clash := b.record(values("a", dossier.Text("a"), "n", dossier.Number("1")))
	clash.ID = one.ID
	err := b.refuse(dossier.Exists, func(tx store.Tx) error { return tx.Records(c).Insert(ctx, clash) })
	wantProblems(t, err, []dossier.Problem{{Path: []string{"id"}, Code: dossier.CodeTaken}})
	clash.ID = b.id()
	err = b.refuse(dossier.Exists, func(tx store.Tx) error { return tx.Records(c).Insert(ctx, clash) })
	wantProblems(t, err, []dossier.Problem{{Path: []string{"a"}, Code: dossier.CodeNotUnique}, {Path: []string{"n"}, Code: dossier.CodeNotUnique}})

	two := b.insert(c, values("a", dossier.Text("A"), "n", dossier.Number("2")))
	two.Values["n"] = dossier.Number("1.00")
	err = b.refuse(dossier.Exists, func(tx store.Tx) error { return tx.Records(c).Update(ctx, two, 1) })
	wantProblems(t, err, []dossier.Problem{{Path: []string{"n"}, Code: dossier.CodeNotUnique}})
	b.update(func(tx store.Tx) error { return tx.Records(c).Update(ctx, one, 1) }) // keeps its own values
}

func wantProblems(t *testing.T, err error, want []dossier.Problem) {
	t.Helper()
	var e *dossier.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v", err)
	}
	if diff := cmp.Diff(want, e.Problems); diff != "" {
		t.Error(diff)
	}
}

func testAccounts(t *testing.T, open Opener) {
	b := newBench(t, open)
	c := &dossier.Collection{ID: b.id(), Number: -1, Name: "users", Kind: dossier.Auth, System: true}
	b.put(c)
	ann := b.record(map[string]dossier.Value{})
	ann.Account = &dossier.Account{Email: "Änn@Example.org", EmailVisible: true, Verified: true, PasswordHash: "hash", TokenKey: "key"}
	b.update(func(tx store.Tx) error { return tx.Records(c).Insert(ctx, ann) })
	b.view(func(tx store.Tx) error {
		got, err := tx.Records(c).GetEmail(ctx, "äNN@example.ORG")
		if diff := cmp.Diff(ann, got); diff != "" {
			t.Error(diff)
		}
		_, none := tx.Records(c).GetEmail(ctx, "")
		b.want(dossier.NotFound, none)
		return err
	})
	for range 2 { // accounts without an email never clash
		r := b.record(nil)
		r.Account = &dossier.Account{}
		b.update(func(tx store.Tx) error { return tx.Records(c).Insert(ctx, r) })
	}
	twin := b.record(nil)
	twin.Account = &dossier.Account{Email: "änn@example.org"}
	err := b.refuse(dossier.Exists, func(tx store.Tx) error { return tx.Records(c).Insert(ctx, twin) })
	wantProblems(t, err, []dossier.Problem{{Path: []string{"email"}, Code: dossier.CodeNotUnique}})

	ann.Account.Email, ann.Account.TokenKey = "ann@example.org", "other"
	b.update(func(tx store.Tx) error { return tx.Records(c).Update(ctx, ann, 1) })
	b.update(func(tx store.Tx) error { return tx.Records(c).Insert(ctx, twin) })
	if got := b.get(c, ann.ID); got.Account.TokenKey != "other" || got.Revision != 2 {
		t.Errorf("got %v", got)
	}
}

func testLimits(t *testing.T, open Opener) {
	b := newBench(t, open)
	c := b.collection("notes", &dossier.Field{Name: "a", Type: dossier.TypeText}, &dossier.Field{Name: "up", Type: dossier.TypeRelation})
	c.Fields[1].Collection = c.ID
	b.put(c)
	space := &dossier.Space{Collections: []*dossier.Collection{c}}
	one := b.insert(c, values("a", dossier.Text("x")))
	b.insert(c, values("a", dossier.Text("y"), "up", dossier.Text(one.ID)))
	is := func(s string) query.Filter {
		return query.Compare{Left: query.Col("a"), Op: query.Eq, Right: query.Literal{Value: dossier.Text(s)}}
	}

	wide := query.Or{}
	for range 650 {
		wide = append(wide, is("z"))
	}
	many := query.In{Of: query.Col("a")}
	for range 9999 {
		many.Values = append(many.Values, dossier.Text("z"))
	}
	many.Values = append(many.Values, dossier.Text("x"))
	var not, nested query.Filter = is("x"), is("x")
	for i := range 60 {
		not = query.Not{Filter: not}
		if i < 28 {
			nested = query.Some{Over: query.All{Collection: "notes"}, Where: nested}
		}
	}
	for name, tt := range map[string]struct {
		q    query.Query
		want int
	}{
		"a wide tree":      {query.Query{Filter: append(wide, is("x"))}, 1},
		"a deep tree":      {query.Query{Filter: not}, 1},
		"nested sets":      {query.Query{Filter: nested}, 2},
		"many values":      {query.Query{Filter: many}, 1},
		"chance":           {query.Query{Random: true, Limit: 5}, 2},
		"past the end":     {query.Query{Offset: 5}, 0},
		"offset, no limit": {query.Query{Offset: 1}, 1},
		"many orders":      {query.Query{Sort: slicesRepeat(query.Sort{By: query.Col("a")}, 500)}, 2},
		"a constant order": {query.Query{Sort: []query.Sort{{By: query.Literal{Value: dossier.Number("7")}}}}, 2},
		"a long path":      {query.Query{Sort: []query.Sort{{By: query.Column{Path: []string{"up", "up", "up", "up", "up", "up"}, Name: "a"}}}}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			if got := b.find(space, c, tt.q); len(got) != tt.want {
				t.Errorf("found %v, want %d", got, tt.want)
			}
		})
	}
}

func slicesRepeat[T any](v T, n int) []T {
	out := make([]T, n)
	for i := range out {
		out[i] = v
	}
	return out
}
