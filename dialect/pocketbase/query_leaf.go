package pocketbase

import (
	"slices"

	"dossier"
	"dossier/query"
)

// column is the column name of the record that the path leads to.
func (w *walk) column(name string, meta bool) query.Column {
	return query.Column{Path: slices.Clone(w.path), Name: name, Meta: meta}
}

// end is the operand at the end of a path.
func (w *walk) end(name string, mod modifier) (ref, error) {
	f, ok := w.c.Field(name)
	if !ok {
		return w.meta(name, mod)
	}
	if err := w.visible(f); err != nil {
		return ref{}, err
	}
	many := f.IsFile() || f.IsRelation() || f.Type == dossier.TypeSelect
	switch {
	case mod == modLength && (many || f.Type == dossier.TypeTable):
		return w.length(f), nil
	case mod == modEach && many && f.Multiple(), f.IsFile() && !f.Multiple():
		return w.element(f, mod), nil
	}
	col := column{of: w.column(name, false), kind: kindOf(f), clock: f.Type == dossier.TypeTime, name: name}
	if col.affinity = affinityOf(col.kind); mod == modEach && many {
		col.affinity = affNone
	}
	if f.IsFile() {
		col.of, col.void = query.Texts{Over: w.column(name, false), Of: query.Meta(query.FileSlug)}, col.of
	}
	r := w.leaf(col)
	if len(w.path) > 0 {
		r.leaf.reach = w.column(query.ID, true)
	}
	switch {
	case typeOf(f) == typeGeo:
		r.leaf = r.leaf.point()
	case col.kind == kindJSON:
		return w.inside(f, nil, mod)
	}
	if mod == modLower && (col.kind == kindText && !col.clock || col.kind == kindList) {
		r.leaf.of, r.leaf.affinity = query.Lower{Of: col.of, Case: query.ASCII}, affNone
	}
	return r, nil
}

func (w *walk) leaf(c column) ref { return ref{hops: w.hops, leaf: c} }

// length is the number of elements of f.
func (w *walk) length(f *dossier.Field) ref {
	of := query.Length{Of: w.column(f.Name, false)}
	return w.leaf(column{of: of, kind: kindNumber, filled: true, counted: true, name: f.Name + ":length"})
}

// element is each option, related record or file of f.
func (w *walk) element(f *dossier.Field, mod modifier) ref {
	key := w.key + "." + f.Name
	if mod == modEach {
		key += ":each"
	}
	h := hop{key: key, over: w.column(f.Name, false), multi: f.Multiple(), field: !f.IsRelation(), zero: !f.Multiple()}
	of := query.Operand(query.Element{})
	if f.IsFile() {
		of = query.Meta(query.FileSlug)
	}
	if f.IsRelation() {
		h.to, _ = w.l.space.CollectionByID(f.Collection)
	}
	if h.to != nil && w.l.open(h.to) {
		h.key = w.key + "." + f.Name // the same row as for the related record's fields
	}
	if mod == modLower {
		of = query.Lower{Of: of, Case: query.ASCII}
	}
	c := column{of: of, kind: kindText, filled: true, name: f.Name}
	if mod == "" {
		c.affinity = affText
	}
	r := w.leaf(c)
	r.hops = append(slices.Clone(r.hops), h)
	return r
}

// metaKinds are the columns that every record shows beside its fields, by their name here.
var metaKinds = map[string]struct {
	name string
	kind kind
	auth bool // of auth records only
}{
	"id":              {query.ID, kindText, false},
	"created":         {query.Created, kindInstant, false},
	"updated":         {query.Updated, kindInstant, false},
	"email":           {query.Email, kindText, true},
	"emailVisibility": {query.EmailVisible, kindBool, true},
	"verified":        {query.Verified, kindBool, true},
}

func (w *walk) meta(name string, mod modifier) (ref, error) {
	m, ok := metaKinds[name]
	stamp := name == stampCreated || name == stampUpdated
	if !ok || m.auth && w.c.Kind != dossier.Auth || stamp && w.l.client && !hasStamp(w.c, name) {
		return ref{}, unknownName(w.c, name)
	}
	r := w.leaf(column{of: w.column(m.name, true), kind: m.kind, affinity: affinityOf(m.kind), filled: !m.auth, name: name})
	if len(w.path) > 0 {
		r.leaf.reach = w.column(query.ID, true)
	}
	if mod == modLower && m.kind == kindText {
		r.leaf.affinity = affNone
		r.leaf.of = query.Lower{Of: r.leaf.of, Case: query.ASCII}
	}
	if m.name == query.Email && w.l.client && !w.l.ask.Principal.IsSuper() {
		gate := w.column(query.EmailVisible, true)
		r.gate = &gate
	}
	return r, nil
}
