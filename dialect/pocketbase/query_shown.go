package pocketbase

import (
	"dossier"
	"dossier/query"
)

// An affinity says what a column makes of what it is compared with, and what others may make of it. PocketBase's columns have it from
// SQLite ("Datatypes In SQLite", Type Conversions Prior To Comparison); what is computed has none.
type affinity int

const (
	affNone    affinity = iota
	affText             // takes a number without affinity as its text
	affNumeric          // takes a text as the number that it is one of
)

// affinityOf is that of a field's column.
func affinityOf(k kind) affinity {
	switch k {
	case kindText, kindDay, kindInstant:
		return affText
	case kindNumber, kindBool, kindList:
		return affNumeric
	}
	return affNone
}

// A showing is what a column shows: a number, a text, or nothing, which is null. An operand is nil where the column never shows that.
type showing struct{ number, text query.Operand }

var nothing = query.Literal{}

func numberOperand(s string) query.Operand { return query.Literal{Value: dossier.Number(s)} }
func textOperand(s string) query.Operand   { return query.Literal{Value: dossier.Text(s)} }

// asText is the text of an operand.
func asText(o query.Operand) query.Operand { return query.Lower{Of: o, Case: query.Exact} }

// shown is what c shows, with the zero of its kind where no value was given.
func (c column) shown() (showing, error) {
	switch c.kind {
	case kindNumber:
		return showing{number: c.orZero(c.of, numberOperand("0"))}, nil
	case kindMeasure:
		return showing{number: c.of}, nil
	case kindBool:
		yes := query.Compare{Left: c.of, Op: query.Eq, Right: query.Literal{Value: dossier.Bool(true)}}
		other := numberOperand("0")
		if c.reach != nil {
			other = query.Choose{If: query.Empty{Of: c.reach}, Then: nothing, Else: other}
		}
		return showing{number: query.Choose{If: yes, Then: numberOperand("1"), Else: other}}, nil
	case kindJSON, kindInside:
		truth := query.Compare{Left: docPart(c.of, query.Bool), Op: query.Eq, Right: query.Literal{Value: dossier.Bool(true)}}
		lie := query.Compare{Left: docPart(c.of, query.Bool), Op: query.Eq, Right: query.Literal{Value: dossier.Bool(false)}}
		number := query.Choose{If: truth, Then: numberOperand("1"), Else: query.Choose{If: lie, Then: numberOperand("0"), Else: docPart(c.of, query.Decimal)}}
		return showing{number, query.OrElse(docPart(c.of, query.Text), asText(docPart(c.of, query.Rows)))}, nil
	case kindStamp:
		return showing{text: c.of}, nil
	case kindList:
		return showing{text: c.orZero(asText(c.of), textOperand("[]"))}, nil
	case kindDay:
		return showing{text: c.orZero(query.Stamp{Of: c.of, Format: "%F" + dayStart}, textOperand(""))}, nil
	case kindText, kindInstant:
		of := c.of
		if c.kind == kindInstant || c.clock {
			of = asText(of)
		}
		return showing{text: c.orZero(of, textOperand(""))}, nil
	}
	return showing{}, invalid("%s is a table: only :length and null compare with it", c.name)
}

// orZero is of, or zero where no value was given.
func (c column) orZero(of, zero query.Operand) query.Operand {
	switch {
	case c.filled:
		return of
	case c.reach == nil:
		return query.OrElse(of, zero)
	}
	return query.Choose{If: query.And{query.Empty{Of: of}, query.Not{Filter: query.Empty{Of: c.reach}}}, Then: zero, Else: of}
}

// any is the text of whatever is shown.
func (s showing) any() query.Operand {
	switch {
	case s.number == nil:
		return s.text
	case s.text == nil:
		return asText(s.number)
	}
	return query.OrElse(s.text, asText(s.number))
}

// beside is s as it compares with a column of that affinity; own is that of s.
func (s showing) beside(other, own affinity) showing {
	switch {
	case other == affNumeric && own != affNumeric && s.text != nil:
		number := query.Operand(query.Numeral{Of: s.text})
		text := query.Choose{If: query.Empty{Of: number}, Then: s.text, Else: nothing}
		if s.number != nil {
			number = query.OrElse(s.number, number)
		}
		return showing{number, text}
	case other == affText && own == affNone && s.number != nil:
		return showing{text: s.any()}
	}
	return s
}

// null is where nothing is shown.
func (s showing) null() query.Filter {
	var both []query.Filter
	for _, o := range []query.Operand{s.number, s.text} {
		if o != nil {
			both = append(both, query.Empty{Of: o})
		}
	}
	return and(both...)
}

// blankText is s with "" where nothing is shown.
func (s showing) blankText() showing {
	blank := query.Operand(query.Choose{If: s.null(), Then: textOperand(""), Else: nothing})
	if s.text != nil {
		blank = query.Choose{If: s.null(), Then: textOperand(""), Else: s.text}
	}
	return showing{s.number, blank}
}

// compare is where the values of s and t, of the same type, compare so.
func (s showing) compare(op string, t showing) query.Filter {
	either := []query.Filter{}
	for _, pair := range [][2]query.Operand{{s.number, t.number}, {s.text, t.text}} {
		if pair[0] != nil && pair[1] != nil {
			either = append(either, query.Compare{Left: pair[0], Op: query.Op(op), Right: pair[1]})
		}
	}
	return or(either...)
}

// strictNull reports whether = tells null from "" where c takes part.
func (c column) strictNull() bool {
	return c.kind == kindJSON || c.kind == kindInside || c.kind == kindMeasure
}

// compareShown is the filter for "a op b" of columns of any kinds: a number is less than a text.
func compareShown(a column, op string, b column) (query.Filter, error) {
	s, err := a.shown()
	if err != nil {
		return nil, err
	}
	t, err := b.shown()
	if err != nil {
		return nil, err
	}
	strict := a.strictNull() || b.strictNull()
	if equal := op == "=" || op == "!="; equal && !strict {
		same := s.blankText().compare("=", t.blankText())
		if op == "!=" {
			same = not(same)
		}
		return same, nil
	}
	s, t = s.beside(b.affinity, a.affinity), t.beside(a.affinity, b.affinity)
	switch op {
	case "=":
		return or(s.compare("=", t), and(s.null(), t.null())), nil
	case "!=":
		return not(or(s.compare("=", t), and(s.null(), t.null()))), nil
	}
	less, more := s.number, t.text
	if op[0] == '>' {
		less, more = t.number, s.text
	}
	either := s.compare(op, t)
	if less != nil && more != nil {
		either = or(either, and(not(query.Empty{Of: less}), not(query.Empty{Of: more})))
	}
	return either, nil
}

// likeColumn is the filter for "a ~ b" and "a !~ b" where the text to look for stands in a column. Null has no text and is in none; an
// empty text is in every one.
func likeColumn(a side, op string, b column) (query.Filter, error) {
	if a.fixed && (a.null || a.value.kind == isNull) {
		return never, nil
	}
	part, err := b.shown()
	if err != nil {
		return nil, err
	}
	of := textOperand(a.value.text)
	if !a.fixed {
		s, err := a.col.shown()
		if err != nil {
			return nil, err
		}
		of = s.any()
	}
	has := query.Contains{Of: of, Part: part.any(), Case: query.ASCII}
	if op == "!~" {
		return and(not(query.Empty{Of: of}), not(query.Empty{Of: part.any()}), not(has)), nil
	}
	return has, nil
}
