package blobtest_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"dossier"
	"dossier/blob"
	"dossier/blob/blobtest"
)

func TestMemory(t *testing.T) {
	blobtest.Run(t, func(*testing.T) blob.Store { return new(blobtest.Memory) })
}

func TestFaultyWithoutFaults(t *testing.T) {
	blobtest.Run(t, func(*testing.T) blob.Store {
		return blobtest.Faulty(new(blobtest.Memory), func(string, string) error { return nil })
	})
}

func TestMemoryTakesItsClock(t *testing.T) {
	then := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	m := &blobtest.Memory{Now: func() time.Time { return then }}
	if _, err := m.Put(t.Context(), "k", strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	if info, err := m.Stat(t.Context(), "k"); err != nil || !info.ModTime.Equal(then) {
		t.Errorf("Stat = %+v, %v; want time %v", info, err, then)
	}
}

// use makes one call of each kind and returns the first error.
func use(t *testing.T, s blob.Store) error {
	if _, err := s.Put(t.Context(), "k", strings.NewReader("bytes")); err != nil {
		return err
	}
	if _, err := s.Stat(t.Context(), "k"); err != nil {
		return err
	}
	r, err := s.Open(t.Context(), "k", 0, -1)
	if err != nil {
		return err
	}
	defer r.Close()
	if _, err := r.Read(make([]byte, 10)); err != nil {
		return err
	}
	for _, err := range s.List(t.Context(), "k") {
		if err != nil {
			return err
		}
	}
	return s.Delete(t.Context(), "k")
}

func TestFaultyAsksAtEveryMoment(t *testing.T) {
	var asked []string
	s := blobtest.Faulty(new(blobtest.Memory), func(op, key string) error {
		asked = append(asked, op+" "+key)
		return nil
	})
	if err := use(t, s); err != nil {
		t.Fatal(err)
	}
	want := []string{"put k", "stored k", "stat k", "open k", "read k", "list k", "delete k", "deleted k"}
	if !slices.Equal(asked, want) {
		t.Errorf("asked %q, want %q", asked, want)
	}
}

func TestNthFailsOneMoment(t *testing.T) {
	kept := []bool{false, true, true, true, true, true, true, false, false} // whether "k" is there after the n-th moment failed
	for i, want := range kept {
		m := new(blobtest.Memory)
		err := use(t, blobtest.Faulty(m, blobtest.Nth(int64(i+1), io.ErrClosedPipe)))
		if failed := i < 8; errors.Is(err, io.ErrClosedPipe) != failed {
			t.Errorf("moment %d: error %v", i+1, err)
		}
		_, err = m.Stat(t.Context(), "k")
		if got := !errors.Is(err, dossier.NotFound); got != want {
			t.Errorf("moment %d: kept %v, want %v", i+1, got, want)
		}
	}
}
