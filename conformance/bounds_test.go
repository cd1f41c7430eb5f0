package conformance

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// slowVariable, set to anything, runs what takes minutes.
const slowVariable = "DOSSIER_TEST_SLOW"

func slow() bool { return os.Getenv(slowVariable) != "" }

const mebibyte = 1 << 20

// TestMemoryOfLargeFiles uploads and downloads a large file through every dialect and reads from the kernel how much memory the
// server ever held: less than 100 MiB, whatever the file's size.
func TestMemoryOfLargeFiles(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("reads /proc")
	}
	size := int64(128 * mebibyte)
	if slow() {
		size = 1024 * mebibyte
	}
	if testing.Short() {
		size = 32 * mebibyte
	}
	s := ownServer(t, commonSchema)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	clients := newClients(t, s.base)
	for i, c := range clients {
		title := "large by " + dialects[i]
		if err := c.create(ctx, title, "large.bin", content(uint64(i), size), size); err != nil {
			t.Fatalf("upload of %d MiB through %s: %v\n%s", size/mebibyte, dialects[i], err, s.log)
		}
		body, err := clients[(i+1)%3].fetch(ctx, title)
		if err == nil {
			err = sameBytes(body, uint64(i), size)
		}
		if err != nil {
			t.Fatalf("download through %s: %v", dialects[(i+1)%3], err)
		}
		peak := peakMemory(t, s.cmd.Process.Pid)
		t.Logf("%d MiB through %s: peak of %d MiB", size/mebibyte, dialects[i], peak/mebibyte)
		if peak >= 100*mebibyte {
			t.Errorf("peak memory is %d MiB after %s, want less than 100", peak/mebibyte, dialects[i])
		}
	}
}

var peakLine = regexp.MustCompile(`(?m)^VmHWM:\s+(\d+) kB$`)

// peakMemory returns the most bytes that a process ever had resident.
func peakMemory(t *testing.T, pid int) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	m := peakLine.FindSubmatch(status)
	if m == nil {
		t.Fatalf("no VmHWM in\n%s", status)
	}
	kilobytes, err := strconv.ParseInt(string(m[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kilobytes << 10
}

// TestStalledHeaderIsCutOff sends the head of a request a byte a second.
func TestStalledHeaderIsCutOff(t *testing.T) {
	conn := dialSlow(t)
	if after, ok := drip(t, conn, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", time.Minute); !ok {
		t.Errorf("a client in its headers for %v was not cut off", after)
	} else {
		t.Logf("cut off after %v", after)
	}
}

// TestStalledBodyIsCutOff sends a file a byte a second, and expects that others are served meanwhile.
func TestStalledBodyIsCutOff(t *testing.T) {
	for i, head := range []string{
		"POST /k/v1/file.json HTTP/1.1\r\nX-Cybozu-API-Token: " + reportToken + "\r\n",
		"POST /v1/applications/" + application + "/assets/file/upload HTTP/1.1\r\nX-Knack-Application-Id: " + application + "\r\nX-Knack-REST-API-Key: " + apiKey + "\r\n",
		"POST /api/collections/customers/records HTTP/1.1\r\n",
	} {
		t.Run(dialects[i], func(t *testing.T) {
			t.Parallel()
			conn := dialSlow(t)
			field := []string{"file", "files", "logo"}[i]
			form, _ := filePart{field: field, name: "slow.bin"}.envelope()
			head += "Host: localhost\r\nContent-Length: 1000000\r\nContent-Type: multipart/form-data; boundary=" + boundary + "\r\n\r\n" + form
			if after, ok := drip(t, conn, head, 4*time.Minute); !ok {
				t.Errorf("a client that sent a byte a second for %v was not cut off", after)
			} else {
				t.Logf("cut off after %v", after)
			}
		})
	}
}

// dialSlow connects to a fresh server, in the slow suite only.
func dialSlow(t *testing.T) net.Conn {
	t.Helper()
	if !slow() {
		t.Skipf("takes minutes; set %s", slowVariable)
	}
	s := ownServer(t, commonSchema)
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// drip sends head at once, then a byte a second until the server answers or closes, at most for limit. Waiting for an answer is
// what takes the second.
func drip(t *testing.T, conn net.Conn, head string, limit time.Duration) (after time.Duration, cut bool) {
	t.Helper()
	begin := time.Now()
	if _, err := conn.Write([]byte(head)); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 1)
	for time.Since(begin) < limit {
		if err := conn.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		_, err := conn.Read(answer)
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			if after = time.Since(begin); after < 2*time.Second {
				t.Errorf("answered or closed after %v already: the request itself is wrong", after)
			}
			return after, true
		}
		if _, err := conn.Write([]byte("a")); err != nil {
			return time.Since(begin), true
		}
	}
	return limit, false
}

// TestKnackRateLimit sends more requests than the three a second that its space allows, until one is refused and some more. Which of them
// are refused depends on the clock, how many does not: three pass in one second, so no more than six in the two that the requests may touch.
func TestKnackRateLimit(t *testing.T) {
	const least, most = 20, 1000
	s := ownServer(t, "schema-rate-limit.yaml")
	c := &knack{wire{base: s.base, http: http.DefaultClient}}
	begin := time.Now()
	passed, requests := 0, 0
	for ; requests < least || requests < most && passed == requests; requests++ {
		res, err := c.do(t.Context(), http.MethodGet, "/v1/objects/object_2/records", c.header(), nil, 0)
		if err == nil {
			passed++
			if got := res.Header.Get("X-RateLimit-Limit"); got != "3" {
				t.Errorf("X-RateLimit-Limit: expected 3, received %q", got)
			}
			res.Body.Close()
			continue
		}
		if !strings.Contains(err.Error(), "429 Too Many Requests: Rate limit exceeded") {
			t.Error(err)
		}
	}
	seconds := int(time.Since(begin)/time.Second) + 2
	if passed < 3 || passed > 3*seconds {
		t.Errorf("%d of %d requests passed within %d seconds at three a second", passed, requests, seconds)
	}
	if passed == requests {
		t.Error("no request was refused")
	}
}
