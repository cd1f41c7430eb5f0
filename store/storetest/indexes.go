package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dossier"
	"dossier/query"
	"dossier/store"
)

// on is a column of an index over the field name of c, or over the column that every record has under that name.
func on(c *dossier.Collection, name string) dossier.IndexColumn {
	return dossier.IndexColumn{ColumnRef: ref(c, name)}
}

func ref(c *dossier.Collection, name string) dossier.ColumnRef {
	if f, ok := c.Field(name); ok {
		return dossier.ColumnRef{Field: f.ID}
	}
	return dossier.ColumnRef{Meta: name}
}

// folded is on without the case of letters.
func folded(c *dossier.Collection, name string) dossier.IndexColumn {
	col := on(c, name)
	col.Fold = true
	return col
}

func unique(name string, columns ...dossier.IndexColumn) dossier.Index {
	return dossier.Index{Name: name, Unique: true, Columns: columns}
}

// where is x for records that meet the conditions: triples of column, operator and value.
func where(c *dossier.Collection, x dossier.Index, triples ...string) dossier.Index {
	for i := 0; i < len(triples); i += 3 {
		x.Where = append(x.Where, dossier.Condition{ColumnRef: ref(c, triples[i]), Op: dossier.ConditionOp(triples[i+1]), Value: triples[i+2]})
	}
	return x
}

// indexed is a collection with a field of every type that an index can be over.
func (b *bench) indexed(name string) *dossier.Collection {
	b.Helper()
	return b.collection(name, &dossier.Field{Name: "s", Type: dossier.TypeText}, &dossier.Field{Name: "u", Type: dossier.TypeText},
		&dossier.Field{Name: "n", Type: dossier.TypeNumber}, &dossier.Field{Name: "b", Type: dossier.TypeBool},
		&dossier.Field{Name: "d", Type: dossier.TypeDate}, &dossier.Field{Name: "at", Type: dossier.TypeDateTime},
		&dossier.Field{Name: "l", Type: dossier.TypeSelect, MaxSelect: 3}, &dossier.Field{Name: "j", Type: dossier.TypeJSON},
		&dossier.Field{Name: "rows", Type: dossier.TypeTable, Fields: []*dossier.Field{{Name: "in", Type: dossier.TypeText}}})
}

