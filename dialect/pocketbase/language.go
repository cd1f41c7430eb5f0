package pocketbase

import (
	"sync"
	"time"

	"dossier"
	"dossier/access"
	"dossier/query"
)

// A Language reads the rules of collections, access.Language. The zero Language but for Now works; NewLanguage makes one
// that parses each rule once.
type Language struct {
	Now    func() time.Time // the clock of macros such as @now
	parsed *parsed
}

// NewLanguage makes a Language that remembers the rules it has parsed.
func NewLanguage(now func() time.Time) Language {
	return Language{Now: now, parsed: &parsed{rules: map[string]expr{}}}
}

// Rule turns the text of a rule of c into the filter that it is for one question. A text that is no rule is dossier.Invalid,
// with the place in the message.
func (g Language) Rule(space *dossier.Space, c *dossier.Collection, text string, q access.Question) (query.Filter, error) {
	e, err := g.parsed.parse(text)
	if err != nil {
		return nil, err
	}
	l := &lowerer{space: space, base: c, ask: q, now: g.Now(), text: text}
	return l.lower(e)
}

// CheckRule is the function CheckRule.
func (g Language) CheckRule(space *dossier.Space, c *dossier.Collection, text string) error {
	return CheckRule(space, c, text)
}

// maxParsed bounds the rules that are remembered; past it they are forgotten and parsed again.
const maxParsed = 4096

// parsed remembers rules by their text, which alone decides how they parse. Safe for concurrent use, and when nil.
type parsed struct {
	mu    sync.RWMutex
	rules map[string]expr
}

func (p *parsed) parse(text string) (expr, error) {
	if p == nil {
		return parse(text)
	}
	p.mu.RLock()
	e, ok := p.rules[text]
	p.mu.RUnlock()
	if ok {
		return e, nil
	}
	e, err := parse(text)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.rules) >= maxParsed {
		clear(p.rules)
	}
	p.rules[text] = e
	return e, nil
}

// CheckRule reports what is wrong with the text of a rule of c, as dossier.Invalid: it must parse and name what exists, for a
// guest and for a user of every auth collection.
func CheckRule(space *dossier.Space, c *dossier.Collection, text string) error {
	if text == "" {
		return nil
	}
	e, err := parse(text)
	if err != nil {
		return err
	}
	askers := []access.Principal{access.Guest()}
	for _, auth := range space.Collections {
		if auth.Kind == dossier.Auth && !auth.System {
			askers = append(askers, access.User(auth, &dossier.Record{ID: "nobody", Account: &dossier.Account{}}))
		}
	}
	for _, who := range askers {
		l := &lowerer{space: space, base: c, ask: access.Question{Principal: who, Action: access.Update}, now: time.UnixMilli(0), text: text, strict: true}
		f, err := l.lower(e)
		if err != nil {
			return err
		}
		if _, err := query.Check(space, c, query.Query{Filter: f}); err != nil {
			return err
		}
	}
	return nil
}
