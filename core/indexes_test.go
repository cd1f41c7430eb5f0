package core_test

import (
	"slices"
	"testing"

	"dossier"
	"dossier/core"
)

// seats is a collection in which nobody has two records of one row and seat.
func seats() *dossier.Collection {
	return &dossier.Collection{Name: "seats", Fields: []*dossier.Field{{Name: "row", Type: dossier.TypeText}, {Name: "seat", Type: dossier.TypeNumber}, {Name: "note", Type: dossier.TypeText}},
		Indexes: []dossier.Index{pairOf("one_seat", "row", "seat")}}
}

// pairOf is a unique index over fields given by their names.
func pairOf(name string, fields ...string) dossier.Index {
	x := dossier.Index{Name: name, Unique: true}
	for _, f := range fields {
		x.Columns = append(x.Columns, dossier.IndexColumn{ColumnRef: dossier.ColumnRef{Field: dossier.ID(f)}})
	}
	return x
}

func TestAUniqueIndexHoldsForEveryWrite(t *testing.T) {
	t.Parallel()
	h := newHouse(t, []*dossier.Collection{seats()})
	taken := []dossier.Problem{prob(dossier.CodeNotUnique, nil, "row"), prob(dossier.CodeNotUnique, nil, "seat")}
	one := h.create("seats", values{"row": dossier.Text("a"), "seat": dossier.Number("1")})
	_, err := h.tryCreate("seats", values{"row": dossier.Text("a"), "seat": dossier.Number("1.0")})
	kind(t, "create", err, dossier.Exists)
	same(t, "problems", problemsOf(err), taken)
	two := h.create("seats", values{"row": dossier.Text("a"), "seat": dossier.Number("2")})
	_, err = h.tryUpdate("seats", two, values{"seat": dossier.Number("1")})
	kind(t, "update", err, dossier.Exists)
	same(t, "problems", problemsOf(err), taken)
	h.update("seats", two, values{"note": dossier.Text("n")})
	err = h.Batch(ctx(), system, func(b *core.Batch) error { // the one makes room for the other
		if _, err := b.UpdateRecord(ctx(), h.collection("seats"), core.ByID(one.ID), core.Update{Edit: core.Put(core.Change{Values: values{"seat": dossier.Number("3")}})}); err != nil {
			return err
		}
		_, err := b.CreateRecord(ctx(), h.collection("seats"), "", core.Change{Values: values{"row": dossier.Text("a"), "seat": dossier.Number("1")}})
		return err
	})
	h.must(err)
	err = h.Batch(ctx(), system, func(b *core.Batch) error {
		for range 2 {
			if _, err := b.CreateRecord(ctx(), h.collection("seats"), "", core.Change{Values: values{"row": dossier.Text("b")}}); err != nil {
				return err
			}
		}
		return nil
	})
	kind(t, "batch", err, dossier.Exists)
	same(t, "problems", problemsOf(err), taken)
}

func TestIndexesFollowTheirFields(t *testing.T) {
	t.Parallel()
	h := newHouse(t, []*dossier.Collection{seats()})
	c := *h.collection("seats")
	same(t, "the index's first column", c.Indexes[0].Columns[0].Field, c.Fields[0].ID)
	row := *c.Fields[0]
	row.Name = "line"
	c.Fields = []*dossier.Field{&row, c.Fields[1], c.Fields[2]}
	made, err := h.PutCollection(ctx(), system, &c)
	h.must(err)
	same(t, "indexes after a rename", made.Indexes, c.Indexes)
	h.apply(core.Schema{Collections: []*dossier.Collection{{Name: "seats", Label: "Seats", Fields: []*dossier.Field{{Name: "line", Type: dossier.TypeText}}}}}, false)
	same(t, "indexes that a schema does not mention", h.collection("seats").Indexes, c.Indexes)
	h.apply(core.Schema{Collections: []*dossier.Collection{{Name: "seats", Fields: []*dossier.Field{{Name: "line", Type: dossier.TypeText}}}}}, true)
	same(t, "indexes over a field that is gone", h.collection("seats").Indexes, []dossier.Index(nil))
	h.create("seats", nil)
	h.create("seats", nil)
	again := core.Schema{Collections: []*dossier.Collection{{Name: "seats", Fields: []*dossier.Field{{Name: "line", Type: dossier.TypeText}}, Indexes: []dossier.Index{pairOf("x", "line")}}}}
	_, err = h.ApplySchema(ctx(), system, again, false)
	kind(t, "an index that records violate", err, dossier.Exists)
	same(t, "problems", problemsOf(err), []dossier.Problem{prob(dossier.CodeNotUnique, nil, "indexes", "x")})
	same(t, "indexes after that", h.collection("seats").Indexes, []dossier.Index(nil))
}

