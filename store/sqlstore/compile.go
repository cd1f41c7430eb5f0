package sqlstore

import (
	"strconv"
	"strings"

	"dossier"
	"dossier/query"
)

// selectSQL is the statement that reads the records a query asks for, with the columns of l.
func (t *tx) selectSQL(l *layout, q query.Checked, p plan) (string, []any, error) {
	c := compiler{tx: t, flavor: t.store.flavor, shun: p.shun}
	at := &frame{scope: query.NewScope(q.Space(), q.Collection()), alias: "t0", view: isView(q.Collection())}
	where, err := c.filter(at, q.Query().Filter)
	if err != nil {
		return "", nil, err
	}
	c.shun = nil
	order, err := c.order(at, q.Query(), p.bare)
	if err != nil {
		return "", nil, err
	}
	sql := "SELECT " + l.list + " FROM " + l.table + " t0 WHERE " + where + " ORDER BY " + order
	return sql + c.cut(q.Query()), c.args, nil
}

// cut is the LIMIT and OFFSET of a query. The limit is part of the text: a database that may plan by it would plan anew for
// each parameter, and few limits are in use.
func (c *compiler) cut(q query.Query) string {
	limit := c.flavor.NoLimit
	if q.Limit != 0 {
		limit = strconv.Itoa(q.Limit)
	}
	switch {
	case q.Offset != 0:
		return " LIMIT " + limit + " OFFSET " + c.arg(int64(q.Offset))
	case q.Limit != 0:
		return " LIMIT " + limit
	}
	return ""
}

// countSQL is the statement that counts the records that pass a query's filter.
func (t *tx) countSQL(l *layout, q query.Checked) (string, []any, error) {
	c := compiler{tx: t, flavor: t.store.flavor}
	where, err := c.filter(&frame{scope: query.NewScope(q.Space(), q.Collection()), alias: "t0", view: isView(q.Collection())}, q.Query().Filter)
	return "SELECT count(*) FROM " + l.table + " t0 WHERE " + where, c.args, err
}

// A compiler makes SQL of a checked tree. Values become parameters, in the order of the text; names come from the schema alone.
//
// A condition may be NULL where query.Eval says false: AND, OR, WHERE and EXISTS treat both alike, Not and Every say IS NOT TRUE.
type compiler struct {
	tx     *tx
	flavor *Flavor
	args   []any
	names  int             // aliases given
	shun   map[string]bool // columns of the records asked for whose indexes are not used
}

// A frame is the record or element at hand: where the columns of its scope are.
type frame struct {
	scope *query.Scope
	alias string
	kind  query.RangeKind // of an element
	row   bool            // a table's row: its columns are members of a JSON object
	view  bool            // a view's record, which links does not follow
	order string          // of an element: what puts it in its place among the others, "" where there is one at most
	outer *frame
}

func isView(c *dossier.Collection) bool { return c != nil && c.Kind == dossier.View }

// arg adds a parameter.
func (c *compiler) arg(v any) string {
	c.args = append(c.args, v)
	return c.flavor.Placeholder(len(c.args))
}

func (c *compiler) alias() string {
	c.names++
	return "t" + strconv.Itoa(c.names)
}

func (c *compiler) filter(at *frame, f query.Filter) (string, error) {
	switch f := f.(type) {
	case nil:
		return "TRUE", nil
	case query.Const:
		if f {
			return "TRUE", nil
		}
		return "FALSE", nil
	case query.And:
		return c.join(at, f, " AND ", "TRUE")
	case query.Or:
		return c.join(at, f, " OR ", "FALSE")
	case query.Not:
		in, err := c.filter(at, f.Filter)
		return "(" + in + ") IS NOT TRUE", err
	case query.Compare:
		return c.compare(at, f)
	case query.In:
		return c.in(at, f)
	case query.Empty:
		of, err := c.value(at, f.Of)
		return of + " IS NULL", err
	case query.Blank:
		of, err := c.text(at, f.Of)
		return "coalesce(trim(" + of + ", " + c.arg(query.Spaces) + "), '') = ''", err
	case query.Like:
		of, err := c.text(at, f.Of)
		if err != nil {
			return "", err
		}
		c.args = append(c.args, nil)
		n := len(c.args)
		sql, bound := c.flavor.Like(of, c.flavor.Placeholder(n), f.Pattern, f.Case)
		c.args[n-1] = bound
		return sql, nil
	case query.Contains:
		return c.contains(at, f)
	case query.Some:
		r, err := at.scope.Enter(f.Over)
		if err != nil {
			return "", err
		}
		if sql, ok, err := c.linkedTo(at, r, f.Where); ok || err != nil {
			return sql, err
		}
		return c.some(at, r, f.Where, "EXISTS", "")
	case query.Every:
		r, err := at.scope.Enter(f.Over)
		if err != nil {
			return "", err
		}
		return c.some(at, r, f.Where, "NOT EXISTS", " IS NOT TRUE")
	}
	return "", dossier.Errorf(dossier.Internal, "a %T was not checked", f)
}

func (c *compiler) contains(at *frame, f query.Contains) (string, error) {
	of, err := c.text(at, f.Of)
	if err != nil {
		return "", err
	}
	part, err := c.text(at, f.Part)
	if f.Case != query.Exact {
		of, part = c.flavor.Lower(of, f.Case), c.flavor.Lower(part, f.Case)
	}
	return c.flavor.Contains(of, part), err
}

