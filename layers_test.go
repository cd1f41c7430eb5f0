package dossier_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// layers is the order of the house: imports point left only, and packages of one entry do not import each other unless
// one is below the other (store/sqlite uses store/sqlstore).
var layers = [][]string{
	{"."},
	{"query", "queue"},
	{"access", "thumb/smalljpeg"},
	{"store", "blob", "thumb"},
	{"archive"},
	{"core"},
	{"wire"},
	{"schemafile", "admin", "mail", "dialect/kintone", "dialect/knack", "dialect/pocketbase"},
	{"server"},
	{"cmd", "bench", "conformance"},
}

// implementations are named by cmd, benchmarks, suites and tests alone.
var implementations = []string{"store/sqlstore", "store/sqlite", "blob/disk", "blob/small", "archive/shelf"}

// below are the layers to which no vendor's name may come down.
const below = 7

// layerOf finds a package's layer, -1 if it has none.
func layerOf(pkg string) int {
	for i, layer := range layers {
		for _, p := range layer {
			if pkg == p || p != "." && strings.HasPrefix(pkg, p+"/") {
				return i
			}
		}
	}
	return -1
}

// unit is the entry of the table that a package belongs to.
func unit(pkg string) string {
	for _, layer := range layers {
		for _, p := range layer {
			if pkg == p || p != "." && strings.HasPrefix(pkg, p+"/") {
				return p
			}
		}
	}
	return ""
}

func isTestOnly(file string) bool {
	dir := path.Base(path.Dir(file))
	return strings.HasSuffix(file, "_test.go") || strings.HasSuffix(dir, "test")
}

// sources are the Go files of the module.
func sources(t *testing.T) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "node_modules") {
			return fs.SkipDir
		}
		if d.IsDir() && name != "." {
			if _, err := os.Stat(filepath.Join(name, "go.mod")); err == nil {
				return fs.SkipDir // a module of its own
			}
		}
		if strings.HasSuffix(name, ".go") {
			files = append(files, filepath.ToSlash(name))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 50 {
		t.Fatalf("only %d files found: is this the module's root?", len(files))
	}
	return files
}

// imports are the packages of this module that a file imports, by their directory.
func imports(t *testing.T, file string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var pkgs []string
	for _, spec := range f.Imports {
		name, _ := strconv.Unquote(spec.Path.Value)
		if name == "dossier" {
			pkgs = append(pkgs, ".")
		} else if rest, ok := strings.CutPrefix(name, "dossier/"); ok {
			pkgs = append(pkgs, rest)
		}
	}
	return pkgs
}

// fault says what is wrong with an import, "" if nothing is.
func fault(file, imported string) string {
	pkg := path.Dir(file)
	from, to := layerOf(pkg), layerOf(imported)
	switch {
	case from < 0:
		return fmt.Sprintf("%s is in no layer: add %s to the table in layers_test.go", file, pkg)
	case unit(pkg) == unit(imported):
		return ""
	case to > from:
		return fmt.Sprintf("%s imports %s: imports point left", file, imported)
	case to == from && unit(pkg) != unit(imported):
		return fmt.Sprintf("%s imports %s: neighbours do not know each other", file, imported)
	}
	if from < layerOf("cmd") {
		for _, impl := range implementations {
			if imported == impl {
				return fmt.Sprintf("%s imports %s: only cmd and tests name an implementation", file, imported)
			}
		}
	}
	return ""
}

func TestImportsPointLeft(t *testing.T) {
	t.Parallel()
	for _, file := range sources(t) {
		if isTestOnly(file) {
			continue
		}
		for _, imported := range imports(t, file) {
			if said := fault(file, imported); said != "" {
				t.Error(said)
			}
		}
	}
}

// TestFaultsAreFound proves that the table can fail.
func TestFaultsAreFound(t *testing.T) {
	t.Parallel()
	cases := []struct{ file, imported, want string }{
		{"core/files.go", "wire", "core/files.go imports wire: imports point left"},
		{"query/eval.go", "store", "query/eval.go imports store: imports point left"},
		{"dialect/knack/a.go", "dialect/kintone", "dialect/knack/a.go imports dialect/kintone: neighbours do not know each other"},
		{"store/a.go", "blob", "store/a.go imports blob: neighbours do not know each other"},
		{"core/a.go", "store/sqlite", "core/a.go imports store/sqlite: only cmd and tests name an implementation"},
		{"utils/a.go", ".", "utils/a.go is in no layer: add utils to the table in layers_test.go"},
		{"store/sqlite/a.go", "store/sqlstore", ""},
		{"cmd/dossier/open.go", "store/sqlite", ""},
		{"access/policy.go", "query", ""},
	}
	for _, c := range cases {
		if got := fault(c.file, c.imported); got != c.want {
			t.Errorf("%s → %s: got %q, want %q", c.file, c.imported, got, c.want)
		}
	}
}

var vendors = regexp.MustCompile(`(?i)kintone|cybozu|knack|pocket\s?base`)

// TestVendorsStopAtTheDoor searches what is below the dialects for vendors' names, comments and tests included.
func TestVendorsStopAtTheDoor(t *testing.T) {
	t.Parallel()
	for _, file := range sources(t) {
		if layerOf(path.Dir(file)) >= below || file == "layers_test.go" {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			if word := vendors.FindString(line); word != "" {
				t.Errorf("%s:%d says %q: vendors stop at the door (law 1)", file, i+1, word)
			}
		}
	}
}

var bareGo = regexp.MustCompile(`^\s*go (func|[a-zA-Z_.]+\()`)

// TestGoroutinesRecover finds goroutines that are not started by dossier.Go.
func TestGoroutinesRecover(t *testing.T) {
	t.Parallel()
	for _, file := range sources(t) {
		if isTestOnly(file) || file == "go.go" {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			if bareGo.MatchString(line) {
				t.Errorf("%s:%d starts a goroutine by itself: use dossier.Go, which recovers", file, i+1)
			}
		}
	}
}
