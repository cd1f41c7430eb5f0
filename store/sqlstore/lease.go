package sqlstore

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"time"

	"dossier"
)

// The states of a row of files.
const (
	leased = 0 // an upload
	held   = 1 // a file that records hold
	ended  = 2 // an upload or file that only the sweeper finds
)

// leaseColumns are the columns of files, as readLease wants them.
const leaseColumns = "id, state, name, slug, declared, sniffed, size, sha256, chunks, created, owner, kind, length, expires"

// A lease is a row of files.
type lease struct {
	dossier.Upload
	state int64
}

// held reports whether records hold the file.
func (l *lease) held() bool { return l.state == held }

func readLease(row []driver.Value) (*lease, error) {
	l := &lease{state: integer(row[1])}
	l.ID, l.Name, l.Slug = dossier.ID(text(row[0])), text(row[2]), text(row[3])
	l.Declared, l.Sniffed, l.Size, l.SHA256 = text(row[4]), text(row[5]), integer(row[6]), text(row[7])
	l.Created, l.Owner, l.Kind, l.Length = moment(row[9]), text(row[10]), text(row[11]), integer(row[12])
	if row[13] != nil {
		l.Expires = moment(row[13])
	}
	if err := json.Unmarshal([]byte(text(row[8])), &l.Chunks); err != nil {
		return nil, dossier.Errorf(dossier.Internal, "chunks of file %s: %w", l.ID, err)
	}
	return l, nil
}

func chunksText(chunks []dossier.Chunk) (string, error) {
	b, err := json.Marshal(chunks)
	if chunks == nil {
		return "[]", err
	}
	return string(b), err
}

// lease finds a row of files by its ID or the start of it; nil if there is none.
func (t *tx) lease(id dossier.ID) (*lease, error) {
	sql, args := "SELECT "+leaseColumns+" FROM files WHERE id = ?", []any{string(id)}
	if len(id) == dossier.FileIDPrefix {
		sql, args = "SELECT "+leaseColumns+" FROM files WHERE id >= ? AND id < ?", append(args, string(id)+"~")
	}
	var found *lease
	_, err := t.one(sql, args, func(row []driver.Value) (err error) {
		found, err = readLease(row)
		return err
	})
	return found, err
}

// leases reads rows of files.
func (t *tx) leases(where string, args ...any) ([]*dossier.Upload, error) {
	var out []*dossier.Upload
	err := t.each("SELECT "+leaseColumns+" FROM files WHERE "+where, args, func(row []driver.Value) error {
		l, err := readLease(row)
		if err == nil {
			out = append(out, &l.Upload)
		}
		return err
	})
	return out, err
}

// use changes how many bytes uploads and files take.
func (t *tx) use(bytes int64) error {
	if bytes == 0 {
		return nil
	}
	_, err := t.exec("UPDATE counters SET value = value + ? WHERE name = 'usage'", bytes)
	return err
}

// end makes a row of files one that only the sweeper finds.
func (t *tx) end(l *lease, now time.Time) error {
	if l.state == ended {
		return nil
	}
	if _, err := t.exec("UPDATE files SET state = ?, expires = ? WHERE id = ?", int64(ended), now.UnixMilli(), string(l.ID)); err != nil {
		return err
	}
	return t.use(-l.Size)
}

func noUpload() error { return dossier.Errorf(dossier.NotFound, "there is no such upload") }
func noFile() error   { return dossier.Errorf(dossier.NotFound, "there is no such file") }

// uploads are the leases on bytes.
type uploads struct{ *tx }

// Create adds u.
func (u uploads) Create(_ context.Context, up *dossier.Upload) error {
	chunks, err := chunksText(up.Chunks)
	if err != nil {
		return err
	}
	_, err = u.exec("INSERT INTO files ("+leaseColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", string(up.ID), int64(leased),
		up.Name, up.Slug, up.Declared, up.Sniffed, up.Size, up.SHA256, chunks, up.Created.UnixMilli(), up.Owner, up.Kind, up.Length,
		up.Expires.UnixMilli())
	if err != nil {
		return err
	}
	return u.use(up.Size)
}

