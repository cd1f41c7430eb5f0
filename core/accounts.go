package core

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"io"
	"slices"
	"strings"

	"dossier"
	"dossier/access"
	"dossier/query"
)

// SigningKey is the key with which tokens of that kind and purpose for the user are signed. It changes with the user's TokenKey, that
// is with every change of password or email, and with the salt that the collection has for the kind, and ends all tokens signed before.
func (s *Service) SigningKey(who access.Principal, kind dossier.TokenKind, purpose string) []byte {
	key := ""
	if who.Record != nil && who.Record.Account != nil {
		key = who.Record.Account.TokenKey
	}
	if salt := s.salt(who.Collection, kind); salt != "" {
		key += "\x00" + salt
	}
	return s.SpaceKey(purpose + "\x00" + string(who.ID) + "\x00" + key)
}

// salt is what the collection c, as it is now, has for tokens of that kind.
func (s *Service) salt(c *dossier.Collection, kind dossier.TokenKind) string {
	if c == nil {
		return ""
	}
	if now, ok := s.Space().CollectionByID(c.ID); ok {
		c = now
	}
	return c.SigningIn().Salts[kind]
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

// changeAccount applies a to acc; whether the email is one, writing.check says. A changed email or password changes the TokenKey.
func (b *Batch) changeAccount(acc *dossier.Account, a *AccountChange) error {
	rekey := false
	if a.Email != nil && *a.Email != acc.Email {
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

// mayChangeAccount refuses what only who manages an account may do: change the email, or say that it is verified. acc is the account as
// it is, r the record by which the rule decides.
func (b *Batch) mayChangeAccount(ctx context.Context, c *dossier.Collection, q access.Question, r *dossier.Record, acc dossier.Account, a *AccountChange) error {
	var problems []dossier.Problem
	if q.Current != nil && a.Email != nil && !strings.EqualFold(*a.Email, acc.Email) { // a new account may have any
		problems = append(problems, dossier.Problem{Path: []string{"email"}, Code: dossier.CodeMismatch})
	}
	if a.Verified != nil && *a.Verified != acc.Verified {
		problems = append(problems, dossier.Problem{Path: []string{"verified"}, Code: dossier.CodeMismatch})
	}
	if len(problems) == 0 {
		return nil
	}
	q.Account = nil // a rule that decides about accounts sees none that is to be
	managed, err := b.manages(ctx, c, q, r)
	if err != nil || managed {
		return err
	}
	return dossier.Invalidate(problems...)
}

// manages reports whether the question's principal manages the account of r.
func (b *Batch) manages(ctx context.Context, c *dossier.Collection, q access.Question, r *dossier.Record) (bool, error) {
	filter, err := b.s.policy.Manage(b.space, c, q)
	if err != nil {
		return false, err
	}
	err = holds(ctx, b.tx, b.space, c, filter, r, "manage accounts of")
	if errors.Is(err, access.ErrRule) {
		return false, nil
	}
	return err == nil, err
}

// maxAsked is how many IDs one query asks for.
const maxAsked = 500

// Manages says which of the accounts of c, by the IDs of their records, who may change at will.
func (s *Service) Manages(ctx context.Context, who access.Principal, c *dossier.Collection, ids ...dossier.ID) (map[dossier.ID]bool, error) {
	managed := map[dossier.ID]bool{}
	filter, err := s.policy.Manage(s.Space(), c, access.Question{Principal: who, Action: access.Update})
	if err != nil || filter == query.Const(false) || len(ids) == 0 {
		return managed, err
	}
	if filter == nil || filter == query.Const(true) {
		for _, id := range ids {
			managed[id] = true
		}
		return managed, nil
	}
	for some := range slices.Chunk(ids, maxAsked) {
		values := make([]dossier.Value, len(some))
		for i, id := range some {
			values[i] = dossier.Text(id)
		}
		q := query.Query{Filter: query.Conj(query.In{Of: query.Meta(query.ID), Values: values}, filter)}
		page, err := s.ListRecords(ctx, access.System(), c, q, ListOptions{})
		if err != nil {
			return nil, err
		}
		for _, r := range page.Records {
			managed[r.ID] = true
		}
	}
	return managed, nil
}

// SeesEmails says which of the records' emails who may see, by their IDs: those that are meant to be seen, the own one, and those of
// accounts that who manages. Tokens and keys, which the owner of the space gives, see all.
func (s *Service) SeesEmails(ctx context.Context, who access.Principal, c *dossier.Collection, records []*dossier.Record) (map[dossier.ID]bool, error) {
	seen := map[dossier.ID]bool{}
	var asked []dossier.ID
	for _, r := range records {
		switch {
		case r.Account == nil:
		case r.Account.EmailVisible, who.IsOwner(c, r), who.IsSuper(), who.Kind == access.KindKey, who.Kind == access.KindToken:
			seen[r.ID] = true
		default:
			asked = append(asked, r.ID)
		}
	}
	managed, err := s.Manages(ctx, who, c, asked...)
	for id := range managed {
		seen[id] = true
	}
	return seen, err
}

// problem is an Invalid error with one Problem.
func problem(code dossier.Code, params map[string]any, path ...string) *dossier.Error {
	return dossier.Invalidate(dossier.Problem{Path: path, Code: code, Params: params})
}
