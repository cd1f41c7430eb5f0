package query

import (
	"strings"
	"unicode/utf8"

	"dossier"
)

// The bounds of a query that Check accepts. They keep every accepted tree within what stores can run.
const (
	maxNodes   = 2000
	maxDepth   = 128
	maxSets    = 28       // in one another
	maxValues  = 10_000   // of all In together
	maxPattern = 16 << 10 // bytes of one Like
)

// Check proves q against the collection: names are known, types agree, scopes hold, the tree is of bearable size. Literals come
// back in their canonical form, a nil filter as Const(true). What is wrong is dossier.Invalid, with a Problem of
// dossier.CodeUnknown for an unknown field.
func Check(space *dossier.Space, c *dossier.Collection, q Query) (Checked, error) {
	if c == nil {
		return Checked{}, invalid("a query needs a collection")
	}
	if q.Offset < 0 || q.Limit < 0 {
		return Checked{}, invalid("offset and limit are not negative")
	}
	var k checker
	scope := NewScope(space, c)
	var err error
	if q.Filter, err = k.filter(scope, q.Filter, 0); err != nil {
		return Checked{}, err
	}
	if q.Sort, err = k.sorts(scope, q.Sort); err != nil {
		return Checked{}, err
	}
	return Checked{query: q, space: scope.space, collection: c}, nil
}

// checker counts what it has seen of a query.
type checker struct{ nodes, values, sets int }

func (k *checker) enter(depth int) error {
	k.nodes++
	if k.nodes > maxNodes {
		return invalid("a query has at most %d parts", maxNodes)
	}
	if depth > maxDepth {
		return invalid("a query is nested at most %d levels deep", maxDepth)
	}
	return nil
}

func (k *checker) sorts(s *Scope, sorts []Sort) ([]Sort, error) {
	out := make([]Sort, len(sorts))
	for i, by := range sorts {
		o, t, err := k.operand(s, by.By, 0)
		if err != nil {
			return nil, err
		}
		if !t.scalar() {
			return nil, invalid("%s has no order", operandText(by.By))
		}
		out[i] = Sort{By: o, Desc: by.Desc}
	}
	return out, nil
}

func (k *checker) filter(s *Scope, f Filter, depth int) (Filter, error) {
	if err := k.enter(depth); err != nil {
		return nil, err
	}
	switch f := f.(type) {
	case nil:
		return Const(true), nil
	case Const:
		return f, nil
	case And:
		out, err := k.filters(s, f, depth+1)
		return And(out), err
	case Or:
		out, err := k.filters(s, f, depth+1)
		return Or(out), err
	case Not:
		in, err := k.filter(s, f.Filter, depth+1)
		return Not{in}, err
	case Compare:
		return k.compare(s, f, depth+1)
	case In:
		return k.in(s, f, depth+1)
	case Empty:
		of, _, err := k.operand(s, f.Of, depth+1)
		return Empty{of}, err
	case Blank:
		of, t, err := k.operand(s, f.Of, depth+1)
		if err == nil {
			err = hasText(f.Of, t, Exact)
		}
		return Blank{of}, err
	case Like:
		return k.like(s, f, depth+1)
	case Contains:
		return k.contains(s, f, depth+1)
	case Some:
		where, err := k.where(s, f.Over, f.Where, depth+1)
		return Some{f.Over, where}, err
	case Every:
		where, err := k.where(s, f.Over, f.Where, depth+1)
		return Every{f.Over, where}, err
	}
	return nil, invalid("a %T is no filter", f)
}

