package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"dossier"
	"dossier/access"
	"dossier/core"
)

// A running server can be asked through a socket in its data directory, by whoever may read that: controlDir has mode 0700.
const (
	controlDir    = "control"
	controlSocket = "socket"
	// controlStall is how long a client of the socket may take nothing.
	controlStall = 10 * time.Minute
	// controlResult is the trailer that says how a backup has ended: controlDone, or what went wrong.
	controlResult = "Dossier-Result"
	controlDone   = "done"
)

// socketAt returns a short name of the socket in the data directory: the names of sockets have some 100 bytes. done ends the use of it.
func socketAt(data string) (path string, done func() error, err error) {
	dir := filepath.Join(data, controlDir)
	if runtime.GOOS != "linux" {
		return filepath.Join(dir, controlSocket), func() error { return nil }, nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("/proc/self/fd/%d/%s", f.Fd(), controlSocket), f.Close, nil
}

// A control answers at the socket.
type control struct {
	http  *http.Server
	ended chan struct{}
	done  func() error
}

// openControl opens the socket. A server without one serves all the same, so what fails is only logged.
func openControl(data string, svc *core.Service, log *slog.Logger) *control {
	c, err := listenControl(data, svc, log)
	if err != nil {
		log.Warn("no socket for other commands: dossier backup works only while the server is stopped", "error", err)
		return &control{}
	}
	return c
}

func listenControl(data string, svc *core.Service, log *slog.Logger) (*control, error) {
	dir := filepath.Join(data, controlDir)
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return nil, err
	}
	if err := os.Remove(filepath.Join(dir, controlSocket)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err // of a server that was killed
	}
	path, done, err := socketAt(data)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, errors.Join(err, done())
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /backup", func(w http.ResponseWriter, r *http.Request) { sendBackup(w, r, svc) })
	c := &control{http: &http.Server{Handler: mux, ReadHeaderTimeout: controlStall}, ended: make(chan struct{}), done: done}
	dossier.Go(log, "control", func() { defer close(c.ended); _ = c.http.Serve(l) })
	return c, nil
}

// Close breaks off what is under way.
func (c *control) Close() error {
	if c.http == nil {
		return nil
	}
	err := c.http.Close()
	<-c.ended
	return errors.Join(err, c.done())
}

// sendBackup streams a backup. Its trailer says whether it is whole.
func sendBackup(w http.ResponseWriter, r *http.Request, svc *core.Service) {
	defer dossier.Recover(svc.Log(), "control")
	w.Header().Set("Trailer", controlResult)
	m, err := svc.Backup(r.Context(), access.System(), patient{w, http.NewResponseController(w)})
	if err != nil {
		svc.Log().ErrorContext(r.Context(), "backup", "error", err)
		w.Header().Set(controlResult, oneLine(err))
		return
	}
	svc.Log().InfoContext(r.Context(), "backup sent", "rows", m.Rows.Lines, "blobs", m.Blobs.Count, "bytes", m.Blobs.Size)
	w.Header().Set(controlResult, controlDone)
}

// patient writes to somebody who may be slow, but not for ever.
type patient struct {
	io.Writer
	c *http.ResponseController
}

// Write gives the client time from now on.
func (p patient) Write(b []byte) (int, error) {
	if err := p.c.SetWriteDeadline(time.Now().Add(controlStall)); err != nil {
		return 0, err
	}
	return p.Writer.Write(b)
}

// errNoOrders says that nobody answers at the socket.
var errNoOrders = errors.New("nobody answers at the socket")

// askBackup has the server that runs on the data directory write a backup to w.
func askBackup(ctx context.Context, data string, w io.Writer) error {
	path, done, err := socketAt(data)
	if err != nil {
		return errors.Join(errNoOrders, err)
	}
	defer done()
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}
	client := &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://dossier/backup", nil)
	if err != nil {
		return err
	}
	answer, err := client.Do(r)
	if dialing := (*net.OpError)(nil); errors.As(err, &dialing) && dialing.Op == "dial" {
		return errors.Join(errNoOrders, err)
	}
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(w, answer.Body); err != nil {
		return fmt.Errorf("the server broke off the backup: %w", err)
	}
	if result := answer.Trailer.Get(controlResult); result != controlDone {
		return dossier.Errorf(dossier.Internal, "the server has not finished the backup: %s", result)
	}
	return nil
}
