package pocketbase

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"dossier/core"
	"dossier/core/coretest"
)

// A mailbox keeps the letters that were sent.
type mailbox chan core.Mail

func (m mailbox) Send(_ context.Context, letter core.Mail) error {
	m <- letter
	return nil
}

// token waits for the next letter, to that address, and returns its token.
func (m mailbox) token(t *testing.T, to string) string {
	t.Helper()
	select {
	case letter := <-m:
		found := regexp.MustCompile(`Token: (\S+)`).FindStringSubmatch(letter.Text)
		if letter.To != to || found == nil || !strings.Contains(letter.HTML, "/"+found[1]+`"`) || strings.Contains(letter.Subject, "{") {
			t.Fatalf("letter %+v", letter)
		}
		return found[1]
	case <-time.After(time.Minute):
		t.Fatal("no letter")
	}
	return ""
}

// none checks that no letter was sent.
func (m mailbox) none(t *testing.T) {
	t.Helper()
	select {
	case letter := <-m:
		t.Fatalf("letter %+v", letter)
	default:
	}
}

func newMailBench(t *testing.T) (*bench, mailbox, *clock) {
	t.Helper()
	box, clk := make(mailbox, 10), newClock()
	b := newBench(t, clk.option, func(o *core.Options) { o.Mail = box })
	return b, box, clk
}

const users = "/api/collections/users/"

func (b *bench) done(path, token, body string) {
	b.t.Helper()
	if a := b.do(call{method: "POST", path: path, token: token, body: body}); a.status != 204 {
		b.t.Fatalf("%s: %d %s", path, a.status, a.body)
	}
}

func TestForgottenPasswordIsReplacedByLetter(t *testing.T) {
	b, box, clk := newMailBench(t)
	b.do(call{method: "POST", path: users + "request-password-reset", body: `{}`}).fails(400, msgInvalidSubmit)
	b.done(users+"request-password-reset", "", `{"email": "nobody@example.com"}`)
	b.done(users+"request-password-reset", "", `{"email": "MEMBER1@example.com"}`)
	token := box.token(t, coretest.Member1)
	b.done(users+"request-password-reset", "", `{"email": "member1@example.com"}`)
	box.none(t)
	confirm := users + "confirm-password-reset"
	b.do(call{method: "POST", path: confirm, body: `{"token": "` + token + `x", "password": "another-1", "passwordConfirm": "another-1"}`}).is(400,
		`{"data":{"token":{"code":"validation_invalid_token","message":"Invalid or expired token."}},"message":"An error occurred while validating the submitted data.","status":400}`)
	b.do(call{method: "POST", path: confirm, body: `{"token": "` + token + `", "password": "another-1", "passwordConfirm": "other"}`}).is(400,
		`{"data":{"passwordConfirm":{"code":"validation_values_mismatch","message":"Values don't match."}},"message":"An error occurred while validating the submitted data.","status":400}`)
	b.do(call{method: "POST", path: users + "confirm-verification", body: `{"token": "` + token + `"}`}).fails(400, msgInvalidSubmit)
	b.do(call{method: "GET", path: users + "records", token: token}).is(200, `{"items":[],"page":1,"perPage":30,"totalItems":0,"totalPages":0}`)
	b.done(confirm, "", `{"token": "`+token+`", "password": "another-1", "passwordConfirm": "another-1"}`)
	b.signIn("users", coretest.Member1, "another-1")
	b.do(call{method: "POST", path: confirm, body: `{"token": "` + token + `", "password": "another-2", "passwordConfirm": "another-2"}`}).fails(400, msgInvalidSubmit)
	clk.add(letterPause + time.Second)
	b.done(users+"request-password-reset", "", `{"email": "member1@example.com"}`)
	late := box.token(t, coretest.Member1)
	clk.add(time.Hour)
	b.do(call{method: "POST", path: confirm, body: `{"token": "` + late + `", "password": "another-3", "passwordConfirm": "another-3"}`}).fails(400, msgInvalidSubmit)
}

