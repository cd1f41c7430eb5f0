package knack

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"dossier"
)

// A moment is a wall clock's reading: what the vendor calls a date_time.
type moment struct {
	t    time.Time // the reading, as if it were UTC
	date bool      // a day was given
	time bool      // a time of day was given
}

// timeOnlyDate is the day that a time of day without one stands at.
var timeOnlyDate = time.Date(2012, 1, 1, 0, 0, 0, 0, time.UTC)

// momentOf is how v, a value of a date, time or datetime field, reads in the zone.
func momentOf(v dossier.Value, zone *time.Location) (moment, bool) {
	switch v := v.(type) {
	case dossier.Date:
		return moment{t: v.Time(), date: true}, true
	case dossier.Instant:
		return moment{t: wall(v.Time().In(zone)), date: true, time: true}, true
	case dossier.Clock:
		c, err := parseClock(string(v))
		return moment{t: timeOnlyDate.Add(c), time: true}, err == nil
	}
	return moment{}, false
}

// wall is the reading of t's clock as if it were UTC.
func wall(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

// in is the moment at which a clock in the zone reads t.
func in(t time.Time, zone *time.Location) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone)
}

func parseClock(s string) (time.Duration, error) {
	layout := "15:04"
	if len(s) > len(layout) {
		layout = time.TimeOnly
	}
	t, err := time.Parse(layout, s)
	if err != nil {
		return 0, err
	}
	return t.Sub(t.Truncate(24 * time.Hour)), nil
}

const dayForm = "01/02/2006"

// formatted is the moment as text: the day, the time, or both.
func (m moment) formatted() string {
	switch {
	case !m.time:
		return m.t.Format(dayForm)
	case !m.date:
		return m.t.Format("3:04pm")
	}
	return m.t.Format(dayForm + " 3:04pm")
}

// raw is the moment as the vendor's nine keys. unix_timestamp and iso_timestamp carry the wall clock as if it were UTC.
func (m moment) raw() object {
	text := m.t.Format(dayForm + " 03:04 pm|2006-01-02T15:04:05.000Z") // one text for all keys: lists are full of dates
	timestamp, iso, _ := strings.Cut(text, "|")
	day, clock, _ := strings.Cut(timestamp, " ")
	half := "AM"
	if m.t.Hour() >= 12 {
		half = "PM"
	}
	return object{
		{"date", day},
		{"date_formatted", day},
		{"hours", clock[:2]},
		{"minutes", clock[3:5]},
		{"am_pm", half},
		{"unix_timestamp", m.t.UnixMilli()},
		{"iso_timestamp", iso},
		{"timestamp", timestamp},
		{"time", minutesOf(m.t)},
	}
}

// minutesOf is the minute of the day, but 720 more in the hour after midnight: the vendor counts twelve there.
func minutesOf(t time.Time) int {
	if t.Hour() == 0 {
		return 720 + t.Minute()
	}
	return t.Hour()*60 + t.Minute()
}

// value is the moment as a value of f; ok is false if it lacks what f needs.
func (m moment) value(f *dossier.Field, zone *time.Location) (dossier.Value, bool) {
	switch f.Type {
	case dossier.TypeDate:
		if m.date {
			return dossier.Date(m.t.Format(time.DateOnly)), true
		}
	case dossier.TypeDateTime:
		if m.date {
			return dossier.InstantOf(in(m.t, zone)), true
		}
	case dossier.TypeTime:
		if m.time && m.t.Second() != 0 {
			return dossier.Clock(m.t.Format(time.TimeOnly)), true
		}
		if m.time {
			return dossier.Clock(m.t.Format("15:04")), true
		}
	}
	return nil, false
}

// parseMoment reads any of the forms that the vendor accepts: an object, a text, or milliseconds.
func parseMoment(v any, zone *time.Location) (moment, bool) {
	switch v := v.(type) {
	case string:
		return parseDateText(v, zone)
	case json.Number:
		return parseMillis(string(v))
	case map[string]any:
		return parseDateObject(v, zone)
	}
	return moment{}, false
}

// parseMillis reads milliseconds since 1970 of a wall clock.
func parseMillis(s string) (moment, bool) {
	n, err := dossier.ParseNumber(s)
	if err != nil {
		return moment{}, false
	}
	whole, _, _ := strings.Cut(n.Plain(), ".")
	ms, err := strconv.ParseInt(whole, 10, 64)
	t := time.UnixMilli(ms).UTC()
	return moment{t: t, date: true, time: true}, err == nil && goodYear(t)
}

func goodYear(t time.Time) bool { return t.Year() >= 1 && t.Year() <= 9999 }

// parseDateObject reads the object form. The parts win over the timestamps, because clients send back what they were given with one of
// them rewritten; the seconds, which no part has, come from an iso_timestamp of the same minute.
func parseDateObject(o map[string]any, zone *time.Location) (moment, bool) {
	if to, ok := o["to"]; ok && !isBlankInput(to) {
		return moment{}, false
	}
	date, hasDate := textOfInput(o["date"])
	_, hasHours := o["hours"]
	iso, hasISO := textOfInput(o["iso_timestamp"])
	switch {
	case hasDate && date != "":
		m, ok := parseDateText(date, zone)
		if ok && !m.time {
			m, ok = withClock(m, o)
		}
		return withSeconds(m, iso), ok && m.date
	case hasHours:
		m, ok := withClock(moment{t: timeOnlyDate}, o)
		return m, ok && m.time
	case hasISO && iso != "":
		m, ok := parseDateText(strings.TrimSuffix(iso, "Z"), time.UTC)
		return m, ok && m.date
	}
	ms, _ := textOfInput(o["unix_timestamp"])
	return parseMillis(ms)
}

