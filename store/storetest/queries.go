package storetest

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"dossier"
	"dossier/query"
	"dossier/store"
)

// testQueries holds what the store finds against query.Eval and query.CompareRecords: random records, random trees, random orders,
// and an order by every field there is.
func testQueries(t *testing.T, open Opener) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			b, w := newBench(t, open), newWorld(seed)
			b.fill(w)
			var all = map[string][]*dossier.Record{}
			b.view(func(tx store.Tx) error {
				for _, c := range w.space.Collections {
					rs, err := store.Source(tx, w.space).All(ctx, c)
					if err != nil {
						return err
					}
					all[c.Name] = rs
				}
				src := cached{all}
				for i := range 300 {
					c := w.things
					if i%5 == 0 {
						c = w.folk
					}
					p := w.root(c)
					q := query.Query{Filter: w.filter(p, 3), Sort: w.sorts(p), Offset: w.IntN(4) * w.IntN(4), Limit: w.IntN(3) * w.IntN(20)}
					b.compare(tx, w, c, q, all[c.Name], src)
				}
				for _, q := range w.orders(w.things) {
					b.compare(tx, w, w.things, q, all[w.things.Name], src)
				}
				return nil
			})
		})
	}
}

// least is the least value of type t, nil if there is none.
func least(t query.Type) dossier.Value {
	switch t {
	case query.Text:
		return dossier.Text("")
	case query.Bool:
		return dossier.Bool(false)
	}
	return nil
}

// orders are orders by every column of c, both ways, with and without a stand-in for the empty value.
func (w *world) orders(c *dossier.Collection) []query.Query {
	var out []query.Query
	p := w.root(c)
	add := func(col query.Column) {
		if t, err := p.scope.TypeOf(col); err == nil && t != query.Files && t != query.Rows {
			for _, desc := range []bool{false, true} {
				out = append(out, query.Query{Sort: []query.Sort{{By: col, Desc: desc}}, Limit: 30})
				for _, v := range []dossier.Value{w.constant(t), least(t)} {
					out = append(out, query.Query{Sort: []query.Sort{{By: query.OrElse(col, query.Literal{Value: v}), Desc: desc}}, Limit: 30})
				}
			}
		}
	}
	for _, f := range c.Fields {
		add(query.Col(f.Name))
	}
	for _, m := range p.metas {
		add(query.Meta(m))
	}
	return out
}

// A cached source knows all records, so that Eval does not ask the store for each, over and over.
type cached struct{ all map[string][]*dossier.Record }

// Related returns the record of c with that ID, dossier.NotFound if there is none.
func (s cached) Related(_ context.Context, c *dossier.Collection, id dossier.ID) (*dossier.Record, error) {
	for _, r := range s.all[c.Name] {
		if r.ID == id {
			return r, nil
		}
	}
	return nil, dossier.Errorf(dossier.NotFound, "no record %s", id)
}

// Referring returns the records of c whose relation field refers to id.
func (s cached) Referring(_ context.Context, c *dossier.Collection, f *dossier.Field, id dossier.ID) ([]*dossier.Record, error) {
	var out []*dossier.Record
	for _, r := range s.all[c.Name] {
		text, _ := r.Values[f.Name].(dossier.Text)
		list, _ := r.Values[f.Name].(dossier.List)
		if dossier.ID(text) == id || slices.Contains(list, string(id)) {
			out = append(out, r)
		}
	}
	return out, nil
}

// All returns the records of c.
func (s cached) All(_ context.Context, c *dossier.Collection) ([]*dossier.Record, error) {
	return s.all[c.Name], nil
}

