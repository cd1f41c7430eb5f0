package sqlstore

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"dossier"
	"dossier/query"
)

// tryTime bounds how long a database may think about a view's query that it tries.
const tryTime = 5 * time.Second

// maxViewColumns bounds the fields of a view.
const maxViewColumns = 200

// Columns returns the fields that the records of a view by that query have. The query is tried in a database of its own, where a table
// stands for each collection that it mentions; the type of each of its columns names the field, and comes back with the columns
// of the result that are just that field.
func (t collections) Columns(ctx context.Context, space *dossier.Space, view *dossier.Collection) ([]*dossier.Field, error) {
	q, err := parseView(view.Query)
	if err != nil {
		return nil, err
	}
	s := sketch{flavor: t.store.flavor, space: space, view: view}
	names, types, err := s.try(ctx, q, q.text)
	if err != nil {
		return nil, err
	}
	if types, err = s.agreed(ctx, q, types); err != nil {
		return nil, err
	}
	return s.fields(q, names, types)
}

// A sketch tries a view's query.
type sketch struct {
	flavor *Flavor
	space  *dossier.Space
	view   *dossier.Collection
}

// try is the names and marks of the columns of a query's result.
func (s *sketch) try(ctx context.Context, q *viewQuery, text string) (names, marks []string, err error) {
	var tables, with []string
	for _, c := range sources(s.space, s.view, q) {
		if c.Kind == dossier.View {
			with = append(with, quoteName(c.Name)+" AS ("+c.Query+"\n)")
			continue
		}
		table := sketchPrefix + strconv.FormatInt(c.Number, 10)
		var columns []string
		for _, col := range shownColumns(s.flavor, c) {
			columns = append(columns, quoteName(col.name)+" "+col.mark)
		}
		tables = append(tables, "CREATE TABLE "+table+" ("+strings.Join(columns, ", ")+")")
		with = append(with, quoteName(c.Name)+" AS (SELECT * FROM "+table+")")
	}
	ctx, cancel := context.WithTimeout(ctx, tryTime)
	defer cancel()
	names, marks, err = s.flavor.Try(ctx, tables, withQueries(with)+"SELECT * FROM ("+text+"\n) q LIMIT 0")
	if err != nil {
		return nil, nil, badQuery("%s", err.Error())
	}
	return names, marks, nil
}

func withQueries(with []string) string {
	if len(with) == 0 {
		return ""
	}
	return "WITH " + strings.Join(with, ", ") + " "
}

// agreed are the marks that all SELECTs of a compound have; the others are "".
func (s *sketch) agreed(ctx context.Context, q *viewQuery, marks []string) ([]string, error) {
	arms, ok := q.arms()
	out := slices.Clone(marks)
	if !ok {
		return make([]string, len(marks)), nil
	}
	if len(arms) == 1 {
		return out, nil
	}
	for _, arm := range arms {
		_, other, err := s.try(ctx, q, arm)
		if err != nil { // an ORDER BY that speaks of the compound
			return make([]string, len(marks)), nil
		}
		for i := range out {
			if i >= len(other) || other[i] != marks[i] {
				out[i] = ""
			}
		}
	}
	return out, nil
}

// The marks of columns that are no field's. A field's is markField and its number, an ID's markID and its collection's.
const (
	markField   = "F"
	markID      = "ID"
	markMoment  = "MOMENT"
	markAddress = "ADDRESS"
	markFlag    = "FLAG"
)

