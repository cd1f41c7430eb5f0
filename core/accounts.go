package core

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"io"
	"strings"
	"sync"
	"time"

	"dossier"
	"dossier/access"
	"dossier/store"
)

// SignIn proves a login and password. collection "" tries every auth collection, superusers first; otherwise the name of one. A
// wrong login and a wrong password are the same Unauthenticated error and take the same time; too many wrong ones for a
// login are Busy for a while.
func (s *Service) SignIn(ctx context.Context, collection, login, password string) (access.Principal, error) {
	wrong := dossier.Errorf(dossier.Unauthenticated, "wrong login or password")
	if login == "" || password == "" || len(password) > maxPassword || len(login) > 320 {
		return access.Guest(), wrong
	}
	if !s.attempts.allowed(login, s.now()) {
		return access.Guest(), tooMany()
	}
	candidates, err := s.byLogin(ctx, collection, login)
	if err != nil {
		return access.Guest(), err
	}
	if len(candidates) == 0 {
		dummy := &dossier.Account{PasswordHash: s.dummy()}
		candidates = []access.Principal{{Record: &dossier.Record{Account: dummy}}}
	}
	for _, p := range candidates {
		ok, err := s.CheckPassword(ctx, p.Record.Account, password)
		if err != nil {
			return access.Guest(), err
		}
		if !s.attempts.allowed(login, s.now()) {
			return access.Guest(), tooMany() // guesses at the same time count too: they learn nothing more
		}
		if ok && p.Collection != nil {
			s.attempts.forget(login)
			return p, nil
		}
	}
	s.attempts.failed(login, s.now())
	return access.Guest(), wrong
}

func tooMany() error {
	return dossier.Errorf(dossier.Busy, "too many wrong passwords for this login: wait a minute")
}

// byLogin finds who signs in with login, superusers first, in the named collection or all.
func (s *Service) byLogin(ctx context.Context, collection, login string) ([]access.Principal, error) {
	var found []access.Principal
	err := s.store.View(ctx, func(tx store.Tx) error {
		found = nil
		for _, c := range s.Space().Collections {
			if c.Kind != dossier.Auth || collection != "" && c.Name != collection {
				continue
			}
			r, err := tx.Records(c).GetEmail(ctx, login)
			if dossier.KindOf(err) == dossier.NotFound {
				continue
			}
			if err != nil {
				return err
			}
			found = append(found, access.User(c, r))
		}
		return nil
	})
	return found, err
}

// UserByID is the principal of an auth record, as tokens name it: Unauthenticated if there is none.
func (s *Service) UserByID(ctx context.Context, collection, id dossier.ID) (access.Principal, error) {
	nobody := dossier.Errorf(dossier.Unauthenticated, "no such user")
	c, ok := s.Space().CollectionByID(collection)
	if !ok || c.Kind != dossier.Auth || !dossier.ValidRecordID(string(id)) {
		return access.Guest(), nobody
	}
	var r *dossier.Record
	err := s.store.View(ctx, func(tx store.Tx) (err error) {
		r, err = tx.Records(c).Get(ctx, id)
		return err
	})
	if dossier.KindOf(err) == dossier.NotFound {
		return access.Guest(), nobody
	}
	if err != nil {
		return access.Guest(), err
	}
	return access.User(c, r), nil
}

// UserByLogin finds who signs in with login, in any auth collection, superusers first; NotFound if nobody does. It is for
// showing names, not for signing in.
func (s *Service) UserByLogin(ctx context.Context, login string) (access.Principal, error) {
	found, err := s.byLogin(ctx, "", login)
	if err != nil {
		return access.Guest(), err
	}
	if len(found) == 0 {
		return access.Guest(), dossier.Errorf(dossier.NotFound, "nobody signs in as %q", login)
	}
	return found[0], nil
}

// SigningKey is the key with which tokens of that purpose for the user are signed. It changes with the user's TokenKey, that
// is with every change of password or email, and ends all tokens signed before.
func (s *Service) SigningKey(who access.Principal, purpose string) []byte {
	key := ""
	if who.Record != nil && who.Record.Account != nil {
		key = who.Record.Account.TokenKey
	}
	return s.SpaceKey(purpose + "\x00" + string(who.ID) + "\x00" + key)
}

