package core_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"dossier"
	"dossier/access"
	"dossier/core"
	"dossier/query"
	"dossier/store"
)

// heldKey is the context's key of a held, which Views with that context pass through.
type heldKey struct{}

// A held keeps reads waiting until open is closed, and says when one has come.
type held struct {
	came chan struct{}
	open chan struct{}
	all  atomic.Int64
}

// slowStore has reads that take as long as their context says.
type slowStore struct{ store.Store }

func (s slowStore) View(ctx context.Context, fn func(store.Tx) error) error {
	if h, ok := ctx.Value(heldKey{}).(*held); ok {
		h.all.Add(1)
		h.came <- struct{}{}
		select {
		case <-h.open:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return s.Store.View(ctx, fn)
}

// TestManyListsOfOneClientWaitForEachOther has one client ask for more lists than it may have looked for at a time.
func TestManyListsOfOneClientWaitForEachOther(t *testing.T) {
	t.Parallel()
	h := newHouse(t, people())
	ann := h.account("users", "ann@example.com", "right")
	h.open(func(o *core.Options) { o.Store = slowStore{h.rows} })
	guest := func(remote string) access.Principal { return access.GuestOf(access.Request{Remote: remote}) }
	list := func(ctx context.Context, who access.Principal) error {
		_, err := h.ListRecords(ctx, who, h.collection("docs"), query.Query{}, core.ListOptions{})
		return err
	}
	slow := &held{came: make(chan struct{}, 64), open: make(chan struct{})}
	waiting := context.WithValue(ctx(), heldKey{}, slow)
	impatient, leave := context.WithCancel(waiting)
	left := make(chan error, 3)
	var wg sync.WaitGroup
	for i := range core.MaxTurns {
		wg.Go(func() { h.check("a slow list", list(waiting, guest(fmt.Sprintf("2001:db8::%x", i+1)))) })
		<-slow.came
	}
	for i := range cap(left) {
		dossier.Go(nil, "list", func() { left <- list(impatient, guest(fmt.Sprintf("2001:db8::f:%x", i))) })
	}
	user := access.User(h.collection("users"), ann)
	user.Request.Remote = "192.0.2.1"
	for _, who := range []access.Principal{guest("2001:db8:0:1::1"), guest("192.0.2.1"), user, guest("127.0.0.1"), guest(""), system,
		{Kind: access.KindKey, ID: "k", Request: access.Request{Remote: "2001:db8::1"}}} {
		h.check(fmt.Sprint(who.Kind, " from ", who.Request.Remote), list(ctx(), who))
	}
	leave()
	for range cap(left) {
		kind(t, "who waited for a turn and left", <-left, dossier.Canceled)
	}
	if n := slow.all.Load(); n != int64(core.MaxTurns) {
		t.Errorf("%d lists of one client are looked for at a time, want %d", n, core.MaxTurns)
	}
	close(slow.open)
	wg.Wait()
	h.check("one after them", list(ctx(), guest("2001:db8::1")))
}

// TestAClientsLongestListGivesWay has a client's turns taken by lists that never end, and the clock show that they had their time.
func TestAClientsLongestListGivesWay(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs())
	h.open(func(o *core.Options) { o.Store = slowStore{h.rows} })
	list := func(ctx context.Context) error {
		_, err := h.ListRecords(ctx, access.Guest(), h.collection("docs"), query.Query{}, core.ListOptions{})
		return err
	}
	slow := &held{came: make(chan struct{}, 64), open: make(chan struct{})}
	ended := make(chan error, core.MaxTurns)
	for range core.MaxTurns {
		dossier.Go(nil, "list", func() { ended <- list(context.WithValue(ctx(), heldKey{}, slow)) })
		<-slow.came
		h.clock.Leap(time.Millisecond)
	}
	h.clock.Leap(time.Hour)
	h.check("who waited", list(ctx()))
	err := <-ended
	if kind(t, "who had their time", err, dossier.Busy); err == nil || !strings.Contains(err.Error(), "while others wait") {
		t.Errorf("they are told %v", err)
	}
	close(slow.open)
	for range core.MaxTurns - 1 {
		if err := <-ended; err != nil {
			kind(t, "the others", err, dossier.Busy) // the wait may have been longer than for one
		}
	}
}

// check fails the test if err is not nil.
func (h *house) check(what string, err error) {
	h.t.Helper()
	if err != nil {
		h.t.Errorf("%s: %v", what, err)
	}
}
