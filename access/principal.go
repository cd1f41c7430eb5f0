// Package access says who may do what, as pure functions: a Principal, the rights of tokens, the rules of collections. A
// permission is one more filter on a query, or a no.
// Not here: headers, passwords, storage, the rule language's grammar (a Language is handed in).
package access

import "dossier"

// Kind says what a Principal is.
type Kind string

// The kinds of principal.
const (
	KindGuest     Kind = "guest"     // nobody known: what the rules allow to everyone
	KindUser      Kind = "user"      // a record of an auth collection: what the rules allow
	KindSuperuser Kind = "superuser" // everything
	KindToken     Kind = "token"     // API tokens: their own rights on their own collections, whatever the rules say
	KindKey       Kind = "key"       // an API key: everything on records and files
	KindSystem    Kind = "system"    // the server itself, or an operator at the command line: everything
)

// Right is what an API token may do with a collection. Rights are a set: View|Add.
type Right uint8

// The rights of an API token.
const (
	RightView Right = 1 << iota
	RightAdd
	RightEdit
	RightDelete
	RightManage
)

var rightNames = map[string]Right{"view": RightView, "add": RightAdd, "edit": RightEdit, "delete": RightDelete, "manage": RightManage}

// ParseRight reads "view", "add", "edit", "delete" or "manage".
func ParseRight(s string) (Right, error) {
	if r, ok := rightNames[s]; ok {
		return r, nil
	}
	return 0, dossier.Errorf(dossier.Invalid, "unknown right %q: want view, add, edit, delete or manage", s)
}

// A Principal is who is asking. The zero Principal is a guest.
type Principal struct {
	Kind Kind
	// ID is the user's record ID, or the ID of the (first) token or key.
	ID dossier.ID
	// Login and Name are what a user signs in with and is called.
	Login, Name string
	// Collection and Record are the user's; nil for tokens, keys, guests and the system.
	Collection *dossier.Collection
	Record     *dossier.Record
	// Rights are a token's, by collection.
	Rights map[dossier.ID]Right
	// Request is what rules may look at of the request.
	Request Request
}

// Request is what rules may look at of the request that a principal makes.
type Request struct {
	Method  string
	Remote  string            // the address that the request comes from, without a port; "" is unknown
	Context string            // what the verb is part of: "" is a plain call
	Query   map[string]string // query parameters
	Headers map[string]string // by lower-case name, "-" as "_"
}

// ContextPassword is the Context of a sign-in with a password.
const ContextPassword = "password"

// Guest is nobody known.
func Guest() Principal { return Principal{Kind: KindGuest} }

// System is the server itself.
func System() Principal { return Principal{Kind: KindSystem} }

// GuestOf is nobody known who makes that request.
func GuestOf(r Request) Principal { return Principal{Kind: KindGuest, Request: r} }

// User is the principal of a record of an auth collection.
func User(c *dossier.Collection, r *dossier.Record) Principal {
	p := Principal{Kind: KindUser, ID: r.ID, Collection: c, Record: r, Name: r.Text("name")}
	if c.Name == dossier.Superusers {
		p.Kind = KindSuperuser
	}
	if r.Account != nil {
		p.Login = r.Account.Email
	}
	if p.Name == "" {
		p.Name = p.Login
	}
	return p
}

// IsGuest reports whether p is nobody known.
func (p Principal) IsGuest() bool { return p.Kind == KindGuest || p.Kind == "" }

// IsSuper reports whether p may do everything, collections and settings included.
func (p Principal) IsSuper() bool { return p.Kind == KindSuperuser || p.Kind == KindSystem }

// IsOwner reports whether p is the user that r, a record of c, is.
func (p Principal) IsOwner(c *dossier.Collection, r *dossier.Record) bool {
	return p.Kind == KindUser && p.Collection.ID == c.ID && p.ID == r.ID
}

// Has reports whether p is a token with all of the rights on c, or may do everything there.
func (p Principal) Has(c *dossier.Collection, r Right) bool {
	if p.IsSuper() {
		return true
	}
	if p.Kind == KindKey {
		return r&RightManage == 0
	}
	return p.Kind == KindToken && p.Rights[c.ID]&r == r
}

// Author is the login to note as the author of a write.
func (p Principal) Author() string { return p.Login }
