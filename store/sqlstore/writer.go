package sqlstore

import (
	"database/sql/driver"
	"log/slog"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"dossier"
	"dossier/queue"
	"dossier/store"
)

// The bounds of a group: it is committed when nobody waits, or one of them is reached.
const (
	maxGroup  = 256
	groupTime = 5 * time.Millisecond
)

// A writer runs all updates in one goroutine, in groups (see package queue).
type writer struct {
	store   *Store
	session *session
	log     *slog.Logger
	now     func() time.Time
	queue   *queue.Queue[*job]
	group   []*job // done, and waiting for the commit
	lost    []*job // undone with a transaction that the database gave up, and to run again
	settled int64  // what the session had changed when statistics were last looked at
}

// A job is one update.
type job struct {
	queue.Ticket
	fn      func(store.Tx) error
	tables  map[dossier.ID]int64 // as in tx
	changed []dossier.ID
}

func startWriter(s *Store, c *session, o Options) *writer {
	w := &writer{store: s, session: c, log: o.Log, now: o.Now, queue: queue.New[*job](maxGroup, errClosed())}
	w.queue.Serve(w.log, "writer", w.loop, w.abandon)
	return w
}

// stop lets what is queued finish and ends the writer.
func (w *writer) stop() error {
	err := w.queue.Close()
	if e := w.session.close(); err == nil {
		err = e
	}
	return err
}

func (w *writer) loop() {
	for j := w.queue.Wait(); j != nil; j = w.queue.Wait() {
		w.commitGroup(j)
		w.maintain()
	}
}

// commitGroup runs first and what is waiting behind it in one transaction. If the database gives that up, as it may when the disk is
// full, the others run again, each for itself.
func (w *writer) commitGroup(first *job) {
	w.lost = w.transact(first, w.next)
	for len(w.lost) > 0 {
		j := w.lost[0]
		w.lost = w.lost[1:]
		if again := w.transact(j, func(time.Time) *job { return nil }); len(again) > 0 {
			j.Answer(dossier.Errorf(dossier.Internal, "the transaction was lost twice"))
		}
	}
}

// transact runs first, and what next adds, in one transaction and answers them; but those that it returns, which are undone, since
// the transaction was lost before its commit.
func (w *writer) transact(first *job, next func(end time.Time) *job) (lost []*job) {
	w.group = w.group[:0]
	if _, err := w.session.exec(w.store.flavor.Begin); err != nil {
		first.Answer(err)
		return nil
	}
	end := w.now().Add(groupTime)
	for j := first; j != nil; j = next(end) {
		if err := w.run(j); err != nil {
			_, _ = w.session.exec("ROLLBACK")
			lost, w.group = slices.Clone(w.group), w.group[:0]
			return lost
		}
	}
	w.store.hot.begin(w.group)
	_, err := w.session.exec("COMMIT")
	w.store.hot.end()
	if err != nil {
		w.fail(err)
		return nil
	}
	for _, j := range w.group {
		w.store.layouts.keep(j.tables)
		if len(j.tables) > 0 {
			w.store.schema.Add(1)
		}
	}
	for _, j := range w.group {
		j.Answer(nil)
	}
	w.group = w.group[:0]
	return nil
}

// statisticsAfter is how many rows may change before statistics are looked at.
const statisticsAfter = 5000

// maintain renews the planner's statistics when much has changed and nobody waits. Readers read them when they connect, so they are
// to connect anew.
func (w *writer) maintain() {
	f := w.store.flavor
	if f.Stale == "" || w.session.changed-w.settled < statisticsAfter || w.queue.Len() > 0 {
		return
	}
	w.settled = w.session.changed
	stale, err := w.session.one(f.Stale, nil, func([]driver.Value) error { return nil })
	if err == nil && stale {
		err = w.session.script(f.Analyze)
		w.store.generation.Add(1)
	}
	if err != nil {
		w.log.Warn("renew statistics", "error", err)
	}
}

// next is the next job of the group, nil if the group is to be committed.
func (w *writer) next(end time.Time) *job {
	if len(w.group) >= maxGroup || !w.now().Before(end) {
		return nil
	}
	if w.queue.Len() == 0 {
		runtime.Gosched() // let those run who are about to ask
	}
	return w.queue.Next()
}

// run runs one job, inside a savepoint if others stand before it. A job that fails undoes itself and is answered; an error of run
// means that the transaction is lost.
func (w *writer) run(j *job) error {
	alone := len(w.group) == 0
	if !alone {
		if _, err := w.session.exec("SAVEPOINT job"); err != nil {
			w.group = append(w.group, j)
			return err
		}
	}
	w.group = append(w.group, j)
	if err := w.call(j); err != nil {
		w.group = w.group[:len(w.group)-1]
		j.Answer(err)
		return w.undo(alone)
	}
	if alone {
		return nil
	}
	_, err := w.session.exec("RELEASE job")
	return err
}

// undo takes back what the last job wrote.
func (w *writer) undo(alone bool) error {
	if alone {
		_, _ = w.session.exec("ROLLBACK") // fails if the database did it itself
		_, err := w.session.exec(w.store.flavor.Begin)
		return err
	}
	if _, err := w.session.exec("ROLLBACK TO job"); err != nil {
		return err
	}
	_, err := w.session.exec("RELEASE job")
	return err
}

// call runs the job's function and turns a panic into an error.
func (w *writer) call(j *job) (err error) {
	defer func() {
		if v := recover(); v != nil {
			w.log.Error("panic", "in", "update", "panic", v, "stack", string(debug.Stack()))
			err = dossier.Errorf(dossier.Internal, "an update panicked: %v", v)
		}
	}()
	t := &tx{store: w.store, session: w.session, writes: true}
	err = j.fn(t)
	j.tables, j.changed = t.tables, t.changed
	return err
}

// fail ends a transaction that cannot be committed.
func (w *writer) fail(err error) {
	_, _ = w.session.exec("ROLLBACK")
	for _, j := range w.group {
		j.Answer(err)
	}
	w.group = w.group[:0]
}

// abandon ends the group of a loop that a job has ended, with runtime.Goexit.
func (w *writer) abandon() {
	w.group, w.lost = append(w.group, w.lost...), nil
	w.fail(dossier.Errorf(dossier.Internal, "an update ended the writer"))
}
