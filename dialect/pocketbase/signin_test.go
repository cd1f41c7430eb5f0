package pocketbase

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dossier"
	"dossier/core/coretest"
)

// TestUpgradeReadsWhatOlderBuildsKept has definitions as older builds wrote them, with all options in one JSON text.
func TestUpgradeReadsWhatOlderBuildsKept(t *testing.T) {
	t.Parallel()
	manage := "id = @request.auth.id"
	ended := func(why string) map[dossier.TokenKind]string {
		return map[dossier.TokenKind]string{dossier.TokenSession: why, dossier.TokenFile: why}
	}
	for _, c := range []struct {
		name, kept string
		known      *dossier.SignIn
		want       *dossier.SignIn
		manage     *string
	}{
		{"nothing", "", nil, nil, nil},
		{"what is usual", `{"authRule":"","manageRule":null,"passwordAuth":{"enabled":true,"identityFields":["email"]},"otp":{"enabled":false}}`, nil, &dossier.SignIn{}, nil},
		{"rules", `{"authRule":"active = true","manageRule":"id = @request.auth.id","passwordAuth":{"enabled":false}}`, nil,
			&dossier.SignIn{Rule: "active = true", NoPassword: true, Salts: ended("before upgrade: active = true")}, &manage},
		{"nobody", `{"authRule":null,"passwordAuth":{"enabled":true}}`, nil, &dossier.SignIn{Closed: true, Salts: ended("before upgrade: ")}, nil},
		{"other names", `{"authRule":"","passwordAuth":{"enabled":true,"identityFields":["gone","nick","email"]}}`, nil,
			&dossier.SignIn{Logins: []dossier.ColumnRef{{Field: "n1"}, dossier.LoginEmail}}, nil},
		{"rules that are known", `{"authRule":null,"passwordAuth":{"enabled":true}}`, &dossier.SignIn{Rule: "a"}, &dossier.SignIn{Rule: "a"}, nil},
	} {
		old := &dossier.Collection{Name: "users", Kind: dossier.Auth, SignIn: c.known, Extra: map[string]string{}, Fields: []*dossier.Field{{ID: "n1", Name: "nick", Type: dossier.TypeText}}}
		if c.kept != "" {
			old.Extra[extraOptions] = c.kept
		}
		space := &dossier.Space{Collections: []*dossier.Collection{old}}
		for range 2 { // the second time there is nothing left to do
			Upgrade(space)
		}
		got := space.Collections[0]
		if diff := cmp.Diff(c.want, got.SignIn); diff != "" {
			t.Errorf("%s: sign-in\n%s", c.name, diff)
		}
		if diff := cmp.Diff(c.manage, got.Rules.Manage); diff != "" {
			t.Errorf("%s: manage\n%s", c.name, diff)
		}
		if c.known == nil && old.SignIn != nil {
			t.Errorf("%s: the collection was changed, not replaced", c.name)
		}
	}
	for kept, want := range map[string][]string{`{"superuserIPs":["192.0.2.1"]}`: {"192.0.2.1"}, `{"superuserIPs":null}`: nil, "": nil} {
		space := &dossier.Space{Settings: dossier.Settings{Extra: map[string]string{extraSettings: kept}}}
		Upgrade(space)
		if diff := cmp.Diff(want, space.Settings.SuperuserNetworks); diff != "" {
			t.Errorf("%s\n%s", kept, diff)
		}
		space.Settings.SuperuserNetworks = []string{}
		if Upgrade(space); len(space.Settings.SuperuserNetworks) != 0 {
			t.Errorf("%s comes back after it was cleared", kept)
		}
	}
}

