package core_test

import (
	"fmt"
	"regexp"
	"testing"

	"dossier"
	"dossier/access"
)

func TestTokens(t *testing.T) {
	t.Parallel()
	h := newHouse(t, people())
	users, staff := h.collection("users"), h.collection("staff")
	made := func(name, secret string, rights map[string]access.Right) string {
		t.Helper()
		s, err := h.CreateToken(ctx(), system, name, secret, rights)
		h.must(err)
		return s
	}
	u := made("u", "", map[string]access.Right{"users": access.RightView | access.RightEdit})
	s := made("s", "a secret of mine", map[string]access.Right{"staff": access.RightAdd})
	both := made("both", "", map[string]access.Right{"users": access.RightAdd, "staff": access.RightView})
	if !regexp.MustCompile(`^[A-Za-z0-9]{40}$`).MatchString(u) || s != "a secret of mine" || u == both {
		t.Errorf("secrets are %q and %q", u, s)
	}
	for restart := range 2 {
		p, err := h.TokenPrincipal(u, s)
		h.must(err)
		same(t, "union of rights", p.Rights, map[dossier.ID]access.Right{users.ID: access.RightView | access.RightEdit, staff.ID: access.RightAdd})
		same(t, "kind and name", []string{string(p.Kind), p.Name}, []string{"token", "u"})
		_, err = h.TokenPrincipal(u, both)
		kind(t, "two of one collection", err, dossier.Invalid)
		same(t, "problems", problemsOf(err), []dossier.Problem{prob(dossier.CodeTaken, nil)})
		for _, secret := range []string{"", "unknown", u + "x"} {
			_, err = h.TokenPrincipal(s, secret)
			kind(t, "an unknown token", err, dossier.Unauthenticated)
			same(t, "problems", problemsOf(err), []dossier.Problem{prob(dossier.CodeUnknown, nil)})
		}
		if restart == 0 {
			h.open()
		}
	}
	_, err := h.CreateToken(ctx(), system, "x", "", map[string]access.Right{"nothing": access.RightView})
	kind(t, "a collection that is not there", err, dossier.NotFound)
}

func TestKeys(t *testing.T) {
	t.Parallel()
	h := newHouse(t, people())
	key, err := h.CreateKey(ctx(), system, "integration", "")
	h.must(err)
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(key) {
		t.Errorf("key %q", key)
	}
	p, err := h.KeyPrincipal(key)
	h.must(err)
	same(t, "kind and name", []string{string(p.Kind), p.Name}, []string{"key", "integration"})
	token, err := h.CreateToken(ctx(), system, "t", "", nil)
	h.must(err)
	_, err = h.KeyPrincipal(token)
	kind(t, "a token is no key", err, dossier.Unauthenticated)
	_, err = h.TokenPrincipal(key)
	kind(t, "a key is no token", err, dossier.Unauthenticated)
	_, err = h.KeyPrincipal("")
	kind(t, "nothing", err, dossier.Unauthenticated)
}

func TestOnlySuperusersMakeTokensAndKeys(t *testing.T) {
	t.Parallel()
	h := newHouse(t, people())
	for _, who := range []access.Principal{access.Guest(), {Kind: access.KindUser}, {Kind: access.KindKey}, {Kind: access.KindToken}} {
		_, err := h.CreateToken(ctx(), who, "x", "", nil)
		kind(t, "token by "+string(who.Kind), err, dossier.Denied)
		_, err = h.CreateKey(ctx(), who, "x", "")
		kind(t, "key by "+string(who.Kind), err, dossier.Denied)
	}
}

func TestTokensMadeAtTheSameTimeAreAllKnown(t *testing.T) {
	t.Parallel()
	h := newHouse(t, people())
	each(40, func(i int) {
		secret, err := h.CreateToken(ctx(), system, fmt.Sprint(i), "", nil)
		if err == nil {
			_, err = h.TokenPrincipal(secret)
		}
		if err != nil {
			t.Errorf("token %d: %v", i, err)
		}
	})
}
