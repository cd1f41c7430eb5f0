package blobtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"dossier"
	"dossier/blob"
)

func putAndRead(t *testing.T, s blob.Store) {
	put(t, s, "upload1/chunk1", []byte("hello"))
	put(t, s, "plain", []byte("no separator"))
	mustHold(t, s, "upload1/chunk1", []byte("hello"))
	mustHold(t, s, "plain", []byte("no separator"))
}

func emptyBlob(t *testing.T, s blob.Store) {
	put(t, s, "empty", nil)
	mustHold(t, s, "empty", nil)
	info, err := s.Stat(t.Context(), "empty")
	if err != nil || info.Size != 0 {
		t.Errorf("Stat = %+v, %v; want size 0", info, err)
	}
}

func largeBlob(t *testing.T, s blob.Store) {
	data := noise(1, 8<<20+13)
	put(t, s, "large", data)
	r, err := s.Open(t.Context(), "large", 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	h := sha256.New()
	if n, err := io.Copy(h, r); err != nil || n != int64(len(data)) {
		t.Fatalf("read %d bytes, %v; want %d", n, err, len(data))
	}
	if want := sha256.Sum256(data); !bytes.Equal(h.Sum(nil), want[:]) {
		t.Error("the bytes changed")
	}
}

func oddPieces(t *testing.T, s blob.Store) {
	data := noise(2, 100_000)
	for name, r := range map[string]io.Reader{
		"one":      iotest.OneByteReader(bytes.NewReader(data)),
		"half":     iotest.HalfReader(bytes.NewReader(data)),
		"with-eof": iotest.DataErrReader(bytes.NewReader(data)),
	} {
		if n, err := s.Put(t.Context(), name, r); err != nil || n != int64(len(data)) {
			t.Fatalf("Put(%q) = %d, %v", name, n, err)
		}
		mustHold(t, s, name, data)
	}
}

func existingKey(t *testing.T, s blob.Store) {
	put(t, s, "a/b", []byte("old"))
	_, err := s.Put(t.Context(), "a/b", strings.NewReader("new"))
	mustBe(t, "Put on a key that exists", err, dossier.Exists)
	mustHold(t, s, "a/b", []byte("old"))
}

func similarKeys(t *testing.T, s blob.Store) {
	keys := []string{"ab", "aB", "a/b", "a-b", "a_b", "a/b/c", "a"}
	for _, k := range keys {
		put(t, s, k, []byte(k))
	}
	for _, k := range keys {
		mustHold(t, s, k, []byte(k))
	}
}

func longestKey(t *testing.T, s blob.Store) {
	key := strings.Repeat("k/", 99) + "kk"
	put(t, s, key, []byte("long"))
	mustHold(t, s, key, []byte("long"))
	if got := list(t, s, ""); !slices.Equal(got, []string{key}) {
		t.Errorf("List = %q", got)
	}
}

func badKeys(t *testing.T, s blob.Store) {
	bad := []string{"", ".", "..", "/", "/a", "a/", "a//b", "../a", "a/../b", "a/./b", "a\x00b", "a b", "a.b", "a,b", "a\\b", "a:b", "a%2fb",
		"é", "a\nb", "~", "*", "\xff", strings.Repeat("k", 201)}
	for _, key := range bad {
		_, err := s.Put(t.Context(), key, strings.NewReader("x"))
		mustBe(t, fmt.Sprintf("Put(%.20q)", key), err, dossier.Invalid)
		_, err = s.Open(t.Context(), key, 0, -1)
		mustBe(t, fmt.Sprintf("Open(%.20q)", key), err, dossier.Invalid)
		_, err = s.Stat(t.Context(), key)
		mustBe(t, fmt.Sprintf("Stat(%.20q)", key), err, dossier.Invalid)
		mustBe(t, fmt.Sprintf("Delete(%.20q)", key), s.Delete(t.Context(), key), dossier.Invalid)
	}
	if got := list(t, s, ""); len(got) != 0 {
		t.Errorf("List = %q after bad keys only", got)
	}
}

// errReader is what the suite's readers fail with.
var errReader = errors.New("the reader failed")

func failingReader(t *testing.T, s blob.Store) {
	for _, size := range []int{0, 1, 300_000, 5 << 20} {
		r := io.MultiReader(bytes.NewReader(noise(3, size)), iotest.ErrReader(errReader))
		if _, err := s.Put(t.Context(), "k", r); !errors.Is(err, errReader) {
			t.Errorf("after %d bytes: error %v does not wrap the reader's", size, err)
		}
		mustMiss(t, s, "k")
	}
	_, err := s.Put(t.Context(), "k", iotest.ErrReader(dossier.TooLarge))
	mustBe(t, "Put from a reader with a kind", err, dossier.TooLarge)
	_, err = s.Put(t.Context(), "k", iotest.ErrReader(io.ErrUnexpectedEOF))
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a body that broke off: %v", err)
	}
	put(t, s, "k", []byte("the key is still free"))
}

