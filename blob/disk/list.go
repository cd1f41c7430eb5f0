package disk

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"dossier"
	"dossier/blob"
)

// List implements blob.Store. A prefix with a whole first segment reads one shard. Any other reads them all, once per pageSize keys, so
// that memory stays bounded while the order is that of keys. Files that no Put made are passed over.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[blob.Info, error] {
	return func(yield func(blob.Info, error) bool) {
		for after, more := "", true; more; {
			keys, cut, err := s.keys(ctx, prefix, after)
			if err != nil {
				yield(blob.Info{}, err)
				return
			}
			for _, key := range keys {
				info, err := s.Stat(ctx, key)
				if errors.Is(err, dossier.NotFound) {
					continue
				}
				if !yield(info, err) || err != nil {
					return
				}
			}
			if more = cut; more {
				after = keys[len(keys)-1]
			}
		}
	}
}

// keys returns the first page of keys under prefix that follow after, in order, and whether there are more.
func (s *Store) keys(ctx context.Context, prefix, after string) (keys []string, more bool, err error) {
	p := page{prefix: prefix, after: after, limit: s.page}
	from, to := 0, shards
	if strings.Contains(prefix, "/") {
		from = shardOf(prefix)
		to = from + 1
	}
	for n := from; n < to; n++ {
		if err := s.addShard(ctx, n, &p); err != nil {
			return nil, false, err
		}
	}
	p.trim()
	return p.keys, p.more, nil
}

func (s *Store) addShard(ctx context.Context, n int, p *page) error {
	if err := blob.Canceled(ctx); err != nil {
		return err
	}
	for e, err := range s.sys.ReadDir(s.shardDir(n)) {
		if err != nil {
			return classify("list blobs", err)
		}
		if key, ok := keyOf(n, e.Name()); ok && e.Type().IsRegular() {
			p.add(key)
		}
	}
	return nil
}

// A page collects the limit smallest of the keys it is shown, holding twice as many at most.
type page struct {
	prefix, after string
	limit         int

	keys []string
	more bool // keys beyond the last one were dropped
	last string
}

func (p *page) add(key string) {
	if key <= p.after || !strings.HasPrefix(key, p.prefix) || p.more && key > p.last {
		return
	}
	p.keys = append(p.keys, key)
	if len(p.keys) >= 2*p.limit {
		p.trim()
	}
}

// trim sorts the keys and drops those beyond limit. A directory that changes while it is read may name a file twice.
func (p *page) trim() {
	slices.Sort(p.keys)
	p.keys = slices.Compact(p.keys)
	if len(p.keys) > p.limit {
		clear(p.keys[p.limit:])
		p.keys, p.more = p.keys[:p.limit], true
		p.last = p.keys[p.limit-1]
	}
}
