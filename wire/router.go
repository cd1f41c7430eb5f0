package wire

import "net/http"

// A Handler answers a request, or returns the error that its Router's onError answers.
type Handler func(w http.ResponseWriter, r *http.Request) error

// A Route is one entry of a Router's table.
type Route struct {
	Method  string // upper case; GET also takes HEAD
	Pattern string // path as in http.ServeMux, without the method
}

// A Router registers handlers that return errors on an http.ServeMux, whose patterns, precedence, PathValue and
// decoding of segments (once; an encoded slash stays in its segment) it keeps. GET takes HEAD too.
//
// Serve the mux through Front: a ServeMux alone redirects paths like "/a//b" before any pattern is looked at.
// Routes are registered before the mux serves; a conflicting or malformed pattern panics then, as in net/http.
type Router struct{ mux *http.ServeMux }

// NewRouter returns a Router that registers on mux. onError answers every error that a handler returns before its response
// has begun. After that the connection is aborted (http.ErrAbortHandler), so that no client takes a part for the whole.
func NewRouter(mux *http.ServeMux, onError func(w http.ResponseWriter, r *http.Request, err error)) *Router {
	return &Router{mux}
}

// Handle registers h for "METHOD /path/{x}". The method is required.
func (rt *Router) Handle(pattern string, h Handler) {}

// HandleFallback registers h for every path under prefix ("/x/") that no route takes, for the prefix without its slash,
// for paths that are not clean ("//", "/./", "/../") and for wrong methods on known paths: see Allowed. The "/" that
// ends prefix may be left out.
func (rt *Router) HandleFallback(prefix string, h Handler) {}

// Use wraps every route and fallback registered afterwards. The first wrapper added is the outermost.
func (rt *Router) Use(mw func(Handler) Handler) {}

// Allowed returns the methods that the router's routes take for r's path, sorted, HEAD included where GET is; none if no
// route has the path. A fallback answers 404 for none, else 405 with these in Allow.
func (rt *Router) Allowed(r *http.Request) []string { return nil }

// Routes returns the table in the order of registration, without fallbacks.
func (rt *Router) Routes() []Route { return nil }

// OnAbort sets what is told of an error that came after the response had begun; by default it is logged to slog.Default.
func (rt *Router) OnAbort(f func(r *http.Request, err error)) {}

// Front serves mux without its redirects under any prefix that has a fallback: a path that is not clean goes to that
// fallback as it is. It is the handler to listen with.
func Front(mux *http.ServeMux) http.Handler { return mux }
