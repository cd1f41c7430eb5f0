package pocketbase

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"io"
	"net/http"
	"slices"

	"dossier"
	"dossier/access"
	"dossier/core"
	"dossier/query"
	"dossier/wire"
)

// purposeOTP is what the key is for that one-time codes are kept under.
const purposeOTP = "otp"

// otpOptions are what an auth collection says of codes from letters.
type otpOptions struct {
	Enabled       bool     `json:"enabled"`
	Duration      int64    `json:"duration"` // seconds
	Length        int      `json:"length"`
	EmailTemplate template `json:"emailTemplate"`
}

// The bounds of otpOptions.
const (
	minOTPLife, maxOTPLife = 10, 86400 // seconds
	minOTP                 = 4         // digits
)

// check calls bad with every option that does not do. Codes that nobody gets may have any.
func (o otpOptions) check(bad func(option string, f fault)) {
	if !o.Enabled {
		return
	}
	between(o.Duration, minOTPLife, maxOTPLife, func(f fault) { bad("duration", f) })
	between(int64(o.Length), minOTP, maxPassword, func(f fault) { bad("length", f) })
}

// usualCode is the letter with a code where the collection has no template for it.
var usualCode = template{
	Subject: "OTP for {APP_NAME}",
	Body: "<p>Hello,</p>\n<p>Your one-time password is: <strong>{OTP}</strong></p>\n" +
		"<p>If you did not ask for it, ignore this letter.</p>\n<p>Thanks,<br/>{APP_NAME} team</p>",
}

var (
	errOTPOff  = newError(http.StatusForbidden, "The collection is not configured to allow OTP authentication.", nil)
	errBadOTP  = newError(http.StatusBadRequest, "Invalid or expired OTP.", nil)
	errOTPBusy = newError(http.StatusTooManyRequests, "Too many attempts, please try again later with a new OTP.", nil)
)

// otpForm is the auth collection that the path names, whose users may sign in with codes, and the texts of the body.
func (h *handler) otpForm(r *http.Request) (*dossier.Collection, func(key string) string, error) {
	return h.accountForm(r, func(c *dossier.Collection) error {
		if !authOptionsOf(c).OTP.Enabled {
			return errOTPOff
		}
		return nil
	})
}

// requestOTP is POST /api/collections/{collection}/request-otp. The answer does not tell whether there is somebody with that email.
func (h *handler) requestOTP(w http.ResponseWriter, r *http.Request) error {
	c, text, err := h.otpForm(r)
	if err != nil {
		return err
	}
	email, who, err := h.namedByEmail(r, c, text)
	if err != nil {
		return err
	}
	id, err := h.issueOTP(letterContext(r), c, who, email)
	if err != nil {
		return err
	}
	return h.reply(w, r, map[string]string{"otpId": id})
}

// issueOTP makes a code for who, sends it, and returns its ID. A guest's is kept but not sent.
func (h *handler) issueOTP(ctx context.Context, c *dossier.Collection, who access.Principal, email string) (string, error) {
	id, err := dossier.NewID(h.svc.Random())
	if err != nil {
		return "", err
	}
	guest := who.IsGuest()
	if guest {
		if who.ID, err = dossier.NewID(h.svc.Random()); err != nil { // whom nobody is found by later
			return "", err
		}
	}
	o := authOptionsOf(c).OTP
	digits, err := randomDigits(h.svc.Random(), o.Length)
	if err != nil {
		return "", err
	}
	now := h.svc.Now()
	made := &code{
		asker: string(c.ID) + " " + query.FoldText(email, query.Fold), collection: c.ID, record: who.ID, nobody: guest,
		mac: h.macOTP(who, string(id), digits), asked: now, ends: now.Add(seconds(o.Duration)),
	}
	if !guest {
		made.tokenKey, made.sentTo = who.Record.Account.TokenKey, who.Record.Account.Email
	}
	kept, fresh, err := h.codes.add(string(id), made, now)
	if err == nil && fresh && !guest {
		h.post(ctx, who, who.Record.Account.Email, o.EmailTemplate, map[string]string{"{OTP}": digits, "{OTP_ID}": kept})
	}
	return kept, err
}

// macOTP is what is kept of a code. It ends with the password and the email that its owner has now; no salt ends it, for who shows it is
// asked by the rule.
func (h *handler) macOTP(who access.Principal, id, digits string) []byte {
	mac := hmac.New(sha256.New, h.svc.SigningKey(who, "", purposeOTP))
	_, _ = io.WriteString(mac, id+"\x00"+digits)
	return mac.Sum(nil)
}

