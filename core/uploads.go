package core

import (
	"context"
	"io"
	"time"

	"dossier"
	"dossier/access"
)

// An Incoming describes bytes that are about to arrive.
type Incoming struct {
	Name     string // as the sender gave it; it is cleaned
	Declared string // the media type that the sender gave, bare; "" if none
	Kind     string // what the dialect wants to remember
	// TTL is the life of the upload if no record takes it; 0 is the settings'.
	TTL time.Duration
	// MaxSize is how many bytes are too many: 0 is the settings' maximum, which it cannot pass.
	MaxSize int64
	// ImageOnly refuses what is no picture, by its bytes: Invalid with CodeNotImage.
	ImageOnly bool
}

// Upload keeps the bytes of r as an upload. It returns when they and the row would survive a power cut. TooLarge over the
// limit, QuotaExceeded over the space's quota, Full where the disk is; nothing is kept then. r's own errors are passed on.
func (s *Service) Upload(ctx context.Context, who access.Principal, in Incoming, r io.Reader) (*dossier.Upload, error) {
	panic("later")
}

// Stage keeps the bytes of r like Upload but without a row: a FileRef with Staged set makes the row in the write that attaches
// it. Who does not get that far calls Discard; after a crash a sweep does.
func (s *Service) Stage(ctx context.Context, who access.Principal, in Incoming, r io.Reader) (*dossier.Upload, error) {
	panic("later")
}

// Discard removes staged uploads that no write took, and ends uploads at once. It never fails; what it cannot remove a sweep will.
func (s *Service) Discard(ctx context.Context, uploads ...*dossier.Upload) { panic("later") }

// FindUpload returns an upload that no record has taken and whose lease has not ended, by its ID or the first
// dossier.FileIDPrefix digits of it. NotFound, Expired.
func (s *Service) FindUpload(ctx context.Context, who access.Principal, id dossier.ID) (*dossier.Upload, error) {
	panic("later")
}
