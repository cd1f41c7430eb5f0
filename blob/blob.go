// Package blob is the seam to bytes: a Store keeps immutable bytes under keys.
// Here: the interface and its contract. Not here: names, media types, records, policy; a key and its bytes are all it knows.
package blob

import (
	"context"
	"io"
	"iter"
	"time"
)

// Info is what a Store knows of a blob without reading it.
type Info struct {
	Key     string
	Size    int64     // bytes
	ModTime time.Time // when Put finished, by the store's clock
}

// A Store keeps bytes under keys. Safe for concurrent use. A missing key is dossier.NotFound, a full disk dossier.Full.
//
// Keys are one or more segments of [A-Za-z0-9_-], joined by "/", 200 bytes at most; anything else is dossier.Invalid.
// Blobs never change: Put on a key that exists is dossier.Exists and leaves the old bytes.
type Store interface {
	// Put reads r to its end and keeps the bytes under key. Nothing is visible under key until it returns nil; then the
	// bytes survive a power cut. On any error, one of r or ctx included, nothing is kept. It holds a small buffer,
	// whatever the size.
	Put(ctx context.Context, key string, r io.Reader) (size int64, err error)
	// Open returns n bytes of key from off, to the end if n < 0. The caller closes it. The reader of a store on a local
	// disk may also be an io.Seeker or *os.File; callers may use that but not rely on it.
	Open(ctx context.Context, key string, off, n int64) (io.ReadCloser, error)
	// Stat describes key.
	Stat(ctx context.Context, key string) (Info, error)
	// Delete forgets key. Deleting nothing is no error. Open readers finish with the old bytes.
	Delete(ctx context.Context, key string) error
	// List yields what lies under prefix, in key order. Blobs put or deleted meanwhile may or may not appear.
	List(ctx context.Context, prefix string) iter.Seq2[Info, error]
	// Close releases what the store holds. Nothing is lost by not calling it.
	Close() error
}
