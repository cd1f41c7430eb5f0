package bench

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"dossier"
	"dossier/access"
	"dossier/admin"
	"dossier/blob/disk"
	"dossier/blob/small"
	"dossier/core"
	"dossier/dialect/kintone"
	"dossier/dialect/knack"
	"dossier/dialect/pocketbase"
	"dossier/schemafile"
	"dossier/server"
	"dossier/store/sqlite"
	"dossier/thumb"
	"dossier/wire"
)

// token has every right on the collection orders.
const token = "benchTokenAllRights000000000000000000001"

func must(b testing.TB, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// serve runs a server in this process, wired as cmd/dossier wires it, and returns its HOST:PORT. Request lines are
// written to nowhere.
func serve(b *testing.B) (addr string, svc *core.Service) {
	b.Helper()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	ctx, stop := context.WithCancel(context.Background())
	svc = service(b, log)
	srv, err := server.Listen(server.Options{Listen: "127.0.0.1:0", Handler: handler(svc), Log: log, Random: rand.Reader})
	must(b, err)
	ended := make(chan error, 1)
	dossier.Go(log, "server", func() { ended <- srv.Serve(ctx) })
	b.Cleanup(func() {
		stop()
		must(b, <-ended)
	})
	return strings.TrimPrefix(srv.URL(), "http://"), svc
}

// service is the verbs over SQLite and the disk, with the schema of testdata.
func service(b *testing.B, log *slog.Logger) *core.Service {
	b.Helper()
	dir := b.TempDir()
	files, err := disk.Open(dir, disk.Options{Rand: rand.Reader})
	must(b, err)
	b.Cleanup(func() { must(b, files.Close()) })
	blobs, err := small.Open(filepath.Join(dir, "small.db"), files, small.Options{Log: log})
	must(b, err)
	b.Cleanup(func() { must(b, blobs.Close()) })
	rows, err := sqlite.Open(filepath.Join(dir, "dossier.db"), sqlite.Options{})
	must(b, err)
	b.Cleanup(func() { must(b, rows.Close()) })
	svc, err := core.New(b.Context(), core.Options{
		Store: rows, Blobs: blobs, Thumbs: thumb.New(thumb.Options{}), Rules: &pocketbase.Language{Now: time.Now},
		Random: rand.Reader, Now: time.Now, Log: log, Sole: true,
	})
	must(b, err)
	text, err := os.ReadFile("testdata/schema.yaml")
	must(b, err)
	schema, err := schemafile.Parse(text, svc.Space().Settings)
	must(b, err)
	_, err = svc.ApplySchema(b.Context(), access.System(), schema, false)
	must(b, err)
	return svc
}

func handler(svc *core.Service) http.Handler {
	mux := http.NewServeMux()
	sessions := admin.NewSessions(svc)
	pocketbase.Mount(mux, svc, pocketbase.Options{})
	kintone.Mount(mux, svc, kintone.Options{Session: sessions.Of})
	knack.Mount(mux, svc, knack.Options{})
	admin.Mount(mux, svc, sessions)
	return wire.Front(mux)
}

// A binary is cmd/dossier as a process of its own.
type binary struct {
	b    *testing.B
	addr string
	cmd  *exec.Cmd
}

// start builds cmd/dossier and runs it on a fresh directory with the schema of testdata.
func start(b *testing.B) *binary {
	b.Helper()
	exe := filepath.Join(b.TempDir(), "dossier")
	build := exec.Command("go", "build", "-o", exe, "dossier/cmd/dossier")
	out, err := build.CombinedOutput()
	if err != nil {
		b.Fatalf("build: %v\n%s", err, out)
	}
	p := &binary{b: b, cmd: exec.Command(exe, "serve", "--quiet", "--listen", "127.0.0.1:0", "--data", b.TempDir(), "--schema", "testdata/schema.yaml")}
	stderr, err := p.cmd.StderrPipe()
	must(b, err)
	must(b, p.cmd.Start())
	b.Cleanup(p.stop)
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		if addr, ok := strings.CutPrefix(lines.Text(), "listening on http://"); ok {
			p.addr = addr
			dossier.Go(nil, "log", func() { _, _ = io.Copy(io.Discard, stderr) })
			return p
		}
	}
	b.Fatal("the server did not come up")
	return nil
}

func (p *binary) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	if err := p.cmd.Wait(); err != nil {
		p.b.Errorf("the server ended with %v", err)
	}
}

// peak is the most memory that the process has held so far, in MiB; 0 where the system does not tell.
func (p *binary) peak() float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kib / 1024
		}
	}
	return 0
}

// A client is one kept connection that sends requests made beforehand: it costs little, so that the server is measured.
type client struct {
	conn net.Conn
	r    *bufio.Reader
}

func dial(addr string) (*client, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &client{conn, bufio.NewReader(conn)}, nil
}

// send writes a request and reads the answer, which must be 200.
func (c *client) send(request []byte) error {
	if _, err := c.conn.Write(request); err != nil {
		return err
	}
	resp, err := http.ReadResponse(c.r, nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, body)
	}
	return err
}

// request is an HTTP request as bytes.
func request(method, path, contentType, body string, headers ...string) []byte {
	head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: bench\r\nContent-Type: %s\r\nContent-Length: %d\r\n", method, path, contentType, len(body))
	for _, h := range headers {
		head += h + "\r\n"
	}
	return []byte(head + "\r\n" + body)
}

// part is a multipart body with one file, before and after its bytes.
func part(field, name string) (contentType, before, after string) {
	const boundary = "between0parts0"
	return "multipart/form-data; boundary=" + boundary,
		"--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + field + "\"; filename=\"" + name + "\"\r\nContent-Type: application/octet-stream\r\n\r\n",
		"\r\n--" + boundary + "--\r\n"
}
