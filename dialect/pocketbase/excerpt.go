package pocketbase

import (
	"html"
	"regexp"
	"strings"
)

// asciiBlanks are what an excerpt shows as one blank. A no-break space is none of them.
var asciiBlanks = regexp.MustCompile(`[\t\n\f\r ]+`)

// of is text without its tags, with single blanks, cut to the excerpt's characters.
func (e *excerpt) of(text string) string {
	plain := strings.TrimSpace(asciiBlanks.ReplaceAllString(stripTags(text), " "))
	runes := []rune(plain)
	if len(runes) <= e.most {
		return plain
	}
	cut := strings.TrimSpace(string(runes[:e.most]))
	if e.ellipsis {
		cut += "..."
	}
	return cut
}

// void are silent elements without content.
var void = words("embed img input")

// silent are elements whose content is no text to read.
var silent = words("head style script iframe applet object svg picture dialog template button form textarea select option")

// nesting are the silent elements that one of their own name may be in.
var nesting = words("applet object svg picture dialog template")

// inline are elements that do not part words.
var inline = words("a abbr acronym b bdo big br cite code em i label q small span strong strike sub sup time")

func words(list string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(list) {
		set[word] = true
	}
	return set
}

// stripTags is the text of an HTML fragment; each tag parts words as a blank does, inline ones aside.
func stripTags(text string) string {
	var b strings.Builder
	until, depth := "", 0 // inside that many silent elements of that name
	write := func(s string) {
		if depth == 0 {
			b.WriteString(s)
		}
	}
	for text != "" {
		i := strings.IndexByte(text, '<')
		if i < 0 {
			i = len(text)
		}
		write(text[:i])
		text = text[i:]
		size := markup(text)
		if size == 0 {
			write(text[:min(1, len(text))])
			text = text[min(1, len(text)):]
			continue
		}
		switch name, closing := tagName(text[:size]); {
		case depth > 0 && name == until && closing:
			depth--
		case depth > 0 && name == until && nesting[name]:
			depth++
		case depth == 0 && silent[name] && !closing:
			until, depth = name, 1
		case name != "" && !inline[name] && !void[name] && !silent[name]:
			write(" ")
		}
		text = text[size:]
	}
	return html.UnescapeString(b.String())
}

// markup is how long the tag or comment at the start of text is: 0 if that is none, all of text if it has no end.
func markup(text string) int {
	if len(text) < 2 || !strings.ContainsRune("/!?", rune(text[1])) && (text[1]|0x20 < 'a' || text[1]|0x20 > 'z') {
		return 0
	}
	if strings.HasPrefix(text, "<!--") {
		if end := strings.Index(text[len("<!--"):], "-->"); end >= 0 {
			return len("<!--") + end + len("-->")
		}
		return len(text)
	}
	quote := byte(0)
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '>':
			return i + 1
		case (c == '"' || c == '\'') && text[i-1] == '=':
			quote = c
		}
	}
	return len(text)
}

// tagName is the element that a tag opens or closes; "" if it is no tag.
func tagName(tag string) (name string, closing bool) {
	tag, closing = strings.CutPrefix(tag[1:], "/")
	end := strings.IndexAny(tag, "\t\n\f\r />")
	if end < 0 {
		end = len(tag)
	}
	if tag == "" || tag[0]|0x20 < 'a' || tag[0]|0x20 > 'z' {
		return "", closing
	}
	return strings.ToLower(tag[:end]), closing
}
