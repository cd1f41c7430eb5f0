package pocketbase

import "strings"

// An indexToken is a piece of a statement that makes an index.
type indexToken struct {
	kind       indexKind
	text       string // without quotation marks
	start, end int    // where it stands
}

type indexKind int

const (
	indexMark   indexKind = iota // an operator, a comma, a parenthesis
	indexWord                    // a name or a word of the language
	indexQuoted                  // a name in `x`, "x" or [x]
	indexText                    // a text in '
	indexNumber                  // digits, perhaps with a point
)

// is reports whether t is that word of the language, whatever the case of its letters.
func (t indexToken) is(word string) bool {
	return t.kind == indexWord && strings.EqualFold(t.text, word)
}

// marks are the operators of two characters; every other mark is one.
var marks = []string{"==", "!=", "<>", "<=", ">=", "||", "<<", ">>"}

// scanIndex takes a statement apart. Comments, control characters and quotation marks without a partner are errStatement.
func scanIndex(text string) (out []indexToken, err error) {
	for at := 0; at < len(text); {
		c := text[at]
		if strings.IndexByte(" \t\r\n", c) >= 0 {
			at++
			continue
		}
		t := indexToken{start: at}
		switch {
		case c == '`' || c == '"' || c == '[' || c == '\'':
			t.kind = indexQuoted
			if c == '\'' {
				t.kind = indexText
			}
			t.text, t.end = quoted(text, at)
		case isWordByte(c) && !isDigit(c):
			t.kind, t.end = indexWord, span(text, at, isWordByte)
		case isDigit(c):
			t.kind, t.end = indexNumber, span(text, at, func(c byte) bool { return isDigit(c) || c == '.' })
		default:
			t.end = at + markLength(text[at:])
		}
		if t.end == 0 || t.end == at || strings.HasPrefix(text[at:], "--") || strings.HasPrefix(text[at:], "/*") {
			return nil, errStatement
		}
		if t.kind != indexQuoted && t.kind != indexText {
			t.text = text[t.start:t.end]
		}
		out = append(out, t)
		at = t.end
	}
	return out, nil
}

// markLength is how long the mark is with which text begins, 0 if it begins with none.
func markLength(text string) int {
	for _, m := range marks {
		if strings.HasPrefix(text, m) {
			return len(m)
		}
	}
	if strings.IndexByte("(),.;=<>+-*/%|&~", text[0]) >= 0 {
		return 1
	}
	return 0
}

// quoted is what stands between the quotation mark at and its partner, which is written twice inside, and where it ends: 0 if it does
// not, or holds a control character.
func quoted(text string, at int) (inside string, end int) {
	mark := text[at]
	if mark == '[' {
		mark = ']'
	}
	var b strings.Builder
	for i := at + 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == mark && mark != ']' && i+1 < len(text) && text[i+1] == mark:
			b.WriteByte(c)
			i++
		case c == mark:
			return b.String(), i + 1
		case c < ' ' || c == 0x7f:
			return "", 0
		default:
			b.WriteByte(c)
		}
	}
	return "", 0
}

func isWordByte(c byte) bool {
	return c == '_' || c == '$' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || isDigit(c) || c >= 0x80
}

// span is where the bytes end that ok holds for, from at on.
func span(text string, at int, ok func(byte) bool) int {
	for at < len(text) && ok(text[at]) {
		at++
	}
	return at
}
