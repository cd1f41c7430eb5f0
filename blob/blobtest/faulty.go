package blobtest

import (
	"context"
	"io"
	"iter"
	"sync/atomic"

	"dossier/blob"
)

// The moments at which a Store made by Faulty asks its fault function.
const (
	OpPut     = "put"     // before a Put: nothing happens
	OpStored  = "stored"  // after a Put: the bytes are there, the caller hears of a failure
	OpOpen    = "open"    // before an Open
	OpRead    = "read"    // before each Read of an open reader
	OpStat    = "stat"    // before a Stat
	OpDelete  = "delete"  // before a Delete: nothing happens
	OpDeleted = "deleted" // after a Delete: the bytes are gone, the caller hears of a failure
	OpList    = "list"    // before a List; the key is the prefix
)

// Faulty wraps inner. At each moment that an Op names it asks fault, which returns nil to let things happen or the error that the caller
// gets. fault may be called from many goroutines; it may panic, to end a caller in the middle.
func Faulty(inner blob.Store, fault func(op, key string) error) blob.Store {
	return &faulty{inner, fault}
}

// Nth is a fault function that fails the n-th moment, counted from 1, with err, and no other.
func Nth(n int64, err error) func(op, key string) error {
	var calls atomic.Int64
	return func(string, string) error {
		if calls.Add(1) == n {
			return err
		}
		return nil
	}
}

type faulty struct {
	inner blob.Store
	fault func(op, key string) error
}

func (f *faulty) Put(ctx context.Context, key string, r io.Reader) (int64, error) {
	if err := f.fault(OpPut, key); err != nil {
		return 0, err
	}
	n, err := f.inner.Put(ctx, key, r)
	if err != nil {
		return 0, err
	}
	if err := f.fault(OpStored, key); err != nil {
		return 0, err
	}
	return n, nil
}

func (f *faulty) Open(ctx context.Context, key string, off, n int64) (io.ReadCloser, error) {
	if err := f.fault(OpOpen, key); err != nil {
		return nil, err
	}
	r, err := f.inner.Open(ctx, key, off, n)
	if err != nil {
		return nil, err
	}
	return &faultyReader{r, func() error { return f.fault(OpRead, key) }}, nil
}

func (f *faulty) Stat(ctx context.Context, key string) (blob.Info, error) {
	if err := f.fault(OpStat, key); err != nil {
		return blob.Info{}, err
	}
	return f.inner.Stat(ctx, key)
}

func (f *faulty) Delete(ctx context.Context, key string) error {
	if err := f.fault(OpDelete, key); err != nil {
		return err
	}
	if err := f.inner.Delete(ctx, key); err != nil {
		return err
	}
	return f.fault(OpDeleted, key)
}

func (f *faulty) List(ctx context.Context, prefix string) iter.Seq2[blob.Info, error] {
	return func(yield func(blob.Info, error) bool) {
		if err := f.fault(OpList, prefix); err != nil {
			yield(blob.Info{}, err)
			return
		}
		f.inner.List(ctx, prefix)(yield)
	}
}

func (f *faulty) Close() error { return f.inner.Close() }

type faultyReader struct {
	inner io.ReadCloser
	fault func() error
}

func (r *faultyReader) Read(p []byte) (int, error) {
	if err := r.fault(); err != nil {
		return 0, err
	}
	return r.inner.Read(p)
}

func (r *faultyReader) Close() error { return r.inner.Close() }