// fields are the fields of the result: all columns but the ID.
func (s *sketch) fields(q *viewQuery, names, marks []string) ([]*dossier.Field, error) {
	if len(names) > maxViewColumns {
		return nil, badQuery("a view has at most %d columns", maxViewColumns)
	}
	items := q.items()
	if len(items) != len(names) {
		items = make([][]token, len(names))
	}
	var out []*dossier.Field
	ids := 0
	for i, name := range names {
		if strings.EqualFold(name, query.ID) {
			ids++
			continue
		}
		if !dossier.ValidName(name) {
			return nil, badQuery("the column %s needs a name of its own: %s AS name", name, name)
		}
		f := s.origin(marks[i])
		if f == nil {
			f = &dossier.Field{Type: computed(items[i])}
		}
		f.Name, f.Code = name, name
		out = append(out, f)
	}
	if ids != 1 {
		return nil, badQuery("a view's query has one column named id")
	}
	return out, nil
}

// origin is the field that a mark names, as a view has it; nil if it names none.
func (s *sketch) origin(mark string) *dossier.Field {
	switch {
	case mark == markMoment:
		return &dossier.Field{Type: dossier.TypeDateTime}
	case mark == markAddress:
		return &dossier.Field{Type: dossier.TypeEmail}
	case mark == markFlag:
		return &dossier.Field{Type: dossier.TypeBool}
	case strings.HasPrefix(mark, markID):
		n, _ := strconv.ParseInt(mark[len(markID):], 10, 64)
		if c, ok := s.space.CollectionByNumber(n); ok {
			return &dossier.Field{Type: dossier.TypeRelation, Collection: c.ID, MaxSelect: 1}
		}
	case strings.HasPrefix(mark, markField):
		n, _ := strconv.ParseInt(mark[len(markField):], 10, 64)
		if _, f, ok := s.space.FieldByNumber(n); ok {
			return derived(f)
		}
	}
	return nil
}

// derived is f as a view shows it: with its options, without what is asked of writes.
func derived(f *dossier.Field) *dossier.Field {
	g := *f
	g.ID, g.Number, g.Label = "", 0, ""
	g.Required, g.Unique, g.Indexed, g.Cascade, g.Default, g.DefaultNow = false, false, false, false, nil, false
	return &g
}

// numeric are functions that make numbers, and types that a CAST makes them of.
var numeric = []string{"count", "sum", "total", "avg", "round", "length", "abs", "row_number", "rank", "dense_rank", "json_array_length"}

// computed is the type of an expression, as far as its text tells: what a function counts is a number, anything else JSON.
func computed(item []token) dossier.FieldType {
	item = unwrapItem(item)
	if len(item) < 3 || item[0].kind != tokenWord || !item[1].is("(") {
		return dossier.TypeJSON
	}
	rest := slices.IndexFunc(item[2:], func(t token) bool { return t.is(")") && t.depth == item[1].depth })
	if rest < 0 || rest+3 != len(item) && !item[rest+3].is("OVER") {
		return dossier.TypeJSON
	}
	if slices.ContainsFunc(numeric, func(name string) bool { return item[0].is(name) }) {
		return dossier.TypeNumber
	}
	if item[0].is("CAST") && rest >= 1 {
		switch strings.ToUpper(item[rest+1].text) {
		case "INTEGER", "INT", "REAL", "NUMERIC", "DECIMAL", "FLOAT", "DOUBLE":
			return dossier.TypeNumber
		case "TEXT", "VARCHAR":
			return dossier.TypeText
		case "BOOL", "BOOLEAN":
			return dossier.TypeBool
		}
	}
	return dossier.TypeJSON
}

// unwrapItem is a result without its name and the parentheses around it.
func unwrapItem(item []token) []token {
	if n := len(item); n > 2 && item[n-2].is("AS") {
		item = item[:n-2]
	} else if n > 1 && item[n-2].is(")") && (item[n-1].kind == tokenWord || item[n-1].kind == tokenQuoted) {
		item = item[:n-1]
	}
	for len(item) > 1 && item[0].is("(") && item[len(item)-1].is(")") {
		end := slices.IndexFunc(item[1:], func(t token) bool { return t.is(")") && t.depth == item[0].depth })
		if end+2 != len(item) {
			break
		}
		item = item[1 : len(item)-1]
	}
	return item
}