// testUniqueIndexes tells which two records cannot be together.
func testUniqueIndexes(t *testing.T, open Opener) {
	b := newBench(t, open)
	c := b.indexed("notes")
	type record = map[string]dossier.Value
	txt, num := func(s string) dossier.Value { return dossier.Text(s) }, func(s string) dossier.Value { return dossier.Number(s) }
	pair := unique("x", on(c, "s"), on(c, "n"))
	for i, test := range []struct {
		name     string
		index    dossier.Index
		one, two record
		clash    []string // the columns of the problems
	}{
		{"other values", pair, values("s", txt("a"), "n", num("1")), values("s", txt("a"), "n", num("2")), nil},
		{"the same values", pair, values("s", txt("a"), "n", num("1")), values("s", txt("a"), "n", num("1")), []string{"s", "n"}},
		{"the same number in other digits", pair, values("s", txt("a"), "n", num("1.50")), values("s", txt("a"), "n", num("1.5")), []string{"s", "n"}},
		{"one of two is empty", pair, values("s", txt("a")), values("s", txt("a")), []string{"s", "n"}},
		{"both are empty", pair, nil, nil, []string{"s", "n"}},
		{"an empty text", pair, values("s", txt("")), nil, []string{"s", "n"}},
		{"one is empty, the other is not", pair, values("s", txt("a")), values("n", num("1")), nil},
		{"empty is zero", pair, values("s", txt("a")), values("s", txt("a"), "n", num("0")), []string{"s", "n"}},
		{"zero is empty", pair, values("s", txt("a"), "n", num("0.0")), values("s", txt("a")), []string{"s", "n"}},
		{"zero is not one", pair, values("s", txt("a")), values("s", txt("a"), "n", num("1")), nil},
		{"empty is false", unique("x", on(c, "b")), values("b", dossier.Bool(false)), nil, []string{"b"}},
		{"empty is not true", unique("x", on(c, "b")), values("b", dossier.Bool(true)), nil, nil},
		{"the first moment is not empty", unique("x", on(c, "at")), values("at", dossier.Instant(0)), nil, nil},
		{"moments", unique("x", on(c, "at"), on(c, "d")), values("at", dossier.Instant(5)), values("at", dossier.Instant(5)), []string{"at", "d"}},
		{"lists in their order", unique("x", on(c, "l")), values("l", dossier.List{"a", "b"}), values("l", dossier.List{"b", "a"}), nil},
		{"lists", unique("x", on(c, "l")), values("l", dossier.List{"a", "b"}), values("l", dossier.List{"a", "b"}), []string{"l"}},
		{"documents", unique("x", on(c, "j")), values("j", dossier.JSON(`{"a":1}`)), values("j", dossier.JSON(`{"a":1}`)), []string{"j"}},
		{"one column alone counts empty ones", unique("x", on(c, "s")), nil, nil, []string{"s"}},
		{"the case of letters", unique("x", on(c, "s")), values("s", txt("a")), values("s", txt("A")), nil},
		{"folded", unique("x", folded(c, "s"), on(c, "n")), values("s", txt("Ab")), values("s", txt("aB")), []string{"s", "n"}},
		{"folded, of other letters", unique("x", folded(c, "s")), values("s", txt("Ä")), values("s", txt("ä")), nil},
		{"folded and empty", unique("x", folded(c, "s")), nil, nil, []string{"s"}},
		{"a column of every record", unique("x", on(c, query.CreatedBy), on(c, "s")), nil, nil, []string{query.CreatedBy, "s"}},
		{"with the ID nothing is the same", unique("x", on(c, query.ID), on(c, "s")), nil, nil, nil},
		{"only those that are filled", where(c, pair, "s", "<>", ""), nil, nil, nil},
		{"those that are filled", where(c, pair, "s", "<>", ""), values("s", txt("a")), values("s", txt("a")), []string{"s", "n"}},
		{"only empty ones", where(c, unique("x", on(c, "s")), "d", "=", ""), values("s", txt("a"), "d", dossier.Date("2026-11-21")), values("s", txt("a")), nil},
		{"empty ones", where(c, unique("x", on(c, "s")), "d", "=", ""), values("s", txt("a")), values("s", txt("a")), []string{"s"}},
		{"a text with marks", where(c, unique("x", on(c, "n")), "s", "=", "it's {text}?"), values("s", txt("it's {text}?")), values("s", txt("it's {text}?")), []string{"n"}},
		{"another text", where(c, unique("x", on(c, "n")), "s", "=", "it's"), values("s", txt("its")), values("s", txt("its")), nil},
		{"above a number", where(c, pair, "n", ">", "-1.5"), nil, nil, []string{"s", "n"}},
		{"not above it", where(c, pair, "n", ">", "0"), nil, nil, nil},
		{"true", where(c, pair, "b", "=", "true", "s", "=", "a"), values("b", dossier.Bool(true), "s", txt("a")), values("b", dossier.Bool(true), "s", txt("a")), []string{"s", "n"}},
		{"not true", where(c, pair, "b", "=", "true"), values("b", dossier.Bool(false)), nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			own := *c
			own.ID, own.Number, own.Name = b.id(), int64(1000+i), fmt.Sprint("c", i)
			own.Indexes = []dossier.Index{test.index}
			b.put(&own)
			one := b.insert(&own, test.one)
			two := b.record(test.two)
			err := b.Update(ctx, func(tx store.Tx) error { return tx.Records(&own).Insert(ctx, two) })
			wantClash(t, err, test.clash)
			if test.clash == nil {
				return
			}
			two.Values = values("s", txt("other"), "n", num("7"), "b", dossier.Bool(true), "at", dossier.Instant(9), "d", dossier.Date("2020-01-01"),
				"l", dossier.List{"z"}, "j", dossier.JSON(`"z"`))
			b.update(func(tx store.Tx) error { return tx.Records(&own).Insert(ctx, two) })
			two.Values = test.two
			err = b.Update(ctx, func(tx store.Tx) error { return tx.Records(&own).Update(ctx, two, 1) })
			wantClash(t, err, test.clash)
			b.update(func(tx store.Tx) error { return tx.Records(&own).Update(ctx, one, 1) }) // keeps its own values
		})
	}
}

// wantClash wants a problem for each column, or no error.
func wantClash(t *testing.T, err error, columns []string) {
	t.Helper()
	if columns == nil {
		if err != nil {
			t.Errorf("got %v", err)
		}
		return
	}
	var want []dossier.Problem
	for _, name := range columns {
		want = append(want, dossier.Problem{Path: []string{name}, Code: dossier.CodeNotUnique})
	}
	if !errors.Is(err, dossier.Exists) {
		t.Fatalf("got %v", err)
	}
	wantProblems(t, err, want)
}

