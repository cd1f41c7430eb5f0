package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"

	"dossier"
)

// Bounds of a JSON document.
const (
	maxDepth  = 64
	maxValues = 1 << 20
	maxNumber = 4 << 10 // bytes of one literal
)

// A SyntaxError says where a JSON text is wrong. It is the cause of ParseJSON's and ReadJSON's Invalid errors.
type SyntaxError struct {
	Offset int    // bytes before the fault
	Line   int    // from 1
	Column int    // from 1, in bytes
	What   string // the fault, a phrase
}

// Error says where and what.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.What)
}

// ParseJSON parses b, one strict JSON document: objects are map[string]any, arrays []any (never nil), numbers json.Number
// with exactly the digits sent. Depth is at most 64. Duplicate keys, invalid UTF-8, a byte order mark, NUL and lone
// surrogates are dossier.Invalid with a SyntaxError as cause. More than a million values are dossier.TooLarge.
func ParseJSON(b []byte) (any, error) { return parseJSON(b, false) }

// parseJSON parses the document in b; with first it may be followed by anything.
func parseJSON(b []byte, first bool) (any, error) {
	p := &parser{b: b}
	p.space()
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	if p.space(); !first && p.i < len(b) {
		return nil, p.fault("data after the document")
	}
	return v, nil
}

// A parser reads one document by recursive descent.
type parser struct {
	b      []byte
	i      int
	values int
	buf    []byte // scratch of strings with escapes
}

// fault is the error of what stands at the parser's position.
func (p *parser) fault(format string, args ...any) error {
	before := p.b[:min(p.i, len(p.b))]
	e := &SyntaxError{
		Offset: len(before),
		Line:   1 + bytes.Count(before, []byte("\n")),
		Column: len(before) - bytes.LastIndexByte(before, '\n'),
		What:   fmt.Sprintf(format, args...),
	}
	return dossier.Errorf(dossier.Invalid, "invalid JSON at %w", e)
}

// unexpected is the fault of a character that wanted cannot begin with.
func (p *parser) unexpected(wanted string) error {
	if p.i >= len(p.b) {
		return p.fault("unexpected end, wanted %s", wanted)
	}
	r, _ := utf8.DecodeRune(p.b[p.i:])
	return p.fault("unexpected %q, wanted %s", r, wanted)
}

func (p *parser) space() {
	for p.i < len(p.b) {
		switch p.b[p.i] {
		case ' ', '\t', '\r', '\n':
			p.i++
		default:
			return
		}
	}
}

// peek is the character at the position, 0 at the end: no token begins with NUL.
func (p *parser) peek() byte {
	if p.i < len(p.b) {
		return p.b[p.i]
	}
	return 0
}

func (p *parser) value(depth int) (any, error) {
	if p.values++; p.values > maxValues {
		return nil, dossier.Errorf(dossier.TooLarge, "JSON of more than %d values", maxValues)
	}
	switch c := p.peek(); {
	case c == '{' || c == '[':
		if depth >= maxDepth {
			return nil, p.fault("deeper than %d levels", maxDepth)
		}
		if c == '{' {
			return p.object(depth + 1)
		}
		return p.array(depth + 1)
	case c == '"':
		return p.text()
	case c == '-' || '0' <= c && c <= '9':
		return p.number()
	case c == 't':
		return true, p.word("true")
	case c == 'f':
		return false, p.word("false")
	case c == 'n':
		return nil, p.word("null")
	}
	return nil, p.unexpected("a value")
}

func (p *parser) word(w string) error {
	if !bytes.HasPrefix(p.b[p.i:], []byte(w)) {
		return p.unexpected("a value")
	}
	p.i += len(w)
	return nil
}

func (p *parser) array(depth int) (any, error) {
	list := []any{}
	p.i++
	if p.space(); p.peek() == ']' {
		p.i++
		return list, nil
	}
	for {
		p.space()
		v, err := p.value(depth)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
		if done, err := p.next(']'); done || err != nil {
			return list, err
		}
	}
}

func (p *parser) object(depth int) (any, error) {
	m := map[string]any{}
	p.i++
	if p.space(); p.peek() == '}' {
		p.i++
		return m, nil
	}
	for {
		if err := p.member(m, depth); err != nil {
			return nil, err
		}
		if done, err := p.next('}'); done || err != nil {
			return m, err
		}
	}
}

