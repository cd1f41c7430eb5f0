package core_test

import (
	"bytes"
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"dossier"
	"dossier/access"
	"dossier/core"
	"dossier/query"
)

// people are two collections whose records sign in.
func people() []*dossier.Collection {
	name := func() []*dossier.Field { return []*dossier.Field{{Name: "name", Type: dossier.TypeText}} }
	return []*dossier.Collection{
		{Name: "users", Kind: dossier.Auth, Rules: rules(""), Fields: name()},
		{Name: "staff", Kind: dossier.Auth, Rules: rules(""), Fields: name()},
		{Name: "docs", Rules: rules(""), Fields: name()},
	}
}

// account makes a record that signs in.
func (h *house) account(collection, email, password string) *dossier.Record {
	h.t.Helper()
	r, err := h.CreateRecord(ctx(), system, h.collection(collection), "", core.Change{
		Account: &core.AccountChange{Email: &email, Password: &password}, Values: values{"name": dossier.Text("Ada")}})
	h.must(err)
	return r
}

func (h *house) change(who access.Principal, collection string, id dossier.ID, a core.AccountChange) error {
	_, err := h.UpdateRecord(ctx(), who, h.collection(collection), core.ByID(id), core.Update{Edit: core.Put(core.Change{Account: &a})})
	return err
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t, people())
	ada := h.account("users", "Ada@Example.com", "correct horse")
	h.account("staff", "bob@example.com", "battery staple")
	nobody, err := h.CreateRecord(ctx(), system, h.collection("users"), "", core.Change{})
	h.must(err)
	if nobody.Account.TokenKey == "" {
		t.Error("an account without a password has no token key")
	}
	for _, c := range []struct {
		name, collection, login, password string
		want                              dossier.Kind
	}{
		{"in any collection", "", "Ada@Example.com", "correct horse", ""},
		{"by another case", "", "ada@example.COM", "correct horse", ""},
		{"in its own", "users", "ada@example.com", "correct horse", ""},
		{"in another", "staff", "ada@example.com", "correct horse", dossier.Unauthenticated},
		{"in one without accounts", "docs", "ada@example.com", "correct horse", dossier.Unauthenticated},
		{"in one that is not there", "none", "ada@example.com", "correct horse", dossier.Unauthenticated},
		{"with a wrong password", "", "ada@example.com", "correct Horse", dossier.Unauthenticated},
		{"with another's password", "", "ada@example.com", "battery staple", dossier.Unauthenticated},
		{"with no password", "", "ada@example.com", "", dossier.Unauthenticated},
		{"with a very long one", "", "ada@example.com", strings.Repeat("x", 10_000), dossier.Unauthenticated},
		{"as nobody", "", "eve@example.com", "correct horse", dossier.Unauthenticated},
		{"without a login", "", "", "correct horse", dossier.Unauthenticated},
	} {
		who, err := h.SignIn(ctx(), access.Guest(), c.collection, c.login, c.password)
		kind(t, c.name, err, c.want)
		if c.want != "" {
			if !who.IsGuest() || err.Error() != "wrong login or password" {
				t.Errorf("%s: %v as %s", c.name, err, who.Kind)
			}
			continue
		}
		if who.Kind != access.KindUser || who.ID != ada.ID || who.Login != "Ada@Example.com" || who.Name != "Ada" {
			t.Errorf("%s: signed in as %+v", c.name, who)
		}
	}
}

func TestTheSameLoginInTwoCollections(t *testing.T) {
	t.Parallel()
	h := newHouse(t, people())
	user, super := h.account("users", "ada@example.com", "one"), h.account(dossier.Superusers, "ada@example.com", "two")
	for password, want := range map[string]dossier.ID{"one": user.ID, "two": super.ID} {
		who, err := h.SignIn(ctx(), access.Guest(), "", "ada@example.com", password)
		h.must(err)
		if who.ID != want || who.IsSuper() != (want == super.ID) {
			t.Errorf("password %s signs in as %s %s", password, who.Kind, who.ID)
		}
	}
	who, err := h.UserByLogin(ctx(), "ADA@example.com")
	h.must(err)
	same(t, "superusers come first", who.ID, super.ID)
	_, err = h.UserByLogin(ctx(), "eve@example.com")
	kind(t, "nobody", err, dossier.NotFound)
}

