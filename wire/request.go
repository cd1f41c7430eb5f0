package wire

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"dossier"
	"dossier/access"
)

// clientKey is the context's key of the client's address, where headers are trusted.
type clientKey struct{}

// BehindProxy tells next, and the Budget that it is in, the address of each client as trust says at the time of the request: see RemoteHost.
func BehindProxy(next http.Handler, trust func() dossier.TrustedProxy) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if believed := trust(); len(believed.Headers) > 0 {
			host, ok := clientOf(r.Header, believed)
			if !ok {
				host = SocketHost(r)
			}
			shareOf(r.Context()).countFor(access.PlaceOf(host))
			r = r.WithContext(context.WithValue(r.Context(), clientKey{}, host))
		}
		next.ServeHTTP(w, r)
	})
}

// RemoteHost is the address that r comes from, without a port: what a trusted header said (BehindProxy), else the connection's.
func RemoteHost(r *http.Request) string {
	if host, ok := r.Context().Value(clientKey{}).(string); ok {
		return host
	}
	return SocketHost(r)
}

// SocketHost is the address that the connection of r comes from, without its port, whatever headers say.
func SocketHost(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// isLoopback reports whether a host is this machine.
func isLoopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
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
