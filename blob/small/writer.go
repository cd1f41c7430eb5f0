package small

import (
	"errors"
	"log/slog"
	"slices"
	"time"

	"dossier"
	"dossier/queue"
)

// The bounds of a group: it is committed when nobody waits, or one of them is reached.
const (
	maxGroup      = 256
	maxGroupBytes = 4 << 20
)

// A writer makes all changes in one goroutine, in groups (see package queue).
type writer struct {
	*writing
	queue *queue.Queue[*job]
	log   *slog.Logger
	group []*job // in the transaction
	left  []*job // of a lost transaction, to be run again
	bytes int    // of the group
	care  upkeep
}

func openWriter(path string, o Options) (*writer, error) {
	c, err := openWriting(path, o.pages)
	if err != nil {
		return nil, err
	}
	w := &writer{writing: c, log: o.Log, queue: queue.New[*job](maxGroup, closed())}
	w.care.freed = true // by whoever had the file before
	w.queue.Serve(w.log, "small blobs", w.loop, w.abandon)
	return w, nil
}

// A job is one Put or Delete.
type job struct {
	queue.Ticket
	key    string
	data   []byte // the caller's: good until the answer
	time   time.Time
	gone   bool  // a Delete
	result error // if the group is committed
}

func (w *writer) loop() {
	w.tidy()
	for j := w.queue.Wait(); j != nil; j = w.queue.Wait() {
		w.run(j, w.next)
		w.tidy()
	}
}

// abandon ends the group of a loop that a panic has ended.
func (w *writer) abandon() {
	_, _ = w.rollback.exec()
	w.group, w.left = append(w.group, w.left...), nil
	w.answer(dossier.Errorf(dossier.Internal, "the writer of small blobs broke off"))
}

// next is another job for the group; nil when nobody waits or the group is full.
func (w *writer) next() *job {
	if len(w.group) >= maxGroup || w.bytes >= maxGroupBytes {
		return nil
	}
	return w.queue.Next()
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
			j.Answer(err)
		} else {
			j.Answer(j.result)
		}
	}
	w.group = w.group[:0]
}
