package pocketbase

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"dossier/access"
	"dossier/core"
)

// logBench is a bench with a clock of its own and a superuser's token.
func logBench(t *testing.T) (b *bench, clk *clock, root string) {
	t.Helper()
	clk = newClock()
	b = newBench(t, clk.option)
	return b, clk, b.root()
}

// messages are those of the lines that query asks for.
func (b *bench) messages(root, query string) []string {
	b.t.Helper()
	var out []string
	for _, item := range b.do(call{method: "GET", path: "/api/logs?" + query, token: root}).ok()["items"].([]any) {
		out = append(out, item.(map[string]any)["message"].(string))
	}
	return out
}

func TestRequestsAreLogged(t *testing.T) {
	b, _, root := logBench(t)
	token, _ := b.member()
	b.do(call{method: "GET", path: "/api/collections/reports/records?filter=title%3D'a'", token: token, header: map[string]string{"User-Agent": "test"}}).ok()
	b.do(call{method: "GET", path: "/api/collections/nothing/records"})
	b.do(call{method: "GET", path: "/api/files/reports/abcdefghijklmno/x.txt?thumb=1x1&%74oken=secret&token=secret2"})
	got := b.messages(root, "sort=@rowid")
	want := []string{
		"POST /api/collections/_superusers/auth-with-password", "POST /api/collections/users/auth-with-password",
		"GET /api/collections/reports/records?filter=title='a'", "GET /api/collections/nothing/records",
		"GET /api/files/reports/abcdefghijklmno/x.txt?thumb=1x1&token=***&token=***",
	}
	if !slices.Equal(got, want) {
		t.Errorf("log %q, want %q", got, want)
	}
	one := b.do(call{method: "GET", path: "/api/logs/000000000000003", token: root})
	one.is(200, `{"id": "000000000000003", "created": "2026-11-21 08:30:00.000Z", "level": 0, "message": "GET /api/collections/reports/records?filter=title='a'",
		"data": {"type": "request", "execTime": 0, "method": "GET", "url": "/api/collections/reports/records?filter=title%3D'a'", "status": 200, "referer": "", "userAgent": "test",
		"auth": "users", "userIP": "192.0.2.1", "remoteIP": "192.0.2.1"}}`)
	failed := b.do(call{method: "GET", path: "/api/logs/000000000000004", token: root}).ok()
	data := failed["data"].(map[string]any)
	if failed["level"] != 8.0 || data["status"] != 404.0 || data["error"] != "Missing collection context." || data["auth"] != "" {
		t.Errorf("line %v", failed)
	}
	b.do(call{method: "GET", path: "/api/logs/000000000000999", token: root}).fails(404, msgNotFound)
}

func TestLogIsForSuperusersAlone(t *testing.T) {
	b, _, _ := logBench(t)
	member, _ := b.member()
	for _, c := range []call{{method: "GET", path: "/api/logs"}, {method: "GET", path: "/api/logs/stats"}, {method: "GET", path: "/api/logs/000000000000001"},
		{method: "GET", path: "/api/crons"}, {method: "POST", path: "/api/crons/sweep"}, {method: "GET", path: "/api/backups"}, {method: "POST", path: "/api/sql"}} {
		b.do(c).fails(401, msgNeedsAuth)
		c.token = member
		b.do(c).fails(403, msgNotAllowed)
	}
}

func TestLogIsFilteredSortedAndCounted(t *testing.T) {
	b, clk, root := logBench(t)
	get := func(path string) { b.do(call{method: "GET", path: path}) }
	get("/api/health")
	clk.add(time.Hour)
	get("/api/health")
	get("/api/nowhere")
	query := func(filter string) string { return "filter=" + url.QueryEscape(filter) }
	for filter, want := range map[string]string{
		"data.status >= 400": "GET /api/nowhere", "level > 0": "GET /api/nowhere", "message ~ 'now'": "GET /api/nowhere",
		"data.url = '/api/nowhere'": "GET /api/nowhere", "data.auth != '' || data.status = 404": "GET /api/nowhere",
		"created < '2026-11-21 09:00:00' && data.method = 'GET'": "GET /api/health",
	} {
		if got := b.messages(root, query(filter)); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %q, want %q", filter, got, want)
		}
	}
	if got := b.messages(root, "sort=-@rowid&perPage=2&page=1"); !slices.Equal(got, []string{"GET /api/nowhere", "GET /api/health"}) {
		t.Errorf("newest %q", got)
	}
	b.do(call{method: "GET", path: "/api/logs?perPage=2&page=2&fields=message", token: root}).is(200,
		`{"items": [{"message": "GET /api/health"}, {"message": "GET /api/nowhere"}], "page": 2, "perPage": 2, "totalItems": 4, "totalPages": 2}`)
	b.do(call{method: "GET", path: "/api/logs/stats?" + query("data.method = 'GET'"), token: root}).is(200,
		`[{"date": "2026-11-21 08:00:00.000Z", "total": 1}, {"date": "2026-11-21 09:00:00.000Z", "total": 2}]`)
	b.do(call{method: "GET", path: "/api/logs?" + query("nothing = 1"), token: root}).fails(400, msgGeneric)
}

