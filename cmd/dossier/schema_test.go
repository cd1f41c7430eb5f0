package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dossier"
	"dossier/schemafile"
)

const nothingToChange = "nothing to change\n"

func TestApplyingTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := call(t, "schema", "apply", fullSchema, "--data", dir)
	for _, want := range []string{"collection reports added\n", "user member1@example.com added\n", "token reports-all added\n", "key integration added\n"} {
		if !strings.Contains(first, want) {
			t.Errorf("applying says no %q:\n%s", want, first)
		}
	}
	if again := call(t, "schema", "apply", fullSchema, "--data", dir); again != nothingToChange {
		t.Errorf("applying twice says\n%s", again)
	}
}

func TestWhatIsShownCanBeApplied(t *testing.T) {
	t.Parallel()
	dir, other := spaceDir(t), t.TempDir()
	shown := call(t, "schema", "show", "--data", dir)
	file := write(t, "shown.yaml", shown)
	for _, prune := range []string{"--prune=false", "--prune"} {
		if said := call(t, "schema", "apply", file, prune, "--data", dir); said != nothingToChange {
			t.Errorf("applying what was shown with %s says\n%s", prune, said)
		}
	}
	call(t, "schema", "apply", file, "--data", other)
	if d := cmp.Diff(shown, call(t, "schema", "show", "--data", other)); d != "" {
		t.Errorf("shown, applied to an empty directory and shown again:\n%s", d)
	}
	for _, secret := range []string{"member1@example.com", "password", "repTok", "00000000-aaaa"} {
		if strings.Contains(shown, secret) {
			t.Errorf("schema show prints %q", secret)
		}
	}
}

func TestPruneRemovesWhatIsNotNamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	big := write(t, "big.yaml", "collections:\n  - name: a\n    fields:\n      - {name: x, type: text}\n      - {name: y, type: number}\n  - name: b\n    fields:\n      - {name: z, type: text}\n")
	small := write(t, "small.yaml", "collections:\n  - name: a\n    fields:\n      - {name: x, type: text}\n")
	call(t, "schema", "apply", big, "--data", dir)
	whole := call(t, "schema", "show", "--data", dir)
	if said := call(t, "schema", "apply", small, "--data", dir); said != nothingToChange {
		t.Errorf("without --prune:\n%s", said)
	}
	if d := cmp.Diff(whole, call(t, "schema", "show", "--data", dir)); d != "" {
		t.Errorf("without --prune the space changed:\n%s", d)
	}
	if d := cmp.Diff("collection b removed\ncollection a changed\n", call(t, "schema", "apply", small, "--prune", "--data", dir)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(map[string]int64{"a": 1, "a.x": 1}, numbersOf(t, call(t, "schema", "show", "--data", dir))); d != "" {
		t.Error(d)
	}
	call(t, "schema", "apply", big, "--data", dir)
	if d := cmp.Diff(map[string]int64{"a": 1, "a.x": 1, "a.y": 4, "b": 3, "b.z": 5}, numbersOf(t, call(t, "schema", "show", "--data", dir))); d != "" {
		t.Errorf("numbers, after what was removed came again:\n%s", d)
	}
}

// numbersOf are the numbers of the collections and fields of a schema file.
func numbersOf(t *testing.T, text string) map[string]int64 {
	t.Helper()
	schema, err := schemafile.Parse([]byte(text), dossier.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	numbers := map[string]int64{}
	for _, c := range schema.Collections {
		numbers[c.Name] = c.Number
		for _, f := range c.Fields {
			numbers[c.Name+"."+f.Name] = f.Number
		}
	}
	return numbers
}

// TestAFaultyFileChangesNothing applies files of which the second half is wrong.
func TestAFaultyFileChangesNothing(t *testing.T) {
	t.Parallel()
	dir := spaceDir(t)
	before := call(t, "schema", "show", "--data", dir)
	fine := "collections:\n  - name: fine\n    fields: [{name: x, type: text}]\n"
	for name, c := range map[string]struct {
		text string
		code int
		want []string
	}{
		"a relation to nowhere":     {"  - name: wrong\n    fields: [{name: x, type: relation, collection: nowhere}]\n", exitUsage, []string{"line 5: wrong.x"}},
		"a rule of nothing":         {"  - name: wrong\n    rules:\n      list: \"\"\n      view: nothing = 1\n", exitUsage, []string{"line 7: wrong.rules.view", "nothing"}},
		"two wrong fields":          {"  - name: wrong\n    fields:\n    - {name: x, type: image, thumbs: [big]}\n    - {name: y, type: text, pattern: (}\n", exitUsage, []string{"lines 6, 7: wrong.x", `"big"`, "wrong.y"}},
		"another type":              {"  - name: reports\n    fields:\n    - {name: amount, type: text}\n", exitFailure, []string{"line 6: reports.amount", "number, not text"}},
		"a user without a home":     {"users:\n  - {email: a@example.com, password: longenough, collection: nowhere}\n", exitUsage, []string{"line 5: user a@example.com", "nowhere"}},
		"a user without an email":   {"users:\n  - {email: a, password: longenough}\n", exitUsage, []string{"line 5: user a: not an email address: want"}},
		"a token for no such thing": {"tokens:\n  - {token: 0123456789abcdef, name: t, collections: {fine: [view], nowhere: [view]}}\n", exitUsage, []string{"line 5: token t", `"nowhere": want one of`, "fine"}},
	} {
		file := write(t, "half.yaml", fine+c.text)
		line{args: []string{"schema", "apply", file, "--data", dir}}.run(t).refused(t, c.code, append(c.want, file)...)
		if d := cmp.Diff(before, call(t, "schema", "show", "--data", dir)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}
