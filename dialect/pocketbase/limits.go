package pocketbase

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"dossier"
	"dossier/access"
	"dossier/wire"
)

// The audiences of a rule; "" is everybody.
const (
	audienceGuest = "@guest"
	audienceAuth  = "@auth"
)

// limitActions are the actions that rules may name, by route; the first is the most exact.
var limitActions = map[string][]string{
	"GET /api/collections/{collection}/records":                 {"list"},
	"POST /api/collections/{collection}/records":                {"create"},
	"GET /api/collections/{collection}/records/{record}":        {"view"},
	"PATCH /api/collections/{collection}/records/{record}":      {"update"},
	"DELETE /api/collections/{collection}/records/{record}":     {"delete"},
	"GET /api/files/{collection}/{record}/{filename}":           {"file"},
	"GET /api/collections/{collection}/auth-methods":            {"listAuthMethods"},
	"POST /api/collections/{collection}/auth-with-password":     {"authWithPassword", "auth"},
	"POST /api/collections/{collection}/auth-refresh":           {"authRefresh"},
	"POST /api/collections/{collection}/request-otp":            {"requestOTP"},
	"POST /api/collections/{collection}/auth-with-otp":          {"authWithOTP", "auth"},
	"POST /api/collections/{collection}/auth-with-oauth2":       {"authWithOAuth2", "auth"},
	"POST /api/collections/{collection}/request-password-reset": {"requestPasswordReset"},
	"POST /api/collections/{collection}/confirm-password-reset": {"confirmPasswordReset"},
	"POST /api/collections/{collection}/request-verification":   {"requestVerification"},
	"POST /api/collections/{collection}/confirm-verification":   {"confirmVerification"},
	"POST /api/collections/{collection}/request-email-change":   {"requestEmailChange"},
	"POST /api/collections/{collection}/confirm-email-change":   {"confirmEmailChange"},
}

// A windowKey is one client under one rule. A rule that changes begins anew.
type windowKey struct {
	rule  rateRule
	place dossier.ID // the collection, where the rule names an action; each has its own count
	from  string     // access.PlaceOf the client
}

// A window counts the requests since it began.
type window struct {
	began time.Time
	count int
}

// The bounds of windows: how many there are before those that are over are dropped, and how many at most. Requests beyond are not counted:
// who has so many places to send from has a window in each anyway.
const (
	someWindows = 10_000
	maxWindows  = 200_000
)

// windows count requests in windows of fixed length. The zero windows is ready.
type windows struct {
	mu    sync.Mutex
	all   map[windowKey]window
	sweep int // how many there are when those that are over are dropped again
}

// admit counts a request and reports whether there have not been too many.
func (ws *windows) admit(k windowKey, now time.Time) bool {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if ws.all == nil {
		ws.all, ws.sweep = map[windowKey]window{}, someWindows
	}
	w, ok := ws.all[k]
	if !ok && len(ws.all) >= ws.sweep {
		ws.drop(now)
	}
	if !ok && len(ws.all) >= maxWindows {
		return true
	}
	if !ok || w.isOver(k.rule, now) {
		w = window{began: now}
	}
	w.count++
	ws.all[k] = w
	return w.count <= k.rule.MaxRequests
}

// drop forgets the windows that are over. It looks through all of them again when there are twice as many as it left, so that a crowd of
// clients costs each no more than its own.
func (ws *windows) drop(now time.Time) {
	maps.DeleteFunc(ws.all, func(k windowKey, w window) bool { return w.isOver(k.rule, now) })
	ws.sweep = min(max(someWindows, 2*len(ws.all)), maxWindows)
}

// isOver reports whether a window of r has ended, or the clock was put back by more than it lasts.
func (w window) isOver(r rateRule, now time.Time) bool {
	gone := now.Sub(w.began)
	return gone >= r.length() || gone <= -r.length()
}

func (r rateRule) length() time.Duration { return time.Duration(r.Duration) * time.Second }

// hears reports whether r is about who.
func (r rateRule) hears(who access.Principal) bool {
	switch r.Audience {
	case audienceGuest:
		return who.IsGuest()
	case audienceAuth:
		return !who.IsGuest()
	}
	return true
}

// A limited is a request as rates see it.
type limited struct {
	who          access.Principal
	host         string
	method, path string
	c            *dossier.Collection // nil if it is about none
	actions      []string            // the most exact first
}

// labels are the labels of rules that it falls under, the most exact first.
func (l limited) labels() []string {
	var labels []string
	if l.c != nil {
		for _, a := range l.actions {
			labels = append(labels, l.c.Name+":"+a)
		}
	}
	for _, a := range l.actions {
		labels = append(labels, "*:"+a)
	}
	return append(labels, l.method+" "+l.path, l.path)
}

