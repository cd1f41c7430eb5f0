package pocketbase

import (
	"bytes"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// pixel is a PNG of one pixel.
var pixel = picture(1, 1)

func picture(w, h int) string {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewRGBA(image.Rect(0, 0, w, h))); err != nil {
		panic(err)
	}
	return b.String()
}

func newRequest(method, path string, header map[string]string) *http.Request {
	r := httptest.NewRequest(method, path, nil)
	for name, value := range header {
		r.Header.Set(name, value)
	}
	return r
}

// attach makes a report with one file in a field and returns the file's address.
func (b *bench) attach(field, name, content string) string {
	b.t.Helper()
	token, _ := b.member()
	m := b.do(call{method: "POST", path: records, token: token, body: []part{{"title", "", "F"}, {field, name, content}}}).ok()
	slug, ok := m[field].(string)
	if !ok {
		slug = texts(m[field])[0]
	}
	return "/api/files/reports/" + m["id"].(string) + "/" + slug
}

func TestDownloadHasEveryHeader(t *testing.T) {
	b := newBench(t)
	path := b.attach("attachment", "hello.txt", "Hello")
	a := b.do(call{method: "GET", path: path})
	slug := path[strings.LastIndexByte(path, '/')+1:]
	want := map[string]string{
		"Content-Type": "text/plain; charset=utf-8", "Content-Disposition": "attachment; filename=" + slug, "Content-Length": "5",
		"Content-Security-Policy": filePolicy, "Cache-Control": cachePublic, "X-Content-Type-Options": "nosniff", "X-Frame-Options": "",
		"Accept-Ranges": "bytes", "Vary": "Origin", "X-Xss-Protection": "1; mode=block",
	}
	for name, value := range want {
		if got := a.header.Get(name); got != value {
			t.Errorf("%s: %q, want %q", name, got, value)
		}
	}
	if a.status != 200 || string(a.body) != "Hello" {
		t.Errorf("%d %q", a.status, a.body)
	}
	again := b.do(call{method: "GET", path: path, header: map[string]string{"If-None-Match": a.header.Get("ETag")}})
	if again.status != http.StatusNotModified || again.header.Get("Content-Security-Policy") != filePolicy {
		t.Errorf("with the tag %q: %d", a.header.Get("ETag"), again.status)
	}
	if part := b.do(call{method: "GET", path: path, header: map[string]string{"Range": "bytes=1-2"}}); part.status != 206 || string(part.body) != "el" {
		t.Errorf("part: %d %q", part.status, part.body)
	}
}

func TestThumbnailsAreMadeOfListedSizesOnly(t *testing.T) {
	b := newBench(t)
	path := b.attach("cover", "wide.png", picture(400, 200))
	tests := []struct {
		size          string
		width, height int
		why           string
	}{
		{"100x100", 100, 100, ""}, {"300x0", 300, 150, ""}, {"0x200", 400, 200, ""}, {"120x80t", 120, 80, ""}, {"160x160f", 160, 80, ""},
		{"50x50", 400, 200, "size"}, {"100x100t", 400, 200, "size"}, {"abc", 400, 200, "size"}, {"0x0", 400, 200, "size"},
	}
	for _, tt := range tests {
		a := b.do(call{method: "GET", path: path + "?thumb=" + tt.size})
		config, err := png.DecodeConfig(bytes.NewReader(a.body))
		if err != nil {
			t.Fatalf("%s: %v", tt.size, err)
		}
		if config.Width != tt.width || config.Height != tt.height || a.header.Get(thumbHeader) != tt.why {
			t.Errorf("%s: %dx%d, fallback %q", tt.size, config.Width, config.Height, a.header.Get(thumbHeader))
		}
		name, cache := tt.size+"_wide_", cachePublic
		if tt.why != "" {
			name, cache = "wide_", cacheFallback
		}
		if got := a.header.Get("Content-Disposition"); !strings.HasPrefix(got, "inline; filename="+name) || a.header.Get("Cache-Control") != cache {
			t.Errorf("%s: %q, %q", tt.size, got, a.header.Get("Cache-Control"))
		}
	}
	text := b.attach("attachment", "a.png", "no picture")
	a := b.do(call{method: "GET", path: text + "?thumb=100x100"})
	if string(a.body) != "no picture" || a.header.Get(thumbHeader) != "type" {
		t.Errorf("%q, fallback %q", a.body, a.header.Get(thumbHeader))
	}
	broken := b.attach("attachment", "b.png", picture(9, 9)[:40])
	a = b.do(call{method: "GET", path: broken + "?thumb=100x100"})
	if a.status != 200 || len(a.body) != 40 || a.header.Get(thumbHeader) != "failed" || a.header.Get("Cache-Control") != cacheFallback {
		t.Errorf("broken picture: %d, %d bytes, fallback %q", a.status, len(a.body), a.header.Get(thumbHeader))
	}
}

