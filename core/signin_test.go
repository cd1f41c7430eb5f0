package core_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"dossier"
	"dossier/access"
	"dossier/core"
)

// clubs are users of whom each has a title.
func clubs() []*dossier.Collection {
	return []*dossier.Collection{{Name: "users", Kind: dossier.Auth, Rules: rules(""), Fields: []*dossier.Field{{Name: "title", Type: dossier.TypeText}}}}
}

// club is a house with a user whose title is open, one whose title is shut, and a superuser, all with the password "right".
func club(t *testing.T) (h *house, open, shut, super *dossier.Record) {
	h = newHouse(t, clubs())
	open, shut = h.account("users", "open@example.com", "right"), h.account("users", "shut@example.com", "right")
	super = h.account(dossier.Superusers, "super@example.com", "right")
	return h, h.update("users", open, values{"title": dossier.Text("open")}), h.update("users", shut, values{"title": dossier.Text("shut")}), super
}

// gate changes what a collection says about signing in.
func (h *house) gate(collection string, g dossier.SignIn) {
	h.t.Helper()
	c := *h.collection(collection)
	c.SignIn = &g
	_, err := h.PutCollection(ctx(), system, &c)
	h.must(err)
}

// networks changes where superusers may act from.
func (h *house) networks(networks ...string) error {
	s := h.Space().Settings
	s.SuperuserNetworks = networks
	return h.PutSettings(ctx(), system, s)
}

func TestWhoMaySignIn(t *testing.T) {
	t.Parallel()
	const fine, no, denied = dossier.Kind(""), dossier.Unauthenticated, dossier.Denied
	for _, c := range []struct {
		name              string
		gate              dossier.SignIn
		asker             access.Principal
		open, shut, again dossier.Kind // again: of the open one, whose password was checked before
	}{
		{"everybody", dossier.SignIn{}, access.Guest(), fine, fine, fine},
		{"by a rule", dossier.SignIn{Rule: ruleOpen}, access.Guest(), fine, denied, fine},
		{"by a rule about who asks", dossier.SignIn{Rule: ruleMember}, access.Guest(), denied, denied, denied},
		{"nobody", dossier.SignIn{Closed: true}, access.Guest(), denied, denied, denied},
		{"nobody, but at a superuser's wish", dossier.SignIn{Closed: true}, system, fine, fine, fine},
		{"nobody with a password", dossier.SignIn{NoPassword: true}, access.Guest(), no, no, no},
	} {
		h, open, shut, _ := club(t)
		h.gate("users", c.gate)
		users := h.collection("users")
		for login, want := range map[string]dossier.Kind{"open@example.com": c.open, "shut@example.com": c.shut, "super@example.com": fine} {
			_, err := h.SignIn(ctx(), c.asker, "", login, "right")
			kind(t, c.name+": "+login, err, want)
			_, err = h.SignIn(ctx(), c.asker, "", login, "wrong")
			kind(t, c.name+": wrong for "+login, err, no)
		}
		_, err := h.Readmit(ctx(), c.asker, users.ID, open.ID)
		kind(t, c.name+": again", err, c.again)
		_, err = h.UserByID(ctx(), c.asker, users.ID, shut.ID)
		kind(t, c.name+": who is in already", err, fine)
		kind(t, c.name+": the old password", h.ProvePassword(ctx(), c.asker, users, open, "right"), fine)
	}
}

