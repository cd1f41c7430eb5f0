package conformance

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// principals are who asks, in the order of a row's letters: nobody; somebody with a proof that is none; two users; an API token that may
// view reports; one for another collection; one with every right on reports; an API key; a superuser; a user's file token where an auth
// token belongs; a user's auth token where a file token belongs; a user's session cookie alone, and with its request token. A proof that a
// dialect does not know is sent where it takes one.
var principals = []string{"guest", "wrong", "member1", "member2", "view token", "other token", "all token", "key", "super",
	"file as auth", "auth as file", "cookie", "cookie and token"}

// What testdata/schema.yaml gives besides.
const (
	viewToken  = "repTokViewOnly00000000000000000000000002"
	otherToken = "cusTokAllRights0000000000000000000000003"
)

// A row says what every principal gets from one route: a letter each, blanks ignored. 2 is any success, 0 is 400, 1 is 401, 3 is 403, 4 is
// 404, "." is any refusal. Who has no letter is refused.
type row struct {
	route  string // as it is registered
	target string // what is asked, instead of the route with its names filled in
	body   string // JSON; "form FIELD" is a form with a file in that field
	want   string
	spends bool // a success takes away what it was about
}

// A matrix is a server with proofs of all principals and something to ask about.
type matrix struct {
	t       *testing.T
	base    string
	http    *http.Client
	proofs  map[string]string // names to tokens
	names   map[string]string // what rows name in braces
	events  io.Reader         // of the stream opened last
	counter int
}

// TestMatrix asks every route as every principal. A route without a row fails it.
func TestMatrix(t *testing.T) {
	s := ownServer(t, commonSchema)
	m := newMatrix(t, s.base)
	rows := matrixRows()
	known := map[string]bool{}
	for _, r := range rows {
		known[r.route] = true
	}
	for _, route := range declaredRoutes(t) {
		if !known[route] && !m.closed(route) {
			t.Errorf("%s has no row in the matrix", route)
		}
		delete(known, route)
	}
	for route := range known {
		t.Errorf("the matrix has a row for %s, which is no route", route)
	}
	for _, r := range rows {
		m.check(r)
	}
}

// closed asks a route of guest spaces, of which there are none here, as everybody: all are refused.
func (m *matrix) closed(route string) bool {
	_, path, _ := strings.Cut(route, " ")
	if !strings.HasPrefix(path, "/k/guest/") {
		return false
	}
	m.check(row{route: route, target: path + "?app=2&id=1&fileKey={fileKey}", body: `{"app": 2, "id": 1, "ids": [1], "record": {}, "name": "x"}`})
	return true
}

