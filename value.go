package dossier

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// A Value is what a field holds. nil is empty, a state of its own that each dialect shows in its own way. Values are
// immutable: whoever wants another one makes it.
type Value interface{ value() }

// The kinds of Value. Which field type holds which is said at the FieldType constants.
type (
	// Text is text, a select's option, or the ID of a related record. The empty Text is not the empty value.
	Text string
	// Bool is a truth value.
	Bool bool
	// Date is a calendar day, "2006-01-02".
	Date string
	// Clock is a time of day, "15:04" or "15:04:05".
	Clock string
	// Instant is a moment: milliseconds since 1970-01-01 UTC.
	Instant int64
	// List is an ordered list of options or of IDs of related records, without repetition.
	List []string
	// Files are attachments in order, as they are read.
	Files []*File
	// FileRefs are attachments in order, as they are written: core turns them into Files.
	FileRefs []FileRef
	// Rows are the rows of a table in order.
	Rows []Row
	// JSON is a JSON text without insignificant white space.
	JSON string
	// Secret is a password. No text shows it.
	Secret struct {
		Hash  string // encoded, with its parameters: all that is kept
		Clear string // on the way in: what was hashed, which the field's options are checked on
	}
)

func (Text) value()     {}
func (Number) value()   {}
func (Bool) value()     {}
func (Date) value()     {}
func (Clock) value()    {}
func (Instant) value()  {}
func (List) value()     {}
func (Files) value()    {}
func (FileRefs) value() {}
func (Rows) value()     {}
func (JSON) value()     {}
func (Secret) value()   {}

// String hides s from logs and messages.
func (Secret) String() string { return "(secret)" }

// GoString is String.
func (s Secret) GoString() string { return s.String() }

// MarshalJSON hides s: it is null.
func (Secret) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

// A Row is a line of a table: an ID that is unique in the collection, 1, 2, 3 …, and the values of the table's fields by name.
// On the way in, ID 0 is a new row.
type Row struct {
	ID     int64
	Values map[string]Value
}

// A FileRef names a file to attach.
type FileRef struct {
	// ID is the ID of an upload or file, or its first FileIDPrefix digits.
	ID ID
	// How says what ID may be.
	How Attach
	// Staged, if set, is an upload whose bytes are kept and whose row the same write makes; ID and How do not matter then.
	Staged *Upload
}

// Attach says which files a FileRef may name.
type Attach int

// The ways to attach.
const (
	// TakeUpload redeems an upload that no record has taken yet. It works once.
	TakeUpload Attach = iota
	// KeepFile names a file that this field of this record holds already.
	KeepFile
	// TakeOrKeep is one or the other.
	TakeOrKeep
	// Share is TakeOrKeep, or names a file of any record that the principal may view: the file is then held twice.
	Share
)

// InstantOf is the moment t, cut to milliseconds.
func InstantOf(t time.Time) Instant { return Instant(t.UnixMilli()) }

// Time is i as a time in UTC.
func (i Instant) Time() time.Time { return time.UnixMilli(int64(i)).UTC() }

// ParseDate reads "2006-01-02".
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() < 1 {
		return "", Errorf(Invalid, "%q is no date of the form 2006-01-02", s)
	}
	return Date(s), nil
}

// Time is the start of d in UTC.
func (d Date) Time() time.Time {
	t, _ := time.Parse(time.DateOnly, string(d))
	return t
}

// ParseClock reads "15:04" or "15:04:05".
func ParseClock(s string) (Clock, error) {
	for _, form := range []string{"15:04", time.TimeOnly} {
		if _, err := time.Parse(form, s); err == nil && len(s) == len(form) {
			return Clock(s), nil
		}
	}
	return "", Errorf(Invalid, "%q is no time of the form 15:04", s)
}

// ParseJSONValue checks that s is one JSON document and compacts it.
func ParseJSONValue(s string) (JSON, error) {
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(s)); err != nil {
		return "", Errorf(Invalid, "not a JSON document: %w", err)
	}
	return JSON(b.String()), nil
}

// IsEmpty reports whether v is the empty value, or holds nothing: an empty List, Files, FileRefs or Rows.
// The empty Text, 0 and false are values.
func IsEmpty(v Value) bool {
	switch v := v.(type) {
	case nil:
		return true
	case List:
		return len(v) == 0
	case Files:
		return len(v) == 0
	case FileRefs:
		return len(v) == 0
	case Rows:
		return len(v) == 0
	}
	return false
}

// Elements are the options of a select or the IDs of a relation, whether it is single or multiple; none of other values. They are v's
// own: not to be changed.
func Elements(v Value) []string {
	switch v := v.(type) {
	case Text:
		if v != "" {
			return []string{string(v)}
		}
	case List:
		return v
	}
	return nil
}

// EqualValues reports whether a and b are the same value. Numbers are equal if they are the same number, 1.50 and 1.5, and
// Files if they are the same files in the same order.
func EqualValues(a, b Value) bool {
	if IsEmpty(a) || IsEmpty(b) {
		return IsEmpty(a) && IsEmpty(b)
	}
	switch a := a.(type) {
	case Number:
		b, ok := b.(Number)
		return ok && a.Compare(b) == 0
	case List:
		b, ok := b.(List)
		return ok && slices.Equal(a, b)
	case Files:
		b, ok := b.(Files)
		return ok && slices.EqualFunc(a, b, func(x, y *File) bool { return x.ID == y.ID })
	case FileRefs:
		b, ok := b.(FileRefs)
		return ok && slices.Equal(a, b)
	case Rows:
		b, ok := b.(Rows)
		return ok && slices.EqualFunc(a, b, equalRows)
	}
	return a == b
}

func equalRows(a, b Row) bool {
	if a.ID != b.ID {
		return false
	}
	for k, v := range a.Values {
		if !EqualValues(v, b.Values[k]) {
			return false
		}
	}
	for k, v := range b.Values {
		if _, ok := a.Values[k]; !ok && !IsEmpty(v) {
			return false
		}
	}
	return true
}

// Fits reports whether v is a value that f can hold as it stands, checked by kind alone: the empty value fits every field.
func Fits(f *Field, v Value) error {
	if v == nil {
		return nil
	}
	ok := false
	switch v.(type) {
	case Text:
		ok = f.IsText() || f.HasElements() && !f.Multiple()
	case List:
		ok = f.HasElements() && f.Multiple()
	case Number:
		ok = f.IsNumber()
	case Bool:
		ok = f.Type == TypeBool
	case Date:
		ok = f.Type == TypeDate
	case Clock:
		ok = f.Type == TypeTime
	case Instant:
		ok = f.Type == TypeDateTime
	case Files, FileRefs:
		ok = f.IsFile()
	case Rows:
		ok = f.Type == TypeTable
	case JSON:
		ok = f.IsJSON()
	case Secret:
		ok = f.IsSecret()
	}
	if !ok {
		return fmt.Errorf("a %T does not fit the %s field %s", v, f.Type, f.Name)
	}
	return nil
}

// Distinct is list without what stands in it already: the first of equal elements stays. It takes time in proportion to the list, however
// long a client makes that.
func Distinct[T comparable](list []T) []T {
	out := make([]T, 0, len(list))
	seen := make(map[T]struct{}, len(list))
	for _, x := range list {
		if _, again := seen[x]; !again {
			seen[x] = struct{}{}
			out = append(out, x)
		}
	}
	return out
}
