package pocketbase

import (
	"time"

	"dossier"
	"dossier/query"
)

// dayStart is what follows a day where one is shown.
const dayStart = " 00:00:00.000Z"

// An axis is a kind of date in its order, counted in steps. Its texts have the same order.
type axis struct {
	min, max int64
	text     func(int64) string
	value    func(int64) dossier.Value
}

const (
	msPerDay = 24 * 60 * 60 * 1000
	// The first and last moment that can be shown: 0001-01-01 and 9999-12-31.
	firstMs = -62135596800000
	lastMs  = 253402300799999
)

var (
	instants = axis{
		min: firstMs, max: lastMs,
		text:  func(i int64) string { return query.InstantText(dossier.Instant(i)) },
		value: func(i int64) dossier.Value { return dossier.Instant(i) },
	}
	days = axis{
		min: firstMs / msPerDay, max: lastMs / msPerDay,
		text:  func(i int64) string { return string(dayOf(i)) + dayStart },
		value: func(i int64) dossier.Value { return dayOf(i) },
	}
)

func dayOf(i int64) dossier.Date {
	return dossier.Date(time.UnixMilli(i * msPerDay).UTC().Format(time.DateOnly))
}

// first is the first step whose text is not less than text; ok is false if there is none.
func (a axis) first(text string) (at int64, ok bool) {
	lo, hi := a.min, a.max+1
	for lo < hi {
		if mid := lo + (hi-lo)/2; a.text(mid) < text {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo, lo <= a.max
}

// dated compares the text that a date is shown as with text, by comparing dates.
func (d *verdict) dated(c column, a axis, op, text string) {
	at, ok := a.first(text)
	equal := ok && a.text(at) == text
	switch {
	case op == "=" && !equal, op[0] == '>' && !ok:
		d.holds = never
		return
	case op == "!=" && !equal, op[0] == '<' && !ok:
		d.every(c)
		return
	case op == ">" && !equal:
		op = ">="
	case op == "<=" && !equal:
		op = "<"
	}
	d.compare(c, op, a.value(at))
}

func (d *verdict) instant(c column, op, text string) {
	if isLike(op) {
		d.like(c, op, text)
		return
	}
	d.dated(c, instants, op, text)
}

func (d *verdict) day(c column, op, text string) {
	if !isLike(op) {
		d.dated(c, days, op, text)
		return
	}
	c.of = query.Stamp{Of: c.of, Format: "%F" + dayStart}
	d.like(c, op, text)
}
