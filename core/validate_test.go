package core_test

import (
	"strings"
	"testing"

	"dossier"
	"dossier/access"
	"dossier/core"
)

// params are a problem's.
type params = map[string]any

func TestWhatAFieldDoesNotAllow(t *testing.T) {
	t.Parallel()
	fields := []*dossier.Field{
		{Name: "text", Type: dossier.TypeText, Min: "2", Max: "4", Pattern: "^[a-zä日本]+$"},
		{Name: "html", Type: dossier.TypeRichText, Max: "5"},
		{Name: "number", Type: dossier.TypeNumber, Min: "-1.5", Max: "1e3"},
		{Name: "whole", Type: dossier.TypeNumber, Integer: true},
		{Name: "stars", Type: dossier.TypeRating, Min: "1", Max: "5"},
		{Name: "day", Type: dossier.TypeDate, Min: "2026-01-01", Max: "2026-12-31"},
		{Name: "moment", Type: dossier.TypeDateTime, Min: "2026-01-01T00:00:00.000Z", Max: "2026-01-01T00:00:01.000Z"},
		{Name: "time", Type: dossier.TypeTime, Min: "09:00:00", Max: "17:30"},
		{Name: "one", Type: dossier.TypeSelect, Options: []string{"a", "b"}},
		{Name: "some", Type: dossier.TypeSelect, Options: []string{"a", "b", "c"}, MaxSelect: 2},
		{Name: "mail", Type: dossier.TypeEmail},
		{Name: "link", Type: dossier.TypeURL},
		{Name: "yes", Type: dossier.TypeBool},
		{Name: "pin", Type: dossier.TypePassword, Min: "2", Max: "4", Pattern: "^[a-zä]+$"},
		{Name: "phrase", Type: dossier.TypePassword},
		{Name: "lines", Type: dossier.TypeTable, Fields: []*dossier.Field{
			{Name: "text", Type: dossier.TypeText, Required: true, Max: "3"},
			{Name: "some", Type: dossier.TypeSelect, Options: []string{"a"}, MaxSelect: 2},
		}},
	}
	h := newHouse(t, []*dossier.Collection{{Name: "forms", Fields: fields}})
	row := func(v values) dossier.Rows {
		return dossier.Rows{{Values: values{"text": dossier.Text("ok")}}, {Values: v}}
	}
	for _, c := range []struct {
		name  string
		field string
		value dossier.Value
		want  []dossier.Problem
	}{
		{"a text of the fewest characters", "text", dossier.Text("日本"), nil},
		{"a text of the most characters", "text", dossier.Text("ääää"), nil},
		{"a text with fewer characters", "text", dossier.Text("日"), []dossier.Problem{prob(dossier.CodeTooShort, params{"min": 2}, "text")}},
		{"a text with more characters", "text", dossier.Text("äääää"), []dossier.Problem{prob(dossier.CodeTooLong, params{"max": 4}, "text")}},
		{"a text that does not match", "text", dossier.Text("a1"), []dossier.Problem{prob(dossier.CodePattern, nil, "text")}},
		{"the empty text meets no bound", "text", dossier.Text(""), nil},
		{"a text that is no UTF-8", "text", dossier.Text("a\xff"), []dossier.Problem{prob(dossier.CodeInvalid, nil, "text")}},
		{"a text with a zero byte", "html", dossier.Text("a\x00"), []dossier.Problem{prob(dossier.CodeInvalid, nil, "html")}},
		{"a rich text that is too long", "html", dossier.Text("<p></p>"), []dossier.Problem{prob(dossier.CodeTooLong, params{"max": 5}, "html")}},
		{"the least number", "number", dossier.Number("-1.50"), nil},
		{"the greatest number", "number", dossier.Number("1000.0"), nil},
		{"a smaller number", "number", dossier.Number("-1.51"), []dossier.Problem{prob(dossier.CodeTooSmall, params{"min": "-1.5"}, "number")}},
		{"a greater number", "number", dossier.Number("1000.0000000000000000001"), []dossier.Problem{prob(dossier.CodeTooBig, params{"max": "1e3"}, "number")}},
		{"a whole number with a point", "whole", dossier.Number("5.0"), nil},
		{"a number with decimals", "whole", dossier.Number("5.5"), []dossier.Problem{prob(dossier.CodeNotInteger, nil, "whole")}},
		{"too few stars", "stars", dossier.Number("0"), []dossier.Problem{prob(dossier.CodeTooSmall, params{"min": "1"}, "stars")}},
		{"too many stars", "stars", dossier.Number("6"), []dossier.Problem{prob(dossier.CodeTooBig, params{"max": "5"}, "stars")}},
		{"the first day", "day", dossier.Date("2026-01-01"), nil},
		{"a day before", "day", dossier.Date("2025-12-31"), []dossier.Problem{prob(dossier.CodeTooSmall, params{"min": "2026-01-01"}, "day")}},
		{"a day after", "day", dossier.Date("2027-01-01"), []dossier.Problem{prob(dossier.CodeTooBig, params{"max": "2026-12-31"}, "day")}},
		{"the first moment", "moment", dossier.Instant(1767225600000), nil},
		{"a millisecond before", "moment", dossier.Instant(1767225599999), []dossier.Problem{prob(dossier.CodeTooSmall, params{"min": "2026-01-01T00:00:00.000Z"}, "moment")}},
		{"a millisecond after", "moment", dossier.Instant(1767225601001), []dossier.Problem{prob(dossier.CodeTooBig, params{"max": "2026-01-01T00:00:01.000Z"}, "moment")}},
		{"the first minute, without its seconds", "time", dossier.Clock("09:00"), nil},
		{"the last minute, with its seconds", "time", dossier.Clock("17:30:00"), nil},
		{"a second after", "time", dossier.Clock("17:30:01"), []dossier.Problem{prob(dossier.CodeTooBig, params{"max": "17:30"}, "time")}},
		{"a minute before", "time", dossier.Clock("08:59"), []dossier.Problem{prob(dossier.CodeTooSmall, params{"min": "09:00:00"}, "time")}},
		{"an option", "one", dossier.Text("a"), nil},
		{"no option", "one", dossier.Text("A"), []dossier.Problem{prob(dossier.CodeOption, params{"value": "A"}, "one")}},
		{"several where one is taken", "one", dossier.List{"a"}, []dossier.Problem{prob(dossier.CodeInvalid, nil, "one")}},
		{"as many options as are taken", "some", dossier.List{"c", "a", "c"}, nil},
		{"more options than are taken", "some", dossier.List{"c", "a", "b"}, []dossier.Problem{prob(dossier.CodeTooMany, params{"max": 2}, "some")}},
		{"one of the list is no option", "some", dossier.List{"c", "x"}, []dossier.Problem{prob(dossier.CodeOption, params{"value": "x"}, "some", "1")}},
		{"an empty list is empty", "some", dossier.List{}, nil},
		{"an address", "mail", dossier.Text("a.b+c@sub.example.com"), nil},
		{"an address with a name", "mail", dossier.Text("A <a@example.com>"), []dossier.Problem{prob(dossier.CodeNotEmail, nil, "mail")}},
		{"an address without a place", "mail", dossier.Text("a@"), []dossier.Problem{prob(dossier.CodeNotEmail, nil, "mail")}},
		{"an address with a path", "mail", dossier.Text("a@b.com/x"), []dossier.Problem{prob(dossier.CodeNotEmail, nil, "mail")}},
		{"an address of a domain that ends like none", "mail", dossier.Text("a@b-.com"), []dossier.Problem{prob(dossier.CodeNotEmail, nil, "mail")}},
		{"a host with a path", "link", dossier.Text("a.b/c"), nil},
		{"a host by its number", "link", dossier.Text("1.2.3.4"), nil},
		{"a number is no host", "link", dossier.Text("12.5"), []dossier.Problem{prob(dossier.CodeNotURL, nil, "link")}},
		{"a machine without a domain", "mail", dossier.Text("a@localhost"), []dossier.Problem{prob(dossier.CodeNotEmail, nil, "mail")}},
		{"an address that is too long", "mail", dossier.Text(strings.Repeat("a", 320) + "@b.c"), []dossier.Problem{prob(dossier.CodeNotEmail, nil, "mail")}},
		{"a URL", "link", dossier.Text("https://example.com:8080/a?b=c#d"), nil},
		{"a URL without a scheme", "link", dossier.Text("example.com/a"), nil},
		{"a word", "link", dossier.Text("example"), []dossier.Problem{prob(dossier.CodeNotURL, nil, "link")}},
		{"a URL with a space", "link", dossier.Text("https://example.com/a b"), []dossier.Problem{prob(dossier.CodeNotURL, nil, "link")}},
		{"a scheme alone", "link", dossier.Text("https://"), []dossier.Problem{prob(dossier.CodeNotURL, nil, "link")}},
		{"a program", "link", dossier.Text("JavaScript:alert(1)"), []dossier.Problem{prob(dossier.CodeNotURL, nil, "link")}},
		{"a text in place of a number", "number", dossier.Text("1"), []dossier.Problem{prob(dossier.CodeInvalid, nil, "number")}},
		{"a number in place of a truth value", "yes", dossier.Number("1"), []dossier.Problem{prob(dossier.CodeInvalid, nil, "yes")}},
		{"a password", "pin", dossier.Secret{Clear: "ääää", Hash: "h"}, nil},
		{"a password of fewer characters", "pin", dossier.Secret{Clear: "ä", Hash: "h"}, []dossier.Problem{prob(dossier.CodeTooShort, params{"min": 2}, "pin")}},
		{"a password of more characters", "pin", dossier.Secret{Clear: "äääää"}, []dossier.Problem{prob(dossier.CodeTooLong, params{"max": 4}, "pin")}},
		{"a password that does not match", "pin", dossier.Secret{Clear: "AB", Hash: "h"}, []dossier.Problem{prob(dossier.CodePattern, nil, "pin")}},
		{"a password that was not hashed", "pin", dossier.Secret{Clear: "ab"}, []dossier.Problem{prob(dossier.CodeInvalid, nil, "pin")}},
		{"a password that is no UTF-8", "phrase", dossier.Secret{Clear: "a\xff", Hash: "h"}, []dossier.Problem{prob(dossier.CodeInvalid, nil, "phrase")}},
		{"the longest password", "phrase", dossier.Secret{Clear: strings.Repeat("a", 512), Hash: "h"}, nil},
		{"a password that is longer", "phrase", dossier.Secret{Clear: strings.Repeat("a", 513), Hash: "h"}, []dossier.Problem{prob(dossier.CodeTooLong, params{"max": 512}, "phrase")}},
		{"a text in place of a password", "phrase", dossier.Text("a"), []dossier.Problem{prob(dossier.CodeInvalid, nil, "phrase")}},
		{"a row that fits", "lines", row(values{"text": dossier.Text("abc"), "some": dossier.List{"a"}}), nil},
		{"a row without what it needs", "lines", row(nil), []dossier.Problem{prob(dossier.CodeRequired, nil, "lines", "1", "text")}},
		{"a row with a text that is too long", "lines", row(values{"text": dossier.Text("abcd")}), []dossier.Problem{prob(dossier.CodeTooLong, params{"max": 3}, "lines", "1", "text")}},
		{"a row with a list that holds no option", "lines", row(values{"text": dossier.Text("a"), "some": dossier.List{"a", "z"}}),
			[]dossier.Problem{prob(dossier.CodeOption, params{"value": "z"}, "lines", "1", "some", "1")}},
		{"a row with a value that does not fit", "lines", row(values{"text": dossier.Text("a"), "some": dossier.Text("a")}),
			[]dossier.Problem{prob(dossier.CodeInvalid, nil, "lines", "1", "some")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := h.tryCreate("forms", values{c.field: c.value})
			if c.want == nil {
				h.must(err)
				return
			}
			wrong(t, err, c.want...)
		})
	}
}

func TestAllProblemsAreToldAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, []*dossier.Collection{{Name: "forms", Fields: []*dossier.Field{
		{Name: "a", Type: dossier.TypeText, Required: true},
		{Name: "b", Type: dossier.TypeNumber, Max: "1"},
		{Name: "c", Type: dossier.TypeSelect, Options: []string{"x"}},
	}}})
	_, err := h.tryCreate("forms", values{"b": dossier.Number("2"), "c": dossier.Text("y")})
	wrong(t, err, prob(dossier.CodeRequired, nil, "a"), prob(dossier.CodeTooBig, params{"max": "1"}, "b"),
		prob(dossier.CodeOption, params{"value": "y"}, "c"))
}

func TestRequired(t *testing.T) {
	t.Parallel()
	h := newHouse(t, []*dossier.Collection{{Name: "forms", Fields: []*dossier.Field{
		{Name: "text", Type: dossier.TypeText, Required: true},
		{Name: "yes", Type: dossier.TypeBool, Required: true},
		{Name: "count", Type: dossier.TypeNumber, Required: true},
		{Name: "some", Type: dossier.TypeSelect, Options: []string{"a"}, MaxSelect: 2, Required: true},
		{Name: "files", Type: dossier.TypeFile, Required: true},
		{Name: "pin", Type: dossier.TypePassword, Required: true},
		{Name: "lines", Type: dossier.TypeTable, Required: true, Fields: []*dossier.Field{{Name: "x", Type: dossier.TypeText}}},
		{Name: "serial", Type: dossier.TypeAutoNumber, Required: true},
	}}})
	full := func() values {
		return values{"text": dossier.Text(" "), "yes": dossier.Bool(false), "count": dossier.Number("0"), "some": dossier.List{"a"},
			"files": take(h.upload("a", "a")), "pin": dossier.Secret{Clear: "a", Hash: "h"}, "lines": dossier.Rows{{}}}
	}
	r := h.create("forms", full())
	names := []string{"text", "yes", "count", "some", "files", "pin", "lines"}
	var every []dossier.Problem
	for _, name := range names {
		every = append(every, prob(dossier.CodeRequired, nil, name))
		v := full()
		delete(v, name)
		_, err := h.tryCreate("forms", v)
		wrong(t, err, prob(dossier.CodeRequired, nil, name))
		_, err = h.tryUpdate("forms", r, values{name: nil})
		wrong(t, err, prob(dossier.CodeRequired, nil, name))
	}
	_, err := h.tryCreate("forms", nil)
	wrong(t, err, every...)
	_, err = h.tryUpdate("forms", r, values{"text": dossier.Text(""), "some": dossier.List{}, "files": dossier.FileRefs{}, "lines": dossier.Rows{}})
	wrong(t, err, prob(dossier.CodeRequired, nil, "text"), prob(dossier.CodeRequired, nil, "some"), prob(dossier.CodeRequired, nil, "files"),
		prob(dossier.CodeRequired, nil, "lines"))
	_, err = h.CreateRecord(ctx(), access.System(), h.collection("forms"), "", core.Change{Loose: true})
	kind(t, "a loose write", err, "")
}