// fill makes the world's collections, files and records in the store.
func (b *bench) fill(w *world) {
	b.Helper()
	b.update(func(tx store.Tx) error {
		for _, c := range w.space.Collections {
			if err := tx.Collections().Put(ctx, c); err != nil {
				return err
			}
		}
		for i := range 8 {
			u := &dossier.Upload{Length: -1, Expires: now.AddDate(0, 0, 3)}
			u.ID, u.Name, u.Slug = b.fileID(), words[2+i], fmt.Sprint("slug", i)
			u.Size, u.Sniffed, u.Created = int64(i%3), "text/plain", now
			if err := tx.Uploads().Create(ctx, u); err != nil {
				return err
			}
			f, err := tx.Uploads().Take(ctx, u.ID, now)
			if err != nil {
				return err
			}
			w.files = append(w.files, f)
		}
		return nil
	})
	for i, c := range w.space.Collections {
		for j := range []int{40, 12}[i] {
			b.fillRecord(w, c, dossier.ID(w.ids[c.ID][j%24]+map[bool]string{true: "x"}[j >= 24]), j)
		}
	}
}

func (b *bench) fillRecord(w *world, c *dossier.Collection, id dossier.ID, j int) {
	b.Helper()
	r := b.record(map[string]dossier.Value{})
	r.ID, r.Revision = id, int64(1+w.IntN(3))
	r.Created, r.Updated = now.AddDate(0, 0, w.IntN(3)), now.AddDate(0, 0, w.IntN(3))
	r.CreatedBy, r.UpdatedBy = pick(w.Rand, []string{"", "ann", "Bob"}), pick(w.Rand, []string{"", "ann"})
	if c.Kind == dossier.Auth {
		r.Account = &dossier.Account{EmailVisible: w.IntN(2) == 0, Verified: w.IntN(2) == 0}
		if w.IntN(2) == 0 {
			r.Account.Email = fmt.Sprintf("Ä%d@Example.org", j)
		}
	}
	for _, f := range c.Fields {
		if v := w.value(f); v != nil && f.Type != dossier.TypeAutoNumber {
			r.Values[f.Name] = v
		}
	}
	b.update(func(tx store.Tx) error { return tx.Records(c).Insert(ctx, r) })
	got := b.get(c, id)
	if diff := diffRecords(r, got); diff != "" {
		b.Fatalf("a record came back changed: %s", diff)
	}
}

// compare runs q both ways.
func (b *bench) compare(tx store.Tx, w *world, c *dossier.Collection, q query.Query, all []*dossier.Record, src query.Source) {
	b.Helper()
	checked, err := query.Check(w.space, c, q)
	if err != nil {
		b.Fatalf("check refuses %s: %v", q, err)
	}
	want, count := b.expect(w, c, q, all, src)
	found, err := tx.Records(c).Find(ctx, checked)
	if err != nil {
		b.Fatalf("find %s: %v", q, err)
	}
	var got []dossier.ID
	for _, r := range found {
		got = append(got, r.ID)
	}
	if !slices.Equal(got, want) {
		b.Fatalf("%s in %s\ngot  %v\nwant %v", q, c.Name, got, want)
	}
	n, err := tx.Records(c).Count(ctx, checked)
	if err != nil || n != int64(count) {
		b.Fatalf("%s in %s: count is %d, %v, want %d", q, c.Name, n, err, count)
	}
}

// expect is what q must find, by definition.
func (b *bench) expect(w *world, c *dossier.Collection, q query.Query, all []*dossier.Record, src query.Source) ([]dossier.ID, int) {
	b.Helper()
	var hits []*dossier.Record
	for _, r := range all {
		ok, err := query.Eval(ctx, w.space, c, q.Filter, r, src)
		if err != nil {
			b.Fatalf("eval %s: %v", q, err)
		}
		if ok {
			hits = append(hits, r)
		}
	}
	slices.SortFunc(hits, func(x, y *dossier.Record) int {
		n, err := query.CompareRecords(ctx, w.space, c, q.Sort, x, y, src)
		if err != nil {
			b.Fatalf("compare by %s: %v", q, err)
		}
		return n
	})
	count := len(hits)
	hits = hits[min(q.Offset, count):]
	if q.Limit > 0 {
		hits = hits[:min(q.Limit, len(hits))]
	}
	var ids []dossier.ID
	for _, r := range hits {
		ids = append(ids, r.ID)
	}
	return ids, count
}