func TestWhereSuperusersMayAct(t *testing.T) {
	t.Parallel()
	h, open, _, super := club(t)
	supers := h.collection(dossier.Superusers).ID
	wrong(t, h.networks("192.0.2.0/24", "home", "192.0.2.1/33"), prob(dossier.CodeInvalid, nil, "superuser_networks", "1"), prob(dossier.CodeInvalid, nil, "superuser_networks", "2"))
	h.must(h.networks("192.0.2.0/24", "2001:db8::7"))
	for remote, admitted := range map[string]bool{"192.0.2.9": true, "::ffff:192.0.2.9": true, "2001:db8::7": true, "192.0.3.1": false, "2001:db8::8": false, "": false, "localhost": false} {
		asker := access.GuestOf(access.Request{Remote: remote})
		who, err := h.SignIn(ctx(), asker, "", "super@example.com", "right")
		_, byID := h.UserByID(ctx(), asker, supers, super.ID)
		_, again := h.Readmit(ctx(), asker, supers, super.ID)
		for what, err := range map[string]error{"signs in": err, "is known": byID, "is let in again": again} {
			if admitted {
				kind(t, remote+" "+what, err, "")
			} else if dossier.KindOf(err) != dossier.Unauthenticated || !errors.Is(err, access.ErrPlace) {
				t.Errorf("%s %s: %v", remote, what, err)
			}
		}
		if admitted && (!who.IsSuper() || who.Request.Remote != remote) {
			t.Errorf("%s: signed in as %+v", remote, who)
		}
		_, err = h.UserByID(ctx(), asker, h.collection("users").ID, open.ID)
		kind(t, remote+": a user", err, "")
	}
	who := access.User(h.collection(dossier.Superusers), super)
	if who.Request.Remote = "192.0.2.9"; !h.Present(who).IsSuper() {
		t.Error("a superuser is no more one where they may act")
	}
	h.must(h.networks("198.51.100.7"))
	if p := h.Present(who); !p.IsGuest() || p.Request.Remote != "192.0.2.9" {
		t.Errorf("after the change they are %+v", p)
	}
	h.must(h.networks())
	if !h.Present(who).IsSuper() {
		t.Error("no networks are everywhere")
	}
}

func TestTrustedHeadersHaveNames(t *testing.T) {
	t.Parallel()
	h, _, _, _ := club(t)
	put := func(headers ...string) error {
		s := h.Space().Settings
		s.TrustedProxy = dossier.TrustedProxy{Headers: headers, Leftmost: true}
		return h.PutSettings(ctx(), system, s)
	}
	wrong(t, put("X-Real-IP", "", "X Real"), prob(dossier.CodeInvalid, nil, "trusted_proxy", "headers", "1"), prob(dossier.CodeInvalid, nil, "trusted_proxy", "headers", "2"))
	if got := h.Space().Settings.TrustedProxy; got.Headers != nil || got.Leftmost {
		t.Errorf("what was refused is in force: %+v", got)
	}
	h.must(put("X-Real-IP"))
	if got := h.Space().Settings.TrustedProxy; !slices.Equal(got.Headers, []string{"X-Real-IP"}) || !got.Leftmost {
		t.Errorf("believed is %+v", got)
	}
}

// TestAChangedGateEndsSessions looks at the keys of tokens after each change.
func TestAChangedGateEndsSessions(t *testing.T) {
	t.Parallel()
	h, open, _, _ := club(t)
	keys := func() map[dossier.TokenKind][]byte {
		who, err := h.UserByID(ctx(), access.Guest(), h.collection("users").ID, open.ID)
		h.must(err)
		all := map[dossier.TokenKind][]byte{}
		for _, kind := range []dossier.TokenKind{dossier.TokenSession, dossier.TokenFile, dossier.TokenVerify, dossier.TokenReset, dossier.TokenEmail} {
			all[kind] = h.SigningKey(who, kind, "purpose")
		}
		return all
	}
	last := keys()
	with := func(gate dossier.SignIn, kind dossier.TokenKind, salt string) dossier.SignIn {
		gate.Salts = map[dossier.TokenKind]string{kind: salt}
		return gate
	}
	for _, step := range []struct {
		name string
		gate dossier.SignIn
		ends []dossier.TokenKind
	}{
		{"the same", dossier.SignIn{}, nil},
		{"no passwords", dossier.SignIn{NoPassword: true}, nil},
		{"a rule", dossier.SignIn{Rule: ruleOpen}, []dossier.TokenKind{dossier.TokenSession, dossier.TokenFile}},
		{"nobody", dossier.SignIn{Closed: true}, []dossier.TokenKind{dossier.TokenSession, dossier.TokenFile}},
		{"a salt of letters", with(dossier.SignIn{Closed: true}, dossier.TokenReset, "x"), []dossier.TokenKind{dossier.TokenReset}},
	} {
		present := access.User(h.collection("users"), open)
		if step.gate.Salts == nil || step.gate.Salts[dossier.TokenReset] != "" { // keep the others
			salts := map[dossier.TokenKind]string{}
			for k, v := range h.collection("users").SigningIn().Salts {
				salts[k] = v
			}
			for k, v := range step.gate.Salts {
				salts[k] = v
			}
			step.gate.Salts = salts
		}
		h.gate("users", step.gate)
		now, ended := keys(), map[dossier.TokenKind]bool{}
		for _, k := range step.ends {
			ended[k] = true
		}
		for k := range now {
			if bytes.Equal(last[k], now[k]) == ended[k] {
				t.Errorf("%s: tokens of the kind %s end: %v", step.name, k, !ended[k])
			}
		}
		if h.Present(present).IsGuest() != ended[dossier.TokenSession] {
			t.Errorf("%s: who was there is a guest: %v", step.name, !ended[dossier.TokenSession])
		}
		last = now
	}
}

