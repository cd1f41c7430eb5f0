package shelf

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"dossier"
	"dossier/archive"
)

// A draft is a file that has another name until it is whole.
type draft struct {
	file    *os.File
	path    string
	replace bool
	ended   bool
}

// Create begins the file at path, of mode 0600. It has another name, which ends with ".part", until Commit. What has path's name already is
// replaced, or is Exists if not replace.
func Create(path string, replace bool) (archive.Draft, error) {
	if !replace {
		if _, err := os.Lstat(path); err == nil {
			return nil, dossier.Errorf(dossier.Exists, "%s exists already", filepath.Base(path))
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, classify(err)
		}
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*"+partSuffix) // of mode 0600
	if err != nil {
		return nil, classify(err)
	}
	return &draft{file: f, path: path, replace: replace}, nil
}

// Write implements archive.Draft.
func (d *draft) Write(p []byte) (int, error) {
	n, err := d.file.Write(p)
	return n, classify(err)
}

// ReadAt implements archive.Draft.
func (d *draft) ReadAt(p []byte, off int64) (int, error) { return d.file.ReadAt(p, off) }

// Commit implements archive.Draft: the bytes are on the disk before they have the name, and the name is when Commit returns.
func (d *draft) Commit() error {
	defer d.Abort()
	if err := d.file.Sync(); err != nil {
		return classify(err)
	}
	if err := d.place(); err != nil {
		return classify(err)
	}
	if err := Sync(filepath.Dir(d.path)); err != nil {
		return classify(errors.Join(err, os.Remove(d.path)))
	}
	return nil
}

// place gives the file its name. A link does not replace; where the file system has none, nobody else is looked for.
func (d *draft) place() error {
	if !d.replace {
		if err := os.Link(d.file.Name(), d.path); err == nil || errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return os.Rename(d.file.Name(), d.path)
}

// Abort implements archive.Draft.
func (d *draft) Abort() {
	if d.ended {
		return
	}
	d.ended = true
	_ = d.file.Close()
	_ = os.Remove(d.file.Name()) // gone already if it was renamed
}

// Sync makes a file, or the names in a directory, durable.
func Sync(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
