package pocketbase

import (
	"strings"

	"dossier"
	"dossier/query"
)

// stampParts are the places of a format's conversions in the text of an instant.
var stampParts = map[byte][2]int{'Y': {0, 4}, 'm': {5, 7}, 'd': {8, 10}, 'H': {11, 13}, 'M': {14, 16}, 'S': {17, 19}, 'f': {17, 23},
	'F': {0, 10}, 'T': {11, 19}, 'R': {11, 16}}

const (
	stampLength = len(stampSample)
	// stampSample is like the text of an instant, with a letter of its own in every place.
	stampSample = "abcd-ef-gh ij:kl:mn.opqZ"
)

// A stamp is a format of dates: literal text and parts of the text of an instant.
type stamp struct {
	pieces []stampPiece
	length int
}

type stampPiece struct {
	literal  byte // or
	from, to int
}

func parseStamp(format string) (*stamp, bool) {
	s := &stamp{}
	for i := 0; i < len(format); i++ {
		p := stampPiece{literal: format[i]}
		if format[i] == '%' {
			if i++; i == len(format) {
				return nil, false
			}
			if part, ok := stampParts[format[i]]; ok {
				p = stampPiece{from: part[0], to: part[1]}
			} else if format[i] != '%' {
				return nil, false
			}
		}
		s.pieces = append(s.pieces, p)
		s.length += p.length()
	}
	return s, true
}

func (p stampPiece) length() int {
	if p.literal != 0 {
		return 1
	}
	return p.to - p.from
}

// prefix reports whether what s shows is the start of an instant's text.
func (s *stamp) prefix() bool {
	var b strings.Builder
	for _, p := range s.pieces {
		if p.literal != 0 {
			b.WriteByte(p.literal)
		} else {
			b.WriteString(stampSample[p.from:p.to])
		}
	}
	return strings.HasPrefix(stampSample, b.String())
}

// pattern is what the text of an instant is like that s shows as text; ok is false if none is.
func (s *stamp) pattern(text string) (pattern string, ok bool) {
	if len(text) != s.length {
		return "", false
	}
	out := []byte(strings.Repeat("_", stampLength))
	for _, p := range s.pieces {
		part := text[:p.length()]
		text = text[p.length():]
		if p.literal != 0 {
			if part[0] != p.literal {
				return "", false
			}
			continue
		}
		for i := range len(part) {
			at := &out[p.from+i]
			if strings.IndexByte("0123456789.:-", part[i]) < 0 || *at != '_' && *at != part[i] {
				return "", false
			}
			*at = part[i]
		}
	}
	return string(out), true
}

// stamp compares what a format shows of a date. Of an empty date that is null.
func (d *verdict) stamp(c column, op string, v literal) error {
	d.zero = foldTest(null, op, v)
	d.null = d.zero
	switch {
	case op == "=" || op == "!=":
		if p, ok := c.stamp.pattern(v.text); ok {
			d.matches(c, op, p)
		} else if op == "!=" {
			d.every(c)
		}
	case !c.stamp.prefix():
		return dossier.Errorf(dossier.Invalid, "only = and != compare a format that does not start with the year")
	case isLike(op):
		d.matches(c, op, likePattern(v.text)+strings.Repeat("_", stampLength-c.stamp.length))
	default:
		d.prefixed(c, op, v.text)
	}
	return nil
}

// matches is whether the text of the date is like pattern, or not.
func (d *verdict) matches(c column, op, pattern string) {
	patterns := []string{pattern}
	if c.day {
		patterns = patternsBefore(pattern, dayStart)
	}
	var either []query.Filter
	for _, p := range patterns {
		either = append(either, query.Like{Of: c.of, Pattern: p, Case: query.ASCII})
	}
	d.holds = or(either...)
	if op[0] == '!' {
		d.holds, d.loose = not(d.holds), true
	}
}

// prefixed compares the start of the text by comparing dates.
func (d *verdict) prefixed(c column, op, text string) {
	a := instants
	if c.day {
		a = days
	}
	cut := a
	cut.text = func(i int64) string { return a.text(i)[:c.stamp.length] }
	if op == ">" || op == "<=" {
		text += "\x00" // the least text that is greater
	}
	at, ok := cut.first(text)
	switch {
	case op[0] == '>' && ok:
		d.compare(c, ">=", a.value(at))
	case op[0] == '<' && ok:
		d.compare(c, "<", a.value(at))
	case op[0] == '<':
		d.every(c)
	}
}
