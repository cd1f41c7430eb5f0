package pocketbase

import (
	"strconv"
	"time"

	"dossier"
)

// macro is the value of a name that stands for a moment or a part of one, in UTC.
func macro(name string, now time.Time) (literal, bool) {
	now = now.UTC()
	y, m, d := now.Date()
	start := func(y int, m time.Month, d int) literal { return moment(time.Date(y, m, d, 0, 0, 0, 0, time.UTC)) }
	end := func(y int, m time.Month, d int) literal { // of the day before
		return moment(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Add(-time.Millisecond))
	}
	switch name {
	case "@now":
		return moment(now), true
	case "@yesterday":
		return moment(now.AddDate(0, 0, -1)), true
	case "@tomorrow":
		return moment(now.AddDate(0, 0, 1)), true
	case "@todayStart":
		return start(y, m, d), true
	case "@todayEnd":
		return end(y, m, d+1), true
	case "@monthStart":
		return start(y, m, 1), true
	case "@monthEnd":
		return end(y, m+1, 1), true
	case "@yearStart":
		return start(y, 1, 1), true
	case "@yearEnd":
		return end(y+1, 1, 1), true
	}
	n, ok := macroNumber(name, now)
	return numberLiteral(dossier.Number(strconv.Itoa(n))), ok
}

func macroNumber(name string, now time.Time) (int, bool) {
	switch name {
	case "@second":
		return now.Second(), true
	case "@minute":
		return now.Minute(), true
	case "@hour":
		return now.Hour(), true
	case "@day":
		return now.Day(), true
	case "@month":
		return int(now.Month()), true
	case "@weekday":
		return int(now.Weekday()), true
	case "@year":
		return now.Year(), true
	}
	return 0, false
}
