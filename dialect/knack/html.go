package knack

import (
	"html"
	"net/url"
	"strings"
)

// escapeAttr escapes s for an attribute's value or a text: & < > " '.
func escapeAttr(s string) string { return html.EscapeString(s) }

var textEscaper = strings.NewReplacer("<", "&lt;", ">", "&gt;")

// escapeText makes a plain text harmless where a page shows it. Quotes and & stay, so that a text without angle brackets is the
// same in both of its values, as the vendor shows it.
func escapeText(s string) string { return textEscaper.Replace(s) }

// escapeLines is escapeText with <br /> for line ends.
func escapeLines(s string) string {
	s = escapeText(strings.ReplaceAll(s, "\r\n", "\n"))
	return strings.ReplaceAll(s, "\n", "<br />")
}

// safeSchemes are those that a link may have.
var safeSchemes = map[string]bool{"": true, "http": true, "https": true, "mailto": true, "tel": true, "ftp": true}

// safeURL reports whether s may stand in an href or src.
func safeURL(s string) bool {
	if strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return false
	}
	u, err := url.Parse(s)
	return err == nil && safeSchemes[strings.ToLower(u.Scheme)]
}

// attribute finds the value of the first attribute name="…" of the tag that an HTML value of this server begins with.
func attribute(s, tag, name string) (string, bool) {
	if !strings.HasPrefix(s, "<"+tag+" ") {
		return "", false
	}
	_, rest, ok := strings.Cut(s, " "+name+`="`)
	if !ok {
		return "", false
	}
	value, _, ok := strings.Cut(rest, `"`)
	return html.UnescapeString(value), ok
}
