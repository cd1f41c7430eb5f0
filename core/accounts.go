package core

import (
	"context"
	"io"

	"dossier"
	"dossier/access"
)

const maxHashes = 2

// SignIn proves a login and password. collection "" tries every auth collection, superusers first; otherwise the name of one. A
// wrong login and a wrong password are the same Unauthenticated error and take the same time; too many wrong ones for a
// login are Busy for a while.
func (s *Service) SignIn(ctx context.Context, collection, login, password string) (access.Principal, error) {
	panic("later")
}

// UserByID is the principal of an auth record, as tokens name it: Unauthenticated if there is none.
func (s *Service) UserByID(ctx context.Context, collection, id dossier.ID) (access.Principal, error) {
	panic("later")
}

// UserByLogin finds who signs in with login, in any auth collection, superusers last; NotFound if nobody does. It is for
// showing names, not for signing in.
func (s *Service) UserByLogin(ctx context.Context, login string) (access.Principal, error) {
	panic("later")
}

// SigningKey is the key with which tokens of that purpose for the user are signed. It changes with the user's TokenKey, that
// is with every change of password or email, and ends all tokens signed before.
func (s *Service) SigningKey(who access.Principal, purpose string) []byte { panic("later") }

// SpaceKey is the key with which what belongs to nobody is signed (a download address, say).
func (s *Service) SpaceKey(purpose string) []byte { panic("later") }

// HashPassword encodes a password for keeping. At most a few are hashed at a time; Canceled if ctx ends while waiting.
func (s *Service) HashPassword(ctx context.Context, password string) (string, error) { panic("later") }

// CheckPassword reports whether password is the account's.
func (s *Service) CheckPassword(ctx context.Context, a *dossier.Account, password string) (bool, error) {
	panic("later")
}

func hashPassword(random io.Reader, password string) string { panic("later") }

func (s *Service) hashChange(ctx context.Context, a *AccountChange) error { panic("later") }
