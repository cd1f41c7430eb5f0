package pocketbase

import (
	"slices"

	"dossier"
	"dossier/query"
)

// A hop is one step of a path to other records, or to the elements of a field: a join.
type hop struct {
	key   string    // names the join: tests with ? and the same key mean the same row
	over  query.Set // in the scope of the hop before
	to    *dossier.Collection
	guard query.Filter // what an element must satisfy to take part; nil is nothing
	multi bool         // there may be several elements
	field bool         // the elements are a field's own, not records
	zero  bool         // without an element the path's value is its kind's zero, not null
}

// floating reports whether the hop means the same wherever it stands.
func (h hop) floating() bool {
	_, all := h.over.(query.All)
	return all
}

// conjunction joins parts by &&: those whose tests with ? cross the same join have to hold of one row of it.
func (l *lowerer) conjunction(parts []node, s scope) (query.Filter, error) {
	var fs []query.Filter
	for _, c := range components(parts, s) {
		f, err := l.component(c, s)
		if err != nil {
			return nil, err
		}
		fs = append(fs, f)
	}
	return and(fs...), nil
}

// component builds parts that joins tie together, or a single one.
func (l *lowerer) component(parts []node, s scope) (query.Filter, error) {
	if len(parts) == 1 {
		return l.node(parts[0], s)
	}
	h, parent := shared(parts, s)
	return l.bind(h, parent, s, func(s scope) (query.Filter, error) { return l.conjunction(parts, s) })
}

// components groups parts that have a join in common which is not bound yet.
func components(parts []node, s scope) [][]node {
	type component struct {
		keys  map[string]bool
		parts []int
	}
	var all []component
	for i, p := range parts {
		c := component{map[string]bool{}, []int{i}}
		eachUnbound(p, s, func(h hop, _ *frame) { c.keys[h.key] = true })
		kept := all[:0:0]
		for _, o := range all {
			if !meet(c.keys, o.keys) {
				kept = append(kept, o)
				continue
			}
			for k := range o.keys {
				c.keys[k] = true
			}
			c.parts = append(o.parts, c.parts...)
		}
		all = append(kept, c)
	}
	out := make([][]node, len(all))
	for i, c := range all {
		slices.Sort(c.parts)
		for _, p := range c.parts {
			out[i] = append(out[i], parts[p])
		}
	}
	return out
}

func meet(a, b map[string]bool) bool {
	for k := range a {
		if b[k] {
			return true
		}
	}
	return false
}

// shared is the first join that two of the parts cross, with the frame it starts from.
func shared(parts []node, s scope) (found hop, parent *frame) {
	seen := map[string]bool{}
	for _, p := range parts {
		mine := map[string]bool{}
		eachUnbound(p, s, func(h hop, from *frame) {
			if parent == nil && seen[h.key] {
				found, parent = h, from
			}
			mine[h.key] = true
		})
		for k := range mine {
			seen[k] = true
		}
	}
	return found, parent
}

// eachUnbound calls fn for the next joins of n that are not bound, with the frame each starts from.
func eachUnbound(n node, s scope, fn func(hop, *frame)) {
	switch n := n.(type) {
	case junction:
		for _, p := range n.parts {
			eachUnbound(p, s, fn)
		}
	case *comparison:
		if !n.any || n.alone {
			return
		}
		for _, r := range slices.Concat(n.left.ways(), n.right.ways()) {
			if h, parent, ok := s.next(r); ok {
				fn(h, parent)
			}
		}
	}
}

// next is the first join of r that is not bound.
func (s scope) next(r ref) (hop, *frame, bool) {
	parent := s.root
	for _, h := range r.hops {
		f, ok := s.bound[h.key]
		if !ok {
			return h, parent, true
		}
		parent = f
	}
	return hop{}, nil, false
}

// bind builds what body says with the join h bound: to some element, or to nothing if there is none.
func (l *lowerer) bind(h hop, parent *frame, s scope, body func(scope) (query.Filter, error)) (query.Filter, error) {
	if err := l.step(); err != nil {
		return nil, err
	}
	without, err := body(s.with(h.key, &frame{missing: true, zero: h.zero && !parent.missing}))
	if err != nil || parent.missing {
		return without, err
	}
	element := &frame{depth: s.cur.depth + 1, collection: h.to}
	within := func(where query.Filter) query.Filter { return some(h.over, where) }
	if parent != s.cur && !h.floating() {
		// The set is another record's: find that record again to range over it from here.
		element.depth++
		id := query.Operand(query.Meta(query.ID))
		again := s
		again.cur = &frame{depth: s.cur.depth + 1}
		same := query.Compare{Left: id, Op: query.Eq, Right: again.reaching(parent, id)}
		within = func(where query.Filter) query.Filter {
			return some(query.All{Collection: parent.collection.Name}, and(same, some(h.over, where)))
		}
	}
	inner := s.with(h.key, element)
	inner.cur = element
	holds, err := body(inner)
	if err != nil {
		return nil, err
	}
	nothing := not(within(and(h.guard)))
	if col, ok := h.over.(query.Column); ok && h.field && parent == s.cur {
		nothing = query.Empty{Of: col}
	}
	return or(within(and(h.guard, holds)), and(nothing, without)), nil
}

// joined builds a comparison in whatever rows are bound, and binds those that are not.
func (l *lowerer) joined(c *comparison, s scope) (query.Filter, error) {
	for _, r := range slices.Concat(c.left.ways(), c.right.ways()) {
		if h, parent, ok := s.next(r); ok {
			return l.bind(h, parent, s, func(s scope) (query.Filter, error) { return l.joined(c, s) })
		}
	}
	return l.compare(c, s)
}

