package query_test

import (
	"context"
	"errors"
	"testing"

	"dossier"
	"dossier/query"
)

func text(s string) query.Literal { return query.Literal{Value: dossier.Text(s)} }
func num(s string) query.Literal  { return query.Literal{Value: dossier.Number(s)} }
func eq(l, r query.Operand) query.Compare {
	return query.Compare{Left: l, Op: query.Eq, Right: r}
}

// TestEval holds the filled post and the empty one against filters, in the collection's scope.
func TestEval(t *testing.T) {
	col, meta := query.Col, query.Meta
	via := func(name string, path ...string) query.Column { return query.Column{Path: path, Name: name} }
	lines, tags := col("lines"), col("tags")
	tests := []struct {
		name         string
		filter       query.Filter
		filled, bare bool
	}{
		{"no filter is true", nil, true, true},
		{"and of nothing is true", query.And{}, true, true},
		{"or of nothing is false", query.Or{}, false, false},
		{"a missing part is true", query.Or{nil}, true, true},
		{"numbers compare as numbers", eq(col("price"), num("1.5")), true, false},
		{"numbers do not compare as text", query.Compare{Left: col("price"), Op: query.Lt, Right: num("10")}, true, false},
		{"different is false of the empty value", query.Compare{Left: col("price"), Op: query.Ne, Right: num("9")}, true, false},
		{"not turns that round", query.Not{Filter: eq(col("price"), num("9"))}, true, true},
		{"nothing equals the empty literal", eq(col("price"), query.Literal{}), false, false},
		{"empty", query.Empty{Of: col("price")}, false, true},
		{"false is before true", query.Compare{Left: col("live"), Op: query.Lt, Right: query.Literal{Value: dossier.Bool(true)}}, true, false},
		{"a text meets a day", query.Compare{Left: col("day"), Op: query.Ge, Right: text("2024-02")}, true, false},
		{"a list has a text", eq(tags, text(`["red","blü"]`)), true, false},
		{"in", query.In{Of: meta(query.Number), Values: []dossier.Value{dossier.Number("7.0"), nil}}, true, false},
		{"a login of nobody is empty", query.Empty{Of: meta(query.CreatedBy)}, false, true},
		{"like escapes", query.Like{Of: col("title"), Pattern: `%100\%`, Case: query.Exact}, true, false},
		{"like is exact", query.Like{Of: col("title"), Pattern: "s%", Case: query.Exact}, false, false},
		{"like folds ASCII only", query.Like{Of: col("title"), Pattern: "sTRAßE%", Case: query.ASCII}, true, false},
		{"like one character", query.Like{Of: col("title"), Pattern: "Stra_e%", Case: query.Fold}, true, false},
		{"a number's text is its shortest", query.Like{Of: col("price"), Pattern: "1.5", Case: query.Exact}, true, false},
		{"an instant's text", query.Like{Of: col("moment"), Pattern: "2024-02-29 12:00:00.123Z", Case: query.Exact}, true, false},
		{"some option", query.Some{Over: tags, Where: eq(query.Element{}, text("red"))}, true, false},
		{"every option", query.Every{Over: tags, Where: query.Like{Of: query.Element{}, Pattern: "%r%", Case: query.Fold}}, false, true},
		{"a path", eq(via("name", "author", "boss"), text("Ann")), true, false},
		{"a path through nothing is empty", query.Empty{Of: via("name", "author", "boss", "boss")}, true, true},
		{"a missing record is no element", query.Every{Over: col("readers"), Where: eq(query.Element{}, text("ann"))}, true, true},
		{"but it counts as one", eq(query.Length{Of: col("readers")}, num("2")), true, false},
		{"the length of nothing is 0", eq(query.Length{Of: lines}, num("0")), false, true},
		{"a file", query.Some{Over: col("papers"), Where: query.Like{Of: meta(query.FileName), Pattern: "%.pdf", Case: query.ASCII}}, true, false},
		{"one row holds both", query.Some{Over: lines, Where: query.And{eq(col("what"), text("pen")), eq(col("amount"), num("2.00"))}}, true, false},
		{"no row holds both", query.Some{Over: lines, Where: query.And{eq(col("what"), text("ink")), eq(col("amount"), num("2"))}}, false, false},
		{"a row's path", query.Some{Over: lines, Where: eq(via("name", "buyer"), text("Ann"))}, true, false},
		{"outer", query.Some{Over: query.All{Collection: "authors"}, Where: eq(meta(query.ID), query.Outer{Of: col("author")})}, true, false},
		{"a row meets its record", query.Some{Over: lines, Where: query.Compare{Left: col("amount"), Op: query.Gt, Right: query.Outer{Of: col("price")}}}, true, false},
		{"back", query.Some{Over: col("author"), Where: query.Some{Over: query.Back{Collection: "posts", Field: "author"},
			Where: eq(meta(query.ID), query.Outer{Of: query.Outer{Of: meta(query.ID)}})}}, true, false},
		{"lower folds", eq(query.Lower{Of: via("name", "author"), Case: query.Fold}, text("böb")), true, false},
		{"lower of ASCII only", eq(query.Lower{Of: via("name", "author"), Case: query.ASCII}, text("bÖb")), true, false},
		{"an account", eq(query.Lower{Of: query.Column{Path: []string{"author", "boss"}, Name: query.Email, Meta: true}, Case: query.ASCII}, text("ann@example.org")), true, false},
	}
	sp, posts, _ := space()
	src := records()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q, err := query.Check(sp, posts, query.Query{Filter: tt.filter})
			if err != nil {
				t.Fatal(err)
			}
			for i, want := range []bool{tt.filled, tt.bare} {
				for _, f := range []query.Filter{tt.filter, q.Query().Filter} {
					got, err := query.Eval(context.Background(), sp, posts, f, src["posts"][i], src)
					if err != nil || got != want {
						t.Errorf("record %d: %v, %v, want %v", i, got, err, want)
					}
				}
			}
		})
	}
}

func TestFoldNeverEntersASCII(t *testing.T) {
	for in, want := range map[string]string{"KELVIN \u212a": "kelvin \u212a", "İI": "İi", "ÄÖÜ": "äöü", "ẞ": "ß"} {
		if got := query.FoldText(in, query.Fold); got != want {
			t.Errorf("fold of %q is %q, want %q", in, got, want)
		}
	}
}

func TestCompareRecordsPutsTheEmptyFirst(t *testing.T) {
	sp, posts, _ := space()
	src := records()
	a, b := src["posts"][0], src["posts"][1]
	for _, tt := range []struct {
		sort []query.Sort
		want int
	}{
		{nil, -1},
		{[]query.Sort{{By: query.Col("price")}}, 1},
		{[]query.Sort{{By: query.Col("price"), Desc: true}}, -1},
		{[]query.Sort{{By: query.Col("kind")}, {By: query.Meta(query.Number), Desc: true}}, 1},
		{[]query.Sort{{By: query.Column{Path: []string{"author"}, Name: "name"}}}, 1},
	} {
		got, err := query.CompareRecords(context.Background(), sp, posts, tt.sort, a, b, src)
		if err != nil || got != tt.want {
			t.Errorf("%v: %d, %v, want %d", tt.sort, got, err, tt.want)
		}
	}
}

func TestEvalWithoutASourceHopsNowhere(t *testing.T) {
	sp, posts, _ := space()
	_, err := query.Eval(context.Background(), sp, posts, query.Some{Over: query.Col("author")}, records()["posts"][0], nil)
	if !errors.Is(err, dossier.Internal) {
		t.Errorf("got %v", err)
	}
}
