package kintone

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"dossier"
	"dossier/access"
	"dossier/wire"
)

// fakeFinder knows customer 3 and the user sato@example.com.
type fakeFinder struct{}

func (fakeFinder) record(_ context.Context, target dossier.ID, number int64) (dossier.ID, error) {
	if target == "customers" && number == 3 {
		return "customer3", nil
	}
	return "", nil
}

func (fakeFinder) user(_ context.Context, target dossier.ID, login string) (dossier.ID, error) {
	if target == "users" && login == "sato@example.com" {
		return "usersato", nil
	}
	return "", nil
}

// knownRelated shows what fakeFinder finds.
func knownRelated(space *dossier.Space) *related {
	x := newRelated(nil, space, access.System())
	x.records = map[dossier.ID]map[string]*dossier.Record{
		"customers": {"customer3": {ID: "customer3", Number: 3}},
		"users": {"usersato": {ID: "usersato", Number: 1, Account: &dossier.Account{Email: "sato@example.com"},
			Values: map[string]dossier.Value{"name": dossier.Text("Sato")}}},
	}
	return x
}

const fileID = "0f3c9a527f1e4f0e9a442d1f6c0b8e11"

// roundTrips are values as they are written, kept and read.
var roundTrips = []struct {
	code, in string // the JSON of "value"
	want     dossier.Value
	out      string // as it is read; "" is as it was written
}{
	{"line", `"a"`, dossier.Text("a"), ""},
	{"line", `""`, nil, ""},
	{"line", `null`, nil, `""`},
	{"lines", `"a\nb"`, dossier.Text("a\nb"), ""},
	{"rich", `"<b>a</b>"`, dossier.Text("<b>a</b>"), ""},
	{"mail", `"a@example.com"`, dossier.Text("a@example.com"), ""},
	{"web", `""`, nil, ""},
	{"call", `"03-1234"`, dossier.Text("03-1234"), ""},
	{"数値", `"1.5e1"`, dossier.Number("15"), `"15"`},
	{"数値", `" 42 "`, dossier.Number("42"), `"42"`},
	{"数値", `12345678901234567890.50`, dossier.Number("12345678901234567890.50"), `"12345678901234567890.50"`},
	{"数値", `-0`, dossier.Number("0"), `"0"`},
	{"数値", `null`, nil, `""`},
	{"stars", `3`, dossier.Number("3"), `"3"`},
	{"yes", `"Yes"`, dossier.Bool(true), ""},
	{"yes", `"No"`, dossier.Bool(false), ""},
	{"yes", `""`, nil, `null`},
	{"one", `"A"`, dossier.Text("A"), ""},
	{"one", `null`, nil, ""},
	{"one", `""`, nil, `null`},
	{"radio", `"B"`, dossier.Text("B"), ""},
	{"boxes", `["A","B"]`, dossier.List{"A", "B"}, ""},
	{"boxes", `["A","A"]`, dossier.List{"A"}, `["A"]`},
	{"multi", `[]`, nil, ""},
	{"multi", `null`, nil, `[]`},
	{"due", `"2026-11-21"`, dossier.Date("2026-11-21"), ""},
	{"due", `"2026-1-5"`, dossier.Date("2026-01-05"), `"2026-01-05"`},
	{"due", `"2026"`, dossier.Date("2026-01-01"), `"2026-01-01"`},
	{"due", `null`, nil, ""},
	{"clock", `"08:15"`, dossier.Clock("08:15"), ""},
	{"clock", `"8:15:59"`, dossier.Clock("08:15"), `"08:15"`},
	{"clock", `""`, nil, `null`},
	{"at", `"2026-11-21T08:15:00Z"`, instant("2026-11-21T08:15:00Z"), ""},
	{"at", `"2026-11-21T17:15:59+09:00"`, instant("2026-11-21T08:15:00Z"), `"2026-11-21T08:15:00Z"`},
	{"at", `"2026-11-21"`, instant("2026-11-21T00:00:00Z"), `"2026-11-21T00:00:00Z"`},
	{"at", `null`, nil, `""`},
	{"customer", `3`, dossier.Text("customer3"), `"3"`},
	{"customer", `"3"`, dossier.Text("customer3"), ""},
	{"customer", `""`, nil, ""},
	{"customers", `["3"]`, dossier.List{"customer3"}, ""},
	{"customers", `[]`, nil, ""},
	{"owner", `[{"code":"sato@example.com"}]`, dossier.Text("usersato"), `[{"code":"sato@example.com","name":"Sato"}]`},
	{"team", `[{"code":"sato@example.com","name":"x"}]`, dossier.List{"usersato"}, `[{"code":"sato@example.com","name":"Sato"}]`},
	{"team", `[]`, nil, ""},
	{"data", `"{\"a\": 1}"`, dossier.JSON(`{"a":1}`), `"{\"a\":1}"`},
	{"data", `""`, nil, ""},
	{"name", `"Ann Lee"`, dossier.JSON(`{"first":"Ann","last":"Lee"}`), ""},
	{"name", `"Ann"`, dossier.JSON(`{"last":"Ann"}`), ""},
	{"name", `"{\"title\":\"Dr\",\"last\":\"Lee\"}"`, dossier.JSON(`{"title":"Dr","last":"Lee"}`), `"Dr Lee"`},
	{"address", `"1 Main St"`, dossier.JSON(`{"street":"1 Main St"}`), ""},
	{"address", `"  "`, nil, `""`},
}

