// Package disk keeps blobs on a local disk, one file per blob. A Put that returned nil survives a power cut.
//
// Under the store's directory:
//
//	blobs/<00…3f>/<key, "/" written as ",">.blob    the blobs; the shard is a hash of the key's first segment
//	staging/<0…f>/<random>.part                     bytes on their way in; whatever lies here at Open is left from a crash
//
// Put goes through five steps, S1–S5: create in staging, write, fsync the file, rename it without replacing, fsync the shard's
// directory. A crash before S4 leaves a staging file, which the next Open removes; a crash after it leaves a whole blob, which a sweep
// over List finds if no row came to use it. Between S4 and S5 whoever guesses the key can read it: whole bytes, not yet durable.
//
// Here: files, directories, fsync, the lock on a directory. Not here: leases, rows, names, who may read (see core).
package disk

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"

	"dossier"
	"dossier/blob"
)

const (
	// bufferSize is what one Put holds of its blob. From 256 KiB on, larger writes gain nothing.
	bufferSize = 256 << 10
	// pageSize is how many keys List sorts at a time: some 10 MB of names.
	pageSize = 1 << 17
	// stagingDigits name the directories below staging. A staging file goes to that of its first digit.
	stagingDigits = "0123456789abcdef"
	// partSuffix ends the names in staging. Other names there are not ours.
	partSuffix = ".part"
)

// Options are what a Store takes from outside. The zero value is good.
type Options struct {
	// Rand gives staging files their names; nil means crypto/rand.
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
	blobs, staging := filepath.Join(s.dir, "blobs"), filepath.Join(s.dir, "staging")
	if err := s.makeDirs(s.dir, []string{blobs, staging}); err != nil {
		return err
	}
	s.sys.Spread(staging)
	var shardDirs, stagingDirs []string
	for n := range shards {
		shardDirs = append(shardDirs, s.shardDir(n))
	}
	for _, digit := range stagingDigits {
		stagingDirs = append(stagingDirs, s.stagingDir(digit))
	}
	if err := s.makeDirs(blobs, shardDirs); err != nil {
		return err
	}
	return s.makeDirs(staging, stagingDirs)
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

func (s *Store) clearStaging() error {
	for _, digit := range stagingDigits {
		dir := s.stagingDir(digit)
		for e, err := range s.sys.ReadDir(dir) {
			if err != nil {
				return err
			}
			if !e.Type().IsRegular() || !strings.HasSuffix(e.Name(), partSuffix) {
				continue
			}
			if err := s.sys.Remove(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

func (s *Store) stagingDir(digit rune) string {
	return filepath.Join(s.dir, "staging", string(digit))
}

func (s *Store) shardDir(n int) string { return filepath.Join(s.dir, "blobs", fmt.Sprintf("%02x", n)) }

// path is where key lies.
func (s *Store) path(key string) string {
	return filepath.Join(s.shardDir(shardOf(key)), fileName(key))
}

// stagingName is a fresh path in staging.
func (s *Store) stagingName() (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(s.rand, b[:]); err != nil {
		return "", fmt.Errorf("name a staging file: %w", err)
	}
	name := hex.EncodeToString(b[:])
	return filepath.Join(s.stagingDir(rune(name[0])), name+partSuffix), nil
}

// check is what every call looks at first.
func check(ctx context.Context, key string) error {
	if err := blob.CheckKey(key); err != nil {
		return err
	}
	return canceled(ctx)
}

func canceled(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return &dossier.Error{Kind: dossier.Canceled, Msg: "the request was canceled", Err: context.Cause(ctx)}
}
