package core_test

import (
	"testing"

	"dossier"
	"dossier/core"
)

// relating is a collection of targets, and one whose records refer to them as options say.
func relating(fields ...*dossier.Field) []*dossier.Collection {
	for _, f := range fields {
		if f.Type == "" {
			f.Type, f.Collection = dossier.TypeRelation, "targets"
		}
	}
	return []*dossier.Collection{
		{Name: "targets", Fields: []*dossier.Field{{Name: "title", Type: dossier.TypeText}}},
		{Name: "sources", Fields: fields},
	}
}

func TestARelationLeadsToARecord(t *testing.T) {
	t.Parallel()
	h := newHouse(t, relating(&dossier.Field{Name: "one"}, &dossier.Field{Name: "many", MaxSelect: 3},
		&dossier.Field{Name: "rows", Type: dossier.TypeTable, Fields: []*dossier.Field{{Name: "to", Type: dossier.TypeRelation, Collection: "targets"}}}))
	x := string(h.create("targets", nil).ID)
	const gone = "000000000000000000000000"
	_, err := h.tryCreate("sources", values{"one": dossier.Text(gone), "many": dossier.List{x, gone},
		"rows": dossier.Rows{{Values: values{"to": dossier.Text(x)}}, {Values: values{"to": dossier.Text(gone)}}}})
	wrong(t, err, prob(dossier.CodeNoRecord, params{"id": gone}, "one"), prob(dossier.CodeNoRecord, params{"id": gone}, "many", "1"),
		prob(dossier.CodeNoRecord, params{"id": gone}, "rows", "1", "to"))
	_, err = h.tryCreate("sources", values{"many": dossier.List{x, x, x, "1", "2", "3"}})
	wrong(t, err, prob(dossier.CodeTooMany, params{"max": 3}, "many"))
	h.create("sources", values{"one": dossier.Text(x), "many": dossier.List{x}, "rows": dossier.Rows{{Values: values{"to": dossier.Text(x)}}}})
}

func TestARemovedRecordIsTakenOutOfRelations(t *testing.T) {
	t.Parallel()
	h := newHouse(t, relating(&dossier.Field{Name: "one"}, &dossier.Field{Name: "many", MaxSelect: 3},
		&dossier.Field{Name: "rows", Type: dossier.TypeTable, Fields: []*dossier.Field{
			{Name: "to", Type: dossier.TypeRelation, Collection: "targets"},
			{Name: "all", Type: dossier.TypeRelation, Collection: "targets", MaxSelect: 3}}}))
	x, y := h.create("targets", nil), h.create("targets", nil)
	a, b := string(x.ID), string(y.ID)
	r := h.create("sources", values{"one": dossier.Text(a), "many": dossier.List{b, a}, "rows": dossier.Rows{
		{Values: values{"to": dossier.Text(a), "all": dossier.List{a, b}}}, {Values: values{"to": dossier.Text(b), "all": dossier.List{a}}}}})
	other := h.create("sources", values{"one": dossier.Text(b)})
	h.delete("targets", x)
	got := h.get("sources", r.ID)
	same(t, "values", got.Values, values{"many": dossier.List{b}, "rows": dossier.Rows{
		{ID: 1, Values: values{"all": dossier.List{b}}}, {ID: 2, Values: values{"to": dossier.Text(b)}}}})
	if got.Revision == r.Revision {
		t.Error("the record has changed, its revision has not")
	}
	same(t, "a record that does not refer to it", h.get("sources", other.ID), other)
}

func TestARequiredRelationKeepsItsTarget(t *testing.T) {
	t.Parallel()
	h := newHouse(t, relating(&dossier.Field{Name: "one", Required: true}, &dossier.Field{Name: "many", MaxSelect: 3, Required: true}))
	x, y := h.create("targets", nil), h.create("targets", nil)
	a, b := string(x.ID), string(y.ID)
	h.create("sources", values{"one": dossier.Text(b), "many": dossier.List{a, b}})
	h.delete("targets", x)
	refused := h.DeleteRecord(ctx(), system, h.collection("targets"), core.ByID(y.ID), 0)
	wrong(t, refused, prob(dossier.CodeRequired, nil, "sources", "one"))
	if h.get("targets", y.ID) == nil {
		t.Error("the target is gone")
	}
}

func TestACascadeTakesTheRecordWithItsLastTarget(t *testing.T) {
	t.Parallel()
	h := newHouse(t, relating(&dossier.Field{Name: "many", MaxSelect: 3, Cascade: true}, &dossier.Field{Name: "file", Type: dossier.TypeFile}))
	x, y := h.create("targets", nil), h.create("targets", nil)
	u := h.upload("a.txt", "a")
	r := h.create("sources", values{"many": dossier.List{string(x.ID), string(y.ID)}, "file": take(u)})
	h.delete("targets", x)
	same(t, "many", h.get("sources", r.ID).Value("many"), dossier.Value(dossier.List{string(y.ID)}))
	h.delete("targets", y)
	if h.get("sources", r.ID) != nil {
		t.Error("the record is still there")
	}
	h.sweep()
	same(t, "blobs", len(h.keys()), 0)
	h.sound()
}

// Nodes of a tree that refer to each other in a ring, in two fields: a removal meets records that it has changed or removed already.
func TestACascadeThroughChainsAndRings(t *testing.T) {
	t.Parallel()
	h := newHouse(t, []*dossier.Collection{{Name: "nodes", Fields: []*dossier.Field{
		{Name: "up", Type: dossier.TypeRelation, Collection: "nodes", MaxSelect: 5, Cascade: true},
		{Name: "next", Type: dossier.TypeRelation, Collection: "nodes"},
	}}})
	root, other := h.create("nodes", nil), h.create("nodes", nil)
	list := func(rs ...*dossier.Record) (l dossier.List) {
		for _, r := range rs {
			l = append(l, string(r.ID))
		}
		return l
	}
	a := h.create("nodes", values{"up": list(root)})
	b := h.create("nodes", values{"up": list(root, other), "next": dossier.Text(a.ID)})
	c := h.create("nodes", values{"up": list(root, a)})
	h.update("nodes", root, values{"up": list(c)})
	h.delete("nodes", root)
	for name, r := range map[string]*dossier.Record{"root": root, "a": a, "c": c} {
		if h.get("nodes", r.ID) != nil {
			t.Errorf("%s is still there", name)
		}
	}
	same(t, "b", h.get("nodes", b.ID).Values, values{"up": list(other)})
}

func TestARelationToARecordThatIsGoneCanBeWrittenAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t, relating(&dossier.Field{Name: "one"}, &dossier.Field{Name: "rows", Type: dossier.TypeTable, Fields: []*dossier.Field{
		{Name: "one", Type: dossier.TypeRelation, Collection: "sources"}}}))
	x, s := h.create("targets", nil), h.create("sources", nil)
	r := h.create("sources", values{"one": dossier.Text(x.ID), "rows": dossier.Rows{{Values: values{"one": dossier.Text(s.ID)}}}})
	h.update("sources", r, values{"one": dossier.Text(x.ID), "rows": dossier.Rows{{Values: values{"one": dossier.Text(s.ID)}}}})
	_, err := h.tryUpdate("sources", r, values{"rows": dossier.Rows{{Values: values{"one": dossier.Text(x.ID)}}}})
	wrong(t, err, prob(dossier.CodeNoRecord, params{"id": string(x.ID)}, "rows", "0", "one"))
}
