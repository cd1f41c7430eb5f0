// Package store is the seam to rows: collections, records, files, uploads and tokens.
// Here: the interface and its contract. Not here: bytes (see blob), policy (see access), SQL (see sqlstore).
package store

import (
	"context"
	"io"
	"iter"
	"time"

	"dossier"
	"dossier/query"
)

// A Store keeps rows. Safe for concurrent use.
type Store interface {
	// View runs fn on a consistent snapshot. fn must not write, nor start another View: there are only so many snapshots at a
	// time. An fn that begins with Records.Get may run once more: only what it did last counts.
	View(ctx context.Context, fn func(Tx) error) error
	// Update runs fn and keeps all of what it wrote, or nothing if it returns an error. When Update returns nil the writes
	// survive a power cut. fn may run more than once and next to nothing else: it touches only tx, does no I/O, waits for
	// nothing and keeps nothing of tx.
	Update(ctx context.Context, fn func(Tx) error) error
	// Load lays the rows that Tx.Dump wrote into a store that holds nothing, before anybody else uses it, and returns how many there were.
	// Rows that do not fit are dossier.Invalid, with their line; rows of a newer version, and a store that holds something, are
	// dossier.Unsupported. After an error the store is of no use.
	Load(ctx context.Context, r io.Reader) (rows int64, err error)
	// Close waits for what is under way and closes the store. Later calls are dossier.Busy.
	Close() error
}

// A Tx is the rows as one transaction sees them. It is used by one goroutine and dies with the function it was given to. It hands out
// an interface for each noun; asking for one costs nothing and cannot fail.
type Tx interface {
	Collections() Collections
	// Records are those of a collection as List returned it, by its ID; of one that is not kept, calls are dossier.NotFound.
	Records(*dossier.Collection) Records
	Uploads() Uploads
	Files() Files
	Tokens() Tokens
	Meta() Meta
	// Dump writes every row that the transaction sees, of whatever noun, in a form that Load of any store reads, and returns how many there are.
	// Secrets are as they are kept. It is for View: no bytes move while a transaction that writes is open.
	Dump(ctx context.Context, w io.Writer) (rows int64, err error)
}

// Collections are the collections' definitions, with the tables that hold their records.
type Collections interface {
	// List returns all collections in order of their numbers.
	List(ctx context.Context) ([]*dossier.Collection, error)
	// Put creates the collection or changes it to what c says. Fields are matched by Field.ID: a new one gets a column, one
	// that is gone loses it with its values, a changed one is converted. Its files fall back to expired uploads. A change
	// of a field's type is dossier.Unsupported, values that break a new Unique are dossier.Exists; empty texts do not, and the
	// field has no value there afterwards. Of a view only the definition is kept: its fields are what Columns says.
	Put(ctx context.Context, c *dossier.Collection) error
	// Columns returns the fields that the records of a view have in space, by its Query: names, types and options, without IDs and
	// numbers. A column that is just a field keeps what that is. A query that is no SELECT over collections of the space and their
	// fields is dossier.Invalid, with the database's sentence.
	Columns(ctx context.Context, space *dossier.Space, view *dossier.Collection) ([]*dossier.Field, error)
	// Delete removes the collection with all its records; their files fall back to expired uploads.
	Delete(ctx context.Context, c *dossier.Collection, now time.Time) error
}

// Records are the records of one collection. Those of a view are read only: a write is dossier.Unsupported. A view that takes too long
// is dossier.Busy.
type Records interface {
	// Get returns the record, dossier.NotFound if there is none.
	Get(ctx context.Context, id dossier.ID) (*dossier.Record, error)
	// GetNumber returns the record with that number, dossier.NotFound if there is none.
	GetNumber(ctx context.Context, n int64) (*dossier.Record, error)
	// GetEmail returns the auth record with that email, compared without case (query.Fold), dossier.NotFound if there is none.
	GetEmail(ctx context.Context, email string) (*dossier.Record, error)
	// Find yields the records a checked query asks for, files of each included.
	Find(ctx context.Context, q query.Checked) ([]*dossier.Record, error)
	// Count counts the records a checked query's filter lets through; Sort, Offset and Limit do not matter.
	Count(ctx context.Context, q query.Checked) (int64, error)
	// Insert adds r, whose Number is given by the store and set, as are its TypeAutoNumber values and the row IDs that are 0. A
	// clash of ID, email or a unique field is dossier.Exists with one Problem per field. A value that does not fit its field, or a
	// text that is not UTF-8 or has a NUL, is dossier.Invalid. A Revision of 0 becomes 1.
	Insert(ctx context.Context, r *dossier.Record) error
	// Update replaces the record r.ID by r if its revision still is base, else dossier.Stale. r.Number and Created stay as they
	// were, r.Revision becomes base + 1. Clashes as for Insert.
	Update(ctx context.Context, r *dossier.Record, base int64) error
	// Delete removes the record; dossier.NotFound if there is none. Its files are the caller's business: see Files.Release.
	Delete(ctx context.Context, id dossier.ID) error
}

