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

// The bounds of the pictures that are kept in memory, in bytes: of all, and of one.
const (
	maxHotBytes = 8 << 20
	maxHotSize  = 128 << 10
)

// hotPictures keeps the thumbnails asked for last in memory. Their bytes never change (law 4), and nobody is given one who was not
// given the row of its file just before: one whose file is gone is only memory, which deleteBlobs frees.
type hotPictures struct {
	mu    sync.Mutex
	by    map[string]*list.Element // of order, by key
	order list.List                // of *hotPicture, the one asked for last in front
	bytes int
}

type hotPicture struct {
	key   string
	bytes []byte
}

// get returns the bytes of a picture, nil if they are not kept.
func (h *hotPictures) get(key string) []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	e := h.by[key]
	if e == nil {
		return nil
	}
	h.order.MoveToFront(e)
	return e.Value.(*hotPicture).bytes
}

// add keeps a picture, and lets those go that nobody has asked for the longest.
func (h *hotPictures) add(key string, b []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.by == nil {
		h.by = map[string]*list.Element{}
	}
	if h.by[key] != nil {
		return
	}
	h.by[key] = h.order.PushFront(&hotPicture{key, b})
	h.bytes += len(b)
	for h.bytes > maxHotBytes {
		h.remove(h.order.Back())
	}
}

// forget lets the pictures of a file go.
func (h *hotPictures) forget(file dossier.ID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for key, e := range h.by {
		if strings.HasPrefix(key, string(file)+"/") {
			h.remove(e)
		}
	}
}

// remove needs the lock.
func (h *hotPictures) remove(e *list.Element) {
	p := h.order.Remove(e).(*hotPicture)
	delete(h.by, p.key)
	h.bytes -= len(p.bytes)
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
