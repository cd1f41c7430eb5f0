package pocketbase

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"dossier/access"
	"dossier/core"
	"dossier/core/coretest"
)

// A brokenMailer sends nothing.
type brokenMailer struct{}

func (brokenMailer) Send(context.Context, core.Mail) error { return errors.New("nobody answers.") }

const testEmailPath = "/api/settings/test/email"

func TestMailServerHasAWayToSignInAndAName(t *testing.T) {
	b := newBench(t)
	root := b.root()
	set := func(body string) *answer {
		return b.do(call{method: "PATCH", path: "/api/settings", token: root, body: `{"smtp": ` + body + `}`})
	}
	set(`{"enabled": true, "host": "mail.example.com", "port": 25, "authMethod": "LOGIN", "localName": "me.example.com", "username": "me", "password": "x"}`).ok()
	want := "smtp://me:x@mail.example.com:25?auth=login&from=support%40example.com&helo=me.example.com&name=Support"
	if got := b.svc.Space().Settings.Extra[core.MailServer]; got != want {
		t.Errorf("server %q, want %q", got, want)
	}
	set(`{"authMethod": "NTLM", "localName": "a b", "host": "a/b"}`).is(400, `{"data": {"smtp": {
		"authMethod": {"code": "validation_in_invalid", "message": "Must be a valid value."},
		"host": {"code": "validation_is_host", "message": "Must be a valid IP address or DNS name."},
		"localName": {"code": "validation_is_host", "message": "Must be a valid IP address or DNS name."}}},
		"message": "An error occurred while saving the new settings.", "status": 400}`)
}

func TestSettingsAreTriedByALetter(t *testing.T) {
	b, box, _ := newMailBench(t)
	root := b.root()
	member, _ := b.member()
	body := `{"email": "me@example.org", "template": "password-reset", "collection": "users"}`
	b.do(call{method: "POST", path: testEmailPath, body: body}).fails(401, msgNeedsAuth)
	b.do(call{method: "POST", path: testEmailPath, body: body, token: member}).fails(403, msgNotAllowed)
	b.do(call{method: "PATCH", path: collections + "/users", token: root, body: `{"resetPasswordTemplate": {"subject": "{RECORD:name} of {APP_NAME}", "body": "<p>{TOKEN}</p>"}}`}).ok()
	b.done(testEmailPath, root, body)
	if letter := <-box; letter.To != "me@example.org" || letter.Subject != "test name of Acme" || letter.Text != "TEST_TOKEN" {
		t.Errorf("letter %+v", letter)
	}
	for _, name := range []string{"verification", "email-change", "otp", "login-alert"} {
		b.done(testEmailPath, root, `{"email": "me@example.org", "template": "`+name+`"}`)
		if letter := <-box; strings.Contains(letter.HTML+letter.Subject, "{") {
			t.Errorf("%s: letter %+v", name, letter)
		}
	}
	b.do(call{method: "POST", path: testEmailPath, token: root, body: `{"email": "me", "template": "alert", "collection": "reports"}`}).is(400, `{"data": {
		"email": {"code": "validation_is_email", "message": "Must be a valid email address."},
		"template": {"code": "validation_in_invalid", "message": "Must be a valid value."},
		"collection": {"code": "validation_invalid_auth_collection", "message": "Must be a valid auth collection id or name."}},
		"message": "Failed to send the test email.", "status": 400}`)
	box.none(t)
}

func TestLetterThatDoesNotLeaveIsTold(t *testing.T) {
	b := newBench(t, func(o *core.Options) { o.Mail = brokenMailer{} })
	b.do(call{method: "POST", path: testEmailPath, token: b.root(), body: `{"email": "me@example.org", "template": "otp"}`}).
		fails(400, "Failed to send the test email. Raw error: \nnobody answers.")
	b.done(users+"request-password-reset", "", `{"email": "member1@example.com"}`) // strangers are not told
}

func TestLettersLeadToThePlaceOfTheSettings(t *testing.T) {
	b, box, _ := newMailBench(t)
	root := b.root()
	link := func() string {
		b.done(testEmailPath, root, `{"email": "me@example.org", "template": "verification"}`)
		_, rest, _ := strings.Cut((<-box).HTML, `href="`)
		text, _, _ := strings.Cut(rest, `/_/`)
		return text
	}
	if got := link(); got != "http://localhost:8090" {
		t.Errorf("link to %q", got)
	}
	all := b.svc.Space().Settings
	all.PublicURL = "https://files.example.org/"
	if err := b.svc.PutSettings(context.Background(), access.System(), all); err != nil {
		t.Fatal(err)
	}
	if got := link(); got != "https://files.example.org" {
		t.Errorf("link to %q", got)
	}
	b.do(call{method: "PATCH", path: "/api/settings", token: root, body: `{"meta": {"appURL": "https://app.example.org"}}`}).ok()
	if got := link(); got != "https://app.example.org" {
		t.Errorf("link to %q", got)
	}
}

func TestLettersLeadToTheServerThatWasAsked(t *testing.T) {
	b, box, _ := newMailBench(t)
	server := httptest.NewServer(b.mux)
	t.Cleanup(server.Close)
	req, err := http.NewRequest("POST", server.URL+users+"request-password-reset", strings.NewReader(`{"email": "`+coretest.Member1+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Host = "elsewhere.example.com" // what a client says is not believed
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	select {
	case letter := <-box:
		if !strings.Contains(letter.HTML, `href="`+server.URL+`/_/#/auth/confirm-password-reset/`) {
			t.Errorf("letter %s", letter.HTML)
		}
	case <-time.After(time.Minute):
		t.Fatal("no letter")
	}
}
