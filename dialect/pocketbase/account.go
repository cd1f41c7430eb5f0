package pocketbase

import (
	"context"
	"strings"
	"unicode/utf8"

	"dossier"
	"dossier/access"
	"dossier/core"
	"dossier/query"
)

// The keys of an auth record's account in bodies and answers.
const (
	keyEmail        = "email"
	keyEmailVisible = "emailVisibility"
	keyVerified     = "verified"
	keyPassword     = "password"
	keyConfirm      = "passwordConfirm"
	keyOldPassword  = "oldPassword"
)

// accountKeys are all of them.
var accountKeys = []string{keyEmail, keyEmailVisible, keyVerified, keyPassword, keyConfirm, keyOldPassword, "tokenKey"}

// The lengths of a password: characters at least, bytes at most.
const (
	minPassword = 8
	maxPassword = 71
)

// emailProblems is what is wrong with the email that a change leaves, as far as core does not mind.
func emailProblems(a *core.AccountChange) []dossier.Problem {
	if a == nil || a.Email == nil {
		return nil
	}
	if *a.Email != "" {
		if _, domain, ok := strings.Cut(*a.Email, "@"); ok && !strings.Contains(domain, ".") {
			return []dossier.Problem{{Path: []string{keyEmail}, Code: dossier.CodeNotEmail}}
		}
		return nil
	}
	return []dossier.Problem{{Path: []string{keyEmail}, Code: dossier.CodeRequired}}
}

// accountChange is what a form says of the account of a record of c, nil if it has none, and what is wrong with it. old tells
// whether a password is the one that the account has now.
func accountChange(manages bool, c *dossier.Collection, f *form, isNew bool, old func(password string) (bool, error)) (*core.AccountChange, []dossier.Problem, error) {
	if c.Kind != dossier.Auth {
		return nil, nil, nil
	}
	a := &core.AccountChange{}
	if raw, ok := f.values[keyEmail]; ok || isNew {
		email := strings.TrimSpace(toText(raw))
		a.Email = &email
	}
	if raw, ok := f.values[keyEmailVisible]; ok {
		visible := toBool(raw)
		a.EmailVisible = &visible
	}
	if raw, ok := f.values[keyVerified]; ok || isNew && c.Name == dossier.Superusers {
		verified := toBool(raw) || c.Name == dossier.Superusers
		a.Verified = &verified
	}
	password := toText(f.values[keyPassword])
	problems, err := passwordProblems(manages, f, password, isNew, old)
	if password != "" && len(problems) == 0 {
		a.Password = &password
	}
	return a, problems, err
}

// passwordProblems is what is wrong with the password that a form sets.
func passwordProblems(manages bool, f *form, password string, isNew bool, old func(string) (bool, error)) ([]dossier.Problem, error) {
	var out []dossier.Problem
	fault := func(key string, code dossier.Code, params map[string]any) {
		out = append(out, dossier.Problem{Path: []string{key}, Code: code, Params: params})
	}
	confirm := toText(f.values[keyConfirm])
	if !isNew && password == "" && confirm == "" && toText(f.values[keyOldPassword]) == "" {
		if _, sent := f.values[keyPassword]; sent {
			fault(keyPassword, dossier.CodeRequired, nil)
		}
		return out, nil
	}
	if password == "" {
		fault(keyPassword, dossier.CodeRequired, nil)
	}
	switch {
	case confirm == "":
		fault(keyConfirm, dossier.CodeRequired, nil)
	case confirm != password:
		fault(keyConfirm, dossier.CodeMismatch, nil)
	}
	if !isNew && !manages {
		code, err := checkOldPassword(toText(f.values[keyOldPassword]), old)
		if err != nil {
			return nil, err
		}
		if code != "" {
			fault(keyOldPassword, code, nil)
		}
	}
	if len(out) > 0 {
		return out, nil
	}
	if utf8.RuneCountInString(password) < minPassword {
		fault(keyPassword, codeShortPassword, map[string]any{"min": minPassword})
	} else if len(password) > maxPassword {
		fault(keyPassword, codeLongPassword, map[string]any{"max": maxPassword})
	}
	return out, nil
}

func checkOldPassword(password string, is func(string) (bool, error)) (dossier.Code, error) {
	if password == "" {
		return dossier.CodeRequired, nil
	}
	ok, err := is(password)
	if err != nil || ok {
		return "", err
	}
	return codeOldPassword, nil
}

// accountOf is the record id of c, an account that who may update.
func (h *handler) accountOf(ctx context.Context, who access.Principal, c *dossier.Collection, id dossier.ID) (*dossier.Record, error) {
	filter := query.Compare{Left: query.Meta(query.ID), Op: query.Eq, Right: query.Literal{Value: dossier.Text(id)}}
	page, err := h.svc.ListRecords(ctx, who, c, query.Query{Filter: filter, Limit: 1}, core.ListOptions{Action: access.Update})
	if err != nil {
		return nil, err
	}
	if len(page.Records) == 0 || page.Records[0].Account == nil {
		return nil, errNotFound
	}
	return page.Records[0], nil
}
