package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// An entrance is where people sign in: one of a dialect, or the browser's.
type entrance struct {
	name string
	// enter tries a login and password. keep is the header that proves the sign-in later; nil where each request proves itself.
	enter func(login, password string) (status int, keep map[string]string)
	// inside asks something that who is signed in is told.
	inside func(keep map[string]string) (status int)
	// wrong is the status of a wrong password, shut that of a right one whose holder may not sign in, off where no password counts,
	// elsewhere that of a superuser from an address of which the settings do not know.
	wrong, shut, off, elsewhere int
}

// A street is the entrances of one server, and a superuser who changes its limits.
type street struct {
	t    *testing.T
	base string
	root string            // a token
	via  map[string]string // headers that a proxy adds to each request

	roots int // superusers made since
}

const (
	rootLogin, rootPassword = "root@example.com", "correct-horse-battery"
	oneLogin, onePassword   = "member1@example.com", "member-password-1"
	twoLogin, twoPassword   = "member2@example.com", "member-password-2"
)

func newStreet(t *testing.T) *street {
	s := &street{t: t, base: ownServer(t, commonSchema).base}
	_, answer := s.send("POST", "/api/collections/_superusers/auth-with-password", nil, map[string]any{"identity": rootLogin, "password": rootPassword})
	s.root, _ = answer["token"].(string)
	return s
}

