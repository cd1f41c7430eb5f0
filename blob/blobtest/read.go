package blobtest

import (
	"bytes"
	"fmt"
	"io"
	"testing"
	"time"

	"dossier"
	"dossier/blob"
)

func missingKey(t *testing.T, s blob.Store) {
	put(t, s, "a/b", []byte("there"))
	for _, key := range []string{"a", "a/c", "a/b/c", "A/b", "b"} {
		mustMiss(t, s, key)
		_, err := s.Open(t.Context(), key, 1, 1)
		mustBe(t, "Open of a part of a missing key", err, dossier.NotFound)
		_, err = s.Open(t.Context(), key, 0, 0)
		mustBe(t, "Open of nothing of a missing key", err, dossier.NotFound)
		if err := s.Delete(t.Context(), key); err != nil {
			t.Errorf("Delete(%q), which is missing: %v", key, err)
		}
	}
	mustHold(t, s, "a/b", []byte("there"))
}

func ranges(t *testing.T, s blob.Store) {
	data := noise(4, 1000)
	put(t, s, "k", data)
	for _, c := range []struct{ off, n, from, to int64 }{
		{0, -1, 0, 1000}, {0, 0, 0, 0}, {0, 1, 0, 1}, {0, 1000, 0, 1000}, {0, 5000, 0, 1000},
		{1, -1, 1, 1000}, {10, 20, 10, 30}, {999, 1, 999, 1000}, {999, -1, 999, 1000}, {990, 20, 990, 1000},
		{1000, -1, 0, 0}, {1000, 1, 0, 0}, {5000, -1, 0, 0}, {5000, 10, 0, 0},
	} {
		name := fmt.Sprintf("Open(off %d, n %d)", c.off, c.n)
		got, err := read(t.Context(), s, "k", c.off, c.n)
		if err != nil || !bytes.Equal(got, data[c.from:c.to]) {
			t.Errorf("%s: %d bytes, %v; want bytes %d to %d", name, len(got), err, c.from, c.to)
		}
		copied(t, s, name, c.off, c.n, data[c.from:c.to])
	}
	_, err := s.Open(t.Context(), "k", -1, 1)
	mustBe(t, "Open(off -1)", err, dossier.Invalid)
}

// copied checks the range again as io.Copy takes it, after a first Read: a reader may have a WriteTo.
func copied(t *testing.T, s blob.Store, name string, off, n int64, want []byte) {
	t.Helper()
	r, err := s.Open(t.Context(), "k", off, n)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	head := make([]byte, min(3, len(want)))
	if _, err := io.ReadFull(r, head); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	rest := bytes.NewBuffer(head)
	if _, err := io.Copy(rest, r); err != nil || !bytes.Equal(rest.Bytes(), want) {
		t.Errorf("%s: Read then Copy gives %d bytes, %v; want %d", name, rest.Len(), err, len(want))
	}
}

func stat(t *testing.T, s blob.Store) {
	const slack = 5 * time.Second // between the clocks of the store and of the test
	before := time.Now().Add(-slack)
	put(t, s, "u/k", noise(5, 12345))
	info, err := s.Stat(t.Context(), "u/k")
	if err != nil {
		t.Fatal(err)
	}
	if info.Key != "u/k" || info.Size != 12345 {
		t.Errorf("Stat = %+v", info)
	}
	if info.ModTime.Before(before) || info.ModTime.After(time.Now().Add(slack)) {
		t.Errorf("ModTime %v is not the time of the Put", info.ModTime)
	}
	for listed, err := range s.List(t.Context(), "u/") {
		if err != nil || listed.Key != info.Key || listed.Size != info.Size || !listed.ModTime.Equal(info.ModTime) {
			t.Errorf("List yields %+v, %v; Stat %+v", listed, err, info)
		}
	}
}

func deleteBlob(t *testing.T, s blob.Store) {
	put(t, s, "u/a", []byte("a"))
	put(t, s, "u/b", []byte("b"))
	for range 2 {
		if err := s.Delete(t.Context(), "u/a"); err != nil {
			t.Fatal(err)
		}
		mustMiss(t, s, "u/a")
	}
	mustHold(t, s, "u/b", []byte("b"))
	put(t, s, "u/a", []byte("again"))
	mustHold(t, s, "u/a", []byte("again"))
}

func deleteWhileOpen(t *testing.T, s blob.Store) {
	data := noise(6, 3<<20)
	put(t, s, "k", data)
	for _, n := range []int64{-1, int64(len(data))} {
		r, err := s.Open(t.Context(), "k", 0, n)
		if err != nil {
			t.Fatal(err)
		}
		head := make([]byte, 10)
		if _, err := io.ReadFull(r, head); err != nil {
			t.Fatal(err)
		}
		if err := s.Delete(t.Context(), "k"); err != nil {
			t.Fatal(err)
		}
		put(t, s, "k", data)
		rest, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(append(head, rest...), data) {
			t.Errorf("the open reader gave %d bytes, %v; want the old %d", len(head)+len(rest), err, len(data))
		}
		r.Close()
	}
}
