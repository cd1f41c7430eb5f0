package kintone

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dossier"
	"dossier/access"
	"dossier/query"
	"dossier/query/querytest"
)

var update = flag.Bool("update", false, "rewrite the goldens in testdata")

// everything is a space with an app that has a field of every type.
func everything() (*dossier.Space, *dossier.Collection) {
	users := &dossier.Collection{ID: "users", Number: 1, Name: "users", Kind: dossier.Auth}
	customers := &dossier.Collection{ID: "customers", Number: 3, Name: "customers", Kind: dossier.Base}
	app := &dossier.Collection{ID: "app", Number: 2, Name: "app", Kind: dossier.Base, Fields: []*dossier.Field{
		{Name: "line", Code: "line", Type: dossier.TypeText},
		{Name: "lines_", Code: "lines", Type: dossier.TypeText, Multiline: true},
		{Name: "rich", Code: "rich", Type: dossier.TypeRichText},
		{Name: "num", Code: "数値", Type: dossier.TypeNumber},
		{Name: "yes", Code: "yes", Type: dossier.TypeBool},
		{Name: "due", Code: "due", Type: dossier.TypeDate},
		{Name: "at", Code: "at", Type: dossier.TypeDateTime},
		{Name: "clock", Code: "clock", Type: dossier.TypeTime},
		{Name: "one", Code: "one", Type: dossier.TypeSelect, Options: []string{"A", "B"}, Widget: dossier.WidgetDropdown},
		{Name: "radio", Code: "radio", Type: dossier.TypeSelect, Options: []string{"A", "B"}, Widget: dossier.WidgetRadio},
		{Name: "boxes", Code: "boxes", Type: dossier.TypeSelect, Options: []string{"A", "B"}, MaxSelect: 2, Widget: dossier.WidgetCheckbox},
		{Name: "multi", Code: "multi", Type: dossier.TypeSelect, Options: []string{"A", "B"}, MaxSelect: 2, Widget: dossier.WidgetMulti},
		{Name: "mail", Code: "mail", Type: dossier.TypeEmail},
		{Name: "web", Code: "web", Type: dossier.TypeURL},
		{Name: "call", Code: "call", Type: dossier.TypePhone},
		{Name: "att", Code: "添付", Type: dossier.TypeFile, MaxSelect: 5},
		{Name: "pic", Code: "pic", Type: dossier.TypeImage},
		{Name: "customer", Code: "customer", Type: dossier.TypeRelation, Collection: "customers"},
		{Name: "customers", Code: "customers", Type: dossier.TypeRelation, Collection: "customers", MaxSelect: 3},
		{Name: "owner", Code: "owner", Type: dossier.TypeUser, Collection: "users"},
		{Name: "team", Code: "team", Type: dossier.TypeUser, Collection: "users", MaxSelect: 3},
		{Name: "data", Code: "data", Type: dossier.TypeJSON},
		{Name: "auto", Code: "auto", Type: dossier.TypeAutoNumber},
		{Name: "name", Code: "name", Type: dossier.TypeName},
		{Name: "address", Code: "address", Type: dossier.TypeAddress},
		{Name: "stars", Code: "stars", Type: dossier.TypeRating, Max: "5"},
		{Name: "secret", Code: "secret", Type: dossier.TypeText, Hidden: true},
		{Name: "tbl", Code: "tbl", Type: dossier.TypeTable, Fields: []*dossier.Field{
			{Name: "item", Code: "item", Type: dossier.TypeText},
			{Name: "qty", Code: "qty", Type: dossier.TypeNumber},
			{Name: "kind", Code: "kind", Type: dossier.TypeSelect, Options: []string{"A", "B"}, MaxSelect: 2, Widget: dossier.WidgetCheckbox},
			{Name: "proof", Code: "proof", Type: dossier.TypeFile},
			{Name: "day", Code: "day", Type: dossier.TypeDate},
			{Name: "who", Code: "who", Type: dossier.TypeUser, Collection: "users"},
			{Name: "inner", Code: "line", Type: dossier.TypeText},
		}},
	}}
	return &dossier.Space{Collections: []*dossier.Collection{users, app, customers}}, app
}

// testEnvironment is a Saturday morning in Tokyo, still Friday evening in New York.
func testEnvironment(t testing.TB) environment {
	t.Helper()
	zone, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	return environment{now: time.Date(2026, 11, 20, 23, 16, 40, 0, time.UTC), zone: zone, login: "Sato@example.com"}
}

func TestQueryGoldens(t *testing.T) {
	space, app := everything()
	env := testEnvironment(t)
	querytest.Goldens(t, *update, func(_ *testing.T, wire string) string {
		return lowered(space, app, env, strings.TrimPrefix(wire, "(empty)"))
	})
}

// lowered is the tree of a query, or the error of one that is none.
func lowered(space *dossier.Space, app *dossier.Collection, env environment, text string) string {
	s, err := lowerQuery(text, formOf(app, access.Guest()), env)
	if err != nil {
		return err.Error()
	}
	if _, err := query.Check(space, app, s.query); err != nil {
		return "query.Check: " + err.Error()
	}
	out := s.query.String()
	if s.limited && s.query.Limit == 0 {
		out += "\nlimit 0"
	}
	return out
}

func TestQueryBounds(t *testing.T) {
	_, app := everything()
	env := testEnvironment(t)
	for name, text := range map[string]string{
		"too many tests":  strings.Repeat(`line = "a" or `, maxTests) + `line = "a"`,
		"too deep":        strings.Repeat("(", 100_000) + `line = "a"` + strings.Repeat(")", 100_000),
		"too many values": `line in (` + strings.Repeat(`"a",`, maxListValues) + `"a")`,
		"too long":        strings.Repeat(" ", maxQueryText+1),
		"too many keys":   "order by " + strings.Repeat("line,", maxTests) + "line",
		"not UTF-8":       "line = \"\xff\"",
		"NUL":             "line = \"\x00\"",
	} {
		if _, err := lowerQuery(text, formOf(app, access.Guest()), env); dossier.KindOf(err) != dossier.Internal || err == nil {
			t.Errorf("%s: %v", name, err)
		} else if f := faultOf(err, access.Guest()); f.code != codeInput {
			t.Errorf("%s: %v", name, f)
		}
	}
}

func FuzzQuery(f *testing.F) {
	space, app := everything()
	env := testEnvironment(f)
	paths, err := filepath.Glob("testdata/query/*.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for c := range strings.SplitSeq(string(text), "\n\n") {
			wire, _, _ := strings.Cut(c, "\n---")
			f.Add(wire)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := lowerQuery(text, formOf(app, access.Guest()), env)
		if err != nil {
			if f := faultOf(err, access.Guest()); answers[f.code].status != 400 {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		if _, err := query.Check(space, app, s.query); err != nil && dossier.KindOf(err) != dossier.Invalid {
			t.Fatalf("%q lowers to %s: %v", text, s.query, err)
		}
	})
}