// send sends a request and returns the answer's status and JSON, with its cookie as "cookie".
func (s *street) send(method, path string, header map[string]string, body any) (int, map[string]any) {
	s.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.base+path, bytes.NewReader(text))
	if err != nil {
		s.t.Fatal(err)
	}
	if body == nil {
		req.Body, req.ContentLength = http.NoBody, 0
	} else {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, more := range []map[string]string{header, s.via} {
		for name, value := range more {
			req.Header.Set(name, value)
		}
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	answer := map[string]any{}
	_ = json.Unmarshal(got, &answer) // some answers are sentences
	for _, c := range res.Cookies() {
		answer["cookie"] = c.Name + "=" + c.Value
	}
	return res.StatusCode, answer
}

// change lets the superuser change something.
func (s *street) change(path string, body any) {
	s.t.Helper()
	if status, answer := s.send("PATCH", path, map[string]string{"Authorization": s.root}, body); status != 200 {
		s.t.Fatalf("%s: %d %v", path, status, answer)
	}
}

// superuser makes another superuser with the same password and returns the login.
func (s *street) superuser() string {
	s.t.Helper()
	s.roots++
	login := fmt.Sprintf("root%d@example.com", s.roots)
	status, answer := s.send("POST", "/api/collections/_superusers/records", map[string]string{"Authorization": s.root},
		map[string]any{"email": login, "password": rootPassword, "passwordConfirm": rootPassword})
	if status != 200 {
		s.t.Fatalf("another superuser: %d %v", status, answer)
	}
	return login
}

// entrances are all there are.
func (s *street) entrances() []entrance {
	app := map[string]string{"X-Knack-Application-Id": application}
	text := func(v any) string { t, _ := v.(string); return t }
	return []entrance{
		{name: "pocketbase", wrong: 400, shut: 403, off: 403, elsewhere: 403,
			enter: func(login, password string) (int, map[string]string) {
				collection := "users"
				if strings.HasPrefix(login, "root") {
					collection = "_superusers"
				}
				status, answer := s.send("POST", "/api/collections/"+collection+"/auth-with-password", nil, map[string]any{"identity": login, "password": password})
				return status, map[string]string{"Authorization": text(answer["token"])}
			},
			inside: func(keep map[string]string) int {
				status, _ := s.send("POST", "/api/files/token", keep, map[string]any{})
				return status
			}},
		{name: "kintone by password", wrong: 401, shut: 401, off: 401, elsewhere: 401,
			enter: func(login, password string) (int, map[string]string) {
				status, _ := s.send("GET", "/k/v1/records.json?app=2", map[string]string{"X-Cybozu-Authorization": basic(login + ":" + password)}, nil)
				return status, nil
			}},
		{name: "knack", wrong: 401, shut: 401, off: 401, elsewhere: 401,
			enter: func(login, password string) (int, map[string]string) {
				status, answer := s.send("POST", "/v1/applications/"+application+"/session", app, map[string]any{"email": login, "password": password})
				session, _ := answer["session"].(map[string]any)
				user, _ := session["user"].(map[string]any)
				return status, with(app, "Authorization", text(user["token"]))
			},
			inside: func(keep map[string]string) int {
				status, _ := s.send("GET", "/v1/session/token", keep, nil)
				return status
			}},
		{name: "browser", wrong: 401, shut: 403, off: 401, elsewhere: 401,
			enter: func(login, password string) (int, map[string]string) {
				status, answer := s.send("POST", "/_/session", nil, map[string]any{"login": login, "password": password})
				return status, map[string]string{"Cookie": text(answer["cookie"])}
			},
			inside: func(keep map[string]string) int {
				status, _ := s.send("GET", "/_/session", keep, nil)
				return status
			}},
		{name: "kintone by session", wrong: 401, shut: 403, off: 401, elsewhere: 401,
			enter: func(login, password string) (int, map[string]string) {
				status, answer := s.send("POST", "/_/session", nil, map[string]any{"login": login, "password": password})
				return status, map[string]string{"Cookie": text(answer["cookie"]), "X-Requested-With": "XMLHttpRequest"}
			},
			inside: func(keep map[string]string) int {
				status, _ := s.send("GET", "/k/v1/records.json?app=2", keep, nil)
				return status
			}},
	}
}

// TestLimitsOfSignInHoldAtEveryEntrance changes what the users' collection, or the space, says about signing in, and tries everybody
// everywhere: with the password, and with what an earlier sign-in gave.
func TestLimitsOfSignInHoldAtEveryEntrance(t *testing.T) {
	t.Parallel()
	const in = 200
	status := func(of func(entrance) int) func(entrance) int { return of }
	open := status(func(entrance) int { return in })
	shut, off := status(func(e entrance) int { return e.shut }), status(func(e entrance) int { return e.off })
	users, settings := "/api/collections/users", "/api/settings"
	for _, limit := range []struct {
		name, path     string
		body           any
		one, two, root func(entrance) int // the status of a right password
		kept           bool               // what earlier sign-ins of users gave still holds
	}{
		{"nothing", users, map[string]any{}, open, open, open, true},
		{"a rule for one", users, map[string]any{"authRule": "name = 'Member One'"}, open, shut, open, false},
		{"a rule about the request", users, map[string]any{"authRule": "@request.context = 'password' && @request.auth.id = ''"}, open, open, open, false},
		{"nobody", users, map[string]any{"authRule": nil}, shut, shut, open, false},
		{"no passwords", users, map[string]any{"passwordAuth": map[string]any{"enabled": false}}, off, off, open, true},
		{"another secret", users, map[string]any{"authToken": map[string]any{"secret": strings.Repeat("secret", 6)}}, open, open, open, false},
		{"another secret of letters", users, map[string]any{"verificationToken": map[string]any{"secret": strings.Repeat("secret", 6)}}, open, open, open, true},
		{"superusers from here", settings, map[string]any{"superuserIPs": []string{"127.0.0.0/8", "::1"}}, open, open, open, true},
		{"superusers from elsewhere", settings, map[string]any{"superuserIPs": []string{"198.51.100.0/24"}}, open, open,
			func(e entrance) int { return e.elsewhere }, true},
	} {
		t.Run(limit.name, func(t *testing.T) {
			t.Parallel()
			s := newStreet(t)
			entrances := s.entrances()
			kept, ofRoot := make([]map[string]string, len(entrances)), make([]map[string]string, len(entrances))
			for i, e := range entrances {
				var status, again int
				if status, kept[i] = e.enter(oneLogin, onePassword); status != in {
					t.Errorf("%s: %d before the change", e.name, status)
				}
				if again, ofRoot[i] = e.enter(rootLogin, rootPassword); again != in {
					t.Errorf("%s: a superuser gets %d before the change", e.name, again)
				}
				if status, _ := e.enter(oneLogin, "wrong"); status != e.wrong {
					t.Errorf("%s: a wrong password gets %d, want %d", e.name, status, e.wrong)
				}
			}
			s.change(limit.path, limit.body)
			for i, e := range entrances {
				for _, person := range []struct {
					login, password string
					want            int
				}{{oneLogin, onePassword, limit.one(e)}, {twoLogin, twoPassword, limit.two(e)}, {rootLogin, rootPassword, limit.root(e)}} {
					if got, _ := e.enter(person.login, person.password); got != person.want {
						t.Errorf("%s: %s gets %d, want %d", e.name, person.login, got, person.want)
					}
				}
				if e.inside == nil {
					continue
				}
				if got := e.inside(kept[i]); (got == in) != limit.kept {
					t.Errorf("%s: an earlier sign-in gets %d", e.name, got)
				}
				if got := e.inside(ofRoot[i]); (got == in) != (limit.root(e) == in) {
					t.Errorf("%s: an earlier sign-in of a superuser gets %d", e.name, got)
				}
			}
		})
	}
}

// TestSuperusersFromElsewhereAreGuests looks at what a superuser's tokens open in the dialect with guests, and at what is not theirs.
func TestSuperusersFromElsewhereAreGuests(t *testing.T) {
	t.Parallel()
	s := newStreet(t)
	asRoot := map[string]string{"Authorization": s.root}
	_, answer := s.send("POST", "/api/files/token", asRoot, map[string]any{})
	file, _ := answer["token"].(string)
	_, made := s.send("POST", "/api/collections/users/impersonate/"+s.idOf(oneLogin), asRoot, map[string]any{"duration": 60})
	asOne := map[string]string{"Authorization": made["token"].(string)}
	s.change("/api/settings", map[string]any{"superuserIPs": []string{"198.51.100.7"}})
	for _, c := range []struct {
		name, method, path string
		header             map[string]string
		want               int
	}{
		{"settings", "GET", "/api/settings", asRoot, 401},
		{"what is open to all", "GET", "/api/collections/reports/records", asRoot, 200},
		{"own token anew", "POST", "/api/collections/_superusers/auth-refresh", asRoot, 401},
		{"somebody whom they became before", "POST", "/api/collections/users/auth-refresh", asOne, 200},
		{"a file token", "GET", "/api/files/reports/000000000000000/x.png?token=" + file, nil, 404},
		{"an API token", "GET", "/k/v1/records.json?app=2", map[string]string{"X-Cybozu-API-Token": reportToken}, 200},
		{"an API key", "GET", "/v1/objects/object_2/records", map[string]string{"X-Knack-Application-Id": application, "X-Knack-REST-API-Key": apiKey}, 200},
	} {
		if got, answer := s.send(c.method, c.path, c.header, nil); got != c.want {
			t.Errorf("%s: %d, want %d: %v", c.name, got, c.want, answer)
		}
	}
}

// idOf is the ID of a user.
func (s *street) idOf(login string) string {
	s.t.Helper()
	_, answer := s.send("GET", "/api/collections/users/records?filter="+"email='"+login+"'", map[string]string{"Authorization": s.root}, nil)
	items, _ := answer["items"].([]any)
	if len(items) != 1 {
		s.t.Fatalf("%d users are %s: %v", len(items), login, answer)
	}
	return items[0].(map[string]any)["id"].(string)
}
