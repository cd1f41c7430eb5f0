package query

import (
	"strings"

	"dossier"
)

// Type is the type of an operand: what its values are when they are not empty.
type Type string

// The types. Text, Date, Clock, List and JSON are textual: their values compare by their text, and a Text literal may meet them.
const (
	None    Type = "none" // the empty literal, which may meet any type
	Text    Type = "text"
	Decimal Type = "number"
	Bool    Type = "bool"
	Date    Type = "date"
	Clock   Type = "time"
	Instant Type = "datetime"
	List    Type = "list"
	JSON    Type = "json"
	Files   Type = "files"  // only Empty, Length, Some and Every
	Rows    Type = "rows"   // only Empty, Length, Some and Every
	Secret  Type = "secret" // of no operand: a Scope does not know such a field
)

// Textual reports whether values of type t compare by their text.
func (t Type) Textual() bool {
	return t == Text || t == Date || t == Clock || t == List || t == JSON
}

// scalar reports whether values of type t can be compared and have a text.
func (t Type) scalar() bool { return t != Files && t != Rows }

// TypeOf is the type of a field's values.
func TypeOf(f *dossier.Field) Type {
	switch {
	case f.IsNumber():
		return Decimal
	case f.IsFile():
		return Files
	case f.IsJSON():
		return JSON
	case f.IsSecret():
		return Secret
	case f.HasElements() && f.Multiple():
		return List
	}
	switch f.Type {
	case dossier.TypeBool:
		return Bool
	case dossier.TypeDate:
		return Date
	case dossier.TypeTime:
		return Clock
	case dossier.TypeDateTime:
		return Instant
	case dossier.TypeTable:
		return Rows
	}
	return Text
}

// A Scope is where a filter's columns get their meaning: a record, or an element of a Some or Every. Check, Eval and stores
// resolve names through it, so that they cannot disagree.
type Scope struct {
	space      *dossier.Space
	collection *dossier.Collection // of the record at hand; nil if it is none
	table      *dossier.Field      // of the row at hand
	file       bool                // the element is a file
	element    bool                // Element has a value
	outer      *Scope
}

// NewScope is the scope of a record of c.
func NewScope(space *dossier.Space, c *dossier.Collection) *Scope {
	if space == nil {
		space = &dossier.Space{}
	}
	return &Scope{space: space, collection: c}
}

// A Step is one relation that a column's path follows.
type Step struct {
	Field *dossier.Field
	To    *dossier.Collection
}

// A Resolved is a column with what its names mean.
type Resolved struct {
	Steps []Step         // the path
	Field *dossier.Field // nil for the columns that every record or file has
	Meta  string         // the name of such a column
	File  bool           // Meta is a file's column
	Type  Type
}

// maxPath is how many relations a column's path may follow.
const maxPath = 6

// Resolve finds what the column means in s. An unknown name, that of a secret, or a path that is no chain of single relations, is
// dossier.Invalid.
func (s *Scope) Resolve(c Column) (Resolved, error) {
	var r Resolved
	if len(c.Path) > maxPath {
		return r, invalid("%s follows more than %d relations", columnText(c), maxPath)
	}
	at := s
	for _, name := range c.Path {
		f, ok := at.field(name)
		if !ok {
			return r, at.unknown(name)
		}
		to, err := at.target(f)
		if err != nil {
			return r, err
		}
		if f.Multiple() {
			return r, invalid("%s holds several records, a path follows single ones", name)
		}
		r.Steps = append(r.Steps, Step{f, to})
		at = &Scope{space: s.space, collection: to}
	}
	return r, at.last(c, &r)
}

func (s *Scope) last(c Column, r *Resolved) error {
	if c.Meta {
		r.Meta, r.File, r.Type = c.Name, s.file, s.metaType(c.Name)
		if r.Type == None {
			return s.unknown(c.Name)
		}
		return nil
	}
	f, ok := s.field(c.Name)
	if !ok || f.IsSecret() {
		return s.unknown(c.Name)
	}
	r.Field, r.Type = f, TypeOf(f)
	return nil
}

