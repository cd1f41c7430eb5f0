package sqlstore

import (
	"context"
	"strconv"
	"strings"
	"time"

	"dossier"
	"dossier/query"
)

// A view has no table: where a table's name stands in a statement, there stands the view's query, in parentheses, with a WITH query for
// each collection that it mentions. Thus it reads collections by their names, and nothing else: see docs/decisions.

// The bounds of reading a view: how long it may take, and how many bytes its longest value may have.
const (
	viewTime   = 10 * time.Second
	viewLength = 16 << 20
)

// A shownColumn is a column of a collection as the queries of views see it.
type shownColumn struct {
	name string
	expr string // of the table t
	mark string // names it while a query is tried
}

// shownColumns are what the queries of views see of a collection: numbers as numbers, true and false as 1 and 0, moments as texts, lists
// and files as JSON. Tables are not there, nor is anything that proves an identity.
func shownColumns(f *Flavor, c *dossier.Collection) []shownColumn {
	out := []shownColumn{{query.ID, "t.id", markID + strconv.FormatInt(c.Number, 10)}}
	for _, field := range c.Fields {
		col := newColumn(field)
		expr := "t." + col.name
		switch col.typ {
		case query.Rows, query.Secret:
			continue
		case query.Decimal:
			expr = f.NumberValue(expr)
		case query.Instant:
			expr = f.InstantText(expr)
		}
		out = append(out, shownColumn{field.Name, expr, markField + strconv.FormatInt(field.Number, 10)})
	}
	others := []shownColumn{{query.Created, f.InstantText("t.created"), markMoment}, {query.Updated, f.InstantText("t.updated"), markMoment}}
	if c.Kind == dossier.Auth {
		others = append(others, shownColumn{query.Email, "t.email", markAddress}, shownColumn{query.Verified, "t.verified", markFlag})
	}
	for _, o := range others {
		if !hasName(out, o.name) {
			out = append(out, o)
		}
	}
	return out
}

func hasName(columns []shownColumn, name string) bool {
	for _, c := range columns {
		if strings.EqualFold(c.name, name) {
			return true
		}
	}
	return false
}

// quoteName is a name in quotes.
func quoteName(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// sources are the collections that a view's query may mean, those first that others need. Those of the system are none of its
// business.
func sources(space *dossier.Space, view *dossier.Collection, q *viewQuery) []*dossier.Collection {
	seen := map[dossier.ID]bool{view.ID: true}
	var out []*dossier.Collection
	var add func(q *viewQuery)
	add = func(q *viewQuery) {
		for _, c := range space.Collections {
			if seen[c.ID] || c.System || c.Draft || !q.mentions(c.Name) {
				continue
			}
			seen[c.ID] = true
			if c.Kind == dossier.View {
				in, err := parseView(c.Query)
				if err != nil {
					continue // it cannot be read, so nobody can read it
				}
				add(in)
			}
			out = append(out, c)
		}
	}
	add(q)
	return out
}

// viewTable is what stands for the table of a view: its records with the columns that every table has.
func (t *tx) viewTable(view *dossier.Collection) (string, error) {
	q, err := parseView(view.Query)
	if err != nil {
		return "", err
	}
	all, err := collections{t}.List(context.Background())
	if err != nil {
		return "", err
	}
	var with []string
	for _, c := range sources(&dossier.Space{Collections: all}, view, q) {
		in := c.Query
		if c.Kind != dossier.View {
			table, err := t.table(c)
			if err != nil {
				return "", err
			}
			in = selectShown(shownColumns(t.store.flavor, c), tableName(table))
		}
		with = append(with, quoteName(c.Name)+" AS ("+in+"\n)")
	}
	return "(" + withQueries(with) + "SELECT " + t.viewColumns(view) + " FROM (" + q.text + "\n) q WHERE q.id IS NOT NULL)", nil
}

func selectShown(columns []shownColumn, table string) string {
	parts := make([]string, len(columns))
	for i, c := range columns {
		parts[i] = c.expr + " AS " + quoteName(c.name)
	}
	return "SELECT " + strings.Join(parts, ", ") + " FROM " + table + " t"
}

// viewColumns are the columns of a table, made of those of a view's query.
func (t *tx) viewColumns(view *dossier.Collection) string {
	cell := func(name string, typ query.Type) string { return t.store.flavor.ViewCell("q."+quoteName(name), typ) }
	moment := func(name string) string {
		if f, ok := view.Field(name); ok && f.Type == dossier.TypeDateTime {
			return "coalesce(" + cell(name, query.Instant) + ", 0) AS " + name
		}
		return "0 AS " + name
	}
	parts := []string{"row_number() OVER () AS number", cell(query.ID, query.Text) + " AS id", "1 AS revision", moment(query.Created), moment(query.Updated),
		"NULL AS created_by", "NULL AS updated_by"}
	for _, f := range view.Fields {
		c := newColumn(f)
		parts = append(parts, cell(f.Name, c.typ)+" AS "+c.name)
		if isNumber(c.typ) {
			parts = append(parts, "NULL AS "+c.name+digits)
		}
	}
	return strings.Join(parts, ", ")
}

// viewLayout is the layout of a view. A reader keeps it until the schema changes.
func (t *tx) viewLayout(view *dossier.Collection) (*layout, error) {
	if have := t.store.layouts.view(view, t.schema); have != nil && !t.writes {
		return have, nil
	}
	table, err := t.viewTable(view)
	if err != nil {
		return nil, err
	}
	l := newLayout(t.store.flavor, view, 0)
	l.table = table
	if !t.writes {
		t.store.layouts.keepView(view, t.schema, l)
	}
	return l, nil
}

// tableOf is what a statement reads the records of a collection from.
func (t *tx) tableOf(c *dossier.Collection) (string, error) {
	if c.Kind == dossier.View {
		l, err := t.viewLayout(c)
		if err != nil {
			return "", err
		}
		return l.table, nil
	}
	n, err := t.table(c)
	return tableName(n), err
}

// writable refuses to write to a view.
func (r *records) writable() error {
	if r.collection.Kind == dossier.View {
		return dossier.Errorf(dossier.Unsupported, "%s is a view: its records are read only", r.collection.Name)
	}
	return nil
}
