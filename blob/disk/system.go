package disk

import (
	"io"
	"io/fs"
	"iter"
	"os"
)

// system is what a Store asks of the operating system. Paths are whole; errors are the system's own.
type system interface {
	// Create makes an empty file that was not there.
	Create(name string) (file, error)
	// Move renames a file within one file system. A file that is there already is fs.ErrExist and stays.
	Move(from, to string) error
	Remove(name string) error
	// OpenDir opens a directory to make the names in it durable.
	OpenDir(dir string) (syncer, error)
	// Mkdir makes one directory.
	Mkdir(dir string) error
	// Spread is a hint that the directories to be made in dir should lie apart on the disk.
	Spread(dir string)
	Open(name string) (*os.File, error)
	// Stat describes a file or, if it is one, the symbolic link.
	Stat(name string) (fs.FileInfo, error)
	// ReadDir yields the names in dir, in no order.
	ReadDir(dir string) iter.Seq2[fs.DirEntry, error]
}

// syncer is a file or directory whose changes Sync brings to the disk.
type syncer interface {
	Sync() error
	Close() error
}

// file is a file being written.
type file interface {
	io.Writer
	syncer
	// Start is a hint that n bytes from off are whole and may go to the disk now. It waits for nothing and makes nothing durable.
	Start(off, n int64)
}

// syncDir makes the names in dir durable.
func syncDir(sys system, dir string) error {
	d, err := sys.OpenDir(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if cerr := d.Close(); err == nil {
		err = cerr
	}
	return err
}

// operatingSystem is the real one.
type operatingSystem struct{}

type osFile struct{ *os.File }

func (f osFile) Start(off, n int64) { startWriting(f.File, off, n) }

func (operatingSystem) Create(name string) (file, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (operatingSystem) Move(from, to string) error { return move(from, to) }

func (operatingSystem) Remove(name string) error { return os.Remove(name) }

func (operatingSystem) OpenDir(dir string) (syncer, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	return d, nil
}

func (operatingSystem) Mkdir(dir string) error { return os.Mkdir(dir, 0o700) }

func (operatingSystem) Spread(dir string) { spread(dir) }

func (operatingSystem) Open(name string) (*os.File, error) { return os.Open(name) }

func (operatingSystem) Stat(name string) (fs.FileInfo, error) { return os.Lstat(name) }

func (operatingSystem) ReadDir(dir string) iter.Seq2[fs.DirEntry, error] {
	return func(yield func(fs.DirEntry, error) bool) {
		d, err := os.Open(dir)
		if err != nil {
			yield(nil, err)
			return
		}
		defer d.Close()
		for {
			entries, err := d.ReadDir(1024)
			for _, e := range entries {
				if !yield(e, nil) {
					return
				}
			}
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// moveByLink is a move for file systems that cannot rename without replacing. A crash between the two calls leaves the file under both
// names; the one in staging goes at the next Open.
func moveByLink(from, to string) error {
	if err := os.Link(from, to); err != nil {
		return err
	}
	if err := os.Remove(from); err != nil {
		os.Remove(to)
		return err
	}
	return nil
}