// Uploads are leases on bytes.
type Uploads interface {
	// Create adds u. Its bytes (u.Chunks) are in the blob store already, or are still to come if u.Length says so.
	Create(ctx context.Context, u *dossier.Upload) error
	// Get returns the upload with that ID or ID prefix of dossier.FileIDPrefix digits: dossier.NotFound if there is none or a
	// record has taken it.
	Get(ctx context.Context, id dossier.ID) (*dossier.Upload, error)
	// Advance adds a chunk if the upload's Size still is from, and renews the lease to expires; sha256 and sniffed replace the
	// upload's where not "". Otherwise dossier.Stale; dossier.NotFound as for Get.
	Advance(ctx context.Context, id dossier.ID, from int64, c dossier.Chunk, sha256, sniffed string, expires time.Time) error
	// Take ends the lease and makes the upload a file that at least one attachment must now hold. dossier.NotFound if there is
	// no such upload or it is taken, dossier.Expired at or after its end, dossier.Incomplete while bytes are missing.
	Take(ctx context.Context, id dossier.ID, now time.Time) (*dossier.File, error)
	// Expired yields uploads whose lease has ended at now, released files included, oldest end first, limit at most.
	Expired(ctx context.Context, now time.Time, limit int) ([]*dossier.Upload, error)
	// Expire ends the lease at once: nobody finds the upload any more but Expired. dossier.NotFound as for Get.
	Expire(ctx context.Context, id dossier.ID, now time.Time) error
	// Redate lets leases that began after latest begin at now, for as long as they were to last. Those that ended after latest ended at now.
	Redate(ctx context.Context, latest, now time.Time) error
	// Remove forgets an upload whose lease has ended, after its bytes are gone. A file that is in use is left: dossier.Stale.
	// Forgetting nothing is no error.
	Remove(ctx context.Context, id dossier.ID) error
	// Usage is the bytes of all uploads and files but those that Expire ended or no record uses any more, kept up to date by the
	// writes. An upload whose time has merely come still counts, until Expire or Remove.
	Usage(ctx context.Context) (int64, error)
}

// Files are the files that records hold.
type Files interface {
	// Get returns the file with that ID or ID prefix of dossier.FileIDPrefix digits, dossier.NotFound if no record holds it.
	Get(ctx context.Context, id dossier.ID) (*dossier.File, error)
	// Uses returns who holds the file, in no order.
	Uses(ctx context.Context, id dossier.ID) ([]dossier.Attachment, error)
	// Hold adds a use. Adding it twice is no error. dossier.NotFound unless the file was taken.
	Hold(ctx context.Context, a dossier.Attachment) error
	// Drop removes a use. A file without any falls back to an expired upload, at now, for the sweeper.
	Drop(ctx context.Context, a dossier.Attachment, now time.Time) error
	// Release drops every use that the record makes of any file.
	Release(ctx context.Context, collection, record dossier.ID, now time.Time) error
	// Known reports which of ids are rows, as an upload or a file, whatever their state.
	Known(ctx context.Context, ids []dossier.ID) (map[dossier.ID]bool, error)
	// Each yields all files and uploads, for checks; Expires is zero where a record holds the file.
	Each(ctx context.Context) iter.Seq2[*dossier.Upload, error]
}

// A Token is a secret that proves rights: an API token with rights on collections, or an API key with every right on records
// and files. Only a hash of the secret is kept.
type Token struct {
	ID      dossier.ID
	Name    string
	Hash    string                  // SHA-256 of the secret, 64 hexadecimal digits
	Key     bool                    // an API key
	Rights  map[dossier.ID][]string // API token: collection ID → view, add, edit, delete, manage
	Created time.Time
}

// Tokens are the tokens and keys.
type Tokens interface {
	// Put adds t, or replaces the one with the same Hash.
	Put(ctx context.Context, t *Token) error
	// List returns all of them, oldest first.
	List(ctx context.Context) ([]*Token, error)
	// Delete removes the one with that ID, dossier.NotFound if there is none.
	Delete(ctx context.Context, id dossier.ID) error
}

// Meta is a small map for what there is one of: the application id, settings, pages, signing secrets.
type Meta interface {
	// Get returns "" where nothing was put.
	Get(ctx context.Context, key string) (string, error)
	// Put replaces what was under key.
	Put(ctx context.Context, key, value string) error
}