// TestUpgradeOfProxies takes over what tells the addresses of clients, but for names that are none, and only once.
func TestUpgradeOfProxies(t *testing.T) {
	both := dossier.TrustedProxy{Headers: []string{"X-Real-IP", "X-Forwarded-For"}, Leftmost: true}
	for kept, want := range map[string]dossier.TrustedProxy{
		`{"trustedProxy":{"headers":["X-Real-IP","","X Real","X-Forwarded-For"],"useLeftmostIP":true}}`: both,
		`{"trustedProxy":{"headers":["X Real"],"useLeftmostIP":true}}`:                                  {},
		`{"trustedProxy":{"headers":[],"useLeftmostIP":true}}`:                                          {},
		`{"trustedProxy":{"headers":null}}`:                                                             {},
		"":                                                                                              {},
	} {
		space := &dossier.Space{Settings: dossier.Settings{Extra: map[string]string{extraSettings: kept}}}
		Upgrade(space)
		if diff := cmp.Diff(want, space.Settings.TrustedProxy); diff != "" {
			t.Errorf("%s\n%s", kept, diff)
		}
		space.Settings.TrustedProxy = dossier.TrustedProxy{Headers: []string{}}
		if Upgrade(space); len(space.Settings.TrustedProxy.Headers) != 0 {
			t.Errorf("%s comes back after it was cleared", kept)
		}
	}
}

// TestNothingIsKeptTwice changes all that the space itself knows of signing in and looks at what the dialect keeps beside it.
func TestNothingIsKeptTwice(t *testing.T) {
	b := newBench(t)
	root := b.root()
	b.do(call{method: "PATCH", path: collections + "/users", token: root, body: `{"authRule": "name != ''", "manageRule": "id = ''", "passwordAuth": {"enabled": false},
		"authToken": {"secret": "0123456789012345678901234567890"}}`}).ok()
	b.do(call{method: "PATCH", path: "/api/settings", token: root, body: `{"superuserIPs": ["192.0.2.0/24"], "trustedProxy": {"headers": ["X-Real-IP"]}}`}).ok()
	c := b.collection("users")
	var options, kept map[string]any
	for text, to := range map[string]*map[string]any{c.Extra[extraOptions]: &options, b.svc.Space().Settings.Extra[extraSettings]: &kept} {
		if err := json.Unmarshal([]byte(text), to); err != nil {
			t.Fatal(err)
		}
	}
	if options["authRule"] != nil || options["manageRule"] != nil || kept["superuserIPs"] != nil || kept["trustedProxy"].(map[string]any)["headers"] != nil {
		t.Errorf("kept %v and %v", options, kept)
	}
	gate := c.SigningIn()
	if gate.Rule != "name != ''" || !gate.NoPassword || *c.Rules.Manage != "id = ''" || len(b.svc.Space().Settings.SuperuserNetworks) != 1 {
		t.Errorf("known are %+v, %+v", gate, b.svc.Space().Settings)
	}
	if salt := gate.Salts[dossier.TokenSession]; salt == "" || salt == "0123456789012345678901234567890" {
		t.Errorf("a rule that changes with the secret leaves the salt %q", salt)
	}
	b.do(call{method: "GET", path: collections + "/users?fields=authRule,manageRule,passwordAuth,authToken", token: root}).is(200,
		`{"authRule":"name != ''","manageRule":"id = ''","passwordAuth":{"enabled":false,"identityFields":["email"]},"authToken":{"duration":432000}}`)
	b.do(call{method: "GET", path: "/api/settings?fields=superuserIPs", token: root}).is(200, `{"superuserIPs":["192.0.2.0/24"]}`)
	b.do(call{method: "PATCH", path: collections + "/users", token: root, body: `{"authRule": null, "passwordAuth": {"enabled": true}}`}).ok()
	b.do(call{method: "GET", path: collections + "/users?fields=authRule,manageRule,passwordAuth", token: root}).is(200,
		`{"authRule":null,"manageRule":"id = ''","passwordAuth":{"enabled":true,"identityFields":["email"]}}`)
	b.do(call{method: "POST", path: "/api/collections/users/auth-with-password", body: map[string]any{"identity": coretest.Member1, "password": coretest.Member1Password}}).
		fails(403, "The request doesn't satisfy the collection requirements to authenticate.")
}
