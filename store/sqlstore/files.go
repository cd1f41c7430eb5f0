package sqlstore

import (
	"context"
	"database/sql/driver"
	"iter"
	"time"

	"dossier"
)

// files are the files that records hold.
type files struct{ *tx }

// Get returns the file with that ID or the start of it, dossier.NotFound if no record holds it.
func (f files) Get(_ context.Context, id dossier.ID) (*dossier.File, error) {
	l, err := f.held(id)
	if err != nil {
		return nil, err
	}
	return &l.File, nil
}

func (f files) held(id dossier.ID) (*lease, error) {
	l, err := f.lease(id)
	if err == nil && (l == nil || !l.held()) {
		err = noFile()
	}
	return l, err
}

// Uses returns who holds the file.
func (f files) Uses(_ context.Context, id dossier.ID) ([]dossier.Attachment, error) {
	l, err := f.held(id)
	if err != nil {
		return nil, err
	}
	var out []dossier.Attachment
	err = f.each("SELECT collection, record, field, inside FROM uses WHERE file = ?", []any{string(l.ID)}, func(row []driver.Value) error {
		out = append(out, dossier.Attachment{File: &l.File, Collection: dossier.ID(text(row[0])), Record: dossier.ID(text(row[1])),
			Field: text(row[2]), Inner: text(row[3])})
		return nil
	})
	return out, err
}

// useArgs are the columns of a use, in the order of its key.
func useArgs(a dossier.Attachment) []any {
	return []any{string(a.File.ID), string(a.Collection), string(a.Record), a.Field, a.Inner}
}

// Hold adds a use. Adding it twice is no error.
func (f files) Hold(_ context.Context, a dossier.Attachment) error {
	if a.File == nil {
		return noFile()
	}
	if _, err := f.held(a.File.ID); err != nil {
		return err
	}
	_, err := f.exec("INSERT INTO uses (file, collection, record, field, inside) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", useArgs(a)...)
	return err
}

// Drop removes a use. A file without any falls back to an expired upload.
func (f files) Drop(_ context.Context, a dossier.Attachment, now time.Time) error {
	if a.File == nil {
		return noFile()
	}
	_, err := f.exec("DELETE FROM uses WHERE file = ? AND collection = ? AND record = ? AND field = ? AND inside = ?", useArgs(a)...)
	if err != nil {
		return err
	}
	return f.settle(a.File.ID, now)
}

// Release drops every use that the record makes of any file.
func (f files) Release(_ context.Context, collection, record dossier.ID, now time.Time) error {
	return f.release(now, "collection = ? AND record = ?", string(collection), string(record))
}

// release drops the uses that the condition names.
func (t *tx) release(now time.Time, where string, args ...any) error {
	var ids []dossier.ID
	err := t.each("SELECT DISTINCT file FROM uses WHERE "+where, args, func(row []driver.Value) error {
		ids = append(ids, dossier.ID(text(row[0])))
		return nil
	})
	if err != nil || len(ids) == 0 {
		return err
	}
	if _, err := t.exec("DELETE FROM uses WHERE "+where, args...); err != nil {
		return err
	}
	for _, id := range ids {
		if err := t.settle(id, now); err != nil {
			return err
		}
	}
	return nil
}

// settle lets a held file that nobody uses fall back to an expired upload.
func (t *tx) settle(id dossier.ID, now time.Time) error {
	l, err := t.lease(id)
	if err != nil || l == nil || !l.held() {
		return err
	}
	used, err := t.one("SELECT 1 FROM uses WHERE file = ? LIMIT 1", []any{string(l.ID)}, func([]driver.Value) error { return nil })
	if err != nil || used {
		return err
	}
	return t.end(l, now)
}

// Known reports which of ids are rows, whatever their state.
func (f files) Known(_ context.Context, ids []dossier.ID) (map[dossier.ID]bool, error) {
	out := make(map[dossier.ID]bool, len(ids))
	err := f.among("id", ids, func(row []driver.Value) error {
		out[dossier.ID(text(row[0]))] = true
		return nil
	})
	return out, err
}

// among reads columns of the files that ids name, in one query.
func (t *tx) among(columns string, ids []dossier.ID, fn func([]driver.Value) error) error {
	if len(ids) == 0 {
		return nil
	}
	list := make(dossier.List, len(ids))
	for i, id := range ids {
		list[i] = string(id)
	}
	return t.each("SELECT "+columns+" FROM files WHERE id IN (SELECT value FROM "+t.store.flavor.Elements("?")+" e)", []any{listArg(list)}, fn)
}

// fill reads the files that a decoder met, with one query for all.
func (t *tx) fill(d *decoder) error {
	ids := make([]dossier.ID, 0, len(d.files))
	for id := range d.files {
		ids = append(ids, id)
	}
	held := 0
	err := t.among(leaseColumns, ids, func(row []driver.Value) error {
		l, err := readLease(row)
		if err != nil {
			return err
		}
		*d.files[l.ID] = l.File
		if l.held() {
			held++
		}
		return nil
	})
	d.loose = held < len(ids)
	return err
}

// eachBatch is how many rows Each reads at a time.
const eachBatch = 500

// Each yields all files and uploads; those that records hold have no Expires.
func (f files) Each(context.Context) iter.Seq2[*dossier.Upload, error] {
	return func(yield func(*dossier.Upload, error) bool) {
		last := ""
		for {
			batch, err := f.leases("id > ? ORDER BY id LIMIT ?", last, int64(eachBatch))
			if err != nil {
				yield(nil, err)
				return
			}
			for _, u := range batch {
				if !yield(u, nil) {
					return
				}
			}
			if len(batch) < eachBatch {
				return
			}
			last = string(batch[len(batch)-1].ID)
		}
	}
}
