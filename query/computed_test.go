package query_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"dossier"
	"dossier/query"
)

// TestComputed holds operands that are made of others against a value, of the filled post and of the empty one. The texts of moments are
// those of SQLite's strftime.
func TestComputed(t *testing.T) {
	col, slug := query.Col, query.Meta(query.FileSlug)
	stamp := func(of query.Operand, format string, moves ...query.Move) query.Operand {
		return query.Stamp{Of: of, Moves: moves, Format: format}
	}
	berlin := query.Distance{LonA: num("13.4"), LatA: num("52.5"), LonB: num("-0.1"), LatB: num("51.5")}
	tests := []struct {
		name         string
		of           query.Operand
		filled, bare string // "" is the empty value
	}{
		{"a choice", query.Choose{If: eq(col("kind"), text("x")), Then: num("1"), Else: col("price")}, "1.5", ""},
		{"or else", query.OrElse(col("price"), num("0")), "1.5", "0"},
		{"a choice between texts", query.Lower{Of: query.OrElse(col("day"), text("NEVER")), Case: query.ASCII}, "2024-02-29", "never"},
		{"the first option", query.At{Over: col("tags"), Of: query.Element{}}, "red", ""},
		{"the second row", query.At{Over: col("lines"), Index: 1, Of: col("what")}, "ink", ""},
		{"the first row that is like that", query.At{Over: col("lines"), Where: query.Empty{Of: col("amount")}, Of: col("what")}, "ink", ""},
		{"the first related record, missing ones left out", query.At{Over: col("readers"), Of: col("name")}, "Ann", ""},
		{"one behind another", query.At{Over: col("author"), Of: query.At{Over: query.Back{Collection: "posts", Field: "author"}, Of: query.Meta(query.ID)}}, "p", ""},
		{"names of files", query.Texts{Over: col("papers"), Of: slug}, `["a_x.pdf"]`, ""},
		{"texts that are there", query.Texts{Over: col("lines"), Of: col("amount")}, `["2"]`, ""},
		{"a numeral", query.Numeral{Of: text(" 1e2 ")}, "100", "100"},
		{"no numeral", query.Numeral{Of: col("title")}, "", ""},
		{"a distance", query.Choose{If: query.And{query.Compare{Left: berlin, Op: query.Gt, Right: num("927")},
			query.Compare{Left: berlin, Op: query.Lt, Right: num("935")}}, Then: text("near"), Else: text("off")}, "near", "near"},
		{"a distance from nowhere", query.Distance{LonA: col("price"), LatA: num("0"), LonB: num("1.5"), LatB: num("0")}, "0", ""},
		{"an instant", stamp(col("moment"), "%Y-%m-%d %H:%M:%S %f %j %w %u %s"), "2024-02-29 12:00:00 00.123 060 4 4 1709208000", ""},
		{"weeks", stamp(text("2021-01-03"), "%G %g %V %U %W"), "2020 20 53 01 00", "2020 20 53 01 00"},
		{"hours", stamp(text("2024-01-02 00:30+01:00"), "%e|%k|%l|%I%p|%P|%R|%T|%F|%%"), " 1|23|11|11PM|pm|23:30|23:30:00|2024-01-01|%", " 1|23|11|11PM|pm|23:30|23:30:00|2024-01-01|%"},
		{"a day and how it moves", stamp(col("day"), "%F", query.Move{By: query.YearStart}, query.Move{By: query.Weekday, N: 0}), "2024-01-07", ""},
		{"a month too long", stamp(text("2024-01-31"), "%F", query.Move{By: query.Months, N: 1}), "2024-03-02", "2024-03-02"},
		{"a month cut", stamp(text("2024-01-31"), "%F", query.Move{By: query.MonthsWithin, N: 1}), "2024-02-29", "2024-02-29"},
		{"the day before the month", stamp(text("2024-03-15 10:00"), "%F %T", query.Move{By: query.MonthStart}, query.Move{By: query.Milliseconds, N: -1}),
			"2024-02-29 23:59:59", "2024-02-29 23:59:59"},
		{"a Julian day", stamp(text("2451545"), "%F %T %J"), "2000-01-01 12:00:00 2451545", "2000-01-01 12:00:00 2451545"},
		{"seconds since 1970", stamp(num("1700000000.5"), "%F %T %f", query.Move{By: query.Seconds}, query.Move{By: query.Months, N: 1}), "2023-12-14 22:13:20 20.500", "2023-12-14 22:13:20 20.500"},
		{"seconds in a text", stamp(text("-1"), "%F %T", query.Move{By: query.Seconds}), "1969-12-31 23:59:59", "1969-12-31 23:59:59"},
		{"a day is no number of seconds", stamp(col("day"), "%F", query.Move{By: query.Seconds}), "", ""},
		{"too many seconds", stamp(num("253402300800"), "%F", query.Move{By: query.Seconds}), "", ""},
		{"a number as a Julian day", stamp(num("2451545"), "%F", query.Move{By: query.Julian}), "2000-01-01", "2000-01-01"},
		{"no Julian day", stamp(text("2024-01-31"), "%F", query.Move{By: query.Julian}), "", ""},
		{"either, a Julian day", stamp(num("2451545"), "%F", query.Move{By: query.Either}), "2000-01-01", "2000-01-01"},
		{"either, seconds", stamp(text("1700000000"), "%F", query.Move{By: query.Either}), "2023-11-14", "2023-11-14"},
		{"either, a day", stamp(text("2024-01-31"), "%F", query.Move{By: query.Either}), "2024-01-31", "2024-01-31"},
		{"past the years", stamp(text("9999-12-31"), "%F", query.Move{By: query.Months, N: 1}), "", ""},
		{"no moment", stamp(text("2024-13-01"), "%F"), "", ""},
	}
	sp, posts, _ := space()
	src := records()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for i, want := range []string{tt.filled, tt.bare} {
				f := query.Filter(eq(query.Lower{Of: tt.of, Case: query.Exact}, text(want)))
				if want == "" {
					f = query.Empty{Of: tt.of}
				}
				q, err := query.Check(sp, posts, query.Query{Filter: f})
				if err != nil {
					t.Fatal(err)
				}
				got, err := query.Eval(context.Background(), sp, posts, q.Query().Filter, src["posts"][i], src)
				if err != nil || !got {
					t.Errorf("record %d: %s is %v, %v", i, query.String(f), got, err)
				}
			}
		})
	}
}

