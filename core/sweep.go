package core

import (
	"context"
	"slices"
	"strings"
	"time"

	"dossier"
	"dossier/blob"
	"dossier/store"
)

// A Swept says what a sweep removed.
type Swept struct {
	Uploads int // uploads whose lease had ended, with their bytes
	Blobs   int // blobs that no row knew
}

// The sizes of a sweep's steps.
const (
	sweepRows  = 200
	sweepBlobs = 500
)

// Sweep removes the bytes and rows of uploads whose lease has ended, and bytes that no row knows. Idempotent; safe beside
// everything else. What a backup may be reading is left for the next sweep.
func (s *Service) Sweep(ctx context.Context) (Swept, error) { return s.sweep(ctx, s.born) }

// gather is how long a sweep waits after files fell out of use, so that many of them are one sweep.
const gather = time.Second

// SweepEvery sweeps at once and then at every interval, until ctx ends. In between it removes the bytes of files that fell out of use
// soon after they did. It logs what it does.
func (s *Service) SweepEvery(ctx context.Context, interval time.Duration) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	sweep := s.Sweep
	for {
		swept, err := sweep(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			s.log.Error("sweep", "error", err)
		case swept != Swept{}:
			s.log.Info("swept", "uploads", swept.Uploads, "blobs", swept.Blobs)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			sweep = s.Sweep
		case <-s.freed:
			sweep = s.sweepFreed
		}
	}
}

// free tells the sweeper that files may have fallen out of use.
func (s *Service) free() {
	select {
	case s.freed <- struct{}{}:
	default: // it knows already
	}
}

// sweepFreed removes what has expired, after a while. A file of several chunks waits for the next whole sweep: who downloads it
// now still opens the rest of them.
func (s *Service) sweepFreed(ctx context.Context) (swept Swept, err error) {
	select {
	case <-ctx.Done():
		return swept, ctx.Err()
	case <-time.After(gather):
	}
	swept.Uploads, err = s.sweepExpired(ctx, func(u *dossier.Upload) bool { return len(u.Chunks) < 2 })
	return swept, err
}

// all is true of every upload.
func all(*dossier.Upload) bool { return true }

func (s *Service) sweep(ctx context.Context, born time.Time) (Swept, error) {
	var swept Swept
	err := s.settleLeases(ctx)
	if err != nil {
		return swept, err
	}
	if swept.Uploads, err = s.sweepExpired(ctx, all); err != nil {
		return swept, err
	}
	swept.Blobs, err = s.sweepUnknown(ctx, born)
	return swept, err
}

// sweepExpired removes what has expired and due is true of: first the bytes, then the rows.
func (s *Service) sweepExpired(ctx context.Context, due func(*dossier.Upload) bool) (int, error) {
	removed := 0
	for {
		n, more, err := s.sweepSome(ctx, due)
		removed += n
		if err != nil || !more {
			return removed, err
		}
	}
}

// sweepSome removes some of what has expired, unless a backup reads it.
func (s *Service) sweepSome(ctx context.Context, due func(*dossier.Upload) bool) (removed int, more bool, err error) {
	if !s.keep.TryLock() {
		return 0, false, nil
	}
	defer s.keep.Unlock()
	expired, err := s.endExpired(ctx)
	if err != nil || len(expired) == 0 {
		return 0, false, err
	}
	gone := s.dropBytes(ctx, slices.DeleteFunc(slices.Clone(expired), func(u *dossier.Upload) bool { return !due(u) }))
	if err := s.dropRows(ctx, gone); err != nil {
		return 0, false, err
	}
	return len(gone), len(gone) == len(expired) && ctx.Err() == nil, ctx.Err() // what could not be removed is tried again at the next sweep
}

// endExpired yields some uploads whose lease has ended, after it has closed them: a write that runs meanwhile, or a clock that
// is put back, cannot take one whose bytes are about to go.
func (s *Service) endExpired(ctx context.Context) ([]*dossier.Upload, error) {
	var expired []*dossier.Upload
	list := func(tx store.Tx) (err error) {
		expired, err = tx.Uploads().Expired(ctx, s.leaseTime(), sweepRows)
		return err
	}
	if err := s.store.View(ctx, list); err != nil || len(expired) == 0 {
		return nil, err
	}
	err := s.store.Update(ctx, func(tx store.Tx) error {
		if err := list(tx); err != nil {
			return err
		}
		for _, u := range expired {
			if err := tx.Uploads().Expire(ctx, u.ID, s.leaseTime()); err != nil && dossier.KindOf(err) != dossier.NotFound {
				return err
			}
		}
		return nil
	})
	return expired, err
}