func withSeconds(m moment, iso string) moment {
	t, err := time.Parse("2006-01-02T15:04:05.999Z", iso)
	if err == nil && m.time && t.Truncate(time.Minute).Equal(m.t) {
		m.t = t
	}
	return m
}

// withClock adds hours, minutes and am_pm to a day; all_day, or no hours, is the day alone.
func withClock(m moment, o map[string]any) (moment, bool) {
	hours, given := textOfInput(o["hours"])
	if allDay, _ := o["all_day"].(bool); allDay || !given || hours == "" {
		return m, true
	}
	minutes, _ := textOfInput(o["minutes"])
	if minutes == "" {
		minutes = "0"
	}
	half, _ := textOfInput(o["am_pm"])
	h, err1 := strconv.Atoi(hours)
	min, err2 := strconv.Atoi(minutes)
	if err1 != nil || err2 != nil {
		return m, false
	}
	clock, ok := clockOf(h, min, 0, half)
	m.t, m.time = m.t.Add(clock), true
	return m, ok
}

// clockOf is a time of day; half is "", am or pm, in any case.
func clockOf(h, min, sec int, half string) (time.Duration, bool) {
	switch half = strings.ToLower(strings.TrimSpace(half)); {
	case half == "" && (h < 0 || h > 23), half != "" && (h < 1 || h > 12) && !(half == "am" && h == 0):
		return 0, false
	case half == "am" && h == 12:
		h = 0
	case half == "pm" && h < 12:
		h += 12
	case half != "" && half != "am" && half != "pm":
		return 0, false
	}
	if min < 0 || min > 59 || sec < 0 || sec > 59 {
		return 0, false
	}
	return time.Duration(h)*time.Hour + time.Duration(min)*time.Minute + time.Duration(sec)*time.Second, true
}

var (
	usDate    = regexp.MustCompile(`^(\d{1,2})/(\d{1,2})/(\d{4})(?:[ T]+(.+))?$`)
	isoDate   = regexp.MustCompile(`^(\d{4})-(\d{2})-(\d{2})(?:[ T]+(.+))?$`)
	clockText = regexp.MustCompile(`(?i)^(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)? *([ap]m)?(Z|[+-]\d{2}:?\d{2})?$`)
)

// parseDateText reads month/day/year or year-month-day with or without a time of day, or a time of day alone. A time with an offset
// from UTC is converted to the zone.
func parseDateText(s string, zone *time.Location) (moment, bool) {
	s = strings.TrimSpace(s)
	if p := usDate.FindStringSubmatch(s); p != nil {
		return dayAndClock(p[3], p[1], p[2], p[4], zone)
	}
	if p := isoDate.FindStringSubmatch(s); p != nil {
		return dayAndClock(p[1], p[2], p[3], p[4], zone)
	}
	clock, offset, ok := parseClockText(s)
	return moment{t: timeOnlyDate.Add(clock), time: true}, ok && offset == ""
}

func dayAndClock(year, month, day, clock string, zone *time.Location) (moment, bool) {
	t, err := time.Parse("2006-1-2", fmt.Sprintf("%s-%s-%s", year, strings.TrimPrefix(month, "0"), strings.TrimPrefix(day, "0")))
	if err != nil || !goodYear(t) {
		return moment{}, false
	}
	if clock == "" {
		return moment{t: t, date: true}, true
	}
	d, offset, ok := parseClockText(clock)
	if !ok {
		return moment{}, false
	}
	t = t.Add(d)
	if offset != "" {
		t = wall(t.Add(-offsetOf(offset)).In(zone))
	}
	return moment{t: t, date: true, time: true}, goodYear(t)
}

// parseClockText reads 16:14, 16:14:05.123, 4:14pm, each with or without an offset from UTC.
func parseClockText(s string) (clock time.Duration, offset string, ok bool) {
	p := clockText.FindStringSubmatch(strings.TrimSpace(s))
	if p == nil {
		return 0, "", false
	}
	h, _ := strconv.Atoi(p[1])
	min, _ := strconv.Atoi(p[2])
	sec, _ := strconv.Atoi(p[3])
	clock, ok = clockOf(h, min, sec, p[5])
	if p[4] != "" {
		nanos, _ := strconv.Atoi((p[4] + "000000000")[:9])
		clock += time.Duration(nanos)
	}
	return clock, p[6], ok
}

// offsetOf is the length of an offset such as Z, +09:00 or -0530.
func offsetOf(s string) time.Duration {
	if strings.EqualFold(s, "Z") {
		return 0
	}
	digits := strings.ReplaceAll(s[1:], ":", "")
	n, _ := strconv.Atoi(digits)
	d := time.Duration(n/100)*time.Hour + time.Duration(n%100)*time.Minute
	if s[0] == '-' {
		return -d
	}
	return d
}
