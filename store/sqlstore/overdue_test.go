package sqlstore

import (
	"context"
	"errors"
	"testing"
	"time"

	"dossier"
)

func TestTheLongestQueryEndsFirst(t *testing.T) {
	t.Parallel()
	var f findings
	f.endLongest(time.Now()) // there is none
	start := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	var all [3]context.Context
	var over [3]func()
	for i := range all {
		all[i], over[i] = f.begin(context.Background(), start.Add(time.Duration(2-i)*time.Second))
	}
	for i, want := range [][3]bool{{false, false, true}, {false, true, true}, {false, true, true}} {
		f.endLongest(start.Add(2 * time.Second)) // the first began no earlier
		for n, ctx := range all {
			if ended := errors.Is(context.Cause(ctx), errContended); ended != want[n] {
				t.Errorf("after %d were to end: query %d has ended: %v", i+1, n, ended)
			}
		}
	}
	for _, fn := range over {
		fn()
	}
	if len(f.all) != 0 || timedOut(all[0], errors.New("over")) == errContended || dossier.KindOf(timedOut(all[1], errors.New("cut off"))) != dossier.Busy {
		t.Errorf("%d queries are left; %v", len(f.all), timedOut(all[0], errors.New("over")))
	}
}
