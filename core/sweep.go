package core

import "context"

// A Swept says what a sweep removed.
type Swept struct{ Uploads, Blobs int }

// Sweep removes the bytes and rows of uploads whose lease has ended, and bytes that no row knows. Idempotent; safe beside
// everything else.
func (s *Service) Sweep(ctx context.Context) (Swept, error) { panic("later") }

// A Report says what a check found.
type Report struct {
	Records, Files, Uploads int
	Bytes                   int64
	// Problems are sentences: dangling references, missing, short or altered bytes, blobs nobody knows.
	Problems []string
	// Unknown are the keys of blobs that no row knows.
	Unknown []string
}

// CheckSpace reads every row and blob and reports what does not fit; deep also reads and hashes all bytes. repair sweeps first,
// whatever the age of what is left behind.
func (s *Service) CheckSpace(ctx context.Context, deep, repair bool) (*Report, error) { panic("later") }
