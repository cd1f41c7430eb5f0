// Package admin is the server side of the web console under /_/: signing in with a browser. A session is a cookie; the
// dialect that admits sessions asks Sessions who a request's cookie belongs to.
// Not here: what a signed-in person may do (see access), pages of any dialect.
package admin

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"dossier"
	"dossier/access"
	"dossier/core"
	"dossier/wire"
)

const (
	cookieName  = "dossier_session"
	sessionLife = 12 * time.Hour
	maxCookie   = 4 << 10 // bytes; a longer one is not looked at
	maxBody     = 64 << 10
)

// Sessions are the sessions of browsers. They are kept by their cookies, signed with a key of the user's that every change of
// password ends.
type Sessions struct{ svc *core.Service }

// NewSessions makes the sessions of a service.
func NewSessions(svc *core.Service) *Sessions { return &Sessions{svc} }

// claims are what a session cookie says.
type claims struct {
	Collection dossier.ID `json:"col"`
	jwt.RegisteredClaims
}

// Of is who the request's session cookie belongs to, and the token that every change made with it must also carry. ok is false
// without a cookie that holds; a request with two session cookies has none.
func (s *Sessions) Of(r *http.Request) (who access.Principal, requestToken string, ok bool) {
	who, c, ok := s.read(r)
	if !ok {
		return access.Guest(), "", false
	}
	return who, s.requestToken(who, c.ID), true
}

// read is what the request's session cookie says, if it holds.
func (s *Sessions) read(r *http.Request) (who access.Principal, c claims, ok bool) {
	cookies := r.CookiesNamed(cookieName)
	if len(cookies) != 1 || len(cookies[0].Value) > maxCookie {
		return access.Guest(), c, false
	}
	_, err := jwt.ParseWithClaims(cookies[0].Value, &c, func(*jwt.Token) (any, error) {
		var err error
		who, err = s.svc.UserByID(r.Context(), wire.GuestOf(r), c.Collection, dossier.ID(c.Subject))
		return s.svc.SigningKey(who, dossier.TokenSession, "browser session"), err
	}, jwt.WithValidMethods([]string{"HS256"}), jwt.WithExpirationRequired(), jwt.WithTimeFunc(s.svc.Now))
	begun := c.IssuedAt == nil || s.svc.HasBegun(c.IssuedAt.Time)
	return who, c, err == nil && begun && !s.svc.SessionEnded(c.ID)
}

// requestToken is derived from the session, so that a page of another origin cannot know it.
func (s *Sessions) requestToken(who access.Principal, session string) string {
	mac := hmac.New(sha256.New, s.svc.SigningKey(who, dossier.TokenSession, "request token"))
	mac.Write([]byte(session))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// start makes a cookie for a session of who.
func (s *Sessions) start(who access.Principal) (cookie, requestToken string, err error) {
	id, err := dossier.NewFileID(s.svc.Random())
	if err != nil {
		return "", "", err
	}
	now := s.svc.Now()
	c := claims{Collection: who.Collection.ID, RegisteredClaims: jwt.RegisteredClaims{
		ID: string(id), Subject: string(who.ID), IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(sessionLife))}}
	cookie, err = jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString(s.svc.SigningKey(who, dossier.TokenSession, "browser session"))
	return cookie, s.requestToken(who, string(id)), err
}

type handler struct {
	svc      *core.Service
	sessions *Sessions
	router   *wire.Router
}

// Mount adds the console's routes to mux.
func Mount(mux *http.ServeMux, svc *core.Service, sessions *Sessions) {
	h := &handler{svc: svc, sessions: sessions}
	rt := wire.NewRouter(mux, svc.Log(), h.fail)
	h.router = rt
	rt.Use(safeHeaders)
	rt.Handle("GET /_/{$}", h.page)
	rt.Handle("GET /_/session", h.session)
	rt.Handle("POST /_/session", h.signIn)
	rt.Handle("DELETE /_/session", h.signOut)
	rt.HandleFallback("/_/", h.missing)
}

// safeHeaders keeps the console out of frames, caches and other origins.
func safeHeaders(next wire.Handler) wire.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-"+scriptHash+"'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		return next(w, r)
	}
}

