package kintone

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The bounds of a query's text.
const (
	maxQueryText  = 256 << 10 // bytes
	maxTests      = 200
	maxNesting    = 32 // of parentheses
	maxListValues = 5000
)

// A parsedQuery is the text of a query as a tree in the vendor's terms.
type parsedQuery struct {
	cond          cond // nil is everything
	order         []sortKey
	limit, offset *int64
}

// A cond is an allOf, an anyOf or a test.
type cond any

type (
	allOf []cond
	anyOf []cond
)

// A test is one field against values.
type test struct {
	field  string
	op     string // "=", "!=", "<", ">", "<=", ">=", "in", "not in", "like", "not like", "is empty", "is not empty"
	values []operand
}

// An operand is a value in a test.
type operand struct {
	text     string   // of a string, number or literal; the name of a function in capitals
	function bool     // text names a function
	args     []string // of a function
}

type sortKey struct {
	field string
	desc  bool
}

// A token is a word, a string in quotes or a sign.
type token struct {
	kind tokenKind
	text string // of a string, without its quotes and escapes
	at   int    // bytes before it
}

type tokenKind int

const (
	tokenEnd tokenKind = iota
	tokenWord
	tokenString
	tokenSign
)

// is reports whether t is the word w, whose letters may be of either case.
func (t token) is(w string) bool { return t.kind == tokenWord && strings.EqualFold(t.text, w) }

func (t token) sign(s string) bool { return t.kind == tokenSign && t.text == s }

// parseQuery reads a query. What cannot be read is a fault of the parameter "query" that says where.
func parseQuery(text string) (*parsedQuery, error) {
	if len(text) > maxQueryText {
		return nil, badInput("query", say(textQuerySize))
	}
	p := &queryParser{text: text}
	if !utf8.ValidString(text) {
		return nil, badInput("query", say(textSyntax, 1, "the query is not UTF-8 text"))
	}
	if err := p.scan(); err != nil {
		return nil, err
	}
	q, err := p.query()
	if err != nil {
		return nil, err
	}
	return q, nil
}

// A queryParser reads tokens from left to right.
type queryParser struct {
	text   string
	tokens []token
	i      int
	tests  int
	values int
}

// wrong is the fault of the text at byte at.
func (p *queryParser) wrong(at int, what string) error {
	return badInput("query", say(textSyntax, utf8.RuneCountInString(p.text[:at])+1, what))
}

// scan splits the text into tokens.
func (p *queryParser) scan() error {
	for i := 0; i < len(p.text); {
		r, size := utf8.DecodeRuneInString(p.text[i:])
		switch {
		case r == 0:
			return p.wrong(i, "a control character")
		case isQuerySpace(r):
			i += size
		case r == '"':
			s, next, err := p.quoted(i)
			if err != nil {
				return err
			}
			p.tokens = append(p.tokens, token{tokenString, s, i})
			i = next
		case isSign(r):
			n := 1
			if i+1 < len(p.text) && p.text[i+1] == '=' && (r == '!' || r == '<' || r == '>') {
				n = 2
			}
			p.tokens = append(p.tokens, token{tokenSign, p.text[i : i+n], i})
			i += n
		default:
			next := p.wordEnd(i)
			p.tokens = append(p.tokens, token{tokenWord, p.text[i:next], i})
			i = next
		}
	}
	p.tokens = append(p.tokens, token{tokenEnd, "", len(p.text)})
	return nil
}

// isQuerySpace reports what may stand between tokens.
func isQuerySpace(r rune) bool {
	return r == ' ' || r == '\t' || r == '\r' || r == '\n' || r == '\u3000'
}

func isSign(r rune) bool { return strings.ContainsRune("(),=!<>", r) }

func (p *queryParser) wordEnd(i int) int {
	for j, r := range p.text[i:] {
		if isQuerySpace(r) || isSign(r) || r == '"' {
			return i + j
		}
	}
	return len(p.text)
}

