package sqlstore

import (
	"context"
	"database/sql/driver"
	"time"

	"dossier"
	"dossier/store"
)

// A reader is a session that reads, with the generation in which it connected.
type reader struct {
	*session
	generation int64
}

// View runs fn on a snapshot. That begins, on a connection of its own, when fn needs what is not in memory; if what came from memory before
// has changed by then, fn runs once more, from a snapshot on.
func (s *Store) View(ctx context.Context, fn func(store.Tx) error) error {
	select {
	case <-s.closed:
		return errClosed()
	default:
	}
	t := s.view(ctx)
	err := t.during(fn)
	if !t.moved {
		return err
	}
	t = s.view(ctx)
	return t.during(func(tx store.Tx) error {
		if err := t.pin(); err != nil {
			return err
		}
		return fn(tx)
	})
}

// view is a transaction that reads.
func (s *Store) view(ctx context.Context) *tx {
	return &tx{store: s, ctx: ctx, seen: s.hot.committed.Load(), schema: s.schema.Load()} // what the snapshot has is not older
}

// during runs fn and ends the transaction.
func (t *tx) during(fn func(store.Tx) error) error {
	defer func() {
		if t.reader != nil {
			_, _ = t.session.exec("ROLLBACK")
			t.store.readers <- t.reader
		}
	}()
	return fn(t)
}

// open is the session of the transaction. A View borrows it here when it first needs one.
func (t *tx) open() (*session, error) {
	if err := t.begin(); err != nil {
		return nil, err
	}
	if !t.pinned && len(t.hits) > 0 {
		return t.session, t.pin()
	}
	return t.session, nil
}

// begin begins a View's transaction in the database, if that has not been done.
func (t *tx) begin() error {
	if t.session != nil {
		return nil
	}
	r, err := t.store.borrow(t.ctx)
	if err != nil {
		return err
	}
	t.store.renew(t.ctx, r)
	if _, err := r.exec(t.store.flavor.BeginRead); err != nil {
		t.store.readers <- r
		return err
	}
	t.reader, t.session = r, r.session
	return nil
}

// pin takes the snapshot, which else is of the time of the first statement, and makes sure that it has what the View was given from memory.
func (t *tx) pin() error {
	if err := t.begin(); err != nil {
		return err
	}
	if _, err := t.session.one("SELECT 1 FROM counters LIMIT 1", nil, func([]driver.Value) error { return nil }); err != nil {
		return err
	}
	if t.pinned = true; !intact(t.hits) {
		t.moved = true
		return dossier.Errorf(dossier.Stale, "what was read has changed")
	}
	return nil
}

// recall returns the record from memory, nil if it is not there or may have changed.
func (t *tx) recall(l *layout, id dossier.ID) *dossier.Record {
	if t.writes || isView(l.collection) {
		return nil
	}
	rec, h := t.store.hot.get(l, id, t.seen)
	if rec != nil && !t.pinned {
		t.hits = append(t.hits, h)
	}
	return rec
}

// remember keeps a record that was read by its ID. One with files that are not held is not whole: other writes than the record's change them.
func (t *tx) remember(l *layout, rec *dossier.Record, whole bool) {
	if !t.writes && whole && !isView(l.collection) {
		t.store.hot.put(l, rec, t.seen)
	}
}

// borrow waits for a reader. Who waits for long ends the query that has run longest, if others could have been served meanwhile.
func (s *Store) borrow(ctx context.Context) (*reader, error) {
	select {
	case r := <-s.readers:
		return s.lend(r)
	default:
	}
	impatient := time.NewTicker(impatience)
	defer impatient.Stop()
	for {
		select {
		case r := <-s.readers:
			return s.lend(r)
		case <-s.closed:
			return nil, errClosed()
		case <-ctx.Done():
			return nil, dossier.Errorf(dossier.Canceled, "wait to read: %w", context.Cause(ctx))
		case <-impatient.C:
			s.findings.endLongest(s.now().Add(-contendedTime))
		}
	}
}

// lend is r, unless the store is closed.
func (s *Store) lend(r *reader) (*reader, error) {
	select {
	case <-s.closed:
		s.readers <- r
		return nil, errClosed()
	default:
		return r, nil
	}
}

// renew connects r anew if there are newer statistics; it keeps what it has if that fails.
func (s *Store) renew(ctx context.Context, r *reader) {
	g := s.generation.Load()
	if r.generation == g {
		return
	}
	r.generation = g
	if fresh, err := newSession(ctx, s.reader, s.flavor); err == nil {
		_ = r.close()
		r.session = fresh
	}
}
