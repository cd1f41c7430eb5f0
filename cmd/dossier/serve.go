package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"dossier"
	"dossier/admin"
	"dossier/core"
	"dossier/dialect/kintone"
	"dossier/dialect/knack"
	"dossier/dialect/pocketbase"
	"dossier/server"
	"dossier/wire"
)

// sweepInterval is how often a running server removes what expired or fell out of use.
const sweepInterval = time.Hour

func serveFlags(c *config, f *pflag.FlagSet) {
	f.SortFlags = false
	f.StringVar(&c.Listen, "listen", "127.0.0.1:8090", "HOST:PORT to listen on; port 0 picks a free one")
	f.StringVar(&c.Schema, "schema", "", "schema file to apply at the start")
	f.BoolVar(&c.Prune, "prune", false, "remove fields and collections that the schema file does not name")
	f.BoolVar(&c.Demo, "demo", false, "add a small sample space to an empty data directory and print commands to try")
	f.StringVar(&c.TLSCert, "tls-cert", "", "PEM file of the certificate for HTTPS")
	f.StringVar(&c.TLSKey, "tls-key", "", "PEM file of the certificate's key")
	f.BoolVar(&c.TLSSelf, "tls-self-signed", false, "serve HTTPS with a certificate made in the data directory")
	f.StringVar(&c.SMTP, "smtp", "", "mail server: smtp://user:password@host:port?from=sender@example.org; without one letters go to the log")
	f.StringVar(&c.Gate, "kintone-basic-auth", "", "USER:PASSWORD that every Kintone request must also show by Basic authentication")
	f.BoolVar(&c.Closed, "knack-closed-uploads", false, "refuse uploads by Knack clients that show neither a key nor a user's token")
	f.BoolVar(&c.LogJSON, "log-json", false, "write log lines as JSON")
	f.BoolVar(&c.Quiet, "quiet", false, "do not log every request")
}

func serveCommand(c *config) *cobra.Command {
	cmd := &cobra.Command{Use: "serve", Short: "Answer requests", Args: cobra.NoArgs}
	serveFlags(c, cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		err := serve(cmd.Context(), c, cmd.OutOrStdout())
		if cmd.Context().Err() != nil && (errors.Is(err, context.Canceled) || dossier.KindOf(err) == dossier.Canceled) {
			return nil // told to stop while it was starting
		}
		return err
	}
	return cmd
}

// logPatience is how long a server that ends waits for its last lines to be taken.
const logPatience = 2 * time.Second

// logger writes to standard error, for which no request waits; the lines are to be closed. A pipe that nobody reads any more does not end
// the process from then on.
func logger(c *config) (log *slog.Logger, lines *server.LogLines) {
	signal.Ignore(syscall.SIGPIPE)
	lines = server.NewLogLines(os.Stderr, func(n int64) { log.Warn("lines of the log were dropped", "lines", n) })
	level := slog.LevelInfo
	if c.Quiet {
		level = slog.LevelWarn
	}
	o := &slog.HandlerOptions{Level: level}
	if c.LogJSON {
		return slog.New(slog.NewJSONHandler(lines, o)), lines
	}
	return slog.New(slog.NewTextHandler(lines, o)), lines
}

func serve(ctx context.Context, c *config, out io.Writer) error {
	if err := c.checkServe(); err != nil {
		return err
	}
	file, err := readSchema(c.Schema)
	if err != nil {
		return err
	}
	log, lines := logger(c)
	defer lines.Close(logPatience)
	s, err := open(ctx, c, log)
	if err != nil {
		return err
	}
	srv, err := start(ctx, c, s, file, log, out)
	if err != nil {
		return errors.Join(err, s.Close())
	}
	for { // a turn for each space that is restored while the server runs
		err := errors.Join(turn(ctx, c, srv, s, log), s.Close())
		if !errors.Is(err, server.ErrPaused) {
			return errors.Join(err, srv.Close())
		}
		if s, err = open(ctx, c, log); err != nil {
			return errors.Join(err, srv.Close())
		}
		log.Info("a backup has been restored")
	}
}

// start applies what the configuration says to a space, and listens.
func start(ctx context.Context, c *config, s *space, file *schemaText, log *slog.Logger, out io.Writer) (srv *server.Server, err error) {
	var sample *demo
	if c.Demo {
		if sample, err = newDemo(ctx, s.Service, c.Data); err != nil {
			return nil, err
		}
	}
	if file != nil {
		if _, err := file.apply(ctx, s.Service, c.Prune); err != nil {
			return nil, err
		}
	}
	tlsConfig, err := tlsOf(c, out)
	if err != nil {
		return nil, err
	}
	ready, err := inPlace(c.Data)
	if err != nil {
		return nil, err
	}
	if srv, err = server.Listen(server.Options{Listen: c.Listen, Log: log, Random: rand.Reader, TLS: tlsConfig, Ready: ready}); err != nil {
		return nil, err
	}
	fmt.Fprintln(os.Stderr, "listening on", srv.URL())
	if sample != nil {
		sample.print(out, srv.URL())
	}
	return srv, nil
}

// inPlace returns what reports whether the directory is still where it is now: a disk may be unmounted, and a directory moved away, while its
// files are open.
func inPlace(dir string) (func(context.Context) error, error) {
	first, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	return func(context.Context) error {
		now, err := os.Stat(dir)
		if err == nil && !os.SameFile(first, now) {
			err = dossier.Errorf(dossier.NotFound, "the data directory has been replaced")
		}
		return err
	}, nil
}

// turn serves a space until ctx ends, or until another one is to take its place: then the error is server.ErrPaused.
func turn(ctx context.Context, c *config, srv *server.Server, s *space, log *slog.Logger) error {
	working, stop := context.WithCancel(ctx)
	var jobs sync.WaitGroup
	for name, job := range map[string]func(){
		"sweeper": func() { s.SweepEvery(working, sweepInterval) }, "planned backups": func() { s.FollowPlan(working) },
		"streams": func() { waitFor(working, s.replaced); stop() },
	} {
		jobs.Add(1)
		dossier.Go(log, name, func() { defer jobs.Done(); job() })
	}
	defer jobs.Wait()
	defer stop()
	orders := openControl(c.Data, s.Service, log)
	err := srv.Turn(ctx, handler(s.Service, c, working.Done()), s.replaced)
	return errors.Join(err, orders.Close())
}

// waitFor waits until ctx ends or done is closed.
func waitFor(ctx context.Context, done <-chan struct{}) {
	select {
	case <-ctx.Done():
	case <-done:
	}
}

// handler is every dialect and the console under their prefixes. Streams end with done.
func handler(svc *core.Service, c *config, done <-chan struct{}) http.Handler {
	user, password, _ := strings.Cut(c.Gate, ":")
	mux := http.NewServeMux()
	sessions := admin.NewSessions(svc)
	pocketbase.Mount(mux, svc, pocketbase.Options{Done: done})
	kintone.Mount(mux, svc, kintone.Options{Session: sessions.Of, BasicUser: user, BasicPassword: password})
	knack.Mount(mux, svc, knack.Options{ClosedUploads: c.Closed})
	admin.Mount(mux, svc, sessions)
	return wire.BehindProxy(wire.Front(mux), func() dossier.TrustedProxy { return svc.Space().Settings.TrustedProxy })
}
