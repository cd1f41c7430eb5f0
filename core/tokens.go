package core

import (
	"context"

	"dossier"
	"dossier/access"
)

type tokenSet struct{}

// TokenPrincipal is who holds the API tokens with these secrets: the union of their rights. An unknown one is Unauthenticated with
// Problem CodeUnknown, two for the same collection Invalid with CodeTaken.
func (s *Service) TokenPrincipal(secrets ...string) (access.Principal, error) { panic("later") }

// KeyPrincipal is who holds the API key: Unauthenticated if it is not one.
func (s *Service) KeyPrincipal(secret string) (access.Principal, error) { panic("later") }

// CreateToken makes an API token with those rights by collection name and returns its secret, which is shown once and kept only as a
// hash. secret "" is a made one.
func (s *Service) CreateToken(ctx context.Context, who access.Principal, name, secret string, rights map[string]access.Right) (string, error) {
	panic("later")
}

// CreateKey makes an API key, as CreateToken.
func (s *Service) CreateKey(ctx context.Context, who access.Principal, name, secret string) (string, error) {
	panic("later")
}

func (s *Service) reloadTokens(ctx context.Context) error { panic("later") }

var _ dossier.ID
