package pocketbase

import (
	"slices"
	"strconv"

	"dossier"
)

// The bounds of a token's life in seconds, and of the secret behind it in characters.
const (
	minTokenLife, maxTokenLife     = 10, 94670856
	minTokenSecret, maxTokenSecret = 30, 255
)

// noLess is the fault of a number that is under bound.
func noLess(bound int64) fault {
	return fault{Code: "validation_min_greater_equal_than_required", Message: "Must be no less than " + strconv.FormatInt(bound, 10) + ".",
		Params: map[string]any{"threshold": bound}}
}

// noGreater is the fault of a number that is over bound.
func noGreater(bound int64) fault {
	return fault{Code: "validation_max_less_equal_than_required", Message: "Must be no greater than " + strconv.FormatInt(bound, 10) + ".",
		Params: map[string]any{"threshold": bound}}
}

// between notes where n is 0 or out of bounds.
func between(n, least, most int64, note func(fault)) {
	switch {
	case n == 0:
		note(blank)
	case n < least:
		note(noLess(least))
	case n > most:
		note(noGreater(most))
	}
}

// checkOptions notes what is wrong with what an auth collection is to say of signing in.
func (rd *collectionReader) checkOptions(o authOptions) {
	if o.ManageRule != nil && *o.ManageRule == "" {
		rd.fault("validation_nil_or_not_empty_required", "Cannot be blank.", "manageRule")
	}
	o.OTP.check(func(option string, f fault) { nest(rd.data, []string{"otp", option}, f) })
	if o.MFA.Enabled {
		rd.checkProofs(o)
	}
	for name, life := range map[string]lifetime{"authToken": o.AuthToken, "passwordResetToken": o.PasswordResetToken,
		"emailChangeToken": o.EmailChangeToken, "verificationToken": o.VerificationToken, "fileToken": o.FileToken} {
		rd.checkToken(name, life)
	}
	for name, t := range map[string]template{"verificationTemplate": o.VerificationTemplate, "resetPasswordTemplate": o.ResetPasswordTemplate,
		"confirmEmailChangeTemplate": o.ConfirmEmailChangeTmpl} {
		rd.checkTemplate(t, name)
	}
	rd.checkTemplate(o.AuthAlert.EmailTemplate, "authAlert", "emailTemplate")
	rd.checkTemplate(o.OTP.EmailTemplate, "otp", "emailTemplate")
	rd.checkIdentity(o.PasswordAuth)
}

// checkProofs notes that nobody is asked for two proofs of who they are. A switch that did nothing would look like a lock.
func (rd *collectionReader) checkProofs(o authOptions) {
	between(o.MFA.Duration, minOTPLife, maxOTPLife, func(f fault) { nest(rd.data, []string{"mfa", "duration"}, f) })
	ways := 0
	for _, on := range []bool{o.PasswordAuth.Enabled, o.OTP.Enabled, o.OAuth2.Enabled} {
		if on {
			ways++
		}
	}
	if ways < 2 {
		rd.fault("validation_mfa_not_enough_auths", "MFA requires at least 2 auth methods to be enabled.", "mfa", "enabled")
		return
	}
	rd.fault("validation_mfa_unsupported", "This server does not ask for a second proof; switch MFA off.", "mfa", "enabled")
}

// checkToken notes what is wrong with the option of that name. Who does not say how long file tokens hold leaves it to the space.
func (rd *collectionReader) checkToken(name string, life lifetime) {
	raw, _ := rd.raw[name].(map[string]any)
	if _, sent := raw["duration"]; sent || life.Duration != 0 {
		between(life.Duration, minTokenLife, maxTokenLife, func(f fault) { nest(rd.data, []string{name, "duration"}, f) })
	}
	switch secret, sent := raw["secret"]; {
	case !sent:
	case toText(secret) == "":
		nest(rd.data, []string{name, "secret"}, blank)
	case len(toText(secret)) < minTokenSecret || len(toText(secret)) > maxTokenSecret:
		nest(rd.data, []string{name, "secret"}, outOfRange(minTokenSecret, maxTokenSecret))
	}
}

func (rd *collectionReader) checkTemplate(t template, path ...string) {
	if t.Subject == "" {
		nest(rd.data, append(slices.Clone(path), "subject"), blank)
	}
	if t.Body == "" {
		nest(rd.data, append(slices.Clone(path), "body"), blank)
	}
}

// checkIdentity notes what is wrong with the fields that people sign in with. They are unique in every collection: only the email is.
func (rd *collectionReader) checkIdentity(o passwordOptions) {
	if o.Enabled && len(o.IdentityFields) == 0 {
		nest(rd.data, []string{"passwordAuth", "identityFields"}, blank)
	}
	for _, name := range o.IdentityFields {
		f, ok := rd.next.Field(name)
		params := map[string]any{"fieldName": name}
		switch {
		case name == keyEmail:
		case !ok:
			nest(rd.data, []string{"passwordAuth", "identityFields"}, fault{Code: "validation_missing_field",
				Message: "Invalid or missing field " + name + ".", Params: params})
		case !hasOwnIndex(rd.next, f):
			nest(rd.data, []string{"passwordAuth", "identityFields"}, fault{Code: "validation_missing_unique_constraint",
				Message: "The field " + name + " doesn't have a UNIQUE constraint.", Params: params})
		}
	}
}

// guardSystem notes what cannot be changed of a collection that is the system's: its name, its rules, its fields.
func (rd *collectionReader) guardSystem() {
	if rd.old == nil {
		return
	}
	if raw, ok := rd.raw["system"]; ok && raw != nil && toBool(raw) != rd.old.System {
		rd.fault("validation_collection_system_flag_change", "System collection state cannot be changed.", "system")
	}
	if !rd.old.System {
		return
	}
	old, next := rd.old.Rules, rd.next.Rules
	rules := map[string][2]*string{"listRule": {old.List, next.List}, "viewRule": {old.View, next.View}, "createRule": {old.Create, next.Create},
		"updateRule": {old.Update, next.Update}, "deleteRule": {old.Delete, next.Delete}}
	if rd.old.Kind == dossier.Auth {
		was, is := authOptionsOf(rd.old), authOptionsOf(rd.next)
		rules["authRule"], rules["manageRule"] = [2]*string{was.AuthRule, is.AuthRule}, [2]*string{was.ManageRule, is.ManageRule}
	}
	for key, rule := range rules {
		if was, is := rule[0], rule[1]; (was == nil) != (is == nil) || was != nil && *was != *is {
			rd.fault("validation_collection_system_rule_change", "System collection API rule cannot be changed.", key)
		}
	}
	for _, name := range []string{stampCreated, stampUpdated} {
		if hasStamp(rd.old, name) && !hasStamp(rd.next, name) {
			rd.fault("validation_system_field_change", msgSystemField, "fields")
		}
	}
}
