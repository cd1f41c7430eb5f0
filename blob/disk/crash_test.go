package disk

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"dossier"
)

// A rig is the operating system with a fault: call number at fails with err, and if it is sticky so do all that follow, as if the
// process had been killed there. Reading calls never fail, so that a test can look.
type rig struct {
	operatingSystem
	mu     sync.Mutex
	calls  []string
	starts [][2]int64 // of write-behind
	at     int        // counted from 1; 0 for no fault
	sticky bool
	err    error
}

func (r *rig) call(name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, name)
	if n := len(r.calls); r.at > 0 && (n == r.at || r.sticky && n > r.at) {
		return r.err
	}
	return nil
}

// arm lets the at-th call from now on fail.
func (r *rig) arm(at int, sticky bool, err error) {
	r.calls, r.at, r.sticky, r.err = nil, at, sticky, err
}

func (r *rig) Create(name string) (file, error) {
	if err := r.call("create"); err != nil {
		return nil, err
	}
	f, err := r.operatingSystem.Create(name)
	if err != nil {
		return nil, err
	}
	return &rigFile{f, r, "file"}, nil
}

func (r *rig) Move(from, to string) error {
	if err := r.call("move"); err != nil {
		return err
	}
	return r.operatingSystem.Move(from, to)
}

func (r *rig) Remove(name string) error {
	if err := r.call("remove"); err != nil {
		return err
	}
	return r.operatingSystem.Remove(name)
}

func (r *rig) Mkdir(dir string) error {
	if err := r.call("mkdir"); err != nil {
		return err
	}
	return r.operatingSystem.Mkdir(dir)
}

func (r *rig) OpenDir(dir string) (syncer, error) {
	if err := r.call("opendir"); err != nil {
		return nil, err
	}
	d, err := r.operatingSystem.OpenDir(dir)
	if err != nil {
		return nil, err
	}
	return &rigFile{osFile{d.(*os.File)}, r, "dir"}, nil
}

// rigFile is a file or directory whose calls may fail. A write that fails has written half.
type rigFile struct {
	file
	r    *rig
	what string
}

func (f *rigFile) Write(p []byte) (int, error) {
	if err := f.r.call("write"); err != nil {
		n, _ := f.file.Write(p[:len(p)/2])
		return n, err
	}
	return f.file.Write(p)
}

func (f *rigFile) Sync() error {
	if err := f.r.call("sync " + f.what); err != nil {
		return err
	}
	return f.file.Sync()
}

func (f *rigFile) Start(off, n int64) {
	f.r.starts = append(f.r.starts, [2]int64{off, n})
	f.file.Start(off, n)
}

// Close closes also when it fails, as the system does. That of a directory opened for reading cannot matter.
func (f *rigFile) Close() error {
	err := f.file.Close()
	if f.what == "dir" {
		return err
	}
	return errors.Join(f.r.call("close "+f.what), err)
}

var protocol = []string{"create", "write", "write", "sync file", "close file", "opendir", "move", "sync dir"}

// body is two buffers of bytes.
func body() []byte { return bytes.Repeat([]byte("0123456789abcdef"), bufferSize/16*3/2) }

func TestPutFollowsTheProtocol(t *testing.T) {
	t.Parallel()
	r := &rig{}
	s := open(t, t.TempDir(), Options{system: r})
	r.arm(0, false, nil)
	if _, err := s.Put(t.Context(), "u/k", bytes.NewReader(body())); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.calls, protocol) {
		t.Errorf("Put calls %q, want %q", r.calls, protocol)
	}
	r.arm(0, false, nil)
	if err := s.Delete(t.Context(), "u/k"); err != nil {
		t.Fatal(err)
	}
	if want := []string{"opendir", "remove", "sync dir"}; !slices.Equal(r.calls, want) {
		t.Errorf("Delete calls %q, want %q", r.calls, want)
	}
}

func TestTheDiskWritesBehindALongPut(t *testing.T) {
	t.Parallel()
	r := &rig{}
	s := open(t, t.TempDir(), Options{system: r})
	put(t, s, "u/k", strings.Repeat("x", 5<<20))
	if want := [][2]int64{{0, 2 << 20}, {2 << 20, 2 << 20}}; !slices.Equal(r.starts, want) {
		t.Errorf("told of %v, want %v", r.starts, want)
	}
}

func TestAFailedPutLeavesNothing(t *testing.T) {
	t.Parallel()
	r := &rig{}
	s := open(t, t.TempDir(), Options{system: r})
	for n := range protocol {
		for _, errno := range []syscall.Errno{syscall.EIO, syscall.ENOSPC, syscall.EDQUOT, syscall.EMFILE} {
			t.Run(fmt.Sprintf("%s %d fails with %v", protocol[n], n+1, errno), func(t *testing.T) {
				before := keys(t, s)
				key := fmt.Sprintf("u/%d-%d", n, errno)
				r.arm(n+1, false, errno)
				_, err := s.Put(t.Context(), key, bytes.NewReader(body()))
				if want := dossier.KindOf(classify("", errno)); err == nil || dossier.KindOf(err) != want || !errors.Is(err, errno) {
					t.Errorf("Put: %v of kind %q, want %q", err, dossier.KindOf(err), want)
				}
				if i := slices.Index(r.calls, "sync file"); i >= 0 && slices.Contains(r.calls[i+1:], "sync file") {
					t.Errorf("fsync was tried again: %q", r.calls)
				}
				if got := staged(t, s); len(got) != 0 {
					t.Errorf("staging holds %q", got)
				}
				if got := keys(t, s); !slices.Equal(got, before) {
					t.Errorf("List = %q, was %q", got, before)
				}
				put(t, s, key, "cured")
			})
		}
	}
}