// TestSchemaKeepsTheGate applies a schema that says nothing of signing in, and one that says the same again.
func TestSchemaKeepsTheGate(t *testing.T) {
	t.Parallel()
	h, _, _, _ := club(t)
	apply := func(want string, c *dossier.Collection) {
		t.Helper()
		said, err := h.ApplySchema(ctx(), system, core.Schema{Collections: []*dossier.Collection{c}}, false)
		h.must(err)
		if got := len(said) == 0; got != (want == "") {
			t.Errorf("%v, want %q", said, want)
		}
	}
	ruled := clubs()[0]
	ruled.SignIn = &dossier.SignIn{Rule: ruleOpen}
	apply("changed", ruled)
	before := h.collection("users").SigningIn()
	apply("", ruled)
	apply("", clubs()[0])
	same(t, "gate", h.collection("users").SigningIn(), before)
	ruled.SignIn = &dossier.SignIn{}
	apply("changed", ruled)
	if gate := h.collection("users").SigningIn(); gate.Rule != "" || gate.Salts[dossier.TokenSession] == before.Salts[dossier.TokenSession] {
		t.Errorf("a schema that opens the gate leaves %+v", gate)
	}
}

func TestGatesAreChecked(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	put := func(change func(*dossier.Collection)) error {
		c := clubs()[0]
		change(c)
		_, err := h.PutCollection(ctx(), system, c)
		return err
	}
	wrong(t, put(func(c *dossier.Collection) { c.SignIn = &dossier.SignIn{Rule: "none"} }), prob(dossier.CodeInvalid, nil, "users", "rules", "sign_in"))
	wrong(t, put(func(c *dossier.Collection) { c.Rules.Manage = ptr("none") }), prob(dossier.CodeInvalid, nil, "users", "rules", "manage"))
	wrong(t, put(func(c *dossier.Collection) { c.Rules.Manage = ptr("") }), prob(dossier.CodeRequired, nil, "users", "rules", "manage"))
	wrong(t, put(func(c *dossier.Collection) { c.Kind, c.SignIn = dossier.Base, &dossier.SignIn{} }), prob(dossier.CodeInvalid, nil, "users", "sign_in"))
}

// TestWhoManagesAccounts lets every user manage those whose title is open.
func TestWhoManagesAccounts(t *testing.T) {
	t.Parallel()
	h, open, shut, super := club(t)
	c := *h.collection("users")
	c.Rules.Manage = ptr(ruleOpen)
	_, err := h.PutCollection(ctx(), system, &c)
	h.must(err)
	users := h.collection("users")
	visible := h.account("users", "visible@example.com", "right")
	h.must(h.change(system, "users", visible.ID, core.AccountChange{EmailVisible: ptr(true)}))
	visible = h.get("users", visible.ID)
	both := []*dossier.Record{open, shut, visible}
	type ids = map[dossier.ID]bool
	everything := ids{open.ID: true, shut.ID: true, visible.ID: true}
	for i, p := range []struct {
		name             string
		who              access.Principal
		manages, sees    ids
		changes, creates dossier.Kind // the email of shut; a verified account whose title is shut
	}{
		{"a guest", access.Guest(), ids{}, ids{visible.ID: true}, dossier.Invalid, dossier.Invalid},
		{"the shut one", access.User(users, shut), ids{open.ID: true}, everything, dossier.Invalid, dossier.Invalid},
		{"the open one", access.User(users, open), ids{open.ID: true}, ids{open.ID: true, visible.ID: true}, dossier.Invalid, dossier.Invalid},
		{"a superuser", access.User(h.collection(dossier.Superusers), super), everything, everything, "", ""},
		{"an API key", access.Principal{Kind: access.KindKey}, everything, everything, "", ""},
	} {
		managed, err := h.Manages(ctx(), p.who, users, open.ID, shut.ID, visible.ID)
		h.must(err)
		same(t, p.name+" manages", managed, p.manages)
		seen, err := h.SeesEmails(ctx(), p.who, users, both)
		h.must(err)
		same(t, p.name+" sees", seen, p.sees)
		kind(t, p.name+" changes shut", h.change(p.who, "users", shut.ID, core.AccountChange{Email: ptr(fmt.Sprintf("new%d@example.com", i))}), p.changes)
		if !p.who.IsGuest() {
			kind(t, p.name+" changes open", h.change(p.who, "users", open.ID, core.AccountChange{Verified: ptr(true)}), "")
			h.must(h.change(system, "users", open.ID, core.AccountChange{Verified: ptr(false)}))
		}
		for title, want := range map[string]dossier.Kind{"open": "", "shut": p.creates} {
			if p.who.IsGuest() {
				want = dossier.Invalid
			}
			_, err := h.CreateRecord(ctx(), p.who, users, "", core.Change{Account: &core.AccountChange{Verified: ptr(true)}, Values: values{"title": dossier.Text(title)}})
			kind(t, p.name+" makes one who is "+title, err, want)
		}
	}
}

