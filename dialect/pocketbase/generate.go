package pocketbase

import (
	"io"
	"math/big"
	"regexp/syntax"
	"strings"

	"crypto/rand"

	"dossier"
	"dossier/access"
)

const (
	// extraGenerate is the option of a text field that texts are made up by: a regular expression that they match.
	extraGenerate = "autogeneratePattern"
	// suffixGenerate ends the key of a body whose value a made-up text goes behind.
	suffixGenerate = ":autogenerate"
)

// generate makes up the texts of the fields of c that have a pattern for it: those that a new record is left without, and those that
// the form asks for.
func (h *handler) generate(who access.Principal, c *dossier.Collection, f *form, isNew bool) error {
	f.made = map[string]dossier.Text{}
	for _, field := range c.Fields {
		if typeOf(field) != typeText {
			continue
		}
		pattern, _ := extraOf(field, extraGenerate, "").(string)
		prefix, asked := f.values[field.Name+suffixGenerate]
		asked = asked && (who.IsSuper() || !field.Hidden)
		if !asked && (!isNew || pattern == "" || toText(f.values[field.Name]) != "" && (who.IsSuper() || !field.Hidden)) {
			continue
		}
		text, err := madeText(pattern, h.svc.Random())
		if err != nil {
			return dossier.Errorf(dossier.Internal, "make up a text: %w", err)
		}
		if asked {
			text = toText(prefix) + text
		}
		f.made[field.Name] = dossier.Text(text)
	}
	return nil
}

// madeText is a random text that matches pattern.
func madeText(pattern string, random io.Reader) (string, error) {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "", err
	}
	m := &maker{random: random}
	m.node(tree)
	return m.text.String(), m.err
}

// A maker writes a text that matches an expression.
type maker struct {
	random io.Reader
	text   strings.Builder
	err    error
}

// manyTimes is how often at most an expression is repeated that may be without end.
const manyTimes = 10

// below is a random number from 0 to n-1.
func (m *maker) below(n int) int {
	if n <= 1 || m.err != nil {
		return 0
	}
	x, err := rand.Int(m.random, big.NewInt(int64(n)))
	if err != nil {
		m.err = err
		return 0
	}
	return int(x.Int64())
}

func (m *maker) node(n *syntax.Regexp) {
	switch n.Op {
	case syntax.OpLiteral:
		m.text.WriteString(string(n.Rune))
	case syntax.OpCharClass:
		m.class(n.Rune)
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		m.class([]rune{'a', 'z', 'A', 'Z', '0', '9'})
	case syntax.OpCapture:
		m.node(n.Sub[0])
	case syntax.OpConcat:
		for _, sub := range n.Sub {
			m.node(sub)
		}
	case syntax.OpAlternate:
		m.node(n.Sub[m.below(len(n.Sub))])
	case syntax.OpQuest:
		m.repeat(n.Sub[0], 0, 1)
	case syntax.OpStar:
		m.repeat(n.Sub[0], 0, manyTimes)
	case syntax.OpPlus:
		m.repeat(n.Sub[0], 1, manyTimes)
	case syntax.OpRepeat:
		m.repeat(n.Sub[0], n.Min, n.Max)
	}
}

func (m *maker) repeat(n *syntax.Regexp, least, most int) {
	if most < least {
		most = least + manyTimes
	}
	for range least + m.below(most-least+1) {
		m.node(n)
	}
}

// class writes one rune of ranges, which are pairs of first and last.
func (m *maker) class(ranges []rune) {
	total := 0
	for i := 0; i < len(ranges); i += 2 {
		total += int(ranges[i+1]-ranges[i]) + 1
	}
	at := m.below(total)
	for i := 0; i < len(ranges); i += 2 {
		size := int(ranges[i+1]-ranges[i]) + 1
		if at < size {
			m.text.WriteRune(ranges[i] + rune(at))
			return
		}
		at -= size
	}
}
