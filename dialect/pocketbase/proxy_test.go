package pocketbase

import (
	"net/http/httptest"
	"testing"
)

// trust lets a superuser say that headers are believed.
func (b *bench) trust(root, headers string) {
	b.t.Helper()
	b.do(call{method: "PATCH", path: "/api/settings", token: root, body: `{"trustedProxy": {"headers": ` + headers + `}}`}).ok()
}

// TestTheLogTellsClientsAndConnections looks at the addresses of requests through a proxy, and past it.
func TestTheLogTellsClientsAndConnections(t *testing.T) {
	b, _, root := logBench(t)
	b.trust(root, `["X-Real-IP"]`)
	for from, header := range map[string]string{"1": "2001:db8::7", "2": "", "3": "unknown"} {
		b.do(call{method: "GET", path: "/api/health?from=" + from, header: map[string]string{"X-Real-IP": header}}).ok()
	}
	for from, want := range map[string]string{"1": "2001:0db8:0000:0000:0000:0000:0000:0007", "2": "192.0.2.1", "3": "192.0.2.1"} {
		b.do(call{method: "GET", path: "/api/logs?fields=data.userIP,data.remoteIP&skipTotal=1&filter=message~'from=" + from + "'", token: root}).is(200,
			`{"items":[{"data":{"userIP":"`+want+`","remoteIP":"192.0.2.1"}}],"page":1,"perPage":30,"totalItems":-1,"totalPages":-1}`)
	}
}

// TestAStreamBelongsToItsClient opens a stream through a proxy and subscribes to it from two addresses behind the same one.
func TestAStreamBelongsToItsClient(t *testing.T) {
	b := newBench(t)
	b.trust(b.root(), `["X-Real-IP"]`)
	server := httptest.NewServer(b.mux)
	t.Cleanup(server.Close)
	l := b.listen(server)
	subscribe := func(from string) *answer {
		return b.doFrom("192.0.2.9:1", call{method: "POST", path: "/api/realtime", body: `{"clientId": "` + l.id + `"}`, header: map[string]string{"X-Real-IP": from}})
	}
	subscribe("198.51.100.1").fails(400, "Invalid realtime client.")
	if a := subscribe("127.0.0.1"); a.status != 204 {
		t.Errorf("the stream's own client gets %d %s", a.status, a.body)
	}
}

// TestAnItemOfABatchHasTheAddressOfItsBatch claims another address in an item, of which rates know nothing.
func TestAnItemOfABatchHasTheAddressOfItsBatch(t *testing.T) {
	b := newBench(t)
	root := b.root()
	b.trust(root, `["X-Real-IP"]`)
	b.do(call{method: "PATCH", path: "/api/settings", token: root, body: `{"batch": {"enabled": true, "timeout": 60},
		"rateLimits": {"enabled": true, "rules": [{"label": "reports:create", "duration": 3600, "maxRequests": 1}]}}`}).ok()
	ask := func(from string) string {
		return string(b.do(call{method: "POST", path: "/api/batch", header: map[string]string{"X-Real-IP": from}, body: `{"requests": [
			{"method": "POST", "url": "/api/collections/reports/records", "headers": {"X-Real-IP": "203.0.113.1"}, "body": {}}]}`}).body)
	}
	first, again, other := ask("198.51.100.1"), ask("198.51.100.1"), ask("198.51.100.2")
	if first == again || first != other {
		t.Errorf("one address: %s, then %s; another: %s", first, again, other)
	}
}
