package pocketbase

import (
	"math"
	"strconv"
	"strings"
	"time"

	"dossier"
	"dossier/query"
)

// call is the value of a function: strftime(format, time, modifiers…) or geoDistance(lonA, latA, lonB, latB).
func (l *lowerer) call(o operand) (ref, error) {
	args := make([]ref, len(o.args))
	for i, a := range o.args {
		var err error
		if args[i], err = l.operand(a); err != nil {
			return ref{}, err
		}
		if args[i].each {
			return ref{}, invalid("%s takes no list", o.text)
		}
	}
	switch o.text {
	case "strftime":
		if len(args) == 0 || o.args[0].kind != tokenQuoted {
			return ref{}, invalid("strftime wants a format in quotes first")
		}
		return l.strftime(o.args[0].text, args[1:])
	case "geoDistance":
		for _, a := range o.args {
			if a.kind != tokenName && a.kind != tokenNumeral {
				return ref{}, invalid("geoDistance wants numbers and names")
			}
		}
		return geoDistance(args)
	}
	return ref{}, invalid("unknown function %s", o.text)
}

func (l *lowerer) strftime(format string, args []ref) (ref, error) {
	if len(args) > 0 && !args[0].fixed {
		return columnStamp(format, args[0], len(args) > 1)
	}
	t, ok := l.now, true
	if len(args) > 0 {
		if t, ok = parseMoment(args[0].value, l.now); !ok {
			return fixedRef(null), nil
		}
		args = args[1:]
	}
	for _, m := range args {
		if !m.fixed {
			return ref{}, invalid("a modifier of strftime is a text")
		}
		if t, ok = shiftMoment(t, m.value.text); !ok {
			return fixedRef(null), nil
		}
	}
	s, ok := formatMoment(format, t.UTC())
	if !ok {
		return fixedRef(null), nil
	}
	return fixedRef(textLiteral(s)), nil
}

// columnStamp is a part of the text of a date.
func columnStamp(format string, of ref, modified bool) (ref, error) {
	k := of.leaf.kind
	if modified || k != kindInstant && k != kindDay || of.gate != nil {
		return ref{}, invalid("strftime takes a date and no modifiers where that is a field")
	}
	s, ok := parseStamp(format)
	if !ok {
		return ref{}, invalid("strftime of a field knows %%Y %%m %%d %%H %%M %%S %%f %%F %%T %%R, not all of %q", format)
	}
	of.leaf.kind, of.leaf.stamp, of.leaf.day = kindStamp, s, k == kindDay
	return of, nil
}

// momentForms are the texts that are moments.
var momentForms = []string{"2006-01-02 15:04:05.999Z07:00", "2006-01-02 15:04Z07:00", "2006-01-02 15:04:05.999", "2006-01-02 15:04", "2006-01-02"}

func parseMoment(v literal, now time.Time) (time.Time, bool) {
	if v.kind != isText {
		return time.Time{}, false
	}
	if v.text == "now" {
		return now, true
	}
	text := strings.Replace(v.text, "T", " ", 1)
	for _, form := range momentForms {
		if t, err := time.Parse(form, text); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// maxShift is how far a modifier of strftime may shift, in its unit: any further leads to no year that can be shown, or
// past what a duration holds.
const maxShift = 1_000_000

// shiftMoment applies a modifier: "+7 days", "start of month", "weekday 1".
func shiftMoment(t time.Time, modifier string) (time.Time, bool) {
	words := strings.Fields(strings.ToLower(modifier))
	y, m, d := t.Date()
	switch {
	case len(words) == 3 && words[0] == "start" && words[1] == "of":
		switch words[2] {
		case "day":
			return time.Date(y, m, d, 0, 0, 0, 0, time.UTC), true
		case "month":
			return time.Date(y, m, 1, 0, 0, 0, 0, time.UTC), true
		case "year":
			return time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC), true
		}
	case len(words) == 2 && words[0] == "weekday":
		n, err := strconv.Atoi(words[1])
		return t.AddDate(0, 0, (n-int(t.Weekday())+7)%7), err == nil && n >= 0 && n < 7
	case len(words) == 2:
		n, err := strconv.Atoi(words[0])
		if err != nil || n > maxShift || n < -maxShift {
			return t, false
		}
		return shiftBy(t, n, strings.TrimSuffix(words[1], "s"))
	}
	return t, false
}

func shiftBy(t time.Time, n int, unit string) (time.Time, bool) {
	switch unit {
	case "second":
		return t.Add(time.Duration(n) * time.Second), true
	case "minute":
		return t.Add(time.Duration(n) * time.Minute), true
	case "hour":
		return t.Add(time.Duration(n) * time.Hour), true
	case "day":
		return t.AddDate(0, 0, n), true
	case "month":
		return t.AddDate(0, n, 0), true
	case "year":
		return t.AddDate(n, 0, 0), true
	}
	return t, false
}

// formatMoment is t in a format whose conversions are % and a letter.
func formatMoment(format string, t time.Time) (string, bool) {
	text := query.InstantText(dossier.InstantOf(t))
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			b.WriteByte(format[i])
			continue
		}
		if i++; i == len(format) {
			return "", false
		}
		switch c := format[i]; c {
		case 'j':
			b.WriteString(strconv.Itoa(1000 + t.YearDay())[1:])
		case 'w':
			b.WriteString(strconv.Itoa(int(t.Weekday())))
		case 'u':
			b.WriteString(strconv.Itoa((int(t.Weekday())+6)%7 + 1))
		case 's':
			b.WriteString(strconv.FormatInt(t.Unix(), 10))
		case '%':
			b.WriteByte('%')
		default:
			part, ok := stampParts[c]
			if !ok || len(text) != stampLength {
				return "", false
			}
			b.WriteString(text[part[0]:part[1]])
		}
	}
	return b.String(), true
}

// earthRadius in kilometres.
const earthRadius = 6371

// geoDistance is the great-circle distance of two points, in kilometres. No field holds a point, so that all is known.
func geoDistance(args []ref) (ref, error) {
	if len(args) != 4 {
		return ref{}, invalid("geoDistance wants four numbers: lonA, latA, lonB, latB")
	}
	var rad [4]float64
	for i, a := range args {
		if !a.fixed {
			return ref{}, invalid("geoDistance of a field is not offered")
		}
		n, ok := a.value.number()
		if !ok {
			return fixedRef(null), nil
		}
		f, err := strconv.ParseFloat(string(n), 64)
		if err != nil {
			return fixedRef(null), nil
		}
		rad[i] = f * math.Pi / 180
	}
	cos := math.Sin(rad[1])*math.Sin(rad[3]) + math.Cos(rad[1])*math.Cos(rad[3])*math.Cos(rad[2]-rad[0])
	km := earthRadius * math.Acos(max(-1, min(1, cos)))
	n, err := dossier.ParseNumber(strconv.FormatFloat(km, 'f', -1, 64))
	return fixedRef(numberLiteral(n)), err
}
