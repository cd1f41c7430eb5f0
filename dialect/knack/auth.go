package knack

import (
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"dossier"
	"dossier/access"
	"dossier/wire"
)

// The vendor's headers.
const (
	headerApp   = "X-Knack-Application-Id"
	headerKey   = "X-Knack-REST-API-Key"
	headerToken = "Authorization"
)

// isLiteral reports whether key is one of the words that browser scripts send for want of a key.
func isLiteral(key string) bool {
	return key == "knack" || key == "renderer" || key == "renderer-session"
}

// checkApp compares an application id with the space's: first its form, then itself.
func checkApp(space *dossier.Space, id string) error {
	if len(id) != 24 || strings.Trim(strings.ToLower(id), "0123456789abcdef") != "" {
		return errAppID
	}
	if !strings.EqualFold(id, space.Application) {
		return errKey
	}
	return nil
}

// headerApplication checks the application id among the headers.
func headerApplication(space *dossier.Space, r *http.Request) error {
	id := strings.TrimSpace(r.Header.Get(headerApp))
	if id == "" {
		return errNoApp
	}
	return checkApp(space, id)
}

// byKey is who holds the key among the headers, for requests that need a real one.
func (h *handler) byKey(space *dossier.Space, r *http.Request) (access.Principal, error) {
	if err := headerApplication(space, r); err != nil {
		return access.Guest(), err
	}
	key := strings.TrimSpace(r.Header.Get(headerKey))
	if key == "" || isLiteral(key) {
		return access.Guest(), errNoKey
	}
	return h.keyHolder(key)
}

func (h *handler) keyHolder(key string) (access.Principal, error) {
	who, err := h.svc.KeyPrincipal(key)
	if err != nil {
		return access.Guest(), errKey
	}
	return who, nil // no rule ever looks at its request
}

// byKeyOrToken is who asks a view: the holder of a real key, else of a user's token, else a guest.
func (h *handler) byKeyOrToken(space *dossier.Space, r *http.Request) (access.Principal, error) {
	if err := headerApplication(space, r); err != nil {
		return access.Guest(), err
	}
	if key := strings.TrimSpace(r.Header.Get(headerKey)); key != "" && !isLiteral(key) {
		return h.keyHolder(key)
	}
	return h.byToken(space, r)
}

// byToken is the user whose token is among the headers, a guest if there is none.
func (h *handler) byToken(space *dossier.Space, r *http.Request) (access.Principal, error) {
	who := wire.GuestOf(r)
	if token := userToken(r); token != "" {
		var err error
		if who, err = h.verify(r, space, token); err != nil {
			return access.Guest(), err
		}
	}
	return who, nil
}

// userToken is the user's token among the headers, with or without a scheme; "" if there is none.
func userToken(r *http.Request) string {
	token := strings.TrimSpace(r.Header.Get(headerToken))
	if scheme, rest, ok := strings.Cut(token, " "); ok && strings.EqualFold(scheme, "bearer") {
		token = strings.TrimSpace(rest)
	}
	return token
}

// uploader is who may upload to the application in the path: a key's holder; a user; anybody with the word for a key and the
// application among the headers.
func (h *handler) uploader(space *dossier.Space, r *http.Request) (access.Principal, error) {
	inPath, inHeader := r.PathValue("app"), strings.TrimSpace(r.Header.Get(headerApp))
	if inHeader != "" && !strings.EqualFold(inHeader, inPath) {
		return access.Guest(), errNoApp
	}
	if err := checkApp(space, inPath); err != nil {
		return access.Guest(), err
	}
	key := strings.TrimSpace(r.Header.Get(headerKey))
	switch {
	case key != "" && !isLiteral(key):
		return h.keyHolder(key)
	case key != "" && inHeader == "":
		return access.Guest(), errNoApp
	case key == "" && userToken(r) == "":
		return access.Guest(), errNoApp
	}
	who, err := h.byToken(space, r)
	if err == nil && who.IsGuest() && h.o.ClosedUploads {
		err = errNoKey
	}
	return who, err
}

// The lives of a user's token: "Users", with and without remembering.
const (
	tokenLife      = 48 * time.Hour
	rememberedLife = 14 * 24 * time.Hour
)

// tokenPurpose names the signing keys of users' tokens.
const tokenPurpose = "session-token"

// claims are what a user's token says.
type claims struct {
	User        string `json:"user_id"`
	Application string `json:"application_id"`
	jwt.RegisteredClaims
}

// issue makes a token for who.
func (h *handler) issue(space *dossier.Space, who access.Principal, life time.Duration) (string, error) {
	now := h.svc.Now()
	c := claims{User: string(who.ID), Application: space.Application}
	c.IssuedAt, c.ExpiresAt = jwt.NewNumericDate(now), jwt.NewNumericDate(now.Add(life))
	return jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString(h.svc.SigningKey(who, dossier.TokenSession, tokenPurpose))
}

// verify is the user that a token was issued to.
func (h *handler) verify(r *http.Request, space *dossier.Space, token string) (access.Principal, error) {
	var who access.Principal
	var failed error
	var c claims
	_, err := jwt.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) {
		if who, failed = h.userByID(r, space, dossier.ID(c.User)); failed != nil {
			return nil, failed
		}
		return h.svc.SigningKey(who, dossier.TokenSession, tokenPurpose), nil
	}, jwt.WithValidMethods([]string{"HS256"}), jwt.WithExpirationRequired(), jwt.WithTimeFunc(h.svc.Now))
	switch {
	case failed != nil && dossier.KindOf(failed) != dossier.Unauthenticated:
		return access.Guest(), failed
	case err != nil, c.IssuedAt != nil && !h.svc.HasBegun(c.IssuedAt.Time), !strings.EqualFold(c.Application, space.Application):
		return access.Guest(), errToken
	}
	return who, nil
}

// userByID finds a user in any collection whose records can log in.
func (h *handler) userByID(r *http.Request, space *dossier.Space, id dossier.ID) (access.Principal, error) {
	asker := wire.GuestOf(r)
	for _, c := range space.Collections {
		if c.Kind != dossier.Auth {
			continue
		}
		who, err := h.svc.UserByID(r.Context(), asker, c.ID, id)
		if err == nil || dossier.KindOf(err) != dossier.Unauthenticated {
			return who, err
		}
	}
	return access.Guest(), dossier.Errorf(dossier.Unauthenticated, "no such user")
}
