package sqlstore

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strconv"
	"sync"

	"dossier"
	"dossier/query"
)

// The bounds of what is remembered of values: how many, how long a value, and how often an answer is good before it is asked for again.
const (
	maxKnown     = 1024
	maxKnownText = 200
	goodFor      = 100
)

// known remembers which values too many records have. Records change meanwhile: what it says is good enough to choose a plan by.
type known struct {
	mu sync.Mutex
	by map[string]knownValue
}

type knownValue struct {
	many bool
	left int // times that it is still good
}

func (k *known) get(key string) (many, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	v := k.by[key]
	if v.left == 0 {
		return false, false
	}
	v.left--
	k.by[key] = v
	return v.many, true
}

func (k *known) put(key string, many bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.by == nil || len(k.by) >= maxKnown {
		k.by = map[string]knownValue{}
	}
	k.by[key] = knownValue{many: many, left: goodFor}
}

// finds reports whether too many records to sort have that value in f.
func (r *records) finds(ctx context.Context, l *layout, f *dossier.Field, v query.Literal) (bool, error) {
	c := compiler{tx: r.tx, flavor: r.tx.store.flavor}
	cond := l.table + " WHERE " + columnName(f) + " = " + c.literal(v.Value)
	key := fmt.Sprintf("%s %v", cond, c.args)
	if len(key) > maxKnownText {
		return r.countSome(ctx, cond, c.args)
	}
	known := &r.tx.store.known
	if many, ok := known.get(key); ok {
		return many, nil
	}
	many, err := r.countSome(ctx, cond, c.args)
	if err == nil {
		known.put(key, many)
	}
	return many, err
}

// countSome reports whether there are manyFinds of what is found. It reads no more of the index than tells.
func (r *records) countSome(ctx context.Context, cond string, args []any) (bool, error) {
	sql := "SELECT count(*) FROM (SELECT 1 FROM " + cond + " LIMIT " + strconv.Itoa(manyFinds) + ") some"
	var n int64
	err := r.tx.query(ctx, sql, args, func(row []driver.Value) error {
		n = integer(row[0])
		return nil
	})
	return n >= manyFinds, err
}
