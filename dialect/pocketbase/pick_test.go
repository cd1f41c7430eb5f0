package pocketbase

import (
	"encoding/json"
	"testing"
)

func TestPickTakesWhatFieldsNames(t *testing.T) {
	doc := map[string]any{
		"id": "1", "body": "<p>Hello <b>wor</b>ld</p><script>x()</script><p>again</p>",
		"expand": map[string]any{"owner": map[string]any{"id": "2", "name": "U"}, "tags": []map[string]any{{"id": "3", "n": 1}, {"id": "4", "n": 2}}},
		"meta":   json.RawMessage(`{"a":{"b":1,"c":2}}`),
	}
	tests := []struct{ name, fields, want string }{
		{"one key", "id", `{"id":"1"}`},
		{"unknown keys are left out", "nothing,id", `{"id":"1"}`},
		{"a path", "expand.owner.name", `{"expand":{"owner":{"name":"U"}}}`},
		{"a path through a list", "expand.tags.n", `{"expand":{"tags":[{"n":1},{"n":2}]}}`},
		{"a path into JSON", "meta.a.c", `{"meta":{"a":{"c":2}}}`},
		{"every key of a level, but one shortened", "expand.owner.*,body:excerpt(8)", `{"body":"Hello wo","expand":{"owner":{"id":"2","name":"U"}}}`},
		{"an excerpt with dots", "body:excerpt(8, true)", `{"body":"Hello wo..."}`},
		{"an excerpt that is long enough", "body:excerpt(80,true)", `{"body":"Hello world again"}`},
		{"everything, with a shorter path", "*,expand.owner.id,body:excerpt(5),meta.a.b",
			`{"body":"Hello","expand":{"owner":{"id":"2"}},"id":"1","meta":{"a":{"b":1}}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := parsePicker(tt.fields)
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.Marshal(p.pick(doc))
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestParsePickerRefusesUnknownModifiers(t *testing.T) {
	for _, text := range []string{"a:excerpt", "a:excerpt()", "a:excerpt(0)", "a:excerpt(x)", "a:excerpt(1,maybe)", "a:lower", "a:excerpt(1", "a:1)", "a:lower(1)"} {
		if _, err := parsePicker(text); err == nil {
			t.Errorf("parsePicker(%q) takes it", text)
		}
	}
}

func TestExcerptsOfHTML(t *testing.T) {
	for _, c := range []struct{ name, html, want string }{
		{"blocks part words, inline elements do not", "<p>a<b>b</b></p><div>c</div>d<br>e", "ab c de"},
		{"pictures and entries leave nothing", "a<img alt='x'>b<input>c<embed>d", "abcd"},
		{"silent elements, one in another", "a<dialog>x<dialog>y</dialog>z</dialog>b<STYLE>p{}<style></style>c", "abc"},
		{"a bracket that opens nothing", "1 < 2 <3 <", "1 < 2 <3 <"},
		{"a bracket in quotes", `<a title="x>y" href='>'>z</a>`, "z"},
		{"comments", "a<!-- > <p> -->b<!doctype html>c<?x?>d", "abcd"},
		{"entities are text", "&lt;p&gt;&amp;amp;&nbsp;x", "<p>&amp;\u00a0x"},
		{"a tag without an end", "a<p", "a"},
		{"a comment without an end", "a<!-- b", "a"},
	} {
		if got := (&excerpt{most: 100}).of(c.html); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func FuzzParsePicker(f *testing.F) {
	for _, seed := range []string{"a,b.c", "*,a:excerpt(3,true)", "((", ",,.", "a:excerpt(-1)"} {
		f.Add(seed)
	}
	doc := generic(map[string]any{"a": "<b>x", "b": map[string]any{"c": []any{1, "d"}}})
	f.Fuzz(func(t *testing.T, text string) {
		if p, err := parsePicker(text); err == nil {
			p.pick(doc)
		}
	})
}

func FuzzStripTags(f *testing.F) {
	f.Add("<p>a</p><script>b</script>")
	f.Add("< a >< / ><<>>")
	f.Fuzz(func(t *testing.T, text string) {
		e := excerpt{most: 3, ellipsis: true}
		if got := []rune(e.of(text)); len(got) > 6 {
			t.Errorf("%q is longer than the excerpt and its dots", string(got))
		}
	})
}
