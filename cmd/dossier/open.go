package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"dossier"
	"dossier/archive"
	"dossier/archive/shelf"
	"dossier/blob/disk"
	"dossier/blob/small"
	"dossier/core"
	"dossier/dialect/pocketbase"
	"dossier/mail"
	"dossier/store/sqlite"
	"dossier/thumb"
)

// The files in the data directory beside the directories of blob/disk.
const (
	database   = "dossier.db" // the rows
	smallBlobs = "small.db"   // the bytes of small files
)

// space is an opened data directory.
type space struct {
	*core.Service
	closers  []io.Closer   // in the order of closing
	replaced chan struct{} // closed when another space is prepared to take its place
}

// open opens the data directory, making it if it is not there, for this process alone.
func open(ctx context.Context, c *config, log *slog.Logger) (*space, error) {
	s := &space{replaced: make(chan struct{})}
	err := s.open(ctx, c, log)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// exists is an error unless the data directory holds a space.
func exists(c *config) error {
	if err := c.checkSpace(); err != nil {
		return err
	}
	_, err := os.Stat(filepath.Join(c.Data, database))
	if errors.Is(err, fs.ErrNotExist) {
		return dossier.Errorf(dossier.NotFound, "%s holds no space: want --data with a directory that dossier serve has used", c.Data)
	}
	return err
}

func (s *space) open(ctx context.Context, c *config, log *slog.Logger) error {
	if err := c.checkSpace(); err != nil {
		return err
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return fmt.Errorf("data directory: %w: want --data with a directory that can be written", err)
	}
	lock, err := disk.Lock(c.Data)
	if err != nil {
		return err
	}
	s.closers = append(s.closers, lock)
	if err := finishReplace(c.Data); err != nil {
		return fmt.Errorf("finish a restore: %w", err)
	}
	files, err := disk.Open(c.Data, disk.Options{Rand: rand.Reader})
	if err != nil {
		return err
	}
	s.closers = append([]io.Closer{files}, s.closers...)
	blobs, err := small.Open(filepath.Join(c.Data, smallBlobs), files, small.Options{Log: log})
	if err != nil {
		return err
	}
	s.closers = append([]io.Closer{blobs}, s.closers...)
	rows, err := sqlite.Open(filepath.Join(c.Data, database), sqlite.Options{})
	if err != nil {
		return err
	}
	s.closers = append([]io.Closer{rows}, s.closers...)
	kept, err := shelf.Open(filepath.Join(c.Data, backups))
	if err != nil {
		return err
	}
	letters, err := s.mailer(c, log)
	if err != nil {
		return err
	}
	s.Service, err = core.New(ctx, core.Options{
		Mail:  letters,
		Store: rows, Blobs: blobs, Thumbs: thumb.New(thumb.Options{}), Rules: pocketbase.NewLanguage(time.Now), Upgrade: pocketbase.Upgrade,
		Random: rand.Reader, Now: time.Now, Log: log, Sole: true,
		Shelf: kept, Replace: func(ctx context.Context, a *archive.Reader) error {
			if err := prepare(ctx, c.Data, a, log); err != nil {
				return err
			}
			close(s.replaced) // core lets this happen once
			return nil
		},
	})
	return err
}

// mailer sends letters to the server that the space's owner has set, else to that of --smtp, else to the log.
func (s *space) mailer(c *config, log *slog.Logger) (*mail.Mailer, error) {
	var standing mail.Server
	if c.SMTP != "" {
		var err error
		if standing, err = mail.ParseServer(c.SMTP); err != nil {
			return nil, refuse("--smtp: %v", err)
		}
	}
	return &mail.Mailer{Log: log, Current: func() mail.Server {
		if chosen, err := mail.ParseServer(s.Space().Settings.Extra[core.MailServer]); err == nil {
			return chosen
		}
		return standing
	}}, nil
}

// settleTime is how long thumbnails that were made may take to be kept before the stores are closed. Those that are not will be made again.
const settleTime = 5 * time.Second

// Close closes what open has opened, the lock last.
func (s *space) Close() error {
	if s.Service != nil {
		ctx, stop := context.WithTimeout(context.Background(), settleTime)
		s.SettleThumbnails(ctx)
		stop()
	}
	var errs []error
	for _, c := range s.closers {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}