func TestProtectedFileNeedsATokenThatHolds(t *testing.T) {
	clk := newClock()
	b := newBench(t, clk.option)
	signedIn := "@request.auth.id != ''"
	reports := *b.collection("reports")
	reports.Rules.View = &signedIn
	b.put(&reports)
	path := b.attach("secret", "plan.txt", "Plan")
	token, _ := b.member()
	file := b.do(call{method: "POST", path: "/api/files/token", token: token}).ok()["token"].(string)
	for name, c := range map[string]call{
		"guest":                   {path: path},
		"authorization header":    {path: path, token: token},
		"auth token in the URL":   {path: path + "?token=" + token},
		"garbage":                 {path: path + "?token=garbage"},
		"changed":                 {path: path + "?token=" + file + "x"},
		"smaller form as a guest": {path: path + "?thumb=100x100"},
	} {
		c.method = "GET"
		a := b.do(c)
		if a.status != 404 || bytes.Contains(a.body, []byte("Plan")) {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	a := b.do(call{method: "GET", path: path + "?token=" + file})
	if a.status != 200 || string(a.body) != "Plan" || !strings.HasPrefix(a.header.Get("Cache-Control"), "private") {
		t.Errorf("%d %q %q", a.status, a.body, a.header.Get("Cache-Control"))
	}
	clk.add(fileTokenTTL + time.Second)
	b.do(call{method: "GET", path: path + "?token=" + file}).fails(404, msgNotFound)
}

func TestParallelAppendsLoseNothing(t *testing.T) {
	b := newBench(t)
	token, _ := b.member()
	id := b.do(call{method: "POST", path: records, token: token, body: `{"title": "P"}`}).ok()["id"].(string)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			b.do(call{method: "PATCH", path: records + "/" + id, token: token, body: []part{{"attachment+", "n.txt", strings.Repeat("x", i)}}})
		})
	}
	group.Wait()
	m := b.do(call{method: "GET", path: records + "/" + id}).ok()
	if got := len(texts(m["attachment"])); got != 8 {
		t.Errorf("%d files of 8 are there", got)
	}
	files, uploads, unknown := b.blobs()
	if files != 8 || uploads != 0 || unknown != 0 {
		t.Errorf("%d files, %d uploads, %d unknown blobs", files, uploads, unknown)
	}
}

func TestFilesOfOtherPathsAreNotFound(t *testing.T) {
	b := newBench(t)
	path := b.attach("attachment", "hello.txt", "Hello")
	dir := path[:strings.LastIndexByte(path, '/')]
	for _, p := range []string{dir + "/nope.txt", dir + "/..%2f..%2fetc%2fpasswd", "/api/files/reports/abcdefghijklmno/hello.txt", dir + "/%00"} {
		b.do(call{method: "GET", path: p}).fails(404, msgNotFound)
	}
	b.do(call{method: "GET", path: "/api/files/nothing/a/b"}).fails(404, msgNoCollection)
	if a := b.do(call{method: "HEAD", path: path}); a.status != 200 || a.header.Get("Content-Length") != "5" || len(a.body) != 0 {
		t.Errorf("HEAD: %d %v", a.status, a.header)
	}
}

func TestAThumbnailTooLargeToMakeIsTheOriginal(t *testing.T) {
	b := newBench(t)
	c := *b.collection("reports")
	c.Fields = slices.Clone(c.Fields)
	for i, f := range c.Fields {
		if f.Name == "cover" {
			large := *f
			large.Thumbs = []string{"99999x99999"}
			c.Fields[i] = &large
		}
	}
	b.put(&c)
	path := b.attach("cover", "a.png", pixel)
	a := b.do(call{method: "GET", path: path + "?thumb=99999x99999"})
	if a.status != 200 || string(a.body) != pixel || a.header.Get(thumbHeader) != "size" {
		t.Errorf("%d %v", a.status, a.header)
	}
}

func TestBodiesThatAreUnderstoodButNotOffered(t *testing.T) {
	b := newBench(t)
	token, _ := b.member()
	write := func(name, body string, header map[string]string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			a := b.do(call{method: "POST", path: records, token: token, body: body, header: header})
			a.fails(400, msgGeneric)
		})
	}
	form := map[string]string{"Content-Type": "multipart/form-data; boundary=b"}
	write("compressed", `{"title": "x"}`, map[string]string{"Content-Type": "application/json", "Content-Encoding": "gzip"})
	write("a part in another encoding", "--b\r\nContent-Disposition: form-data; name=title\r\nContent-Transfer-Encoding: base64\r\n\r\neA==\r\n--b--\r\n", form)
	write("too many parts", strings.Repeat("--b\r\nContent-Disposition: form-data; name=title\r\n\r\nx\r\n", maxParts+1)+"--b--\r\n", form)
	if files, uploads, unknown := b.blobs(); files != 0 || uploads != 0 || unknown != 0 {
		t.Errorf("%d files, %d uploads, %d unknown blobs", files, uploads, unknown)
	}
}