// join joins filters as a balanced tree: databases bound the depth of expressions, and read a chain as a deep one.
func (c *compiler) join(at *frame, filters []query.Filter, op, none string) (string, error) {
	parts := make([]string, len(filters))
	for i, f := range filters {
		var err error
		if parts[i], err = c.filter(at, f); err != nil {
			return "", err
		}
	}
	if len(parts) == 0 {
		return none, nil
	}
	return balance(parts, op), nil
}

func balance(parts []string, op string) string {
	if len(parts) > 2 {
		half := len(parts) / 2
		parts = []string{balance(parts[:half], op), balance(parts[half:], op)}
	}
	return "(" + strings.Join(parts, op) + ")"
}

// some is Some or Every: that an element exists, or none that fails.
func (c *compiler) some(at *frame, r query.Range, where query.Filter, exists, suffix string) (string, error) {
	from, cond, inner, err := c.elements(at, r)
	if err != nil {
		return "", err
	}
	if k, ok := where.(query.Const); ok && bool(k) && suffix == "" {
		return exists + " (SELECT 1 FROM " + from + " WHERE " + cond + ")", nil
	}
	in, err := c.filter(inner, where)
	return exists + " (SELECT 1 FROM " + from + " WHERE " + cond + " AND (" + in + ")" + suffix + ")", err
}

// elements is the FROM item of a range's elements and the condition that ties them to the record at hand.
func (c *compiler) elements(at *frame, r query.Range) (from, cond string, inner *frame, err error) {
	inner = &frame{scope: r.Inner, alias: c.alias(), kind: r.Kind, row: r.Kind == query.OverRows, view: isView(r.Collection), outer: at}
	switch r.Kind {
	case query.OverReferring, query.OverAll:
		table, err := c.tx.tableOf(r.Collection)
		inner.order = inner.alias + ".number"
		if err != nil || r.Kind == query.OverAll {
			return table + " " + inner.alias, "TRUE", inner, err
		}
		from, cond = c.referring(table, inner, r.Field, at.alias+".id")
		return from, cond, inner, nil
	}
	column, err := c.column(at, r.Column)
	if err != nil {
		return "", "", nil, err
	}
	single := r.Column.Type == query.Text
	switch {
	case r.Kind == query.OverRelated:
		table, err := c.tx.tableOf(r.Collection)
		from, cond = c.among(table, inner, column, single)
		return from, cond, inner, err
	case r.Kind == query.OverFiles:
		from, cond = c.among("files", inner, column, false)
		return from, cond, inner, nil
	case single:
		return "(SELECT " + column + " AS value) " + inner.alias, inner.alias + ".value IS NOT NULL", inner, nil
	}
	inner.order = c.flavor.Ordinal(inner.alias)
	return c.flavor.Elements(column) + " " + inner.alias, "TRUE", inner, nil
}

// among is the rows of a table whose IDs a column holds, as one text or as a list.
func (c *compiler) among(table string, inner *frame, column string, single bool) (from, cond string) {
	alias := inner.alias
	if single {
		return table + " " + alias, alias + ".id = " + column
	}
	list := c.alias()
	inner.order = c.flavor.Ordinal(list)
	return c.flavor.Elements(column) + " " + list + " JOIN " + table + " " + alias + " ON " + alias + ".id = " + list + ".value", "TRUE"
}

// referring is the rows of a table whose relation f refers to id.
func (c *compiler) referring(table string, inner *frame, f *dossier.Field, id string) (from, cond string) {
	alias := inner.alias
	if !f.Multiple() {
		return table + " " + alias, alias + "." + columnName(f) + " = " + id
	}
	l := c.alias()
	if inner.view {
		list := c.flavor.Elements(alias + "." + columnName(f))
		return table + " " + alias, "EXISTS (SELECT 1 FROM " + list + " " + l + " WHERE " + l + ".value = " + id + ")"
	}
	return "links " + l + " JOIN " + table + " " + alias + " ON " + alias + ".number = " + l + ".number",
		l + ".field = " + strconv.FormatInt(f.Number, 10) + " AND " + l + ".target = " + id
}

// order is the ORDER BY of a query.
func (c *compiler) order(at *frame, q query.Query, bare bool) (string, error) {
	if q.Random {
		return c.flavor.Random, nil
	}
	var keys []string
	for i, s := range q.Sort {
		if i == 0 && bare {
			s.By, _, _ = standIn(s.By)
		}
		if _, ok := s.By.(query.Literal); ok {
			continue // the same for all records; a database may read a number as a column's place
		}
		key, err := c.value(at, s.By)
		if err != nil {
			return "", err
		}
		keys = append(keys, c.flavor.Order(key, s.Desc))
		if isUnique(s.By) && !at.view {
			return strings.Join(keys, ", "), nil
		}
	}
	return strings.Join(append(keys, at.alias+".number"), ", "), nil
}

// isUnique reports whether no two records have the same value of o, so that it decides an order.
func isUnique(o query.Operand) bool {
	col, ok := o.(query.Column)
	return ok && col.Meta && len(col.Path) == 0 && (col.Name == query.Number || col.Name == query.ID)
}
