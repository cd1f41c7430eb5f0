package pocketbase

import (
	"errors"
	"net/http"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"dossier"
	"dossier/access"
	"dossier/wire"
)

// The types of a token, which are also the purposes of its signing key.
const (
	tokenAuth   = "auth"
	tokenFile   = "file"
	tokenVerify = "verification"
	tokenReset  = "passwordReset"
	tokenEmail  = "emailChange"
)

// tokenKinds are the kinds of tokens that each type is of.
var tokenKinds = map[string]dossier.TokenKind{tokenAuth: dossier.TokenSession, tokenFile: dossier.TokenFile,
	tokenVerify: dossier.TokenVerify, tokenReset: dossier.TokenReset, tokenEmail: dossier.TokenEmail}

// How long tokens hold where their collection does not say. The life of a file token is then the space's FileTokenTTL, if there is one.
const (
	fileTokenTTL  = 3 * time.Minute
	userTokenTTL  = 5 * 24 * time.Hour
	superTokenTTL = 24 * time.Hour
)

// maxTokenBytes is the longest token that is looked into.
const maxTokenBytes = 4 << 10

// authTTL is the life of an auth token of who.
func authTTL(who access.Principal) time.Duration {
	return seconds(authOptionsOf(who.Collection).AuthToken.Duration)
}

func seconds(n int64) time.Duration { return time.Duration(n) * time.Second }

// signAuth makes an auth token for who. A token that is not refreshable ends when it ends.
func (h *handler) signAuth(who access.Principal, ttl time.Duration, refreshable bool) (string, error) {
	return h.sign(who, tokenAuth, ttl, jwt.MapClaims{"refreshable": refreshable})
}

// fileTokenLife is how long tokens hold that open protected files for users of c, in seconds.
func fileTokenLife(space *dossier.Space, c *dossier.Collection) int64 {
	switch own, ttl := authOptionsOf(c).FileToken.Duration, space.Settings.FileTokenTTL; {
	case own > 0:
		return own
	case ttl > 0:
		return max(1, int64(ttl/time.Second))
	}
	return int64(fileTokenTTL / time.Second)
}

// signFile makes a token that opens protected files as who.
func (h *handler) signFile(who access.Principal) (string, error) {
	ttl := seconds(fileTokenLife(h.svc.Space(), who.Collection))
	return h.sign(who, tokenFile, ttl, jwt.MapClaims{})
}

func (h *handler) sign(who access.Principal, purpose string, ttl time.Duration, claims jwt.MapClaims) (string, error) {
	claims["type"] = purpose
	claims["id"] = string(who.ID)
	claims["collectionId"] = collectionID(who.Collection)
	claims["exp"] = h.svc.Now().Add(ttl).Unix()
	text, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(h.svc.SigningKey(who, tokenKinds[purpose], purpose))
	if err != nil {
		return "", dossier.Errorf(dossier.Internal, "sign a token: %w", err)
	}
	return text, nil
}

// A proof is what a token that holds says.
type proof struct {
	who         access.Principal
	refreshable bool
	email       string // the address that the token was made for
	newEmail    string
}

var errBadToken = errors.New("not a token of ours")

// verify checks a token of that purpose that r carries: HS256 and nothing else, unexpired, its user still there, signed with the user's
// current key, a superuser's from where superusers may act. Whatever is wrong with it is dossier.Unauthenticated; an error of the store
// is passed on.
func (h *handler) verify(r *http.Request, text, purpose string) (proof, error) {
	if text == "" || len(text) > maxTokenBytes {
		return proof{}, dossier.Errorf(dossier.Unauthenticated, "token: %w", errBadToken)
	}
	var p proof
	var failed error
	key := func(t *jwt.Token) (any, error) {
		if p.who, failed = h.claimant(r, t.Claims.(jwt.MapClaims), purpose); failed != nil {
			return nil, failed
		}
		return h.svc.SigningKey(p.who, tokenKinds[purpose], purpose), nil
	}
	claims := jwt.MapClaims{}
	_, err := jwt.ParseWithClaims(text, claims, key, jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithExpirationRequired(), jwt.WithTimeFunc(h.svc.Now))
	if failed != nil && dossier.KindOf(failed) != dossier.Unauthenticated && dossier.KindOf(failed) != dossier.NotFound {
		return proof{}, failed
	}
	if err != nil {
		return proof{}, dossier.Errorf(dossier.Unauthenticated, "token: %w", err)
	}
	p.refreshable, _ = claims["refreshable"].(bool)
	p.email, _ = claims["email"].(string)
	p.newEmail, _ = claims["newEmail"].(string)
	return p, nil
}

// claimant is whom the claims name. They are not proved yet.
func (h *handler) claimant(r *http.Request, claims jwt.MapClaims, purpose string) (access.Principal, error) {
	id, _ := claims["id"].(string)
	collection, _ := claims["collectionId"].(string)
	if kind, _ := claims["type"].(string); kind != purpose || id == "" || collection == "" {
		return access.Principal{}, dossier.Errorf(dossier.Unauthenticated, "token: %w", errBadToken)
	}
	c, ok := collectionByID(h.svc.Space(), collection)
	if !ok || c.Kind != dossier.Auth {
		return access.Principal{}, dossier.Errorf(dossier.Unauthenticated, "token: %w", errBadToken)
	}
	return h.svc.UserByID(r.Context(), wire.GuestOf(r), c.ID, dossier.ID(id))
}
