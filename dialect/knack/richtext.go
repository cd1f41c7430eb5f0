package knack

import (
	"html"
	"strings"
)

// The elements and attributes that rich text may have. Everything else is dropped; what is between the tags of dropped elements
// stays as text, but for those whose content is no text.
var (
	richElements = set("a", "abbr", "b", "big", "blockquote", "br", "caption", "center", "code", "col", "colgroup", "dd", "del", "div",
		"dl", "dt", "em", "figcaption", "figure", "font", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "mark",
		"ol", "p", "pre", "q", "s", "small", "span", "strike", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead",
		"tr", "tt", "u", "ul")
	richAttributes = set("abbr", "align", "alt", "border", "cellpadding", "cellspacing", "class", "color", "cols", "colspan", "dir",
		"face", "height", "href", "lang", "rel", "rows", "rowspan", "size", "span", "src", "start", "target", "title", "valign", "width")
	noText = set("script", "style", "title", "textarea", "template", "noscript", "iframe", "object", "embed", "svg", "math", "head",
		"noembed", "noframes", "xmp", "plaintext", "select")
)

func set(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, n := range names {
		m[n] = true
	}
	return m
}

// sanitize keeps what rich text may have: no scripts, no event handlers, no styles, no addresses of unknown schemes. What it
// returns holds no "<" but those of tags that it wrote itself.
func sanitize(s string) string {
	if !strings.ContainsAny(s, "<>") {
		return s
	}
	var b strings.Builder
	for s != "" {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			i = len(s)
		}
		b.WriteString(strings.ReplaceAll(s[:i], ">", "&gt;"))
		if s = s[i:]; s != "" {
			s = markup(&b, s)
		}
	}
	return b.String()
}

// markup handles what begins with the "<" that s begins with and returns what follows it.
func markup(b *strings.Builder, s string) string {
	switch {
	case strings.HasPrefix(s, "<!--"):
		_, rest, _ := strings.Cut(s[4:], "-->")
		return rest
	case len(s) > 1 && (s[1] == '!' || s[1] == '?'):
		_, rest, _ := strings.Cut(s, ">")
		return rest
	}
	if !beginsTag(s) {
		b.WriteString("&lt;")
		return s[1:]
	}
	t, rest, ok := parseTag(s)
	if !ok {
		b.WriteString(escapeText(s)) // a tag without end: what follows is text
		return ""
	}
	if noText[t.name] && !t.closing {
		return afterElement(rest, t.name)
	}
	if richElements[t.name] {
		t.write(b)
	}
	return rest
}

// beginsTag reports whether s, which begins with "<", goes on with the name of an element.
func beginsTag(s string) bool {
	s = strings.TrimPrefix(s[1:], "/")
	return s != "" && isLetter(s[0])
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// afterElement is what follows the end tag of name, nothing if there is none.
func afterElement(s, name string) string {
	for {
		_, after, ok := strings.Cut(s, "</")
		if !ok {
			return ""
		}
		if s = after; len(s) >= len(name) && strings.EqualFold(s[:len(name)], name) {
			_, rest, _ := strings.Cut(s, ">")
			return rest
		}
	}
}

// A tag is a start or end tag.
type tag struct {
	name    string
	closing bool
	attrs   [][2]string
}

func (t tag) write(b *strings.Builder) {
	if t.closing {
		b.WriteString("</" + t.name + ">")
		return
	}
	b.WriteString("<" + t.name)
	for _, a := range t.attrs {
		if !richAttributes[a[0]] || (a[0] == "href" || a[0] == "src") && !safeURL(strings.TrimSpace(a[1])) {
			continue
		}
		b.WriteString(" " + a[0] + `="` + escapeAttr(a[1]) + `"`)
	}
	if t.name == "br" || t.name == "hr" || t.name == "img" || t.name == "col" {
		b.WriteString(" /")
	}
	b.WriteByte('>')
}

// parseTag reads the tag that s begins with; ok is false if it has no end.
func parseTag(s string) (t tag, rest string, ok bool) {
	s = s[1:]
	if strings.HasPrefix(s, "/") {
		t.closing, s = true, s[1:]
	}
	n := 0
	for n < len(s) && (isLetter(s[n]) || s[n] >= '0' && s[n] <= '9') {
		n++
	}
	t.name, s = strings.ToLower(s[:n]), s[n:]
	for {
		s = strings.TrimLeft(s, " \t\r\n\f/")
		if s == "" {
			return t, "", false
		}
		if s[0] == '>' {
			return t, s[1:], true
		}
		var a [2]string
		if a, s, ok = parseAttribute(s); !ok {
			return t, "", false
		}
		t.attrs = append(t.attrs, a)
	}
}

// parseAttribute reads name, name=value, name='value' or name="value".
func parseAttribute(s string) (a [2]string, rest string, ok bool) {
	end := strings.IndexAny(s[1:], " \t\r\n\f/>=")
	if end < 0 {
		return a, "", false
	}
	a[0], s = strings.ToLower(s[:end+1]), s[end+1:]
	after := strings.TrimLeft(s, " \t\r\n\f")
	if !strings.HasPrefix(after, "=") {
		return a, s, true
	}
	s = strings.TrimLeft(after[1:], " \t\r\n\f")
	if s == "" {
		return a, "", false
	}
	if q := s[0]; q == '"' || q == '\'' {
		end = strings.IndexByte(s[1:], q)
		if end < 0 {
			return a, "", false
		}
		a[1] = html.UnescapeString(s[1 : end+1])
		return a, s[end+2:], true
	}
	end = strings.IndexAny(s, " \t\r\n\f>")
	if end < 0 {
		return a, "", false
	}
	a[1] = html.UnescapeString(s[:end])
	return a, s[end:], true
}

// plainText is s without its tags, entities as their characters.
func plainText(s string) string {
	s = sanitize(s)
	var b strings.Builder
	for {
		text, after, ok := strings.Cut(s, "<")
		b.WriteString(text)
		if !ok {
			return strings.Join(strings.Fields(html.UnescapeString(b.String())), " ")
		}
		b.WriteByte(' ')
		_, s, _ = strings.Cut(after, ">")
	}
}
