package small

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"dossier"
	"dossier/blob"
)

// The bounds of a group: it is committed when nobody waits, or one of them is reached.
const (
	maxGroup      = 256
	maxGroupBytes = 4 << 20
)

// A writer makes all changes in one goroutine. Those that wait while a commit is on its way to the disk share the next one, so that the
// disk is asked once for all of them.
type writer struct {
	*writing
	log    *slog.Logger
	queue  chan *job
	quit   chan struct{} // closed by stop
	quitMu sync.RWMutex  // held for reading while a job is put into the queue
	done   chan struct{} // closed when the goroutine has ended
	group  []*job        // in the transaction
	left   []*job        // of a lost transaction, to be run again
	bytes  int           // of the group
	care   upkeep
}

func openWriter(path string, o Options) (*writer, error) {
	c, err := openWriting(path, o.pages)
	if err != nil {
		return nil, err
	}
	w := &writer{writing: c, log: o.Log, queue: make(chan *job, maxGroup), quit: make(chan struct{}), done: make(chan struct{})}
	w.care.freed = true // by whoever had the file before
	dossier.Go(w.log, "small blobs", w.loop)
	return w, nil
}

// A job is one Put or Delete.
type job struct {
	ctx     context.Context
	key     string
	data    []byte // the caller's: good until the answer
	time    time.Time
	gone    bool        // a Delete
	claimed atomic.Bool // by the writer, or by the caller, who went away
	result  error       // if the group is committed
	answer  chan error
}

// do has j written and waits for its commit. A caller who goes away before its turn takes it back.
func (w *writer) do(j *job) error {
	j.answer = make(chan error, 1)
	if err := w.enqueue(j); err != nil {
		return err
	}
	select {
	case err := <-j.answer:
		return err
	case <-j.ctx.Done():
		if j.claimed.CompareAndSwap(false, true) {
			return blob.Canceled(j.ctx)
		}
		return <-j.answer
	}
}

func (w *writer) enqueue(j *job) error {
	w.quitMu.RLock()
	defer w.quitMu.RUnlock()
	select {
	case <-w.quit:
		return closed()
	default:
	}
	select {
	case w.queue <- j:
		return nil
	case <-j.ctx.Done():
		return blob.Canceled(j.ctx)
	}
}

// stop lets what is queued finish and ends the goroutine.
func (w *writer) stop() error {
	w.quitMu.Lock() // nobody is putting a job into the queue now
	select {
	case <-w.quit:
		w.quitMu.Unlock()
		return closed()
	default:
	}
	close(w.quit)
	close(w.queue)
	w.quitMu.Unlock()
	<-w.done
	return nil
}

func (w *writer) loop() {
	ended := false
	defer func() {
		if !ended { // by a panic
			_, _ = w.rollback.exec()
			w.group, w.left = append(w.group, w.left...), nil
			w.answer(dossier.Errorf(dossier.Internal, "the writer of small blobs broke off"))
			dossier.Go(w.log, "small blobs", w.loop)
		}
	}()
	w.tidy()
	for j := range w.queue {
		if w.claim(j) {
			w.run(j, w.next)
			w.tidy()
		}
	}
	ended = true
	close(w.done)
}

// claim makes j the writer's, unless its caller has gone away.
func (w *writer) claim(j *job) bool { return j.claimed.CompareAndSwap(false, true) }

// next is another job for the group; nil when nobody waits or the group is full.
func (w *writer) next() *job {
	for len(w.group) < maxGroup && w.bytes < maxGroupBytes {
		select {
		case j, ok := <-w.queue:
			if !ok || w.claim(j) {
				return j // nil if the queue is closed
			}
		default:
			return nil
		}
	}
	return nil
}

// run writes first, and what next adds, in one transaction and answers them. If it is lost before its commit, or for want of room, each of
// them has a second try by itself, so that the one it was lost for does not take the others with it.
func (w *writer) run(first *job, next func() *job) {
	w.group, w.bytes = w.group[:0], 0
	err := w.fill(first, next)
	again := err != nil
	if err == nil {
		_, err = w.commit.exec()
		again = errors.Is(err, dossier.Full)
	}
	if err != nil {
		_, _ = w.rollback.exec() // fails if the database did it itself
	}
	if !again || len(w.group) == 1 {
		w.answer(err)
		return
	}
	for w.left = slices.Clone(w.group); len(w.left) > 0; {
		j := w.left[0]
		w.left = w.left[1:]
		w.run(j, func() *job { return nil })
	}
}

// fill runs the statements of a group.
func (w *writer) fill(first *job, next func() *job) error {
	w.group = append(w.group, first)
	if _, err := w.begin.exec(); err != nil {
		return err
	}
	for j := first; ; {
		w.bytes += len(j.data)
		if err := w.apply(j); err != nil {
			return err
		}
		if j = next(); j == nil {
			return nil
		}
		w.group = append(w.group, j)
	}
}

// apply runs the statements of one job. A key that exists is the job's own result; an error means that the transaction is lost.
func (w *writer) apply(j *job) error {
	j.result = nil
	if j.gone {
		return w.remove(j.key)
	}
	added, err := w.add(j.key, j.data, j.time)
	if err == nil && !added {
		j.result = exists()
	}
	return err
}

// answer tells the group its results, or one error for all.
func (w *writer) answer(err error) {
	w.care.note(w.group, w.bytes)
	for _, j := range w.group {
		if err != nil {
			j.answer <- err
		} else {
			j.answer <- j.result
		}
	}
	w.group = w.group[:0]
}
