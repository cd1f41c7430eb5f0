package pocketbase

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"dossier"
	"dossier/access"
	"dossier/core"
	"dossier/core/coretest"
	"dossier/wire"
)

// A bench is the dialect over a real service.
type bench struct {
	t   *testing.T
	svc *core.Service
	mux http.Handler
}

func newBench(t *testing.T, change ...func(*core.Options)) *bench {
	t.Helper()
	svc := coretest.New(t, append([]func(*core.Options){ownRules}, change...)...)
	mux := http.NewServeMux()
	Mount(mux, svc, Options{})
	trust := func() dossier.TrustedProxy { return svc.Space().Settings.TrustedProxy }
	return &bench{t: t, svc: svc, mux: wire.BehindProxy(wire.Front(mux), trust)}
}

// A clock stands still until it is moved. What a request has left to do may look at it meanwhile.
type clock struct{ ms atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.ms.Store(time.Date(2026, 11, 21, 8, 30, 0, 0, time.UTC).UnixMilli())
	return c
}

func (c *clock) now() time.Time         { return time.UnixMilli(c.ms.Load()) }
func (c *clock) add(d time.Duration)    { c.ms.Add(d.Milliseconds()) }
func (c *clock) option(o *core.Options) { o.Now = c.now }

// ownRules makes the service read rules as this dialect writes them.
func ownRules(o *core.Options) { o.Rules = NewLanguage(time.Now) }

// A part is one part of a multipart body: a file if name is set.
type part struct{ field, name, content string }

// A call is one request; body is text, parts, or a value to send as JSON.
type call struct {
	method, path, token string
	body                any
	header              map[string]string
}

// An answer is what came back.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   []byte
}

func (b *bench) do(c call) *answer {
	b.t.Helper()
	return b.doFrom("192.0.2.1:1234", c)
}

// doFrom is do from another address.
func (b *bench) doFrom(host string, c call) *answer {
	b.t.Helper()
	body, contentType := encodeBody(b.t, c.body)
	r := httptest.NewRequest(c.method, c.path, body)
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	if c.token != "" {
		r.Header.Set("Authorization", c.token)
	}
	for name, value := range c.header {
		r.Header.Set(name, value)
	}
	r.RemoteAddr = host
	w := httptest.NewRecorder()
	b.mux.ServeHTTP(w, r)
	return &answer{t: b.t, status: w.Code, header: w.Header(), body: w.Body.Bytes()}
}

func encodeBody(t *testing.T, body any) (io.Reader, string) {
	t.Helper()
	switch body := body.(type) {
	case nil:
		return http.NoBody, ""
	case string:
		return strings.NewReader(body), "application/json"
	case []part:
		var buf bytes.Buffer
		m := multipart.NewWriter(&buf)
		for _, p := range body {
			w, err := m.CreateFormField(p.field)
			if p.name != "" {
				w, err = m.CreateFormFile(p.field, p.name)
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(w, p.content); err != nil {
				t.Fatal(err)
			}
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
		return &buf, m.FormDataContentType()
	}
	b, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(b), "application/json"
}

// is checks the status and the JSON body.
func (a *answer) is(status int, want string) {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	if diff := jsonDiff(a.t, a.body, want); diff != "" {
		a.t.Fatal(diff)
	}
}

// ok checks for 200 and returns the body.
func (a *answer) ok() map[string]any {
	a.t.Helper()
	if a.status != http.StatusOK {
		a.t.Fatalf("status %d: %s", a.status, a.body)
	}
	var m map[string]any
	if err := json.Unmarshal(a.body, &m); err != nil {
		a.t.Fatal(err)
	}
	return m
}

// fails checks the status and message of an error.
func (a *answer) fails(status int, message string) map[string]any {
	a.t.Helper()
	var e envelope
	if err := json.Unmarshal(a.body, &e); err != nil {
		a.t.Fatalf("%d %s: %v", a.status, a.body, err)
	}
	if a.status != status || e.Message != message {
		a.t.Fatalf("%d %s, want %d %q", a.status, a.body, status, message)
	}
	return e.Data
}

// signIn returns the auth token and the record of somebody.
func (b *bench) signIn(collection, login, password string) (string, map[string]any) {
	b.t.Helper()
	m := b.do(call{method: "POST", path: "/api/collections/" + collection + "/auth-with-password",
		body: map[string]any{"identity": login, "password": password}}).ok()
	return m["token"].(string), m["record"].(map[string]any)
}

func (b *bench) member() (string, map[string]any) {
	b.t.Helper()
	return b.signIn("users", coretest.Member1, coretest.Member1Password)
}

func (b *bench) root() string {
	b.t.Helper()
	token, _ := b.signIn("_superusers", coretest.Root, coretest.RootPassword)
	return token
}

// eventOf is an update of a record, one without values unless it is given.
func eventOf(c *dossier.Collection, id dossier.ID, record ...*dossier.Record) []core.Event {
	record = append(record, &dossier.Record{ID: id})
	return []core.Event{{Action: access.Update, Collection: c, Record: record[0]}}
}

// texts is a list of texts in a JSON answer.
func texts(v any) []string {
	list, _ := v.([]any)
	out := make([]string, len(list))
	for i, e := range list {
		out[i], _ = e.(string)
	}
	return out
}

// blobs counts what a check of the space knows of files: records' files, waiting uploads, and blobs without a row.
func (b *bench) blobs() (files, uploads, unknown int) {
	b.t.Helper()
	report, err := b.svc.CheckSpace(context.Background(), false, false)
	if err != nil {
		b.t.Fatal(err)
	}
	return report.Files, report.Uploads, len(report.Unknown)
}

func (b *bench) collection(name string) *dossier.Collection {
	b.t.Helper()
	c, ok := b.svc.Space().Collection(name)
	if !ok {
		b.t.Fatalf("no collection %q", name)
	}
	return c
}

func (b *bench) put(c *dossier.Collection) {
	b.t.Helper()
	if _, err := b.svc.PutCollection(context.Background(), access.System(), c); err != nil {
		b.t.Fatal(err)
	}
}
