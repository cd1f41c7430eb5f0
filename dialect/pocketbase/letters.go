package pocketbase

import (
	"context"
	"html"
	"maps"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"dossier/access"
	"dossier/core"
)

// letterPause is how long nobody gets the same kind of letter again.
const letterPause = 2 * time.Minute

// maxLetters is how many letters are remembered; past it they are forgotten.
const maxLetters = 10_000

// letters remembers who got which letter when, so that nobody can be flooded with them.
type letters struct {
	mu   sync.Mutex
	sent map[string]time.Time // by kind and record
}

// due reports whether the letter may be sent at now, and notes that it is.
func (l *letters) due(kind string, who access.Principal, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := kind + " " + string(who.Collection.ID) + " " + string(who.ID)
	if last, ok := l.sent[key]; ok && now.Sub(last) < letterPause {
		return false
	}
	if l.sent == nil || len(l.sent) >= maxLetters {
		l.sent = map[string]time.Time{}
	}
	l.sent[key] = now
	return true
}

// A letterKind is one of the letters about an account.
type letterKind struct {
	purpose  string // of its token
	ttl      func(authOptions) lifetime
	template func(authOptions) template
	usual    template
}

// usualBody is the body of a letter around what it asks to be confirmed.
func usualBody(what, button, page string) string {
	return "<p>Hello,</p>\n<p>" + what + "</p>\n<p><a href=\"{APP_URL}/_/#/auth/" + page + "/{TOKEN}\" target=\"_blank\" rel=\"noopener\">" + button +
		"</a></p>\n<p>Token: {TOKEN}</p>\n<p>Thanks,<br/>{APP_NAME} team</p>"
}

var (
	letterVerify = letterKind{
		purpose:  tokenVerify,
		ttl:      func(o authOptions) lifetime { return o.VerificationToken },
		template: func(o authOptions) template { return o.VerificationTemplate },
		usual: template{"Verify your {APP_NAME} email",
			usualBody("Thank you for joining us at {APP_NAME}. Follow the link to verify your email address.", "Verify", "confirm-verification")},
	}
	letterReset = letterKind{
		purpose:  tokenReset,
		ttl:      func(o authOptions) lifetime { return o.PasswordResetToken },
		template: func(o authOptions) template { return o.ResetPasswordTemplate },
		usual: template{"Reset your {APP_NAME} password",
			usualBody("Follow the link to reset your password. If you did not ask for it, ignore this letter.", "Reset password", "confirm-password-reset")},
	}
	letterEmail = letterKind{
		purpose:  tokenEmail,
		ttl:      func(o authOptions) lifetime { return o.EmailChangeToken },
		template: func(o authOptions) template { return o.ConfirmEmailChangeTmpl },
		usual: template{"Confirm your {APP_NAME} new email address",
			usualBody("Follow the link to confirm your new email address. If you did not ask for it, ignore this letter.", "Confirm new email", "confirm-email-change")},
	}
)

// send sends who a letter with a token, at the address to, newEmail being the address that the token is about.
func (h *handler) send(ctx context.Context, kind letterKind, who access.Principal, to, newEmail string) error {
	if !h.letters.due(kind.purpose, who, h.svc.Now()) {
		return nil
	}
	o := authOptionsOf(who.Collection)
	claims := map[string]any{"email": who.Record.Account.Email}
	if newEmail != "" {
		claims["newEmail"] = newEmail
	}
	token, err := h.sign(who, kind.purpose, seconds(kind.ttl(o).Duration), claims)
	if err != nil {
		return err
	}
	h.post(ctx, who, to, kind.template(o), map[string]string{"{TOKEN}": token})
	return nil
}

// post sends who a letter at the address to, as compose makes it.
func (h *handler) post(ctx context.Context, who access.Principal, to string, t template, more map[string]string) {
	h.svc.SendMail(ctx, h.compose(ctx, who, to, t, more))
}

// compose is a letter to who with more places filled than every letter has.
func (h *handler) compose(ctx context.Context, who access.Principal, to string, t template, more map[string]string) core.Mail {
	fill := h.filler(ctx, who, more)
	body := fill(t.Body, html.EscapeString)
	return core.Mail{To: to, Subject: fill(t.Subject, oneLine), HTML: body, Text: plainText(body)}
}

// filler fills the places of a template; escape makes a value fit where it stands.
func (h *handler) filler(ctx context.Context, who access.Principal, more map[string]string) func(text string, escape func(string) string) string {
	meta := h.settings().Meta
	values := map[string]string{
		"{APP_NAME}": meta.AppName, "{APP_URL}": strings.TrimRight(h.appURL(ctx, meta), "/"),
		"{RECORD:id}": string(who.ID), "{RECORD:email}": who.Record.Account.Email,
	}
	for _, f := range who.Collection.Fields {
		if f.IsText() && !f.Hidden {
			values["{RECORD:"+f.Name+"}"] = who.Record.Text(f.Name)
		}
	}
	maps.Copy(values, more)
	return func(text string, escape func(string) string) string {
		var pairs []string
		for place, value := range values {
			pairs = append(pairs, place, escape(value))
		}
		return strings.NewReplacer(pairs...).Replace(text)
	}
}

// appURL is where letters lead to: what the settings of the dialect say, else the space's, else the address that the request reached. A
// request's Host is never it, or strangers could have users' tokens sent to a place of theirs.
func (h *handler) appURL(ctx context.Context, meta metaSettings) string {
	if meta.AppURL != defaultSettings().Meta.AppURL {
		return meta.AppURL
	}
	if public := h.svc.Space().Settings.PublicURL; public != "" {
		return public
	}
	if reached, ok := ctx.Value(reachedKey{}).(string); ok {
		return reached
	}
	return meta.AppURL
}

// reachedKey is where a context of letters holds the address that the request reached.
type reachedKey struct{}

// letterContext is the context of r for letters that it sends.
func letterContext(r *http.Request) context.Context {
	addr, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return r.Context()
	}
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	return context.WithValue(r.Context(), reachedKey{}, scheme+addr.String())
}

// oneLine is a value for a subject.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// lineBreak is the tag that begins a new line.
var lineBreak = regexp.MustCompile(`(?i)<br\s*/?>`)

// plainText is a letter's HTML as text, its links' addresses included.
func plainText(body string) string {
	var lines []string
	for line := range strings.SplitSeq(lineBreak.ReplaceAllString(body, "\n"), "\n") {
		link := ""
		if _, rest, ok := strings.Cut(line, `href="`); ok {
			link, _, _ = strings.Cut(rest, `"`)
		}
		line = strings.Join(strings.Fields(stripTags(line)), " ")
		lines = append(lines, strings.TrimSpace(line+" "+html.UnescapeString(link)))
	}
	return strings.Join(lines, "\n")
}
