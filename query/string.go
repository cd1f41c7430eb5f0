package query

import (
	"fmt"
	"strconv"
	"strings"

	"dossier"
)

// String is the text of a filter, the same for the same tree: for goldens, logs and messages. "true" for nil.
func String(f Filter) string {
	switch f := f.(type) {
	case nil:
		return "true"
	case Const:
		return strconv.FormatBool(bool(f))
	case And:
		return call("and", filterTexts(f)...)
	case Or:
		return call("or", filterTexts(f)...)
	case Not:
		return call("not", String(f.Filter))
	case Compare:
		return operandText(f.Left) + " " + string(f.Op) + " " + operandText(f.Right)
	case In:
		return call("in", append([]string{operandText(f.Of)}, valueTexts(f.Values)...)...)
	case Empty:
		return call("empty", operandText(f.Of))
	case Blank:
		return call("blank", operandText(f.Of))
	case Like:
		return call("like", operandText(f.Of), strconv.Quote(f.Pattern), string(f.Case))
	case Contains:
		return call("contains", operandText(f.Of), operandText(f.Part), string(f.Case))
	case Some:
		return call("some", setText(f.Over), String(f.Where))
	case Every:
		return call("every", setText(f.Over), String(f.Where))
	}
	return fmt.Sprintf("unknown(%T)", f)
}

// String is the text of the query: its filter, and on lines of their own the order and the cut where there are any.
func (q Query) String() string {
	var b strings.Builder
	b.WriteString(String(q.Filter))
	for i, s := range q.Sort {
		b.WriteString(map[bool]string{true: "\nsort ", false: ", "}[i == 0])
		if s.Desc {
			b.WriteString("-")
		}
		b.WriteString(operandText(s.By))
	}
	if q.Random {
		b.WriteString("\nrandom")
	}
	if q.Offset != 0 {
		fmt.Fprintf(&b, "\noffset %d", q.Offset)
	}
	if q.Limit != 0 {
		fmt.Fprintf(&b, "\nlimit %d", q.Limit)
	}
	return b.String()
}

func call(name string, args ...string) string { return name + "(" + strings.Join(args, ", ") + ")" }

func filterTexts(fs []Filter) []string {
	out := make([]string, len(fs))
	for i, f := range fs {
		out[i] = String(f)
	}
	return out
}

func valueTexts(vs []dossier.Value) []string {
	out := make([]string, len(vs))
	for i, v := range vs {
		out[i] = valueText(v)
	}
	return out
}

func setText(s Set) string {
	switch s := s.(type) {
	case Column:
		return operandText(s)
	case Back:
		return call("back", s.Collection+"."+s.Field)
	case All:
		return call("all", s.Collection)
	}
	return fmt.Sprintf("unknown(%T)", s)
}

func operandText(o Operand) string {
	switch o := o.(type) {
	case Column:
		name := o.Name
		if o.Meta {
			name = "@" + name
		}
		return strings.Join(append(append([]string(nil), o.Path...), name), ".")
	case Literal:
		return valueText(o.Value)
	case Element:
		return "element"
	case Outer:
		return call("outer", operandText(o.Of))
	case Lower:
		return call("lower", operandText(o.Of), string(o.Case))
	case Length:
		return call("length", operandText(o.Of))
	case JSONPath:
		return call("json", operandText(o.Of), ListText(o.Path), string(o.As))
	case Choose:
		return call("choose", String(o.If), operandText(o.Then), operandText(o.Else))
	case At:
		return call("at", setText(o.Over), String(o.Where), strconv.Itoa(o.Index), operandText(o.Of))
	case Texts:
		return call("texts", setText(o.Over), operandText(o.Of))
	case Numeral:
		return call("numeral", operandText(o.Of))
	case Stamp:
		return call("stamp", operandText(o.Of), strconv.Quote(MovesText(o.Moves)), strconv.Quote(o.Format))
	case Distance:
		return call("distance", operandText(o.LonA), operandText(o.LatA), operandText(o.LonB), operandText(o.LatB))
	}
	return fmt.Sprintf("unknown(%T)", o)
}

func valueText(v dossier.Value) string {
	if dossier.IsEmpty(v) {
		return "nothing"
	}
	switch v := v.(type) {
	case dossier.Text:
		return strconv.Quote(string(v))
	case dossier.Number:
		return string(v)
	case dossier.Date:
		return call("date", string(v))
	case dossier.Clock:
		return call("time", string(v))
	case dossier.Instant:
		return call("datetime", InstantText(v))
	case dossier.JSON:
		return call("json", string(v))
	case dossier.Bool, dossier.List:
		return TextOf(v)
	}
	return fmt.Sprintf("unknown(%T)", v)
}
