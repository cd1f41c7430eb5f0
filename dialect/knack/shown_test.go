package knack

import (
	"testing"
	"time"

	"dossier"
	"dossier/access"
	"dossier/core"
)

// TestSentBackAsShown says that what a client sends back as it was shown stays as it is kept, and that anything else is written.
func TestSentBackAsShown(t *testing.T) {
	_, c := everySpace()
	e := testEncoder(t)
	d := decoder{zone: e.zone}
	seconds := dossier.InstantOf(time.Date(2031, 5, 2, 16, 14, 5, 250_000_000, e.zone))
	twice := dossier.InstantOf(time.Date(2026, 11, 1, 6, 30, 0, 0, time.UTC)) // 1:30 in New York, the second time that day
	for _, test := range []struct {
		name, field string
		value       dossier.Value
		sent        string
		stays       bool
	}{
		{"the formatted moment", "at", seconds, `"05/02/2031 4:14pm"`, true},
		{"the parts of the moment", "at", seconds, `{"date":"05/02/2031","hours":"04","minutes":"14","am_pm":"PM"}`, true},
		{"another minute", "at", seconds, `"05/02/2031 4:15pm"`, false},
		{"other seconds", "at", seconds, `"2031-05-02T16:14:06"`, false},
		{"an hour that comes twice", "at", twice, `"11/01/2026 1:30am"`, true},
		{"a time of day with seconds", "clock", dossier.Clock("16:14:05"), `"4:14pm"`, true},
		{"cleaned markup", "rich", dossier.Text(`<b onclick="x">a</b>`), `"<b>a</b>"`, true},
		{"other markup", "rich", dossier.Text(`<b onclick="x">a</b>`), `"<b>b</b>"`, false},
		{"escaped text", "line", dossier.Text("a <b>"), `"a &lt;b&gt;"`, true},
		{"broken lines", "lines", dossier.Text("a\nb"), `"a<br />b"`, true},
		{"an address in lines", "place", dossier.JSON(`{"street":"1","city":"A","state":"TX"}`), `"1<br />A, TX "`, true},
		{"a full name", "person", dossier.JSON(`{"title":"Dr","first":"Ann","last":"Lee"}`), `"Dr Ann Lee"`, true},
		{"a number without its zeros", "num", dossier.Number("12.50"), `12.5`, true},
		{"a number in 64 bits", "num", dossier.Number("123456789012345678901.50"), `1.2345678901234568e+20`, true},
		{"a rating without its zeros", "stars", dossier.Number("4.00"), `4.0`, true},
		{"another number", "num", dossier.Number("12.50"), `12.6`, false},
		{"a number with other zeros", "num", dossier.Number("12.50"), `12.500`, false},
		{"a number as text", "num", dossier.Number("12.50"), `"12.5"`, false},
		{"the parts of a phone number", "masked", dossier.Text("512 555 0170"), `{"formatted":"(512) 555-0170","full":"5125550170"}`, true},
		{"a formatted phone number", "masked", dossier.Text("5125550170"), `"(512) 555-0170"`, true},
		{"another phone number", "masked", dossier.Text("5125550170"), `"(512) 555-0171"`, false},
		{"a phone number without a mask", "phone", dossier.Text("5125550170"), `"(512) 555-0170"`, false},
		{"nothing", "line", dossier.Text("a"), `""`, false},
		{"something in a blank field", "line", nil, `"a"`, false},
	} {
		f := fieldNamed(t, c, test.field)
		in := input(t, test.sent)
		v, code := d.value(f, in)
		if code != "" {
			t.Fatalf("%s: %s", test.name, code)
		}
		now := &dossier.Record{Values: map[string]dossier.Value{f.Name: test.value}}
		change := e.withoutShown([]*dossier.Field{f}, map[string]any{fieldKey(f): in}, core.Change{Values: map[string]dossier.Value{f.Name: v}}, now)
		if _, written := change.Values[f.Name]; written == test.stays || !change.Sent[f.Name] {
			t.Errorf("%s: written %v, sent %v", test.name, written, change.Sent)
		}
	}
}

// TestTimeZone says that clients see the wall clock of the space's zone, and that a moment is kept in UTC.
func TestTimeZone(t *testing.T) {
	clk := newClock(testNow)
	c := newClient(t, clk.option)
	settings := c.svc.Space().Settings
	settings.TimeZone = "America/New_York"
	if err := c.svc.PutSettings(t.Context(), access.System(), settings); err != nil {
		t.Fatal(err)
	}
	a := c.do("POST", "/v1/objects/object_2/records", `{"field_14":"11/20/2026 11:30pm"}`, keyed).want("create", 200, "*")
	if got := a.text("field_14") + " " + a.text("field_14_raw.iso_timestamp"); got != "11/20/2026 11:30pm 2026-11-20T23:30:00.000Z" {
		t.Errorf("shown as %s", got)
	}
	reports, _ := c.svc.Space().Collection("reports")
	r, err := c.svc.GetRecord(t.Context(), access.System(), reports, core.ByID(dossier.ID(a.text("id"))))
	if err != nil || r.Values["seen_at"] != instant("2026-11-21T04:30:00Z") {
		t.Errorf("kept as %v (%v)", r.Values["seen_at"], err)
	}
	for op, want := range map[string]float64{"is today": 0, "is before today": 1, "is today or before": 1, "is before current time": 1} {
		list := c.do("GET", `/v1/objects/object_2/records?filters=[{"field":"field_14","operator":"`+op+`"}]`, "", keyed)
		if got := list.at("total_records"); got != want {
			t.Errorf("%s: %v records", op, got)
		}
	}
	meta := c.do("GET", "/v1/applications/"+app, "", nil)
	if got := meta.text("application.settings.timezone") + " " + meta.text("application.settings.timezone_offset"); got != "America/New_York -18000" {
		t.Errorf("told as %s", got)
	}
}