// Get returns the upload with that ID or the start of it.
func (u uploads) Get(_ context.Context, id dossier.ID) (*dossier.Upload, error) {
	l, err := u.open(id)
	if err != nil {
		return nil, err
	}
	return &l.Upload, nil
}

// open finds an upload that nobody has taken or ended.
func (u uploads) open(id dossier.ID) (*lease, error) {
	l, err := u.lease(id)
	if err == nil && (l == nil || l.state != leased) {
		err = noUpload()
	}
	return l, err
}

// Advance adds a chunk if the upload's Size still is from, and renews the lease.
func (u uploads) Advance(_ context.Context, id dossier.ID, from int64, c dossier.Chunk, sha256, sniffed string, expires time.Time) error {
	l, err := u.open(id)
	if err != nil {
		return err
	}
	if l.Size != from {
		return dossier.Errorf(dossier.Stale, "the upload has %d bytes, not %d", l.Size, from)
	}
	chunks, err := chunksText(append(l.Chunks, c))
	if err != nil {
		return err
	}
	if sha256 == "" {
		sha256 = l.SHA256
	}
	if sniffed == "" {
		sniffed = l.Sniffed
	}
	_, err = u.exec("UPDATE files SET chunks = ?, size = ?, sha256 = ?, sniffed = ?, expires = ? WHERE id = ?", chunks, from+c.Size,
		sha256, sniffed, expires.UnixMilli(), string(l.ID))
	if err != nil {
		return err
	}
	return u.use(c.Size)
}

// Take ends the lease and makes the upload a file.
func (u uploads) Take(_ context.Context, id dossier.ID, now time.Time) (*dossier.File, error) {
	l, err := u.open(id)
	switch {
	case err != nil:
		return nil, err
	case !now.Before(l.Expires):
		return nil, dossier.Errorf(dossier.Expired, "the upload's life has ended")
	case !l.Complete():
		return nil, dossier.Errorf(dossier.Incomplete, "%d of %d bytes have arrived", l.Size, l.Length)
	}
	_, err = u.exec("UPDATE files SET state = ?, expires = NULL WHERE id = ?", int64(held), string(l.ID))
	return &l.File, err
}

// Expired yields uploads whose lease has ended at now, released files included, oldest end first.
func (u uploads) Expired(_ context.Context, now time.Time, limit int) ([]*dossier.Upload, error) {
	return u.leases("expires IS NOT NULL AND expires <= ? ORDER BY expires, id LIMIT ?", now.UnixMilli(), int64(limit))
}

// Expire ends the lease at once.
func (u uploads) Expire(_ context.Context, id dossier.ID, now time.Time) error {
	l, err := u.open(id)
	if err != nil {
		return err
	}
	return u.end(l, now)
}

// Redate lets leases from after latest begin at now, and those that ended after it end at now.
func (u uploads) Redate(_ context.Context, latest, now time.Time) error {
	after, at := latest.UnixMilli(), now.UnixMilli()
	if _, err := u.exec("UPDATE files SET expires = ? WHERE state = ? AND expires > ?", at, int64(ended), after); err != nil {
		return err
	}
	_, err := u.exec("UPDATE files SET expires = ? + (expires - created), created = ? WHERE state = ? AND expires > ? AND created > ?",
		at, at, int64(leased), after, after)
	return err
}

// Remove forgets an upload. Forgetting nothing is no error.
func (u uploads) Remove(_ context.Context, id dossier.ID) error {
	l, err := u.lease(id)
	switch {
	case err != nil || l == nil:
		return err
	case l.held():
		return dossier.Errorf(dossier.Stale, "the file is in use")
	}
	if _, err := u.exec("DELETE FROM files WHERE id = ?", string(l.ID)); err != nil || l.state == ended {
		return err
	}
	return u.use(-l.Size)
}

// Usage is the bytes of all uploads and files whose lease has not ended.
func (u uploads) Usage(context.Context) (n int64, err error) {
	_, err = u.one("SELECT value FROM counters WHERE name = 'usage'", nil, func(row []driver.Value) error {
		n = integer(row[0])
		return nil
	})
	return n, err
}
