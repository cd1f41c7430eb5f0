package conformance

import (
	"bufio"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestALogThatNobodyReads has the server write its log into a pipe that is full, and then into one that nobody has open any more
// (RELIABILITY F69).
func TestALogThatNobodyReads(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cmd := exec.Command(serverBinary(t), "serve", "--data", t.TempDir(), "--listen", "127.0.0.1:0", "--schema", filepath.Join("testdata", commonSchema))
	cmd.Env, cmd.Stderr = cleanEnv(), w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, cmd: cmd, log: &readyLog{}}
	t.Cleanup(s.kill)
	w.Close()
	in := bufio.NewReader(r)
	for s.base == "" {
		line, err := in.ReadString('\n')
		if err != nil {
			t.Fatalf("no line \"listening on …\": %v", err)
		}
		if m := readyLine.FindStringSubmatch(line); m != nil {
			s.base = m[1]
		}
	}
	ask := func(n int) {
		t.Helper()
		for i := range n {
			res, err := http.Get(s.base + "/api/health/" + strings.Repeat("x", 1000)) // as long in the log
			if err != nil {
				t.Fatalf("request %d: %v", i, err)
			}
			res.Body.Close()
		}
	}
	ask(300) // a pipe holds 64 KiB
	r.Close()
	ask(10)
	s.stop()
}

// TestADataDirectoryThatIsGone moves the data directory away under a running server: it is not ready, refuses files, and makes nothing in the
// directory's place. When it is back, all goes on (RELIABILITY F41).
func TestADataDirectoryThatIsGone(t *testing.T) {
	s := ownServer(t, commonSchema)
	clients := newClients(t, s.base)
	ready := func(want int) {
		t.Helper()
		res, err := http.Get(s.base + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		if res.Body.Close(); res.StatusCode != want {
			t.Errorf("ready is %d, want %d", res.StatusCode, want)
		}
	}
	ready(http.StatusOK)
	if err := clients[0].create(t.Context(), "before", "a.bin", content(1, crashSize), crashSize); err != nil {
		t.Fatal(err)
	}
	elsewhere := s.dir + ".elsewhere"
	if err := os.Rename(s.dir, elsewhere); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(elsewhere) })
	ready(http.StatusServiceUnavailable)
	for i, c := range clients {
		if err := c.create(t.Context(), "meanwhile", "a.bin", content(2, crashSize), crashSize); err == nil || !strings.Contains(err.Error(), "50") {
			t.Errorf("a file through %s while the directory is gone: %v", dialects[i], err)
		}
	}
	if _, err := os.Stat(s.dir); !os.IsNotExist(err) {
		t.Errorf("something is in the directory's place: %v", err)
	}
	if err := os.Mkdir(s.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	ready(http.StatusServiceUnavailable) // another one
	if err := syscall.Rmdir(s.dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(elsewhere, s.dir); err != nil {
		t.Fatal(err)
	}
	ready(http.StatusOK)
	for i, c := range clients {
		if err := c.create(t.Context(), "after "+dialects[i], "a.bin", content(3, crashSize), crashSize); err != nil {
			t.Errorf("through %s when it is back: %v", dialects[i], err)
		}
	}
	s.stop()
	if found := check(t, s.dir, "--read-data"); found["problems"] != 0 || found["files"] != 4 {
		t.Errorf("check finds %v", found)
	}
}
