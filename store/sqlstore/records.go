package sqlstore

import (
	"context"
	"database/sql/driver"
	"time"

	"dossier"
	"dossier/query"
)

// records are the records of one collection in one transaction.
type records struct {
	tx         *tx
	collection *dossier.Collection
	known      *layout
}

func (r *records) layout() (*layout, error) {
	if r.known != nil {
		return r.known, nil
	}
	l, err := r.tx.layout(r.collection)
	r.known = l
	return l, err
}

// Get returns the record, dossier.NotFound if there is none.
func (r *records) Get(ctx context.Context, id dossier.ID) (*dossier.Record, error) {
	l, err := r.layout()
	if err != nil {
		return nil, err
	}
	if rec := r.tx.recall(l, id); rec != nil {
		return rec, nil
	}
	return r.get(ctx, "id", string(id))
}

// GetNumber returns the record with that number, dossier.NotFound if there is none.
func (r *records) GetNumber(ctx context.Context, n int64) (*dossier.Record, error) {
	return r.get(ctx, "number", n)
}

// GetEmail returns the auth record with that email, compared without case, dossier.NotFound if there is none.
func (r *records) GetEmail(ctx context.Context, email string) (*dossier.Record, error) {
	if r.collection.Kind != dossier.Auth || email == "" {
		return nil, dossier.Errorf(dossier.NotFound, "%s has no such account", r.collection.Name)
	}
	return r.get(ctx, emailKey, query.FoldText(email, query.Fold))
}

// get finds the record by a column that is unique. It is too short to be interrupted, but for a view's.
func (r *records) get(ctx context.Context, column string, value any) (*dossier.Record, error) {
	if r.collection.Kind != dossier.View {
		ctx = context.Background()
	} else {
		var done func()
		var err error
		if ctx, done, err = r.bounded(ctx); err != nil {
			return nil, err
		}
		defer done()
	}
	l, err := r.layout()
	if err != nil {
		return nil, err
	}
	sql := "SELECT " + l.list + " FROM " + l.table + " t0 WHERE t0." + column + " = " + r.tx.store.flavor.Placeholder(1)
	var d decoder
	found, err := r.scan(ctx, l, &d, sql, []any{value})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, r.none()
	}
	r.tx.remember(l, found[0], !d.loose)
	return found[0], nil
}

func (r *records) none() error {
	return dossier.Errorf(dossier.NotFound, "%s has no such record", r.collection.Name)
}

// Find yields the records a checked query asks for, files of each included.
func (r *records) Find(ctx context.Context, q query.Checked) ([]*dossier.Record, error) {
	l, err := r.layout()
	if err != nil {
		return nil, err
	}
	ctx, done, err := r.bounded(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	p, err := r.plan(ctx, l, q)
	if err != nil {
		return nil, r.overdue(ctx, err)
	}
	sql, args, err := r.tx.selectSQL(l, q, p)
	if err != nil {
		return nil, err
	}
	return r.scan(ctx, l, &decoder{}, sql, args)
}

// Count counts the records a checked query's filter lets through.
func (r *records) Count(ctx context.Context, q query.Checked) (int64, error) {
	l, err := r.layout()
	if err != nil {
		return 0, err
	}
	sql, args, err := r.tx.countSQL(l, q)
	if err != nil {
		return 0, err
	}
	ctx, done, err := r.bounded(ctx)
	if err != nil {
		return 0, err
	}
	defer done()
	var n int64
	err = r.tx.query(ctx, sql, args, func(row []driver.Value) error {
		n = integer(row[0])
		return nil
	})
	return n, r.overdue(ctx, err)
}

// scan runs a query for the columns of l and reads records. ctx is bounded, or the query short.
func (r *records) scan(ctx context.Context, l *layout, d *decoder, sql string, args []any) ([]*dossier.Record, error) {
	var out []*dossier.Record
	err := r.tx.query(ctx, sql, args, func(row []driver.Value) error {
		rec, err := l.record(d, row)
		out = append(out, rec)
		return err
	})
	if err != nil {
		return nil, r.overdue(ctx, err)
	}
	return out, r.tx.fill(d)
}

// record reads one row.
func (l *layout) record(d *decoder, row []driver.Value) (*dossier.Record, error) {
	rec := &dossier.Record{
		Number: integer(row[0]), ID: dossier.ID(text(row[1])), Revision: integer(row[2]),
		Created: moment(row[3]), Updated: moment(row[4]), CreatedBy: text(row[5]), UpdatedBy: text(row[6]),
	}
	if l.auth {
		a := row[len(baseColumns):]
		rec.Account = &dossier.Account{Email: text(a[0]), EmailVisible: integer(a[1]) != 0, Verified: integer(a[2]) != 0,
			PasswordHash: text(a[3]), TokenKey: text(a[4])}
	}
	rec.Values = make(map[string]dossier.Value, len(l.columns))
	for i := range l.columns {
		c := &l.columns[i]
		cell := row[c.at]
		if cell == nil {
			continue
		}
		var dig driver.Value
		if isNumber(c.typ) {
			dig = row[c.at+1]
		}
		v, err := d.value(c.field, c.typ, cell, dig)
		if err != nil {
			return nil, err
		}
		rec.Values[c.field.Name] = v
	}
	return rec, nil
}

func moment(v driver.Value) time.Time { return time.UnixMilli(integer(v)).UTC() }

// Delete removes the record; dossier.NotFound if there is none.
func (r *records) Delete(_ context.Context, id dossier.ID) error {
	if err := r.writable(); err != nil {
		return err
	}
	l, err := r.layout()
	if err != nil {
		return err
	}
	number, old, err := r.links(l, id)
	if err != nil {
		return err
	}
	n, err := r.tx.exec("DELETE FROM "+l.table+" WHERE id = ?", string(id))
	if err == nil && n == 0 {
		err = r.none()
	}
	if err != nil {
		return err
	}
	r.tx.changed = append(r.tx.changed, id)
	return r.tx.link(l, number, old, nil)
}
