package dossier

import (
	"maps"
	"slices"
	"time"
)

// FieldType is what a field holds. The table in docs/architecture.md shows how each looks in each dialect.
type FieldType string

// The field types, with the Value each holds when it is not empty.
const (
	TypeText       FieldType = "text"       // Text
	TypeRichText   FieldType = "richtext"   // Text: HTML
	TypeNumber     FieldType = "number"     // Number
	TypeBool       FieldType = "bool"       // Bool
	TypeDate       FieldType = "date"       // Date
	TypeDateTime   FieldType = "datetime"   // Instant
	TypeTime       FieldType = "time"       // Clock
	TypeSelect     FieldType = "select"     // Text if single, List if multiple
	TypeEmail      FieldType = "email"      // Text
	TypeURL        FieldType = "url"        // Text
	TypePhone      FieldType = "phone"      // Text
	TypeFile       FieldType = "file"       // Files
	TypeImage      FieldType = "image"      // Files
	TypeRelation   FieldType = "relation"   // Text (a record's ID) if single, List of IDs if multiple
	TypeUser       FieldType = "user"       // as relation, to an auth collection
	TypeTable      FieldType = "table"      // Rows
	TypeJSON       FieldType = "json"       // JSON
	TypeAutoNumber FieldType = "autonumber" // Number, given by the store on create
	TypeName       FieldType = "name"       // JSON: an object of title, first, middle, last
	TypeAddress    FieldType = "address"    // JSON: an object of street, street2, city, state, zip, country, latitude, longitude
	TypeRating     FieldType = "rating"     // Number
	TypePassword   FieldType = "password"   // Secret: written, never shown
)

// FieldTypes lists every type, in the order of the documentation.
var FieldTypes = []FieldType{TypeText, TypeRichText, TypeNumber, TypeBool, TypeDate, TypeDateTime, TypeTime, TypeSelect,
	TypeEmail, TypeURL, TypePhone, TypeFile, TypeImage, TypeRelation, TypeUser, TypeTable, TypeJSON, TypeAutoNumber,
	TypeName, TypeAddress, TypeRating, TypePassword}

// Widget says how a person picks from a select's options.
type Widget string

// The widgets of a select.
const (
	WidgetDropdown Widget = "dropdown"
	WidgetRadio    Widget = "radio"
	WidgetCheckbox Widget = "checkbox"
	WidgetMulti    Widget = "multi"
)

// A Field is a typed slot of a collection's records, or, below a table field, of a table's rows.
type Field struct {
	ID       ID     // made once, survives a rename
	Number   int64  // unique in the space, tables' fields included
	Name     string // [A-Za-z_][A-Za-z0-9_]*
	Code     string // any Unicode text; defaults to Name
	Label    string // for people; defaults to Name
	Type     FieldType
	Required bool
	Unique   bool // no two records share a value; empty ones never clash
	Indexed  bool // the store keeps an index for filters and sorts
	Hidden   bool // shown to superusers only

	// Options of some types; zero where they do not apply.

	Min, Max   string            // text, password: characters; number, rating: decimal text; date, datetime, time: a value's text; "" is none
	Pattern    string            // text, password: a regular expression (RE2) that the value must match
	Multiline  bool              // text
	Integer    bool              // number
	Unit       string            // number
	Decimals   *int              // number: digits after the point that are shown
	Options    []string          // select
	MaxSelect  int               // select, relation, user, file, image: elements; 0 and 1 are single for select, relation and user
	Widget     Widget            // select
	Format     string            // phone, autonumber
	MaxSize    int64             // file, image: bytes of one file; 0 is the space's maximum
	MimeTypes  []string          // file, image: allowed sniffed types; empty is any
	Thumbs     []string          // file, image: sizes of thumbnails
	Protected  bool              // file, image: bytes are served only to who may view the record
	Collection ID                // relation: the target; user: the auth collection
	Cascade    bool              // relation: deleting the last target deletes the record
	Fields     []*Field          // table
	Default    Value             // what a new record gets where the field is not given
	DefaultNow bool              // date, datetime, time: a new record gets the moment of its creation
	Extra      map[string]string // what a dialect keeps for itself (a layout, a display option); core never reads it
}

// CloneFields are copies of fields, those of tables included, that may be changed; nil of none.
func CloneFields(fields []*Field) []*Field {
	var out []*Field
	for _, f := range fields {
		g := *f
		g.Fields, g.Options, g.Extra = CloneFields(f.Fields), slices.Clone(f.Options), maps.Clone(f.Extra)
		out = append(out, &g)
	}
	return out
}

// Multiple reports whether a select, relation or user field holds a List instead of a Text.
func (f *Field) Multiple() bool { return f.MaxSelect > 1 }

// IsFile reports whether f holds files.
func (f *Field) IsFile() bool { return f.Type == TypeFile || f.Type == TypeImage }

// IsRelation reports whether f refers to records.
func (f *Field) IsRelation() bool { return f.Type == TypeRelation || f.Type == TypeUser }

// IsNumber reports whether f holds a Number.
func (f *Field) IsNumber() bool {
	return f.Type == TypeNumber || f.Type == TypeAutoNumber || f.Type == TypeRating
}

// IsSecret reports whether f holds a Secret, which nobody reads: not in a record, nor by a filter, an order, a rule, an index or a view.
func (f *Field) IsSecret() bool { return f.Type == TypePassword }

// HasElements reports whether f holds options or records' IDs: a Text if it is single, a List if it is multiple.
func (f *Field) HasElements() bool { return f.Type == TypeSelect || f.IsRelation() }

// IsJSON reports whether f holds a JSON.
func (f *Field) IsJSON() bool {
	return f.Type == TypeJSON || f.Type == TypeName || f.Type == TypeAddress
}

// IsText reports whether f holds a Text that people write.
func (f *Field) IsText() bool {
	switch f.Type {
	case TypeText, TypeRichText, TypeEmail, TypeURL, TypePhone:
		return true
	}
	return false
}

// HoldsFiles reports whether f, or a field of the table f, holds files.
func (f *Field) HoldsFiles() bool {
	for _, g := range f.Fields {
		if g.IsFile() {
			return true
		}
	}
	return f.IsFile()
}

// DefaultAt is what f holds in a new record or row that is made at now, a moment in the space's time zone; nil is nothing.
func (f *Field) DefaultAt(now time.Time) Value {
	if !f.DefaultNow {
		return f.Default
	}
	switch f.Type {
	case TypeDate:
		return Date(now.Format(time.DateOnly))
	case TypeDateTime:
		return InstantOf(now)
	case TypeTime:
		return Clock(now.Format("15:04"))
	}
	return nil
}

// Field finds a table's field by name.
func (f *Field) Field(name string) (*Field, bool) {
	return findField(f.Fields, func(g *Field) bool { return g.Name == name })
}
