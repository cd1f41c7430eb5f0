package sqlite

import (
	"context"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"dossier"
	"dossier/query"
	"dossier/store"
)

var ctx = context.Background()

// tickets is a collection like those people make: a dozen fields, two indexed.
func tickets() (*dossier.Space, *dossier.Collection) {
	c := &dossier.Collection{ID: "tickets", Number: 1, Name: "tickets", Kind: dossier.Base}
	for i, f := range []dossier.Field{
		{Name: "title", Type: dossier.TypeText}, {Name: "body", Type: dossier.TypeText}, {Name: "status", Type: dossier.TypeSelect, Indexed: true},
		{Name: "n", Type: dossier.TypeNumber, Indexed: true}, {Name: "price", Type: dossier.TypeNumber}, {Name: "done", Type: dossier.TypeBool},
		{Name: "due", Type: dossier.TypeDate}, {Name: "at", Type: dossier.TypeDateTime}, {Name: "tags", Type: dossier.TypeSelect, MaxSelect: 5},
		{Name: "mail", Type: dossier.TypeEmail}, {Name: "owner", Type: dossier.TypeRelation, Collection: "tickets"},
		{Name: "papers", Type: dossier.TypeFile, MaxSelect: 5},
	} {
		f.Number, f.ID = int64(i+1), dossier.ID(fmt.Sprint("f", i))
		c.Fields = append(c.Fields, &f)
	}
	return &dossier.Space{Collections: []*dossier.Collection{c}}, c
}

func ticket(i int64) *dossier.Record {
	now := time.UnixMilli(1_700_000_000_000 + i)
	return &dossier.Record{ID: dossier.ID(fmt.Sprintf("%016x%08x", uint64(i)*0x9e3779b97f4a7c15, i)), Revision: 1, Created: now, Updated: now,
		CreatedBy: "ann@example.org", Values: map[string]dossier.Value{
			"title": dossier.Text(fmt.Sprintf("Ticket number %d", i)), "body": dossier.Text("It does not work, and it should: please look into it."),
			"status": dossier.Text([]string{"open", "closed", "waiting", "done"}[i%4]), "n": dossier.Number(fmt.Sprint(i * 7919 % 100_000)),
			"price": dossier.Number("19.90"), "done": dossier.Bool(i%2 == 0), "due": dossier.Date("2026-11-21"), "at": dossier.Instant(i),
			"tags": dossier.List{"red", "blue"}, "mail": dossier.Text("bob@example.org"),
		}}
}

func openBench(b *testing.B) (store.Store, *dossier.Space, *dossier.Collection) {
	b.Helper()
	s, err := Open(filepath.Join(b.TempDir(), "bench.db"), Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	space, c := tickets()
	if err := s.Update(ctx, func(tx store.Tx) error { return tx.Collections().Put(ctx, c) }); err != nil {
		b.Fatal(err)
	}
	return s, space, c
}

// BenchmarkCreate32 is durable inserts by 32 writers, each in an update of its own.
func BenchmarkCreate32(b *testing.B) {
	s, _, c := openBench(b)
	var n atomic.Int64
	b.SetParallelism(16) // times GOMAXPROCS
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r := ticket(n.Add(1))
			if err := s.Update(ctx, func(tx store.Tx) error { return tx.Records(c).Insert(ctx, r) }); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "creates/s")
}

func fill(b *testing.B, s store.Store, c *dossier.Collection, n int64) {
	b.Helper()
	for at := int64(0); at < n; at += 5000 {
		if err := s.Update(ctx, func(tx store.Tx) error {
			for i := at; i < min(at+5000, n); i++ {
				if err := tx.Records(c).Insert(ctx, ticket(i)); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkList30of100k is a page of 30 out of 100,000 records, filtered and sorted by indexed fields, without its total.
func BenchmarkList30of100k(b *testing.B) {
	s, space, c := openBench(b)
	fill(b, s, c, 100_000)
	compare := func(field string, op query.Op, v dossier.Value) query.Filter {
		return query.Compare{Left: query.Col(field), Op: op, Right: query.Literal{Value: v}}
	}
	n := []query.Sort{{By: query.Col("n")}}
	for name, q := range map[string]query.Query{
		"range":  {Filter: compare("n", query.Ge, dossier.Number("50000")), Sort: n, Limit: 30},
		"desc":   {Filter: compare("n", query.Ge, dossier.Number("50000")), Sort: []query.Sort{{By: query.Col("n"), Desc: true}}, Limit: 30},
		"both":   {Filter: query.And{compare("status", query.Eq, dossier.Text("open")), compare("n", query.Ge, dossier.Number("50000"))}, Sort: n, Limit: 30},
		"status": {Filter: compare("status", query.Eq, dossier.Text("open")), Sort: []query.Sort{{By: query.Meta(query.Number), Desc: true}}, Limit: 30},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				checked, err := query.Check(space, c, q)
				if err != nil {
					b.Fatal(err)
				}
				var found []*dossier.Record
				if err := s.View(ctx, func(tx store.Tx) (err error) {
					found, err = tx.Records(c).Find(ctx, checked)
					return err
				}); err != nil || len(found) != 30 {
					b.Fatal(len(found), err)
				}
			}
		})
	}
}

// BenchmarkGet is one record of 10,000 by its ID.
func BenchmarkGet(b *testing.B) {
	s, _, c := openBench(b)
	fill(b, s, c, 10_000)
	var n atomic.Int64
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			id := ticket(n.Add(1) % 10_000).ID
			if err := s.View(ctx, func(tx store.Tx) error {
				_, err := tx.Records(c).Get(ctx, id)
				return err
			}); err != nil {
				b.Error(err)
			}
		}
	})
}
