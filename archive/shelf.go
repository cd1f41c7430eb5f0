package archive

import (
	"context"
	"io"
	"regexp"
	"time"

	"dossier"
)

// A Shelf keeps backups under names. Safe for concurrent use. A name that is none is Invalid, a missing backup NotFound, a full disk Full.
type Shelf interface {
	// List returns what is on the shelf, in the order of names. What is still being written, or was when it broke off, is not.
	List(ctx context.Context) ([]Info, error)
	// Create begins a backup. A name that is taken is Exists, here or at Commit.
	Create(ctx context.Context, name string) (Draft, error)
	// Open opens a backup. The caller closes it.
	Open(ctx context.Context, name string) (Copy, error)
	// Delete removes a backup.
	Delete(ctx context.Context, name string) error
	// Scratch is a new file for what need not outlive the process. It goes when it is closed.
	Scratch() (Scratch, error)
}

// Info is what a Shelf knows of a backup without reading it.
type Info struct {
	Name    string    // see CheckName
	Size    int64     // bytes
	ModTime time.Time // when it was written
}

// A Draft is a backup that nobody sees yet. Either Commit or Abort ends it.
type Draft interface {
	io.Writer
	io.ReaderAt
	// Commit puts it on the shelf. When it returns nil the backup survives a power cut. After an error nothing is left.
	Commit() error
	// Abort leaves nothing of it. After Commit it does nothing.
	Abort()
}

// A Copy is a backup that is open for reading.
type Copy interface {
	io.ReaderAt
	io.Closer
	Info() Info
}

// A Scratch is a file without a name.
type Scratch interface {
	io.ReadWriteSeeker
	io.Closer
}

// nameForm is what a backup's name looks like: a file name on every system, and no hidden one.
var nameForm = regexp.MustCompile(`^[A-Za-z0-9@_][A-Za-z0-9@ ._-]{0,195}\.zip$`)

// CheckName returns nil for a backup's name, and Invalid for any other text.
func CheckName(name string) error {
	if !nameForm.MatchString(name) {
		return dossier.Errorf(dossier.Invalid, "%.50q is no name of a backup: want letters, digits and @ _ - . with .zip at the end", name)
	}
	return nil
}
