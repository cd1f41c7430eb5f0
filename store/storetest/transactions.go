package storetest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"dossier"
	"dossier/query"
	"dossier/store"
)

func testTransactions(t *testing.T, open Opener) {
	b := newBench(t, open)
	c := b.collection("notes", &dossier.Field{Name: "a", Type: dossier.TypeText})
	undone := errors.New("undone")
	if err := b.Update(ctx, func(tx store.Tx) error {
		if err := tx.Records(c).Insert(ctx, b.record(nil)); err != nil {
			return err
		}
		return undone
	}); err != undone {
		t.Errorf("got %v", err)
	}
	err := b.Update(ctx, func(tx store.Tx) error {
		if err := tx.Records(c).Insert(ctx, b.record(nil)); err != nil {
			return err
		}
		panic("out of order")
	})
	b.want(dossier.Internal, err)
	if err := b.View(ctx, func(store.Tx) error { return undone }); !errors.Is(err, undone) {
		t.Error("a view's error is lost")
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	b.want(dossier.Canceled, b.Update(gone, func(store.Tx) error { t.Error("ran for nobody"); return nil }))
	if n := b.count(c); n != 0 {
		t.Errorf("%d records are there", n)
	}
	b.insert(c, nil)
	testSnapshot(b, c)
	testSurvivesGoexit(b, c)
}

func (b *bench) count(c *dossier.Collection) int {
	b.Helper()
	return len(b.find(&dossier.Space{Collections: []*dossier.Collection{c}}, c, query.Query{}))
}

// testSnapshot has a collection with one record.
func testSnapshot(b *bench, c *dossier.Collection) {
	b.Helper()
	q, err := query.Check(nil, c, query.Query{})
	if err != nil {
		b.Fatal(err)
	}
	b.view(func(tx store.Tx) error {
		for range 2 {
			if n, err := tx.Records(c).Count(ctx, q); n != 1 || err != nil {
				b.Errorf("a view sees %d records, %v", n, err)
			}
			b.insert(c, nil) // the second time round, a view must not see the first
		}
		return nil
	})
}

// testSurvivesGoexit ends a function as testing.T.FailNow would.
func testSurvivesGoexit(b *bench, c *dossier.Collection) {
	b.Helper()
	before := b.count(c)
	b.want(dossier.Internal, b.Update(ctx, func(tx store.Tx) error {
		if err := tx.Records(c).Insert(ctx, b.record(nil)); err != nil {
			return err
		}
		runtime.Goexit()
		return nil
	}))
	if after := b.count(c); after != before {
		b.Errorf("%d records became %d", before, after)
	}
	b.insert(c, nil)
}

func testConcurrency(t *testing.T, open Opener) {
	b := newBench(t, open)
	c := b.collection("notes", &dossier.Field{Name: "a", Type: dossier.TypeText, Unique: true})
	shared := b.insert(c, nil)
	q, err := query.Check(nil, c, query.Query{})
	if err != nil {
		t.Fatal(err)
	}
	const clients, rounds = 64, 6
	var wins, inserted [rounds]atomic.Int32
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() {
			for round := range rounds {
				b.contend(c, shared.ID, int64(round+1), i, &wins[round], &inserted[round])
				if err := b.View(ctx, func(tx store.Tx) error {
					n, err := tx.Records(c).Count(ctx, q)
					m, err2 := tx.Records(c).Count(ctx, q)
					if n != m {
						t.Errorf("a view saw %d records, then %d", n, m)
					}
					return errors.Join(err, err2)
				}); err != nil {
					t.Errorf("view: %v", err)
				}
			}
		})
	}
	wg.Wait()
	total := 1
	for round := range rounds {
		if wins[round].Load() > 1 {
			t.Errorf("revision %d was replaced %d times", round+1, wins[round].Load())
		}
		total += int(inserted[round].Load())
	}
	if wins[0].Load() != 1 {
		t.Error("nobody replaced revision 1")
	}
	if want := 1 + clients*rounds*2/3; total != want {
		t.Errorf("%d records were inserted, want %d", total, want)
	}
	if n := b.count(c); n != total {
		t.Errorf("%d records are there, %d were inserted", n, total)
	}
}

// contend updates the shared record from revision base and inserts a record of its own; every third insert fails after it has
// written, one of six by a panic. What the others in the group wrote must stay.
func (b *bench) contend(c *dossier.Collection, shared dossier.ID, base int64, client int, wins, inserted *atomic.Int32) {
	err := b.Update(ctx, func(tx store.Tx) error {
		return tx.Records(c).Update(ctx, &dossier.Record{ID: shared, Updated: now}, base)
	})
	switch dossier.KindOf(err) {
	case "":
		wins.Add(1)
	case dossier.Stale:
	default:
		b.Errorf("update: %v", err)
	}
	n := client*6 + int(base)
	r := &dossier.Record{ID: dossier.ID(fmt.Sprintf("own%020d", n)), Created: now, Updated: now, Values: values("a", dossier.Text(fmt.Sprint(n)))}
	err = b.Update(ctx, func(tx store.Tx) error {
		if err := tx.Records(c).Insert(ctx, r); err != nil {
			return err
		}
		switch n % 6 {
		case 0:
			panic("one bad update")
		case 3:
			return dossier.Errorf(dossier.Denied, "no")
		}
		return nil
	})
	want := map[int]dossier.Kind{0: dossier.Internal, 3: dossier.Denied}[n%6]
	if dossier.KindOf(err) != want {
		b.Errorf("insert %d: %v, want %q", n, err, want)
	}
	if err == nil {
		inserted.Add(1)
	}
}

func testReopen(t *testing.T, open Opener) {
	dir := t.TempDir()
	var c *dossier.Collection
	var r *dossier.Record
	t.Run("write", func(t *testing.T) {
		b := reopen(t, open, dir)
		c = b.collection("notes", &dossier.Field{Name: "n", Type: dossier.TypeAutoNumber}, &dossier.Field{Name: "f", Type: dossier.TypeFile})
		f := b.take(b.upload(3), dossier.Attachment{Collection: c.ID, Record: "r", Field: "f"})
		r = b.insert(c, values("f", dossier.Files{f}))
	})
	t.Run("read", func(t *testing.T) {
		b := reopen(t, open, dir)
		b.ids = 1000
		list := b.list()
		if len(list) != 1 {
			t.Fatalf("%d collections are there", len(list))
		}
		if diff := diffRecords(r, b.get(list[0], r.ID)); diff != "" {
			t.Error(diff)
		}
		if next := b.insert(list[0], nil); next.Number != 2 || next.Values["n"] != dossier.Number("2") {
			t.Errorf("got %v", next)
		}
		b.wantUsage(3)
	})
	t.Run("closed", func(t *testing.T) {
		s := open(t, t.TempDir())
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		for _, run := range []func(context.Context, func(store.Tx) error) error{s.View, s.Update} {
			if err := run(ctx, func(store.Tx) error { return nil }); !errors.Is(err, dossier.Busy) {
				t.Errorf("got %v", err)
			}
		}
	})
}
