package server

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unicode"
)

// logBuffer is a log that can be read while it is written.
type logBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// start runs a server and returns its URL, its log, and what stops it and waits for its end.
func start(t *testing.T, h http.Handler, ready func(context.Context) error) (url string, log *logBuffer, stop func() error) {
	t.Helper()
	log = &logBuffer{}
	s, err := Listen(Options{Listen: "127.0.0.1:0", Handler: h, Log: slog.New(slog.NewTextHandler(log, nil)), Random: rand.Reader, Ready: ready})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx) }()
	stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { _ = stop() })
	return s.URL(), log, stop
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, _ := io.ReadAll(r.Body)
	return r.StatusCode, string(body)
}

func TestHealth(t *testing.T) {
	t.Parallel()
	var broken error
	var mu sync.Mutex
	url, _, _ := start(t, http.NotFoundHandler(), func(context.Context) error { mu.Lock(); defer mu.Unlock(); return broken })
	for _, path := range []string{"/healthz", "/readyz"} {
		if status, body := get(t, url+path); status != 200 || body != "ok\n" {
			t.Errorf("%s is %d %q", path, status, body)
		}
	}
	mu.Lock()
	broken = errors.New("the database is away")
	mu.Unlock()
	if status, body := get(t, url+"/readyz"); status != 503 || strings.Contains(body, "database") {
		t.Errorf("a server that cannot answer is %d %q", status, body)
	}
	if status, _ := get(t, url+"/healthz"); status != 200 {
		t.Errorf("it is alive all the same, not %d", status)
	}
}

func TestPanicIsAnsweredBare(t *testing.T) {
	t.Parallel()
	url, log, _ := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/late" {
			_, _ = io.WriteString(w, "half")
			_ = http.NewResponseController(w).Flush()
		}
		panic("secret detail")
	}), nil)
	if status, body := get(t, url+"/"); status != 500 || strings.Contains(body, "secret") {
		t.Errorf("a panic is answered with %d %q", status, body)
	}
	r, err := http.Get(url + "/late")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if _, err := io.ReadAll(r.Body); err == nil {
		t.Error("an answer that broke off must not look whole")
	}
	if !strings.Contains(log.String(), "secret detail") {
		t.Error("the log does not tell of the panic")
	}
}

func TestRequestLineHasNoQuery(t *testing.T) {
	t.Parallel()
	url, log, stop := start(t, http.NotFoundHandler(), nil)
	r, err := http.Get(url + "/file?token=hush")
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if id := r.Header.Get("X-Request-Id"); len(id) != 16 || stop() != nil || !strings.Contains(log.String(), "id="+id) {
		t.Errorf("no line for request %q in %s", id, log)
	}
	if strings.Contains(log.String(), "hush") {
		t.Error("the log holds a token")
	}
}

// TestLinesOfTheLogCannotBeForged asks for a path that would end its line and begin another, colour a terminal, and turn the direction of
// writing (RELIABILITY, row 200).
func TestLinesOfTheLogCannotBeForged(t *testing.T) {
	t.Parallel()
	url, log, stop := start(t, http.NotFoundHandler(), nil)
	r, err := http.Get(url + "/a%0d%0atime=2026-11-21%20level=ERROR%20msg=forged%0a%1b%5b31m%e2%80%ae%00%22%20status=200")
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	text := log.String()
	if n := strings.Count(text, "\n"); n != 1 || !strings.HasSuffix(text, "\n") || !strings.Contains(text, " status=404 ") {
		t.Errorf("%d lines: %q", n, text)
	}
	if at := strings.IndexFunc(strings.TrimSuffix(text, "\n"), func(r rune) bool { return !unicode.IsPrint(r) }); at >= 0 {
		t.Errorf("a character that does not print at %d: %q", at, text)
	}
}

func TestStopFinishesWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	began, goOn := make(chan struct{}), make(chan struct{})
	url, _, stop := start(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(began)
		<-goOn
		_, _ = io.WriteString(w, "whole")
	}), nil)
	answer := make(chan string, 1)
	go func() {
		r, err := http.Get(url + "/slow")
		if err != nil {
			answer <- err.Error()
			return
		}
		defer r.Body.Close()
		b, err := io.ReadAll(r.Body)
		answer <- fmt.Sprint(string(b), err)
	}()
	<-began
	ended := make(chan error, 1)
	go func() { ended <- stop() }()
	for { // the listener is closed before the request has ended
		c, err := net.DialTimeout("tcp", strings.TrimPrefix(url, "http://"), time.Second)
		if err != nil {
			break
		}
		c.Close()
	}
	close(goOn)
	if got := <-answer; got != "whole<nil>" {
		t.Errorf("the request under way got %q", got)
	}
	if err := <-ended; err != nil {
		t.Errorf("the end is %v", err)
	}
}

