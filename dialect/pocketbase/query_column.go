package pocketbase

import (
	"dossier"
	"dossier/query"
)

// A kind says how the values of a column look and compare in this dialect.
type kind int

const (
	kindText kind = iota
	kindNumber
	kindBool
	kindDay     // shown with a time of day of zero
	kindInstant // shown as text
	kindList    // shown as a JSON array
	kindFiles   // several files, shown as a JSON array of their names
	kindRows
	kindJSON
	kindInside // a value in a JSON document
	kindStamp  // a part of the text of a date
)

// kindOf is the kind of the field's values. A single file is the text of its name.
func kindOf(f *dossier.Field) kind {
	switch query.TypeOf(f) {
	case query.Decimal:
		return kindNumber
	case query.Bool:
		return kindBool
	case query.Date:
		return kindDay
	case query.Instant:
		return kindInstant
	case query.List:
		return kindList
	case query.Files:
		if f.Multiple() {
			return kindFiles
		}
	case query.Rows:
		return kindRows
	case query.JSON:
		return kindJSON
	}
	return kindText
}

// zeroOf is what a field of that kind shows where nothing was written.
func zeroOf(k kind) literal {
	switch k {
	case kindNumber, kindBool:
		return literal{kind: isNumber, text: "0", typed: true}
	case kindList, kindFiles:
		return literal{kind: isText, text: "[]", typed: true}
	case kindJSON, kindInside, kindRows, kindStamp:
		return null
	}
	return literal{kind: isText, typed: true}
}

// A column is an operand that differs from record to record.
type column struct {
	of     query.Operand
	kind   kind
	clock  bool // a kindText that holds times of day
	filled bool // it is never empty
	// reach, if set, is the id of the record that has the column, at the end of a path: where that is empty the column is null
	// and not its kind's zero.
	reach query.Operand
	// Of a kindStamp: what it shows, and whether of a day.
	stamp *stamp
	day   bool
	name  string // for messages
}

// A verdict is what a comparison with a literal makes of a column.
type verdict struct {
	// holds says it of columns with a value; of others it says nothing.
	holds query.Filter
	// loose is set where holds may be true of a column without a value.
	loose bool
	all   bool // holds is true of every value
	zero  bool // says it of the kind's zero
	null  bool // says it of null
}

var never = query.Const(false)

// compareColumn is the filter for "c op v".
func compareColumn(c column, op string, v literal) (query.Filter, error) {
	d, err := judge(c, op, v)
	if err != nil {
		return nil, err
	}
	empty := query.Empty{Of: c.of}
	switch {
	case c.filled && c.reach == nil:
		return d.holds, nil
	case c.filled:
		d.zero = d.null
	case c.reach == nil:
		d.null = d.zero
	}
	switch {
	case d.zero && d.null && d.all:
		return query.Const(true), nil
	case d.zero && d.null && d.loose:
		return d.holds, nil
	case d.zero && d.null:
		return or(d.holds, empty), nil
	}
	holds := d.strict(c)
	switch {
	case d.zero:
		return or(holds, and(empty, not(query.Empty{Of: c.reach}))), nil
	case d.null:
		return or(holds, query.Empty{Of: c.reach}), nil
	}
	return holds, nil
}

// strict is what d says of columns with a value, false of others.
func (d verdict) strict(c column) query.Filter {
	if !d.loose {
		return d.holds
	}
	return and(not(query.Empty{Of: c.of}), d.holds)
}

// judge decides "c op v" by the column's kind.
func judge(c column, op string, v literal) (verdict, error) {
	zero := zeroOf(c.kind)
	d := verdict{holds: never, zero: foldTest(zero, op, v), null: foldTest(null, op, v)}
	if v.kind == isNull && op != "=" && op != "!=" {
		return verdict{holds: never}, nil
	}
	if v.blank() && (op == "=" || op == "!=") && c.kind != kindJSON && c.kind != kindInside {
		return judgeBlank(c, op), nil
	}
	switch c.kind {
	case kindText, kindList:
		d.text(c, op, v.text)
	case kindNumber:
		d.number(c, op, v)
	case kindBool:
		d.bool(c, op, v)
	case kindInstant:
		d.instant(c, op, v.text)
	case kindDay:
		d.day(c, op, v.text)
	case kindFiles:
		return d, dossier.Errorf(dossier.Invalid, "%s holds several files: compare its names with %s:each", c.name, c.name)
	case kindStamp:
		return d, d.stamp(c, op, v)
	case kindJSON:
		d.json(c, op, v)
	case kindInside:
		d.inside(c, op, v)
	case kindRows:
		return d, dossier.Errorf(dossier.Invalid, "%s is a table: only :length and null compare with it", c.name)
	}
	return d, nil
}

