package core

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"sync"

	"dossier"
	"dossier/access"
	"dossier/archive"
	"dossier/store"
)

// archiving lets one backup or restore run at a time.
type archiving struct {
	mu   sync.Mutex
	busy bool
	name string // of the backup on the shelf, "" for one that goes elsewhere
}

// begin takes the turn, or is Busy. end gives it back.
func (a *archiving) begin(name string) (end func(), err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.busy {
		return nil, dossier.Errorf(dossier.Busy, "another backup or restore is under way: try again later")
	}
	a.busy, a.name = true, name
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.busy, a.name = false, ""
	}, nil
}

// uses reports whether the backup of that name is being written or read.
func (a *archiving) uses(name string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.busy && a.name == name
}

// CanBackup reports whether a backup could be made now: there is a place for it, and no other backup or restore is under way.
func (s *Service) CanBackup() bool {
	s.archiving.mu.Lock()
	defer s.archiving.mu.Unlock()
	return s.shelf != nil && !s.archiving.busy
}

// mayArchive is nil for who may make, see and restore backups, which hold everything: superusers, where there is a shelf.
func (s *Service) mayArchive(who access.Principal) error {
	if !who.IsSuper() {
		return dossier.Errorf(dossier.Denied, "only superusers make and read backups")
	}
	if s.shelf == nil {
		return dossier.Errorf(dossier.Unsupported, "this server has no place for backups")
	}
	return nil
}

// Backup writes an archive of the whole space to w, as it is at one moment, while writes go on. Busy while another backup or a restore is
// under way. Files whose bytes are missing or altered are Internal, with their names. After an error what was written is no archive.
func (s *Service) Backup(ctx context.Context, who access.Principal, w io.Writer) (*archive.Manifest, error) {
	if err := s.mayArchive(who); err != nil {
		return nil, err
	}
	end, err := s.archiving.begin("")
	if err != nil {
		return nil, err
	}
	defer end()
	return s.backup(ctx, w)
}

// backup writes an archive: hold, snapshot, rows, blobs. Without the hold a sweep could delete bytes that the snapshot refers to.
func (s *Service) backup(ctx context.Context, w io.Writer) (*archive.Manifest, error) {
	s.keep.RLock()
	defer s.keep.RUnlock()
	file, err := s.shelf.Scratch()
	if err != nil {
		return nil, err
	}
	defer file.Close()
	rows, err := archive.NewSpool(file)
	if err != nil {
		return nil, err
	}
	created := s.Now()
	files, err := s.snapshot(ctx, rows)
	if err != nil {
		return nil, err
	}
	out := bufio.NewWriterSize(awaited{ctx, w}, 256<<10)
	a := archive.NewWriter(out, s.Space().Application, created)
	if err := a.Rows(rows); err != nil {
		return nil, err
	}
	for _, f := range files {
		if err := s.archiveFile(ctx, a, f); err != nil {
			return nil, err
		}
	}
	m, err := a.Close()
	if err == nil {
		err = out.Flush()
	}
	return m, err
}

// awaited writes as long as somebody waits for it.
type awaited struct {
	ctx context.Context
	w   io.Writer
}

// Write writes on, unless the caller went away.
func (a awaited) Write(p []byte) (int, error) {
	if a.ctx.Err() != nil {
		return 0, dossier.Errorf(dossier.Canceled, "the backup was canceled: %w", context.Cause(a.ctx))
	}
	return a.w.Write(p)
}

// snapshot writes all rows to w and returns the files whose bytes these rows refer to. What has expired is a sweep's business.
func (s *Service) snapshot(ctx context.Context, w io.Writer) (files []*dossier.File, err error) {
	err = s.store.View(ctx, func(tx store.Tx) error {
		now := s.Now()
		for u, err := range tx.Files().Each(ctx) {
			if err != nil {
				return err
			}
			if u.Expires.IsZero() || now.Before(u.Expires) {
				files = append(files, &dossier.File{ID: u.ID, Name: u.Name, Size: u.Size, SHA256: u.SHA256, Chunks: u.Chunks})
			}
		}
		_, err := tx.Dump(ctx, awaited{ctx, w})
		return err
	})
	return files, err
}

// archiveFile adds the bytes of a file, if they are those that were kept.
func (s *Service) archiveFile(ctx context.Context, a *archive.Writer, f *dossier.File) error {
	whole, digest := sha256.New(), ""
	for _, c := range f.Chunks {
		r, err := s.blobs.Open(ctx, c.Key, 0, -1)
		if errors.Is(err, dossier.NotFound) && !s.alive(ctx, f) {
			return nil // ended before its time, by a clock that was put back since
		}
		if err != nil {
			return unfit(f, err)
		}
		var in io.Reader = r
		if len(f.Chunks) > 1 {
			in = io.TeeReader(r, whole)
		}
		digest, err = a.Blob(c.Key, c.Size, in)
		if err = errors.Join(err, r.Close()); err != nil {
			return unfit(f, err)
		}
	}
	if len(f.Chunks) > 1 {
		digest = hex.EncodeToString(whole.Sum(nil))
	}
	if f.SHA256 != "" && digest != "" && digest != f.SHA256 {
		return unfit(f, dossier.Errorf(dossier.Internal, "its bytes have changed: SHA-256 %s instead of %s", digest, f.SHA256))
	}
	return nil
}

// unfit is a file that cannot go into a backup.
func unfit(f *dossier.File, err error) error {
	kind := dossier.KindOf(err)
	if kind == dossier.NotFound {
		kind = dossier.Internal
	}
	return dossier.Errorf(kind, "backup: file %s (%s): %w", f.ID, f.Name, err)
}