func (h *handler) missing(w http.ResponseWriter, r *http.Request) error {
	if allowed := h.router.Allowed(r); len(allowed) > 0 {
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		return dossier.Errorf(dossier.Unsupported, "this address does not take %.20s", r.Method)
	}
	return dossier.Errorf(dossier.NotFound, "nothing here")
}

func (h *handler) session(w http.ResponseWriter, r *http.Request) error {
	who, token, ok := h.sessions.Of(r)
	if !ok {
		return dossier.Errorf(dossier.Unauthenticated, "no session: sign in with POST /_/session")
	}
	return answer(w, who, token)
}

func answer(w http.ResponseWriter, who access.Principal, token string) error {
	return wire.WriteJSON(w, http.StatusOK, "application/json", map[string]any{
		"user": map[string]any{
			"id": who.ID, "login": who.Login, "email": who.Login, "name": who.Name, "collection": who.Collection.Name, "superuser": who.IsSuper(),
		},
		"requestToken": token,
	}, true)
}

func (h *handler) signIn(w http.ResponseWriter, r *http.Request) error {
	if !sameOrigin(r) {
		return dossier.Errorf(dossier.Denied, "a page of another origin cannot sign in here")
	}
	login, password, err := credentials(r)
	if err != nil {
		return err
	}
	who, err := h.svc.SignIn(r.Context(), wire.GuestOf(r), "", login, password)
	switch dossier.KindOf(err) {
	case "":
	case dossier.Unauthenticated:
		return dossier.Errorf(dossier.Unauthenticated, "wrong login or password")
	case dossier.Denied:
		return dossier.Errorf(dossier.Denied, "this account may not sign in")
	default:
		return err
	}
	cookie, token, err := h.sessions.start(who)
	if err != nil {
		return err
	}
	h.setCookie(w, r, cookie, int(sessionLife/time.Second))
	return answer(w, who, token)
}

// credentials reads {"login","password"}.
func credentials(r *http.Request) (login, password string, err error) {
	body, err := wire.ReadJSON(r, maxBody)
	if err != nil {
		return "", "", err
	}
	object, _ := body.(map[string]any)
	login, ok1 := object["login"].(string)
	password, ok2 := object["password"].(string)
	if !ok1 || !ok2 {
		return "", "", dossier.Errorf(dossier.Invalid, `want {"login": "…", "password": "…"}`)
	}
	return login, password, nil
}

// sameOrigin reports whether a browser says that the request comes from a page of this server; other clients say nothing.
func sameOrigin(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site == "same-origin" || site == "none"
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host == r.Host
}

func (h *handler) signOut(w http.ResponseWriter, r *http.Request) error {
	if !sameOrigin(r) {
		return dossier.Errorf(dossier.Denied, "a page of another origin cannot sign out here")
	}
	if _, c, ok := h.sessions.read(r); ok {
		if err := h.svc.EndSession(r.Context(), c.ID, c.ExpiresAt.Time); err != nil {
			return err
		}
	}
	h.setCookie(w, r, "", -1)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// setCookie sets the session's cookie, for TLS only where browsers come that way: to this server, or to one in front of it.
func (h *handler) setCookie(w http.ResponseWriter, r *http.Request, value string, maxAge int) {
	secure := r.TLS != nil || strings.HasPrefix(strings.ToLower(h.svc.Space().Settings.PublicURL), "https://")
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: value, Path: "/", MaxAge: maxAge, HttpOnly: true,
		SameSite: http.SameSiteLaxMode, Secure: secure})
}

// statuses are the answers to errors, by kind.
var statuses = map[dossier.Kind]int{
	dossier.Invalid: http.StatusBadRequest, dossier.Unauthenticated: http.StatusUnauthorized, dossier.Denied: http.StatusForbidden,
	dossier.NotFound: http.StatusNotFound, dossier.Unsupported: http.StatusMethodNotAllowed, dossier.TooLarge: http.StatusRequestEntityTooLarge,
	dossier.Busy: http.StatusTooManyRequests, dossier.Incomplete: http.StatusRequestTimeout,
}

func (h *handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	status, ok := statuses[dossier.KindOf(err)]
	message := err.Error()
	if !ok {
		h.svc.Log().Error("request failed", "method", r.Method, "path", r.URL.Path, "error", err)
		status, message = http.StatusInternalServerError, "something went wrong"
	}
	_ = wire.WriteJSON(w, status, "application/json", map[string]any{"message": message}, true)
}
