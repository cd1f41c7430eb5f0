package knack

import (
	"math/rand/v2"
	"strings"
	"testing"

	"dossier"
	"dossier/query"
)

// lineOf is a name or an address in one line, made of what is shown.
func lineOf(f *dossier.Field, values map[string]any) string {
	if f.Type == dossier.TypeName {
		return formatName(values)
	}
	lines := strings.ReplaceAll(formatAddress(values), "<br />", " ")
	return strings.TrimSpace(strings.ReplaceAll(lines, "  ", " "))
}

// textIs is what the operators say of texts that differ in nothing but case.
func textIs(op, text, s string) bool {
	text, s = strings.ToLower(text), strings.ToLower(s)
	switch op {
	case "is":
		return text == s
	case "contains":
		return strings.Contains(text, s)
	case "starts with":
		return strings.HasPrefix(text, s)
	}
	return strings.HasSuffix(text, s)
}

// TestLines asks random names and addresses for random texts: the filter lets through those with a part, or a line, that fits.
func TestLines(t *testing.T) {
	space, c := everySpace()
	r := rand.New(rand.NewPCG(3, 4))
	word := func(words ...string) string { return words[r.IntN(len(words))] }
	ops := []string{"is", "contains", "starts with", "ends with"}
	hits, across := 0, 0
	for range 8000 {
		f, line := fieldNamed(t, c, "person"), nameLine
		if r.IntN(2) == 0 {
			f, line = fieldNamed(t, c, "place"), addressLine
		}
		keys, parts := line.keys(nil), map[string]any{}
		for _, k := range keys {
			parts[k] = word("", "", "a", "B", "a b", "b,", "ab")
		}
		whole := lineOf(f, parts)
		s := word("a", "b a", "a, b", ",", " ", ", ", "a ", " b")
		if n := len(whole); n > 0 && r.IntN(4) > 0 {
			from := r.IntN(n)
			s = word(whole, whole[from:], whole[:from+1], whole[from:from+1+r.IntN(n-from)])
		}
		op := word(ops...)
		doc, ok := decodeParts(parts, keys, nil)
		if !ok {
			t.Fatal(parts)
		}
		filter, err := askParts(f, ask{op: op, value: s, given: true})
		if strings.Count(s, " ") > maxAddressBlanks && err != nil {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := query.Check(space, c, query.Query{Filter: filter}); err != nil {
			t.Fatalf("%s %q: %v", op, s, err)
		}
		got, err := query.Eval(t.Context(), space, c, filter, &dossier.Record{Values: map[string]dossier.Value{f.Name: doc}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := whole != "" && textIs(op, whole, s)
		if want {
			across++
		}
		for _, k := range keys {
			want = want || parts[k] != "" && textIs(op, parts[k].(string), s)
		}
		if got != want {
			t.Fatalf("%q (%v) %s %q: got %v, want %v\n%s", whole, parts, op, s, got, want, query.String(filter))
		}
		if want {
			hits++
		}
	}
	if hits < 2000 || across < 2000 {
		t.Errorf("only %d hits, %d of them in lines", hits, across)
	}
}

// TestLongTexts says that a text which is not refused makes no query that is too large.
func TestLongTexts(t *testing.T) {
	space, c := everySpace()
	for name, blanks := range map[string]int{"person": maxNameBlanks, "place": maxAddressBlanks} {
		f := fieldNamed(t, c, name)
		for _, op := range []string{"is", "contains", "starts with", "ends with"} {
			filter, err := askParts(f, ask{op: op, value: strings.Repeat("w, ", blanks) + "w", given: true})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := query.Check(space, c, query.Query{Filter: filter}); err != nil {
				t.Errorf("%s %s: %v", name, op, err)
			}
			if _, err := askParts(f, ask{op: op, value: strings.Repeat("w ", blanks+1) + "w", given: true}); err == nil {
				t.Errorf("%s %s takes a text that is too long", name, op)
			}
		}
	}
}
