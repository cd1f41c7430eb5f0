package query

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"dossier"
)

// Stamp is the text in which Format shows the moment that the operand tells, after Moves have moved it. It is empty if the operand tells
// none, or if the moment is before that noon of -4713 which is the Julian day 0, or after the year 9999.
//
// An instant tells itself and a day its start. A number is a Julian day: days since noon of 24 November of the year -4713. A text tells
// one if it is a day, a time of day (of 1 January 2000) or both, as in "2006-01-02 15:04:05.000", with or without Z or an offset such
// as +02:00, or if it is such a number. The first of the Moves may say that numbers count otherwise.
//
// In Format every character stands for itself but the conversions, which are those of C's strftime in UTC that are in the map
// conversions, and %J, the Julian day.
type Stamp struct {
	Of     Operand
	Moves  []Move
	Format string
}

func (Stamp) operand() {}

// A Move moves a moment.
type Move struct {
	By Unit
	N  int64
}

// A Unit says how far a Move moves.
type Unit string

// The units. A day that a month does not have leads Months into the next one, MonthsWithin to the month's last.
const (
	Milliseconds Unit = "ms"      // N of them
	Months       Unit = "months"  // N of them
	MonthsWithin Unit = "within"  // N months
	Weekday      Unit = "weekday" // on to the next day with that number, 0 for Sunday, or not at all
	DayStart     Unit = "day"     // to the start of the day; N is 0
	MonthStart   Unit = "month"   // likewise
	YearStart    Unit = "year"    // likewise
)

// The units of a Move that moves nothing: it says, in front of all others, which moment the operand tells, and its N is 0.
const (
	Seconds Unit = "seconds" // a number counts seconds since the start of 1970, and only a number tells a moment
	Julian  Unit = "julian"  // only a Julian day tells one
	Either  Unit = "either"  // a number that is no Julian day counts those seconds
)

// reads reports whether the unit says which moment is told.
func (u Unit) reads() bool { return u == Seconds || u == Julian || u == Either }

// The bounds of a Stamp.
const (
	maxMoves  = 20
	maxFormat = 256  // bytes: what a conversion costs is paid for every record
	maxMs     = 1e15 // of a Move, some 30 000 years
	maxMonths = 400_000
)

// Valid reports whether a Stamp may move so: by a known unit, and within its bounds.
func (m Move) Valid() bool {
	switch m.By {
	case Milliseconds:
		return -maxMs <= m.N && m.N <= maxMs
	case Months, MonthsWithin:
		return -maxMonths <= m.N && m.N <= maxMonths
	case Weekday:
		return 0 <= m.N && m.N < 7
	}
	return m.N == 0 && (m.By == DayStart || m.By == MonthStart || m.By == YearStart || m.By.reads())
}

func (m Move) apply(t time.Time) time.Time {
	y, month, d := t.Date()
	n := int(m.N)
	switch m.By {
	case Milliseconds:
		return time.UnixMilli(t.UnixMilli() + m.N).UTC()
	case Months:
		return t.AddDate(0, n, 0)
	case MonthsWithin:
		to := t.AddDate(0, n, 0)
		if to.Day() < d {
			to = to.AddDate(0, 0, -to.Day())
		}
		return to
	case Weekday:
		return t.AddDate(0, 0, (n-int(t.Weekday())+7)%7)
	case MonthStart:
		d = 1
	case YearStart:
		month, d = time.January, 1
	}
	return time.Date(y, month, d, 0, 0, 0, 0, time.UTC)
}

// MovesText is moves as one text, which ParseMoves reads.
func MovesText(moves []Move) string {
	parts := make([]string, len(moves))
	for i, m := range moves {
		parts[i] = string(m.By) + " " + strconv.FormatInt(m.N, 10)
	}
	return strings.Join(parts, ",")
}

// ParseMoves reads what MovesText wrote; ok is false for anything else.
func ParseMoves(text string) (moves []Move, ok bool) {
	for part := range strings.SplitSeq(text, ",") {
		if text == "" {
			return nil, true
		}
		unit, n, _ := strings.Cut(part, " ")
		i, err := strconv.ParseInt(n, 10, 64)
		m := Move{Unit(unit), i}
		if err != nil || !m.Valid() {
			return nil, false
		}
		moves = append(moves, m)
	}
	return moves, true
}

func (s *Scope) stampType(o Stamp) (Type, error) {
	t, err := s.TypeOf(o.Of)
	if err == nil {
		err = hasText(o.Of, t, Exact)
	}
	switch {
	case err != nil:
		return None, err
	case len(o.Moves) > maxMoves:
		return None, invalid("a moment is moved at most %d times", maxMoves)
	}
	for i, m := range o.Moves {
		if !m.Valid() || i > 0 && m.By.reads() {
			return None, invalid("%s %d is no move of a moment", m.By, m.N)
		}
	}
	if !GoodFormat(o.Format) {
		return None, invalid("%.50q shows no moment", o.Format)
	}
	return Text, nil
}

// StampOf is what a Stamp makes of v, a value that is not empty.
func StampOf(v dossier.Value, moves []Move, format string) dossier.Value {
	var t time.Time
	var ok bool
	if len(moves) > 0 && moves[0].By.reads() {
		t, ok = momentBy(v, moves[0].By)
		moves = moves[1:]
	} else {
		t, ok = momentOf(v)
	}
	for _, m := range moves {
		if ok = ok && inYears(t); ok {
			t = m.apply(t)
		}
	}
	if !ok || !inYears(t) {
		return nil
	}
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		if show, ok := conversions[format[i]]; ok {
			b.WriteString(show(t))
		}
	}
	return dossier.Text(b.String())
}

