package wire

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"

	"dossier"
)

// A param is one parameter of a header: its name in lower case, its value without quotes.
type param struct{ name, value string }

// parseParams reads `head; name=value; name="value"`. It is laxer than RFC 9110 where clients are: a value without quotes
// runs to the next ";", empty parameters are skipped. It is strict about quotes: none inside a value unless escaped.
// ok is false for anything else.
func parseParams(s string) (head string, ps []param, ok bool) {
	head, s, _ = strings.Cut(s, ";")
	for s = strings.TrimLeft(s, " \t;"); s != ""; s = strings.TrimLeft(s, " \t;") {
		var p param
		if p, s, ok = parseParam(s); !ok {
			return "", nil, false
		}
		ps = append(ps, p)
	}
	return strings.ToLower(strings.TrimSpace(head)), ps, true
}

// parseParam reads the parameter that s begins with and returns what follows it, from its ";" on.
func parseParam(s string) (p param, rest string, ok bool) {
	name, s, found := strings.Cut(s, "=")
	p.name = strings.ToLower(strings.TrimRight(name, " \t"))
	if !found || !isToken(p.name) {
		return p, "", false
	}
	s = strings.TrimLeft(s, " \t")
	if strings.HasPrefix(s, `"`) {
		p.value, s, ok = unquote(s[1:])
		s = strings.TrimLeft(s, " \t")
		return p, s, ok && (s == "" || s[0] == ';')
	}
	end := strings.IndexByte(s, ';')
	if end < 0 {
		end = len(s)
	}
	p.value = strings.TrimRight(s[:end], " \t")
	return p, s[end:], !strings.Contains(p.value, `"`)
}

// unquote reads up to the closing quote and returns what follows it. Only \" and \\ are escapes; any other backslash is
// itself, because browsers send the paths of some systems as they are (C:\x\y.txt). A doubled backslash in such a path
// comes out single, which leaves its last component the same.
func unquote(s string) (value, rest string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return b.String(), s[i+1:], true
		case c == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", "", false
}

// isToken reports whether s is a token of RFC 9110.
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return s != ""
}

// A formName is what a part's Content-Disposition says.
type formName struct {
	name, file string
	hasFile    bool
}

func dispositionError(what string) error {
	return dossier.Errorf(dossier.Invalid, "%w: %s", ErrDisposition, what)
}

// parseDisposition reads the Content-Disposition of a form's part. filename* wins over filename if it can be decoded.
func parseDisposition(header string) (formName, error) {
	head, params, ok := parseParams(header)
	if !ok || head != "form-data" {
		return formName{}, dispositionError("malformed, or not form-data")
	}
	seen := map[string]string{}
	for _, p := range params {
		_, twice := seen[p.name]
		base, section, extended := strings.Cut(p.name, "*")
		ours := base == "name" || base == "filename"
		switch {
		case ours && twice:
			return formName{}, dispositionError(p.name + " is given twice")
		case ours && extended && p.name != "filename*":
			return formName{}, dispositionError("parameter " + base + "*" + section + " is not offered")
		}
		seen[p.name] = p.value
	}
	return nameOf(seen)
}

func nameOf(params map[string]string) (formName, error) {
	f := formName{name: params["name"]}
	if f.name == "" || !utf8.ValidString(f.name) {
		return formName{}, dispositionError("no name, or one that is not UTF-8")
	}
	f.file, f.hasFile = params["filename"]
	if ext, ok := params["filename*"]; ok {
		f.hasFile = true
		if s, ok := decodeExtended(ext); ok {
			f.file = s
		}
	}
	if strings.Contains(f.name, "\x00") || strings.Contains(f.file, "\x00") {
		return formName{}, dispositionError("NUL in a name")
	}
	return f, nil
}

// decodeExtended decodes charset'language'percent-encoded (RFC 8187, section 3.2), in the charsets that clients use.
func decodeExtended(s string) (string, bool) {
	charset, s, ok1 := strings.Cut(s, "'")
	_, s, ok2 := strings.Cut(s, "'")
	raw, ok := percentDecode(s)
	if !ok1 || !ok2 || !ok {
		return "", false
	}
	enc, ok := charsetOf(charset)
	if !ok || enc == nil {
		return raw, ok
	}
	out, err := enc.NewDecoder().String(raw)
	return out, err == nil
}

// charsetOf finds a charset by its usual names; nil is UTF-8.
func charsetOf(name string) (encoding.Encoding, bool) {
	switch strings.ToLower(name) {
	case "utf-8", "utf8":
		return nil, true
	case "iso-8859-1", "latin1", "us-ascii":
		return charmap.ISO8859_1, true
	case "windows-1252":
		return charmap.Windows1252, true
	case "shift_jis", "shift-jis", "sjis", "windows-31j", "cp932":
		return japanese.ShiftJIS, true
	case "euc-jp":
		return japanese.EUCJP, true
	case "gbk", "gb2312", "gb18030":
		return simplifiedchinese.GB18030, true
	}
	return nil, false
}

// percentDecode decodes every %XX; ok is false if a "%" begins none.
func percentDecode(s string) (_ string, ok bool) {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b = append(b, s[i])
			continue
		}
		if i+2 >= len(s) || hexDigit(s[i+1]) < 0 || hexDigit(s[i+2]) < 0 {
			return "", false
		}
		b = append(b, byte(hexDigit(s[i+1])<<4|hexDigit(s[i+2])))
		i += 2
	}
	return string(b), true
}
