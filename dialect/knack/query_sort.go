package knack

import (
	"strings"

	"dossier"
	"dossier/query"
	"dossier/wire"
)

// maxSorts bounds the keys of an order.
const maxSorts = 20

// sorts reads sort_field and sort_order, which belong together by their places; the first pair is the primary one.
func (l *lowerer) sorts(params wire.Pairs) ([]query.Sort, error) {
	orders := params.All("sort_order")
	var out []query.Sort
	for i, key := range params.All("sort_field") {
		if key == "" {
			continue
		}
		by, ok := l.sortKey(key)
		if !ok || len(out) == maxSorts {
			return nil, badRequest("Invalid sort field: " + key)
		}
		desc := i < len(orders) && strings.EqualFold(strings.TrimSpace(orders[i]), "desc")
		out = append(out, query.Sort{By: by, Desc: desc})
	}
	return out, nil
}

// sortKey is what records are sorted by when they are sorted by key.
func (l *lowerer) sortKey(key string) (query.Operand, bool) {
	if key == "id" {
		return query.Meta(query.Number), true
	}
	f, ok := l.field(key)
	if !ok {
		return nil, false
	}
	col := query.Col(f.Name)
	switch {
	case f.IsFile(), f.Type == dossier.TypeTable:
		return query.Length{Of: col}, true
	case f.IsRelation() && !f.Multiple():
		return l.identifierKey(f), true
	case f.IsNumber(), query.TypeOf(f) == query.Date, query.TypeOf(f) == query.Instant, query.TypeOf(f) == query.Clock, f.Type == dossier.TypeBool:
		return col, true
	}
	return query.Lower{Of: col, Case: query.Fold}, true
}

// identifierKey sorts by the identifier of the connected record.
func (l *lowerer) identifierKey(f *dossier.Field) query.Operand {
	to, ok := l.space.CollectionByID(f.Collection)
	if !ok {
		return query.Col(f.Name)
	}
	text := to.IdentifierField()
	if text == nil || !query.TypeOf(text).Textual() {
		return query.Col(f.Name)
	}
	return query.Lower{Of: query.Column{Path: []string{f.Name}, Name: text.Name}, Case: query.Fold}
}
