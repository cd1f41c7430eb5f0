package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
)

// userAdd is the command line that adds a user to the space in dir.
func userAdd(dir, password string, args ...string) line {
	return line{args: append([]string{"user", "add", "--data", dir}, args...), input: password}
}

func TestAddedUsersSignIn(t *testing.T) {
	t.Parallel()
	dir := spaceDir(t)
	const password = "pass with blanks, ü"
	for _, l := range []line{
		userAdd(dir, password+"\n", "ann@example.org", "--name", "Ann"),
		userAdd(dir, password+"\r\n", "bob@example.org"),
		userAdd(dir, password, "root@example.org", "--superuser"),
	} {
		if r := l.run(t); r.code != 0 || r.err != "" || r.out != "user "+l.args[4]+" added\n" {
			t.Errorf("%v: %+v", l.args, r)
		}
	}
	s := serveAt(t, line{args: []string{"--data", dir}})
	for email, collection := range map[string]string{"ann@example.org": "users", "bob@example.org": "users", "root@example.org": "_superusers"} {
		in := fmt.Sprintf(`{"identity":%q,"password":%q}`, email, password)
		if status, body := ask(t, http.MethodPost, s.base+"/api/collections/"+collection+"/auth-with-password", in); status != http.StatusOK || !strings.Contains(body, `"token"`) {
			t.Errorf("%s signs in: %d %s", email, status, body)
		}
		in = fmt.Sprintf(`{"login":%q,"password":%q}`, email, password)
		status, body := ask(t, http.MethodPost, s.base+"/_/session", in)
		var got struct{ User struct{ Superuser bool } }
		if err := json.Unmarshal([]byte(body), &got); err != nil || status != http.StatusOK || got.User.Superuser != (collection == "_superusers") {
			t.Errorf("%s signs in with a browser: %d %s", email, status, body)
		}
	}
	if status, _ := ask(t, http.MethodPost, s.base+"/api/collections/users/auth-with-password", `{"identity":"ann@example.org","password":"pass with"}`); status != http.StatusBadRequest {
		t.Errorf("half the password: status %d, want 400", status)
	}
	s.stop(syscall.SIGTERM)
}

func TestBadPasswordsAreRefused(t *testing.T) {
	t.Parallel()
	dir := spaceDir(t)
	for name, c := range map[string]struct{ input, word string }{
		"none":                  {"", "at least 8"},
		"an empty line":         {"\nlong enough\n", "at least 8"},
		"seven letters":         {"äöüäöüä\n", "at least 8"},
		"longer than is hashed": {strings.Repeat("a", 513) + "\n", "at most 512"},
		"a line without end":    {strings.Repeat("a", 100_000), "at most 512"},
	} {
		t.Run(name, func(t *testing.T) {
			userAdd(dir, c.input, "ann@example.org").run(t).refused(t, exitUsage, "password", c.word)
		})
	}
	if r := userAdd(dir, "äöüäöüäö\n", "ann@example.org").run(t); r.code != 0 {
		t.Errorf("eight letters: %+v", r)
	}
	userAdd(dir, "another one\n", "ann@example.org").run(t).refused(t, exitFailure, "ann@example.org", "already", "another EMAIL")
	userAdd(dir, "another one\n", "ann@example.org", "--collection", "reports").run(t).refused(t, exitUsage, `"reports"`, "users")
}

func TestAPasswordFromNowhereIsNoPrompt(t *testing.T) {
	t.Parallel()
	l := userAdd(spaceDir(t), "", "ann@example.org")
	cmd := l.command()
	cmd.Stdin = nil // /dev/null, which is a device, but no terminal
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != exitUsage || string(out) != "dossier: a password has at least 8 characters\n" {
		t.Errorf("%v: %s", err, out)
	}
}

func TestMadeSecretsWork(t *testing.T) {
	t.Parallel()
	dir := spaceDir(t)
	secret := func(args ...string) string { return strings.TrimSuffix(call(t, append(args, "--data", dir)...), "\n") }
	token := secret("token", "create", "--collection", "reports", "--allow", "view,add", "--name", "one")
	both := secret("token", "create", "--collection", "reports", "--collection", "customers", "--allow", "view", "--allow", "add")
	key := secret("key", "create", "--name", "two")
	if len(token) != 40 || len(key) != 36 {
		t.Errorf("want 40 letters and digits, and a UUID: %q, %q", token, key)
	}
	s := serveAt(t, line{args: []string{"--data", dir}})
	kintone := func(token, method, path, body string) int {
		status, answer := ask(t, method, s.base+path, body, "X-Cybozu-API-Token", token)
		t.Log(method, path, status, answer)
		return status
	}
	add := func(app int, field string) string {
		return fmt.Sprintf(`{"app":%d,"record":{%q:{"value":"x"}}}`, app, field)
	}
	for name, c := range map[string]struct{ got, want int }{
		"the token adds":                  {kintone(token, http.MethodPost, "/k/v1/record.json", add(2, "title")), 200},
		"the token views":                 {kintone(token, http.MethodGet, "/k/v1/records.json?app=2", ""), 200},
		"the token does not edit":         {kintone(token, http.MethodPut, "/k/v1/record.json", `{"app":2,"id":1,"record":{"title":{"value":"y"}}}`), 403},
		"the token opens nothing else":    {kintone(token, http.MethodGet, "/k/v1/records.json?app=3", ""), 403},
		"the other opens two collections": {kintone(both, http.MethodPost, "/k/v1/record.json", add(3, "company")), 200},
		"and the first too":               {kintone(both, http.MethodGet, "/k/v1/records.json?app=2", ""), 200},
	} {
		if c.got != c.want {
			t.Errorf("%s: status %d, want %d", name, c.got, c.want)
		}
	}
	for who, want := range map[string]int{key: 200, "00000000-0000-4000-8000-000000000000": 401} {
		status, body := ask(t, http.MethodGet, s.base+"/v1/objects/object_2/records", "", "X-Knack-Application-Id", "60241522a16be4001b611249", "X-Knack-REST-API-Key", who)
		if status != want {
			t.Errorf("key %s: %d %s, want %d", who, status, body, want)
		}
	}
	s.stop(syscall.SIGTERM)
}
