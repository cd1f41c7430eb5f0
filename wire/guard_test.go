package wire

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"dossier"
)

// guarded serves one handler and returns a raw connection to it.
func guarded(t *testing.T, h http.HandlerFunc) net.Conn {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// A pipes is a listener whose connections are pipes: what is under way on them is under way in a synctest bubble, by its clock.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	conn, ok := <-p
	if !ok {
		return nil, net.ErrClosed
	}
	return conn, nil
}

func (p pipes) Close() error { close(p); return nil }

func (pipes) Addr() net.Addr { return &net.UnixAddr{} }

// piped is guarded within a bubble, where time passes only while everybody waits.
func piped(t *testing.T, h http.HandlerFunc) net.Conn {
	t.Helper()
	srv, l := &http.Server{Handler: h}, make(pipes)
	dossier.Go(nil, "server", func() { _ = srv.Serve(l) })
	conn, other := net.Pipe()
	l <- other
	t.Cleanup(func() {
		conn.Close()
		if err := srv.Shutdown(context.Background()); err != nil { // a bubble ends when nobody in it waits for time
			t.Error(err)
		}
	})
	return conn
}

const post = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n"

func TestGuardBodyCutsOffSlowClients(t *testing.T) {
	t.Parallel()
	const window = 200 * time.Millisecond
	for name, send := range map[string]func(conn net.Conn){
		"nothing comes": func(net.Conn) {},
		"drops come": func(conn net.Conn) {
			for {
				if _, err := io.WriteString(conn, "x"); err != nil {
					return
				}
				time.Sleep(window / 10)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				result := make(chan error, 1)
				conn := piped(t, func(w http.ResponseWriter, r *http.Request) {
					GuardBody(w, r, 1000, window)
					_, err := io.ReadAll(r.Body)
					result <- err
				})
				start := time.Now()
				fmt.Fprintf(conn, post, 10_000)
				var client sync.WaitGroup
				client.Go(func() { send(conn) })
				if err := <-result; dossier.KindOf(err) != dossier.Incomplete {
					t.Errorf("got %v", err)
				}
				if d := time.Since(start); d != window {
					t.Errorf("after %s", d)
				}
				conn.Close()
				client.Wait()
			})
		})
	}
}

func TestGuardBodyWaitsForSteadyClients(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		result := make(chan error, 1)
		conn := piped(t, func(w http.ResponseWriter, r *http.Request) {
			GuardBody(w, r, 20, time.Second)
			n, err := io.Copy(io.Discard, r.Body)
			if n != 100 {
				err = fmt.Errorf("%d bytes: %w", n, err)
			}
			result <- err
		})
		fmt.Fprintf(conn, post, 100)
		for range 20 { // in all longer than the window
			_, _ = io.WriteString(conn, "12345")
			time.Sleep(200 * time.Millisecond)
		}
		if err := <-result; err != nil {
			t.Error(err)
		}
	})
}

func TestGuardBodyDoesNotCountTheServersOwnTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		result := make(chan error, 1)
		conn := piped(t, func(w http.ResponseWriter, r *http.Request) {
			GuardBody(w, r, 1000, 100*time.Millisecond)
			buf := make([]byte, 1)
			var err error
			for range 4 {
				if _, err = io.ReadFull(r.Body, buf); err != nil {
					break
				}
				time.Sleep(60 * time.Millisecond)
			}
			result <- err
		})
		fmt.Fprintf(conn, post, 4)
		for range 4 { // each is there before it is asked for
			_, _ = io.WriteString(conn, "x")
		}
		if err := <-result; err != nil {
			t.Error(err)
		}
	})
}

// TestGuardBodyLeavesNoDeadline checks that neither the request's context nor the next request suffers from it.
func TestGuardBodyLeavesNoDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conn := piped(t, func(w http.ResponseWriter, r *http.Request) {
			GuardBody(w, r, 1000, 100*time.Millisecond)
			_, err := io.ReadAll(r.Body)
			time.Sleep(250 * time.Millisecond)
			fmt.Fprint(w, err, r.Context().Err())
		})
		br := bufio.NewReader(conn)
		for range 2 {
			fmt.Fprintf(conn, post+"1234", 4)
			res, err := http.ReadResponse(br, nil)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(res.Body)
			if string(body) != "<nil><nil>" && string(body) != "<nil> <nil>" {
				t.Errorf("got %q", body)
			}
		}
	})
}

func TestGuardBodyOfAClientThatGoesAway(t *testing.T) {
	t.Parallel()
	result := make(chan error, 1)
	conn := guarded(t, func(w http.ResponseWriter, r *http.Request) {
		GuardBody(w, r, MinRate, RateWindow)
		_, err := io.ReadAll(r.Body)
		result <- err
	})
	fmt.Fprintf(conn, post+"1234", 10)
	conn.Close()
	if err := <-result; dossier.KindOf(err) != dossier.Incomplete || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
}

func TestGuardBodyWithoutDeadlines(t *testing.T) {
	r := httptest.NewRequest("POST", "/", strings.NewReader("abc"))
	GuardBody(httptest.NewRecorder(), r, MinRate, RateWindow)
	b, err := io.ReadAll(r.Body)
	if string(b) != "abc" || err != nil || r.Body.Close() != nil {
		t.Error(b, err)
	}
	r = httptest.NewRequest("GET", "/", nil)
	r.Body = http.NoBody
	if GuardBody(httptest.NewRecorder(), r, MinRate, RateWindow); r.Body != http.NoBody {
		t.Error("no body was replaced")
	}
}

// TestGuardWriterCutsOffClientsThatDoNotRead sends more than sockets buffer to a client that takes nothing.
func TestGuardWriterCutsOffClientsThatDoNotRead(t *testing.T) {
	t.Parallel()
	send := map[string]func(w io.Writer, src io.Reader) error{
		"Write": func(w io.Writer, src io.Reader) error {
			_, err := io.CopyBuffer(struct{ io.Writer }{w}, src, make([]byte, 1<<20))
			return err
		},
		"ReadFrom": func(w io.Writer, src io.Reader) error {
			_, err := w.(io.ReaderFrom).ReadFrom(src)
			return err
		},
	}
	for name, f := range send {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result := make(chan error, 1)
			conn := guarded(t, func(w http.ResponseWriter, _ *http.Request) {
				result <- f(GuardWriter(w, 1<<20, 200*time.Millisecond), &repeater{b: make([]byte, 1<<16), left: 1 << 30})
			})
			fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
			if err := <-result; err == nil { // or none ever, if the client is waited for
				t.Error("all was sent to nobody")
			}
		})
	}
}

func TestGuardWriterSendsAll(t *testing.T) {
	t.Parallel()
	want := noise(3*maxPiece + 5)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g := GuardWriter(w, MinRate, RateWindow)
		if r.URL.Path == "/read" {
			_, _ = g.(io.ReaderFrom).ReadFrom(strings.NewReader(string(want)))
		} else {
			_, _ = g.Write(want)
		}
		_ = http.NewResponseController(g).Flush()
	}))
	defer srv.Close()
	for _, path := range []string{"/write", "/read"} {
		res, err := http.Get(srv.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if string(body) != string(want) || err != nil {
			t.Errorf("%s: %d bytes, %v", path, len(body), err)
		}
	}
}
