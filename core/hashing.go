package core

import (
	"context"
	"errors"
	"sync"

	"dossier"
)

// The bounds of hashing passwords, so that sign-ins cannot take all memory and processors, nor wait for minutes.
const (
	maxHashes     = 2   // at a time
	maxQueue      = 128 // that wait, or are at it
	maxQueueEach  = 48  // of one place; what comes from none may have all
	queueOverflow = "too many passwords are being checked: try again in a moment"
)

// ErrQueue is the cause of the Busy error where too many passwords wait to be hashed.
var ErrQueue = errors.New("the queue of passwords is full")

// A hashQueue bounds how many passwords are hashed at a time, and how many wait. newHashQueue makes one.
type hashQueue struct {
	slots chan struct{}
	mu    sync.Mutex
	all   int
	by    map[string]int // by place
}

func newHashQueue() *hashQueue {
	return &hashQueue{slots: make(chan struct{}, maxHashes), by: map[string]int{}}
}

// slot waits for the right to hash one password for somebody at that place (Service.place).
func (q *hashQueue) slot(ctx context.Context, place string) (free func(), err error) {
	if !q.enter(place) {
		return nil, dossier.Errorf(dossier.Busy, "%s: %w", queueOverflow, ErrQueue)
	}
	select {
	case q.slots <- struct{}{}:
		return func() { <-q.slots; q.leave(place) }, nil
	case <-ctx.Done():
		q.leave(place)
		return nil, dossier.Errorf(dossier.Canceled, "wait to hash: %w", ctx.Err())
	}
}

func (q *hashQueue) enter(place string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.all >= maxQueue || place != "" && q.by[place] >= maxQueueEach {
		return false
	}
	q.all++
	q.by[place]++
	return true
}

func (q *hashQueue) leave(place string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.all--
	if q.by[place]--; q.by[place] == 0 {
		delete(q.by, place)
	}
}
