package main

import (
	"context"
	"crypto/rand"
	"errors"
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
	"dossier/store/sqlite"
)

// The directories in the data directory in which a space that is restored takes the place of another. restorePart is being filled; its
// rename to restoreWhole decides; what was there before goes to replaced, and then away.
const (
	restorePart  = "restore.part"
	restoreWhole = "restore"
	replaced     = "replaced"
)

// spaceParts is what a space is made of, in the data directory, and what a part may have left beside it.
var (
	spaceParts = []string{database, smallBlobs, "blobs"}
	sideFiles  = []string{"", "-wal", "-shm", "-journal"}
)

// prepare makes of an archive the space that the next finishReplace puts in place. After an error nothing has changed.
func prepare(ctx context.Context, dir string, a *archive.Reader, log *slog.Logger) (err error) {
	part := filepath.Join(dir, restorePart)
	if err := os.RemoveAll(part); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(shelf.Full(err), os.RemoveAll(part))
		}
	}()
	if err := os.Mkdir(part, 0o700); err != nil {
		return err
	}
	if err := fill(ctx, part, a, log); err != nil {
		return err
	}
	if err := closed(part); err != nil {
		return err
	}
	if err := syncTree(part); err != nil {
		return err
	}
	return decide(dir, shelf.Sync)
}

// decide makes of the space that was filled the one that is to take the place. After an error of sync it is not: whoever was told that nothing
// has changed must not find another space at the next start.
func decide(dir string, sync func(dir string) error) error {
	part, whole := filepath.Join(dir, restorePart), filepath.Join(dir, restoreWhole)
	if err := os.Rename(part, whole); err != nil {
		return err
	}
	if err := sync(dir); err != nil {
		return errors.Join(err, os.Rename(whole, part))
	}
	return nil
}

// closed is an error unless the databases in dir are whole without files beside them. A database whose log cannot be moved into it when it is
// closed, since the disk has no room, closes without an error, and the log stays.
func closed(dir string) error {
	for _, name := range spaceParts {
		for _, side := range sideFiles[1:] {
			if _, err := os.Lstat(filepath.Join(dir, name+side)); !errors.Is(err, fs.ErrNotExist) {
				return errors.Join(dossier.Errorf(dossier.Full, "the disk has no room to move %s%s into %s", name, side, name), err)
			}
		}
	}
	return nil
}

// fill restores an archive into the stores of an empty directory.
func fill(ctx context.Context, dir string, a *archive.Reader, log *slog.Logger) (err error) {
	files, err := disk.Open(dir, disk.Options{Rand: rand.Reader})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, files.Close()) }()
	blobs, err := small.Open(filepath.Join(dir, smallBlobs), files, small.Options{Log: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, blobs.Close()) }()
	rows, err := sqlite.Open(filepath.Join(dir, database), sqlite.Options{Log: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	return core.Restore(ctx, a, core.Options{
		Store: rows, Blobs: blobs, Rules: pocketbase.NewLanguage(time.Now), Random: rand.Reader, Now: time.Now, Log: log,
	})
}

// finishReplace puts a prepared space in its place. Every step can be done again: whoever opens the directory after a crash goes on where
// it ended. Without a prepared space it removes what one that broke off has left.
func finishReplace(dir string) error {
	return replacing{dir, func(string) error { return nil }}.finish()
}

// A replacing puts a prepared space in its place. step is asked before everything that changes the disk; tests let it fail.
type replacing struct {
	dir  string
	step func(what string) error
}

func (r replacing) finish() error {
	whole, old := filepath.Join(r.dir, restoreWhole), filepath.Join(r.dir, replaced)
	if _, err := os.Lstat(whole); errors.Is(err, fs.ErrNotExist) {
		return r.clear(filepath.Join(r.dir, restorePart), old)
	} else if err != nil {
		return err
	}
	if err := r.step("make " + replaced); err != nil {
		return err
	}
	if err := os.Mkdir(old, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	for _, name := range spaceParts {
		if err := r.part(whole, old, name); err != nil {
			return err
		}
	}
	return r.clear(whole, filepath.Join(r.dir, restorePart), old)
}

// part puts one part in its place. What is there goes first, durably: a log must never lie beside a database that is not its own.
func (r replacing) part(whole, old, name string) error {
	fresh := filepath.Join(whole, name)
	if _, err := os.Lstat(fresh); errors.Is(err, fs.ErrNotExist) {
		return nil // it was put there before
	} else if err != nil {
		return err
	}
	for _, side := range sideFiles {
		if err := r.move(filepath.Join(r.dir, name+side), filepath.Join(old, name+side)); err != nil {
			return err
		}
	}
	if err := errors.Join(shelf.Sync(old), shelf.Sync(r.dir)); err != nil {
		return err
	}
	if err := r.move(fresh, filepath.Join(r.dir, name)); err != nil {
		return err
	}
	return errors.Join(shelf.Sync(r.dir), shelf.Sync(whole))
}

// move renames what is there.
func (r replacing) move(from, to string) error {
	if _, err := os.Lstat(from); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := r.step("move " + filepath.Base(from)); err != nil {
		return err
	}
	return os.Rename(from, to)
}

// clear removes directories, one after the other.
func (r replacing) clear(dirs ...string) error {
	for _, dir := range dirs {
		if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := r.step("remove " + filepath.Base(dir)); err != nil {
			return err
		}
		if err := errors.Join(os.RemoveAll(dir), shelf.Sync(r.dir)); err != nil {
			return err
		}
	}
	return nil
}

// syncTree makes everything below dir durable.
func syncTree(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() && filepath.Ext(path) == ".blob" { // a blob was synced when it was put
			return err
		}
		return shelf.Sync(path)
	})
}
