package pocketbase

import (
	"crypto/hmac"
	"crypto/sha256"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"dossier"
	"dossier/access"
	"dossier/core"
)

// otpOptions are what an auth collection says of codes from letters.
type otpOptions struct {
	Enabled       bool     `json:"enabled"`
	Duration      int64    `json:"duration"` // seconds
	Length        int      `json:"length"`
	EmailTemplate template `json:"emailTemplate"`
}

// usualCode is the letter with a code.
var usualCode = template{"OTP for {APP_NAME}", "<p>Hello,</p>\n<p>Your one-time password is: <strong>{OTP}</strong></p>\n" +
	"<p>If you did not ask for it, ignore this letter.</p>\n<p>Thanks,<br/>{APP_NAME} team</p>"}

// Bounds of codes.
const (
	maxCodes   = 10_000
	maxGuesses = 5
	minCode    = 4 // digits
	maxCode    = 32
)

// codes are the codes that wait for their owners. They do not outlive the process.
type codes struct {
	mu   sync.Mutex
	byID map[string]*code
}

type code struct {
	who     access.Principal
	sum     []byte
	expires time.Time
	guesses int
}

// keep remembers a code.
func (c *codes) keep(id string, one *code, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byID == nil {
		c.byID = map[string]*code{}
	}
	if len(c.byID) >= maxCodes {
		for id, old := range c.byID {
			if !now.Before(old.expires) {
				delete(c.byID, id)
			}
		}
	}
	if len(c.byID) < maxCodes {
		c.byID[id] = one
	}
}

// redeem is whose code it is, once. After a few wrong guesses it is nobody's.
func (c *codes) redeem(id string, sum []byte, now time.Time) (access.Principal, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	one, ok := c.byID[id]
	if !ok {
		return access.Guest(), false
	}
	one.guesses++
	right := now.Before(one.expires) && hmac.Equal(sum, one.sum)
	if right || one.guesses >= maxGuesses || !now.Before(one.expires) {
		delete(c.byID, id)
	}
	return one.who, right
}

// codeSum is what is kept of a code.
func (h *handler) codeSum(id, code string) []byte {
	mac := hmac.New(sha256.New, h.svc.SpaceKey("otp"))
	_, _ = io.WriteString(mac, id+" "+code)
	return mac.Sum(nil)
}

// otpCollection is the auth collection that the path names, if it sends codes.
func (h *handler) otpCollection(r *http.Request) (*dossier.Collection, func(string) string, otpOptions, error) {
	c, text, err := h.accountForm(r)
	if err != nil {
		return nil, nil, otpOptions{}, err
	}
	o := authOptionsOf(c).OTP
	if !o.Enabled {
		err = newError(http.StatusForbidden, "The collection is not configured to allow OTP authentication.", nil)
	}
	return c, text, o, err
}

// requestOTP is POST /api/collections/{collection}/request-otp. The answer does not tell whether there is somebody with that email.
func (h *handler) requestOTP(w http.ResponseWriter, r *http.Request) error {
	c, text, o, err := h.otpCollection(r)
	if err != nil {
		return err
	}
	email := strings.TrimSpace(text(keyEmail))
	if email == "" {
		return invalidFields(msgInvalidSubmit, map[string]fault{keyEmail: blank})
	}
	id, err := randomWord(h.svc.Random(), 15)
	if err != nil {
		return err
	}
	who, err := h.byEmail(r.Context(), c, email)
	if err != nil {
		return err
	}
	if !who.IsGuest() && h.letters.due(contextOTP, who, h.svc.Now()) {
		if err := h.sendCode(r, who, id, o); err != nil {
			return err
		}
	}
	return h.reply(w, r, map[string]any{"otpId": id})
}

func (h *handler) sendCode(r *http.Request, who access.Principal, id string, o otpOptions) error {
	digits, err := randomDigits(h.svc.Random(), min(max(o.Length, minCode), maxCode))
	if err != nil {
		return err
	}
	now := h.svc.Now()
	h.codes.keep(id, &code{who: who, sum: h.codeSum(id, digits), expires: now.Add(seconds(o.Duration))}, now)
	h.post(r.Context(), who, who.Record.Account.Email, o.EmailTemplate, usualCode, map[string]string{"{OTP}": digits, "{OTP_ID}": id})
	return nil
}

// randomDigits are n digits, each as likely as any other.
func randomDigits(random io.Reader, n int) (string, error) {
	out, b := make([]byte, 0, n), make([]byte, 1)
	for len(out) < n {
		if _, err := io.ReadFull(random, b); err != nil {
			return "", dossier.Errorf(dossier.Internal, "read randomness: %w", err)
		}
		if b[0] < 250 {
			out = append(out, '0'+b[0]%10)
		}
	}
	return string(out), nil
}

// authWithOTP is POST /api/collections/{collection}/auth-with-otp. Who reads the letter has also shown that the email is theirs.
func (h *handler) authWithOTP(w http.ResponseWriter, r *http.Request) error {
	c, text, _, err := h.otpCollection(r)
	if err != nil {
		return err
	}
	id, password := text("otpId"), text(keyPassword)
	wrong := map[string]fault{}
	for key, value := range map[string]string{"otpId": id, keyPassword: password} {
		if value == "" {
			wrong[key] = blank
		}
	}
	if len(wrong) > 0 {
		return invalidFields(msgInvalidSubmit, wrong)
	}
	invalid := newError(http.StatusBadRequest, "Invalid or expired OTP", nil)
	sentTo, ok := h.codes.redeem(id, h.codeSum(id, password), h.svc.Now())
	if !ok || sentTo.Collection.ID != c.ID {
		return invalid
	}
	who, err := h.svc.UserByID(r.Context(), c.ID, sentTo.ID)
	if dossier.KindOf(err) == dossier.Unauthenticated || err == nil && who.Record.Account.TokenKey != sentTo.Record.Account.TokenKey {
		return invalid // gone, or with another password or email than then
	}
	if err != nil {
		return err
	}
	return h.signInByCode(w, r, who)
}

func (h *handler) signInByCode(w http.ResponseWriter, r *http.Request, who access.Principal) error {
	who.Request = requestOf(r)
	if err := h.mayAuthenticate(r.Context(), within(who, contextOTP)); err != nil {
		return err
	}
	if !who.Record.Account.Verified {
		yes := true
		if err := h.confirm(r.Context(), proof{who: who}, &core.AccountChange{Verified: &yes}); err != nil {
			return err
		}
		now, err := h.svc.UserByID(r.Context(), who.Collection.ID, who.ID)
		if err != nil {
			return err
		}
		who = now
	}
	token, err := h.signAuth(who, authTTL(who), true)
	if err != nil {
		return err
	}
	return h.signIn(w, r, who, token)
}
