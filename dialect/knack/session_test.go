package knack

import (
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"dossier"
	"dossier/access"
	"dossier/core"
	"dossier/core/coretest"
)

// A clock that tests move.
type clock struct{ ms atomic.Int64 }

func newClock(t time.Time) *clock {
	c := &clock{}
	c.ms.Store(t.UnixMilli())
	return c
}

func (c *clock) now() time.Time      { return time.UnixMilli(c.ms.Load()) }
func (c *clock) add(d time.Duration) { c.ms.Add(d.Milliseconds()) }

func (c *clock) option(o *core.Options) { o.Now = c.now }

func TestSession(t *testing.T) {
	clk := newClock(testNow)
	c := newClient(t, clk.option)
	path := "/v1/applications/" + coretest.Application + "/session"
	login := `{"email":"` + coretest.Member1 + `","password":"` + coretest.Member1Password + `"`
	a := c.do("POST", path, login+`}`, nil).want("login", 200, "*")
	for key, want := range map[string]any{"approval_status": "approved", "account_status": "active", "status": "current", "empty_pass": false,
		"profile_keys.0": "profile_1", "profile_objects.0.object": "object_1", "values.field_1": "Member One", "values.email.email": coretest.Member1} {
		if got := a.at("session.user." + key); got != want {
			t.Errorf("%s: got %v, want %v", key, got, want)
		}
	}
	token := a.text("session.user.token")
	if a.text("session.user.id") != a.text("session.user.profile_objects.0.entry_id") {
		t.Errorf("the user is not its entry: %s", a.body)
	}
	check := func(what, token string, status int) {
		t.Helper()
		got := c.do("GET", "/v1/session/token", "", map[string]string{headerApp: coretest.Application, headerToken: token})
		if got.status != status || status == 200 && got.text("session.user.token") == "" || status == 403 && got.body != "Invalid or Expired Token" {
			t.Errorf("%s: got %d %s", what, got.status, got.body)
		}
	}
	check("as it is", token, 200)
	check("with a scheme", "Bearer "+token, 200)
	check("cut", token[:len(token)-2], 403)
	check("without a signature", token[:strings.LastIndex(token, ".")+1], 403)
	remembered := c.do("POST", path, login+`,"remember":true}`, nil).text("session.user.token")
	clk.add(48*time.Hour - time.Second)
	check("just before its end", token, 200)
	clk.add(2 * time.Second)
	check("just after its end", token, 403)
	check("remembered", remembered, 200)
	clk.add(12 * 24 * time.Hour)
	check("remembered too long", remembered, 403)
	for name, body := range map[string]string{
		"wrong password": `{"email":"` + coretest.Member1 + `","password":"x"}`, "nobody": `{"email":"x@x.org","password":"x"}`, "nothing": `{}`, "no texts": `{"email":[],"password":{}}`,
	} {
		c.do("POST", path, body, nil).want(name, 401, `{"errors":[{"message":"Email or password incorrect."}]}`)
	}
	c.do("POST", path, "email=member1%40example.com&password="+coretest.Member1Password, map[string]string{"Content-Type": "application/x-www-form-urlencoded"}).want("a form", 200, "*")
}

// TestTokensOfAClockThatWasAhead says that a token does not hold for as long as the clock was wrong by when it was made.
func TestTokensOfAClockThatWasAhead(t *testing.T) {
	clk := newClock(testNow)
	c := newClient(t, clk.option)
	token := c.do("POST", "/v1/applications/"+coretest.Application+"/session", `{"email":"`+coretest.Member1+`","password":"`+coretest.Member1Password+`"}`,
		nil).text("session.user.token")
	for _, back := range []struct {
		by     time.Duration
		status int
	}{{23 * time.Hour, 200}, {2 * time.Hour, 403}} {
		clk.add(-back.by)
		got := c.do("GET", "/v1/session/token", "", map[string]string{headerApp: coretest.Application, headerToken: token})
		if got.status != back.status {
			t.Errorf("%v further back: got %d %s", back.by, got.status, got.body)
		}
	}
}

