package sqlstore_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dossier"
	"dossier/store"
	"dossier/store/sqlite"
	"dossier/store/sqlstore"
)

// TestALongQueryGivesWay has one connection that reads, taken by a query that would never end, and others who wait for it.
func TestALongQueryGivesWay(t *testing.T) {
	t.Parallel()
	opened, err := sqlite.Open(filepath.Join(t.TempDir(), "x.db"), sqlite.Options{Readers: 1})
	if err != nil {
		t.Fatal(err)
	}
	s := opened.(*sqlstore.Store)
	t.Cleanup(func() { _ = s.Close() })
	read := func(tx store.Tx) error { // for which a View needs a connection
		_, err := tx.Meta().Get(context.Background(), "any")
		return err
	}
	for range 2 {
		began, ended := make(chan struct{}), make(chan error, 1)
		dossier.Go(nil, "query", func() {
			ended <- s.View(context.Background(), func(tx store.Tx) error {
				if err := read(tx); err != nil {
					return err
				}
				ctx, done := s.Finding(context.Background(), time.Now().Add(-time.Hour))
				defer done()
				close(began)
				<-ctx.Done()
				return context.Cause(ctx)
			})
		})
		<-began
		if err := s.View(context.Background(), read); err != nil {
			t.Error(err)
		}
		if err := <-ended; dossier.KindOf(err) != dossier.Busy || !strings.Contains(err.Error(), "while others wait") {
			t.Errorf("the query ends with %v", err)
		}
	}
}
