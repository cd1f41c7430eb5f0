package pocketbase

import (
	"slices"
	"strings"
	"time"

	"dossier"
	"dossier/access"
	"dossier/query"
)

// maxHops is how many relations a path may cross.
const maxHops = 6

// A ref is an operand with what its name means: a constant, or a column behind joins.
type ref struct {
	fixed bool
	value literal   // of a constant
	each  bool      // the constant is each of list
	list  []literal // …
	lone  bool      // … of a field that takes one

	hops []hop
	leaf column        // in the scope behind the hops
	gate *query.Column // a truth value beside the column that must be true
	// loose: of several rows one is enough, whatever the operator.
	loose bool
	// points are the four values of a distance that several records have: each has its own hops, gate and leaf, and the ref none.
	points []ref
}

func fixedRef(v literal) ref { return ref{fixed: true, value: v} }

// multi reports whether the path may lead to several values.
func (r ref) multi() bool {
	return slices.ContainsFunc(r.ways(), func(w ref) bool {
		return slices.ContainsFunc(w.hops, func(h hop) bool { return h.multi })
	})
}

// ways are the paths that r follows: its own, or those of its points.
func (r ref) ways() []ref {
	if r.points != nil {
		return r.points
	}
	return []ref{r}
}

func invalid(format string, args ...any) error {
	return dossier.Errorf(dossier.Invalid, format, args...)
}

// operand finds what an operand means.
func (l *lowerer) operand(o operand) (ref, error) {
	switch o.kind {
	case tokenQuoted:
		return fixedRef(textLiteral(o.text)), nil
	case tokenNumeral:
		n, err := dossier.ParseNumber(o.text)
		v := numberLiteral(n)
		v.float = true
		return fixedRef(v), err
	case tokenCall:
		return l.call(o)
	}
	if v, ok := l.word(o.text); ok {
		return fixedRef(v), nil
	}
	names := strings.Split(o.text, ".")
	if names[0] == "@collection" {
		return l.collectionPath(names)
	}
	mod, err := cutModifier(names)
	if err != nil {
		return ref{}, err
	}
	if names[0] == "@request" {
		return l.requestPath(names[1:], mod)
	}
	w := l.walkFrom(l.base, "")
	return w.walk(names, mod)
}

// word is the value of true, false, null, where no field has that name, and of macros.
func (l *lowerer) word(name string) (literal, bool) {
	if _, ok := l.base.Field(name); ok {
		return null, false
	}
	switch strings.ToLower(name) {
	case "true":
		return boolLiteral(true), true
	case "false":
		return boolLiteral(false), true
	case "null":
		return null, true
	}
	return macro(name, l.now)
}

// modifier is what stands behind a colon at the end of a path.
type modifier string

const (
	modIsset   modifier = "isset"
	modChanged modifier = "changed"
	modLength  modifier = "length"
	modEach    modifier = "each"
	modLower   modifier = "lower"
)

// cutModifier takes the modifier off the last name.
func cutModifier(names []string) (modifier, error) {
	last := len(names) - 1
	name, mod, found := strings.Cut(names[last], ":")
	names[last] = name
	for _, n := range names {
		if strings.Contains(n, ":") || n == "" {
			return "", invalid("%q is no path of names", strings.Join(names, "."))
		}
	}
	switch m := modifier(mod); m {
	case modIsset, modChanged, modLength, modEach, modLower:
		return m, nil
	case "":
		if !found {
			return "", nil
		}
	}
	return "", invalid("unknown modifier :%s", mod)
}

// A walk follows a path from a record of c.
type walk struct {
	l     *lowerer
	c     *dossier.Collection
	path  []string // single relations that a column of the scope at hand follows
	hops  []hop
	key   string // of the way so far
	count int
}

func (l *lowerer) walkFrom(c *dossier.Collection, key string) *walk {
	return &walk{l: l, c: c, key: key}
}

// walk follows all of names.
func (w *walk) walk(names []string, mod modifier) (ref, error) {
	for len(names) > 1 {
		if f, ok := w.c.Field(names[0]); ok && query.TypeOf(f) == query.JSON {
			return w.inside(f, names[1:], mod)
		}
		if f, ok := w.c.Field(names[0]); ok && f.Type == dossier.TypeTable {
			return w.row(f, names[1:])
		}
		if f, ok := w.c.Field(names[0]); ok && len(names) == 2 && names[1] == "id" && mod == "" && f.IsRelation() && !f.Multiple() {
			return w.end(names[0], mod) // the relation holds it, whoever may see the record
		}
		if err := w.step(names[0]); err != nil {
			return ref{}, err
		}
		names = names[1:]
	}
	return w.end(names[0], mod)
}

