package shelf

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"dossier"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// in opens a shelf in a fresh directory.
func in(t *testing.T) (*Shelf, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "backups")
	s, err := Open(dir)
	must(t, err)
	return s, dir
}

// put puts text on the shelf.
func put(t *testing.T, s *Shelf, name, text string) error {
	t.Helper()
	d, err := s.Create(context.Background(), name)
	if err != nil {
		return err
	}
	_, err = io.WriteString(d, text)
	must(t, err)
	return d.Commit()
}

// onDisk are the names in a directory.
func onDisk(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if !errors.Is(err, fs.ErrNotExist) {
		must(t, err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestWhatIsCommittedIsThere(t *testing.T) {
	t.Parallel()
	s, dir := in(t)
	ctx := context.Background()
	if list, err := s.List(ctx); err != nil || len(list) > 0 {
		t.Errorf("an empty shelf: %v, %v", list, err)
	}
	must(t, put(t, s, "b.zip", "bytes of b"))
	must(t, put(t, s, "a.zip", "a"))
	list, err := s.List(ctx)
	must(t, err)
	if len(list) != 2 || list[0].Name != "a.zip" || list[1].Name != "b.zip" || list[1].Size != 10 || list[1].ModTime.IsZero() {
		t.Errorf("listed: %+v", list)
	}
	c, err := s.Open(ctx, "b.zip")
	must(t, err)
	text := make([]byte, 5)
	if _, err := c.ReadAt(text, 5); err != nil || string(text) != " of b" || c.Info().Size != 10 {
		t.Errorf("read %q, %v", text, err)
	}
	must(t, s.Delete(ctx, "b.zip"))
	if _, err := c.ReadAt(text, 0); err != nil || string(text) != "bytes" {
		t.Errorf("an open backup that is deleted: %q, %v", text, err)
	}
	must(t, c.Close())
	if _, err := s.Open(ctx, "b.zip"); dossier.KindOf(err) != dossier.NotFound {
		t.Errorf("then it is opened: %v", err)
	}
	for path, want := range map[string]fs.FileMode{dir: fs.ModeDir | 0o700, filepath.Join(dir, "a.zip"): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode() != want {
			t.Errorf("%s has mode %v, %v", path, info.Mode(), err)
		}
	}
}

func TestWhatIsNotCommittedIsNot(t *testing.T) {
	t.Parallel()
	s, dir := in(t)
	ctx := context.Background()
	d, err := s.Create(ctx, "a.zip")
	must(t, err)
	_, err = io.WriteString(d, "half")
	must(t, err)
	if _, err := s.Open(ctx, "a.zip"); dossier.KindOf(err) != dossier.NotFound {
		t.Errorf("a draft is opened: %v", err)
	}
	d.Abort()
	d.Abort()
	if names := onDisk(t, dir); len(names) > 0 {
		t.Errorf("an aborted draft leaves %v", names)
	}
	first, err := s.Create(ctx, "a.zip")
	must(t, err)
	second, err := s.Create(ctx, "a.zip")
	must(t, err)
	must(t, first.Commit())
	if err := second.Commit(); dossier.KindOf(err) != dossier.Exists {
		t.Errorf("the second of two drafts of a name: %v", err)
	}
	if names := onDisk(t, dir); !slices.Equal(names, []string{"a.zip"}) {
		t.Errorf("left: %v", names)
	}
}

func TestOpenRemovesWhatBrokeOff(t *testing.T) {
	t.Parallel()
	s, dir := in(t)
	ctx := context.Background()
	must(t, put(t, s, "a.zip", "a"))
	_, err := s.Create(ctx, "b.zip")
	must(t, err)
	_, err = s.Scratch()
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o600))
	must(t, os.Mkdir(filepath.Join(dir, "c.zip"), 0o700))
	again, err := Open(dir)
	must(t, err)
	if names := onDisk(t, dir); !slices.Equal(names, []string{"a.zip", "c.zip", "notes.txt"}) {
		t.Errorf("left: %v", names)
	}
	if list, err := again.List(ctx); err != nil || len(list) != 1 {
		t.Errorf("what is no file or has another name is listed: %v, %v", list, err)
	}
}

func TestReplacing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.zip")
	for _, text := range []string{"old", "new"} {
		d, err := Create(path, true)
		must(t, err)
		_, err = io.WriteString(d, text)
		must(t, err)
		must(t, d.Commit())
		if got, err := os.ReadFile(path); err != nil || string(got) != text {
			t.Errorf("read %q, %v", got, err)
		}
	}
	if _, err := Create(path, false); dossier.KindOf(err) != dossier.Exists {
		t.Errorf("a taken name: %v", err)
	}
	if names := onDisk(t, filepath.Dir(path)); !slices.Equal(names, []string{"a.zip"}) {
		t.Errorf("left: %v", names)
	}
}
