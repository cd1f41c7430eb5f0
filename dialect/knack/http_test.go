package knack

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"dossier/core"
	"dossier/core/coretest"
	"dossier/wire"
)

// A client talks to the dialect over a real service.
type client struct {
	t   testing.TB
	svc *core.Service
	h   http.Handler
}

func newClient(t testing.TB, change ...func(*core.Options)) *client {
	svc := coretest.New(t, change...)
	return clientOf(t, svc, Options{})
}

func clientOf(t testing.TB, svc *core.Service, o Options) *client {
	mux := http.NewServeMux()
	Mount(mux, svc, o)
	return &client{t, svc, wire.Front(mux)}
}

// keyed are the headers of a key's holder.
var keyed = map[string]string{headerApp: coretest.Application, headerKey: coretest.Key}

// with is headers changed by pairs; a value "-" takes one away.
func with(headers map[string]string, pairs ...string) map[string]string {
	out := maps.Clone(headers)
	if out == nil {
		out = map[string]string{}
	}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = pairs[i+1]
		if pairs[i+1] == "-" {
			delete(out, pairs[i])
		}
	}
	return out
}

// an answer is what came back.
type answer struct {
	t      testing.TB
	status int
	header http.Header
	body   string
}

func (c *client) do(method, target, body string, headers map[string]string) answer {
	c.t.Helper()
	r := httptest.NewRequest(method, "/", strings.NewReader(body))
	path, query, _ := strings.Cut(target, "?")
	r.URL.Path, r.URL.RawQuery, r.Host = path, query, "h.example"
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for k, v := range headers {
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	c.h.ServeHTTP(w, r)
	text, _ := io.ReadAll(w.Result().Body)
	return answer{c.t, w.Code, w.Result().Header, string(text)}
}

// upload sends files, name and content in turn, and returns the answer.
func (c *client) upload(kind string, files ...string) answer {
	c.t.Helper()
	var b strings.Builder
	m := multipart.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		part, err := m.CreateFormFile("files", files[i])
		if err != nil {
			c.t.Fatal(err)
		}
		fmt.Fprint(part, files[i+1])
	}
	m.Close()
	return c.do("POST", "/v1/applications/"+coretest.Application+"/assets/"+kind+"/upload", b.String(), with(keyed, "Content-Type", m.FormDataContentType()))
}

// at is a value of the answer's JSON: keys and places joined by dots.
func (a answer) at(path string) any {
	a.t.Helper()
	var v any
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		a.t.Fatalf("%d %s: %v", a.status, a.body, err)
	}
	for _, key := range strings.Split(path, ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[key]
		case []any:
			var i int
			fmt.Sscan(key, &i)
			v = in[i]
		default:
			a.t.Fatalf("nothing at %s in %s", path, a.body)
		}
	}
	return v
}

func (a answer) text(path string) string {
	a.t.Helper()
	s, ok := a.at(path).(string)
	if !ok {
		a.t.Fatalf("no text at %s in %d %s", path, a.status, a.body)
	}
	return s
}

// want fails unless status and body are these; a body "*" is any.
func (a answer) want(what string, status int, body string) answer {
	a.t.Helper()
	if a.status != status || body != "*" && a.body != body {
		a.t.Errorf("%s: got %d %s, want %d %s", what, a.status, a.body, status, body)
	}
	return a
}

