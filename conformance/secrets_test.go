package conformance

import (
	"io"
	"net/url"
	"strings"
	"testing"
)

// TestLogHoldsNoSecrets sends every kind of proof and a marked body in all the ways that requests take them, right and wrong, and looks for
// them in the log, the log that superusers read, and the answers.
func TestLogHoldsNoSecrets(t *testing.T) {
	s := ownServer(t, "schema-private.yaml")
	m := newMatrix(t, s.base)
	m.learnSecret()
	const mark = "c0nf1dential-b0dy"
	secrets := map[string]string{"a body": mark, "a password": "member-password-1", "a wrong password": "wrong-passw0rd", "a login and password": basic(m.proofs["login member1"]),
		"an API token": reportToken, "an API key": apiKey, "a session": m.proofs["cookie"], "a request token": m.proofs["request token"],
		"an auth token": m.proofs["pb member1"], "a file token": m.proofs["file member1"], "a user's token": m.proofs["knack member1"], "a signature": m.names["signature"]}
	for _, o := range m.openers() {
		m.ask(o.who, o.target, "GET", nil).Body.Close()
	}
	text := m.sendSecrets(secrets, mark)
	if !strings.Contains(s.log.String(), "/k/v1/record.json") {
		t.Error("the log has no line of a request: nothing was looked for")
	}
	res := m.send("GET", "/api/logs?perPage=500", map[string]string{"Authorization": m.proofs["pb super"]}, "", "")
	defer res.Body.Close()
	lines, err := io.ReadAll(res.Body)
	if err != nil || !strings.Contains(string(lines), "/api/files/") {
		t.Errorf("the log of the API has no line of a file: %v", err)
	}
	for what, secret := range secrets {
		for place, in := range map[string]string{"the log": s.log.String(), "the log of the API": string(lines), "an answer": text} {
			if strings.Contains(in, secret) || strings.Contains(in, url.QueryEscape(secret)) {
				t.Errorf("%s holds %s", place, what)
			}
		}
	}
}

// sendSecrets sends secrets where they belong and where they do not. What comes back are the refusals.
func (m *matrix) sendSecrets(secrets map[string]string, mark string) (refusals string) {
	m.t.Helper()
	keep := func(who, target, method, contentType, body string) {
		header, _, _ := m.proof(method+" "+target, who)
		res := m.send(method, m.filler().Replace(target), header, contentType, body)
		defer res.Body.Close()
		if b, _ := io.ReadAll(res.Body); res.StatusCode >= 400 {
			refusals += string(b)
		}
	}
	bodies := []string{`{"` + mark + `": 1}`, `{"app": 2, "record": {"title": {"value": "` + mark + `"}}, "x": ` + mark + `}`, `{"title": "x", "amount": "y"`, mark}
	for _, target := range []string{"/k/v1/record.json", "/v1/objects/object_2/records", "/api/collections/reports/records", "/api/collections/users/auth-with-password",
		"/_/session", "/api/batch", "/v1/applications/" + application + "/session", "/k/v1/file.json", "/api/collections/reports/nothing", "/nothing"} {
		for _, who := range []string{"guest", "member1", "key", "all token", "cookie", "cookie and token"} {
			for _, body := range bodies {
				keep(who, target, "POST", "application/json", body)
			}
			keep(who, target, "POST", "multipart/form-data; boundary="+boundary, "--"+boundary+"\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n"+mark)
		}
	}
	for what, secret := range secrets {
		for _, target := range []string{"/api/files/reports/{rec}/{secret}?token=", "/api/collections/reports/records?token=", "/v1/applications/{app}/download/asset/{secretAsset}/x?expires=1&signature=",
			"/k/v1/file.json?__REQUEST_TOKEN__=", "/k/v1/nothing.json?fileKey=x&token=", "/_/?token=", "/nothing?token="} {
			if what != "a body" {
				keep("guest", target+url.QueryEscape(secret), "GET", "", "")
			}
		}
	}
	keep("guest", "/_/session", "POST", "application/json", `{"login": "member1@example.com", "password": "wrong-passw0rd"}`)
	keep("guest", "/api/collections/users/auth-with-password", "POST", "application/json", `{"identity": "member1@example.com", "password": "wrong-passw0rd"}`)
	return refusals
}