func TestEmailIsVerifiedAndChangedByLetter(t *testing.T) {
	b, box, _ := newMailBench(t)
	made := b.do(call{method: "POST", path: users + "records", body: `{"email": "new@example.com", "password": "12345678", "passwordConfirm": "12345678", "name": "<b>New</b>"}`}).ok()
	own := users + "records/" + made["id"].(string)
	b.done(users+"request-verification", "", `{"email": "new@example.com"}`)
	b.done(users+"confirm-verification", "", `{"token": "`+box.token(t, "new@example.com")+`"}`)
	token, record := b.signIn("users", "new@example.com", "12345678")
	if record["verified"] != true {
		t.Errorf("record %v", record)
	}
	b.done(users+"request-verification", "", `{"email": "new@example.com"}`)
	box.none(t)

	change := users + "request-email-change"
	b.do(call{method: "POST", path: change, body: `{"newEmail": "newer@example.com"}`}).fails(401, msgNeedsAuth)
	b.do(call{method: "POST", path: change, token: b.root(), body: `{"newEmail": "newer@example.com"}`}).fails(403, "The request requires auth record from _superusers collection.")
	for _, bad := range []string{"", "nobody", coretest.Member1, "a@b.c\\r\\nBcc: x@y.z"} {
		b.do(call{method: "POST", path: change, token: token, body: `{"newEmail": "` + bad + `"}`}).fails(400, msgInvalidSubmit)
	}
	b.done(change, token, `{"newEmail": "newer@example.com"}`)
	letter := box.token(t, "newer@example.com")
	b.do(call{method: "POST", path: users + "confirm-email-change", body: `{"token": "` + letter + `", "password": "wrong"}`}).is(400,
		`{"data":{"password":{"code":"validation_invalid_password","message":"Missing or invalid auth record password."}},"message":"An error occurred while validating the submitted data.","status":400}`)
	b.done(users+"confirm-email-change", "", `{"token": "`+letter+`", "password": "12345678"}`)
	b.do(call{method: "GET", path: own, token: token}).fails(404, msgNotFound)
	b.signIn("users", "newer@example.com", "12345678")
}

func TestTokensOfLettersEndWithTheAccountTheyWereFor(t *testing.T) {
	b, box, clk := newMailBench(t)
	root := b.root()
	_, member := b.member()
	own := users + "records/" + member["id"].(string)
	reset := func(token string) *answer {
		return b.do(call{method: "POST", path: users + "confirm-password-reset", body: `{"token": "` + token + `", "password": "another-1", "passwordConfirm": "another-1"}`})
	}
	ask := func() string {
		b.done(users+"request-password-reset", "", `{"email": "member1@example.com"}`)
		token := box.token(t, coretest.Member1)
		clk.add(letterPause)
		return token
	}
	bad := func(a *answer, code, message string) {
		a.t.Helper()
		a.is(400, `{"data":{"token":{"code":"`+code+`","message":"`+message+`"}},"message":"An error occurred while validating the submitted data.","status":400}`)
	}
	token := ask()
	b.do(call{method: "POST", path: "/api/collections/_superusers/confirm-password-reset", body: `{"token": "` + token + `", "password": "another-1", "passwordConfirm": "another-1"}`}).
		is(400, `{"data":{"token":{"code":"validation_token_collection_mismatch","message":"The provided token is for different auth collection."}},
		"message":"An error occurred while validating the submitted data.","status":400}`)
	for _, change := range []string{`{"password": "changed-1", "passwordConfirm": "changed-1"}`, `{"email": "moved@example.com"}`} {
		token := ask()
		b.do(call{method: "PATCH", path: own, token: root, body: change}).ok()
		bad(reset(token), "validation_invalid_token", "Invalid or expired token.")
	}
	b.do(call{method: "PATCH", path: own, token: root, body: `{"email": "member1@example.com"}`}).ok()
	token = ask()
	clk.add(30 * time.Minute)
	bad(reset(token), "validation_invalid_token", "Invalid or expired token.")
	token = ask()
	b.do(call{method: "DELETE", path: own, token: root})
	bad(reset(token), "validation_invalid_token", "Invalid or expired token.")
}

