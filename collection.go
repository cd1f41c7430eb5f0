package dossier

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// CollectionKind says what the records of a collection are.
type CollectionKind string

// The kinds of collection.
const (
	Base CollectionKind = "base" // plain records
	Auth CollectionKind = "auth" // records that can log in: each has an Account
	View CollectionKind = "view" // what a query shows of other collections; nobody writes them
)

// Superusers is the name of the system collection whose records may do everything.
const Superusers = "_superusers"

// A Collection is a named set of records that share fields. A Collection of a Space never changes.
type Collection struct {
	ID     ID     // made once, survives a rename
	Number int64  // unique in the space; negative for system collections, which only some dialects show
	Name   string // [A-Za-z_][A-Za-z0-9_]*
	Label  string // for people; defaults to Name
	Kind   CollectionKind
	System bool
	Rules  Rules
	// SignIn is what a collection of Kind Auth says about signing in; nil is the zero SignIn, and in a schema that what there is stays.
	SignIn *SignIn
	Fields []*Field // in the owner's order
	// Indexes are those that Field.Unique and Field.Indexed do not say. Those over a field that goes, go with it.
	Indexes []Index `json:",omitempty"`
	// Query is a view's: a SELECT over collections and fields by their names, with a column id. The fields follow from it. A record's
	// Number is its place in the result, its times are those of the columns created and updated, if there are such.
	Query string
	// Identifier is the name of the field whose text stands for a record; "" is the first text field.
	Identifier string
	// Draft collections do not yet exist for record verbs: made, but not published.
	Draft   bool
	Created time.Time
	Updated time.Time
	Extra   map[string]string // what a dialect keeps for itself; core never reads it
}

// Clone is a copy of c whose fields, and what dialects keep in it, may be changed.
func (c *Collection) Clone() *Collection {
	next := *c
	next.Fields, next.Extra = CloneFields(c.Fields), maps.Clone(c.Extra)
	return &next
}

// Rules say who may do what, as text in the rule language that the server was built with. nil: superusers only. "": everyone.
// Otherwise an expression that must hold.
type Rules struct {
	List, View, Create, Update, Delete *string
	// Manage says which users may change accounts of an auth collection at will and see their emails. It is never "", and no guest's.
	Manage *string
}

// A SignIn says who of an auth collection may sign in, and how. The zero SignIn lets everybody in, with a password. Superusers may
// always sign in, but for NoPassword.
type SignIn struct {
	Rule       string // must hold of the record, as Rules do; "" is everyone
	Closed     bool   // nobody signs in
	NoPassword bool   // no password lets anybody in
	// Logins are what a login may be, for whoever signs in to this very collection: the email, or fields whose value one record alone has
	// (OwnIndex). nil is the email. Where no collection is named, a login is an email, whatever this says.
	Logins []ColumnRef `json:",omitempty"`
	// Salts go into the keys that tokens of a kind are signed with: a new one ends all of that kind. They are never shown.
	Salts map[TokenKind]string
}

// TokenKind says what a signed token is for. Tokens of one kind end together.
type TokenKind string

// The kinds of token.
const (
	TokenSession TokenKind = "session"      // says who is signed in
	TokenFile    TokenKind = "file"         // opens protected files
	TokenVerify  TokenKind = "verification" // in a letter: its reader has that email
	TokenReset   TokenKind = "reset"        // in a letter: its reader may set a password
	TokenEmail   TokenKind = "email"        // in a letter: its reader may have that email
)

// SigningIn is what the collection says about signing in.
func (c *Collection) SigningIn() SignIn {
	if c.SignIn == nil {
		return SignIn{}
	}
	return *c.SignIn
}

// LoginColumns are what a login may be: Logins, or the email, which goes first wherever it stands, so that no field of another's hides it.
func (s SignIn) LoginColumns() []ColumnRef {
	if s.Logins == nil {
		return []ColumnRef{LoginEmail}
	}
	columns := slices.Clone(s.Logins)
	slices.SortStableFunc(columns, func(a, b ColumnRef) int {
		switch {
		case a == b:
			return 0
		case a == LoginEmail:
			return -1
		case b == LoginEmail:
			return 1
		}
		return 0
	})
	return columns
}

// LoginEmail is the email of an account, as one of SignIn.Logins.
var LoginEmail = ColumnRef{Meta: "email"}

// SameGate reports whether s and other let the same people in.
func (s SignIn) SameGate(other SignIn) bool { return s.Rule == other.Rule && s.Closed == other.Closed }

var nameForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// ValidName reports whether s may name a collection or field: [A-Za-z_][A-Za-z0-9_]*, 100 bytes at most.
func ValidName(s string) bool { return len(s) <= 100 && nameForm.MatchString(s) }

// Field finds a field by name.
func (c *Collection) Field(name string) (*Field, bool) {
	return findField(c.Fields, func(f *Field) bool { return f.Name == name })
}

// FieldByCode finds a field by code.
func (c *Collection) FieldByCode(code string) (*Field, bool) {
	return findField(c.Fields, func(f *Field) bool { return f.Code == code })
}

// FieldByNumber finds a field by number.
func (c *Collection) FieldByNumber(n int64) (*Field, bool) {
	return findField(c.Fields, func(f *Field) bool { return f.Number == n })
}

func findField(fields []*Field, ok func(*Field) bool) (*Field, bool) {
	for _, f := range fields {
		if ok(f) {
			return f, true
		}
	}
	return nil, false
}

// IdentifierField is the field whose text stands for a record where another record refers to it: the chosen one, else the
// first text field. nil if there is none.
func (c *Collection) IdentifierField() *Field {
	if f, ok := c.Field(c.Identifier); ok {
		return f
	}
	f, _ := findField(c.Fields, func(f *Field) bool { return f.Type == TypeText })
	return f
}

// HasFiles reports whether a record of c can hold files, in a field or in a table's row.
func (c *Collection) HasFiles() bool {
	for _, f := range c.Fields {
		if f.HoldsFiles() {
			return true
		}
	}
	return false
}

// SameName reports whether two names would clash: names differ by more than the case of their letters.
func SameName(a, b string) bool { return strings.EqualFold(a, b) }
