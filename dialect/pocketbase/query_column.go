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
	kindRows
	kindJSON
	kindInside  // a value in a JSON document
	kindStamp   // a text that is computed, or null
	kindMeasure // a number that is computed, or null
)

// kindOf is the kind of the field's values. A file is the text of its name.
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
			return kindList
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
	case kindList:
		return literal{kind: isText, text: "[]", typed: true}
	case kindJSON, kindInside, kindRows, kindStamp, kindMeasure:
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
	// void, if set, is empty where of is, and quicker.
	void     query.Operand
	affinity affinity
	counted  bool   // it is 0 where no record has it
	name     string // for messages
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
	empty := c.empty()
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
	return and(not(c.empty()), d.holds)
}

func (c column) empty() query.Filter {
	if c.void != nil {
		return query.Empty{Of: c.void}
	}
	return query.Empty{Of: c.of}
}

// judge decides "c op v" by the column's kind. A list that is empty is ” where the filter says so, but nobody who asks is on it because the
// request knows nothing of them.
func judge(c column, op string, v literal) (verdict, error) {
	zero := zeroOf(c.kind)
	d := verdict{holds: never, zero: foldTest(zero, op, v), null: foldTest(null, op, v)}
	if v.kind == isNull && op != "=" && op != "!=" {
		return verdict{holds: never}, nil
	}
	if v.blank() && (op == "=" || op == "!=") && !c.strictNull() && !(c.kind == kindList && v.told) {
		return judgeBlank(c, op), nil
	}
	if !isLike(op) && c.affinity == affNone && mixes(c.kind, v.kind) {
		if v.kind == isText && v.typed { // of a column that takes numbers as texts
			d.holds = query.Compare{Left: asText(c.of), Op: query.Op(op), Right: query.Literal{Value: dossier.Text(v.text)}}
			return d, nil
		}
		return judgeMixed(c, op, v), nil
	}
	if v.float && c.affinity == affText && !isLike(op) {
		v = v.floated()
	}
	switch c.kind {
	case kindText, kindList, kindStamp:
		d.text(c, op, v.text)
	case kindNumber, kindMeasure:
		d.number(c, op, v)
	case kindBool:
		d.bool(c, op, v)
	case kindInstant:
		d.instant(c, op, v.text)
	case kindDay:
		d.day(c, op, v.text)
	case kindJSON, kindInside:
		d.inside(c, op, v)
	case kindRows:
		return d, dossier.Errorf(dossier.Invalid, "%s is a table: only :length and null compare with it", c.name)
	}
	return d, nil
}

// textual reports whether columns of kind k show texts alone.
func (k kind) textual() bool {
	return k == kindText || k == kindDay || k == kindInstant || k == kindList || k == kindStamp
}

// mixes reports whether a literal of the other kind than the column's meets it: a number a text, or a text a number.
func mixes(k kind, v literalKind) bool {
	return v == isNumber && k.textual() || v == isText && (k == kindNumber || k == kindMeasure)
}

// judgeMixed compares a column of texts with a number, or one of numbers with a text, neither of which becomes the other: a number is
// less than a text.
func judgeMixed(c column, op string, v literal) verdict {
	d := verdict{holds: never, zero: op == "!=", null: op == "!="}
	n := -1
	if v.kind == isNumber {
		n = 1
	}
	d.zero = zeroOf(c.kind).kind != isNull && orders(n, op) || d.zero
	if orders(n, op) {
		d.every(c)
	}
	return d
}

// judgeBlank decides whether c is (=) or is not (!=) null or "". A number or truth value never is, as it shows 0 or false where none was
// given.
func judgeBlank(c column, op string) verdict {
	d := verdict{holds: never, zero: op == "=", null: op == "="}
	if c.kind == kindNumber || c.kind == kindBool {
		d.zero = op == "!="
	}
	switch {
	case c.kind == kindText && !c.clock && !c.filled, c.kind == kindStamp: // may hold an empty text
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
	if d.holds = not(c.empty()); c.filled && c.reach == nil {
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
	if a.kind != b.kind || a.clock != b.clock || a.affinity != b.affinity || a.kind > kindInstant {
		return compareShown(a, op, b)
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

// An emptiness is a way in which a column has no value, and what it then counts as.
type emptiness struct {
	when query.Filter
	as   literal
}

func (c column) empties() []emptiness {
	empty := c.empty()
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
