package kintone

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"dossier"
	"dossier/core/coretest"
)

func TestMethodsAndPaths(t *testing.T) {
	c := newClient(t, Options{})
	diff(t, "unknown", "DOSSIER_NOT_FOUND", codeOf(c.call(404, "GET", "/k/v1/nothing.json", nil)))
	got := c.send(c.request("DELETE", "/k/v1/file.json", nil))
	diff(t, "status", 405, got.status)
	diff(t, "long", "DOSSIER_URL_TOO_LONG", codeOf(c.call(414, "GET", "/k/v1/records.json?app=2&query="+strings.Repeat("x", maxURL), nil)))
	over := c.request("POST", "/k/v1/app.json", obj{"id": 2})
	over.Header.Set("X-HTTP-Method-Override", "GET")
	diff(t, "override", any("2"), c.expect(200, over)["appId"])
	diff(t, "guest space", "CB_NO02", codeOf(c.call(403, "GET", "/k/guest/1/v1/records.json?app=2", nil)))
	diff(t, "other app", "GAIA_NO01", codeOf(c.call(403, "GET", "/k/v1/records.json?app=3", nil)))
	diff(t, "status", "DOSSIER_NO_PROCESS", codeOf(c.call(400, "PUT", "/k/v1/record/status.json", obj{"app": 2, "id": 1, "action": "Go"})))
	for _, app := range []string{"-1", "0", "99", "x", "01", "1.0", "9223372036854775808"} {
		r := c.send(c.request("GET", "/k/v1/records.json?app="+app, nil))
		if r.status != 400 && r.status != 404 {
			t.Errorf("app=%s: %d %s", app, r.status, r.body)
		}
	}
}

func TestConcurrencyLimit(t *testing.T) {
	c := newClient(t, Options{Concurrency: 1, Patience: 1})
	pr, pw := io.Pipe()
	slow := c.request("POST", "/k/v1/record.json", nil)
	slow.Header.Set("Content-Type", "application/json")
	slow.Body, slow.ContentLength = pr, -1
	done := make(chan reply)
	dossier.Go(nil, "slow request", func() { done <- c.send(slow) })
	if _, err := io.WriteString(pw, "{"); err != nil {
		t.Fatal(err)
	}
	got := c.send(c.request("GET", "/k/v1/records.json?app=2", nil))
	diff(t, "status", 429, got.status)
	diff(t, "running", "2", got.header.Get("X-ConcurrencyLimit-Running"))
	if _, err := io.WriteString(pw, `"app":2,"record":{"title":{"value":"t"}}}`); err != nil {
		t.Fatal(err)
	}
	if err := pw.Close(); err != nil {
		t.Fatal(err)
	}
	diff(t, "slow", 200, (<-done).status)
}

// Many clients look at an answer only when they have sent everything: a refused request is read to its end, unless its sender
// waits to be told to go on.
func TestRefusedRequestsAreReadToTheirEnd(t *testing.T) {
	c := newClient(t, Options{})
	for name, one := range map[string]struct {
		expect string
		status int
		left   int
	}{
		"a body that comes anyway": {"", 401, 0},
		"a body that waits":        {"100-continue", 401, 1 << 20},
	} {
		body := strings.NewReader(strings.Repeat("x", 1<<20))
		r := httptest.NewRequest("POST", "/k/v1/file.json", body)
		r.Header.Set("Expect", one.expect)
		got := c.send(r)
		diff(t, name, one.status, got.status)
		diff(t, name, one.left, body.Len())
	}
}

// TestRefusalsDoNotWaitForTheBody has senders who stop when they have sent enough to be refused: the answer comes all the same, and what
// they send later is read, so that the connection serves another request, but of those who waited to be told to send.
func TestRefusalsDoNotWaitForTheBody(t *testing.T) {
	t.Parallel()
	c := newClient(t, Options{})
	s := httptest.NewServer(c.h)
	t.Cleanup(s.Close)
	const size = 1 << 20
	token := "X-Cybozu-API-Token: " + coretest.ReportsAll + "\r\n"
	for name, one := range map[string]struct {
		header, begin string
		status        int
	}{
		"nobody known":               {"", "", 401},
		"no such path":               {"X-HTTP-Method-Override: PATCH\r\n", "", 405},
		"a form that cannot be read": {token + "Content-Type: multipart/form-data; boundary=b\r\n", strings.Repeat("x", 600<<10), 413},
		"one that was asked to send": {token + "Expect: 100-continue\r\nContent-Type: multipart/form-data; boundary=b\r\n", strings.Repeat("x", 600<<10), 413},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", s.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			_ = conn.SetDeadline(time.Now().Add(time.Minute))
			in := bufio.NewReader(conn)
			send := func(text string) {
				if _, err := io.WriteString(conn, text); err != nil {
					t.Fatal(err)
				}
			}
			answer := func(status int) {
				t.Helper()
				res, err := http.ReadResponse(in, nil)
				if err != nil {
					t.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, res.Body)
				diff(t, "status", status, res.StatusCode)
			}
			send(fmt.Sprintf("POST /k/v1/file.json HTTP/1.1\r\nHost: a\r\n%sContent-Length: %d\r\n\r\n", one.header, size))
			if strings.Contains(one.header, "Expect") {
				answer(100)
			}
			send(one.begin)
			answer(one.status)
			if strings.Contains(one.header, "Expect") {
				return // it ends with its answer
			}
			send(strings.Repeat("x", size-len(one.begin)) + "GET /k/v1/nothing.json HTTP/1.1\r\nHost: a\r\n\r\n")
			answer(404)
		})
	}
}
