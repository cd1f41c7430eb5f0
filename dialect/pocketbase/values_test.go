package pocketbase

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dossier"
	"dossier/wire"
)

func oneOf(t dossier.FieldType) *dossier.Field {
	return &dossier.Field{Name: "f", Type: t, MaxSelect: 1}
}

func manyOf(t dossier.FieldType) *dossier.Field {
	return &dossier.Field{Name: "f", Type: t, MaxSelect: 5}
}

func tableField() *dossier.Field {
	return &dossier.Field{Name: "f", Type: dossier.TypeTable, Fields: []*dossier.Field{
		{Name: "item", Type: dossier.TypeText}, {Name: "qty", Type: dossier.TypeNumber}, {Name: "proof", Type: dossier.TypeFile, MaxSelect: 5},
	}}
}

func TestEncodeValueShowsEveryType(t *testing.T) {
	file := func(slug string) *dossier.File { return &dossier.File{Slug: slug} }
	at := dossier.InstantOf(time.Date(2026, 11, 21, 8, 10, 23, 725e6, time.UTC))
	tests := []struct {
		name  string
		field *dossier.Field
		value dossier.Value
		want  string
	}{
		{"empty text", oneOf(dossier.TypeText), nil, `""`},
		{"text", oneOf(dossier.TypeText), dossier.Text("a<b"), `"a\u003cb"`},
		{"rich text", oneOf(dossier.TypeRichText), dossier.Text("<p>x</p>"), `"\u003cp\u003ex\u003c/p\u003e"`},
		{"email", oneOf(dossier.TypeEmail), dossier.Text("a@b.c"), `"a@b.c"`},
		{"phone", oneOf(dossier.TypePhone), nil, `""`},
		{"empty number", oneOf(dossier.TypeNumber), nil, `0`},
		{"number without its last zeros", oneOf(dossier.TypeNumber), dossier.Number("12.50"), `12.5`},
		{"number of more digits than a float64", oneOf(dossier.TypeNumber), dossier.Number("9007199254740993"), `9007199254740993`},
		{"very long number", oneOf(dossier.TypeNumber), dossier.Number("1" + "0000000000" + "0000000000" + "0000000000" + "0000000000"), `1e+40`},
		{"rating", oneOf(dossier.TypeRating), dossier.Number("4"), `4`},
		{"autonumber", oneOf(dossier.TypeAutoNumber), dossier.Number("17"), `17`},
		{"empty bool", oneOf(dossier.TypeBool), nil, `false`},
		{"bool", oneOf(dossier.TypeBool), dossier.Bool(true), `true`},
		{"empty date", oneOf(dossier.TypeDate), nil, `""`},
		{"date", oneOf(dossier.TypeDate), dossier.Date("2026-11-21"), `"2026-11-21 00:00:00.000Z"`},
		{"moment", oneOf(dossier.TypeDateTime), at, `"2026-11-21 08:10:23.725Z"`},
		{"time of day", oneOf(dossier.TypeTime), dossier.Clock("08:10"), `"08:10"`},
		{"empty select", oneOf(dossier.TypeSelect), nil, `""`},
		{"select", oneOf(dossier.TypeSelect), dossier.Text("a"), `"a"`},
		{"empty multiple select", manyOf(dossier.TypeSelect), nil, `[]`},
		{"multiple select", manyOf(dossier.TypeSelect), dossier.List{"a", "b"}, `["a","b"]`},
		{"relation", oneOf(dossier.TypeRelation), dossier.Text("abcdefghijklmno"), `"abcdefghijklmno"`},
		{"multiple user", manyOf(dossier.TypeUser), dossier.List{"abcdefghijklmno"}, `["abcdefghijklmno"]`},
		{"empty file", oneOf(dossier.TypeFile), nil, `""`},
		{"file", oneOf(dossier.TypeImage), dossier.Files{file("a_1.png")}, `"a_1.png"`},
		{"empty files", manyOf(dossier.TypeFile), nil, `[]`},
		{"files", manyOf(dossier.TypeFile), dossier.Files{file("a_1.png"), file("b_2.png")}, `["a_1.png","b_2.png"]`},
		{"empty table", tableField(), nil, `null`},
		{"table", tableField(), dossier.Rows{{ID: 3, Values: map[string]dossier.Value{"item": dossier.Text("x"), "proof": dossier.Files{file("p.txt")}}}},
			`[{"id":3,"item":"x","proof":["p.txt"],"qty":0}]`},
		{"empty json", oneOf(dossier.TypeJSON), nil, `null`},
		{"json", oneOf(dossier.TypeJSON), dossier.JSON(`{"b":1,"a":[2]}`), `{"b":1,"a":[2]}`},
		{"name", oneOf(dossier.TypeName), dossier.JSON(`{"first":"A"}`), `{"first":"A"}`},
		{"empty address", oneOf(dossier.TypeAddress), nil, `null`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := json.Marshal(encodeValue(tt.field, tt.value))
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestDecodeValueCasts(t *testing.T) {
	at := dossier.InstantOf(time.Date(2026, 11, 21, 8, 10, 23, 725e6, time.UTC))
	tests := []struct {
		name  string
		field *dossier.Field
		json  string
		want  dossier.Value
		code  dossier.Code
	}{
		{"text", oneOf(dossier.TypeText), `"a"`, dossier.Text("a"), ""},
		{"empty text is a value", oneOf(dossier.TypeText), `""`, dossier.Text(""), ""},
		{"number as text", oneOf(dossier.TypeText), `12.50`, dossier.Text("12.5"), ""},
		{"object as text", oneOf(dossier.TypeText), `{"a":1}`, dossier.Text(""), ""},
		{"list as text", oneOf(dossier.TypeText), `["a"]`, dossier.Text(""), ""},
		{"number", oneOf(dossier.TypeNumber), `12.50`, dossier.Number("12.50"), ""},
		{"zero is a value", oneOf(dossier.TypeNumber), `0`, dossier.Number("0"), ""},
		{"text as number", oneOf(dossier.TypeNumber), `"007"`, dossier.Number("7"), ""},
		{"no number is 0", oneOf(dossier.TypeNumber), `"many"`, dossier.Number("0"), ""},
		{"truth as number", oneOf(dossier.TypeNumber), `true`, dossier.Number("1"), ""},
		{"false is a value", oneOf(dossier.TypeBool), `false`, dossier.Bool(false), ""},
		{"text as truth", oneOf(dossier.TypeBool), `"t"`, dossier.Bool(true), ""},
		{"no truth is false", oneOf(dossier.TypeBool), `"yes"`, dossier.Bool(false), ""},
		{"number as truth", oneOf(dossier.TypeBool), `2`, dossier.Bool(true), ""},
		{"date", oneOf(dossier.TypeDate), `"2026-11-21"`, dossier.Date("2026-11-21"), ""},
		{"moment as date is its day in UTC", oneOf(dossier.TypeDate), `"2026-11-21T23:30:00-02:00"`, dossier.Date("2026-11-22"), ""},
		{"no date is empty", oneOf(dossier.TypeDate), `"soon"`, nil, ""},
		{"moment", oneOf(dossier.TypeDateTime), `"2026-11-21 08:10:23.725Z"`, at, ""},
		{"moment with a T", oneOf(dossier.TypeDateTime), `"2026-11-21T10:10:23.725+02:00"`, at, ""},
		{"number is no moment", oneOf(dossier.TypeDateTime), `1795248623.725`, nil, ""},
		{"empty moment", oneOf(dossier.TypeDateTime), `""`, nil, ""},
		{"time of day", oneOf(dossier.TypeTime), `"08:10"`, dossier.Clock("08:10"), ""},
		{"no time of day is refused", oneOf(dossier.TypeTime), `"25:99"`, nil, dossier.CodePattern},
		{"select", oneOf(dossier.TypeSelect), `"a"`, dossier.Text("a"), ""},
		{"list in a single select: the last", oneOf(dossier.TypeSelect), `["a","b"]`, dossier.Text("b"), ""},
		{"empty select", oneOf(dossier.TypeSelect), `""`, nil, ""},
		{"scalar in a multiple select", manyOf(dossier.TypeSelect), `"a"`, dossier.List{"a"}, ""},
		{"repetitions are dropped", manyOf(dossier.TypeRelation), `["a","b","a",""]`, dossier.List{"a", "b"}, ""},
		{"list in a text", manyOf(dossier.TypeSelect), `"[\"a\",\"b\"]"`, dossier.List{"a", "b"}, ""},
		{"empty list", manyOf(dossier.TypeSelect), `[]`, nil, ""},
		{"json", oneOf(dossier.TypeJSON), `{"a": [1, 2]}`, dossier.JSON(`{"a":[1,2]}`), ""},
		{"json in a text", oneOf(dossier.TypeJSON), `"{\"a\": 1}"`, dossier.JSON(`{"a":1}`), ""},
		{"text that is no json", oneOf(dossier.TypeJSON), `"{a"`, dossier.JSON(`"{a"`), ""},
		{"plain text as json", oneOf(dossier.TypeJSON), `"abc"`, dossier.JSON(`"abc"`), ""},
		{"empty text as json", oneOf(dossier.TypeJSON), `""`, dossier.JSON(`""`), ""},
		{"name", oneOf(dossier.TypeName), `{"first":"A"}`, dossier.JSON(`{"first":"A"}`), ""},
		{"empty name", oneOf(dossier.TypeName), `""`, nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			raw, err := wire.ParseJSON([]byte(tt.json))
			if err != nil {
				t.Fatal(err)
			}
			got, code := decodeValue(tt.field, raw)
			if diff := cmp.Diff(tt.want, got); diff != "" || code != tt.code {
				t.Errorf("code %q, want %q; value (-want +got):\n%s", code, tt.code, diff)
			}
		})
	}
}

func TestInferValueGuessesFormTexts(t *testing.T) {
	tests := map[string]any{
		"true": true, "false": false, "True": "True", "12": jsonNumber("12"), "-1.5": jsonNumber("-1.5"),
		"007": "007", "1.0": "1.0", "1e3": "1e3", "": "", "-": "-", ".": ".", "text": "text", "NaN": "NaN", "+1": "+1",
		"12345678901234567890123456789012345": "12345678901234567890123456789012345",
	}
	for text, want := range tests {
		if got := inferValue(text); got != want {
			t.Errorf("inferValue(%q) = %#v, want %#v", text, got, want)
		}
	}
}

func TestAddNumbersIsExact(t *testing.T) {
	tests := []struct {
		a, b  dossier.Number
		minus bool
		want  dossier.Number
	}{
		{"", "2", false, "2"}, {"0.1", "0.2", false, "0.3"}, {"5", "7", true, "-2"}, {"1.50", "0.5", true, "1"},
		{"99999999999999999999", "1", false, "100000000000000000000"},
	}
	for _, tt := range tests {
		if got := addNumbers(tt.a, tt.b, tt.minus); got != tt.want {
			t.Errorf("addNumbers(%q, %q, %v) = %q, want %q", tt.a, tt.b, tt.minus, got, tt.want)
		}
	}
}

func TestShownTypeAndInline(t *testing.T) {
	tests := []struct {
		slug, sniffed, wantType string
		wantInline              bool
	}{
		{"a_1.svg", "image/svg+xml", "image/svg+xml", false},
		{"a_1.svg", "text/plain; charset=utf-8", "image/svg+xml", false},
		{"a_1.html", "text/html; charset=utf-8", "text/html; charset=utf-8", false},
		{"a_1.txt", "text/plain; charset=utf-8", "text/plain; charset=utf-8", false},
		{"a_1.json", "application/json", "application/json", false},
		{"a_1.css", "text/plain; charset=utf-8", "text/css", false},
		{"a_1.js", "text/plain; charset=utf-8", "text/javascript", false},
		{"a_1.mjs", "text/plain; charset=utf-8", "text/javascript", false},
		{"a_1.JS", "text/plain; charset=utf-8", "text/plain; charset=utf-8", false},
		{"a_1.pdf", "application/pdf", "application/pdf", true},
		{"a_1.docx", "application/zip", typeByExtension[".docx"], false},
		{"a_1.png", "text/plain; charset=utf-8", "text/plain; charset=utf-8", false},
		{"a_1.png", "image/png", "image/png", true},
		{"a_1.mp4", "video/mp4", "video/mp4", true},
		{"a_1.ico", "image/x-icon", "image/x-icon", true},
		{"a_1.avif", "image/avif", "image/avif", false},
		{"a_1.tiff", "image/tiff", "image/tiff", false},
		{"a_1", "", "application/octet-stream", false},
		{"a_1.css", "image/png", "text/css", true},
	}
	for _, tt := range tests {
		f := &dossier.File{Slug: tt.slug, Sniffed: tt.sniffed}
		if got, inline := shownType(f), inlineTypes[bareType(f.Sniffed)]; got != tt.wantType || inline != tt.wantInline {
			t.Errorf("%s of %q: %q inline %v, want %q %v", tt.slug, tt.sniffed, got, inline, tt.wantType, tt.wantInline)
		}
	}
}

func TestEveryFieldTypeAppears(t *testing.T) {
	for _, ft := range dossier.FieldTypes {
		if shownTypes[ft] == "" {
			t.Errorf("a field of type %s appears as nothing", ft)
		}
	}
}
