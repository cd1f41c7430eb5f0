package core

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"sort"

	"dossier"
	"dossier/access"
	"dossier/store"
)

// tokenSet is the tokens and keys as they are now, by hash. It never changes.
type tokenSet map[string]*store.Token

func hashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// token finds a token by its secret. The look-up is by the hash, so its time says nothing of the secret.
func (s *Service) token(secret string) (*store.Token, bool) {
	t, ok := (*s.tokens.Load())[hashSecret(secret)]
	return t, ok
}

// TokenPrincipal is who holds the API tokens with these secrets: the union of their rights. An unknown one is Unauthenticated with
// Problem CodeUnknown, two for the same collection Invalid with CodeTaken.
func (s *Service) TokenPrincipal(secrets ...string) (access.Principal, error) {
	p := access.Principal{Kind: access.KindToken, Rights: map[dossier.ID]access.Right{}}
	for _, secret := range secrets {
		t, ok := s.token(secret)
		if !ok || t.Key {
			return access.Guest(), &dossier.Error{Kind: dossier.Unauthenticated, Msg: "unknown API token",
				Problems: []dossier.Problem{{Code: dossier.CodeUnknown}}}
		}
		if p.ID == "" {
			p.ID, p.Name = t.ID, t.Name
		}
		for c, names := range t.Rights {
			if p.Rights[c] != 0 {
				return access.Guest(), &dossier.Error{Kind: dossier.Invalid, Msg: "two API tokens of one collection",
					Problems: []dossier.Problem{{Code: dossier.CodeTaken}}}
			}
			p.Rights[c] = rightsOf(names)
		}
	}
	return p, nil
}

func rightsOf(names []string) access.Right {
	var all access.Right
	for _, n := range names {
		if r, err := access.ParseRight(n); err == nil {
			all |= r
		}
	}
	return all
}

// KeyPrincipal is who holds the API key: Unauthenticated if it is not one.
func (s *Service) KeyPrincipal(secret string) (access.Principal, error) {
	t, ok := s.token(secret)
	if !ok || !t.Key {
		return access.Guest(), dossier.Errorf(dossier.Unauthenticated, "unknown API key")
	}
	return access.Principal{Kind: access.KindKey, ID: t.ID, Name: t.Name}, nil
}

// CreateToken makes an API token with those rights by collection name and returns its secret, which is shown once and kept only as a
// hash. secret "" is a made one.
func (s *Service) CreateToken(ctx context.Context, who access.Principal, name, secret string, rights map[string]access.Right) (string, error) {
	t := &store.Token{Name: name, Rights: map[dossier.ID][]string{}}
	for collection, r := range rights {
		c, ok := s.Space().Collection(collection)
		if !ok {
			return "", dossier.Errorf(dossier.NotFound, "no collection %q", collection)
		}
		t.Rights[c.ID] = rightNamesOf(r)
	}
	return s.putToken(ctx, who, t, secret)
}

func rightNamesOf(r access.Right) []string {
	var names []string
	for _, n := range []string{"view", "add", "edit", "delete", "manage"} {
		if one, _ := access.ParseRight(n); r&one != 0 {
			names = append(names, n)
		}
	}
	sort.Strings(names)
	return names
}

// CreateKey makes an API key, as CreateToken.
func (s *Service) CreateKey(ctx context.Context, who access.Principal, name, secret string) (string, error) {
	return s.putToken(ctx, who, &store.Token{Name: name, Key: true}, secret)
}

func (s *Service) putToken(ctx context.Context, who access.Principal, t *store.Token, secret string) (string, error) {
	if !who.IsSuper() {
		return "", dossier.Errorf(dossier.Denied, "only superusers make tokens and keys")
	}
	var err error
	if secret == "" {
		if secret, err = s.makeSecret(t.Key); err != nil {
			return "", err
		}
	}
	t.Hash, t.Created = hashSecret(secret), s.Now()
	if t.ID, err = dossier.NewID(s.random); err != nil {
		return "", err
	}
	if err = s.store.Update(ctx, func(tx store.Tx) error { return tx.Tokens().Put(ctx, t) }); err != nil {
		return "", err
	}
	return secret, s.reloadTokens(ctx)
}

// tokenLength is how many letters and digits a made API token has.
const tokenLength = 40

// makeSecret makes a secret: a random UUID for a key, letters and digits for a token.
func (s *Service) makeSecret(key bool) (string, error) {
	if key {
		id, err := dossier.NewFileID(s.random)
		if err != nil {
			return "", err
		}
		return UUID(id), nil
	}
	return RandomText(s.random, tokenLength)
}

// UUID writes a file's ID in the form of RFC 9562: five groups of hexadecimal digits.
func UUID(id dossier.ID) string {
	t := string(id)
	return t[:8] + "-" + t[8:12] + "-" + t[12:16] + "-" + t[16:20] + "-" + t[20:]
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// RandomText is n letters and digits from random, each as likely as any other.
func RandomText(random io.Reader, n int) (string, error) { return randomOf(random, letters, n) }

// randomOf is n characters of alphabet from random, each as likely as any other.
func randomOf(random io.Reader, alphabet string, n int) (string, error) {
	out := make([]byte, 0, n)
	var buf [32]byte
	for len(out) < n {
		if _, err := io.ReadFull(random, buf[:]); err != nil {
			return "", dossier.Errorf(dossier.Internal, "read randomness: %w", err)
		}
		for _, b := range buf {
			if int(b) < 256-256%len(alphabet) && len(out) < n {
				out = append(out, alphabet[int(b)%len(alphabet)])
			}
		}
	}
	return string(out), nil
}

// reloadTokens reads the tokens and keys anew, one caller at a time: an older picture must not replace a newer one.
func (s *Service) reloadTokens(ctx context.Context) error {
	s.loading.Lock()
	defer s.loading.Unlock()
	set := tokenSet{}
	err := s.store.View(ctx, func(tx store.Tx) error {
		all, err := tx.Tokens().List(ctx)
		for _, t := range all {
			set[t.Hash] = t
		}
		return err
	})
	if err == nil {
		s.tokens.Store(&set)
	}
	return err
}
