package core

import (
	"context"
	"runtime"
	"sync"
	"time"

	"dossier"
	"dossier/access"
)

// maxTurns is how many lists one client may have looked for at a time: about half of what a store looks for at a time.
var maxTurns = max(2, (runtime.NumCPU()+2)/2)

// turns lets clients have some lists looked for at a time each, so that whoever asks for many that take long waits for themselves and
// not everybody else for them. The zero turns is ready.
type turns struct {
	mu sync.Mutex
	by map[string]*clientTurns
}

// clientTurns are those of one client.
type clientTurns struct {
	taken   chan struct{}
	asked   int // who have a turn or wait for one
	running map[*turn]bool
}

// A turn is one list that is looked for.
type turn struct {
	since time.Time
	end   context.CancelCauseFunc
}

// Whoever has waited impatience for a turn, again and again, ends the client's list that has been looked for longest, if it has had fairTime.
const (
	impatience = 500 * time.Millisecond
	fairTime   = 5 * time.Second
)

// errGaveWay ends a list for which others of the same client wait.
var errGaveWay = dossier.Errorf(dossier.Busy, "looking takes too long while others wait: ask for less, or later")

// take waits for a turn of the client that key names, and returns the context to look with; "" has one at once. Canceled if ctx ends before.
func (t *turns) take(ctx context.Context, key string, now func() time.Time) (within context.Context, free func(), err error) {
	if key == "" {
		return ctx, func() {}, nil
	}
	c := t.ask(key)
	if err := t.wait(ctx, c, now); err != nil {
		t.leave(key, nil)
		return nil, nil, err
	}
	within, end := context.WithCancelCause(ctx)
	mine := &turn{now(), end}
	t.run(c, mine)
	return within, func() { end(nil); <-c.taken; t.leave(key, mine) }, nil
}

func (t *turns) wait(ctx context.Context, c *clientTurns, now func() time.Time) error {
	select {
	case c.taken <- struct{}{}:
		return nil
	default:
	}
	impatient := time.NewTicker(impatience)
	defer impatient.Stop()
	for {
		select {
		case c.taken <- struct{}{}:
			return nil
		case <-ctx.Done():
			return dossier.Errorf(dossier.Canceled, "wait to look for records: %w", context.Cause(ctx))
		case <-impatient.C:
			t.endLongest(c, now().Add(-fairTime))
		}
	}
}

func (t *turns) run(c *clientTurns, mine *turn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c.running[mine] = true
}

// endLongest ends the list of a client that has been looked for longest, if that began before latest.
func (t *turns) endLongest(c *clientTurns, latest time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var longest *turn
	for one := range c.running {
		if one.since.Before(latest) && (longest == nil || one.since.Before(longest.since)) {
			longest = one
		}
	}
	if longest != nil {
		delete(c.running, longest) // it ends, and the next one is another
		longest.end(errGaveWay)
	}
}

func (t *turns) ask(key string) *clientTurns {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.by[key]
	if c == nil {
		if t.by == nil {
			t.by = map[string]*clientTurns{}
		}
		c = &clientTurns{taken: make(chan struct{}, maxTurns), running: map[*turn]bool{}}
		t.by[key] = c
	}
	c.asked++
	return c
}

func (t *turns) leave(key string, mine *turn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.by[key]
	delete(c.running, mine)
	if c.asked--; c.asked == 0 {
		delete(t.by, key)
	}
}

// clientOf names the client that who is, by which turns are given: guests and users are where they come from, as anybody may sign up;
// where that is not known, and for all others, it is who they are. The server itself is none.
func (s *Service) clientOf(who access.Principal) string {
	if who.Kind == access.KindSystem {
		return ""
	}
	if who.IsGuest() || who.Kind == access.KindUser {
		if place := s.place(who.Request.Remote); place != "" {
			return place
		}
	}
	return string(who.Kind) + ":" + string(who.ID)
}
