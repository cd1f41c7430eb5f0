package core

import (
	"context"
	"time"
)

// Follow is FollowPlan by another clock, which does something else when the time comes.
func (s *Service) Follow(ctx context.Context, now func() time.Time, run func() error) {
	s.follow(ctx, now, run)
}
