package sqlite

import (
	"errors"
	"log/slog"
	"path/filepath"
	"testing"

	"dossier"
	"dossier/store"
	"dossier/store/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T, dir string) store.Store {
		s, err := Open(filepath.Join(dir, "dossier ä?#.db"), Options{Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}

func TestOldLibraryIsRefused(t *testing.T) {
	if err := supported(3051002); !errors.Is(err, dossier.Unsupported) {
		t.Errorf("got %v", err)
	}
	if err := supported(minVersion); err != nil {
		t.Errorf("got %v", err)
	}
}