func (s *Scope) field(name string) (*dossier.Field, bool) {
	switch {
	case s.collection != nil:
		return s.collection.Field(name)
	case s.table != nil:
		return s.table.Field(name)
	}
	return nil, false
}

// target is the collection that the relation f leads to.
func (s *Scope) target(f *dossier.Field) (*dossier.Collection, error) {
	if !f.IsRelation() {
		return nil, invalid("%s is no relation", f.Name)
	}
	to, ok := s.space.CollectionByID(f.Collection)
	if !ok {
		return nil, invalid("the relation %s leads to no collection", f.Name)
	}
	return to, nil
}

func (s *Scope) metaType(name string) Type {
	switch {
	case s.file:
		return fileColumns[name].or(None)
	case s.collection == nil:
		return None
	case s.collection.Kind == dossier.Auth:
		if t, ok := authColumns[name]; ok {
			return t
		}
	}
	return recordColumns[name].or(None)
}

func (t Type) or(u Type) Type {
	if t == "" {
		return u
	}
	return t
}

var (
	recordColumns = map[string]Type{ID: Text, Number: Decimal, Revision: Decimal, Created: Instant, Updated: Instant,
		CreatedBy: Text, UpdatedBy: Text}
	authColumns = map[string]Type{Email: Text, EmailVisible: Bool, Verified: Bool}
	fileColumns = map[string]Type{FileName: Text, FileSlug: Text, FileSize: Decimal, FileType: Text, FileID: Text}
)

func (s *Scope) unknown(name string) error {
	where := "an option"
	switch {
	case s.collection != nil:
		where = s.collection.Name
	case s.table != nil:
		where = s.table.Name
	case s.file:
		where = "a file"
	}
	return &dossier.Error{
		Kind: dossier.Invalid,
		Msg:  where + " has no field " + name,
		Problems: []dossier.Problem{{
			Path: []string{name}, Code: dossier.CodeUnknown, Params: map[string]any{"name": name},
		}},
	}
}

// RangeKind says what the elements of a Range are.
type RangeKind int

// The kinds of range.
const (
	OverOptions   RangeKind = iota // options of a select
	OverRelated                    // records that a relation refers to
	OverFiles                      // files of a field
	OverRows                       // rows of a table
	OverReferring                  // records that refer to the record at hand
	OverAll                        // all records of a collection
)

// A Range is a Set with what its names mean.
type Range struct {
	Kind       RangeKind
	Column     Resolved            // of options, related records, files and rows
	Collection *dossier.Collection // of records
	Field      *dossier.Field      // of referring records: the relation that leads here
	Inner      *Scope              // the scope of an element
}

// Enter finds what the set means in s. What cannot be ranged over is dossier.Invalid.
func (s *Scope) Enter(set Set) (Range, error) {
	switch set := set.(type) {
	case Column:
		return s.enterColumn(set)
	case Back:
		return s.enterBack(set)
	case All:
		c, ok := s.space.Collection(set.Collection)
		if !ok {
			return Range{}, invalid("there is no collection %s", set.Collection)
		}
		return Range{Kind: OverAll, Collection: c, Inner: s.inner(Scope{collection: c})}, nil
	}
	return Range{}, invalid("a set is missing")
}

func (s *Scope) inner(in Scope) *Scope {
	in.space, in.outer = s.space, s
	return &in
}