func inYears(t time.Time) bool { return t.UnixMilli() >= -epochDay*msPerDay && t.Year() <= 9999 }

// GoodFormat reports whether a Stamp may have this format: all its conversions are known, and it is no longer than maxFormat.
func GoodFormat(format string) bool {
	for i := 0; i < len(format); i++ {
		if format[i] == '%' {
			if i++; i == len(format) || conversions[format[i]] == nil {
				return false
			}
		}
	}
	return len(format) <= maxFormat && goodText(format) == nil
}

// conversions show a part of a moment.
var conversions = map[byte]func(time.Time) string{
	'd': layout("02"), 'e': layout("_2"), 'f': layout("05.000"), 'F': layout("2006-01-02"), 'H': layout("15"), 'I': layout("03"),
	'j': layout("002"), 'm': layout("01"), 'M': layout("04"), 'p': layout("PM"), 'P': layout("pm"), 'R': layout("15:04"),
	'S': layout("05"), 'T': layout("15:04:05"), 'Y': layout("2006"), '%': layout("%"),
	'k': func(t time.Time) string { return fmt.Sprintf("%2d", t.Hour()) },
	'l': func(t time.Time) string { return fmt.Sprintf("%2d", (t.Hour()+11)%12+1) },
	'g': func(t time.Time) string { y, _ := t.ISOWeek(); return fmt.Sprintf("%02d", y%100) },
	'G': func(t time.Time) string { y, _ := t.ISOWeek(); return fmt.Sprintf("%04d", y) },
	'V': func(t time.Time) string { _, w := t.ISOWeek(); return fmt.Sprintf("%02d", w) },
	'U': func(t time.Time) string { return fmt.Sprintf("%02d", (t.YearDay()+6-int(t.Weekday()))/7) },
	'W': func(t time.Time) string { return fmt.Sprintf("%02d", (t.YearDay()+6-(int(t.Weekday())+6)%7)/7) },
	'w': func(t time.Time) string { return strconv.Itoa(int(t.Weekday())) },
	'u': func(t time.Time) string { return strconv.Itoa((int(t.Weekday())+6)%7 + 1) },
	's': func(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) },
	'J': func(t time.Time) string {
		return strconv.FormatFloat(float64(t.UnixMilli())/msPerDay+epochDay, 'g', 16, 64)
	},
}

func layout(form string) func(time.Time) string {
	return func(t time.Time) string { return t.Format(form) }
}

const (
	msPerDay = 24 * 60 * 60 * 1000
	epochDay = 2440587.5 // the Julian day of 1970-01-01
	lastDay  = 5373484.5 // that of 10000-01-01
)

// momentOf is the moment that v tells.
func momentOf(v dossier.Value) (time.Time, bool) {
	switch v := v.(type) {
	case dossier.Instant:
		return time.UnixMilli(int64(v)).UTC(), true
	case dossier.Number:
		return julian(string(v))
	case dossier.Bool:
		return time.Time{}, false
	}
	return parseMoment(TextOf(v))
}

// momentBy is the moment that v tells where numbers count as the unit says.
func momentBy(v dossier.Value, by Unit) (time.Time, bool) {
	n, numeral := v.(dossier.Number)
	if _, truth := v.(dossier.Bool); !numeral && !truth && !momentForm.MatchString(TextOf(v)) {
		n, numeral = NumeralOf(TextOf(v)).(dossier.Number)
	}
	if !numeral {
		t, ok := momentOf(v)
		return t, ok && by == Either
	}
	if by != Seconds {
		if t, ok := julian(string(n)); ok || by == Julian {
			return t, ok
		}
	}
	return secondsIn(string(n))
}

// secondsIn is the moment that many seconds after the start of 1970. It may be further than a Stamp shows.
func secondsIn(text string) (time.Time, bool) {
	f, err := strconv.ParseFloat(text, 64)
	if ms := math.Floor(f*1000 + 0.5); err == nil && math.Abs(ms) < maxMs {
		return time.UnixMilli(int64(ms)).UTC(), true
	}
	return time.Time{}, false
}

func julian(text string) (time.Time, bool) {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f < 0 || f >= lastDay {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(math.Round((f - epochDay) * msPerDay))).UTC(), true
}

// momentForm is a day, a time of day or both.
var momentForm = regexp.MustCompile(`^(?:(\d{4})-(\d\d)-(\d\d)[\s T]*)?(?:(\d\d):(\d\d)(?::(\d\d(?:\.\d+)?))?\s*(?:[Zz]|([+-])(\d\d):(\d\d))?\s*)?$`)

func parseMoment(text string) (time.Time, bool) {
	m := momentForm.FindStringSubmatch(text)
	if m == nil {
		if n, ok := NumeralOf(text).(dossier.Number); ok {
			return julian(string(n))
		}
		return time.Time{}, false
	}
	if m[1] == "" && m[4] == "" {
		return time.Time{}, false
	}
	part := func(i int) int { n, _ := strconv.Atoi(m[i]); return n } // the form has digits there, or nothing
	y, month, d := 2000, 1, 1
	if m[1] != "" {
		y, month, d = part(1), part(2), part(3)
	}
	seconds, _ := strconv.ParseFloat("0"+m[6], 64)
	offset := part(8)*60 + part(9)
	if month < 1 || month > 12 || d < 1 || d > 31 || part(4) > 24 || part(5) > 59 || seconds >= 60 || part(8) > 14 || part(9) > 59 {
		return time.Time{}, false
	}
	if m[7] == "+" {
		offset = -offset
	}
	ms := time.Duration(math.Round(seconds*1000)) * time.Millisecond
	return time.Date(y, time.Month(month), d, part(4), part(5)+offset, 0, 0, time.UTC).Add(ms), true
}
