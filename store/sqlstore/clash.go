package sqlstore

import (
	"database/sql/driver"
	"errors"
	"slices"

	"dossier"
	"dossier/query"
)

// clash turns a unique violation into one problem for every value that another record has.
func (r *records) clash(l *layout, rec *dossier.Record, fresh bool, err error) error {
	if !errors.Is(err, dossier.Exists) {
		return err
	}
	out := &dossier.Error{Kind: dossier.Exists, Msg: "another record has the same value", Err: err}
	probe := func(column string, value any, path string, code dossier.Code) {
		if value == nil {
			return
		}
		sql := "SELECT 1 FROM " + l.table + " WHERE " + column + " = ?"
		args := []any{value}
		if column != "id" {
			sql, args = sql+" AND id <> ?", append(args, string(rec.ID))
		}
		found, _ := r.tx.one(sql, args, func([]driver.Value) error { return nil })
		if found {
			out.Problems = append(out.Problems, dossier.Problem{Path: []string{path}, Code: code})
		}
	}
	if fresh {
		probe("id", string(rec.ID), "id", dossier.CodeTaken)
	}
	if l.auth && rec.Account != nil {
		probe(emailKey, orNull(query.FoldText(rec.Account.Email, query.Fold)), "email", dossier.CodeNotUnique)
	}
	for i := range l.columns {
		if c := &l.columns[i]; c.unique() {
			cell, _, _ := toCell(c.field, rec.Values[c.field.Name])
			probe(c.name, cell, c.field.Name, dossier.CodeNotUnique)
		}
	}
	return r.clashes(l, rec, out)
}

// clashes adds a problem for every column of the unique indexes in which another record agrees with rec.
func (r *records) clashes(l *layout, rec *dossier.Record, out *dossier.Error) error {
	all, err := r.tx.store.flavor.indexedOf(l.table, l.collection)
	if err != nil {
		return err
	}
	for _, x := range all {
		if !x.Unique || !r.twin(x, l, rec) {
			continue
		}
		for _, k := range x.keys {
			p := dossier.Problem{Path: []string{k.ref}, Code: dossier.CodeNotUnique}
			if !slices.ContainsFunc(out.Problems, func(q dossier.Problem) bool { return q.Path[0] == k.ref }) {
				out.Problems = append(out.Problems, p)
			}
		}
	}
	return out
}

// twin reports whether another record agrees with rec in the columns of x. It asks in the words of the index, so that the database
// finds it there.
func (r *records) twin(x indexed, l *layout, rec *dossier.Record) bool {
	var args []any
	param := func(v any) string {
		args = append(args, v)
		return x.flavor.Placeholder(len(args))
	}
	hollow := false
	cells := make([]any, len(x.keys))
	for i, k := range x.keys {
		cells[i] = l.cellOf(k, rec)
		hollow = hollow || k.nullable() && k.isHollow(cells[i])
	}
	conditions := x.conditions(func(k indexKey) string { return k.name })
	if hollow {
		conditions = append(conditions, x.hollow())
	}
	for i, k := range x.keys {
		if hollow {
			conditions = append(conditions, x.key(k, k.name)+" = "+x.key(k, param(cells[i])))
		} else {
			conditions = append(conditions, x.folded(k, k.name)+" = "+x.folded(k, param(cells[i])))
		}
	}
	conditions = append(conditions, x.conditions(func(k indexKey) string { return param(l.cellOf(k, rec)) })...)
	sql := "SELECT 1 FROM " + l.table + where(append(conditions, "id <> "+param(string(rec.ID))))
	found, err := r.tx.session.one(sql, args, func([]driver.Value) error { return nil })
	return found && err == nil
}

// cellOf is the cell of rec in a column that an index looks at.
func (l *layout) cellOf(k indexKey, rec *dossier.Record) any {
	for i := range l.columns {
		if c := &l.columns[i]; c.name == k.name {
			cell, _, _ := toCell(c.field, rec.Values[c.field.Name]) // the statement that failed had it
			return cell
		}
	}
	account := rec.Account
	if account == nil {
		account = &dossier.Account{}
	}
	switch k.name {
	case query.ID:
		return string(rec.ID)
	case query.Created:
		return rec.Created.UnixMilli()
	case query.Updated:
		return rec.Updated.UnixMilli()
	case query.CreatedBy:
		return orNull(rec.CreatedBy)
	case query.UpdatedBy:
		return orNull(rec.UpdatedBy)
	case query.Email:
		return orNull(account.Email)
	case query.EmailVisible:
		return boolean(account.EmailVisible)
	case query.Verified:
		return boolean(account.Verified)
	}
	return nil
}
