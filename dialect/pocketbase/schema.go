package pocketbase

import (
	"encoding/json"
	"hash/crc32"
	"slices"
	"strconv"
	"time"

	"dossier"
)

// knownIDs are the IDs under which clients know two auth collections that every space has, by name.
var knownIDs = map[string]string{dossier.Superusers: "pbc_3142635823", "users": "_pb_users_auth_"}

// collectionID is the ID under which clients know c.
func collectionID(c *dossier.Collection) string {
	if id, ok := knownIDs[c.Name]; ok && c.Kind == dossier.Auth {
		return id
	}
	return string(c.ID)
}

// newCollectionID is the ID of a collection whose maker leaves the choice, other than those in use.
func newCollectionID(space *dossier.Space, typ, name string) string {
	id := "pbc_" + strconv.FormatUint(uint64(crc32.ChecksumIEEE([]byte(typ+name))), 10)
	for i, try := 2, id; ; i++ {
		if _, taken := collectionByID(space, try); !taken {
			return try
		}
		try = id + strconv.Itoa(i)
	}
}

// collectionByID finds the collection that clients know by id, or that has that ID.
func collectionByID(space *dossier.Space, id string) (*dossier.Collection, bool) {
	for _, c := range space.Collections {
		if !c.Draft && (collectionID(c) == id || string(c.ID) == id) {
			return c, true
		}
	}
	return nil, false
}

// findCollection finds a collection by its ID or, whatever the case of the letters, its name.
func findCollection(space *dossier.Space, key string) (*dossier.Collection, bool) {
	if c, ok := collectionByID(space, key); ok {
		return c, true
	}
	for _, c := range space.Collections {
		if dossier.SameName(c.Name, key) && !c.Draft {
			return c, true
		}
	}
	return nil, false
}

// The stamps of a record, which look like fields.
const (
	stampCreated = "created"
	stampUpdated = "updated"
)

// What a collection keeps in Extra, as JSON texts.
const (
	extraStamps  = extraPrefix + "stamps"  // the stamps that its records show; absent: both
	extraIndexes = extraPrefix + "indexes" // as their maker wrote them
	extraOptions = extraPrefix + "options" // what an auth collection says of signing in
)

// hasStamp reports whether records of c show that stamp: those of collections made here only where their maker wanted it.
func hasStamp(c *dossier.Collection, name string) bool {
	if _, field := c.Field(name); field {
		return false
	}
	text, ok := c.Extra[extraStamps]
	if !ok {
		return true
	}
	var stamps []string
	_ = json.Unmarshal([]byte(text), &stamps) // what cannot be read shows none
	return slices.Contains(stamps, name)
}

// A shownCollection is a collection as clients see it.
type shownCollection struct {
	ID         string           `json:"id"`
	ListRule   *string          `json:"listRule"`
	ViewRule   *string          `json:"viewRule"`
	CreateRule *string          `json:"createRule"`
	UpdateRule *string          `json:"updateRule"`
	DeleteRule *string          `json:"deleteRule"`
	Name       string           `json:"name"`
	Type       string           `json:"type"`
	Fields     []map[string]any `json:"fields"`
	Indexes    []string         `json:"indexes"`
	Created    string           `json:"created"`
	Updated    string           `json:"updated"`
	System     bool             `json:"system"`
	*authOptions
	*viewOptions
}

// showCollection shows c.
func showCollection(space *dossier.Space, c *dossier.Collection) shownCollection {
	table, isTable := tableOf(c)
	c = born(space, c)
	s := shownCollection{
		ID: collectionID(c), Name: c.Name, Type: string(c.Kind), System: c.System, Created: formatTime(c.Created), Updated: formatTime(c.Updated),
		ListRule: c.Rules.List, ViewRule: c.Rules.View, CreateRule: c.Rules.Create, UpdateRule: c.Rules.Update, DeleteRule: c.Rules.Delete,
		Indexes: indexesOf(c), Fields: []map[string]any{},
	}
	switch {
	case c.Kind != dossier.View:
		s.Fields = append(s.Fields, idField())
	case c.Query != "":
		s.Fields = append(s.Fields, with(idField(), map[string]any{"min": 0, "max": 0, "autogeneratePattern": ""}))
	}
	if c.Kind == dossier.Auth {
		s.Fields = append(s.Fields, accountFields()...)
		o := authOptionsOf(c)
		o.FileToken.Duration = fileTokenLife(space, c)
		s.authOptions = &o
	}
	if c.Kind == dossier.View {
		s.viewOptions = &viewOptions{ViewQuery: c.Query}
	}
	for _, f := range c.Fields {
		s.Fields = append(s.Fields, showField(space, f))
	}
	for _, name := range []string{stampCreated, stampUpdated} {
		if hasStamp(c, name) {
			s.Fields = append(s.Fields, with(stampField(name), map[string]any{"system": c.System}))
		}
	}
	if isTable {
		table.show(&s)
	}
	return s
}

