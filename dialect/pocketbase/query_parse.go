package pocketbase

import (
	"unicode/utf8"

	"dossier"
)

// The bounds of a filter.
const (
	// maxFilterLength is in characters, of what clients send; rules may be longer.
	maxFilterLength = 3500
	// maxComparisons of one filter or rule.
	maxComparisons = 200
	// maxNesting is how deep parentheses may go, which is as deep as a client's filter has room for. How deep && and || may alternate in
	// them is for query.Check to say.
	maxNesting = maxFilterLength / 2
	// maxCallNesting is how deep function calls may go, maxCallArgs how many arguments each may have.
	maxCallNesting = 3
	maxCallArgs    = 10
)

// An expr is a parsed filter: a group or a test.
type expr interface{ expr() }

// A group joins expressions, all by && or all by ||.
type group struct {
	or    bool
	parts []expr // two at least
}

// A test compares two operands.
type test struct {
	left, right operand
	op          string // = != > >= < <= ~ !~
	any         bool   // written with a ? in front: one joined row is enough
	at          int
}

func (group) expr() {}
func (test) expr()  {}

// An operand is one side of a test, or an argument of a function.
type operand struct {
	kind tokenKind // tokenName, tokenCall, tokenNumeral or tokenQuoted
	text string
	args []operand // of a tokenCall
	at   int
}

// parse reads the text of a filter or rule. What is no filter is dossier.Invalid, with the place in the message.
func parse(text string) (expr, error) {
	if !utf8.ValidString(text) {
		return nil, dossier.Errorf(dossier.Invalid, "a filter is UTF-8 text")
	}
	p := &parser{scanner: scanner{text: text}}
	if err := p.advance(); err != nil {
		return nil, err
	}
	e, err := p.any(0)
	if err != nil {
		return nil, err
	}
	if p.tok.kind != tokenEnd {
		return nil, p.wrong(p.tok.at, "unexpected %s %q: want && or ||", p.tok.kind, p.tok.text)
	}
	return e, nil
}

// parser has read one token ahead.
type parser struct {
	scanner
	tok   token
	tests int
}

func (p *parser) advance() (err error) {
	p.tok, err = p.next()
	return err
}

// any reads expressions joined by ||.
func (p *parser) any(depth int) (expr, error) {
	if depth > maxNesting {
		return nil, p.wrong(p.tok.at, "parentheses go at most %d deep", maxNesting)
	}
	return p.joined("||", func() (expr, error) {
		return p.joined("&&", func() (expr, error) { return p.one(depth) })
	})
}

// joined reads one or more parts with join between them.
func (p *parser) joined(join string, part func() (expr, error)) (expr, error) {
	var parts []expr
	for {
		e, err := part()
		if err != nil {
			return nil, err
		}
		parts = append(parts, e)
		if p.tok.kind != tokenJoin {
			break
		}
		if p.tok.text != "&&" && p.tok.text != "||" {
			return nil, p.wrong(p.tok.at, "unknown operator %q: want && or ||", p.tok.text)
		}
		if p.tok.text != join {
			break
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	return group{join == "||", parts}, nil
}

// one reads a test or what stands in parentheses.
func (p *parser) one(depth int) (expr, error) {
	if p.tok.kind != tokenOpen {
		return p.test()
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	e, err := p.any(depth + 1)
	if err != nil {
		return nil, err
	}
	if p.tok.kind != tokenClose {
		return nil, p.wrong(p.tok.at, "a closing parenthesis is missing")
	}
	return e, p.advance()
}

// operators are the comparisons, without the ? that each may have in front.
var operators = map[string]bool{"=": true, "!=": true, ">": true, ">=": true, "<": true, "<=": true, "~": true, "!~": true}

func (p *parser) test() (expr, error) {
	t := test{at: p.tok.at}
	if p.tests++; p.tests > maxComparisons {
		return nil, p.wrong(t.at, "a filter has at most %d comparisons", maxComparisons)
	}
	var err error
	if t.left, err = p.operand(0); err != nil {
		return nil, err
	}
	sign := p.tok
	if sign.kind != tokenSign {
		return nil, p.wrong(sign.at, "a comparison such as = is missing")
	}
	t.op = sign.text
	if t.op[0] == '?' {
		t.any, t.op = true, t.op[1:]
	}
	if !operators[t.op] {
		return nil, p.wrong(sign.at, "unknown operator %q", sign.text)
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	t.right, err = p.operand(0)
	return t, err
}

// operand reads an operand that stands in calls function calls.
func (p *parser) operand(calls int) (operand, error) {
	o := operand{kind: p.tok.kind, text: p.tok.text, at: p.tok.at}
	switch o.kind {
	case tokenName, tokenNumeral, tokenQuoted:
		return o, p.advance()
	case tokenCall:
		if calls == maxCallNesting {
			return o, p.wrong(o.at, "functions go at most %d deep", maxCallNesting)
		}
		err := p.args(&o, calls+1)
		return o, err
	case tokenEnd:
		return o, p.wrong(o.at, "the filter ends where a name, number or text is missing")
	}
	return o, p.wrong(o.at, "unexpected %s %q: want a name, number or text", o.kind, o.text)
}

// args reads the arguments of the call o, parentheses included.
func (p *parser) args(o *operand, calls int) error {
	for i := range 2 { // the name, the opening parenthesis
		if err := p.advance(); err != nil {
			return err
		}
		if i == 1 && p.tok.kind == tokenClose {
			return p.advance()
		}
	}
	for {
		arg, err := p.operand(calls)
		if err != nil {
			return err
		}
		if o.args = append(o.args, arg); len(o.args) > maxCallArgs {
			return p.wrong(arg.at, "%s has at most %d arguments", o.text, maxCallArgs)
		}
		sep := p.tok
		if err := p.advance(); err != nil {
			return err
		}
		switch sep.kind {
		case tokenClose:
			return nil
		case tokenComma:
		default:
			return p.wrong(sep.at, "a comma or closing parenthesis is missing after the arguments of %s", o.text)
		}
	}
}