func TestComputedOperandsAreChecked(t *testing.T) {
	sp, posts, _ := space()
	for name, of := range map[string]query.Operand{
		"a choice of two types":         query.OrElse(query.Col("price"), text("a")),
		"a choice of files":             query.OrElse(query.Col("papers"), query.Literal{}),
		"a choice by what is not there": query.Choose{If: query.Empty{Of: query.Col("nothing")}, Then: num("1"), Else: num("2")},
		"a place before the first":      query.At{Over: query.Col("tags"), Index: -1, Of: query.Element{}},
		"files of records":              query.At{Over: query.Back{Collection: "posts", Field: "author"}, Of: query.Col("papers")},
		"texts of no set":               query.Texts{Over: query.Col("price"), Of: num("1")},
		"a numeral of rows":             query.Numeral{Of: query.Col("lines")},
		"a distance of texts":           query.Distance{LonA: text("1"), LatA: num("1"), LonB: num("1"), LatB: num("1")},
		"an unknown conversion":         query.Stamp{Of: query.Col("moment"), Format: "%q"},
		"more than anybody reads":       query.Stamp{Of: query.Col("moment"), Format: strings.Repeat("%J", 129)},
		"half a conversion":             query.Stamp{Of: query.Col("moment"), Format: "%"},
		"an unknown move":               query.Stamp{Of: query.Col("moment"), Moves: []query.Move{{By: "eon", N: 1}}},
		"a reading behind a move":       query.Stamp{Of: query.Col("moment"), Moves: []query.Move{{By: query.DayStart}, {By: query.Seconds}}},
		"a reading of five":             query.Stamp{Of: query.Col("moment"), Moves: []query.Move{{By: query.Seconds, N: 5}}},
		"an eighth day":                 query.Stamp{Of: query.Col("moment"), Moves: []query.Move{{By: query.Weekday, N: 7}}},
	} {
		if _, err := query.Check(sp, posts, query.Query{Filter: query.Empty{Of: of}}); dossier.KindOf(err) != dossier.Invalid {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestMovesAreReadAsTheyAreWritten(t *testing.T) {
	moves := []query.Move{{By: query.Seconds}, {By: query.Months, N: -3}, {By: query.DayStart}, {By: query.Weekday, N: 6}}
	got, ok := query.ParseMoves(query.MovesText(moves))
	if !ok || !slices.Equal(got, moves) {
		t.Errorf("%v, %v", got, ok)
	}
	if _, ok := query.ParseMoves("eon 1"); ok {
		t.Error("an unknown move was read")
	}
}
