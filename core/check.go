package core

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"dossier"
	"dossier/blob"
	"dossier/query"
	"dossier/store"
)

// A Report says what a check found.
type Report struct {
	Records, Files, Uploads int
	Bytes                   int64 // of files and uploads
	Blobs                   int   // of files, uploads and pictures made of them, and those nobody knows
	// Problems are sentences: dangling references, missing, short or altered bytes, blobs nobody knows.
	Problems []string
	// Unknown are the keys of blobs that no row knows.
	Unknown []string
}

func (r *Report) problem(format string, args ...any) {
	r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
}

// CheckSpace reads every row and blob and reports what does not fit; deep also reads and hashes all bytes. repair sweeps first,
// whatever the age of what is left behind, and takes the machine's clock for right.
func (s *Service) CheckSpace(ctx context.Context, deep, repair bool) (*Report, error) {
	if repair {
		s.leases.believe(s.Now())
		if _, err := s.sweep(ctx, s.now().AddDate(1, 0, 0)); err != nil {
			return nil, err
		}
	}
	report := &Report{}
	var files []*dossier.File
	err := s.store.View(ctx, func(tx store.Tx) (err error) {
		*report = Report{}
		if err = s.checkRecords(ctx, tx, report); err == nil {
			files, err = s.checkFiles(ctx, tx, report)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, f := range files { // bytes are read when the transaction is closed
		if err := s.checkBytes(ctx, report, f, deep); err != nil {
			return nil, err
		}
	}
	report.Blobs, err = s.eachUnknown(ctx, func(info blob.Info) error {
		report.Unknown = append(report.Unknown, info.Key)
		report.problem("blob %s belongs to no file", info.Key)
		return nil
	})
	return report, err
}

// checkPage is how many records are looked at together.
const checkPage = 500

// checkRecords counts the records and looks whether what they hold is there.
func (s *Service) checkRecords(ctx context.Context, tx store.Tx, report *Report) error {
	space := s.Space()
	for _, c := range space.Collections {
		if c.Kind == dossier.View { // its files are others'
			continue
		}
		for last := int64(0); ; {
			q, err := query.Check(space, c, query.Query{Limit: checkPage, Filter: query.Compare{
				Left: query.Meta(query.Number), Op: query.Gt, Right: query.Literal{Value: dossier.Number(fmt.Sprint(last))}}})
			if err != nil {
				return err
			}
			rows, err := tx.Records(c).Find(ctx, q)
			if err != nil {
				return err
			}
			for _, r := range rows {
				last = r.Number
				if err := s.checkRecord(ctx, tx, report, c, r); err != nil {
					return err
				}
			}
			report.Records += len(rows)
			if len(rows) < checkPage {
				break
			}
		}
	}
	return nil
}

func (s *Service) checkRecord(ctx context.Context, tx store.Tx, report *Report, c *dossier.Collection, r *dossier.Record) error {
	var failed error
	r.EachFile(c, func(f *dossier.Field, file *dossier.File) {
		uses, err := tx.Files().Uses(ctx, file.ID)
		if err != nil {
			failed = err
			return
		}
		for _, u := range uses {
			if u.Record == r.ID && u.Collection == c.ID {
				return
			}
		}
		report.problem("record %s of %s holds file %s in %s, and the file does not know", r.ID, c.Name, file.ID, f.Name)
	})
	return failed
}

// checkFiles counts the files and uploads, looks whether every file is held as it says, and returns all whose bytes must be there.
func (s *Service) checkFiles(ctx context.Context, tx store.Tx, report *Report) ([]*dossier.File, error) {
	now := s.leaseTime()
	var files []*dossier.File
	for u, err := range tx.Files().Each(ctx) {
		if err != nil {
			return nil, err
		}
		if !u.Expires.IsZero() && !now.Before(u.Expires) {
			continue // a sweep's business
		}
		if u.Expires.IsZero() {
			report.Files++
			if err := s.checkUses(ctx, tx, report, &u.File); err != nil {
				return nil, err
			}
		} else {
			report.Uploads++
		}
		report.Bytes += u.Size
		files = append(files, &u.File)
	}
	return files, nil
}

// checkUses looks whether everybody who holds a file is there and knows of it.
func (s *Service) checkUses(ctx context.Context, tx store.Tx, report *Report, f *dossier.File) error {
	uses, err := tx.Files().Uses(ctx, f.ID)
	if err != nil {
		return err
	}
	if len(uses) == 0 {
		report.problem("file %s (%s): nobody holds it, and it is no upload", f.ID, f.Name)
	}
	for _, use := range uses {
		held, err := s.holdsFile(ctx, tx, use)
		if err != nil {
			return err
		}
		if !held {
			report.problem("file %s (%s): record %s of collection %s does not hold it in %s", f.ID, f.Name, use.Record, use.Collection, use.Field)
		}
	}
	return nil
}

// holdsFile reports whether the record of a use holds the file.
func (s *Service) holdsFile(ctx context.Context, tx store.Tx, use dossier.Attachment) (held bool, err error) {
	c, ok := s.Space().CollectionByID(use.Collection)
	if !ok {
		return false, nil
	}
	r, err := tx.Records(c).Get(ctx, use.Record)
	if dossier.KindOf(err) == dossier.NotFound {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	field, ok := useField(c, use)
	r.EachFile(c, func(f *dossier.Field, file *dossier.File) { held = held || ok && f == field && file.ID == use.File.ID })
	return held, nil
}

// checkBytes looks for the bytes of a file. What has gone since the rows were read is not missed.
func (s *Service) checkBytes(ctx context.Context, report *Report, f *dossier.File, deep bool) error {
	total := int64(0)
	for _, c := range f.Chunks {
		info, err := s.blobs.Stat(ctx, c.Key)
		switch {
		case dossier.KindOf(err) == dossier.NotFound && !s.alive(ctx, f):
			return nil
		case dossier.KindOf(err) == dossier.NotFound:
			report.problem("file %s (%s): blob %s is missing", f.ID, f.Name, c.Key)
			return nil
		case err != nil:
			return err
		case info.Size != c.Size:
			report.problem("file %s (%s): blob %s has %d bytes instead of %d", f.ID, f.Name, c.Key, info.Size, c.Size)
			return nil
		}
		total += c.Size
	}
	if total != f.Size {
		report.problem("file %s (%s): %d bytes instead of %d", f.ID, f.Name, total, f.Size)
		return nil
	}
	if !deep || f.SHA256 == "" {
		return nil
	}
	return s.checkHash(ctx, report, f)
}

// alive reports whether f still is an upload or a file, true if that cannot be found out.
func (s *Service) alive(ctx context.Context, f *dossier.File) bool {
	err := s.store.View(ctx, func(tx store.Tx) error {
		_, err := tx.Files().Get(ctx, f.ID)
		if dossier.KindOf(err) == dossier.NotFound {
			_, err = tx.Uploads().Get(ctx, f.ID)
		}
		return err
	})
	return dossier.KindOf(err) != dossier.NotFound
}

// checkHash reads the bytes from their store: what is in memory says nothing of the disk.
func (s *Service) checkHash(ctx context.Context, report *Report, f *dossier.File) error {
	h := sha256.New()
	for _, c := range f.Chunks {
		if err := s.copyBlob(ctx, h, c.Key); err != nil {
			report.problem("file %s (%s): %v", f.ID, f.Name, err)
			return ctx.Err()
		}
	}
	if sum := hex.EncodeToString(h.Sum(nil)); sum != f.SHA256 {
		report.problem("file %s (%s): its bytes have changed: SHA-256 %s instead of %s", f.ID, f.Name, sum, f.SHA256)
	}
	return nil
}

func (s *Service) copyBlob(ctx context.Context, w io.Writer, key string) error {
	r, err := s.blobs.Open(ctx, key, 0, -1)
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = io.Copy(w, r)
	return err
}
