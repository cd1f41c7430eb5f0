package sqlite

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"dossier"
	"dossier/query"
	"dossier/store"
)

// A query that would take for ever ends as Busy, and the connection that it had answers the next one.
func TestAQueryThatTakesTooLongIsEnded(t *testing.T) {
	ctx := context.Background()
	s, err := Open(filepath.Join(t.TempDir(), "x.db"), Options{Readers: 1, QueryTime: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	c := &dossier.Collection{ID: "c1", Name: "things", Number: 1, Kind: dossier.Base, Fields: []*dossier.Field{{ID: "f1", Number: 1, Name: "n", Type: dossier.TypeNumber}}}
	if err := s.Update(ctx, func(tx store.Tx) error {
		if err := tx.Collections().Put(ctx, c); err != nil {
			return err
		}
		return tx.Records(c).Insert(ctx, &dossier.Record{ID: "abcdefghijklmno", Revision: 1, Created: time.Unix(1, 0), Updated: time.Unix(1, 0)})
	}); err != nil {
		t.Fatal(err)
	}
	q, err := query.Check(&dossier.Space{Collections: []*dossier.Collection{c}}, c, query.Query{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		err := s.View(ctx, func(tx store.Tx) error { _, err := tx.Records(c).Find(ctx, q); return err })
		if dossier.KindOf(err) != dossier.Busy {
			t.Errorf("finding: %v", err)
		}
		err = s.View(ctx, func(tx store.Tx) error { _, err := tx.Records(c).Count(ctx, q); return err })
		if dossier.KindOf(err) != dossier.Busy {
			t.Errorf("counting: %v", err)
		}
		if err := s.View(ctx, func(tx store.Tx) error { _, err := tx.Records(c).Get(ctx, "abcdefghijklmno"); return err }); err != nil {
			t.Errorf("what is no query: %v", err)
		}
	}
}
