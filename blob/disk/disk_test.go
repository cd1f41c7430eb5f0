package disk

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"dossier"
	"dossier/blob"
	"dossier/blob/blobtest"
)

func TestConformance(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blob.Store { return open(t, t.TempDir(), Options{}) })
}

func open(t *testing.T, dir string, o Options) *Store {
	t.Helper()
	s, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func put(t *testing.T, s *Store, key, data string) {
	t.Helper()
	if _, err := s.Put(t.Context(), key, strings.NewReader(data)); err != nil {
		t.Fatalf("Put(%q): %v", key, err)
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	list := []string{}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// staged are the files in staging.
func staged(t *testing.T, s *Store) []string {
	t.Helper()
	list := []string{}
	for _, dir := range names(t, filepath.Join(s.dir, "staging")) {
		list = append(list, names(t, filepath.Join(s.dir, "staging", dir))...)
	}
	return list
}

func keys(t *testing.T, s *Store) []string {
	t.Helper()
	list := []string{}
	for info, err := range s.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, info.Key)
	}
	return list
}

func TestOpenMakesTheTree(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "not", "there")
	s := open(t, dir, Options{})
	if got := names(t, dir); !slices.Equal(got, []string{"blobs", "staging"}) {
		t.Errorf("the directory holds %q", got)
	}
	if got := names(t, filepath.Join(dir, "blobs")); len(got) != 64 || got[0] != "00" || got[63] != "3f" {
		t.Errorf("%d shards: %q", len(got), got)
	}
	put(t, s, "u/k", "x")
	for path, want := range map[string]os.FileMode{dir: 0o700, s.staging[0]: 0o700, filepath.Dir(s.path("u/k")): 0o700, s.path("u/k"): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: mode %v, %v; want %v", path, info.Mode(), err, want)
		}
	}
}

func TestBlobsStayAfterReopen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, open(t, dir, Options{}), "u/k", "bytes")
	r, err := open(t, dir, Options{}).Open(t.Context(), "u/k", 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); string(got) != "bytes" || err != nil {
		t.Errorf("read %q, %v", got, err)
	}
}

func TestListIsTheSameInPagesOfAnySize(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), Options{})
	want := []string{}
	for i := range 23 {
		key := fmt.Sprintf("u%d/%d", i%7, i)
		put(t, s, key, "x")
		want = append(want, key)
	}
	slices.Sort(want)
	for _, s.page = range []int{1, 2, 3, 11, 12, 22, 23, 24, pageSize} {
		if got := keys(t, s); !slices.Equal(got, want) {
			t.Errorf("in pages of %d: %q\nwant %q", s.page, got, want)
		}
	}
}

// The layout on disk outlives the program that wrote it: a changed path is a lost blob.
func TestPathsAreForever(t *testing.T) {
	t.Parallel()
	s := &Store{dir: "d"}
	for key, want := range map[string]string{
		"k":                "d/blobs/1d/k.blob",
		"0123abcd/9":       "d/blobs/0f/0123abcd,9.blob",
		"0123abcd/t-1_a/x": "d/blobs/0f/0123abcd,t-1_a,x.blob",
	} {
		if got := filepath.ToSlash(s.path(key)); got != want {
			t.Errorf("path of %q is %q, want %q", key, got, want)
		}
	}
}

func TestForeignFilesAreLeftAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir, Options{})
	put(t, s, "u/k", "x")
	shard := filepath.Dir(s.path("u/k"))
	elsewhere := filepath.Dir(s.path("w/k"))
	foreign := []string{
		filepath.Join(dir, "README"),
		filepath.Join(dir, "blobs", "README"),
		filepath.Join(dir, "staging", "notes.txt"),
		filepath.Join(s.staging[0], "notes.txt"),
		filepath.Join(shard, "u"),
		filepath.Join(shard, "lost+found"),
		filepath.Join(shard, ".blob"),
		filepath.Join(shard, "u,,k.blob"),
		filepath.Join(elsewhere, "u,k.blob"), // a blob's name in the wrong shard
	}
	for _, name := range foreign {
		if err := os.WriteFile(name, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	link := s.path("u/link")
	if err := os.Symlink(foreign[0], link); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(s.path("u/dir"), 0o700); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, Options{})
	if got := keys(t, s); !slices.Equal(got, []string{"u/k"}) {
		t.Errorf("List = %q", got)
	}
	for _, name := range append(foreign, link, s.path("u/dir")) {
		if _, err := os.Lstat(name); err != nil {
			t.Error(err)
		}
	}
	for _, key := range []string{"u/link", "u/dir"} {
		if _, err := s.Stat(t.Context(), key); !errors.Is(err, dossier.NotFound) {
			t.Errorf("Stat(%q): %v", key, err)
		}
	}
	if _, err := s.Open(t.Context(), "u/dir", 0, -1); !errors.Is(err, dossier.NotFound) {
		t.Errorf("Open of a directory: %v", err)
	}
}

