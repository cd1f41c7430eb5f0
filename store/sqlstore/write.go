package sqlstore

import (
	"context"
	"database/sql/driver"
	"strconv"
	"strings"

	"dossier"
	"dossier/query"
)

// Insert adds rec, whose Number is given here and set, as are its Revision if it is 0, its automatic numbers and the row IDs that
// are 0.
func (r *records) Insert(_ context.Context, rec *dossier.Record) error {
	if err := r.writable(); err != nil {
		return err
	}
	l, err := r.layout()
	if err != nil {
		return err
	}
	if rec.Values == nil {
		rec.Values = map[string]dossier.Value{}
	}
	if rec.Revision == 0 {
		rec.Revision = 1
	}
	if err := r.giveNumbers(rec); err != nil {
		return err
	}
	if err := r.giveRowIDs(rec); err != nil {
		return err
	}
	args := make([]any, 0, l.width())
	args = append(args, string(rec.ID), rec.Revision, rec.Created.UnixMilli())
	if args, err = l.appendChanging(args, rec); err != nil {
		return err
	}
	n, err := r.tx.session.insert(l.insert, "number", args)
	if err != nil {
		return r.clash(l, rec, true, err)
	}
	rec.Number = n
	return r.tx.link(l, n, nil, rec.Values)
}

// Update replaces the record rec.ID by rec if its revision still is base, else dossier.Stale. rec.Revision becomes base + 1.
func (r *records) Update(_ context.Context, rec *dossier.Record, base int64) error {
	if err := r.writable(); err != nil {
		return err
	}
	l, err := r.layout()
	if err != nil {
		return err
	}
	if err := r.giveRowIDs(rec); err != nil {
		return err
	}
	number, old, err := r.links(l, rec.ID)
	if err != nil {
		return err
	}
	rec.Revision = base + 1
	args := make([]any, 0, l.width())
	args = append(args, rec.Revision)
	if args, err = l.appendChanging(args, rec); err != nil {
		return err
	}
	n, err := r.tx.session.exec(l.update, append(args, string(rec.ID), base)...)
	if err != nil {
		return r.clash(l, rec, false, err)
	}
	if n == 0 {
		return r.missed(l, rec.ID, base)
	}
	r.tx.changed = append(r.tx.changed, rec.ID)
	return r.tx.link(l, number, old, rec.Values)
}

func (l *layout) width() int { return len(baseColumns) + len(authColumns) + 2*len(l.columns) + 2 }

// appendChanging adds what an update writes, in the order of the statements.
func (l *layout) appendChanging(args []any, rec *dossier.Record) ([]any, error) {
	if err := l.knows(rec); err != nil {
		return nil, err
	}
	args = append(args, rec.Updated.UnixMilli(), orNull(rec.CreatedBy), orNull(rec.UpdatedBy))
	a := rec.Account
	if l.auth {
		if a == nil {
			a = &dossier.Account{}
		}
		args = append(args, orNull(a.Email), boolean(a.EmailVisible), boolean(a.Verified), a.PasswordHash, a.TokenKey)
	}
	for i := range l.columns {
		c := &l.columns[i]
		cell, dig, err := toCell(c.field, rec.Values[c.field.Name])
		if err != nil {
			return nil, err
		}
		args = append(args, cell)
		if isNumber(c.typ) {
			args = append(args, dig)
		}
	}
	if l.auth {
		args = append(args, orNull(query.FoldText(a.Email, query.Fold)))
	}
	return args, nil
}

// knows refuses values for which there is no field.
func (l *layout) knows(rec *dossier.Record) error {
	for name, v := range rec.Values {
		if _, ok := l.collection.Field(name); !ok && !dossier.IsEmpty(v) {
			return &dossier.Error{Kind: dossier.Invalid, Msg: l.collection.Name + " has no field " + name, Problems: []dossier.Problem{
				{Path: []string{name}, Code: dossier.CodeUnknown, Params: map[string]any{"name": name}}}}
		}
	}
	return nil
}

// missed says why an update changed nothing.
func (r *records) missed(l *layout, id dossier.ID, base int64) error {
	found, err := r.tx.one("SELECT revision FROM "+l.table+" WHERE id = ?", []any{string(id)}, func([]driver.Value) error { return nil })
	switch {
	case err != nil:
		return err
	case !found:
		return r.none()
	}
	return dossier.Errorf(dossier.Stale, "the record is no longer at revision %d", base)
}

// giveNumbers sets the automatic numbers of a new record.
func (r *records) giveNumbers(rec *dossier.Record) error {
	for _, f := range r.collection.Fields {
		if f.Type != dossier.TypeAutoNumber {
			continue
		}
		n, err := r.tx.count("auto/"+string(f.ID), 1)
		if err != nil {
			return err
		}
		rec.Values[f.Name] = numberValue(n)
	}
	return nil
}

// giveRowIDs gives new rows their IDs.
func (r *records) giveRowIDs(rec *dossier.Record) error {
	for _, f := range r.collection.Fields {
		rows, _ := rec.Values[f.Name].(dossier.Rows)
		fresh := int64(0)
		for _, row := range rows {
			if row.ID == 0 {
				fresh++
			}
		}
		if fresh == 0 {
			continue
		}
		last, err := r.tx.count("rows/"+string(r.collection.ID), fresh)
		if err != nil {
			return err
		}
		rec.Values[f.Name] = numberRows(rows, last-fresh+1)
	}
	return nil
}

// numberRows is rows with IDs from next on for those that have none.
func numberRows(rows dossier.Rows, next int64) dossier.Rows {
	out := make(dossier.Rows, len(rows))
	copy(out, rows)
	for i := range out {
		if out[i].ID == 0 {
			out[i].ID = next
			next++
		}
	}
	return out
}

// unique reports whether the column has a unique index.
func (c *column) unique() bool {
	return c.field.Unique && c.typ != query.Files && c.typ != query.Rows
}

// count adds n to a counter and returns its new value.
func (t *tx) count(name string, n int64) (int64, error) {
	for {
		var value int64
		found, err := t.one("UPDATE counters SET value = value + ? WHERE name = ? RETURNING value", []any{n, name},
			func(row []driver.Value) error {
				value = integer(row[0])
				return nil
			})
		if found || err != nil {
			return value, err
		}
		if _, err := t.exec("INSERT INTO counters (name, value) VALUES (?, 0)", name); err != nil {
			return 0, err
		}
	}
}

// dropCounters forgets counters.
func (t *tx) dropCounters(names ...string) error {
	_, err := t.exec("DELETE FROM counters WHERE name IN (?"+strings.Repeat(", ?", len(names)-1)+")", anys(names)...)
	return err
}

func numberValue(n int64) dossier.Value { return dossier.Number(strconv.FormatInt(n, 10)) }

func anys(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}
