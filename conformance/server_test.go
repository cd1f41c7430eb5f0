package conformance

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
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

var against = flag.String("against", "", "play the transcripts against the server with this origin, or for each one start\n"+
	"this program with -schema FILE, which says \"listening on ORIGIN\", instead of one of our own")

// scratch holds the binary; TestMain removes it.
var scratch string

func TestMain(m *testing.M) {
	flag.Parse()
	code, err := func() (int, error) {
		var err error
		if scratch, err = os.MkdirTemp("", "dossier-conformance-"); err != nil {
			return 1, err
		}
		defer os.RemoveAll(scratch)
		return m.Run(), nil
	}()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// errNoCommand says that there is no server in the tree yet.
var errNoCommand = errors.New("cmd/dossier is not in the tree")

// build makes the binary once.
var build = sync.OnceValues(func() (string, error) {
	if files, err := filepath.Glob("../cmd/dossier/*.go"); err != nil || len(files) == 0 {
		return "", errors.Join(errNoCommand, err)
	}
	bin := filepath.Join(scratch, "dossier")
	cmd := exec.Command("go", "build", "-o", bin, "./cmd/dossier")
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build ./cmd/dossier: %w\n%s", err, out)
	}
	return bin, nil
})

// serverBinary returns the path of the server's binary. A tree without the command skips; a command that does not build fails.
func serverBinary(t testing.TB) string {
	t.Helper()
	bin, err := build()
	if errors.Is(err, errNoCommand) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return bin
}

// A server is one process that a test started, on the data directory dir.
type server struct {
	t    testing.TB
	cmd  *exec.Cmd
	log  *readyLog
	dir  string
	base string
}

const (
	startWithin = 2 * time.Minute
	stopWithin  = 40 * time.Second // CONTRACT.md, Command line: what is under way gets 30 s
)

// start runs our server on dir with a schema of testdata and waits until it is ready.
func start(t testing.TB, dir, schema string, args ...string) *server {
	t.Helper()
	args = append([]string{"serve", "--data", dir, "--listen", "127.0.0.1:0", "--schema", filepath.Join("testdata", schema)}, args...)
	s := await(t, exec.Command(serverBinary(t), args...))
	s.dir = dir
	return s
}

// await runs a server and waits until it says that it is ready. The end of the test kills what still runs.
func await(t testing.TB, cmd *exec.Cmd) *server {
	t.Helper()
	s := &server{t: t, cmd: cmd, log: &readyLog{ready: make(chan string, 1)}}
	s.cmd.Env = cleanEnv()
	s.cmd.Stderr = s.log
	if *against != "" {
		s.cmd.Stdout = s.log
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	select {
	case s.base = <-s.log.ready:
	case <-time.After(startWithin):
		s.kill()
		t.Fatalf("no line \"listening on …\" within %v; standard error:\n%s", startWithin, s.log)
	}
	return s
}

// cleanEnv is the environment without what would configure the server.
func cleanEnv() []string {
	var env []string
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "DOSSIER_") {
			env = append(env, kv)
		}
	}
	return env
}

// kill ends the process as a power cut would: at once. A second call does nothing.
func (s *server) kill() {
	if s.cmd.ProcessState == nil {
		_ = s.cmd.Process.Kill() // the process may have ended by itself
		_ = s.cmd.Wait()         // and its status then does not matter
	}
}

// stop asks the process to end and checks that it does so in time and with status 0.
func (s *server) stop() {
	s.t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	late := time.AfterFunc(stopWithin, func() { _ = s.cmd.Process.Kill() })
	defer late.Stop()
	if err := s.cmd.Wait(); err != nil {
		s.t.Errorf("after SIGTERM: %v; standard error:\n%s", err, s.log)
	}
}

// run runs a subcommand to its end and returns its standard output and exit status.
func run(t testing.TB, args ...string) (string, int) {
	t.Helper()
	cmd := exec.Command(serverBinary(t), args...)
	cmd.Env = cleanEnv()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if err != nil {
		t.Logf("dossier %s: %v\n%s", strings.Join(args, " "), err, errs.String())
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

var readyLine = regexp.MustCompile(`(?m)^listening on (http://\S+)$`)

// A readyLog keeps standard error and sends the origin of the ready line once.
type readyLog struct {
	mu    sync.Mutex
	buf   bytes.Buffer
	sent  bool
	ready chan string
}

func (l *readyLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf.Write(p)
	if l.sent {
		return len(p), nil
	}
	if m := readyLine.FindSubmatch(l.buf.Bytes()); m != nil {
		l.sent = true
		l.ready <- string(m[1])
	}
	return len(p), nil
}

func (l *readyLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}
