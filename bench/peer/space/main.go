// Command space starts the original product on loopback with a fresh directory, makes in it the space of a schema file
// of dossier as far as its field types allow, says "listening on URL", and removes everything when it is asked to end.
// Not here: what to do with the space; transcripts and people do that.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// startWithin bounds the first start, which makes the database.
const startWithin = 30 * time.Second

func main() {
	schema := flag.String("schema", "conformance/testdata/schema.yaml", "the schema `file` of the space")
	peer := flag.String("peer", sibling("peer"), "the `program` to start")
	listen := flag.String("listen", "127.0.0.1:0", "where it listens; port 0 picks a free one")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *peer, *schema, *listen); err != nil {
		fmt.Fprintln(os.Stderr, "space:", err)
		os.Exit(1)
	}
}

// sibling is the program of that name beside this one.
func sibling(name string) string {
	self, err := os.Executable()
	if err != nil {
		return name
	}
	return filepath.Join(filepath.Dir(self), name)
}

// run serves the space until ctx ends.
func run(ctx context.Context, peer, schemaFile, listen string) error {
	s, err := readSchema(schemaFile)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "peer-space-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	root, err := s.superuser()
	if err != nil {
		return err
	}
	if out, err := exec.CommandContext(ctx, peer, "superuser", "upsert", root.Email, root.Password, "--dir", dir).CombinedOutput(); err != nil {
		return fmt.Errorf("%s superuser upsert: %w\n%s", peer, err, out)
	}
	if listen, err = freeAddress(listen); err != nil {
		return err
	}
	cmd := exec.Command(peer, "serve", "--http", listen, "--dir", dir)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	defer finish(cmd, ended)
	if err := fill(ctx, "http://"+listen, root, s, ended); err != nil {
		return err
	}
	fmt.Println("listening on http://" + listen)
	select {
	case <-ctx.Done():
		return nil
	case err := <-ended:
		ended <- err
		return fmt.Errorf("the peer ended by itself: %v", err)
	}
}

// fill waits until the server answers and makes the space.
func fill(ctx context.Context, base string, root user, s *schema, ended chan error) error {
	c := &client{base: base}
	deadline := time.Now().Add(startWithin)
	for c.do(ctx, "GET", "/api/health", nil, nil) != nil {
		select {
		case err := <-ended:
			ended <- err
			return fmt.Errorf("the peer ended by itself: %v", err)
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("no answer at %s within %v", base, startWithin)
		}
	}
	if err := c.signIn(ctx, root); err != nil {
		return err
	}
	return s.make(ctx, c)
}

// finish asks the server to end, and after a while makes it.
func finish(cmd *exec.Cmd, ended <-chan error) {
	_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		_ = cmd.Process.Kill()
		<-ended
	}
}

// freeAddress replaces port 0 by one that is free now.
func freeAddress(listen string) (string, error) {
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
