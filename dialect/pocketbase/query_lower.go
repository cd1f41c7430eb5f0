package pocketbase

import (
	"errors"
	"maps"
	"time"

	"dossier"
	"dossier/access"
	"dossier/query"
)

// maxSteps bounds the work on one filter: comparisons, each as often as joins make it appear.
const maxSteps = 4000

// A lowerer turns one parsed filter or rule into a tree.
type lowerer struct {
	space  *dossier.Space
	base   *dossier.Collection // whose records are asked for
	ask    access.Question     // who asks, and what a rule may look at
	now    time.Time
	client bool   // the filter is a client's: what its principal may not see does not take part
	strict bool   // the filter is a rule that is about to be kept: names that no request can have are refused
	text   string // for the places in messages
	steps  int
}

// lower resolves every name of e, then builds the tree.
func (l *lowerer) lower(e expr) (query.Filter, error) {
	n, err := l.resolve(e)
	if err != nil {
		return nil, err
	}
	root := &frame{collection: l.base}
	return l.node(n, scope{root: root, cur: root})
}

// A node is an expression whose names are resolved: a fixed, a junction or a comparison.
type node interface{ node() }

type (
	fixed    bool
	junction struct {
		or    bool
		parts []node
	}
	// A comparison of two operands. Only the left one may be many constants, and only it if one is no constant.
	comparison struct {
		left, right ref
		op          string
		at          int  // in the text
		any         bool // one joined row is enough, and other such tests of the same join mean the same row
		alone       bool // … but not this one
	}
)

func (fixed) node()       {}
func (junction) node()    {}
func (*comparison) node() {}

func (l *lowerer) resolve(e expr) (node, error) {
	switch e := e.(type) {
	case group:
		j := junction{or: e.or}
		for _, part := range e.parts {
			n, err := l.resolve(part)
			if err != nil {
				return nil, err
			}
			j.parts = append(j.parts, n)
		}
		return j, nil
	case test:
		return l.resolveTest(e)
	}
	return nil, dossier.Errorf(dossier.Internal, "a %T is no expression", e)
}

func (l *lowerer) resolveTest(t test) (node, error) {
	left, err := l.operand(t.left)
	if err != nil {
		return nil, l.placed(t.left.at, err)
	}
	right, err := l.operand(t.right)
	if err != nil {
		return nil, l.placed(t.right.at, err)
	}
	n, err := arrange(comparison{left: left, right: right, op: t.op, at: t.at, any: t.any || anyRow(left, right) || anyRow(right, left)})
	if err != nil {
		return nil, l.placed(t.at, err)
	}
	return n, nil
}

// arrange brings a comparison into its simplest form.
func arrange(c comparison) (node, error) {
	if c.left.fixed && c.right.fixed && !c.left.each && !c.right.each {
		return fixed(foldTest(c.left.value, c.op, c.right.value)), nil
	}
	if c.right.each {
		return spread(c, c.right, func(c *comparison, v ref) { c.right = v })
	}
	if c.left.each {
		return spread(c, c.left, func(c *comparison, v ref) { c.left = v })
	}
	if c.left.fixed && !isLike(c.op) {
		c.left, c.right, c.op = c.right, c.left, flipped(c.op)
	}
	return &c, nil
}

// spread compares each of the constants that from is. Where there is none, nothing is equal to it, and with a ? everything is something else.
func spread(c comparison, from ref, put func(*comparison, ref)) (node, error) {
	values := from.list
	switch {
	case len(values) > 0:
	case c.op == "=":
		return fixed(false), nil
	case c.op == "!=" && (c.any || from.lone):
		return fixed(true), nil
	default:
		values = []literal{null}
	}
	j := junction{or: c.any}
	for _, v := range values {
		put(&c, fixedRef(v))
		n, err := arrange(c)
		if err != nil {
			return nil, err
		}
		j.parts = append(j.parts, n)
	}
	return j, nil
}

// placed adds the place in the filter to what is wrong there.
func (l *lowerer) placed(at int, err error) error {
	var e *dossier.Error
	if !errors.As(err, &e) || e.Kind != dossier.Invalid {
		return err
	}
	return &dossier.Error{Kind: dossier.Invalid, Msg: place(l.text, at) + e.Msg, Problems: e.Problems}
}

// A frame is where operands are resolved: a record, or the element of a Some around the current place.
type frame struct {
	depth      int
	collection *dossier.Collection // of the record, nil if it is none
	missing    bool                // there is no such element: what stands here is null
	zero       bool                // … or the kind's zero
}

// A scope is the current place in the tree and the frames around it.
type scope struct {
	root, cur *frame
	bound     map[string]*frame // joins by their key
	deny      bool              // look for rows that break the comparison, not for those that make it true
}

func (s scope) with(key string, f *frame) scope {
	s.bound = maps.Clone(s.bound)
	if s.bound == nil {
		s.bound = map[string]*frame{}
	}
	s.bound[key] = f
	return s
}

// reaching is the operand o of the frame f as the current place says it.
func (s scope) reaching(f *frame, o query.Operand) query.Operand {
	if o == nil {
		return nil
	}
	for range s.cur.depth - f.depth {
		o = query.Outer{Of: o}
	}
	return o
}

func (l *lowerer) node(n node, s scope) (query.Filter, error) {
	switch n := n.(type) {
	case fixed:
		return query.Const(n), nil
	case junction:
		if !n.or {
			return l.conjunction(n.parts, s)
		}
		var fs []query.Filter
		for _, part := range n.parts {
			f, err := l.node(part, s)
			if err != nil {
				return nil, err
			}
			fs = append(fs, f)
		}
		return or(fs...), nil
	case *comparison:
		if n.any && !n.alone {
			return l.joined(n, s)
		}
		return l.alone(n, s)
	}
	return nil, dossier.Errorf(dossier.Internal, "a %T is no node", n)
}

// step counts work.
func (l *lowerer) step() error {
	if l.steps++; l.steps > maxSteps {
		return dossier.Errorf(dossier.Invalid, "the filter joins too many records in too many comparisons")
	}
	return nil
}
