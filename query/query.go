// Package query is the one vocabulary in which records are asked for: the tree to which every front end lowers its own
// language and from which every store makes its own. Check proves a tree against a collection, Eval defines what it means,
// String prints it.
// Not here: any vendor's syntax, any SQL, clocks, time zones, "me": front ends resolve those before they build a tree.
package query

import "dossier"

// A Query asks for records of one collection.
type Query struct {
	Filter Filter // nil is every record
	// Sort is the order: the first key that differs decides, at last the record's number, ascending. The empty value sorts
	// before every other, after them if Desc.
	Sort   []Sort
	Offset int // records to leave out at the start
	Limit  int // records at most; 0 is no limit
	// Random orders the records by chance instead.
	Random bool
}

// Sort is one key of an order.
type Sort struct {
	By   Operand
	Desc bool
}

// A Filter is true or false of a record, never unknown. The nodes are And, Or, Not, Const, Compare, In, Empty, Blank, Like,
// Contains, Some and Every.
// A nil Filter is true, wherever it stands.
type Filter interface{ filter() }

// And is true if all of its filters are; And{} is true.
type And []Filter

// Or is true if one of its filters is; Or{} is false.
type Or []Filter

// Not is true if its filter is not.
type Not struct{ Filter Filter }

// Const is true or false of every record.
type Const bool

// Op is a comparison.
type Op string

// The comparisons. Texts compare by their UTF-8 bytes, numbers and instants as such, false before true, days and times of day
// by their text.
const (
	Eq Op = "="
	Ne Op = "!="
	Lt Op = "<"
	Le Op = "<="
	Gt Op = ">"
	Ge Op = ">="
)

// Compare is true if both operands have values and these compare so. It is false whenever one of them is empty, Ne
// included: who means "different or empty" says Or{Compare{Ne}, Empty}. The operands' types must be the same, but for a
// Text literal, which may meet any textual type.
type Compare struct {
	Left  Operand
	Op    Op
	Right Operand
}

// In is true if the operand's value equals one of Values. The empty value is in no list.
type In struct {
	Of     Operand
	Values []dossier.Value
}

// Empty is true if the operand has no value: NULL in a store, nil in Go. An empty list of options, relations, files or rows is
// empty too. The Text "" is not.
type Empty struct{ Of Operand }

// Blank is true if the operand has no value, or a text of nothing but Spaces, "" included.
type Blank struct{ Of Operand }

// Spaces are the characters that Blank does not count: those with the property White_Space in Unicode.
const Spaces = "\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"

// Case says how letters compare.
type Case string

// The ways to compare letters.
const (
	Exact Case = "exact" // as they are
	ASCII Case = "ascii" // A to Z as a to z
	Fold  Case = "fold"  // every letter as its simple lower case (unicode.ToLower), letters outside ASCII never as one inside
)

// Like is true if the operand's text matches Pattern, in which % stands for any run of characters, _ for one character and
// \ takes the meaning from the next; it cannot be the last. False if the operand is empty. Numbers, dates, instants and JSON match by their text:
// a number's shortest, an instant's "2006-01-02 15:04:05.000Z", a list's elements as a JSON array.
type Like struct {
	Of      Operand
	Pattern string
	Case    Case
}

// Contains is true if the text of Of has the text of Part in it, letters folded as Case says. False if one of them is empty. The
// texts are those that Like sees; nothing in them is a wildcard.
type Contains struct {
	Of, Part Operand
	Case     Case
}

// Some is true if at least one element of Over makes Where true. Over is
//   - a select, single or multiple: Where speaks of Element,
//   - a relation, single or multiple: Where speaks of the related record's columns (a missing record counts as no element),
//   - a file field: Where speaks of File columns,
//   - a table: Where speaks of the row's columns,
//   - a Back: Where speaks of the referring record's columns.
//
// Inside Where a Column means the element's; Outer reaches the record around it.
type Some struct {
	Over  Set
	Where Filter
}

// Every is true if all elements of Over make Where true; of no elements that is true.
type Every struct {
	Over  Set
	Where Filter
}

