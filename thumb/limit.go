package thumb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"sync"

	"dossier"
)

// A budget is an amount that holders share, handed out in the order of asking.
type budget struct {
	mu    sync.Mutex
	total int64
	free  int64
	queue []*claim
}

type claim struct {
	n     int64
	ready chan struct{}
}

func newBudget(n int64) *budget { return &budget{total: n, free: n} }

// take waits for n and returns what it took: n, or all there is of a smaller budget. Its error is that of ctx.
func (b *budget) take(ctx context.Context, n int64) (int64, error) {
	n = min(n, b.total)
	b.mu.Lock()
	if len(b.queue) == 0 && b.free >= n {
		b.free -= n
		b.mu.Unlock()
		return n, nil
	}
	c := &claim{n: n, ready: make(chan struct{})}
	b.queue = append(b.queue, c)
	b.mu.Unlock()
	select {
	case <-c.ready:
		return n, nil
	case <-ctx.Done():
		b.abandon(c)
		return 0, ctx.Err()
	}
}

// abandon takes c out of the queue, or gives back what it was just handed.
func (b *budget) abandon(c *claim) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.Index(b.queue, c); i >= 0 {
		b.queue = slices.Delete(b.queue, i, i+1)
	} else {
		b.free += c.n
	}
	b.serve()
}

// give returns n to the budget.
func (b *budget) give(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.free += n
	b.serve()
}

// serve hands out to the head of the queue while there is enough. The caller holds the lock.
func (b *budget) serve() {
	for len(b.queue) > 0 && b.queue[0].n <= b.free {
		b.free -= b.queue[0].n
		close(b.queue[0].ready)
		b.queue = b.queue[1:]
	}
}

// A source is a reader that ends with its context and after left bytes. Its first fault is kept, because decoders wrap and
// replace what their reader says.
type source struct {
	ctx  context.Context
	r    io.Reader
	left int64
	err  error
}

// Read implements io.Reader.
func (s *source) Read(p []byte) (int, error) {
	if s.err == nil && s.ctx.Err() != nil {
		s.err = endOf(s.ctx)
	}
	if s.err != nil || len(p) == 0 {
		return 0, s.err
	}
	n, err := s.r.Read(p[:min(int64(len(p)), s.left+1)])
	if s.left -= int64(n); s.left < 0 {
		s.err = dossier.Errorf(dossier.TooLarge, "make a thumbnail: the picture has too many bytes")
		return 0, s.err
	}
	if err != nil && err != io.EOF {
		s.err = fmt.Errorf("read the picture: %w", err)
		err = s.err
	}
	return n, err
}

// fault returns the error of a decoder that read from s: the fault of the reading if there was one, else that of the bytes.
func (s *source) fault(err error) error {
	if s.err != nil {
		return s.err
	}
	var e *dossier.Error
	if errors.As(err, &e) {
		return err
	}
	return dossier.Errorf(dossier.Unsupported, "decode the picture: %w", err)
}

// A sink is a writer that ends with its context.
type sink struct {
	ctx context.Context
	w   io.Writer
}

// Write implements io.Writer.
func (s *sink) Write(p []byte) (int, error) {
	if s.ctx.Err() != nil {
		return 0, endOf(s.ctx)
	}
	return s.w.Write(p)
}

// recoverAs, deferred, turns a panic into an error of kind k.
func recoverAs(k dossier.Kind, doing string, err *error) {
	if v := recover(); v != nil {
		*err = &dossier.Error{
			Kind: k,
			Msg:  fmt.Sprintf("%s: panic: %v", doing, v),
			Err:  fmt.Errorf("%s", debug.Stack()),
		}
	}
}
