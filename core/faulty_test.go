package core_test

import (
	"context"
	"iter"
	"time"

	"dossier"
	"dossier/query"
	"dossier/store"
)

// faultyStore asks fault before every call of records, uploads and files, and after a commit, and fails if it says so.
type faultyStore struct {
	store.Store
	fault func(op string) error
}

func (s *faultyStore) View(ctx context.Context, fn func(store.Tx) error) error {
	if err := s.fault("View"); err != nil {
		return err
	}
	return s.Store.View(ctx, func(tx store.Tx) error { return fn(faultyTx{tx, s.fault}) })
}

func (s *faultyStore) Update(ctx context.Context, fn func(store.Tx) error) error {
	if err := s.fault("Update"); err != nil {
		return err
	}
	if err := s.Store.Update(ctx, func(tx store.Tx) error { return fn(faultyTx{tx, s.fault}) }); err != nil {
		return err
	}
	return s.fault("commit")
}

type faultyTx struct {
	store.Tx
	fault func(op string) error
}

func (t faultyTx) Records(c *dossier.Collection) store.Records {
	return faultyRecords{t.Tx.Records(c), t.fault}
}
func (t faultyTx) Uploads() store.Uploads { return faultyUploads{t.Tx.Uploads(), t.fault} }
func (t faultyTx) Files() store.Files     { return faultyFiles{t.Tx.Files(), t.fault} }

type faultyRecords struct {
	store.Records
	fault func(op string) error
}

func (r faultyRecords) Get(ctx context.Context, id dossier.ID) (*dossier.Record, error) {
	if err := r.fault("Records.Get"); err != nil {
		return nil, err
	}
	return r.Records.Get(ctx, id)
}

func (r faultyRecords) Find(ctx context.Context, q query.Checked) ([]*dossier.Record, error) {
	if err := r.fault("Records.Find"); err != nil {
		return nil, err
	}
	return r.Records.Find(ctx, q)
}

func (r faultyRecords) Insert(ctx context.Context, rec *dossier.Record) error {
	if err := r.fault("Records.Insert"); err != nil {
		return err
	}
	return r.Records.Insert(ctx, rec)
}

func (r faultyRecords) Update(ctx context.Context, rec *dossier.Record, base int64) error {
	if err := r.fault("Records.Update"); err != nil {
		return err
	}
	return r.Records.Update(ctx, rec, base)
}

func (r faultyRecords) Delete(ctx context.Context, id dossier.ID) error {
	if err := r.fault("Records.Delete"); err != nil {
		return err
	}
	return r.Records.Delete(ctx, id)
}

type faultyUploads struct {
	store.Uploads
	fault func(op string) error
}

func (u faultyUploads) Create(ctx context.Context, up *dossier.Upload) error {
	if err := u.fault("Uploads.Create"); err != nil {
		return err
	}
	return u.Uploads.Create(ctx, up)
}

func (u faultyUploads) Take(ctx context.Context, id dossier.ID, now time.Time) (*dossier.File, error) {
	if err := u.fault("Uploads.Take"); err != nil {
		return nil, err
	}
	return u.Uploads.Take(ctx, id, now)
}

func (u faultyUploads) Expired(ctx context.Context, now time.Time, limit int) ([]*dossier.Upload, error) {
	if err := u.fault("Uploads.Expired"); err != nil {
		return nil, err
	}
	return u.Uploads.Expired(ctx, now, limit)
}

func (u faultyUploads) Expire(ctx context.Context, id dossier.ID, now time.Time) error {
	if err := u.fault("Uploads.Expire"); err != nil {
		return err
	}
	return u.Uploads.Expire(ctx, id, now)
}

func (u faultyUploads) Redate(ctx context.Context, latest, now time.Time) error {
	if err := u.fault("Uploads.Redate"); err != nil {
		return err
	}
	return u.Uploads.Redate(ctx, latest, now)
}

func (u faultyUploads) Remove(ctx context.Context, id dossier.ID) error {
	if err := u.fault("Uploads.Remove"); err != nil {
		return err
	}
	return u.Uploads.Remove(ctx, id)
}

type faultyFiles struct {
	store.Files
	fault func(op string) error
}

func (f faultyFiles) Hold(ctx context.Context, a dossier.Attachment) error {
	if err := f.fault("Files.Hold"); err != nil {
		return err
	}
	return f.Files.Hold(ctx, a)
}

func (f faultyFiles) Drop(ctx context.Context, a dossier.Attachment, now time.Time) error {
	if err := f.fault("Files.Drop"); err != nil {
		return err
	}
	return f.Files.Drop(ctx, a, now)
}

func (f faultyFiles) Release(ctx context.Context, collection, record dossier.ID, now time.Time) error {
	if err := f.fault("Files.Release"); err != nil {
		return err
	}
	return f.Files.Release(ctx, collection, record, now)
}

func (f faultyFiles) Known(ctx context.Context, ids []dossier.ID) (map[dossier.ID]bool, error) {
	if err := f.fault("Files.Known"); err != nil {
		return nil, err
	}
	return f.Files.Known(ctx, ids)
}

func (f faultyFiles) Each(ctx context.Context) iter.Seq2[*dossier.Upload, error] {
	return f.Files.Each(ctx)
}
