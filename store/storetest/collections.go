package storetest

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dossier"
	"dossier/query"
	"dossier/store"
)

func (b *bench) list() (out []*dossier.Collection) {
	b.Helper()
	b.view(func(tx store.Tx) (err error) {
		out, err = tx.Collections().List(ctx)
		return err
	})
	return out
}

func testCollections(t *testing.T, open Opener) {
	b := newBench(t, open)
	rule, two := "id != ''", 2
	full := &dossier.Collection{ID: b.id(), Number: 7, Name: "Full", Label: "Voll ä", Kind: dossier.Base, Draft: true, Identifier: "f0",
		Rules: dossier.Rules{List: &rule, View: new(string)}, Created: now, Updated: now}
	for i, v := range []dossier.Value{nil, dossier.Text(""), dossier.Number("1.50"), dossier.Bool(false), dossier.Date("2024-02-29"),
		dossier.Clock("10:00"), dossier.Instant(0), dossier.List{"a", "ä"}, dossier.JSON(`{"a":1}`),
		dossier.Rows{{Values: values("x", dossier.Number("2"))}}} {
		full.Fields = append(full.Fields, &dossier.Field{Name: "f" + string(rune('0'+i)), Label: "L", Type: dossier.FieldTypes[i], Default: v,
			Options: []string{"x"}, Decimals: &two, Extra: map[string]string{"k": "v"}})
	}
	full.Fields = append(full.Fields, &dossier.Field{Name: "t", Type: dossier.TypeTable, Fields: []*dossier.Field{
		{Name: "in", Type: dossier.TypeSelect, MaxSelect: 2, Default: dossier.List{"q"}}}})
	b.number(full.Fields)
	b.put(full)
	system := &dossier.Collection{ID: b.id(), Number: -3, Name: "_users", Kind: dossier.Auth, System: true, Created: now, Updated: now}
	b.put(system)
	if diff := cmp.Diff([]*dossier.Collection{system, full}, b.list()); diff != "" {
		t.Error(diff)
	}

	for _, clash := range []*dossier.Collection{{ID: b.id(), Number: 7, Name: "other"}, {ID: b.id(), Number: 8, Name: "fULL"}} {
		b.refuse(dossier.Exists, func(tx store.Tx) error { return tx.Collections().Put(ctx, clash) })
	}
	b.refuse(dossier.Unsupported, func(tx store.Tx) error {
		kind := *full
		kind.Kind = dossier.Auth
		return tx.Collections().Put(ctx, &kind)
	})

	b.insert(full, nil)
	b.update(func(tx store.Tx) error { return tx.Collections().Delete(ctx, full, now) })
	b.refuse(dossier.NotFound, func(tx store.Tx) error { return tx.Collections().Delete(ctx, full, now) })
	b.refuse(dossier.NotFound, func(tx store.Tx) error { return tx.Records(full).Insert(ctx, b.record(nil)) })
	if n := len(b.list()); n != 1 {
		t.Errorf("%d collections are left", n)
	}
	b.put(full) // again, and empty
	if r := b.insert(full, nil); r.Number != 1 {
		t.Errorf("the first record of a new collection has number %d", r.Number)
	}

	undone := errors.New("undone")
	ghost := &dossier.Collection{ID: b.id(), Number: 50, Name: "ghost"}
	err := b.Update(ctx, func(tx store.Tx) error {
		if err := tx.Collections().Put(ctx, ghost); err != nil {
			return err
		}
		if err := tx.Records(ghost).Insert(ctx, b.record(nil)); err != nil {
			return err
		}
		return undone
	})
	if !errors.Is(err, undone) {
		t.Errorf("got %v", err)
	}
	b.refuse(dossier.NotFound, func(tx store.Tx) error { return tx.Records(ghost).Insert(ctx, b.record(nil)) })
}