func TestWhatAnIndexMustNotBe(t *testing.T) {
	t.Parallel()
	h := newHouse(t, []*dossier.Collection{seats()})
	for name, change := range map[string]func(x *dossier.Index){
		"no name":                 func(x *dossier.Index) { x.Name = "" },
		"a name that is taken":    func(x *dossier.Index) { x.Name = "ONE_seat" },
		"no columns":              func(x *dossier.Index) { x.Columns = nil },
		"too many columns":        func(x *dossier.Index) { x.Columns = slices.Repeat(x.Columns, 17) },
		"no such column":          func(x *dossier.Index) { x.Columns[0].ColumnRef = dossier.ColumnRef{Meta: "password_hash"} },
		"the email of no account": func(x *dossier.Index) { x.Columns[0].ColumnRef = dossier.ColumnRef{Meta: "email"} },
		"a number without case":   func(x *dossier.Index) { x.Columns[1].Fold = true },
		"a table":                 func(x *dossier.Index) { x.Columns[0].Field = "t" },
		"a condition of a plain one": func(x *dossier.Index) {
			x.Unique, x.Where = false, []dossier.Condition{{ColumnRef: x.Columns[0].ColumnRef, Op: dossier.Same, Value: ""}}
		},
		"a condition without comparison": func(x *dossier.Index) {
			x.Where = []dossier.Condition{{ColumnRef: x.Columns[0].ColumnRef, Op: "", Value: ""}}
		},
		"the order of texts": func(x *dossier.Index) {
			x.Where = []dossier.Condition{{ColumnRef: x.Columns[0].ColumnRef, Op: dossier.Less, Value: "a"}}
		},
		"a number that is none": func(x *dossier.Index) {
			x.Where = []dossier.Condition{{ColumnRef: x.Columns[1].ColumnRef, Op: dossier.Same, Value: "' OR 1"}}
		},
		"SQL for a comparison": func(x *dossier.Index) {
			x.Where = []dossier.Condition{{ColumnRef: x.Columns[0].ColumnRef, Op: "IS NOT", Value: "a"}}
		},
		"a text with NUL": func(x *dossier.Index) {
			x.Where = []dossier.Condition{{ColumnRef: x.Columns[0].ColumnRef, Op: dossier.Same, Value: "\x00"}}
		},
	} {
		c := seats()
		c.Name = "other"
		c.Fields = append(c.Fields, &dossier.Field{Name: "t", Type: dossier.TypeTable, Fields: []*dossier.Field{{Name: "in", Type: dossier.TypeText}}})
		c.Indexes[0].Name = "other"
		change(&c.Indexes[0])
		_, err := h.PutCollection(ctx(), system, c)
		kind(t, name, err, dossier.Invalid)
	}
}

func TestAFieldThatAnIndexKeepsUnique(t *testing.T) {
	t.Parallel()
	f := &dossier.Field{ID: "f", Name: "f"}
	of := func(where ...dossier.Condition) *dossier.Collection {
		x := pairOf("x", "f")
		x.Where = where
		return &dossier.Collection{Fields: []*dossier.Field{f}, Indexes: []dossier.Index{x}}
	}
	ref := dossier.ColumnRef{Field: "f"}
	same(t, "all records", of().IsUnique(f), true)
	same(t, "filled ones", of(dossier.Condition{ColumnRef: ref, Op: dossier.Differs}).IsUnique(f), true)
	same(t, "some of them", of(dossier.Condition{ColumnRef: ref, Op: dossier.Differs, Value: "a"}).IsUnique(f), false)
	same(t, "none", (&dossier.Collection{}).IsUnique(f), false)
	same(t, "two columns", (&dossier.Collection{Indexes: []dossier.Index{pairOf("x", "f", "g")}}).IsUnique(f), false)
	same(t, "the field itself", (&dossier.Collection{}).IsUnique(&dossier.Field{Unique: true}), true)
}
