package storetest

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"dossier"
	"dossier/query"
	"dossier/store"
)

// testPatterns holds patterns and folded letters against texts that make a difference; random trees seldom do.
func testPatterns(t *testing.T, open Opener) {
	b := newBench(t, open)
	c := b.collection("notes", &dossier.Field{Name: "s", Type: dossier.TypeText})
	space := &dossier.Space{Collections: []*dossier.Collection{c}}
	var all []*dossier.Record
	for _, s := range append(words, "ÄÖÜ", "äöü", "Straße", "STRASSE", "Ελλάδα", "ΕΛΛΆΔΑ", "Привет", "ПРИВЕТ", "\u0130stanbul", "istanbul") {
		all = append(all, b.insert(c, values("s", dossier.Text(s))))
	}
	for _, s := range append(strings.Split(query.Spaces, ""), query.Spaces, query.Spaces+"x", "\u200b", "\ufeff") {
		all = append(all, b.insert(c, values("s", dossier.Text(s))))
	}
	all = append(all, b.insert(c, values()))
	b.agree(space, c, query.Blank{Of: query.Col("s")}, all)
	b.agree(space, c, query.Blank{Of: query.Lower{Of: query.Col("s"), Case: query.Fold}}, all)
	b.agree(space, c, query.Blank{Of: query.Literal{Value: dossier.Text(" \u3000")}}, all)
	for _, pattern := range []string{"ä%", "Ä%", "ÄB", "äöü", "%ÖÜ", "_ö_", "k", "K", "\u212a", "ß", "ẞ", "ελλάδα", "ПРИВЕТ", "п%т", "i%", "İ%", "%%", "", "_",
		"__", "[a]", "a*b", "a?b", "%]%", `a\%b`, `a\_b`, `a\\b`, `%\%%`, "日本_", "%語", "😀", "a_b", "%\n%", "straße", "strasse"} {
		for _, how := range cases {
			f := query.Like{Of: query.Col("s"), Pattern: pattern, Case: how}
			folded := query.Compare{Left: query.Lower{Of: query.Col("s"), Case: how}, Op: query.Eq, Right: query.Literal{Value: dossier.Text(pattern)}}
			b.agree(space, c, f, all)
			b.agree(space, c, query.Contains{Of: query.Col("s"), Part: query.Literal{Value: dossier.Text(strings.Trim(pattern, "%"))}, Case: how}, all)
			b.agree(space, c, query.Contains{Of: query.Literal{Value: dossier.Text("x" + pattern + "Ä")}, Part: query.Col("s"), Case: how}, all)
			if how != query.Exact {
				b.agree(space, c, folded, all)
			}
		}
	}
}

// agree wants the store to find what query.Eval lets through.
func (b *bench) agree(space *dossier.Space, c *dossier.Collection, f query.Filter, all []*dossier.Record) {
	b.Helper()
	var want []int64
	for _, r := range all {
		ok, err := query.Eval(ctx, space, c, f, r, nil)
		if err != nil {
			b.Fatal(err)
		}
		if ok {
			want = append(want, r.Number)
		}
	}
	if got := b.find(space, c, query.Query{Filter: f}); !slices.Equal(got, want) {
		b.Errorf("%s: got %v, want %v", query.String(f), got, want)
	}
}

// testCancel lets the caller of a query that would take years go away.
func testCancel(t *testing.T, open Opener) {
	b := newBench(t, open)
	c := b.collection("notes", &dossier.Field{Name: "s", Type: dossier.TypeText})
	b.update(func(tx store.Tx) error {
		for range 300 {
			if err := tx.Records(c).Insert(ctx, b.record(nil)); err != nil {
				return err
			}
		}
		return nil
	})
	space := &dossier.Space{Collections: []*dossier.Collection{c}}
	var slow query.Filter = query.Compare{Left: query.Meta(query.Number), Op: query.Lt, Right: query.Outer{Of: query.Literal{Value: dossier.Number("0")}}}
	for range 8 {
		slow = query.Some{Over: query.All{Collection: c.Name}, Where: query.And{slow,
			query.Compare{Left: query.Meta(query.Number), Op: query.Ne, Right: query.Outer{Of: query.Meta(query.Number)}}}}
	}
	q, err := query.Check(space, c, query.Query{Filter: slow})
	if err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	b.want(dossier.Canceled, b.View(short, func(tx store.Tx) error {
		_, err := tx.Records(c).Find(short, q)
		return err
	}))
	if n := b.count(c); n != 300 {
		t.Errorf("%d records are there", n)
	}
}
