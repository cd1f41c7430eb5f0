package knack

import (
	"encoding/json"
	"flag"
	"slices"
	"strings"
	"testing"
	"time"

	"dossier"
	"dossier/query"
	"dossier/query/querytest"
	"dossier/wire"
)

var update = flag.Bool("update", false, "rewrite the goldens in testdata")

// testNow is a Saturday morning in New York, after midnight in UTC.
var testNow = time.Date(2026, 11, 21, 15, 4, 5, 0, time.UTC)

func testLowerer(t testing.TB) *lowerer {
	space, c := everySpace()
	return &lowerer{space: space, c: c, fields: c.Fields, zone: newYork(t), now: testNow}
}

// TestFilterGoldens reads testdata/query: a query string above the line, its tree below.
func TestFilterGoldens(t *testing.T) {
	querytest.Goldens(t, *update, func(t *testing.T, wire string) string { return lowered(t, wire) })
}

// lowered is the tree of a query string, or the sentence that refuses it.
func lowered(t testing.TB, raw string) string {
	l := testLowerer(t)
	params := wire.ParseQueryLenient(raw)
	filter, err := l.filters(params)
	if err != nil {
		return err.Error()
	}
	sorts, err := l.sorts(params)
	if err != nil {
		return err.Error()
	}
	q := query.Query{Filter: filter, Sort: sorts}
	if _, err := query.Check(l.space, l.c, q); err != nil {
		return "query.Check: " + err.Error()
	}
	return q.String()
}

// The records that filters are tried on.
var samples = map[string]map[string]dossier.Value{
	"blank": {},
	"apple": {
		"line": dossier.Text("Apple Pie 100%"), "rich": dossier.Text("<b>x</b>"), "num": dossier.Number("10"), "yes": dossier.Bool(true),
		"due": dossier.Date("2026-11-21"), "at": instant("2026-11-21T15:04:00Z"), "clock": dossier.Clock("16:14:30"), "one": dossier.Text("Done"),
		"many": dossier.List{"red"}, "mail": dossier.Text("Ann@Example.org"), "web": dossier.Text("http://x.org"), "masked": dossier.Text("(512) 555-0170"),
		"doc": dossier.Files{{ID: fileID, Name: "Lease 1.pdf"}}, "boss": dossier.Text("7b20c3f29b4e5d6a8c90e1f3"),
		"firms": dossier.List{"7b20c3f29b4e5d6a8c90e1f3"}, "stars": dossier.Number("3.5"),
		"person": dossier.JSON(`{"first":"Ann","last":"Lee"}`), "place": dossier.JSON(`{"street":"1 Main","city":"Austin"}`), "auto": dossier.Number("1"),
	},
	"banana": {
		"line": dossier.Text("banana_split"), "num": dossier.Number("9.50"), "yes": dossier.Bool(false), "due": dossier.Date("2026-11-20"),
		"at": instant("2026-11-21T04:59:59Z"), "clock": dossier.Clock("16:15"), "one": dossier.Text("Not Done"), "many": dossier.List{"red", "green"},
		"mail": dossier.Text("bob@example.org"), "firms": dossier.List{"7b20c3f29b4e5d6a8c90e1f3", "7b20c3f29b4e5d6a8c90e1f4"},
		"boss": dossier.Text("7b20c3f29b4e5d6a8c90e1f4"), "docs": dossier.Files{{ID: fileID, Name: "a.txt"}, {ID: otherID, Name: "lease.txt"}},
		"person": dossier.JSON(`{"title":"Dr","first":"Bo","middle":"Lee","last":"Stone"}`), "auto": dossier.Number("2"),
	},
	"cherry": {
		"line": dossier.Text("ÇILEK"), "num": dossier.Number("-3"), "due": dossier.Date("2026-12-01"), "at": instant("2026-12-21T15:04:05Z"),
		"many": dossier.List{"dark red"}, "one": dossier.Text("Draft"), "auto": dossier.Number("3"),
	},
}

func instant(s string) dossier.Value {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return dossier.InstantOf(t)
}