func TestValuesRoundTrip(t *testing.T) {
	space, app := everything()
	e := &encoder{form: formOf(app, access.System()), related: knownRelated(space)}
	for _, tt := range roundTrips {
		t.Run(tt.code+" "+tt.in, func(t *testing.T) {
			f, _ := app.FieldByCode(tt.code)
			dec := &decoder{ctx: t.Context(), find: fakeFinder{}, path: []string{f.Name}}
			got, err := dec.decode(f, parse(t, tt.in))
			if err != nil || len(dec.problems) > 0 {
				t.Fatalf("%v %v", err, dec.problems)
			}
			diff(t, "decoded", tt.want, got)
			if err := dossier.Fits(f, got); err != nil {
				t.Error(err)
			}
			out, err := json.Marshal(e.encode(f, got).Value)
			if err != nil {
				t.Fatal(err)
			}
			if tt.out == "" {
				tt.out = tt.in
			}
			diff(t, "encoded", plain(tt.out), plain(string(out)))
		})
	}
}

// plain undoes the escapes of encoding/json.
func plain(s string) string { return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(s) }

func parse(t *testing.T, text string) any {
	t.Helper()
	v, err := wire.ParseJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func instant(s string) dossier.Instant {
	v, _ := parseInstant(s)
	return v.(dossier.Instant)
}

func TestValuesThatAreRefused(t *testing.T) {
	_, app := everything()
	problem := func(code dossier.Code) string { return string(code) }
	const kind = "CB_IJ01"
	tests := []struct{ code, in, want string }{
		{"line", `1`, kind}, {"line", `["a"]`, kind}, {"line", `{}`, kind},
		{"数値", `true`, kind}, {"数値", `[]`, kind},
		{"数値", `"many"`, problem(dossier.CodeNotNumber)}, {"数値", `"1e999"`, problem(dossier.CodeNotNumber)},
		{"数値", `"NaN"`, problem(dossier.CodeNotNumber)},
		{"boxes", `"A"`, kind}, {"boxes", `[1]`, kind}, {"boxes", `[null]`, kind},
		{"one", `["A"]`, kind}, {"yes", `true`, kind},
		{"yes", `"yes"`, problem(dossier.CodeOption)},
		{"due", `"2026-02-30"`, problem(dossier.CodeInvalid)}, {"due", `"21.11.2026"`, problem(dossier.CodeInvalid)},
		{"due", `20261121`, kind},
		{"clock", `"24:00"`, problem(dossier.CodeInvalid)}, {"clock", `"8"`, problem(dossier.CodeInvalid)},
		{"at", `"yesterday"`, problem(dossier.CodeInvalid)}, {"at", `"2026-11-21T25:00:00Z"`, problem(dossier.CodeInvalid)},
		{"customer", `9`, problem(dossier.CodeNoRecord)}, {"customer", `"1.5"`, problem(dossier.CodeNoRecord)},
		{"customer", `-3`, problem(dossier.CodeNoRecord)}, {"customers", `["9"]`, problem(dossier.CodeNoRecord)},
		{"owner", `[{"code":"nobody"}]`, problem(dossier.CodeNoRecord)}, {"owner", `["sato"]`, kind}, {"owner", `{}`, kind},
		{"添付", `"key"`, kind}, {"添付", `[{"name":"x"}]`, kind}, {"添付", `[{"fileKey":1}]`, kind},
		{"添付", `[{"fileKey":"x"}]`, "GAIA_BL01"},
		{"data", `"{"`, problem(dossier.CodeInvalid)},
	}
	for _, tt := range tests {
		t.Run(tt.code+" "+tt.in, func(t *testing.T) {
			f, _ := app.FieldByCode(tt.code)
			dec := &decoder{ctx: t.Context(), find: fakeFinder{}, path: []string{f.Name}, keys: map[dossier.ID]string{}}
			_, err := dec.decode(f, parse(t, tt.in))
			got := ""
			if err != nil {
				got = string(faultOf(err, access.Guest()).code)
			} else if len(dec.problems) > 0 {
				got = string(dec.problems[0].Code)
			}
			diff(t, "error", tt.want, got)
		})
	}
}

func TestFileValues(t *testing.T) {
	_, app := everything()
	f, _ := app.FieldByCode("添付")
	made := time.Date(2026, 11, 21, 8, 15, 37, 0, time.UTC)
	file := &dossier.File{ID: fileID, Name: "q4.pdf", Size: 204800, Created: made}
	key := recordKey(file)
	dec := &decoder{ctx: t.Context(), path: []string{f.Name}, keys: map[dossier.ID]string{}}
	got, err := dec.decode(f, parse(t, `[{"fileKey":" 0f3c9a52-7f1e-4f0e-9a44-2d1f6c0b8e11 ","name":"ignored"},{"fileKey":"`+key+`"},
		{"fileKey":"0f3c9a527f1e4f0e9a442d1f"},{"fileKey":"`+fileID+`"}]`))
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "refs", dossier.Value(dossier.FileRefs{{ID: fileID, How: dossier.TakeUpload}, {ID: fileID, How: dossier.KeepFile},
		{ID: dossier.ID(fileID[:24]), How: dossier.TakeOrKeep}, {ID: fileID, How: dossier.TakeOrKeep}}), got)
	diff(t, "shown", []fileCell{{"application/pdf", key, "q4.pdf", "204800"}}, showFiles(dossier.Files{file}))
	diff(t, "key", "202611210815370F3C9A527F1E4F0E9A442D1F6C0B8E11"+checkDigits(fileID), key)
	if id, ok := heldID(key); !ok || id != fileID {
		t.Errorf("%s is read back as %q", key, id)
	}
	for _, bad := range []string{key[:48] + string('0'+(key[48]-'0'+1)%10), strings.ToLower(key), key + "0", "", uploadKey(fileID)} {
		if id, ok := heldID(bad); ok {
			t.Errorf("%q is read as %q", bad, id)
		}
	}
}

