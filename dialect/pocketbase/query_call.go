package pocketbase

import (
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
		if a.kind == tokenCall {
			return ref{}, invalid("%s takes no function", o.text)
		}
		if args[i], err = l.operand(a); err != nil {
			return ref{}, err
		}
		if args[i].each {
			return ref{}, invalid("%s takes no list", o.text)
		}
	}
	switch o.text {
	case "strftime":
		for i, a := range o.args {
			if a.kind != tokenQuoted && i != 1 {
				return ref{}, invalid("strftime wants its format and its modifiers in quotes")
			}
		}
		return l.strftime(args)
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

// strftime shows a moment, now if none is named. What tells no moment, or is moved or shown as nobody can, is null.
func (l *lowerer) strftime(args []ref) (ref, error) {
	if len(args) == 0 {
		return ref{}, invalid("strftime wants a format")
	}
	if len(args) == 1 {
		args = append(args, fixedRef(moment(l.now)))
	}
	format, of := args[0].value.text, args[1]
	var texts []string
	for _, m := range args[2:] {
		texts = append(texts, m.value.text)
	}
	moves, ok := parseMoves(texts)
	if !ok || !query.GoodFormat(format) {
		return fixedRef(null), nil
	}
	if of.fixed {
		return fixedRef(l.stampOf(of.value, moves, format)), nil
	}
	source := of.leaf.of
	if k := of.leaf.kind; k != kindInstant && k != kindDay {
		s, err := of.leaf.shown()
		if err != nil {
			return ref{}, err
		}
		source = s.any()
	}
	of.leaf = column{of: query.Stamp{Of: source, Moves: moves, Format: format}, kind: kindStamp, name: of.leaf.name}
	return of, nil
}

// stampOf is what strftime makes of a constant.
func (l *lowerer) stampOf(v literal, moves []query.Move, format string) literal {
	var of dossier.Value
	switch n, ok := v.number(); {
	case v.kind == isText && v.text == "now":
		of = dossier.InstantOf(l.now)
	case v.kind == isText:
		of = dossier.Text(v.text)
	case ok:
		of = n
	default:
		return null
	}
	if s, ok := query.StampOf(of, moves, format).(dossier.Text); ok {
		return textLiteral(string(s))
	}
	return null
}

// geoDistance is the great-circle distance of two points, in kilometres, null where one has no number.
func geoDistance(args []ref) (ref, error) {
	if len(args) != 4 {
		return ref{}, invalid("geoDistance wants four numbers: lonA, latA, lonB, latB")
	}
	out, at := ref{fixed: true}, [4]query.Operand{}
	var degrees [4]dossier.Value
	one := true // record has all values
	for i, a := range args {
		if a.fixed {
			if n, ok := a.value.number(); ok {
				degrees[i] = n
			}
			at[i] = query.Literal{Value: degrees[i]}
			continue
		}
		one = one && (out.fixed || sameHops(out.hops, a.hops))
		s, err := a.leaf.shown()
		if err != nil {
			return ref{}, err
		}
		out = ref{hops: a.hops, gate: a.gate, loose: true}
		if at[i] = s.beside(affNumeric, affNone).number; at[i] == nil {
			at[i] = nothing
		}
		args[i].leaf = column{of: at[i], kind: kindMeasure, counted: a.leaf.counted}
	}
	switch {
	case !one:
		return ref{points: args, loose: true}, nil
	case !out.fixed:
		out.leaf = distance(at)
		return out, nil
	}
	if km, ok := query.DistanceOf(degrees).(dossier.Number); ok {
		out.value = numberLiteral(km)
	}
	return out, nil
}

func sameHops(a, b []hop) bool {
	if len(a) != len(b) {
		return false
	}
	return len(a) == 0 || a[len(a)-1].key == b[len(b)-1].key
}

// anyRow reports whether a comparison of r with other looks for one row that makes it true, as with a ?: a distance does, unless the other
// side has many values itself.
func anyRow(r, other ref) bool {
	return r.loose && r.multi() && !other.multi()
}

// moment is t as the text of a date.
func moment(t time.Time) literal { return textLiteral(query.InstantText(dossier.InstantOf(t))) }

// parseMoves reads modifiers of strftime; ok is false if one is none.
func parseMoves(texts []string) (moves []query.Move, ok bool) {
	for i, text := range texts {
		text = strings.ToLower(text)
		if by := readings[text]; by != "" && i == 0 {
			moves = append(moves, query.Move{By: by})
			continue
		}
		m, ok := parseMove(strings.Fields(text))
		if !ok {
			return nil, false
		}
		for _, add := range m {
			if last := len(moves) - 1; add == floored {
				if last >= 0 && moves[last].By == query.Months {
					moves[last].By = query.MonthsWithin
				}
				continue
			}
			moves = append(moves, add)
		}
	}
	return moves, true
}
