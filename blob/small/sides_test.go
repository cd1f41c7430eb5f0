package small

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"dossier"
	"dossier/blob"
	"dossier/blob/blobtest"
)

// sized is a blob of n bytes.
func sized(n int) []byte { return bytes.Repeat([]byte("0123456789abcde\n"), n/16+1)[:n] }

func put(t *testing.T, s blob.Store, key string, data []byte) {
	t.Helper()
	if n, err := s.Put(t.Context(), key, bytes.NewReader(data)); err != nil || n != int64(len(data)) {
		t.Fatalf("Put(%q) = %d, %v; want %d", key, n, err, len(data))
	}
}

func holds(t *testing.T, s blob.Store, key string, want []byte) {
	t.Helper()
	r, err := s.Open(t.Context(), key, 0, -1)
	if err != nil {
		t.Fatalf("Open(%q): %v", key, err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%q holds %d bytes, %v; want %d", key, len(got), err, len(want))
	}
}

// keys are what List yields under prefix.
func keys(t *testing.T, s blob.Store, prefix string) []string {
	t.Helper()
	var got []string
	for info, err := range s.List(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, info.Key)
	}
	return got
}

func mustBe(t *testing.T, what string, err error, k dossier.Kind) {
	t.Helper()
	if dossier.KindOf(err) != k {
		t.Errorf("%s: %v of kind %q, want %q", what, err, dossier.KindOf(err), k)
	}
}

func TestTheSizeDecidesOnTheSide(t *testing.T) {
	t.Parallel()
	big := new(blobtest.Memory)
	s := open(t, big, Options{})
	for _, size := range []int{0, 1, maxSize - 1, maxSize, maxSize + 1, maxSize + 2, 3*maxSize + 7} {
		for name, wrap := range map[string]func(io.Reader) io.Reader{
			"whole": func(r io.Reader) io.Reader { return r }, "with-EOF": iotest.DataErrReader, "halves": iotest.HalfReader,
		} {
			key, data := fmt.Sprintf("%d/%s", size, name), sized(size)
			if n, err := s.Put(t.Context(), key, wrap(bytes.NewReader(data))); err != nil || n != int64(size) {
				t.Fatalf("%s: %d, %v", key, n, err)
			}
			holds(t, s, key, data)
			if info, err := s.Stat(t.Context(), key); err != nil || info.Key != key || info.Size != int64(size) {
				t.Errorf("%s: Stat %+v, %v", key, info, err)
			}
			_, err := big.Stat(t.Context(), key)
			if isBig := !errors.Is(err, dossier.NotFound); isBig != (size > maxSize) {
				t.Errorf("%s lies with the big blobs: %v", key, isBig)
			}
		}
	}
}

func TestAKeyLiesOnOneSide(t *testing.T) {
	t.Parallel()
	big := new(blobtest.Memory)
	s := open(t, big, Options{})
	put(t, s, "small", sized(10))
	put(t, s, "big", sized(maxSize+1))
	for _, size := range []int{0, 11, maxSize + 2} {
		for _, key := range []string{"small", "big"} {
			_, err := s.Put(t.Context(), key, bytes.NewReader(sized(size)))
			mustBe(t, fmt.Sprintf("Put(%q) of %d bytes", key, size), err, dossier.Exists)
		}
	}
	holds(t, s, "small", sized(10))
	holds(t, s, "big", sized(maxSize+1))
	for _, key := range []string{"small", "big", "small"} {
		if err := s.Delete(t.Context(), key); err != nil {
			t.Fatal(err)
		}
		_, err := s.Stat(t.Context(), key)
		mustBe(t, "Stat of a deleted "+key, err, dossier.NotFound)
	}
	if left := keys(t, big, ""); len(left) != 0 {
		t.Errorf("the other store still has %q", left)
	}
	put(t, s, "small", sized(maxSize+1))
	put(t, s, "big", sized(10))
}