// dropBytes deletes the blobs of uploads and returns those for which that worked.
func (s *Service) dropBytes(ctx context.Context, expired []*dossier.Upload) []dossier.ID {
	var gone []dossier.ID
	for _, u := range expired {
		err := s.deleteBlobs(ctx, u.ID)
		if ctx.Err() != nil {
			break // the server stops; the next sweep goes on from here
		}
		if err != nil {
			s.log.Error("delete blobs", "upload", u.ID, "error", err)
			continue
		}
		gone = append(gone, u.ID)
	}
	return gone
}

func (s *Service) dropRows(ctx context.Context, ids []dossier.ID) error {
	return s.store.Update(ctx, func(tx store.Tx) error {
		for _, id := range ids {
			err := tx.Uploads().Remove(ctx, id)
			if k := dossier.KindOf(err); err != nil && k != dossier.NotFound && k != dossier.Stale {
				return err
			}
		}
		return nil
	})
}

// deleteBlobs deletes every blob of an upload: its chunks and what was made of them.
func (s *Service) deleteBlobs(ctx context.Context, id dossier.ID) error {
	s.hot.forget(id)
	for info, err := range s.blobs.List(ctx, string(id)+"/") {
		if err != nil {
			return err
		}
		if err := s.blobs.Delete(ctx, info.Key); err != nil {
			return err
		}
	}
	return nil
}

// sweepUnknown removes blobs that no row knows and that are old enough not to be on their way to one.
func (s *Service) sweepUnknown(ctx context.Context, born time.Time) (int, error) {
	removed := 0
	_, err := s.eachUnknown(ctx, func(info blob.Info) error {
		if age := s.now().Sub(info.ModTime); age < s.grace && age > -maxLeap && !info.ModTime.Before(born) {
			return nil
		}
		if !s.keep.TryLock() {
			return nil // a backup reads
		}
		defer s.keep.Unlock()
		removed++
		return s.blobs.Delete(ctx, info.Key)
	})
	return removed, err
}

// eachUnknown calls fn for every blob of an upload that is no row, and returns how many blobs there are. Blobs whose keys are no upload's
// are not ours to judge.
func (s *Service) eachUnknown(ctx context.Context, fn func(blob.Info) error) (blobs int, err error) {
	var some []blob.Info
	flush := func() error {
		unknown, err := s.unknown(ctx, some)
		some = some[:0]
		for _, info := range unknown {
			if err == nil {
				err = fn(info)
			}
		}
		return err
	}
	for info, err := range s.blobs.List(ctx, "") {
		if err != nil {
			return blobs, err
		}
		blobs++
		if some = append(some, info); len(some) == sweepBlobs {
			if err := flush(); err != nil {
				return blobs, err
			}
		}
	}
	return blobs, flush()
}

// unknown are those of infos whose upload is no row.
func (s *Service) unknown(ctx context.Context, infos []blob.Info) ([]blob.Info, error) {
	var ids []dossier.ID
	var mine []blob.Info
	for _, info := range infos {
		id, ok := uploadOf(info.Key)
		if _, staged := s.staged.Load(id); ok && !staged { // asked before the rows: what is staged no more has its row by now
			ids, mine = append(ids, id), append(mine, info)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	var known map[dossier.ID]bool
	err := s.store.View(ctx, func(tx store.Tx) (err error) {
		known, err = tx.Files().Known(ctx, ids)
		return err
	})
	var unknown []blob.Info
	for i, info := range mine {
		if !known[ids[i]] {
			unknown = append(unknown, info)
		}
	}
	return unknown, err
}

// uploadOf is the upload that a blob's key belongs to.
func uploadOf(key string) (dossier.ID, bool) {
	id, _, _ := strings.Cut(key, "/")
	return dossier.ID(id), len(id) == 32 && fileID(dossier.ID(id))
}