func TestPasswordsAreNotGuessedWithAChangeOfEmail(t *testing.T) {
	b, box, _ := newMailBench(t)
	token, _ := b.member()
	b.done(users+"request-email-change", token, `{"newEmail": "thief@example.com"}`)
	letter := box.token(t, "thief@example.com")
	try := func(password string) *answer {
		return b.do(call{method: "POST", path: users + "confirm-email-change", body: `{"token": "` + letter + `", "password": "` + password + `"}`})
	}
	for range 10 {
		try("wrong-password").fails(400, msgInvalidSubmit)
	}
	try(coretest.Member1Password).fails(429, "Too Many Requests.")
}

func TestSuperusersNeedNoLetters(t *testing.T) {
	b, box, _ := newMailBench(t)
	root, super := b.root(), "/api/collections/_superusers/"
	b.do(call{method: "POST", path: super + "request-verification", body: `{"email": "root@example.com"}`}).fails(400, msgSuperVerified)
	b.do(call{method: "POST", path: super + "confirm-verification", body: `{"token": "x"}`}).fails(400, msgSuperVerified)
	b.do(call{method: "POST", path: super + "request-email-change", token: root, body: `{"newEmail": "new@example.com"}`}).fails(400, msgSuperEmail)
	b.do(call{method: "POST", path: super + "confirm-email-change", body: `{"token": "x", "password": "x"}`}).fails(400, msgSuperEmail)
	b.do(call{method: "PATCH", path: collections + "/users", token: root, body: `{"passwordAuth": {"enabled": false}}`}).ok()
	b.do(call{method: "POST", path: users + "request-password-reset", body: `{"email": "member1@example.com"}`}).
		fails(400, "The collection is not configured to allow password authentication.")
	box.none(t)
	b.done(super+"request-password-reset", "", `{"email": "root@example.com"}`)
	box.token(t, coretest.Root)
}

func TestLettersAreFilledSafely(t *testing.T) {
	b, box, _ := newMailBench(t)
	root := b.root()
	b.do(call{method: "PATCH", path: collections + "/users", token: root, body: `{"resetPasswordTemplate": {"subject": "For {RECORD:name}", "body": "<p>{RECORD:name}, {APP_NAME}</p><p>Token: {TOKEN} <a href=\"/{TOKEN}\">x</a></p>"}}`}).ok()
	made := b.do(call{method: "POST", path: users + "records", body: `{"email": "n@example.com", "password": "12345678", "passwordConfirm": "12345678", "name": "<img>\r\nBcc: a"}`}).ok()
	if made["id"] == nil {
		t.Fatal(made)
	}
	b.done(users+"request-password-reset", "", `{"email": "n@example.com"}`)
	letter := <-box
	if strings.ContainsAny(letter.Subject, "\r\n") || !strings.Contains(letter.HTML, "&lt;img&gt;") {
		t.Errorf("letter %+v", letter)
	}
}

func TestWaysOfSigningInThatAreOff(t *testing.T) {
	b := newBench(t)
	b.do(call{method: "POST", path: users + "auth-with-otp", body: `{}`}).fails(403, "The collection is not configured to allow OTP authentication.")
	b.do(call{method: "POST", path: users + "auth-with-oauth2", body: `{}`}).fails(403, "The collection is not configured to allow OAuth2 authentication.")
	b.do(call{method: "POST", path: "/api/collections/reports/request-otp", body: `{}`}).fails(404, "Missing or invalid auth collection context.")
}
