package small

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"dossier"
	"dossier/blob/blobtest"
)

func TestAnOldLibraryIsRefused(t *testing.T) {
	t.Parallel()
	mustBe(t, "3.51.2", supported(3051002), dossier.Unsupported)
	if err := supported(minVersion); err != nil {
		t.Error(err)
	}
}

func TestForeignFilesAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sql  string
		want dossier.Kind
	}{
		"of a newer version":     {"PRAGMA user_version(2)", dossier.Unsupported},
		"of another application": {"PRAGMA application_id(7)", dossier.Invalid},
	} {
		path := filepath.Join(t.TempDir(), "small.db")
		s := openAt(t, path, new(blobtest.Memory), Options{})
		c2, err := connect(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(s.Close(), c2.script(c.sql), c2.Close()); err != nil {
			t.Fatal(err)
		}
		_, err = Open(path, new(blobtest.Memory), Options{})
		mustBe(t, "a file "+name, err, c.want)
	}
	path := filepath.Join(t.TempDir(), "small.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("no database", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, new(blobtest.Memory), Options{}); err == nil {
		t.Error("a file that is no database is opened")
	}
	if _, err := Open(filepath.Join(path, "below", "a", "file"), new(blobtest.Memory), Options{}); err == nil {
		t.Error("a path that cannot be is opened")
	}
}

func TestCloseEndsWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "small.db")
	s := openAt(t, path, new(blobtest.Memory), Options{})
	var acked sync.Map
	var wg sync.WaitGroup
	started := make(chan struct{}, 1000)
	for w := range 8 {
		wg.Go(func() {
			for i := 0; ; i++ {
				key := strings.Repeat("w", w+1) + strings.Repeat("/i", i+1)
				if _, err := s.Put(context.Background(), key, strings.NewReader(key)); err != nil {
					return
				}
				acked.Store(key, true)
				started <- struct{}{}
				if i == 80 {
					return
				}
			}
		})
	}
	<-started
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if err := s.Close(); err == nil {
		t.Error("it is closed twice")
	}
	_, err := s.Put(t.Context(), "late", strings.NewReader("x"))
	_, oerr := s.Open(t.Context(), "late", 0, -1)
	for _, err := range []error{err, oerr, s.Delete(t.Context(), "late")} {
		mustBe(t, "a call on a closed store", err, dossier.Internal)
	}
	if left, err := filepath.Glob(path + "-*"); err != nil || len(left) != 0 {
		t.Errorf("%q are left, %v", left, err)
	}
	s = openAt(t, path, new(blobtest.Memory), Options{})
	acked.Range(func(key, _ any) bool {
		holds(t, s, key.(string), []byte(key.(string)))
		return true
	})
}

// A watched context tells when somebody asks whether it has ended, as the writer does of a job that it takes.
type watched struct {
	context.Context
	asked chan struct{}
}

func (w watched) Err() error {
	close(w.asked)
	return nil
}

func TestWhoGoesAwayBeforeItsTurnLeavesNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "small.db")
	s := openAt(t, path, new(blobtest.Memory), Options{})
	other, err := connect(path) // holds the file, so that the writer waits
	if err != nil {
		t.Fatal(err)
	}
	if err := other.script("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	taken, answer := watched{context.Background(), make(chan struct{})}, make(chan error, 1)
	dossier.Go(nil, "put", func() { answer <- s.writer.queue.Do(taken, &job{key: "first", data: []byte("x")}) })
	<-taken.asked
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err = s.Put(ctx, "second", strings.NewReader("x"))
	mustBe(t, "the second Put", err, dossier.Canceled)
	if err := errors.Join(other.script("ROLLBACK"), other.Close(), <-answer); err != nil {
		t.Fatal(err)
	}
	if got := keys(t, s, ""); len(got) != 1 || got[0] != "first" {
		t.Errorf("%q", got)
	}
}

// A panic in the middle of a group must not leave its callers waiting, nor those that come later.
func TestAWriterThatBreaksOffStartsAnew(t *testing.T) {
	t.Parallel()
	s := open(t, new(blobtest.Memory), Options{Log: slog.New(slog.DiscardHandler)})
	put(t, s, "before", []byte("x"))
	add := s.writer.addData
	s.writer.addData = nil
	_, err := s.Put(t.Context(), "k", strings.NewReader("x"))
	mustBe(t, "a Put that panics", err, dossier.Internal)
	s.writer.addData = add
	put(t, s, "k", []byte("y"))
	holds(t, s, "before", []byte("x"))
}
