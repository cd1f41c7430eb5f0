package pocketbase

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"dossier"
	"dossier/access"
	"dossier/core/coretest"
	"dossier/wire"
)

func claimsOf(t *testing.T, token string) map[string]any {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestSignedInUserSeesTheOwnEmail(t *testing.T) {
	b := newBench(t)
	token, record := b.member()
	if record["email"] != coretest.Member1 || record["collectionName"] != "users" {
		t.Errorf("record %v", record)
	}
	claims := claimsOf(t, token)
	exp := time.Unix(int64(claims["exp"].(float64)), 0)
	if life := exp.Sub(b.svc.Now()); life < userTokenTTL-time.Minute || life > userTokenTTL {
		t.Errorf("the token lives %v", life)
	}
	delete(claims, "exp")
	want := map[string]any{"collectionId": "_pb_users_auth_", "id": record["id"], "refreshable": true, "type": "auth"}
	if len(claims) != len(want) || claims["id"] != want["id"] || claims["collectionId"] != want["collectionId"] || claims["refreshable"] != true || claims["type"] != "auth" {
		t.Errorf("claims %v, want %v", claims, want)
	}
	self := b.do(call{method: "GET", path: "/api/collections/users/records/" + record["id"].(string), token: "bearer " + token}).ok()
	if self["email"] != coretest.Member1 {
		t.Errorf("self %v", self)
	}
}

func TestMisusedTokensAreGuests(t *testing.T) {
	b := newBench(t)
	token, record := b.member()
	id := record["id"].(string)
	who := coretest.SignIn(t, b.svc, coretest.Member1, coretest.Member1Password)
	key := b.svc.SigningKey(who, dossier.TokenSession, tokenAuth)
	good := jwt.MapClaims{"collectionId": "_pb_users_auth_", "id": id, "type": "auth", "exp": b.svc.Now().Add(time.Hour).Unix()}
	sign := func(method jwt.SigningMethod, key any, change func(jwt.MapClaims)) string {
		claims := jwt.MapClaims{}
		for k, v := range good {
			claims[k] = v
		}
		change(claims)
		text, err := jwt.NewWithClaims(method, claims).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	file := b.do(call{method: "POST", path: "/api/files/token", token: token}).ok()["token"].(string)
	own := "/api/collections/users/records/" + id
	b.do(call{method: "GET", path: own, token: sign(jwt.SigningMethodHS256, key, func(jwt.MapClaims) {})}).ok()
	tests := map[string]string{
		"changed":                   token + "x",
		"empty":                     "",
		"no token":                  "abc",
		"alg none":                  sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, func(jwt.MapClaims) {}),
		"alg HS512":                 sign(jwt.SigningMethodHS512, key, func(jwt.MapClaims) {}),
		"without an end":            sign(jwt.SigningMethodHS256, key, func(c jwt.MapClaims) { delete(c, "exp") }),
		"ended":                     sign(jwt.SigningMethodHS256, key, func(c jwt.MapClaims) { c["exp"] = b.svc.Now().Add(-time.Second).Unix() }),
		"an end that is no number":  sign(jwt.SigningMethodHS256, key, func(c jwt.MapClaims) { c["exp"] = "soon" }),
		"of another type":           sign(jwt.SigningMethodHS256, key, func(c jwt.MapClaims) { c["type"] = "file" }),
		"of another collection":     sign(jwt.SigningMethodHS256, key, func(c jwt.MapClaims) { c["collectionId"] = "pbc_3142635823" }),
		"of a plain collection":     sign(jwt.SigningMethodHS256, key, func(c jwt.MapClaims) { c["collectionId"] = "reports" }),
		"of nobody":                 sign(jwt.SigningMethodHS256, key, func(c jwt.MapClaims) { c["id"] = "abcdefghijklmno" }),
		"an id that is no text":     sign(jwt.SigningMethodHS256, key, func(c jwt.MapClaims) { c["id"] = []string{id} }),
		"with the other key":        sign(jwt.SigningMethodHS256, b.svc.SigningKey(who, dossier.TokenFile, tokenFile), func(jwt.MapClaims) {}),
		"a file token":              file,
		"longer than anybody needs": sign(jwt.SigningMethodHS256, key, func(c jwt.MapClaims) { c["x"] = strings.Repeat("x", maxTokenBytes) }),
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			b := &bench{t: t, svc: b.svc, mux: b.mux}
			b.do(call{method: "GET", path: own, token: text}).fails(404, msgNotFound)
			b.do(call{method: "POST", path: "/api/files/token", token: text}).fails(401, msgNeedsAuth)
		})
	}
}

func TestTokensEndWithTheClockAndThePassword(t *testing.T) {
	clk := newClock()
	b := newBench(t, clk.option)
	token, record := b.member()
	own := "/api/collections/users/records/" + record["id"].(string)
	clk.add(userTokenTTL - time.Minute)
	fresh := b.do(call{method: "POST", path: "/api/collections/users/auth-refresh", token: token}).ok()["token"].(string)
	clk.add(2 * time.Minute)
	b.do(call{method: "GET", path: own, token: token}).fails(404, msgNotFound)
	b.do(call{method: "GET", path: own, token: fresh}).ok()
	b.do(call{method: "PATCH", path: own, token: fresh, body: `{"password": "new-password", "passwordConfirm": "new-password", "oldPassword": "wrong"}`}).
		is(400, `{"data":{"oldPassword":{"code":"validation_invalid_old_password","message":"Missing or invalid old password."}},"message":"Failed to update record.","status":400}`)
	b.do(call{method: "PATCH", path: own, token: fresh, body: map[string]any{
		"password": "new-password", "passwordConfirm": "new-password", "oldPassword": coretest.Member1Password}}).ok()
	b.do(call{method: "GET", path: own, token: fresh}).fails(404, msgNotFound)
	b.signIn("users", coretest.Member1, "new-password")
}