// A kill after call n is every call from n on failing, and the store opened anew.
func TestAKilledPutLeavesAllOrNothing(t *testing.T) {
	t.Parallel()
	want := body()
	for n := 1; n <= len(protocol)+1; n++ {
		t.Run(fmt.Sprintf("at call %d", n), func(t *testing.T) {
			r := &rig{}
			dir := t.TempDir()
			s := open(t, dir, Options{system: r})
			put(t, s, "u/before", "acknowledged")
			r.arm(n, true, syscall.EIO)
			_, err := s.Put(t.Context(), "u/k", bytes.NewReader(want))
			if (err == nil) != (n > len(protocol)) {
				t.Errorf("Put: %v", err)
			}
			s = open(t, dir, Options{})
			if got := staged(t, s); len(got) != 0 {
				t.Errorf("staging holds %q after reopen", got)
			}
			wantKeys := []string{"u/before"}
			if n >= len(protocol) { // the file was moved
				wantKeys = append(wantKeys, "u/k")
				if got, err := os.ReadFile(s.path("u/k")); err != nil || !bytes.Equal(got, want) {
					t.Errorf("the blob has %d bytes, %v", len(got), err)
				}
			}
			if got := keys(t, s); !slices.Equal(got, wantKeys) {
				t.Errorf("List = %q, want %q", got, wantKeys)
			}
			if got, _ := os.ReadFile(s.path("u/before")); string(got) != "acknowledged" {
				t.Errorf("an earlier blob holds %q", got)
			}
		})
	}
}

func TestAFailedReaderLeavesNoStagingFile(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), Options{})
	broken := io.MultiReader(bytes.NewReader(body()), breaks{})
	if _, err := s.Put(t.Context(), "u/k", broken); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("Put: %v", err)
	}
	if got := staged(t, s); len(got) != 0 {
		t.Errorf("staging holds %q", got)
	}
}

// breaks is a body that ends too early.
type breaks struct{}

func (breaks) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestADeleteThatFailsCanBeRepeated(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 3; n++ {
		r := &rig{}
		s := open(t, t.TempDir(), Options{system: r})
		put(t, s, "u/k", "x")
		r.arm(n, false, syscall.EIO)
		if err := s.Delete(t.Context(), "u/k"); !errors.Is(err, syscall.EIO) {
			t.Errorf("call %d: %v", n, err)
		}
		if err := s.Delete(t.Context(), "u/k"); err != nil {
			t.Errorf("call %d, again: %v", n, err)
		}
		if got := keys(t, s); len(got) != 0 {
			t.Errorf("call %d: List = %q", n, got)
		}
	}
}

// Open makes 83 directories and syncs them; every failure among the first and the last calls is reported, and the next Open finishes.
func TestAFailedOpenCanBeRepeated(t *testing.T) {
	t.Parallel()
	probe := &rig{}
	open(t, filepath.Join(t.TempDir(), "d"), Options{system: probe})
	total := len(probe.calls)
	for n := 1; n <= total; n++ {
		if n > 4 && n < total-4 { // one shard is like another
			continue
		}
		dir := filepath.Join(t.TempDir(), "d")
		if _, err := Open(dir, Options{system: &rig{at: n, sticky: true, err: syscall.ENOSPC}}); !errors.Is(err, dossier.Full) {
			t.Errorf("call %d (%s): %v", n, probe.calls[n-1], err)
		}
		put(t, open(t, dir, Options{}), "u/k", "x")
	}
}

func TestOpenReportsStagingItCannotClear(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir, Options{})
	left := filepath.Join(s.staging[0], strings.Repeat("0", 32)+partSuffix)
	if err := os.WriteFile(left, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, Options{system: failRemove{}}); !errors.Is(err, syscall.EIO) {
		t.Errorf("Open: %v", err)
	}
	open(t, dir, Options{})
	if got := staged(t, s); len(got) != 0 {
		t.Errorf("staging holds %q", got)
	}
}

type failRemove struct{ operatingSystem }

func (failRemove) Remove(string) error { return syscall.EIO }

func TestListReportsADirectoryItCannotRead(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), Options{})
	put(t, s, "u/k", "x")
	s.sys = failReadDir{}
	var got error
	for _, err := range s.List(t.Context(), "") {
		got = err
	}
	if !errors.Is(got, syscall.EIO) {
		t.Errorf("List: %v", got)
	}
}

type failReadDir struct{ operatingSystem }

func (failReadDir) ReadDir(string) iter.Seq2[fs.DirEntry, error] {
	return func(yield func(fs.DirEntry, error) bool) { yield(nil, syscall.EIO) }
}
