package wire

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"dossier"
)

// A Handler answers a request, or returns the error that its Router's onError answers.
type Handler func(w http.ResponseWriter, r *http.Request) error

// A Router registers handlers that return errors on an http.ServeMux, whose patterns, precedence, PathValue and
// decoding of segments (once; an encoded slash stays in its segment) it keeps. GET takes HEAD too.
//
// Serve the mux through Front: a ServeMux alone redirects paths like "/a//b" before any pattern is looked at.
// Routes are registered before the mux serves; a conflicting or malformed pattern panics then, as in net/http.
type Router struct {
	mux       *http.ServeMux
	onError   func(w http.ResponseWriter, r *http.Request, err error)
	log       *slog.Logger
	wrappers  []func(Handler) Handler
	methods   []string // of its routes, sorted, each once
	fallbacks []*endpoint
	stray     map[string]bool // patterns registered only to keep the mux from redirecting
}

// NewRouter returns a Router that registers on mux. onError answers every error that a handler returns before its response
// has begun. After that the error is logged and the connection aborted (http.ErrAbortHandler), so that no client takes a part
// for the whole.
func NewRouter(mux *http.ServeMux, log *slog.Logger, onError func(w http.ResponseWriter, r *http.Request, err error)) *Router {
	return &Router{mux: mux, onError: onError, log: log, stray: map[string]bool{}}
}

// Handle registers h for "METHOD /path/{x}". The method is required.
func (rt *Router) Handle(pattern string, h Handler) {
	method, path, ok := strings.Cut(pattern, " ")
	path = strings.TrimLeft(path, " \t")
	if !ok || method == "" || !strings.HasPrefix(path, "/") {
		panic("wire: the pattern " + pattern + " is not METHOD /path")
	}
	rt.mux.Handle(method+" "+path, &endpoint{rt: rt, h: rt.wrap(h)})
	rt.note(method)
	rt.bar(path)
}

// note keeps a method of a route for Allowed.
func (rt *Router) note(method string) {
	rt.methods = append(rt.methods, method)
	if method == http.MethodGet {
		rt.methods = append(rt.methods, http.MethodHead)
	}
	slices.Sort(rt.methods)
	rt.methods = slices.Compact(rt.methods)
}

// bar keeps the mux from redirecting "/a" to "/a/" where path matches the latter.
func (rt *Router) bar(path string) {
	i := strings.LastIndexByte(path, '/')
	if last := path[i+1:]; i == 0 || last != "" && last != "{$}" && !strings.HasSuffix(last, "...}") {
		return
	}
	segments := strings.Split(path[:i], "/")
	for j, s := range segments {
		if strings.HasPrefix(s, "{") {
			segments[j] = "{x" + string(rune('a'+j%26)) + "}"
		}
	}
	if p := strings.Join(segments, "/"); !rt.stray[p] {
		rt.stray[p] = true
		rt.mux.HandleFunc(p, rt.serveStray)
	}
}

// serveStray hands a path that only lacks its slash to the closest fallback.
func (rt *Router) serveStray(w http.ResponseWriter, r *http.Request) {
	var best *endpoint
	for _, f := range rt.fallbacks {
		if strings.HasPrefix(r.URL.Path, f.prefix) && (best == nil || len(f.prefix) > len(best.prefix)) {
			best = f
		}
	}
	if best == nil {
		http.NotFound(w, r)
		return
	}
	best.ServeHTTP(w, r)
}

// HandleFallback registers h for every path under prefix ("/x/") that no route takes, for the prefix without its slash,
// for paths that are not clean ("//", "/./", "/../") and for wrong methods on known paths: see Allowed. The "/" that
// ends prefix may be left out.
func (rt *Router) HandleFallback(prefix string, h Handler) {
	bare := strings.TrimRight(prefix, "/")
	f := &endpoint{rt: rt, h: rt.wrap(h), prefix: bare + "/"}
	rt.fallbacks = append(rt.fallbacks, f)
	rt.mux.Handle(f.prefix, f)
	if bare != "" && !rt.stray[bare] {
		rt.stray[bare] = true
		rt.mux.Handle(bare, f)
	}
}

// Use wraps every route and fallback registered afterwards. The first wrapper added is the outermost.
func (rt *Router) Use(mw func(Handler) Handler) { rt.wrappers = append(rt.wrappers, mw) }

func (rt *Router) wrap(h Handler) Handler {
	for _, mw := range slices.Backward(rt.wrappers) {
		h = mw(h)
	}
	return h
}

// Allowed returns the methods that the router's routes take for r's path, sorted, HEAD included where GET is; none if no
// route has the path. A fallback answers 404 for none, else 405 with these in Allow.
func (rt *Router) Allowed(r *http.Request) []string {
	var allowed []string
	for _, m := range rt.methods {
		h, _ := rt.mux.Handler(&http.Request{Method: m, URL: r.URL, Host: r.Host})
		if e, ok := h.(*endpoint); ok && e.prefix == "" {
			allowed = append(allowed, m)
		}
	}
	return allowed
}

// An endpoint is a Handler as the mux sees it.
type endpoint struct {
	rt     *Router
	h      Handler
	prefix string // of a fallback, with its slash; "" for a route
}

// ServeHTTP calls the handler and sees to the error that it returns, as NewRouter says.
func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	tw := &trackingWriter{ResponseWriter: w}
	err := e.h(tw, r)
	if err == nil {
		return
	}
	if !tw.began {
		e.rt.onError(w, r, err)
		return
	}
	e.rt.logAbort(r, err)
	panic(http.ErrAbortHandler)
}

func (rt *Router) logAbort(r *http.Request, err error) {
	level := slog.LevelWarn
	if errors.Is(err, dossier.Canceled) {
		level = slog.LevelDebug // clients go away every day
	}
	rt.log.Log(r.Context(), level, "response aborted", "method", r.Method, "pattern", r.Pattern, "error", err)
}

// A trackingWriter knows whether the response has begun.
type trackingWriter struct {
	http.ResponseWriter
	began bool
}

// WriteHeader notes any final status; informational ones may precede another head.
func (w *trackingWriter) WriteHeader(status int) {
	if status >= 200 || status == http.StatusSwitchingProtocols {
		w.began = true
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *trackingWriter) Write(b []byte) (int, error) {
	w.began = true
	return w.ResponseWriter.Write(b)
}

// ReadFrom keeps the way open to the connection's own ReadFrom.
func (w *trackingWriter) ReadFrom(src io.Reader) (int64, error) {
	w.began = true
	return io.Copy(w.ResponseWriter, src)
}

// Flush sends what is there, head included.
func (w *trackingWriter) Flush() {
	w.began = true
	_ = http.NewResponseController(w.ResponseWriter).Flush() // a writer that cannot flush does not buffer for long
}

// Unwrap is for http.ResponseController.
func (w *trackingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
