package conformance

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
)

// tokenDoors are where tokens of the three kinds are taken, and how they are shown there.
var tokenDoors = []struct{ name, method, target, header, before, proof string }{
	{"knack", "GET", "/v1/session/token", "Authorization", "", "knack member1"},
	{"pocketbase", "POST", "/api/files/token", "Authorization", "", "pb member1"},
	{"console", "GET", "/_/session", "Cookie", "dossier_session=", "cookie"},
}

// TestForgedTokens shows good tokens at each door, then the same ones spoiled in each way that tokens are forged, and those of the other doors.
func TestForgedTokens(t *testing.T) {
	m := newMatrix(t, ownServer(t, commonSchema).base)
	for _, d := range tokenDoors {
		show := func(token string) int {
			res := m.send(d.method, d.target, map[string]string{d.header: d.before + token, "X-Knack-Application-Id": application}, "", "")
			defer res.Body.Close()
			return res.StatusCode
		}
		good := m.proofs[d.proof]
		if got := show(good); got != http.StatusOK {
			t.Fatalf("%s does not take its own token: %d", d.name, got)
		}
		bad := forgeries(good)
		for _, other := range []string{"knack member1", "pb member1", "cookie", "file member1", "request token"} {
			if other != d.proof {
				bad["the token "+other] = m.proofs[other]
			}
		}
		for what, token := range bad {
			if got := show(token); got != http.StatusUnauthorized && got != http.StatusForbidden {
				t.Errorf("%s takes %s: %d", d.name, what, got)
			}
		}
	}
}

// forgeries are spoiled forms of a good token, by what was done to it.
func forgeries(good string) map[string]string {
	parts := strings.Split(good, ".")
	head, claims, signature := parts[0], parts[1], parts[2]
	b64 := base64.RawURLEncoding
	plain, _ := b64.DecodeString(claims) // of a token that was just made
	first := map[bool]string{true: "B", false: "A"}[signature[0] == 'A']
	bad := map[string]string{
		"no signature": head + "." + claims + ".", "no dot before it": head + "." + claims, "a short signature": good[:len(good)-4],
		"another signature": head + "." + claims + "." + first + signature[1:], "a padded signature": good + "==", "four parts": good + "." + signature,
		"nothing": "", "dots": "..", "many dots": strings.Repeat(".", 3000), "no exp": head + "." + b64.EncodeToString([]byte(`{}`)) + "." + signature,
		"other claims": head + "." + b64.EncodeToString([]byte(strings.Replace(string(plain), `"exp":1`, `"exp":3`, 1))) + "." + signature,
	}
	for _, alg := range []string{"none", "None", "nOnE", "", "HS512", "RS256"} {
		forged := b64.EncodeToString([]byte(`{"alg":"`+alg+`","typ":"JWT","kid":"../../dossier.db","jku":"http://localhost/"}`)) + "." + claims + "."
		bad["alg "+alg], bad["alg "+alg+" with a signature"] = forged, forged+signature
	}
	return bad
}