// crew are people with a nick, which is a login, whatever the case of its letters, a badge, which is one too, and a desk, which is none.
func crew(t *testing.T, logins ...string) (h *house, ann, eve *dossier.Record) {
	nick := dossier.ColumnRef{Field: "nick"}
	byNick := dossier.Index{Name: "by_nick", Unique: true, Columns: []dossier.IndexColumn{{ColumnRef: nick, Fold: true}}, Where: []dossier.Condition{{ColumnRef: nick, Op: dossier.Differs}}}
	h = newHouse(t, []*dossier.Collection{{Name: "users", Kind: dossier.Auth, Rules: rules(""), Indexes: []dossier.Index{byNick}, SignIn: &dossier.SignIn{Logins: columns(logins...)},
		Fields: []*dossier.Field{{Name: "nick", Type: dossier.TypeText}, {Name: "badge", Type: dossier.TypeNumber, Unique: true}, {Name: "day", Type: dossier.TypeDate, Unique: true}, {Name: "desk", Type: dossier.TypeText}}}})
	ann, eve = h.account("users", "ann@example.com", "right"), h.account("users", "eve@example.com", "other")
	ann = h.update("users", ann, values{"nick": dossier.Text("Ann"), "badge": dossier.Number("17"), "day": dossier.Date("2026-01-02"), "desk": dossier.Text("d1")})
	eve = h.update("users", eve, values{"nick": dossier.Text("ann@example.com"), "desk": dossier.Text("d2")})
	return h, ann, eve
}

// columns are logins as a definition says them: by the names of fields.
func columns(names ...string) []dossier.ColumnRef {
	var out []dossier.ColumnRef
	for _, name := range names {
		ref := dossier.ColumnRef{Field: dossier.ID(name)}
		if name == "email" {
			ref = dossier.LoginEmail
		}
		out = append(out, ref)
	}
	return out
}

func TestWhatALoginMayBe(t *testing.T) {
	t.Parallel()
	h, ann, eve := crew(t, "nick", "email", "badge", "day")
	users := h.collection("users")
	ref := func(name string) dossier.ColumnRef {
		if f, ok := users.Field(name); ok {
			return dossier.ColumnRef{Field: f.ID}
		}
		return columns(name)[0]
	}
	for _, c := range []struct {
		collection, by, login, password string
		who                             *dossier.Record // nil: nobody
	}{
		{"users", "", "aNN", "right", ann},
		{"users", "", "ANN@example.com", "right", ann},
		{"users", "", "ann@example.com", "other", nil}, // an email before it is a nick
		{"users", "nick", "Ann@Example.com", "other", eve},
		{"users", "email", "ann@example.com", "right", ann},
		{"users", "email", "Ann", "right", nil},
		{"users", "", "17.0", "right", ann},
		{"users", "badge", "17", "right", ann},
		{"users", "badge", "Ann", "right", nil},
		{"users", "", "d1", "right", nil},
		{"users", "desk", "d1", "right", nil},
		{"users", "day", "2026-01-02", "right", nil},
		{"users", "", "a\x00\xff", "right", nil},
		{"users", "", "Ann", "other", nil},
		{"", "", "Ann", "right", nil},
		{"", "", "ann@example.com", "right", ann},
	} {
		by := dossier.ColumnRef{}
		if c.by != "" {
			by = ref(c.by)
		}
		who, err := h.SignInBy(ctx(), access.Guest(), c.collection, by, c.login, c.password)
		switch name := c.collection + "." + c.by + " " + c.login; {
		case c.who == nil && (dossier.KindOf(err) != dossier.Unauthenticated || err.Error() != "wrong login or password"):
			t.Errorf("%s is told %v", name, err)
		case c.who != nil && (err != nil || who.ID != c.who.ID):
			t.Errorf("%s is %s, %v", name, who.ID, err)
		}
	}
	h, ann, _ = crew(t, "badge")
	_, err := h.SignIn(ctx(), access.Guest(), "users", "ann@example.com", "right")
	kind(t, "an email that is no login", err, dossier.Unauthenticated)
	who, err := h.SignIn(ctx(), access.Guest(), "", "ann@example.com", "right")
	h.must(err)
	same(t, "where no collection is named", who.ID, ann.ID)
}

