package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"dossier"
)

func TestParseJSONKeepsWhatWasSent(t *testing.T) {
	for _, c := range []struct {
		in   string
		want any
	}{
		{`{}`, map[string]any{}},
		{`[]`, []any{}},
		{` [ 1 , "a" , true , false , null ] `, []any{json.Number("1"), "a", true, false, nil}},
		{`{"Admin":1,"admin":2}`, map[string]any{"Admin": json.Number("1"), "admin": json.Number("2")}},
		{`{"__proto__":{}}`, map[string]any{"__proto__": map[string]any{}}},
		{`9007199254740993`, json.Number("9007199254740993")},
		{`-0`, json.Number("-0")},
		{`1.50`, json.Number("1.50")},
		{`1e400`, json.Number("1e400")},
		{`-1.0E+05`, json.Number("-1.0E+05")},
		{strings.Repeat("7", 400), json.Number(strings.Repeat("7", 400))},
		{`"\"\\\/\b\f\n\r\t"`, "\"\\/\b\f\n\r\t"},
		{`"\u00e9é\u65E5日\ud83d\ude00😀"`, "éé日日😀😀"},
		{`"\ufffd"`, "\ufffd"},
		{"\"\u007f\u2028\"", "\u007f\u2028"},
		{strings.Repeat("[", 64) + strings.Repeat("]", 64), nested(64)},
	} {
		got, err := ParseJSON([]byte(c.in))
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%.60s: got %#v, %v", c.in, got, err)
		}
	}
}

func nested(n int) any {
	v := []any{}
	for range n - 1 {
		v = []any{v}
	}
	return v
}

func TestParseJSONRefusesWithPosition(t *testing.T) {
	for _, c := range []struct {
		in           string
		offset       int
		line, column int
		what         string
	}{
		{``, 0, 1, 1, "unexpected end, wanted a value"},
		{"{\n \"a\": x}", 8, 2, 7, "unexpected 'x', wanted a value"},
		{`{"a":1,"a":2}`, 7, 1, 8, `duplicate key "a"`},
		{`{"a":1,"\u0061":2}`, 7, 1, 8, `duplicate key "a"`},
		{`{"a" 1}`, 5, 1, 6, "unexpected '1', wanted ':'"},
		{`{"a":1,}`, 7, 1, 8, "unexpected '}', wanted a key"},
		{`{a:1}`, 1, 1, 2, "unexpected 'a', wanted a key"},
		{`{"a":1`, 6, 1, 7, "unexpected end, wanted ',' or '}'"},
		{`[1,]`, 3, 1, 4, "unexpected ']', wanted a value"},
		{`[1 2]`, 3, 1, 4, "unexpected '2', wanted ',' or ']'"},
		{`{} {}`, 3, 1, 4, "data after the document"},
		{`1 // c`, 2, 1, 3, "data after the document"},
		{`01`, 2, 1, 3, "a number without digits or with a leading zero"},
		{`-`, 1, 1, 2, "a number without digits or with a leading zero"},
		{`1.`, 2, 1, 3, "unexpected end, wanted a digit"},
		{`1e+`, 3, 1, 4, "unexpected end, wanted a digit"},
		{`.5`, 0, 1, 1, "unexpected '.', wanted a value"},
		{`NaN`, 0, 1, 1, "unexpected 'N', wanted a value"},
		{`nul`, 0, 1, 1, "unexpected 'n', wanted a value"},
		{`'a'`, 0, 1, 1, `unexpected '\'', wanted a value`},
		{"\ufeff{}", 0, 1, 1, `unexpected '\ufeff', wanted a value`},
		{"\x00", 0, 1, 1, `unexpected '\x00', wanted a value`},
		{"\"a\x00\"", 2, 1, 3, `unexpected '\x00', wanted no control character in a string`},
		{"\"a\nb\"", 2, 1, 3, `unexpected '\n', wanted no control character in a string`},
		{`"\u0000"`, 1, 1, 2, "NUL in a string"},
		{"\"\xff\"", 1, 1, 2, "invalid UTF-8"},
		{"\"é\xed\xa0\x80\"", 3, 1, 4, "invalid UTF-8"},
		{`"\ud800"`, 1, 1, 2, "a lone surrogate"},
		{`"\udc00\ud800"`, 1, 1, 2, "a lone surrogate"},
		{`"\ud800\u0041"`, 1, 1, 2, "a lone surrogate"},
		{`"\uD8`, 5, 1, 6, "unexpected end, wanted a hexadecimal digit"},
		{`"\u00g0"`, 5, 1, 6, "unexpected 'g', wanted a hexadecimal digit"},
		{`"\x"`, 2, 1, 3, "unexpected 'x', wanted an escape"},
		{`"a`, 2, 1, 3, `unexpected end, wanted '"'`},
		{strings.Repeat("[", 65), 64, 1, 65, "deeper than 64 levels"},
		{strings.Repeat(`{"a":`, 1_000_000), 320, 1, 321, "deeper than 64 levels"},
		{strings.Repeat("1", maxNumber+1), maxNumber + 1, 1, maxNumber + 2, "a number of more than 4096 characters"},
		{"--b\r\nContent-Disposition: form-data", 1, 1, 2, "a number without digits or with a leading zero"},
	} {
		_, err := ParseJSON([]byte(c.in))
		var got *SyntaxError
		want := &SyntaxError{c.offset, c.line, c.column, c.what}
		if !errors.As(err, &got) || dossier.KindOf(err) != dossier.Invalid || !reflect.DeepEqual(got, want) {
			t.Errorf("%.60q: got %v (%+v), want %+v", c.in, err, got, want)
		}
	}
}