// SpaceKey is the key with which what belongs to nobody is signed (a download address, say).
func (s *Service) SpaceKey(purpose string) []byte {
	mac := hmac.New(sha256.New, s.secret)
	_, _ = io.WriteString(mac, purpose)
	return mac.Sum(nil)
}

// newAccount is the account of a new record as a says.
func (b *Batch) newAccount(a *AccountChange) (*dossier.Account, error) {
	key, err := dossier.NewFileID(b.s.random)
	if err != nil {
		return nil, err
	}
	acc := &dossier.Account{TokenKey: string(key)}
	if a == nil {
		return acc, nil
	}
	return acc, b.changeAccount(acc, a)
}

// changeAccount applies a to acc. A changed email or password changes the TokenKey.
func (b *Batch) changeAccount(acc *dossier.Account, a *AccountChange) error {
	rekey := false
	if a.Email != nil && *a.Email != acc.Email {
		if *a.Email != "" && !validEmail(*a.Email) {
			return problem(dossier.CodeNotEmail, nil, "email")
		}
		acc.Email, rekey = *a.Email, true
	}
	if a.EmailVisible != nil {
		acc.EmailVisible = *a.EmailVisible
	}
	if a.Verified != nil {
		acc.Verified = *a.Verified
	}
	if a.Password != nil {
		if a.hash == "" {
			hash, err := hashPassword(b.s.random, *a.Password)
			if err != nil {
				return err
			}
			a.hash = hash
		}
		acc.PasswordHash, rekey = a.hash, true
	}
	if !rekey {
		return nil
	}
	key, err := dossier.NewFileID(b.s.random)
	acc.TokenKey = string(key)
	return err
}

// over is what a would make of acc as far as others see it, nil if a changes nothing.
func (a *AccountChange) over(acc *dossier.Account) *dossier.Account {
	if a == nil || acc == nil {
		return nil
	}
	next := *acc
	if a.Email != nil {
		next.Email = *a.Email
	}
	if a.EmailVisible != nil {
		next.EmailVisible = *a.EmailVisible
	}
	if a.Verified != nil {
		next.Verified = *a.Verified
	}
	return &next
}

// mayChangeAccount refuses what owners may not do to their own account: change the email, or say that it is verified.
func (b *Batch) mayChangeAccount(acc *dossier.Account, a *AccountChange) error {
	if b.managesAccounts() || a.AsManager {
		return nil
	}
	if a.Email != nil && !strings.EqualFold(*a.Email, acc.Email) {
		return problem(dossier.CodeMismatch, nil, "email")
	}
	if a.Verified != nil && *a.Verified != acc.Verified {
		return problem(dossier.CodeMismatch, nil, "verified")
	}
	return nil
}

// managesAccounts reports whether the principal may change any account at will.
func (b *Batch) managesAccounts() bool { return b.who.IsSuper() || b.who.Kind == access.KindKey }

// problem is an Invalid error with one Problem.
func problem(code dossier.Code, params map[string]any, path ...string) *dossier.Error {
	return dossier.Invalidate(dossier.Problem{Path: path, Code: code, Params: params})
}

// The limit of wrong passwords.
const (
	maxAttempts   = 10
	attemptWindow = time.Minute
	maxRemembered = 10_000 // logins whose failures are remembered
)

// attempts counts wrong passwords per login.
type attempts struct {
	mu sync.Mutex
	by map[string]*attempt
}

type attempt struct {
	since time.Time
	count int
}

func (a *attempts) allowed(login string, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.by[strings.ToLower(login)]
	return t == nil || t.count < maxAttempts || now.Sub(t.since) >= attemptWindow
}

func (a *attempts) failed(login string, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	login = strings.ToLower(login)
	if len(a.by) >= maxRemembered {
		clear(a.by)
	}
	if a.by == nil {
		a.by = map[string]*attempt{}
	}
	t := a.by[login]
	if t == nil || now.Sub(t.since) >= attemptWindow {
		t = &attempt{since: now}
		a.by[login] = t
	}
	t.count++
}

func (a *attempts) forget(login string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.by, strings.ToLower(login))
}