func TestWrongPasswordsAreCounted(t *testing.T) {
	t.Parallel()
	h := newHouse(t, people())
	h.account("users", "ada@example.com", "right")
	h.account("users", "bob@example.com", "right")
	try := func(login, password string, want dossier.Kind) {
		t.Helper()
		_, err := h.SignIn(ctx(), access.Guest(), "", login, password)
		kind(t, login+" with "+password, err, want)
	}
	for range 9 {
		try("ada@example.com", "wrong", dossier.Unauthenticated)
	}
	try("Ada@example.com", "right", "") // forgives
	for range 10 {
		try("ADA@example.com", "wrong", dossier.Unauthenticated)
	}
	try("ada@example.com", "right", dossier.Busy)
	try("bob@example.com", "right", "")
	h.clock.Add(59 * time.Second)
	try("ada@example.com", "right", dossier.Busy)
	h.clock.Add(time.Second)
	try("ada@example.com", "right", "")
}

func TestGuessesAtTheSameTimeCountToo(t *testing.T) {
	t.Parallel()
	h := newHouse(t, people())
	h.account("users", "ada@example.com", "right")
	var told atomic.Int64
	each(20, func(int) {
		_, err := h.SignIn(ctx(), access.Guest(), "", "ada@example.com", "wrong")
		if dossier.KindOf(err) == dossier.Unauthenticated {
			told.Add(1)
		}
	})
	if n := told.Load(); n < 10 || n > 12 { // as many as may be hashed at a time pass together
		t.Errorf("%d of 20 guesses were answered", n)
	}
}

func TestPasswordsAreNotKept(t *testing.T) {
	t.Parallel()
	h := newHouse(t, people())
	a, b := h.account("users", "a@example.com", "the same"), h.account("users", "b@example.com", "the same")
	if a.Account.PasswordHash == b.Account.PasswordHash || !strings.HasPrefix(a.Account.PasswordHash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hashes %q and %q", a.Account.PasswordHash, b.Account.PasswordHash)
	}
	_, err := h.HashPassword(ctx(), system, strings.Repeat("x", 513))
	wrong(t, err, prob(dossier.CodeTooLong, params{"max": 512}, "password"))
	gone, cancel := context.WithCancel(ctx())
	cancel()
	for range 20 { // some wait, and one that waits gives up
		if _, err = h.HashPassword(gone, system, "x"); err != nil {
			kind(t, "a caller who went away", err, dossier.Canceled)
		}
	}
}

func TestHashesFromElsewhere(t *testing.T) {
	t.Parallel()
	h := newHouse(t, people())
	for hash, want := range map[string]bool{
		"$2a$04$Oe/jwTcj.6AkS/AO2Kqwv.yDX0rdKPHj1gYjKfbwCUmLkYxXjjcIW": false,
		"":                                 false,
		"$argon2id$v=19$m=19456,t=2,p=1$$": false,
		"$argon2id$v=19$m=1,t=2,p=1$c2FsdHNhbHQ$aGFzaA":         false,
		"$argon2id$v=19$m=99999999,t=2,p=1$c2FsdHNhbHQ$aGFzaA":  false,
		"$argon2id$v=19$m=64,t=99999999,p=1$c2FsdHNhbHQ$aGFzaA": false,
		"$argon2id$v=18$m=64,t=1,p=1$c2FsdHNhbHQ$aGFzaA":        false,
		"$argon2i$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$aGFzaA":         false,
		"plain": false,
	} {
		if got := h.proves(hash, "password"); got != want {
			t.Errorf("hash %q fits", hash)
		}
	}
	bcrypted, err := bcryptOf("password")
	h.must(err)
	if !h.proves(bcrypted, "password") {
		t.Error("a bcrypt hash does not fit its password")
	}
}

