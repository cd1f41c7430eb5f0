package core

import (
	"context"
	"io"

	"dossier"
	"dossier/access"
	"dossier/thumb"
)

// A Found is a file that a principal may read, with one use of it that allows so.
type Found struct {
	File *dossier.File
	// Field is the file field that holds it, Collection and Record where; nil for an upload that no record holds.
	Field      *dossier.Field
	Collection *dossier.Collection
	Record     *dossier.Record
	// Protected says that the bytes must not be kept by shared caches.
	Protected bool
}

// RecordFile finds the file that a file field of the record holds under slug. Protected fields need that who may view the record;
// the bytes of others are open to everyone who knows the address. NotFound in every other case.
func (s *Service) RecordFile(ctx context.Context, who access.Principal, c *dossier.Collection, record dossier.ID, slug string) (*Found, error) {
	panic("later")
}

// HeldFile finds a file that some record holds, by its ID or ID prefix, where who may view one of the records that hold it.
// NotFound if nobody holds it, Denied if who may view none of the holders.
func (s *Service) HeldFile(ctx context.Context, who access.Principal, id dossier.ID) (*Found, error) {
	panic("later")
}

// SharedFile finds an upload or a held file by its ID or ID prefix: an upload and a file in a field that is not protected are
// open to everyone who knows the ID. Otherwise as HeldFile.
func (s *Service) SharedFile(ctx context.Context, who access.Principal, id dossier.ID) (*Found, error) {
	panic("later")
}

// OpenFile returns n bytes of f from off, to the end if n < 0. The caller closes it. A blob that is missing or shorter than
// declared is Internal: it is reported, never papered over.
func (s *Service) OpenFile(ctx context.Context, f *dossier.File, off, n int64) (io.ReadCloser, error) {
	panic("later")
}

// A Picture is a thumbnail, ready to be served.
type Picture struct {
	Key  string // names the picture for ever: its bytes never change
	Type string // media type
	Size int64  // bytes
	open func(ctx context.Context, off, n int64) (io.ReadCloser, error)
}

// Open returns n bytes of the picture from off, to the end if n < 0. The caller closes it.
func (p *Picture) Open(ctx context.Context, off, n int64) (io.ReadCloser, error) {
	return p.open(ctx, off, n)
}

// Thumbnail makes or finds the smaller picture of f. Unsupported where f is no picture that can be made smaller, TooLarge or Busy
// where it must not be now: the caller then serves f itself.
func (s *Service) Thumbnail(ctx context.Context, f *dossier.File, spec thumb.Spec) (*Picture, error) {
	panic("later")
}

// IsPicture reports whether Thumbnail can be asked of f, judged by its sniffed type.
func IsPicture(f *dossier.File) bool { _, ok := thumb.OutputType(f.Sniffed); return ok }

var _ = access.Guest
