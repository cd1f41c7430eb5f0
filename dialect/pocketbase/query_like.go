package pocketbase

import (
	"dossier"
	"dossier/query"
)

// likeColumn is the filter for "a ~ b" and "a !~ b" where the text to look for stands in a column. Null has no text and is in none; an
// empty text is in every one.
func likeColumn(a side, op string, b column) (query.Filter, error) {
	if b.kind != kindText || !a.fixed && a.col.kind != kindText {
		return nil, invalid("%s looks for the text of a field in a text", op)
	}
	bNull, bBlank := b.without()
	of, aNull, aBlank := query.Operand(query.Literal{Value: dossier.Text(a.value.text)}), query.Filter(never), query.Filter(never)
	switch {
	case a.fixed && (a.null || a.value.kind == isNull):
		return never, nil
	case !a.fixed:
		of = a.col.of
		aNull, aBlank = a.col.without()
	}
	blank := query.Compare{Left: b.of, Op: query.Eq, Right: query.Literal{Value: dossier.Text("")}}
	has := or(query.Contains{Of: of, Part: b.of, Case: query.ASCII}, and(not(aNull), bBlank), and(aBlank, blank))
	if op == "!~" {
		return and(not(aNull), not(bNull), not(has)), nil
	}
	return has, nil
}

// without is where a column of texts is null, and where it has nothing but its zero.
func (c column) without() (null, zero query.Filter) {
	null, zero = never, never
	for _, e := range c.empties() {
		if e.as.kind == isNull {
			null = e.when
		} else {
			zero = e.when
		}
	}
	return null, zero
}
