package core

import (
	"sync"
	"time"

	"dossier/access"
)

// The bounds of what is remembered of homes.
const (
	maxHomes = 100_000 // of them, those used last
	homeLife = 30 * 24 * time.Hour
)

// homes are the places from which accounts were signed in to with the right password, as long as the process lives and the password is the
// same. Wrong passwords from there are counted by themselves, so that a stranger who guesses does not keep the owner out. The zero homes is
// ready.
type homes struct {
	mu     sync.Mutex
	now    map[attemptKey]time.Time // when they were used last
	before map[attemptKey]time.Time // likewise, those that were not used since there were too many
}

// homeKey is the home that place is for p.
func homeKey(p access.Principal, place string) attemptKey {
	return keyOfAttempt(accountKey(p) + "\x00" + p.Record.Account.TokenKey + "\x00" + place)
}

// add notes that p came from place with the right password.
func (h *homes) add(p access.Principal, place string, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.now == nil || len(h.now) >= maxHomes/2 {
		h.before, h.now = h.now, map[attemptKey]time.Time{}
	}
	h.now[homeKey(p, place)] = now
}

// has reports whether p has come from place.
func (h *homes) has(p access.Principal, place string, now time.Time) bool {
	if p.Collection == nil || place == "" {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	key := homeKey(p, place)
	used, ok := h.now[key]
	if !ok {
		used, ok = h.before[key]
	}
	return ok && now.Sub(used) < homeLife
}
