package wire

import (
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
)

// Origin returns the scheme and host for absolute URLs, without a slash at the end: publicURL where it is set, else the
// scheme of the connection and the request's Host. A Host that is no plain host[:port] is never reflected; the address
// that was connected to stands in.
func Origin(r *http.Request, publicURL string) string {
	if publicURL != "" {
		return strings.TrimRight(publicURL, "/")
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	host := r.Host
	if !validHost(host) {
		host = localHost(r)
	}
	return scheme + "://" + strings.ToLower(host)
}

// localHost is the address that r came in at.
func localHost(r *http.Request) string {
	if a, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok && validHost(a.String()) {
		return a.String()
	}
	return "localhost"
}

// validHost reports whether s is a name, an IPv4 address or a bracketed IPv6 address without zone, with or without port.
func validHost(s string) bool {
	host := s
	if i := strings.LastIndexByte(s, ':'); i > strings.LastIndexByte(s, ']') {
		if port, err := strconv.ParseUint(s[i+1:], 10, 16); err != nil || port == 0 || s[i+1] == '+' {
			return false
		}
		host = s[:i]
	}
	if v6, ok := strings.CutPrefix(host, "["); ok {
		v6, ok = strings.CutSuffix(v6, "]")
		a, err := netip.ParseAddr(v6)
		return ok && err == nil && a.Is6() && a.Zone() == ""
	}
	return validName(host)
}

// validName reports whether s is made of DNS labels, "_" allowed.
func validName(s string) bool {
	if len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(s, "."), ".") {
		if label == "" || len(label) > 63 || label[0] == '-' {
			return false
		}
		for i := range len(label) {
			c := label[i]
			if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
				return false
			}
		}
	}
	return true
}

// maxLanguages is how many entries of an Accept-Language are looked at.
const maxLanguages = 32

// AcceptLanguage returns the one of supported that the request's most preferred language begins with ("ja-JP" is "ja"),
// the first of supported where it prefers another, any ("*") or none.
func AcceptLanguage(r *http.Request, supported ...string) string {
	best, bestQ := "", 0.0
	for i, entry := range strings.SplitN(r.Header.Get("Accept-Language"), ",", maxLanguages+1) {
		tag, params, _ := strings.Cut(entry, ";")
		tag = strings.ToLower(strings.TrimSpace(tag))
		if q := quality(params); tag != "" && q > bestQ && i < maxLanguages {
			best, bestQ = tag, q
		}
	}
	for _, s := range supported {
		if rest, ok := strings.CutPrefix(best, strings.ToLower(s)); ok && (rest == "" || rest[0] == '-') {
			return s
		}
	}
	if len(supported) == 0 {
		return ""
	}
	return supported[0]
}

// quality reads "q=0.8"; 1 without it, 0 if it is no such number.
func quality(params string) float64 {
	v, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(params)), "q=")
	if !ok {
		return 1
	}
	q, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
	if err != nil || !(q >= 0 && q <= 1) {
		return 0
	}
	return q
}