// stuck is a reader that returns neither bytes nor an error.
type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

func stuckReader(t *testing.T, s blob.Store) {
	if _, err := s.Put(t.Context(), "k", stuck{}); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("error %v, want io.ErrNoProgress", err)
	}
	mustMiss(t, s, "k")
}

// readFunc is a reader made of a function.
type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

func canceledPut(t *testing.T, s blob.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	left := 20
	endless := readFunc(func(p []byte) (int, error) {
		if left--; left == 0 {
			cancel()
		}
		return len(p), nil
	})
	_, err := s.Put(ctx, "k", endless)
	mustBe(t, "Put canceled on the way", err, dossier.Canceled)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v does not wrap context.Canceled", err)
	}
	mustMiss(t, s, "k")
}

func canceledCalls(t *testing.T, s blob.Store) {
	put(t, s, "k", []byte("here"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Put(ctx, "other", strings.NewReader("x"))
	mustBe(t, "Put", err, dossier.Canceled)
	_, err = s.Open(ctx, "k", 0, -1)
	mustBe(t, "Open", err, dossier.Canceled)
	_, err = s.Stat(ctx, "k")
	mustBe(t, "Stat", err, dossier.Canceled)
	mustBe(t, "Delete", s.Delete(ctx, "k"), dossier.Canceled)
	err = nil
	for _, e := range s.List(ctx, "") {
		err = e
	}
	mustBe(t, "List", err, dossier.Canceled)
	mustHold(t, s, "k", []byte("here"))
	mustMiss(t, s, "other")
}

func concurrentPuts(t *testing.T, s blob.Store) {
	const writers = 16
	var winner atomic.Int64
	var wins, losses atomic.Int64
	each(writers, func(i int) {
		_, err := s.Put(t.Context(), "contested", bytes.NewReader(noise(uint64(i), 10_000)))
		if err == nil {
			wins.Add(1)
			winner.Store(int64(i))
		} else if errors.Is(err, dossier.Exists) {
			losses.Add(1)
		} else {
			t.Errorf("writer %d: %v", i, err)
		}
	})
	if wins.Load() != 1 || losses.Load() != writers-1 {
		t.Fatalf("%d won, %d lost; want 1 and %d", wins.Load(), losses.Load(), writers-1)
	}
	mustHold(t, s, "contested", noise(uint64(winner.Load()), 10_000))
}

func manyPuts(t *testing.T, s blob.Store) {
	const writers, blobs = 8, 10
	each(writers, func(w int) {
		for i := range blobs {
			key := fmt.Sprintf("w%d/b%d", w, i)
			if _, err := s.Put(t.Context(), key, strings.NewReader(key)); err != nil {
				t.Errorf("Put(%q): %v", key, err)
			}
		}
	})
	keys := list(t, s, "")
	if len(keys) != writers*blobs {
		t.Fatalf("List yields %d keys, want %d", len(keys), writers*blobs)
	}
	for _, key := range keys {
		mustHold(t, s, key, []byte(key))
	}
}

// each calls fn(0) … fn(n-1) at the same time and waits for all.
func each(n int, fn func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Add(1)
		dossier.Go(nil, "blobtest", func() {
			defer wg.Done()
			fn(i)
		})
	}
	wg.Wait()
}