// judgeBlank decides whether c is (=) or is not (!=) null or "", which a number or truth value that was never written is too.
func judgeBlank(c column, op string) verdict {
	d := verdict{holds: never, zero: op == "=", null: op == "="}
	switch {
	case c.kind == kindText && !c.clock && !c.filled: // may hold an empty text
		d.compare(c, op, dossier.Text(""))
	case op == "!=":
		d.every(c)
	}
	return d
}

func (d *verdict) compare(c column, op string, v dossier.Value) {
	d.holds = query.Compare{Left: c.of, Op: query.Op(op), Right: query.Literal{Value: v}}
}

// every is true of every value.
func (d *verdict) every(c column) {
	d.all = true
	if d.holds = not(query.Empty{Of: c.of}); c.filled && c.reach == nil {
		d.holds = query.Const(true)
	}
}

// like is for ~ and !~.
func (d *verdict) like(c column, op, text string) {
	d.holds = query.Like{Of: c.of, Pattern: likePattern(text), Case: query.ASCII}
	if op == "!~" {
		d.holds, d.loose = not(d.holds), true
	}
}

func (d *verdict) text(c column, op, text string) {
	if isLike(op) {
		d.like(c, op, text)
		return
	}
	d.compare(c, op, dossier.Text(text))
}

func isLike(op string) bool { return op == "~" || op == "!~" }

func (d *verdict) number(c column, op string, v literal) {
	n, ok := v.number()
	switch {
	case isLike(op):
		d.like(c, op, v.text)
	case ok:
		d.compare(c, op, n)
	case foldTest(zeroOf(kindNumber), op, v): // of a text that is no number, as of every number
		d.every(c)
	}
}

// bool asks for those of the two values that make the comparison true.
func (d *verdict) bool(c column, op string, v literal) {
	yes, no := boolLiteral(true), boolLiteral(false)
	yes.typed, no.typed = true, true
	switch ifTrue, ifFalse := foldTest(yes, op, v), foldTest(no, op, v); {
	case ifTrue && ifFalse:
		d.every(c)
	case ifTrue:
		d.compare(c, "=", dossier.Bool(true))
	case ifFalse:
		d.compare(c, "=", dossier.Bool(false))
	}
}

// compareColumns is the filter for "a op b".
func compareColumns(a column, op string, b column) (query.Filter, error) {
	switch kindInside {
	case a.kind:
		return compareInside(a, op, b)
	case b.kind:
		return compareInside(b, flipped(op), a)
	}
	if a.kind != b.kind || a.kind == kindFiles || a.kind == kindRows || a.kind == kindStamp {
		return nil, dossier.Errorf(dossier.Invalid, "%s and %s do not compare", a.name, b.name)
	}
	if a.clock != b.clock {
		a, b = a.plain(), b.plain()
	}
	either := []query.Filter{query.Compare{Left: a.of, Op: query.Op(op), Right: b.of}}
	for _, e := range a.empties() {
		f, err := compareColumn(b, flipped(op), e.as)
		if err != nil {
			return nil, err
		}
		either = append(either, and(e.when, f))
	}
	for _, e := range b.empties() {
		d, err := judge(a, op, e.as)
		if err != nil {
			return nil, err
		}
		either = append(either, and(e.when, d.strict(a)))
	}
	return or(either...), nil
}

// plain is c as a text, which it may be already. Times of day have no letters to fold.
func (c column) plain() column {
	if c.clock {
		c.of, c.clock = query.Lower{Of: c.of, Case: query.ASCII}, false
	}
	return c
}

// An emptiness is a way in which a column has no value, and what it then counts as.
type emptiness struct {
	when query.Filter
	as   literal
}

func (c column) empties() []emptiness {
	empty := query.Empty{Of: c.of}
	switch {
	case c.reach != nil && c.filled:
		return []emptiness{{query.Empty{Of: c.reach}, null}}
	case c.reach != nil:
		return []emptiness{{and(empty, not(query.Empty{Of: c.reach})), zeroOf(c.kind)}, {query.Empty{Of: c.reach}, null}}
	case c.filled:
		return nil
	}
	return []emptiness{{empty, zeroOf(c.kind)}}
}

// flipped is the operator that says the same with its sides exchanged.
func flipped(op string) string {
	switch op[0] {
	case '<':
		return ">" + op[1:]
	case '>':
		return "<" + op[1:]
	}
	return op
}
