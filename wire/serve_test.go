package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"dossier"
)

const alphabet = "abcdefghijklmnopqrstuvwxyz"

var modTime = time.Date(2031, 5, 2, 16, 14, 3, 456e6, time.UTC)

const modDate = "Fri, 02 May 2031 16:14:03 GMT"

// letters is the alphabet as a file.
func letters() Content {
	return Content{Size: 26, ModTime: modTime, ETag: `"abc"`, Open: func(_ context.Context, off, n int64) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(alphabet[off : off+n])), nil
	}}
}

// serve answers a request with the given headers ("Name: value").
func serve(t *testing.T, method string, c Content, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	w.Header().Set("Content-Type", "text/plain")
	w.Header().Set("Content-Disposition", "attachment")
	w.Header().Set("Cache-Control", "private, no-store")
	r := httptest.NewRequest(method, "/", nil)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	if err := Serve(w, r, c); err != nil {
		t.Fatal(err)
	}
	return w
}

func TestServeHeaders(t *testing.T) {
	validators := http.Header{"Etag": {`"abc"`}, "Last-Modified": {modDate}, "Accept-Ranges": {"bytes"}, "Cache-Control": {"private, no-store"}}
	with := func(kv ...string) http.Header {
		h := validators.Clone()
		for i := 0; i < len(kv); i += 2 {
			h.Set(kv[i], kv[i+1])
		}
		return h
	}
	whole := with("Content-Type", "text/plain", "Content-Disposition", "attachment", "Content-Length", "26")
	for _, c := range []struct {
		name, method string
		headers      []string
		status       int
		want         http.Header
		body         string
	}{
		{"whole", "GET", nil, 200, whole, alphabet},
		{"HEAD", "HEAD", nil, 200, whole, ""},
		{"HEAD has no ranges", "HEAD", []string{"Range: bytes=0-1"}, 200, whole, ""},
		{"range", "GET", []string{"Range: bytes=1-3"}, 206,
			with("Content-Type", "text/plain", "Content-Disposition", "attachment", "Content-Length", "3", "Content-Range", "bytes 1-3/26"), "bcd"},
		{"not modified", "GET", []string{`If-None-Match: "abc"`}, 304, with("Content-Disposition", "attachment"), ""},
		{"precondition", "GET", []string{`If-Match: "x"`}, 412, with("Content-Disposition", "attachment", "Content-Length", "0"), ""},
		{"outside", "GET", []string{"Range: bytes=26-"}, 416, http.Header{
			"Accept-Ranges": {"bytes"}, "Content-Disposition": {"attachment"}, "Content-Length": {"32"}, "Content-Range": {"bytes */26"},
			"Content-Type": {"text/plain; charset=utf-8"}, "X-Content-Type-Options": {"nosniff"},
		}, "invalid range: failed to overlap"},
	} {
		w := serve(t, c.method, letters(), c.headers...)
		if w.Code != c.status || !reflect.DeepEqual(w.Header(), c.want) || w.Body.String() != c.body {
			t.Errorf("%s: got %d %v %q", c.name, w.Code, w.Header(), w.Body)
		}
	}
}

func TestServeHeadAsGet(t *testing.T) {
	c := letters()
	c.HeadRanges = true
	for _, headers := range [][]string{
		nil, {"Range: bytes=1-3"}, {"Range: bytes=26-"}, {"Range: bytes=1-3", `If-Range: "x"`}, {`If-None-Match: "abc"`}, {`If-Match: "x"`},
	} {
		get, head := serve(t, "GET", c, headers...), serve(t, "HEAD", c, headers...)
		if head.Code != get.Code || !reflect.DeepEqual(head.Header(), get.Header()) || head.Body.Len() > 0 {
			t.Errorf("%q: HEAD has %d %v %q, GET %d %v", headers, head.Code, head.Header(), head.Body, get.Code, get.Header())
		}
	}
	if w := serve(t, "HEAD", c, "Range: bytes=0-1,4-5"); w.Code != 206 || w.Body.Len() > 0 {
		t.Errorf("HEAD of two ranges: %d %q", w.Code, w.Body)
	}
}

