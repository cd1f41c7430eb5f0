package conformance

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// TestHostilePathsNeverRedirectNorLeak sends paths that a router or a file system might take for others, to every dialect, as they are.
func TestHostilePathsNeverRedirectNorLeak(t *testing.T) {
	s := ownServer(t, commonSchema)
	clients := newClients(t, s.base)
	if err := clients[2].create(t.Context(), "target", "a.bin", content(1, 1000), 1000); err != nil {
		t.Fatal(err)
	}
	file := fileURL(t, clients[2].(*pocketbase), "target")
	record := file[:strings.LastIndex(file, "/")]
	var paths []string
	for _, base := range []string{"/api/files/reports/x", record, file, "/k/v1/file.json", "/k/v1", "/k/guest/1/v1/file.json", "/v1/objects/object_2/records",
		"/v1/applications/" + application + "/assets", "/api/collections/reports/records", "/_", "/_/session"} {
		for _, tail := range []string{"/../..", "/../../../dossier.db", "/../../../../../../etc/passwd", "/%2e%2e/%2e%2e/dossier.db", "/%2E%2E", "/..%2f..%2fdossier.db",
			"/..%2f..%2f..%2f..%2fetc%2fpasswd", "/%252e%252e/%252e%252e/dossier.db", "//", "//dossier.db", "/./.", "/.", "/..;/x", "/%00", "/a%00b", "/..\\..\\dossier.db",
			"/%5c..%5c..", "/%c0%ae%c0%ae/", "/%ff%fe", "/%", "/%zz", "/" + strings.Repeat("../", 1000), "/" + strings.Repeat("a", 7000), "/%0d%0aX-Injected:%20yes"} {
			paths = append(paths, base+tail)
		}
	}
	paths = append(paths, "//", "/..", "/../dossier.db", "//evil.example/", "/\\evil.example", "//evil.example/%2e%2e", "/%2f/evil.example", "/.%2e/", "/%2e%2e%2fdossier.db",
		"/api//files/reports/x", "/api/./collections/reports/records", "/k//v1/records.json?app=2", "/k/v1/../../api/collections", "/k/v1/%2e%2e/%2e%2e/api/collections",
		"/v1//objects/object_2/records", "//api/files"+strings.TrimPrefix(file, "/api/files"), "/api/files/../files"+strings.TrimPrefix(file, "/api/files"))
	for _, path := range paths {
		for _, method := range []string{"GET", "POST"} {
			a := one(t, s.base, method+" "+path+" HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
			unmoved(t, fmt.Sprintf("%s %.80s", method, path), path, a)
		}
	}
	if a := one(t, s.base, "GET "+file+" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"); a.status != 200 || len(a.body) != 1000 {
		t.Errorf("the clean path: %d with %d bytes", a.status, len(a.body))
	}
}

// unmoved checks that an answer is a refusal and shows nothing of the machine. Where one sends clients elsewhere, because its dialect
// does so for paths that are not clean or because the path is below no dialect, that is a clean path of the same origin.
func unmoved(t *testing.T, request, path string, a answer) {
	t.Helper()
	to, moved := a.header["Location"]
	mayMove := strings.HasPrefix(strings.TrimLeft(path, "/"), "api") && unclean.MatchString(path) || !ofDialect.MatchString(path)
	switch {
	case moved && (!mayMove || a.status != 307 || !cleanTarget.MatchString(to[0])):
		t.Errorf("%s: %d to %q", request, a.status, to)
	case !moved && (a.status < 400 || a.status >= 500):
		t.Errorf("%s: %d %.200s", request, a.status, a.body)
	case a.header.Get("Refresh") != "" || a.header.Get("X-Injected") != "":
		t.Errorf("%s: %v", request, a.header)
	}
	for _, leak := range []string{"SQLite format", "root:"} {
		if strings.Contains(a.body, leak) {
			t.Errorf("%s: the answer holds %q", request, leak)
		}
	}
	bare(t, a)
}

var (
	ofDialect   = regexp.MustCompile(`^/+(api|k|v1|_)(/|$)`)
	unclean     = regexp.MustCompile(`//|/\.\.?(/|$)`)
	cleanTarget = regexp.MustCompile(`^/([^/\\\x00-\x20][^\\\x00-\x20]*)?$`)
)

// TestForeignHostsReachNoAnswer names another host in each way that a request can, and looks for it in what comes back.
func TestForeignHostsReachNoAnswer(t *testing.T) {
	s := ownServer(t, "schema-public-url.yaml")
	clients := newClients(t, s.base)
	if err := clients[1].create(t.Context(), "target", "a.bin", content(1, 1000), 1000); err != nil {
		t.Fatal(err)
	}
	d := newDoors(t, s.base)[1]
	for _, request := range []string{
		strings.Replace(d.head("GET", d.json), "Host: localhost", "Host: evil.example", 1),
		d.head("GET", d.json, "X-Forwarded-Host: evil.example", "X-Forwarded-Proto: gopher", "Forwarded: host=evil.example"),
		d.head("GET", "http://evil.example"+d.json),
	} {
		a := one(t, s.base, request+"Connection: close\r\n\r\n")
		if a.status != 200 || !strings.Contains(a.body, "a.bin") || strings.Contains(a.body, "evil.example") || strings.Contains(a.body, "gopher") {
			t.Errorf("%.80q: %d %s", request, a.status, a.body)
		}
	}
}