func TestParseJSONCountsValues(t *testing.T) {
	_, err := ParseJSON([]byte("[" + strings.Repeat("0,", maxValues) + "0]"))
	if dossier.KindOf(err) != dossier.TooLarge {
		t.Error(err)
	}
}

func TestReadJSON(t *testing.T) {
	broken := io.MultiReader(strings.NewReader("{"), iotest.ErrReader(io.ErrUnexpectedEOF))
	for _, c := range []struct {
		name     string
		body     io.Reader
		length   int64
		encoding string
		first    bool
		want     any
		kind     dossier.Kind
	}{
		{name: "empty", body: strings.NewReader("")},
		{name: "blank", body: strings.NewReader(" \r\n")},
		{name: "no body"},
		{name: "at the limit", body: strings.NewReader(`"12345678"`), want: "12345678"},
		{name: "over the limit", body: strings.NewReader(`"123456789"`), length: -1, kind: dossier.TooLarge},
		{name: "over the limit by its length", body: iotest.ErrReader(errors.New("was read")), length: 11, kind: dossier.TooLarge},
		{name: "over another limit", body: iotest.ErrReader(&http.MaxBytesError{Limit: 3}), length: -1, kind: dossier.TooLarge},
		{name: "cut off", body: broken, length: 9, kind: dossier.Incomplete},
		{name: "classified before", body: iotest.ErrReader(dossier.Errorf(dossier.Busy, "x")), kind: dossier.Busy},
		{name: "compressed", body: strings.NewReader("x"), encoding: "gzip", kind: dossier.Unsupported},
		{name: "not compressed", body: strings.NewReader("1"), encoding: "identity", want: json.Number("1")},
		{name: "malformed", body: strings.NewReader("{"), kind: dossier.Invalid},
		{name: "trailing data", body: strings.NewReader("1 2"), kind: dossier.Invalid},
		{name: "trailing data ignored", body: strings.NewReader("1 }"), first: true, want: json.Number("1")},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest("POST", "/", c.body)
			if c.length != 0 {
				r.ContentLength = c.length
			}
			if c.encoding != "" {
				r.Header.Set("Content-Encoding", c.encoding)
			}
			read := ReadJSON
			if c.first {
				read = ReadJSONFirst
			}
			got, err := read(r, 10)
			if dossier.KindOf(err) != c.kind || !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %#v, %v", got, err)
			}
		})
	}
}

