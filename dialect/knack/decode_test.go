package knack

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dossier"
	"dossier/wire"
)

// TestDecode says what every type takes, and what it refuses with which code.
func TestDecode(t *testing.T) {
	_, c := everySpace()
	d := decoder{zone: newYork(t)}
	at := func(h, m, s int) dossier.Value { return dossier.InstantOf(time.Date(2031, 5, 2, h, m, s, 0, d.zone)) }
	share := func(ids ...dossier.ID) dossier.Value {
		var refs dossier.FileRefs
		for _, id := range ids {
			refs = append(refs, dossier.FileRef{ID: id, How: dossier.Share})
		}
		return refs
	}
	for _, test := range []struct {
		field, in string
		want      dossier.Value
		code      dossier.Code
	}{
		{"line", `"a"`, dossier.Text("a"), ""},
		{"line", `12.50`, dossier.Text("12.50"), ""},
		{"line", `true`, dossier.Text("true"), ""},
		{"line", `""`, nil, ""},
		{"line", `null`, nil, ""},
		{"line", `[]`, nil, ""},
		{"line", `{}`, nil, ""},
		{"line", `["a"]`, nil, dossier.CodeInvalid},
		{"line", `{"a":1}`, nil, dossier.CodeInvalid},
		{"num", `1204.50`, dossier.Number("1204.50"), ""},
		{"num", `"$1,204.50"`, dossier.Number("1204.50"), ""},
		{"num", `"-3"`, dossier.Number("-3"), ""},
		{"num", `"1,2"`, nil, dossier.CodeNotNumber},
		{"num", `"many"`, nil, dossier.CodeNotNumber},
		{"num", `true`, nil, dossier.CodeNotNumber},
		{"yes", `true`, dossier.Bool(true), ""},
		{"yes", `"YES"`, dossier.Bool(true), ""},
		{"yes", `1`, dossier.Bool(true), ""},
		{"yes", `"off"`, dossier.Bool(false), ""},
		{"yes", `0`, dossier.Bool(false), ""},
		{"yes", `"maybe"`, nil, dossier.CodeInvalid},
		{"one", `"draft "`, dossier.Text("Draft"), ""},
		{"one", `["Done"]`, dossier.Text("Done"), ""},
		{"one", `["Done","Draft"]`, nil, dossier.CodeTooMany},
		{"one", `"Lost"`, nil, dossier.CodeOption},
		{"many", `"red"`, dossier.List{"red"}, ""},
		{"many", `["green","red","GREEN"]`, dossier.List{"green", "red"}, ""},
		{"many", `"red, Green"`, dossier.List{"red", "green"}, ""},
		{"many", `"dark red"`, dossier.List{"dark red"}, ""},
		{"many", `"red, blue"`, nil, dossier.CodeOption},
		{"many", `"red, green, blue"`, dossier.List{"red, green, blue"}, ""},
		{"many", `"dark red, red, green, BLUE, green"`, dossier.List{"dark red", "red, green, blue", "green"}, ""},
		{"many", `"red, green, dark red"`, dossier.List{"red", "green", "dark red"}, ""},
		{"many", `"green, blue"`, nil, dossier.CodeOption},
		{"many", `["blue"]`, nil, dossier.CodeOption},
		{"mail", `"a@b.c"`, dossier.Text("a@b.c"), ""},
		{"mail", `{"email":"a@b.c","label":"A"}`, dossier.Text("a@b.c"), ""},
		{"mail", `"<a href=\"mailto:a@b.c\">a@b.c</a>"`, dossier.Text("a@b.c"), ""},
		{"web", `{"url":"http://x"}`, dossier.Text("http://x"), ""},
		{"web", `{"label":"x"}`, nil, dossier.CodeInvalid},
		{"phone", `"516-334-3077"`, dossier.Text("516-334-3077"), ""},
		{"phone", `{"full":"1","formatted":"2"}`, dossier.Text("1"), ""},
		{"masked", `{"formatted":"(512) 555-0170","full":"5125550170"}`, dossier.Text("(512) 555-0170"), ""},
		{"masked", `"1 512 555 0170"`, dossier.Text("(512) 555-0170"), ""},
		{"masked", `"ext 5"`, dossier.Text("ext 5"), ""},
		{"doc", `"` + shortID + `"`, share(shortID), ""},
		{"doc", `"` + fileID + `"`, share(fileID), ""},
		{"doc", `"7A10c3f2-9b4e-5d6a-8c90-e1f200000000"`, share(fileID), ""},
		{"doc", `{"id":"` + shortID + `","filename":"x","size":1}`, share(shortID), ""},
		{"doc", `["` + shortID + `"]`, share(shortID), ""},
		{"doc", `[{"id":"` + shortID + `"}]`, share(shortID), ""},
		{"doc", `["` + shortID + `","` + otherID + `"]`, nil, dossier.CodeTooMany},
		{"docs", `["` + shortID + `","` + otherID + `"]`, share(shortID, otherID), ""},
		{"docs", `{"id":"` + shortID + `","files":[{"id":"` + shortID + `"},{"id":"` + otherID + `"}]}`, share(shortID, otherID), ""},
		{"doc", `"Lease.pdf"`, nil, dossier.CodeNoUpload},
		{"doc", `{"filename":"x"}`, nil, dossier.CodeNoUpload},
		{"doc", `7`, nil, dossier.CodeNoUpload},
		{"doc", `""`, nil, ""},
		{"pic", `"<img src=\"https://f.example/assets/` + app + `/` + shortID + `/original/a.png?x=1&amp;y=2\" />"`, share(shortID), ""},
		{"boss", `"7b20c3f29b4e5d6a8c90e1f3"`, dossier.Text("7b20c3f29b4e5d6a8c90e1f3"), ""},
		{"boss", `["7b20c3f29b4e5d6a8c90e1f3","7b20c3f29b4e5d6a8c90e1f4"]`, dossier.Text("7b20c3f29b4e5d6a8c90e1f4"), ""},
		{"firms", `"7b20c3f29b4e5d6a8c90e1f3, 7b20c3f29b4e5d6a8c90e1f4"`, dossier.List{"7b20c3f29b4e5d6a8c90e1f3", "7b20c3f29b4e5d6a8c90e1f4"}, ""},
		{"firms", `[{"id":"7b20c3f29b4e5d6a8c90e1f3","identifier":"x"},"7b20c3f29b4e5d6a8c90e1f3"]`, dossier.List{"7b20c3f29b4e5d6a8c90e1f3"}, ""},
		{"firms", `"Some name"`, nil, dossier.CodeNoRecord},
		{"boss", `[]`, nil, ""},
		{"rows", `[{"id":2,"item":"a","qty":"3","proof":["` + shortID + `"]},{"item":"b"}]`, dossier.Rows{
			{ID: 2, Values: map[string]dossier.Value{"item": dossier.Text("a"), "qty": dossier.Number("3"), "proof": share(shortID)}},
			{Values: map[string]dossier.Value{"item": dossier.Text("b"), "qty": nil, "proof": nil}}}, ""},
		{"rows", `"[{\"id\":\"2\"}]"`, dossier.Rows{{ID: 2, Values: map[string]dossier.Value{"item": nil, "qty": nil, "proof": nil}}}, ""},
		{"rows", `"no rows"`, nil, dossier.CodeInvalid},
		{"rows", `[{"qty":"many"}]`, nil, dossier.CodeNotNumber},
		{"json", `"{\"a\": 1.0}"`, dossier.JSON(`{"a":1.0}`), ""},
		{"json", `{"b":[1.50,"x<y",null,true],"a":{}}`, dossier.JSON(`{"a":{},"b":[1.50,"x<y",null,true]}`), ""},
		{"json", `"plain text"`, nil, dossier.CodeInvalid},
		{"person", `{"last":"Lee","first":"Ann","zip":"x"}`, dossier.JSON(`{"first":"Ann","last":"Lee"}`), ""},
		{"person", `"Ann Marie Lee"`, dossier.JSON(`{"first":"Ann","middle":"Marie","last":"Lee"}`), ""},
		{"person", `"Lee"`, dossier.JSON(`{"last":"Lee"}`), ""},
		{"person", `{"first":""}`, nil, ""},
		{"person", `7`, nil, dossier.CodeInvalid},
		{"person", `{"first":["x"]}`, nil, dossier.CodeInvalid},
		{"place", `{"city":"Austin","latitude":30.25,"longitude":"-97"}`, dossier.JSON(`{"city":"Austin","latitude":30.25,"longitude":"-97"}`), ""},
		{"place", `"1 Main"`, dossier.JSON(`{"street":"1 Main"}`), ""},
		{"stars", `"1.00"`, dossier.Number("1.00"), ""},
		{"due", `"05/02/2031"`, dossier.Date("2031-05-02"), ""},
		{"due", `"5/2/2031 4:14pm"`, dossier.Date("2031-05-02"), ""},
		{"due", `"2031-05-02"`, dossier.Date("2031-05-02"), ""},
		{"due", `"02/29/2031"`, nil, dossier.CodeInvalid},
		{"due", `"13/01/2031"`, nil, dossier.CodeInvalid},
		{"due", `"4:14pm"`, nil, dossier.CodeInvalid},
		{"due", `1935504840000`, dossier.Date("2031-05-02"), ""},
		{"at", `"05/02/2031 4:14pm"`, at(16, 14, 0), ""},
		{"at", `"05/02/2031 04:14 pm"`, at(16, 14, 0), ""},
		{"at", `"05/02/2031 16:14"`, at(16, 14, 0), ""},
		{"at", `"05/02/2031"`, at(0, 0, 0), ""},
		{"at", `"2031-05-02T16:14:05"`, at(16, 14, 5), ""},
		{"at", `"2031-05-02T20:14:05Z"`, at(16, 14, 5), ""},
		{"at", `"2031-05-03T05:14:00+09:00"`, at(16, 14, 0), ""},
		{"at", `"05/02/2031 25:00"`, nil, dossier.CodeInvalid},
		{"at", `"05/02/2031 13:00pm"`, nil, dossier.CodeInvalid},
		{"at", `{"date":"05/02/2031","hours":"4","minutes":"14","am_pm":"PM"}`, at(16, 14, 0), ""},
		{"at", `{"date":"05/02/2031","hours":12,"minutes":0,"am_pm":"am"}`, at(0, 0, 0), ""},
		{"at", `{"date":"05/02/2031","all_day":true,"hours":"4"}`, at(0, 0, 0), ""},
		{"at", `{"date":"05/02/2031","hours":"04","minutes":"14","am_pm":"PM","unix_timestamp":1,"iso_timestamp":"1999-01-01T00:00:00.000Z"}`, at(16, 14, 0), ""},
		{"at", `{"date":"05/02/2031","hours":"04","minutes":"14","am_pm":"PM","iso_timestamp":"2031-05-02T16:14:05.000Z"}`, at(16, 14, 5), ""},
		{"at", `{"iso_timestamp":"2031-05-02T16:14:00.000Z"}`, at(16, 14, 0), ""},
		{"at", `{"unix_timestamp":1935504840000}`, at(16, 14, 0), ""},
		{"at", `{"date":"05/02/2031","to":{"date":"05/03/2031"}}`, nil, dossier.CodeInvalid},
		{"at", `{"hours":"4"}`, nil, dossier.CodeInvalid},
		{"at", `{"unix_timestamp":"soon"}`, nil, dossier.CodeInvalid},
		{"at", `true`, nil, dossier.CodeInvalid},
		{"clock", `"4:14pm"`, dossier.Clock("16:14"), ""},
		{"clock", `"16:14:05"`, dossier.Clock("16:14:05"), ""},
		{"clock", `{"hours":"12","minutes":"05","am_pm":"AM"}`, dossier.Clock("00:05"), ""},
		{"clock", `"05/02/2031"`, nil, dossier.CodeInvalid},
	} {
		t.Run(test.field+" "+test.in, func(t *testing.T) {
			got, code := d.value(fieldNamed(t, c, test.field), input(t, test.in))
			if code != test.code {
				t.Fatalf("code %q, want %q", code, test.code)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestRoundTrip sends back what was shown, raw and, where it is taken, formatted: nothing changes.
func TestRoundTrip(t *testing.T) {
	_, c := everySpace()
	e := testEncoder(t)
	d := decoder{zone: e.zone}
	values := map[string][]dossier.Value{
		"line": {dossier.Text("a b")}, "num": {dossier.Number("-0.50"), dossier.Number("12345678901234567890.1")}, "yes": {dossier.Bool(true), dossier.Bool(false)},
		"due": {dossier.Date("2031-05-02"), dossier.Date("0007-12-31")}, "clock": {dossier.Clock("00:00"), dossier.Clock("12:30"), dossier.Clock("23:59")},
		"at":  {dossier.InstantOf(time.Date(2031, 5, 2, 12, 0, 59, 0, time.UTC)), dossier.InstantOf(time.Date(2026, 3, 8, 6, 59, 0, 0, time.UTC))},
		"one": {dossier.Text("Done")}, "many": {dossier.List{"red"}, dossier.List{"dark red", "red"}, dossier.List{"red", "red, green, blue", "green"}}, "mail": {dossier.Text("a&b@c.de")},
		"web": {dossier.Text("http://x/?a&b")}, "phone": {dossier.Text("1")}, "masked": {dossier.Text("(512) 555-0170"), dossier.Text("x")},
		"boss": {dossier.Text("7b20c3f29b4e5d6a8c90e1f3")}, "firms": {dossier.List{"7b20c3f29b4e5d6a8c90e1f3", "7b20c3f29b4e5d6a8c90e1f4"}},
		"json": {dossier.JSON(`{"b":1,"a":"<"}`), dossier.JSON(`"x"`), dossier.JSON(`null`)}, "person": {dossier.JSON(`{"first":"A","last":"B"}`)},
		"place": {dossier.JSON(`{"street":"1","latitude":30.5}`)}, "stars": {dossier.Number("3.5")},
		"rows": {dossier.Rows{{ID: 3, Values: map[string]dossier.Value{"item": dossier.Text("x"), "qty": dossier.Number("1"), "proof": nil}}}},
	}
	formatted := map[string]bool{"many": true, "boss": true, "firms": true, "line": true, "num": true, "yes": true, "due": true, "clock": true, "one": true, "mail": true, "web": true, "masked": true, "stars": true}
	for name, list := range values {
		f := fieldNamed(t, c, name)
		for _, v := range list {
			shown, raw := e.value(f, v)
			ways := []any{raw}
			if formatted[name] {
				ways = append(ways, shown)
			}
			for _, way := range ways {
				got, code := d.value(f, input(t, text(t, way)))
				if code != "" || !dossier.EqualValues(got, v) {
					t.Errorf("%s: %v came back from %s as %v (%s)", name, v, text(t, way), got, code)
				}
			}
		}
	}
}

// TestAssetRoundTrip sends back the formatted value of files with names of all sorts.
func TestAssetRoundTrip(t *testing.T) {
	_, c := everySpace()
	e := testEncoder(t)
	for _, name := range []string{"a.txt", `"><img src=x onerror=alert(1)>.txt`, `a" data-asset-id="0000`, "a/b", "?#%", "テスト.pdf", "<br />", "a&amp;b"} {
		for _, field := range []string{"doc", "docs", "pic", "safe"} {
			f := fieldNamed(t, c, field)
			files := dossier.Files{{ID: fileID, Name: name}}
			if f.MaxSelect > 1 {
				files = append(files, &dossier.File{ID: otherID, Name: name})
			}
			formatted, _ := e.assets(f, files)
			got, code := decoder{}.value(f, formatted)
			refs, _ := got.(dossier.FileRefs)
			if code != "" || len(refs) != len(files) || refs[0].ID != shortID {
				t.Errorf("%q in %s: %s came back as %v (%s)", name, field, formatted, got, code)
			}
		}
	}
}

func TestFormBody(t *testing.T) {
	for in, want := range map[string]string{
		"field_1=a+b&field_2=":                  `{"field_1":"a b","field_2":""}`,
		"field_10[]=red&field_10[]=green":       `{"field_10":["red","green"]}`,
		"field_10[0]=red&field_10[1]=green":     `{"field_10":["red","green"]}`,
		"field_7[date]=x&field_7[hours]=4":      `{"field_7":{"date":"x","hours":"4"}}`,
		"field_1=a;b&field_2=%zz":               `{"field_1":"a;b","field_2":"%zz"}`,
		"field_1[=x":                            `{"field_1[":"x"}`,
		"field_10=x&field_10[]=y&field_10[k]=z": `{"field_10":{"k":"z"}}`,
	} {
		got, err := appendInput(nil, formBodyOf(in))
		if err != nil || string(got) != want {
			t.Errorf("%s: got %s, want %s (%v)", in, got, want, err)
		}
	}
}

// FuzzDecode gives every field anything that is JSON: what it takes fits, what it shows of it is JSON, and sent back it is taken again.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`"05/02/2031 4:14pm"`, `{"date":"05/02/2031","hours":"4","am_pm":"PM"}`, `{"unix_timestamp":1e3}`, `["a",{"id":"b"}]`, `-0.50`,
		`"<a href=\"x\">"`, `{"first":"A","last":"B"}`, `[{"id":1,"item":"x"}]`, `"<span class=\"x\">"`} {
		f.Add(seed)
	}
	_, c := everySpace()
	f.Fuzz(func(t *testing.T, text string) {
		in, err := wire.ParseJSON([]byte(text))
		if err != nil {
			return
		}
		e := testEncoder(t)
		d := decoder{zone: e.zone}
		for _, field := range c.Fields {
			v, code := d.value(field, in)
			if code != "" {
				continue
			}
			if err := dossier.Fits(field, v); err != nil {
				t.Fatalf("%s from %s: %v", field.Name, text, err)
			}
			if field.IsFile() || field.Type == dossier.TypeTable || dossier.IsEmpty(v) {
				continue
			}
			_, raw := e.value(field, v)
			b, err := appendValue(nil, raw)
			if err != nil {
				t.Fatalf("%s from %s: %v", field.Name, text, err)
			}
			back, err := wire.ParseJSON(b)
			if err != nil {
				t.Fatalf("%s from %s is shown as %s: %v", field.Name, text, b, err)
			}
			if again, code := d.value(field, back); code != "" || field.Type != dossier.TypeRichText && !dossier.EqualValues(again, v) {
				t.Fatalf("%s from %s: %v came back from %s as %v (%s)", field.Name, text, v, b, again, code)
			}
		}
	})
}
