package storetest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"dossier"
	"dossier/store"
)

// testRereads reads the same records again and again, as they change: what a store remembers of them must never be older than what was
// acknowledged.
func testRereads(t *testing.T, open Opener) {
	b := newBench(t, open)
	c := b.collection("notes", &dossier.Field{Name: "a", Type: dossier.TypeText}, &dossier.Field{Name: "tags", Type: dossier.TypeSelect},
		&dossier.Field{Name: "file", Type: dossier.TypeFile})
	b.testReadAgain(c)
	b.testReadMoment(c)
	b.testReadLoose(c)
	b.testReadChanged(c)
	testReadReopened(t, open)
}

// reread reads a record twice and wants its field a to be text, and that changing what was read changes nothing.
func (b *bench) reread(what string, c *dossier.Collection, id dossier.ID, text string) {
	b.Helper()
	for range 3 {
		r := b.get(c, id)
		if got := r.Text("a"); got != text {
			b.Errorf("%s: got %q, want %q", what, got, text)
		}
		r.Values["a"], r.Revision = dossier.Text("of the reader's own"), 100
	}
}

// replace gives the record another text and fails with err.
func replace(tx store.Tx, c *dossier.Collection, id dossier.ID, text string, err error) error {
	rows := tx.Records(c)
	r, e := rows.Get(ctx, id)
	if e == nil {
		r.Values = values("a", dossier.Text(text))
		e = rows.Update(ctx, r, r.Revision)
	}
	return errors.Join(e, err)
}

func (b *bench) missing(what string, c *dossier.Collection, id dossier.ID) {
	b.Helper()
	for range 2 {
		err := b.View(ctx, func(tx store.Tx) error {
			_, err := tx.Records(c).Get(ctx, id)
			return err
		})
		if dossier.KindOf(err) != dossier.NotFound {
			b.Errorf("%s: got %v", what, err)
		}
	}
}

func (b *bench) testReadAgain(c *dossier.Collection) {
	b.Helper()
	r := b.insert(c, values("a", dossier.Text("one")))
	b.reread("inserted", c, r.ID, "one")
	b.update(func(tx store.Tx) error { return replace(tx, c, r.ID, "two", nil) })
	b.reread("updated", c, r.ID, "two")
	undone := errors.New("undone")
	if err := b.Update(ctx, func(tx store.Tx) error { return replace(tx, c, r.ID, "three", undone) }); !errors.Is(err, undone) {
		b.Errorf("got %v", err)
	}
	b.reread("updated and undone", c, r.ID, "two")
	b.update(func(tx store.Tx) error {
		if err := tx.Records(c).Delete(ctx, r.ID); err != nil {
			return err
		}
		return tx.Records(c).Insert(ctx, &dossier.Record{ID: r.ID, Created: now, Updated: now, Values: values("a", dossier.Text("four"))})
	})
	b.reread("deleted and inserted", c, r.ID, "four")
	b.update(func(tx store.Tx) error { return tx.Records(c).Delete(ctx, r.ID) })
	b.missing("deleted", c, r.ID)
	b.update(func(tx store.Tx) error {
		return tx.Records(c).Insert(ctx, &dossier.Record{ID: r.ID, Created: now, Updated: now, Values: values("a", dossier.Text("five"))})
	})
	b.reread("inserted again", c, r.ID, "five")
	b.update(func(tx store.Tx) error {
		return errors.Join(replace(tx, c, r.ID, "six", nil), replace(tx, c, r.ID, "seven", nil)) // the second reads what the first wrote
	})
	b.reread("updated twice at a time", c, r.ID, "seven")
	d := b.collection("others", &dossier.Field{Name: "a", Type: dossier.TypeText})
	b.update(func(tx store.Tx) error {
		return tx.Records(d).Insert(ctx, &dossier.Record{ID: r.ID, Created: now, Updated: now, Values: values("a", dossier.Text("eight"))})
	})
	for range 2 {
		b.reread("in another collection", d, r.ID, "eight")
		b.reread("beside another collection", c, r.ID, "seven")
	}
}

// testReadMoment changes two records together while a View looks at one after the other, some of which it may know from before.
func (b *bench) testReadMoment(c *dossier.Collection) {
	b.Helper()
	one, two, other := b.insert(c, values("a", dossier.Text("0"))), b.insert(c, values("a", dossier.Text("0"))), b.insert(c, nil)
	round := 0
	change := func() {
		round++
		b.update(func(tx store.Tx) error {
			return errors.Join(replace(tx, c, one.ID, strconv.Itoa(round), nil), replace(tx, c, two.ID, strconv.Itoa(round), nil))
		})
	}
	for _, known := range [][]dossier.ID{{}, {one.ID}, {two.ID}, {one.ID, two.ID}} {
		for _, before := range [][]dossier.ID{{}, {other.ID}} {
			for _, between := range [][]dossier.ID{{}, {one.ID}, {two.ID}} {
				change()
				for _, id := range known {
					b.get(c, id)
				}
				texts := map[dossier.ID]string{}
				b.view(func(tx store.Tx) error {
					for _, id := range before {
						b.read(tx, c, id)
					}
					texts[one.ID] = b.read(tx, c, one.ID).Text("a")
					change()
					for _, id := range between {
						b.get(c, id)
					}
					texts[two.ID] = b.read(tx, c, two.ID).Text("a")
					return nil
				})
				if texts[one.ID] != texts[two.ID] {
					b.Errorf("a view has %q and %q of two records that change together; known: %d, read before: %d, by others between: %d",
						texts[one.ID], texts[two.ID], len(known), len(before), len(between))
				}
			}
		}
	}
}

