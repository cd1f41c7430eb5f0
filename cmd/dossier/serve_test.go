package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestServeSaysWhereItListens(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "made", "below")
	s := serveAt(t, line{args: []string{"--data", dir, "--schema", fullSchema, "--quiet"}})
	if d := s.err.String(); d != "listening on "+s.base+"\n" {
		t.Errorf("standard error: %q", d)
	}
	if !regexp.MustCompile(`^http://127\.0\.0\.1:[1-9]\d*$`).MatchString(s.base) {
		t.Errorf("port 0: %s", s.base)
	}
	if status, body := ask(t, http.MethodGet, s.base+"/healthz", ""); status != http.StatusOK || body != "ok\n" {
		t.Errorf("GET /healthz: %d %q", status, body)
	}
	if status, body := ask(t, http.MethodGet, s.base+"/api/collections/reports/records", ""); status != http.StatusOK {
		t.Errorf("a collection of the schema: %d %q", status, body)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("data directory: %v, %v", info.Mode(), err)
	}
	s.stop(syscall.SIGTERM)
	if s.out.String() != "" {
		t.Errorf("standard output: %q", s.out)
	}
}

func TestServeTakesItsFlagsFromTheEnvironment(t *testing.T) {
	t.Parallel()
	l := line{args: []string{"serve"}, dir: t.TempDir(), env: []string{"DOSSIER_LISTEN=127.0.0.1:0", "DOSSIER_SCHEMA=" + fullSchema, "DOSSIER_DATA=here", "DOSSIER_LOG_JSON=true"}}
	s := started(t, l)
	ask(t, http.MethodGet, s.base+"/api/collections/reports/records?secret=x", "")
	s.err.wait(t, regexp.MustCompile(`(?m)^(\{.*"path":"/api/collections/reports/records".*\})$`))
	s.stop(os.Interrupt)
	if strings.Contains(s.err.String(), "secret") {
		t.Errorf("the query is logged:\n%s", s.err)
	}
	if _, err := os.Stat(filepath.Join(l.dir, "here", database)); err != nil {
		t.Error(err)
	}
}

// TestTheOrderToStopLetsRequestsEnd sends half an upload, the signal, and then the other half.
func TestTheOrderToStopLetsRequestsEnd(t *testing.T) {
	t.Parallel()
	for _, sig := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			dir := spaceDir(t)
			s := serveAt(t, line{args: []string{"--data", dir}})
			const head = "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nfirst half, "
			const tail = "second half\r\n--B--\r\n"
			conn, err := net.Dial("tcp", strings.TrimPrefix(s.base, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			fmt.Fprintf(conn, "POST /k/v1/file.json HTTP/1.1\r\nHost: x\r\nX-Cybozu-API-Token: repTokAllRights0000000000000000000000001\r\nExpect: 100-continue\r\n"+
				"Content-Type: multipart/form-data; boundary=B\r\nContent-Length: %d\r\n\r\n", len(head)+len(tail))
			answers := bufio.NewReader(conn)
			if begun, err := answers.ReadString('\n'); err != nil || !strings.Contains(begun, "100 Continue") {
				t.Fatalf("the handler does not read the body: %q, %v", begun, err)
			}
			_, _ = answers.ReadString('\n') // the blank line of the interim answer
			_, _ = io.WriteString(conn, head)
			if err := s.cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			refusesConnections(t, s)
			_, _ = io.WriteString(conn, tail)
			res, err := http.ReadResponse(answers, nil)
			if err != nil {
				t.Fatalf("the request under way is not answered: %v", err)
			}
			body, _ := io.ReadAll(res.Body)
			if res.StatusCode != http.StatusOK || !bytes.Contains(body, []byte(`"fileKey"`)) {
				t.Errorf("the request under way: %s %s", res.Status, body)
			}
			s.ended()
			if out := call(t, "check", "--read-data", "--data", dir); !strings.Contains(out, "uploads: 1\n") || !strings.Contains(out, "problems: 0\n") {
				t.Errorf("after the end:\n%s", out)
			}
		})
	}
}

