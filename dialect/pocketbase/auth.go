package pocketbase

import (
	"context"
	"errors"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"dossier"
	"dossier/access"
	"dossier/wire"
)

// The values of Principal.Request.Context, and so of @request.context in rules. A plain call has none.
const (
	contextExpand    = "expand"
	contextProtected = "protectedFile"
	contextOTP       = "otp"
)

// authenticate says who sent r: the holder of its auth token, a guest without one. A token that does not hold is no error:
// its holder is a guest.
func (h *handler) authenticate(r *http.Request) (access.Principal, error) {
	p, err := h.authProof(r)
	return p.who, err
}

func (h *handler) authProof(r *http.Request) (proof, error) {
	p, err := h.verify(r, authToken(r), tokenAuth)
	if dossier.KindOf(err) == dossier.Unauthenticated {
		p, err = proof{who: wire.GuestOf(r)}, nil
	}
	noteUser(r, p.who)
	return p, err
}

// authToken is the token of the Authorization header, whose scheme "Bearer" may be left out.
func authToken(r *http.Request) string {
	text := r.Header.Get("Authorization")
	if scheme, rest, ok := strings.Cut(text, " "); ok && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(rest)
	}
	return text
}

// within is who, asking as part of something.
func within(who access.Principal, context string) access.Principal {
	who.Request.Context = context
	return who
}

// requireUser refuses guests.
func requireUser(who access.Principal) error {
	if who.IsGuest() {
		return newError(http.StatusUnauthorized, msgNeedsAuth, nil)
	}
	return nil
}

// requireSuper refuses everyone but superusers.
func requireSuper(who access.Principal) error {
	if err := requireUser(who); err != nil {
		return err
	}
	if !who.IsSuper() {
		return newError(http.StatusForbidden, msgNotAllowed, nil)
	}
	return nil
}

// errNoAuthCollection is the answer where the collection of the path has no accounts.
var errNoAuthCollection = newError(http.StatusNotFound, "Missing or invalid auth collection context.", nil)

// authCollection finds the auth collection that the path names.
func (h *handler) authCollection(r *http.Request) (*dossier.Collection, error) {
	c, ok := findAny(h.svc.Space(), r.PathValue("collection"))
	if !ok {
		return nil, newError(http.StatusNotFound, msgNoCollection, nil)
	}
	if c.Kind != dossier.Auth {
		return nil, errNoAuthCollection
	}
	return c, nil
}

// An authAnswer is the body of everything that signs in.
type authAnswer struct {
	Record any    `json:"record"`
	Token  string `json:"token"`
}

// signIn answers with a token of who and their record.
func (h *handler) signIn(w http.ResponseWriter, r *http.Request, who access.Principal, token string) error {
	who.Request = wire.RequestOf(r)
	v := h.viewer(r.Context(), who)
	shown, err := v.records(who.Collection, []*dossier.Record{who.Record}, who.Request.Query["expand"])
	if err != nil {
		return err
	}
	return h.reply(w, r, authAnswer{Record: shown[0], Token: token})
}

// passwordForm is the body of a sign-in.
type passwordForm struct{ identity, password, identityField string }

// authWithPassword is POST /api/collections/{collection}/auth-with-password.
func (h *handler) authWithPassword(w http.ResponseWriter, r *http.Request) error {
	c, err := h.authCollection(r)
	if err != nil {
		return err
	}
	if c.SigningIn().NoPassword {
		return newError(http.StatusForbidden, "The collection is not configured to allow password authentication.", nil)
	}
	form, err := h.readPasswordForm(r)
	if err != nil {
		return err
	}
	if wrong := form.check(c); len(wrong) > 0 {
		return invalidFields(msgInvalidSubmit, wrong)
	}
	asker, err := h.authenticate(r)
	if err != nil {
		return err
	}
	by, _ := identityColumn(c, form.identityField)
	who, err := h.svc.SignInBy(r.Context(), asker, c.Name, by, form.identity, form.password)
	if dossier.KindOf(err) == dossier.Unauthenticated && !errors.Is(err, access.ErrPlace) {
		return newError(http.StatusBadRequest, "Failed to authenticate.", nil)
	}
	if err != nil {
		return notAdmitted(err)
	}
	token, err := h.signAuth(who, authTTL(who), true)
	if err != nil {
		return err
	}
	return h.signIn(w, r, within(who, access.ContextPassword), token)
}

// mayAuthenticate asks whether who may sign in, for the sender of a request.
func (h *handler) mayAuthenticate(ctx context.Context, asker, who access.Principal) error {
	return notAdmitted(h.svc.MaySignIn(ctx, asker, who))
}

// notAdmitted is the answer to err where it says that somebody may not sign in who proved who they are.
func notAdmitted(err error) error {
	switch {
	case errors.Is(err, access.ErrPlace):
		return dossier.Errorf(dossier.Denied, "sign in: %w", err)
	case dossier.KindOf(err) == dossier.Denied:
		return newError(http.StatusForbidden, "The request doesn't satisfy the collection requirements to authenticate.", nil)
	}
	return err
}

func (h *handler) readPasswordForm(r *http.Request) (passwordForm, error) {
	text, err := h.texts(r, "identity", keyPassword, "identityField")
	if err != nil {
		return passwordForm{}, err
	}
	return passwordForm{identity: text("identity"), password: text(keyPassword), identityField: text("identityField")}, nil
}