// A lifetime is how long a kind of token holds, in seconds.
type lifetime struct {
	Duration int64 `json:"duration"`
}

// authOptions are what an auth collection says of accounts, as clients see it.
type authOptions struct {
	AuthRule               *string         `json:"authRule"`
	ManageRule             *string         `json:"manageRule"`
	AuthAlert              alertOptions    `json:"authAlert"`
	OAuth2                 oauthOptions    `json:"oauth2"`
	PasswordAuth           passwordOptions `json:"passwordAuth"`
	MFA                    mfaOptions      `json:"mfa"`
	OTP                    otpOptions      `json:"otp"`
	AuthToken              lifetime        `json:"authToken"`
	PasswordResetToken     lifetime        `json:"passwordResetToken"`
	EmailChangeToken       lifetime        `json:"emailChangeToken"`
	VerificationToken      lifetime        `json:"verificationToken"`
	FileToken              lifetime        `json:"fileToken"`
	VerificationTemplate   template        `json:"verificationTemplate"`
	ResetPasswordTemplate  template        `json:"resetPasswordTemplate"`
	ConfirmEmailChangeTmpl template        `json:"confirmEmailChangeTemplate"`
}

// A template is a letter with places for names and addresses; the body is HTML.
type template struct {
	Subject string `json:"subject"`
	Body    string `json:"body"`
}

// or is t, with the texts of usual where it has none.
func (t template) or(usual template) template {
	if t.Subject == "" {
		t.Subject = usual.Subject
	}
	if t.Body == "" {
		t.Body = usual.Body
	}
	return t
}

// alertOptions are about a letter that is sent to try it only.
type alertOptions struct {
	Enabled       bool     `json:"enabled"`
	EmailTemplate template `json:"emailTemplate"`
}

// usualAlert is what that letter says.
var usualAlert = template{
	Subject: "A new sign-in to your {APP_NAME} account",
	Body: "<p>Hello,</p>\n<p>somebody signed in to your {APP_NAME} account from a place that it has not been used from:</p>\n<p><em>{ALERT_INFO}</em></p>\n" +
		"<p>If that was not you, change your password at once. It ends every session.</p>\n<p>Thanks,<br/>{APP_NAME} team</p>",
}

// oauthOptions are kept and shown. Nobody signs in by them.
type oauthOptions struct {
	Providers    []map[string]any  `json:"providers"`
	MappedFields oauthMappedFields `json:"mappedFields"`
	Enabled      bool              `json:"enabled"`
}

type oauthMappedFields struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Username  string `json:"username"`
	AvatarURL string `json:"avatarURL"`
}

// mfaOptions are kept and shown but for Enabled, which is always off: nobody is asked for a second proof.
type mfaOptions struct {
	Enabled  bool   `json:"enabled"`
	Duration int64  `json:"duration"` // seconds
	Rule     string `json:"rule"`
}

type passwordOptions struct {
	Enabled        bool     `json:"enabled"`
	IdentityFields []string `json:"identityFields"`
}

// authOptionsOf are the options of c, the usual ones where it says nothing. The rules, whether passwords count, and what people sign in
// with are the collection's own.
func authOptionsOf(c *dossier.Collection) authOptions {
	o := authOptions{
		OAuth2: oauthOptions{Providers: []map[string]any{}}, MFA: mfaOptions{Duration: 600}, OTP: otpOptions{Duration: 180, Length: 8},
		AuthToken: lifetime{int64(userTokenTTL / time.Second)}, PasswordResetToken: lifetime{1800}, EmailChangeToken: lifetime{1800},
		VerificationToken: lifetime{86400}, FileToken: lifetime{0},
	}
	if c.Name == dossier.Superusers {
		o.AuthToken = lifetime{int64(superTokenTTL / time.Second)}
	}
	if text, ok := c.Extra[extraOptions]; ok {
		_ = json.Unmarshal([]byte(text), &o) // written by json.Marshal of the same type
	}
	o.MFA.Enabled = false // older builds took it, without effect
	o.AuthAlert.EmailTemplate, o.OTP.EmailTemplate = o.AuthAlert.EmailTemplate.or(usualAlert), o.OTP.EmailTemplate.or(usualCode)
	o.VerificationTemplate = o.VerificationTemplate.or(letterVerify.usual)
	o.ResetPasswordTemplate = o.ResetPasswordTemplate.or(letterReset.usual)
	o.ConfirmEmailChangeTmpl = o.ConfirmEmailChangeTmpl.or(letterEmail.usual)
	gate := c.SigningIn()
	if o.AuthRule = &gate.Rule; gate.Closed {
		o.AuthRule = nil
	}
	o.ManageRule, o.PasswordAuth = c.Rules.Manage, passwordOptions{Enabled: !gate.NoPassword, IdentityFields: identityFields(c, c)}
	return o
}
