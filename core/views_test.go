package core_test

import (
	"errors"
	"slices"
	"testing"

	"dossier"
	"dossier/access"
	"dossier/core"
	"dossier/query"
)

func (h *house) put(c *dossier.Collection) *dossier.Collection {
	h.t.Helper()
	made, err := h.PutCollection(ctx(), system, c)
	h.must(err)
	return made
}

func (h *house) titles(who access.Principal, c *dossier.Collection, q query.Query) (out []string) {
	h.t.Helper()
	page, err := h.ListRecords(ctx(), who, c, q, core.ListOptions{Total: true})
	h.must(err)
	for _, r := range page.Records {
		out = append(out, r.Text("title"))
	}
	return out
}

func TestAViewIsReadLikeACollection(t *testing.T) {
	t.Parallel()
	h := newHouse(t, shelves())
	everyone, some := "", ruleOpen
	up := h.upload("a.txt", "bytes of a")
	for _, title := range []string{"open", "shut", "more"} {
		v := values{"title": dossier.Text(title)}
		if title == "shut" {
			v["open"], v["safe"] = take(h.upload("b.txt", "b")), take(up)
		}
		h.create("locked", v)
	}
	view := h.put(&dossier.Collection{Name: "front", Kind: dossier.View, Query: "select id, title, open as doc, safe from locked",
		Rules: dossier.Rules{List: &everyone, View: &some}})
	like := query.Like{Of: query.Col("title"), Pattern: "%o%", Case: query.Exact}
	if got := h.titles(access.Guest(), view, query.Query{Filter: like, Sort: []query.Sort{{By: query.Col("title")}}}); !slices.Equal(got, []string{"more", "open"}) {
		t.Errorf("found %v", got)
	}
	page, err := h.ListRecords(ctx(), access.Guest(), view, query.Query{Offset: 1, Limit: 1}, core.ListOptions{Total: true})
	h.must(err)
	if page.Total != 3 || len(page.Records) != 1 || page.Records[0].Number != 2 {
		t.Errorf("a page is %+v", page)
	}
	shut := page.Records[0]
	if got := h.get("front", shut.ID); got.Text("title") != "shut" {
		t.Errorf("got %v", got)
	}
	_, err = h.GetRecord(ctx(), access.Guest(), view, core.ByID(shut.ID))
	kind(t, "a record that the view's rule hides", err, dossier.Denied)
	_, err = h.GetRecord(ctx(), system, view, core.ByID("nothing00000000"))
	kind(t, "no record", err, dossier.NotFound)

	found, err := h.RecordFile(ctx(), access.Guest(), view, shut.ID, shut.Files("doc")[0].Slug)
	h.must(err)
	if h.read(found.File) != "b" || found.Field.Name != "doc" {
		t.Errorf("found %+v", found)
	}
	_, err = h.RecordFile(ctx(), access.Guest(), view, shut.ID, up.Slug)
	kind(t, "a protected file in a view", err, dossier.NotFound)
	found, err = h.RecordFile(ctx(), system, view, shut.ID, up.Slug)
	h.must(err)
	if h.read(found.File) != "bytes of a" || !found.Protected {
		t.Errorf("found %+v", found)
	}
	h.sound()
}

func TestAViewIsNotWritten(t *testing.T) {
	t.Parallel()
	h := newHouse(t, shelves())
	r := h.create("locked", values{"title": dossier.Text("a")})
	view := h.put(&dossier.Collection{Name: "front", Kind: dossier.View, Query: "select id, title from locked"})
	_, err := h.CreateRecord(ctx(), system, view, "", core.Change{Values: values{"title": dossier.Text("b")}})
	kind(t, "create", err, dossier.Unsupported)
	_, err = h.UpdateRecord(ctx(), access.Guest(), view, core.ByID(r.ID), core.Update{Edit: core.Put(core.Change{})})
	kind(t, "update", err, dossier.Unsupported)
	kind(t, "delete", h.DeleteRecord(ctx(), system, view, core.ByID(r.ID), 0), dossier.Unsupported)
	for a, want := range map[access.Action]dossier.Kind{access.List: "", access.View: "", access.Create: dossier.Unsupported, access.Update: dossier.Unsupported, access.Delete: dossier.Unsupported} {
		kind(t, "may "+string(a), h.May(system, view, a), want)
	}
	h.delete("locked", r) // a view that shows the record does not hold it
	if got := h.titles(system, view, query.Query{}); got != nil {
		t.Errorf("the view still shows %v", got)
	}
}

func TestWrongViewsAreRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t, shelves())
	for name, c := range map[string]*dossier.Collection{
		"no query":                   {},
		"a query that writes":        {Query: "delete from locked"},
		"an unknown field":           {Query: "select id, nope from locked"},
		"a field that cannot be one": {Query: "select id, title as expand from locked"},
		"another view that is gone":  {Query: "select id from front"},
	} {
		c.Name, c.Kind = "front", dossier.View
		_, err := h.PutCollection(ctx(), system, c)
		kind(t, name, err, dossier.Invalid)
		var e *dossier.Error
		if !errors.As(err, &e) || len(e.Problems) == 0 || e.Problems[0].Path[0] != "front" {
			t.Errorf("%s: got %v", name, err)
		}
	}
	_, err := h.PutCollection(ctx(), system, &dossier.Collection{Name: "x", Query: "select id from locked"})
	kind(t, "a base collection with a query", err, dossier.Invalid)
	front := h.put(&dossier.Collection{Name: "front", Kind: dossier.View, Query: "select id from locked"})
	_, err = h.PutCollection(ctx(), system, &dossier.Collection{Name: "x", Fields: []*dossier.Field{{Name: "to", Type: dossier.TypeRelation, Collection: front.ID}}})
	kind(t, "a relation to a view", err, dossier.Invalid)
	token := access.Principal{Kind: access.KindToken, Rights: map[dossier.ID]access.Right{front.ID: access.RightManage}}
	other := *front
	other.Query = "select id, title from locked"
	_, err = h.PutCollection(ctx(), token, &other)
	kind(t, "a token's query", err, dossier.Denied)
	_, err = h.ViewFields(ctx(), token, &other)
	kind(t, "a token tries a query", err, dossier.Denied)
	fields, err := h.ViewFields(ctx(), system, &other)
	h.must(err)
	if len(fields) != 1 || fields[0].Name != "title" || fields[0].Type != dossier.TypeText {
		t.Errorf("got %v", fields)
	}
}

func TestAViewFollowsWhatItReads(t *testing.T) {
	t.Parallel()
	h := newHouse(t, shelves())
	h.create("locked", values{"title": dossier.Text("a")})
	view := h.put(&dossier.Collection{Name: "front", Kind: dossier.View, Query: "select * from locked"})
	inner := h.put(&dossier.Collection{Name: "inner_view", Kind: dossier.View, Query: "select id, title from front"})
	number := view.Fields[0].Number
	named := func(c *dossier.Collection) (names []string) {
		c = h.collection(c.Name)
		for _, f := range c.Fields {
			names = append(names, f.Name)
		}
		return names
	}
	if got := named(view); !slices.Equal(got, []string{"title", "open", "safe", "created", "updated"}) {
		t.Errorf("the view has %v", got)
	}
	base := *h.collection("locked")
	base.Fields = append(slices.Clone(base.Fields), &dossier.Field{Name: "n", Type: dossier.TypeNumber})
	h.put(&base)
	if got := named(view); !slices.Equal(got, []string{"title", "open", "safe", "n", "created", "updated"}) {
		t.Errorf("after a new field the view has %v", got)
	}
	view = h.collection("front")
	if view.Fields[0].Number != number {
		t.Error("a field of the view has a new number")
	}
	again := h.put(view)
	if !slices.Equal(named(again), named(view)) || again.Fields[3].ID != view.Fields[3].ID {
		t.Error("putting the view again makes it another")
	}

	base = *h.collection("locked")
	base.Fields = slices.Clone(base.Fields)[1:]
	_, err := h.PutCollection(ctx(), system, &base)
	var e *dossier.Error
	if !errors.As(err, &e) || e.Kind != dossier.Invalid || e.Problems[0].Path[0] != "inner_view" || e.Msg != "inner_view.query: no such column: title" {
		t.Errorf("got %v", err)
	}
	kind(t, "delete what views read", h.DeleteCollection(ctx(), system, h.collection("locked")), dossier.Invalid)
	h.must(h.DeleteCollection(ctx(), system, inner))
	h.put(&base)
	if got := named(view); !slices.Equal(got, []string{"open", "safe", "n", "created", "updated"}) {
		t.Errorf("without its title the view has %v", got)
	}
	h.must(h.DeleteCollection(ctx(), system, h.collection("front")))
	h.must(h.DeleteCollection(ctx(), system, h.collection("locked")))
}