// TestErrorMatrix is the vendor's table of errors, in its order: the first row that fits wins.
func TestErrorMatrix(t *testing.T) {
	c := newClient(t)
	const records = "/v1/objects/object_2/records"
	unknownApp := "60241522a16be4001b611240"
	for _, test := range []struct {
		name, method, target, body string
		headers                    map[string]string
		status                     int
		sentence                   string
	}{
		{"no application", "GET", records, "", with(keyed, headerApp, "-"), 401, "Invalid API Request"},
		{"no application before a wrong key", "GET", records, "", map[string]string{headerKey: "x"}, 401, "Invalid API Request"},
		{"no application id", "GET", records, "", with(keyed, headerApp, "xyz"), 400, "Malformed App ID."},
		{"another application", "GET", records, "", with(keyed, headerApp, unknownApp), 401, "Invalid API key"},
		{"another application before no key", "GET", records, "", map[string]string{headerApp: unknownApp}, 401, "Invalid API key"},
		{"a wrong key", "GET", records, "", with(keyed, headerKey, "x"), 401, "Invalid API key"},
		{"an API token is no key", "GET", records, "", with(keyed, headerKey, coretest.ReportsAll), 401, "Invalid API key"},
		{"no key", "GET", records, "", with(keyed, headerKey, "-"), 401, "Unauthorized Object Access"},
		{"the word knack", "GET", records, "", with(keyed, headerKey, "knack"), 401, "Unauthorized Object Access"},
		{"the word renderer", "GET", records, "", with(keyed, headerKey, "renderer"), 401, "Unauthorized Object Access"},
		{"the word of the live app", "GET", records, "", with(keyed, headerKey, "renderer-session"), 401, "Unauthorized Object Access"},
		{"no key for the schema", "GET", "/v1/objects", "", with(keyed, headerKey, "-"), 401, "Unauthorized Object Access"},
		{"a bad token", "GET", "/v1/pages/scene_1/views/view_2/records", "", with(keyed, headerKey, "knack", headerToken, "a.b.c"), 403, "Invalid or Expired Token"},
		{"no token where one is needed", "GET", "/v1/pages/scene_2/views/view_3/records", "", with(keyed, headerKey, "-"), 403, "Invalid or Expired Token"},
		{"an empty token is none", "GET", "/v1/pages/scene_2/views/view_3/records", "", with(keyed, headerKey, "knack", headerToken, ""), 403, "Invalid or Expired Token"},
		{"a guest may not write", "POST", "/v1/pages/scene_1/views/view_1/records", `{"field_10":"x"}`, with(keyed, headerKey, "knack"), 403, "Forbidden"},
		{"no object", "GET", "/v1/objects/object_9/records", "", keyed, 404, "Not Found"},
		{"a system collection is no object", "GET", "/v1/objects/object_-1/records", "", keyed, 404, "Not Found"},
		{"no key of an object", "GET", "/v1/objects/object_02/records", "", keyed, 404, "Not Found"},
		{"no record", "GET", records + "/7b20c3f29b4e5d6a8c90e1f3", "", keyed, 404, "Not Found"},
		{"no id of a record", "GET", records + "/7B20", "", keyed, 404, "Not Found"},
		{"no batch", "POST", records + "/batch", "{}", keyed, 404, "Not Found"},
		{"no scene", "GET", "/v1/pages/scene_9/views/view_1/records", "", keyed, 404, "Not Found"},
		{"a view of another scene", "GET", "/v1/pages/scene_1/views/view_3/records", "", keyed, 404, "Not Found"},
		{"no path", "GET", "/v1/nothing", "", keyed, 404, "Not Found"},
		{"a doubled slash", "GET", "/v1//objects", "", keyed, 404, "Not Found"},
		{"a wrong method", "PATCH", records, "{}", keyed, 405, "Method Not Allowed"},
		{"a wrong method with a slash", "DELETE", records + "/", "", keyed, 405, "Method Not Allowed"},
		{"a table takes no records", "POST", "/v1/pages/scene_1/views/view_2/records", "{}", keyed, 400, "Invalid request"},
		{"a table changes no records", "PUT", "/v1/pages/scene_1/views/view_2/records/7b20c3f29b4e5d6a8c90e1f3", "{}", keyed, 400, "Invalid request"},
		{"a view deletes no records", "DELETE", "/v1/pages/scene_1/views/view_2/records/7b20c3f29b4e5d6a8c90e1f3", "", keyed, 400, "Invalid request"},
		{"broken JSON", "POST", records, `{"a":`, keyed, 400, "Invalid JSON"},
		{"a list", "PUT", records + "/7b20c3f29b4e5d6a8c90e1f3", `[]`, keyed, 400, "Invalid JSON"},
		{"two documents", "POST", records, `{}{}`, keyed, 400, "Invalid JSON"},
		{"broken filters", "GET", records + "?filters={", "", keyed, 400, "Invalid filters"},
		{"a big body", "POST", records, `{"field_10":"` + strings.Repeat("x", 10<<20) + `"}`, keyed, 413, "Request too large"},
		{"no application in the metadata's path", "GET", "/v1/applications/" + unknownApp, "", nil, 404, "Not Found"},
		{"no application id in the metadata's path", "GET", "/v1/applications/x", "", nil, 400, "Malformed App ID."},
		{"no session", "GET", "/v1/session/token", "", with(keyed, headerKey, "-"), 403, "Invalid or Expired Token"},
		{"an unknown asset", "GET", "/v1/applications/" + coretest.Application + "/download/asset/7b20c3f29b4e5d6a8c90e1f3/x", "", nil, 404, "Not Found"},
		{"an odd size", "GET", "/assets/" + coretest.Application + "/7b20c3f29b4e5d6a8c90e1f3/thumbs/x", "", nil, 404, "Not Found"},
	} {
		a := c.do(test.method, test.target, test.body, test.headers).want(test.name, test.status, test.sentence)
		if got := a.header.Get("Content-Type"); got != textType {
			t.Errorf("%s: Content-Type %s", test.name, got)
		}
		if a.header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: no CORS", test.name)
		}
		if a.status == 405 && a.header.Get("Allow") == "" {
			t.Errorf("%s: no Allow", test.name)
		}
	}
}

