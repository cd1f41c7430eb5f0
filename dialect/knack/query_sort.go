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
		by := l.sortKeys(key)
		if len(by) == 0 || len(out)+len(by) > maxSorts {
			return nil, badRequest("Invalid sort field: " + key)
		}
		desc := i < len(orders) && strings.EqualFold(strings.TrimSpace(orders[i]), "desc")
		for _, o := range by {
			out = append(out, query.Sort{By: o, Desc: desc})
		}
	}
	return out, nil
}

// sortKeys are what records are sorted by when they are sorted by key, the first one first; none if there is no such field.
func (l *lowerer) sortKeys(key string) []query.Operand {
	if key == "id" {
		return []query.Operand{query.Meta(query.Number)}
	}
	f, ok := l.field(key)
	if !ok {
		return nil
	}
	col := query.Col(f.Name)
	switch typeOf(f) {
	case fileType, imageType:
		return []query.Operand{query.Length{Of: col}}
	case numberType, autoIncrement, ratingType, dateTime, booleanType:
		return []query.Operand{col}
	case connectionType:
		return []query.Operand{l.identifierKey(f)}
	case personName:
		return parts{col}.order("last", "first", "middle", "title")
	case addressType:
		return parts{col}.order(addressLine.keys(nil)...)
	}
	if f.Type == dossier.TypeTable {
		return []query.Operand{query.Length{Of: col}}
	}
	return []query.Operand{folded(col)}
}

// order sorts by parts, without case.
func (p parts) order(keys ...string) []query.Operand {
	out := make([]query.Operand, len(keys))
	for i, key := range keys {
		out[i] = folded(p.part(key, query.Text))
	}
	return out
}

func folded(o query.Operand) query.Operand { return query.Lower{Of: o, Case: query.Fold} }

// identifierKey sorts by the identifier of the connected record; several are sorted by their ids.
func (l *lowerer) identifierKey(f *dossier.Field) query.Operand {
	if f.Multiple() {
		return folded(query.Col(f.Name))
	}
	to, ok := l.space.CollectionByID(f.Collection)
	if !ok {
		return query.Col(f.Name)
	}
	text := to.IdentifierField()
	if text == nil || !query.TypeOf(text).Textual() {
		return query.Col(f.Name)
	}
	return folded(query.Column{Path: []string{f.Name}, Name: text.Name})
}
