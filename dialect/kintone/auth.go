package kintone

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"dossier"
	"dossier/access"
	"dossier/core"
	"dossier/wire"
)

// authenticate finds out who asks. Password, then API tokens, then session: a proof that fails is not rescued by a lower one.
func (c *call) authenticate() (err error) {
	c.space = c.h.svc.Space()
	header := c.r.Header
	switch {
	case header.Get("X-Cybozu-Authorization") != "":
		c.who, err = c.byPassword(header.Get("X-Cybozu-Authorization"))
	case tokensOf(header) != nil:
		c.who, err = c.byTokens(tokensOf(header))
	case strings.HasPrefix(header.Get("Authorization"), "Bearer "):
		return fail(codeLogin) // OAuth is not offered
	default:
		c.who, err = c.bySession()
	}
	return err
}

// byPassword reads base64(login:password), split at the first colon.
func (c *call) byPassword(value string) (access.Principal, error) {
	proof, err := base64.StdEncoding.DecodeString(strings.TrimSpace(value))
	if err != nil {
		return access.Guest(), fail(codePassword)
	}
	login, password, ok := strings.Cut(string(proof), ":")
	if !ok || login == "" || password == "" {
		return access.Guest(), fail(codePassword)
	}
	asker := wire.GuestOf(c.r)
	if who, ok := c.h.proofs.known(c.ctx(), c.h.svc, asker, login, password); ok {
		return who, nil
	}
	who, err := c.h.svc.SignIn(c.ctx(), asker, "", login, password)
	switch kind := dossier.KindOf(err); {
	case err == nil:
		c.h.proofs.keep(c.h.svc.Now(), login, password, who)
		return who, nil
	case kind == dossier.Unauthenticated, kind == dossier.Denied: // who may not sign in is told no more
		return who, &fault{code: codePassword, err: err}
	case kind == dossier.Busy && !errors.Is(err, core.ErrQueue):
		return who, &fault{code: codeManyLogins, err: err}
	}
	return who, err
}

// tokensOf are the API tokens of the request: the header may be repeated, and each hold several with commas between them.
func tokensOf(header http.Header) []string {
	var tokens []string
	for _, line := range header.Values("X-Cybozu-API-Token") {
		for token := range strings.SplitSeq(line, ",") {
			if token = strings.TrimSpace(token); token != "" {
				tokens = append(tokens, token)
			}
		}
	}
	return tokens
}

func (c *call) byTokens(tokens []string) (access.Principal, error) {
	if len(tokens) > maxTokens {
		return access.Guest(), badInput("X-Cybozu-API-Token", say(textTokens))
	}
	who, err := c.h.svc.TokenPrincipal(tokens...)
	switch dossier.KindOf(err) {
	case dossier.Unauthenticated:
		return who, &fault{code: codeNoToken, err: err}
	case dossier.Invalid:
		return who, &fault{code: codeTwoTokens, err: err}
	}
	return who, err
}

// bySession asks who holds the session of the request's cookie. Its writes must carry the request token: see checkRequestToken.
func (c *call) bySession() (access.Principal, error) {
	if c.h.o.Session == nil {
		return access.Guest(), fail(codeLogin)
	}
	who, token, ok := c.h.o.Session(c.r)
	if !ok {
		return access.Guest(), fail(codeLogin)
	}
	if c.r.Header.Get("X-Requested-With") == "" {
		return who, fail(codeNoHeader)
	}
	if c.method != http.MethodGet {
		c.csrf = token
	}
	return who, nil
}

// checkRequestToken compares what a write carries as its request token with the session's. Other proofs need none.
func (c *call) checkRequestToken(sent any) error {
	if c.csrf == "" {
		return nil
	}
	s, _ := sent.(string)
	if subtle.ConstantTimeCompare([]byte(s), []byte(c.csrf)) != 1 {
		return fail(codeForged)
	}
	return nil
}

// passesGate reports whether the Basic gate is open to the request.
func (h *handler) passesGate(r *http.Request) bool {
	if h.o.BasicUser == "" {
		return true
	}
	user, password, ok := r.BasicAuth()
	right := subtle.ConstantTimeCompare([]byte(user), []byte(h.o.BasicUser)) &
		subtle.ConstantTimeCompare([]byte(password), []byte(h.o.BasicPassword))
	return ok && right == 1
}

// The life and number of remembered proofs.
const (
	proofTTL  = 5 * time.Minute
	maxProofs = 1024
)

// proofs remembers passwords that were right a moment ago, so that a client that sends one with every request does not cost a
// slow hash each time. Passwords are kept as a keyed hash only; a proof ends with the account's TokenKey.
type proofs struct {
	key [32]byte
	mu  sync.Mutex
	by  map[[sha256.Size]byte]proof
}

type proof struct {
	collection, id dossier.ID
	tokenKey       string
	until          time.Time
}

func (p *proofs) init(random io.Reader) {
	p.by = map[[sha256.Size]byte]proof{}
	if _, err := io.ReadFull(random, p.key[:]); err != nil {
		p.by = nil // without a key nothing is remembered
	}
}

func (p *proofs) hash(login, password string) (sum [sha256.Size]byte) {
	mac := hmac.New(sha256.New, p.key[:])
	_, _ = io.WriteString(mac, login+"\x00"+password) // a hash takes everything
	copy(sum[:], mac.Sum(nil))
	return sum
}

// users is the part of the service that proofs ask.
type users interface {
	Readmit(ctx context.Context, asker access.Principal, collection, id dossier.ID) (access.Principal, error)
	Now() time.Time
}

// known is who has proved that login and password a moment ago, as they are now, if they still may sign in.
func (p *proofs) known(ctx context.Context, svc users, asker access.Principal, login, password string) (access.Principal, bool) {
	sum := p.hash(login, password)
	p.mu.Lock()
	found, ok := p.by[sum]
	p.mu.Unlock()
	if !ok || !svc.Now().Before(found.until) {
		return access.Guest(), false
	}
	who, err := svc.Readmit(ctx, asker, found.collection, found.id)
	if err != nil || who.Record.Account == nil || who.Record.Account.TokenKey != found.tokenKey {
		p.mu.Lock()
		delete(p.by, sum)
		p.mu.Unlock()
		return access.Guest(), false
	}
	return who, true
}

func (p *proofs) keep(now time.Time, login, password string, who access.Principal) {
	if p.by == nil || who.Record == nil || who.Record.Account == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.by) >= maxProofs {
		clear(p.by)
	}
	p.by[p.hash(login, password)] = proof{who.Collection.ID, who.ID, who.Record.Account.TokenKey, now.Add(proofTTL)}
}