func newMatrix(t *testing.T, base string) *matrix {
	t.Helper()
	m := &matrix{t: t, base: base, proofs: map[string]string{}, names: map[string]string{"app": application, "space": "1"},
		http: &http.Client{Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	t.Cleanup(m.http.CloseIdleConnections)
	for name, login := range map[string][3]string{"member1": {"users", "member1@example.com", "member-password-1"},
		"member2": {"users", "member2@example.com", "member-password-2"}, "super": {"_superusers", "root@example.com", "correct-horse-battery"}} {
		var pb struct {
			Token  string
			Record struct{ ID string }
		}
		m.post("/api/collections/"+login[0]+"/auth-with-password", nil, map[string]string{"identity": login[1], "password": login[2]}, &pb)
		m.proofs["pb "+name], m.names[name] = pb.Token, pb.Record.ID
		var kn struct {
			Session struct{ User struct{ Token string } }
		}
		m.post("/v1/applications/"+application+"/session", nil, map[string]string{"email": login[1], "password": login[2]}, &kn)
		m.proofs["knack "+name] = kn.Session.User.Token
		m.proofs["login "+name] = login[1] + ":" + login[2]
	}
	m.fileTokens()
	m.signIn()
	m.renew()
	return m
}

// fileTokens gets a file token of everybody that holds as long as a slow machine may take for all of this.
func (m *matrix) fileTokens() {
	super := map[string]string{"Authorization": m.proofs["pb super"]}
	for _, of := range []string{"users", "_superusers"} {
		m.take("file tokens of "+of, m.send("PATCH", "/api/collections/"+of, super, "application/json", `{"fileToken": {"duration": 86400}}`), &struct{}{})
	}
	for _, name := range []string{"member1", "member2", "super"} {
		var file struct{ Token string }
		m.post("/api/files/token", map[string]string{"Authorization": m.proofs["pb "+name]}, nil, &file)
		m.proofs["file "+name] = file.Token
	}
}

// signIn opens a browser's session.
func (m *matrix) signIn() {
	res := m.send("POST", "/_/session", nil, "application/json", `{"login": "member1@example.com", "password": "member-password-1"}`)
	defer res.Body.Close()
	var in struct{ RequestToken string }
	if err := json.NewDecoder(res.Body).Decode(&in); err != nil || len(res.Cookies()) != 1 {
		m.t.Fatalf("sign in: %s, %v", res.Status, err)
	}
	m.proofs["cookie"], m.proofs["request token"] = res.Cookies()[0].Value, in.RequestToken
}

// renew makes a report with an open and a protected file, a comment of it and a collection, and learns all their names.
func (m *matrix) renew() {
	m.counter++
	title := fmt.Sprintf("matrix %d", m.counter)
	super := map[string]string{"Authorization": m.proofs["pb super"]}
	var rec struct {
		ID                 string
		Attachment, Secret []string
	}
	m.form("/api/collections/reports/records", super, "title="+title+"; attachment=@hello.txt; secret=@small.png", &rec)
	m.names["rec"], m.names["open"], m.names["secret"] = rec.ID, rec.Attachment[0], rec.Secret[0]
	var list struct {
		Records []struct {
			ID         struct{ Value string } `json:"$id"`
			Attachment struct{ Value []struct{ FileKey string } }
			Secret     struct{ Value []struct{ FileKey string } }
		}
	}
	m.get("/k/v1/records.json?app=2&query="+url.QueryEscape(`title = "`+title+`"`), map[string]string{"X-Cybozu-API-Token": reportToken}, &list)
	m.names["num"], m.names["fileKey"] = list.Records[0].ID.Value, list.Records[0].Attachment.Value[0].FileKey
	m.names["secretKey"] = list.Records[0].Secret.Value[0].FileKey
	var raw struct {
		File   struct{ ID string }      `json:"field_21_raw"`
		Secret struct{ ID, URL string } `json:"field_23_raw"`
	}
	m.get("/v1/objects/object_2/records/"+rec.ID, map[string]string{"X-Knack-Application-Id": application, "X-Knack-REST-API-Key": apiKey}, &raw)
	m.names["asset"], m.names["secretAsset"], m.names["signed"] = raw.File.ID, raw.Secret.ID, raw.Secret.URL
	var comment struct{ ID string }
	m.post("/k/v1/record/comment.json", map[string]string{"X-Cybozu-Authorization": basic(m.proofs["login member1"])},
		map[string]any{"app": 2, "record": m.names["num"], "comment": map[string]string{"text": "hello"}}, &comment)
	m.names["comment"] = comment.ID
	for name, as := range map[string]string{"record": rec.ID, "filename": rec.Attachment[0], "collection": "reports", "object": "object_2", "scene": "scene_1",
		"view": "view_2", "kind": "file", "size": "original", "id": "nothing", "key": "nothing.zip"} {
		m.names[name] = as
	}
	m.names["coll"] = fmt.Sprintf("scratch%d", m.counter)
	m.post("/api/collections", super, map[string]any{"name": m.names["coll"], "type": "base"}, &struct{}{})
}

// check asks a row's route as everybody: first those who are refused, which must change nothing, then those who are not.
func (m *matrix) check(r row) {
	m.t.Helper()
	want := []byte(strings.ReplaceAll(r.want, " ", ""))
	for len(want) < len(principals) {
		want = append(want, '.')
	}
	method, _, _ := strings.Cut(r.route, " ")
	writes := method != http.MethodGet
	var before string
	m.scratch(r)
	if writes {
		before = m.state()
	}
	for i, who := range principals {
		if want[i] != '2' {
			m.cell(r, who, want[i])
		}
	}
	if writes && m.state() != before {
		m.t.Errorf("%s: somebody who is refused changed something", r.route)
	}
	for i, who := range principals {
		if want[i] == '2' && m.cell(r, who, '2') && r.spends {
			m.renew()
			m.scratch(r)
		}
	}
}

// cell asks as one principal and compares the class of the answer.
func (m *matrix) cell(r row, who string, want byte) (ok bool) {
	m.t.Helper()
	method, target, _ := strings.Cut(r.route, " ")
	if r.target != "" {
		target = r.target
	}
	if strings.Contains(target+r.body, "{client}") {
		defer m.stream(who)()
	}
	if strings.Contains(target+r.body, "{cursor}") {
		defer m.cursor()()
	}
	m.counter++
	m.names["unique"] = fmt.Sprintf("u%d", m.counter)
	fill := m.filler()
	header, query, inBody := m.proof(r.route, who)
	target, body := fill.Replace(strings.NewReplacer("/{$}", "/", "/{name...}", "/x").Replace(target)), fill.Replace(r.body)
	for k, v := range query {
		target += map[bool]string{true: "&", false: "?"}[strings.Contains(target, "?")] + k + "=" + url.QueryEscape(v)
	}
	contentType := "application/json"
	if form, isForm := strings.CutPrefix(body, "form "); isForm {
		head, tail := filePart{field: form, name: "a.txt"}.envelope()
		body, contentType = head+"hello"+tail, "multipart/form-data; boundary="+boundary
		if inBody != "" {
			target += "?__REQUEST_TOKEN__=" + url.QueryEscape(inBody)
		}
	} else if inBody != "" && body != "" {
		body = strings.TrimSuffix(body, "}") + map[bool]string{true: "", false: ","}[body == "{}"] + `"__REQUEST_TOKEN__":"` + inBody + `"}`
	}
	if method == http.MethodGet {
		body = ""
	}
	res := m.send(method, target, header, contentType, body)
	defer res.Body.Close()
	text := ""
	if res.Header.Get("Content-Type") != "text/event-stream" {
		b, _ := io.ReadAll(res.Body) // a body that breaks off is seen elsewhere
		text = string(b)
	}
	got := class(res.StatusCode)
	if got != want && (want != '.' || res.StatusCode < 400 || res.StatusCode > 499) {
		m.t.Errorf("%s (%s) as %s: %d, want %c: %.200s", r.route, target, who, res.StatusCode, want, text)
		return got == '2'
	}
	return true
}

// class is the letter of a status.
func class(status int) byte {
	switch {
	case status >= 200 && status < 300:
		return '2'
	case status >= 400 && status < 410:
		return byte('0' + status - 400)
	}
	return '?'
}

// filler puts names into a row's texts.
func (m *matrix) filler() *strings.Replacer {
	var pairs []string
	for k, v := range m.names {
		pairs = append(pairs, "{"+k+"}", v)
	}
	return strings.NewReplacer(pairs...)
}

// stream opens a stream of events as who and learns its id; the caller ends it.
func (m *matrix) stream(who string) (end func()) {
	header, _, _ := m.proof("GET /api/realtime", who)
	res := m.send("GET", "/api/realtime", header, "", "")
	buf := make([]byte, 200)
	n, err := res.Body.Read(buf)
	_, rest, found := strings.Cut(string(buf[:n]), "id:")
	if err != nil && err != io.EOF || !found {
		m.t.Fatalf("no stream for %s: %s %q", who, res.Status, buf[:n])
	}
	id, _, _ := strings.Cut(rest, "\n")
	m.names["client"], m.events = id, res.Body
	return func() { res.Body.Close() }
}

// cursor opens a list of reports for the holder of every right on them; the caller closes it.
func (m *matrix) cursor() (end func()) {
	holder := map[string]string{"X-Cybozu-API-Token": reportToken}
	var cursor struct{ ID string }
	m.post("/k/v1/records/cursor.json", holder, map[string]any{"app": 2, "size": 1}, &cursor)
	m.names["cursor"] = cursor.ID
	return func() {
		m.send("DELETE", "/k/v1/records/cursor.json", holder, "application/json", `{"id": "`+cursor.ID+`"}`).Body.Close()
	}
}

// scratch makes what only few rows are about: a field of the form that is not in use yet, a user, a session.
func (m *matrix) scratch(r row) {
	m.counter++
	name := fmt.Sprintf("s%d", m.counter)
	switch about := r.target + r.body; {
	case strings.Contains(about, "{field}"):
		m.names["field"] = name
		m.post("/k/v1/preview/app/form/fields.json", map[string]string{"X-Cybozu-Authorization": basic(m.proofs["login super"])}, map[string]any{"app": 2,
			"properties": map[string]any{name: map[string]string{"type": "SINGLE_LINE_TEXT", "code": name, "label": "x"}}}, &struct{}{})
	case strings.Contains(about, "{user}"):
		var user struct{ ID string }
		m.post("/api/collections/users/records", nil, map[string]string{"email": name + "@example.com", "password": "a-password-1", "passwordConfirm": "a-password-1"}, &user)
		m.names["user"] = user.ID
	case strings.Contains(about, "{backup}"):
		m.names["backup"] = name + ".zip"
		res := m.send("POST", "/api/backups", map[string]string{"Authorization": m.proofs["pb super"]}, "application/json", `{"name": "`+name+`.zip"}`)
		if res.Body.Close(); res.StatusCode != http.StatusNoContent {
			m.t.Fatalf("make a backup: %s", res.Status)
		}
	case r.route == "DELETE /_/session":
		m.signIn()
	}
}

// proof is how a principal shows itself in the dialect of a route.
func (m *matrix) proof(route, who string) (header, query map[string]string, inBody string) {
	_, path, _ := strings.Cut(route, " ")
	header, query = map[string]string{}, map[string]string{}
	secret := map[string]string{"view token": viewToken, "other token": otherToken, "all token": reportToken, "key": apiKey,
		"wrong": "00000000-aaaa-4bbb-8ccc-0000000000ff", "file as auth": m.proofs["file member1"]}[who]
	switch {
	case who == "auth as file":
		query["token"] = m.proofs["pb member1"]
	case who == "cookie", who == "cookie and token":
		header["Cookie"] = "dossier_session=" + m.proofs["cookie"]
		header["X-Requested-With"] = "XMLHttpRequest"
		if who == "cookie and token" {
			inBody = m.proofs["request token"]
		}
	case strings.HasPrefix(path, "/k/"):
		if login := m.proofs["login "+who]; login != "" {
			header["X-Cybozu-Authorization"] = basic(login)
		} else if secret != "" {
			header["X-Cybozu-API-Token"] = secret
		}
	case strings.HasPrefix(path, "/v1/"), strings.HasPrefix(path, "/v2/"), strings.HasPrefix(path, "/assets/"):
		if token := m.proofs["knack "+who]; token != "" {
			header["Authorization"] = token
		} else if who == "file as auth" {
			header["Authorization"] = secret
		} else if secret != "" {
			header["X-Knack-REST-API-Key"] = secret
		}
	default:
		header["Authorization"] = m.proofs["pb "+who] + secret
	}
	if !strings.HasPrefix(path, "/k/") && !strings.HasPrefix(path, "/api/") {
		header["X-Knack-Application-Id"] = application
	}
	return header, query, inBody
}

// state is what a superuser sees of all that a request could change.
func (m *matrix) state() string {
	sum := sha256.New()
	super := map[string]string{"Authorization": m.proofs["pb super"]}
	for _, target := range []string{"/api/collections?perPage=500", "/api/settings", "/api/collections/users/records?perPage=500",
		"/api/collections/reports/records?perPage=500", "/api/collections/customers/records?perPage=500", "/api/collections/_superusers/records", "/api/backups"} {
		var in any
		m.get(target, super, &in)
		_ = json.NewEncoder(sum).Encode(in) // a hash takes everything
	}
	var forms any
	m.get("/k/v1/preview/app/form/fields.json?app=2", map[string]string{"X-Cybozu-Authorization": basic(m.proofs["login super"])}, &forms)
	_ = json.NewEncoder(sum).Encode(forms)
	return string(sum.Sum(nil))
}

func (m *matrix) send(method, target string, header map[string]string, contentType, body string) *http.Response {
	m.t.Helper()
	req, err := http.NewRequestWithContext(m.t.Context(), method, m.base+target, strings.NewReader(body))
	if err != nil {
		m.t.Fatal(err)
	}
	for k, v := range header {
		if v != "" {
			req.Header.Set(k, v)
		}
	}
	if body != "" {
		req.Header.Set("Content-Type", contentType)
	}
	res, err := m.http.Do(req)
	if err != nil {
		m.t.Fatalf("%s %s: %v", method, target, err)
	}
	return res
}

// take decodes the answer of a request that must succeed.
func (m *matrix) take(what string, res *http.Response, out any) {
	m.t.Helper()
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		m.t.Fatalf("%s: %s %v %.300s", what, res.Status, err, b)
	}
	if err := json.Unmarshal(b, out); err != nil {
		m.t.Fatalf("%s: %v in %.300s", what, err, b)
	}
}

func (m *matrix) get(target string, header map[string]string, out any) {
	m.t.Helper()
	m.take(target, m.send("GET", target, header, "", ""), out)
}

func (m *matrix) post(target string, header map[string]string, in, out any) {
	m.t.Helper()
	var body bytes.Buffer
	if in != nil {
		_ = json.NewEncoder(&body).Encode(in) // of texts and maps of them
	}
	m.take(target, m.send("POST", target, header, "application/json", body.String()), out)
}

// form posts a form in the shorthand of transcripts.
func (m *matrix) form(target string, header map[string]string, shorthand string, out any) {
	m.t.Helper()
	body, err := multipartBody(uploads, "multipart/form-data; "+shorthand)
	if err != nil {
		m.t.Fatal(err)
	}
	m.take(target, m.send("POST", target, header, "multipart/form-data; boundary="+boundary, string(body)), out)
}
