package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"dossier"
	"dossier/store"
	"dossier/store/sqlstore"
)

// notes puts a collection of texts.
func notes(t *testing.T, s store.Store) *dossier.Collection {
	t.Helper()
	c := &dossier.Collection{ID: "c1", Name: "notes", Number: 1, Kind: dossier.Base, Fields: []*dossier.Field{{ID: "f1", Number: 1, Name: "a", Type: dossier.TypeText}}}
	if err := s.Update(t.Context(), func(tx store.Tx) error { return tx.Collections().Put(t.Context(), c) }); err != nil {
		t.Fatal(err)
	}
	return c
}

// write inserts records with that text, or gives it to them, in one transaction.
func write(t *testing.T, s store.Store, c *dossier.Collection, text string, ids ...dossier.ID) {
	t.Helper()
	err := s.Update(t.Context(), func(tx store.Tx) (err error) {
		for _, id := range ids {
			r, e := tx.Records(c).Get(t.Context(), id)
			if e != nil {
				r = &dossier.Record{ID: id, Created: time.Unix(1, 0), Updated: time.Unix(1, 0), Values: map[string]dossier.Value{"a": dossier.Text(text)}}
				err = errors.Join(err, tx.Records(c).Insert(t.Context(), r))
				continue
			}
			r.Values["a"] = dossier.Text(text)
			err = errors.Join(err, tx.Records(c).Update(t.Context(), r, r.Revision))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// texts are those of records as one View has them; fn runs before the last is read.
func texts(s store.Store, c *dossier.Collection, fn func(), ids ...dossier.ID) (out []string, err error) {
	ctx := context.Background()
	err = s.View(ctx, func(tx store.Tx) error {
		out = nil
		for i, id := range ids {
			if i == len(ids)-1 {
				fn()
			}
			r, err := tx.Records(c).Get(ctx, id)
			if err != nil {
				return err
			}
			out = append(out, r.Text("a"))
		}
		return nil
	})
	return out, err
}

func nothing() {}

// When a commit is on the disk and nobody has been answered yet, a View has what it changed either as it was or as it is, whatever of that
// was in memory.
func TestViewsBehindACommitHaveOneMoment(t *testing.T) {
	t.Parallel()
	s := open(t)
	c := notes(t, s)
	write(t, s, c, "old", "one", "two")
	commits := 0
	err := sqlstore.AroundCommits(s, func(commit func()) {
		if commits++; commits == 1 { // that of AroundCommits
			commit()
			return
		}
		if _, err := texts(s, c, nothing, "one"); err != nil { // which is in memory now, and the other is not
			t.Error(err)
		}
		commit()
		for _, ids := range [][]dossier.ID{{"one", "two"}, {"two", "one"}} {
			got, err := texts(s, c, nothing, ids...)
			if err != nil || got[0] != got[1] {
				t.Errorf("a view of %q has %q, %v", ids, got, err)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	write(t, s, c, "new", "one", "two")
	if commits < 2 {
		t.Fatal("nobody looked")
	}
	if got, err := texts(s, c, nothing, "one", "two"); err != nil || strings.Join(got, " ") != "new new" {
		t.Errorf("after the answer: %q, %v", got, err)
	}
}

// Two records that share a place in memory are never taken for each other.
func TestRecordsOfOneSlotAreApart(t *testing.T) {
	t.Parallel()
	s := open(t)
	c := notes(t, s)
	first, second := dossier.ID("first"), dossier.ID("")
	for i := 0; second == "" || !sqlstore.SameSlot(s, first, second); i++ {
		second = dossier.ID(fmt.Sprint("other", i))
	}
	write(t, s, c, "one", first)
	write(t, s, c, "two", second)
	for range 2 {
		if got, err := texts(s, c, nothing, first, second, second, first, first); err != nil || strings.Join(got, " ") != "one two two one one" {
			t.Errorf("got %q, %v", got, err)
		}
	}
}

// What is kept in memory is bounded, and counted right.
func TestRecordsInMemoryAreBounded(t *testing.T) {
	t.Parallel()
	s := open(t)
	c := notes(t, s)
	var ids []dossier.ID
	for i := range 300 {
		ids = append(ids, dossier.ID(fmt.Sprint("r", i)))
	}
	write(t, s, c, strings.Repeat("x", 40<<10), ids...)
	if _, err := texts(s, c, nothing, ids...); err != nil {
		t.Fatal(err)
	}
	noted, counted := sqlstore.HotBytes(s)
	if noted != counted || counted > sqlstore.MaxHotBytes || counted < sqlstore.MaxHotBytes/2 {
		t.Errorf("%d bytes are kept, %d noted", counted, noted)
	}
	write(t, s, c, strings.Repeat("x", 1<<20), "large")
	if _, err := texts(s, c, nothing, "large"); err != nil {
		t.Fatal(err)
	}
	if _, after := sqlstore.HotBytes(s); after > counted {
		t.Errorf("a large record is kept: %d bytes, %d before", after, counted)
	}
}
