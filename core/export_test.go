package core

import (
	"context"
	"time"
)

// MaxTurns is how many lists one client may have looked for at a time.
var MaxTurns = maxTurns

// LookAtClock is what every use of a lease does.
func (s *Service) LookAtClock() { s.leaseTime() }

// Follow is FollowPlan by another clock, which does something else when the time comes.
func (s *Service) Follow(ctx context.Context, now func() time.Time, run func() error) {
	s.follow(ctx, now, run)
}
