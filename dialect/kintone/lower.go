package kintone

import (
	"slices"
	"strings"
	"time"

	"dossier"
	"dossier/query"
)

// An environment is what a query means by "now", "today" and "me".
type environment struct {
	now   time.Time
	zone  *time.Location
	login string // of who asks; "" for tokens
	// loginOf is the login that the code of a user stands for, "" where who asks may not know; nil is the code itself.
	loginOf func(code string) (string, error)
}

// A selection is a lowered query. limited and shifted say that it has a limit and an offset of its own, which may be 0.
type selection struct {
	query            query.Query
	limited, shifted bool
}

// lowerQuery turns the text of a query into dossier's tree.
func lowerQuery(text string, f form, env environment) (selection, error) {
	parsed, err := parseQuery(text)
	if err != nil {
		return selection{}, err
	}
	l := &lowering{form: f, env: env}
	var s selection
	if parsed.cond != nil {
		if s.query.Filter, err = l.cond(parsed.cond); err != nil {
			return s, err
		}
	}
	if s.query.Sort, err = l.sorts(parsed.order); err != nil {
		return s, err
	}
	return s, s.cut(parsed.limit, parsed.offset)
}

func (s *selection) cut(limit, offset *int64) error {
	for _, n := range []*int64{limit, offset} {
		if n != nil && *n < 0 {
			return badInput("query", say(textQueryCut))
		}
	}
	if limit != nil {
		if *limit > maxRead {
			return fail(codeQueryLimit)
		}
		s.limited, s.query.Limit = true, int(*limit)
	}
	if offset != nil {
		if *offset > maxOffset {
			return fail(codeQueryOffset)
		}
		s.shifted, s.query.Offset = true, int(*offset)
	}
	return nil
}

// lowering turns a parsed query of a form into dossier's tree.
type lowering struct {
	form form
	env  environment
}

// A subject is what a test is about.
type subject struct {
	code  string
	typ   fieldType
	field *dossier.Field // nil for a built-in column
	of    query.Column
	table *dossier.Field // that the field stands in; nil outside tables
}

// subject finds a field by the name it has in a query: its code, "table.code", or the code of a table's field alone.
func (l *lowering) subject(name string) (subject, error) {
	if f, ok := l.form.field(name); ok {
		return subject{code: name, typ: typeOf(f), field: f, of: query.Col(f.Name)}, nil
	}
	if b, ok := l.form.builtin(name); ok {
		return subject{code: name, typ: b.typ, of: query.Meta(b.column)}, nil
	}
	for _, table := range l.form.fields {
		inner := name
		if rest, ok := strings.CutPrefix(name, table.Code+"."); ok {
			inner = rest
		}
		if f, ok := fieldByCode(table.Fields, inner); ok {
			return subject{code: name, typ: typeOf(f), field: f, of: query.Col(f.Name), table: table}, nil
		}
	}
	return subject{}, fail(codeQueryField, name)
}

func (l *lowering) sorts(keys []sortKey) ([]query.Sort, error) {
	if len(keys) == 0 {
		return []query.Sort{{By: query.Meta(query.Number), Desc: true}}, nil
	}
	out := make([]query.Sort, len(keys))
	for i, key := range keys {
		s, err := l.subject(key.field)
		if err != nil {
			return nil, err
		}
		switch s.typ {
		case typeFile, typeTable, typeCheckBox, typeMulti, typeUsers:
			return nil, badInput("query", say(textQuerySort, key.field))
		}
		if s.table != nil {
			return nil, badInput("query", say(textQuerySort, key.field))
		}
		out[i] = query.Sort{By: s.scalar(), Desc: key.desc}
	}
	return out, nil
}

// scalar is the column that a test or order compares: of a relation, the related record's number.
func (s subject) scalar() query.Column {
	if s.field != nil && s.field.Type == dossier.TypeRelation && !s.field.Multiple() {
		return query.Column{Path: []string{s.field.Name}, Name: query.Number, Meta: true}
	}
	return s.of
}

