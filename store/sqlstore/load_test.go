package sqlstore_test

import (
	"bytes"
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"dossier"
	"dossier/store"
	"dossier/store/sqlite"
	"dossier/store/sqlstore"
)

func open(t *testing.T) store.Store {
	t.Helper()
	s, err := sqlite.Open(filepath.Join(t.TempDir(), "rows.db"), sqlite.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func dump(t *testing.T, s store.Store) string {
	t.Helper()
	var out bytes.Buffer
	if err := s.View(context.Background(), func(tx store.Tx) error { _, err := tx.Dump(context.Background(), &out); return err }); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// Rows of an older version are laid into the tables of that version, and these are brought up to date as a database is: the step that is added
// here moves what was there, and makes a table. The older version refuses what the newer one has written.
func TestRowsOfAnOlderVersionAreMigrated(t *testing.T) {
	ctx := context.Background()
	old := open(t)
	err := old.Update(ctx, func(tx store.Tx) error { return tx.Meta().Put(ctx, "word", "small") })
	if err != nil {
		t.Fatal(err)
	}
	text := dump(t, old)
	var newer string
	sqlstore.WithStep("UPDATE meta SET value = upper(value);\nALTER TABLE tokens ADD COLUMN note {text};\nCREATE TABLE notes (id {int} NOT NULL)", func() {
		s := open(t)
		if _, err := s.Load(ctx, strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
		newer = dump(t, s)
	})
	for _, part := range []string{`["word","SMALL"]`, `"iskey","rights","created","note"]`, `{"table":"notes","columns":["id"]}`} {
		if !strings.Contains(newer, part) {
			t.Errorf("the newer store dumps no %s:\n%s", part, newer)
		}
	}
	if _, err := open(t).Load(ctx, strings.NewReader(newer)); dossier.KindOf(err) != dossier.Unsupported {
		t.Errorf("the older version loads what the newer one has written: %v", err)
	}
}
