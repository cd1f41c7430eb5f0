package core

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"dossier"
	"dossier/access"
	"dossier/archive"
)

// BackupPlan is the key of the settings' Extra under which a front end keeps a Plan, as JSON; nothing there makes no backups.
const BackupPlan = "backup_plan"

// A Plan says when backups are made by themselves, and how many of them stay.
type Plan struct {
	Cron   string `json:"cron"`   // as ParseSchedule reads it
	Keep   int    `json:"keep"`   // the latest that stay; 0 is all
	Prefix string `json:"prefix"` // of the names of these backups, which tells them from others
	Label  string `json:"label"`  // follows the prefix; the time follows it
}

// planStamp is the time in the name of a backup.
const planStamp = "20060102150405"

// backupPlan is the Plan in force.
func (s *Service) backupPlan() (p Plan, ok bool) {
	text := s.Space().Settings.Extra[BackupPlan]
	if text == "" || json.Unmarshal([]byte(text), &p) != nil {
		return Plan{}, false
	}
	return p, true
}

// RunPlan makes the backup that the plan asks for, now, and removes those that are too many. Without a plan it does nothing.
func (s *Service) RunPlan(ctx context.Context, who access.Principal) error {
	p, ok := s.backupPlan()
	if !ok {
		return nil
	}
	name := p.Prefix + p.Label + s.Now().Format(planStamp) + ".zip"
	if err := s.CreateBackup(ctx, who, name); err != nil {
		return err
	}
	return s.prune(ctx, who, p, name)
}

// prune removes the oldest of a plan's backups. Those that are dated later than latest, the one just made, are from a clock that was ahead:
// they count as the oldest.
func (s *Service) prune(ctx context.Context, who access.Principal, p Plan, latest string) error {
	all, err := s.Backups(ctx, who)
	if err != nil || p.Keep <= 0 {
		return err
	}
	all = slices.DeleteFunc(all, func(i archive.Info) bool { return !strings.HasPrefix(i.Name, p.Prefix) })
	slices.SortStableFunc(all, func(a, b archive.Info) int { return b.ModTime.Compare(a.ModTime) })
	if i := slices.IndexFunc(all, func(i archive.Info) bool { return i.Name == latest }); i > 0 {
		all = append(all[i:], all[:i]...)
	}
	for _, old := range all[min(p.Keep, len(all)):] {
		if err := s.DeleteBackup(ctx, who, old.Name); err != nil && !errors.Is(err, dossier.NotFound) {
			return err
		}
	}
	return nil
}

// FollowPlan makes the backups of the plan when their time comes, by UTC, until ctx ends. It logs what fails.
func (s *Service) FollowPlan(ctx context.Context) {
	s.follow(ctx, s.now, func() error { return s.RunPlan(ctx, access.System()) })
}

// follow runs run in every minute that the plan names, by the clock now.
func (s *Service) follow(ctx context.Context, now func() time.Time, run func() error) {
	last := now().Truncate(time.Minute)
	for {
		next := now().Truncate(time.Minute).Add(time.Minute)
		timer := time.NewTimer(next.Sub(now()))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		minute := now().Truncate(time.Minute)
		if minute.Equal(last) { // the timer was early
			continue
		}
		last = minute
		if !s.planned(minute) {
			continue
		}
		if err := run(); err != nil && ctx.Err() == nil {
			s.log.Error("planned backup", "error", err)
		}
	}
}

// planned reports whether the plan wants a backup in this minute.
func (s *Service) planned(minute time.Time) bool {
	p, ok := s.backupPlan()
	if !ok {
		return false
	}
	schedule, err := ParseSchedule(p.Cron)
	return err == nil && schedule.Includes(minute)
}

// A Schedule is a set of minutes: those whose five parts are all in its sets.
type Schedule struct{ sets [5]uint64 }

// The parts of a cron expression: minute, hour, day of the month, month, day of the week (0 is Sunday).
var scheduleParts = [5]struct{ low, high int }{{0, 59}, {0, 23}, {1, 31}, {1, 12}, {0, 6}}

// scheduleMacros are names for expressions.
var scheduleMacros = map[string]string{
	"@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0", "@daily": "0 0 * * *",
	"@midnight": "0 0 * * *", "@hourly": "0 * * * *",
}

// ParseSchedule reads a cron expression: a macro such as @daily, or five parts with a space between. A part is a list of numbers, ranges a-b and
// *, these two with a step /n or without; names of days and months are not known. Anything else is Invalid.
func ParseSchedule(text string) (Schedule, error) {
	if whole, ok := scheduleMacros[text]; ok {
		text = whole
	}
	var s Schedule
	parts := strings.Split(text, " ")
	if len(parts) != len(s.sets) {
		return s, dossier.Errorf(dossier.Invalid, "a schedule has five parts or is one of @hourly, @daily, @weekly, @monthly, @yearly")
	}
	for i, part := range parts {
		for item := range strings.SplitSeq(part, ",") {
			set, err := parseItem(item, scheduleParts[i].low, scheduleParts[i].high)
			if err != nil {
				return s, err
			}
			s.sets[i] |= set
		}
	}
	return s, nil
}

// parseItem reads one item of a part's list as a set of bits.
func parseItem(item string, low, high int) (set uint64, err error) {
	span, stepText, stepped := strings.Cut(item, "/")
	fromText, toText, ranged := strings.Cut(span, "-")
	from, to, step := low, high, 1
	if span != "*" {
		if from, err = numberIn(fromText, low, high); err != nil {
			return 0, err
		}
		if to = from; ranged {
			to, err = numberIn(toText, from, high)
		}
	}
	if err == nil && stepped {
		step, err = numberIn(stepText, 1, max(high, 1))
	}
	if err == nil && stepped && step > 1 && span != "*" && !ranged {
		err = dossier.Errorf(dossier.Invalid, "a step wants a range or *")
	}
	if err != nil {
		return 0, err
	}
	for n := from; n <= to; n += step {
		set |= 1 << n
	}
	return set, nil
}

func numberIn(text string, low, high int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		return 0, dossier.Errorf(dossier.Invalid, "%.20q is no number from %d to %d", text, low, high)
	}
	return n, nil
}

// Includes reports whether the minute of t, in UTC, is one of the schedule's.
func (s Schedule) Includes(t time.Time) bool {
	t = t.UTC()
	for i, n := range [5]int{t.Minute(), t.Hour(), t.Day(), int(t.Month()), int(t.Weekday())} {
		if s.sets[i]&(1<<n) == 0 {
			return false
		}
	}
	return true
}
