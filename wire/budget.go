package wire

import (
	"context"
	"io"
	"net/http"
	"sync"
	"sync/atomic"

	"dossier"
	"dossier/access"
)

// freeBytes is what every request may hold of its body without asking, so that ordinary ones never wait for large ones.
const freeBytes = 64 << 10

// A Budget bounds the bytes of bodies that are held in memory, those of all requests together, of which one place may hold three quarters:
// who sends large bodies slowly must not keep everybody else from sending any. From this machine comes what a proxy passes on, which is
// everybody: it may hold all, unless the proxy tells its clients' addresses (BehindProxy). Bytes that stream through, as those of files do, cost
// nothing, but a form counts for what its buffers take, however slowly it comes.
type Budget struct {
	left atomic.Int64
	each int64 // what one place may hold
	mu   sync.Mutex
	by   map[string]int64 // by place, as access.PlaceOf names it
}

// NewBudget returns a Budget of so many bytes.
func NewBudget(bytes int64) *Budget {
	b := &Budget{each: bytes / 4 * 3, by: map[string]int64{}}
	b.left.Store(bytes)
	return b
}

// hold adds n bytes, fewer if n is negative, to what a place holds, and reports whether it may hold them. "" may hold all.
func (b *Budget) hold(place string, n int64) bool {
	if place == "" {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.by[place] += n; b.by[place] == 0 {
		delete(b.by, place)
	}
	return b.by[place] <= b.each
}

// shareKey is the context's key of a request's share.
type shareKey struct{}

// Of serves next with requests whose bodies are held out of the budget until next has returned. Where it is used up, reading a body
// on fails as dossier.Busy.
func (b *Budget) Of(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body == nil || r.Body == http.NoBody {
			next.ServeHTTP(w, r)
			return
		}
		s := &share{of: b, place: access.PlaceOf(RemoteHost(r))}
		if isLoopback(RemoteHost(r)) {
			s.place = ""
		}
		defer s.release()
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), shareKey{}, s)))
	})
}

// A share is what one request holds. It is nil outside a Budget, which bounds nothing.
type share struct {
	of    *Budget
	place string
	held  atomic.Int64
}

func shareOf(ctx context.Context) *share {
	s, _ := ctx.Value(shareKey{}).(*share)
	return s
}

// take asks for n more bytes.
func (s *share) take(n int) error {
	if s == nil {
		return nil
	}
	held := s.held.Add(int64(n))
	extra := min(int64(n), held-freeBytes)
	if extra <= 0 {
		return nil
	}
	room := s.of.left.Add(-extra) >= 0
	if mine := s.of.hold(s.place, extra); !room || !mine { // what was taken all the same is given back with the rest
		return dossier.Errorf(dossier.Busy, "other requests hold too much in memory; send it again later")
	}
	return nil
}

// countFor names the place that s is of, before it holds anything.
func (s *share) countFor(place string) {
	if s != nil {
		s.place = place
	}
}

// release gives everything back.
func (s *share) release() {
	if extra := s.held.Load() - freeBytes; extra > 0 {
		s.of.left.Add(extra)
		s.of.hold(s.place, -extra)
	}
}

// reader is r, whose bytes are held.
func (s *share) reader(r io.Reader) io.Reader {
	if s == nil {
		return r
	}
	return &heldReader{r, s}
}

type heldReader struct {
	r io.Reader
	s *share
}

func (h *heldReader) Read(p []byte) (int, error) {
	n, err := h.r.Read(p)
	if n > 0 {
		if busy := h.s.take(n); busy != nil {
			return 0, busy
		}
	}
	return n, err
}
