package admin_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"dossier/access"
	"dossier/admin"
	"dossier/core"
	"dossier/core/coretest"
	"dossier/wire"
)

// client is a browser of its own on the server.
func client(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar}
}

func start(t *testing.T, change ...func(*core.Options)) (*core.Service, *admin.Sessions, string) {
	t.Helper()
	svc := coretest.New(t, change...)
	sessions := admin.NewSessions(svc)
	mux := http.NewServeMux()
	admin.Mount(mux, svc, sessions)
	srv := httptest.NewServer(wire.Front(mux))
	t.Cleanup(srv.Close)
	return svc, sessions, srv.URL
}

func do(t *testing.T, c *http.Client, method, url, body string, headers ...string) (*http.Response, map[string]any) {
	t.Helper()
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	var v map[string]any
	_ = json.Unmarshal(text, &v)
	return resp, v
}

const member = `{"login": "` + coretest.Member1 + `", "password": "` + coretest.Member1Password + `"}`

func TestSessionFromSignInToSignOut(t *testing.T) {
	t.Parallel()
	_, sessions, url := start(t)
	c := client(t)
	if r, _ := do(t, c, "GET", url+"/_/session", ""); r.StatusCode != 401 {
		t.Fatalf("nobody is signed in, and the answer is %d", r.StatusCode)
	}
	r, in := do(t, c, "POST", url+"/_/session", member)
	if r.StatusCode != 200 || in["requestToken"] == "" || in["user"].(map[string]any)["login"] != coretest.Member1 {
		t.Fatalf("sign-in: %d %v", r.StatusCode, in)
	}
	cookie := r.Cookies()[0]
	if cookie.Name != "dossier_session" || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Secure {
		t.Errorf("the cookie is %v", cookie)
	}
	r, again := do(t, c, "GET", url+"/_/session", "")
	if r.StatusCode != 200 || again["requestToken"] != in["requestToken"] {
		t.Errorf("the session is %d %v", r.StatusCode, again)
	}
	request := httptest.NewRequest("GET", "/", nil)
	request.AddCookie(cookie)
	who, token, ok := sessions.Of(request)
	if !ok || who.Login != coretest.Member1 || token != in["requestToken"] {
		t.Errorf("the cookie belongs to %v, %v", who.Login, ok)
	}
	request.AddCookie(cookie)
	if _, _, ok := sessions.Of(request); ok {
		t.Error("two cookies of one name are no session")
	}
	if r, _ := do(t, c, "DELETE", url+"/_/session", ""); r.StatusCode != 204 {
		t.Errorf("sign-out is %d", r.StatusCode)
	}
	if r, _ := do(t, c, "GET", url+"/_/session", ""); r.StatusCode != 401 {
		t.Errorf("after it the session is %d", r.StatusCode)
	}
	if r, _ := do(t, http.DefaultClient, "GET", url+"/_/session", "", "Cookie", "dossier_session="+cookie.Value); r.StatusCode != 401 {
		t.Errorf("whoever kept the cookie is still in: %d", r.StatusCode)
	}
}

// TestSessionsOfAClockThatWasAhead says that a session does not hold for as long as the clock was wrong by when it began.
func TestSessionsOfAClockThatWasAhead(t *testing.T) {
	t.Parallel()
	var back atomic.Int64 // hours
	_, _, url := start(t, func(o *core.Options) {
		o.Now = func() time.Time { return time.Now().Add(-time.Duration(back.Load()) * time.Hour) }
	})
	c := client(t)
	do(t, c, "POST", url+"/_/session", member)
	for _, is := range []struct{ hours, status int }{{0, 200}, {23, 200}, {25, 401}} {
		back.Store(int64(is.hours))
		if r, _ := do(t, c, "GET", url+"/_/session", ""); r.StatusCode != is.status {
			t.Errorf("%d hours back: %d, want %d", is.hours, r.StatusCode, is.status)
		}
	}
}

func TestCookieIsForTLSBehindAProxyToo(t *testing.T) {
	t.Parallel()
	svc, _, url := start(t)
	settings := svc.Space().Settings
	settings.PublicURL = "https://files.example.org"
	if err := svc.PutSettings(t.Context(), access.System(), settings); err != nil {
		t.Fatal(err)
	}
	if r, _ := do(t, client(t), "POST", url+"/_/session", member); r.StatusCode != 200 || !r.Cookies()[0].Secure {
		t.Errorf("the cookie is %v", r.Cookies())
	}
}

func TestSignInRefuses(t *testing.T) {
	t.Parallel()
	_, _, url := start(t)
	cases := []struct {
		name, body string
		headers    []string
		want       int
	}{
		{"a wrong password", `{"login": "` + coretest.Member1 + `", "password": "wrong"}`, nil, 401},
		{"an unknown login", `{"login": "nobody@example.com", "password": "wrong"}`, nil, 401},
		{"no object", `[]`, nil, 400},
		{"no JSON", `{`, nil, 400},
		{"a missing password", `{"login": "x"}`, nil, 400},
		{"a page of another origin", member, []string{"Origin", "https://evil.example"}, 403},
		{"what a browser calls cross-site", member, []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"an endless body", `{"login": "` + strings.Repeat("x", 100_000) + `"}`, nil, 413},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r, body := do(t, client(t), "POST", url+"/_/session", tc.body, tc.headers...)
			if r.StatusCode != tc.want || len(r.Cookies()) != 0 || body["message"] == nil {
				t.Errorf("got %d %v, want %d", r.StatusCode, body, tc.want)
			}
		})
	}
}

func TestForgedCookiesAreNobody(t *testing.T) {
	t.Parallel()
	_, sessions, url := start(t)
	r, _ := do(t, client(t), "POST", url+"/_/session", member)
	good := r.Cookies()[0].Value
	parts := strings.Split(good, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`))
	for name, value := range map[string]string{
		"no signature": parts[0] + "." + parts[1] + ".", "alg none": none + "." + parts[1] + ".",
		"another signature": parts[0] + "." + parts[1] + "." + parts[0], "cut": good[:len(good)-2], "long": strings.Repeat("a.", 4000),
	} {
		request := httptest.NewRequest("GET", "/", nil)
		request.AddCookie(&http.Cookie{Name: "dossier_session", Value: value})
		if _, _, ok := sessions.Of(request); ok {
			t.Errorf("%s passes", name)
		}
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	_, _, url := start(t)
	r, err := http.Get(url + "/_/")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, _ := io.ReadAll(r.Body)
	_, script, _ := strings.Cut(string(body), `<script type="module">`)
	script, _, _ = strings.Cut(script, "</script>")
	sum := sha256.Sum256([]byte(script))
	if csp := r.Header.Get("Content-Security-Policy"); !strings.Contains(csp, base64.StdEncoding.EncodeToString(sum[:])) || !strings.Contains(csp, "frame-ancestors 'none'") {
		t.Errorf("the policy %q does not let the page's script run, or lets it be framed", csp)
	}
	for path, want := range map[string]int{"/_": 404, "/_/nothing": 404} {
		if r, _ := do(t, client(t), "GET", url+path, ""); r.StatusCode != want {
			t.Errorf("%s is %d", path, r.StatusCode)
		}
	}
	if r, _ := do(t, client(t), "PUT", url+"/_/session", ""); r.StatusCode != 405 || r.Header.Get("Allow") == "" {
		t.Errorf("PUT is %d, allowed %q", r.StatusCode, r.Header.Get("Allow"))
	}
}
