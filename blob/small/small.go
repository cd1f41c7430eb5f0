// Package small keeps small blobs as rows of one SQLite file and hands larger ones to another blob.Store. A Put that returned nil survives
// a power cut: for a small blob the cost of that is its share of one fsync, not a file of its own (docs/decisions/0017-small-blobs-in-one-file.md).
//
// A Put reads up to maxSize bytes and one more. If the reader ended, the blob is a row; otherwise what was read, and the rest, go on to the
// other store. One goroutine writes: all Puts and Deletes that wait are one transaction, and are answered after its commit. Readers have
// connections of their own and hold whole blobs in memory, so that no reader waits for a writer.
//
// A key lies on one side only: whoever puts it looks at the other side first, and two who put the same key take turns.
//
// Here: the file, its tables, grouping, which side a blob lies on. Not here: how large blobs are kept, leases, who may read (see core).
package small

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"dossier"
	"dossier/blob"
)

// maxSize is the size of the largest small blob, in bytes. A row is written twice, into the log and into the file: from some 64 KiB on that costs
// more than a file of its own.
const maxSize = 32 << 10

// Options are what a Store takes from outside. The zero value is good.
type Options struct {
	Readers int              // connections that read; 0 is two more than there are processors
	Log     *slog.Logger     // nil is slog.Default
	Now     func() time.Time // nil is time.Now

	pages int // 0: no bound on the pages of the database; tests let it be full
	page  int // 0: pageSize
}

// Store is a blob.Store of which the small blobs lie in one file and the others in another Store.
type Store struct {
	big     blob.Store
	now     func() time.Time
	page    int
	writer  *writer
	readers chan *reader // that nobody uses
	opened  int          // readers
	keys    turns
	buffers sync.Pool // of *[]byte, maxSize+1 each
}

// Open opens the database file at path, made if missing, for blobs of maxSize bytes at most; all others lie in big, which stays the
// caller's to close. One process at a time may have the file open.
func Open(path string, big blob.Store, o Options) (*Store, error) {
	if o.Readers == 0 {
		o.Readers = runtime.NumCPU() + 2
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.page == 0 {
		o.page = pageSize
	}
	s := &Store{big: big, now: o.Now, page: o.page, readers: make(chan *reader, o.Readers)}
	s.buffers.New = func() any { b := make([]byte, maxSize+1); return &b }
	var err error
	if s.writer, err = openWriter(path, o); err != nil {
		return nil, err
	}
	for range o.Readers {
		r, err := openReader(path)
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		s.readers <- r
		s.opened++
	}
	return s, nil
}

// Close lets what is being written and read finish, and closes the file. Later calls fail, a second Close too.
func (s *Store) Close() error {
	if err := s.writer.queue.Close(); err != nil {
		return err
	}
	var errs []error
	for range s.opened {
		errs = append(errs, (<-s.readers).Close())
	}
	return errors.Join(append(errs, s.writer.Close())...) // last, so that it takes the journal with it
}

// Put implements blob.Store.
func (s *Store) Put(ctx context.Context, key string, r io.Reader) (int64, error) {
	if err := blob.Check(ctx, key); err != nil {
		return 0, err
	}
	buf := s.buffers.Get().(*[]byte)
	defer s.buffers.Put(buf)
	n, err := blob.ReadFull(ctx, r, *buf)
	if err != nil && err != io.EOF {
		return 0, err
	}
	done, cerr := s.keys.take(ctx, key)
	if cerr != nil {
		return 0, cerr
	}
	defer done()
	if n <= maxSize {
		return s.putSmall(ctx, key, (*buf)[:n])
	}
	whole := io.Reader(bytes.NewReader((*buf)[:n]))
	if err == nil {
		whole = io.MultiReader(whole, r)
	}
	return s.putBig(ctx, key, whole)
}

func (s *Store) putSmall(ctx context.Context, key string, data []byte) (int64, error) {
	_, err := s.big.Stat(ctx, key)
	if err == nil {
		return 0, exists()
	}
	if !errors.Is(err, dossier.NotFound) {
		return 0, err
	}
	if err := s.writer.queue.Do(ctx, &job{key: key, data: data, time: s.now()}); err != nil {
		return 0, err
	}
	return int64(len(data)), nil
}

func (s *Store) putBig(ctx context.Context, key string, r io.Reader) (int64, error) {
	_, err := s.stat(ctx, key)
	if err == nil {
		return 0, exists()
	}
	if !errors.Is(err, dossier.NotFound) {
		return 0, err
	}
	return s.big.Put(ctx, key, r)
}

// Delete implements blob.Store.
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := blob.Check(ctx, key); err != nil {
		return err
	}
	_, err := s.stat(ctx, key)
	if err == nil {
		err = s.writer.queue.Do(ctx, &job{key: key, gone: true})
	}
	if err != nil && !errors.Is(err, dossier.NotFound) {
		return err
	}
	return s.big.Delete(ctx, key)
}
