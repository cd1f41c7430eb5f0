package small

import (
	"path/filepath"
	"testing"

	"dossier/blob"
	"dossier/blob/blobtest"
	"dossier/blob/disk"
)

// open opens a store in a fresh directory that is closed at the end of the test.
func open(t testing.TB, big blob.Store, o Options) *Store {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "small.db"), big, o)
}

func openAt(t testing.TB, path string, big blob.Store, o Options) *Store {
	t.Helper()
	s, err := Open(path, big, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // closed already by those who test it
	return s
}

func openDisk(t testing.TB) blob.Store {
	t.Helper()
	big, err := disk.Open(t.TempDir(), disk.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return big
}

func TestOverMemory(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blob.Store {
		s, err := Open(filepath.Join(t.TempDir(), "small.db"), new(blobtest.Memory), Options{})
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}

func TestOverDisk(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blob.Store {
		s, err := Open(filepath.Join(t.TempDir(), "small.db"), openDisk(t), Options{page: 3})
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}
