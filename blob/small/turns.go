package small

import (
	"context"
	"sync"

	"dossier/blob"
)

// turns lets those who put the same key do so one after the other. The zero value is ready.
type turns struct {
	mu   sync.Mutex
	busy map[string]chan struct{} // closed when the key is free again
}

// take waits until nobody else puts key. Who gets its turn calls done at the end.
func (t *turns) take(ctx context.Context, key string) (done func(), err error) {
	for {
		wait := t.try(key)
		if wait == nil {
			return func() { t.give(key) }, nil
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, blob.Canceled(ctx)
		}
	}
}

// try takes key's turn and returns nil, or returns what to wait for.
func (t *turns) try(key string) chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if wait, ok := t.busy[key]; ok {
		return wait
	}
	if t.busy == nil {
		t.busy = map[string]chan struct{}{}
	}
	t.busy[key] = make(chan struct{})
	return nil
}

func (t *turns) give(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	close(t.busy[key])
	delete(t.busy, key)
}