func TestHugeHeaderIsRefused(t *testing.T) {
	t.Parallel()
	url, _, _ := start(t, http.NotFoundHandler(), nil)
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	go func() {
		fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: x\r\nX: %s\r\n\r\n", strings.Repeat("a", 1<<20))
	}()
	line, _ := bufio.NewReader(c).ReadString('\n')
	if !strings.Contains(line, "431") {
		t.Errorf("a header of 1 MiB gets %q", line)
	}
}

func TestLocalhostIsBothFamilies(t *testing.T) {
	t.Parallel()
	s, err := Listen(Options{Listen: "localhost:0", Handler: http.NotFoundHandler(), Log: slog.New(slog.DiscardHandler), Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		for _, l := range s.listeners {
			l.Close()
		}
	}()
	if !strings.HasPrefix(s.URL(), "http://localhost:") {
		t.Errorf("the address is %s", s.URL())
	}
	if probe, err := net.Listen("tcp6", "[::1]:0"); err == nil {
		probe.Close()
		if len(s.listeners) != 2 {
			t.Errorf("%d listeners; IPv6 is there", len(s.listeners))
		}
	}
}

// A port that is free in IPv4 and somebody else's in IPv6 is not taken.
func TestAFreePortIsFreeInBothFamilies(t *testing.T) {
	t.Parallel()
	var asked []string
	both, err := listenLocal("0", func(network, address string) (net.Listener, error) {
		asked = append(asked, network)
		if len(asked) == 2 {
			return nil, &net.OpError{Op: "listen", Err: os.NewSyscallError("bind", syscall.EADDRINUSE)}
		}
		return net.Listen("tcp4", "127.0.0.1:0")
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range both {
		l.Close()
	}
	if got := strings.Join(asked, " "); len(both) != 2 || got != "tcp4 tcp6 tcp4 tcp6" {
		t.Errorf("%d listeners after %s", len(both), got)
	}
}

func TestBadAddressIsNamed(t *testing.T) {
	t.Parallel()
	if _, err := Listen(Options{Listen: "8090"}); err == nil || !strings.Contains(err.Error(), "want HOST:PORT") {
		t.Errorf("the error is %v", err)
	}
}

// A pause lets what is under way end, and connections that come meanwhile wait for the next turn, at the same address.
func TestPauseKeepsTheAddress(t *testing.T) {
	t.Parallel()
	s, err := Listen(Options{Listen: "localhost:0", Log: slog.New(slog.DiscardHandler), Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	begun, finish := make(chan struct{}), make(chan struct{})
	first := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(begun)
		<-finish
		_, _ = io.WriteString(w, "first")
	})
	pause, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- s.Turn(ctx, first, pause) }()
	answers := make(chan string, 2)
	ask := func() { _, body := get(t, s.URL()); answers <- body }
	go ask()
	<-begun
	close(pause)
	close(finish)
	if body := <-answers; body != "first" {
		t.Errorf("the request under way is answered with %q", body)
	}
	if err := <-ended; !errors.Is(err, ErrPaused) {
		t.Fatalf("the first turn ends with %v", err)
	}
	address := strings.TrimPrefix(s.URL(), "http://")
	waiting, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatalf("between two turns nobody listens: %v", err)
	}
	defer waiting.Close()
	go func() {
		ended <- s.Turn(ctx, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "second") }), nil)
	}()
	fmt.Fprintf(waiting, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	if text, _ := io.ReadAll(waiting); !strings.HasSuffix(string(text), "second") {
		t.Errorf("who waited is answered with %q", text)
	}
	if status, _ := get(t, s.URL()+"/readyz"); status != 200 {
		t.Errorf("in the second turn the server is not ready: %d", status)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("the second turn ends with %v", err)
	}
	if c, err := net.Dial("tcp", address); err == nil {
		c.Close()
		t.Error("after the end the server still listens")
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close after the end: %v", err)
	}
}
