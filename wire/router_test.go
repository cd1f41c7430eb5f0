package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"dossier"
)

// quiet is a log that nobody reads.
var quiet = slog.New(slog.DiscardHandler)

// A loggedError hands on the errors of a log's lines.
type loggedError struct {
	slog.Handler
	level slog.Level
	told  chan error
}

// errorLog is a log, and where the errors of its lines with that level go, one at a time.
func errorLog(level slog.Level) (*slog.Logger, <-chan error) {
	h := loggedError{slog.DiscardHandler, level, make(chan error, 1)}
	return slog.New(h), h.told
}

func (h loggedError) Enabled(context.Context, slog.Level) bool { return true }

func (h loggedError) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		if err, ok := a.Value.Any().(error); ok && a.Key == "error" && r.Level == h.level {
			h.told <- err
		}
		return true
	})
	return nil
}

// say answers with its name and what it finds in the path.
func say(name string, values ...string) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		fmt.Fprint(w, name)
		for _, v := range values {
			fmt.Fprintf(w, " %s=%q", v, r.PathValue(v))
		}
		return nil
	}
}

// demo is a mux with two front ends and something of its own.
func demo(t *testing.T) (*Router, http.Handler) {
	t.Helper()
	mux := http.NewServeMux()
	rt := NewRouter(mux, quiet, func(w http.ResponseWriter, _ *http.Request, err error) {
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprintf(w, "error: %v", err)
	})
	fallback := func(w http.ResponseWriter, r *http.Request) error {
		allowed := rt.Allowed(r)
		if len(allowed) == 0 {
			w.WriteHeader(http.StatusNotFound)
		} else {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			w.WriteHeader(http.StatusMethodNotAllowed)
		}
		fmt.Fprint(w, `{"fallback":true}`)
		return nil
	}
	rt.Handle("GET /a/things/{id}", say("thing", "id"))
	rt.Handle("PUT /a/things/import", say("import"))
	rt.Handle("DELETE /a/things/{id}", say("delete", "id"))
	rt.Handle("POST /a/things", say("create"))
	rt.Handle("GET /a/tree/{rest...}", say("tree", "rest"))
	rt.Handle("GET /a/fail", func(http.ResponseWriter, *http.Request) error { return dossier.NotFound })
	rt.HandleFallback("/a/", fallback)
	rt.HandleFallback("/b", fallback)
	rt.Handle("GET /b/{x}/y/{$}", say("slash", "x"))
	mux.HandleFunc("GET /plain", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "plain") })
	return rt, Front(mux)
}

