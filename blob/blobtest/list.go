package blobtest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"dossier/blob"
)

// listed are keys whose order as text differs from that of their segments, file names or lengths.
var listed = []string{
	"-", "-/x", "0", "A", "Z/z", "_", "a", "a-", "a-b", "a/", "a/-", "a/0", "a/b", "a/b-c", "a/b/c", "a/b0", "a0", "a_", "aa", "ab/c", "b/1", "b/10", "b/2",
}

// putListed stores the valid ones of listed and returns them in order.
func putListed(t *testing.T, s blob.Store) []string {
	t.Helper()
	keys := slices.DeleteFunc(slices.Clone(listed), func(k string) bool { return blob.CheckKey(k) != nil })
	for i := range keys { // not in key order
		put(t, s, keys[(i*7)%len(keys)], []byte("x"))
	}
	slices.Sort(keys)
	return keys
}

func listOrder(t *testing.T, s blob.Store) {
	if got := list(t, s, ""); len(got) != 0 {
		t.Errorf("an empty store lists %q", got)
	}
	want := putListed(t, s)
	if got := list(t, s, ""); !slices.Equal(got, want) {
		t.Errorf("List = %q\nwant   %q", got, want)
	}
}

func listPrefix(t *testing.T, s blob.Store) {
	keys := putListed(t, s)
	for _, prefix := range []string{"a", "a/", "a/b", "a/b/", "a/b/c", "a/b/c/", "b/", "b/1", "-", "Z", "z", "/", "..", "../", "a\x00", "a,b", strings.Repeat("a", 300)} {
		want := []string{}
		for _, k := range keys {
			if strings.HasPrefix(k, prefix) {
				want = append(want, k)
			}
		}
		if got := list(t, s, prefix); !slices.Equal(got, want) {
			t.Errorf("List(%.20q) = %q\nwant %q", prefix, got, want)
		}
	}
}

func listStop(t *testing.T, s blob.Store) {
	keys := putListed(t, s)
	for n := 1; n < len(keys); n += 5 {
		var got []string
		for info, err := range s.List(t.Context(), "") {
			if err != nil {
				t.Fatal(err)
			}
			if got = append(got, info.Key); len(got) == n {
				break
			}
		}
		if !slices.Equal(got, keys[:n]) {
			t.Errorf("the first %d keys are %q, want %q", n, got, keys[:n])
		}
	}
}

func deleteWhileListed(t *testing.T, s blob.Store) {
	for i := range 30 {
		put(t, s, fmt.Sprintf("u%d/k", i), []byte("x"))
	}
	for info, err := range s.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Delete(t.Context(), info.Key); err != nil {
			t.Fatal(err)
		}
	}
	if got := list(t, s, ""); len(got) != 0 {
		t.Errorf("%q are left", got)
	}
}
