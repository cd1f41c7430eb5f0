package pocketbase

import (
	"context"
	"net/http"
	"strings"

	"dossier"
	"dossier/access"
	"dossier/core"
	"dossier/query"
)

// badToken is what is wrong with a token that does not hold.
var badToken = fault{Code: "validation_invalid_token", Message: "Invalid or expired token."}

// accountForm is the auth collection that the path names, and the texts of the body.
func (h *handler) accountForm(r *http.Request) (*dossier.Collection, func(key string) string, error) {
	c, err := h.authCollection(r)
	if err != nil {
		return nil, nil, err
	}
	values, err := h.readFields(r)
	if err != nil {
		return nil, nil, loadError(err)
	}
	return c, func(key string) string { return toText(values[key]) }, nil
}

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
	if email == "" {
		return blank
	}
	if local, domain, ok := strings.Cut(email, "@"); !ok || local == "" || domain == "" || strings.ContainsAny(email, " \t\r\n,<>") || len(email) > 320 {
		return fault{Code: "validation_is_email", Message: "Must be a valid email address."}
	}
	return fault{}
}

// request answers a wish for a letter where the collection may have it. The answer does not tell whether there is somebody with that email.
func (h *handler) request(w http.ResponseWriter, r *http.Request, kind letterKind, may func(*dossier.Collection) error, wants func(access.Principal) bool) error {
	c, text, err := h.accountForm(r)
	if err == nil {
		err = may(c)
	}
	if err != nil {
		return err
	}
	email := strings.TrimSpace(text(keyEmail))
	if wrong := emailFault(email); wrong.Code != "" {
		return invalidFields(msgInvalidSubmit, map[string]fault{keyEmail: wrong})
	}
	who, err := h.byEmail(r.Context(), c, email)
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
		if authOptionsOf(c).PasswordAuth.Enabled {
			return nil
		}
		return newError(http.StatusBadRequest, "The collection is not configured to allow password authentication.", nil)
	}
	return h.request(w, r, letterReset, may, func(access.Principal) bool { return true })
}

// confirmed is what a letter's token proves: that somebody of c reads the letters to the email they have now. wrong is what is wrong
// with the token; no code if nothing is.
func (h *handler) confirmed(r *http.Request, c *dossier.Collection, token, purpose string) (p proof, wrong fault, err error) {
	if token == "" {
		return p, blank, nil
	}
	p, err = h.verify(r.Context(), token, purpose)
	switch {
	case dossier.KindOf(err) == dossier.Unauthenticated:
		return p, badToken, nil
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
	if err := h.svc.HashAccount(ctx, change); err != nil {
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
	c, text, err := h.accountForm(r)
	if err == nil {
		err = notSuperusers(c, msgSuperVerified)
	}
	if err != nil {
		return err
	}
	p, wrong, err := h.confirmed(r, c, text("token"), tokenVerify)
	if err != nil || wrong.Code != "" {
		return errorOr(err, invalidFields(msgInvalidSubmit, map[string]fault{"token": wrong}))
	}
	yes := true
	if err := h.confirm(r.Context(), p, &core.AccountChange{Verified: &yes}); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// confirmPasswordReset is POST /api/collections/{collection}/confirm-password-reset. Who reads the letter has also shown that the email
// is theirs.
func (h *handler) confirmPasswordReset(w http.ResponseWriter, r *http.Request) error {
	c, text, err := h.accountForm(r)
	if err != nil {
		return err
	}
	p, wrong, err := h.confirmed(r, c, text("token"), tokenReset)
	if err != nil {
		return err
	}
	password := text(keyPassword)
	f := &form{values: map[string]any{keyPassword: password, keyConfirm: text(keyConfirm)}}
	problems, err := passwordProblems(true, f, password, true, nil)
	if err != nil {
		return err
	}
	if len(problems) > 0 || wrong.Code != "" {
		data := problemData(nil, problems)
		if wrong.Code != "" {
			data["token"] = wrong
		}
		return newError(http.StatusBadRequest, msgInvalidSubmit, data)
	}
	yes := true
	if err := h.confirm(r.Context(), p, &core.AccountChange{Password: &password, Verified: &yes}); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// requestEmailChange is POST /api/collections/{collection}/request-email-change: the new address gets the letter.
func (h *handler) requestEmailChange(w http.ResponseWriter, r *http.Request) error {
	c, text, err := h.accountForm(r)
	if err != nil {
		return err
	}
	who, err := h.authenticate(r)
	if err != nil {
		return err
	}
	if err := requireUser(who); err != nil {
		return err
	}
	if who.Collection.ID != c.ID {
		return newError(http.StatusForbidden, "The request requires auth record from "+who.Collection.Name+" collection.", nil)
	}
	if err := notSuperusers(c, msgSuperEmail); err != nil {
		return err
	}
	email := strings.TrimSpace(text("newEmail"))
	if wrong, err := h.newEmailFault(r.Context(), c, email); err != nil || wrong.Code != "" {
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

// newEmailFault is what is wrong with an address that a user wants to have; no code if it will do.
func (h *handler) newEmailFault(ctx context.Context, c *dossier.Collection, email string) (fault, error) {
	if wrong := emailFault(email); wrong.Code != "" {
		return wrong, nil
	}
	other, err := h.byEmail(ctx, c, email)
	if err != nil || other.IsGuest() {
		return fault{}, err
	}
	return fault{Code: "validation_invalid_new_email", Message: "Invalid new email address."}, nil
}

// confirmEmailChange is POST /api/collections/{collection}/confirm-email-change.
func (h *handler) confirmEmailChange(w http.ResponseWriter, r *http.Request) error {
	c, text, err := h.accountForm(r)
	if err == nil {
		err = notSuperusers(c, msgSuperEmail)
	}
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
		_, err := h.svc.SignIn(ctx, p.who.Collection.Name, p.who.Record.Account.Email, password)
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