func TestRouterAnswers(t *testing.T) {
	_, h := demo(t)
	const missing = `404 {"fallback":true}`
	for _, c := range []struct{ name, request, want string }{
		{"a route", "GET /a/things/7", `200 thing id="7"`},
		{"HEAD is GET", "HEAD /a/things/7", `200 thing id="7"`},
		{"literal before wildcard", "PUT /a/things/import", `200 import`},
		{"other method of a literal goes to the wildcard", "GET /a/things/import", `200 thing id="import"`},
		{"wrong method", "PATCH /a/things/7", `405 {"fallback":true} DELETE, GET, HEAD`},
		{"wrong method with a literal", "PATCH /a/things/import", `405 {"fallback":true} DELETE, GET, HEAD, PUT`},
		{"unknown method", "BREW /a/things", `405 {"fallback":true} POST`},
		{"lower-case method", "post /a/things", `405 {"fallback":true} POST`},
		{"unknown path", "GET /a/nothing", missing},
		{"prefix itself", "GET /a/", missing},
		{"prefix without slash", "GET /a", missing},
		{"second prefix without slash", "POST /b", missing},
		{"trailing slash", "POST /a/things/", missing},
		{"doubled slash", "POST /a//things", missing},
		{"leading doubled slash", "POST //a/things", missing},
		{"dot", "POST /a/./things", missing},
		{"dot at the end", "POST /a/things/.", missing},
		{"climbing to another prefix", "POST /b/x/../../a/things", missing},
		{"climbing out", "GET /a/../plain", missing},
		{"climbing from the root", "POST /../a/things", missing},
		{"very deep", "GET /a/" + strings.Repeat("x/", 2000) + "/", missing},
		{"slash missing before a rest", "GET /a/tree", missing},
		{"slash missing before the end", "GET /b/1/y", missing},
		{"rest", "GET /a/tree/x/y", `200 tree rest="x/y"`},
		{"slash at the end", "GET /b/1/y/", `200 slash x="1"`},
		{"encoded slash stays in its segment", "GET /a/things/x%2Fy", `200 thing id="x/y"`},
		{"decoded once", "GET /a/things/%252e", `200 thing id="%2e"`},
		{"encoded dots are a value", "GET /a/things/%2e%2e", `200 thing id=".."`},
		{"encoded literal", "POST /%61/things", `200 create`},
		{"other case", "POST /A/things", "404 404 page not found\n"},
		{"semicolon", "POST /a/things;x=1", missing},
		{"handler's error", "GET /a/fail", `418 error: not found`},
		{"beside the router", "GET /plain", "200 plain"},
	} {
		t.Run(c.name, func(t *testing.T) {
			method, target, _ := strings.Cut(c.request, " ")
			w := httptest.NewRecorder()
			r := httptest.NewRequest("GET", "/", nil)
			u, err := url.ParseRequestURI(target)
			if err != nil {
				t.Fatal(err)
			}
			r.Method, r.URL = method, u
			h.ServeHTTP(w, r)
			got := fmt.Sprint(w.Code, " ", w.Body)
			if allow := w.Header().Get("Allow"); allow != "" {
				got += " " + allow
			}
			if got != c.want {
				t.Errorf("%s: got %q, want %q", c.request, got, c.want)
			}
			if l := w.Header().Get("Location"); l != "" {
				t.Errorf("%s is redirected to %s", c.request, l)
			}
		})
	}
}

func TestUseWrapsWhatComesAfter(t *testing.T) {
	mux := http.NewServeMux()
	rt := NewRouter(mux, quiet, nil)
	mark := func(s string) func(Handler) Handler {
		return func(h Handler) Handler {
			return func(w http.ResponseWriter, r *http.Request) error {
				fmt.Fprint(w, s)
				return h(w, r)
			}
		}
	}
	rt.Handle("GET /before", say("x"))
	rt.Use(mark("1"))
	rt.Use(mark("2"))
	rt.Handle("GET /after", say("x"))
	rt.HandleFallback("/f/", say("x"))
	for path, want := range map[string]string{"/before": "x", "/after": "12x", "/f/": "12x"} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Body.String() != want {
			t.Errorf("%s: got %q, want %q", path, w.Body, want)
		}
	}
}

func TestMalformedPatternPanics(t *testing.T) {
	for _, pattern := range []string{"/a", "GET", "GET a", ""} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q was taken", pattern)
				}
			}()
			NewRouter(http.NewServeMux(), quiet, nil).Handle(pattern, say("x"))
		}()
	}
}

func TestErrorAfterTheResponseBeganAborts(t *testing.T) {
	boom := errors.New("boom")
	begin := map[string]func(w http.ResponseWriter){
		"head":    func(w http.ResponseWriter) { w.WriteHeader(200) },
		"write":   func(w http.ResponseWriter) { fmt.Fprint(w, "part") },
		"flush":   func(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() },
		"copying": func(w http.ResponseWriter) { _, _ = io.Copy(w, struct{ io.Reader }{strings.NewReader("part")}) },
	}
	for name, f := range begin {
		t.Run(name, func(t *testing.T) {
			mux := http.NewServeMux()
			log, told := errorLog(slog.LevelWarn)
			rt := NewRouter(mux, log, func(http.ResponseWriter, *http.Request, error) { t.Error("a second head was written") })
			rt.Handle("GET /x", func(w http.ResponseWriter, _ *http.Request) error {
				f(w)
				return boom
			})
			srv := httptest.NewServer(mux)
			defer srv.Close()
			res, err := http.Get(srv.URL + "/x")
			if err == nil {
				_, err = io.ReadAll(res.Body)
				res.Body.Close()
			}
			if err == nil {
				t.Error("the client took a part for the whole")
			}
			if got := <-told; got != boom {
				t.Errorf("told of %v", got)
			}
		})
	}
}

