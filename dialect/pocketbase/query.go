package pocketbase

import (
	"strings"
	"time"
	"unicode/utf8"

	"dossier"
	"dossier/access"
	"dossier/query"
)

// The bounds of a sort parameter.
const (
	maxSorts      = 8
	maxSortLength = 255 // characters of one entry
)

// parseFilter lowers the filter that a client sends for records of c: nil for an empty one. What is no filter is
// dossier.Invalid, as is a filter that looks at what who may not see: hidden fields, collections closed to who.
func parseFilter(space *dossier.Space, c *dossier.Collection, text string, who access.Principal, now time.Time) (query.Filter, error) {
	if text == "" {
		return nil, nil
	}
	if utf8.RuneCountInString(text) > maxFilterLength {
		return nil, invalid("a filter has at most %d characters", maxFilterLength)
	}
	e, err := parse(text)
	if err != nil {
		return nil, err
	}
	l := clientLowerer(space, c, who, now)
	l.text = text
	return l.lower(e)
}

func clientLowerer(space *dossier.Space, c *dossier.Collection, who access.Principal, now time.Time) *lowerer {
	return &lowerer{space: space, base: c, ask: access.Question{Principal: who, Action: access.List}, now: now, client: true}
}

// parseSort lowers the sort parameter of a client: a comma list of paths, descending behind a minus. @random is a
// random order, @rowid the order of creation.
func parseSort(space *dossier.Space, c *dossier.Collection, text string, who access.Principal) (sorts []query.Sort, random bool, err error) {
	if text == "" {
		return nil, false, nil
	}
	entries := strings.Split(text, ",")
	if len(entries) > maxSorts {
		return nil, false, invalid("a sort has at most %d entries", maxSorts)
	}
	l := clientLowerer(space, c, who, time.Time{})
	for _, entry := range entries {
		if utf8.RuneCountInString(entry) > maxSortLength {
			return nil, false, invalid("an entry of a sort has at most %d characters", maxSortLength)
		}
		name := strings.TrimSpace(entry)
		desc := strings.HasPrefix(name, "-")
		name = strings.TrimLeft(name[:min(1, len(name))], "+-") + name[min(1, len(name)):]
		if name == "@random" {
			random = true
			continue
		}
		keys, err := l.sortKeys(name)
		if err != nil {
			return nil, false, err
		}
		for _, by := range keys {
			sorts = append(sorts, query.Sort{By: by, Desc: desc})
		}
	}
	return sorts, random, nil
}

// sortKeys are what name leads to, of several records the first, of rows how many there are. A number sorts before every text, which
// needs two keys.
func (l *lowerer) sortKeys(name string) ([]query.Operand, error) {
	if name == "@rowid" {
		return []query.Operand{query.Meta(query.Number)}, nil
	}
	names := strings.Split(name, ".")
	mod, err := cutModifier(names)
	if err != nil {
		return nil, err
	}
	r, err := l.walkFrom(l.base, "").walk(names, mod)
	if err != nil {
		return nil, err
	}
	if r.leaf.kind == kindRows {
		r.leaf = column{of: query.Length{Of: r.leaf.of}, kind: kindNumber, filled: true, counted: true}
	}
	if r.fixed {
		return nil, invalid("%s has no order", name)
	}
	if k := r.leaf.kind; len(r.hops) == 0 && r.leaf.reach == nil && (k == kindInstant || k == kindDay) {
		return []query.Operand{r.leaf.of}, nil // as they are shown, and quicker
	}
	s, err := r.leaf.shown()
	if err != nil {
		return nil, err
	}
	var keys []query.Operand
	for _, by := range []query.Operand{s.text, s.number} {
		if by != nil {
			if by = first(r.hops, by); r.leaf.counted && len(r.hops) > 0 {
				by = query.OrElse(by, numberOperand("0"))
			}
			keys = append(keys, by)
		}
	}
	return keys, nil
}

// first is the value of the first row that the joins lead to.
func first(hops []hop, of query.Operand) query.Operand {
	for i := len(hops) - 1; i >= 0; i-- {
		of = query.At{Over: hops[i].over, Where: hops[i].guard, Of: of}
		if hops[i].zero {
			of = query.OrElse(of, textOperand(""))
		}
	}
	return of
}
