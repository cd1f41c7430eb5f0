// Package shelf keeps backups as files of one directory, and writes files that are whole or not there.
// Here: names, modes, fsync. Not here: what is in a backup (see archive).
package shelf

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"dossier"
	"dossier/archive"
)

// partSuffix ends the name of a file that is not whole, scratchPattern is the name of one that will not be.
const (
	partSuffix     = ".part"
	scratchPattern = "scratch-*" + partSuffix
)

// A Shelf is an archive.Shelf in a local directory.
type Shelf struct{ dir string }

// Open opens the shelf in dir, which is made when the first backup is, and removes what a crash left there. One process at a time may have it.
func Open(dir string) (*Shelf, error) {
	s := &Shelf{dir: dir}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, classify(err)
	}
	for _, e := range entries {
		if e.Type().IsRegular() && strings.HasSuffix(e.Name(), partSuffix) {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return nil, classify(err)
			}
		}
	}
	return s, nil
}

// classify gives an error of the file system its Kind.
func classify(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return dossier.Errorf(dossier.NotFound, "there is no such backup: %w", err)
	case errors.Is(err, fs.ErrExist):
		return dossier.Errorf(dossier.Exists, "there is a backup of that name: %w", err)
	}
	return Full(err)
}

// Full gives the error of a full disk its Kind, and returns any other as it is.
func Full(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return dossier.Errorf(dossier.Full, "the disk has no room: %w", err)
	}
	return err
}

// path is where a backup lies.
func (s *Shelf) path(name string) (string, error) {
	return filepath.Join(s.dir, name), archive.CheckName(name)
}

// List implements archive.Shelf.
func (s *Shelf) List(context.Context) ([]archive.Info, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, classify(err)
	}
	var all []archive.Info
	for _, e := range entries { // in the order of names
		if !e.Type().IsRegular() || archive.CheckName(e.Name()) != nil {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, classify(err)
		}
		all = append(all, infoOf(info))
	}
	return all, nil
}

func infoOf(info fs.FileInfo) archive.Info {
	return archive.Info{Name: info.Name(), Size: info.Size(), ModTime: info.ModTime()}
}

// Create implements archive.Shelf.
func (s *Shelf) Create(_ context.Context, name string) (archive.Draft, error) {
	path, err := s.path(name)
	if err != nil {
		return nil, err
	}
	if err := s.make(); err != nil {
		return nil, err
	}
	return Create(path, false)
}

// make makes the directory.
func (s *Shelf) make() error {
	err := os.Mkdir(s.dir, 0o700)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err == nil {
		err = Sync(filepath.Dir(s.dir))
	}
	return classify(err)
}

// Open implements archive.Shelf.
func (s *Shelf) Open(_ context.Context, name string) (archive.Copy, error) {
	path, err := s.path(name)
	if err != nil {
		return nil, err
	}
	return Read(path)
}

// Delete implements archive.Shelf.
func (s *Shelf) Delete(_ context.Context, name string) error {
	path, err := s.path(name)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil {
		return classify(err)
	}
	return classify(Sync(s.dir))
}

// Scratch implements archive.Shelf.
func (s *Shelf) Scratch() (archive.Scratch, error) {
	if err := s.make(); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(s.dir, scratchPattern)
	if err != nil {
		return nil, classify(err)
	}
	return scratch{f}, nil
}

// A scratch file is removed when it is closed.
type scratch struct{ *os.File }

// Write gives a full disk its Kind.
func (f scratch) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	return n, classify(err)
}

// Close closes and removes the file.
func (f scratch) Close() error { return errors.Join(f.File.Close(), os.Remove(f.Name())) }

// A file is a backup that is read.
type file struct {
	*os.File
	info archive.Info
}

// Read opens the file at path as a backup. A missing one is NotFound.
func Read(path string) (archive.Copy, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, classify(err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = dossier.Errorf(dossier.NotFound, "%s is no file", path)
	}
	if err != nil {
		return nil, errors.Join(classify(err), f.Close())
	}
	return file{f, infoOf(info)}, nil
}

// Info implements archive.Copy.
func (f file) Info() archive.Info { return f.info }
