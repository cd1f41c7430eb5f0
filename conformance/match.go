package conformance

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"math/big"
	"regexp"
	"strings"

	"github.com/google/go-cmp/cmp"
)

// Values are what holes have captured so far: strings, or other decoded JSON.
type Values map[string]any

// text is a captured value as it stands inside other text.
func (v Values) text(name string) string {
	if s, ok := v[name].(string); ok {
		return s
	}
	b, _ := json.Marshal(v[name])
	return string(b)
}

// Diff compares expected JSON with received JSON, keeps what holes capture, and returns "" where they agree.
func (v Values) Diff(want, got any) string {
	v.bind(want, got)
	return cmp.Diff(v.resolve(want, got), got)
}

// DiffText does the same for a text that may hold holes.
func (v Values) DiffText(want, got string) string {
	return cmp.Diff(v.resolveString(want, got), any(got))
}

// bind captures the values of holes that stand alone, so that texts which hold the same names can be compared exactly
// whatever the order of keys.
func (v Values) bind(want, got any) {
	switch w := want.(type) {
	case string:
		if h := alone(w); h != nil {
			v.fill(h, got)
		}
	case map[string]any:
		g, _ := got.(map[string]any)
		for k, wk := range w {
			if gk, ok := g[k]; ok {
				v.bind(wk, gk)
			}
		}
	case []any:
		g, _ := got.([]any)
		for i := range min(len(w), len(g)) {
			v.bind(w[i], g[i])
		}
	}
}

// resolve returns want with every hole that fits replaced by what was received, so that a comparison with got shows
// only the true differences.
func (v Values) resolve(want, got any) any {
	switch w := want.(type) {
	case string:
		return v.resolveString(w, got)
	case json.Number:
		if g, ok := got.(json.Number); ok && sameNumber(w, g) {
			return g
		}
	case map[string]any:
		if g, ok := got.(map[string]any); ok {
			return v.resolveObject(w, g)
		}
	case []any:
		if g, ok := got.([]any); ok {
			return v.resolveList(w, g)
		}
	}
	return want
}

const more = "..." // the key or element that allows further ones

func (v Values) resolveObject(want, got map[string]any) map[string]any {
	out := map[string]any{}
	if _, open := want[more]; open {
		maps.Copy(out, got)
	}
	for k, w := range want {
		g, ok := got[k]
		switch {
		case k == more:
		case ok:
			out[k] = v.resolve(w, g)
		default:
			out[k] = w
		}
	}
	return out
}

func (v Values) resolveList(want, got []any) []any {
	out := []any{}
	for i, w := range want {
		switch {
		case w == any(more) && i == len(want)-1:
			out = append(out, got[min(i, len(got)):]...)
		case i < len(got):
			out = append(out, v.resolve(w, got[i]))
		default:
			out = append(out, w)
		}
	}
	return out
}

// resolveString returns got where the template want fits it, and want where it does not.
func (v Values) resolveString(want string, got any) any {
	if h := alone(want); h != nil {
		if v.fill(h, got) {
			return got
		}
		if h.name != "" && v[h.name] != nil {
			return h.source + " = " + v.text(h.name)
		}
		return want
	}
	text, ok := got.(string)
	if ok && v.fillText(want, text) {
		return got
	}
	return want
}

// alone returns the hole that is all of s, or nil.
func alone(s string) *hole {
	pieces, err := split(s)
	if err != nil || len(pieces) != 1 {
		return nil
	}
	return pieces[0].hole
}

// fill reports whether got fits h, and captures it where h has a name without a value.
func (v Values) fill(h *hole, got any) bool {
	if h.name != "" {
		if old, bound := v[h.name]; bound {
			return cmp.Equal(old, got)
		}
	}
	if !fits(h, got) {
		return false
	}
	if h.name != "" {
		v[h.name] = got
	}
	return true
}

func fits(h *hole, got any) bool {
	switch g := got.(type) {
	case string:
		return h.kind != "number" && h.whole(g)
	case json.Number:
		return h.kind == "number" || h.expr == `.+` || h.expr == `.*`
	default:
		return h.kind == "" && (h.expr == `.+` && got != nil || h.expr == `.*`)
	}
}

// fillText matches a text in which holes stand between other characters.
func (v Values) fillText(want, got string) bool {
	pieces, err := split(want)
	if err != nil {
		return false
	}
	expr, names := v.expression(pieces)
	m := expr.FindStringSubmatch(got)
	if m == nil {
		return false
	}
	found := Values{}
	for i, name := range names {
		if old, twice := found[name]; twice && old != m[i+1] {
			return false
		}
		found[name] = m[i+1]
	}
	maps.Copy(v, found)
	return true
}

// expression turns pieces into a regular expression and the names of its groups.
func (v Values) expression(pieces []piece) (*regexp.Regexp, []string) {
	var b strings.Builder
	var names []string
	b.WriteString(`(?s)^`)
	for _, p := range pieces {
		if p.hole == nil {
			b.WriteString(regexp.QuoteMeta(p.text))
			continue
		}
		_, bound := v[p.hole.name]
		switch expr := ungroup(p.hole.expr); {
		case bound:
			b.WriteString(regexp.QuoteMeta(v.text(p.hole.name)))
		case p.hole.name != "":
			names = append(names, p.hole.name)
			b.WriteString(`(` + expr + `)`)
		default:
			b.WriteString(`(?:` + expr + `)`)
		}
	}
	b.WriteString(`$`)
	return regexp.MustCompile(b.String()), names
}

var openGroup = regexp.MustCompile(`(^|[^\\])\(([^?]|$)`)

// ungroup makes the groups of a written expression non-capturing and plain holes as short as possible.
func ungroup(expr string) string {
	if expr == `.+` || expr == `.*` {
		return expr + `?`
	}
	return openGroup.ReplaceAllString(expr, `$1(?:$2`)
}

func sameNumber(a, b json.Number) bool {
	x, okX := new(big.Rat).SetString(a.String())
	y, okY := new(big.Rat).SetString(b.String())
	return okX && okY && x.Cmp(y) == 0
}

// looksJSON reports whether an expected body is written as JSON.
func looksJSON(s string) bool {
	return strings.HasPrefix(s, "[") || strings.HasPrefix(s, "{") && !strings.HasPrefix(s, "{{")
}

// decodeJSON decodes exactly one JSON value and keeps the digits of its numbers.
func decodeJSON(b []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON value")
	}
	return v, nil
}
