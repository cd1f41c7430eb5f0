package pocketbase

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"dossier"
)

// A picker says which keys of an answer are wanted: the query parameter "fields". nil wants everything.
type picker struct {
	children map[string]*picker
	excerpt  *excerpt
}

// An excerpt shortens a text: the modifier ":excerpt(max, withEllipsis)".
type excerpt struct {
	most     int
	ellipsis bool
}

// parsePicker reads a list of dotted paths; "*" is every key of its level.
func parsePicker(text string) (*picker, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	root := &picker{children: map[string]*picker{}}
	for _, path := range splitOutside(text) {
		if path = strings.TrimSpace(path); path == "" {
			continue
		}
		if err := root.add(path); err != nil {
			return nil, err
		}
	}
	if len(root.children) == 0 {
		return nil, nil
	}
	return root, nil
}

// splitOutside splits at commas outside parentheses.
func splitOutside(text string) []string {
	var out []string
	depth, start := 0, 0
	for i := range len(text) {
		switch text[i] {
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth <= 0 {
				out, start = append(out, text[start:i]), i+1
			}
		}
	}
	return append(out, text[start:])
}

func (p *picker) add(path string) error {
	path, modifier, modified := strings.Cut(path, ":")
	at := p
	for _, key := range strings.Split(path, ".") {
		if at.children == nil {
			at.children = map[string]*picker{}
		}
		next := at.children[key]
		if next == nil {
			next = &picker{}
			at.children[key] = next
		}
		at = next
	}
	if !modified {
		return nil
	}
	e, err := parseExcerpt(modifier)
	at.excerpt = e
	return err
}

// parseExcerpt reads the modifier of a path: "excerpt(max)" or "excerpt(max, withEllipsis)", max in characters. All else is Invalid.
func parseExcerpt(text string) (*excerpt, error) {
	bad := dossier.Errorf(dossier.Invalid, "unknown modifier %.40q", text)
	args, named := strings.CutPrefix(strings.TrimSpace(text), "excerpt(")
	args, closed := strings.CutSuffix(args, ")")
	if !named || !closed {
		return nil, bad
	}
	most, rest, more := strings.Cut(args, ",")
	n, err := strconv.Atoi(strings.TrimSpace(most))
	if err != nil || n <= 0 {
		return nil, bad
	}
	e := &excerpt{most: n}
	if more {
		if e.ellipsis, err = strconv.ParseBool(strings.TrimSpace(rest)); err != nil {
			return nil, bad
		}
	}
	return e, nil
}

// pick is what p wants of v, which is made of maps, lists and plain values. v itself stays as it is.
func (p *picker) pick(v any) any {
	if p == nil {
		return v
	}
	if p.children == nil {
		return p.leaf(v)
	}
	switch v := v.(type) {
	case map[string]any:
		return p.object(v)
	case []map[string]any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = p.object(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = p.pick(e)
		}
		return out
	case json.RawMessage:
		return p.pick(generic(v))
	}
	return v
}

func (p *picker) object(v map[string]any) map[string]any {
	out := map[string]any{}
	for key, value := range v {
		child, ok := p.children[key]
		if !ok {
			child, ok = p.children["*"] // which has nothing below it: "*.name" is no path
			ok = ok && child.children == nil
		}
		if ok {
			out[key] = child.pick(value)
		}
	}
	return out
}

func (p *picker) leaf(v any) any {
	if text, ok := v.(string); ok && p.excerpt != nil {
		return p.excerpt.of(text)
	}
	return v
}

// generic is any value as maps, lists and plain values.
func generic(v any) any {
	b, ok := v.(json.RawMessage)
	if !ok {
		var err error
		if b, err = json.Marshal(v); err != nil {
			return nil
		}
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var out any
	if err := d.Decode(&out); err != nil {
		return nil
	}
	return out
}
