package knack

import (
	"strings"
	"sync"
	"time"
)

// The bounds of wrong passwords: the next login with the same email is refused until the window is over.
const (
	maxFailures   = 5
	failureWindow = time.Minute
	maxLogins     = 10_000 // emails that are remembered
)

// failures count wrong passwords by email.
type failures struct {
	mu sync.Mutex
	by map[string]failure
}

type failure struct {
	since time.Time
	count int
}

// barred reports whether too many logins with that email failed.
func (f *failures) barred(email string, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	one := f.by[strings.ToLower(email)]
	return one.count >= maxFailures && now.Sub(one.since) < failureWindow
}

// note counts a wrong password, or forgets them all after a right one.
func (f *failures) note(email string, now time.Time, right bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	email = strings.ToLower(email)
	if right {
		delete(f.by, email)
		return
	}
	if f.by == nil || len(f.by) >= maxLogins {
		f.by = map[string]failure{}
	}
	one := f.by[email]
	if now.Sub(one.since) >= failureWindow {
		one = failure{since: now}
	}
	one.count++
	f.by[email] = one
}