// testIndexChanges changes the indexes of a collection that has records.
func testIndexChanges(t *testing.T, open Opener) {
	b := newBench(t, open)
	c := b.indexed("notes")
	same := values("s", dossier.Text("a"), "u", dossier.Text("x"))
	one := b.insert(c, same)
	b.insert(c, same)
	refused := func(c *dossier.Collection, v map[string]dossier.Value) bool {
		t.Helper()
		r := b.record(v)
		err := b.Update(ctx, func(tx store.Tx) error { return tx.Records(c).Insert(ctx, r) })
		if err == nil {
			b.update(func(tx store.Tx) error { return tx.Records(c).Delete(ctx, r.ID) })
		} else {
			b.want(dossier.Exists, err)
		}
		return err != nil
	}

	next := c.Clone()
	next.Indexes = []dossier.Index{{Name: "plain", Columns: []dossier.IndexColumn{on(c, "s"), {ColumnRef: ref(c, "n"), Descending: true}}},
		unique("pair", on(c, "s"), on(c, "u")), {Name: "list", Columns: []dossier.IndexColumn{on(c, "l")}}}
	err := b.refuse(dossier.Exists, func(tx store.Tx) error { return tx.Collections().Put(ctx, next) })
	wantProblems(t, err, []dossier.Problem{{Path: []string{"indexes", "pair"}, Code: dossier.CodeNotUnique}})
	if diff := cmp.Diff([]*dossier.Collection{c}, b.list()); diff != "" {
		t.Errorf("after an index that could not be made: %s", diff)
	}
	b.update(func(tx store.Tx) error { return tx.Records(c).Delete(ctx, one.ID) })
	b.put(next)
	if diff := cmp.Diff([]*dossier.Collection{next}, b.list()); diff != "" {
		t.Error(diff)
	}
	if !refused(next, same) || refused(next, values("s", dossier.Text("a"))) {
		t.Error("the new index does not hold")
	}

	renamed := next.Clone()
	renamed.Name, renamed.Fields[0].Name, renamed.Fields[1].Name = "papers", "u", "s"
	renamed.Indexes = append([]dossier.Index{}, next.Indexes...)
	renamed.Indexes[1].Name = "both"
	b.put(renamed)
	if !refused(renamed, values("u", dossier.Text("a"), "s", dossier.Text("x"))) {
		t.Error("the index does not follow the fields' new names")
	}

	listed := renamed.Clone()
	listed.Fields[6].MaxSelect = 1 // the cells of l are written anew, under an index
	b.put(listed)
	less := listed.Clone()
	less.Indexes = less.Indexes[1:]
	less.Indexes = []dossier.Index{where(less, less.Indexes[0], "n", ">", "3")}
	b.put(less)
	if refused(less, values("u", dossier.Text("a"), "s", dossier.Text("x"))) {
		t.Error("the index holds as it was")
	}

	gone := less.Clone()
	gone.Fields = gone.Fields[1:]
	b.refuse(dossier.Invalid, func(tx store.Tx) error { return tx.Collections().Put(ctx, gone) })
	gone.Indexes = nil
	b.put(gone)
	b.insert(gone, nil)
	b.insert(gone, nil)
	for _, bad := range []dossier.Index{unique("x", on(gone, "rows")), unique("x", on(gone, "nothing")), unique("x", on(gone, query.Number)),
		unique("x", on(gone, query.Email)), where(gone, unique("x", on(gone, "n")), "n", "> 0 OR 1 <>", "1")} {
		wrong := gone.Clone()
		wrong.Indexes = []dossier.Index{bad}
		b.refuse(dossier.Invalid, func(tx store.Tx) error { return tx.Collections().Put(ctx, wrong) })
	}
	b.update(func(tx store.Tx) error { return tx.Collections().Delete(ctx, gone, now) })
}

// testUniqueRace lets many write the same pair at once: one of them does.
func testUniqueRace(t *testing.T, open Opener) {
	b := newBench(t, open)
	c := b.indexed("notes")
	c.Indexes = []dossier.Index{unique("pair", on(c, "s"), on(c, "n"))}
	b.put(c)
	for range 2 {
		records := make([]*dossier.Record, 8)
		for i := range records {
			records[i] = b.record(values("s", dossier.Text(fmt.Sprint(b.ids))))
			records[i].Values["s"] = records[0].Values["s"]
		}
		var wg sync.WaitGroup
		errs := make([]error, len(records))
		for i, r := range records {
			wg.Go(func() { errs[i] = b.Update(ctx, func(tx store.Tx) error { return tx.Records(c).Insert(ctx, r) }) })
		}
		wg.Wait()
		made := 0
		for _, err := range errs {
			if err == nil {
				made++
				continue
			}
			wantClash(t, err, []string{"s", "n"})
		}
		if made != 1 {
			t.Errorf("%d records were made", made)
		}
	}
}
