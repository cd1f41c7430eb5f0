package sqlstore

import (
	"context"
	"database/sql/driver"
	"reflect"
	"slices"

	"dossier"
	"dossier/query"
)

// The bounds of a plan: for how short a page, how far from the start, an index of the order is walked rather than another index's
// finds sorted, and how many finds are too many to sort.
const (
	maxWalk   = 200
	maxSkip   = 1000
	manyFinds = 2000
)

// A plan is how a query is best asked for.
type plan struct {
	shun map[string]bool // columns of the records asked for whose indexes are not used
	// bare: the stand-in for the empty value that the order begins with changes nothing, so that an index can be walked.
	bare bool
}

// plan says which columns' indexes a query must not use. A database that has an index for a condition and another for the order
// takes the first, though it may find half of all records that way and then sort them for a page of thirty. Whether it does is
// asked of the database: the answer differs from value to value. A wrong plan costs time, never a wrong result.
func (r *records) plan(ctx context.Context, l *layout, q query.Checked) (plan, error) {
	var p plan
	var err error
	if p.bare, err = r.bare(ctx, l, q); err != nil {
		return p, err
	}
	order, ok := walkable(q, p.bare)
	if !ok {
		return p, nil
	}
	for _, cond := range conjuncts(q.Query().Filter) {
		f, v, ok := equality(q.Collection(), cond)
		if !ok || !walksIndex(f) || f.Name == order || leads(q.Collection(), f, order) {
			continue
		}
		many, err := r.finds(ctx, l, f, v)
		if err != nil {
			return p, err
		}
		if many {
			if p.shun == nil {
				p.shun = map[string]bool{}
			}
			p.shun[columnName(f)] = true
		}
	}
	return p, nil
}

// standIn is the column that an order goes by and the value that stands in for its empty one.
func standIn(o query.Operand) (query.Column, query.Literal, bool) {
	choice, _ := o.(query.Choose)
	empty, _ := choice.If.(query.Empty)
	col, ok := choice.Else.(query.Column)
	other, isLiteral := choice.Then.(query.Literal)
	_, same := empty.Of.(query.Column)
	return col, other, ok && isLiteral && same && reflect.DeepEqual(empty.Of, choice.Else)
}

// bare reports whether the first key of the order is a column with a stand-in that orders nothing anew: no record lacks the value, or the
// stand-in is the least of its type and no record has it. That is asked only where an index answers.
func (r *records) bare(ctx context.Context, l *layout, q query.Checked) (bool, error) {
	in := q.Query()
	if isView(q.Collection()) || in.Random || len(in.Sort) == 0 {
		return false, nil
	}
	col, other, ok := standIn(in.Sort[0].By)
	f, known := q.Collection().Field(col.Name)
	if !ok || !known || col.Meta || len(col.Path) > 0 {
		return false, nil
	}
	c := compiler{tx: r.tx, flavor: r.tx.store.flavor}
	within := ""
	if !walksIndex(f) {
		if within, ok = c.leading(q, f); !ok {
			return false, nil
		}
	}
	empty, err := r.any(ctx, l, within+columnName(f)+" IS NULL", c.args)
	if err != nil || !empty {
		return !empty, err
	}
	if least := other.Value == dossier.Text("") || other.Value == dossier.Bool(false); !least || within != "" {
		return false, nil
	}
	has, err := r.any(ctx, l, columnName(f)+" = "+c.literal(other.Value), c.args)
	return !has, err
}

// leading is the condition on the column before f in an index of several, if the query has one.
func (c *compiler) leading(q query.Checked, f *dossier.Field) (string, bool) {
	for _, cond := range conjuncts(q.Query().Filter) {
		if g, v, ok := equality(q.Collection(), cond); ok && leads(q.Collection(), g, f.Name) {
			return columnName(g) + " = " + c.literal(v.Value) + " AND ", true
		}
	}
	return "", false
}

// any reports whether a record is like that.
func (r *records) any(ctx context.Context, l *layout, cond string, args []any) (bool, error) {
	found := false
	err := r.tx.query(ctx, "SELECT 1 FROM "+l.table+" WHERE "+cond+" LIMIT 1", args, func([]driver.Value) error {
		found = true
		return nil
	})
	return found, err
}

// walkable reports whether a query asks for a short page near the start of an order that an index keeps, and the field of the
// order: "" for the time of creation. The order of numbers needs no help: every index keeps it.
func walkable(q query.Checked, bare bool) (field string, ok bool) {
	in := q.Query()
	if isView(q.Collection()) || in.Random || in.Limit == 0 || in.Limit > maxWalk || in.Offset > maxSkip || len(in.Sort) == 0 {
		return "", false
	}
	col, ok := in.Sort[0].By.(query.Column)
	if bare {
		col, _, ok = standIn(in.Sort[0].By)
	}
	if !ok || len(col.Path) > 0 {
		return "", false
	}
	if col.Meta {
		return "", col.Name == query.Created
	}
	f, ok := q.Collection().Field(col.Name)
	return col.Name, ok && walksIndex(f)
}

// leads reports whether an index begins with f and goes on with the order: it finds the records that have a value in f in that order.
func leads(c *dossier.Collection, f *dossier.Field, order string) bool {
	by := dossier.ColumnRef{Meta: query.Created}
	if g, ok := c.Field(order); ok {
		by = dossier.ColumnRef{Field: g.ID}
	}
	return slices.ContainsFunc(c.Indexes, func(x dossier.Index) bool {
		return len(x.Columns) > 1 && len(x.Where) == 0 && x.Columns[0].ColumnRef == dossier.ColumnRef{Field: f.ID} && x.Columns[1].ColumnRef == by
	})
}

// walksIndex reports whether f has an index with all records in it.
func walksIndex(f *dossier.Field) bool {
	kind := indexKind(newColumn(f))
	return kind == plainIndex || kind == uniqueOrder
}

// conjuncts are the filters that must all hold.
func conjuncts(f query.Filter) []query.Filter {
	and, ok := f.(query.And)
	if !ok {
		return []query.Filter{f}
	}
	var all []query.Filter
	for _, part := range and {
		all = append(all, conjuncts(part)...)
	}
	return all
}

// equality is a condition that a field equals a value.
func equality(c *dossier.Collection, f query.Filter) (*dossier.Field, query.Literal, bool) {
	cmp, ok := f.(query.Compare)
	if !ok || cmp.Op != query.Eq {
		return nil, query.Literal{}, false
	}
	left, right := cmp.Left, cmp.Right
	if _, ok := left.(query.Literal); ok {
		left, right = right, left
	}
	col, isColumn := left.(query.Column)
	v, isLiteral := right.(query.Literal)
	if !isColumn || !isLiteral || v.Value == nil || col.Meta || len(col.Path) > 0 {
		return nil, query.Literal{}, false
	}
	field, ok := c.Field(col.Name)
	return field, v, ok
}
