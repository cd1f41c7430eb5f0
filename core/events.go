package core

import (
	"context"
	"sync"

	"dossier"
	"dossier/access"
	"dossier/query"
	"dossier/store"
)

// An Event is a change of a record that has been committed.
type Event struct {
	Action     access.Action // Create, Update or Delete
	Collection *dossier.Collection
	Record     *dossier.Record // as it is now; as it was, for a Delete
}

// Watch calls fn with the events of every committed transaction, in the order of the commits, one call at a time, whichever
// front end made the change. Nothing is told of what was rolled back. fn must be quick and must not write: it is called
// before the writer gets its answer. stop ends it.
func (s *Service) Watch(fn func([]Event)) (stop func()) { return s.events.watch(fn) }

// Matches reports whether who may do a, a read, with r, and extra, a filter of the caller's, is true of it too. It is for telling
// of events: r may be gone from the store by now.
func (s *Service) Matches(ctx context.Context, who access.Principal, c *dossier.Collection, r *dossier.Record, a access.Action, extra query.Filter) (bool, error) {
	space := s.Space()
	filter, err := s.policy.Filter(space, c, access.Question{Principal: who, Action: a})
	if err == nil {
		err = s.store.View(ctx, func(tx store.Tx) error {
			return holds(ctx, tx, space, c, query.Conj(filter, extra), r, a)
		})
	}
	if dossier.KindOf(err) == dossier.Denied {
		return false, nil
	}
	return err == nil, err
}

// events brings the events of transactions to watchers in the order of their commits. A transaction draws a ticket while the
// store runs it, when the order is decided, and redeems it when it knows how it ended.
type events struct {
	mu       sync.Mutex
	watchers map[int]func([]Event)
	next     int // name of the next watcher
	drawn    int64
	told     int64             // all tickets up to this one are told
	ended    map[int64][]Event // of redeemed tickets that wait for earlier ones
}

func (e *events) watch(fn func([]Event)) (stop func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.watchers == nil {
		e.watchers = map[int]func([]Event){}
	}
	id := e.next
	e.next++
	e.watchers[id] = fn
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.watchers, id)
	}
}

// watched reports whether anybody would hear an event.
func (e *events) watched() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.watchers) > 0
}

// draw takes the next ticket.
func (e *events) draw() int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.drawn++
	return e.drawn
}

// redeem says how the transaction of a ticket ended: with these events, or with none.
func (e *events) redeem(ticket int64, all []Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ended == nil {
		e.ended = map[int64][]Event{}
	}
	e.ended[ticket] = all
	for {
		all, ok := e.ended[e.told+1]
		if !ok {
			return
		}
		e.told++
		delete(e.ended, e.told)
		if len(all) == 0 {
			continue
		}
		for _, fn := range e.watchers {
			fn(all)
		}
	}
}
