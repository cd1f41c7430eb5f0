package core

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"dossier"
	"dossier/archive"
	"dossier/blob"
)

// loaders is how many blobs of an archive are kept at a time: small ones share a commit.
const loaders = 16

// Restore lays what an archive holds into o's store and blobs, which hold nothing, and proves that the space is whole. An archive that is
// damaged, or whose files have no bytes, is Invalid. After an error store and blobs are of no use.
func Restore(ctx context.Context, a *archive.Reader, o Options) error {
	rows, err := a.Rows()
	if err != nil {
		return err
	}
	_, err = o.Store.Load(ctx, rows)
	if err = errors.Join(err, rows.Close()); err != nil {
		return err
	}
	if err := loadBlobs(ctx, a, o.Blobs, o.Log); err != nil {
		return err
	}
	s, err := New(ctx, o)
	if err != nil {
		return spoilt(err)
	}
	return s.proveWhole(ctx)
}

// spoilt is an error of reading rows that came from an archive: what is wrong with them is the archive's fault.
func spoilt(err error) error {
	if dossier.KindOf(err) == dossier.Internal {
		return dossier.Errorf(dossier.Invalid, "the rows of the backup make no space: %w", err)
	}
	return err
}

// proveWhole is Invalid unless a check finds nothing to say, and every view can be read.
func (s *Service) proveWhole(ctx context.Context) error {
	if err := s.tryViews(ctx); err != nil {
		return dossier.Errorf(dossier.Invalid, "the backup has a view that cannot be read: %w", err)
	}
	report, err := s.CheckSpace(ctx, false, false)
	if err != nil {
		return spoilt(err)
	}
	if n := len(report.Problems); n > 0 {
		return dossier.Errorf(dossier.Invalid, "the backup is not whole: %d problems, the first: %s", n, report.Problems[0])
	}
	return nil
}

// loadBlobs keeps all blobs of an archive.
func loadBlobs(ctx context.Context, a *archive.Reader, blobs blob.Store, log *slog.Logger) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	work := make(chan archive.Blob)
	var all sync.WaitGroup
	for range loaders {
		all.Add(1)
		dossier.Go(log, "restore", func() {
			defer all.Done()
			whole := false
			defer func() {
				if !whole {
					cancel(dossier.Errorf(dossier.Internal, "restoring a blob panicked"))
				}
			}()
			for b := range work {
				if err := loadBlob(ctx, a, blobs, b); err != nil {
					cancel(err)
				}
			}
			whole = true
		})
	}
	if err := hand(ctx, a, work); err != nil {
		cancel(err)
	}
	close(work)
	all.Wait()
	return context.Cause(ctx)
}

// hand gives the blobs of an archive to those who keep them.
func hand(ctx context.Context, a *archive.Reader, work chan<- archive.Blob) error {
	for b, err := range a.Blobs() {
		if err != nil {
			return err
		}
		select {
		case work <- b:
		case <-ctx.Done():
			return blob.Canceled(ctx)
		}
	}
	return nil
}

// loadBlob keeps one blob, if its bytes are those that were written.
func loadBlob(ctx context.Context, a *archive.Reader, blobs blob.Store, b archive.Blob) error {
	r, err := a.Open(b)
	if err != nil {
		return err
	}
	_, err = blobs.Put(ctx, b.Key, r)
	return errors.Join(err, r.Close())
}

// tryViews reads the fields of every view, which fails if its query is none that this space can have.
func (s *Service) tryViews(ctx context.Context) error {
	for _, c := range s.Space().Collections {
		if c.Kind != dossier.View {
			continue
		}
		if _, err := s.viewFields(ctx, s.Space(), c); err != nil {
			return dossier.Errorf(dossier.KindOf(err), "view %s: %w", c.Name, err)
		}
	}
	return nil
}