func TestUnique(t *testing.T) {
	t.Parallel()
	h := newHouse(t, []*dossier.Collection{{Name: "forms", Fields: []*dossier.Field{
		{Name: "text", Type: dossier.TypeText, Unique: true},
		{Name: "count", Type: dossier.TypeNumber, Unique: true},
	}}})
	first := h.create("forms", values{"text": dossier.Text("a"), "count": dossier.Number("1.50")})
	h.create("forms", nil)
	second := h.create("forms", nil) // empty values do not clash
	h.create("forms", values{"text": dossier.Text("")})
	blank := h.create("forms", values{"text": dossier.Text("")})
	same(t, "an empty text of a unique field", len(blank.Values), 0)
	clash := []dossier.Problem{prob(dossier.CodeNotUnique, nil, "text"), prob(dossier.CodeNotUnique, nil, "count")}
	taken := values{"text": dossier.Text("a"), "count": dossier.Number("1.5")}
	_, err := h.tryCreate("forms", taken)
	kind(t, "create", err, dossier.Exists)
	same(t, "problems of a create", problemsOf(err), clash)
	_, err = h.tryUpdate("forms", second, taken)
	kind(t, "update", err, dossier.Exists)
	same(t, "problems of an update", problemsOf(err), clash)
	h.update("forms", first, taken)
	h.delete("forms", first)
	h.update("forms", second, taken)
}
