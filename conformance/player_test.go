package conformance

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// sampleFiles are what the sample transcripts below upload and expect.
var sampleFiles = fstest.MapFS{"hello.txt": {Data: []byte("Hello.\n")}, "other.txt": {Data: []byte("Other.\n")}}

// newSample serves the few answers that the player's own tests need.
func newSample(t *testing.T) string {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /upload", func(w http.ResponseWriter, r *http.Request) {
		part, header, err := r.FormFile("file")
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		data, _ := io.ReadAll(part)
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"key":"k-%d","name":%q,"type":%q,"title":%q}`, len(data), header.Filename,
			header.Header.Get("Content-Type"), r.FormValue("title"))
	})
	mux.HandleFunc("GET /file", func(w http.ResponseWriter, r *http.Request) {
		w.Header()["X-Query"] = []string{r.URL.RawQuery}
		w.Write([]byte("Hello.\n"))
	})
	mux.HandleFunc("GET /picture", func(w http.ResponseWriter, _ *http.Request) {
		var b bytes.Buffer
		if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 30, 20))); err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "image/png")
		w.Write(b.Bytes())
	})
	mux.HandleFunc("POST /echo", func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })
	mux.HandleFunc("GET /moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/file", http.StatusFound) })
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

// playAll plays a transcript and returns the report of the first step that fails, or "".
func playAll(t *testing.T, base, text string) string {
	t.Helper()
	tr, err := Parse("sample.http", text)
	if err != nil {
		t.Fatal(err)
	}
	p := NewPlayer(base, sampleFiles, tr)
	defer p.Close()
	for _, s := range tr.Steps {
		if err := p.Play(t.Context(), s); err != nil {
			return err.Error()
		}
	}
	return ""
}

func TestPlayerPassesWhatAgrees(t *testing.T) {
	base := newSample(t)
	for name, text := range map[string]string{
		"a capture is sent and compared later": `# Upload.
POST /upload
Content-Type: multipart/form-data; file=@hello.txt; title="a; b=c"

200
Content-Type: application/json
{"key": "{{key}}", "name": "hello.txt", "type": "text/plain", "title": "a; b=c"}

# Echo.
POST /echo

{"again": "{{key}}"}

200
{"again": "{{key~k-[0-9]+}}"}`,
		"a part has the name and type that are written": `# Upload.
POST /upload
Content-Type: multipart/form-data; file=<inline "a\nb">;filename="é;x.txt";type=image/png

200
{"key": "k-3", "name": "é;x.txt", "type": "image/png", "title": ""}`,
		"query parameters are encoded": `# Get.
GET /file?x=1
  ? q = a = "b c" & d
  & empty =

200
X-Query: x=1&q=a+%3D+%22b+c%22+%26+d&empty=
X-Missing: {{none}}
= @hello.txt`,
		"sizes, digests and pictures": `# Size.
GET /file

200
= size 7

# Digest.
GET /file

200
= sha256 a2c064616af4c66c576821616646bdfad5556a263b4b007847605118971f4389

# Picture.
GET /picture

200
= image 30x20 image/png`,
		"a raw multipart body has CR LF": `# Echo.
POST /echo
Content-Type: multipart/form-data; boundary=B

--B
x

200
{{~--B\r\nx\r\n}}`,
		"a class of status": `# Get.
GET /file

2xx
= @hello.txt`,
		"redirects are not followed": `# Moved.
GET /moved

302
Location: /file
{{any}}`,
		"a body from a file, and an absolute target": `@place = /echo

# Echo.
POST {{base}}{{place}}

< @hello.txt