func TestContentTypes(t *testing.T) {
	for _, tt := range []struct{ said, name, want string }{
		{"application/pdf", "a.txt", "application/pdf"},
		{"Text/HTML; charset=utf-8", "a.bin", "text/html"},
		{"application/octet-stream", "a.PDF", "application/pdf"},
		{"", "a.csv", "text/csv"},
		{"nonsense", "a.json", "application/json"},
		{"", "a", "application/octet-stream"},
		{"a/b; =", "a.png", "image/png"},
	} {
		diff(t, tt.said+" "+tt.name, tt.want, declaredType(tt.said, tt.name))
	}
	diff(t, "html", "text/html;charset=utf-8", servedType("text/html"))
	diff(t, "csv", "text/csv; charset=UTF-8", servedType("text/csv"))
	diff(t, "pdf", "application/pdf", servedType("application/pdf"))
}

func TestDisposition(t *testing.T) {
	for _, tt := range []struct{ name, want string }{
		{"space name.txt", `attachment; filename="space name.txt"`},
		{"it's; fine.txt", `attachment; filename="it's; fine.txt"`},
		{"double%22quote.txt", `attachment; filename="double_quote.txt"`},
		{`a"b.txt`, `attachment; filename="a_b.txt"`},
		{"colon:star*.txt", `attachment; filename="colon_star_.txt"`},
		{"a\r\nb\x00.txt", `attachment; filename="a__b_.txt"`},
		{"50%.txt", `attachment; filename="50%.txt"`},
		{"テスト.txt", `attachment; filename="=?UTF-8?B?44OG44K544OILnR4dA==?="; filename*=UTF-8''%E3%83%86%E3%82%B9%E3%83%88.txt`},
		{"é+(1)*.txt", `attachment; filename="=?UTF-8?B?w6krKDEpXy50eHQ=?="; filename*=UTF-8''%C3%A9%2B%281%29%2A.txt`},
		{"四半期報告書添付資料一覧表最終版.txt", `attachment; filename="=?UTF-8?B?5Zub5Y2K5pyf5aCx5ZGK5pu45re75LuY6LOH5paZ?= =?UTF-8?B?5LiA6Kan6KGo5pyA57WC54mILnR4dA==?="; filename*=UTF-8''%E5%9B%9B%E5%8D%8A%E6%9C%9F%E5%A0%B1%E5%91%8A%E6%9B%B8%E6%B7%BB%E4%BB%98%E8%B3%87%E6%96%99%E4%B8%80%E8%A6%A7%E8%A1%A8%E6%9C%80%E7%B5%82%E7%89%88.txt`},
	} {
		diff(t, tt.name, tt.want, disposition(tt.name))
	}
}

