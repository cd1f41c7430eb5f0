package conformance

import (
	"bufio"
	"bytes"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// strangersTo are those who may not view a report of testdata/schema-private.yaml, or whose proof opens no file in the dialect of path.
func strangersTo(path string) []string {
	nobodys := []string{"guest", "wrong", "other token", "file as auth", "auth as file"}
	switch {
	case strings.HasPrefix(path, "/k/"):
		return append(nobodys, "key")
	case strings.HasPrefix(path, "/api/"): // where only a file token in the address counts
		return append(nobodys, "member1", "all token", "key", "super", "cookie and token")
	}
	return append(nobodys, "view token", "all token", "cookie and token")
}

// secretForms are the addresses of a protected file in every dialect, with the keys and names of the other dialects too.
var secretForms = []string{
	"/api/files/reports/{rec}/{secret}", "/api/files/Reports/{rec}/{secret}", "/api/files/reports/{rec}/{secret}?download=1", "/api/files/reports/{rec}/{secret}?thumb=100x100",
	"/api/files/reports/{rec}/{secret}?thumb=99x99", "/api/files/reports/{rec}/{secret}?token=", "/api/files/reports/{rec}/{secret}?token={fileToken}x",
	"/api/files/reports/{rec}/{secretAsset}", "/api/files/reports/{rec}/{secretKey}",
	"/api/files/reports/{rec}/100x100_{secret}", "/api/files/customers/{rec}/{secret}?token={fileToken}", "/api/files/users/{member1}/{secret}?token={fileToken}",
	"/v1/applications/{app}/download/asset/{secretAsset}", "/v1/applications/{app}/download/asset/{secretAsset}/", "/v1/applications/{app}/download/asset/{secretAsset}/small.png",
	"/v1/applications/{app}/download/asset/{secretKey}/small.png", "/v1/applications/{app}/download/asset/{secretAsset}/x?expires=4102444800&signature={zeros}",
	"/v1/applications/{app}/download/asset/{secretAsset}/x?expires={expires}&signature={altered}", "/v1/applications/{app}/download/asset/{secretAsset}/x?expires={expires}",
	"/v1/applications/{app}/download/asset/{secretAsset}/x?expires=9{expires}&signature={signature}", "/v1/applications/{app}/download/asset/{secretAsset}/x?expires=1&signature={signature}",
	"/v1/applications/{app}/download/asset/{secretAsset}/x?signature={signature}", "/v2/applications/{app}/asset/{secretAsset}/download", "/v2/applications/{app}/asset/{secretAsset}/download/x",
	"/assets/{app}/{secretAsset}/original", "/assets/{app}/{secretAsset}/thumb", "/assets/{app}/{secretAsset}/thumb_14/x", "/assets/{app}/{secretAsset}/original/small.png",
	"/k/v1/file.json?fileKey={secretKey}", "/k/v1/file.json?fileKey={secretAsset}", "/k/v1/file.json?fileKey={secret}", "/k/guest/1/v1/file.json?fileKey={secretKey}",
}

// ways are how one address is asked: none tells a stranger more than another.
var ways = []struct {
	method string
	header map[string]string
}{
	{"GET", nil}, {"HEAD", nil}, {"GET", map[string]string{"Range": "bytes=0-3"}}, {"GET", map[string]string{"If-None-Match": "*"}},
	{"HEAD", map[string]string{"If-Modified-Since": "Fri, 31 Dec 2100 00:00:00 GMT"}},
}

// TestProtectedBytes asks for a protected file in every form as everybody who may not have it, and as those who may, until it is replaced or
// its record is removed.
func TestProtectedBytes(t *testing.T) {
	m := newMatrix(t, ownServer(t, "schema-private.yaml").base)
	png := testFile(t, "small.png")
	m.learnSecret()
	for _, form := range secretForms {
		for _, who := range strangersTo(form) {
			for _, way := range ways {
				m.refused(who, form, way.method, way.header, png)
			}
		}
	}
	openers := m.openers()
	for _, o := range openers {
		m.opens(o, png)
	}
	super := map[string]string{"Authorization": m.proofs["pb super"]}
	record := "/api/collections/reports/records/" + m.names["rec"]
	body, err := multipartBody(uploads, "multipart/form-data; secret=@wide.png")
	if err != nil {
		t.Fatal(err)
	}
	m.take("replace", m.send("PATCH", record, super, "multipart/form-data; boundary="+boundary, string(body)), &struct{}{})
	for _, o := range openers {
		m.refused(o.who, o.target, "GET", nil, png)
	}
	m.renew()
	m.learnSecret()
	openers = m.openers()
	for _, o := range openers {
		m.opens(o, png)
	}
	m.send("DELETE", "/api/collections/reports/records/"+m.names["rec"], super, "", "").Body.Close()
	for _, o := range openers {
		m.refused(o.who, o.target, "GET", nil, png)
	}
}

func testFile(t *testing.T, name string) []byte {
	t.Helper()
	b, err := fs.ReadFile(uploads, name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// learnSecret takes the signed address of the protected file to pieces, and spoils them.
func (m *matrix) learnSecret() {
	m.t.Helper()
	signed, err := url.Parse(m.names["signed"])
	if err != nil || signed.Query().Get("signature") == "" {
		m.t.Fatalf("the address of a protected file is not signed: %q %v", m.names["signed"], err)
	}
	m.names["signed"] = signed.RequestURI()
	m.names["expires"], m.names["signature"] = signed.Query().Get("expires"), signed.Query().Get("signature")
	last := map[bool]string{true: "1", false: "0"}[strings.HasSuffix(m.names["signature"], "0")]
	m.names["altered"] = m.names["signature"][:len(m.names["signature"])-1] + last
	m.names["zeros"] = strings.Repeat("0", len(m.names["signature"]))
	m.names["fileToken"] = m.proofs["file member1"]
}

// ask sends a request in a form as who.
func (m *matrix) ask(who, form, method string, more map[string]string) *http.Response {
	m.t.Helper()
	target := m.filler().Replace(form)
	header, query, _ := m.proof(method+" "+target, who)
	for k, v := range query {
		target += map[bool]string{true: "&", false: "?"}[strings.Contains(target, "?")] + k + "=" + url.QueryEscape(v)
	}
	for k, v := range more {
		header[k] = v
	}
	return m.send(method, target, header, "", "")
}

// refused checks that who gets neither the bytes nor a sign that they are there, and nothing that a shared cache would keep.
func (m *matrix) refused(who, form, method string, header map[string]string, secret []byte) {
	m.t.Helper()
	res := m.ask(who, form, method, header)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	switch {
	case err != nil || res.StatusCode < 400 || res.StatusCode > 404:
		m.t.Errorf("%s %s %v as %s: %s %v", method, form, header, who, res.Status, err)
	case bytes.Contains(body, secret[:4]), res.Header.Get("ETag") != "", res.Header.Get("Last-Modified") != "", res.Header.Get("Content-Range") != "",
		strings.Contains(res.Header.Get("Content-Disposition"), "small"), strings.Contains(res.Header.Get("Cache-Control"), "public"),
		strings.Contains(res.Header.Get("Cache-Control"), "max-age") && !strings.Contains(res.Header.Get("Cache-Control"), "private"):
		m.t.Errorf("%s %s as %s: %s tells of the file: %v %.100q", method, form, who, res.Status, res.Header, body)
	}
}

// An opener is an address of the protected file and who opens it.
type opener struct{ who, target string }

// openers are those of the file at hand, all in the names that it has now.
func (m *matrix) openers() []opener {
	all := []opener{
		{"guest", "/api/files/reports/{rec}/{secret}?token={fileToken}"}, {"guest", "/api/files/reports/{rec}/{secret}?token={fileToken}&download=1"},
		{"guest", "/api/files/reports/{rec}/{secret}?thumb=100x100&token={fileToken}"},
		{"guest", "{signed}"}, {"guest", "/v2/applications/{app}/asset/{secretAsset}/download?expires={expires}&signature={signature}"},
		{"guest", "/assets/{app}/{secretAsset}/thumb?expires={expires}&signature={signature}"},
		{"member1", "/v1/applications/{app}/download/asset/{secretAsset}/x"}, {"key", "/assets/{app}/{secretAsset}/original"},
		{"super", "/v1/applications/{app}/download/asset/{secretAsset}"}, {"member2", "/k/v1/file.json?fileKey={secretKey}"},
		{"view token", "/k/v1/file.json?fileKey={secretKey}"}, {"super", "/k/v1/file.json?fileKey={secretKey}"}, {"cookie", "/k/v1/file.json?fileKey={secretKey}"},
	}
	for i := range all {
		all[i].target = m.filler().Replace(all[i].target)
	}
	return all
}

// opens checks that an opener gets the file, or a picture of it, for itself alone.
func (m *matrix) opens(o opener, secret []byte) {
	m.t.Helper()
	res := m.ask(o.who, o.target, "GET", nil)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK || !strings.Contains(o.target, "thumb") && !bytes.Equal(body, secret) {
		m.t.Errorf("%s as %s: %s with %d bytes, %v", o.target, o.who, res.Status, len(body), err)
	}
	if cache := res.Header.Get("Cache-Control"); !strings.Contains(cache, "private") && !strings.Contains(cache, "no-store") {
		m.t.Errorf("%s: a shared cache may keep it: %q", o.target, cache)
	}
}

// TestProtectedNames looks for the names and keys of a protected file wherever records are listed, as a guest who may view none of them.
func TestProtectedNames(t *testing.T) {
	m := newMatrix(t, ownServer(t, "schema-private.yaml").base)
	super := map[string]string{"Authorization": m.proofs["pb super"]}
	var customer struct{ ID string }
	m.post("/api/collections/customers/records", super, map[string]string{"company": "seen by all"}, &customer)
	var report map[string]any
	record := "/api/collections/reports/records/" + m.names["rec"]
	patch := func(customer string) {
		m.take("patch", m.send("PATCH", record, super, "application/json", `{"customer": "`+customer+`"}`), &report)
	}
	patch(customer.ID)
	for _, target := range []string{"/api/collections/reports/records?expand=customer", record, "/api/collections/customers/records?expand=reports_via_customer",
		"/api/collections/customers/records/" + customer.ID + "?expand=reports_via_customer,reports_via_customer.customer",
		"/v1/pages/scene_1/views/view_2/records", "/v1/scenes/scene_1/views/view_2/records/" + m.names["rec"], "/v1/scenes/scene_2/views/view_3/records",
		"/v1/applications/" + application, "/k/v1/records.json?app=2"} {
		res := m.ask("guest", target, "GET", nil)
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		for _, name := range []string{"secret", "secretAsset", "secretKey", "open", "asset", "fileKey"} {
			if bytes.Contains(body, []byte(m.names[name])) {
				t.Errorf("%s shows a guest the file's %s: %.300s", target, name, body)
			}
		}
	}
	end := m.stream("guest")
	defer end()
	res := m.send("POST", "/api/realtime", nil, "application/json",
		`{"clientId": "`+m.names["client"]+`", "subscriptions": ["reports/*", "reports/`+m.names["rec"]+`", "customers/*"]}`)
	if res.Body.Close(); res.StatusCode != http.StatusNoContent {
		t.Fatalf("subscribe: %s", res.Status)
	}
	patch("")
	m.post("/api/collections/customers/records", super, map[string]string{"company": "the end"}, &customer)
	events := ""
	for in := bufio.NewReader(m.events); !strings.Contains(events, "the end"); {
		line, err := in.ReadString('\n')
		if events += line; err != nil {
			t.Fatalf("the stream ends: %v after %s", err, events)
		}
	}
	if strings.Contains(events, m.names["rec"]) || strings.Contains(events, m.names["secret"]) {
		t.Errorf("a guest hears of a report: %s", events)
	}
}
