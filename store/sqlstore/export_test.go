package sqlstore

import (
	"context"
	"time"
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