// read is a record as tx sees it, an empty one after an error: a View that cannot go on runs again.
func (b *bench) read(tx store.Tx, c *dossier.Collection, id dossier.ID) *dossier.Record {
	b.Helper()
	r, err := tx.Records(c).Get(ctx, id)
	if err != nil {
		return &dossier.Record{}
	}
	return r
}

// testReadLoose changes a file that a record names and no record holds: only its own row changes.
func (b *bench) testReadLoose(c *dossier.Collection) {
	b.Helper()
	u := b.upload(3)
	r := b.insert(c, values("file", dossier.Files{&u.File}))
	size := func() int64 { return b.get(c, r.ID).Files("file")[0].Size }
	if got := size(); got != 3 {
		b.Errorf("%d bytes", got)
	}
	b.update(func(tx store.Tx) error {
		return tx.Uploads().Advance(ctx, u.ID, 3, dossier.Chunk{Key: "more", Size: 4}, "", "", now.Add(time.Hour))
	})
	if got := size(); got != 7 {
		b.Errorf("%d bytes after 4 more", got)
	}
}

// testReadChanged changes the collection under its records and drops it.
func (b *bench) testReadChanged(c *dossier.Collection) {
	b.Helper()
	multiple := *c
	multiple.Fields = []*dossier.Field{}
	for _, f := range c.Fields {
		g := *f
		if f.Name == "tags" {
			g.MaxSelect = 5
		}
		multiple.Fields = append(multiple.Fields, &g)
	}
	b.put(&multiple)
	r := b.insert(&multiple, values("tags", dossier.List{"x", "y"}))
	tags := func(c *dossier.Collection, want string) {
		b.Helper()
		for range 2 {
			if got := fmt.Sprint(b.get(c, r.ID).Values["tags"]); got != want {
				b.Errorf("tags are %v, want %s", got, want)
			}
		}
	}
	tags(&multiple, "[x y]")
	b.put(c)
	b.put(&multiple)
	tags(&multiple, "[y]")
	b.put(c)
	tags(c, "y")
	b.update(func(tx store.Tx) error { return tx.Collections().Delete(ctx, c, now) })
	b.missing("in a collection that is gone", c, r.ID)
}

// testReadReopened reads records that nobody has written since the store was opened.
func testReadReopened(t *testing.T, open Opener) {
	dir := t.TempDir()
	var c *dossier.Collection
	var r *dossier.Record
	t.Run("write", func(t *testing.T) {
		b := reopen(t, open, dir)
		c = b.collection("notes", &dossier.Field{Name: "a", Type: dossier.TypeText})
		r = b.insert(c, values("a", dossier.Text("one")))
	})
	t.Run("read", func(t *testing.T) {
		b := reopen(t, open, dir)
		undone := errors.New("undone")
		err := b.Update(ctx, func(tx store.Tx) error {
			return errors.Join(replace(tx, c, r.ID, "two", nil), replace(tx, c, r.ID, "three", nil), replace(tx, c, r.ID, "four", undone))
		})
		if !errors.Is(err, undone) {
			t.Errorf("got %v", err)
		}
		b.reread("updated and undone", c, r.ID, "one")
		b.update(func(tx store.Tx) error {
			return errors.Join(replace(tx, c, r.ID, "two", nil), replace(tx, c, r.ID, "three", nil))
		})
		b.reread("updated", c, r.ID, "three")
	})
}

// testRereadRace lets readers run against a writer: nobody sees less than what was acknowledged before they began, nor one record of a
// pair newer than the other.
func testRereadRace(t *testing.T, open Opener) {
	b := newBench(t, open)
	c := b.collection("pairs", &dossier.Field{Name: "a", Type: dossier.TypeText})
	one, two := b.insert(c, values("a", dossier.Text("0"))), b.insert(c, values("a", dossier.Text("0")))
	const rounds, readers = 100, 3
	var acknowledged atomic.Int64
	running, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	for i := range readers {
		ids := []dossier.ID{one.ID, two.ID}
		if i%2 == 1 {
			ids[0], ids[1] = ids[1], ids[0]
		}
		wg.Go(func() {
			for running.Err() == nil {
				least := acknowledged.Load()
				first, second := b.pair(c, ids[0], ids[1])
				if first != second || first < least {
					t.Errorf("a view has %d and %d, where %d was acknowledged", first, second, least)
					return
				}
			}
		})
	}
	for n := range int64(rounds) {
		b.update(func(tx store.Tx) error {
			text := strconv.FormatInt(n+1, 10)
			return errors.Join(replace(tx, c, one.ID, text, nil), replace(tx, c, two.ID, text, nil))
		})
		acknowledged.Store(n + 1)
	}
	stop()
	wg.Wait()
}

// pair is the numbers in two records, as one View has them.
func (b *bench) pair(c *dossier.Collection, one, two dossier.ID) (first, second int64) {
	err := b.View(ctx, func(tx store.Tx) error {
		r, err := tx.Records(c).Get(ctx, one)
		if err != nil {
			return err
		}
		s, err := tx.Records(c).Get(ctx, two)
		if err != nil {
			return err
		}
		first, _ = strconv.ParseInt(r.Text("a"), 10, 64)
		second, _ = strconv.ParseInt(s.Text("a"), 10, 64)
		return nil
	})
	if err != nil {
		b.Errorf("view: %v", err)
	}
	return first, second
}
