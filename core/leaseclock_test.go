package core_test

import (
	"strings"
	"testing"
	"time"

	"dossier"
	"dossier/access"
	"dossier/core"
	"dossier/store"
)

const day = 24 * time.Hour

// found is what FindUpload says of an upload.
func (h *house) found(u *dossier.Upload) dossier.Kind {
	_, err := h.FindUpload(ctx(), access.Guest(), u.ID)
	return dossier.KindOf(err)
}

// hours lets n hours pass, with a sweep in each as a server has it, and returns how many uploads they removed.
func (h *house) hours(n int) (removed int) {
	h.t.Helper()
	for range n {
		h.clock.Leap(time.Hour)
		removed += h.sweep().Uploads
	}
	return removed
}

// TestALeapAheadExpiresNothing lets the clock be ten years ahead for a while, at the start or while the server runs.
func TestALeapAheadExpiresNothing(t *testing.T) {
	t.Parallel()
	const decade = 3653 * day
	for _, restart := range []bool{false, true} {
		h := newHouse(t, docs())
		before := h.upload("before", "a")
		h.sweep()
		h.clock.Leap(decade)
		if restart {
			h.open()
		}
		if n := h.hours(20); n != 0 || h.found(before) != "" {
			t.Fatalf("restart %v: %d uploads expired because the clock leapt; %q", restart, n, h.found(before))
		}
		meanwhile := h.upload("meanwhile", "b")
		r := h.create("docs", values{"file": take(h.upload("dropped", "c"))})
		h.delete("docs", r)
		if n := h.sweep().Uploads; n != 1 {
			t.Errorf("restart %v: what was deleted waits for the clock: %d removed", restart, n)
		}
		if restart {
			h.open() // its doubt survives that
			h.sweep()
		}
		h.clock.Leap(-decade)
		if n := h.hours(52 - 1); n != 0 || h.found(before) != "" || h.found(meanwhile) != "" {
			t.Errorf("restart %v: after the clock was set right %d are gone; %q, %q", restart, n, h.found(before), h.found(meanwhile))
		}
		if n := h.hours(1); n != 1 || h.found(before) != dossier.NotFound {
			t.Errorf("restart %v: what began before the leap has not ended in its time: %d, %q", restart, n, h.found(before))
		}
		if n := h.hours(21); n != 1 || h.found(meanwhile) != dossier.NotFound { // the lease began anew when the clock was right
			t.Errorf("restart %v: what began meanwhile is kept: %d, %q", restart, n, h.found(meanwhile))
		}
		h.sound()
	}
}

// TestALeapBackExpiresNothing lets the clock be two days behind for some hours.
func TestALeapBackExpiresNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs())
	before := h.upload("before", "a")
	h.sweep()
	h.clock.Leap(-2 * day)
	if n := h.hours(5); n != 0 {
		t.Errorf("%d gone", n)
	}
	meanwhile := h.upload("meanwhile", "b")
	h.clock.Leap(2 * day)
	if n := h.hours(72 - 5 - 1); n != 0 || h.found(before) != "" || h.found(meanwhile) != "" {
		t.Errorf("%d are gone early; %q, %q", n, h.found(before), h.found(meanwhile))
	}
	if n := h.hours(6); n != 2 {
		t.Errorf("%d of 2 have ended in their time", n)
	}
}

// TestAClockThatGoesOnIsBelieved starts a server after a week, whose clock is right.
func TestAClockThatGoesOnIsBelieved(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs())
	old := h.upload("old", "a")
	h.sweep()
	h.clock.Leap(7 * day)
	h.open()
	if n := h.sweep().Uploads; n != 0 {
		t.Errorf("%d removed while the clock was doubted", n)
	}
	young := h.upload("young", "b")
	if n := h.hours(24); n != 1 || h.found(old) != dossier.NotFound || h.found(young) != "" {
		t.Errorf("after a day of doubt: %d removed; %q, %q", n, h.found(old), h.found(young))
	}
	h.clock.Leap(7 * day)
	h.open()
	report, err := h.CheckSpace(ctx(), false, true)
	h.must(err)
	if report.Uploads != 0 || h.found(young) != dossier.NotFound {
		t.Errorf("a repair has not taken the clock for right: %d uploads", report.Uploads)
	}
}

// TestBytesFromTheFutureAreSwept leaves a blob without a row by a clock that was ahead.
func TestBytesFromTheFutureAreSwept(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs())
	h.clock.Leap(3653 * day)
	id, err := dossier.NewFileID(strings.NewReader(strings.Repeat("x", 64)))
	h.must(err)
	_, err = h.blobs.Put(ctx(), string(id)+"/stray", strings.NewReader("bytes"))
	h.must(err)
	h.clock.Leap(-3653 * day)
	if swept := h.sweep(); swept != (core.Swept{Blobs: 1}) {
		t.Errorf("swept %+v", swept)
	}
}

// TestSettlingIsOneWrite has the lease clock's state where the next process finds it.
func TestSettlingIsOneWrite(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs())
	h.sweep()
	h.must(h.rows.View(ctx(), func(tx store.Tx) error {
		text, err := tx.Meta().Get(ctx(), "clock")
		if !strings.Contains(text, `"lease":"2026-11-21T08:30:00Z"`) {
			t.Errorf("kept is %q", text)
		}
		return err
	}))
}
