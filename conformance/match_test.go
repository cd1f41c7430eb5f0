package conformance

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDiffOfJSON(t *testing.T) {
	for name, c := range map[string]struct {
		want, got string
		same      bool
	}{
		"equal values in another key order":            {`{"a":1,"b":[true,null]}`, `{"b":[true,null],"a":1}`, true},
		"numbers of one value written differently":     {`{"a":1.50}`, `{"a":15e-1}`, true},
		"numbers of two values":                        {`{"a":1}`, `{"a":1.01}`, false},
		"large numbers that a float cannot tell apart": {`[9007199254740993]`, `[9007199254740992]`, false},
		"a number and its text":                        {`{"a":1}`, `{"a":"1"}`, false},
		"a missing key":                                {`{"a":1,"b":2}`, `{"a":1}`, false},
		"an extra key":                                 {`{"a":1}`, `{"a":1,"b":2}`, false},
		"an extra key where further ones are allowed":  {`{"a":1,"...":""}`, `{"a":1,"b":2}`, true},
		"a wrong key where further ones are allowed":   {`{"a":1,"...":""}`, `{"a":2,"b":2}`, false},
		"a missing key where further ones are allowed": {`{"a":1,"...":""}`, `{"b":2}`, false},
		"an extra element":                             {`[1]`, `[1,2]`, false},
		"a missing element":                            {`[1,2]`, `[1]`, false},
		"further elements where they are allowed":      {`[1,"..."]`, `[1,2,3]`, true},
		"elements in another order":                    {`[1,2]`, `[2,1]`, false},
		"an empty list and null":                       {`{"a":[]}`, `{"a":null}`, false},
		"an empty object and an empty list":            {`{}`, `[]`, false},
		"anything, null included":                      {`{"a":"{{any}}"}`, `{"a":null}`, true},
		"a name takes no null":                         {`{"a":"{{a}}"}`, `{"a":null}`, false},
		"a name takes no empty text":                   {`{"a":"{{a}}"}`, `{"a":""}`, false},
		"a name that is the same twice":                {`["{{a}}","{{a}}"]`, `["x","x"]`, true},
		"a name that differs":                          {`["{{a}}","{{a}}"]`, `["x","y"]`, false},
		"a name inside text, met before it stands alone": {
			`{"a":"<{{n}}>{{n}}","z":"{{n}}"}`, `{"a":"<x.y>x.y","z":"x.y"}`, true},
		"a name twice in a text, different":  {`["{{n}}-{{n}}"]`, `["a-b"]`, false},
		"a typed hole that fits":             {`["{{k:uuid}}"]`, `["c15b3870-7505-4ab6-9d8d-b9bdbc74f5d6"]`, true},
		"a typed hole in capitals":           {`["{{k:uuid}}"]`, `["C15B3870-7505-4AB6-9D8D-B9BDBC74F5D6"]`, false},
		"a typed hole with something behind": {`["{{k:hex24}}"]`, `["7a10c3f29b4e5d6a8c90e1f2a"]`, false},
		"a number hole and a number":         {`["{{n:number}}"]`, `[-1.5]`, true},
		"a number hole and a text":           {`["{{n:number}}"]`, `["1"]`, false},
		"digits and a number":                {`["{{n:digits}}"]`, `[1]`, false},
		"an expression that fits":            {`["{{~(a|b)[0-9]{2}}}"]`, `["b12"]`, true},
		"an expression must fit to the end":  {`["{{~[0-9]{2}}}"]`, `["123"]`, false},
		"an expression inside text":          {`["x_{{r~[a-z0-9]{10}}}.txt"]`, `["x_0123456789.txt"]`, true},
		"an expression inside text, short":   {`["x_{{r~[a-z0-9]{10}}}.txt"]`, `["x_012345678.txt"]`, false},
		"text with a dot is no expression":   {`["a.b{{any}}"]`, `["axb"]`, false},
		"true and a text":                    {`[true]`, `["true"]`, false},
	} {
		t.Run(name, func(t *testing.T) {
			diff := Values{}.Diff(mustDecode(t, c.want), mustDecode(t, c.got))
			if (diff == "") != c.same {
				t.Errorf("want %s\ngot  %s\nsame: %v, diff:\n%s", c.want, c.got, c.same, diff)
			}
		})
	}
}

func TestDiffOfText(t *testing.T) {
	for name, c := range map[string]struct {
		want, got string
		same      bool
	}{
		"equal":                     {"Invalid API key", "Invalid API key", true},
		"other letter case":         {"Invalid API key", "invalid api key", false},
		"a line break at the end":   {"Invalid API key", "Invalid API key\n", false},
		"empty and something":       {"", "x", false},
		"a hole over several lines": {"a{{any}}z", "a\nb\nz", true},
		"a hole may be empty":       {"a{{any}}z", "az", true},
		"a part only":               {"{{n:digits}}", "12 apples", false},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := (Values{}).DiffText(c.want, c.got); (diff == "") != c.same {
				t.Errorf("same: %v, diff:\n%s", c.same, diff)
			}
		})
	}
}

func TestCapturesKeepTheirKind(t *testing.T) {
	v := Values{}
	if d := v.Diff(mustDecode(t, `{"s":"{{s}}","n":"{{n}}","o":"{{o}}"}`), mustDecode(t, `{"s":"a\"b","n":7,"o":{"k":[1]}}`)); d != "" {
		t.Fatal(d)
	}
	p := &Player{values: v}
	got, err := p.expand(`{"s":"{{s}}","n":{{n}},"o":{{o}}}`, true)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(`{"s":"a\"b","n":7,"o":{"k":[1]}}`, got); d != "" {
		t.Error(d)
	}
}

func TestAFailedTextCapturesNothing(t *testing.T) {
	v := Values{}
	if v.DiffText("id={{id:digits}};", "id=x;") == "" {
		t.Fatal("a text that does not fit passed")
	}
	if len(v) != 0 {
		t.Errorf("captured %v from a text that does not fit", v)
	}
}

func mustDecode(t *testing.T, s string) any {
	t.Helper()
	v, err := decodeJSON([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return v
}
