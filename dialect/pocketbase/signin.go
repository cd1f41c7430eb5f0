package pocketbase

import (
	"encoding/json"
	"maps"
	"strings"

	"dossier"
)

// signIn makes what o says the collection's own, and reads the secrets of tokens, which are never shown.
func (rd *collectionReader) signIn(o authOptions) {
	gate := rd.next.SigningIn()
	gate.Closed, gate.Rule, gate.NoPassword = o.AuthRule == nil, "", !o.PasswordAuth.Enabled
	if o.AuthRule != nil {
		gate.Rule = *o.AuthRule
	}
	gate.Logins = loginsOf(rd.next, o.PasswordAuth.IdentityFields)
	salts := maps.Clone(gate.Salts)
	if salts == nil {
		salts = map[dossier.TokenKind]string{}
	}
	for option, kind := range tokenOptions {
		raw, _ := rd.raw[option].(map[string]any)
		if secret, sent := raw["secret"]; sent {
			salts[kind] = toText(secret)
		}
	}
	if len(salts) > 0 {
		gate.Salts = salts
	}
	rd.next.SignIn, rd.next.Rules.Manage = &gate, o.ManageRule
}

// loginsOf are the fields of c with those names that people sign in with. What is none of them is left out.
func loginsOf(c *dossier.Collection, names []string) []dossier.ColumnRef {
	var logins []dossier.ColumnRef
	for _, name := range names {
		if ref, ok := identityColumn(c, name); ok {
			logins = append(logins, ref)
		}
	}
	return logins
}

// identityColumn is the field of c with that name as one that people sign in with.
func identityColumn(c *dossier.Collection, name string) (dossier.ColumnRef, bool) {
	if name == keyEmail {
		return dossier.LoginEmail, true
	}
	f, ok := c.Field(name)
	if !ok {
		return dossier.ColumnRef{}, false
	}
	return dossier.ColumnRef{Field: f.ID}, true
}

// identityFields are the names of the fields that people sign in to c with. One that c does not have any more has the name that it had
// in old.
func identityFields(c, old *dossier.Collection) []string {
	gate := c.SigningIn()
	if gate.Logins == nil {
		return []string{keyEmail}
	}
	names := []string{}
	for _, ref := range gate.Logins {
		if f, ok := c.FieldByID(ref.Field); ok {
			names = append(names, f.Name)
		} else if f, ok := old.FieldByID(ref.Field); ok {
			names = append(names, f.Name)
		} else if ref == dossier.LoginEmail {
			names = append(names, keyEmail)
		}
	}
	return names
}

// tokenOptions are the options about tokens, with the kind of each.
var tokenOptions = map[string]dossier.TokenKind{"authToken": dossier.TokenSession, "fileToken": dossier.TokenFile,
	"verificationToken": dossier.TokenVerify, "passwordResetToken": dossier.TokenReset, "emailChangeToken": dossier.TokenEmail}

// Upgrade makes what an older build kept for this dialect alone the space's own: rules of signing in and of managing accounts, whether
// passwords count and with what, where superusers may act from, and what tells clients' addresses. Who signed in while other dialects did not
// know of a rule signs in anew.
func Upgrade(space *dossier.Space) {
	for i, c := range space.Collections {
		var old struct {
			AuthRule, ManageRule *string
			PasswordAuth         passwordOptions
		}
		if c.Kind != dossier.Auth || c.SignIn != nil || json.Unmarshal([]byte(c.Extra[extraOptions]), &old) != nil {
			continue
		}
		next, gate := *c, dossier.SignIn{Closed: old.AuthRule == nil, NoPassword: !old.PasswordAuth.Enabled}
		if logins := loginsOf(c, old.PasswordAuth.IdentityFields); len(logins) > 1 || len(logins) == 1 && logins[0] != dossier.LoginEmail {
			gate.Logins = logins
		}
		if old.AuthRule != nil && strings.TrimSpace(*old.AuthRule) != "" { // a blank one was as good as none
			gate.Rule = *old.AuthRule
		}
		if !gate.SameGate(dossier.SignIn{}) {
			was := "before upgrade: " + gate.Rule
			gate.Salts = map[dossier.TokenKind]string{dossier.TokenSession: was, dossier.TokenFile: was}
		}
		next.SignIn, next.Rules.Manage = &gate, old.ManageRule
		space.Collections[i] = &next
	}
	upgradeSettings(&space.Settings)
}

// upgradeSettings does so for what the settings say of addresses, where the space says nothing.
func upgradeSettings(s *dossier.Settings) {
	var old struct {
		SuperuserIPs []string
		TrustedProxy proxySettings
	}
	if json.Unmarshal([]byte(s.Extra[extraSettings]), &old) != nil {
		return
	}
	if s.SuperuserNetworks == nil {
		s.SuperuserNetworks = old.SuperuserIPs
	}
	if s.TrustedProxy.Headers != nil {
		return
	}
	for _, name := range old.TrustedProxy.Headers {
		if dossier.ValidHeaderName(name) {
			s.TrustedProxy.Headers, s.TrustedProxy.Leftmost = append(s.TrustedProxy.Headers, name), old.TrustedProxy.UseLeftmostIP
		}
	}
}
