package pocketbase

import (
	"context"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"

	"dossier"
	"dossier/access"
	"dossier/core"
	"dossier/query"
)

// badToken is what is wrong with a token that does not hold.
var badToken = fault{Code: "validation_invalid_token", Message: "Invalid or expired token."}

// byEmail is the user of c with that email, a guest if there is none.
func (h *handler) byEmail(ctx context.Context, c *dossier.Collection, email string) (access.Principal, error) {
	same := query.Compare{Left: query.Lower{Of: query.Meta(query.Email), Case: query.Fold}, Op: query.Eq,
		Right: query.Literal{Value: dossier.Text(query.FoldText(email, query.Fold))}}
	page, err := h.svc.ListRecords(ctx, access.System(), c, query.Query{Filter: same, Limit: 1}, core.ListOptions{})
	if err != nil || len(page.Records) == 0 {
		return access.Guest(), err
	}
	return access.User(c, page.Records[0]), nil
}

// What superusers need no letters for.
const (
	msgSuperVerified = "All superusers are verified by default."
	msgSuperEmail    = "All superusers can change their emails directly."
)

// notSuperusers refuses, in those words, the collection of superusers.
func notSuperusers(c *dossier.Collection, message string) error {
	if c.Name == dossier.Superusers {
		return newError(http.StatusBadRequest, message, nil)
	}
	return nil
}

// emailFault is what is wrong with a text that should be an address; no code if nothing is.
func emailFault(email string) fault {
	if wrong := textFault(email); wrong.Code != "" {
		return wrong
	}
	if local, domain, ok := strings.Cut(email, "@"); !ok || local == "" || domain == "" || strings.ContainsAny(email, " \t\r\n,<>") {
		return badEmail
	}
	return fault{}
}

// namedByEmail is the address that a form names, and the user of c who has it, a guest if there is none.
func (h *handler) namedByEmail(r *http.Request, c *dossier.Collection, text func(key string) string) (string, access.Principal, error) {
	email := strings.TrimSpace(text(keyEmail))
	if wrong := emailFault(email); wrong.Code != "" {
		return email, access.Guest(), invalidFields(msgInvalidSubmit, map[string]fault{keyEmail: wrong})
	}
	who, err := h.byEmail(r.Context(), c, email)
	return email, who, err
}

