package pocketbase

import (
	"context"
	"encoding/json"
	"strings"

	"dossier"
	"dossier/query"
)

// literalKind says what a literal is.
type literalKind int

const (
	isNull literalKind = iota
	isText
	isNumber // true and false are 1 and 0
)

// A literal is an operand that is the same for every record: written in the filter, or known of the request.
type literal struct {
	kind  literalKind
	text  string // of numbers the shortest
	float bool   // a number that PocketBase has as a floating one, whose text always has a point
	typed bool   // the value of a field, which takes on its type what it is compared with
	told  bool   // known of the request, not written in the filter
}

var null = literal{}

func textLiteral(s string) literal { return literal{kind: isText, text: s} }

func numberLiteral(n dossier.Number) literal { return literal{kind: isNumber, text: n.Plain()} }

func boolLiteral(b bool) literal {
	if b {
		return literal{kind: isNumber, text: "1"}
	}
	return literal{kind: isNumber, text: "0"}
}

// blank reports whether v is null or "", which = and != do not tell apart.
func (v literal) blank() bool { return v.kind != isNumber && v.text == "" }

// floated is v with the text that a floating number has beside texts.
func (v literal) floated() literal {
	if !strings.Contains(v.text, ".") {
		v.text += ".0"
	}
	v.kind = isText
	return v
}

// number is v as a number, if it is one or a text of one.
func (v literal) number() (dossier.Number, bool) {
	if v.kind == isNull {
		return "", false
	}
	n, err := dossier.ParseNumber(v.text)
	return n, err == nil && v.text != ""
}

// valueLiteral is the literal of a field's value, zero for the empty one.
func valueLiteral(f *dossier.Field, v dossier.Value) literal {
	out := zeroOf(kindOf(f))
	switch v := v.(type) {
	case nil:
	case dossier.Number:
		out = numberLiteral(v)
	case dossier.Bool:
		out = boolLiteral(bool(v))
	case dossier.Date:
		out = textLiteral(string(v) + dayStart)
	case dossier.JSON:
		out = jsonLiteral(v)
	case dossier.Files, dossier.List:
		out = listLiteral(f, v)
	default:
		out = textLiteral(query.TextOf(v))
	}
	out.typed = true
	return out
}

// listLiteral is the text of a field with several options, records or files, or of one with a single file.
func listLiteral(f *dossier.Field, v dossier.Value) literal {
	elements := elementsOf(v)
	switch {
	case f.Multiple():
		return textLiteral(query.ListText(elements))
	case len(elements) > 0:
		return textLiteral(elements[len(elements)-1])
	}
	return textLiteral("")
}

// elementsOf are the options, record IDs or file names of v.
func elementsOf(v dossier.Value) []string {
	var out []string
	switch v := v.(type) {
	case dossier.Text:
		out = []string{string(v)}
	case dossier.List:
		out = v
	case dossier.Files:
		for _, f := range v {
			out = append(out, f.Slug)
		}
	}
	return out
}

// jsonLiteral is a JSON document as comparisons see it: a top-level string, number or truth value as such.
func jsonLiteral(v dossier.JSON) literal {
	switch v {
	case "null":
		return null
	case "true":
		return boolLiteral(true)
	case "false":
		return boolLiteral(false)
	}
	if s, ok := jsonString(string(v)); ok {
		return textLiteral(s)
	}
	if n, err := dossier.ParseNumber(string(v)); err == nil {
		return numberLiteral(n)
	}
	return textLiteral(string(v))
}

// foldTest compares two literals.
func foldTest(a literal, op string, b literal) bool {
	switch op {
	case "=":
		return a.blank() && b.blank() || compareLiterals(a, b, func(n int) bool { return n == 0 })
	case "!=":
		return !foldTest(a, "=", b)
	case "~":
		return a.kind != isNull && b.kind != isNull && likes(a.text, likePattern(b.text))
	case "!~":
		return a.kind != isNull && b.kind != isNull && !likes(a.text, likePattern(b.text))
	}
	return compareLiterals(a, b, func(n int) bool { return orders(n, op) })
}

// orders reports whether a comparison with the result n, less than, equal to or greater than 0, makes op true.
func orders(n int, op string) bool {
	switch op {
	case "=":
		return n == 0
	case "!=":
		return n != 0
	case "<":
		return n < 0
	case "<=":
		return n <= 0
	case ">":
		return n > 0
	}
	return n >= 0
}

// compareLiterals is false if one is null. A number is less than a text, unless one of them is a field's value: then the
// other is taken as the same, if it can be.
func compareLiterals(a, b literal, ok func(int) bool) bool {
	if a.kind == isNull || b.kind == isNull {
		return false
	}
	if a.kind != b.kind {
		a, b = agree(a, b), agree(b, a)
	}
	switch {
	case a.kind == isNumber && b.kind == isNumber:
		return ok(dossier.Number(a.text).Compare(dossier.Number(b.text)))
	case a.kind == b.kind:
		return ok(strings.Compare(a.text, b.text))
	case a.kind == isNumber:
		return ok(-1)
	}
	return ok(1)
}

// agree is v as the field's value w would have it.
func agree(v, w literal) literal {
	if !w.typed || v.typed {
		return v
	}
	if n, ok := v.number(); ok && w.kind == isNumber {
		return numberLiteral(n)
	}
	if w.kind == isText {
		return textLiteral(v.text)
	}
	return v
}

// likes reports whether text matches the pattern, without regard to the case of ASCII letters.
func likes(text, pattern string) bool {
	f := query.Like{Of: query.Literal{Value: dossier.Text(text)}, Pattern: pattern, Case: query.ASCII}
	ok, err := query.Eval(context.Background(), nil, &dossier.Collection{}, f, &dossier.Record{}, nil)
	return ok && err == nil
}

// likePattern is the pattern that ~ makes of its right side: the text as it is if it has a wildcard, else anything that
// contains it.
func likePattern(s string) string {
	wild := hasWildcard(s)
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && i+1 < len(s) && (wild || strings.IndexByte(`\%_`, s[i+1]) >= 0):
			b.WriteByte(c)
			i++
			c = s[i]
		case c == '\\', !wild && c == '_':
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	if wild {
		return b.String()
	}
	return "%" + b.String() + "%"
}

// hasWildcard reports whether s has a % without a backslash in front.
func hasWildcard(s string) bool {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '%':
			return true
		}
	}
	return false
}

// jsonString is the string that the JSON document is, if it is one.
func jsonString(doc string) (string, bool) {
	if doc == "" || doc[0] != '"' {
		return "", false
	}
	var s string
	err := json.Unmarshal([]byte(doc), &s)
	return s, err == nil
}
