package pocketbase

import (
	"bytes"
	"encoding/json"
	"html"
	"strconv"
	"strings"
	"unicode"

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

func parseExcerpt(text string) (*excerpt, error) {
	bad := dossier.Errorf(dossier.Invalid, "unknown modifier %.40q", text)
	args, ok := strings.CutPrefix(strings.TrimSpace(text), "excerpt(")
	if args, ok = strings.CutSuffix(args, ")"); !ok {
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
			child, ok = p.children["*"]
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

// of is text without its tags, with single blanks, cut to the excerpt's characters.
func (e *excerpt) of(text string) string {
	plain := strings.Join(strings.Fields(stripTags(text)), " ")
	runes := []rune(plain)
	if len(runes) <= e.most {
		return plain
	}
	cut := strings.TrimRightFunc(string(runes[:e.most]), unicode.IsSpace)
	if e.ellipsis {
		cut += "..."
	}
	return cut
}

// silent are elements whose content is no text.
var silent = map[string]bool{"script": true, "style": true, "iframe": true, "object": true, "svg": true, "head": true}

// stripTags is the text of an HTML fragment; each tag parts words as a blank does, inline ones aside.
func stripTags(text string) string {
	var b strings.Builder
	until := "" // inside the silent element of that name
	for text != "" {
		i := strings.IndexByte(text, '<')
		if i < 0 {
			i = len(text)
		}
		if until == "" {
			b.WriteString(text[:i])
		}
		if text = text[i:]; text == "" {
			break
		}
		end := strings.IndexByte(text, '>')
		if end < 0 {
			break
		}
		name, closing := tagName(text[1:end])
		switch {
		case until != "" && closing && name == until:
			until = ""
		case until == "" && !closing && silent[name]:
			until = name
		case until == "" && !inline[name]:
			b.WriteByte(' ')
		}
		text = text[end+1:]
	}
	return html.UnescapeString(b.String())
}

// inline are elements that do not part words.
var inline = map[string]bool{"a": true, "abbr": true, "b": true, "code": true, "em": true, "i": true, "mark": true,
	"s": true, "small": true, "span": true, "strong": true, "sub": true, "sup": true, "u": true}

func tagName(tag string) (name string, closing bool) {
	tag, closing = strings.CutPrefix(tag, "/")
	name = strings.TrimRight(tag, "/")
	if i := strings.IndexFunc(name, unicode.IsSpace); i >= 0 {
		name = name[:i]
	}
	return strings.ToLower(name), closing
}
