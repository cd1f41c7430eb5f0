package query

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"dossier"
)

// instantForm is the text of an instant that Like and Lower see.
const instantForm = "2006-01-02 15:04:05.000Z"

// TextOf is the text of v that Like and Lower see: a number's shortest, an instant's "2006-01-02 15:04:05.000Z", a list's elements as a
// JSON array. "" of the empty value, files and rows.
func TextOf(v dossier.Value) string {
	switch v := v.(type) {
	case dossier.Text:
		return string(v)
	case dossier.Number:
		return v.Plain()
	case dossier.Bool:
		return strconv.FormatBool(bool(v))
	case dossier.Date:
		return string(v)
	case dossier.Clock:
		return string(v)
	case dossier.Instant:
		return InstantText(v)
	case dossier.List:
		return ListText(v)
	case dossier.JSON:
		return string(v)
	}
	return ""
}

// InstantText is the text of i: "2006-01-02 15:04:05.000Z".
func InstantText(i dossier.Instant) string { return time.UnixMilli(int64(i)).UTC().Format(instantForm) }

// ListText is l as a JSON array without white space, in which only quotes, backslashes and control characters are escaped.
func ListText(l dossier.List) string {
	n := 2
	for _, s := range l {
		n += len(s) + 3
	}
	b := make([]byte, 0, n)
	b = append(b, '[')
	for i, s := range l {
		if i > 0 {
			b = append(b, ',')
		}
		b = AppendJSONString(b, s)
	}
	return string(append(b, ']'))
}

// AppendJSONString adds s to b as a JSON string, with only quotes, backslashes and control characters escaped.
func AppendJSONString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// FoldText is s with its letters folded as c says.
func FoldText(s string, c Case) string {
	switch c {
	case ASCII:
		return strings.Map(foldASCII, s)
	case Fold:
		return strings.Map(foldRune, s)
	}
	return s
}

func foldASCII(r rune) rune {
	if 'A' <= r && r <= 'Z' {
		return r + 'a' - 'A'
	}
	return r
}

// foldRune is the simple lower case of r; a letter outside ASCII never becomes one inside.
func foldRune(r rune) rune {
	l := unicode.ToLower(r)
	if r >= utf8.RuneSelf && l < utf8.RuneSelf {
		return r
	}
	return l
}

// CompareValues is -1, 0 or 1 as a sorts before, with or after b, two values of types that compare. The empty value sorts first.
func CompareValues(a, b dossier.Value) int {
	aEmpty, bEmpty := dossier.IsEmpty(a), dossier.IsEmpty(b)
	switch {
	case aEmpty && bEmpty:
		return 0
	case aEmpty:
		return -1
	case bEmpty:
		return 1
	}
	switch a := a.(type) {
	case dossier.Number:
		if b, ok := b.(dossier.Number); ok {
			return a.Compare(b)
		}
	case dossier.Instant:
		if b, ok := b.(dossier.Instant); ok {
			return compareInts(int64(a), int64(b))
		}
	}
	return strings.Compare(TextOf(a), TextOf(b)) // of booleans too: "false" < "true"
}

func compareInts(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// A Token is one part of a Like pattern: a character, or a wildcard.
type Token struct {
	Rune rune // the character; 0 for wildcards
	Any  bool // %: any run of characters
	One  bool // _: one character
}

// Pattern splits a pattern that Check accepted.
func Pattern(p string) []Token {
	tokens, _ := parsePattern(p)
	return tokens
}

func parsePattern(p string) (tokens []Token, ok bool) {
	escaped := false
	for _, r := range p {
		switch {
		case escaped:
			tokens, escaped = append(tokens, Token{Rune: r}), false
		case r == '\\':
			escaped = true
		case r == '%':
			tokens = append(tokens, Token{Any: true})
		case r == '_':
			tokens = append(tokens, Token{One: true})
		default:
			tokens = append(tokens, Token{Rune: r})
		}
	}
	return tokens, !escaped
}

// match reports whether text matches the pattern.
func match(pattern, text string, c Case) bool {
	p, t := Pattern(FoldText(pattern, c)), []rune(FoldText(text, c))
	pi, ti, star, mark := 0, 0, -1, 0
	for ti < len(t) {
		switch {
		case pi < len(p) && p[pi].Any:
			star, mark = pi, ti
			pi++
		case pi < len(p) && (p[pi].One || p[pi].Rune == t[ti]):
			pi++
			ti++
		case star >= 0:
			mark++
			pi, ti = star+1, mark
		default:
			return false
		}
	}
	for pi < len(p) && p[pi].Any {
		pi++
	}
	return pi == len(p)
}
