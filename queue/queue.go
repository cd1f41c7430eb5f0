// Package queue is the line before a goroutine that writes what many callers want written, in groups: while one group is on its way
// to the disk the next one gathers, so that the disk is asked once for all of them.
// Here: waiting in line, taking back, handing over, the end. Not here: what a job is, transactions, how large a group may be.
package queue

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"

	"dossier"
)

// A Queue hands jobs of many callers to one writer. Do and Close are safe for concurrent use; Next and Wait are the writer's.
type Queue[J Job] struct {
	line    chan J
	refusal error
	closing sync.Once
	closed  chan struct{} // by Close
	gate    sync.RWMutex  // held for reading while a job is put into line
	done    chan struct{} // closed when the writer has ended
}

// A Job is what one caller wants done: a pointer to a struct that embeds a Ticket.
type Job interface{ ticket() *Ticket }

// A Ticket is a job's place in line. The zero value is ready for one Do.
type Ticket struct {
	ctx     context.Context
	claimed atomic.Bool // by the writer, or by the caller, who went away
	answer  chan error
}

func (t *Ticket) ticket() *Ticket { return t }

// Answer ends the caller's wait. The writer owes each job that it was handed exactly one.
func (t *Ticket) Answer(err error) { t.answer <- err }

// New returns a queue with room for that many jobs in line, whose callers are told refusal once it is closed.
func New[J Job](room int, refusal error) *Queue[J] {
	return &Queue[J]{line: make(chan J, room), refusal: refusal, closed: make(chan struct{}), done: make(chan struct{})}
}

// Serve runs write in a goroutine of its own, known to log by that name. write handles jobs until Wait returns none. If it breaks off
// instead, by a panic or by runtime.Goexit, broke answers what was handed out and not answered, and write is run anew.
func (q *Queue[J]) Serve(log *slog.Logger, name string, write, broke func()) {
	dossier.Go(log, name, func() {
		ended := false
		defer func() {
			if !ended {
				broke()
				q.Serve(log, name, write, broke)
			}
		}()
		write()
		ended = true
		close(q.done)
	})
}

// Do puts j into line and waits for its answer. A caller who goes away before the writer has taken j takes it back, and gets
// dossier.Canceled with the cause of ctx; afterwards j is done all the same, and Do waits for it.
func (q *Queue[J]) Do(ctx context.Context, j J) error {
	t := j.ticket()
	t.ctx, t.answer = ctx, make(chan error, 1)
	if err := q.enter(ctx, j); err != nil {
		return err
	}
	select {
	case err := <-t.answer:
		return err
	case <-ctx.Done():
		if t.claimed.CompareAndSwap(false, true) {
			return gone(ctx)
		}
		return <-t.answer
	}
}

func gone(ctx context.Context) error {
	return dossier.Errorf(dossier.Canceled, "wait to write: %w", context.Cause(ctx))
}

// enter puts j into line, and waits for room in it.
func (q *Queue[J]) enter(ctx context.Context, j J) error {
	q.gate.RLock()
	defer q.gate.RUnlock()
	select {
	case <-q.closed:
		return q.refusal
	default:
	}
	select {
	case q.line <- j:
		return nil
	case <-q.closed:
		return q.refusal
	case <-ctx.Done():
		return gone(ctx)
	}
}

// Len is how many jobs are in line, those included whose callers have gone away.
func (q *Queue[J]) Len() int { return len(q.line) }

// Wait hands out the next job when there is one, nil when the queue is closed and its line empty.
func (q *Queue[J]) Wait() (next J) {
	for j := range q.line {
		if claim(j.ticket()) {
			return j
		}
	}
	return next
}

// Next hands out the next job that is in line, nil if there is none now.
func (q *Queue[J]) Next() (next J) {
	for {
		select {
		case j, open := <-q.line:
			if !open || claim(j.ticket()) {
				return j // nil if the queue is closed
			}
		default:
			return next
		}
	}
}

// claim makes a job the writer's, unless its caller has gone away.
func claim(t *Ticket) bool {
	if !t.claimed.CompareAndSwap(false, true) {
		return false
	}
	if t.ctx.Err() != nil {
		t.Answer(gone(t.ctx))
		return false
	}
	return true
}

// Closed is closed when Close is called.
func (q *Queue[J]) Closed() <-chan struct{} { return q.closed }

// Close lets nobody else into line, and returns when the writer has done what is in it. A second Close is the refusal.
func (q *Queue[J]) Close() error {
	err := q.refusal
	q.closing.Do(func() {
		close(q.closed)
		q.gate.Lock() // nobody is putting a job into line any more
		close(q.line)
		q.gate.Unlock()
		err = nil
	})
	<-q.done
	return err
}
