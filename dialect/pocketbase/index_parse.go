package pocketbase

import (
	"errors"
	"slices"
	"strings"

	"dossier"
)

// maxStatement is how long a statement that makes an index may be, in bytes, and maxIndexDepth how deep its parentheses.
const (
	maxStatement  = 8 << 10
	maxIndexDepth = 8
)

// errStatement is a text that is no statement that makes an index.
var errStatement = errors.New("no CREATE INDEX statement")

// An indexStatement is CREATE INDEX as SQLite has it, as far as it is understood.
type indexStatement struct {
	unique, optional    bool
	schema, name, table string
	columns             []indexPart
	where               string      // the condition as it is written, "" for none
	terms               []indexTerm // which must all hold
	opaque              bool        // the condition is more than terms can say
}

// An indexPart is a column of the statement.
type indexPart struct {
	column  string // "" of an expression that is more than lower(column)
	text    string // as it is written
	lower   bool
	collate string
	order   string // ASC, DESC, or ""
}

// An indexTerm is "column op value", or "column IS NOT NULL", where op is "".
type indexTerm struct {
	column string
	op     dossier.ConditionOp
	value  string
	number bool // the value is written without quotation marks
}

// parseIndex understands a statement, or returns errStatement.
func parseIndex(text string) (*indexStatement, error) {
	if len(text) > maxStatement {
		return nil, errStatement
	}
	tokens, err := scanIndex(text)
	if err != nil {
		return nil, err
	}
	p := &indexParser{text: text, tokens: tokens}
	s, ok := p.statement()
	if !ok {
		return nil, errStatement
	}
	return s, nil
}

// An indexParser reads the tokens of a statement.
type indexParser struct {
	text   string
	tokens []indexToken
	at     int
}

func (p *indexParser) peek() indexToken {
	if p.at < len(p.tokens) {
		return p.tokens[p.at]
	}
	return indexToken{start: len(p.text), end: len(p.text)}
}

// word takes the words, if they come next.
func (p *indexParser) word(words ...string) bool {
	for i, w := range words {
		if p.at+i >= len(p.tokens) || !p.tokens[p.at+i].is(w) {
			return false
		}
	}
	p.at += len(words)
	return true
}

// mark takes the mark, if it comes next.
func (p *indexParser) mark(mark string) bool {
	t := p.peek()
	if t.kind != indexMark || t.text != mark {
		return false
	}
	p.at++
	return true
}

// name takes a name: a word, or what stands in quotation marks of any kind.
func (p *indexParser) name() (string, bool) {
	t := p.peek()
	ok := (t.kind == indexWord || t.kind == indexQuoted || t.kind == indexText) && t.text != "" && !strings.ContainsAny(t.text, "`'\"[](),; \t\r\n")
	if ok {
		p.at++
	}
	return t.text, ok
}

func (p *indexParser) statement() (*indexStatement, bool) {
	s := &indexStatement{}
	if !p.word("create") {
		return nil, false
	}
	s.unique = p.word("unique")
	if !p.word("index") {
		return nil, false
	}
	s.optional = p.word("if", "not", "exists")
	var ok bool
	if s.name, ok = p.name(); !ok {
		return nil, false
	}
	if p.mark(".") {
		s.schema = s.name
		if s.name, ok = p.name(); !ok {
			return nil, false
		}
	}
	if !p.word("on") {
		return nil, false
	}
	if s.table, ok = p.name(); !ok || !p.mark("(") {
		return nil, false
	}
	for more := true; more; more = p.mark(",") {
		part, ok := p.part()
		if !ok || len(s.columns) == dossier.MaxIndexColumns {
			return nil, false
		}
		s.columns = append(s.columns, part)
	}
	return s, p.mark(")") && p.condition(s) && p.at == len(p.tokens)
}

// part takes a column up to a comma or the parenthesis that ends the list.
func (p *indexParser) part() (indexPart, bool) {
	start, depth := p.at, 0
	for ; p.at < len(p.tokens); p.at++ {
		t := p.peek()
		switch {
		case t.kind != indexMark:
		case t.text == "(":
			depth++
		case depth == 0 && (t.text == "," || t.text == ")"):
			return p.column(p.tokens[start:p.at])
		case t.text == ")":
			depth--
		case t.text == ";":
			return indexPart{}, false
		}
		if depth > maxIndexDepth {
			return indexPart{}, false
		}
	}
	return indexPart{}, false
}

