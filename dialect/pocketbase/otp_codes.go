package pocketbase

import (
	"slices"
	"sync"
	"time"

	"dossier"
	"dossier/access"
)

// Bounds of one-time codes.
const (
	maxCodes     = 20_000 // that hold at a time
	maxCodesEach = 10     // for one email; past it the newest is named again
	maxTries     = 5      // for one email in triesWindow
	triesWindow  = 3 * time.Minute
)

// A code is one that was sent, or would have been if there were somebody with that email.
type code struct {
	asker              string // collection and email
	collection, record dossier.ID
	nobody             bool   // has the email
	mac                []byte // of what was sent
	tokenKey           string // of the account when it was sent
	sentTo             string // the email that it was sent to
	asked, ends        time.Time
}

// An asker is an email of a collection for which codes were asked.
type asker struct {
	ids   []string // of the codes, oldest first
	tries int
	since time.Time // the first of the tries
}

// isNew reports whether no guess counts any more: the window is over, or the clock was put back by more than it lasts.
func (a *asker) isNew(now time.Time) bool {
	gone := now.Sub(a.since)
	return gone >= triesWindow || gone <= -triesWindow
}

// codes are the one-time codes that hold, by ID, as long as the process lives. The zero codes is ready. Emails that nobody has are
// treated like all others, so that nothing tells the difference.
type codes struct {
	mu     sync.Mutex
	by     map[string]*code
	askers map[string]*asker
}

// add keeps c as id. Where the asker has too many codes it keeps nothing and returns the ID of the newest, and false. With too many codes
// of all it is dossier.Busy.
func (s *codes) add(id string, c *code, now time.Time) (string, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.by == nil {
		s.by, s.askers = map[string]*code{}, map[string]*asker{}
	}
	if s.full() {
		s.sweep(func(c *code) bool { return now.Before(c.ends) }, now)
	}
	if s.full() { // strangers cannot keep users out by asking for many
		s.sweep(func(c *code) bool { return now.Before(c.ends) && !c.nobody }, now)
	}
	if s.full() {
		return "", false, dossier.Errorf(dossier.Busy, "%d one-time codes are out", maxCodes)
	}
	a := s.askers[c.asker]
	if a == nil {
		a = &asker{}
		s.askers[c.asker] = a
	}
	s.keep(a, func(c *code) bool { return now.Before(c.ends) })
	if len(a.ids) >= maxCodesEach {
		return a.ids[len(a.ids)-1], false, nil
	}
	a.ids, s.by[id] = append(a.ids, id), c
	return id, true, nil
}

// try is the code id of the collection, for one guess: NotFound if there is none, Busy after too many guesses for its email.
func (s *codes) try(id string, collection dossier.ID, now time.Time) (*code, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.by[id]
	if c == nil || c.collection != collection || !now.Before(c.ends) {
		return nil, dossier.Errorf(dossier.NotFound, "no such one-time code")
	}
	a := s.askers[c.asker]
	if a.isNew(now) {
		a.tries, a.since = 0, now
	}
	if a.tries >= maxTries {
		return nil, dossier.Errorf(dossier.Busy, "too many guesses of a one-time code")
	}
	a.tries++
	return c, nil
}

// of are the codes that hold and were sent, by ID: those of who, all for a superuser.
func (s *codes) of(who access.Principal, now time.Time) map[string]code {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := map[string]code{}
	for id, c := range s.by {
		own := who.Collection != nil && c.collection == who.Collection.ID && c.record == who.ID
		if !c.nobody && now.Before(c.ends) && (own || who.IsSuper()) {
			found[id] = *c
		}
	}
	return found
}

// take ends the code and the count of guesses for its email; false if it has ended before.
func (s *codes) take(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.end(id)
	if a == nil {
		return false
	}
	a.tries = 0
	return true
}

// drop ends the code, unless it has ended before.
func (s *codes) drop(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end(id)
}

// end forgets the code and returns who asked for it, nil if there is none.
func (s *codes) end(id string) *asker {
	c := s.by[id]
	if c == nil {
		return nil
	}
	a := s.askers[c.asker]
	delete(s.by, id)
	a.ids = slices.DeleteFunc(a.ids, func(other string) bool { return other == id })
	return a
}

func (s *codes) full() bool { return len(s.by) >= maxCodes || len(s.askers) >= maxCodes }

// sweep forgets all codes but the good ones, and the askers about whom nothing is left to know.
func (s *codes) sweep(good func(*code) bool, now time.Time) {
	for key, a := range s.askers {
		if s.keep(a, good); len(a.ids) == 0 && a.isNew(now) {
			delete(s.askers, key)
		}
	}
}

// keep forgets all codes of a but the good ones.
func (s *codes) keep(a *asker, good func(*code) bool) {
	kept := a.ids[:0]
	for _, id := range a.ids {
		if good(s.by[id]) {
			kept = append(kept, id)
		} else {
			delete(s.by, id)
		}
	}
	a.ids = kept
}
