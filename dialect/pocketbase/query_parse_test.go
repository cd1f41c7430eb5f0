package pocketbase

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dossier"
	"dossier/query"
)

// shown is e with every group in parentheses and every text quoted.
func shown(e expr) string {
	switch e := e.(type) {
	case group:
		parts := make([]string, len(e.parts))
		for i, p := range e.parts {
			parts[i] = shown(p)
		}
		return "(" + strings.Join(parts, map[bool]string{true: " || ", false: " && "}[e.or]) + ")"
	case test:
		return shownOperand(e.left) + map[bool]string{true: " ?", false: " "}[e.any] + e.op + " " + shownOperand(e.right)
	}
	return "?"
}

func shownOperand(o operand) string {
	switch o.kind {
	case tokenQuoted:
		return strconv.Quote(o.text)
	case tokenCall:
		args := make([]string, len(o.args))
		for i, a := range o.args {
			args[i] = shownOperand(a)
		}
		return o.text + "(" + strings.Join(args, ", ") + ")"
	}
	return o.text
}

func TestParse(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"blanks are free", "a=1", `a = 1`},
		{"blanks of every kind", "\n a \t = \r\n 'x' ", `a = "x"`},
		{"&& binds tighter", "a=1 || b=2 && c=3 || d=4", `(a = 1 || (b = 2 && c = 3) || d = 4)`},
		{"parentheses", "(a=1 || b=2) && ((c=3))", `((a = 1 || b = 2) && c = 3)`},
		{"every operator", "a=1&&a!=1&&a>1&&a>=1&&a<1&&a<=1&&a~1&&a!~1", `(a = 1 && a != 1 && a > 1 && a >= 1 && a < 1 && a <= 1 && a ~ 1 && a !~ 1)`},
		{"every operator with ?", "a?=1&&a?!=1&&a?>1&&a?>=1&&a?<1&&a?<=1&&a?~1&&a?!~1",
			`(a ?= 1 && a ?!= 1 && a ?> 1 && a ?>= 1 && a ?< 1 && a ?<= 1 && a ?~ 1 && a ?!~ 1)`},
		{"comments", "a=1 // one && b=2\n // two\n&& c=3 //", `(a = 1 && c = 3)`},
		{"no comment inside a text", "a='//x'", `a = "//x"`},
		{"escapes", `a = '\'\"\\\n\t\r\%\x' && b = "it's"`, `(a = "'\"\\\n\t\r\\%\\x" && b = "it's")`},
		{"a backslash at the end of a text", `a = 'x\\'`, `a = "x\\"`},
		{"numbers", "-1 = 12.5", `-1 = 12.5`},
		{"names", "@request.auth.id = #a && _x.y_1:each ?= a.0.b", `(@request.auth.id = #a && _x.y_1:each ?= a.0.b)`},
		{"functions", "f() = g(a, -1, 'x', h(b)) // c", `f() = g(a, -1, "x", h(b))`},
		{"letters outside ASCII in texts", "a = '日本'", `a = "日本"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := parse(c.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, shown(e)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestWrongFilters has the message of everything that can be wrong with a filter, of a guest where nothing else is said.
func TestWrongFilters(t *testing.T) {
	many := strings.Repeat("n=1&&", maxComparisons)
	for _, c := range []struct{ text, want string }{
		{"title", "character 6: a comparison such as = is missing"},
		{"title = ", "character 9: the filter ends where a name, number or text is missing"},
		{"= 1", `character 1: unexpected operator "=": want a name, number or text`},
		{"n = 1 & n = 2", `character 7: unknown operator "&": want && or ||`},
		{"n = 1 AND n = 2", `character 7: unexpected name "AND": want && or ||`},
		{"n = 1 n = 2", `character 7: unexpected name "n": want && or ||`},
		{"n == 1", `character 3: unknown operator "=="`},
		{"n =! 1", `character 3: unknown operator "=!"`},
		{"n ? 1", `character 3: unknown operator "?"`},
		{"n = 1 &&", "character 9: the filter ends where a name, number or text is missing"},
		{"(n = 1", "character 7: a closing parenthesis is missing"},
		{"n = 1)", `character 6: unexpected closing parenthesis ")": want && or ||`},
		{"()", `character 2: unexpected closing parenthesis ")": want a name, number or text`},
		{"title = 'é", "character 9: the text has no closing '"},
		{"title = 'é' ;", `character 13: unexpected ';'`},
		{"title = 日本", `character 9: unexpected '日'`},
		{"n = 1.", `character 5: "1." is no number`},
		{"n = 1.2.3", `character 5: "1.2.3" is no number`},
		{"n = -", `character 5: "-" is no number`},
		{"n = " + strings.Repeat("9", 401), "character 5: the number has too many digits"},
		{"n. = 1", `character 1: "n." is no name`},
		{"@ = 1", `character 1: "@" is no name`},
		{"a..b = 1", `character 1: "a..b" is no name`},
		{"// only a comment", "character 18: the filter ends where a name, number or text is missing"},
		{"a=\xff", "a filter is UTF-8 text"},
		{many + "n=1", "character 1001: a filter has at most 200 comparisons"},
		{strings.Repeat("(", 1800) + "n=1", "character 1752: parentheses go at most 1750 deep"},
		{strings.Repeat("f(", 5), "character 7: functions go at most 3 deep"},
		{"f(1 2) = 1", "character 5: a comma or closing parenthesis is missing after the arguments of f"},
		{"f(1,2,3,4,5,6,7,8,9,10,11) = 1", "character 24: f has at most 10 arguments"},
		{"n = 1 //" + strings.Repeat("x", maxFilterLength), "a filter has at most 3500 characters"},

		{"nope = 1", "character 1: unknown field nope: nope unknown"},
		{"1 = nope", "character 5: unknown field nope: nope unknown"},
		{"collectionId = 'x'", "character 1: unknown field collectionId: collectionId unknown"},
		{"cat.nope = 1", "character 1: unknown field nope: nope unknown"},
		{"secret = 'x'", "character 1: unknown field secret"},
		{"email = 'x'", "character 1: unknown field email: email unknown"},
		{"title.x = 1", "character 1: title is a field of type text: nothing inside it can be named"},
		{"title:nope = 1", "character 1: unknown modifier :nope"},
		{"title: = 1", `character 1: "title:" is no name`},
		{"cat:each.name = 1", `character 1: "cat:each.name" is no path of names`},
		{"cat.friend.friend.friend.friend.friend.friend.name = 1", "character 1: a path crosses at most 6 relations"},
		{"nope_via_cat.title = 1", "character 1: unknown field nope_via_cat: nope_via_cat unknown"},
		{"cats_via_title.title = 1", "character 1: cats.title is no relation to docs"},
		{"cat.docs_via_owner.title = 1", "character 1: docs.owner is no relation to cats"},
		{"vault.code = 1", "character 1: vaults may not be listed"},
		{"@collection.cats = 1", "character 1: @collection wants a collection and a field: @collection.name.field"},
		{"@collection.nope.x = 1", "character 1: there is no collection nope"},
		{"@request = 1", "character 1: @request wants a name: @request.auth.id"},
		{"@request.nope.x = 1", "character 1: unknown name @request.nope.x"},
		{"@request.auth = 1", "character 1: unknown name @request.auth"},
		{"@nope = 1", "character 1: unknown field @nope: @nope unknown"},
		{"nope(1) = 1", "character 1: unknown function nope"},
		{"strftime() = 1", "character 1: strftime wants a format"},
		{"strftime(title) = 1", "character 1: strftime wants its format and its modifiers in quotes"},
		{"strftime('%Y', seen, title) = 1", "character 1: strftime wants its format and its modifiers in quotes"},
		{"strftime('%Y', strftime('%Y')) = 1", "character 1: strftime takes no function"},
		{"strftime('%Y', lines) = 1", "character 1: lines is a table: only :length and null compare with it"},
		{"geoDistance(1, 2, 3) = 1", "character 1: geoDistance wants four numbers: lonA, latA, lonB, latB"},
		{"geoDistance(1, 2, 3, '4') = 1", "character 1: geoDistance wants numbers and names"},
		{"lines.0 = 1", "character 1: lines.0 is a whole row: name one of its columns"},
		{"lines.0.nope = 1", "character 1: lines has no column nope"},
		{"title = lines", "character 1: lines is a table: only :length and null compare with it"},
		{"lines = 'x'", "character 1: lines is a table: only :length and null compare with it"},
	} {
		t.Run(c.text[:min(len(c.text), 40)], func(t *testing.T) {
			_, err := lowered(querySpace(), "guest", c.text)
			if dossier.KindOf(err) != dossier.Invalid {
				t.Fatalf("error %v, want it invalid", err)
			}
			if err.Error() != c.want {
				t.Errorf("\n got %s\nwant %s", err, c.want)
			}
		})
	}
}

func TestJoinsAreBounded(t *testing.T) {
	var parts []string
	for i := range 60 {
		parts = append(parts, "@collection.cats:a"+strconv.Itoa(i)+".name ?= @collection.cats:a"+strconv.Itoa(i+1)+".name")
	}
	_, err := lowered(querySpace(), "guest", strings.Join(parts, "&&"))
	if !errors.Is(err, dossier.Invalid) {
		t.Errorf("error %v, want it invalid", err)
	}
}

// FuzzFilter lowers any text as a filter and as a rule: what parses passes query.Check or is invalid, and means something.
func FuzzFilter(f *testing.F) {
	for _, s := range []string{"title = 'x'", "(n > 1 || done = true) && cats.name ?~ 'a'", "@request.auth.team.name = @collection.cats:x.name // c",
		"tags:each != \"a\" && papers ~ '\"x' && due <= @todayEnd", "cat.docs_via_cats.title:lower ?!= data", "f(1,'x',g()) = null",
		"strftime('%Y-%m', seen) = '2026-11' && geoDistance(1,2,3,n) < 5", "@request.body.cat.name:lower = 1 && @request.body.tags:changed = false"} {
		f.Add(s)
	}
	space := querySpace()
	docs := queryCollection(space, "docs")
	f.Fuzz(func(t *testing.T, text string) {
		for _, mode := range []string{"guest", "superuser", "user", "nobody", "update"} {
			tree, err := lowered(space, mode, text)
			if err != nil {
				if !errors.Is(err, dossier.Invalid) {
					t.Fatalf("%s: %v", mode, err)
				}
				continue
			}
			if _, err := query.Check(space, docs, query.Query{Filter: tree}); err != nil {
				if !errors.Is(err, dossier.Invalid) {
					t.Fatalf("%s: %v", mode, err)
				}
				continue
			}
			passing(t, space, docs, tree)
		}
	})
}
