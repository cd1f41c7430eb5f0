package sqlstore

import (
	"context"
	"database/sql/driver"
	"slices"
	"strconv"

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

// plan says which columns' indexes a query must not use. A database that has an index for a condition and another for the order
// takes the first, though it may find half of all records that way and then sort them for a page of thirty. Whether it does is
// asked of the database: the answer differs from value to value. A wrong plan costs time, never a wrong result.
func (r *records) plan(ctx context.Context, l *layout, q query.Checked) (map[string]bool, error) {
	order, ok := walkable(q)
	if !ok {
		return nil, nil
	}
	var shun map[string]bool
	for _, cond := range conjuncts(q.Query().Filter) {
		f, v, ok := equality(q.Collection(), cond)
		if !ok || f.Name == order || leads(q.Collection(), f, order) {
			continue
		}
		many, err := r.finds(ctx, l, f, v)
		if err != nil {
			return nil, err
		}
		if many {
			if shun == nil {
				shun = map[string]bool{}
			}
			shun[columnName(f)] = true
		}
	}
	return shun, nil
}

// walkable reports whether a query asks for a short page near the start of an order that an index keeps, and the field of the
// order: "" for the time of creation. The order of numbers needs no help: every index keeps it.
func walkable(q query.Checked) (field string, ok bool) {
	in := q.Query()
	if isView(q.Collection()) || in.Random || in.Limit == 0 || in.Limit > maxWalk || in.Offset > maxSkip || len(in.Sort) == 0 {
		return "", false
	}
	col, ok := in.Sort[0].By.(query.Column)
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

// equality is a condition that an indexed field equals a value.
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
	return field, v, ok && walksIndex(field)
}

// finds reports whether too many records to sort have that value in f. It reads no more of the index than tells.
func (r *records) finds(ctx context.Context, l *layout, f *dossier.Field, v query.Literal) (bool, error) {
	c := compiler{tx: r.tx, flavor: r.tx.store.flavor}
	value := c.literal(v.Value)
	sql := "SELECT count(*) FROM (SELECT 1 FROM " + l.table + " WHERE " + columnName(f) + " = " + value + " LIMIT " + strconv.Itoa(manyFinds) + ") some"
	var n int64
	err := r.tx.session.each(ctx, sql, c.args, func(row []driver.Value) error {
		n = integer(row[0])
		return nil
	})
	return n >= manyFinds, err
}