func TestOfConcurrentPutsOfAnySizeOneWins(t *testing.T) {
	t.Parallel()
	s := open(t, openDisk(t), Options{})
	for round := range 20 {
		key := fmt.Sprintf("contested/%d", round)
		var won atomic.Int64
		done := make(chan error, 8)
		for i := range 8 {
			size := maxSize - 3 + i
			dossier.Go(nil, "put", func() {
				n, err := s.Put(t.Context(), key, bytes.NewReader(sized(size)))
				if err == nil {
					won.Add(n)
				}
				done <- err
			})
		}
		wins := 0
		for range 8 {
			if err := <-done; err == nil {
				wins++
			} else if !errors.Is(err, dossier.Exists) {
				t.Error(err)
			}
		}
		if wins != 1 {
			t.Fatalf("%d won", wins)
		}
		holds(t, s, key, sized(int(won.Load())))
	}
}

func TestWaitingForAKeyEndsWithTheCaller(t *testing.T) {
	t.Parallel()
	s := open(t, new(blobtest.Memory), Options{})
	r, w := io.Pipe()
	first := make(chan error, 1)
	dossier.Go(nil, "put", func() {
		_, err := s.Put(t.Context(), "k", r)
		first <- err
	})
	if _, err := w.Write(sized(maxSize + 2)); err != nil { // more than it reads before it takes the key
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := s.Put(ctx, "k", strings.NewReader("second"))
	mustBe(t, "the second Put", err, dossier.Canceled)
	_ = w.CloseWithError(errors.New("broken"))
	if err := <-first; err == nil || !strings.Contains(err.Error(), "broken") {
		t.Errorf("the first Put: %v", err)
	}
	put(t, s, "k", []byte("third"))
}

func TestAReaderThatFailsAnywhereLeavesNothing(t *testing.T) {
	t.Parallel()
	s := open(t, openDisk(t), Options{})
	broken := errors.New("broken")
	for _, size := range []int{0, 1, maxSize - 1, maxSize, maxSize + 1, maxSize + 2, 5 * maxSize} {
		_, err := s.Put(t.Context(), "k", io.MultiReader(bytes.NewReader(sized(size)), iotest.ErrReader(broken)))
		if !errors.Is(err, broken) {
			t.Errorf("after %d bytes: %v", size, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		_, err = s.Put(ctx, "k", io.MultiReader(bytes.NewReader(sized(size)), cancels(cancel), strings.NewReader("more")))
		mustBe(t, fmt.Sprintf("canceled after %d bytes", size), err, dossier.Canceled)
		if got := keys(t, s, ""); len(got) != 0 {
			t.Errorf("after %d bytes: %q is left", size, got)
		}
	}
}

// cancels is a reader of one byte that cancels its caller.
type cancels context.CancelFunc

func (c cancels) Read(p []byte) (int, error) {
	c()
	return copy(p, "x"), nil
}

// mixed puts 2×n blobs, small ones and big ones in turns, and returns their keys in order.
func mixed(t *testing.T, s blob.Store, n int) []string {
	t.Helper()
	var all []string
	for i := range 2 * n {
		key := fmt.Sprintf("u%02d/%d", (i*5)%(2*n), i%3)
		put(t, s, key, sized(i%2*(maxSize+1)))
		all = append(all, key)
	}
	slices.Sort(all)
	return all
}

func TestListMergesBothSides(t *testing.T) {
	t.Parallel()
	for _, page := range []int{1, 2, 7, 14, 100} {
		s := open(t, new(blobtest.Memory), Options{page: page})
		want := mixed(t, s, 14)
		if got := keys(t, s, ""); !slices.Equal(got, want) {
			t.Errorf("pages of %d: %q, want %q", page, got, want)
		}
		want = slices.DeleteFunc(want, func(k string) bool { return !strings.HasPrefix(k, "u1") })
		if got := keys(t, s, "u1"); !slices.Equal(got, want) {
			t.Errorf("pages of %d: %q, want %q", page, got, want)
		}
		if rows, err := s.rows(t.Context(), "", ""); err != nil || len(rows) > page {
			t.Errorf("a page of %d has %d rows, %v", page, len(rows), err)
		}
	}
}

func TestListReportsTheErrorOfEitherSide(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	big := new(blobtest.Memory)
	s := open(t, blobtest.Faulty(big, func(op, _ string) error {
		if op == blobtest.OpList {
			return broken
		}
		return nil
	}), Options{})
	put(t, s, "k", nil)
	var got []error
	for _, err := range s.List(t.Context(), "") {
		got = append(got, err)
	}
	if len(got) != 1 || !errors.Is(got[0], broken) {
		t.Errorf("the other store's: %v", got)
	}
	s = open(t, big, Options{})
	put(t, s, "big", sized(maxSize+1))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	got = got[:0]
	for _, err := range s.List(t.Context(), "") {
		got = append(got, err)
	}
	if len(got) == 0 || got[len(got)-1] == nil {
		t.Errorf("the file's: %v", got)
	}
}

func TestFailuresOfTheOtherStoreAreReported(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	s := open(t, blobtest.Faulty(new(blobtest.Memory), func(op, key string) error {
		if key == "faulty" {
			return broken
		}
		return nil
	}), Options{})
	for _, size := range []int{1, maxSize + 1} {
		if _, err := s.Put(t.Context(), "faulty", bytes.NewReader(sized(size))); !errors.Is(err, broken) {
			t.Errorf("Put of %d bytes: %v", size, err)
		}
	}
	_, err := s.Open(t.Context(), "faulty", 0, -1)
	_, serr := s.Stat(t.Context(), "faulty")
	for _, err := range []error{err, serr, s.Delete(t.Context(), "faulty")} {
		if !errors.Is(err, broken) {
			t.Errorf("%v", err)
		}
	}
}

func TestModTimeIsTheClockOfTheStore(t *testing.T) {
	t.Parallel()
	then := time.Date(2001, 2, 3, 4, 5, 6, 789, time.UTC)
	s := open(t, new(blobtest.Memory), Options{Now: func() time.Time { return then }})
	put(t, s, "k", []byte("x"))
	if info, err := s.Stat(t.Context(), "k"); err != nil || !info.ModTime.Equal(then) {
		t.Errorf("%+v, %v", info, err)
	}
}

func TestAnOpenReaderOutlivesTheBlobAndTheStore(t *testing.T) {
	t.Parallel()
	s := open(t, new(blobtest.Memory), Options{})
	put(t, s, "k", []byte("0123456789"))
	r, err := s.Open(t.Context(), "k", 2, 5)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Delete(t.Context(), "k"), s.Close()); err != nil {
		t.Fatal(err)
	}
	seeker, ok := r.(io.ReadSeekCloser)
	if !ok {
		t.Fatal("the reader is no seeker")
	}
	if _, err := seeker.Seek(1, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(seeker); string(rest) != "3456" || err != nil {
		t.Errorf("%q, %v", rest, err)
	}
}

func TestBytesOfAnotherLengthAreNotServed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "small.db")
	s := openAt(t, path, new(blobtest.Memory), Options{})
	for key, damage := range map[string]string{
		"short": "UPDATE data SET bytes = x'00' WHERE id = (SELECT id FROM blobs WHERE key = 'short')",
		"long":  "UPDATE data SET bytes = x'000000' WHERE id = (SELECT id FROM blobs WHERE key = 'long')",
		"lost":  "DELETE FROM data WHERE id = (SELECT id FROM blobs WHERE key = 'lost')",
	} {
		put(t, s, key, []byte("xx"))
		c, err := connect(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(c.script(damage), c.Close()); err != nil {
			t.Fatal(err)
		}
		_, err = s.Open(t.Context(), key, 0, -1)
		mustBe(t, key, err, dossier.Internal)
	}
}