// step crosses one relation, or the other way round one that leads here.
func (w *walk) step(name string) error {
	if w.count++; w.count > maxHops {
		return invalid("a path crosses at most %d relations", maxHops)
	}
	f, ok := w.c.Field(name)
	if !ok {
		return w.back(name)
	}
	if err := w.visible(f); err != nil {
		return err
	}
	if !f.IsRelation() {
		return invalid("%s is a field of type %s: nothing inside it can be named", name, f.Type)
	}
	to, ok := w.l.space.CollectionByID(f.Collection)
	if !ok {
		return invalid("the relation %s leads to no collection", name)
	}
	guard, err := w.l.guard(to)
	if err != nil {
		return err
	}
	if !f.Multiple() && guard == nil {
		w.path = append(w.path, name)
		w.c, w.key = to, w.key+"."+name
		return nil
	}
	w.hop(hop{over: w.column(name, false), to: to, guard: guard, multi: f.Multiple()}, name)
	return nil
}

// hop adds a join. Behind it columns count from its element.
func (w *walk) hop(h hop, name string) {
	w.key += "." + name
	h.key = w.key
	w.hops, w.path, w.c = append(w.hops, h), nil, h.to
}

// back crosses a relation towards the record at hand: collection_via_field.
func (w *walk) back(name string) error {
	from, field, err := w.l.referring(w.c, name)
	if err != nil {
		return err
	}
	guard, err := w.l.guard(from)
	if err != nil {
		return err
	}
	if n := len(w.path); n > 0 {
		w.pathHop()
	}
	w.hop(hop{over: query.Back{Collection: from.Name, Field: field.Name}, to: from, guard: guard, multi: !hasOwnIndex(from, field) || field.Multiple()}, name)
	return nil
}

// pathHop makes a join of the path, so that its record is at hand.
func (w *walk) pathHop() {
	last := len(w.path) - 1
	over := query.Column{Path: slices.Clone(w.path[:last]), Name: w.path[last]}
	w.hops = append(w.hops, hop{key: w.key, over: over, to: w.c})
	w.path = nil
}

// referring finds the relation that collection_via_field names, which has to lead to c.
func (l *lowerer) referring(c *dossier.Collection, name string) (*dossier.Collection, *dossier.Field, error) {
	collection, field, ok := strings.Cut(name, "_via_")
	if !ok {
		return nil, nil, unknownName(c, name)
	}
	from, ok := findCollection(l.space, collection)
	if !ok {
		return nil, nil, unknownName(c, name)
	}
	f, ok := from.Field(field)
	if !ok || !f.IsRelation() || f.Collection != c.ID {
		return nil, nil, invalid("%s.%s is no relation to %s", from.Name, field, c.Name)
	}
	return from, f, l.visible(f)
}

// collectionPath is @collection.name.path, with all records of a collection, whatever the record at hand.
func (l *lowerer) collectionPath(names []string) (ref, error) {
	if len(names) < 3 {
		return ref{}, invalid("@collection wants a collection and a field: @collection.name.field")
	}
	mod, err := cutModifier(names[2:])
	if err != nil {
		return ref{}, err
	}
	name, _, _ := strings.Cut(names[1], ":")
	c, ok := findCollection(l.space, name)
	if !ok {
		return ref{}, invalid("there is no collection %s", name)
	}
	guard, err := l.guard(c)
	if err != nil {
		return ref{}, err
	}
	w := l.walkFrom(c, "@collection")
	w.hop(hop{over: query.All{Collection: c.Name}, to: c, guard: guard, multi: true}, names[1])
	return w.walk(names[2:], mod)
}

// guard is the rule that records of c which a client's filter joins must satisfy, nil if they need not satisfy any.
func (l *lowerer) guard(c *dossier.Collection) (query.Filter, error) {
	if !l.client {
		return nil, nil
	}
	policy := access.Policy{Language: Language{Now: func() time.Time { return l.now }}}
	f, err := policy.Filter(l.space, c, access.Question{Principal: l.ask.Principal, Action: access.List})
	if dossier.KindOf(err) == dossier.Denied {
		return nil, &dossier.Error{Kind: dossier.Invalid, Msg: c.Name + " may not be listed", Err: err}
	}
	return f, err
}

// open reports whether every record of c that a filter joins takes part.
func (l *lowerer) open(c *dossier.Collection) bool {
	guard, err := l.guard(c)
	return guard == nil && err == nil
}

// visible refuses hidden fields to clients that are no superusers, and passwords to everybody.
func (l *lowerer) visible(f *dossier.Field) error {
	if f.IsSecret() {
		return invalid("%s is a password: nothing can be asked of it", f.Name)
	}
	if f.Hidden && l.client && !l.ask.Principal.IsSuper() {
		return invalid("unknown field %s", f.Name)
	}
	return nil
}

func (w *walk) visible(f *dossier.Field) error { return w.l.visible(f) }

func unknownName(c *dossier.Collection, name string) error {
	return &dossier.Error{Kind: dossier.Invalid, Msg: "unknown field " + name, Problems: []dossier.Problem{{
		Path: []string{name}, Code: dossier.CodeUnknown, Params: map[string]any{"name": name, "collection": c.Name},
	}}}
}
