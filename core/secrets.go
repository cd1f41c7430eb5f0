package core

import (
	"context"
	"strconv"
	"unicode/utf8"

	"dossier"
	"dossier/access"
)

// HashSecret makes the value of text, which is not empty, for the password field f, at the wish of who: before any transaction, in the
// queue of HashPassword and with its errors. What the field does not allow is not hashed; the write that it is given to refuses it.
func (s *Service) HashSecret(ctx context.Context, who access.Principal, f *dossier.Field, text string) (dossier.Secret, error) {
	secret := dossier.Secret{Clear: text}
	if s.secretProblem(f, text) != nil {
		return secret, nil
	}
	var err error
	secret.Hash, err = s.HashPassword(ctx, who, text)
	return secret, err
}

// secretProblem is what is wrong with text for a password field, nil if nothing is.
func (s *Service) secretProblem(f *dossier.Field, text string) *dossier.Problem {
	n := utf8.RuneCountInString(text)
	least, _ := strconv.Atoi(f.Min)
	most, _ := strconv.Atoi(f.Max)
	switch {
	case !utf8.ValidString(text):
		return &dossier.Problem{Code: dossier.CodeInvalid}
	case n < least:
		return &dossier.Problem{Code: dossier.CodeTooShort, Params: map[string]any{"min": least}}
	case most > 0 && n > most:
		return &dossier.Problem{Code: dossier.CodeTooLong, Params: map[string]any{"max": most}}
	case len(text) > maxPassword:
		return &dossier.Problem{Code: dossier.CodeTooLong, Params: map[string]any{"max": maxPassword}}
	}
	if f.Pattern == "" {
		return nil
	}
	if re, err := s.pattern(f.Pattern); err == nil && !re.MatchString(text) {
		return &dossier.Problem{Code: dossier.CodePattern}
	}
	return nil
}

// secret checks a new password. One that was not hashed is none.
func (w *writing) secret(f *dossier.Field, v dossier.Secret, path []string) {
	p := w.b.s.secretProblem(f, v.Clear)
	switch {
	case p != nil:
		w.fault(p.Code, p.Params, path...)
	case v.Hash == "":
		w.fault(dossier.CodeInvalid, nil, path...)
	}
}