// request answers a wish for a letter where the collection may have it. The answer does not tell whether there is somebody with that email.
func (h *handler) request(w http.ResponseWriter, r *http.Request, kind letterKind, may func(*dossier.Collection) error, wants func(access.Principal) bool) error {
	c, text, err := h.accountForm(r, may)
	if err != nil {
		return err
	}
	_, who, err := h.namedByEmail(r, c, text)
	if err != nil {
		return err
	}
	if !who.IsGuest() && wants(who) {
		if err := h.send(letterContext(r), kind, who, who.Record.Account.Email, ""); err != nil {
			return err
		}
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// requestVerification is POST /api/collections/{collection}/request-verification.
func (h *handler) requestVerification(w http.ResponseWriter, r *http.Request) error {
	may := func(c *dossier.Collection) error { return notSuperusers(c, msgSuperVerified) }
	return h.request(w, r, letterVerify, may, func(who access.Principal) bool { return !who.Record.Account.Verified })
}

// requestPasswordReset is POST /api/collections/{collection}/request-password-reset.
func (h *handler) requestPasswordReset(w http.ResponseWriter, r *http.Request) error {
	may := func(c *dossier.Collection) error {
		if !c.SigningIn().NoPassword {
			return nil
		}
		return newError(http.StatusBadRequest, "The collection is not configured to allow password authentication.", nil)
	}
	return h.request(w, r, letterReset, may, func(access.Principal) bool { return true })
}

// tokenFault is what is wrong with a token that does not hold: it says nothing of what it is for, or is not ours, too old or used.
func tokenFault(token, purpose string) fault {
	claims := jwt.MapClaims{}
	if len(token) <= maxTokenBytes {
		_, _, _ = jwt.NewParser().ParseUnverified(token, claims) // what cannot be read claims nothing
	}
	email, _ := claims["email"].(string)
	newEmail, _ := claims["newEmail"].(string)
	switch {
	case purpose == tokenVerify && email == "":
		return fault{Code: "validation_invalid_token_claims", Message: "Missing email token claim."}
	case purpose == tokenEmail && newEmail == "":
		return fault{Code: "validation_invalid_token_payload", Message: "Invalid token payload - newEmail must be set."}
	}
	return badToken
}

// confirmed is what a letter's token proves: that somebody of c reads the letters to the email they have now. wrong is what is wrong
// with the token; no code if nothing is.
func (h *handler) confirmed(r *http.Request, c *dossier.Collection, token, purpose string) (p proof, wrong fault, err error) {
	if token == "" {
		return p, blank, nil
	}
	p, err = h.verify(r, token, purpose)
	switch {
	case dossier.KindOf(err) == dossier.Unauthenticated:
		return p, tokenFault(token, purpose), nil
	case err != nil:
		return p, fault{}, err
	case p.who.Collection.ID != c.ID:
		return p, fault{Code: "validation_token_collection_mismatch", Message: "The provided token is for different auth collection."}, nil
	case p.email != p.who.Record.Account.Email:
		return p, badToken, nil
	}
	return p, fault{}, nil
}

// confirm changes an account for its owner, if it still is as the token saw it.
func (h *handler) confirm(ctx context.Context, p proof, change *core.AccountChange) error {
	if err := h.svc.HashAccount(ctx, p.who, change); err != nil {
		return err
	}
	edit := func(now *dossier.Record) (core.Change, error) {
		if now.Account == nil || now.Account.TokenKey != p.who.Record.Account.TokenKey {
			return core.Change{}, invalidFields(msgInvalidSubmit, map[string]fault{"token": badToken})
		}
		return core.Change{Account: change, Loose: true}, nil
	}
	_, err := h.svc.UpdateRecord(ctx, access.System(), p.who.Collection, core.ByID(p.who.ID), core.Update{Edit: edit})
	return err
}

// confirmVerification is POST /api/collections/{collection}/confirm-verification.
func (h *handler) confirmVerification(w http.ResponseWriter, r *http.Request) error {
	c, text, err := h.accountForm(r, func(c *dossier.Collection) error { return notSuperusers(c, msgSuperVerified) })
	if err != nil {
		return err
	}
	p, wrong, err := h.confirmed(r, c, text("token"), tokenVerify)
	if err != nil || wrong.Code != "" {
		return errorOr(err, invalidFields(msgInvalidSubmit, map[string]fault{"token": wrong}))
	}
	yes := true
	change := &core.AccountChange{Verified: &yes}
	if c.SigningIn().NoPassword && !p.who.Record.Account.Verified { // whoever made the account may be somebody else: see verifyByOTP
		password, err := core.RandomText(h.svc.Random(), maxPassword)
		if err != nil {
			return err
		}
		change.Password = &password
	}
	if err := h.confirm(r.Context(), p, change); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// confirmPasswordReset is POST /api/collections/{collection}/confirm-password-reset. Who reads the letter has also shown that the email
// is theirs.
func (h *handler) confirmPasswordReset(w http.ResponseWriter, r *http.Request) error {
	c, text, err := h.accountForm(r, nil)
	if err != nil {
		return err
	}
	p, wrong, err := h.confirmed(r, c, text("token"), tokenReset)
	if err != nil {
		return err
	}
	password := text(keyPassword)
	faults := newPasswordFaults(password, text(keyConfirm))
	if wrong.Code != "" {
		faults["token"] = wrong
	}
	if len(faults) > 0 {
		return invalidFields(msgInvalidSubmit, faults)
	}
	yes := true
	if err := h.confirm(r.Context(), p, &core.AccountChange{Password: &password, Verified: &yes}); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// newPasswordFaults is what is wrong with a password that replaces a forgotten one.
func newPasswordFaults(password, confirm string) map[string]fault {
	faults := map[string]fault{}
	switch n := utf8.RuneCountInString(password); {
	case n == 0:
		faults[keyPassword] = blank
	case n < minPassword || n > maxFormText:
		faults[keyPassword] = outOfRange(minPassword, maxFormText)
	case len(password) > maxPassword:
		faults[keyPassword] = longPassword(dossier.Problem{Params: map[string]any{"max": maxPassword}})
	}
	switch confirm {
	case "":
		faults[keyConfirm] = blank
	case password:
	default:
		faults[keyConfirm] = faultOf(nil, dossier.Problem{Code: dossier.CodeMismatch})
	}
	return faults
}

// requestEmailChange is POST /api/collections/{collection}/request-email-change: the new address gets the letter.
func (h *handler) requestEmailChange(w http.ResponseWriter, r *http.Request) error {
	p, c, err := h.ownCollection(r)
	if err != nil {
		return err
	}
	_, text, err := h.accountForm(r, func(c *dossier.Collection) error { return notSuperusers(c, msgSuperEmail) })
	if err != nil {
		return err
	}
	who, email := p.who, strings.TrimSpace(text("newEmail"))
	if wrong, err := h.newEmailFault(r.Context(), c, who, email); err != nil || wrong.Code != "" {
		return errorOr(err, invalidFields(msgInvalidSubmit, map[string]fault{"newEmail": wrong}))
	}
	if err := h.send(letterContext(r), letterEmail, who, email, email); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// errorOr is err, or other if that is nil.
func errorOr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// newEmailFault is what is wrong with an address that a user, who, wants to have; no code if it will do.
func (h *handler) newEmailFault(ctx context.Context, c *dossier.Collection, who access.Principal, email string) (fault, error) {
	if wrong := emailFault(email); wrong.Code != "" {
		return wrong, nil
	}
	if email == who.Record.Account.Email {
		return excluded, nil
	}
	other, err := h.byEmail(ctx, c, email)
	if err != nil || other.IsGuest() {
		return fault{}, err
	}
	return fault{Code: "validation_invalid_new_email", Message: "Invalid new email address."}, nil
}

// confirmEmailChange is POST /api/collections/{collection}/confirm-email-change.
func (h *handler) confirmEmailChange(w http.ResponseWriter, r *http.Request) error {
	c, text, err := h.accountForm(r, func(c *dossier.Collection) error { return notSuperusers(c, msgSuperEmail) })
	if err != nil {
		return err
	}
	p, wrong, err := h.confirmed(r, c, text("token"), tokenEmail)
	if err != nil {
		return err
	}
	faults := map[string]fault{}
	if wrong.Code != "" {
		faults["token"] = wrong
	}
	if err := h.checkPassword(r.Context(), p, text(keyPassword), faults); err != nil {
		return err
	}
	if len(faults) > 0 {
		return invalidFields(msgInvalidSubmit, faults)
	}
	yes := true
	err = h.confirm(r.Context(), p, &core.AccountChange{Email: &p.newEmail, Verified: &yes})
	if k := dossier.KindOf(err); k == dossier.Exists || k == dossier.Invalid {
		return invalidFields(msgInvalidSubmit, map[string]fault{"token": badToken})
	}
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// checkPassword adds to faults what is wrong with the password of whoever the letter was for. Without a token that holds, none is right.
// It counts wrong ones as a sign-in does: who has taken over a session must not find out the password here.
func (h *handler) checkPassword(ctx context.Context, p proof, password string, faults map[string]fault) error {
	if password == "" {
		faults[keyPassword] = blank
		return nil
	}
	ok := false
	if len(faults) == 0 {
		err := h.svc.ProvePassword(ctx, p.who, p.who.Collection, p.who.Record, password)
		if err != nil && dossier.KindOf(err) != dossier.Unauthenticated {
			return err
		}
		ok = err == nil
	}
	if !ok {
		faults[keyPassword] = fault{Code: "validation_invalid_password", Message: "Missing or invalid auth record password."}
	}
	return nil
}

// noOAuth2 answers that nobody signs in through another service.
func (h *handler) noOAuth2(_ http.ResponseWriter, r *http.Request) error {
	if _, err := h.authCollection(r); err != nil {
		return err
	}
	return newError(http.StatusForbidden, "The collection is not configured to allow OAuth2 authentication.", nil)
}
