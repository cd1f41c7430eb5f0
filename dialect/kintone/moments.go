package kintone

import (
	"strconv"
	"strings"
	"time"

	"dossier"
	"dossier/query"
)

// A span is what a date or time in a query stands for: a minute, a day, a week … From is its first value, to the first one
// after it, as values of the field's type.
type span struct{ from, to dossier.Value }

// moment lowers a comparison with a date, a time of day or an instant. "=" is true within the span, "<" and ">=" compare with
// its start, ">" and "<=" with its end.
func (l *lowering) moment(s subject, op string, v operand) (query.Filter, error) {
	if v.text == "" && !v.function && op == "=" {
		return s.unset(), nil
	}
	at, err := l.span(s, v)
	if err != nil {
		return nil, err
	}
	than := func(op query.Op, v dossier.Value) query.Filter {
		return query.Compare{Left: s.of, Op: op, Right: query.Literal{Value: v}}
	}
	if d, ok := at.from.(dossier.Date); ok && at.to == dossier.Value(nextDay(d)) {
		return than(query.Op(op), d), nil
	}
	switch op {
	case "<":
		return than(query.Lt, at.from), nil
	case ">=":
		return than(query.Ge, at.from), nil
	case ">":
		return than(query.Ge, at.to), nil
	case "<=":
		return than(query.Lt, at.to), nil
	}
	return query.And{than(query.Ge, at.from), than(query.Lt, at.to)}, nil
}

func nextDay(d dossier.Date) dossier.Date {
	return dossier.Date(d.Time().AddDate(0, 0, 1).Format(time.DateOnly))
}

// span is what v stands for in a test of s.
func (l *lowering) span(s subject, v operand) (span, error) {
	if v.function {
		return l.functionSpan(s, v)
	}
	t := s.typ
	if t == typeCreatedTime || t == typeUpdatedTime {
		t = typeDateTime
	}
	value, ok := parseMoment(t, strings.TrimSpace(v.text))
	if !ok {
		return span{}, s.unfit(v)
	}
	switch value := value.(type) {
	case dossier.Date:
		return span{value, nextDay(value)}, nil
	case dossier.Clock:
		return span{value, nextMinute(value)}, nil
	case dossier.Instant:
		return span{value, value + dossier.Instant(time.Minute.Milliseconds())}, nil
	}
	return span{}, s.unfit(v)
}

// nextMinute is the text that sorts after every time of the minute c.
func nextMinute(c dossier.Clock) dossier.Clock {
	t, err := time.Parse("15:04", string(c))
	if err != nil || c == "23:59" {
		return "24:00"
	}
	return dossier.Clock(t.Add(time.Minute).Format("15:04"))
}

// functionSpan is the minute, or the days in the time zone of the space, that a function stands for.
func (l *lowering) functionSpan(s subject, f operand) (span, error) {
	if s.typ == typeTime {
		return span{}, s.unfit(f)
	}
	if f.text == "NOW" && s.typ != typeDate {
		if len(f.args) > 0 {
			return span{}, fail(codeQueryArgs, "NOW()")
		}
		minute := dossier.InstantOf(l.env.now.Truncate(time.Minute))
		return span{minute, minute + dossier.Instant(time.Minute.Milliseconds())}, nil
	}
	from, to, err := l.days(s, f)
	if err != nil {
		return span{}, err
	}
	if from.Year() < 1 || to.Year() > 9999 {
		return span{}, s.unfit(f)
	}
	if s.typ == typeDate {
		return span{dossier.Date(from.Format(time.DateOnly)), dossier.Date(to.Format(time.DateOnly))}, nil
	}
	return span{dossier.InstantOf(from), dossier.InstantOf(to)}, nil
}