// ruleOf is the rule for a request: the one with the first of its labels, else that of the longest beginning of its path.
func (s rateSettings) ruleOf(l limited) (rateRule, bool) {
	for _, label := range l.labels() {
		if i := slices.IndexFunc(s.Rules, func(rule rateRule) bool { return rule.Label == label && rule.hears(l.who) }); i >= 0 {
			return s.Rules[i], true
		}
	}
	var best rateRule
	for _, rule := range s.Rules {
		begins := strings.HasPrefix(l.path+"/", rule.Label) || strings.HasPrefix(l.method+" "+l.path+"/", rule.Label)
		if strings.HasSuffix(rule.Label, "/") && begins && rule.hears(l.who) && len(rule.Label) > len(best.Label) {
			best = rule
		}
	}
	return best, best.Label != ""
}

// withLimits refuses requests of clients that send too many, where the settings say how many that is.
func (h *handler) withLimits(next wire.Handler) wire.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if s, ok := h.limits(); ok && h.isOverLimit(s, h.limitedOf(r)) {
			return dossier.Errorf(dossier.Busy, "too many requests")
		}
		return next(w, r)
	}
}

// limits are the settings of rates; false where there are none, or off.
func (h *handler) limits() (rateSettings, bool) {
	if !strings.Contains(h.svc.Space().Settings.Extra[extraSettings], `"rateLimits"`) {
		return rateSettings{}, false
	}
	s := h.settings().RateLimits
	return s, s.Enabled
}

// limitedOf is r as rates see it.
func (h *handler) limitedOf(r *http.Request) limited {
	l := limited{host: wire.RemoteHost(r), method: r.Method, path: r.URL.Path, actions: limitActions[r.Pattern]}
	var err error
	if l.who, err = h.authenticate(r); err != nil {
		l.who = access.Guest()
	}
	if c, ok := findAny(h.svc.Space(), r.PathValue("collection")); ok {
		l.c = c
	}
	return l
}

// isOverLimit counts l and reports whether there have been too many.
func (h *handler) isOverLimit(s rateSettings, l limited) bool {
	if access.InNetworks(s.ExcludedIPs, l.host) || l.who.IsSuper() {
		return false
	}
	rule, ok := s.ruleOf(l)
	if !ok {
		return false
	}
	k := windowKey{rule: rule, from: access.PlaceOf(l.host)}
	if l.c != nil && strings.Contains(rule.Label, ":") {
		k.place = l.c.ID
	}
	return !h.windows.admit(k, h.svc.Now())
}

// ownLimits are the routes that bound their bodies themselves.
var ownLimits = map[string]bool{
	"POST /api/collections/{collection}/records":           true,
	"PATCH /api/collections/{collection}/records/{record}": true,
	"POST /api/batch":          true,
	"POST /api/backups/upload": true,
}

// withBodyLimit refuses a body that says to be too large.
func (h *handler) withBodyLimit(next wire.Handler) wire.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if r.ContentLength > h.maxBody && !ownLimits[r.Pattern] {
			return dossier.Errorf(dossier.TooLarge, "a body of %d bytes", r.ContentLength)
		}
		return next(w, r)
	}
}

// labelForm is how rules are named: an action of a collection, or a path with or without its method.
var labelForm = regexp.MustCompile(`^(\w+ /[\w/-]*|/[\w/-]*|\w+:\w+|\*:\w+)$`)

// badAddress is the fault of what is no address and no subnet.
var badAddress = fault{Code: "validation_invlaid_ip_or_subnet", Message: "Invalid IP or CIDR subnet."} // misspelt by the original

// check notes what is wrong with s.
func (s rateSettings) check(data map[string]any) {
	if s.Enabled && len(s.Rules) == 0 {
		nest(data, []string{"rateLimits", "rules"}, blank)
	}
	for i, r := range s.Rules {
		at := []string{"rateLimits", "rules", strconv.Itoa(i)}
		r.check(func(key string, f fault) { nest(data, append(at, key), f) })
		if slices.ContainsFunc(s.Rules[:i], r.collides) {
			nest(data, append(at, "label"), fault{Code: "validation_conflicting_rate_limit_rule",
				Message: "Rate limit rule configuration with label " + r.Label + " already exists or conflicts with another rule.", Params: map[string]any{"label": r.Label}})
		}
	}
	for i, text := range s.ExcludedIPs {
		if _, err := access.ParseNetwork(text); err != nil {
			nest(data, []string{"rateLimits", "excludedIPs", strconv.Itoa(i)}, badAddress)
		}
	}
}

// collides reports whether r and o can be about the same request.
func (r rateRule) collides(o rateRule) bool {
	return o.Label == r.Label && (o.Audience == r.Audience || o.Audience == "" || r.Audience == "")
}

func (r rateRule) check(note func(key string, f fault)) {
	switch {
	case r.Label == "":
		note("label", blank)
	case !labelForm.MatchString(r.Label):
		note("label", badForm)
	}
	if r.Audience != "" && r.Audience != audienceGuest && r.Audience != audienceAuth {
		note("audience", badChoice)
	}
	for key, n := range map[string]int64{"duration": r.Duration, "maxRequests": int64(r.MaxRequests)} {
		switch {
		case n == 0:
			note(key, blank)
		case n < 0:
			note(key, noLess(1))
		}
	}
}
