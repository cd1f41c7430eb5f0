package sqlstore

import (
	"strings"
	"unicode/utf8"

	"dossier"
)

// The bounds of a view's query.
const (
	maxViewQuery = 16 << 10 // bytes
	maxViewDepth = 50       // parentheses
)

// A viewQuery is the query of a view: one SELECT, cut into tokens so that it is known to be no more than that.
type viewQuery struct {
	text   string // without a semicolon at the end
	tokens []token
}

// A token is one word, name, text, number or sign of SQL.
type token struct {
	kind  tokenKind
	text  string // of quoted ones what stands between the quotes
	depth int    // parentheses around it
	at    int
}

type tokenKind int

const (
	tokenWord   tokenKind = iota // a keyword, or a name as it is
	tokenQuoted                  // a name in quotes
	tokenText                    // a text; some databases take one for a name
	tokenNumber
	tokenSign
)

// is reports whether t is that word or sign.
func (t token) is(text string) bool {
	return (t.kind == tokenWord || t.kind == tokenSign) && strings.EqualFold(t.text, text)
}

// named reports whether t may be that name.
func (t token) named(name string) bool {
	return (t.kind == tokenWord || t.kind == tokenQuoted || t.kind == tokenText) && strings.EqualFold(t.text, name)
}

func badQuery(format string, args ...any) error {
	e := dossier.Errorf(dossier.Invalid, format, args...)
	e.Problems = []dossier.Problem{{Path: []string{"query"}, Code: dossier.CodeInvalid}}
	return e
}

// parseView reads the query of a view. It refuses what is not one SELECT, parameters, and the names of what databases say of themselves;
// which tables and columns there are it leaves to the database.
func parseView(text string) (*viewQuery, error) {
	text = strings.TrimSpace(text)
	text = strings.TrimSpace(strings.TrimSuffix(text, ";"))
	if len(text) > maxViewQuery {
		return nil, badQuery("a view's query has at most %d bytes", maxViewQuery)
	}
	if !utf8.ValidString(text) || strings.IndexByte(text, 0) >= 0 {
		return nil, badQuery("a view's query is UTF-8 without NUL")
	}
	q := &viewQuery{text: text}
	if err := q.scan(); err != nil {
		return nil, err
	}
	if len(q.tokens) == 0 || !q.tokens[0].is("SELECT") && !q.tokens[0].is("WITH") {
		return nil, badQuery("a view's query is a SELECT")
	}
	return q, q.guard()
}

// scan cuts the text into tokens. Comments are dropped.
func (q *viewQuery) scan() error {
	depth := 0
	for i := 0; i < len(q.text); {
		kind, n := lex(q.text[i:])
		t := token{kind: kind, text: q.text[i : i+max(n, 0)], depth: depth, at: i}
		switch {
		case n < 0:
			return badQuery("a view's query ends inside a quote or comment")
		case t.text == "(":
			if depth++; depth > maxViewDepth {
				return badQuery("a view's query is nested at most %d levels deep", maxViewDepth)
			}
		case t.text == ")":
			if depth--; depth < 0 {
				return badQuery("a view's query closes a parenthesis that it did not open")
			}
			t.depth = depth
		case kind == tokenQuoted || kind == tokenText:
			t.text = unquote(t.text)
		}
		if i += n; kind != tokenBlank {
			q.tokens = append(q.tokens, t)
		}
	}
	if depth != 0 {
		return badQuery("a view's query does not close all parentheses")
	}
	return nil
}

// tokenBlank is white space and comments.
const tokenBlank tokenKind = -1

// lex is the kind and length of the token that s begins with; the length is -1 if it does not end.
func lex(s string) (tokenKind, int) {
	switch c := s[0]; {
	case strings.IndexByte(" \t\r\n\f", c) >= 0:
		return tokenBlank, 1
	case strings.HasPrefix(s, "--"):
		if n := strings.IndexByte(s, '\n'); n >= 0 {
			return tokenBlank, n + 1
		}
		return tokenBlank, len(s)
	case strings.HasPrefix(s, "/*"):
		if n := strings.Index(s[2:], "*/"); n >= 0 {
			return tokenBlank, n + 4
		}
		return tokenBlank, -1
	case c == '\'':
		return tokenText, quoteEnd(s)
	case c == '"' || c == '`':
		return tokenQuoted, quoteEnd(s)
	case c == '[':
		if n := strings.IndexByte(s, ']'); n >= 0 {
			return tokenQuoted, n + 1
		}
		return tokenQuoted, -1
	case '0' <= c && c <= '9':
		return tokenNumber, wordEnd(s)
	case wordByte(c):
		return tokenWord, wordEnd(s)
	}
	return tokenSign, 1
}