func TestTheSigningKeyChangesWithEmailAndPassword(t *testing.T) {
	t.Parallel()
	h := newHouse(t, people())
	r := h.account("users", "ada@example.com", "one")
	other := h.account("users", "eve@example.com", "one")
	keyOf := func(r *dossier.Record, purpose string) []byte {
		t.Helper()
		who, err := h.UserByID(ctx(), access.Guest(), h.collection("users").ID, r.ID)
		h.must(err)
		return h.SigningKey(who, dossier.TokenSession, purpose)
	}
	last := keyOf(r, "auth")
	if bytes.Equal(last, keyOf(r, "file")) || bytes.Equal(last, keyOf(other, "auth")) || bytes.Equal(h.SpaceKey("auth"), h.SpaceKey("file")) {
		t.Error("two purposes or people have the same key")
	}
	for _, step := range []struct {
		name    string
		change  core.AccountChange
		changes bool
	}{
		{"a new email", core.AccountChange{Email: ptr("ada2@example.com")}, true},
		{"the same email", core.AccountChange{Email: ptr("ada2@example.com")}, false},
		{"a new password", core.AccountChange{Password: ptr("two")}, true},
		{"the same password", core.AccountChange{Password: ptr("two")}, true},
		{"a flag", core.AccountChange{Verified: ptr(true), EmailVisible: ptr(true)}, false},
		{"nothing", core.AccountChange{}, false},
	} {
		h.must(h.change(system, "users", r.ID, step.change))
		next := keyOf(r, "auth")
		if bytes.Equal(last, next) == step.changes {
			t.Errorf("%s: the key changes: %v, want %v", step.name, !step.changes, step.changes)
		}
		last = next
	}
	h.open()
	if !bytes.Equal(last, keyOf(r, "auth")) {
		t.Error("a restart changed the key")
	}
}

func TestWhatOwnersMayChange(t *testing.T) {
	t.Parallel()
	h := newHouse(t, people())
	r := h.account("users", "ada@example.com", "one")
	ada := access.User(h.collection("users"), r)
	for _, c := range []struct {
		name   string
		who    access.Principal
		change core.AccountChange
		path   string // of the problem, "" if there is none
	}{
		{"an owner another email", ada, core.AccountChange{Email: ptr("x@example.com")}, "email"},
		{"an owner the case of the email", ada, core.AccountChange{Email: ptr("ADA@example.com")}, ""},
		{"an owner that it is verified", ada, core.AccountChange{Verified: ptr(true)}, "verified"},
		{"an owner that it is not", ada, core.AccountChange{Verified: ptr(false)}, ""},
		{"an owner the visibility", ada, core.AccountChange{EmailVisible: ptr(true)}, ""},
		{"an owner the password", ada, core.AccountChange{Password: ptr("two")}, ""},
		{"an API key everything", access.Principal{Kind: access.KindKey}, core.AccountChange{Email: ptr("y@example.com"), Verified: ptr(true)}, ""},
		{"a superuser everything", system, core.AccountChange{Email: ptr("z@example.com"), Verified: ptr(false)}, ""},
		{"a superuser no bad email", system, core.AccountChange{Email: ptr("no address")}, "not an email"},
	} {
		err := h.change(c.who, "users", r.ID, c.change)
		switch c.path {
		case "":
			kind(t, c.name, err, "")
		case "not an email":
			wrong(t, err, prob(dossier.CodeNotEmail, nil, "email"))
		default:
			wrong(t, err, prob(dossier.CodeMismatch, nil, c.path))
		}
	}
	both := core.AccountChange{Email: ptr("other@example.com"), Verified: ptr(true)}
	wrong(t, h.change(ada, "users", r.ID, both), prob(dossier.CodeMismatch, nil, "email"), prob(dossier.CodeMismatch, nil, "verified"))
	_, err := h.CreateRecord(ctx(), access.Guest(), h.collection("users"), "", core.Change{Account: &core.AccountChange{Verified: ptr(true)}})
	wrong(t, err, prob(dossier.CodeMismatch, nil, "verified"))
}

// TestABadEmailIsToldWithTheRest makes accounts whose fields are wrong too.
func TestABadEmailIsToldWithTheRest(t *testing.T) {
	t.Parallel()
	h := newHouse(t, []*dossier.Collection{{Name: "users", Kind: dossier.Auth, Rules: rules(""), Fields: []*dossier.Field{{Name: "nick", Type: dossier.TypeText, Required: true}}}})
	account := &core.AccountChange{Email: ptr("no address"), Password: ptr("right")}
	_, err := h.CreateRecord(ctx(), system, h.collection("users"), "", core.Change{Account: account})
	wrong(t, err, prob(dossier.CodeRequired, nil, "nick"), prob(dossier.CodeNotEmail, nil, "email"))
	_, err = h.CreateRecord(ctx(), system, h.collection("users"), "", core.Change{Account: account, Values: values{"nick": dossier.Text("a")}})
	wrong(t, err, prob(dossier.CodeNotEmail, nil, "email"))
}

