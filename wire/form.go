package wire

import (
	"net/http"
	"strings"
	"unicode/utf8"

	"dossier"
)

// A Pair is one name=value of a query or form.
type Pair struct{ Name, Value string }

// Pairs are a query's or form's pairs in the order sent, repeats kept.
type Pairs []Pair

// Get returns the first value of name, and whether there is one.
func (ps Pairs) Get(name string) (string, bool) {
	for _, p := range ps {
		if p.Name == name {
			return p.Value, true
		}
	}
	return "", false
}

// All returns every value of name in order.
func (ps Pairs) All(name string) []string {
	var values []string
	for _, p := range ps {
		if p.Name == name {
			values = append(values, p.Value)
		}
	}
	return values
}

// ParseQueryLenient splits raw on "&" only, each pair on its first "=", and decodes "+" and %XX. A stray "%" and ";" are
// literal; empty pairs are dropped; invalid UTF-8 becomes U+FFFD. It loses no pair: a filter that is dropped for a bad
// escape would select everything.
func ParseQueryLenient(raw string) Pairs {
	ps := parsePairs(raw)
	for i, p := range ps {
		ps[i] = Pair{strings.ToValidUTF8(p.Name, "\ufffd"), strings.ToValidUTF8(p.Value, "\ufffd")}
	}
	return ps
}

func parsePairs(raw string) Pairs {
	var ps Pairs
	for pair := range strings.SplitSeq(raw, "&") {
		if pair != "" {
			name, value, _ := strings.Cut(pair, "=")
			ps = append(ps, Pair{unescape(name), unescape(value)})
		}
	}
	return ps
}

// unescape decodes "+" and every %XX that is one.
func unescape(s string) string {
	if !strings.ContainsAny(s, "+%") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+':
			b = append(b, ' ')
		case c == '%' && i+2 < len(s) && hexDigit(s[i+1]) >= 0 && hexDigit(s[i+2]) >= 0:
			b = append(b, byte(hexDigit(s[i+1])<<4|hexDigit(s[i+2])))
			i += 2
		default:
			b = append(b, c)
		}
	}
	return string(b)
}

// hexDigit is the value of c, -1 if it is no hexadecimal digit.
func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// maxPairs is how many pairs a form may have.
const maxPairs = 10_000

// isEncoded reports whether every % in s begins a %XX.
func isEncoded(s string) bool {
	for {
		_, rest, ok := strings.Cut(s, "%")
		if !ok {
			return true
		}
		if len(rest) < 2 || hexDigit(rest[0]) < 0 || hexDigit(rest[1]) < 0 {
			return false
		}
		s = rest[2:]
	}
}

// ReadForm reads an application/x-www-form-urlencoded body of at most limit bytes, decoded as ParseQueryLenient does.
// The errors are those of ReadJSON; a stray % and invalid UTF-8 are dossier.Invalid, more than 10,000 pairs dossier.TooLarge.
func ReadForm(r *http.Request, limit int64) (Pairs, error) {
	var ps Pairs
	err := withBody(r, limit, func(b []byte) error {
		raw := string(b)
		if strings.Count(raw, "&") >= maxPairs {
			return dossier.Errorf(dossier.TooLarge, "a form of more than %d pairs", maxPairs)
		}
		if !isEncoded(raw) {
			return dossier.Errorf(dossier.Invalid, "the form has a %% without two hexadecimal digits")
		}
		ps = parsePairs(raw)
		for _, p := range ps {
			if !utf8.ValidString(p.Name) || !utf8.ValidString(p.Value) {
				return dossier.Errorf(dossier.Invalid, "the form's pair %.100q is not UTF-8", p.Name)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return ps, nil
}

// MediaType returns the request's media type in lower case without parameters, "" if it names none.
func MediaType(r *http.Request) string {
	media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(media))
}