// TestWrongPasswords says that after five of them in a minute even the right one is refused, for that email alone.
func TestWrongPasswords(t *testing.T) {
	clk := newClock(testNow)
	c := newClient(t, clk.option)
	login := func(email, password string) answer {
		return c.do("POST", "/v1/applications/"+coretest.Application+"/session", `{"email":"`+email+`","password":"`+password+`"}`, nil)
	}
	const wrong = `{"errors":[{"message":"Email or password incorrect."}]}`
	for range 4 {
		login(coretest.Member1, "x").want("wrong", 401, wrong)
	}
	login(coretest.Member1, coretest.Member1Password).want("right in time", 200, "*")
	for _, email := range []string{coretest.Member1, "nobody@example.com"} {
		for range 5 {
			login(email, "x").want("wrong again", 401, wrong)
		}
		a := login(strings.ToUpper(email), coretest.Member1Password).want("too often", 429, "Rate limit exceeded")
		if a.header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	}
	login(coretest.Member2, coretest.Member2Password).want("somebody else", 200, "*")
	clk.add(time.Minute)
	login(coretest.Member1, coretest.Member1Password).want("a minute later", 200, "*")
}

// TestForgedTokens are tokens with a right content that nobody issued.
func TestForgedTokens(t *testing.T) {
	clk := newClock(testNow)
	c := newClient(t, clk.option)
	space := c.svc.Space()
	who := coretest.SignIn(t, c.svc, coretest.Member1, coretest.Member1Password)
	other := coretest.SignIn(t, c.svc, coretest.Member2, coretest.Member2Password)
	h := &handler{svc: c.svc}
	make := func(method jwt.SigningMethod, key any, user, app string, life time.Duration) string {
		cl := claims{User: user, Application: app}
		if life != 0 {
			cl.ExpiresAt = jwt.NewNumericDate(clk.now().Add(life))
		}
		s, err := jwt.NewWithClaims(method, cl).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	key := c.svc.SigningKey(who, dossier.TokenSession, tokenPurpose)
	id := string(who.ID)
	for _, test := range []struct {
		name, token string
		good        bool
	}{
		{"as issued", make(jwt.SigningMethodHS256, key, id, space.Application, time.Hour), true},
		{"no algorithm", make(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, id, space.Application, time.Hour), false},
		{"another algorithm", make(jwt.SigningMethodHS512, key, id, space.Application, time.Hour), false},
		{"another user's key", make(jwt.SigningMethodHS256, c.svc.SigningKey(other, dossier.TokenSession, tokenPurpose), id, space.Application, time.Hour), false},
		{"another purpose", make(jwt.SigningMethodHS256, c.svc.SigningKey(who, dossier.TokenSession, "file-token"), id, space.Application, time.Hour), false},
		{"no end", make(jwt.SigningMethodHS256, key, id, space.Application, 0), false},
		{"another application", make(jwt.SigningMethodHS256, key, id, "60241522a16be4001b611240", time.Hour), false},
		{"nobody", make(jwt.SigningMethodHS256, key, "7b20c3f29b4e5d6a8c90e1f3", space.Application, time.Hour), false},
		{"an odd user", make(jwt.SigningMethodHS256, key, "../x", space.Application, time.Hour), false},
	} {
		got, err := h.verify(httptest.NewRequest("GET", "/", nil), space, test.token)
		if (err == nil) != test.good || test.good && got.ID != who.ID || !test.good && err != error(errToken) {
			t.Errorf("%s: got %s, %v", test.name, got.ID, err)
		}
	}
}

// TestRulesHoldInViews says that a view grants a guest or user what the rules do, no more.
func TestRulesHoldInViews(t *testing.T) {
	c := newClient(t)
	token := with(keyed, headerKey, "knack", headerToken, c.login())
	const form, table = "/v1/pages/scene_1/views/view_1/records", "/v1/pages/scene_1/views/view_2/records"
	id := c.do("POST", form, `{"field_10":"a","field_15":"Done"}`, token).want("a user creates", 200, "*").text("id")
	guest := with(keyed, headerKey, "renderer")
	c.do("GET", table+"/"+id, "", guest).want("a guest reads", 200,
		`{"id":"`+id+`","field_10":"a","field_10_raw":"a","field_12":"","field_21":"","field_22":""}`)
	c.do("PUT", form+"/"+id, `{"field_10":"b"}`, guest).want("a guest changes nothing", 403, "Forbidden")
	c.do("PUT", form+"/7b20c3f29b4e5d6a8c90e1f3", `{"field_10":"b"}`, guest).want("nor what is not there", 404, "Not Found")
	c.do("PUT", form+"/"+id, `{"field_10":"b"}`, token).want("a user does", 200, "*")
	closed := dossier.Rules{}
	reports, _ := c.svc.Space().Collection("reports")
	locked := *reports
	locked.Rules = closed
	if _, err := c.svc.PutCollection(t.Context(), access.System(), &locked); err != nil {
		t.Fatal(err)
	}
	c.do("GET", table, "", token).want("closed to users", 403, "Forbidden")
	c.do("GET", table, "", keyed).want("open to keys", 200, "*")
}
