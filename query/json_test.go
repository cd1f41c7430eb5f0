package query

import (
	"encoding/json"
	"testing"

	"dossier"
)

func TestJSONValue(t *testing.T) {
	const doc = dossier.JSON(`{"a":{"b":[1,"Ä\u00e4",null,true,{"c":-0.50}]},"a.b":"dot","0":"zero","":"none","\"":"quote","nul":"a\u0000","e":1e2,"big":1e999,"x":1,"x":"last"}`)
	for name, c := range map[string]struct {
		path []string
		as   Type
		want dossier.Value
	}{
		"a number in a list in an object":    {[]string{"a", "b", "0"}, Decimal, dossier.Number("1")},
		"a number is no text":                {[]string{"a", "b", "0"}, Text, nil},
		"a number as JSON":                   {[]string{"a", "b", "0"}, JSON, dossier.JSON("1")},
		"a string":                           {[]string{"a", "b", "1"}, Text, dossier.Text("Ää")},
		"a string as JSON keeps its escapes": {[]string{"a", "b", "1"}, JSON, dossier.JSON(`"Ä\u00e4"`)},
		"null is empty":                      {[]string{"a", "b", "2"}, JSON, nil},
		"a truth value":                      {[]string{"a", "b", "3"}, Bool, dossier.Bool(true)},
		"a truth value is no number":         {[]string{"a", "b", "3"}, Decimal, nil},
		"digits are kept":                    {[]string{"a", "b", "4", "c"}, Decimal, dossier.Number("-0.50")},
		"an object as JSON":                  {[]string{"a", "b", "4"}, JSON, dossier.JSON(`{"c":-0.50}`)},
		"past the end":                       {[]string{"a", "b", "5"}, JSON, nil},
		"no index":                           {[]string{"a", "b", "00"}, JSON, nil},
		"nothing is inside a string":         {[]string{"0", "0"}, JSON, nil},
		"a dot in a name":                    {[]string{"a.b"}, Text, dossier.Text("dot")},
		"digits as a name":                   {[]string{"0"}, Text, dossier.Text("zero")},
		"no name":                            {[]string{""}, Text, dossier.Text("none")},
		"a name with an escape":              {[]string{`"`}, Text, dossier.Text("quote")},
		"a string with NUL is no text":       {[]string{"nul"}, Text, nil},
		"an exponent":                        {[]string{"e"}, Decimal, dossier.Number("100")},
		"a number too big":                   {[]string{"big"}, Decimal, nil},
		"the last of two members":            {[]string{"x"}, Text, dossier.Text("last")},
		"the whole document":                 {nil, JSON, doc},
	} {
		t.Run(name, func(t *testing.T) {
			if got := JSONValue(doc, c.path, c.as); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestJSONLength(t *testing.T) {
	for doc, want := range map[dossier.JSON]int{"[]": 0, "[1]": 1, `["a,]",[1,2],{"b":[3]}]`: 3, "{}": 0, `{"a":1}`: 0, `"[1]"`: 0, "null": 0, "": 0, " [1, 2 ] ": 2} {
		if got := JSONLength(doc); got != want {
			t.Errorf("%s has %d, want %d", doc, got, want)
		}
	}
}

// FuzzJSONValue holds the reader of documents against encoding/json, and lets no text harm it.
func FuzzJSONValue(f *testing.F) {
	for _, doc := range []string{`{"a":[1,"x",{"b":null}]}`, `[[],{},"\""]`, `{"a" : 1 , "b":[ true ]}`, `{`, `[1,`, `"`, `{"a"`, `}`, `[[[`} {
		f.Add(doc, "a", "0")
	}
	f.Fuzz(func(t *testing.T, doc, first, second string) {
		path := []string{first, second}
		for _, as := range []Type{Text, Decimal, Bool, JSON} {
			JSONValue(dossier.JSON(doc), path, as)
		}
		n := JSONLength(dossier.JSON(doc))
		var list []json.RawMessage
		if json.Valid([]byte(doc)) {
			_ = json.Unmarshal([]byte(doc), &list)
			if n != len(list) {
				t.Errorf("%s has %d elements, not %d", doc, len(list), n)
			}
		}
		var object map[string]json.RawMessage
		if json.Unmarshal([]byte(doc), &object) != nil {
			return
		}
		want := object[first]
		if string(want) == "null" {
			want = nil
		}
		got, _ := JSONValue(dossier.JSON(doc), path[:1], JSON).(dossier.JSON)
		if string(got) != string(want) {
			t.Errorf("%s at %q is %s, want %s", doc, first, got, want)
		}
	})
}
