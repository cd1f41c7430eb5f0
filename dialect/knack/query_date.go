package knack

import (
	"strconv"
	"strings"
	"time"

	"dossier"
	"dossier/query"
)

// A timeline compares a date, time or datetime field with readings of the wall clock.
type timeline struct {
	f    *dossier.Field
	zone *time.Location
}

// before is true of values earlier than the reading t.
func (tl timeline) before(t time.Time) query.Filter {
	if tl.f.Type == dossier.TypeDate && !midnight(t).Equal(t) {
		return tl.compare(query.Le, t) // a day is its midnight
	}
	return tl.compare(query.Lt, t)
}

// since is true of values that are the reading t or later.
func (tl timeline) since(t time.Time) query.Filter {
	if tl.f.Type == dossier.TypeDate && !midnight(t).Equal(t) {
		return tl.compare(query.Gt, t)
	}
	return tl.compare(query.Ge, t)
}

func (tl timeline) compare(op query.Op, t time.Time) query.Filter {
	col := query.Col(tl.f.Name)
	switch tl.f.Type {
	case dossier.TypeDate:
		return compare(col, op, dossier.Date(t.Format(time.DateOnly)))
	case dossier.TypeTime:
		return compare(col, op, clockAt(t))
	}
	return compare(col, op, dossier.InstantOf(in(t, tl.zone)))
}

// between is true of values from one reading on and before another.
func (tl timeline) between(from, to time.Time) query.Filter {
	return query.And{tl.since(from), tl.before(to)}
}

// clockAt is the time of day of t, which stands at timeOnlyDate; midnight of the next day is later than all of them.
func clockAt(t time.Time) dossier.Clock {
	if !t.Before(timeOnlyDate.AddDate(0, 0, 1)) {
		return "24:00"
	}
	if t.Second() == 0 {
		return dossier.Clock(t.Format("15:04"))
	}
	return dossier.Clock(t.Format(time.TimeOnly))
}

func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

// askDate lowers what is asked of a date_time. Everything is reckoned on the application's wall clock.
func (l *lowerer) askDate(f *dossier.Field, a ask) (query.Filter, error) {
	tl := timeline{f: f, zone: l.zone}
	if f.Type != dossier.TypeTime {
		if filter, err := l.askNow(tl, a); filter != nil || err != nil {
			return filter, err
		}
	}
	switch a.op {
	case "is", "is before", "is after":
	default:
		return nil, errOperator
	}
	if a.isNothing() {
		return query.Empty{Of: query.Col(f.Name)}, nil
	}
	m, ok := l.dateAsked(a.value)
	if !ok || f.Type == dossier.TypeTime && !m.time || f.Type != dossier.TypeTime && !m.date {
		return nil, badFilter("%s is compared with a date", fieldKey(f))
	}
	from, to := m.span(f)
	switch a.op {
	case "is before":
		return tl.before(from), nil
	case "is after":
		return tl.since(to), nil
	}
	return tl.between(from, to), nil
}

// dateAsked reads the value of a rule; an object may hold the day under "date" as everywhere.
func (l *lowerer) dateAsked(in any) (moment, bool) {
	if s, ok := in.(string); ok {
		in = strings.TrimSpace(s)
	}
	return parseMoment(in, l.zone)
}

// span is what the moment stands for when it is compared with f: a day, or a minute.
func (m moment) span(f *dossier.Field) (from, to time.Time) {
	switch {
	case f.Type == dossier.TypeTime:
		from = timeOnlyDate.Add(m.t.Sub(midnight(m.t)).Truncate(time.Minute))
		return from, from.Add(time.Minute)
	case m.time && f.Type == dossier.TypeDateTime:
		from = m.t.Truncate(time.Minute)
		return from, from.Add(time.Minute)
	}
	return midnight(m.t), midnight(m.t).AddDate(0, 0, 1)
}

// askNow lowers the operators that look from the current moment; nil if a's is none of them.
func (l *lowerer) askNow(tl timeline, a ask) (query.Filter, error) {
	now := wall(l.now.In(l.zone))
	today := midnight(now)
	tomorrow := today.AddDate(0, 0, 1)
	switch a.op {
	case "is today":
		return tl.between(today, tomorrow), nil
	case "is today or before":
		return tl.before(tomorrow), nil
	case "is today or after":
		return tl.since(today), nil
	case "is before today":
		return tl.before(today), nil
	case "is after today":
		return tl.since(tomorrow), nil
	case "is before current time":
		return tl.before(now), nil
	case "is after current time":
		return tl.since(now.Add(time.Millisecond)), nil
	}
	return l.askRange(tl, a, now)
}

// askRange lowers the operators of ranges: days, weeks, months, quarters or years around now.
func (l *lowerer) askRange(tl timeline, a ask, now time.Time) (query.Filter, error) {
	switch a.op {
	case "is during the current", "is during the previous", "is during the next", "is before the previous", "is after the next":
	default:
		return nil, nil
	}
	unit, n, err := rangeOf(a)
	if err != nil {
		return nil, err
	}
	end := now.Add(time.Millisecond) // now itself is in both ranges
	switch a.op {
	case "is during the current":
		start := unit.start(now)
		return tl.between(start, unit.add(start, 1)), nil
	case "is during the previous":
		return tl.between(unit.add(now, -n), end), nil
	case "is during the next":
		return tl.between(now, unit.add(now, n).Add(time.Millisecond)), nil
	case "is before the previous":
		return tl.before(unit.add(now, -n)), nil
	}
	return tl.since(unit.add(now, n).Add(time.Millisecond)), nil
}

// A unit is a length of time on the calendar: so many days or months.
type unit struct {
	days, months int
}

var units = map[string]unit{"day": {days: 1}, "week": {days: 7}, "month": {months: 1}, "quarter": {months: 3}, "year": {months: 12}}

// maxRange bounds the units of a range.
const maxRange = 10_000

// rangeOf reads the unit and number of a range. An older form has the unit as the value.
func rangeOf(a ask) (unit, int, error) {
	name, ok := a.rule["type"].(string)
	if !ok || name == "" {
		name, _ = a.value.(string)
	}
	u, ok := units[strings.TrimSuffix(strings.ToLower(strings.TrimSpace(name)), "s")]
	if !ok {
		return unit{}, 0, badFilter("the type of a range is days, weeks, months, quarters or years")
	}
	in := a.rule["range"]
	if isBlankInput(in) || a.op == "is during the current" {
		return u, 1, nil
	}
	s, _ := textOfInput(in)
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || n < 1 || n > maxRange {
		return unit{}, 0, badFilter("a range is a whole number from 1 to %d", maxRange)
	}
	return u, n, nil
}

// add is t moved by n units. A month too short for the day ends with its last day.
func (u unit) add(t time.Time, n int) time.Time {
	if u.days > 0 {
		return t.AddDate(0, 0, n*u.days)
	}
	first := time.Date(t.Year(), t.Month(), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC).AddDate(0, n*u.months, 0)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1)
}

// start is the beginning of the unit that t lies in; weeks begin on Sunday.
func (u unit) start(t time.Time) time.Time {
	switch {
	case u.days == 7:
		return midnight(t).AddDate(0, 0, -int(t.Weekday()))
	case u.days > 0:
		return midnight(t)
	}
	month := (int(t.Month()) - 1) / u.months * u.months
	return time.Date(t.Year(), time.Month(month+1), 1, 0, 0, 0, 0, time.UTC)
}
