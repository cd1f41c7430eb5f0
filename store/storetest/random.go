package storetest

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"dossier"
	"dossier/query"
)

// A world is two collections with every type of field, and values to fill and compare them with: few enough to meet, odd enough
// to matter.
type world struct {
	*rand.Rand
	space        *dossier.Space
	things, folk *dossier.Collection
	ids          map[dossier.ID][]string // IDs of the records of a collection, and some of none
	files        []*dossier.File
}

func newWorld(seed uint64) *world {
	w := &world{Rand: rand.New(rand.NewPCG(seed, 1)), ids: map[dossier.ID][]string{}}
	w.things = &dossier.Collection{ID: "things", Number: 1, Name: "things", Kind: dossier.Base}
	w.folk = &dossier.Collection{ID: "folk", Number: 2, Name: "folk", Kind: dossier.Auth}
	w.space = &dossier.Space{Collections: []*dossier.Collection{w.things, w.folk}}
	for i, c := range w.space.Collections {
		c.Fields = w.fields(int64(100*(i+1)), true)
		c.Indexes = w.indexes(c)
		for j := range 24 {
			w.ids[c.ID] = append(w.ids[c.ID], fmt.Sprintf("%s%019d", c.Name[:4], j))
		}
	}
	return w
}

// indexes are some plain indexes over two fields.
func (w *world) indexes(c *dossier.Collection) (out []dossier.Index) {
	for len(out) < 5 {
		x := dossier.Index{Name: fmt.Sprint(c.Name, len(out))}
		for len(x.Columns) < 2 {
			if f := pick(w.Rand, c.Fields); f.Type != dossier.TypeTable && !f.IsSecret() {
				x.Columns = append(x.Columns, dossier.IndexColumn{ColumnRef: dossier.ColumnRef{Field: f.ID}, Descending: w.IntN(3) == 0, Fold: w.IntN(3) == 0})
			}
		}
		out = append(out, x)
	}
	return out
}

// fields are fields of every type, multiple ones included.
func (w *world) fields(number int64, top bool) []*dossier.Field {
	var out []*dossier.Field
	add := func(f dossier.Field) *dossier.Field {
		number++
		f.Number, f.ID, f.Code = number, dossier.ID(fmt.Sprintf("field%d", number)), f.Name
		f.Indexed = w.IntN(3) == 0
		out = append(out, &f)
		return &f
	}
	for _, typ := range dossier.FieldTypes {
		f := dossier.Field{Name: string(typ), Type: typ}
		switch typ {
		case dossier.TypeTable, dossier.TypeAutoNumber, dossier.TypePassword:
			if top && typ == dossier.TypeTable {
				add(f).Fields = w.fields(number*10, false)
			} else if top {
				add(f)
			}
			continue
		case dossier.TypeRelation:
			f.Collection = w.things.ID
		case dossier.TypeUser:
			f.Collection = w.folk.ID
		}
		add(f)
		if f.HasElements() || f.IsFile() {
			f.Name, f.MaxSelect = string(typ)+"s", 5
			add(f)
		}
	}
	return out
}

