package pocketbase

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"dossier/access"
)

func TestWindowsBeginAnew(t *testing.T) {
	var ws windows
	now := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	rule := rateRule{Label: "/api/", Duration: 10, MaxRequests: 2}
	for i, c := range []struct {
		host  string
		after time.Duration
		want  bool
	}{
		{"a", 0, true}, {"a", 0, true}, {"a", 9 * time.Second, false}, {"b", 9 * time.Second, true}, {"a", 10 * time.Second, true},
		{"a", 10 * time.Second, true}, {"a", 8 * time.Second, false}, {"a", -time.Hour, true}, // a clock that is put back keeps nobody out
	} {
		if got := ws.admit(windowKey{rule: rule, from: c.host}, now.Add(c.after)); got != c.want {
			t.Errorf("request %d: admitted %v", i, got)
		}
	}
}

// TestCrowdsOfClientsAreForgotten counts requests of more clients than are remembered.
func TestCrowdsOfClientsAreForgotten(t *testing.T) {
	t.Parallel()
	var ws windows
	now := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	rule := rateRule{Label: "/api/", Duration: 10, MaxRequests: 1}
	for i := range maxWindows + 1000 {
		if !ws.admit(windowKey{rule: rule, from: strconv.Itoa(i)}, now) {
			t.Fatalf("the first request of client %d is refused", i)
		}
	}
	if ws.admit(windowKey{rule: rule, from: "7"}, now) || len(ws.all) != maxWindows {
		t.Errorf("a crowd makes it forget who was there before; %d windows", len(ws.all))
	}
	if ws.admit(windowKey{rule: rule, from: "one more"}, now.Add(10*time.Second)); len(ws.all) != 1 {
		t.Errorf("%d windows are left when all are over", len(ws.all))
	}
}

// TestRatesOfIPv6AreOfANetwork sends from several addresses of one /64, which one client may have.
func TestRatesOfIPv6AreOfANetwork(t *testing.T) {
	t.Parallel()
	h := handler{svc: newBench(t).svc}
	s := rateSettings{Enabled: true, Rules: []rateRule{{Label: "/api/", Duration: 60, MaxRequests: 1}}}
	for _, c := range []struct {
		host string
		over bool
	}{{"2001:db8::1", false}, {"2001:db8::2", true}, {"2001:db8:0:1::1", false}, {"192.0.2.1", false}, {"192.0.2.2", false}, {"::ffff:192.0.2.2", true}} {
		if over := h.isOverLimit(s, limited{host: c.host, method: "GET", path: "/api/health", who: access.Guest()}); over != c.over {
			t.Errorf("%s is over the limit: %v, want %v", c.host, over, c.over)
		}
	}
}

func TestClientsThatSendTooMuchAreRefused(t *testing.T) {
	b := newBench(t)
	root := b.root()
	rules := `{"rateLimits": {"enabled": true, "rules": [{"label": "reports:list", "maxRequests": 1, "duration": 60},
		{"label": "*:list", "audience": "@auth", "maxRequests": 1, "duration": 60}, {"label": "/api/health", "maxRequests": 2, "duration": 60}]}}`
	b.do(call{method: "PATCH", path: "/api/settings", token: root, body: rules}).ok()
	refused := `{"data":{},"message":"Too Many Requests.","status":429}`
	b.do(call{method: "GET", path: collections + "/reports/records"}).ok()
	b.do(call{method: "GET", path: collections + "/reports/records"}).is(429, refused)
	b.do(call{method: "GET", path: collections + "/reports/records", token: root}).ok() // superusers as they like
	for range 3 {
		b.do(call{method: "GET", path: collections + "/customers/records"}).ok() // the rule is not for guests
	}
	b.do(call{method: "PATCH", path: "/api/settings", token: root, body: strings.Repeat(" ", defaultMaxBody+1)}).is(413,
		`{"data":{},"message":"Request entity too large.","status":413}`)
	b.do(call{method: "GET", path: "/api/health"}).ok()
	b.do(call{method: "HEAD", path: "/api/health"})
	b.do(call{method: "GET", path: "/api/health"}).is(429, refused)
}

func TestWrongRateLimitsSayWhere(t *testing.T) {
	b := newBench(t)
	for body, want := range map[string]string{
		`{"rateLimits": {"enabled": true, "rules": []}}`:                                 `{"rateLimits":{"rules":{"code":"validation_required","message":"Cannot be blank."}}}`,
		`{"rateLimits": {"rules": [{"label": "a b", "maxRequests": 1, "duration": 1}]}}`: `{"rateLimits":{"rules":{"0":{"label":{"code":"validation_match_invalid","message":"Must be in a valid format."}}}}}`,
		`{"rateLimits": {"excludedIPs": ["x"]}}`:                                         `{"rateLimits":{"excludedIPs":{"0":{"code":"validation_invlaid_ip_or_subnet","message":"Invalid IP or CIDR subnet."}}}}`,
	} {
		b.do(call{method: "PATCH", path: "/api/settings", token: b.root(), body: body}).is(400,
			`{"data":`+want+`,"message":"An error occurred while saving the new settings.","status":400}`)
	}
}