func (And) filter()      {}
func (Or) filter()       {}
func (Not) filter()      {}
func (Const) filter()    {}
func (Compare) filter()  {}
func (In) filter()       {}
func (Empty) filter()    {}
func (Blank) filter()    {}
func (Like) filter()     {}
func (Contains) filter() {}
func (Some) filter()     {}
func (Every) filter()    {}

// A Set is what Some and Every range over: a Column, a Back or an All.
type Set interface{ set() }

// Back is all records of the collection named Collection whose relation field Field refers to this record.
type Back struct {
	Collection string
	Field      string
}

// All is all records of the collection named Collection, whatever the record at hand.
type All struct{ Collection string }

func (Column) set() {}
func (Back) set()   {}
func (All) set()    {}

// An Operand is something with a value: a Column, a Literal, an Element, an Outer, a Lower, a Length, a JSONPath, a Choose, an At, a Texts,
// a Numeral, a Stamp or a Distance.
type Operand interface{ operand() }

// Column is a value of the record at hand, or of the record that Path leads to.
type Column struct {
	// Path names single relations to follow, in order. A missing record makes the column empty.
	Path []string
	// Name is a field's name, or one of the columns that every record has.
	Name string
	// Meta is set where Name is one of the columns below and not a field's name.
	Meta bool
}

// The columns that every record has, by Column.Name with Meta set. The last three only auth records have. A login or email that
// is "" is empty.
const (
	ID           = "id"            // Text
	Number       = "number"        // Number
	Revision     = "revision"      // Number
	Created      = "created"       // Instant
	Updated      = "updated"       // Instant
	CreatedBy    = "created_by"    // Text, a login
	UpdatedBy    = "updated_by"    // Text, a login
	Email        = "email"         // Text
	EmailVisible = "email_visible" // Bool
	Verified     = "verified"      // Bool
)

// The columns of a file, inside a Some or Every over a file field, with Meta set.
const (
	FileName = "name" // Text: the name it was uploaded under
	FileSlug = "slug" // Text: its name in a URL
	FileSize = "size" // Number: bytes
	FileType = "type" // Text: the sniffed media type
	FileID   = "id"   // Text
)

// Meta is the column every record has under name.
func Meta(name string) Column { return Column{Name: name, Meta: true} }

// Col is the column of the field name.
func Col(name string) Column { return Column{Name: name} }

// Literal is a fixed value; nil is the empty one.
type Literal struct{ Value dossier.Value }

// Element is the element at hand of a Some or Every over a select, or the ID of the related record of one over a relation.
type Element struct{}

// Outer is what Of means one level further out, around the nearest Some or Every.
type Outer struct{ Of Operand }

// Lower is the operand's text with its letters folded as Case says; empty if the operand is.
type Lower struct {
	Of   Operand
	Case Case
}

// Length is the number of elements of a multiple select or relation, a file field or a table: 0 if it is empty. A single
// select or relation has 1 or 0. A JSON document, or a value in one, has those of a list, and 0 if it is none.
type Length struct{ Of Operand } // a Column or a JSONPath

// JSONPath is the value inside a JSON document that Path leads to, if it is of the kind that As says; else it is empty, as it is
// where Path leads to nothing. Who takes values of several kinds asks for each: And{Empty{As: Text}, Compare{As: Decimal, …}}.
type JSONPath struct {
	Of Column // holds JSON
	// Path names members of objects and, in lists, elements by their index from 0. None is the whole document. Of members with the
	// same name the last counts.
	Path []string
	// As is Text: a string without NUL; Decimal: a number of at most 400 digits; Bool: true or false; JSON: anything but null, as
	// its JSON text; Rows: a list or an object, likewise.
	As Type
}

func (Column) operand()   {}
func (Literal) operand()  {}
func (Element) operand()  {}
func (Outer) operand()    {}
func (Lower) operand()    {}
func (Length) operand()   {}
func (JSONPath) operand() {}

// Conj joins filters with And and leaves out nil ones; nil if nothing is left.
func Conj(filters ...Filter) Filter {
	var and And
	for _, f := range filters {
		if f != nil {
			and = append(and, f)
		}
	}
	switch len(and) {
	case 0:
		return nil
	case 1:
		return and[0]
	}
	return and
}