func TestAClientThatWentAwayIsNoWarning(t *testing.T) {
	mux := http.NewServeMux()
	log, told := errorLog(slog.LevelDebug)
	NewRouter(mux, log, nil).Handle("GET /x", func(w http.ResponseWriter, _ *http.Request) error {
		w.WriteHeader(200)
		return dossier.Canceled
	})
	func() {
		defer func() {
			if v := recover(); v != http.ErrAbortHandler {
				t.Errorf("ended with %v", v)
			}
		}()
		mux.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/x", nil))
	}()
	select {
	case err := <-told:
		if err != dossier.Canceled {
			t.Errorf("told of %v", err)
		}
	default:
		t.Error("not logged for those who want to know")
	}
}

func TestInformationalHeadDoesNotBeginTheResponse(t *testing.T) {
	mux := http.NewServeMux()
	rt := NewRouter(mux, quiet, func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(418) })
	rt.Handle("GET /x", func(w http.ResponseWriter, _ *http.Request) error {
		w.WriteHeader(http.StatusEarlyHints)
		return errors.New("late")
	})
	srv := httptest.NewServer(mux)
	defer srv.Close()
	res, err := http.Get(srv.URL + "/x")
	if err != nil || res.StatusCode != 418 {
		t.Fatal(res, err)
	}
	res.Body.Close()
}

func TestOrigin(t *testing.T) {
	for _, c := range []struct{ name, host, public, want string }{
		{"configured", "evil.example", "https://files.example.org/", "https://files.example.org"},
		{"name", "Files.Example.org", "", "http://files.example.org"},
		{"name and port", "h:8090", "", "http://h:8090"},
		{"IPv4", "127.0.0.1:1", "", "http://127.0.0.1:1"},
		{"IPv6", "[::1]:80", "", "http://[::1]:80"},
		{"IPv6 zone", "[fe80::1%25eth0]", "", "http://127.0.0.1:9"},
		{"userinfo", "a@b", "", "http://127.0.0.1:9"},
		{"path", "a/b", "", "http://127.0.0.1:9"},
		{"markup", `"><script>`, "", "http://127.0.0.1:9"},
		{"line end", "a\r\nb", "", "http://127.0.0.1:9"},
		{"empty", "", "", "http://127.0.0.1:9"},
		{"empty port", "a:", "", "http://127.0.0.1:9"},
		{"signed port", "a:+80", "", "http://127.0.0.1:9"},
		{"port out of range", "a:65536", "", "http://127.0.0.1:9"},
		{"bare IPv6", "::1", "", "http://127.0.0.1:9"},
		{"not ASCII", "exämple", "", "http://127.0.0.1:9"},
		{"long", strings.Repeat("a.", 200), "", "http://127.0.0.1:9"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = c.host
		addr := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9}
		r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, addr))
		if got := Origin(r, c.public); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestAcceptLanguage(t *testing.T) {
	for header, want := range map[string]string{
		"":                              "en",
		"*":                             "en",
		"ja":                            "ja",
		"JA-jp":                         "ja",
		"jav":                           "en",
		"en;q=0.5, ja;q=0.9":            "ja",
		"fr, ja;q=0.9":                  "en",
		"ja;q=0, en":                    "en",
		"ja;q=x":                        "en",
		"ja;q=NaN":                      "en",
		" , ,ja ;q=0.1":                 "ja",
		strings.Repeat("x,", 99) + "ja": "en",
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Accept-Language", header)
		if got := AcceptLanguage(r, "en", "ja"); got != want {
			t.Errorf("%q: got %q, want %q", header, got, want)
		}
	}
}
