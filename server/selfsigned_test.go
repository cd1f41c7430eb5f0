package server

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestSelfSignedIsTrustedOnceItsFileIs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pair, err := SelfSigned(dir, "127.0.0.1", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	s, err := Listen(Options{Listen: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler), Random: rand.Reader,
		TLS: &tls.Config{Certificates: []tls.Certificate{pair}}, Handler: http.NotFoundHandler()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx) }()
	defer func() { stop(); <-ended }()
	text, err := os.ReadFile(filepath.Join(dir, "cert.pem"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	r, err := client.Get(s.URL() + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if body, _ := io.ReadAll(r.Body); string(body) != "ok\n" {
		t.Errorf("got %q", body)
	}
	if _, err := http.Get(s.URL() + "/healthz"); err == nil {
		t.Error("a client that does not trust the file must refuse")
	}
}

func TestSelfSignedIsKeptWhileItServes(t *testing.T) {
	t.Parallel()
	dir, now := t.TempDir(), time.Now()
	first, err := SelfSigned(dir, "", now)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := SelfSigned(dir, "0.0.0.0", now.AddDate(1, 0, 0))
	if !bytes.Equal(first.Certificate[0], again.Certificate[0]) {
		t.Error("a certificate that serves must stay, since clients trust it")
	}
	for name, make := range map[string]func() (tls.Certificate, error){
		"another host": func() (tls.Certificate, error) { return SelfSigned(dir, "files.example.org", now) },
		"its end":      func() (tls.Certificate, error) { return SelfSigned(dir, "files.example.org", now.Add(certificateLife)) },
	} {
		next, err := make()
		if err != nil || bytes.Equal(first.Certificate[0], next.Certificate[0]) {
			t.Errorf("%s asks for a new one (%v)", name, err)
		}
	}
	if info, err := os.Stat(filepath.Join(dir, "key.pem")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key's mode is %v (%v)", info.Mode(), err)
	}
}