func TestServeConditions(t *testing.T) {
	const older, newer = "Fri, 02 May 2031 16:14:02 GMT", "Fri, 02 May 2031 16:14:04 GMT"
	for _, c := range []struct {
		name    string
		headers []string
		status  int
	}{
		{"if-match", []string{`If-Match: "abc"`}, 200},
		{"if-match in a list", []string{`If-Match: "x" , "abc"`}, 200},
		{"if-match in a second header", []string{`If-Match: "x"`, `If-Match: "abc"`}, 200},
		{"if-match any", []string{"If-Match: *"}, 200},
		{"if-match weak", []string{`If-Match: W/"abc"`}, 412},
		{"if-match other", []string{`If-Match: "x"`}, 412},
		{"if-match malformed", []string{"If-Match: abc"}, 412},
		{"if-match unterminated", []string{`If-Match: "abc`}, 412},
		{"if-match of 10,000 tags", []string{"If-Match: " + strings.Repeat(`"x",`, 10_000) + `"abc"`}, 200},
		{"if-none-match", []string{`If-None-Match: "abc"`}, 304},
		{"if-none-match weak", []string{`If-None-Match: W/"abc"`}, 304},
		{"if-none-match list with a comma", []string{`If-None-Match: "a,b","abc"`}, 304},
		{"if-none-match any", []string{"If-None-Match: *"}, 304},
		{"if-none-match other", []string{`If-None-Match: "x"`}, 200},
		{"modified since", []string{"If-Modified-Since: " + older}, 200},
		{"not modified since", []string{"If-Modified-Since: " + modDate}, 304},
		{"not modified since later", []string{"If-Modified-Since: " + newer}, 304},
		{"no date", []string{"If-Modified-Since: yesterday"}, 200},
		{"tag before date", []string{`If-None-Match: "x"`, "If-Modified-Since: " + modDate}, 200},
		{"unmodified since", []string{"If-Unmodified-Since: " + modDate}, 200},
		{"unmodified since older", []string{"If-Unmodified-Since: " + older}, 412},
		{"match before date", []string{`If-Match: "abc"`, "If-Unmodified-Since: " + older}, 200},
		{"match and none match", []string{`If-Match: "abc"`, `If-None-Match: "abc"`}, 304},
		{"condition before range", []string{`If-None-Match: "abc"`, "Range: bytes=99-"}, 304},
		{"if-range", []string{`If-Range: "abc"`, "Range: bytes=0-0"}, 206},
		{"if-range weak", []string{`If-Range: W/"abc"`, "Range: bytes=0-0"}, 200},
		{"if-range other", []string{`If-Range: "x"`, "Range: bytes=99-"}, 200},
		{"if-range date", []string{"If-Range: " + modDate, "Range: bytes=0-0"}, 206},
		{"if-range older", []string{"If-Range: " + older, "Range: bytes=0-0"}, 200},
		{"if-range newer", []string{"If-Range: " + newer, "Range: bytes=0-0"}, 200},
		{"if-range malformed", []string{"If-Range: x", "Range: bytes=0-0"}, 200},
	} {
		if w := serve(t, "GET", letters(), c.headers...); w.Code != c.status {
			t.Errorf("%s: got %d", c.name, w.Code)
		}
	}
	bare := letters()
	bare.ETag, bare.ModTime = "", time.Time{}
	for _, h := range []string{`If-None-Match: ""`, "If-Modified-Since: " + newer, "If-Unmodified-Since: " + older} {
		if w := serve(t, "GET", bare, h); w.Code != 200 {
			t.Errorf("without validators, %s: got %d", h, w.Code)
		}
	}
	if w := serve(t, "GET", bare, `If-Range: ""`, "Range: bytes=0-0"); w.Code != 200 || w.Header()["Etag"] != nil || w.Header()["Last-Modified"] != nil {
		t.Errorf("without validators: got %d %v", w.Code, w.Header())
	}
}

