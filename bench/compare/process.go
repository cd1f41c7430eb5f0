package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"dossier"
)

// A process is one server that runs.
type process struct {
	name  string
	addr  string // HOST:PORT
	log   string // path of the file that has what it prints
	cmd   *exec.Cmd
	ended chan error
}

const (
	email       = "root@example.com"
	password    = "correct-horse-battery"
	startWithin = 30 * time.Second
	stopWithin  = 40 * time.Second
)

// build makes both programs in dir, without cgo.
func build(ctx context.Context, dir string) error {
	for _, args := range [][]string{
		{"build", "-o", filepath.Join(dir, "dossier"), "./cmd/dossier"},
		{"build", "-C", "bench/peer", "-o", filepath.Join(dir, "peer"), "."},
	} {
		cmd := exec.CommandContext(ctx, "go", args...)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("go %s (in the root of the repository): %w\n%s", strings.Join(args, " "), err, out)
		}
	}
	return nil
}

// startPeer starts the original with its own defaults.
func startPeer(ctx context.Context, dir string) (*process, error) {
	bin, data := filepath.Join(dir, "peer"), filepath.Join(dir, "peer-data")
	if out, err := exec.CommandContext(ctx, bin, "superuser", "upsert", email, password, "--dir", data).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("peer superuser upsert: %w\n%s", err, out)
	}
	addr, err := freeAddress()
	if err != nil {
		return nil, err
	}
	p := &process{name: "PocketBase", addr: addr, log: filepath.Join(dir, "peer.log"), cmd: exec.Command(bin, "serve", "--http", addr, "--dir", data)}
	return p, p.start(ctx)
}

// startOurs starts dossier with its own defaults and the schema of this package.
func startOurs(ctx context.Context, dir string) (*process, error) {
	file := filepath.Join(dir, "schema.yaml")
	if err := os.WriteFile(file, schema, 0o600); err != nil {
		return nil, err
	}
	p := &process{name: "dossier", log: filepath.Join(dir, "dossier.log"), cmd: exec.Command(filepath.Join(dir, "dossier"),
		"serve", "--listen", "127.0.0.1:0", "--data", filepath.Join(dir, "data"), "--schema", file)}
	return p, p.start(ctx)
}

// freeAddress is an address of loopback that nobody listens on.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// start runs the program, what it prints going to its file, and waits until it answers.
func (p *process) start(ctx context.Context) error {
	f, err := os.Create(p.log)
	if err != nil {
		return err
	}
	defer f.Close()
	p.cmd.Stdout, p.cmd.Stderr = f, f
	if err := p.cmd.Start(); err != nil {
		return err
	}
	p.ended = make(chan error, 1)
	dossier.Go(nil, "wait for "+p.name, func() { p.ended <- p.cmd.Wait() })
	if err := p.await(ctx); err != nil {
		p.stop()
		text, _ := os.ReadFile(p.log) // only to say more
		return fmt.Errorf("%s: %w\n%s", p.name, err, text)
	}
	return nil
}

var readyLine = regexp.MustCompile(`(?m)^listening on http://(\S+)$`)

// await waits until the server accepts connections; without an address, the file says it.
func (p *process) await(ctx context.Context) error {
	for deadline := time.Now().Add(startWithin); time.Now().Before(deadline); {
		if p.addr == "" {
			text, err := os.ReadFile(p.log)
			if err != nil {
				return err
			}
			if m := readyLine.FindSubmatch(text); m != nil {
				p.addr = string(m[1])
			}
		} else if c, err := net.Dial("tcp", p.addr); err == nil {
			return c.Close()
		}
		select {
		case err := <-p.ended:
			p.ended <- err
			return fmt.Errorf("ended by itself: %v", err)
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	return fmt.Errorf("no answer within %v", startWithin)
}

// stop asks the process to end, and after a while makes it.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
	select {
	case <-p.ended:
	case <-time.After(stopWithin):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
}

var peakLine = regexp.MustCompile(`(?m)^VmHWM:\s+(\d+) kB$`)

// peak is the largest resident memory of the process so far, in bytes.
func (p *process) peak() (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	m := peakLine.FindSubmatch(text)
	if m == nil {
		return 0, errors.New("the kernel does not tell VmHWM")
	}
	kib, err := strconv.ParseInt(string(m[1]), 10, 64)
	return kib << 10, err
}
