package pocketbase

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"dossier/core"
	"dossier/core/coretest"
)

func TestCodeFromALetterSignsInOnce(t *testing.T) {
	b, box, now := newMailBench(t)
	root := b.root()
	ask := users + "request-otp"
	b.do(call{method: "POST", path: ask, body: `{"email": "member1@example.com"}`}).fails(403, "The collection is not configured to allow OTP authentication.")
	b.do(call{method: "PATCH", path: collections + "/users", token: root, body: `{"otp": {"enabled": true, "length": 6}}`}).ok()
	b.do(call{method: "GET", path: users + "auth-methods?fields=otp"}).is(200, `{"otp":{"enabled":true,"duration":180}}`)
	if b.do(call{method: "POST", path: ask, body: `{"email": "nobody@example.com"}`}).ok()["otpId"] == "" {
		t.Error("the answer tells that there is nobody")
	}
	box.none(t)
	code := func() (id, digits string) {
		id = b.do(call{method: "POST", path: ask, body: `{"email": "member1@example.com"}`}).ok()["otpId"].(string)
		letter := <-box
		digits = regexp.MustCompile(`\b\d{6}\b`).FindString(letter.Text)
		if letter.To != coretest.Member1 || digits == "" {
			t.Fatalf("letter %+v", letter)
		}
		*now = now.Add(letterPause)
		return id, digits
	}
	enter := func(id, digits string) *answer {
		return b.do(call{method: "POST", path: users + "auth-with-otp", body: map[string]any{"otpId": id, "password": digits}})
	}
	enter("", "").fails(400, msgInvalidSubmit)
	id, digits := code()
	enter(id, "x"+digits).fails(400, "Invalid or expired OTP")
	if m := enter(id, digits).ok(); m["token"] == "" || m["record"].(map[string]any)["email"] != coretest.Member1 {
		t.Errorf("got %v", m)
	}
	enter(id, digits).fails(400, "Invalid or expired OTP")
	id, digits = code()
	for range maxGuesses {
		enter(id, "wrong").fails(400, "Invalid or expired OTP")
	}
	enter(id, digits).fails(400, "Invalid or expired OTP")
	id, digits = code()
	*now = now.Add(3 * time.Minute)
	enter(id, digits).fails(400, "Invalid or expired OTP")
}

func TestMailServerFollowsTheSettings(t *testing.T) {
	b := newBench(t)
	root := b.root()
	server := func() string { return b.svc.Space().Settings.Extra[core.MailServer] }
	set := func(body string) *answer {
		return b.do(call{method: "PATCH", path: "/api/settings", token: root, body: body})
	}
	set(`{"smtp": {"enabled": true, "host": "mail.example.com", "port": 465, "tls": true, "username": "me", "password": "p@ss"}, "meta": {"senderAddress": "me@example.com"}}`).ok()
	if got := server(); got != "smtps://me:p%40ss@mail.example.com:465?from=me%40example.com&name=Support" {
		t.Errorf("server %q", got)
	}
	if a := set(`{"meta": {"senderName": "House"}}`); strings.Contains(string(a.body), "p@ss") {
		t.Errorf("the password is shown: %s", a.body)
	}
	if got := server(); !strings.HasPrefix(got, "smtps://me:p%40ss@") || !strings.HasSuffix(got, "name=House") {
		t.Errorf("server %q", got)
	}
	set(`{"smtp": {"host": ""}}`).fails(400, "An error occurred while saving the new settings.")
	set(`{"smtp": {"enabled": false}}`).ok()
	if got := server(); got != "" {
		t.Errorf("server %q", got)
	}
}
