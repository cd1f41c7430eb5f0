package knack

import (
	"strings"

	"dossier"
	"dossier/query"
)

// A span is a run of parts as they stand in one line: a single part, or two spans and what joins them where both have something.
type span struct {
	key         string
	left, right *span
	joint       string
}

func single(key string) *span { return &span{key: key} }

func joined(left *span, joint string, right *span) *span {
	return &span{left: left, right: right, joint: joint}
}

// nameLine is a name as it is shown: title, first, middle, last.
var nameLine = joined(joined(single("title"), " ", single("first")), " ", joined(single("middle"), " ", single("last")))

// addressLine is an address in one line: street, second street, "city, state zip", country.
var addressLine = joined(joined(single("street"), " ", single("street2")), " ",
	joined(joined(single("city"), ", ", single("state")), " ", joined(single("zip"), " ", single("country"))))

// addressPoint are the parts of an address that are not in its line, and may be numbers.
var addressPoint = []string{"latitude", "longitude"}

// The blanks that a text may have which is looked for in a line: each may stand between any two parts, the tree has a branch for every
// way to spell the text, and a query has no more than 2000 of them.
const (
	maxNameBlanks    = 12
	maxAddressBlanks = 6
)

// askParts lowers the text operators on names and addresses: a part is asked, and the line that all of them make.
func askParts(f *dossier.Field, a ask) (query.Filter, error) {
	s, none, err := wantedText(f, a)
	if none || err != nil {
		return query.Empty{Of: query.Col(f.Name)}, err
	}
	bound := maxAddressBlanks
	if f.Type == dossier.TypeName {
		bound = maxNameBlanks
	}
	if strings.Count(s, " ") > bound {
		return nil, badFilter("a text for %s has at most %d blanks", fieldKey(f), bound)
	}
	p := parts{query.Col(f.Name)}
	if f.Type == dossier.TypeName {
		return p.ask(a.op, s, nameLine), nil
	}
	return append(p.ask(a.op, s, addressLine), p.askPoint(a.op, s)...), nil
}

// parts are what a name or an address is kept as: a JSON object.
type parts struct{ col query.Column }

func (p parts) part(key string, as query.Type) query.Operand {
	return query.JSONPath{Of: p.col, Path: []string{key}, As: as}
}

// ask is true where a part, or the whole line, is, contains, starts or ends with s.
func (p parts) ask(op, s string, line *span) query.Or {
	e := map[string]ends{"is": {}, "contains": {true, true}, "starts with": {after: true}, "ends with": {before: true}}[op]
	spelt := p.spells(line, s, e)
	if op == "contains" {
		return spelt // a line contains its parts
	}
	var or query.Or
	for _, key := range line.keys(nil) {
		or = append(or, like(p.part(key, query.Text), e.pattern(s)))
	}
	return append(or, spelt...)
}

func (p parts) askPoint(op, s string) query.Or {
	pattern, _ := textPattern(op, s)
	var or query.Or
	for _, key := range addressPoint {
		or = append(or, like(p.part(key, query.Text), pattern), like(p.part(key, query.Decimal), pattern))
	}
	return or
}

// ends say where a text may go on beyond what is looked for.
type ends struct{ before, after bool }

func (e ends) pattern(s string) string {
	p := likePattern(s)
	if e.before {
		p = "%" + p
	}
	if e.after {
		p += "%"
	}
	return p
}

// keys appends the parts of a span.
func (sp *span) keys(to []string) []string {
	if sp.left == nil {
		return append(to, sp.key)
	}
	return sp.right.keys(sp.left.keys(to))
}

// present is true if a part of the span has something.
func (p parts) present(sp *span) query.Filter {
	var or query.Or
	for _, key := range sp.keys(nil) {
		or = append(or, like(p.part(key, query.Text), "_%"))
	}
	return oneOf(or)
}

// spells is true where the span's line is s, or has it within where e lets it go on. Empty is never.
func (p parts) spells(sp *span, s string, e ends) query.Or {
	switch {
	case s == "" && !e.before && !e.after:
		return nil
	case s == "":
		return query.Or{p.present(sp)}
	case sp.left == nil:
		return query.Or{like(p.part(sp.key, query.Text), e.pattern(s))}
	}
	return append(p.onOneSide(sp, s, e), p.acrossJoint(sp, s, e)...)
}

// onOneSide spells s in the left or the right of a span; the other side is empty unless the line may go on there.
func (p parts) onOneSide(sp *span, s string, e ends) query.Or {
	var or query.Or
	add := func(spelt query.Or, other *span, open bool) {
		switch {
		case len(spelt) == 0:
		case open:
			or = append(or, spelt...)
		default:
			or = append(or, query.And{oneOf(spelt), query.Not{Filter: p.present(other)}})
		}
	}
	add(p.spells(sp.left, s, e), sp.right, e.after)
	add(p.spells(sp.right, s, e), sp.left, e.before)
	return or
}

// acrossJoint spells s with the end of the left, the joint and the start of the right. A line that goes on may show a piece of the joint
// alone.
func (p parts) acrossJoint(sp *span, s string, e ends) query.Or {
	var or query.Or
	add := func(head, tail string, left, right ends) {
		l, r := p.spells(sp.left, head, left), p.spells(sp.right, tail, right)
		if len(l) > 0 && len(r) > 0 {
			or = append(or, query.And{oneOf(l), oneOf(r)})
		}
	}
	beside := [2]ends{{before: e.before}, {after: e.after}}
	for i := range s {
		if tail, ok := strings.CutPrefix(s[i:], sp.joint); ok {
			add(s[:i], tail, beside[0], beside[1])
		}
	}
	for n := 1; n < len(sp.joint); n++ {
		if head, ok := strings.CutSuffix(s, sp.joint[:n]); ok && e.after {
			add(head, "", beside[0], ends{after: true})
		}
		if tail, ok := strings.CutPrefix(s, sp.joint[n:]); ok && e.before {
			add("", tail, ends{before: true}, beside[1])
		}
	}
	return or
}

// oneOf is the only filter of a list, or the list.
func oneOf(or query.Or) query.Filter {
	if len(or) == 1 {
		return or[0]
	}
	return or
}