// matches are the names of the samples that a filter lets through.
func matches(t testing.TB, text string) string {
	t.Helper()
	l := testLowerer(t)
	filter, err := l.filter(text)
	if err != nil {
		return err.Error()
	}
	var out []string
	for name, values := range samples {
		r := &dossier.Record{ID: dossier.ID("id" + name), Number: 1, Values: values}
		ok, err := query.Eval(t.Context(), l.space, l.c, filter, r, firmsSource{})
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if ok {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// everySample names all samples.
const everySample = "apple banana blank cherry"

// operatorCases are rules and the samples that they let through, or the refusal.
var operatorCases = []struct{ rule, want string }{
	{`"field_1","is","apple pie 100%"`, "apple"},
	{`"field_1","is","apple%"`, ""},
	{`"field_1","is","bananaXsplit"`, ""},
	{`"field_1","is not","BANANA_SPLIT"`, "apple blank cherry"},
	{`"field_1","contains","00%"`, "apple"},
	{`"field_1","contains","çi"`, "cherry"},
	{`"field_1","does not contain","a"`, "blank cherry"},
	{`"field_1","starts with","BAN"`, "banana"},
	{`"field_1","ends with","split"`, "banana"},
	{`"field_1","is blank"`, "blank"},
	{`"field_1","Is  Not BLANK"`, "apple banana cherry"},
	{`"field_1","is",""`, "blank"},
	{`"field_1","is not",null`, "apple banana cherry"},
	{`"field_1","contains",""`, `Invalid filters: &#34;contains&#34; needs a value for field_1`},
	{`"field_1","is"`, `Invalid filters: &#34;is&#34; needs a value for field_1`},
	{`"field_1","higher than","a"`, `Invalid filters: &#34;higher than&#34; is no operator for field_1`},
	{`"field_1","resembles","a"`, `Invalid filters: &#34;resembles&#34; is no operator for field_1`},
	{`"field_1_raw","contains","pie"`, "apple"},
	{`{"key":"field_1"},"contains","pie"`, "apple"},
	{`"field_11","is","ANN@example.ORG"`, "apple"},
	{`"field_11","is",{"email":"bob@example.org"}`, "banana"},
	{`"field_14","is","5125550170"`, "apple"},
	{`"field_14","contains","555"`, "apple"},
	{`"field_4","is","10.0"`, "apple"},
	{`"field_4","is not",10`, "banana blank cherry"},
	{`"field_4","higher than","$9.5"`, "apple"},
	{`"field_4","is higher than",9.4`, "apple banana"},
	{`"field_4",">=","9.5"`, "apple banana"},
	{`"field_4","lower than",0`, "cherry"},
	{`"field_4","<=",9.5`, "banana cherry"},
	{`"field_4","is blank"`, "blank"},
	{`"field_4","higher than","many"`, "Invalid filters: field_4 is compared with a number"},
	{`"field_4","contains",1`, `Invalid filters: &#34;contains&#34; is no operator for field_4`},
	{`"field_26","is","3.50"`, "apple"},
	{`"field_23","higher than",1`, "banana cherry"},
	{`"field_5","is","yes"`, "apple"},
	{`"field_5","is",false`, "banana blank cherry"},
	{`"field_5","is not","ON"`, "banana blank cherry"},
	{`"field_5","is blank"`, ""},
	{`"field_5","is not blank"`, everySample},
	{`"field_5","is","maybe"`, "Invalid filters: field_5 is yes or no"},
	{`"field_9","is","done"`, "apple"},
	{`"field_9","contains","Done"`, "apple"},
	{`"field_9","contains","one"`, "apple banana"},
	{`"field_9","is not","Done"`, "banana blank cherry"},
	{`"field_9","is any",["Done","Draft"]`, "apple cherry"},
	{`"field_9","is any"`, "apple banana cherry"},
	{`"field_9","is blank"`, "blank"},
	{`"field_9","starts with","D"`, `Invalid filters: &#34;starts with&#34; is no operator for field_9`},
	{`"field_10","is","red"`, "apple banana"},
	{`"field_10","is",["green","red"]`, "banana"},
	{`"field_10","is",["red","red"]`, "apple banana"},
	{`"field_10","contains",["green","dark red"]`, "banana cherry"},
	{`"field_10","contains","red"`, "apple banana"},
	{`"field_10","does not contain","red"`, "blank cherry"},
	{`"field_10","is blank"`, "blank"},
	{`"field_15","is blank"`, "banana blank cherry"},
	{`"field_15","contains","LEASE"`, "apple"},
	{`"field_16","is","lease.txt"`, "banana"},
	{`"field_16","does not contain","lease"`, "apple blank cherry"},
	{`"field_19","is","7b20c3f29b4e5d6a8c90e1f3"`, "apple"},
	{`"field_19","contains","7b20c3f29b4e5d6a8c90e1f3"`, "apple"},
	{`"field_19","is",{"id":"7b20c3f29b4e5d6a8c90e1f4"}`, "banana"},
	{`"field_19","is","acme corp"`, "apple"},
	{`"field_19","contains","bet"`, "banana"},
	{`"field_19","is not","Acme Corp"`, "banana blank cherry"},
	{`"field_19","is any",["7b20c3f29b4e5d6a8c90e1f3","7b20c3f29b4e5d6a8c90e1f4"]`, "apple banana"},
	{`"field_19","is blank"`, "blank cherry"},
	{`"field_20","is","7b20c3f29b4e5d6a8c90e1f3"`, "apple banana"},
	{`"field_20","is",["7b20c3f29b4e5d6a8c90e1f4","7b20c3f29b4e5d6a8c90e1f3"]`, "banana"},
	{`"field_20","contains",[{"id":"7b20c3f29b4e5d6a8c90e1f4"}]`, "banana"},
	{`"field_19.field_90","starts with","acme"`, "apple"},
	{`"field_19.field_90","is not","Beta"`, "apple blank cherry"},
	{`"field_19.field_91","is blank"`, "banana blank cherry"},
	{`"field_20.field_91","higher than",5`, "apple banana"},
	{`"field_1.field_90","is","x"`, "Invalid filters: field_1 is no connection, in field_1.field_90"},
	{`"field_24","is","ann lee"`, "apple"},
	{`"field_24","is","Lee"`, "apple banana"},
	{`"field_24","is","dr bo lee stone"`, "banana"},
	{`"field_24","contains","n le"`, "apple"},
	{`"field_24","starts with","dr bo"`, "banana"},
	{`"field_24","ends with","stone"`, "banana"},
	{`"field_24","does not contain","lee"`, "blank cherry"},
	{`"field_24","contains","st"`, "banana"},
	{`"field_24","contains","first"`, ""},
	{`"field_24","is","Bo Lee"`, ""},
	{`"field_24","starts with","ANN "`, "apple"},
	{`"field_24","contains","r b"`, "banana"},
	{`"field_24","ends with","lee stone"`, "banana"},
	{`"field_24","contains","a b c d e f g h i j k l m n"`, "Invalid filters: a text for field_24 has at most 12 blanks"},
	{`"field_24","is","first"`, ""},
	{`"field_25","contains","main"`, "apple"},
	{`"field_25","is","Austin"`, "apple"},
	{`"field_25","is","1 main austin"`, "apple"},
	{`"field_25","contains","in, a"`, ""},
	{`"field_25","is blank"`, "banana blank cherry"},
	{`"id","is","idapple"`, "apple"},
	{`"id","is not","idapple"`, "banana blank cherry"},
	{`"id","is any",["idapple","idblank"]`, "apple blank"},
	{`"id","contains","id"`, `Invalid filters: &#34;contains&#34; is no operator for id`},
	{`"id","is",""`, "Invalid filters: an id is a text"},
	{`"field_6","is","11/21/2026"`, "apple"},
	{`"field_6","is",{"date":"11/21/2026"}`, "apple"},
	{`"field_6","is not","2026-11-21"`, "banana blank cherry"},
	{`"field_6","is before","11/21/2026"`, "banana"},
	{`"field_6","is after","11/20/2026"`, "apple cherry"},
	{`"field_6","is today"`, "apple"},
	{`"field_6","is today or before"`, "apple banana"},
	{`"field_6","is today or after"`, "apple cherry"},
	{`"field_6","is before today"`, "banana"},
	{`"field_6","is after today"`, "cherry"},
	{`"field_6","is before current time"`, "apple banana"},
	{`"field_6","is after current time"`, "cherry"},
	{`"field_6","is blank"`, "blank"},
	{`"field_6","is","soon"`, "Invalid filters: field_6 is compared with a date"},
	{`"field_6","contains","2026"`, `Invalid filters: &#34;contains&#34; is no operator for field_6`},
	{`"field_7","is","11/20/2026"`, "banana"},
	{`"field_7","is","11/21/2026 10:04am"`, "apple"},
	{`"field_7","is before","11/21/2026"`, "banana"},
	{`"field_7","is after","11/20/2026"`, "apple cherry"},
	{`"field_7","is after","11/21/2026 10:04"`, "cherry"},
	{`"field_7","is today"`, "apple"},
	{`"field_7","is before current time"`, "apple banana"},
	{`"field_7","is after current time"`, "cherry"},
	{`"field_8","is","4:14pm"`, "apple"},
	{`"field_8","is after","4:14pm"`, "banana"},
	{`"field_8","is before","16:15"`, "apple"},
	{`"field_8","is","23:59"`, ""},
	{`"field_8","is today"`, `Invalid filters: &#34;is today&#34; is no operator for field_8`},
	{`"field_22","contains","x"`, ""},
	{`"field_21","is blank"`, everySample},
	{`"field_21","contains","x"`, `Invalid filters: &#34;contains&#34; is no operator for field_21`},
	{`"field_99","is","x"`, "Invalid filters: unknown field field_99"},
	{`"title","is","x"`, "Invalid filters: unknown field title"},
	{`"<script>","is","x"`, "Invalid filters: unknown field &lt;script&gt;"},
}

// TestOperators tries every operator on every type that has it.
func TestOperators(t *testing.T) {
	for _, test := range operatorCases {
		if got := matches(t, "["+ruleOf(test.rule)+"]"); got != test.want {
			t.Errorf("%s: got %q, want %q", test.rule, got, test.want)
		}
	}
}

// ruleOf makes a rule of its parts: field, operator and value.
func ruleOf(parts string) string {
	var list []json.RawMessage
	if err := json.Unmarshal([]byte("["+parts+"]"), &list); err != nil {
		panic(parts + ": " + err.Error())
	}
	rule := `{"field":` + string(list[0]) + `,"operator":` + string(list[1])
	if len(list) > 2 {
		rule += `,"value":` + string(list[2])
	}
	return rule + "}"
}

// TestRanges tries the operators with a unit. Now is 2026-11-21 10:04:05, a Saturday.
func TestRanges(t *testing.T) {
	for _, test := range []struct{ rule, want string }{
		{`{"operator":"is during the current","type":"days"}`, "apple"},
		{`{"operator":"is during the current","type":"week","range":7}`, "apple banana"},
		{`{"operator":"is during the current","value":"month"}`, "apple banana"},
		{`{"operator":"is during the current","type":"quarters"}`, "apple banana cherry"},
		{`{"operator":"is during the current","type":"years"}`, "apple banana cherry"},
		{`{"operator":"is during the previous","type":"days"}`, "apple"},
		{`{"operator":"is during the previous","range":"2","type":"days"}`, "apple banana"},
		{`{"operator":"is during the next","range":1,"type":"weeks"}`, ""},
		{`{"operator":"is during the next","range":1,"type":"months"}`, "cherry"},
		{`{"operator":"is before the previous","range":1,"type":"day"}`, "banana"},
		{`{"operator":"is after the next","range":9,"type":"days"}`, "cherry"},
		{`{"operator":"is after the next","range":1,"type":"years"}`, ""},
		{`{"operator":"is during the previous","range":1,"type":"decades"}`, "Invalid filters: the type of a range is days, weeks, months, quarters or years"},
		{`{"operator":"is during the previous"}`, "Invalid filters: the type of a range is days, weeks, months, quarters or years"},
		{`{"operator":"is during the previous","range":-1,"type":"days"}`, "Invalid filters: a range is a whole number from 1 to 10000"},
	} {
		if got := matches(t, "["+strings.Replace(test.rule, "{", `{"field":"field_6",`, 1)+"]"); got != test.want {
			t.Errorf("%s: got %q, want %q", test.rule, got, test.want)
		}
	}
}

func TestUnitsAdd(t *testing.T) {
	day := func(s string) time.Time {
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, test := range []struct {
		unit, from string
		n          int
		want       string
	}{
		{"month", "2026-03-31", -1, "2026-02-28"},
		{"month", "2026-01-31", 1, "2026-02-28"},
		{"quarter", "2026-11-30", 1, "2027-02-28"},
		{"year", "2028-02-29", 1, "2029-02-28"},
		{"week", "2026-01-01", -1, "2025-12-25"},
		{"month", "2026-12-15", 1, "2027-01-15"},
	} {
		if got := units[test.unit].add(day(test.from), test.n); !got.Equal(day(test.want)) {
			t.Errorf("%s %+d %ss: got %s, want %s", test.from, test.n, test.unit, got.Format(time.DateOnly), test.want)
		}
	}
}

// TestFilterShapes tries the forms that a whole filter may have.
func TestFilterShapes(t *testing.T) {
	apple, banana := ruleOf(`"field_1","contains","apple"`), ruleOf(`"field_4","is",9.5`)
	for text, want := range map[string]string{
		"":                                 everySample,
		" ":                                everySample,
		"null":                             everySample,
		"{}":                               everySample,
		"[]":                               everySample,
		`""`:                               everySample,
		"{\"match\":\"and\",\"rules\":[]}": everySample,
		`{"match":"or","rules":[]}`:        everySample,
		`{"rules":[` + apple + `]}`:        "apple",
		apple:                              "apple",
		`[` + apple + `,` + banana + `]`:   "",
		`{"match":"or","rules":[` + apple + `,` + banana + `]}`:   "apple banana",
		`{"match":"any","rules":[` + apple + `,` + banana + `]}`:  "apple banana",
		`{"match":"all","rules":[` + apple + `,` + banana + `]}`:  "",
		`{"match":"and","rules":[` + apple + `],"groups":[]}`:     "apple",
		`{"match":"and","rules":[` + apple + `],"groups":[[]]}`:   "Invalid filters: groups are not supported",
		`{"match":"nor","rules":[]}`:                              "Invalid filters: match is and or or",
		`{"match":1,"rules":[]}`:                                  "Invalid filters: match is and or or",
		`{"match":" OR ","rules":[` + apple + `,` + banana + `]}`: "apple banana",
		`{"rules":{}}`:          "Invalid filters: rules are a list",
		`[1]`:                   "Invalid filters: a rule is an object",
		`[{}]`:                  "Invalid filters: a rule has no field",
		`[{"field":"field_1"}]`: "Invalid filters: a rule for field_1 has no operator",
		`{"match":`:             "Invalid filters",
		`7`:                     "Invalid filters",
	} {
		if got := matches(t, text); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

// TestViewColumns says that a view's filter reaches its columns alone.
func TestViewColumns(t *testing.T) {
	l := testLowerer(t)
	l.fields = l.fields[:1]
	if _, err := l.filter(`[` + ruleOf(`"field_1","is","a"`) + `]`); err != nil {
		t.Error(err)
	}
	if _, err := l.filter(`[` + ruleOf(`"field_4","is",1`) + `]`); err == nil {
		t.Error("a field that is no column was asked for")
	}
	if _, err := l.sorts(wire.Pairs{{Name: "sort_field", Value: "field_4"}}); err == nil {
		t.Error("a field that is no column was sorted by")
	}
}

// FuzzFilter lowers anything: what comes out passes query.Check, or is refused.
func FuzzFilter(f *testing.F) {
	f.Add(`{"match":"and","rules":[{"field":"field_1","operator":"contains","value":"a"}]}`)
	f.Add(`[{"field":"field_6","operator":"is during the previous","range":3,"type":"months"}]`)
	f.Add(`[{"field":"field_10","operator":"is","value":["red","green"]}]`)
	f.Add(`[{"field":"field_19.field_90","operator":"is not","value":"%_\\"}]`)
	f.Add(`[{"field":"field_24","operator":"ends with","value":"a b c"}]`)
	f.Add(`[{"field":"id","operator":"is any","value":["a",1]}]`)
	f.Fuzz(func(t *testing.T, text string) {
		l := testLowerer(t)
		filter, err := l.filter(text)
		if err != nil {
			if f, ok := err.(*fault); !ok || f.status != 400 {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		if _, err := query.Check(l.space, l.c, query.Query{Filter: filter}); err != nil && dossier.KindOf(err) != dossier.Invalid {
			t.Fatalf("%q: %v", text, err)
		}
	})
}
