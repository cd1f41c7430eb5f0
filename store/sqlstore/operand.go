package sqlstore

import (
	"strconv"
	"strings"

	"dossier"
	"dossier/query"
)

// value is an operand in the form in which it is stored: a text, a number's sort key or an integer, an instant's milliseconds.
func (c *compiler) value(at *frame, o query.Operand) (string, error) {
	switch o := o.(type) {
	case query.Column:
		r, err := at.scope.Resolve(o)
		if err != nil {
			return "", err
		}
		return c.column(at, r)
	case query.Literal:
		return c.literal(o.Value), nil
	case query.Element:
		if at.kind == query.OverRelated {
			return at.alias + ".id", nil
		}
		return at.alias + ".value", nil
	case query.Outer:
		return c.value(at.outer, o.Of)
	case query.Lower:
		of, err := c.text(at, o.Of)
		if o.Case == query.Exact {
			return of, err
		}
		return c.flavor.Lower(of, o.Case), err
	case query.Length:
		return c.length(at, o.Of)
	case query.JSONPath:
		doc, err := c.value(at, o.Of)
		return c.flavor.JSONValue(doc, c.arg(query.ListText(o.Path)), o.As), err
	}
	return c.computed(at, o)
}

func (c *compiler) literal(v dossier.Value) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case dossier.Number:
		return c.arg(v.SortKey())
	case dossier.Bool:
		return c.arg(boolean(bool(v)))
	case dossier.Instant:
		return c.arg(int64(v))
	}
	return c.arg(query.TextOf(v))
}

// column is a column of the record at hand, or of the one that its path leads to.
func (c *compiler) column(at *frame, r query.Resolved) (string, error) {
	if len(r.Steps) == 0 {
		return c.named(at, r), nil
	}
	first := c.cell(at, r.Steps[0].Field)
	alias := c.alias()
	table, err := c.tx.tableOf(r.Steps[0].To)
	if err != nil {
		return "", err
	}
	from, cond := table+" "+alias, alias+".id = "+first
	for _, step := range r.Steps[1:] {
		next := c.alias()
		if table, err = c.tx.tableOf(step.To); err != nil {
			return "", err
		}
		from += " JOIN " + table + " " + next + " ON " + next + ".id = " + alias + "." + columnName(step.Field)
		alias = next
	}
	return "(SELECT " + c.named(&frame{alias: alias}, r) + " FROM " + from + " WHERE " + cond + ")", nil
}

// named is the last part of a column: a field's cell, or a column that every record or file has.
func (c *compiler) named(at *frame, r query.Resolved) string {
	if r.Field != nil {
		return c.cell(at, r.Field)
	}
	if r.File && r.Meta == query.FileType {
		return at.alias + ".sniffed"
	}
	return at.alias + "." + r.Meta // the names of the tree are those of the tables
}

func (c *compiler) cell(at *frame, f *dossier.Field) string {
	if at.row {
		return c.flavor.Cell(at.alias+".value", columnName(f), isInteger(query.TypeOf(f)))
	}
	if name := columnName(f); at.outer == nil && c.shun[name] {
		return c.flavor.NoIndex(at.alias + "." + name)
	}
	return at.alias + "." + columnName(f)
}

func (c *compiler) length(at *frame, of query.Operand) (string, error) {
	t, err := at.scope.TypeOf(of)
	if err != nil {
		return "", err
	}
	v, err := c.value(at, of)
	switch t {
	case query.Text:
		return "CASE WHEN " + v + " IS NULL THEN 0 ELSE 1 END", err
	case query.JSON:
		return c.flavor.JSONLength(v), err
	}
	return c.flavor.Count(v), err
}

