package knack

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dossier"
)

const (
	fileID  = "7a10c3f29b4e5d6a8c90e1f200000000"
	shortID = "7a10c3f29b4e5d6a8c90e1f2"
	otherID = "8b10c3f29b4e5d6a8c90e1f200000000"
	app     = "60241522a16be4001b611249"
)

func testEncoder(t testing.TB) *encoder {
	return &encoder{
		addresser: addresser{base: "https://f.example", app: app, key: []byte("k"), now: time.Unix(1_700_000_000, 0)},
		zone:      newYork(t),
		identifiers: map[dossier.ID]map[string]string{"firms": {
			"7b20c3f29b4e5d6a8c90e1f3": `A & <b>`, "7b20c3f29b4e5d6a8c90e1f4": "Beta",
		}},
	}
}

// TestValues says how every type is shown: its formatted and its raw value. A blank one has the raw value "none".
func TestValues(t *testing.T) {
	_, c := everySpace()
	e := testEncoder(t)
	lease := &dossier.File{ID: fileID, Name: "Lease 2031.pdf", Size: 48213}
	other := &dossier.File{ID: otherID, Name: "b.txt", Size: 1}
	at := time.Date(2031, 5, 2, 16, 14, 0, 0, newYork(t))
	const none = "none"
	for _, test := range []struct {
		name, field    string
		value          dossier.Value
		formatted, raw string
	}{
		{"no text", "line", nil, `""`, none},
		{"a text without letters", "line", dossier.Text(""), `""`, none},
		{"a text is itself", "line", dossier.Text(`Tom's "R&D"`), `"Tom's \"R&D\""`, `"Tom's \"R&D\""`},
		{"markup is no markup", "line", dossier.Text(`<b>`), `"&lt;b&gt;"`, `"<b>"`},
		{"lines are broken", "lines", dossier.Text("a\r\nb\nc"), `"a<br />b<br />c"`, `"a\u000d\nb\nc"`},
		{"rich text is cleaned", "rich", dossier.Text(`<p onclick="x()">a<script>b</script></p>`), `"<p>a</p>"`, `"<p>a</p>"`},
		{"a number is a number", "num", dossier.Number("1204.50"), `1204.50`, `1204.50`},
		{"no number", "num", nil, `""`, none},
		{"zero is a number", "num", dossier.Number("0"), `0`, `0`},
		{"yes", "yes", dossier.Bool(true), `"Yes"`, `true`},
		{"no", "yes", dossier.Bool(false), `"No"`, `false`},
		{"neither is no", "yes", nil, `"No"`, `false`},
		{"a day", "due", dossier.Date("2031-05-02"), `"05/02/2031"`,
			`{"date":"05/02/2031","date_formatted":"05/02/2031","hours":"12","minutes":"00","am_pm":"AM","unix_timestamp":1935446400000,"iso_timestamp":"2031-05-02T00:00:00.000Z","timestamp":"05/02/2031 12:00 am","time":720}`},
		{"a moment reads as the zone's clock does", "at", dossier.InstantOf(at), `"05/02/2031 4:14pm"`,
			`{"date":"05/02/2031","date_formatted":"05/02/2031","hours":"04","minutes":"14","am_pm":"PM","unix_timestamp":1935504840000,"iso_timestamp":"2031-05-02T16:14:00.000Z","timestamp":"05/02/2031 04:14 pm","time":974}`},
		{"a time of day", "clock", dossier.Clock("00:05"), `"12:05am"`,
			`{"date":"01/01/2012","date_formatted":"01/01/2012","hours":"12","minutes":"05","am_pm":"AM","unix_timestamp":1325376300000,"iso_timestamp":"2012-01-01T00:05:00.000Z","timestamp":"01/01/2012 12:05 am","time":725}`},
		{"an option", "one", dossier.Text("Draft"), `"Draft"`, `"Draft"`},
		{"options", "many", dossier.List{"red", "green"}, `"red, green"`, `["red","green"]`},
		{"no options", "many", nil, `""`, none},
		{"an email", "mail", dossier.Text(`a&b@x.org`), `"<a href=\"mailto:a&amp;b@x.org\">a&amp;b@x.org</a>"`, `{"email":"a&b@x.org"}`},
		{"a link", "web", dossier.Text("http://x.org/?a=1&b"), `"<a href=\"http://x.org/?a=1&amp;b\" target=\"_blank\">http://x.org/?a=1&amp;b</a>"`, `{"url":"http://x.org/?a=1&b"}`},
		{"a link that runs is no link", "web", dossier.Text("javascript:alert(1)"), `"javascript:alert(1)"`, `{"url":"javascript:alert(1)"}`},
		{"a phone number", "phone", dossier.Text("516-334-3077"), `"516-334-3077"`, `"516-334-3077"`},
		{"a masked phone number", "masked", dossier.Text("512 555 0170"), `"(512) 555-0170"`, `{"formatted":"(512) 555-0170","full":"5125550170","number":"5550170","area":"512"}`},
		{"a number that the mask does not fit", "masked", dossier.Text("+49 30 1234"), `"+49 30 1234"`, `"+49 30 1234"`},
		{"a file", "doc", dossier.Files{lease},
			`"<a class=\"kn-view-asset\" data-field-key=\"field_15\" data-asset-id=\"` + shortID + `\" data-file-name=\"Lease 2031.pdf\" href=\"https://f.example/v1/applications/` + app + `/download/asset/` + shortID + `/Lease%202031.pdf\">Lease 2031.pdf</a>"`,
			`{"id":"` + shortID + `","application_id":"` + app + `","s3":true,"type":"file","filename":"Lease 2031.pdf","url":"https://f.example/v1/applications/` + app + `/download/asset/` + shortID + `/Lease%202031.pdf","thumb_url":"","size":48213,"field_key":"field_15"}`},
		{"an image", "pic", dossier.Files{other},
			`"<img src=\"https://f.example/assets/` + app + `/8b10c3f29b4e5d6a8c90e1f2/original/b.txt\" />"`,
			`{"id":"8b10c3f29b4e5d6a8c90e1f2","application_id":"` + app + `","s3":true,"type":"image","filename":"b.txt","url":"https://f.example/assets/` + app + `/8b10c3f29b4e5d6a8c90e1f2/original/b.txt","thumb_url":"https://f.example/assets/` + app + `/8b10c3f29b4e5d6a8c90e1f2/thumb/b.txt","size":1,"field_key":"field_17"}`},
		{"no file", "doc", dossier.Files{}, `""`, none},
		{"a connection", "boss", dossier.Text("7b20c3f29b4e5d6a8c90e1f3"),
			`"<span class=\"7b20c3f29b4e5d6a8c90e1f3\" data-kn=\"connection-value\">A &amp; &lt;b&gt;</span>"`,
			`[{"id":"7b20c3f29b4e5d6a8c90e1f3","identifier":"A & <b>"}]`},
		{"a connection without a known text", "boss", dossier.Text("7b20c3f29b4e5d6a8c90e1ff"),
			`"<span class=\"7b20c3f29b4e5d6a8c90e1ff\" data-kn=\"connection-value\">7b20c3f29b4e5d6a8c90e1ff</span>"`,
			`[{"id":"7b20c3f29b4e5d6a8c90e1ff","identifier":"7b20c3f29b4e5d6a8c90e1ff"}]`},
		{"connections", "firms", dossier.List{"7b20c3f29b4e5d6a8c90e1f4", "x"},
			`"<span class=\"7b20c3f29b4e5d6a8c90e1f4\" data-kn=\"connection-value\">Beta</span><br /><span class=\"x\" data-kn=\"connection-value\">x</span>"`,
			`[{"id":"7b20c3f29b4e5d6a8c90e1f4","identifier":"Beta"},{"id":"x","identifier":"x"}]`},
		{"no connection", "boss", nil, `""`, `[]`},
		{"no connections", "firms", nil, `""`, `[]`},
		{"rows", "rows", dossier.Rows{{ID: 2, Values: map[string]dossier.Value{"item": dossier.Text("a<b"), "qty": dossier.Number("2")}}},
			`"[{\"id\":2,\"item\":\"a&lt;b\",\"qty\":2,\"proof\":null}]"`, `"[{\"id\":2,\"item\":\"a<b\",\"qty\":2,\"proof\":null}]"`},
		{"no rows", "rows", nil, `""`, none},
		{"JSON", "json", dossier.JSON(`{"a":[1]}`), `"{\"a\":[1]}"`, `"{\"a\":[1]}"`},
		{"a counter", "auto", dossier.Number("7"), `7`, `7`},
		{"a name", "person", dossier.JSON(`{"last":"Lee","first":"A<nn"}`), `"A&lt;nn Lee"`, `{"first":"A<nn","last":"Lee"}`},
		{"an address", "place", dossier.JSON(`{"street":"1 Main","city":"Austin","state":"TX","country":"US","latitude":30.2}`),
			`"1 Main<br />Austin, TX <br />US"`, `{"street":"1 Main","city":"Austin","state":"TX","country":"US","latitude":30.2}`},
		{"an address with a zip", "place", dossier.JSON(`{"street2":"B","city":"Austin","state":"TX","zip":"78701"}`),
			`"B<br />Austin, TX 78701"`, `{"street2":"B","city":"Austin","state":"TX","zip":"78701"}`},
		{"a rating", "stars", dossier.Number("1"), `"1.00"`, `1`},
		{"half a star", "stars", dossier.Number("3.5"), `"3.50"`, `3.5`},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := fieldNamed(t, c, test.field)
			got := e.field(nil, f, test.value, formatBoth)
			want := `{"` + fieldKey(f) + `":` + test.formatted
			if test.raw != none {
				want += `,"` + fieldKey(f) + `_raw":` + test.raw
			}
			if d := cmp.Diff(want+"}", text(t, got)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestFormats(t *testing.T) {
	_, c := everySpace()
	e := testEncoder(t)
	fields := []*dossier.Field{fieldNamed(t, c, "line"), fieldNamed(t, c, "mail"), fieldNamed(t, c, "boss")}
	full := &dossier.Record{ID: "r", Values: map[string]dossier.Value{"line": dossier.Text("a"), "mail": dossier.Text("a@b.c")}}
	for as, want := range map[format]string{
		formatBoth: `{"id":"r","field_1":"a","field_1_raw":"a","field_11":"<a href=\"mailto:a@b.c\">a@b.c</a>","field_11_raw":{"email":"a@b.c"},"field_19":"","field_19_raw":[]}`,
		formatHTML: `{"id":"r","field_1":"a","field_11":"<a href=\"mailto:a@b.c\">a@b.c</a>","field_19":""}`,
		formatRaw:  `{"id":"r","field_1":"a","field_11":{"email":"a@b.c"},"field_19":[]}`,
	} {
		if d := cmp.Diff(want, text(t, e.record(fields, full, as))); d != "" {
			t.Errorf("%s (-want +got):\n%s", as, d)
		}
	}
	blank := &dossier.Record{ID: "r"}
	if got, want := text(t, e.record(fields, blank, formatRaw)), `{"id":"r","field_1":"","field_11":"","field_19":[]}`; got != want {
		t.Errorf("blank raw: got %s, want %s", got, want)
	}
}

func TestSeveralFiles(t *testing.T) {
	_, c := everySpace()
	e := testEncoder(t)
	f := fieldNamed(t, c, "docs")
	one, two := &dossier.File{ID: fileID, Name: "a"}, &dossier.File{ID: otherID, Name: "b"}
	formatted, raw := e.assets(f, dossier.Files{one, two})
	if want := e.markup(f, one) + "<br />" + e.markup(f, two); formatted != want {
		t.Errorf("got %s, want %s", formatted, want)
	}
	want := append(e.asset(f, one), pair{"files", []object{e.asset(f, one), e.asset(f, two)}})
	if d := cmp.Diff(text(t, want), text(t, raw)); d != "" {
		t.Errorf("raw (-want +got):\n%s", d)
	}
}

func TestSecureAddresses(t *testing.T) {
	_, c := everySpace()
	e := testEncoder(t)
	f := fieldNamed(t, c, "safe")
	raw := e.asset(f, &dossier.File{ID: fileID, Name: "a b"})
	address, _ := raw.get("url")
	const expires = "1700003640" // an hour from now, at the next full minute
	want := "https://f.example/v1/applications/" + app + "/download/asset/" + shortID + "/a%20b?expires=" + expires + "&signature=" + sign([]byte("k"), shortID, expires)
	if address != want {
		t.Fatalf("got %s, want %s", address, want)
	}
	good := sign([]byte("k"), shortID, expires)
	for _, test := range []struct {
		name           string
		id             dossier.ID
		expires, proof string
		now            int64
		want           bool
	}{
		{"in time", shortID, expires, good, 1_700_003_639, true},
		{"too late", shortID, expires, good, 1_700_003_640, false},
		{"another asset", "8b10c3f29b4e5d6a8c90e1f2", expires, good, 0, false},
		{"a longer life", shortID, "1700009999", good, 0, false},
		{"no signature", shortID, expires, "", 0, false},
		{"no time", shortID, "", sign([]byte("k"), shortID, ""), 0, false},
	} {
		if got := signed([]byte("k"), test.id, test.expires, test.proof, time.Unix(test.now, 0)); got != test.want {
			t.Errorf("%s: got %v", test.name, got)
		}
	}
}

func TestEveryFieldTypeAppears(t *testing.T) {
	for _, ft := range dossier.FieldTypes {
		f := &dossier.Field{Type: ft}
		shown := typeOf(f)
		if (shown == "") != f.IsSecret() || (typeWords[shown] == "") != f.IsSecret() {
			t.Errorf("a field of type %s appears as %q, of which messages say %q", ft, shown, typeWords[shown])
		}
	}
}
