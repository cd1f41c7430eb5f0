package pocketbase

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"dossier/query"
)

// readings say, in front of all other modifiers, how numbers tell moments.
var readings = map[string]query.Unit{"unixepoch": query.Seconds, "julianday": query.Julian, "auto": query.Either}

// floored says of the move before it that a day which its month does not have is the month's last.
var floored = query.Move{By: query.MonthsWithin}

// starts are the words behind "start of".
var starts = map[string]query.Unit{"day": query.DayStart, "month": query.MonthStart, "year": query.YearStart}

// parseMove reads one modifier, split into words. The time zone of strftime is UTC, also where a modifier asks for the local one.
// Source: SQLite, "Date And Time Functions", Modifiers.
func parseMove(words []string) ([]query.Move, bool) {
	switch {
	case len(words) == 1 && slices.Contains([]string{"utc", "localtime", "ceiling", "subsec", "subsecond"}, words[0]):
		return nil, true
	case len(words) == 1 && words[0] == "floor":
		return []query.Move{floored}, true
	case len(words) == 3 && words[0] == "start" && words[1] == "of" && starts[words[2]] != "":
		return []query.Move{{By: starts[words[2]]}}, true
	case len(words) == 2 && words[0] == "weekday":
		n, err := strconv.ParseFloat(words[1], 64)
		return []query.Move{{By: query.Weekday, N: int64(n)}}, err == nil && n == math.Trunc(n) && 0 <= n && n < 7
	}
	if moves, ok := parseAmount(words); ok {
		return moves, true
	}
	return parseShift(strings.Join(words, " "))
}

// measures are units of time: what one is in moves, and how many of them lead past all years.
var measures = map[string]struct{ ms, months, max float64 }{
	"second": {1000, 0, 4.6427e+14}, "minute": {60_000, 0, 7.7379e+12}, "hour": {3_600_000, 0, 1.2897e+11}, "day": {msPerDay, 0, 5373485},
	"month": {30 * msPerDay, 1, 176546}, "year": {365 * msPerDay, 12, 14713},
}

// parseAmount reads "+7 days" or "-1.5 month": of months and years the whole ones are moves of their own.
func parseAmount(words []string) ([]query.Move, bool) {
	if len(words) != 2 {
		return nil, false
	}
	n, err := strconv.ParseFloat(words[0], 64)
	m, known := measures[strings.TrimSuffix(words[1], "s")]
	if err != nil || !known || !(math.Abs(n) < m.max) {
		return nil, false
	}
	var out []query.Move
	if m.months > 0 {
		whole := math.Trunc(n)
		out, n = append(out, query.Move{By: query.Months, N: int64(whole * m.months)}), n-whole
	}
	if ms := int64(math.Round(n * m.ms)); ms != 0 || out == nil {
		out = append(out, query.Move{By: query.Milliseconds, N: ms})
	}
	return out, !slices.ContainsFunc(out, func(m query.Move) bool { return !m.Valid() })
}

// shiftForm is "+01:30:00.000" or "-0001-02-03", or both with the days first.
var shiftForm = regexp.MustCompile(`^([+-])?(?:(\d{4})-(\d\d)-(\d\d)(?: |$))?(?:(\d\d):(\d\d)(?::(\d\d(?:\.\d+)?))?)?$`)

func parseShift(text string) ([]query.Move, bool) {
	f := shiftForm.FindStringSubmatch(text)
	if f == nil || f[2] == "" && f[5] == "" || f[2] != "" && f[1] == "" {
		return nil, false
	}
	part := func(i int) int64 { n, _ := strconv.ParseInt("0"+f[i], 10, 64); return n }
	seconds, _ := strconv.ParseFloat("0"+f[7], 64)
	if part(3) > 11 || part(4) > 30 || part(5) > 24 || part(6) > 59 || seconds >= 60 {
		return nil, false
	}
	months, ms := part(2)*12+part(3), part(4)*msPerDay+part(5)*3_600_000+part(6)*60_000+int64(math.Round(seconds*1000))
	if f[1] == "-" {
		months, ms = -months, -ms
	}
	var out []query.Move
	if months != 0 {
		out = append(out, query.Move{By: query.Months, N: months})
	}
	return append(out, query.Move{By: query.Milliseconds, N: ms}), true
}