// text is the text of an operand, as query.TextOf has it.
func (c *compiler) text(at *frame, o query.Operand) (string, error) {
	t, err := at.scope.TypeOf(o)
	if err != nil {
		return "", err
	}
	if l, ok := o.(query.Literal); ok {
		if l.Value == nil {
			return "NULL", nil
		}
		return c.arg(query.TextOf(l.Value)), nil
	}
	if out, ok := o.(query.Outer); ok {
		return c.text(at.outer, out.Of)
	}
	v, err := c.value(at, o)
	switch {
	case err != nil:
		return "", err
	case t == query.Bool:
		return "CASE " + v + " WHEN 1 THEN 'true' WHEN 0 THEN 'false' END", nil
	case t == query.Instant:
		return c.flavor.InstantText(v), nil
	case t == query.Decimal && c.isInt(at, o):
		return "CAST(" + v + " AS TEXT)", nil
	case t == query.Decimal:
		return c.flavor.NumberText(v), nil
	}
	return v, nil
}

// isInt reports whether an operand that is a number is stored as an integer and not as a sort key.
func (c *compiler) isInt(at *frame, o query.Operand) bool {
	switch o := o.(type) {
	case query.Column:
		return o.Meta
	case query.Length:
		return true
	case query.Outer:
		return c.isInt(at.outer, o.Of)
	}
	return false
}

// unwrap is the literal that o is, inside any number of Outer.
func unwrap(o query.Operand) (query.Literal, bool) {
	for {
		out, ok := o.(query.Outer)
		if !ok {
			l, ok := o.(query.Literal)
			return l, ok
		}
		o = out.Of
	}
}

// whole is the integer that a literal number is.
func whole(l query.Literal) (int64, bool) {
	n, ok := l.Value.(dossier.Number)
	if !ok {
		return 0, false
	}
	i, err := strconv.ParseInt(n.Plain(), 10, 64)
	return i, err == nil
}

func (c *compiler) compare(at *frame, f query.Compare) (string, error) {
	lt, err := at.scope.TypeOf(f.Left)
	if err != nil {
		return "", err
	}
	rt, err := at.scope.TypeOf(f.Right)
	if err != nil {
		return "", err
	}
	if lt == query.None || rt == query.None {
		return "FALSE", nil
	}
	side := c.value
	if lt == query.Decimal {
		side = c.key
		if c.asInts(at, f.Left) && c.asInts(at, f.Right) {
			side = c.int
		}
	}
	left, err := side(at, f.Left)
	if err != nil {
		return "", err
	}
	right, err := side(at, f.Right)
	op := string(f.Op)
	if f.Op == query.Ne {
		op = "<>"
	}
	return left + " " + op + " " + right, err
}

// asInts reports whether a number can be given as an integer.
func (c *compiler) asInts(at *frame, o query.Operand) bool {
	if l, ok := unwrap(o); ok {
		_, ok := whole(l)
		return ok
	}
	return c.isInt(at, o)
}

// int is an operand, for which asInts holds, as an integer.
func (c *compiler) int(at *frame, o query.Operand) (string, error) {
	if l, ok := unwrap(o); ok {
		n, _ := whole(l)
		return c.arg(n), nil
	}
	return c.value(at, o)
}

// key is a number as a sort key.
func (c *compiler) key(at *frame, o query.Operand) (string, error) {
	v, err := c.value(at, o)
	if _, literal := unwrap(o); !literal && c.isInt(at, o) {
		v = c.flavor.NumberKey(v)
	}
	return v, err
}

func (c *compiler) in(at *frame, f query.In) (string, error) {
	t, err := at.scope.TypeOf(f.Of)
	if err != nil {
		return "", err
	}
	if t == query.None || len(f.Values) == 0 {
		return "FALSE", nil
	}
	before := len(c.args)
	of, err := c.value(at, f.Of)
	if err != nil {
		return "", err
	}
	_, literal := unwrap(f.Of)
	ints := t == query.Decimal && !literal && c.isInt(at, f.Of)
	var list []string
	for _, v := range f.Values {
		switch n, ok := whole(query.Literal{Value: v}); {
		case !ints:
			list = append(list, c.literal(v))
		case ok:
			list = append(list, c.arg(n))
		}
	}
	if len(list) == 0 {
		c.args = c.args[:before] // the operand is not in the text
		return "FALSE", nil
	}
	return of + " IN (" + strings.Join(list, ", ") + ")", nil
}