func (s *Scope) enterColumn(c Column) (Range, error) {
	col, err := s.Resolve(c)
	if err != nil {
		return Range{}, err
	}
	f := col.Field
	switch {
	case f == nil:
	case f.Type == dossier.TypeSelect:
		return Range{Kind: OverOptions, Column: col, Inner: s.inner(Scope{element: true})}, nil
	case f.IsRelation():
		to, err := s.target(f)
		return Range{Kind: OverRelated, Column: col, Collection: to, Inner: s.inner(Scope{collection: to, element: true})}, err
	case f.IsFile():
		return Range{Kind: OverFiles, Column: col, Inner: s.inner(Scope{file: true})}, nil
	case f.Type == dossier.TypeTable:
		return Range{Kind: OverRows, Column: col, Inner: s.inner(Scope{table: f})}, nil
	}
	return Range{}, invalid("%s has no elements", columnText(c))
}

func (s *Scope) enterBack(b Back) (Range, error) {
	c, ok := s.space.Collection(b.Collection)
	if !ok {
		return Range{}, invalid("there is no collection %s", b.Collection)
	}
	f, ok := c.Field(b.Field)
	if !ok {
		return Range{}, NewScope(s.space, c).unknown(b.Field)
	}
	if s.collection == nil || !f.IsRelation() || f.Collection != s.collection.ID {
		return Range{}, invalid("%s.%s does not refer to the record at hand", b.Collection, b.Field)
	}
	return Range{Kind: OverReferring, Collection: c, Field: f, Inner: s.inner(Scope{collection: c})}, nil
}

// TypeOf is the type of the operand in s. An operand without meaning there is dossier.Invalid.
func (s *Scope) TypeOf(o Operand) (Type, error) {
	switch o := o.(type) {
	case Column:
		r, err := s.Resolve(o)
		return r.Type, err
	case Literal:
		return literalType(o.Value)
	case Element:
		if !s.element {
			return None, invalid("there is no element here")
		}
		return Text, nil
	case Outer:
		if s.outer == nil {
			return None, invalid("there is nothing outside the record")
		}
		return s.outer.TypeOf(o.Of)
	case Lower:
		return s.lowerType(o)
	case Length:
		return s.lengthType(o)
	case JSONPath:
		return s.jsonPathType(o)
	case Choose:
		return s.chooseType(o)
	case At:
		return s.atType(o)
	case Texts:
		_, err := s.insideType(o.Over, o.Of)
		return List, err
	case Numeral:
		return s.numeralType(o)
	case Stamp:
		return s.stampType(o)
	case Distance:
		return s.distanceType(o)
	}
	return None, invalid("an operand is missing")
}

func (s *Scope) lowerType(o Lower) (Type, error) {
	t, err := s.TypeOf(o.Of)
	if err != nil {
		return None, err
	}
	return Text, hasText(o.Of, t, o.Case)
}

func (s *Scope) lengthType(o Length) (Type, error) {
	t, err := s.TypeOf(o.Of)
	if err != nil {
		return None, err
	}
	counts := false
	switch of := o.Of.(type) {
	case Column:
		r, err := s.Resolve(of)
		if err != nil {
			return None, err
		}
		f := r.Field
		counts = f != nil && (f.IsFile() || f.IsRelation() || f.Type == dossier.TypeTable || f.Type == dossier.TypeSelect || t == JSON)
	case JSONPath:
		counts = t == JSON
	}
	if !counts {
		return None, invalid("%s has no elements to count", operandText(o.Of))
	}
	return Decimal, nil
}

func literalType(v dossier.Value) (Type, error) {
	if dossier.IsEmpty(v) {
		return None, nil
	}
	switch v.(type) {
	case dossier.Text:
		return Text, nil
	case dossier.Number:
		return Decimal, nil
	case dossier.Bool:
		return Bool, nil
	case dossier.Date:
		return Date, nil
	case dossier.Clock:
		return Clock, nil
	case dossier.Instant:
		return Instant, nil
	case dossier.List:
		return List, nil
	case dossier.JSON:
		return JSON, nil
	}
	return None, invalid("a %T is no value to compare with", v)
}

func columnText(c Column) string { return strings.TrimSpace(operandText(c)) }

func invalid(format string, args ...any) error {
	return dossier.Errorf(dossier.Invalid, format, args...)
}
