package storetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"dossier"
	"dossier/query"
	"dossier/store"
)

// testRelations changes records that refer to others, by chance, and asks both ends of each relation what the records say.
func testRelations(t *testing.T, open Opener) {
	b := newBench(t, open)
	target := b.collection("targets")
	relation := func(name string, max int) *dossier.Field {
		return &dossier.Field{Name: name, Type: dossier.TypeRelation, Collection: target.ID, MaxSelect: max}
	}
	c := b.collection("notes", relation("one", 1), relation("many", 9), relation("more", 9))
	w := &relations{bench: b, target: target, c: c, Rand: rand.New(rand.NewPCG(1, 2))}
	for range 6 {
		w.targets = append(w.targets, string(b.insert(target, nil).ID))
	}
	w.targets = append(w.targets, "nobody")
	for round := range 5 {
		b.update(func(tx store.Tx) error {
			for range 30 {
				if err := w.mutate(tx); err != nil {
					return err
				}
			}
			return nil
		})
		w.check(fmt.Sprint("round ", round))
	}
	next := c.Clone()
	next.Fields[0].MaxSelect, next.Fields[1].MaxSelect = 9, 1
	b.put(next)
	w.c = next
	w.check("after single turned multiple")
	next = next.Clone()
	next.Fields = next.Fields[:2]
	b.put(next)
	next = next.Clone()
	next.Fields = append(next.Fields, c.Fields[2]) // again, and empty
	b.put(next)
	w.c = next
	w.check("after a field was removed")
	b.update(func(tx store.Tx) error { return tx.Collections().Delete(ctx, next, now) })
	b.put(next)
	w.records = nil
	for range 10 {
		b.insert(next, nil)
	}
	w.check("after the collection was made again")
}

type relations struct {
	*bench
	*rand.Rand
	target, c *dossier.Collection
	targets   []string
	records   []*dossier.Record
}

func (w *relations) values() map[string]dossier.Value {
	out := map[string]dossier.Value{}
	for _, f := range w.c.Fields {
		list := dossier.List{}
		for _, i := range w.Perm(len(w.targets))[:w.IntN(4)] {
			list = append(list, w.targets[i])
		}
		switch {
		case len(list) == 0:
		case f.Multiple():
			out[f.Name] = list
		default:
			out[f.Name] = dossier.Text(list[0])
		}
	}
	return out
}

func (w *relations) mutate(tx store.Tx) error {
	rs := tx.Records(w.c)
	if len(w.records) < 5 || w.IntN(3) == 0 {
		r := w.record(w.values())
		w.records = append(w.records, r)
		return rs.Insert(ctx, r)
	}
	i := w.IntN(len(w.records))
	r := w.records[i]
	if w.IntN(2) == 0 {
		w.records = slices.Delete(w.records, i, i+1)
		return rs.Delete(ctx, r.ID)
	}
	r.Values = w.values()
	return rs.Update(ctx, r, r.Revision)
}

func (w *relations) check(when string) {
	w.Helper()
	space := &dossier.Space{Collections: []*dossier.Collection{w.target, w.c}}
	missing := query.Some{Over: query.Col("more"), Where: query.Compare{Left: query.Element{}, Op: query.Eq, Right: query.Literal{Value: dossier.Text("nobody")}}}
	if _, ok := w.c.Field("more"); ok && w.find(space, w.c, query.Query{Filter: missing}) != nil {
		w.Errorf("%s: a missing record is an element", when)
	}
	w.view(func(tx store.Tx) error {
		all, err := store.Source(tx, space).All(ctx, w.c)
		if err != nil {
			return err
		}
		src := cached{map[string][]*dossier.Record{w.c.Name: all}}
		for _, f := range w.c.Fields {
			for _, id := range w.targets[:len(w.targets)-1] {
				want, _ := src.Referring(ctx, w.c, f, dossier.ID(id))
				got, err := store.Source(tx, space).Referring(ctx, w.c, f, dossier.ID(id))
				if err != nil {
					return err
				}
				if !slices.EqualFunc(got, want, func(x, y *dossier.Record) bool { return x.ID == y.ID }) {
					w.Errorf("%s: %d records refer to %s by %s, want %d", when, len(got), id, f.Name, len(want))
				}
				back := query.Query{Filter: query.And{query.Some{Over: query.Back{Collection: w.c.Name, Field: f.Name}},
					query.Compare{Left: query.Meta(query.ID), Op: query.Eq, Right: query.Literal{Value: dossier.Text(id)}}}}
				if found := w.find(space, w.target, back); (len(found) == 1) != (len(want) > 0) {
					w.Errorf("%s: back by %s finds %v, want %d referring", when, f.Name, found, len(want))
				}
			}
		}
		return nil
	})
}