func TestRefreshAndImpersonation(t *testing.T) {
	b := newBench(t)
	token, record := b.member()
	root := b.root()
	refresh := "/api/collections/users/auth-refresh"
	b.do(call{method: "POST", path: refresh}).fails(401, msgNeedsAuth)
	b.do(call{method: "POST", path: refresh, token: root}).fails(403, "The request requires auth record from _superusers collection.")
	other := "/api/collections/users/impersonate/" + record["id"].(string)
	b.do(call{method: "POST", path: other}).fails(401, msgNeedsAuth)
	b.do(call{method: "POST", path: other, token: token}).fails(403, msgNotAllowed)
	b.do(call{method: "POST", path: "/api/collections/users/impersonate/abcdefghijklmno", token: root}).fails(404, msgNotFound)
	as := b.do(call{method: "POST", path: other, token: root, body: `{"duration": 60}`}).ok()["token"].(string)
	if claimsOf(t, as)["refreshable"] != false {
		t.Errorf("claims %v", claimsOf(t, as))
	}
	if got := b.do(call{method: "POST", path: refresh, token: as}).ok()["token"]; got != as {
		t.Error("a token that is not refreshable was renewed")
	}
}

func TestAccountsChangeByTheRules(t *testing.T) {
	b := newBench(t)
	token, record := b.member()
	own := "/api/collections/users/records/" + record["id"].(string)
	mismatch := map[string]any{"code": "validation_values_mismatch", "message": "Values don't match."}
	for _, tt := range []struct{ body, field string }{{`{"email": "new@example.com"}`, "email"}, {`{"verified": false}`, "verified"}} {
		data := b.do(call{method: "PATCH", path: own, token: token, body: tt.body}).fails(400, "Failed to update record.")
		if got, _ := json.Marshal(data[tt.field]); string(got) == "" || data[tt.field].(map[string]any)["code"] != mismatch["code"] {
			t.Errorf("%s: %v", tt.body, data)
		}
	}
	b.do(call{method: "PATCH", path: own, token: token, body: `{"password": "new-password"}`}).is(400,
		`{"data":{"passwordConfirm":{"code":"validation_required","message":"Cannot be blank."},"oldPassword":{"code":"validation_required","message":"Cannot be blank."}},
		"message":"Failed to update record.","status":400}`)
	b.do(call{method: "POST", path: "/api/collections/users/records", body: `{"email": "a@b.example", "password": "1234567", "passwordConfirm": "1234567"}`}).is(400,
		`{"data":{"password":{"code":"validation_min_text_constraint","message":"Must be at least 8 character(s)."}},"message":"Failed to create record.","status":400}`)
	b.do(call{method: "POST", path: "/api/collections/users/records", body: `{}`}).is(400,
		`{"data":{"password":{"code":"validation_required","message":"Cannot be blank."},
		"passwordConfirm":{"code":"validation_required","message":"Cannot be blank."}},"message":"Failed to create record.","status":400}`)
	made := b.do(call{method: "POST", path: "/api/collections/users/records",
		body: `{"email": "a@b.example", "password": "12345678", "passwordConfirm": "12345678", "name": "A", "emailVisibility": true}`}).ok()
	if made["email"] != "a@b.example" || made["verified"] != false || made["name"] != "A" {
		t.Errorf("made %v", made)
	}
	b.do(call{method: "PATCH", path: own, token: b.root(), body: `{"email": "new@example.com", "verified": true}`}).ok()
	b.do(call{method: "GET", path: own, token: token}).fails(404, msgNotFound)
	b.signIn("users", "new@example.com", coretest.Member1Password)
}

func TestOldPasswordOfOthersIsNotToBeTried(t *testing.T) {
	b := newBench(t)
	token, _ := b.member()
	_, other := b.signIn("users", coretest.Member2, coretest.Member2Password)
	for _, old := range []string{"wrong-password", coretest.Member2Password} {
		b.do(call{method: "PATCH", path: "/api/collections/users/records/" + other["id"].(string), token: token,
			body: map[string]any{"password": "new-password", "passwordConfirm": "new-password", "oldPassword": old}}).fails(404, msgNotFound)
	}
}

func TestRulesSeeTheRequest(t *testing.T) {
	r := wire.RequestOf(newRequest("PATCH", "/api/x?a=1&a=2&b=%20c", map[string]string{"X-Trace-Id": "t"}))
	if r.Method != "PATCH" || r.Query["a"] != "1" || r.Query["b"] != " c" || r.Headers["x_trace_id"] != "t" || r.Remote != "192.0.2.1" {
		t.Errorf("got %+v", r)
	}
	if who := within(access.Guest(), contextExpand); who.Request.Context != "expand" {
		t.Errorf("context %q", who.Request.Context)
	}
}
