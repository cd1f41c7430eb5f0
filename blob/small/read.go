package small

import (
	"bytes"
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"time"

	"dossier"
	"dossier/blob"
)

// A reader is a connection that reads.
type reader struct {
	*conn
	get, stat, first, next *statement
}

func openReader(path string) (*reader, error) {
	c, err := connect(path, "PRAGMA cache_size(-2048)", "PRAGMA query_only(1)")
	if err != nil {
		return nil, err
	}
	r := &reader{conn: c}
	err = errors.Join(
		c.prepare(&r.get, "SELECT b.size, d.bytes FROM blobs b LEFT JOIN data d ON d.id = b.id WHERE b.key = ?"),
		c.prepare(&r.stat, "SELECT key, size, time FROM blobs WHERE key = ?"),
		c.prepare(&r.first, "SELECT key, size, time FROM blobs WHERE key >= ? ORDER BY key LIMIT ?"),
		c.prepare(&r.next, "SELECT key, size, time FROM blobs WHERE key > ? ORDER BY key LIMIT ?"),
	)
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return r, nil
}

// read lends a reader to fn.
func (s *Store) read(ctx context.Context, fn func(r *reader) error) error {
	select {
	case r := <-s.readers:
		defer func() { s.readers <- r }()
		return fn(r)
	case <-s.writer.queue.Closed():
		return closed()
	case <-ctx.Done():
		return blob.Canceled(ctx)
	}
}

// Open implements blob.Store. The reader of a small blob holds it in memory; it is a seeker and tells with Len what is left.
func (s *Store) Open(ctx context.Context, key string, off, n int64) (io.ReadCloser, error) {
	if err := blob.Check(ctx, key); err != nil {
		return nil, err
	}
	if err := blob.CheckOffset(off); err != nil {
		return nil, err
	}
	data, err := s.get(ctx, key)
	if errors.Is(err, dossier.NotFound) {
		return s.big.Open(ctx, key, off, n)
	}
	if err != nil {
		return nil, err
	}
	data = data[min(off, int64(len(data))):]
	if n >= 0 {
		data = data[:min(n, int64(len(data)))]
	}
	return inMemory{bytes.NewReader(data)}, nil
}

// inMemory is a small blob, or a part of one, being read.
type inMemory struct{ *bytes.Reader }

// Close does nothing.
func (inMemory) Close() error { return nil }

// get returns the bytes of a small blob.
func (s *Store) get(ctx context.Context, key string) (data []byte, err error) {
	found, size := false, int64(0)
	err = s.read(ctx, func(r *reader) error {
		return r.get.each(func(row []driver.Value) error {
			found = true
			size, _ = row[0].(int64)
			data, _ = row[1].([]byte)
			return nil
		}, key)
	})
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, missing()
	case int64(len(data)) != size:
		return nil, dossier.Errorf(dossier.Internal, "blob %s has %d bytes instead of %d", key, len(data), size)
	}
	return data, nil
}

// Stat implements blob.Store.
func (s *Store) Stat(ctx context.Context, key string) (blob.Info, error) {
	if err := blob.Check(ctx, key); err != nil {
		return blob.Info{}, err
	}
	info, err := s.stat(ctx, key)
	if errors.Is(err, dossier.NotFound) {
		return s.big.Stat(ctx, key)
	}
	return info, err
}

// stat describes a small blob.
func (s *Store) stat(ctx context.Context, key string) (blob.Info, error) {
	var info blob.Info
	err := s.read(ctx, func(r *reader) error {
		return r.stat.each(func(row []driver.Value) error { info = infoOf(row); return nil }, key)
	})
	if err == nil && info.Key == "" {
		err = missing()
	}
	return info, err
}

// infoOf reads the columns key, size and time.
func infoOf(row []driver.Value) blob.Info {
	key, _ := row[0].(string)
	size, _ := row[1].(int64)
	nanos, _ := row[2].(int64)
	return blob.Info{Key: key, Size: size, ModTime: time.Unix(0, nanos)}
}
