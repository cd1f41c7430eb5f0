package knack

import (
	"slices"
	"strings"

	"dossier"
	"dossier/query"
)

// crumbOf is the parameter that names the record which a page is about: {slug of the page}_id.
func crumbOf(p *dossier.Page) string { return pageSlug(p) + "_id" }

// pageSlug is the page's name in addresses: the one it was given, or small letters and digits of its name, joined by "-".
func pageSlug(p *dossier.Page) string {
	if p.Slug != "" {
		return p.Slug
	}
	return slug(pageName(p))
}

func pageName(p *dossier.Page) string {
	if p.Name != "" {
		return p.Name
	}
	return p.Key
}

func slug(s string) string {
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r < 0x80 })
	return strings.Join(words, "-")
}

// parentOf is the page that leads to p, nil if none does.
func parentOf(space *dossier.Space, p *dossier.Page) *dossier.Page {
	i := slices.IndexFunc(space.Pages, func(other dossier.Page) bool { return p.Parent != "" && other.Key == p.Parent })
	if i < 0 {
		return nil
	}
	return &space.Pages[i]
}

// aboutCollection is the collection that p shows one record of: the one it names, else that of the records which its parent shows,
// where somebody chose one. nil if the page is about none.
func aboutCollection(space *dossier.Space, p *dossier.Page) *dossier.Collection {
	name := p.Collection
	if parent := parentOf(space, p); name == "" && parent != nil {
		for _, v := range parent.Views {
			if name == "" && v.Kind != dossier.ViewForm {
				name = v.Collection
			}
		}
	}
	c, ok := space.Collection(name)
	if !ok || !isObject(c) {
		return nil
	}
	return c
}

// narrow is the filter that a view puts before all others; nil if it shows every record.
func (t *target) narrow() query.Filter {
	if t.view == nil {
		return nil
	}
	return query.Conj(t.ofUser(), t.ofPage())
}

// ofUser lets through the signed-in user and what is connected to the user, if that is the view's source. The holder of a key is no
// user and sees all.
func (t *target) ofUser() query.Filter {
	if t.view.Source != dossier.SourceUser || t.who.Collection == nil {
		return nil
	}
	own := t.connectedTo(t.who.Collection, t.who.ID)
	if t.c.ID == t.who.Collection.ID {
		own = append(own, equal(query.Meta(query.ID), dossier.Text(t.who.ID)))
	}
	return own
}

// ofPage lets through what belongs to the record that the page is about, where the request names one: details, and forms, the record
// itself if it is of their collection, other views what is connected to it. A view that nothing connects to it shows all.
func (t *target) ofPage() query.Filter {
	id, ok := t.params.Get(crumbOf(t.page))
	if !ok {
		return nil
	}
	about := aboutCollection(t.space, t.page)
	single := t.view.Kind == dossier.ViewDetails || t.view.Kind == dossier.ViewForm
	if single && (about == nil || about.ID == t.c.ID) {
		return equal(query.Meta(query.ID), dossier.Text(id))
	}
	if about == nil {
		return nil
	}
	if linked := t.connectedTo(about, dossier.ID(id)); len(linked) > 0 {
		return linked
	}
	return nil
}

// connectedTo is true of records that are connected to a record of c, in either direction. It is empty if no connection joins the
// target's collection and c.
func (t *target) connectedTo(c *dossier.Collection, id dossier.ID) query.Or {
	var or query.Or
	for _, f := range connections(t.c, c) {
		or = append(or, holds(f, string(id)))
	}
	for _, f := range connections(c, t.c) {
		where := equal(query.Meta(query.ID), dossier.Text(id))
		or = append(or, query.Some{Over: query.Back{Collection: c.Name, Field: f.Name}, Where: where})
	}
	return or
}

// connections are the fields that lead from one collection to another and are not hidden.
func connections(from, to *dossier.Collection) []*dossier.Field {
	var out []*dossier.Field
	for _, f := range from.Fields {
		if f.IsRelation() && f.Collection == to.ID && !f.Hidden {
			out = append(out, f)
		}
	}
	return out
}

// connect ties a record that a form makes to the record that its page is about and, in a form of the user's own records, to the user:
// where one connection leads there and the client did not set it.
func (t *target) connect(body map[string]any, values map[string]dossier.Value) {
	if t.view.Source == dossier.SourceUser && t.who.Collection != nil {
		tie(values, connections(t.c, t.who.Collection), string(t.who.ID))
	}
	crumb := crumbOf(t.page)
	id, _ := t.params.Get(crumb)
	if id == "" {
		id, _ = body[crumb].(string)
	}
	if about := aboutCollection(t.space, t.page); about != nil && id != "" {
		tie(values, connections(t.c, about), id)
	}
}

func tie(values map[string]dossier.Value, fields []*dossier.Field, id string) {
	if len(fields) != 1 {
		return
	}
	f := fields[0]
	if _, given := values[f.Name]; given {
		return
	}
	values[f.Name] = dossier.Text(id)
	if f.Multiple() {
		values[f.Name] = dossier.List{id}
	}
}
