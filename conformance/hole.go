package conformance

import (
	"fmt"
	"regexp"
	"strings"
)

// kinds are the types that a hole may name. number is special: it is a JSON number where it stands alone.
var kinds = map[string]string{
	"uuid":      `[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`,
	"hex24":     `[0-9a-f]{24}`,
	"id":        `[a-z0-9]{15,24}`,
	"digits":    `[0-9]+`,
	"number":    `-?[0-9]+(?:\.[0-9]+)?`,
	"date":      `[0-9]{4}-[0-9]{2}-[0-9]{2}`,
	"minute":    `[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:00Z`,
	"milli":     `[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z`,
	"httpdate":  `[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT`,
	"etag":      `"[^"]+"`,
	"jwt":       `[\w-]+\.[\w-]+\.[\w-]+`,
	"errorid":   `[A-Za-z0-9]{20}`,
	"recordkey": `[0-9]{14}[0-9A-F]{32}[0-9]{3}`,
	"text":      `.+`,
}

// A hole is an open place in an expected value or a name to fill in.
type hole struct {
	source string // as written, for reports
	name   string // "" where nothing is kept
	kind   string // key of kinds, or ""
	expr   string // what a captured text must match
}

func (h *hole) none() bool { return h.source == "{{none}}" }

// whole matches all of a text.
func (h *hole) whole(s string) bool {
	return regexp.MustCompile(`(?s)^(?:` + h.expr + `)$`).MatchString(s)
}

// A piece of a template is literal text or a hole.
type piece struct {
	text string
	hole *hole
}

// split cuts a template into its pieces.
func split(s string) ([]piece, error) {
	var out []piece
	for {
		i := strings.Index(s, "{{")
		// In {{{ the first brace is text, so that JSON may hold {"a":{{{b}}}}-like runs.
		for i >= 0 && strings.HasPrefix(s[i:], "{{{") {
			i++
		}
		if i < 0 {
			break
		}
		inner, rest, ok := cutHole(s[i+2:])
		if !ok {
			return nil, fmt.Errorf("hole without an end: %q", s[i:])
		}
		h, err := parseHole(inner)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out = append(out, piece{text: s[:i]})
		}
		out = append(out, piece{hole: h})
		s = rest
	}
	if s != "" {
		out = append(out, piece{text: s})
	}
	return out, nil
}

// cutHole ends a hole at the first }}, or, where it holds an expression, at the last braces of that run: {{~[a-z]{10}}}.
func cutHole(s string) (inner, rest string, ok bool) {
	end := strings.Index(s, "}}")
	if end < 0 {
		return "", "", false
	}
	if strings.Contains(s[:end], "~") {
		for strings.HasPrefix(s[end+2:], "}") {
			end++
		}
	}
	return s[:end], s[end+2:], true
}

var holeForm = regexp.MustCompile(`(?s)^(\w*)(?::(\w+)|~(.+))?$`)

func parseHole(inner string) (*hole, error) {
	m := holeForm.FindStringSubmatch(inner)
	if m == nil || inner == "" {
		return nil, fmt.Errorf("{{%s}}: want {{name}}, {{name:type}} or {{name~expression}}", inner)
	}
	h := &hole{source: "{{" + inner + "}}", name: m[1], kind: m[2], expr: `.+`}
	switch {
	case inner == "any" || inner == "none":
		h.name, h.expr = "", `.*`
	case h.kind != "":
		expr, known := kinds[h.kind]
		if !known {
			return nil, fmt.Errorf("{{%s}}: unknown type %q", inner, h.kind)
		}
		h.expr = expr
	case m[3] != "":
		h.expr = m[3]
		if _, err := regexp.Compile(h.expr); err != nil {
			return nil, fmt.Errorf("{{%s}}: %w", inner, err)
		}
	}
	return h, nil
}