func (p *parser) member(m map[string]any, depth int) error {
	p.space()
	if p.peek() != '"' {
		return p.unexpected("a key")
	}
	start := p.i
	key, err := p.text()
	if err != nil {
		return err
	}
	if _, ok := m[key]; ok {
		p.i = start
		return p.fault("duplicate key %.100q", key)
	}
	if p.space(); p.peek() != ':' {
		return p.unexpected("':'")
	}
	p.i++
	p.space()
	m[key], err = p.value(depth)
	return err
}

// next steps over the comma after an element, or over end, which it reports.
func (p *parser) next(end byte) (bool, error) {
	p.space()
	switch p.peek() {
	case ',':
		p.i++
		return false, nil
	case end:
		p.i++
		return true, nil
	}
	return false, p.unexpected("',' or '" + string(end) + "'")
}

func (p *parser) digits() int {
	start := p.i
	for c := p.peek(); '0' <= c && c <= '9'; c = p.peek() {
		p.i++
	}
	return p.i - start
}

func (p *parser) number() (any, error) {
	start := p.i
	if p.peek() == '-' {
		p.i++
	}
	zero := p.peek() == '0'
	if n := p.digits(); n == 0 || zero && n > 1 {
		return nil, p.fault("a number without digits or with a leading zero")
	}
	if p.peek() == '.' {
		if p.i++; p.digits() == 0 {
			return nil, p.unexpected("a digit")
		}
	}
	if c := p.peek(); c == 'e' || c == 'E' {
		p.i++
		if c := p.peek(); c == '+' || c == '-' {
			p.i++
		}
		if p.digits() == 0 {
			return nil, p.unexpected("a digit")
		}
	}
	if p.i-start > maxNumber {
		return nil, p.fault("a number of more than %d characters", maxNumber)
	}
	return json.Number(p.b[start:p.i]), nil
}

// text reads a string; most have neither escapes nor anything beyond ASCII.
func (p *parser) text() (string, error) {
	p.i++
	start := p.i
	for p.i < len(p.b) {
		switch c := p.b[p.i]; {
		case c == '"':
			p.i++
			return string(p.b[start : p.i-1]), nil
		case c == '\\' || c < 0x20 || c >= utf8.RuneSelf:
			p.buf = append(p.buf[:0], p.b[start:p.i]...)
			return p.slowText()
		}
		p.i++
	}
	return "", p.unexpected("'\"'")
}

// slowText goes on with a string of which p.buf holds the beginning.
func (p *parser) slowText() (string, error) {
	for p.i < len(p.b) {
		switch c := p.b[p.i]; {
		case c == '"':
			p.i++
			return string(p.buf), nil
		case c == '\\':
			if err := p.escape(); err != nil {
				return "", err
			}
		case c < 0x20:
			return "", p.unexpected("no control character in a string")
		case c < utf8.RuneSelf:
			p.buf = append(p.buf, c)
			p.i++
		default:
			r, n := utf8.DecodeRune(p.b[p.i:])
			if r == utf8.RuneError && n == 1 {
				return "", p.fault("invalid UTF-8")
			}
			p.buf = append(p.buf, p.b[p.i:p.i+n]...)
			p.i += n
		}
	}
	return "", p.unexpected("'\"'")
}

const escapes, escaped = `"\/bfnrt`, "\"\\/\b\f\n\r\t"

func (p *parser) escape() error {
	p.i++
	if p.peek() == 'u' {
		return p.unicodeEscape()
	}
	k := bytes.IndexByte([]byte(escapes), p.peek())
	if k < 0 {
		return p.unexpected("an escape")
	}
	p.buf = append(p.buf, escaped[k])
	p.i++
	return nil
}

func (p *parser) unicodeEscape() error {
	start := p.i - 1
	r, err := p.hex4()
	if err != nil {
		return err
	}
	if utf16.IsSurrogate(r) {
		low := rune(-1)
		if bytes.HasPrefix(p.b[p.i:], []byte(`\u`)) {
			p.i++
			if low, err = p.hex4(); err != nil {
				return err
			}
		}
		r = utf16.DecodeRune(r, low)
		if r == utf8.RuneError {
			p.i = start
			return p.fault("a lone surrogate")
		}
	}
	if r == 0 {
		p.i = start
		return p.fault("NUL in a string")
	}
	p.buf = utf8.AppendRune(p.buf, r)
	return nil
}

// hex4 reads the "uXXXX" of an escape.
func (p *parser) hex4() (rune, error) {
	var r rune
	p.i++
	for range 4 {
		d := hexDigit(p.peek())
		if d < 0 {
			return 0, p.unexpected("a hexadecimal digit")
		}
		r = r<<4 | rune(d)
		p.i++
	}
	return r, nil
}
