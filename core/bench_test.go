package core_test

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"

	"dossier"
	"dossier/access"
	"dossier/core"
	"dossier/query"
)

// orders is a collection with what a common one has: a few types, bounds, an index.
func orders() []*dossier.Collection {
	return []*dossier.Collection{{Name: "orders", Rules: rules(ruleMember), Fields: []*dossier.Field{
		{Name: "title", Type: dossier.TypeText, Required: true, Max: "100"},
		{Name: "amount", Type: dossier.TypeNumber, Min: "0", Indexed: true},
		{Name: "due", Type: dossier.TypeDate},
		{Name: "status", Type: dossier.TypeSelect, Options: []string{"Draft", "Review", "Done"}, Indexed: true},
		{Name: "tags", Type: dossier.TypeSelect, Options: []string{"red", "green", "blue"}, MaxSelect: 3},
		{Name: "active", Type: dossier.TypeBool},
		{Name: "contact", Type: dossier.TypeEmail},
		{Name: "file", Type: dossier.TypeFile},
	}}}
}

func order(i int) values {
	return values{"title": dossier.Text(fmt.Sprint("Order ", i)), "amount": dossier.Number(fmt.Sprint(i * 7919 % 100_003)), "due": dossier.Date("2026-12-31"),
		"status": dossier.Text([]string{"Draft", "Review", "Done"}[i%3]), "tags": dossier.List{"red", "blue"}, "active": dossier.Bool(i%2 == 0),
		"contact": dossier.Text("ada@example.com")}
}

// member is a signed-in user.
func member(h *house) access.Principal {
	return access.Principal{Kind: access.KindUser, ID: "member000000000", Login: "ada@example.com", Collection: h.collection("orders"), Record: &dossier.Record{}}
}

// BenchmarkCreate32 makes durable records by 32 writers at a time, with validation and a rule.
func BenchmarkCreate32(b *testing.B) {
	h := newHouse(b, orders())
	who, c := member(h), h.collection("orders")
	b.SetParallelism(32 / runtime.GOMAXPROCS(0))
	var n atomic.Int64
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := h.CreateRecord(ctx(), who, c, "", core.Change{Values: order(int(n.Add(1)))}); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "creates/s")
}

// BenchmarkList30of100k finds 30 of 100,000 records by a filter and in an order, both on indexed fields, without their total.
func BenchmarkList30of100k(b *testing.B) {
	h := newHouse(b, orders())
	who, c := member(h), h.collection("orders")
	for i := 0; i < 100_000; i += 1000 {
		h.must(h.Batch(ctx(), who, func(tx *core.Batch) error {
			for j := range 1000 {
				if _, err := tx.CreateRecord(ctx(), c, "", core.Change{Values: order(i + j)}); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	status := query.Compare{Left: query.Col("status"), Op: query.Eq, Right: query.Literal{Value: dossier.Text("Review")}}
	amount := query.Compare{Left: query.Col("amount"), Op: query.Ge, Right: query.Literal{Value: dossier.Number("50000")}}
	for _, bench := range []struct {
		name string
		q    query.Query
	}{
		{"filter and sort by one field", query.Query{Filter: amount, Sort: []query.Sort{{By: query.Col("amount")}}, Limit: 30}},
		{"filter by one, sort by another", query.Query{Filter: status, Sort: []query.Sort{{By: query.Col("amount"), Desc: true}}, Limit: 30}},
		{"filter by one, newest first", query.Query{Filter: status, Sort: []query.Sort{{By: query.Meta(query.Number), Desc: true}}, Limit: 30}},
		{"page 100", query.Query{Filter: amount, Sort: []query.Sort{{By: query.Col("amount")}}, Limit: 30, Offset: 3000}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			for b.Loop() {
				page, err := h.ListRecords(ctx(), who, c, bench.q, core.ListOptions{})
				h.must(err)
				if len(page.Records) != 30 {
					b.Fatalf("%d records", len(page.Records))
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(b.N), "ms/list")
		})
	}
}
