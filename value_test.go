package dossier

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestEqualValues(t *testing.T) {
	t.Parallel()
	a, b := &File{ID: "a"}, &File{ID: "b"}
	cases := []struct {
		name string
		x, y Value
		want bool
	}{
		{"nothing and nothing", nil, nil, true},
		{"nothing and an empty list", nil, List{}, true},
		{"nothing and the empty text", nil, Text(""), false},
		{"nothing and zero", nil, Number("0"), false},
		{"a number in two spellings", Number("1.5"), Number("1.50"), true},
		{"a text and a date of the same letters", Text("2026-01-01"), Date("2026-01-01"), false},
		{"lists in another order", List{"a", "b"}, List{"b", "a"}, false},
		{"the same files", Files{a, b}, Files{a, b}, true},
		{"files in another order", Files{a, b}, Files{b, a}, false},
		{"rows with the same values", Rows{{ID: 1, Values: map[string]Value{"n": Number("1")}}}, Rows{{ID: 1, Values: map[string]Value{"n": Number("1.0"), "m": nil}}}, true},
		{"rows of other ids", Rows{{ID: 1}}, Rows{{ID: 2}}, false},
		{"a row with one value more", Rows{{ID: 1}}, Rows{{ID: 1, Values: map[string]Value{"n": Bool(true)}}}, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if EqualValues(c.x, c.y) != c.want || EqualValues(c.y, c.x) != c.want {
				t.Errorf("%v equals %v: want %v", c.x, c.y, c.want)
			}
		})
	}
}

// TestFits goes through every type and every kind of value.
func TestFits(t *testing.T) {
	t.Parallel()
	values := map[string]Value{"Text": Text("x"), "List": List{"x"}, "Number": Number("1"), "Bool": Bool(true), "Date": Date("2026-01-01"),
		"Clock": Clock("10:00"), "Instant": Instant(1), "Files": Files{}, "FileRefs": FileRefs{}, "Rows": Rows{}, "JSON": JSON("{}"), "Secret": Secret{Hash: "x"}}
	fits := map[FieldType]string{TypeText: "Text", TypeRichText: "Text", TypeNumber: "Number", TypeBool: "Bool", TypeDate: "Date",
		TypeDateTime: "Instant", TypeTime: "Clock", TypeSelect: "Text", TypeEmail: "Text", TypeURL: "Text", TypePhone: "Text",
		TypeFile: "Files FileRefs", TypeImage: "Files FileRefs", TypeRelation: "Text", TypeUser: "Text", TypeTable: "Rows", TypeJSON: "JSON",
		TypeAutoNumber: "Number", TypeName: "JSON", TypeAddress: "JSON", TypeRating: "Number", TypePassword: "Secret"}
	for _, ft := range FieldTypes {
		f := &Field{Name: "f", Type: ft}
		if err := Fits(f, nil); err != nil {
			t.Errorf("the empty value must fit %s: %v", ft, err)
		}
		for name, v := range values {
			want := strings.Contains(" "+fits[ft]+" ", " "+name+" ")
			if got := Fits(f, v) == nil; got != want {
				t.Errorf("a %s fits %s: %v, want %v", name, ft, got, want)
			}
		}
	}
	for _, ft := range []FieldType{TypeSelect, TypeRelation, TypeUser} {
		f := &Field{Name: "f", Type: ft, MaxSelect: 2}
		if Fits(f, List{"a"}) != nil || Fits(f, Text("a")) == nil {
			t.Errorf("a multiple %s holds a list and no text", ft)
		}
	}
}

func TestParsers(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "2026-13-01", "2026-02-30", "26-01-01", "0000-01-01", "2026-1-1", "2026-01-01T00:00"} {
		if d, err := ParseDate(bad); err == nil {
			t.Errorf("ParseDate(%q) = %q", bad, d)
		}
	}
	for _, bad := range []string{"", "24:00", "1:00", "10:60", "10:00:60", "10"} {
		if c, err := ParseClock(bad); err == nil {
			t.Errorf("ParseClock(%q) = %q", bad, c)
		}
	}
	if j, err := ParseJSONValue(" {\"a\": [1, \"<b>\"]} "); err != nil || j != `{"a":[1,"<b>"]}` {
		t.Errorf("ParseJSONValue gives %q, %v", j, err)
	}
	if _, err := ParseJSONValue("{} {}"); KindOf(err) != Invalid {
		t.Errorf("two documents are %v", err)
	}
	if at := time.Date(2026, 2, 3, 4, 5, 6, 7e6, time.UTC); !InstantOf(at).Time().Equal(at) {
		t.Error("an instant keeps milliseconds")
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	err := fmt.Errorf("attach: %w", Errorf(NotFound, "no file: %w", cause))
	if !errors.Is(err, NotFound) || errors.Is(err, Invalid) || !errors.Is(err, cause) || KindOf(err) != NotFound {
		t.Errorf("%v has lost its kind or cause", err)
	}
	if KindOf(cause) != Internal || KindOf(nil) != "" {
		t.Error("what has no kind is Internal, no error has none")
	}
	e := Invalidate(Problem{Path: []string{"lines", "0", "qty"}, Code: CodeNotNumber}, Problem{Path: []string{"title"}, Code: CodeRequired})
	if want := "invalid: lines.0.qty not_number, title required"; e.Error() != want {
		t.Errorf("got %q, want %q", e.Error(), want)
	}
}

