package pocketbase

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"dossier"
)

// tokenKind says what a token of a filter is.
type tokenKind string

const (
	tokenEnd     tokenKind = "end"
	tokenSign    tokenKind = "operator"
	tokenJoin    tokenKind = "joining operator"
	tokenOpen    tokenKind = "opening parenthesis"
	tokenClose   tokenKind = "closing parenthesis"
	tokenComma   tokenKind = "comma"
	tokenName    tokenKind = "name"
	tokenCall    tokenKind = "function name" // a name right before a parenthesis
	tokenNumeral tokenKind = "number"
	tokenQuoted  tokenKind = "text"
)

// A token is a word of a filter. For a quoted text, text is what the quotes hold.
type token struct {
	kind tokenKind
	text string
	at   int // byte offset in the filter
}

// A scanner cuts the text of a filter into tokens.
type scanner struct {
	text string
	pos  int
}

const (
	signRunes  = "=?!><~"
	joinRunes  = "&|"
	blankRunes = " \t\n\r"
)

// next returns the token at the scanner's place and moves behind it.
func (s *scanner) next() (token, error) {
	s.skip()
	at := s.pos
	if at == len(s.text) {
		return token{tokenEnd, "", at}, nil
	}
	c := s.text[at]
	switch {
	case c == '(':
		return s.take(tokenOpen, 1), nil
	case c == ')':
		return s.take(tokenClose, 1), nil
	case c == ',':
		return s.take(tokenComma, 1), nil
	case strings.IndexByte(signRunes, c) >= 0:
		return s.take(tokenSign, s.run(signRunes)), nil
	case strings.IndexByte(joinRunes, c) >= 0:
		return s.take(tokenJoin, s.run(joinRunes)), nil
	case c == '\'' || c == '"':
		return s.quoted(c)
	case c == '-' || isDigit(c):
		return s.numeral()
	case isLetter(c) || c == '@' || c == '_' || c == '#':
		return s.name()
	}
	r, _ := utf8.DecodeRuneInString(s.text[at:])
	return token{}, s.wrong(at, "unexpected %q", r)
}

// skip moves over blanks and comments.
func (s *scanner) skip() {
	for {
		s.pos += s.run(blankRunes)
		if !strings.HasPrefix(s.text[s.pos:], "//") {
			return
		}
		end := strings.IndexByte(s.text[s.pos:], '\n')
		if end < 0 {
			end = len(s.text) - s.pos
		}
		s.pos += end
	}
}

// run is how many of the next bytes are in set.
func (s *scanner) run(set string) int {
	rest := s.text[s.pos:]
	return len(rest) - len(strings.TrimLeft(rest, set))
}

func (s *scanner) take(k tokenKind, n int) token {
	t := token{k, s.text[s.pos : s.pos+n], s.pos}
	s.pos += n
	return t
}

// escapes are the letters that mean something else behind a backslash. Before any other a backslash is itself.
var escapes = map[byte]byte{'\\': '\\', '\'': '\'', '"': '"', 'n': '\n', 't': '\t', 'r': '\r'}

func (s *scanner) quoted(quote byte) (token, error) {
	at := s.pos
	var b strings.Builder
	for i := at + 1; i < len(s.text); i++ {
		c := s.text[i]
		if c == quote {
			s.pos = i + 1
			return token{tokenQuoted, b.String(), at}, nil
		}
		if c == '\\' && i+1 < len(s.text) {
			if e, ok := escapes[s.text[i+1]]; ok {
				c = e
				i++
			}
		}
		b.WriteByte(c)
	}
	return token{}, s.wrong(at, "the text has no closing %c", quote)
}

func (s *scanner) numeral() (token, error) {
	n := 0
	if s.text[s.pos] == '-' {
		n++
	}
	for s.pos+n < len(s.text) && (isDigit(s.text[s.pos+n]) || s.text[s.pos+n] == '.') {
		n++
	}
	t := s.take(tokenNumeral, n)
	whole, frac, dot := strings.Cut(strings.TrimPrefix(t.text, "-"), ".")
	if whole == "" || dot && (frac == "" || strings.Contains(frac, ".")) {
		return token{}, s.wrong(t.at, "%q is no number", t.text)
	}
	if _, err := dossier.ParseNumber(t.text); err != nil {
		return token{}, s.wrong(t.at, "the number has too many digits")
	}
	return t, nil
}

func (s *scanner) name() (token, error) {
	n := 1
	for s.pos+n < len(s.text) {
		c := s.text[s.pos+n]
		if !isLetter(c) && !isDigit(c) && c != '_' && c != '.' && c != ':' {
			break
		}
		n++
	}
	t := s.take(tokenName, n)
	last := t.text[n-1]
	if last == '.' || last == ':' || n == 1 && !isLetter(last) && last != '_' || strings.Contains(t.text, "..") {
		return token{}, s.wrong(t.at, "%q is no name", t.text)
	}
	if s.pos < len(s.text) && s.text[s.pos] == '(' {
		t.kind = tokenCall
	}
	return t, nil
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// wrong is the error for what stands at the byte offset at.
func (s *scanner) wrong(at int, format string, args ...any) error {
	return wrongAt(s.text, at, format, args...)
}

func wrongAt(text string, at int, format string, args ...any) error {
	return dossier.Errorf(dossier.Invalid, "%s", place(text, at)+fmt.Sprintf(format, args...))
}

// place says for a message where in text the byte offset at is.
func place(text string, at int) string {
	return fmt.Sprintf("character %d: ", utf8.RuneCountInString(text[:at])+1)
}
