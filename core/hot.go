package core

import (
	"bytes"
	"container/list"
	"context"
	"io"
	"strings"
	"sync"

	"dossier"
)

// The bounds of the blobs that are kept in memory, in bytes: of all, and of one. Each takes hotOverhead more.
const (
	maxHotBytes = 8 << 20
	maxHotSize  = 128 << 10
	hotOverhead = 512
)

// hotBlobs keeps the thumbnails and small files asked for last in memory. Their bytes never change (law 4), and nobody is given some who was not
// given the row of their file just before: what is of a file that is gone is only memory, which deleteBlobs frees.
type hotBlobs struct {
	mu    sync.Mutex
	by    map[string]map[string]*list.Element // of order, by file and key
	order list.List                           // of *hotBlob, the one asked for last in front
	bytes int
}

type hotBlob struct {
	key   string
	bytes []byte
}

// fileOf is the file that a blob's key belongs to.
func fileOf(key string) string {
	file, _, _ := strings.Cut(key, "/")
	return file
}

// get returns the bytes of a blob, nil if they are not kept.
func (h *hotBlobs) get(key string) []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	e := h.by[fileOf(key)][key]
	if e == nil {
		return nil
	}
	h.order.MoveToFront(e)
	return e.Value.(*hotBlob).bytes
}

// add keeps a blob, and lets those go that nobody has asked for the longest.
func (h *hotBlobs) add(key string, b []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	file := fileOf(key)
	if h.by[file][key] != nil {
		return
	}
	if h.by == nil {
		h.by = map[string]map[string]*list.Element{}
	}
	if h.by[file] == nil {
		h.by[file] = map[string]*list.Element{}
	}
	h.by[file][key] = h.order.PushFront(&hotBlob{key, b})
	h.bytes += len(b) + hotOverhead
	for h.bytes > maxHotBytes {
		h.remove(h.order.Back())
	}
}

// forget lets the blobs of a file go.
func (h *hotBlobs) forget(file dossier.ID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range h.by[string(file)] {
		h.remove(e)
	}
}

// remove needs the lock.
func (h *hotBlobs) remove(e *list.Element) {
	b := h.order.Remove(e).(*hotBlob)
	file := fileOf(b.key)
	delete(h.by[file], b.key)
	if len(h.by[file]) == 0 {
		delete(h.by, file)
	}
	h.bytes -= len(b.bytes) + hotOverhead
}

// inMemory is a picture of which all bytes are at hand.
func inMemory(key, mediaType string, b []byte) *Picture {
	return &Picture{Key: key, Type: mediaType, Size: int64(len(b)), open: func(_ context.Context, off, n int64) (io.ReadCloser, error) {
		if off < 0 || off > int64(len(b)) {
			return nil, dossier.Errorf(dossier.Invalid, "a picture of %d bytes has none at %d", len(b), off)
		}
		rest := b[off:]
		if n >= 0 {
			rest = rest[:min(n, int64(len(rest)))]
		}
		return io.NopCloser(bytes.NewReader(rest)), nil
	}}
}

// heat reads a picture into memory if it is a small one. One that cannot be read whole stays where it is: whoever reads it will see why.
func (s *Service) heat(ctx context.Context, p *Picture) *Picture {
	if p.Size > maxHotSize {
		return p
	}
	r, err := p.Open(ctx, 0, -1)
	if err != nil {
		return p
	}
	defer r.Close()
	b := make([]byte, p.Size)
	if _, err := io.ReadFull(r, b); err != nil {
		return p
	}
	if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		return p
	}
	s.hot.add(p.Key, b)
	return inMemory(p.Key, p.Type, b)
}

// warm reads a whole blob that its store has in memory already into ours, if it is a small one, so that the next reader need not ask the store.
func (s *Service) warm(key string, r io.ReadCloser) (io.ReadCloser, error) {
	m, ok := r.(interface{ Len() int })
	if !ok || m.Len() > maxHotSize {
		return r, nil
	}
	defer r.Close()
	b := make([]byte, m.Len())
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, err
	}
	s.hot.add(key, b)
	return io.NopCloser(bytes.NewReader(b)), nil
}