// quoteEnd is where the text in quotes that s begins with ends; a quote inside is doubled.
func quoteEnd(s string) int {
	for i := 1; i < len(s); i++ {
		if s[i] != s[0] {
			continue
		}
		if i+1 == len(s) || s[i+1] != s[0] {
			return i + 1
		}
		i++
	}
	return -1
}

func unquote(s string) string {
	inner := s[1 : len(s)-1]
	if s[0] == '[' {
		return inner
	}
	return strings.ReplaceAll(inner, s[:1]+s[:1], s[:1])
}

func wordByte(c byte) bool {
	return c == '_' || c >= 0x80 || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func wordEnd(s string) int {
	i := 1
	for i < len(s) && (wordByte(s[i]) || s[i] == '$') {
		i++
	}
	return i
}

// sketchPrefix begins the names of tables that stand for collections while a query is tried. No query may name them.
const sketchPrefix = "_dossier_"

// forbidden are beginnings of names that a query may not say, even in quotes: the database's own tables and functions.
var forbidden = []string{"sqlite_", "pragma_", "pg_", "information_schema", "dbstat", "bytecode", "tables_used", "load_extension", sketchPrefix}

// guard refuses what may not stand in a view's query. What a name means in the place where it stands is the database's business.
func (q *viewQuery) guard() error {
	for _, t := range q.tokens {
		switch {
		case t.kind == tokenSign && strings.Contains(";?:@$#\\", t.text):
			return badQuery("%q has no place in a view's query: it is one statement without parameters", t.text)
		case t.is("PRAGMA"), t.is("ATTACH"), t.is("DETACH"):
			return badQuery("%s has no place in a view's query: it only reads", strings.ToUpper(t.text))
		case t.kind == tokenNumber || t.kind == tokenSign:
			continue
		}
		for _, f := range forbidden {
			if len(t.text) >= len(f) && strings.EqualFold(t.text[:len(f)], f) {
				return badQuery("a view's query reads collections, not %s", t.text)
			}
		}
	}
	return nil
}

// mentions reports whether a token may be that name.
func (q *viewQuery) mentions(name string) bool {
	for _, t := range q.tokens {
		if t.named(name) {
			return true
		}
	}
	return false
}

// compound reports whether t joins two SELECTs.
func (t token) compound() bool { return t.is("UNION") || t.is("INTERSECT") || t.is("EXCEPT") }

// arms are the SELECTs that a compound joins, each with the WITH in front of them all; ok is false if compounds stand inside
// parentheses, so that this is not all there is to say.
func (q *viewQuery) arms() (arms []string, ok bool) {
	head, start := "", 0
	for _, t := range q.tokens {
		switch {
		case t.compound() && t.depth > 0:
			return nil, false
		case t.depth == 0 && t.is("SELECT") && head == "" && len(arms) == 0 && t.at > 0:
			head, start = q.text[:t.at], t.at
		case t.depth == 0 && t.compound():
			arms = append(arms, head+q.text[start:t.at])
			start = t.at + len(t.text)
		case t.depth == 0 && t.is("ALL") && strings.TrimSpace(q.text[start:t.at]) == "":
			start = t.at + len(t.text)
		}
	}
	return append(arms, head+q.text[start:]), true
}

// items are the tokens of each result of the first SELECT; nil if one of them is a star.
func (q *viewQuery) items() [][]token {
	var out [][]token
	var item []token
	started := false
	for _, t := range q.tokens {
		switch {
		case t.depth > 0 && started:
			item = append(item, t)
		case t.depth > 0:
		case !started:
			started = t.is("SELECT")
		case t.is("DISTINCT") && len(out) == 0 && len(item) == 0:
		case t.is("FROM"), t.compound(), t.is("WHERE"), t.is("ORDER"), t.is("LIMIT"), t.is("GROUP"):
			return append(out, item)
		case t.is(","):
			out, item = append(out, item), nil
		case t.is("*") && (len(item) == 0 || item[len(item)-1].is(".")):
			return nil
		default:
			item = append(item, t)
		}
	}
	return append(out, item)
}
