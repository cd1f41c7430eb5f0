package core

import (
	"io"
	"strings"
	"unicode"

	"github.com/gabriel-vasile/mimetype"
)

// The bounds of a slug, in bytes.
const (
	maxSlugInput  = 300
	minSlugBase   = 3
	maxSlugBase   = 100
	maxSlugExt    = 20
	slugRandom    = 10
	sniffedPrefix = 3072 // bytes that decide a media type
)

// Slug makes the name that a file has in URLs: the words of name in lower case joined by "_", ten random letters and digits,
// and the extension, two-fold if name has one ("tar.gz"). Letters outside ASCII part words. Where name has no extension, the
// one that the media type sniffed implies is taken.
func Slug(random io.Reader, name, sniffed string) (string, error) {
	if len(name) > maxSlugInput {
		name = name[len(name)-maxSlugInput:]
	}
	base, ext := splitExt(name)
	if ext = cleanExt(ext); ext == "" {
		ext = extensionOf(sniffed)
	}
	base = snake(base)
	if len(base) > maxSlugBase {
		base = base[:maxSlugBase]
	}
	if len(base) < minSlugBase {
		more, err := slugLetters(random)
		if err != nil {
			return "", err
		}
		base += more
	}
	tail, err := slugLetters(random)
	return base + "_" + tail + ext, err
}

// splitExt cuts name at its second-last dot, at its only dot, or not at all.
func splitExt(name string) (base, ext string) {
	last := strings.LastIndexByte(name, '.')
	if last < 0 {
		return name, ""
	}
	if before := strings.LastIndexByte(name[:last], '.'); before >= 0 {
		last = before
	}
	return name[:last], name[last:]
}

func cleanExt(ext string) string {
	ext = strings.Map(func(r rune) rune {
		if r < unicode.MaxASCII && (isAlnum(byte(r)) || strings.ContainsRune("_.*+=#-", r)) {
			return r
		}
		return -1
	}, ext)
	ext = strings.Trim(ext, ".")
	if len(ext) > maxSlugExt {
		ext = strings.TrimLeft(ext[len(ext)-maxSlugExt:], ".")
	}
	if ext == "" {
		return ""
	}
	return "." + ext
}

func isAlnum(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// snake joins the words of s with "_" in lower case; a capital after a small letter or digit begins a word.
func snake(s string) string {
	var b strings.Builder
	gap := false
	prev := byte(0)
	for i := range len(s) {
		c := s[i]
		if !isAlnum(c) {
			gap, prev = b.Len() > 0, 0
			continue
		}
		upper := c >= 'A' && c <= 'Z'
		if gap || upper && prev != 0 && (prev < 'A' || prev > 'Z') {
			b.WriteByte('_')
		}
		gap, prev = false, c
		if upper {
			c += 'a' - 'A'
		}
		b.WriteByte(c)
	}
	return b.String()
}

// extensionOf is the extension that a media type implies, "" if none does.
func extensionOf(mediaType string) string {
	if m := mimetype.Lookup(bareType(mediaType)); m != nil {
		return m.Extension()
	}
	return ""
}

// bareType is a media type without its parameters.
func bareType(t string) string {
	bare, _, _ := strings.Cut(t, ";")
	return strings.TrimSpace(strings.ToLower(bare))
}

const slugAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789"

func slugLetters(random io.Reader) (string, error) {
	return randomOf(random, slugAlphabet, slugRandom)
}