func TestParseRanges(t *testing.T) {
	const huge = "99999999999999999999"
	many := func(n int) string { return "bytes=" + strings.TrimSuffix(strings.Repeat("0-0,", n), ",") }
	for _, c := range []struct {
		header string
		size   int64
		want   []span
		ok     bool
	}{
		{"bytes=0-9", 1000, []span{{0, 10}}, true},
		{"bytes=990-", 1000, []span{{990, 10}}, true},
		{"bytes=990-2000", 1000, []span{{990, 10}}, true},
		{"bytes=-5", 1000, []span{{995, 5}}, true},
		{"bytes=-5000", 1000, []span{{0, 1000}}, true},
		{"Bytes = 0-0 , 2-3,, ", 1000, []span{{0, 1}, {2, 2}}, true},
		{"bytes=0-0,2000-,4-4", 1000, []span{{0, 1}, {4, 1}}, true},
		{"bytes=-0", 1000, nil, false},
		{"bytes=-0,0-0", 1000, []span{{0, 1}}, true},
		{"bytes=5-2", 1000, nil, false},
		{"bytes=2000-", 1000, nil, false},
		{"bytes=1000-1000", 1000, nil, false},
		{"bytes=" + huge + "-", 1000, nil, false},
		{"bytes=0-" + huge, 1000, nil, false},
		{"bytes=-" + huge, 1000, nil, false},
		{"bytes=9223372036854775807-", 1000, nil, false},
		{"bytes=0-9223372036854775807", 1000, []span{{0, 1000}}, true},
		{"bytes=a-b", 1000, nil, false},
		{"bytes=1", 1000, nil, false},
		{"bytes=-", 1000, nil, false},
		{"bytes=--1", 1000, nil, false},
		{"bytes=+1-2", 1000, nil, false},
		{"bytes=1-2-3", 1000, nil, false},
		{"bytes=0x1-", 1000, nil, false},
		{"bytes=", 1000, nil, false},
		{"lines=1-2", 1000, nil, true},
		{"bytes", 1000, nil, true},
		{"bytes=0-9", 0, nil, true},
		{"bytes=0-600,400-999", 1000, nil, true},
		{"bytes=0-,0-,0-", 1000, nil, true},
		{many(8), 1000, []span{{0, 1}, {0, 1}, {0, 1}, {0, 1}, {0, 1}, {0, 1}, {0, 1}, {0, 1}}, true},
		{many(9), 1000, nil, true},
		{many(500), 1000, nil, true},
	} {
		if got, ok := parseRanges(c.header, c.size); ok != c.ok || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%.50s of %d: got %v, %v", c.header, c.size, got, ok)
		}
	}
}

// FuzzRange checks that no range ever leaves the file or makes the answer bigger than it.
func FuzzRange(f *testing.F) {
	for _, s := range []string{"bytes=0-9,-5", "bytes=-0", "bytes=5-2", "lines=1-2", "bytes=9223372036854775807-9223372036854775807", "bytes=,"} {
		f.Add(s, int64(1000))
	}
	f.Fuzz(func(t *testing.T, header string, size int64) {
		size = max(size, 0)
		spans, ok := parseRanges(header, size)
		if !ok && len(spans) > 0 || len(spans) > maxRanges {
			t.Fatal(spans, ok)
		}
		left := size
		for _, s := range spans {
			if s.off < 0 || s.n < 1 || s.n > size-s.off {
				t.Fatalf("%q of %d: %v", header, size, s)
			}
			left -= s.n
		}
		if left < 0 {
			t.Fatalf("%q of %d: %v is more than the whole", header, size, spans)
		}
	})
}

func TestServeSeveralRanges(t *testing.T) {
	w := serve(t, "GET", letters(), "Range: bytes=0-1,4-5,-3")
	media, params, err := mime.ParseMediaType(w.Header().Get("Content-Type"))
	if w.Code != 206 || media != "multipart/byteranges" || err != nil || w.Header().Get("Content-Range") != "" {
		t.Fatal(w.Code, w.Header())
	}
	if got := w.Header().Get("Content-Length"); got != fmt.Sprint(w.Body.Len()) {
		t.Errorf("length %s of %d", got, w.Body.Len())
	}
	mr := multipart.NewReader(w.Body, params["boundary"])
	for _, want := range []string{"bytes 0-1/26 ab", "bytes 4-5/26 ef", "bytes 23-25/26 xyz"} {
		p, err := mr.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(p)
		got := p.Header.Get("Content-Range") + " " + string(body)
		if got != want || err != nil || p.Header.Get("Content-Type") != "text/plain" {
			t.Errorf("got %q, %v, %v", got, p.Header, err)
		}
	}
	if _, err := mr.NextPart(); err != io.EOF {
		t.Error(err)
	}
}