// TestEveryPathTakesASlash asks every route with and without a slash at its end: none redirects, both answer the same.
func TestEveryPathTakesASlash(t *testing.T) {
	c := newClient(t)
	id := c.do("POST", "/v1/objects/object_2/records", `{"field_10":"a"}`, keyed).text("id")
	for _, path := range []string{"/v1/objects", "/v1/objects/object_2", "/v1/objects/object_2/fields", "/v1/objects/object_2/records",
		"/v1/objects/object_2/records/" + id, "/v1/pages/scene_1/views/view_2/records", "/v1/scenes/scene_1/views/view_2/records/" + id,
		"/v1/scenes/scene_1/views/view_2/report", "/v1/applications/" + coretest.Application} {
		plain, slashed := c.do("GET", path, "", keyed), c.do("GET", path+"/", "", keyed)
		if plain.status != 200 || slashed.status != 200 || plain.body != slashed.body {
			t.Errorf("%s: %d %s, with a slash %d %s", path, plain.status, plain.body, slashed.status, slashed.body)
		}
	}
}

func TestPreflight(t *testing.T) {
	c := newClient(t)
	for _, path := range []string{"/v1/objects/object_2/records", "/v1/nothing", "/assets/x"} {
		a := c.do("OPTIONS", path, "", map[string]string{"Access-Control-Request-Headers": "x-a,x-b"}).want(path, 204, "")
		for name, want := range map[string]string{"Allow-Origin": "*", "Allow-Methods": "GET, POST, PUT, DELETE, OPTIONS, HEAD", "Allow-Headers": "x-a,x-b", "Max-Age": "86400"} {
			if got := a.header.Get("Access-Control-" + name); got != want {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
	}
}

// TestValidation says what the answer to a refused record looks like, and that nothing of it is written.
func TestValidation(t *testing.T) {
	c := newClient(t)
	id := c.do("POST", "/v1/objects/object_2/records", `{"field_10":"kept"}`, keyed).text("id")
	for body, want := range map[string]string{
		`{"field_10":"x","field_12":"many","field_15":"Lost"}`:   `{"errors":[{"message":"amount is not a valid number.","field":"field_12","type":"invalid"},{"message":"status has no such option.","field":"field_15","type":"invalid"}]}`,
		`{"field_10":"x","field_21":"7a10c3f29b4e5d6a8c90e1f2"}`: `{"errors":[{"message":"Asset not found.","field":"field_21","type":"file"}]}`,
		`{"field_10":"x","field_22":"a.png"}`:                    `{"errors":[{"message":"Asset not found.","field":"field_22","type":"image"}]}`,
		`{"field_10":"x","field_24":"7b20c3f29b4e5d6a8c90e1f3"}`: `{"errors":[{"message":"customer: the connected record does not exist.","field":"field_24","type":"connection"}]}`,
		`{"field_10":"x","field_19":"nobody"}`:                   `{"errors":[{"message":"contact is not a valid email address.","field":"field_19","type":"invalid"}]}`,
		`{"field_10":"x","field_18":"a b"}`:                      `{"errors":[{"message":"website is not a valid URL.","field":"field_18","type":"invalid"}]}`,
		`{"field_10":"x","field_13":"02/30/2031"}`:               `{"errors":[{"message":"due is not a valid date.","field":"field_13","type":"invalid"}]}`,
	} {
		c.do("PUT", "/v1/objects/object_2/records/"+id, body, keyed).want(body, 400, want)
	}
	if got := c.do("GET", "/v1/objects/object_2/records/"+id, "", keyed).text("field_10"); got != "kept" {
		t.Errorf("a refused write changed the record: %q", got)
	}
}

// TestRequired says that forms ask for what is required, and objects do not.
func TestRequired(t *testing.T) {
	c := newClient(t)
	const form = "/v1/pages/scene_1/views/view_1/records"
	missing := `{"errors":[{"message":"Title is required.","field":"field_10","type":"required"}]}`
	c.do("POST", form, `{"field_12":5}`, keyed).want("a form without a title", 400, missing)
	c.do("POST", form, `{"field_12":"x"}`, keyed).want("both faults", 400,
		`{"errors":[{"message":"amount is not a valid number.","field":"field_12","type":"invalid"},{"message":"Title is required.","field":"field_10","type":"required"}]}`)
	id := c.do("POST", form, `{"field_10":"a"}`, keyed).want("a form with one", 200, "*").text("record.id")
	c.do("PUT", form+"/"+id, `{"field_12":6}`, keyed).want("an update without a title", 200, "*")
	c.do("PUT", form+"/"+id, `{"field_10":""}`, keyed).want("an update that clears the title", 400, missing)
	c.do("POST", "/v1/objects/object_2/records", "", keyed).want("an object without a title", 200, "*")
	c.do("PUT", "/v1/objects/object_2/records/"+id, `{"field_10":null}`, keyed).want("an object that clears it", 200, "*")
}

// TestWholeRecord reads a record, sends all its raw values back with one of them changed, and finds only that one changed.
func TestWholeRecord(t *testing.T) {
	c := newClient(t)
	firm := c.do("POST", "/v1/objects/object_3/records", `{"field_30":"Pearl & <Sons>"}`, keyed).text("id")
	doc := c.upload("file", "a.txt", "abc").text("id")
	first := c.do("POST", "/v1/objects/object_2/records", `{"field_10":"a <b>","field_11":"x\ny","field_12":"9007199254740993.10","field_13":"05/02/2031",
		"field_14":"2031-05-02T16:14:05","field_15":"Done","field_16":["red"],"field_17":true,"field_18":"http://x.org","field_19":"a@b.org","field_20":"1",
		"field_21":"`+doc+`","field_24":"`+firm+`","field_25":[{"item":"i","qty":2}]}`, keyed).want("create", 200, "*")
	before := c.do("GET", "/v1/objects/object_2/records/"+first.text("id"), "", keyed)
	if before.body != first.body {
		t.Errorf("created %s, read %s", first.body, before.body)
	}
	var record map[string]json.RawMessage
	if err := json.Unmarshal([]byte(before.body), &record); err != nil {
		t.Fatal(err)
	}
	send := map[string]json.RawMessage{"id": record["id"]}
	for key := range record {
		if !strings.HasSuffix(key, "_raw") && key != "id" {
			send[key] = json.RawMessage("null")
			if raw, ok := record[key+"_raw"]; ok {
				send[key] = raw
			}
		}
	}
	send["field_15"] = json.RawMessage(`"Draft"`)
	body, _ := json.Marshal(send)
	after := c.do("PUT", "/v1/objects/object_2/records/"+first.text("id"), string(body), keyed).want("update", 200, "*")
	want := strings.ReplaceAll(before.body, `"Done"`, `"Draft"`)
	if after.body != want {
		t.Errorf("got  %s\nwant %s", after.body, want)
	}
}

// TestUploads tries what the transcripts do not: several parts of which one is refused, better names, names that are none.
func TestUploads(t *testing.T) {
	c := newClient(t)
	a := c.upload("image", "a.gif", "GIF89a\x01\x00\x01\x00\x00\x00\x00;", "b.gif", "no picture")
	a.want("one of two is no picture", 400, `{"errors":[{"message":"File must be an image.","type":"image"}]}`)
	const path = "/v1/applications/" + coretest.Application + "/assets/file/upload"
	form := func(parts ...string) string {
		return "--b\r\nContent-Disposition: form-data; " + strings.Join(parts, "\r\n--b\r\nContent-Disposition: form-data; ") + "\r\n--b--\r\n"
	}
	typed := with(keyed, "Content-Type", "multipart/form-data; boundary=b")
	for _, test := range []struct{ name, body, want string }{
		{"a better name wins", form("name=\"file\"; filename=\"x\"\r\n\r\nx", "name=\"files\"; filename=\"y\"\r\n\r\ny"), "y"},
		{"other names do where there is no better", form("name=\"image\"; filename=\"x\"\r\n\r\nx"), "x"},
		{"no name, a picture", form("name=\"files\"; filename=\"\"\r\n\r\n\x89PNG\r\n\x1a\n"), "file.png"},
		{"a name of dots", form("name=\"files\"; filename=\"..\"\r\n\r\nplain"), "file.txt"},
		{"blanks and dots around", form("name=\"files\"; filename=\" .a.txt. \"\r\n\r\nplain"), "a.txt"},
		{"composed letters", form("name=\"files\"; filename=\"u\u0308.txt\"\r\n\r\nplain"), "\u00fc.txt"},
	} {
		if got := c.do("POST", path, test.body, typed).want(test.name, 200, "*").text("filename"); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
	for name, body := range map[string]string{
		"cut off":           "--b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"x\"\r\n\r\nabc",
		"a part of nothing": "--b\r\n\r\nabc\r\n--b--\r\n",
	} {
		c.do("POST", path, body, typed).want(name, 400, "Malformed multipart body")
	}
	c.do("POST", path, "{}", keyed).want("JSON", 400, "Malformed multipart body")
	c.do("POST", path, "--b--\r\n", typed).want("no parts", 400, "No file uploaded")
	closed := clientOf(t, c.svc, Options{ClosedUploads: true})
	closed.do("POST", path, form("name=\"files\"; filename=\"x\"\r\n\r\nx"), with(typed, headerKey, "knack")).want("closed", 401, "Unauthorized Object Access")
}

// TestReuse attaches one asset to two fields: deleting one holder leaves the other its bytes.
func TestReuse(t *testing.T) {
	c := newClient(t)
	up := c.upload("file", "a.txt", "abc")
	body := `{"field_21":"` + up.text("id") + `","field_26":"` + up.text("id") + `"}`
	one := c.do("POST", "/v1/objects/object_2/records", body, keyed).want("one", 200, "*")
	two := c.do("POST", "/v1/objects/object_2/records", body, keyed).want("two", 200, "*")
	url := strings.TrimPrefix(up.text("public_url"), "http://h.example")
	c.do("DELETE", "/v1/objects/object_2/records/"+one.text("id"), "", keyed).want("delete one", 200, `{"delete":true}`)
	c.do("GET", url, "", nil).want("still there", 200, "abc")
	c.do("PUT", "/v1/objects/object_2/records/"+two.text("id"), `{"field_21":""}`, keyed).want("clear one field", 200, "*")
	c.do("GET", url, "", nil).want("the other field holds it", 200, "abc")
	c.do("PUT", "/v1/objects/object_2/records/"+two.text("id"), `{"field_26":[]}`, keyed).want("clear the other", 200, "*")
	c.do("GET", url, "", nil).want("nobody holds it", 404, "Not Found")
}

// TestSecureDownload opens a secure asset: with its signed address, with a key, with a user's token, and not without.
func TestSecureDownload(t *testing.T) {
	c := newClient(t)
	id := c.upload("file", "s.txt", "secret").text("id")
	record := c.do("POST", "/v1/objects/object_2/records", `{"field_10":"x","field_23":"`+id+`"}`, keyed).want("attach", 200, "*")
	signed := strings.TrimPrefix(record.text("field_23_raw.url"), "http://h.example")
	plain, _, _ := strings.Cut(signed, "?")
	a := c.do("GET", signed, "", nil).want("signed", 200, "secret")
	if got := a.header.Get("Cache-Control"); got != "private, no-store" {
		t.Errorf("Cache-Control: %s", got)
	}
	c.do("GET", plain, "", nil).want("unsigned", 403, "Invalid or Expired Token")
	c.do("GET", signed+"0", "", nil).want("a wrong signature", 403, "Invalid or Expired Token")
	c.do("GET", plain, "", keyed).want("with a key", 200, "secret")
	c.do("GET", plain, "", with(keyed, headerKey, "knack")).want("with the word", 403, "Invalid or Expired Token")
	c.do("GET", plain, "", map[string]string{headerKey: coretest.Key}).want("the application in the path is enough", 200, "secret")
	c.do("GET", plain, "", with(keyed, headerApp, "60241522a16be4001b611240")).want("another application", 403, "Invalid or Expired Token")
	c.do("GET", plain, "", with(keyed, headerKey, "x")).want("a wrong key", 403, "Invalid or Expired Token")
	c.do("GET", plain, "", with(keyed, headerKey, "-", headerToken, c.login())).want("with a token", 200, "secret")
}

// login is the token of a member.
func (c *client) login() string {
	c.t.Helper()
	return c.do("POST", "/v1/applications/"+coretest.Application+"/session",
		`{"email":"`+coretest.Member1+`","password":"`+coretest.Member1Password+`"}`, nil).text("session.user.token")
}

func TestMetadata(t *testing.T) {
	c := newClient(t)
	c.do("POST", "/v1/objects/object_2/records", `{}`, keyed).want("a record", 200, "*")
	a := c.do("GET", "/v1/applications/"+coretest.Application, "", nil).want("metadata", 200, "*")
	for path, want := range map[string]any{
		"application.id": coretest.Application, "application.account.slug": "", "application.settings.timezone": "UTC",
		"application.settings.timezone_offset": "0", "application.counts.object_2": 1.0, "application.counts.total_entries": 3.0,
		"application.counts.asset_size": 0.0, "application.home_scene.key": "scene_1", "application.objects.1.key": "object_2",
		"application.objects.1.name": "Reports", "application.objects.0.type": "UserObject", "application.objects.1.identifier": "field_10",
		"application.objects.1.fields.0.key": "field_10", "application.objects.1.fields.0.type": "short_text", "application.objects.1.fields.0.required": true,
		"application.objects.1.fields.5.format.type": "single", "application.objects.1.fields.5.format.options.2": "Done",
		"application.objects.1.fields.14.relationship.object": "object_3", "application.objects.2.connections.inbound.0.key": "field_24",
		"application.scenes.0.views.1.type": "table", "application.scenes.0.views.1.columns.0.field.key": "field_10",
		"application.scenes.1.authenticated": true, "application.scenes.0.slug": "scene-1",
	} {
		if got := a.at(path); got != want {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
	}
	for _, secret := range []string{coretest.Key, coretest.Member1, "request.auth", "password", "_superusers"} {
		if strings.Contains(a.body, secret) {
			t.Errorf("the metadata tell %s", secret)
		}
	}
	a = c.do("GET", "/v1/objects", "", keyed)
	if got := a.text("objects.1.key") + " " + a.text("objects.1.name"); got != "object_2 Reports" {
		t.Errorf("objects: %s", got)
	}
	a = c.do("GET", "/v1/objects/object_2/fields", "", keyed)
	if got := a.text("fields.0.key") + " " + a.text("fields.0.label") + " " + a.text("fields.0.name"); got != "field_10 Title Title" {
		t.Errorf("fields: %s", got)
	}
	c.do("GET", "/v1/objects/object_2", "", keyed).text("object.fields.3.format.date_format")
}

// TestEveryFieldInEveryRecord says that a record has all keys of its object's fields, in their order, whatever is in it.
func TestEveryFieldInEveryRecord(t *testing.T) {
	c := newClient(t)
	c.do("POST", "/v1/objects/object_2/records", `{}`, keyed).want("a record", 200, "*")
	a := c.do("GET", "/v1/objects/object_2/records?format=html", "", keyed)
	record := a.at("records.0").(map[string]any)
	fields := c.do("GET", "/v1/objects/object_2/fields", "", keyed).at("fields").([]any)
	want, at := []string{"id"}, strings.Index(a.body, `"id"`)
	for _, f := range fields {
		key := f.(map[string]any)["key"].(string)
		want = append(want, key)
		next := strings.Index(a.body, `"`+key+`"`)
		if next < at {
			t.Errorf("%s is missing or out of order", key)
		}
		at = next
	}
	slices.Sort(want)
	if got := slices.Sorted(maps.Keys(record)); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
