package pocketbase

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"dossier"
	"dossier/core"
	"dossier/core/coretest"
)

// An otpBench is a bench whose users sign in with codes from letters.
type otpBench struct {
	*bench
	box  mailbox
	clk  *clock
	root string
}

func newOTPBench(t *testing.T) *otpBench {
	t.Helper()
	b, box, clk := newMailBench(t)
	o := &otpBench{b, box, clk, b.root()}
	b.do(call{method: "PATCH", path: collections + "/users", token: o.root, body: `{"otp": {"enabled": true, "length": 6}}`}).ok()
	return o
}

// ask asks for a code and returns its ID.
func (o *otpBench) ask(email string) string {
	o.t.Helper()
	return o.do(call{method: "POST", path: users + "request-otp", body: map[string]any{"email": email}}).ok()["otpId"].(string)
}

// code asks for a code and reads it in the letter.
func (o *otpBench) code(email string) (id, digits string) {
	o.t.Helper()
	id = o.ask(email)
	letter := <-o.box
	digits = regexp.MustCompile(`\b\d{6}\b`).FindString(letter.Text)
	if letter.To != email || digits == "" {
		o.t.Fatalf("letter %+v", letter)
	}
	return id, digits
}

func (o *otpBench) enter(id, digits string) *answer {
	o.t.Helper()
	return o.do(call{method: "POST", path: users + "auth-with-otp", body: map[string]any{"otpId": id, "password": digits}})
}

const (
	badCode  = "Invalid or expired OTP."
	busyCode = "Too many attempts, please try again later with a new OTP."
)

func TestCodeFromALetterSignsInOnce(t *testing.T) {
	o := newOTPBench(t)
	o.do(call{method: "GET", path: users + "auth-methods?fields=otp"}).is(200, `{"otp":{"enabled":true,"duration":180}}`)
	o.enter("", "").is(400, `{"data":{"otpId":{"code":"validation_required","message":"Cannot be blank."},"password":{"code":"validation_required","message":"Cannot be blank."}},
		"message":"An error occurred while validating the submitted data.","status":400}`)
	o.enter("nothing", strings.Repeat("1", maxPassword)).fails(400, badCode)
	o.enter("nothing", strings.Repeat("1", maxPassword+1)).is(400, `{"data":{"password":{"code":"validation_length_out_of_range",
		"message":"The length must be between 1 and 71.","params":{"min":1,"max":71}}},"message":"An error occurred while validating the submitted data.","status":400}`)
	first, firstDigits := o.code(coretest.Member1)
	second, secondDigits := o.code(coretest.Member1) // asked again: both hold
	o.enter(first, "x"+firstDigits).fails(400, badCode)
	o.enter("nothing", firstDigits).fails(400, badCode)
	for id, digits := range map[string]string{first: firstDigits, second: secondDigits} {
		if m := o.enter(id, digits).ok(); m["token"] == "" || m["record"].(map[string]any)["email"] != coretest.Member1 {
			t.Errorf("got %v", m)
		}
		o.enter(id, digits).fails(400, badCode)
	}
	o.signIn("users", coretest.Member1, coretest.Member1Password)
}

func TestCodesEnd(t *testing.T) {
	o := newOTPBench(t)
	late, lateDigits := o.code(coretest.Member1)
	o.clk.add(180 * time.Second)
	o.enter(late, lateDigits).fails(400, badCode)

	elsewhere, elsewhereDigits := o.code(coretest.Member1)
	o.do(call{method: "PATCH", path: collections + "/_superusers", token: o.root, body: `{"otp": {"enabled": true}}`}).ok()
	o.do(call{method: "POST", path: "/api/collections/_superusers/auth-with-otp", body: map[string]any{"otpId": elsewhere, "password": elsewhereDigits}}).fails(400, badCode)

	for _, change := range []string{`{"password": "another-1", "passwordConfirm": "another-1"}`, `{"email": "moved@example.com"}`} {
		id, digits := o.code(coretest.Member1)
		who, err := o.svc.UserByLogin(context.Background(), coretest.Member1)
		if err != nil {
			t.Fatal(err)
		}
		o.do(call{method: "PATCH", path: users + "records/" + string(who.ID), token: o.root, body: change}).ok()
		o.enter(id, digits).fails(400, badCode)
	}

	id, digits := o.code(coretest.Member2)
	o.do(call{method: "PATCH", path: collections + "/users", token: o.root, body: `{"authRule": "name = 'nobody'"}`}).ok()
	o.enter(id, digits).fails(403, "The request doesn't satisfy the collection requirements to authenticate.")
	o.do(call{method: "PATCH", path: collections + "/users", token: o.root, body: `{"otp": {"enabled": false}}`}).ok()
	o.enter(id, digits).fails(403, "The collection is not configured to allow OTP authentication.")
}

