package conformance

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A door is where one dialect lets foreign bytes in: an address for JSON, and one for a form with a file.
type door struct {
	name   string
	json   string // POST: make a report
	upload string // POST: a form with a file in field
	field  string
	header [][2]string
}

// newDoors returns the doors of the server at base, in the order of dialects.
func newDoors(t *testing.T, base string) []door {
	t.Helper()
	pb := newClients(t, base)[2].(*pocketbase)
	return []door{
		{name: "kintone", json: "/k/v1/record.json", upload: "/k/v1/file.json", field: "file",
			header: [][2]string{{"X-Cybozu-API-Token", reportToken}}},
		{name: "knack", json: "/v1/objects/object_2/records", upload: "/v1/applications/" + application + "/assets/file/upload", field: "files",
			header: [][2]string{{"X-Knack-Application-Id", application}, {"X-Knack-REST-API-Key", apiKey}}},
		{name: "pocketbase", json: "/api/collections/reports/records", upload: "/api/collections/reports/records", field: "attachment",
			header: [][2]string{{"Authorization", pb.token}}},
	}
}

// head is the beginning of a request, up to and without the blank line.
func (d door) head(method, target string, more ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: localhost\r\n", method, target)
	for _, h := range d.header {
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
	}
	for _, m := range more {
		b.WriteString(m + "\r\n")
	}
	return b.String()
}

// form is what stands before and after the bytes of a file in a form that this door takes.
func (d door) form() (head, tail string) {
	return filePart{field: d.field, name: "file.bin", title: "a title"}.envelope()
}

// An answer is what came back on a connection of our own.
type answer struct {
	status int
	header http.Header
	body   string
	broken bool // it ended before its end
	closed bool // the server ended the connection after it
}

// patience is how long a test waits for what must happen. It says nothing of how long that may take.
const patience = time.Minute

// exchange sends bytes exactly as they are and reads the answers until the server closes the connection, or is silent for a while and has not
// said that it will close it. Whoever is refused early may be cut off while sending: that is no error.
func exchange(t *testing.T, base string, request io.Reader) []answer {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	var sending sync.WaitGroup
	sending.Go(func() {
		if _, err := io.Copy(conn, request); err == nil && isLast(request) {
			_ = conn.(*net.TCPConn).CloseWrite()
		}
	})
	defer func() { conn.Close(); sending.Wait() }()
	const silence = 300 * time.Millisecond
	var answers []answer
	in := bufio.NewReader(conn)
	for wait := patience; ; {
		_ = conn.SetReadDeadline(time.Now().Add(wait))
		if _, err := in.Peek(1); err != nil {
			if len(answers) > 0 {
				answers[len(answers)-1].closed = !os.IsTimeout(err)
			}
			return answers
		}
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		res, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Errorf("what came back is no answer: %v", err)
			return answers
		}
		body, err := io.ReadAll(res.Body)
		answers = append(answers, answer{status: res.StatusCode, header: res.Header, body: string(body), broken: err != nil})
		if wait = silence; res.Close {
			wait = patience
		}
	}
}

// last is what a client sends that then ends its half of the connection, so that nobody waits for more of it.
type last struct{ io.Reader }

func isLast(request io.Reader) bool { _, ok := request.(last); return ok }

// one is exchange for a request that must get exactly one answer.
func one(t *testing.T, base, request string) answer {
	t.Helper()
	return only(t, request, exchange(t, base, strings.NewReader(request)))
}

// only is the answer to a request that must have got exactly one.
func only(t *testing.T, request string, answers []answer) answer {
	t.Helper()
	if len(answers) != 1 || answers[0].broken {
		t.Fatalf("%d answers to %.200q: %+v", len(answers), request, answers)
	}
	return answers[0]
}

// decent checks that an error looks like one of the dialect and shows nothing of how the server is made.
func (d door) decent(t *testing.T, a answer) {
	t.Helper()
	var in struct {
		Code, Message, ID *string
		Status            *int
		Data, Errors      json.RawMessage
	}
	err := json.Unmarshal([]byte(a.body), &in)
	ok := true
	switch d.name {
	case "kintone":
		ok = err == nil && in.Code != nil && in.ID != nil && in.Message != nil && *in.Message != ""
	case "pocketbase":
		ok = err == nil && in.Status != nil && *in.Status == a.status && in.Message != nil && in.Data != nil
	default: // some of Knack's are plain sentences
		ok = a.body != "" && (err == nil || !strings.HasPrefix(a.body, "{"))
	}
	if !ok {
		t.Errorf("an error of status %d is none of %s: %.300s", a.status, d.name, a.body)
	}
	bare(t, a)
}

// bare checks that an answer shows nothing of the machine.
func bare(t *testing.T, a answer) {
	t.Helper()
	for _, leak := range []string{"goroutine ", ".go:", "runtime error", "/tmp/", "SQLITE", "sqlite", "no such file or directory", "open /"} {
		if strings.Contains(a.body, leak) {
			t.Errorf("the answer shows %q: %.300s", leak, a.body)
		}
	}
}

// startSettings starts a server on dir with the common schema and these settings, one a line.
func startSettings(t *testing.T, dir string, settings ...string) *server {
	t.Helper()
	if *against != "" {
		t.Skip("starts a server of its own")
	}
	text, err := os.ReadFile(filepath.Join("testdata", commonSchema))
	if err != nil {
		t.Fatal(err)
	}
	if len(settings) > 0 {
		text = append([]byte("settings:\n  "+strings.Join(settings, "\n  ")+"\n"), text...)
	}
	file := filepath.Join(t.TempDir(), "schema.yaml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	s := await(t, exec.Command(serverBinary(t), "serve", "--data", dir, "--listen", "127.0.0.1:0", "--schema", file))
	s.dir = dir
	return s
}

// eventually waits until what ok reports.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// stored is how many blobs that are files of their own, for which they must not be small, and half-written files are on the disk.
func stored(t *testing.T, s *server) (blobs, parts int) {
	t.Helper()
	return countFiles(t, s.dir, ".blob"), countFiles(t, s.dir, ".part")
}