// TestLoginsFollowTheirFields changes definitions in which fields are logins.
func TestLoginsFollowTheirFields(t *testing.T) {
	t.Parallel()
	h, _, _ := crew(t, "email", "nick", "nick", "badge")
	users := h.collection("users")
	change := func(edit func(c *dossier.Collection)) error {
		c := *h.collection("users")
		edit(&c)
		_, err := h.PutCollection(ctx(), system, &c)
		return err
	}
	nick, _ := users.Field("nick")
	badge, _ := users.Field("badge")
	byBoth := []dossier.ColumnRef{dossier.LoginEmail, {Field: nick.ID}, {Field: badge.ID}}
	same(t, "as they were made", users.SigningIn().Logins, byBoth)
	wrong(t, change(func(c *dossier.Collection) { c.Indexes = nil }), prob(dossier.CodeInvalid, nil, "users", "sign_in", "nick"))
	wrong(t, change(func(c *dossier.Collection) { c.SignIn = &dossier.SignIn{Logins: columns("desk")} }), prob(dossier.CodeInvalid, nil, "users", "sign_in", "desk"))
	wrong(t, change(func(c *dossier.Collection) { c.SignIn = &dossier.SignIn{Logins: []dossier.ColumnRef{{Meta: "id"}}} }), prob(dossier.CodeInvalid, nil, "users", "sign_in", "id"))
	h.must(change(func(c *dossier.Collection) {
		first := *c.Fields[0]
		first.Name = "handle"
		c.Fields = append([]*dossier.Field{&first}, c.Fields[1:]...)
	}))
	same(t, "after a new name", h.collection("users").SigningIn().Logins, byBoth)
	h.must(change(func(c *dossier.Collection) { c.Fields = c.Fields[1:] }))
	same(t, "without the nick", h.collection("users").SigningIn().Logins, []dossier.ColumnRef{dossier.LoginEmail, {Field: badge.ID}})
	h.must(change(func(c *dossier.Collection) { c.Fields = c.Fields[1:] }))
	if gate := h.collection("users").SigningIn(); gate.Logins != nil {
		t.Errorf("without either people sign in with %v", gate.Logins)
	}
}

// TestGuessesByTwoLoginsAreOfOneAccount guesses a password by each of an account's logins.
func TestGuessesByTwoLoginsAreOfOneAccount(t *testing.T) {
	t.Parallel()
	h, ann, _ := crew(t, "email", "nick")
	try := func(login, password string, want dossier.Kind) {
		t.Helper()
		_, err := h.SignIn(ctx(), access.Guest(), "users", login, password)
		kind(t, login+" with "+password, err, want)
	}
	for range 5 {
		try("Ann", "wrong", dossier.Unauthenticated)
		try("ann@example.com", "wrong", dossier.Unauthenticated)
		try("nobody", "wrong", dossier.Unauthenticated)
	}
	try("Ann", "right", dossier.Unauthenticated) // one too many, which nobody is told
	try("ann@example.com", "right", dossier.Unauthenticated)
	_, err := h.SignIn(ctx(), access.Guest(), "", "ann@example.com", "right")
	kind(t, "in any collection", err, dossier.Unauthenticated)
	kind(t, "the own password", h.ProvePassword(ctx(), access.Guest(), h.collection("users"), ann, "right"), dossier.Busy)
	try("eve@example.com", "other", "")
	h.clock.Add(time.Minute)
	for range 9 {
		try("Ann", "wrong", dossier.Unauthenticated)
	}
	try("ann@example.com", "right", "") // forgives the account, not the other login
	try("Ann", "wrong", dossier.Unauthenticated)
	try("Ann", "right", dossier.Busy)
	try("ann@example.com", "right", "")
}
