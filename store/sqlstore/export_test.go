package sqlstore

import (
	"context"
	"database/sql/driver"
	"time"

	"dossier"
	"dossier/store"
)

// WithStep adds a migration for a while. Nobody else may use the package meanwhile.
func WithStep(step string, fn func()) {
	old := migrations
	migrations = append(append([]string(nil), old...), step)
	defer func() { migrations = old }()
	fn()
}

// Finding has somebody look for records on a connection, since then, until what it returns ends.
func (s *Store) Finding(ctx context.Context, since time.Time) (context.Context, func()) {
	return s.findings.begin(ctx, since)
}

// AroundCommits lets around run every commit that follows.
func AroundCommits(s store.Store, around func(commit func())) error {
	return s.Update(context.Background(), func(t store.Tx) error {
		session := t.(*tx).session
		st, err := session.prepare("COMMIT")
		if err == nil {
			session.stmts["COMMIT"] = &statement{stmt: st.stmt, exec: hooked{st.exec, around}, query: st.query}
		}
		return err
	})
}

// hooked is a statement that around runs.
type hooked struct {
	driver.StmtExecContext
	around func(run func())
}

func (h hooked) ExecContext(ctx context.Context, args []driver.NamedValue) (r driver.Result, err error) {
	h.around(func() { r, err = h.StmtExecContext.ExecContext(ctx, args) })
	return r, err
}

// SameSlot reports whether s keeps one of two records in memory at most.
func SameSlot(s store.Store, one, two dossier.ID) bool {
	hot := &s.(*Store).hot
	return hot.slot(one) == hot.slot(two)
}

// HotBytes is about how many bytes of records s keeps in memory, by its own count and by counting them.
func HotBytes(s store.Store) (noted, counted int64) {
	hot := &s.(*Store).hot
	for i := range hot.slots {
		if r := hot.slots[i].record.Load(); r != nil {
			counted += r.size
		}
	}
	return hot.bytes.Load(), counted
}

// MaxHotBytes is the bound of HotBytes.
const MaxHotBytes = maxHotBytes
