package wire

import (
	"net"
	"net/http"
	"strings"

	"dossier/access"
)

// RemoteHost is the address that the connection of r comes from, without its port: the socket's, whatever headers say.
func RemoteHost(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// HeaderKey is how rules name a header.
func HeaderKey(name string) string { return strings.ReplaceAll(strings.ToLower(name), "-", "_") }

// RequestOf is what rules, and limits of places, may look at of r. Of a query parameter or header that comes twice the first counts.
func RequestOf(r *http.Request) access.Request {
	req := access.Request{Method: r.Method, Remote: RemoteHost(r), Query: map[string]string{}, Headers: map[string]string{}}
	for _, pair := range ParseQueryLenient(r.URL.RawQuery) {
		if _, seen := req.Query[pair.Name]; !seen {
			req.Query[pair.Name] = pair.Value
		}
	}
	for name, values := range r.Header {
		req.Headers[HeaderKey(name)] = values[0]
	}
	return req
}

// GuestOf is nobody known, who sent r.
func GuestOf(r *http.Request) access.Principal { return access.GuestOf(RequestOf(r)) }
