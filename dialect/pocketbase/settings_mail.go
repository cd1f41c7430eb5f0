package pocketbase

import (
	"context"
	"net/http"
	"regexp"
	"strings"

	"dossier"
	"dossier/access"
	"dossier/core"
)

// The ways to sign in to a mail server; "" is the first.
const (
	authPlain = "PLAIN"
	authLogin = "LOGIN"
)

// hostForm is what a mail server's name and our own may look like, as far as a letter depends on it.
var hostForm = regexp.MustCompile(`^[A-Za-z0-9._:-]+$`)

// check puts what is wrong with s into data.
func (s smtpSettings) check(data map[string]any) {
	for key, name := range map[string]string{"host": s.Host, "localName": s.LocalName} {
		if name != "" && !hostForm.MatchString(name) {
			nest(data, []string{"smtp", key}, fault{Code: "validation_is_host", Message: "Must be a valid IP address or DNS name."})
		}
	}
	if s.AuthMethod != "" && s.AuthMethod != authPlain && s.AuthMethod != authLogin {
		nest(data, []string{"smtp", "authMethod"}, badChoice)
	}
}

// badChoice is the fault of a value that is none of those that there are.
var badChoice = fault{Code: "validation_in_invalid", Message: "Must be a valid value."}

// testLetters are the letters that can be sent to try the settings, by the client's word for them.
var testLetters = map[string]letterKind{"verification": letterVerify, "password-reset": letterReset, "email-change": letterEmail, "otp": {
	template: func(o authOptions) template { return o.OTP.EmailTemplate },
}, "login-alert": {
	template: func(o authOptions) template { return o.AuthAlert.EmailTemplate },
}}

// testEmail is POST /api/settings/test/email: it sends a letter about nobody's account and answers when that has left.
func (h *handler) testEmail(w http.ResponseWriter, r *http.Request) error {
	_, raw, err := h.superuserFields(r)
	if err != nil {
		return err
	}
	to, name, collection := strings.TrimSpace(toText(raw["email"])), toText(raw["template"]), toText(raw["collection"])
	wrong := map[string]fault{}
	if f := emailFault(to); f.Code != "" {
		wrong["email"] = f
	}
	kind, ok := testLetters[name]
	switch {
	case name == "":
		wrong["template"] = blank
	case !ok:
		wrong["template"] = badChoice
	}
	if collection == "" {
		collection = dossier.Superusers
	}
	c, ok := findCollection(h.svc.Space(), collection)
	if !ok || c.Kind != dossier.Auth {
		wrong["collection"] = fault{Code: "validation_invalid_auth_collection", Message: "Must be a valid auth collection id or name."}
	}
	if len(wrong) > 0 {
		return invalidFields("Failed to send the test email.", wrong)
	}
	if err := h.svc.SendMailNow(r.Context(), h.testLetter(letterContext(r), kind, c, to)); err != nil {
		return newError(http.StatusBadRequest, "Failed to send the test email. Raw error: \n"+err.Error(), nil)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// testLetter is a letter as users of c get it, about nobody's account.
func (h *handler) testLetter(ctx context.Context, kind letterKind, c *dossier.Collection, to string) core.Mail {
	nobody := &dossier.Record{ID: "test", Account: &dossier.Account{Email: to}, Values: map[string]dossier.Value{}}
	for _, f := range c.Fields {
		if f.IsText() {
			nobody.Values[f.Name] = dossier.Text("test " + f.Name)
		}
	}
	return h.compose(ctx, access.User(c, nobody), to, kind.template(authOptionsOf(c)),
		map[string]string{"{TOKEN}": "TEST_TOKEN", "{OTP}": "12345678", "{OTP_ID}": "TEST_OTP_ID", "{ALERT_INFO}": "TEST_ALERT_INFO"})
}
