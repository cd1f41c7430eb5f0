package dossier_test

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dossier"
)

var (
	link     = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	fileName = regexp.MustCompile("`([a-z_]+(?:/[a-z0-9_]+)*\\.go)`")
)

// named are the files of the tree whose names end so, those of modules of their own included.
func named(t *testing.T, suffix string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules") {
			return fs.SkipDir
		}
		if strings.HasSuffix(name, suffix) {
			names = append(names, filepath.ToSlash(name))
		}
		return nil
	})
	if err != nil || len(names) < 10 {
		t.Fatalf("only %d files *%s: is this the module's root? %v", len(names), suffix, err)
	}
	return names
}

// read is the text of a file of the tree.
func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.FromSlash(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestLinksLeadSomewhere(t *testing.T) {
	for _, page := range named(t, ".md") {
		for _, m := range link.FindAllStringSubmatch(read(t, page), -1) {
			target, _, _ := strings.Cut(m[1], "#")
			if target == "" || strings.Contains(target, "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), filepath.FromSlash(target))); err != nil {
				t.Errorf("%s links to %s, which is not there", page, m[1])
			}
		}
	}
}

// Files are named from the root, from dialect/, or by the name alone where the package was said before.
func TestFilesThatAreNamedAreThere(t *testing.T) {
	known := map[string]bool{}
	for _, name := range named(t, ".go") {
		known[name], known[strings.TrimPrefix(name, "dialect/")], known[path.Base(name)] = true, true, true
	}
	for _, page := range named(t, ".md") {
		for _, m := range fileName.FindAllStringSubmatch(read(t, page), -1) {
			if !known[m[1]] {
				t.Errorf("%s names %s, which is not there", page, m[1])
			}
		}
	}
}

// The comment of a large package says what its files hold.
func TestFilesThatAPackageNamesAreThere(t *testing.T) {
	name := regexp.MustCompile(`[a-z_*]+\.go`)
	for _, doc := range named(t, ".go") {
		if path.Base(doc) != "doc.go" {
			continue
		}
		for _, file := range name.FindAllString(read(t, doc), -1) {
			if found, err := filepath.Glob(filepath.Join(filepath.Dir(doc), file)); err != nil || len(found) == 0 {
				t.Errorf("%s names %s, which is not there: %v", doc, file, err)
			}
		}
	}
}

func TestEveryDecisionHasANumberAndIsInTheList(t *testing.T) {
	list, next := read(t, "docs/decisions/README.md"), 1
	for _, page := range named(t, ".md") {
		name := path.Base(page)
		if path.Dir(page) != "docs/decisions" || name == "README.md" {
			continue
		}
		if !strings.HasPrefix(name, fmt.Sprintf("%04d-", next)) || !strings.HasPrefix(read(t, page), fmt.Sprintf("# %d. ", next)) {
			t.Errorf("%s is not number %d, in its name and its title", page, next)
		}
		if !strings.Contains(list, fmt.Sprintf("| %d | [", next)) || !strings.Contains(list, "]("+name+")") {
			t.Errorf("docs/decisions/README.md does not list %s", name)
		}
		next++
	}
}

func TestEveryPackageIsInTheArchitecture(t *testing.T) {
	text := read(t, "docs/architecture.md")
	for _, layer := range layers {
		for _, p := range layer {
			p = strings.TrimPrefix(p, "thumb/")
			if !strings.Contains(text, "| `"+p) && !strings.Contains(text, "`"+p+"`") && !strings.HasPrefix(p, "dialect/") {
				t.Errorf("docs/architecture.md does not say what %s holds", p)
			}
		}
	}
}

func TestEveryFieldTypeIsInTheArchitecture(t *testing.T) {
	_, table, _ := strings.Cut(read(t, "docs/architecture.md"), "## Field types")
	for _, ft := range dossier.FieldTypes {
		if !strings.Contains(table, "`"+string(ft)+"`") {
			t.Errorf("docs/architecture.md does not say how a field of type %s looks", ft)
		}
	}
}

// Functions and types are named with their files: `Store.Put` (`blob/disk/put.go`).
func TestFunctionsThatAreNamedAreInTheirFiles(t *testing.T) {
	pair := regexp.MustCompile("`(?:\\w+\\.)*(\\w+)` \\(`([\\w/]+\\.go)`")
	files, pairs := named(t, ".go"), 0
	for _, page := range named(t, ".md") {
		for _, m := range pair.FindAllStringSubmatch(read(t, page), -1) {
			pairs++
			defined := regexp.MustCompile(`(?m)^(func (\([^)]*\) )?|type |var |const |\t)` + m[1] + `\b`)
			there := slices.ContainsFunc(files, func(name string) bool {
				return (name == m[2] || strings.HasSuffix(name, "/"+m[2])) && defined.MatchString(read(t, name))
			})
			if !there {
				t.Errorf("%s says that %s is in %s, where it is not", page, m[1], m[2])
			}
		}
	}
	if pairs < 20 {
		t.Errorf("only %d functions are named with their files: the tour has more", pairs)
	}
}