// alone builds a comparison with joins of its own: it must hold of every row, and of one at least.
func (l *lowerer) alone(c *comparison, s scope) (query.Filter, error) {
	s.bound = nil
	if !c.any {
		c = apart(c)
	}
	holds, err := l.joined(c, s)
	if err != nil || c.any || !c.left.multi() && !c.right.multi() {
		return holds, err
	}
	s.deny = true
	breaks, err := l.joined(c, s)
	if err != nil {
		return nil, err
	}
	if c.op == "!=" { // which is true of a row without values too, so that there is one
		return not(breaks), nil
	}
	return and(holds, not(breaks)), nil
}

// apart is c where both sides that cross one join to several rows have a row each: every row on the left meets every row on the right.
func apart(c *comparison) *comparison {
	both := false
	crossed := map[string]bool{}
	for _, w := range c.left.ways() {
		for _, h := range w.hops {
			crossed[h.key] = h.multi
		}
	}
	for _, w := range c.right.ways() {
		both = both || slices.ContainsFunc(w.hops, func(h hop) bool { return crossed[h.key] })
	}
	if !both {
		return c
	}
	out := *c
	out.right = c.right.renamed()
	return &out
}

// renamed is r with joins of its own.
func (r ref) renamed() ref {
	r.hops, r.points = slices.Clone(r.hops), slices.Clone(r.points)
	for i := range r.hops {
		r.hops[i].key += " again"
	}
	for i := range r.points {
		r.points[i] = r.points[i].renamed()
	}
	return r
}

// compare builds a comparison all joins of which are bound.
func (l *lowerer) compare(c *comparison, s scope) (query.Filter, error) {
	if err := l.step(); err != nil {
		return nil, err
	}
	left, right := s.side(c.left), s.side(c.right)
	f, err := compareSides(left, c.op, right)
	if err != nil {
		return nil, l.placed(c.at, err)
	}
	f = and(left.gate, right.gate, f)
	if !s.deny {
		return f, nil
	}
	if c.op == "!=" {
		return not(f), nil
	}
	return and(left.known(c.op), right.known(c.op), not(f)), nil
}

// A side is an operand at the current place.
type side struct {
	fixed bool
	null  bool // a join found nothing
	// strict: that null is not what "" is.
	strict bool
	value  literal
	col    column
	gate   query.Filter
}

func (s scope) side(r ref) side {
	switch {
	case r.fixed:
		return side{fixed: true, value: r.value}
	case r.points != nil:
		return s.measured(r.points)
	}
	f := s.root
	if n := len(r.hops); n > 0 {
		f = s.bound[r.hops[n-1].key]
	}
	if f.missing && r.leaf.counted {
		return side{fixed: true, value: numberLiteral("0")}
	}
	if f.missing {
		out := side{fixed: true, null: !f.zero, strict: r.leaf.strictNull()}
		if f.zero {
			out.value = zeroOf(r.leaf.kind)
			out.value.typed = r.leaf.affinity != affNone
		}
		if r.gate != nil {
			out.gate = never
		}
		return out
	}
	out := side{col: r.leaf}
	out.col.of, out.col.reach, out.col.void = s.reaching(f, r.leaf.of), s.reaching(f, r.leaf.reach), s.reaching(f, r.leaf.void)
	if r.gate != nil {
		out.gate = query.Compare{Left: s.reaching(f, *r.gate), Op: query.Eq, Right: query.Literal{Value: dossier.Bool(true)}}
	}
	return out
}

// measured is the distance between points of several records. Where one of these is not there, it is null.
func (s scope) measured(points []ref) side {
	var out side
	var at [4]query.Operand
	for i, p := range points {
		end := s.side(p)
		switch n, ok := end.value.number(); {
		case !end.fixed:
			at[i] = end.col.of
		case ok && !end.null:
			at[i] = query.Literal{Value: n}
		default:
			at[i] = nothing
		}
		out.gate = and(out.gate, end.gate)
	}
	out.col = distance(at)
	return out
}

// distance is the column of a distance between two points, longitude first.
func distance(at [4]query.Operand) column {
	of := query.Distance{LonA: at[0], LatA: at[1], LonB: at[2], LatB: at[3]}
	return column{of: of, kind: kindMeasure, name: "geoDistance"}
}

// known is false where the side is null: a comparison with that neither holds nor breaks. Only values in documents tell null from
// others with =.
func (s side) known(op string) query.Filter {
	switch {
	case s.null:
		return never
	case !s.fixed && s.col.kind == kindStamp, !s.fixed && s.col.strictNull() && op != "=":
		return not(query.Empty{Of: s.col.of})
	case !s.fixed && s.col.reach != nil:
		return not(query.Empty{Of: s.col.reach})
	}
	return nil
}

func compareSides(a side, op string, b side) (query.Filter, error) {
	switch {
	case (a.null && a.strict || b.null && b.strict) && (op == "=" || op == "!="):
		return compareNull(a, op, b)
	case a.fixed && b.fixed:
		return query.Const(foldTest(a.value, op, b.value)), nil
	case b.fixed:
		return compareColumn(a.col, op, b.value)
	case isLike(op):
		return likeColumn(a, op, b.col)
	case a.fixed:
		return compareColumn(b.col, flipped(op), a.value)
	}
	return compareColumns(a.col, op, b.col)
}

// compareNull is for two sides one of which is null and not "".
func compareNull(a side, op string, b side) (query.Filter, error) {
	var both []query.Filter
	for _, s := range []side{a, b} {
		if s.fixed {
			both = append(both, query.Const(s.value.kind == isNull))
			continue
		}
		what, err := s.col.shown()
		if err != nil {
			return nil, err
		}
		both = append(both, what.null())
	}
	if op == "!=" {
		return not(and(both...)), nil
	}
	return and(both...), nil
}