func TestServeDoesNotOpenForNothing(t *testing.T) {
	c := letters()
	c.Open = func(context.Context, int64, int64) (io.ReadCloser, error) {
		t.Error("opened")
		return nil, errors.New("opened")
	}
	serve(t, "HEAD", c)
	serve(t, "GET", c, `If-None-Match: "abc"`)
	serve(t, "GET", c, "Range: bytes=99-")
	c.Size = 0
	if w := serve(t, "GET", c, "Range: bytes=0-"); w.Code != 200 || w.Header().Get("Content-Length") != "0" {
		t.Error(w.Code, w.Header())
	}
}

func TestServeOtherMethod(t *testing.T) {
	w := httptest.NewRecorder()
	err := Serve(w, httptest.NewRequest("POST", "/", nil), letters())
	if dossier.KindOf(err) != dossier.Unsupported || len(w.Header()) > 0 {
		t.Error(err, w.Header())
	}
}

func TestServeErrorOfOpenLeavesTheResponseFree(t *testing.T) {
	for _, header := range []string{"", "bytes=0-1", "bytes=0-1,4-5"} {
		c := letters()
		c.Open = func(context.Context, int64, int64) (io.ReadCloser, error) { return nil, dossier.NotFound }
		w := httptest.NewRecorder()
		w.Header().Set("Content-Type", "image/png")
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Range", header)
		if err := Serve(w, r, c); !errors.Is(err, dossier.NotFound) || len(w.Header()) > 0 || w.Body.Len() > 0 {
			t.Errorf("%s: %v, %v", header, err, w.Header())
		}
	}
}

// closing notes whether a reader was closed.
type closing struct {
	io.Reader
	closed *int
}

func (c closing) Close() error {
	*c.closed++
	return nil
}

// TestServeAbortsWhatItCannotFinish checks that no client takes a broken answer for a whole one.
func TestServeAbortsWhatItCannotFinish(t *testing.T) {
	cut := func(s string) io.Reader { return strings.NewReader(s[:len(s)/2]) }
	for _, c := range []struct {
		name   string
		header string
		open   func(s string) io.Reader
	}{
		{"short blob", "", cut},
		{"short range", "bytes=0-9", cut},
		{"short part", "bytes=0-9,12-13", cut},
		{"read error", "", func(s string) io.Reader { return io.MultiReader(cut(s), iotest.ErrReader(errors.New("bad sector"))) }},
		{"empty blob", "", func(string) io.Reader { return strings.NewReader("") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			opened, closed := 0, 0
			content := letters()
			content.Open = func(_ context.Context, off, n int64) (io.ReadCloser, error) {
				opened++
				return closing{c.open(alphabet[off : off+n]), &closed}, nil
			}
			mux := http.NewServeMux()
			log, told := errorLog(slog.LevelWarn)
			rt := NewRouter(mux, log, func(http.ResponseWriter, *http.Request, error) { t.Error("a second head") })
			rt.Handle("GET /", func(w http.ResponseWriter, r *http.Request) error { return Serve(w, r, content) })
			srv := httptest.NewServer(mux)
			defer srv.Close()
			req, _ := http.NewRequest("GET", srv.URL, nil)
			req.Header.Set("Range", c.header)
			res, err := http.DefaultClient.Do(req)
			if err == nil {
				_, err = io.ReadAll(res.Body)
				res.Body.Close()
			}
			if err == nil {
				t.Error("the client was told nothing")
			}
			if k := dossier.KindOf(<-told); k != dossier.Internal || opened != closed {
				t.Errorf("kind %s, opened %d, closed %d", k, opened, closed)
			}
		})
	}
}

func TestServeSendsNoMoreThanSize(t *testing.T) {
	c := letters()
	c.Size = 5
	c.Open = func(context.Context, int64, int64) (io.ReadCloser, error) {
		return io.NopCloser(iotest.OneByteReader(strings.NewReader(alphabet))), nil
	}
	if w := serve(t, "GET", c); w.Body.String() != "abcde" {
		t.Errorf("got %q", w.Body)
	}
}

func TestServeBigFileOverTheWire(t *testing.T) {
	content := noise(5<<20 + 7)
	c := Content{Size: int64(len(content)), Open: func(_ context.Context, off, n int64) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(content[off : off+n])), nil
	}}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := Serve(w, r, c); err != nil {
			t.Error(err)
		}
	}))
	defer srv.Close()
	for range 2 { // the second on the same connection: no deadline may be left
		res, err := http.Get(srv.URL)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || !bytes.Equal(body, content) || res.ContentLength != c.Size {
			t.Errorf("%d bytes, %v", len(body), err)
		}
	}
}
