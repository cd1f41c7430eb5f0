package pocketbase

import (
	"context"
	"errors"
	"slices"
	"strings"

	"dossier"
	"dossier/access"
	"dossier/query"
)

// A roster is what clients list like records and no store keeps as such: the collections themselves, the log, the tables of accounts. It is
// filtered and sorted here, by query.Eval.

// lowerRoster is the query that l asks of c, the collection that a roster's entries are shown as. It looks at nothing but c's records.
func (h *handler) lowerRoster(c *dossier.Collection, who access.Principal, l listQuery) (query.Query, error) {
	for _, name := range []string{"@request.", "@collection."} {
		if strings.Contains(l.filter, name) || strings.Contains(l.sort, name) {
			return query.Query{}, errGeneric
		}
	}
	return h.lowerList(c, who, l)
}

// searchRoster is which of all q asks for, in its order, without its limits. record is one of all as a record of c.
func searchRoster[T any](ctx context.Context, space *dossier.Space, c *dossier.Collection, all []T, record func(T) *dossier.Record, q query.Query) ([]T, error) {
	if _, err := query.Check(space, c, q); err != nil {
		return nil, err
	}
	var found []T
	for _, one := range all {
		ok, err := true, error(nil)
		if q.Filter != nil {
			ok, err = query.Eval(ctx, space, c, q.Filter, record(one), nil)
		}
		if err != nil {
			return nil, err
		}
		if ok {
			found = append(found, one)
		}
	}
	var failed error
	slices.SortStableFunc(found, func(a, b T) int {
		order, err := query.CompareRecords(ctx, space, c, q.Sort, record(a), record(b), nil)
		failed = errors.Join(failed, err)
		return order
	})
	return found, failed
}

// pageOf is the page of found that l asks for, and how many there are: -1 where they are not to be counted.
func pageOf[T any](found []T, l listQuery) (page []T, total int64) {
	total = int64(len(found))
	if l.skipTotal {
		total = -1
	}
	found = found[min(l.offset(), len(found)):]
	return found[:min(l.perPage, len(found))], total
}