func TestLogFollowsTheSettings(t *testing.T) {
	b, clk, root := logBench(t)
	set := func(body string) {
		b.t.Helper()
		b.do(call{method: "PATCH", path: "/api/settings", token: root, body: `{"logs": ` + body + `}`}).ok()
	}
	last := func() map[string]any {
		items := b.do(call{method: "GET", path: "/api/logs?sort=-@rowid&perPage=1", token: root}).ok()["items"].([]any)
		return items[0].(map[string]any)["data"].(map[string]any)
	}
	set(`{"logIP": false, "logAuthId": true}`)
	token, record := b.member()
	b.do(call{method: "GET", path: "/api/health", token: token}).ok()
	if data := last(); data["authId"] != record["id"] || data["userIP"] != nil {
		t.Errorf("data %v", data)
	}
	set(`{"minLevel": 8}`)
	before := len(b.messages(root, ""))
	b.do(call{method: "GET", path: "/api/health"}).ok()
	b.do(call{method: "GET", path: "/api/nowhere"}).fails(404, msgNotFound)
	if after := len(b.messages(root, "")); after != before+1 {
		t.Errorf("%d lines became %d", before, after)
	}
	clk.add(6 * 24 * time.Hour)
	root = b.root()
	if got := b.messages(root, ""); len(got) != 0 {
		t.Errorf("old lines: %q", got)
	}
	set(`{"maxDays": 0, "minLevel": 0}`)
	b.do(call{method: "GET", path: "/api/health"}).ok()
	set(`{"maxDays": 30}`)
	if got := b.messages(root, "filter="+url.QueryEscape("message ~ 'health' && created > '2026-11-22'")); len(got) != 0 {
		t.Errorf("logged: %q", got)
	}
}

func TestLogForgetsTheOldestLines(t *testing.T) {
	t.Parallel()
	var s lines
	moment := time.Unix(1, 0)
	for i := range maxLines + 7 {
		s.add(&line{created: moment, message: fmt.Sprint(i)})
	}
	all := s.since(moment)
	if len(all) != maxLines || all[0].message != "7" || all[maxLines-1].message != fmt.Sprint(maxLines+6) {
		t.Errorf("%d lines from %s to %s", len(all), all[0].message, all[len(all)-1].message)
	}
	if got := s.since(moment.Add(time.Second)); len(got) != 0 {
		t.Errorf("%d lines of the future", len(got))
	}
}

func TestLongAndBrokenRequestsMakeShortLines(t *testing.T) {
	t.Parallel()
	r, err := http.NewRequest(http.MethodGet, "/api/x?q=%ff"+strings.Repeat("y", 5000), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("User-Agent", strings.Repeat("\xff", 5000))
	l := &line{}
	l.describe(r, logSettings{})
	if len(l.url) > maxLineURL || len(l.message) > maxLineURL+10 || len(l.agent) > 3*maxLineAgent || !strings.Contains(l.message, "\uFFFDy") {
		t.Errorf("url %d, message %d, agent %d bytes", len(l.url), len(l.message), len(l.agent))
	}
	if _, err := l.record(); err != nil {
		t.Error(err)
	}
}

func TestSweepIsACron(t *testing.T) {
	b, clk, root := logBench(t)
	_, err := b.svc.Upload(context.Background(), access.System(), core.Incoming{TTL: time.Minute}, strings.NewReader("nobody wants me"))
	if err != nil {
		t.Fatal(err)
	}
	clk.add(time.Hour)
	b.do(call{method: "GET", path: "/api/crons", token: root}).is(200, `[{"id": "sweep", "expression": "@hourly"}]`)
	b.do(call{method: "POST", path: "/api/crons/nothing", token: root}).fails(404, "Missing or invalid cron job.")
	if a := b.do(call{method: "POST", path: "/api/crons/sweep", token: root}); a.status != 204 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if left, err := b.svc.Sweep(context.Background()); err != nil || left != (core.Swept{}) {
		t.Errorf("the sweep left %+v (%v)", left, err)
	}
}

func TestSQLIsRefused(t *testing.T) {
	b, _, root := logBench(t)
	b.do(call{method: "POST", path: "/api/sql", token: root, body: `{"query": "select 1"}`}).fails(403, "The server does not take SQL.")
}
