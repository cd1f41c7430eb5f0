// Package disk keeps blobs on a local disk, one file per blob. A Put that returned nil survives a power cut.
//
// Under the store's directory:
//
//	blobs/<00…3f>/<key, "/" written as ",">.blob    the blobs; the shard is a hash of the key's first segment
//	staging/<random>.parts/<random>.part            bytes on their way in; whatever lies here at Open is left from a crash
//
// Put goes through five steps, S1–S5: create in staging, write, fsync the file, rename it without replacing, fsync the shard's
// directory. A crash before S4 leaves a staging file, which the next Open removes; a crash after it leaves a whole blob, which a sweep
// over List finds if no row came to use it. Between S4 and S5 whoever guesses the key can read it: whole bytes, not yet durable.
//
// Here: files, directories, fsync, the lock on a directory. Not here: leases, rows, names, who may read (see core).
package disk

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
)

const (
	// bufferSize is what one Put holds of its blob. From 256 KiB on, larger writes gain nothing.
	bufferSize = 256 << 10
	// pageSize is how many keys List sorts at a time: some 10 MB of names.
	pageSize = 1 << 17
	// stagingDirs is how many directories a Store stages in. They are new with every Open, in places of the disk's choosing.
	stagingDirs = 16
	// partSuffix ends the names of staged files, partsSuffix those of their directories. Other names in staging are not ours.
	partSuffix  = ".part"
	partsSuffix = ".parts"
)

// Options are what a Store takes from outside. The zero value is good.
type Options struct {
	// Rand gives staging files and directories their names; nil means crypto/rand. It must be safe for concurrent use.
	Rand io.Reader

	system system // nil: the operating system; tests let its n-th call fail
	page   int    // 0: pageSize
}

// Store is a blob.Store in a local directory.
type Store struct {
	dir     string
	sys     system
	rand    io.Reader
	page    int
	staging [stagingDirs]string
	buffers sync.Pool // of *[]byte, bufferSize each
}

// Open opens the store in dir, made if missing, and removes what a crash left in its staging directory. One process at a time may have
// a directory open: the caller holds Lock on dir, or on a directory above it.
func Open(dir string, o Options) (*Store, error) {
	s := &Store{dir: dir, sys: o.system, rand: o.Rand, page: o.page}
	if s.sys == nil {
		s.sys = operatingSystem{}
	}
	if s.rand == nil {
		s.rand = rand.Reader
	}
	if s.page == 0 {
		s.page = pageSize
	}
	s.buffers.New = func() any { b := make([]byte, bufferSize); return &b }
	if err := s.makeTree(); err != nil {
		return nil, classify("open blob directory", err)
	}
	if err := s.clearStaging(); err != nil {
		return nil, classify("clear staging directory", err)
	}
	if err := s.makeStaging(); err != nil {
		return nil, classify("make staging directory", err)
	}
	return s, nil
}

// Close releases nothing: a Store holds no files open between calls.
func (s *Store) Close() error { return nil }

// makeTree makes the directories that are missing. It syncs also when nothing was missing: the one who made them may have been killed
// before it could.
func (s *Store) makeTree() error {
	if err := makeDir(s.sys, s.dir); err != nil {
		return err
	}
	blobs := filepath.Join(s.dir, "blobs")
	if err := s.makeDirs(s.dir, []string{blobs, s.stagingDir()}); err != nil {
		return err
	}
	var dirs []string
	for n := range shards {
		dirs = append(dirs, s.shardDir(n))
	}
	return s.makeDirs(blobs, dirs)
}

// makeDirs makes what is missing of dirs and makes their names in parent durable.
func (s *Store) makeDirs(parent string, dirs []string) error {
	for _, d := range dirs {
		if err := s.sys.Mkdir(d); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return syncDir(s.sys, parent)
}

// makeDir makes dir and the directories above it that are missing, each made durable in its parent.
func makeDir(sys system, dir string) error {
	if _, err := sys.Stat(dir); err == nil {
		return nil
	}
	parent := filepath.Dir(dir)
	if parent != dir {
		if err := makeDir(sys, parent); err != nil {
			return err
		}
	}
	if err := sys.Mkdir(dir); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(sys, parent)
}

// clearStaging removes what earlier stores staged and never finished.
func (s *Store) clearStaging() error {
	for e, err := range s.sys.ReadDir(s.stagingDir()) {
		if err != nil {
			return err
		}
		if !e.IsDir() || !strings.HasSuffix(e.Name(), partsSuffix) {
			continue
		}
		dir := filepath.Join(s.stagingDir(), e.Name())
		if err := s.clearParts(dir); err != nil {
			return err
		}
		if err := s.sys.Remove(dir); err != nil && !errors.Is(err, fs.ErrExist) { // with something in it that is not ours
			return err
		}
	}
	return nil
}

func (s *Store) clearParts(dir string) error {
	for e, err := range s.sys.ReadDir(dir) {
		if err != nil {
			return err
		}
		if !e.Type().IsRegular() || !strings.HasSuffix(e.Name(), partSuffix) {
			continue
		}
		if err := s.sys.Remove(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// makeStaging makes the directories this Store stages in. They need not be durable.
func (s *Store) makeStaging() error {
	s.sys.Spread(s.stagingDir())
	for i := range s.staging {
		name, err := s.randomName()
		if err != nil {
			return err
		}
		s.staging[i] = filepath.Join(s.stagingDir(), name+partsSuffix)
		if err := s.sys.Mkdir(s.staging[i]); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) stagingDir() string { return filepath.Join(s.dir, "staging") }

func (s *Store) shardDir(n int) string { return filepath.Join(s.dir, "blobs", fmt.Sprintf("%02x", n)) }

// path is where key lies.
func (s *Store) path(key string) string {
	return filepath.Join(s.shardDir(shardOf(key)), fileName(key))
}

// stagingName is a fresh path for a staged file.
func (s *Store) stagingName() (string, error) {
	name, err := s.randomName()
	if err != nil {
		return "", err
	}
	return filepath.Join(s.staging[crc32.ChecksumIEEE([]byte(name))%stagingDirs], name+partSuffix), nil
}

func (s *Store) randomName() (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(s.rand, b[:]); err != nil {
		return "", fmt.Errorf("name a staging file: %w", err)
	}
	return hex.EncodeToString(b[:]), nil
}
