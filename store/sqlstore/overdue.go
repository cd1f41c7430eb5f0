package sqlstore

import (
	"context"
	"errors"
	"sync"
	"time"

	"dossier"
)

// queryTime bounds how long records may be looked for: a filter that goes from relation to relation can take hours, and there are only a few
// connections that read. Where none of them is free, and somebody has waited for one for a while, the query that has run longest ends, if it
// has had contendedTime.
const (
	queryTime     = 30 * time.Second
	contendedTime = 5 * time.Second
	impatience    = 500 * time.Millisecond
)

// The causes of the end of what took too long.
var (
	errViewTime  = dossier.Errorf(dossier.Busy, "the view takes longer than %s", viewTime)
	errViewSize  = dossier.Errorf(dossier.Busy, "the view makes values of more than %d MiB", viewLength>>20)
	errQueryTime = dossier.Errorf(dossier.Busy, "the query takes too long: ask for less")
	errContended = dossier.Errorf(dossier.Busy, "the query takes too long while others wait: ask for less, or later")
)

// A finding is a query that looks for records on a connection that only reads.
type finding struct {
	since time.Time
	end   context.CancelCauseFunc
	ended bool
}

// findings are those that are under way. The zero findings is ready.
type findings struct {
	mu  sync.Mutex
	all map[*finding]bool
}

// begin adds a query that began at since; done is to be called when it is over.
func (f *findings) begin(ctx context.Context, since time.Time) (_ context.Context, done func()) {
	ctx, end := context.WithCancelCause(ctx)
	one := &finding{since: since, end: end}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.all == nil {
		f.all = map[*finding]bool{}
	}
	f.all[one] = true
	return ctx, func() {
		end(nil)
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.all, one)
	}
}

// endLongest ends the query that has run longest, if it began before latest.
func (f *findings) endLongest(latest time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var longest *finding
	for one := range f.all {
		if !one.ended && one.since.Before(latest) && (longest == nil || one.since.Before(longest.since)) {
			longest = one
		}
	}
	if longest != nil {
		longest.ended = true
		longest.end(errContended)
	}
}

// bounded is ctx with the time that reading records may take, now that there is a session to read in. done is to be called when they are read.
func (r *records) bounded(ctx context.Context) (_ context.Context, done func(), err error) {
	session, err := r.tx.open()
	if err != nil {
		return nil, nil, err
	}
	s := r.tx.store
	limit, cause, longer := s.queryTime, errQueryTime, func() {}
	if r.collection.Kind == dossier.View {
		limit, cause, longer = min(viewTime, s.queryTime), errViewTime, session.shorten(viewLength)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, cause)
	if r.tx.writes {
		return ctx, func() { cancel(); longer() }, nil
	}
	ctx, over := s.findings.begin(ctx, s.now())
	return ctx, func() { over(); cancel(); longer() }, nil
}

// shorten bounds texts and rows until long is called. What fails leaves the bound that there is.
func (s *session) shorten(bytes int) (long func()) {
	set := s.flavor.SetLongest
	if set == nil || set(s.conn, bytes) != nil {
		return func() {}
	}
	return func() { _ = set(s.conn, s.flavor.MaxLength) }
}

// overdue is err, or that it took too long if that is what ended ctx.
func (r *records) overdue(ctx context.Context, err error) error {
	if r.collection.Kind == dossier.View && dossier.KindOf(err) == dossier.TooLarge {
		return errViewSize
	}
	return timedOut(ctx, err)
}

func timedOut(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	if err != nil && (errors.Is(cause, errViewTime) || errors.Is(cause, errQueryTime) || errors.Is(cause, errContended)) {
		return cause
	}
	return err
}
