package wire

import (
	"net/http"
	"net/netip"
	"strings"

	"dossier"
)

// clientOf is the address of the client as a header says that trust believes; ok is false where none does. Of a header that comes twice
// the last counts, which is the nearest proxy's; in a list, what is no address is passed over. An address has no zone, and is one of
// IPv4 where it can be, so that the same client is not counted twice.
func clientOf(header http.Header, trust dossier.TrustedProxy) (host string, ok bool) {
	for _, name := range trust.Headers {
		lines := header.Values(name)
		if len(lines) == 0 {
			continue
		}
		if a, ok := pickAddress(lines[len(lines)-1], trust.Leftmost); ok {
			return a.Unmap().WithZone("").String(), true
		}
	}
	return "", false
}

// pickAddress is the first address in a list that commas divide, or the last.
func pickAddress(list string, leftmost bool) (a netip.Addr, ok bool) {
	for list != "" {
		var text string
		if leftmost {
			text, list, _ = strings.Cut(list, ",")
		} else if at := strings.LastIndexByte(list, ','); at >= 0 {
			text, list = list[at+1:], list[:at]
		} else {
			text, list = list, ""
		}
		if a, err := netip.ParseAddr(strings.TrimSpace(text)); err == nil {
			return a, true
		}
	}
	return netip.Addr{}, false
}
