package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for what must happen. It says nothing of how long that may take.
const patience = 2 * time.Minute

// beCommand in the environment makes the test binary the command itself.
const beCommand = "TEST_IS_DOSSIER"

func TestMain(m *testing.M) {
	if os.Getenv(beCommand) != "" {
		main()
	}
	os.Exit(m.Run())
}

// A line is one command line with what surrounds it.
type line struct {
	args  []string
	env   []string
	dir   string // working directory; "" is the test's
	input string // standard input
}

// A result is what a command line came to.
type result struct {
	out, err string
	code     int
}

// command prepares l; nothing of the environment configures it but l.env.
func (l line) command() *exec.Cmd {
	cmd := exec.Command(os.Args[0], l.args...)
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, envPrefix) {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	cmd.Env = append(append(cmd.Env, beCommand+"=1"), l.env...)
	cmd.Dir, cmd.Stdin = l.dir, strings.NewReader(l.input)
	return cmd
}

// run runs l to its end, if that comes.
func (l line) run(t *testing.T) result {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := l.command()
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	err := cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

// call runs a command line that must succeed silently on standard error, and returns what it prints.
func call(t *testing.T, args ...string) string {
	t.Helper()
	r := line{args: args}.run(t)
	if r.code != 0 || r.err != "" {
		t.Fatalf("dossier %s: exit %d, standard error %q", strings.Join(args, " "), r.code, r.err)
	}
	return r.out
}

// refused checks that r is a failure with this exit code and that standard error is one line with all of words, and nothing of
// how the program is made.
func (r result) refused(t *testing.T, code int, words ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("exit %d, want %d; standard error %q", r.code, code, r.err)
	}
	if !strings.HasPrefix(r.err, "dossier: ") || strings.Count(r.err, "\n") != 1 || !strings.HasSuffix(r.err, "\n") {
		t.Errorf("standard error is not one line \"dossier: …\": %q", r.err)
	}
	for _, w := range words {
		if !strings.Contains(r.err, w) {
			t.Errorf("standard error %q does not say %q", r.err, w)
		}
	}
	for _, trace := range []string{"goroutine ", ".go:", "strconv.", "panic"} {
		if strings.Contains(r.err, trace) {
			t.Errorf("standard error %q shows %q", r.err, trace)
		}
	}
	if r.out != "" {
		t.Errorf("standard output of a failure: %q", r.out)
	}
}

// A running is a server under test.
type running struct {
	t    *testing.T
	cmd  *exec.Cmd
	out  *watched
	err  *watched
	base string
	done bool
}

var ready = regexp.MustCompile(`(?m)^listening on (https?://\S+)$`)

// serveAt starts "dossier serve" on a free port with more arguments, and waits until it is ready.
func serveAt(t *testing.T, l line) *running {
	t.Helper()
	l.args = append([]string{"serve", "--listen", "127.0.0.1:0"}, l.args...)
	return started(t, l)
}

// started starts l and waits for the ready line.
func started(t *testing.T, l line) *running {
	t.Helper()
	s := &running{t: t, cmd: l.command(), out: &watched{}, err: &watched{}}
	s.cmd.Stdout, s.cmd.Stderr = s.out, s.err
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !s.done {
			_ = s.cmd.Process.Kill()
			_ = s.cmd.Wait()
		}
	})
	s.base = s.err.wait(t, ready)
	return s
}

// stop sends a signal and checks that the server ends with exit code 0 within a while.
func (s *running) stop(signal os.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(signal); err != nil {
		s.t.Fatal(err)
	}
	s.ended()
}

// ended waits for the end of a server that was told to stop.
func (s *running) ended() {
	s.t.Helper()
	late := time.AfterFunc(40*time.Second, func() { _ = s.cmd.Process.Signal(syscall.SIGQUIT) })
	defer late.Stop()
	err := s.cmd.Wait()
	s.done = true
	if err != nil {
		s.t.Errorf("the server ended with %v; standard error:\n%s", err, s.err)
	}
}

// A watched is a stream that can be waited for.
type watched struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// wait returns the first group of the first match of form.
func (w *watched) wait(t *testing.T, form *regexp.Regexp) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if m := form.FindStringSubmatch(w.String()); m != nil {
			return m[1]
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("nothing like %s in\n%s", form, w)
		}
	}
}

// ask sends a request and returns status and body.
func ask(t *testing.T, method, url, body string, header ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// write makes a file in a fresh directory and returns its path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// fullSchema uses every part of a schema file.
var fullSchema, _ = filepath.Abs(filepath.Join("..", "..", "conformance", "testdata", "schema.yaml"))

// spaceDir is a data directory with the space of fullSchema.
func spaceDir(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	call(t, "schema", "apply", fullSchema, "--data", dir)
	return dir
}
