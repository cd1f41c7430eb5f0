package sqlstore

import (
	"errors"
	"strings"
	"testing"

	"dossier"
)

func TestTokensOfAViewsQuery(t *testing.T) {
	q, err := parseView("  SELECT a.\"i\"\"d\", 'it''s; --' /* ) */ AS `x y`, [z], n*1.5e2 -- ;\n FROM posts; ")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, t := range q.tokens {
		got = append(got, t.text)
	}
	if want := `SELECT|a|.|i"d|,|it's; --|AS|x y|,|z|,|n|*|1|.|5e2|FROM|posts`; strings.Join(got, "|") != want {
		t.Errorf("got %s", strings.Join(got, "|"))
	}
	if items := q.items(); len(items) != 4 || len(items[0]) != 3 {
		t.Errorf("got items %v", items)
	}
}

func TestArmsOfACompound(t *testing.T) {
	for text, want := range map[string]string{
		"select 1":                "select 1",
		"select 1 union select 2": "select 1 | select 2",
		"select 1 union all select 2 except select 3":  "select 1 | select 2 | select 3",
		"with x as (select 1) select 2 union select 3": "with x as (select 1) select 2 | with x as (select 1) select 3",
		"select (select 1 union select 2)":             "none",
	} {
		q, err := parseView(text)
		if err != nil {
			t.Fatal(err)
		}
		arms, ok := q.arms()
		for i := range arms {
			arms[i] = strings.Join(strings.Fields(arms[i]), " ")
		}
		got := strings.Join(arms, " | ")
		if !ok {
			got = "none"
		}
		if got != want {
			t.Errorf("%s: got %s", text, got)
		}
	}
}

// FuzzParseView has texts that are no queries: whatever is let through stays within the parentheses around it.
func FuzzParseView(f *testing.F) {
	for _, s := range []string{"select id from posts", "with x as (select 1) select * from x;", "select ')', \"(\", `)`, [(] from a -- )", "select 1 /* ; */ union all select (2)",
		"select 'a''b' as \"c\"\"d\" from e where f = g order by h limit 1", "select cast(a as text) b, count(*) over (), -1.5e3 from (select 1)", "select \"", "select /*", "select )(", "select é"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := parseView(text)
		if err != nil {
			if !errors.Is(err, dossier.Invalid) {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		depth := 0
		for _, token := range q.tokens {
			switch {
			case token.is("("):
				depth++
			case token.is(")"):
				depth--
			case token.is(";"):
				t.Fatalf("%q has two statements", text)
			}
			if depth < 0 {
				t.Fatalf("%q closes what is around it", text)
			}
		}
		if depth != 0 {
			t.Fatalf("%q leaves something open", text)
		}
		for _, item := range q.items() {
			computed(item)
		}
		q.arms()
		if again, err := parseView(q.text); err != nil || len(again.tokens) != len(q.tokens) {
			t.Fatalf("%q reads differently the second time: %v", text, err)
		}
	})
}
