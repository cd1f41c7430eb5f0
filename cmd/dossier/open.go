package main

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"dossier/blob/disk"
	"dossier/core"
	"dossier/dialect/pocketbase"
	"dossier/store/sqlite"
	"dossier/thumb"
)

// space is an opened data directory.
type space struct {
	*core.Service
	closers []io.Closer // in the order of closing
}

// open opens the data directory, making it if it is not there, for this process alone.
func open(ctx context.Context, c *config, log *slog.Logger) (*space, error) {
	s := &space{}
	err := s.open(ctx, c, log)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *space) open(ctx context.Context, c *config, log *slog.Logger) error {
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return err
	}
	lock, err := disk.Lock(c.Data)
	if err != nil {
		return err
	}
	s.closers = append(s.closers, lock)
	blobs, err := disk.Open(c.Data, disk.Options{Rand: rand.Reader})
	if err != nil {
		return err
	}
	s.closers = append([]io.Closer{blobs}, s.closers...)
	rows, err := sqlite.Open(filepath.Join(c.Data, "dossier.db"), sqlite.Options{})
	if err != nil {
		return err
	}
	s.closers = append([]io.Closer{rows}, s.closers...)
	s.Service, err = core.New(ctx, core.Options{
		Store: rows, Blobs: blobs, Thumbs: thumb.New(thumb.Options{}), Rules: &pocketbase.Language{Now: time.Now},
		Random: rand.Reader, Now: time.Now, Log: log, Sole: true,
	})
	return err
}

// Close closes what open has opened, the lock last.
func (s *space) Close() error {
	var errs []error
	for _, c := range s.closers {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}
