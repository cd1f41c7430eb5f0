package pocketbase

import (
	"strconv"

	"dossier"
	"dossier/query"
)

// inside is a value in the document that f holds: member names and list indices lead to it, or to the document itself if there are none.
func (w *walk) inside(f *dossier.Field, path []string, mod modifier) (ref, error) {
	if err := w.visible(f); err != nil {
		return ref{}, err
	}
	of := query.Operand(query.JSONPath{Of: w.column(f.Name, false), Path: path, As: query.JSON})
	if typeOf(f) == typeGeo && len(path) == 1 && (path[0] == "lon" || path[0] == "lat") {
		return w.degrees(docPart(of, query.Decimal), f), nil
	}
	if mod == modLower {
		of = query.Lower{Of: of, Case: query.ASCII}
	}
	return w.leaf(column{of: of, kind: kindInside, name: f.Name}), nil
}

// docPart is the value of a document, or in it, if it is of that type.
func docPart(o query.Operand, as query.Type) query.Operand {
	switch o := o.(type) {
	case query.Outer:
		return query.Outer{Of: docPart(o.Of, as)}
	case query.Lower:
		if in := docPart(o.Of, as); as != query.Text {
			return in
		} else {
			return query.Lower{Of: in, Case: o.Case}
		}
	case query.JSONPath:
		o.As = as
		return o
	case query.Column:
		return query.JSONPath{Of: o, As: as}
	}
	return o
}

// inside compares a value in a document: strings, numbers and truth values, which are 1 and 0, as such, lists and objects by
// their text. Only null equals null.
func (d *verdict) inside(c column, op string, v literal) {
	switch op {
	case "=":
		d.holds, d.zero = insideIs(c, v), v.kind == isNull
		if v.kind == isNull {
			d.holds = never
		}
	case "!=":
		d.holds, d.loose, d.zero = not(insideIs(c, v)), true, v.kind != isNull
		if v.kind == isNull {
			d.every(c)
		}
	case "~":
		d.holds, d.zero = insideLike(c, likePattern(v.text)), false
	case "!~":
		d.holds, d.loose, d.zero = not(insideLike(c, likePattern(v.text))), true, false
	default:
		d.holds, d.zero = insideOrder(c, op, v), false
	}
	d.null = d.zero
}

func isPart(c column, as query.Type, op string, v dossier.Value) query.Filter {
	return query.Compare{Left: docPart(c.of, as), Op: query.Op(op), Right: query.Literal{Value: v}}
}

func lacks(c column, as query.Type) query.Filter { return query.Empty{Of: docPart(c.of, as)} }
func has(c column, as query.Type) query.Filter   { return not(lacks(c, as)) }

// insideIs is what equals v.
func insideIs(c column, v literal) query.Filter {
	if v.kind != isNumber {
		either := isPart(c, query.Text, "=", dossier.Text(v.text))
		if doc, err := dossier.ParseJSONValue(v.text); err == nil && (doc[0] == '{' || doc[0] == '[') {
			return or(either, and(lacks(c, query.Text), isPart(c, query.JSON, "=", dossier.Text(doc))))
		}
		return either
	}
	return or(isPart(c, query.Decimal, "=", dossier.Number(v.text)), insideBool(c, "=", v))
}

// insideBool is of true and false whether they, as 1 and 0, make the comparison with the number v true.
func insideBool(c column, op string, v literal) query.Filter {
	var either []query.Filter
	for _, b := range []bool{false, true} {
		if foldTest(boolLiteral(b), op, v) {
			either = append(either, isPart(c, query.Bool, "=", dossier.Bool(b)))
		}
	}
	return or(either...)
}

func insideLike(c column, pattern string) query.Filter {
	like := func(as query.Type) query.Filter {
		return query.Like{Of: docPart(c.of, as), Pattern: pattern, Case: query.ASCII}
	}
	either := []query.Filter{like(query.Text), and(lacks(c, query.Text), lacks(c, query.Bool), like(query.JSON))}
	for _, b := range []bool{false, true} {
		if likes(boolLiteral(b).text, pattern) {
			either = append(either, isPart(c, query.Bool, "=", dossier.Bool(b)))
		}
	}
	return or(either...)
}

// insideOrder orders numbers before texts, and lists and objects by their text.
func insideOrder(c column, op string, v literal) query.Filter {
	number := or(has(c, query.Decimal), has(c, query.Bool))
	if v.kind == isNumber {
		either := or(isPart(c, query.Decimal, op, dossier.Number(v.text)), insideBool(c, op, v))
		if op[0] == '>' {
			either = or(either, and(has(c, query.JSON), not(number)))
		}
		return either
	}
	either := or(isPart(c, query.Text, op, dossier.Text(v.text)),
		and(lacks(c, query.Text), not(number), isPart(c, query.JSON, op, dossier.Text(v.text))))
	if op[0] == '<' {
		either = or(either, number)
	}
	return either
}

// degrees are one of a point's, which are 0 where it was never given.
func (w *walk) degrees(of query.Operand, f *dossier.Field) ref {
	c := column{of: of, kind: kindMeasure, name: f.Name}
	if len(w.path) > 0 {
		c.reach = w.column(query.ID, true)
	}
	c.of = c.orZero(of, numberOperand("0"))
	c.reach = nil
	return w.leaf(c)
}

// nowhere is the point that was never given.
const nowhere = `{"lon":0,"lat":0}`

// point is the text that the JSON column c shows of a point.
func (c column) point() column {
	c.of, c.kind, c.affinity = c.orZero(asText(c.of), textOperand(nowhere)), kindStamp, affNumeric
	c.reach = nil
	return c
}

// row is a value in one row of a table: its index leads to it, then the column's name. Without an index there is none.
func (w *walk) row(f *dossier.Field, names []string) (ref, error) {
	if err := w.visible(f); err != nil {
		return ref{}, err
	}
	i, err := strconv.Atoi(names[0])
	if err != nil || i < 0 || i > maxRow || len(names) > 2 {
		return fixedRef(null), nil
	}
	if len(names) == 1 {
		return ref{}, invalid("%s.%d is a whole row: name one of its columns", f.Name, i)
	}
	cell, ok := f.Field(names[1])
	if !ok {
		return ref{}, invalid("%s has no column %s", f.Name, names[1])
	}
	at := func(o query.Operand) query.Operand { return query.At{Over: w.column(f.Name, false), Index: i, Of: o} }
	c := column{of: at(query.Col(cell.Name)), kind: kindOf(cell), clock: cell.Type == dossier.TypeTime, reach: at(numberOperand("1")), name: cell.Name}
	if cell.IsFile() {
		c.of, c.kind = at(query.Texts{Over: query.Col(cell.Name), Of: query.Meta(query.FileSlug)}), kindList
	}
	return w.leaf(c), nil
}

// maxRow bounds the index of a row.
const maxRow = 100_000
