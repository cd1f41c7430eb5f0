package query_test

import (
	"errors"
	"slices"
	"testing"

	"dossier"
	"dossier/query"
)

func TestCheckRefuses(t *testing.T) {
	col, meta := query.Col, query.Meta
	var deep query.Filter = query.Const(true)
	for range 140 {
		deep = query.Not{Filter: deep}
	}
	tests := map[string]query.Query{
		"an unknown column":                     {Filter: query.Empty{Of: col("nope")}},
		"a field's name as a meta column":       {Filter: query.Empty{Of: meta("title")}},
		"an account's column elsewhere":         {Filter: query.Empty{Of: meta(query.Email)}},
		"an unknown sort":                       {Sort: []query.Sort{{By: col("nope")}}},
		"a sort of files":                       {Sort: []query.Sort{{By: col("papers")}}},
		"no sort operand":                       {Sort: []query.Sort{{}}},
		"types that differ":                     {Filter: eq(col("price"), text("1"))},
		"columns of types that differ":          {Filter: eq(col("title"), col("day"))},
		"a value in a list that differs":        {Filter: query.In{Of: col("title"), Values: []dossier.Value{dossier.Bool(true)}}},
		"a comparison of files":                 {Filter: eq(col("papers"), text("x"))},
		"a comparison of rows to nothing":       {Filter: eq(col("lines"), query.Literal{})},
		"a pattern on files":                    {Filter: query.Like{Of: col("papers"), Case: query.Exact}},
		"a pattern that ends in an escape":      {Filter: query.Like{Of: col("title"), Pattern: `a\`, Case: query.Exact}},
		"blank files":                           {Filter: query.Blank{Of: col("papers")}},
		"a part of files":                       {Filter: query.Contains{Of: col("title"), Part: col("papers"), Case: query.Exact}},
		"something in rows":                     {Filter: query.Contains{Of: col("lines"), Part: col("title"), Case: query.Exact}},
		"a part of no case":                     {Filter: query.Contains{Of: col("title"), Part: col("title")}},
		"a part that is nothing":                {Filter: query.Contains{Of: col("title"), Case: query.Exact}},
		"a pattern of no case":                  {Filter: query.Like{Of: col("title"), Pattern: `a`}},
		"an unknown comparison":                 {Filter: query.Compare{Left: col("title"), Op: "~", Right: text("")}},
		"a number that is none":                 {Filter: eq(col("price"), num("abc"))},
		"a text that is no text":                {Filter: eq(col("title"), text("\xff"))},
		"a text with NUL":                       {Filter: eq(col("title"), text("a\x00b"))},
		"rows as a literal":                     {Filter: eq(col("title"), query.Literal{Value: dossier.Rows{{}}})},
		"an element outside":                    {Filter: query.Empty{Of: query.Element{}}},
		"an element of rows":                    {Filter: query.Some{Over: col("lines"), Where: query.Empty{Of: query.Element{}}}},
		"a column of an option":                 {Filter: query.Some{Over: col("tags"), Where: query.Empty{Of: col("title")}}},
		"outer of the outermost":                {Filter: query.Empty{Of: query.Outer{Of: col("title")}}},
		"outer too far":                         {Filter: query.Some{Over: col("lines"), Where: query.Empty{Of: query.Outer{Of: query.Outer{Of: col("title")}}}}},
		"a path over several records":           {Filter: query.Empty{Of: query.Column{Path: []string{"readers"}, Name: "name"}}},
		"a path over no relation":               {Filter: query.Empty{Of: query.Column{Path: []string{"title"}, Name: "name"}}},
		"a path to no collection":               {Filter: query.Empty{Of: query.Column{Path: []string{"nowhere"}, Name: "name"}}},
		"a path of seven relations":             {Filter: query.Empty{Of: query.Column{Path: []string{"author", "boss", "boss", "boss", "boss", "boss", "boss"}, Name: "name"}}},
		"a range over text":                     {Filter: query.Some{Over: col("title")}},
		"a range over nothing":                  {Filter: query.Some{}},
		"a range over no collection":            {Filter: query.Some{Over: query.All{Collection: "nope"}}},
		"records that do not refer here":        {Filter: query.Some{Over: query.Back{Collection: "authors", Field: "boss"}}},
		"back from a row":                       {Filter: query.Some{Over: col("lines"), Where: query.Some{Over: query.Back{Collection: "posts", Field: "author"}}}},
		"something inside a text":               {Filter: query.Empty{Of: query.JSONPath{Of: col("title"), As: query.Text}}},
		"something of no kind in a document":    {Filter: query.Empty{Of: query.JSONPath{Of: col("data")}}},
		"a list in a document":                  {Filter: query.Empty{Of: query.JSONPath{Of: col("data"), As: query.List}}},
		"a path of bad text in a document":      {Filter: query.Empty{Of: query.JSONPath{Of: col("data"), As: query.Text, Path: []string{"\xff"}}}},
		"too long a path in a document":         {Filter: query.Empty{Of: query.JSONPath{Of: col("data"), As: query.Text, Path: make([]string, 33)}}},
		"an unknown document":                   {Filter: query.Empty{Of: query.JSONPath{Of: col("nope"), As: query.Text}}},
		"a number in a document as a text":      {Filter: eq(query.JSONPath{Of: col("data"), As: query.Decimal}, text("1"))},
		"the length of a number in a document":  {Filter: eq(query.Length{Of: query.JSONPath{Of: col("data"), As: query.Decimal}}, num("1"))},
		"the length of a literal":               {Filter: eq(query.Length{Of: text("a")}, num("1"))},
		"the length of nothing":                 {Filter: eq(query.Length{}, num("1"))},
		"the length of a text":                  {Filter: eq(query.Length{Of: col("title")}, num("1"))},
		"a lower of no case":                    {Filter: query.Empty{Of: query.Lower{Of: col("title")}}},
		"a lower of files":                      {Filter: query.Empty{Of: query.Lower{Of: col("papers"), Case: query.Fold}}},
		"a negative limit":                      {Limit: -1},
		"a tree that is too deep":               {Filter: deep},
		"a tree that is too big":                {Filter: query.And(make([]query.Filter, 3000))},
		"too many values":                       {Filter: query.In{Of: col("title"), Values: make([]dossier.Value, 20_000)}},
		"a filter that is a pointer":            {Filter: (*query.Not)(nil)},
		"an operand that is a pointer":          {Filter: query.Empty{Of: (*query.Column)(nil)}},
		"a comparison without operands":         {Filter: query.Compare{Op: query.Eq}},
		"an unknown column in a missing branch": {Filter: query.Or{query.Const(true), query.Empty{Of: col("nope")}}},
	}
	sp, posts, _ := space()
	for name, q := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := query.Check(sp, posts, q); !errors.Is(err, dossier.Invalid) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestCheckNamesTheUnknownField(t *testing.T) {
	sp, posts, _ := space()
	_, err := query.Check(sp, posts, query.Query{Filter: query.Empty{Of: query.Col("nope")}})
	var e *dossier.Error
	if !errors.As(err, &e) || len(e.Problems) != 1 || e.Problems[0].Code != dossier.CodeUnknown || e.Problems[0].Params["name"] != "nope" {
		t.Errorf("got %v", err)
	}
	if e.Error() != "posts has no field nope: nope unknown" {
		t.Errorf("got %q", e)
	}
}

func TestCheckWithoutAnything(t *testing.T) {
	if _, err := query.Check(nil, nil, query.Query{}); !errors.Is(err, dossier.Invalid) {
		t.Errorf("got %v", err)
	}
	q, err := query.Check(nil, &dossier.Collection{}, query.Query{})
	if err != nil || q.Query().Filter != query.Const(true) || q.Space() == nil {
		t.Errorf("got %v, %v", q, err)
	}
}

func TestCheckMakesLiteralsCanonical(t *testing.T) {
	sp, posts, _ := space()
	q, err := query.Check(sp, posts, query.Query{Filter: query.In{Of: query.Col("price"),
		Values: []dossier.Value{dossier.Number("1.5e1"), nil, dossier.Number("+2")}}})
	if err != nil {
		t.Fatal(err)
	}
	got := q.Query().Filter.(query.In).Values
	if !slices.Equal(got, []dossier.Value{dossier.Number("15"), dossier.Number("2")}) {
		t.Errorf("got %v", got)
	}
}

func TestString(t *testing.T) {
	q := query.Query{
		Filter: query.And{
			query.Or{eq(query.Column{Path: []string{"author"}, Name: "name"}, text(`a"b`)), query.Const(false)},
			query.Not{Filter: query.In{Of: query.Meta(query.Number), Values: []dossier.Value{dossier.Number("1"), dossier.Bool(true)}}},
			query.Every{Over: query.Col("tags"), Where: query.Like{Of: query.Element{}, Pattern: "%x", Case: query.Fold}},
			query.Some{Over: query.Back{Collection: "posts", Field: "author"}, Where: query.Empty{Of: query.Outer{Of: query.Lower{Of: query.Col("day"), Case: query.ASCII}}}},
			query.Some{Over: query.All{Collection: "posts"}, Where: eq(query.Length{Of: query.Col("tags")}, query.Literal{})},
			query.Blank{Of: query.Col("title")},
			query.Contains{Of: query.Col("title"), Part: query.Meta(query.CreatedBy), Case: query.ASCII},
			eq(query.JSONPath{Of: query.Col("data"), Path: []string{"a", "0"}, As: query.Text}, query.Length{Of: query.JSONPath{Of: query.Col("data"), As: query.JSON}}),
			eq(query.Literal{Value: dossier.Date("2024-01-02")}, query.Literal{Value: dossier.Clock("10:00")}),
			eq(query.Literal{Value: dossier.Instant(0)}, query.Literal{Value: dossier.List{"a"}}),
		},
		Sort: []query.Sort{{By: query.Col("title")}, {By: query.Meta(query.Created), Desc: true}}, Offset: 3, Limit: 5, Random: true,
	}
	want := `and(or(author.name = "a\"b", false), not(in(@number, 1, true)), every(tags, like(element, "%x", fold)), ` +
		`some(back(posts.author), empty(outer(lower(day, ascii)))), some(all(posts), length(tags) = nothing), ` +
		`blank(title), contains(title, @created_by, ascii), json(data, ["a","0"], text) = length(json(data, [], json)), ` +
		`date(2024-01-02) = time(10:00), datetime(1970-01-01 00:00:00.000Z) = ["a"])` +
		"\nsort title, -@created\nrandom\noffset 3\nlimit 5"
	if got := q.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if query.String(nil) != "true" {
		t.Error("nil is not true")
	}
}