var queryEscapes = map[byte]byte{'"': '"', '\\': '\\', 'n': '\n', 't': '\t', 'r': '\r'}

// quoted reads the string that begins at start and returns where the text goes on.
func (p *queryParser) quoted(start int) (s string, next int, err error) {
	var b strings.Builder
	for i := start + 1; i < len(p.text); i++ {
		switch c := p.text[i]; c {
		case '"':
			return b.String(), i + 1, nil
		case '\t', '\r', '\n', 0:
			return "", 0, p.wrong(i, "a control character in a string")
		case '\\':
			i++
			if i == len(p.text) || queryEscapes[p.text[i]] == 0 {
				return "", 0, p.wrong(i-1, "an unknown escape")
			}
			b.WriteByte(queryEscapes[p.text[i]])
		default:
			b.WriteByte(c)
		}
	}
	return "", 0, p.wrong(start, "a string without its end")
}

func (p *queryParser) peek() token { return p.tokens[p.i] }

// after is the token n places further on.
func (p *queryParser) after(n int) token { return p.tokens[min(p.i+n, len(p.tokens)-1)] }

func (p *queryParser) next() token {
	t := p.tokens[p.i]
	if t.kind != tokenEnd {
		p.i++
	}
	return t
}

func (p *queryParser) query() (*parsedQuery, error) {
	q := &parsedQuery{}
	var err error
	if !p.atOptions() {
		if q.cond, err = p.condition(0); err != nil {
			return nil, err
		}
	}
	if p.peek().is("order") {
		if q.order, err = p.sorting(); err != nil {
			return nil, err
		}
	}
	if q.limit, err = p.cut("limit"); err != nil {
		return nil, err
	}
	if q.offset, err = p.cut("offset"); err != nil {
		return nil, err
	}
	if t := p.peek(); t.kind != tokenEnd {
		return nil, p.unexpected(t)
	}
	return q, nil
}

func (p *queryParser) unexpected(t token) error {
	if t.kind == tokenEnd {
		return p.wrong(t.at, "the query ends too early")
	}
	return p.wrong(t.at, "unexpected "+strconv.Quote(t.text))
}

// atOptions reports whether the condition is over: the text ends, or "order by", "limit" or "offset" begins. A field may have
// one of these names.
func (p *queryParser) atOptions() bool {
	t, then := p.peek(), p.after(1)
	switch {
	case t.kind == tokenEnd:
		return true
	case t.is("order"):
		return then.is("by")
	case t.is("limit"), t.is("offset"):
		return then.kind == tokenEnd || then.kind == tokenWord && !isOperatorWord(then)
	}
	return false
}

func isOperatorWord(t token) bool { return t.is("in") || t.is("not") || t.is("like") || t.is("is") }

// condition reads tests joined by "or", which binds less than "and".
func (p *queryParser) condition(depth int) (cond, error) {
	if depth > maxNesting {
		return nil, badInput("query", say(textQuerySize))
	}
	var any anyOf
	for {
		all, err := p.conjunction(depth)
		if err != nil {
			return nil, err
		}
		any = append(any, all)
		if !p.peek().is("or") {
			break
		}
		p.next()
	}
	if len(any) == 1 {
		return any[0], nil
	}
	return any, nil
}

func (p *queryParser) conjunction(depth int) (cond, error) {
	var all allOf
	for {
		one, err := p.primary(depth)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
		if !p.peek().is("and") {
			break
		}
		p.next()
	}
	if len(all) == 1 {
		return all[0], nil
	}
	return all, nil
}

func (p *queryParser) primary(depth int) (cond, error) {
	if !p.peek().sign("(") {
		return p.test()
	}
	p.next()
	in, err := p.condition(depth + 1)
	if err != nil {
		return nil, err
	}
	if t := p.next(); !t.sign(")") {
		return nil, p.unexpected(t)
	}
	return in, nil
}

