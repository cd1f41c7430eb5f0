package wire

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of a display name.
const (
	maxName      = 200 // bytes
	maxExtension = 20  // bytes, with the dot; what is longer is no extension
)

// CleanName returns the display name for a raw file name of any origin: its last component over "/" and "\", without NUL,
// control, bidi-control and zero-width characters (joiners stay between non-ASCII characters: emoji and some scripts are
// spelled with them), without surrounding blanks, invalid UTF-8 as U+FFFD, cut to 200 bytes between characters and before
// the extension. "." and ".." and nothing are "". Normalisation forms, leading dots and percent signs are left alone.
func CleanName(raw string) string {
	raw = raw[strings.LastIndexAny(raw, `/\`)+1:]
	name := strings.TrimFunc(dropInvisible(strings.ToValidUTF8(raw, "\ufffd")), marginal)
	name = cutName(name)
	if name == "." || name == ".." {
		return ""
	}
	return name
}

const zeroWidthNonJoiner, zeroWidthJoiner = '\u200c', '\u200d'

// marginal reports what a name neither begins nor ends with.
func marginal(r rune) bool {
	return unicode.IsSpace(r) || r == zeroWidthNonJoiner || r == zeroWidthJoiner
}

func dropInvisible(s string) string {
	var b strings.Builder
	before := rune(0) // the last character kept
	for i, r := range s {
		if r == zeroWidthNonJoiner || r == zeroWidthJoiner {
			after, _ := utf8.DecodeRuneInString(s[i+utf8.RuneLen(r):])
			if before < utf8.RuneSelf || after < utf8.RuneSelf || invisible(after) {
				continue // at the end it is marginal
			}
		} else if invisible(r) {
			continue
		}
		b.WriteRune(r)
		before = r
	}
	return b.String()
}

// invisible reports the characters that could make a name look like another one, or break a line or header.
func invisible(r rune) bool {
	switch {
	case unicode.IsControl(r),
		r == '\u061c', // Arabic letter mark
		r == '\u180e', // Mongolian vowel separator
		'\u200b' <= r && r <= '\u200f',
		'\u2028' <= r && r <= '\u202e', // line ends and bidi embeddings and overrides
		'\u2060' <= r && r <= '\u206f', // invisible operators, bidi isolates
		r == '\ufeff',
		'\ufff9' <= r && r <= '\ufffb': // interlinear annotations
		return true
	}
	return false
}

func cutName(s string) string {
	if len(s) <= maxName {
		return s
	}
	ext := path.Ext(s)
	if len(ext) > maxExtension || len(ext) == len(s) {
		ext = ""
	}
	n := maxName - len(ext)
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return strings.TrimRightFunc(s[:n], marginal) + ext
}

// Disposition returns a Content-Disposition of kind "attachment" or "inline" for name: filename, and filename* where name
// has more than plain ASCII. It never holds CR, LF, or a byte over 0x7e.
func Disposition(kind, name string) string {
	if kind != "inline" {
		kind = "attachment"
	}
	name = dropInvisible(strings.ToValidUTF8(name, "\ufffd"))
	if name == "" {
		return kind
	}
	plain := strings.Map(plainRune, name)
	value := plain
	if !isToken(value) {
		value = `"` + value + `"`
	}
	if plain == name {
		return kind + "; filename=" + value
	}
	return kind + "; filename=" + value + "; filename*=UTF-8''" + percentEncode(name)
}

// plainRune is r where every reader of a quoted string agrees on it, else "_": some decode "%" in filename, some know no
// escapes, some end it at ";".
func plainRune(r rune) rune {
	if r < ' ' || r > '~' || strings.ContainsRune(`"\;%`, r) {
		return '_'
	}
	return r
}

// percentEncode encodes all but the attr-char of RFC 8187.
func percentEncode(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c|0x20 && c|0x20 <= 'z', '0' <= c && c <= '9', strings.IndexByte("!#$&+-.^_`|~", c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}