func TestGuessesOfCodesAreBounded(t *testing.T) {
	o := newOTPBench(t)
	mine, digits := o.code(coretest.Member1)
	for _, email := range []string{coretest.Member1, "nobody@example.com"} { // nothing tells one from the other
		id := o.ask(email)
		for range maxTries {
			o.enter(id, "wrong").fails(400, badCode)
		}
		o.enter(id, "wrong").fails(429, busyCode)
		o.enter(o.ask(email), "wrong").fails(429, busyCode)
	}
	o.enter(mine, digits).fails(429, busyCode)
	for range 2 {
		<-o.box
	}
	o.clk.add(triesWindow - time.Second)
	fresh, freshDigits := o.code(coretest.Member1)
	o.enter(fresh, freshDigits).fails(429, busyCode)
	o.clk.add(time.Second)
	o.enter(fresh, freshDigits).ok()
}

// TestAClockThatIsPutBackKeepsNobodyOut uses up the guesses, and then puts the clock back by a day.
func TestAClockThatIsPutBackKeepsNobodyOut(t *testing.T) {
	o := newOTPBench(t)
	id := o.ask("nobody@example.com")
	for range maxTries {
		o.enter(id, "wrong").fails(400, badCode)
	}
	o.enter(id, "wrong").fails(429, busyCode)
	o.clk.add(-24 * time.Hour)
	o.enter(id, "wrong").fails(400, badCode)
}

func TestCodesForOneEmailAreBounded(t *testing.T) {
	o := newOTPBench(t)
	for _, email := range []string{coretest.Member1, "nobody@example.com"} {
		ids := map[string]bool{}
		last := ""
		for range maxCodesEach + 3 {
			last = o.ask(email)
			ids[last] = true
		}
		if len(ids) != maxCodesEach || o.ask(strings.ToUpper(email)) != last {
			t.Errorf("%s has %d codes", email, len(ids))
		}
	}
	for range maxCodesEach {
		if letter := <-o.box; letter.To != coretest.Member1 {
			t.Errorf("letter %+v", letter)
		}
	}
	o.box.none(t)
}

func TestFirstProofOfAnEmailEndsThePasswordSetBefore(t *testing.T) {
	o := newOTPBench(t)
	o.do(call{method: "POST", path: users + "records", body: `{"email": "n@example.com", "password": "12345678", "passwordConfirm": "12345678"}`}).ok()
	early, _ := o.signIn("users", "n@example.com", "12345678")
	id, digits := o.code("n@example.com")
	m := o.enter(id, digits).ok()
	record := m["record"].(map[string]any)
	if record["verified"] != true {
		t.Errorf("record %v", record)
	}
	o.do(call{method: "POST", path: users + "auth-with-password", body: `{"identity": "n@example.com", "password": "12345678"}`}).fails(400, "Failed to authenticate.")
	o.do(call{method: "POST", path: users + "auth-refresh", token: early}).fails(401, msgNeedsAuth)
	o.do(call{method: "POST", path: users + "auth-refresh", token: m["token"].(string)}).ok()
}

func TestStrangersCannotUseUpAllCodes(t *testing.T) {
	t.Parallel()
	s, now := &codes{}, time.Unix(1000, 0)
	add := func(n int, nobody bool) error {
		_, _, err := s.add(fmt.Sprint("code", n), &code{asker: fmt.Sprint("asker", n), nobody: nobody, ends: now.Add(time.Hour)}, now)
		return err
	}
	for n := range maxCodes {
		if err := add(n, n > 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := add(maxCodes, false); err != nil || len(s.by) != 2 || len(s.askers) != 2 || s.by["code0"] == nil {
		t.Errorf("%d codes, %d askers: %v", len(s.by), len(s.askers), err)
	}
	for n := range maxCodes - 2 {
		if err := add(maxCodes+1+n, false); err != nil {
			t.Fatal(err)
		}
	}
	if err := add(-1, false); dossier.KindOf(err) != dossier.Busy {
		t.Errorf("one too many: %v", err)
	}
	now = now.Add(time.Hour)
	if err := add(-1, false); err != nil || len(s.by) != 1 {
		t.Errorf("%d codes after their end: %v", len(s.by), err)
	}
}

func TestOptionsOfCodesAreChecked(t *testing.T) {
	o := newOTPBench(t)
	for body, want := range map[string]string{
		`{"duration": 0}`:     `{"duration":{"code":"validation_required","message":"Cannot be blank."}}`,
		`{"duration": 9}`:     `{"duration":{"code":"validation_min_greater_equal_than_required","message":"Must be no less than 10.","params":{"threshold":10}}}`,
		`{"duration": 86401}`: `{"duration":{"code":"validation_max_less_equal_than_required","message":"Must be no greater than 86400.","params":{"threshold":86400}}}`,
		`{"length": 3}`:       `{"length":{"code":"validation_min_greater_equal_than_required","message":"Must be no less than 4.","params":{"threshold":4}}}`,
		`{"length": 72}`:      `{"length":{"code":"validation_max_less_equal_than_required","message":"Must be no greater than 71.","params":{"threshold":71}}}`,
	} {
		o.do(call{method: "PATCH", path: collections + "/users", token: o.root, body: `{"otp": ` + body + `}`}).
			is(400, `{"data":{"otp":`+want+`},"message":"Failed to update collection.","status":400}`)
	}
	o.do(call{method: "PATCH", path: collections + "/users", token: o.root, body: `{"otp": {"enabled": false, "length": 0}}`}).ok()
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
