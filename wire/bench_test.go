package wire

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// noise returns n bytes that no compressor or search can skip.
func noise(n int) []byte {
	src := rand.NewChaCha8([32]byte{1})
	b := make([]byte, n)
	_, _ = src.Read(b)
	return b
}

// A repeater gives its bytes again and again, up to left.
type repeater struct {
	b    []byte
	at   int
	left int64
}

func (r *repeater) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), r.left)]
	n := copy(p, r.b[r.at:])
	r.at = (r.at + n) % len(r.b)
	r.left -= int64(n)
	return n, nil
}

const benchBoundary = "------------------------5d0c77b1f3a94e02"

// bigForm is a form whose one file has size bytes.
func bigForm(size int64, content []byte) io.Reader {
	head := "--" + benchBoundary + "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\r\n"
	return io.MultiReader(
		bytes.NewReader([]byte(head)),
		&repeater{b: content, left: size},
		bytes.NewReader([]byte("\r\n--"+benchBoundary+"--\r\n")))
}

// BenchmarkMultipart compares the reader with the standard library's, in memory and from a socket.
func BenchmarkMultipart(b *testing.B) {
	const size = 256 << 20
	contents := map[string][]byte{"noise": noise(1 << 20), "line ends": bytes.Repeat([]byte("\r\n-"), 1<<18)}
	for name, content := range contents {
		b.Run("ours/"+name, func(b *testing.B) {
			b.SetBytes(size)
			for b.Loop() {
				discardOurs(b, bigForm(size, content), size)
			}
		})
		b.Run("std/"+name, func(b *testing.B) {
			b.SetBytes(size)
			for b.Loop() {
				discardStd(b, bigForm(size, content), size)
			}
		})
	}
	for _, ours := range []bool{true, false} {
		b.Run("socket/ours="+strconv.FormatBool(ours), func(b *testing.B) {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if ours {
					GuardBody(w, r, MinRate, RateWindow)
					discardOurs(b, r.Body, size)
				} else {
					discardStd(b, r.Body, size)
				}
			}))
			defer srv.Close()
			b.SetBytes(size)
			for b.Loop() {
				req, _ := http.NewRequest("POST", srv.URL, bigForm(size, contents["noise"]))
				res, err := http.DefaultClient.Do(req)
				if err != nil {
					b.Fatal(err)
				}
				res.Body.Close()
			}
		})
	}
}

func discardOurs(b *testing.B, body io.Reader, size int64) {
	r := httptest.NewRequest("POST", "/", body)
	r.Header.Set("Content-Type", "multipart/form-data; boundary="+benchBoundary)
	m, err := OpenMultipart(r, Limits{})
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	p, err := m.Next()
	if err != nil {
		b.Fatal(err)
	}
	if n, err := p.WriteTo(io.Discard); n != size || err != nil {
		b.Fatal(n, err)
	}
	if _, err := m.Next(); err != io.EOF {
		b.Fatal(err)
	}
}

func discardStd(b *testing.B, body io.Reader, size int64) {
	m := multipart.NewReader(body, benchBoundary)
	p, err := m.NextPart()
	if err != nil {
		b.Fatal(err)
	}
	if n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, p, make([]byte, 128<<10)); n != size || err != nil {
		b.Fatal(n, err)
	}
}

// BenchmarkServe sends files over loopback, through Serve and through http.ServeContent (sendfile).
func BenchmarkServe(b *testing.B) {
	for _, size := range []int64{4 << 10, 256 << 10, 64 << 20} {
		file := filepath.Join(b.TempDir(), "f")
		if err := os.WriteFile(file, noise(int(size)), 0o600); err != nil {
			b.Fatal(err)
		}
		open := func(context.Context, int64, int64) (io.ReadCloser, error) { return os.Open(file) }
		handlers := map[string]http.HandlerFunc{
			"ours": func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/octet-stream")
				if err := Serve(w, r, Content{Size: size, Open: open}); err != nil {
					panic(err)
				}
			},
			"std": func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/octet-stream")
				http.ServeFile(w, r, file)
			},
		}
		for name, h := range handlers {
			b.Run(strconv.FormatInt(size>>10, 10)+"KiB/"+name, func(b *testing.B) {
				srv := httptest.NewServer(h)
				defer srv.Close()
				b.SetBytes(size)
				buf := make([]byte, 256<<10)
				for b.Loop() {
					res, err := http.Get(srv.URL)
					if err != nil {
						b.Fatal(err)
					}
					if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, res.Body, buf); err != nil {
						b.Fatal(err)
					}
					res.Body.Close()
				}
			})
		}
	}
}