func TestWholeBlobsAreFiles(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), Options{})
	put(t, s, "k", "0123456789")
	r, err := s.Open(t.Context(), "k", 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, ok := r.(*os.File); !ok {
		t.Errorf("Open gives a %T", r)
	}
}

// readerFrom notes what io.Copy hands to a connection.
type readerFrom struct {
	bytes.Buffer
	src io.Reader
}

func (w *readerFrom) ReadFrom(r io.Reader) (int64, error) {
	w.src = r
	return w.Buffer.ReadFrom(r)
}

func TestRangesReachTheSocketAsFiles(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), Options{})
	put(t, s, "k", "0123456789")
	r, err := s.Open(t.Context(), "k", 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var w readerFrom
	if _, err := io.Copy(&w, r); err != nil || w.String() != "234" {
		t.Errorf("copied %q, %v", w.String(), err)
	}
	limited, ok := w.src.(*io.LimitedReader)
	if !ok {
		t.Fatalf("the connection is handed a %T", w.src)
	}
	if _, ok := limited.R.(*os.File); !ok {
		t.Errorf("the limited reader reads a %T", limited.R)
	}
}

func TestAVanishedDirectoryIsNotMissingBlobs(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	s := open(t, dir, Options{})
	put(t, s, "u/k", "x")
	if err := os.Rename(dir, dir+"-away"); err != nil {
		t.Fatal(err)
	}
	_, statErr := s.Stat(t.Context(), "u/k")
	_, openErr := s.Open(t.Context(), "u/k", 0, -1)
	_, putErr := s.Put(t.Context(), "u/l", strings.NewReader("x"))
	var listErr error
	for _, err := range s.List(t.Context(), "") {
		listErr = err
	}
	for call, err := range map[string]error{
		"Stat": statErr, "Open": openErr, "Put": putErr, "List": listErr, "Delete": s.Delete(t.Context(), "u/k"),
	} {
		if err == nil || dossier.KindOf(err) != dossier.Internal {
			t.Errorf("%s: error %v of kind %q, want an internal one", call, err, dossier.KindOf(err))
		}
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("an empty tree was made")
	}
	if err := os.Rename(dir+"-away", dir); err != nil {
		t.Fatal(err)
	}
	put(t, s, "u/l", "back")
}

func TestMoveByLinkDoesNotReplace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	os.WriteFile(from, []byte("new"), 0o600)
	if err := moveByLink(from, to); err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); !slices.Equal(got, []string{"to"}) {
		t.Errorf("after the move: %q", got)
	}
	os.WriteFile(from, []byte("newer"), 0o600)
	for name, m := range map[string]func(string, string) error{"link": moveByLink, "rename": move} {
		if err := m(from, to); !errors.Is(err, os.ErrExist) {
			t.Errorf("%s over a file: %v", name, err)
		}
	}
	if got, _ := os.ReadFile(to); string(got) != "new" {
		t.Errorf("the file was replaced by %q", got)
	}
}

func TestFaultsHaveKinds(t *testing.T) {
	t.Parallel()
	for errno, want := range map[syscall.Errno]dossier.Kind{
		syscall.ENOSPC: dossier.Full, syscall.EDQUOT: dossier.Full, syscall.EFBIG: dossier.TooLarge,
		syscall.EMFILE: dossier.Busy, syscall.ENFILE: dossier.Busy, syscall.EEXIST: dossier.Exists,
		syscall.EIO: dossier.Internal, syscall.EROFS: dossier.Internal, syscall.EACCES: dossier.Internal, syscall.ENOENT: dossier.Internal,
	} {
		err := classify("write blob", &os.PathError{Op: "write", Path: "/secret/place", Err: errno})
		if got := dossier.KindOf(err); got != want {
			t.Errorf("%v: kind %q, want %q", errno, got, want)
		}
		if !errors.Is(err, errno) {
			t.Errorf("%v is not in %v", errno, err)
		}
		var e *dossier.Error
		if errors.As(err, &e) && strings.Contains(e.Msg, "secret") {
			t.Errorf("%v: the sentence %q names a path", errno, e.Msg)
		}
	}
	if err := classify("write blob", nil); err != nil {
		t.Errorf("no error became %v", err)
	}
}