func TestEmailsAreUniqueInTheirCollection(t *testing.T) {
	t.Parallel()
	h := newHouse(t, people())
	h.account("users", "ada@example.com", "one")
	h.account("staff", "ada@example.com", "one")
	other := h.account("users", "bob@example.com", "one")
	_, err := h.CreateRecord(ctx(), system, h.collection("users"), "", core.Change{Account: &core.AccountChange{Email: ptr("ADA@example.com")}})
	kind(t, "create", err, dossier.Exists)
	same(t, "problems", problemsOf(err), []dossier.Problem{prob(dossier.CodeNotUnique, nil, "email")})
	kind(t, "update", h.change(system, "users", other.ID, core.AccountChange{Email: ptr("Ada@example.com")}), dossier.Exists)
	for range 2 {
		_, err = h.CreateRecord(ctx(), system, h.collection("users"), "", core.Change{Account: &core.AccountChange{Email: ptr("")}})
		kind(t, "no email", err, "")
	}
}

func TestUpdatePassword(t *testing.T) {
	t.Parallel()
	h := newHouse(t, people())
	r := h.account("users", "ada@example.com", "one")
	_, err := h.UpdateRecord(ctx(), system, h.collection("users"), core.ByID(r.ID), core.Update{Password: ptr("two"),
		Edit: core.Put(core.Change{Account: &core.AccountChange{Email: ptr("new@example.com")}})})
	h.must(err)
	_, err = h.SignIn(ctx(), access.Guest(), "", "new@example.com", "two")
	kind(t, "new login and password", err, "")
}

func TestUserByID(t *testing.T) {
	t.Parallel()
	h := newHouse(t, people())
	r := h.account("users", "ada@example.com", "one")
	users := h.collection("users")
	who, err := h.UserByID(ctx(), access.Guest(), users.ID, r.ID)
	h.must(err)
	same(t, "user", who.ID, r.ID)
	for _, id := range [][2]dossier.ID{{users.ID, "0123456789abcdef01234567"}, {users.ID, "x"}, {h.collection("docs").ID, r.ID}, {"none", r.ID}} {
		_, err := h.UserByID(ctx(), access.Guest(), id[0], id[1])
		kind(t, string(id[0])+" "+string(id[1]), err, dossier.Unauthenticated)
	}
}

func TestTheLastSuperuserStays(t *testing.T) {
	t.Parallel()
	h := newHouse(t, people())
	a, b := h.account(dossier.Superusers, "a@example.com", "one"), h.account(dossier.Superusers, "b@example.com", "one")
	h.delete(dossier.Superusers, a)
	kind(t, "the last", h.DeleteRecord(ctx(), system, h.collection(dossier.Superusers), core.ByID(b.ID), 0), dossier.Invalid)
}

// asking is a language with one rule, which notes what it is asked.
type asking struct{ last *access.Question }

func (a asking) Rule(_ *dossier.Space, _ *dossier.Collection, _ string, q access.Question) (query.Filter, error) {
	*a.last = q
	return query.Const(true), nil
}

func TestRulesSeeTheAccountAsItWouldBe(t *testing.T) {
	t.Parallel()
	var last access.Question
	users := people()[:1]
	users[0].Rules = rules("noted")
	h := newHouse(t, users, func(o *core.Options) { o.Rules = asking{&last} })
	r := h.account("users", "ada@example.com", "one")
	guest := access.Guest()
	h.must(h.change(guest, "users", r.ID, core.AccountChange{EmailVisible: ptr(true)}))
	if a := last.Account; a == nil || a.Email != "ada@example.com" || !a.EmailVisible || last.Current.Account.EmailVisible {
		t.Errorf("the rule saw %+v, now %+v", last.Account, last.Current.Account)
	}
	_, err := h.UpdateRecord(ctx(), guest, h.collection("users"), core.ByID(r.ID), core.Update{Edit: core.Put(core.Change{Values: values{"name": dossier.Text("x")}})})
	h.must(err)
	if last.Account != nil {
		t.Errorf("an untouched account is shown as %+v", last.Account)
	}
	same(t, "sent", last.Sent, map[string]bool{"name": true})
}

// proves reports whether an account with that hash has that password.
func (h *house) proves(hash, password string) bool {
	h.t.Helper()
	r := &dossier.Record{ID: dossier.ID(hash), Account: &dossier.Account{PasswordHash: hash}}
	err := h.ProvePassword(ctx(), access.Guest(), h.collection("users"), r, password)
	if dossier.KindOf(err) != dossier.Unauthenticated {
		h.must(err)
	}
	return err == nil
}

func bcryptOf(password string) (string, error) {
	b, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	return string(b), err
}