func (l *lowering) cond(c cond) (query.Filter, error) {
	switch c := c.(type) {
	case test:
		return l.all(allOf{c})
	case allOf:
		return l.all(flatten(c))
	case anyOf:
		out := make(query.Or, len(c))
		for i, one := range c {
			var err error
			if out[i], err = l.cond(one); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return query.Const(true), nil
}

// flatten takes the parentheses off what "and" joins anyway.
func flatten(all allOf) allOf {
	var out allOf
	for _, c := range all {
		if in, ok := c.(allOf); ok {
			out = append(out, flatten(in)...)
		} else {
			out = append(out, c)
		}
	}
	return out
}

// all lowers what "and" joins. Positive tests of one table must hold in the same row.
func (l *lowering) all(conds allOf) (query.Filter, error) {
	var out query.And
	rows := map[string]int{} // table's name → index in out
	for _, c := range conds {
		t, ok := c.(test)
		if !ok {
			f, err := l.cond(c)
			if err != nil {
				return nil, err
			}
			out = append(out, f)
			continue
		}
		s, err := l.subject(t.field)
		if err != nil {
			return nil, err
		}
		f, negative, err := l.test(s, t)
		if err != nil {
			return nil, err
		}
		switch {
		case s.table == nil:
			out = append(out, signed(f, negative))
		case negative:
			table := query.Col(s.table.Name)
			out = append(out, query.Not{Filter: query.Empty{Of: table}}, query.Every{Over: table, Where: query.Not{Filter: f}})
		default:
			out = addRow(out, rows, s.table.Name, f)
		}
	}
	if len(out) == 1 {
		return out[0], nil
	}
	return out, nil
}

// addRow adds a positive test of a table's row to those that out has of the table.
func addRow(out query.And, rows map[string]int, table string, f query.Filter) query.And {
	i, ok := rows[table]
	if !ok {
		rows[table] = len(out)
		return append(out, query.Some{Over: query.Col(table), Where: f})
	}
	some := out[i].(query.Some)
	if and, ok := some.Where.(query.And); ok {
		f = append(slices.Clip(and), f)
	} else {
		f = query.And{some.Where, f}
	}
	out[i] = query.Some{Over: some.Over, Where: f}
	return out
}

func signed(f query.Filter, negative bool) query.Filter {
	if negative {
		return query.Not{Filter: f}
	}
	return f
}

// The operators of the vendor's types: "Query String", Available operators for each field.
var (
	numberOperators = []string{"=", "!=", "<", ">", "<=", ">=", "in", "not in"}
	momentOperators = comparisons
	lineOperators   = []string{"=", "!=", "in", "not in", "like", "not like"}
	linesOperators  = []string{"like", "not like", "is empty", "is not empty"}
	listOperators   = []string{"in", "not in"}
)

var operators = map[fieldType][]string{
	typeID: numberOperators, typeRevision: numberOperators, typeNumberOf: numberOperators, typeNumber: numberOperators,
	typeCalc: numberOperators, typeLine: lineOperators, typeLink: lineOperators, typeLines: linesOperators, typeRich: linesOperators,
	typeFile: linesOperators, typeCheckBox: listOperators, typeMulti: listOperators, typeRadio: listOperators,
	typeDropDown: listOperators, typeUsers: listOperators, typeCreator: listOperators, typeModifier: listOperators,
	typeDate: momentOperators, typeTime: momentOperators, typeDateTime: momentOperators, typeCreatedTime: momentOperators,
	typeUpdatedTime: momentOperators,
}

// test lowers one test to a filter. negative says that the test holds where the filter does not: of a table's rows that is
// another thing than of a record.
func (l *lowering) test(s subject, t test) (f query.Filter, negative bool, err error) {
	if err := s.checkOptions(t.values); err != nil {
		return nil, false, err
	}
	if s.table != nil && (t.op == "=" || t.op == "!=") {
		return nil, false, fail(codeQueryTable, s.code, t.op)
	}
	if !slices.Contains(operators[s.typ], t.op) || s.isParts() && t.op != "is empty" {
		return nil, false, fail(codeQueryOperator, s.code, t.op)
	}
	op, negative := t.op, false
	switch t.op {
	case "!=":
		op, negative = "=", true
	case "not in":
		op, negative = "in", true
	case "not like":
		op, negative = "like", true
	case "is not empty":
		op, negative = "is empty", true
	}
	f, err = l.positive(s, op, t.values)
	return f, negative, err
}

// isParts reports names and addresses, whose one line of text no filter can look into.
func (s subject) isParts() bool {
	return s.field != nil && (s.field.Type == dossier.TypeName || s.field.Type == dossier.TypeAddress)
}

// checkOptions refuses values that are no options of a select. "" stands for nothing chosen.
func (s subject) checkOptions(values []operand) error {
	var options []string
	switch {
	case s.field == nil:
		return nil
	case s.field.Type == dossier.TypeBool:
		options = []string{boolYes, boolNo}
	case s.field.Type == dossier.TypeSelect:
		options = s.field.Options
	default:
		return nil
	}
	for _, v := range values {
		if v.function || v.text != "" && !slices.Contains(options, v.text) {
			return fail(codeQueryOption, s.code, v.text)
		}
	}
	return nil
}

func (l *lowering) positive(s subject, op string, values []operand) (query.Filter, error) {
	switch {
	case op == "is empty":
		return s.blank(), nil
	case op == "like":
		return s.like(values[0])
	}
	switch s.typ {
	case typeDate, typeTime, typeDateTime, typeCreatedTime, typeUpdatedTime:
		return l.moment(s, op, values[0])
	case typeUsers, typeCreator, typeModifier:
		return l.users(s, values)
	case typeCheckBox, typeMulti, typeRadio, typeDropDown:
		return s.options(values)
	}
	return s.compare(op, values)
}

// unset is true where the subject has no value, as the vendor sees it: an empty text is none.
func (s subject) unset() query.Filter {
	empty := query.Empty{Of: s.scalar()}
	if s.field == nil || !s.field.IsText() && (s.field.Type != dossier.TypeSelect || s.field.Multiple()) {
		return empty
	}
	return query.Or{empty, equal(s.of, dossier.Text(""))}
}

// blank is true where the subject has no value, or a text of white space only.
func (s subject) blank() query.Filter {
	if s.field != nil && s.field.IsText() {
		return query.Blank{Of: s.of}
	}
	return s.unset()
}

func equal(o query.Operand, v dossier.Value) query.Filter {
	return query.Compare{Left: o, Op: query.Eq, Right: query.Literal{Value: v}}
}

var likeEscapes = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// like is true where the text holds the value, whatever the case of its letters; of files, where a name does.
func (s subject) like(v operand) (query.Filter, error) {
	if v.function {
		return nil, s.unfit(v)
	}
	like := query.Like{Of: s.of, Pattern: "%" + likeEscapes.Replace(v.text) + "%", Case: query.Fold}
	if s.typ != typeFile {
		return like, nil
	}
	like.Of = query.Meta(query.FileName)
	return query.Some{Over: s.of, Where: like}, nil
}

func (s subject) unfit(v operand) error {
	text := v.text
	if v.function {
		text += "()"
	}
	return badInput("query", say(textQueryValue, text, s.code))
}

// compare lowers "=", "in" and the orders of texts and numbers.
func (s subject) compare(op string, values []operand) (query.Filter, error) {
	var list []dossier.Value
	empty := false
	for _, v := range values {
		value, err := s.literal(v)
		if err != nil {
			return nil, err
		}
		if value == nil {
			empty = true
		} else {
			list = append(list, value)
		}
	}
	if op != "=" && op != "in" {
		if empty {
			return nil, s.unfit(values[0])
		}
		return query.Compare{Left: s.scalar(), Op: query.Op(op), Right: query.Literal{Value: list[0]}}, nil
	}
	return s.among(s.scalar(), list, empty), nil
}

// among is true where the operand is one of the values, or nothing if empty says so.
func (s subject) among(o query.Operand, list []dossier.Value, empty bool) query.Filter {
	var found query.Filter = query.In{Of: o, Values: list}
	if len(list) == 1 {
		found = equal(o, list[0])
	}
	switch {
	case !empty:
		return found
	case len(list) == 0:
		return s.unset()
	}
	return query.Or{found, s.unset()}
}

// literal is a text or number to compare with, nil for "".
func (s subject) literal(v operand) (dossier.Value, error) {
	if v.function {
		return nil, s.unfit(v)
	}
	if v.text == "" {
		return nil, nil
	}
	if s.typ == typeLine || s.typ == typeLink {
		return dossier.Text(v.text), nil
	}
	n, err := dossier.ParseNumber(v.text)
	if err != nil {
		return nil, s.unfit(v)
	}
	return n, nil
}
