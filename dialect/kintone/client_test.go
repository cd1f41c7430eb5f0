package kintone

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dossier/core"
	"dossier/core/coretest"
	"dossier/wire"
)

// A client speaks to the dialect over a real service.
type client struct {
	t   *testing.T
	svc *core.Service
	h   http.Handler
}

func newClient(t *testing.T, o Options) *client {
	t.Helper()
	noon := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) // what is made today is of today when it is asked for
	svc := coretest.New(t, func(o *core.Options) { o.Now = func() time.Time { return noon } })
	mux := http.NewServeMux()
	Mount(mux, svc, o)
	return &client{t, svc, wire.Front(mux)}
}

// newMux is the dialect over svc, as another process would mount it.
func newMux(svc *core.Service) http.Handler {
	mux := http.NewServeMux()
	Mount(mux, svc, Options{})
	return wire.Front(mux)
}

// An answer of the dialect.
type reply struct {
	status int
	header http.Header
	body   string
}

func (c *client) send(r *http.Request) reply {
	c.t.Helper()
	w := httptest.NewRecorder()
	c.h.ServeHTTP(w, r)
	return reply{w.Code, w.Result().Header, w.Body.String()}
}

// request makes a request with the token of all rights, and body as JSON if it is not nil.
func (c *client) request(method, path string, body any) *http.Request {
	c.t.Helper()
	var in io.Reader
	if body != nil {
		text, ok := body.(string)
		if !ok {
			b, err := json.Marshal(body)
			if err != nil {
				c.t.Fatal(err)
			}
			text = string(b)
		}
		in = strings.NewReader(text)
	}
	r := httptest.NewRequest(method, path, in)
	r.Header.Set("X-Cybozu-API-Token", coretest.ReportsAll)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

// call expects the status and returns the decoded body.
func (c *client) call(status int, method, path string, body any) map[string]any {
	c.t.Helper()
	return c.expect(status, c.request(method, path, body))
}

func (c *client) expect(status int, r *http.Request) map[string]any {
	c.t.Helper()
	got := c.send(r)
	if got.status != status {
		c.t.Fatalf("%s %s: %d, want %d\n%s", r.Method, r.URL, got.status, status, got.body)
	}
	var out map[string]any
	if err := json.Unmarshal([]byte(got.body), &out); err != nil {
		c.t.Fatalf("%s %s: %v in %q", r.Method, r.URL, err, got.body)
	}
	return out
}

// multipartForm makes a multipart body of name, file name and content.
func multipartForm(t *testing.T, parts ...[3]string) (string, *bytes.Buffer) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, part := range parts {
		h := textproto.MIMEHeader{}
		d := fmt.Sprintf(`form-data; name="%s"`, part[0])
		if part[1] != "" {
			d += fmt.Sprintf(`; filename="%s"`, part[1])
		}
		h.Set("Content-Disposition", d)
		p, err := w.CreatePart(h)
		if err == nil {
			_, err = io.WriteString(p, part[2])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), &b
}

func (c *client) uploadRequest(parts ...[3]string) *http.Request {
	c.t.Helper()
	contentType, body := multipartForm(c.t, parts...)
	r := httptest.NewRequest("POST", "/k/v1/file.json", body)
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("X-Cybozu-API-Token", coretest.ReportsAll)
	return r
}

// upload returns the key of a new upload.
func (c *client) upload(name, content string) string {
	c.t.Helper()
	return c.expect(200, c.uploadRequest([3]string{"file", name, content}))["fileKey"].(string)
}

// values are the values of a record by code.
func (c *client) values(app, id any) map[string]any {
	c.t.Helper()
	record := c.call(200, "GET", fmt.Sprintf("/k/v1/record.json?app=%v&id=%v", app, id), nil)["record"].(map[string]any)
	out := map[string]any{}
	for code, cell := range record {
		out[code] = cell.(map[string]any)["value"]
	}
	return out
}

type obj = map[string]any

// val is {"value": v}.
func val(v any) obj { return obj{"value": v} }

func files(keys ...string) obj {
	list := []obj{}
	for _, key := range keys {
		list = append(list, obj{"fileKey": key})
	}
	return val(list)
}

func fileKeys(t *testing.T, v any) []string {
	t.Helper()
	var out []string
	for _, f := range v.([]any) {
		out = append(out, f.(obj)["fileKey"].(string))
	}
	return out
}

func diff(t *testing.T, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// codeOf is the error of an answer.
func codeOf(body map[string]any) string { return fmt.Sprint(body["code"]) }

func basic(login, password string) string {
	return base64.StdEncoding.EncodeToString([]byte(login + ":" + password))
}