var (
	words = []string{"", " ", "a", "A", "ab", "Ab", "b", "ä", "Ä", "äb", "ß", "ẞ", "K", "\u212a", "k", "İ", "i", "I", "日本", "日本語", "😀", "a%b", "a_b",
		`a\b`, "a*b", "a?b", "[a]", "]", "1", "10", "9", "true", "null", `"`, "'", `["a"]`, "\n", "\x01", "a\u0301", "2024-02-29",
		strings.Repeat("long ä ", 700)}
	numbers = []string{"0", "0.0", "1", "1.0", "1.00", "-1", "-1.50", "-1.5", "1.5", "9", "10", "100", "0.001", "0.0010", "2", "3", "4", "-10", "-9",
		"9007199254740993", "9007199254740992", "123456789012345678901234567890.12345", "123456789012345678901234567890.12346",
		"9223372036854775807", "9223372036854775808", "-9223372036854775809", "1e30", "1e-30", "1.0000000000000000000001", "12.34", "0.5"}
	dates    = []string{"2024-02-29", "2024-03-01", "1999-12-31", "0001-01-01", "9999-12-31"}
	clocks   = []string{"00:00", "00:00:00", "12:30", "23:59:59"}
	instants = []int64{0, 1, -1, 1709208000123, 1709208000124, -62135596800000, 253402300799999, 999, 1000}
	jsons    = []string{"null", "{}", `{"a":"ä"}`, `{"first":"Ann","last":"Lee"}`, "[1,2]", `"a"`, "1", "true", `{"a":1.50}`, `{"a":{"b":[1,"Ä",null,true]}}`,
		`[{"a":10},{"a":"10"},[]]`, `{"a":null,"":"x","0":false,"a.b":{"\"":"\\\u00e4\u0000"}}`, `{"a":1,"a":2}`, `[1e2,-9,9007199254740993,1e999]`}
	steps = []string{"a", "b", "0", "1", "2", "3", "-1", "01", "first", "", "a.b", `"`, "ä"}
)

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// value is a value for a field, empty every third time.
func (w *world) value(f *dossier.Field) dossier.Value {
	if w.IntN(3) == 0 {
		return nil
	}
	switch query.TypeOf(f) {
	case query.Files:
		n := 1 + w.IntN(max(f.MaxSelect, 1))
		var out dossier.Files
		for _, i := range w.Perm(len(w.files))[:n] {
			out = append(out, w.files[i])
		}
		return out
	case query.Rows:
		var out dossier.Rows
		for range 1 + w.IntN(3) {
			row := dossier.Row{Values: map[string]dossier.Value{}}
			for _, g := range f.Fields {
				if v := w.value(g); v != nil {
					row.Values[g.Name] = v
				}
			}
			out = append(out, row)
		}
		return out
	case query.Secret:
		return dossier.Secret{Hash: pick(w.Rand, words[2:])}
	case query.Text:
		if f.IsRelation() {
			return dossier.Text(pick(w.Rand, w.ids[f.Collection]))
		}
	case query.List:
		pool := words[:12]
		if f.IsRelation() {
			pool = w.ids[f.Collection]
		}
		var out dossier.List
		for _, i := range w.Perm(len(pool))[:1+w.IntN(4)] {
			out = append(out, pool[i])
		}
		return out
	}
	return w.literal(query.TypeOf(f))
}

// literal is a value of type t to compare with.
func (w *world) literal(t query.Type) dossier.Value {
	switch t {
	case query.Text:
		return dossier.Text(pick(w.Rand, words))
	case query.Decimal:
		n, err := dossier.ParseNumber(pick(w.Rand, numbers))
		if err != nil {
			panic(err)
		}
		return n
	case query.Bool:
		return dossier.Bool(w.IntN(2) == 0)
	case query.Date:
		return dossier.Date(pick(w.Rand, dates))
	case query.Clock:
		return dossier.Clock(pick(w.Rand, clocks))
	case query.Instant:
		return dossier.Instant(pick(w.Rand, instants))
	case query.JSON:
		return dossier.JSON(pick(w.Rand, jsons))
	case query.List:
		return dossier.List{pick(w.Rand, words[:12])}
	}
	return nil
}

// A place is a scope for which trees are grown.
type place struct {
	scope  *query.Scope
	fields []*dossier.Field
	metas  []string
	record *dossier.Collection // nil if the element is no record
	elem   bool
	outer  *place
}

func (w *world) root(c *dossier.Collection) *place {
	return &place{scope: query.NewScope(w.space, c), fields: c.Fields, metas: metas(c), record: c}
}

func metas(c *dossier.Collection) []string {
	out := []string{query.ID, query.Number, query.Revision, query.Created, query.Updated, query.CreatedBy, query.UpdatedBy}
	if c.Kind == dossier.Auth {
		out = append(out, query.Email, query.EmailVisible, query.Verified)
	}
	return out
}