// randomDigits is n decimal digits from random, each as likely as any other.
func randomDigits(random io.Reader, n int) (string, error) {
	out := make([]byte, 0, n)
	var buf [16]byte
	for len(out) < n {
		if _, err := io.ReadFull(random, buf[:]); err != nil {
			return "", dossier.Errorf(dossier.Internal, "read randomness: %w", err)
		}
		for _, b := range buf {
			if b < 250 && len(out) < n {
				out = append(out, '0'+b%10)
			}
		}
	}
	return string(out), nil
}

// authWithOTP is POST /api/collections/{collection}/auth-with-otp.
func (h *handler) authWithOTP(w http.ResponseWriter, r *http.Request) error {
	c, text, err := h.otpForm(r)
	if err != nil {
		return err
	}
	wrong := map[string]fault{}
	if f := textFault(text("otpId")); f.Code != "" {
		wrong["otpId"] = f
	}
	switch digits := text(keyPassword); {
	case digits == "":
		wrong[keyPassword] = blank
	case len(digits) > maxPassword:
		wrong[keyPassword] = outOfRange(1, maxPassword)
	}
	if len(wrong) > 0 {
		return invalidFields(msgInvalidSubmit, wrong)
	}
	who, err := h.redeemOTP(r, c, text("otpId"), text(keyPassword))
	if err != nil {
		return err
	}
	if who, err = h.verifyByOTP(r.Context(), who); err != nil {
		return err
	}
	asker, err := h.authenticate(r)
	if err != nil {
		return err
	}
	if err := h.mayAuthenticate(r.Context(), within(asker, contextOTP), who); err != nil {
		return err
	}
	who = within(who, contextOTP)
	token, err := h.signAuth(who, authTTL(who), true)
	if err != nil {
		return err
	}
	return h.signIn(w, r, who, token)
}

// redeemOTP is who was sent the code, which ends by it.
func (h *handler) redeemOTP(r *http.Request, c *dossier.Collection, id, digits string) (access.Principal, error) {
	known, err := h.codes.try(id, c.ID, h.svc.Now())
	switch {
	case dossier.KindOf(err) == dossier.Busy:
		return access.Guest(), errOTPBusy
	case err != nil:
		return access.Guest(), errBadOTP
	}
	who, err := h.svc.UserByID(r.Context(), wire.GuestOf(r), c.ID, known.record)
	missing := dossier.KindOf(err) == dossier.Unauthenticated
	if err != nil && !missing {
		return access.Guest(), err
	}
	if right := hmac.Equal(h.macOTP(who, id, digits), known.mac); !right || missing || !h.codes.take(id) {
		return access.Guest(), errBadOTP
	}
	return who, nil
}

// verifyByOTP notes that who reads the letters to their email. Whoever made the account before that was shown may be somebody else, so
// their password ends.
func (h *handler) verifyByOTP(ctx context.Context, who access.Principal) (access.Principal, error) {
	if who.Record.Account.Verified {
		return who, nil
	}
	password, err := core.RandomText(h.svc.Random(), maxPassword)
	if err != nil {
		return who, err
	}
	yes := true
	if err := h.confirm(ctx, proof{who: who}, &core.AccountChange{Verified: &yes, Password: &password}); err != nil {
		return who, err
	}
	return h.svc.UserByID(ctx, who, who.Collection.ID, who.ID)
}

// codeRows are the codes that were asked for and still hold, as clients read them: those of who, all for a superuser. What was sent is never told.
func (h *handler) codeRows(r *http.Request, who access.Principal) ([]*dossier.Record, error) {
	var rows []*dossier.Record
	for id, c := range h.codes.of(who, h.svc.Now()) {
		owner, err := h.svc.UserByID(r.Context(), who, c.collection, c.record)
		if dossier.KindOf(err) == dossier.Unauthenticated {
			continue // the account is gone
		}
		if err != nil {
			return nil, err
		}
		if owner.Record.Account.TokenKey != c.tokenKey {
			continue // its password or email is another
		}
		rows = append(rows, &dossier.Record{ID: dossier.ID(id), Created: c.asked, Updated: c.asked, Values: map[string]dossier.Value{
			fieldCollectionRef: dossier.Text(collectionID(owner.Collection)), fieldRecordRef: dossier.Text(c.record), fieldSentTo: dossier.Text(c.sentTo),
		}})
	}
	slices.SortFunc(rows, func(a, b *dossier.Record) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID))
	})
	for i, row := range rows {
		row.Number = int64(i + 1)
	}
	return rows, nil
}

func (h *handler) dropCode(id dossier.ID) { h.codes.drop(string(id)) }