func testAlter(t *testing.T, open Opener) {
	b := newBench(t, open)
	field := func(name string, typ dossier.FieldType) *dossier.Field { return &dossier.Field{Name: name, Type: typ} }
	inner := []*dossier.Field{field("keep", dossier.TypeText), field("lose", dossier.TypeNumber), field("pick", dossier.TypeSelect)}
	c := b.collection("notes", field("a", dossier.TypeText), field("n", dossier.TypeNumber), field("one", dossier.TypeSelect),
		field("many", dossier.TypeRelation), &dossier.Field{Name: "rows", Type: dossier.TypeTable, Fields: inner})
	c.Fields[3].MaxSelect, c.Fields[3].Collection = 5, c.ID
	b.put(c)
	r := b.insert(c, values("a", dossier.Text("x"), "n", dossier.Number("1.50"), "one", dossier.Text("o"), "many", dossier.List{"p", "q"},
		"rows", dossier.Rows{{Values: values("keep", dossier.Text("k"), "lose", dossier.Number("1"), "pick", dossier.Text("z"))}}))
	b.insert(c, values("a", dossier.Text("x")))

	next := c.Clone()
	next.Name = "renamed"
	f := next.Fields
	f[0].Name, f[1].Name = "n", "a" // names change places
	f[0].Indexed = true
	f[2].MaxSelect, f[3].MaxSelect = 3, 1
	f[4].Fields = []*dossier.Field{f[4].Fields[0], f[4].Fields[2]}
	f[4].Fields[0].Name, f[4].Fields[1].MaxSelect = "kept", 2
	extra := []*dossier.Field{field("extra", dossier.TypeNumber)}
	b.number(extra)
	next.Fields = append(f, extra...)
	b.put(next)
	want := values("n", dossier.Text("x"), "a", dossier.Number("1.50"), "one", dossier.List{"o"}, "many", dossier.Text("q"),
		"rows", dossier.Rows{{ID: 1, Values: values("kept", dossier.Text("k"), "pick", dossier.List{"z"})}})
	if diff := cmp.Diff(want, b.get(next, r.ID).Values); diff != "" {
		t.Error(diff)
	}
	space := &dossier.Space{Collections: []*dossier.Collection{next}}
	if got := b.find(space, next, query.Query{Filter: query.Empty{Of: query.Col("extra")}, Sort: []query.Sort{{By: query.Col("n")}}}); len(got) != 2 {
		t.Errorf("found %v by the new field", got)
	}

	last := next.Clone()
	last.Fields = []*dossier.Field{last.Fields[0], last.Fields[5]} // "n" and "extra" stay
	b.put(last)
	if diff := cmp.Diff(values("n", dossier.Text("x")), b.get(last, r.ID).Values); diff != "" {
		t.Error(diff)
	}
	testRefusedAlter(b, last)
	testEmptyTextsTurnUnique(b)
}

// testEmptyTextsTurnUnique has two records with an empty text in a field that turns unique: they do not clash.
func testEmptyTextsTurnUnique(b *bench) {
	b.Helper()
	c := b.collection("nicks", &dossier.Field{Name: "nick", Type: dossier.TypeText})
	first := b.insert(c, values("nick", dossier.Text("")))
	b.insert(c, values("nick", dossier.Text("")))
	unique := c.Clone()
	unique.Fields[0].Unique = true
	b.put(unique)
	if got := b.get(unique, first.ID).Values; len(got) != 0 {
		b.Errorf("a unique field keeps %v", got)
	}
	b.update(func(tx store.Tx) error { return tx.Collections().Delete(ctx, unique, now) })
}

// testRefusedAlter has a collection of which two records have the same value of the first field.
func testRefusedAlter(b *bench, c *dossier.Collection) {
	b.Helper()
	unique := c.Clone()
	unique.Fields[0].Unique, unique.Fields[1].Unique = true, true
	err := b.refuse(dossier.Exists, func(tx store.Tx) error { return tx.Collections().Put(ctx, unique) })
	wantProblems(b.T, err, []dossier.Problem{{Path: []string{"n"}, Code: dossier.CodeNotUnique}})
	unique.Fields[0].Unique = false
	b.put(unique)
	b.insert(unique, values("extra", dossier.Number("1")))
	b.refuse(dossier.Exists, func(tx store.Tx) error {
		return tx.Records(unique).Insert(ctx, b.record(values("extra", dossier.Number("1.0"))))
	})
	b.put(c)
	b.insert(c, values("extra", dossier.Number("1")))
	typed := c.Clone()
	typed.Fields[0].Type = dossier.TypeNumber
	b.refuse(dossier.Unsupported, func(tx store.Tx) error { return tx.Collections().Put(ctx, typed) })
	if diff := cmp.Diff([]*dossier.Collection{c}, b.list()); diff != "" {
		b.Error(diff)
	}
}