func (p *queryParser) test() (cond, error) {
	if p.tests++; p.tests > maxTests {
		return nil, badInput("query", say(textQuerySize))
	}
	field := p.next()
	if field.kind != tokenWord {
		return nil, p.unexpected(field)
	}
	t := test{field: field.text}
	op := p.next()
	var err error
	switch {
	case op.kind == tokenSign && slices.Contains(comparisons, op.text):
		t.op = op.text
		err = p.one(&t)
	case op.is("in"):
		t.op = "in"
		err = p.listed(&t)
	case op.is("like"):
		t.op = "like"
		err = p.one(&t)
	case op.is("not") && p.peek().is("in"):
		p.next()
		t.op = "not in"
		err = p.listed(&t)
	case op.is("not") && p.peek().is("like"):
		p.next()
		t.op = "not like"
		err = p.one(&t)
	case op.is("is"):
		t.op, err = p.emptiness()
	default:
		return nil, p.unexpected(op)
	}
	return t, err
}

var comparisons = []string{"=", "!=", "<", ">", "<=", ">="}

func (p *queryParser) emptiness() (string, error) {
	op := "is empty"
	if p.peek().is("not") {
		p.next()
		op = "is not empty"
	}
	if t := p.next(); !t.is("empty") {
		return "", p.unexpected(t)
	}
	return op, nil
}

func (p *queryParser) one(t *test) error {
	v, err := p.value()
	t.values = []operand{v}
	return err
}

func (p *queryParser) listed(t *test) error {
	if open := p.next(); !open.sign("(") {
		return p.unexpected(open)
	}
	for {
		v, err := p.value()
		if err != nil {
			return err
		}
		t.values = append(t.values, v)
		if p.values++; p.values > maxListValues {
			return badInput("query", say(textQuerySize))
		}
		switch next := p.next(); {
		case next.sign(")"):
			return nil
		case !next.sign(","):
			return p.unexpected(next)
		}
	}
}

// value reads a string, a function, or a number, date or time without quotes.
func (p *queryParser) value() (operand, error) {
	t := p.next()
	switch {
	case t.kind == tokenString:
		return operand{text: t.text}, nil
	case t.kind == tokenWord && p.peek().sign("("):
		return p.function(t)
	case t.kind == tokenWord && strings.ContainsRune("+-.0123456789", rune(t.text[0])):
		return operand{text: t.text}, nil
	}
	return operand{}, p.unexpected(t)
}

// maxArgs is how many arguments a function is read with; none has so many.
const maxArgs = 8

func (p *queryParser) function(name token) (operand, error) {
	f := operand{text: strings.ToUpper(name.text), function: true}
	p.next() // the "("
	if p.peek().sign(")") {
		p.next()
		return f, nil
	}
	for len(f.args) < maxArgs {
		arg := p.next()
		if arg.kind != tokenWord && arg.kind != tokenString {
			return f, p.unexpected(arg)
		}
		f.args = append(f.args, arg.text)
		switch next := p.next(); {
		case next.sign(")"):
			return f, nil
		case !next.sign(","):
			return f, p.unexpected(next)
		}
	}
	return f, p.unexpected(name)
}

func (p *queryParser) sorting() ([]sortKey, error) {
	p.next() // "order"
	if t := p.next(); !t.is("by") {
		return nil, p.unexpected(t)
	}
	var keys []sortKey
	for {
		t := p.next()
		if t.kind != tokenWord || len(keys) >= maxTests {
			return nil, p.unexpected(t)
		}
		key := sortKey{field: t.text}
		if p.peek().is("asc") || p.peek().is("desc") {
			key.desc = p.next().is("desc")
		}
		keys = append(keys, key)
		if !p.peek().sign(",") {
			return keys, nil
		}
		p.next()
	}
}

// cut reads "limit 10" or "offset 10", if it is there.
func (p *queryParser) cut(word string) (*int64, error) {
	if !p.peek().is(word) {
		return nil, nil
	}
	p.next()
	t := p.next()
	n, ok := integer(t.text)
	if t.kind != tokenWord || !ok {
		return nil, p.unexpected(t)
	}
	return &n, nil
}
