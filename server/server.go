// Package server runs an http.Handler as a server: listeners, what every request passes through (id, log, limits, recovery),
// health, and an orderly end.
// Not here: routes of any dialect, wiring, configuration.
package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"dossier"
	"dossier/wire"
)

// The bounds that every connection has.
const (
	headerTimeout = 10 * time.Second  // from the first byte of a request to the end of its header
	idleTimeout   = 120 * time.Second // between two requests
	maxHeader     = 64 << 10          // bytes of request line and header
	heldBodies    = 192 << 20         // bytes of bodies, as sent, that are held in memory at a time: one batch as large as may be, and some
	// GracePeriod is how long requests under way may take after the server was told to stop.
	GracePeriod = 30 * time.Second
)

// ErrPaused says that a turn of a Server has ended, and another may begin.
var ErrPaused = errors.New("the server is paused")

// Options are what a Server is made of.
type Options struct {
	Listen  string // HOST:PORT; port 0 picks a free one, host localhost listens on IPv4 and IPv6
	Handler http.Handler
	Log     *slog.Logger
	TLS     *tls.Config                 // nil is plain HTTP
	Random  io.Reader                   // for request ids
	Ready   func(context.Context) error // nil error: the server can answer
}

// A Server listens and answers. It is made by Listen.
type Server struct {
	o         Options
	listeners []net.Listener
	draining  atomic.Bool
	conns     *connections
}

// Listen opens the listeners, so that connections wait from now on. Serve answers them.
func Listen(o Options) (*Server, error) {
	listeners, err := listen(o.Listen)
	if err != nil {
		return nil, err
	}
	return &Server{o: o, listeners: listeners, conns: newConnections(connectionLimit())}, nil
}

func listen(address string) ([]net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, dossier.Errorf(dossier.Invalid, "%q is no address to listen on: want HOST:PORT, 127.0.0.1:8090 say", address)
	}
	if host != "localhost" {
		l, err := net.Listen("tcp", address)
		if err != nil {
			return nil, fmt.Errorf("listen on %s: %w", address, err)
		}
		return []net.Listener{l}, nil
	}
	both, err := listenLocal(port, net.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	return both, nil
}

// portTries is how many free ports of IPv4 are tried for one that is free in IPv6 too.
const portTries = 10

// listenLocal listens on both addresses of this machine, on the same port, with listen. Without IPv6 it listens on one.
func listenLocal(port string, listen func(network, address string) (net.Listener, error)) ([]net.Listener, error) {
	for try := 1; ; try++ {
		first, err := listen("tcp4", net.JoinHostPort("127.0.0.1", port))
		if err != nil {
			return nil, err
		}
		_, picked, _ := net.SplitHostPort(first.Addr().String())
		second, err := listen("tcp6", net.JoinHostPort("::1", picked))
		if err == nil {
			return []net.Listener{first, second}, nil
		}
		if port != "0" || !errors.Is(err, syscall.EADDRINUSE) || try == portTries { // a machine without IPv6
			return []net.Listener{first}, nil
		}
		_ = first.Close() // somebody else would answer at its address in IPv6
	}
}

// URL is where the server can be reached.
func (s *Server) URL() string {
	scheme := "http"
	if s.o.TLS != nil {
		scheme = "https"
	}
	host, _, _ := net.SplitHostPort(s.o.Listen)
	addr := s.listeners[0].Addr().String()
	if host == "localhost" {
		_, port, _ := net.SplitHostPort(addr)
		addr = net.JoinHostPort(host, port)
	}
	return scheme + "://" + addr
}

// Serve answers until ctx ends, then stops to accept, finishes what is under way for GracePeriod at most, and returns.
func (s *Server) Serve(ctx context.Context) error { return s.Turn(ctx, s.o.Handler, nil) }

// Turn answers with h until ctx ends, as Serve does, or until pause is closed: then it finishes what is under way in the same way, while
// new connections wait to be accepted, and returns ErrPaused. Another Turn goes on where this one ended, with another handler; Close, instead
// of one, lets nobody wait for ever.
func (s *Server) Turn(ctx context.Context, h http.Handler, pause <-chan struct{}) error {
	s.draining.Store(false)
	turn := s.httpServer(h)
	failed := make(chan error, len(s.listeners))
	var held []*heldListener
	for _, l := range s.listeners {
		k := &heldListener{Listener: l}
		if err := k.wake(time.Time{}); err != nil {
			return fmt.Errorf("listen again: %w", err)
		}
		held = append(held, k)
		dossier.Go(s.o.Log, "listener", func() { failed <- turn.Serve(s.secured(k)) })
	}
	select {
	case err := <-failed:
		_ = turn.Close()
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
		s.drain(ctx, turn)
		return nil
	case <-pause:
	}
	for _, k := range held {
		k.hold.Store(true)
	}
	s.drain(ctx, turn)
	return ErrPaused
}

// drain finishes what is under way.
func (s *Server) drain(ctx context.Context, turn *http.Server) {
	s.draining.Store(true)
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), GracePeriod)
	defer cancel()
	if err := turn.Shutdown(stop); err != nil && !errors.Is(err, http.ErrServerClosed) {
		s.o.Log.Warn("requests were cut off", "after", GracePeriod, "error", err)
		_ = turn.Close()
	}
}

// Close closes the listeners. After a Serve that returned they are closed already.
func (s *Server) Close() error {
	var errs []error
	for _, l := range s.listeners {
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// httpServer is the server of one turn.
func (s *Server) httpServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           s.outer(h),
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ConnState:         s.conns.note,
		ErrorLog:          log.New(io.Discard, "", 0), // clients that break the protocol are not our errors
	}
}

func (s *Server) secured(l net.Listener) net.Listener {
	if s.o.TLS == nil {
		return l
	}
	return tls.NewListener(l, s.o.TLS)
}

// A heldListener is a listener whose Close, when it is held, only ends the Accept that waits: the socket stays for the next turn.
type heldListener struct {
	net.Listener
	hold atomic.Bool
}

// Close closes the socket unless it is held.
func (l *heldListener) Close() error {
	if l.hold.Load() {
		return l.wake(time.Unix(1, 0))
	}
	return l.Listener.Close()
}

// wake sets when Accept gives up.
func (l *heldListener) wake(at time.Time) error {
	if d, ok := l.Listener.(interface{ SetDeadline(time.Time) error }); ok {
		return d.SetDeadline(at)
	}
	return nil
}

// outer is what every request passes through before it reaches h.
func (s *Server) outer(h http.Handler) http.Handler {
	return s.logged(s.recovered(s.guarded(wire.NewBudget(heldBodies).Of(s.route(h)))))
}

// route answers the operators' questions and hands everything else to h.
func (s *Server) route(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/healthz":
			answer(w, r, nil)
		case "/readyz":
			answer(w, r, s.ready(r.Context()))
		default:
			h.ServeHTTP(w, r)
		}
	})
}

func (s *Server) ready(ctx context.Context) error {
	if s.draining.Load() {
		return errors.New("stopping")
	}
	if s.o.Ready == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return s.o.Ready(ctx)
}

// answer says ok, or that the server cannot answer just now.
func answer(w http.ResponseWriter, r *http.Request, err error) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	body := "ok\n"
	if err != nil {
		w.Header().Set("Retry-After", "5")
		w.WriteHeader(http.StatusServiceUnavailable)
		body = "not ready\n"
	}
	_, _ = io.Copy(w, strings.NewReader(body))
}
