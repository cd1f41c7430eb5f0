package core

import (
	"context"
	"runtime"
	"sync"

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
	taken chan struct{}
	asked int // who have a turn or wait for one
}

// take waits for a turn of the client that key names; "" has one at once. Canceled if ctx ends before.
func (t *turns) take(ctx context.Context, key string) (free func(), err error) {
	if key == "" {
		return func() {}, nil
	}
	c := t.ask(key)
	select {
	case c.taken <- struct{}{}:
		return func() { <-c.taken; t.leave(key) }, nil
	case <-ctx.Done():
		t.leave(key)
		return nil, dossier.Errorf(dossier.Canceled, "wait to look for records: %w", context.Cause(ctx))
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
		c = &clientTurns{taken: make(chan struct{}, maxTurns)}
		t.by[key] = c
	}
	c.asked++
	return c
}

func (t *turns) leave(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.by[key]
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
