package wire

import (
	"context"
	"io"
	"net/http"
	"sync/atomic"

	"dossier"
)

// freeBytes is what every request may hold of its body without asking, so that ordinary ones never wait for large ones.
const freeBytes = 64 << 10

// A Budget bounds the bytes of bodies that are held in memory, those of all requests together. Bytes that stream through, as those of
// files do, cost nothing.
type Budget struct{ left atomic.Int64 }

// NewBudget returns a Budget of so many bytes.
func NewBudget(bytes int64) *Budget {
	b := &Budget{}
	b.left.Store(bytes)
	return b
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
		s := &share{of: b}
		defer s.release()
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), shareKey{}, s)))
	})
}

// A share is what one request holds. It is nil outside a Budget, which bounds nothing.
type share struct {
	of   *Budget
	held atomic.Int64
}

func shareOf(ctx context.Context) *share {
	s, _ := ctx.Value(shareKey{}).(*share)
	return s
}

// take asks for n more bytes.
func (s *share) take(n int) error {
	held := s.held.Add(int64(n))
	if extra := min(int64(n), held-freeBytes); extra > 0 && s.of.left.Add(-extra) < 0 {
		return dossier.Errorf(dossier.Busy, "other requests hold too much in memory; send it again later")
	}
	return nil
}

// release gives everything back.
func (s *share) release() {
	if extra := s.held.Load() - freeBytes; extra > 0 {
		s.of.left.Add(extra)
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