func FuzzDisposition(f *testing.F) {
	f.Add("テスト.txt")
	f.Add("a\r\n\"b")
	f.Add("\xff\xfe")
	f.Fuzz(func(t *testing.T, name string) {
		for _, c := range []byte(disposition(name)) {
			if c < ' ' || c > '~' {
				t.Fatalf("%q gives %q", name, disposition(name))
			}
		}
	})
}

func TestEveryCodeHasItsSentence(t *testing.T) {
	for c, a := range answers {
		if a.status < 400 || a.en == "" || a.ja == "" {
			t.Errorf("%s: %+v", c, a)
		}
		if strings.Count(a.en, "%") != strings.Count(a.ja, "%") {
			t.Errorf("%s: the sentences take different arguments", c)
		}
	}
	for name, pair := range texts {
		if pair[0] == "" || pair[1] == "" || strings.Count(pair[0], "%") != strings.Count(pair[1], "%") {
			t.Errorf("%s: %q", name, pair)
		}
	}
	for kind, c := range byKind {
		if _, ok := answers[c]; !ok {
			t.Errorf("%s has no answer", kind)
		}
	}
}

func TestProblemKeys(t *testing.T) {
	_, app := everything()
	problem := func(code dossier.Code, path ...string) dossier.Problem {
		return dossier.Problem{Path: path, Code: code}
	}
	for want, p := range map[string]dossier.Problem{
		"record.line.value":                              problem(dossier.CodeRequired, "line"),
		"record.boxes.values":                            problem(dossier.CodeRequired, "boxes"),
		"record.添付.values":                               problem(dossier.CodeRequired, "att"),
		"record.team.values.value":                       problem(dossier.CodeRequired, "team"),
		"record.multi.values[2].value":                   problem(dossier.CodeOption, "multi", "2"),
		"record.one.value":                               problem(dossier.CodeOption, "one"),
		"record[数値].value":                               problem(dossier.CodeNotNumber, "num"),
		"record.tbl.value[3].value.item.value":           problem(dossier.CodeTooLong, "tbl", "3", "item"),
		"record.tbl.value[0].value.kind.values":          problem(dossier.CodeRequired, "tbl", "0", "kind"),
		"record.tbl.value[0].value.kind.values[1].value": problem(dossier.CodeOption, "tbl", "0", "kind", "1"),
		"record.email.value":                             problem(dossier.CodeNotEmail, "email"),
	} {
		diff(t, "key", want, problemKey("record", app.Fields, p))
	}
	for want, p := range map[string]dossier.Problem{
		"Enter less than 65 characters.":  {Code: dossier.CodeTooLong, Params: map[string]any{"max": 64}},
		"Enter more than 2 characters.":   {Code: dossier.CodeTooShort, Params: map[string]any{"min": 3}},
		"The value must be 10 or less.":   {Code: dossier.CodeTooBig, Params: map[string]any{"max": "10"}},
		"The value must be -1.5 or more.": {Code: dossier.CodeTooSmall, Params: map[string]any{"min": "-1.5"}},
	} {
		diff(t, "message", want, problemMessage(p).in("en"))
	}
}

func FuzzValues(f *testing.F) {
	_, app := everything()
	for _, seed := range []string{`"a"`, `[{"fileKey":"x"}]`, `[{"id":"1","value":{"item":{"value":"x"}}}]`, `[{"code":"sato@example.com"}]`, `1e5`, `null`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := wire.ParseJSON([]byte(text))
		if err != nil {
			return
		}
		for _, field := range app.Fields {
			dec := &decoder{ctx: t.Context(), find: fakeFinder{}, keys: map[dossier.ID]string{}}
			d := &draft{values: map[string]dossier.Value{}, tables: map[string][]rowDraft{}, keys: dec.keys}
			if err := d.read(dec, field, map[string]any{"value": v}); err != nil {
				if c := faultOf(err, access.Guest()).code; answers[c].status >= 500 {
					t.Fatalf("%s of %q: %v", field.Code, text, err)
				}
				continue
			}
			for name, value := range d.create(app, time.Unix(0, 0)).Values {
				f, _ := app.Field(name)
				if err := dossier.Fits(f, value); err != nil {
					t.Fatalf("%s of %q: %v", field.Code, text, err)
				}
			}
		}
	})
}