func TestWriteJSON(t *testing.T) {
	for _, c := range []struct {
		escape bool
		want   string
	}{{true, `{"a":"\u003cb\u003e"}`}, {false, `{"a":"<b>"}`}} {
		w := httptest.NewRecorder()
		if err := WriteJSON(w, 201, "application/json;charset=utf-8", map[string]string{"a": "<b>"}, c.escape); err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprint(w.Code, w.Header(), w.Body)
		want := fmt.Sprintf("201 map[Content-Length:[%d] Content-Type:[application/json;charset=utf-8]] %s", len(c.want), c.want)
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestWriteJSONLineEndsItsLine(t *testing.T) {
	w := httptest.NewRecorder()
	if err := WriteJSONLine(w, 201, "application/json", map[string]string{"a": "<b>"}); err != nil {
		t.Fatal(err)
	}
	const want = `{"a":"\u003cb\u003e"}` + "\n"
	if w.Body.String() != want || w.Header().Get("Content-Length") != strconv.Itoa(len(want)) {
		t.Errorf("got %q, %v", w.Body, w.Header())
	}
}

func TestWriteJSONWritesNothingItCannotEncode(t *testing.T) {
	w := httptest.NewRecorder()
	err := WriteJSON(w, 200, "application/json", func() {}, true)
	if dossier.KindOf(err) != dossier.Internal || len(w.Header()) > 0 || w.Body.Len() > 0 {
		t.Error(err, w.Header(), w.Body)
	}
}

func TestPooledBuffersAreNotShared(t *testing.T) {
	read := func(s string) any {
		v, err := ReadJSON(httptest.NewRequest("POST", "/", strings.NewReader(s)), 100)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	first := read(`["aaaa",1111,{"bbbb":"\u0063ccc"}]`)
	read(`["XXXX",9999,{"YYYY":"ZZZZZZZZZ"}]`)
	want := []any{"aaaa", json.Number("1111"), map[string]any{"bbbb": "cccc"}}
	if !reflect.DeepEqual(first, want) {
		t.Errorf("got %#v", first)
	}
}

func TestParseQueryLenient(t *testing.T) {
	for in, want := range map[string]Pairs{
		"":                   nil,
		"&&":                 nil,
		"a=1&b=2&a=3":        {{"a", "1"}, {"b", "2"}, {"a", "3"}},
		"a=x;b=y":            {{"a", "x;b=y"}},
		"a=1=2":              {{"a", "1=2"}},
		"a":                  {{"a", ""}},
		"=v":                 {{"", "v"}},
		"a+b=c+d%20e":        {{"a b", "c d e"}},
		"a=100%&b=%zz&c=%4":  {{"a", "100%"}, {"b", "%zz"}, {"c", "%4"}},
		"a=%25%32%35":        {{"a", "%25"}},
		"f%5B0%5D=%E6%97%a5": {{"f[0]", "日"}},
		"a=%ff":              {{"a", "\ufffd"}},
	} {
		if got := ParseQueryLenient(in); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}

func TestPairs(t *testing.T) {
	ps := Pairs{{"a", "1"}, {"b", "2"}, {"a", "3"}}
	v, ok := ps.Get("a")
	_, missing := ps.Get("c")
	if v != "1" || !ok || missing || !reflect.DeepEqual(ps.All("a"), []string{"1", "3"}) || ps.All("c") != nil {
		t.Error(v, ok, missing, ps.All("a"))
	}
}

func TestReadForm(t *testing.T) {
	for _, c := range []struct {
		body string
		want Pairs
		kind dossier.Kind
	}{
		{"", nil, ""},
		{"a=1&b=%2B", Pairs{{"a", "1"}, {"b", "+"}}, ""},
		{"a=%ff", nil, dossier.Invalid},
		{"a=%zz", nil, dossier.Invalid},
		{"a=100%", nil, dossier.Invalid},
		{strings.Repeat("&", maxPairs), nil, dossier.TooLarge},
		{strings.Repeat("a", 20_001), nil, dossier.TooLarge},
	} {
		got, err := ReadForm(httptest.NewRequest("POST", "/", strings.NewReader(c.body)), 20_000)
		if dossier.KindOf(err) != c.kind || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%.40q: got %v, %v", c.body, got, err)
		}
	}
}

func TestMediaType(t *testing.T) {
	for in, want := range map[string]string{"": "", "Application/JSON ; charset=x": "application/json", ";": ""} {
		r := httptest.NewRequest("POST", "/", nil)
		r.Header.Set("Content-Type", in)
		if got := MediaType(r); got != want {
			t.Errorf("%q: got %q", in, got)
		}
	}
}

// FuzzJSON holds the parser to the standard library's: what it takes, that takes too, and both see the same.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{
		`{"a":[1,-2.5e3,"\u00e9\ud83d\ude00",null,true]}`, `{"a":1,"a":2}`, `"\ud800"`, "\"\xff\"", `[[[[]]]]`, ` 1 `, `01`, `"\u0000"`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := ParseJSON(b)
		if err != nil {
			if k := dossier.KindOf(err); k != dossier.Invalid && k != dossier.TooLarge {
				t.Fatalf("kind %s: %v", k, err)
			}
			return
		}
		dec := json.NewDecoder(bytes.NewReader(b))
		dec.UseNumber()
		var want any
		if err := dec.Decode(&want); err != nil {
			t.Fatalf("taken, but: %v", err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got %#v, want %#v", got, want)
		}
	})
}