// column understands the tokens of a column.
func (p *indexParser) column(tokens []indexToken) (part indexPart, ok bool) {
	if n := len(tokens); n > 1 && (tokens[n-1].is("asc") || tokens[n-1].is("desc")) {
		part.order, tokens = strings.ToUpper(tokens[n-1].text), tokens[:n-1]
	}
	if n := len(tokens); n > 2 && tokens[n-2].is("collate") && tokens[n-1].kind == indexWord {
		part.collate, tokens = tokens[n-1].text, tokens[:n-2]
	}
	switch len(tokens) {
	case 0:
		return part, false
	case 1:
		inner := indexParser{text: p.text, tokens: tokens}
		part.column, ok = inner.name()
		part.text = part.column
		return part, ok
	}
	part.text = p.text[tokens[0].start:tokens[len(tokens)-1].end]
	call := len(tokens) == 4 && tokens[0].is("lower") && tokens[1].text == "(" && tokens[3].text == ")"
	if call && (tokens[2].kind == indexWord || tokens[2].kind == indexQuoted) {
		part.column, part.lower = tokens[2].text, true
		return part, true
	}
	return part, slices.ContainsFunc(tokens, func(t indexToken) bool { return t.kind == indexMark })
}

// condition takes WHERE and what follows, to the end.
func (p *indexParser) condition(s *indexStatement) bool {
	if p.mark(";") || !p.word("where") {
		return true
	}
	start := p.peek().start
	end := p.tokens[len(p.tokens)-1]
	stop := end.end
	tokens := p.tokens[p.at:]
	if end.kind == indexMark && end.text == ";" {
		stop, tokens = end.start, tokens[:len(tokens)-1]
	}
	depth := 0
	for _, t := range tokens {
		switch {
		case t.kind == indexMark && t.text == "(":
			depth++
		case t.kind == indexMark && t.text == ")":
			depth--
		}
		if depth < 0 || depth > maxIndexDepth || t.kind == indexMark && t.text == ";" {
			return false
		}
	}
	if depth != 0 || start >= stop {
		return false
	}
	s.where = strings.TrimSpace(p.text[start:stop])
	inner := indexParser{text: p.text, tokens: tokens}
	var ok bool
	s.terms, ok = inner.terms()
	s.opaque = !ok || inner.at != len(tokens) || len(s.terms) > dossier.MaxIndexColumns
	p.at = len(p.tokens)
	return true
}

// terms takes terms that are joined by AND. Parentheses are at most maxIndexDepth deep.
func (p *indexParser) terms() (terms []indexTerm, ok bool) {
	for {
		if p.mark("(") {
			inner, ok := p.terms()
			if !ok || !p.mark(")") {
				return nil, false
			}
			terms = append(terms, inner...)
		} else {
			t, ok := p.term()
			if !ok {
				return nil, false
			}
			terms = append(terms, t)
		}
		if !p.word("and") {
			return terms, true
		}
	}
}

// comparisons are the operators of SQL that conditions have.
var comparisons = map[string]dossier.ConditionOp{"=": dossier.Same, "==": dossier.Same, "!=": dossier.Differs, "<>": dossier.Differs,
	"<": dossier.Less, "<=": dossier.LessEqual, ">": dossier.More, ">=": dossier.MoreEqual}

func (p *indexParser) term() (indexTerm, bool) {
	t := p.peek()
	if t.kind != indexWord && t.kind != indexQuoted {
		return indexTerm{}, false
	}
	p.at++
	if p.word("is", "not", "null") || p.word("notnull") || p.word("not", "null") {
		return indexTerm{column: t.text}, true
	}
	op, ok := comparisons[p.peek().text]
	if !ok || p.peek().kind != indexMark {
		return indexTerm{}, false
	}
	p.at++
	minus := ""
	if p.mark("-") {
		minus = "-"
	}
	v := p.peek()
	p.at++
	switch {
	case minus == "" && (v.kind == indexText || v.kind == indexQuoted && v.text == ""): // "" names nothing, so that it is a text
		return indexTerm{column: t.text, op: op, value: v.text}, true
	case v.kind == indexNumber:
		return indexTerm{column: t.text, op: op, value: minus + v.text, number: true}, true
	case minus == "" && (v.is("true") || v.is("false")):
		return indexTerm{column: t.text, op: op, value: strings.ToLower(v.text), number: true}, true
	}
	return indexTerm{}, false
}
