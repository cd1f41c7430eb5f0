package core

import (
	"crypto/sha256"
	"net/netip"
	"strings"
	"sync"
	"time"

	"dossier/access"
)

// The limits of wrong passwords.
const (
	maxLogin      = 320 // bytes of the longest login
	maxAttempts   = 10  // for one login, and for one account
	maxFromPlace  = 100 // from one place
	attemptWindow = time.Minute
	maxRemembered = 100_000 // logins, or places, that are remembered for a window
)

// Attempts counts failures by key, a login or an address, whatever the case of its letters: after Max of them within Window of the first
// the key is refused until Window is over. At most some hundred thousand keys are remembered; where there are more, it refuses those that
// it cannot remember rather than forget the others. Safe for concurrent use.
type Attempts struct {
	Max    int
	Window time.Duration

	mu      sync.Mutex
	now     map[attemptKey]attempt // of this window
	before  map[attemptKey]attempt // of the one before
	started time.Time              // when this window began
}

// attemptKey is a hash, so that no key is larger than another.
type attemptKey [16]byte

type attempt struct {
	since time.Time
	count int
}

func keyOfAttempt(text string) (key attemptKey) {
	sum := sha256.Sum256([]byte(strings.ToLower(text)))
	copy(key[:], sum[:])
	return key
}

// Allowed reports whether there were fewer than Max failures.
func (a *Attempts) Allowed(key string, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.turn(now)
	t, known := a.find(keyOfAttempt(key), now)
	if !known {
		return len(a.now) < maxRemembered
	}
	return t.count < a.Max
}

// Failed counts one failure.
func (a *Attempts) Failed(key string, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.turn(now)
	k := keyOfAttempt(key)
	t, known := a.find(k, now)
	if !known {
		t.since = now
	}
	t.count++
	if _, here := a.now[k]; here || len(a.now) < maxRemembered {
		a.now[k] = t
		delete(a.before, k)
	} else if known {
		a.before[k] = t
	}
}

// Forget forgets the failures of a key.
func (a *Attempts) Forget(key string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	k := keyOfAttempt(key)
	delete(a.now, k)
	delete(a.before, k)
}

// turn begins a new window where the old one is over. What was counted in the last but one is over by then.
func (a *Attempts) turn(now time.Time) {
	if a.now != nil && now.Sub(a.started) < a.Window {
		return
	}
	a.before = a.now
	if a.before == nil {
		a.before = map[attemptKey]attempt{}
	}
	a.now, a.started = map[attemptKey]attempt{}, now
}

// find is the failures of a key that still count.
func (a *Attempts) find(k attemptKey, now time.Time) (attempt, bool) {
	t, ok := a.now[k]
	if !ok {
		t, ok = a.before[k]
	}
	if !ok || now.Sub(t.since) >= a.Window {
		return attempt{}, false
	}
	return t, true
}

// place is where somebody comes from, by which what they do is bounded (access.PlaceOf), "" where that is nowhere. This machine's own is none: from there comes what a
// proxy passes on, which is everybody; but where proxies tell the addresses of their clients, each stands for one.
func (s *Service) place(address string) string {
	a, err := netip.ParseAddr(address)
	if err == nil && a.Unmap().IsLoopback() && len(s.Space().Settings.TrustedProxy.Headers) == 0 {
		return ""
	}
	return access.PlaceOf(address)
}
