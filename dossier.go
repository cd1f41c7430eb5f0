// Package dossier holds the nouns of the house: collections, fields, values, records, uploads and files, and the errors
// that cross its seams. It does no I/O and knows no SQL, HTTP, JSON or vendor. Everything else imports it; it imports only
// the standard library.
//
// The six laws, to hold every design question against:
//
//  1. Vendors stop at the door. Below dialect/ no name, limit, date macro or error text of any vendor appears.
//  2. Nobody acts anonymously. Every verb of core takes a Principal, even when it means "guest".
//  3. A query is checked before it is run. Stores only see queries that query.Check accepted.
//  4. Blobs never change. New bytes get a new key.
//  5. Lease, bytes, use. An Upload announces bytes that no record holds yet, a File row holds them after. Removal runs
//     backwards: an unused File falls back to an expired Upload, the sweeper deletes its bytes, then the row. A crash
//     leaves a lease that expires: never a row pointing at nothing, never bytes nobody knows.
//  6. No bytes move while a transaction is open.
package dossier

import (
	"encoding/hex"
	"io"
	"time"
)

// ID names a record, upload, file, token or collection. IDs are opaque: equal or not, nothing else.
type ID string

// idBytes is the randomness of a made ID: 24 hexadecimal digits.
const idBytes = 12

// NewID reads a fresh ID of 24 lower-case hexadecimal digits from random, a CSPRNG.
func NewID(random io.Reader) (ID, error) {
	var b [idBytes]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", Errorf(Internal, "read randomness: %w", err)
	}
	return ID(hex.EncodeToString(b[:])), nil
}

// NewFileID reads a fresh ID of an upload from random: 32 lower-case hexadecimal digits that, read in groups of 8-4-4-4-12,
// are a random UUID (RFC 9562, version 4). The first 24 digits alone also name it: see FileIDPrefix.
func NewFileID(random io.Reader) (ID, error) {
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", Errorf(Internal, "read randomness: %w", err)
	}
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return ID(hex.EncodeToString(b[:])), nil
}

// FileIDPrefix is how many leading digits of an upload's or file's ID are enough to find it (90 random bits).
const FileIDPrefix = 24

// ValidRecordID reports whether id may name a record: 15 to 24 of [a-z0-9].
func ValidRecordID(id string) bool {
	if len(id) < 15 || len(id) > 24 {
		return false
	}
	for i := range len(id) {
		if c := id[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// A Space is all that one server serves: its settings and a consistent picture of its collections. A Space never changes;
// a change of the schema makes a new one.
type Space struct {
	// Application is the space's id: 24 hexadecimal digits, made once.
	Application string
	// Version rises with every change of collections, settings or pages.
	Version     int64
	Settings    Settings
	Collections []*Collection // in order of their numbers; system collections have negative ones
	Pages       []Page
}

// Settings are the owner's choices for a space.
type Settings struct {
	UploadTTL    time.Duration // life of an upload that no record took
	MaxFileSize  int64         // bytes of one file; 0 is no limit
	DiskQuota    int64         // bytes of attachments and uploads together; 0 is none
	FileTokenTTL time.Duration // life of a token for a protected file; 0 is what a dialect's clients expect
	RateLimit    int           // requests a second of metered dialects; 0 is none
	DailyLimit   int           // requests a day of metered dialects; 0 is none
	PublicURL    string        // origin of absolute URLs; "" is the request's own
	TimeZone     string        // IANA name: day boundaries and wall clocks
	Language     string        // "en" or "ja": messages where the request names no language
	// SuperuserNetworks are the addresses and networks (CIDR) from which superusers may act; empty is everywhere.
	SuperuserNetworks []string
	// TrustedProxy says what tells the address of a client; zero is the connection alone.
	TrustedProxy TrustedProxy
	// Extra is what a dialect keeps for itself; core never reads it.
	Extra map[string]string
}

// ExtraName is the key in Settings.Extra under which the owner's name for the space stands.
const ExtraName = "application_name"

// DefaultSettings are in force where the owner chose nothing.
func DefaultSettings() Settings {
	return Settings{
		UploadTTL:   72 * time.Hour,
		MaxFileSize: 1 << 30,
		TimeZone:    "UTC",
		Language:    "en",
	}
}

// Location is the settings' time zone, UTC if it is unknown.
func (s Settings) Location() *time.Location {
	if l, err := time.LoadLocation(s.TimeZone); err == nil {
		return l
	}
	return time.UTC
}

// A Page is a screen of an application built on the space: a set of views, open to all or to signed-in users.
type Page struct {
	Key  string
	Name string
	// Slug names the page in addresses; "" is made of the name.
	Slug  string
	Login bool
	// Roles names the auth collections whose records may open the page; none is all. It needs Login.
	Roles []string
	// Parent is the key of the page that leads to this one; "" is none.
	Parent string
	// Collection names the collection that the page shows one record of; "" is that of the parent's first view of records.
	Collection string
	Views      []PageView
}

// ViewKind says what a view offers.
type ViewKind string

// The kinds of view.
const (
	ViewForm    ViewKind = "form"
	ViewTable   ViewKind = "table"
	ViewDetails ViewKind = "details"
	ViewList    ViewKind = "list"
)

// A ViewSource says which of a collection's records a view is about.
type ViewSource string

// The sources of a view.
const (
	SourceAll  ViewSource = ""     // every record
	SourceUser ViewSource = "user" // those that are connected to the signed-in user, and the user
)

// A PageView shows or takes some fields of a collection's records.
type PageView struct {
	Key        string
	Name       string
	Kind       ViewKind
	Collection string   // name
	Fields     []string // names; empty is all
	Source     ViewSource
	// Edit and Delete let records be changed and removed where they are shown. A form changes records without them.
	Edit, Delete bool
}

// Collection finds a collection by name.
func (s *Space) Collection(name string) (*Collection, bool) {
	for _, c := range s.Collections {
		if c.Name == name {
			return c, true
		}
	}
	return nil, false
}

// CollectionByID finds a collection by its ID.
func (s *Space) CollectionByID(id ID) (*Collection, bool) {
	for _, c := range s.Collections {
		if c.ID == id {
			return c, true
		}
	}
	return nil, false
}

// CollectionByNumber finds a collection by its number.
func (s *Space) CollectionByNumber(n int64) (*Collection, bool) {
	for _, c := range s.Collections {
		if c.Number == n {
			return c, true
		}
	}
	return nil, false
}

// FieldByNumber finds a top-level field of any collection by its number.
func (s *Space) FieldByNumber(n int64) (*Collection, *Field, bool) {
	for _, c := range s.Collections {
		if f, ok := c.FieldByNumber(n); ok {
			return c, f, true
		}
	}
	return nil, nil, false
}