func TestIDs(t *testing.T) {
	t.Parallel()
	id, err := NewFileID(bytes.NewReader(bytes.Repeat([]byte{0xff}, 16)))
	if err != nil || id != "ffffffffffff4fffbfffffffffffffff" {
		t.Errorf("a file's ID is a version 4 UUID in hexadecimal digits, not %q (%v)", id, err)
	}
	if _, err := NewID(bytes.NewReader(nil)); KindOf(err) != Internal {
		t.Errorf("without randomness there is no ID: %v", err)
	}
	for id, want := range map[string]bool{"abcdefghijklmno": true, "0123456789abcdef01234567": true, "short": false, "ABCDEFGHIJKLMNO": false, "abcdefghijklmn-": false, strings.Repeat("a", 25): false} {
		if ValidRecordID(id) != want {
			t.Errorf("ValidRecordID(%q) is %v", id, !want)
		}
	}
}

// lines is a log whose lines are read from the channel.
type lines chan string

func (l lines) Write(line []byte) (int, error) {
	l <- string(line)
	return len(line), nil
}

func TestGoLogsAPanicAndGoesOn(t *testing.T) {
	t.Parallel()
	log := make(lines, 1)
	Go(slog.New(slog.NewTextHandler(log, nil)), "a test", func() { panic("oh") })
	line := <-log
	for _, part := range []string{"level=ERROR", "msg=panic", `in="a test"`, "panic=oh", "value_test.go"} {
		if !strings.Contains(line, part) {
			t.Errorf("no %s in the log: %s", part, line)
		}
	}
}

func TestElements(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		v    Value
		want []string
	}{
		{"nothing", nil, nil},
		{"the empty text", Text(""), nil},
		{"a single one", Text("a"), []string{"a"}},
		{"several", List{"b", "a"}, []string{"b", "a"}},
		{"another value", Number("1"), nil},
	} {
		if got := Elements(c.v); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestDefaultsOfNewRecords(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 31, 23, 59, 58, 7e6, time.FixedZone("", 2*60*60))
	for _, c := range []struct {
		name string
		f    Field
		want Value
	}{
		{"none", Field{Type: TypeText}, nil},
		{"a value", Field{Type: TypeText, Default: Text("x")}, Text("x")},
		{"today", Field{Type: TypeDate, DefaultNow: true}, Date("2026-03-31")},
		{"the time of day", Field{Type: TypeTime, DefaultNow: true}, Clock("23:59")},
		{"now", Field{Type: TypeDateTime, DefaultNow: true}, Instant(now.UnixMilli())},
		{"now where there is none", Field{Type: TypeNumber, DefaultNow: true}, nil},
	} {
		if got := c.f.DefaultAt(now); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestAClonesFieldsAreItsOwn(t *testing.T) {
	t.Parallel()
	c := &Collection{Extra: map[string]string{"a": "b"}, Fields: []*Field{{Name: "t", Fields: []*Field{{Name: "s", Options: []string{"x"}, Extra: map[string]string{"k": "v"}}}}}}
	next := c.Clone()
	inner := next.Fields[0].Fields[0]
	next.Extra["a"], next.Fields[0].Name, inner.Name, inner.Options[0], inner.Extra["k"] = "-", "-", "-", "-", "-"
	if was := c.Fields[0].Fields[0]; c.Extra["a"] != "b" || c.Fields[0].Name != "t" || was.Name != "s" || was.Options[0] != "x" || was.Extra["k"] != "v" {
		t.Errorf("a change of the copy changed it: %+v, %+v", c, was)
	}
	if (&Collection{}).Clone().Fields != nil {
		t.Error("a copy of no fields has some")
	}
}

func TestDistinct(t *testing.T) {
	t.Parallel()
	if got := strings.Join(Distinct([]string{"b", "a", "b", "", "c", "a", ""}), "|"); got != "b|a||c" {
		t.Errorf("got %s", got)
	}
	if got := Distinct([]int(nil)); got == nil || len(got) != 0 {
		t.Errorf("of nothing: %#v", got)
	}
	many := make([]int, 1_000_000) // so many that comparing each with each would not end in time
	for i := range many {
		many[i] = i / 2
	}
	if got := Distinct(many); len(got) != len(many)/2 || got[len(got)-1] != len(got)-1 {
		t.Errorf("%d are left", len(got))
	}
}
