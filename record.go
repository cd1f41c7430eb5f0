package dossier

import "time"

// A Record is one entry of a collection. A Record handed out by core or a store belongs to the receiver, its Values do not
// change.
type Record struct {
	ID       ID
	Number   int64 // 1, 2, 3 … in its collection, never reused
	Revision int64 // 1 at creation, one more with every change
	Created  time.Time
	Updated  time.Time
	// CreatedBy and UpdatedBy are the login of the user who did it, "" where nobody or a token did.
	CreatedBy, UpdatedBy string
	// Account is what makes a record of an auth collection able to log in; nil in other collections.
	Account *Account
	// Values holds the values that are not empty, by field name.
	Values map[string]Value
}

// An Account is the part of an auth record that signs in.
type Account struct {
	Email        string // unique in its collection, compared without case; may be "" for nobody to sign in
	EmailVisible bool   // others than the owner may see Email
	Verified     bool   // the owner has shown that Email is theirs
	PasswordHash string // encoded, with its parameters
	// TokenKey is random and part of the signing key of the account's tokens: a new one ends them all.
	TokenKey string
}

// Value is the value of the field name, nil if it is empty.
func (r *Record) Value(name string) Value { return r.Values[name] }

// Text is the text of the field name, "" if it is empty or no Text.
func (r *Record) Text(name string) string {
	t, _ := r.Values[name].(Text)
	return string(t)
}

// Files are the attachments of the field name, in order.
func (r *Record) Files(name string) Files {
	f, _ := r.Values[name].(Files)
	return f
}

// Clone is a copy of r whose Values map and Account may be changed.
func (r *Record) Clone() *Record {
	c := *r
	c.Values = make(map[string]Value, len(r.Values))
	for k, v := range r.Values {
		c.Values[k] = v
	}
	if r.Account != nil {
		a := *r.Account
		c.Account = &a
	}
	return &c
}

// EachFile calls fn for every attachment of r, those in table rows included, with the file field that holds it.
func (r *Record) EachFile(c *Collection, fn func(field *Field, file *File)) {
	for _, f := range c.Fields {
		switch v := r.Values[f.Name].(type) {
		case Files:
			for _, file := range v {
				fn(f, file)
			}
		case Rows:
			for _, row := range v {
				eachRowFile(f, row, fn)
			}
		}
	}
}

func eachRowFile(table *Field, row Row, fn func(*Field, *File)) {
	for _, g := range table.Fields {
		files, _ := row.Values[g.Name].(Files)
		for _, file := range files {
			fn(g, file)
		}
	}
}