// refusesConnections waits until the server accepts nobody any more.
func refusesConnections(t *testing.T, s *running) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.base, "http://"))
		if err != nil {
			return
		}
		conn.Close()
	}
	t.Errorf("the server still accepts connections %v after the signal", patience)
}

func TestOneDirectoryHasOneProcess(t *testing.T) {
	t.Parallel()
	dir := spaceDir(t)
	s := serveAt(t, line{args: []string{"--data", dir}})
	pid := fmt.Sprintf("process %d", s.cmd.Process.Pid)
	for _, args := range [][]string{{"serve", "--listen", "127.0.0.1:0"}, {"schema", "show"}, {"check"}, {"key", "create"}} {
		line{args: append(args, "--data", dir)}.run(t).refused(t, exitFailure, "in use by "+pid, "stop it, or use another")
	}
	if status, _ := ask(t, http.MethodGet, s.base+"/healthz", ""); status != http.StatusOK {
		t.Errorf("the first process then answers %d", status)
	}
	s.stop(syscall.SIGTERM)
	serveAt(t, line{args: []string{"--data", dir}}).stop(syscall.SIGTERM)
}

func TestAnOccupiedPortIsNamed(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	line{args: []string{"serve", "--listen", l.Addr().String()}, dir: t.TempDir()}.run(t).refused(t, exitFailure, l.Addr().String(), "in use")
}

// TestASecretSchemaStaysOutOfTheLog starts with a schema that holds secrets.
func TestASecretSchemaStaysOutOfTheLog(t *testing.T) {
	t.Parallel()
	s := serveAt(t, line{args: []string{"--data", t.TempDir(), "--schema", fullSchema}})
	ask(t, http.MethodGet, s.base+"/k/v1/records.json?app=2", "", "X-Cybozu-API-Token", "repTokAllRights0000000000000000000000001")
	s.stop(syscall.SIGTERM)
	for _, secret := range []string{"repTok", "member-password", "00000000-aaaa"} {
		if strings.Contains(s.err.String(), secret) {
			t.Errorf("standard error shows %q:\n%s", secret, s.err)
		}
	}
}

// TestASignalWhileStarting stops servers that are not ready yet. What was begun is finished or dropped, and the exit code is 0.
func TestASignalWhileStarting(t *testing.T) {
	t.Parallel()
	for i := range 12 {
		dir := t.TempDir()
		cmd := line{args: []string{"serve", "--listen", "127.0.0.1:0", "--data", dir, "--schema", fullSchema}}.command()
		var errs bytes.Buffer
		cmd.Stderr = &errs
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(30+20*i) * time.Millisecond)
		_ = cmd.Process.Signal(syscall.SIGTERM)
		err := cmd.Wait()
		if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() && status.Signal() == syscall.SIGTERM && errs.Len() == 0 {
			continue // before the program could ask for signals
		}
		if err != nil {
			t.Errorf("a signal %d ms after the start: %v\n%s", 30+20*i, err, &errs)
		}
		if r := (line{args: []string{"serve", "--listen", "127.0.0.1:x", "--data", dir}}).run(t); r.code != exitUsage {
			t.Errorf("then: %+v", r)
		}
	}
}

func TestGateInFrontOfKintone(t *testing.T) {
	t.Parallel()
	s := serveAt(t, line{dir: t.TempDir(), env: []string{"DOSSIER_KINTONE_BASIC_AUTH=gate:keep:out"}})
	for _, c := range []struct {
		user, password, asks string
	}{
		{asks: `Basic realm="dossier", charset="UTF-8"`},
		{user: "gate", password: "keep", asks: `Basic realm="dossier", charset="UTF-8"`},
		{user: "gate", password: "keep:out"}, // it opens, and the request has no login yet
	} {
		r, err := http.NewRequest(http.MethodGet, s.base+"/k/v1/apps.json", nil)
		if err != nil {
			t.Fatal(err)
		}
		if c.user != "" {
			r.SetBasicAuth(c.user, c.password)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if got := answer.Header.Get("WWW-Authenticate"); answer.StatusCode != http.StatusUnauthorized || got != c.asks {
			t.Errorf("%s:%s: %d, WWW-Authenticate %q, want %q", c.user, c.password, answer.StatusCode, got, c.asks)
		}
	}
}