// enter is the place inside a set; ok is false if it cannot be ranged over.
func (p *place) enter(s query.Set) (*place, bool) {
	r, err := p.scope.Enter(s)
	if err != nil {
		return nil, false
	}
	in := &place{scope: r.Inner, outer: p}
	switch {
	case r.Collection != nil:
		in.fields, in.metas, in.record, in.elem = r.Collection.Fields, metas(r.Collection), r.Collection, r.Kind == query.OverRelated
	case r.Kind == query.OverFiles:
		in.metas = []string{query.FileName, query.FileSlug, query.FileSize, query.FileType, query.FileID}
	case r.Kind == query.OverRows:
		in.fields = r.Column.Field.Fields
	default:
		in.elem = true
	}
	return in, true
}

// column is any column at p, now and then one that a path leads to; ok is false where there is none.
func (w *world) column(p *place) (query.Column, bool) {
	var path []string
	fields, names := p.fields, p.metas
	for w.IntN(4) == 0 {
		var steps []*dossier.Field
		for _, f := range fields {
			if f.IsRelation() && !f.Multiple() {
				steps = append(steps, f)
			}
		}
		if len(steps) == 0 || len(path) == 3 {
			break
		}
		f := pick(w.Rand, steps)
		to, _ := w.space.CollectionByID(f.Collection)
		path, fields, names = append(path, f.Name), to.Fields, metas(to)
	}
	if len(names) > 0 && (len(fields) == 0 || w.IntN(4) == 0) {
		return query.Column{Path: path, Name: pick(w.Rand, names), Meta: true}, true
	}
	if len(fields) == 0 {
		return query.Column{}, false
	}
	return query.Column{Path: path, Name: pick(w.Rand, fields).Name}, true
}

// operand is any operand at p with its type.
func (w *world) operand(p *place) (query.Operand, query.Type) {
	for {
		var o query.Operand
		switch n := w.IntN(13); {
		case n == 12:
			o = w.computed(p)
		case n == 0 && p.outer != nil:
			in, t := w.operand(p.outer)
			return query.Outer{Of: in}, t
		case n < 3 && p.elem:
			o = query.Element{}
		case n == 3:
			in, _ := w.operand(p)
			o = query.Lower{Of: in, Case: pick(w.Rand, cases)}
		case n == 4:
			if c, ok := w.column(p); ok {
				o = query.Length{Of: c}
			}
		case n == 5:
			if c, ok := w.document(p); ok {
				o = w.inside(c)
				if w.IntN(4) == 0 {
					o = query.Length{Of: o}
				}
			}
		default:
			if c, ok := w.column(p); ok {
				o = c
			} else if p.elem {
				o = query.Element{}
			}
		}
		if o == nil {
			continue
		}
		if t, err := p.scope.TypeOf(o); err == nil {
			return o, t
		}
	}
}

// document is a column that holds JSON; ok is false if none was found.
func (w *world) document(p *place) (query.Column, bool) {
	for range 20 {
		c, ok := w.column(p)
		if t, err := p.scope.TypeOf(c); ok && err == nil && t == query.JSON {
			return c, true
		}
	}
	return query.Column{}, false
}

// inside is something inside the document in c.
func (w *world) inside(c query.Column) query.Operand {
	o := query.JSONPath{Of: c, As: pick(w.Rand, []query.Type{query.Text, query.Decimal, query.Bool, query.JSON, query.Rows})}
	for range w.IntN(4) {
		o.Path = append(o.Path, pick(w.Rand, steps))
	}
	return o
}

// scalar is an operand that can be compared.
func (w *world) scalar(p *place) (query.Operand, query.Type) {
	for {
		if o, t := w.operand(p); t != query.Files && t != query.Rows {
			return o, t
		}
	}
}

// partner is something to compare a value of type t with.
func (w *world) partner(p *place, t query.Type) query.Operand {
	if w.IntN(20) == 0 {
		return query.Literal{}
	}
	if w.IntN(4) == 0 {
		for range 50 {
			if o, u := w.scalar(p); u == t {
				return o
			}
		}
	}
	return query.Literal{Value: w.constant(t)}
}

