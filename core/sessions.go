package core

import (
	"context"
	"sync"
	"time"

	"dossier/store"
)

// metaEnded is the key of store.Meta under which ended sessions are kept.
const metaEnded = "ended_sessions"

// endedSessions are the sessions that their holders ended before their time, by ID, with the time after which they would be
// over anyway. Sessions themselves are kept by who holds them.
type endedSessions struct {
	ending sync.Mutex   // one at a time, while it is written
	mu     sync.RWMutex // of by, which is never changed but replaced
	by     map[string]time.Time
}

func (s *Service) reloadSessions(ctx context.Context) error {
	by := map[string]time.Time{}
	err := s.store.View(ctx, func(tx store.Tx) error { return metaJSON(ctx, tx.Meta(), metaEnded, &by) })
	s.ended.mu.Lock()
	defer s.ended.mu.Unlock()
	s.ended.by = by
	return err
}

// EndSession ends the session of that ID for good. until is when it would have ended by itself.
func (s *Service) EndSession(ctx context.Context, id string, until time.Time) error {
	s.ended.ending.Lock()
	defer s.ended.ending.Unlock()
	s.ended.mu.RLock()
	before := s.ended.by
	s.ended.mu.RUnlock()
	next := map[string]time.Time{id: until}
	for old, end := range before {
		if s.leaseTime().Before(end) {
			next[old] = end
		}
	}
	if err := s.store.Update(ctx, func(tx store.Tx) error { return putJSON(ctx, tx.Meta(), metaEnded, next) }); err != nil {
		return err
	}
	s.ended.mu.Lock()
	defer s.ended.mu.Unlock()
	s.ended.by = next
	return nil
}

// SessionEnded reports whether the session was ended by EndSession.
func (s *Service) SessionEnded(id string) bool {
	s.ended.mu.RLock()
	defer s.ended.mu.RUnlock()
	_, ended := s.ended.by[id]
	return ended
}
