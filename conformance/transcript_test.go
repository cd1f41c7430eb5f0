package conformance

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseReadsEveryPartOfAStep(t *testing.T) {
	got, err := Parse("a.http", `## A remark.
@token = abc

# A title
# on two lines.
POST /path
  ? app = 2
  & query = title = "One = two"
Content-Type: multipart/form-data;
  file=@hello.txt;
  title=Hello
X-Token: {{token}}

{"a": 1,

 "b": 2}

200 OK
X-Seen: yes
{"id": "{{id}}"}

## Another remark.
# The next step.
@ours the other one says 500
GET /{{id}}

204
`)
	if err != nil {
		t.Fatal(err)
	}
	want := &Transcript{Path: "a.http", Vars: []Pair{{"token", "abc"}}, Steps: []*Step{
		{Path: "a.http", Line: 4, Title: "A title on two lines.", Request: Request{
			Method: "POST", Target: "/path",
			Query:  []Pair{{"app", "2"}, {"query", `title = "One = two"`}},
			Header: []Pair{{"Content-Type", "multipart/form-data; file=@hello.txt; title=Hello"}, {"X-Token", "{{token}}"}},
			Body:   "{\"a\": 1,\n\n \"b\": 2}",
		}, Want: Want{Status: 200, Header: []Pair{{"X-Seen", "yes"}}, Body: `{"id": "{{id}}"}`}},
		{Path: "a.http", Line: 23, Title: "The next step.", Ours: "the other one says 500", Request: Request{Method: "GET", Target: "/{{id}}"}, Want: Want{Status: 204}},
	}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"an empty file":                          {"\n", "no step"},
		"a request without a title":              {"GET /\n\n200\n", "a.http:1: want a variable"},
		"a step without a status":                {"# One.\nGET /\n\n# Two.\nGET /\n\n200\n", "want a status line"},
		"a header without a colon":               {"# One.\nGET /\nAccept\n\n200\n", "a.http:3: want a header"},
		"a query behind a header":                {"# One.\nGET /\nAccept: a\n  ? b = c\n\n200\n", "a.http:4: want the query before"},
		"ours without a reason":                  {"# One.\n@ours\nGET /\n\n200\n", "a.http:2: want a request line"},
		"a lower-case method":                    {"# One.\nget /\n\n200\n", "a.http:2: want a request line"},
		"a name that no step captured":           {"# One.\nGET /{{id}}\n\n200\n", "no earlier step captured it"},
		"a name captured only later":             {"# One.\nGET /{{id}}\n\n200\n{\"id\": \"{{id}}\"}\n", "no earlier step"},
		"an unknown type of hole":                {"# One.\nGET /\n\n200\n{{a:colour}}\n", "unknown type"},
		"a broken expression":                    {"# One.\nGET /\n\n200\n{{~(}}\n", "missing closing"},
		"expected JSON that is none":             {"# One.\nGET /\n\n200\n{\"a\": }\n", "expected body"},
		"a body rule that does not exist":        {"# One.\nGET /\n\n200\n= colour red\n", "want = @file"},
		"a second title between status and body": {"# One.\n# Two.\n\nGET /\n\n200\n", "want a request line"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("a.http", c.text)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("want an error with %q, got %v", c.want, err)
			}
		})
	}
}
