// Package blobtest holds what every blob.Store must pass, Run; a Store in memory, Memory; and a wrapper that lets calls fail, Faulty.
// Here: the contract of blob.Store as tests. Not here: what one implementation promises beyond it (its own tests).
package blobtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"dossier"
	"dossier/blob"
)

// Run runs the conformance suite. open returns a new, empty Store, which Run closes.
func Run(t *testing.T, open func(t *testing.T) blob.Store) {
	cases := []struct {
		name string
		run  func(t *testing.T, s blob.Store)
	}{
		{"a blob reads back as it was put", putAndRead},
		{"an empty blob is a blob", emptyBlob},
		{"a blob of 8 MiB keeps its bytes", largeBlob},
		{"pieces of any size make one blob", oddPieces},
		{"a key is taken once", existingKey},
		{"keys differ by case and by separator", similarKeys},
		{"the longest key works", longestKey},
		{"a bad key is Invalid in every call", badKeys},
		{"a missing key is NotFound", missingKey},
		{"a range is the bytes it names", ranges},
		{"Stat tells size and time", stat},
		{"a deleted blob is gone and its key free", deleteBlob},
		{"an open reader survives Delete", deleteWhileOpen},
		{"a failing reader leaves nothing", failingReader},
		{"a reader without progress leaves nothing", stuckReader},
		{"a canceled context leaves nothing", canceledPut},
		{"a canceled context ends every call", canceledCalls},
		{"of concurrent puts of one key exactly one wins", concurrentPuts},
		{"concurrent puts of many keys all stay", manyPuts},
		{"List is ordered by key", listOrder},
		{"List keeps to its prefix", listPrefix},
		{"List stops when told", listStop},
		{"blobs may be deleted while listed", deleteWhileListed},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			t.Cleanup(func() {
				if err := s.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			})
			c.run(t, s)
		})
	}
}

// put stores data under key and fails the test if it cannot.
func put(t *testing.T, s blob.Store, key string, data []byte) {
	t.Helper()
	n, err := s.Put(t.Context(), key, bytes.NewReader(data))
	if err != nil {
		t.Fatalf("Put(%q): %v", key, err)
	}
	if n != int64(len(data)) {
		t.Fatalf("Put(%q) = %d bytes, want %d", key, n, len(data))
	}
}

// read returns n bytes of key from off.
func read(ctx context.Context, s blob.Store, key string, off, n int64) ([]byte, error) {
	r, err := s.Open(ctx, key, off, n)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(r)
	return data, errors.Join(err, r.Close())
}

// mustHold fails the test unless key holds data.
func mustHold(t *testing.T, s blob.Store, key string, data []byte) {
	t.Helper()
	got, err := read(t.Context(), s, key, 0, -1)
	if err != nil {
		t.Fatalf("read %q: %v", key, err)
	}
	if !bytes.Equal(got, data) {
		t.Fatalf("%q holds %d bytes %.40q, want %d bytes %.40q", key, len(got), got, len(data), data)
	}
}

// mustMiss fails the test unless no call finds key.
func mustMiss(t *testing.T, s blob.Store, key string) {
	t.Helper()
	_, err := s.Stat(t.Context(), key)
	mustBe(t, "Stat of a missing key", err, dossier.NotFound)
	_, err = s.Open(t.Context(), key, 0, -1)
	mustBe(t, "Open of a missing key", err, dossier.NotFound)
	for _, k := range list(t, s, "") {
		if k == key {
			t.Errorf("List yields the missing key %q", key)
		}
	}
}

// mustBe fails the test unless err is of kind k.
func mustBe(t *testing.T, what string, err error, k dossier.Kind) {
	t.Helper()
	if err == nil || dossier.KindOf(err) != k {
		t.Errorf("%s: error %v of kind %q, want kind %q", what, err, dossier.KindOf(err), k)
	}
}

// list returns the keys under prefix.
func list(t *testing.T, s blob.Store, prefix string) []string {
	t.Helper()
	keys := []string{}
	for info, err := range s.List(t.Context(), prefix) {
		if err != nil {
			t.Fatalf("List(%q): %v", prefix, err)
		}
		keys = append(keys, info.Key)
	}
	return keys
}

// noise is n bytes that do not compress, the same for the same seed.
func noise(seed uint64, n int) []byte {
	data := make([]byte, n)
	src := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
	src.Read(data)
	return data
}
