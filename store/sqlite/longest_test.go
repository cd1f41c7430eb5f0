package sqlite

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dossier"
	"dossier/query"
	"dossier/store"
)

// TestViewsThatMakeLongValues has views that make much of nothing: they are refused or end, and the connection reads on as before.
func TestViewsThatMakeLongValues(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s, err := Open(filepath.Join(t.TempDir(), "x.db"), Options{Readers: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	long := dossier.Text(strings.Repeat("x", 20<<20))
	plain := &dossier.Collection{ID: "c1", Name: "things", Number: 1, Kind: dossier.Base, Fields: []*dossier.Field{{ID: "f1", Number: 1, Name: "t", Type: dossier.TypeText}}}
	views := map[string]*dossier.Collection{}
	for name, text := range map[string]string{
		"bytes":    "SELECT 'a' AS id, hex(zeroblob(9000000)) AS t",
		"doubling": "WITH RECURSIVE c(n, t) AS (SELECT 1, 'x' UNION ALL SELECT n + 1, t || t FROM c WHERE n < 32) SELECT 'a' AS id, max(t) AS t FROM c",
		"padding":  "SELECT 'a' AS id, printf('%999999999d', length(id)) AS t FROM things",
		"copies":   "SELECT id, t FROM things",
	} {
		views[name] = &dossier.Collection{ID: dossier.ID(name), Name: name, Number: int64(10 + len(views)), Kind: dossier.View, Query: text, Fields: plain.Fields}
	}
	if err := s.Update(ctx, func(tx store.Tx) error {
		for _, c := range views {
			if err := tx.Collections().Put(ctx, c); err != nil {
				return err
			}
		}
		if err := tx.Collections().Put(ctx, plain); err != nil {
			return err
		}
		return tx.Records(plain).Insert(ctx, &dossier.Record{ID: "abcdefghijklmno", Revision: 1, Created: time.Unix(1, 0), Updated: time.Unix(1, 0),
			Values: map[string]dossier.Value{"t": long}})
	}); err != nil {
		t.Fatal(err)
	}
	find := func(c *dossier.Collection) (found []*dossier.Record, err error) {
		q, err := query.Check(&dossier.Space{Collections: []*dossier.Collection{c}}, c, query.Query{})
		if err != nil {
			t.Fatal(err)
		}
		err = s.View(ctx, func(tx store.Tx) (err error) { found, err = tx.Records(c).Find(ctx, q); return err })
		return found, err
	}
	for name, c := range views {
		if _, err := find(c); dossier.KindOf(err) != dossier.Busy || !strings.Contains(err.Error(), "values of more than 16 MiB") {
			t.Errorf("%s: %v", name, err)
		}
		if found, err := find(plain); err != nil || len(found) != 1 || found[0].Values["t"] != long {
			t.Errorf("after %s: %d records, %v", name, len(found), err)
		}
	}
}
