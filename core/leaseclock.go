package core

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"dossier/store"
)

// metaClock is the key of store.Meta under which the lease clock is kept.
const metaClock = "clock"

// maxLeap is how far the machine's clock may move between two looks at it before it is doubted, how long it must go on from there to be
// believed again, and how far ahead of a clock that is believed something may say to have begun.
const maxLeap = 24 * time.Hour

// A leaseClock says when leases end, though the machine's clock may be wrong: what it removes once is gone. After the machine's clock has
// moved by more than a day between two looks, the lease clock goes on from where it was, until the other was set right, or has gone on for
// a day. A server that was off for more than a day cannot tell that from a wrong clock, and waits as well. The zero leaseClock is ready: it
// believes what it sees first.
type leaseClock struct {
	mu    sync.Mutex
	state leaseState
}

// A leaseState is what a leaseClock remembers.
type leaseState struct {
	Lease time.Time `json:"lease"` // its own time
	Seen  time.Time `json:"seen"`  // the machine's at the last look
	Leapt time.Time `json:"leapt"` // where the machine's was after the leap because of which it is doubted; zero if it is not
}

// look is the lease clock's time while the machine's clock shows now.
func (l *leaseClock) look(now time.Time, log *slog.Logger) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := &l.state
	doubted := !s.Leapt.IsZero()
	switch step := now.Sub(s.Seen); {
	case s.Seen.IsZero():
	case step.Abs() > maxLeap:
		s.Leapt = now
	case doubted:
		s.Lease = s.Lease.Add(max(0, step))
	}
	s.Seen = now
	off := now.Sub(s.Lease)
	if s.Leapt.IsZero() || off.Abs() <= maxLeap || now.Sub(s.Leapt) >= maxLeap {
		s.Lease, s.Leapt = now, time.Time{}
	}
	switch wrong := !s.Leapt.IsZero(); {
	case wrong && !doubted:
		log.Warn("the clock has leapt: no upload expires by it until it was set right or has gone on for a day", "by", off, "clock", now)
	case !wrong && doubted:
		log.Info("the clock is believed again: uploads expire by it", "clock", now)
	}
	return s.Lease
}

// believe takes the machine's clock for right.
func (l *leaseClock) believe(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state = leaseState{Lease: now, Seen: now}
}

func (l *leaseClock) get() leaseState {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state
}

// leaseTime is the time by which leases end.
func (s *Service) leaseTime() time.Time { return s.leases.look(s.Now(), s.log) }

// leaseStart is when a lease begins: now, by whichever clock is ahead, so that it does not end early by the other.
func (s *Service) leaseStart() time.Time {
	now, lease := s.Now(), s.leaseTime()
	if now.After(lease) {
		return now
	}
	return lease
}

// HasBegun reports whether what says to have begun then may have: not if that is more than a day ahead. What was given out while the clock
// was wrong would hold for as long as it was wrong.
func (s *Service) HasBegun(at time.Time) bool { return at.Sub(s.Now()) <= maxLeap }

// loadLeases takes up the lease clock where the process before this one left it.
func (s *Service) loadLeases(ctx context.Context) error {
	return s.store.View(ctx, func(tx store.Tx) error { return metaJSON(ctx, tx.Meta(), metaClock, &s.leases.state) })
}

// settleLeases notes where the lease clock is. Where the machine's is believed, it lets what began while that was ahead begin now: it would
// be kept for as long as the clock was wrong.
func (s *Service) settleLeases(ctx context.Context) error {
	now := s.leaseTime()
	return s.store.Update(ctx, func(tx store.Tx) error {
		state := s.leases.get()
		if err := putJSON(ctx, tx.Meta(), metaClock, state); err != nil || !state.Leapt.IsZero() {
			return err
		}
		return tx.Uploads().Redate(ctx, now.Add(maxLeap), now)
	})
}
