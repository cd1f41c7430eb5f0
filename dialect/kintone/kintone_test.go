package kintone

import (
	"bytes"
	"context"
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

	"github.com/google/go-cmp/cmp"

	"dossier"
	"dossier/access"
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
	svc := coretest.New(t)
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

// code is the error of an answer.
func code1(body map[string]any) string { return fmt.Sprint(body["code"]) }

func basic(login, password string) string {
	return base64.StdEncoding.EncodeToString([]byte(login + ":" + password))
}

func TestFileFromUploadToDownload(t *testing.T) {
	c := newClient(t, Options{})
	key := c.upload("テスト.txt", "hello")
	diff(t, "add", obj{"id": "1", "revision": "1"}, c.call(200, "POST", "/k/v1/record.json",
		obj{"app": 2, "record": obj{"title": val("One"), "添付": files(" " + key)}}))
	list := c.values(2, 1)["添付"]
	held := fileKeys(t, list)[0]
	diff(t, "value", []any{obj{"contentType": "text/plain", "fileKey": held, "name": "テスト.txt", "size": "5"}}, list)

	got := c.send(c.request("GET", "/k/v1/file.json?fileKey="+held, nil))
	diff(t, "bytes", "hello", got.body)
	diff(t, "disposition", `attachment; filename="=?UTF-8?B?44OG44K544OILnR4dA==?="; filename*=UTF-8''%E3%83%86%E3%82%B9%E3%83%88.txt`,
		got.header.Get("Content-Disposition"))
	for _, wrong := range []string{key, strings.Repeat("0", 49), "x"} {
		diff(t, "download by "+wrong, "GAIA_BL01", code1(c.call(404, "GET", "/k/v1/file.json?fileKey="+wrong, nil)))
	}
	diff(t, "second use", "GAIA_BL01", code1(c.call(404, "POST", "/k/v1/record.json",
		obj{"app": 2, "record": obj{"title": val("Two"), "添付": files(key)}})))
}

func TestRejectedWriteLeavesUploadUsable(t *testing.T) {
	c := newClient(t, Options{})
	key := c.upload("a.txt", "a")
	c.call(400, "POST", "/k/v1/record.json", obj{"app": 2, "record": obj{"attachment": files(key)}})
	c.call(404, "POST", "/k/v1/record.json", obj{"app": 2, "record": obj{"title": val("t"), "attachment": files(key, key)}})
	c.call(404, "POST", "/k/v1/records.json", obj{"app": 2, "records": []obj{
		{"title": val("t"), "attachment": files(key)}, {"title": val("t"), "attachment": files(key)}}})
	c.call(200, "POST", "/k/v1/record.json", obj{"app": 2, "record": obj{"title": val("t"), "attachment": files(key)}})
	diff(t, "records", "1", c.call(200, "GET", "/k/v1/records.json?app=2&totalCount=true", nil)["totalCount"])
}

func TestKeysOfOtherFormsAttach(t *testing.T) {
	c := newClient(t, Options{})
	for i, form := range []func(string) string{
		func(id string) string { return id },
		func(id string) string { return id[:24] },
	} {
		key := c.upload("a.txt", "a")
		id := form(strings.ReplaceAll(key, "-", ""))
		got := c.call(200, "POST", "/k/v1/record.json", obj{"app": 2, "record": obj{"title": val("t"), "attachment": files(id)}})
		diff(t, "id", fmt.Sprint(i+1), got["id"])
	}
}

func TestUploadErrors(t *testing.T) {
	c := newClient(t, Options{})
	plain := c.request("POST", "/k/v1/file.json", `{}`)
	diff(t, "not multipart", "GAIA_HM02", code1(c.expect(400, plain)))
	tests := map[string][][3]string{
		"no file":        {{"other", "a.txt", "a"}},
		"a text field":   {{"file", "", "a"}},
		"two files":      {{"file", "a.txt", "a"}, {"file", "b.txt", "b"}},
		"name of a path": {{"file", "..", "a"}},
	}
	for name, parts := range tests {
		diff(t, name, "CB_IL02", code1(c.expect(400, c.uploadRequest(parts...))))
	}
	cut := c.uploadRequest([3]string{"file", "a.txt", strings.Repeat("a", 1000)})
	b, err := io.ReadAll(cut.Body)
	if err != nil {
		t.Fatal(err)
	}
	cut.Body = io.NopCloser(bytes.NewReader(b[:500]))
	diff(t, "cut off", "GAIA_HM02", code1(c.expect(400, cut)))
}

func TestSessionToken(t *testing.T) {
	var who access.Principal
	c := newClient(t, Options{Session: func(r *http.Request) (access.Principal, string, bool) {
		cookie, err := r.Cookie("dossier_session")
		return who, "secret-token", err == nil && cookie.Value == "s"
	}})
	who = coretest.SignIn(t, c.svc, coretest.Member1, coretest.Member1Password)
	asSession := func(r *http.Request) *http.Request {
		r.Header.Del("X-Cybozu-API-Token")
		r.AddCookie(&http.Cookie{Name: "dossier_session", Value: "s"})
		r.Header.Set("X-Requested-With", "XMLHttpRequest")
		return r
	}
	record := obj{"app": 2, "record": obj{"title": val("t")}}
	diff(t, "forged", "CB_CS01", code1(c.expect(403, asSession(c.request("POST", "/k/v1/record.json", record)))))
	record[requestTokenKey] = "secret-token"
	c.expect(200, asSession(c.request("POST", "/k/v1/record.json", record)))
	c.expect(200, asSession(c.request("GET", "/k/v1/record.json?app=2&id=1", nil)))
	bare := asSession(c.request("GET", "/k/v1/record.json?app=2&id=1", nil))
	bare.Header.Del("X-Requested-With")
	diff(t, "no header", "CB_JH01", code1(c.expect(400, bare)))

	file := [3]string{"file", "a.txt", "a"}
	diff(t, "upload without token", "CB_CS01", code1(c.expect(403, asSession(c.uploadRequest(file)))))
	diff(t, "upload with a wrong token", "CB_CS01", code1(c.expect(403, asSession(c.uploadRequest(file, [3]string{requestTokenKey, "", "x"})))))
	c.expect(200, asSession(c.uploadRequest(file, [3]string{requestTokenKey, "", "secret-token"})))
	c.expect(200, asSession(c.request("DELETE", "/k/v1/records.json?app=2&ids%5B0%5D=1&"+requestTokenKey+"=secret-token", nil)))
}

func TestPasswordProofEndsWithPassword(t *testing.T) {
	c := newClient(t, Options{})
	get := func(status int) {
		t.Helper()
		r := c.request("GET", "/k/v1/records.json?app=2", nil)
		r.Header.Set("X-Cybozu-Authorization", basic(coretest.Member1, coretest.Member1Password))
		c.expect(status, r)
	}
	get(200)
	get(200)
	who := coretest.SignIn(t, c.svc, coretest.Member1, coretest.Member1Password)
	fresh := "another-password-1"
	_, err := c.svc.UpdateRecord(context.Background(), access.System(), who.Collection, core.ByID(who.ID), core.Update{
		Password: &fresh, Edit: core.Put(core.Change{Account: &core.AccountChange{Password: &fresh}}),
	})
	if err != nil {
		t.Fatal(err)
	}
	get(401)
}

func TestBasicGate(t *testing.T) {
	c := newClient(t, Options{BasicUser: "gate", BasicPassword: "open"})
	got := c.send(c.request("GET", "/k/v1/records.json?app=2", nil))
	diff(t, "status", 401, got.status)
	diff(t, "challenge", `Basic realm="dossier", charset="UTF-8"`, got.header.Get("WWW-Authenticate"))
	r := c.request("GET", "/k/v1/records.json?app=2", nil)
	r.SetBasicAuth("gate", "open")
	c.expect(200, r)
}

func TestTableRowsMerge(t *testing.T) {
	c := newClient(t, Options{})
	key := c.upload("a.txt", "a")
	c.call(200, "POST", "/k/v1/record.json", obj{"app": 2, "record": obj{"title": val("t"), "lines": val([]obj{
		{"id": "77", "value": obj{"item": val("a"), "qty": val("x"), "proof": files(key)}}, {"value": obj{"item": val("b")}}})}})
	rows := c.values(2, 1)["lines"].([]any)
	first := rows[0].(obj)["id"]
	c.call(200, "PUT", "/k/v1/record.json", obj{"app": 2, "id": 1, "record": obj{"lines": val([]obj{
		{"value": obj{"item": val("new")}}, {"id": first, "value": obj{"qty": val(3)}}})}})
	rows = c.values(2, 1)["lines"].([]any)
	kept := rows[1].(obj)
	diff(t, "row id", first, kept["id"])
	cells := kept["value"].(obj)
	diff(t, "kept member", "a", cells["item"].(obj)["value"])
	diff(t, "changed member", "3", cells["qty"].(obj)["value"])
	diff(t, "kept file", 1, len(cells["proof"].(obj)["value"].([]any)))
	diff(t, "same row twice", "GAIA_SI01", code1(c.call(400, "PUT", "/k/v1/record.json", obj{"app": 2, "id": 1,
		"record": obj{"lines": val([]obj{{"id": first}, {"id": first}})}})))
}

func TestAllProblemsAtOnce(t *testing.T) {
	c := newClient(t, Options{})
	got := c.call(400, "POST", "/k/v1/records.json", obj{"app": 2, "records": []obj{
		{"title": val("fine")},
		{"amount": val("many"), "status": val("Lost"), "tags": val([]string{"red", "pink"}), "active": val("Maybe")},
		{"title": val("t"), "lines": val([]obj{{"value": obj{"item": obj{}}}}), "due": val("2026-13-01")},
	}})
	said := func(s string) any { return obj{"messages": []any{s}} }
	diff(t, "errors", map[string]any{
		"records[1].title.value":                     said("Required."),
		"records[1][amount].value":                   said("Only numbers are allowed."),
		"records[1].status.value":                    said(`The value, "Lost", is not in options.`),
		"records[1].tags.values[1].value":            said(`The value, "pink", is not in options.`),
		"records[1].active.value":                    said(`The value, "Maybe", is not in options.`),
		"records[2].lines.value[0].value.item.value": said(`The key "value" is missing.`),
		"records[2].due.value":                       said("The value is not valid for the type of the field."),
	}, got["errors"].(map[string]any))
	diff(t, "nothing was added", "0", c.call(200, "GET", "/k/v1/records.json?app=2&totalCount=true", nil)["totalCount"])
}

func TestRelationsByNumber(t *testing.T) {
	c := newClient(t, Options{})
	customer := c.request("POST", "/k/v1/record.json", obj{"app": 3, "record": obj{"company": val("ACME")}})
	customer.Header.Set("X-Cybozu-API-Token", coretest.CustomersAll)
	c.expect(200, customer)
	c.call(200, "POST", "/k/v1/record.json", obj{"app": 2, "record": obj{"title": val("t"), "customer": val(1)}})
	c.call(200, "POST", "/k/v1/record.json", obj{"app": 2, "record": obj{"title": val("u")}})
	diff(t, "value", any("1"), c.values(2, 1)["customer"])
	diff(t, "missing", "GAIA_LO04", code1(c.call(400, "PUT", "/k/v1/record.json", obj{"app": 2, "id": 1, "record": obj{"customer": val("9")}})))
	for query, want := range map[string]int{"customer = 1": 1, "customer != 1": 1, `customer in ("")`: 1, "customer > 0": 1, `customer in ("1", "")`: 2} {
		r := c.request("POST", "/k/v1/records.json", obj{"app": 2, "query": query})
		r.Header.Set("X-HTTP-Method-Override", "GET")
		diff(t, query, want, len(c.expect(200, r)["records"].([]any)))
	}
}

func TestUpsertAndDelete(t *testing.T) {
	c := newClient(t, Options{})
	makeUnique(t, c.svc, "title")
	key := func(v any) obj { return obj{"field": "title", "value": v} }
	got := c.call(200, "PUT", "/k/v1/records.json", obj{"app": 2, "upsert": true, "records": []obj{
		{"id": "9007199254740991", "record": obj{"title": val("by id")}},
		{"updateKey": key("by key"), "record": obj{"amount": val("1")}},
	}})
	diff(t, "inserted", []any{obj{"id": "1", "revision": "1", "operation": "INSERT"}, obj{"id": "2", "revision": "1", "operation": "INSERT"}}, got["records"])
	got = c.call(200, "PUT", "/k/v1/records.json", obj{"app": "2", "upsert": true, "records": []obj{
		{"updateKey": key("by key"), "record": obj{"amount": val("2")}}, {"id": 1, "record": obj{}},
	}})
	diff(t, "updated", []any{obj{"id": "2", "revision": "2", "operation": "UPDATE"}, obj{"id": "1", "revision": "2", "operation": "UPDATE"}}, got["records"])
	diff(t, "key field", any("by key"), c.values(2, 2)["title"])
	diff(t, "no such key", "GAIA_RE20", code1(c.call(404, "PUT", "/k/v1/record.json", obj{"app": 2, "updateKey": key("nobody"), "record": obj{}})))
	diff(t, "clash", "This value already exists in another record.", c.call(400, "PUT", "/k/v1/record.json",
		obj{"app": 2, "id": 1, "record": obj{"title": val("by key")}})["errors"].(obj)["record.title.value"].(obj)["messages"].([]any)[0])

	diff(t, "none", []any{"Between 1 and 100 records can be deleted at one time.", "Required field."},
		c.call(400, "DELETE", "/k/v1/records.json?app=2", nil)["errors"].(obj)["ids"].(obj)["messages"])
	diff(t, "stale", "GAIA_CO02", code1(c.call(409, "DELETE", "/k/v1/records.json", obj{"app": 2, "ids": []int{1, 2}, "revisions": []any{nil, 1}})))
	diff(t, "deleted", obj{}, c.call(200, "DELETE", "/k/v1/records.json?app=2&ids%5B0%5D=1&ids%5B1%5D=2&revisions%5B0%5D=&revisions%5B1%5D=2", nil))
	diff(t, "gone", "GAIA_RE01", code1(c.call(404, "GET", "/k/v1/record.json?app=2&id=1", nil)))
}

func makeUnique(t *testing.T, svc *core.Service, name string) {
	t.Helper()
	app, _ := svc.Space().Collection("reports")
	next := cloneCollection(app)
	f, _ := next.Field(name)
	f.Unique = true
	if _, err := svc.PutCollection(context.Background(), access.System(), next); err != nil {
		t.Fatal(err)
	}
}

func TestBulkRequestIsOneTransaction(t *testing.T) {
	c := newClient(t, Options{})
	key := c.upload("a.txt", "a")
	add := obj{"method": "POST", "api": "/k/v1/record.json", "payload": obj{"app": 2, "record": obj{"title": val("t"), "attachment": files(key)}}}
	bad := obj{"method": "POST", "api": "/k/v1/records.json", "payload": obj{"app": 2, "records": []obj{{"title": val("t")}, {}}}}
	got := c.call(400, "POST", "/k/v1/bulkRequest.json", obj{"requests": []obj{add, bad, add}})
	results := got["results"].([]any)
	diff(t, "others", []any{obj{}, obj{}}, []any{results[0], results[2]})
	diff(t, "key", any([]any{"Required."}), results[1].(obj)["errors"].(obj)["records[1].title.value"].(obj)["messages"])
	c.call(404, "POST", "/k/v1/bulkRequest.json", obj{"requests": []obj{add, add}})
	ok := c.call(200, "POST", "/k/v1/bulkRequest.json", obj{"requests": []obj{add,
		{"method": "DELETE", "api": "/k/v1/records.json", "payload": obj{"app": 2, "ids": []int{}}}}[:1]})
	diff(t, "results", 1, len(ok["results"].([]any)))
	for _, api := range []string{"/k/v1/file.json", "/k/v1/bulkRequest.json", "nowhere"} {
		c.call(400, "POST", "/k/v1/bulkRequest.json", obj{"requests": []obj{{"method": "POST", "api": api, "payload": obj{}}}})
	}
	c.call(400, "POST", "/k/v1/bulkRequest.json", obj{"requests": make([]obj, 21)})
}

func TestCursor(t *testing.T) {
	c := newClient(t, Options{})
	for range 3 {
		c.call(200, "POST", "/k/v1/record.json", obj{"app": 2, "record": obj{"title": val("t")}})
	}
	open := func() obj {
		return c.call(200, "POST", "/k/v1/records/cursor.json", obj{"app": 2, "fields": []string{"$id"}, "query": "order by $id asc", "size": 2})
	}
	cur := open()
	diff(t, "total", any("3"), cur["totalCount"])
	path := "/k/v1/records/cursor.json?id=" + cur["id"].(string)
	c.call(200, "DELETE", "/k/v1/records.json?app=2&ids=1", nil)
	page := c.call(200, "GET", path, nil)
	diff(t, "first page", obj{"next": true, "records": []any{obj{"$id": obj{"type": "__ID__", "value": "2"}}}}, page)
	page = c.call(200, "GET", path, nil)
	diff(t, "last page", any(false), page["next"])
	diff(t, "finished", "GAIA_CN01", code1(c.call(404, "GET", path, nil)))
	for range maxCursors {
		cur = open()
	}
	diff(t, "too many", "GAIA_TM12", code1(c.call(429, "POST", "/k/v1/records/cursor.json", obj{"app": 2})))
	c.call(200, "DELETE", "/k/v1/records/cursor.json", obj{"id": cur["id"]})
	open()
}

func TestMethodsAndPaths(t *testing.T) {
	c := newClient(t, Options{})
	diff(t, "unknown", "DOSSIER_NOT_FOUND", code1(c.call(404, "GET", "/k/v1/nothing.json", nil)))
	got := c.send(c.request("DELETE", "/k/v1/file.json", nil))
	diff(t, "status", 405, got.status)
	diff(t, "long", "DOSSIER_URL_TOO_LONG", code1(c.call(414, "GET", "/k/v1/records.json?app=2&query="+strings.Repeat("x", maxURL), nil)))
	over := c.request("POST", "/k/v1/app.json", obj{"id": 2})
	over.Header.Set("X-HTTP-Method-Override", "GET")
	diff(t, "override", any("2"), c.expect(200, over)["appId"])
	diff(t, "guest space", "CB_NO02", code1(c.call(403, "GET", "/k/guest/1/v1/records.json?app=2", nil)))
	diff(t, "other app", "GAIA_NO01", code1(c.call(403, "GET", "/k/v1/records.json?app=3", nil)))
	for _, app := range []string{"-1", "0", "99", "x", "01", "1.0", "9223372036854775808"} {
		r := c.send(c.request("GET", "/k/v1/records.json?app="+app, nil))
		if r.status != 400 && r.status != 404 {
			t.Errorf("app=%s: %d %s", app, r.status, r.body)
		}
	}
}

func TestConcurrencyLimit(t *testing.T) {
	c := newClient(t, Options{Concurrency: 1, Patience: 1})
	pr, pw := io.Pipe()
	slow := c.request("POST", "/k/v1/record.json", nil)
	slow.Header.Set("Content-Type", "application/json")
	slow.Body, slow.ContentLength = pr, -1
	done := make(chan reply)
	dossier.Go(nil, "slow request", func() { done <- c.send(slow) })
	if _, err := io.WriteString(pw, "{"); err != nil {
		t.Fatal(err)
	}
	got := c.send(c.request("GET", "/k/v1/records.json?app=2", nil))
	diff(t, "status", 429, got.status)
	diff(t, "running", "2", got.header.Get("X-ConcurrencyLimit-Running"))
	if _, err := io.WriteString(pw, `"app":2,"record":{"title":{"value":"t"}}}`); err != nil {
		t.Fatal(err)
	}
	if err := pw.Close(); err != nil {
		t.Fatal(err)
	}
	diff(t, "slow", 200, (<-done).status)
}

func TestAppFromNothing(t *testing.T) {
	c := newClient(t, Options{})
	root := func(status int, method, path string, body any) map[string]any {
		t.Helper()
		r := c.request(method, path, body)
		r.Header.Set("X-Cybozu-Authorization", basic(coretest.Root, coretest.RootPassword))
		return c.expect(status, r)
	}
	app := root(200, "POST", "/k/v1/preview/app.json", obj{"name": "案件 Deals"})["app"]
	diff(t, "draft", "GAIA_AP01", code1(root(404, "GET", "/k/v1/app.json?id="+app.(string), nil)))
	root(200, "POST", "/k/v1/preview/app/form/fields.json", obj{"app": app, "properties": obj{
		"件名":  obj{"type": "SINGLE_LINE_TEXT", "code": "件名", "label": "Subject", "required": true, "unique": "true", "maxLength": "64"},
		"att": obj{"type": "FILE", "code": "att", "label": "Files"},
		"kind": obj{"type": "DROP_DOWN", "code": "kind", "label": "Kind", "defaultValue": "B",
			"options": obj{"A": obj{"label": "A", "index": "1"}, "B": obj{"label": "B", "index": "0"}}},
		"tbl": obj{"type": "SUBTABLE", "code": "tbl", "fields": obj{
			"rowatt": obj{"type": "FILE", "code": "rowatt", "label": "f"}}},
	}})
	root(400, "POST", "/k/v1/preview/app/form/fields.json", obj{"app": app, "properties": obj{"att": obj{"type": "NUMBER"}}})
	root(200, "PUT", "/k/v1/preview/app/form/layout.json", obj{"app": app, "layout": []obj{
		{"type": "SUBTABLE", "code": "tbl", "fields": []obj{{"type": "FILE", "code": "rowatt"}}},
		{"type": "ROW", "fields": []obj{{"type": "SINGLE_LINE_TEXT", "code": "件名"}, {"type": "LABEL", "label": "x"}, {"type": "FILE", "code": "att"}, {"type": "DROP_DOWN", "code": "kind"}}},
	}})
	root(200, "POST", "/k/v1/preview/app/deploy.json", obj{"apps": []obj{{"app": app}}})
	diff(t, "status", []any{obj{"app": app, "status": "SUCCESS"}}, root(200, "GET", "/k/v1/preview/app/deploy.json?apps%5B0%5D="+app.(string), nil)["apps"])
	fields := root(200, "GET", "/k/v1/app/form/fields.json?app="+app.(string), nil)["properties"].(obj)
	diff(t, "kind", obj{"type": "DROP_DOWN", "code": "kind", "label": "Kind", "noLabel": false, "required": false, "defaultValue": "B",
		"options": obj{"A": obj{"label": "A", "index": "1"}, "B": obj{"label": "B", "index": "0"}}}, fields["kind"])
	diff(t, "subject", obj{"type": "SINGLE_LINE_TEXT", "code": "件名", "label": "Subject", "noLabel": false, "required": true, "unique": true,
		"minLength": "", "maxLength": "64", "defaultValue": "", "expression": "", "hideExpression": false}, fields["件名"])
	key := c.upload("a.txt", "a")
	diff(t, "record", obj{"id": "1", "revision": "1"}, root(200, "POST", "/k/v1/record.json", obj{"app": app, "record": obj{"件名": val("x"),
		"att": files(key)}}))

	root(200, "DELETE", "/k/v1/preview/app/form/fields.json?app="+app.(string)+"&fields%5B0%5D=kind", nil)
	fields = root(200, "GET", "/k/v1/app/form/fields.json?app="+app.(string), nil)["properties"].(obj)
	if fields["kind"] == nil {
		t.Error("an undeployed change shows in the live form")
	}
	root(200, "POST", "/k/v1/preview/app/deploy.json", obj{"apps": []obj{{"app": app, "revision": -1}}})
	layout := root(200, "GET", "/k/v1/app/form/layout.json?app="+app.(string), nil)["layout"].([]any)
	diff(t, "layout", 2, len(layout))
	diff(t, "cells", 3, len(layout[1].(obj)["fields"].([]any)))
	diff(t, "apps", 4, len(root(200, "GET", "/k/v1/apps.json", nil)["apps"].([]any)))
	diff(t, "no token", "GAIA_NO01", code1(c.call(403, "GET", "/k/v1/apps.json", nil)))
}