// check is what is wrong with the form, for one who signs in to c.
func (f passwordForm) check(c *dossier.Collection) map[string]fault {
	wrong := map[string]fault{}
	for key, text := range map[string]string{"identity": f.identity, keyPassword: f.password} {
		if f := textFault(text); f.Code != "" {
			wrong[key] = f
		}
	}
	switch by := f.identityField; {
	case by == "" || slices.Contains(identityFields(c, c), by):
	case len(by) > maxFormText:
		wrong["identityField"] = outOfRange(1, maxFormText)
	default:
		wrong["identityField"] = fault{Code: "validation_in_invalid", Message: "Must be a valid value."}
	}
	return wrong
}

// authRefresh is POST /api/collections/{collection}/auth-refresh.
func (h *handler) authRefresh(w http.ResponseWriter, r *http.Request) error {
	p, _, err := h.ownCollection(r)
	if err != nil {
		return err
	}
	if _, err := h.readFields(r); err != nil {
		return err
	}
	if err := h.mayAuthenticate(r.Context(), p.who, p.who); err != nil {
		return err
	}
	token := authToken(r)
	if p.refreshable {
		if token, err = h.signAuth(p.who, authTTL(p.who), true); err != nil {
			return err
		}
	}
	return h.signIn(w, r, p.who, token)
}

// impersonate is POST /api/collections/{collection}/impersonate/{record}: a superuser gets a token of somebody else.
func (h *handler) impersonate(w http.ResponseWriter, r *http.Request) error {
	who, err := h.authenticate(r)
	if err != nil {
		return err
	}
	if err := requireSuper(who); err != nil {
		return err
	}
	c, ok := findCollection(h.svc.Space(), r.PathValue("collection"))
	if !ok || c.Kind != dossier.Auth {
		return errNoAuthCollection
	}
	other, err := h.svc.UserByID(r.Context(), who, c.ID, dossier.ID(r.PathValue("record")))
	if k := dossier.KindOf(err); k == dossier.Unauthenticated || k == dossier.NotFound {
		return errNotFound
	}
	if err != nil {
		return err
	}
	values, err := h.readFields(r)
	if err != nil {
		return loadError(err)
	}
	ttl, err := askedTTL(values["duration"], authTTL(other))
	if err != nil {
		return err
	}
	token, err := h.signAuth(other, ttl, false)
	if err != nil {
		return err
	}
	return h.signIn(w, r, other, token)
}

// askedTTL is the life of a token that the client asks for in seconds; nothing or 0 is def.
func askedTTL(raw any, def time.Duration) (time.Duration, error) {
	number, isNumber := raw.(jsonNumber)
	n, err := strconv.ParseInt(toText(number), 10, 64)
	switch {
	case raw == nil, raw == "", isNumber && err == nil && n == 0:
		return def, nil
	case !isNumber, err != nil, n > int64(math.MaxInt64/time.Second):
		return 0, newError(http.StatusBadRequest, msgInvalidLoad, nil)
	case n < 0:
		return 0, invalidFields(msgInvalidSubmit, map[string]fault{"duration": negative})
	}
	return seconds(n), nil
}

// authMethods is GET /api/collections/{collection}/auth-methods.
func (h *handler) authMethods(w http.ResponseWriter, r *http.Request) error {
	c, err := h.authCollection(r)
	if err != nil {
		return err
	}
	options := authOptionsOf(c)
	var shown shownMethods
	shown.Password.IdentityFields = []string{}
	if shown.Password.Enabled = options.PasswordAuth.Enabled; shown.Password.Enabled {
		shown.Password.IdentityFields = options.PasswordAuth.IdentityFields
	}
	shown.OAuth2.Providers = []string{}
	if shown.OTP.Enabled = options.OTP.Enabled; shown.OTP.Enabled {
		shown.OTP.Duration = int64(options.OTP.Duration)
	}
	shown.EmailPassword = slices.Contains(shown.Password.IdentityFields, keyEmail)
	shown.UsernamePassword = slices.Contains(shown.Password.IdentityFields, "username")
	return h.reply(w, r, shown)
}

// noProviders is GET /api/collections/meta/oauth2-providers: there are none.
func (h *handler) noProviders(w http.ResponseWriter, r *http.Request) error {
	if _, err := h.superuser(r); err != nil {
		return err
	}
	return h.reply(w, r, []any{})
}

// shownMethods are the ways to sign in, in the order in which clients see them.
type shownMethods struct {
	Password struct {
		IdentityFields []string `json:"identityFields"`
		Enabled        bool     `json:"enabled"`
	} `json:"password"`
	OAuth2 struct {
		Providers []string `json:"providers"`
		Enabled   bool     `json:"enabled"`
	} `json:"oauth2"`
	MFA              shownSwitch `json:"mfa"`
	OTP              shownSwitch `json:"otp"`
	AuthProviders    []string    `json:"authProviders"`
	UsernamePassword bool        `json:"usernamePassword"`
	EmailPassword    bool        `json:"emailPassword"`
}

// A shownSwitch is a way to sign in that may be off; its seconds are 0 then.
type shownSwitch struct {
	Enabled  bool  `json:"enabled"`
	Duration int64 `json:"duration"`
}
