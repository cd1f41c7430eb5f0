// Package querytest holds query languages to their goldens: texts as they come over the wire, each with the tree that is made of it.
// Here: reading, comparing and rewriting them. Not here: any language.
package querytest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Goldens compares every file testdata/query/*.txt of the tested package with what lower makes of its texts; with update it rewrites
// the files. In a file an empty line ends a case: the text, which may have several lines, a line "---", and lower's answer.
func Goldens(t *testing.T, update bool, lower func(t *testing.T, wire string) string) {
	t.Helper()
	paths, err := filepath.Glob("testdata/query/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no goldens: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) { golden(t, path, update, lower) })
	}
}

func golden(t *testing.T, path string, update bool, lower func(t *testing.T, wire string) string) {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for one := range strings.SplitSeq(strings.TrimSpace(string(text)), "\n\n") {
		wire, _, _ := strings.Cut(one, "\n---")
		out = append(out, wire+"\n---\n"+lower(t, wire))
	}
	got := strings.Join(out, "\n\n") + "\n"
	if update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(string(text), got); d != "" {
		t.Errorf("go test -update rewrites it (-file +now):\n%s", d)
	}
}
