package sqlstore

import (
	"context"
	"errors"
	"time"

	"dossier"
)

// queryTime bounds how long records may be looked for: a filter that goes from relation to relation can take hours, and there are only a few
// connections that read.
const queryTime = 30 * time.Second

// The causes of the end of what took too long.
var (
	errViewTime  = dossier.Errorf(dossier.Busy, "the view takes longer than %s", viewTime)
	errQueryTime = dossier.Errorf(dossier.Busy, "the query takes too long: ask for less")
)

// bounded is ctx with the time that reading records may take.
func (r *records) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if r.collection.Kind == dossier.View {
		return context.WithTimeoutCause(ctx, min(viewTime, r.tx.store.queryTime), errViewTime)
	}
	return context.WithTimeoutCause(ctx, r.tx.store.queryTime, errQueryTime)
}

// overdue is err, or that it took too long if that is what ended ctx.
func overdue(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); err != nil && (errors.Is(cause, errViewTime) || errors.Is(cause, errQueryTime)) {
		return cause
	}
	return err
}
