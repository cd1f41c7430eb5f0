package pocketbase

import (
	"dossier"
	"dossier/query"
)

// inside is a value in the document that f holds: member names and list indices lead to it.
func (w *walk) inside(f *dossier.Field, path []string, mod modifier) (ref, error) {
	if err := w.visible(f); err != nil {
		return ref{}, err
	}
	of := query.Operand(query.JSONPath{Of: w.column(f.Name, false), Path: path, As: query.JSON})
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

// insideParts are the types of what can be in a document, in the order in which they sort.
var insideParts = []query.Type{query.Text, query.Decimal, query.Bool, query.JSON}

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

// insideColumn is where a value in a document has the same type as b and compares with it. Between two values in documents lists and
// objects are equal by their text.
func insideColumn(a column, op string, b column) (query.Filter, error) {
	types := map[kind][]query.Type{kindText: {query.Text}, kindNumber: {query.Decimal}, kindBool: {query.Bool}, kindInside: insideParts}[b.kind]
	if types == nil || b.clock {
		return nil, invalid("%s and %s do not compare", a.name, b.name)
	}
	if op == "!=" {
		op = "="
	}
	var either []query.Filter
	for _, t := range types {
		right := b.of
		if b.kind == kindInside {
			right = docPart(b.of, t)
		}
		if t != query.JSON || op == "=" {
			either = append(either, query.Compare{Left: docPart(a.of, t), Op: query.Op(op), Right: right})
		}
	}
	return or(either...), nil
}

// compareInside is the filter for "a op b", where a is in a document.
func compareInside(a column, op string, b column) (query.Filter, error) {
	same, err := insideColumn(a, op, b)
	if err != nil || op != "=" && op != "!=" {
		return same, err
	}
	either := []query.Filter{same, and(query.Empty{Of: a.of}, b.isNull())}
	for _, e := range b.empties() {
		if e.as.kind != isNull {
			either = append(either, and(e.when, insideIs(a, e.as)))
		}
	}
	if op == "!=" {
		return not(or(either...)), nil
	}
	return or(either...), nil
}

// isNull is where a column is null, and not its kind's zero.
func (c column) isNull() query.Filter {
	switch {
	case c.kind == kindInside:
		return query.Empty{Of: c.of}
	case c.reach != nil:
		return query.Empty{Of: c.reach}
	}
	return never
}
