package mail

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"

	"dossier/core"
)

// post is a mail server that takes one letter and tells what it was sent.
func post(t *testing.T) (port int, letter <-chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	got := make(chan string, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		serve(c, got)
	}()
	return l.Addr().(*net.TCPAddr).Port, got
}

func serve(c net.Conn, got chan<- string) {
	var all strings.Builder
	say := func(s string) { fmt.Fprintf(c, "%s\r\n", s) }
	say("220 ready")
	lines := bufio.NewScanner(c)
	data := false
	for lines.Scan() {
		line := lines.Text()
		all.WriteString(line + "\n")
		verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
		switch {
		case data && line == ".":
			data = false
			say("250 taken")
		case data:
		case verb == "EHLO":
			say("250 hello")
		case verb == "DATA":
			data = true
			say("354 go on")
		case verb == "QUIT":
			say("221 bye")
			got <- all.String()
			return
		default:
			say("250 ok")
		}
	}
}

func TestLetterReachesTheServer(t *testing.T) {
	t.Parallel()
	port, letter := post(t)
	m := &Mailer{Log: slog.New(slog.DiscardHandler), Current: func() Server {
		return Server{Host: "127.0.0.1", Port: port, FromName: "Dossier", FromAddr: "noreply@example.org"}
	}}
	err := m.Send(context.Background(), core.Mail{To: "a@example.org", Subject: "Grüße", Text: "plain text", HTML: "<p>rich text</p>"})
	if err != nil {
		t.Fatal(err)
	}
	got := <-letter
	for _, want := range []string{"MAIL FROM:<noreply@example.org>", "RCPT TO:<a@example.org>", `From: "Dossier" <noreply@example.org>`, "plain text", "<p>rich text</p>", "Subject: =?UTF-8?q?Gr=C3=BC=C3=9Fe?="} {
		if !strings.Contains(got, want) {
			t.Errorf("the letter lacks %q:\n%s", want, got)
		}
	}
}

func TestWithoutServerLettersGoToTheLog(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	m := &Mailer{Log: slog.New(slog.NewTextHandler(&log, nil)), Current: func() Server { return Server{} }}
	if err := m.Send(context.Background(), core.Mail{To: "a@example.org", Subject: "s", Text: "the link"}); err != nil || !strings.Contains(log.String(), "the link") {
		t.Errorf("the log is %q (%v)", log.String(), err)
	}
}

func TestHeadersCannotBeSmuggled(t *testing.T) {
	t.Parallel()
	port, _ := post(t)
	m := &Mailer{Log: slog.New(slog.DiscardHandler), Current: func() Server { return Server{Host: "127.0.0.1", Port: port, FromAddr: "n@example.org"} }}
	if err := m.Send(context.Background(), core.Mail{To: "a@example.org\r\nBcc: b@example.org", Subject: "s", Text: "t"}); err == nil {
		t.Error("an address of two lines is taken")
	}
}

func TestParseServer(t *testing.T) {
	t.Parallel()
	got, err := ParseServer("smtps://user:p%40ss@mail.example.org:2465?from=no@example.org&name=Files")
	want := Server{Host: "mail.example.org", Port: 2465, Username: "user", Password: "p@ss", TLS: true, FromAddr: "no@example.org", FromName: "Files"}
	if err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	got, err = ParseServer("smtp://user:x@mail.example.org?from=no@example.org&auth=login&helo=me.example.org")
	want = Server{Host: "mail.example.org", Username: "user", Password: "x", Login: true, LocalName: "me.example.org", FromAddr: "no@example.org"}
	if err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, bad := range []string{"", "smtp://x?from=a@b.c&auth=none", "mail.example.org", "http://x?from=a@b.c", "smtp://x", "smtp://x:port?from=a@b.c"} {
		if _, err := ParseServer(bad); err == nil || strings.Contains(err.Error(), "p@ss") {
			t.Errorf("%q gives %v", bad, err)
		}
	}
}
