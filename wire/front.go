package wire

import (
	"net/http"
	"net/url"
	"strings"
)

// Front serves mux without its redirects under any prefix that has a fallback: a path that is not clean goes to that
// fallback as it is. It is the handler to listen with.
func Front(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path := r.URL.EscapedPath(); !clean(path) {
			if f := fallbackOf(mux, r.Host, path); f != nil {
				f.ServeHTTP(w, r)
				return
			}
		}
		mux.ServeHTTP(w, r)
	})
}

// clean reports whether a ServeMux would take path as it is: no empty, "." or ".." segment.
func clean(path string) bool {
	rest, more := strings.TrimPrefix(path, "/"), true
	for more {
		var segment string
		segment, rest, more = strings.Cut(rest, "/")
		if segment == "." || segment == ".." || segment == "" && more {
			return false
		}
	}
	return true
}

// maxPrefixSegments bounds the search of fallbackOf; no prefix is longer.
const maxPrefixSegments = 8

// fallbackOf finds the fallback for the clean segments that an unclean path begins with, after unclean ones; nil for none.
func fallbackOf(mux *http.ServeMux, host, path string) *endpoint {
	segments := cleanRun(path)
	for ; len(segments) > 0; segments = segments[:len(segments)-1] {
		raw := "/" + strings.Join(segments, "/") + "/"
		decoded, err := url.PathUnescape(raw)
		if err != nil {
			return nil
		}
		// No route has this method: only what takes every method answers.
		probe := &http.Request{Method: "-", Host: host, URL: &url.URL{Path: decoded, RawPath: raw}}
		h, _ := mux.Handler(probe)
		if e, ok := h.(*endpoint); ok && e.prefix != "" {
			return e
		}
	}
	return nil
}

// cleanRun returns the first run of clean segments in path, within bounds.
func cleanRun(path string) []string {
	var run []string
	for segment := range strings.SplitSeq(path, "/") {
		switch segment {
		case "", ".", "..":
			if len(run) > 0 {
				return run
			}
		default:
			if run = append(run, segment); len(run) == maxPrefixSegments {
				return run
			}
		}
	}
	return run
}
