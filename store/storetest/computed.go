package storetest

import (
	"testing"

	"dossier"
	"dossier/query"
	"dossier/store"
)

var (
	formats = []string{"%Y-%m-%d", "%F %T", "%j %w %u %s", "%G-%V %g", "%U %W", "%I%p %l%P %k", "%J %f %e", "%%", ""}
	moves   = []query.Move{{By: query.Milliseconds, N: -90_000_001}, {By: query.Months, N: 1}, {By: query.MonthsWithin, N: -13}, {By: query.Weekday, N: 3},
		{By: query.DayStart}, {By: query.MonthStart}, {By: query.YearStart}}
	readings = []query.Unit{query.Seconds, query.Julian, query.Either}
)

// computed is an operand made of others, nil if none was found.
func (w *world) computed(p *place) query.Operand {
	switch w.IntN(7) {
	case 0:
		then, _ := w.scalar(p)
		other, _ := w.scalar(p)
		return query.Choose{If: w.filter(p, 0), Then: then, Else: other}
	case 1:
		o, t := w.scalar(p)
		return query.OrElse(o, query.Literal{Value: w.constant(t)})
	case 2:
		if s, in := w.set(p); s != nil {
			o, _ := w.scalar(in)
			return query.At{Over: s, Where: w.filter(in, 0), Index: w.IntN(3) * w.IntN(2), Of: o}
		}
	case 3:
		if s, in := w.set(p); s != nil {
			o, _ := w.scalar(in)
			return query.Texts{Over: s, Of: o}
		}
	case 4:
		o, _ := w.scalar(p)
		return query.Numeral{Of: o}
	case 5:
		o, _ := w.scalar(p)
		s := query.Stamp{Of: o, Format: pick(w.Rand, formats)}
		if w.IntN(3) == 0 {
			s.Moves = append(s.Moves, query.Move{By: pick(w.Rand, readings)})
		}
		for range w.IntN(3) {
			s.Moves = append(s.Moves, pick(w.Rand, moves))
		}
		return s
	}
	return query.Distance{LonA: w.degrees(p), LatA: w.degrees(p), LonB: w.degrees(p), LatB: w.degrees(p)}
}

// degrees are a number.
func (w *world) degrees(p *place) query.Operand {
	for range 5 {
		if o, t := w.scalar(p); t == query.Decimal {
			return o
		}
	}
	return query.Literal{Value: dossier.Number(pick(w.Rand, numbers[:16]))}
}

// testDepth runs the deepest trees that may be.
func testDepth(t *testing.T, open Opener) {
	b, w := newBench(t, open), newWorld(1)
	b.fill(w)
	title := query.Compare{Left: query.Meta(query.Number), Op: query.Gt, Right: query.Literal{Value: dossier.Number("0")}}
	for name, around := range map[string]func(query.Filter, int) query.Filter{
		"and, or": func(f query.Filter, i int) query.Filter {
			if i%2 == 0 {
				return query.And{f, title, title, title, title, title, title, title, title}
			}
			return query.Or{title, title, title, f}
		},
		"not":  func(f query.Filter, i int) query.Filter { return query.Not{Filter: query.And{f, title}} },
		"some": func(f query.Filter, i int) query.Filter { return query.Some{Over: query.Col("relations"), Where: f} },
		"choose": func(f query.Filter, i int) query.Filter {
			return query.Empty{Of: query.Choose{If: f, Then: query.Meta(query.ID), Else: query.Literal{}}}
		},
	} {
		var f query.Filter = title
		var good query.Checked
		for i := range 200 {
			q, err := query.Check(w.space, w.things, query.Query{Filter: f, Limit: 1})
			if err != nil {
				break
			}
			good, f = q, around(f, i)
		}
		b.view(func(tx store.Tx) error {
			if _, err := tx.Records(w.things).Find(ctx, good); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			return nil
		})
	}
}