// constant is a literal that meets type t.
func (w *world) constant(t query.Type) dossier.Value {
	switch {
	case t == query.Text && w.IntN(3) == 0:
		return dossier.Text(pick(w.Rand, w.ids[pick(w.Rand, w.space.Collections).ID]))
	case t.Textual() && w.IntN(4) == 0:
		return dossier.Text(pick(w.Rand, words))
	}
	return w.literal(t)
}

func (w *world) pattern() string {
	var b strings.Builder
	for range w.IntN(4) + 1 {
		b.WriteString(pick(w.Rand, []string{"%", "%", "_", "a", "A", "ä", "Ä", "b", "k", "K", "i", "1", "0", `\%`, `\_`, `\\`, "[", "*", "?", "]", "語", "-", `"`, "ẞ", "\u212a", "."}))
	}
	return b.String()
}

var (
	ops   = []query.Op{query.Eq, query.Ne, query.Lt, query.Le, query.Gt, query.Ge}
	cases = []query.Case{query.Exact, query.ASCII, query.Fold}
)

// filter is any filter at p.
func (w *world) filter(p *place, depth int) query.Filter {
	if depth > 0 {
		switch w.IntN(8) {
		case 0, 1:
			return query.And(w.filters(p, depth-1))
		case 2, 3:
			return query.Or(w.filters(p, depth-1))
		case 4:
			return query.Not{Filter: w.filter(p, depth-1)}
		case 5, 6:
			if f := w.quantifier(p, depth-1); f != nil {
				return f
			}
		}
	}
	switch w.IntN(11) {
	case 0:
		return query.Const(w.IntN(2) == 0)
	case 10:
		o, _ := w.scalar(p)
		return query.Blank{Of: o}
	case 1, 2:
		o, _ := w.operand(p)
		return query.Empty{Of: o}
	case 3:
		o, _ := w.scalar(p)
		part := query.Operand(query.Literal{Value: dossier.Text(pick(w.Rand, words))})
		if w.IntN(2) == 0 {
			part, _ = w.scalar(p)
		}
		return query.Contains{Of: o, Part: part, Case: pick(w.Rand, cases)}
	case 4:
		o, _ := w.scalar(p)
		return query.Like{Of: o, Pattern: w.pattern(), Case: pick(w.Rand, cases)}
	case 5:
		o, t := w.scalar(p)
		in := query.In{Of: o}
		for range w.IntN(6) {
			in.Values = append(in.Values, w.constant(t))
		}
		return in
	}
	l, t := w.scalar(p)
	r := w.partner(p, t)
	if _, ok := r.(query.Literal); ok && w.IntN(4) == 0 {
		l, r = r, l
	}
	return query.Compare{Left: l, Op: pick(w.Rand, ops), Right: r}
}

func (w *world) filters(p *place, depth int) []query.Filter {
	out := make([]query.Filter, w.IntN(4))
	for i := range out {
		out[i] = w.filter(p, depth)
	}
	return out
}

// quantifier is a Some or Every, nil if no set was found.
func (w *world) quantifier(p *place, depth int) query.Filter {
	s, in := w.set(p)
	switch {
	case s == nil:
		return nil
	case w.IntN(2) == 0:
		return query.Some{Over: s, Where: w.filter(in, depth)}
	}
	return query.Every{Over: s, Where: w.filter(in, depth)}
}

// set is a set at p with the place inside it, nil if none was found.
func (w *world) set(p *place) (query.Set, *place) {
	for range 20 {
		var s query.Set
		switch n := w.IntN(8); {
		case n == 0:
			s = query.All{Collection: pick(w.Rand, w.space.Collections).Name}
		case n < 3:
			c := pick(w.Rand, w.space.Collections)
			s = query.Back{Collection: c.Name, Field: pick(w.Rand, c.Fields).Name}
		default:
			c, ok := w.column(p)
			if !ok {
				continue
			}
			s = c
		}
		if in, ok := p.enter(s); ok {
			return s, in
		}
	}
	return nil, nil
}

// sorts is any order.
func (w *world) sorts(p *place) []query.Sort {
	var out []query.Sort
	for range w.IntN(4) {
		o, _ := w.scalar(p)
		out = append(out, query.Sort{By: o, Desc: w.IntN(2) == 0})
	}
	return out
}
