package core_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"dossier"
	"dossier/access"
	"dossier/core"
)

func TestAttempts(t *testing.T) {
	t.Parallel()
	a := core.Attempts{Max: 3, Window: time.Minute}
	fail := func(n int, key string, at time.Duration) {
		for range n {
			a.Failed(key, start.Add(at))
		}
	}
	allowed := func(key string, at time.Duration, want bool) {
		t.Helper()
		if got := a.Allowed(key, start.Add(at)); got != want {
			t.Errorf("%s after %v: %v", key, at, got)
		}
	}
	fail(2, "ada", 50*time.Second)
	allowed("ada", 50*time.Second, true)
	fail(1, "ADA", 100*time.Second) // in the next window of the table, not in the next of ada
	allowed("ada", 109*time.Second, false)
	allowed("bob", 109*time.Second, true)
	allowed("ada", 110*time.Second, true)
	fail(2, "ada", 110*time.Second)
	allowed("ada", 110*time.Second, true)
	fail(1, "ada", 111*time.Second)
	allowed("ada", 111*time.Second, false)
	a.Forget("Ada")
	allowed("ada", 111*time.Second, true)
}

// TestMadeUpLoginsDoNotMakeForget counts failures of more logins than are remembered.
func TestMadeUpLoginsDoNotMakeForget(t *testing.T) {
	t.Parallel()
	a := core.Attempts{Max: 3, Window: time.Minute}
	for range 3 {
		a.Failed("ada", start)
	}
	for i := range 150_000 {
		a.Failed(fmt.Sprint("made-up ", i), start.Add(time.Second))
	}
	if a.Allowed("ada", start.Add(2*time.Second)) {
		t.Error("made-up logins make it forget a real one")
	}
	if a.Allowed("one more", start.Add(2*time.Second)) {
		t.Error("a login whose failures could not be remembered has a guess")
	}
	if !a.Allowed("ada", start.Add(time.Minute)) || !a.Allowed("one more", start.Add(time.Minute)) {
		t.Error("the window does not end")
	}
}

func TestWrongPasswordsFromOneAddressAreCounted(t *testing.T) {
	t.Parallel()
	h := newHouse(t, people())
	h.account("users", "ada@example.com", "right")
	from := func(remote string) access.Principal { return access.GuestOf(access.Request{Remote: remote}) }
	try := func(remote, login, password string, want dossier.Kind) {
		t.Helper()
		_, err := h.SignIn(ctx(), from(remote), "", login, password)
		kind(t, remote+" as "+login, err, want)
	}
	quick, err := bcryptOf("another")
	h.must(err)
	for i := range 100 { // as sign-ins count, but quicker
		r := &dossier.Record{ID: dossier.ID(fmt.Sprint(i)), Account: &dossier.Account{PasswordHash: quick}}
		for _, remote := range []string{"192.0.2.1", "127.0.0.1", fmt.Sprintf("2001:db8::%x", i)} {
			kind(t, remote, h.ProvePassword(ctx(), from(remote), h.collection("users"), r, "wrong"), dossier.Unauthenticated)
		}
	}
	try("192.0.2.1", "ada@example.com", "right", dossier.Busy)
	try("2001:db8::f:1", "ada@example.com", "right", dossier.Busy) // whoever has one address of the /64 has all
	try("2001:db8:0:1::", "ada@example.com", "right", "")
	try("192.0.2.2", "ada@example.com", "right", "")
	try("127.0.0.1", "ada@example.com", "right", "") // a proxy's, behind which is everybody
	h.clock.Add(time.Minute)
	try("192.0.2.1", "ada@example.com", "right", "")

	settings := h.Space().Settings
	settings.TrustedProxy.Headers = []string{"X-Real-IP"}
	h.must(h.PutSettings(ctx(), system, settings))
	for i := range 100 {
		r := &dossier.Record{ID: dossier.ID(fmt.Sprint(i)), Account: &dossier.Account{PasswordHash: quick}}
		kind(t, "from this machine", h.ProvePassword(ctx(), from("127.0.0.1"), h.collection("users"), r, "wrong"), dossier.Unauthenticated)
	}
	try("127.0.0.1", "ada@example.com", "right", dossier.Busy) // everybody has an address of their own now
	try("198.51.100.1", "ada@example.com", "right", "")
}

// A gate is randomness that is held back while it is shut.
type gate struct{ shut sync.RWMutex }

// Read waits for the gate to be open.
func (g *gate) Read(p []byte) (int, error) {
	g.shut.RLock()
	defer g.shut.RUnlock()
	return rand.Read(p)
}

// TestOnlySoManyPasswordsWait holds up the hashing of passwords: of one address 48 wait, of all 128, the others are told at once.
func TestOnlySoManyPasswordsWait(t *testing.T) {
	t.Parallel()
	g := &gate{}
	h := newHouse(t, people(), func(o *core.Options) { o.Random = g })
	g.shut.Lock()
	var all sync.WaitGroup
	var hashed atomic.Int64
	gone, leave := context.WithCancel(ctx())
	busy, canceled := make(chan error), make(chan error)
	crowd := func(n, most int, remote func(i int) string) {
		t.Helper()
		for i := range n {
			all.Go(func() {
				_, err := h.HashPassword(gone, access.GuestOf(access.Request{Remote: remote(i)}), "password")
				switch dossier.KindOf(err) {
				case "":
					hashed.Add(1)
				case dossier.Canceled:
					canceled <- err
				default:
					busy <- err
				}
			})
		}
		for range n - most {
			if err := <-busy; dossier.KindOf(err) != dossier.Busy || !errors.Is(err, core.ErrQueue) {
				t.Errorf("one too many is told %v", err)
			}
		}
	}
	crowd(60, 48, func(int) string { return "192.0.2.1" })
	crowd(90, 80, func(i int) string { return fmt.Sprint("192.0.3.", i) })
	crowd(5, 0, func(int) string { return "127.0.0.1" })
	leave()
	for range 126 {
		<-canceled
	}
	g.shut.Unlock()
	all.Wait()
	if hashed.Load() != 2 {
		t.Errorf("%d passwords were hashed of those who left", hashed.Load())
	}
	_, err := h.HashPassword(ctx(), access.GuestOf(access.Request{Remote: "192.0.2.1"}), "password")
	kind(t, "one after them", err, "")
}
