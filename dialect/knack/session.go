package knack

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"dossier"
	"dossier/access"
	"dossier/wire"
)

// wrongPassword is the answer to a login that does not fit, whatever is wrong with it.
var wrongPassword = validation{{message: "Email or password incorrect."}}

// createSession signs a user in by email and password. No header of the vendor's is needed.
func (h *handler) createSession(w http.ResponseWriter, r *http.Request) error {
	space := h.svc.Space()
	if err := pathApplication(space, r); err != nil {
		return err
	}
	body, err := readBody(r)
	if err != nil {
		return err
	}
	email, _ := textOfInput(body["email"])
	password, _ := body["password"].(string)
	who, err := h.signIn(r, strings.TrimSpace(email), password)
	switch dossier.KindOf(err) {
	case "":
	case dossier.Unauthenticated, dossier.Denied: // who may not sign in is told no more
		return writeJSONStatus(w, http.StatusUnauthorized, wrongPassword.body())
	default:
		return err
	}
	life := tokenLife
	if remember, _ := textOfInput(body["remember"]); truths[strings.ToLower(remember)] {
		life = rememberedLife
	}
	token, err := h.issue(space, who, life)
	if err != nil {
		return err
	}
	return h.writeSession(w, r, space, who, token)
}

// The bounds of wrong passwords: the next login with the same email is refused until the window is over.
const (
	maxFailures   = 5
	failureWindow = time.Minute
)

// signIn is who has that email and password. After too many wrong passwords even the right one waits.
func (h *handler) signIn(r *http.Request, email, password string) (access.Principal, error) {
	if len(email) > maxEmail {
		email = ""
	}
	if !h.failures.Allowed(email, h.svc.Now()) {
		return access.Guest(), errBusy
	}
	who, err := h.svc.SignIn(r.Context(), wire.GuestOf(r), "", email, password)
	switch {
	case email == "":
	case err == nil:
		h.failures.Forget(email)
	case dossier.KindOf(err) == dossier.Unauthenticated:
		h.failures.Failed(email, h.svc.Now())
	}
	return who, err
}

// maxEmail is the length of the longest address, in bytes.
const maxEmail = 320

// getSession tells whose token the request carries.
func (h *handler) getSession(w http.ResponseWriter, r *http.Request) error {
	space := h.svc.Space()
	if err := headerApplication(space, r); err != nil {
		return err
	}
	who, err := h.byToken(space, r)
	if err != nil {
		return err
	}
	if who.IsGuest() {
		return errToken
	}
	return h.writeSession(w, r, space, who, userToken(r))
}

// pathApplication checks the application in the path of a request that needs no headers.
func pathApplication(space *dossier.Space, r *http.Request) error {
	err := checkApp(space, r.PathValue("app"))
	if err == error(errKey) {
		return errNotFound
	}
	return err
}

// writeSession writes the session of a user. The three states are those of a user who may work.
func (h *handler) writeSession(w http.ResponseWriter, r *http.Request, space *dossier.Space, who access.Principal, token string) error {
	t := &target{who: who, space: space, c: who.Collection, fields: viewFields(who.Collection, &dossier.PageView{}, who)}
	e, err := h.encoder(r, t, who.Record)
	if err != nil {
		return err
	}
	mac := hmac.New(sha256.New, h.svc.SpaceKey("utility-key"))
	_, _ = mac.Write([]byte(who.ID))
	keys, objects := []string{}, []object{}
	if isObject(who.Collection) {
		keys = append(keys, profileKey(who.Collection))
		objects = append(objects, object{{"object", objectKey(who.Collection)}, {"entry_id", string(who.ID)}})
	}
	values := object{{"name", who.Name}, {"email", object{{"email", who.Login}}}}
	values = append(values, e.record(t.fields, who.Record, formatRaw)[1:]...)
	w.Header().Set("Cache-Control", "no-store")
	return writeJSON(w, object{{"session", object{{"user", object{
		{"id", string(who.ID)},
		{"token", token},
		{"approval_status", "approved"},
		{"account_status", "active"},
		{"status", "current"},
		{"empty_pass", false},
		{"profile_keys", keys},
		{"profile_objects", objects},
		{"utility_key", hex.EncodeToString(mac.Sum(nil))[:24]},
		{"values", values},
	}}}}})
}

// profileKey is the key of the role that the records of an auth collection have.
func profileKey(c *dossier.Collection) string {
	return "profile_" + strings.TrimPrefix(objectKey(c), "object_")
}
