// Package sqlstore implements store.Store over the interfaces of database/sql/driver.
// Here: tables and rows, SQL text, the compiler from query trees, the one writer, migrations. Not here: drivers, their settings and
// what their SQL does differently (see sqlite), policy (see access), bytes (see blob).
package sqlstore

import (
	"context"
	"database/sql/driver"
	"hash/maphash"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"dossier"
	"dossier/store"
)

// Options say how to open a store.
type Options struct {
	Flavor *Flavor
	// Writer opens the one connection that writes, Reader each of the Readers connections that do not.
	Writer, Reader driver.Connector
	Readers        int // at least 1
	Log            *slog.Logger
	Now            func() time.Time // measures how long a group of writes may grow and queries have run; nil is time.Now
	QueryTime      time.Duration    // what finding or counting records may take; 0 is half a minute
}

// A Store keeps rows in a SQL database.
type Store struct {
	flavor  *Flavor
	writer  *writer
	readers chan *reader
	count   int
	layouts layouts
	hot     hotRecords
	known   known
	closed  chan struct{}
	once    sync.Once

	reader     driver.Connector
	generation atomic.Int64 // of the statistics that readers plan by
	schema     atomic.Int64 // rises when collections have changed
	queryTime  time.Duration
	now        func() time.Time
	findings   findings
}

var _ store.Store = (*Store)(nil)

// Open connects, and brings the tables up to date. A database that a newer version made is refused.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.QueryTime == 0 {
		o.QueryTime = queryTime
	}
	w, err := newSession(ctx, o.Writer, o.Flavor)
	if err != nil {
		return nil, err
	}
	s := &Store{flavor: o.Flavor, count: max(1, o.Readers), closed: make(chan struct{}), reader: o.Reader, queryTime: o.QueryTime, now: o.Now,
		hot: hotRecords{seed: maphash.MakeSeed()}}
	if err := migrate(w); err != nil {
		_ = w.close()
		return nil, err
	}
	s.readers = make(chan *reader, s.count)
	for range s.count {
		r, err := newSession(ctx, o.Reader, o.Flavor)
		if err != nil {
			_ = s.closeReaders(len(s.readers))
			_ = w.close()
			return nil, err
		}
		s.readers <- &reader{session: r}
	}
	s.writer = startWriter(s, w, o)
	return s, nil
}

// Close waits for what is under way and closes all connections. What comes later is dossier.Busy.
func (s *Store) Close() error {
	var err error
	s.once.Do(func() {
		close(s.closed)
		err = s.writer.stop()
		if e := s.closeReaders(s.count); err == nil {
			err = e
		}
	})
	return err
}

func (s *Store) closeReaders(n int) (err error) {
	for range n {
		if e := (<-s.readers).close(); err == nil {
			err = e
		}
	}
	return err
}

func errClosed() error { return dossier.Errorf(dossier.Busy, "the store is closed") }

// Update runs fn in the writer's next group and returns when the group is durable.
func (s *Store) Update(ctx context.Context, fn func(store.Tx) error) error {
	return s.writer.queue.Do(ctx, &job{fn: fn})
}

// A tx is one transaction, or one part of a group's.
type tx struct {
	store   *Store
	session *session // nil while a View needs none; see open
	writes  bool
	// tables are the collections' tables that this transaction made (their numbers) or dropped (0), changed the records that it changed.
	tables  map[dossier.ID]int64
	changed []dossier.ID

	// What follows is a View's.
	ctx    context.Context
	reader *reader
	schema int64 // the schema that it sees, or an older one
	seen   int64 // the commit that it sees, or an older one
	hits   []hit // what it was given from memory before it had a snapshot
	pinned bool  // it has one
	moved  bool  // the snapshot is newer than what it was given
}

func (t *tx) Collections() store.Collections { return collections{t} }
func (t *tx) Uploads() store.Uploads         { return uploads{t} }
func (t *tx) Files() store.Files             { return files{t} }
func (t *tx) Tokens() store.Tokens           { return tokens{t} }
func (t *tx) Meta() store.Meta               { return meta{t} }

func (t *tx) Records(c *dossier.Collection) store.Records { return &records{tx: t, collection: c} }

// exec runs a statement of this package's own text.
func (t *tx) exec(sql string, args ...any) (int64, error) {
	return t.session.exec(t.store.flavor.sql(sql), args...)
}

func (t *tx) one(sql string, args []any, fn func([]driver.Value) error) (bool, error) {
	s, err := t.open()
	if err != nil {
		return false, err
	}
	found, err := s.one(t.store.flavor.sql(sql), args, fn)
	t.pinned = t.pinned || err == nil
	return found, err
}

func (t *tx) each(sql string, args []any, fn func([]driver.Value) error) error {
	return t.query(context.Background(), t.store.flavor.sql(sql), args, fn)
}

// query calls fn with every row of what is the flavor's own SQL already.
func (t *tx) query(ctx context.Context, sql string, args []any, fn func([]driver.Value) error) error {
	s, err := t.open()
	if err != nil {
		return err
	}
	err = s.each(ctx, sql, args, fn)
	t.pinned = t.pinned || err == nil
	return err
}

// columns are the names of what a query without parameters returns.
func (t *tx) columns(sql string) ([]string, error) {
	s, err := t.open()
	if err != nil {
		return nil, err
	}
	return s.columns(sql)
}
