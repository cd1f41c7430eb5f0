package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var errKilled = errors.New("killed")

// tree makes files of a text each below dir.
func tree(t *testing.T, dir, text string, files ...string) {
	t.Helper()
	for _, name := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// content is the files below dir with their texts.
func content(t *testing.T, dir string) (lines []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		lines = append(lines, name+": "+string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// oldSpace is a data directory with a space, and what is not part of it.
func oldSpace(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	tree(t, dir, "old", database, database+"-wal", database+"-shm", smallBlobs, smallBlobs+"-wal", "blobs/00/a.blob", "blobs/01/b.blob")
	tree(t, dir, "stays", "lock", "backups/a.zip", "cert.pem")
	return dir
}

// newContent is what is there when the prepared space is in its place.
var newContent = []string{"backups/a.zip: stays", "blobs/00/c.blob: new", "cert.pem: stays", database + ": new", "lock: stays", smallBlobs + ": new"}

// Whoever is killed at any step of a replacement: the next one to open the directory finishes it, and nothing of both spaces is mixed.
func TestAReplacementSurvivesAKillAtEveryStep(t *testing.T) {
	t.Parallel()
	for n, done := 1, false; !done; n++ {
		dir := oldSpace(t)
		tree(t, filepath.Join(dir, restoreWhole), "new", database, smallBlobs, "blobs/00/c.blob", "staging/x")
		for again := range 3 { // killed at that step, then at the first of the next try, and so on
			calls := 0
			err := replacing{dir, func(string) error {
				if calls++; calls == max(1, n*(1-again)) {
					return errKilled
				}
				return nil
			}}.finish()
			if again == 0 {
				done = err == nil
			}
			if err != nil && !errors.Is(err, errKilled) {
				t.Fatal(err)
			}
		}
		if err := finishReplace(dir); err != nil {
			t.Fatalf("after a kill at step %d: %v", n, err)
		}
		if got := content(t, dir); !slices.Equal(got, newContent) {
			t.Errorf("after a kill at step %d the directory holds\n%s\nwant\n%s", n, strings.Join(got, "\n"), strings.Join(newContent, "\n"))
		}
		if done && n < 10 {
			t.Errorf("a replacement has %d steps only", n-1)
		}
	}
}

// Before the rename that decides nothing has happened.
func TestWhatIsNotPreparedIsRemoved(t *testing.T) {
	t.Parallel()
	dir := oldSpace(t)
	want := content(t, dir)
	tree(t, filepath.Join(dir, restorePart), "new", database, "blobs/00/c.blob")
	if err := finishReplace(dir); err != nil {
		t.Fatal(err)
	}
	if got := content(t, dir); !slices.Equal(got, want) {
		t.Errorf("the directory holds\n%s", strings.Join(got, "\n"))
	}
}

// A restore whose decision may not be on the disk has failed, and the next start goes on with the space that there is.
func TestARestoreThatFailedAtItsDecisionIsNotFinishedLater(t *testing.T) {
	t.Parallel()
	dir := oldSpace(t)
	want := content(t, dir)
	tree(t, filepath.Join(dir, restorePart), "new", database, smallBlobs, "blobs/00/c.blob")
	if err := decide(dir, func(string) error { return errKilled }); !errors.Is(err, errKilled) {
		t.Fatal(err)
	}
	if err := finishReplace(dir); err != nil {
		t.Fatal(err)
	}
	if got := content(t, dir); !slices.Equal(got, want) {
		t.Errorf("the directory holds\n%s", strings.Join(got, "\n"))
	}
}