func (k *checker) filters(s *Scope, fs []Filter, depth int) ([]Filter, error) {
	out := make([]Filter, len(fs))
	for i, f := range fs {
		var err error
		if out[i], err = k.filter(s, f, depth); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (k *checker) where(s *Scope, over Set, where Filter, depth int) (Filter, error) {
	err := k.enter(depth)
	if err == nil {
		err = k.inside(s, over, func(inner *Scope) (err error) {
			where, err = k.filter(inner, where, depth)
			return err
		})
	}
	return where, err
}

// inside calls check with the scope of an element of over.
func (k *checker) inside(s *Scope, over Set, check func(inner *Scope) error) error {
	r, err := s.Enter(over)
	if err != nil {
		return err
	}
	if k.sets++; k.sets > maxSets {
		return invalid("a query looks into at most %d sets in one another", maxSets)
	}
	defer func() { k.sets-- }()
	return check(r.Inner)
}

func (k *checker) compare(s *Scope, f Compare, depth int) (Filter, error) {
	left, lt, err := k.operand(s, f.Left, depth)
	if err != nil {
		return nil, err
	}
	right, rt, err := k.operand(s, f.Right, depth)
	if err != nil {
		return nil, err
	}
	switch f.Op {
	case Eq, Ne, Lt, Le, Gt, Ge:
	default:
		return nil, invalid("%q is no comparison", f.Op)
	}
	if !meets(lt, rt, isLiteral(left), isLiteral(right)) {
		return nil, invalid("%s is %s and %s is %s: they do not compare", operandText(f.Left), lt, operandText(f.Right), rt)
	}
	return Compare{left, f.Op, right}, nil
}

// meets reports whether values of types a and b compare; a Text literal meets every textual type.
func meets(a, b Type, aLiteral, bLiteral bool) bool {
	switch {
	case !a.scalar() || !b.scalar():
		return false
	case a == b || a == None || b == None:
		return true
	case aLiteral && a == Text:
		return b.Textual()
	case bLiteral && b == Text:
		return a.Textual()
	}
	return false
}

func isLiteral(o Operand) bool {
	for {
		switch in := o.(type) {
		case Literal:
			return true
		case Outer:
			o = in.Of
		default:
			return false
		}
	}
}

func (k *checker) in(s *Scope, f In, depth int) (Filter, error) {
	of, t, err := k.operand(s, f.Of, depth)
	if err != nil {
		return nil, err
	}
	if k.values += len(f.Values); k.values > maxValues {
		return nil, invalid("a query lists at most %d values", maxValues)
	}
	out := make([]dossier.Value, 0, len(f.Values))
	for _, v := range f.Values {
		v, err := literal(v)
		if err != nil {
			return nil, err
		}
		vt, err := literalType(v)
		if err != nil {
			return nil, err
		}
		if !meets(t, vt, isLiteral(of), true) {
			return nil, invalid("%s is %s and a value is %s: they do not compare", operandText(f.Of), t, vt)
		}
		if v != nil {
			out = append(out, v)
		}
	}
	return In{of, out}, nil
}

func (k *checker) like(s *Scope, f Like, depth int) (Filter, error) {
	of, t, err := k.operand(s, f.Of, depth)
	if err != nil {
		return nil, err
	}
	if err := hasText(f.Of, t, f.Case); err != nil {
		return nil, err
	}
	if len(f.Pattern) > maxPattern {
		return nil, invalid("a pattern has at most %d bytes", maxPattern)
	}
	if err := goodText(f.Pattern); err != nil {
		return nil, err
	}
	if _, ok := parsePattern(f.Pattern); !ok {
		return nil, invalid("a pattern ends in the middle of an escape")
	}
	return Like{of, f.Pattern, f.Case}, nil
}

// hasText refuses an operand of type t that has no text to compare in that case.
func hasText(o Operand, t Type, c Case) error {
	if !t.scalar() {
		return invalid("%s has no text", operandText(o))
	}
	if c != Exact && c != ASCII && c != Fold {
		return invalid("%q is no way to compare letters", c)
	}
	return nil
}

func (k *checker) contains(s *Scope, f Contains, depth int) (Filter, error) {
	for _, o := range []*Operand{&f.Of, &f.Part} {
		of, t, err := k.operand(s, *o, depth)
		if err == nil {
			err = hasText(of, t, f.Case)
		}
		if err != nil {
			return nil, err
		}
		*o = of
	}
	return f, nil
}

// operand checks o in s and returns its canonical form and its type.
func (k *checker) operand(s *Scope, o Operand, depth int) (Operand, Type, error) {
	if err := k.enter(depth); err != nil {
		return nil, None, err
	}
	var err error
	switch in := o.(type) {
	case Literal:
		var v dossier.Value
		v, err = literal(in.Value)
		o = Literal{v}
	case Outer:
		if s.outer == nil {
			return nil, None, invalid("there is nothing outside the record")
		}
		in.Of, _, err = k.operand(s.outer, in.Of, depth+1)
		o = in
	case Lower:
		in.Of, _, err = k.operand(s, in.Of, depth+1)
		o = in
	case Length:
		in.Of, _, err = k.operand(s, in.Of, depth+1)
		o = in
	default:
		o, err = k.computed(s, o, depth)
	}
	if err != nil {
		return nil, None, err
	}
	t, err := s.TypeOf(o)
	return o, t, err
}

// literal is v in canonical form: nil if it is empty, numbers in plain notation.
func literal(v dossier.Value) (dossier.Value, error) {
	if dossier.IsEmpty(v) {
		return nil, nil
	}
	switch v := v.(type) {
	case dossier.Number:
		return dossier.ParseNumber(string(v))
	case dossier.Text:
		return v, goodText(string(v))
	case dossier.JSON:
		return v, goodText(string(v))
	case dossier.Date:
		return v, goodText(string(v))
	case dossier.Clock:
		return v, goodText(string(v))
	case dossier.List:
		for _, s := range v {
			if err := goodText(s); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}

// goodText refuses what no store can hold as text.
func goodText(s string) error {
	if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
		return invalid("a text is UTF-8 without NUL")
	}
	return nil
}