// days are the first day that a function stands for and the first one after it.
func (l *lowering) days(s subject, f operand) (from, to time.Time, err error) {
	now := l.env.now.In(l.env.zone)
	today := day(now.Year(), now.Month(), now.Day(), l.env.zone)
	which, period, ok := strings.Cut(f.text, "_")
	step, known := map[string]int{"THIS": 0, "LAST": -1, "NEXT": 1}[which]
	switch {
	case f.text == "FROM_TODAY":
		from, err = fromToday(today, f)
		return from, from.AddDate(0, 0, 1), err
	case ok && known && period == "WEEK":
		return week(today.AddDate(0, 0, 7*step), f)
	case ok && known && period == "MONTH":
		return month(day(today.Year(), today.Month()+time.Month(step), 1, l.env.zone), f)
	case ok && known && period == "YEAR" && len(f.args) == 0:
		from = day(today.Year()+step, time.January, 1, l.env.zone)
		return from, from.AddDate(1, 0, 0), nil
	}
	shift, known := map[string]int{"TODAY": 0, "NOW": 0, "YESTERDAY": -1, "TOMORROW": 1}[f.text]
	switch {
	case known && len(f.args) == 0:
		from = today.AddDate(0, 0, shift)
		return from, from.AddDate(0, 0, 1), nil
	case known || ok && period == "YEAR":
		return from, to, fail(codeQueryArgs, f.text+"()")
	}
	return from, to, s.unfit(f)
}

func day(year int, month time.Month, d int, zone *time.Location) time.Time {
	return time.Date(year, month, d, 0, 0, 0, 0, zone)
}

// maxFromToday bounds the n of FROM_TODAY, so that no sum overflows.
const maxFromToday = 100_000

// fromToday is the day n days, weeks, months or years from today. A month without that day ends earlier.
func fromToday(today time.Time, f operand) (time.Time, error) {
	if len(f.args) != 2 {
		return today, fail(codeQueryArgs, "FROM_TODAY()")
	}
	n, err := strconv.Atoi(f.args[0])
	if err != nil || n < -maxFromToday || n > maxFromToday {
		return today, fail(codeQueryArgs, "FROM_TODAY()")
	}
	switch strings.ToUpper(f.args[1]) {
	case "DAYS":
		return today.AddDate(0, 0, n), nil
	case "WEEKS":
		return today.AddDate(0, 0, 7*n), nil
	case "MONTHS":
		return addMonths(today, n), nil
	case "YEARS":
		return addMonths(today, 12*n), nil
	}
	return today, fail(codeQueryUnit, "FROM_TODAY()", f.args[1])
}

func addMonths(t time.Time, n int) time.Time {
	first := day(t.Year(), t.Month()+time.Month(n), 1, t.Location())
	return first.AddDate(0, 0, min(t.Day(), lastDay(first))-1)
}

// lastDay is the number of days of the month that begins at first.
func lastDay(first time.Time) int { return first.AddDate(0, 1, -1).Day() }

var weekdays = []string{"SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY"}

// week is the week of t, from Sunday, or one day of it.
func week(t time.Time, f operand) (from, to time.Time, err error) {
	sunday := t.AddDate(0, 0, -int(t.Weekday()))
	switch len(f.args) {
	case 0:
		return sunday, sunday.AddDate(0, 0, 7), nil
	case 1:
		for i, name := range weekdays {
			if strings.EqualFold(name, f.args[0]) {
				return sunday.AddDate(0, 0, i), sunday.AddDate(0, 0, i+1), nil
			}
		}
		return t, t, fail(codeQueryUnit, f.text+"()", f.args[0])
	}
	return t, t, fail(codeQueryArgs, f.text+"()")
}

// month is the month that begins at first, or one day of it: the last one where it is too short.
func month(first time.Time, f operand) (from, to time.Time, err error) {
	switch len(f.args) {
	case 0:
		return first, first.AddDate(0, 1, 0), nil
	case 1:
		n, err := strconv.Atoi(f.args[0])
		if strings.EqualFold(f.args[0], "LAST") {
			n, err = 31, nil
		}
		if err != nil || n < 1 || n > 31 {
			return first, first, fail(codeQueryDay, f.text+"()")
		}
		from = first.AddDate(0, 0, min(n, lastDay(first))-1)
		return from, from.AddDate(0, 0, 1), nil
	}
	return first, first, fail(codeQueryArgs, f.text+"()")
}
