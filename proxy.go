package dossier

// TrustedProxy says how a reverse proxy in front of the server names the clients that it brings. Whoever reaches the server without that
// proxy can claim any address in the same way.
type TrustedProxy struct {
	// Headers are the names of the headers that are believed, the first that holds an address before the others. None is what the
	// connection says: where it comes from.
	Headers []string
	// Leftmost is whether the first address of a list counts. Otherwise the last does, which the nearest proxy has added.
	Leftmost bool
}

// maxHeaderName is the length of the longest name of a header that is taken, in bytes.
const maxHeaderName = 256

// ValidHeaderName reports whether name may name a header: a token of RFC 9110, section 5.6.2.
func ValidHeaderName(name string) bool {
	if name == "" || len(name) > maxHeaderName {
		return false
	}
	for i := range len(name) {
		if !tokenByte(name[i]) {
			return false
		}
	}
	return true
}

// tokenByte reports whether c may stand in a token.
func tokenByte(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	switch c {
	case '!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~':
		return true
	}
	return false
}