200
= @hello.txt`,
	} {
		t.Run(name, func(t *testing.T) {
			if report := playAll(t, base, text); report != "" {
				t.Error(report)
			}
		})
	}
}

func TestPlayerFindsWhatDiffers(t *testing.T) {
	base := newSample(t)
	for name, c := range map[string]struct{ text, want string }{
		"another status":                {"# Get.\nGET /file\n\n404\n= @hello.txt", "status: expected 404, received 200"},
		"another body":                  {"# Get.\nGET /file\n\n200\nHello", "body, expected (-) and received (+)"},
		"a body where none is expected": {"# Get.\nGET /file\n\n200\n", "body, expected"},
		"another file":                  {"# Get.\nGET /file\n\n200\n= @other.txt", "expected the 7 bytes of other.txt"},
		"a file that does not exist":    {"# Get.\nGET /file\n\n200\n= @none.txt", "none.txt"},
		"another size":                  {"# Get.\nGET /file\n\n200\n= size 8", "8 bytes"},
		"another digest":                {"# Get.\nGET /file\n\n200\n= sha256 " + strings.Repeat("0", 64), "000000"},
		"another picture size":          {"# Get.\nGET /picture\n\n200\n= image 20x30 image/png", "30x20 image/png"},
		"another picture type":          {"# Get.\nGET /picture\n\n200\n= image 30x20 image/jpeg", "30x20 image/png"},
		"no picture":                    {"# Get.\nGET /file\n\n200\n= image 30x20 image/png", "no picture"},
		"a header with another value":   {"# Get.\nGET /picture\n\n200\nContent-Type: image/gif\n{{any}}", `header Content-Type: expected "image/gif"`},
		"a missing header":              {"# Get.\nGET /file\n\n200\nETag: {{any}}\n{{any}}", "received none"},
		"a header that must be absent":  {"# Get.\nGET /file\n\n200\nX-Query: {{none}}\n{{any}}", "expected none"},
		"no JSON":                       {"# Get.\nGET /file\n\n200\n{}", "no JSON"},
		"JSON with another value":       {"# Echo.\nPOST /echo\n\n{\"a\": 1}\n\n200\n{\"a\": 2}", `-`},
		"a capture that changed": {
			"# One.\nPOST /echo\n\n{\"a\": \"x\"}\n\n200\n{\"a\": \"{{a}}\"}\n\n# Two.\nPOST /echo\n\n{\"a\": \"y\"}\n\n200\n{\"a\": \"{{a}}\"}",
			"{{a}} = x"},
		"a file to send that does not exist": {"# Up.\nPOST /upload\nContent-Type: multipart/form-data; file=@none.txt\n\n200\n{{any}}", "none.txt"},
	} {
		t.Run(name, func(t *testing.T) {
			report := playAll(t, base, c.text)
			if !strings.Contains(report, c.want) {
				t.Errorf("want a report with %q, got:\n%s", c.want, report)
			}
			if !strings.Contains(report, "sample.http:") {
				t.Errorf("the report does not say where:\n%s", report)
			}
		})
	}
}

func TestAFailedCaptureFailsTheStepThatNeedsIt(t *testing.T) {
	tr, err := Parse("sample.http", "# One.\nGET /file\n\n200\n{\"id\": \"{{id}}\"}\n\n# Two.\nGET /{{id}}\n\n200\n")
	if err != nil {
		t.Fatal(err)
	}
	p := NewPlayer(newSample(t), sampleFiles, tr)
	defer p.Close()
	if p.Play(t.Context(), tr.Steps[0]) == nil {
		t.Fatal("text passed for JSON")
	}
	err = p.Play(t.Context(), tr.Steps[1])
	if err == nil || !strings.Contains(err.Error(), "{{id}} has no value") {
		t.Errorf("got %v", err)
	}
}

func TestMultipartBody(t *testing.T) {
	got, err := multipartBody(sampleFiles, `multipart/form-data; a=1; f=@hello.txt; f=@other.txt;filename="q\"r.png";type=none; __T="x;y"`)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.ReplaceAll(`--B
Content-Disposition: form-data; name="a"

1
--B
Content-Disposition: form-data; name="f"; filename="hello.txt"
Content-Type: text/plain

Hello.

--B
Content-Disposition: form-data; name="f"; filename="q%22r.png"

Other.

--B
Content-Disposition: form-data; name="__T"

x;y
--B--
`, "B", boundary)
	if d := cmp.Diff(want, strings.ReplaceAll(string(got), "\r\n", "\n")); d != "" {
		t.Error(d)
	}
}

func TestTryCapturesWithoutJudging(t *testing.T) {
	tr, err := Parse("sample.http", `# Ours has a status and a key of its own.
@ours the original says 500 and no more
POST /upload
Content-Type: multipart/form-data; file=@hello.txt

500
{"key": "{{key}}", "more": 1}

# What was captured is there.
POST /echo

{{key}}

200
k-7
`)
	if err != nil {
		t.Fatal(err)
	}
	p := NewPlayer(newSample(t), sampleFiles, tr)
	defer p.Close()
	p.Try(t.Context(), tr.Steps[0])
	if err := p.Play(t.Context(), tr.Steps[1]); err != nil {
		t.Error(err)
	}
}
