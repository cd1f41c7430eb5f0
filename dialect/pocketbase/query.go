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
	if strings.TrimSpace(text) == "" {
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

// sortKeys are the column that name leads to; of a value in a document one for each type, so that numbers come before texts; of files and
// rows how many there are.
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
	if f, ok := l.base.Field(names[0]); ok && len(names) == 1 && (f.IsFile() || f.Type == dossier.TypeTable) {
		return []query.Operand{query.Length{Of: query.Col(f.Name)}}, nil
	}
	if len(r.hops) > 0 || r.leaf.kind == kindFiles || r.leaf.kind == kindRows {
		return nil, invalid("%s has no order", name)
	}
	if r.leaf.kind != kindInside {
		return []query.Operand{r.leaf.of}, nil
	}
	var keys []query.Operand
	for _, t := range insideParts {
		keys = append(keys, docPart(r.leaf.of, t))
	}
	return keys, nil
}
