// Package mail sends letters: into the log as long as no mail server is known, else over SMTP.
// Here: the two ways and their choice. Not here: what letters say, who gets one (see the dialects), when (see core).
package mail

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"time"

	smtp "github.com/wneessen/go-mail"

	"dossier"
	"dossier/core"
)

// A Server is a mail server to hand letters to.
type Server struct {
	Host               string // "" is no server: letters go to the log
	Port               int    // 0 is 587, or 465 with TLS
	Username, Password string // Username "" is no sign-in
	Login              bool   // sign in by AUTH LOGIN instead of PLAIN
	TLS                bool   // TLS from the first byte; otherwise STARTTLS where the server offers it
	LocalName          string // what to say in EHLO; "" is the machine's name
	FromName, FromAddr string
}

// ParseServer reads smtp://user:password@host:port?from=sender@example.org, or smtps:// for TLS from the first byte. More may follow from:
// name, the sender's; auth, plain or login; helo, what to say in EHLO.
func ParseServer(s string) (Server, error) {
	bad := func(why string) (Server, error) {
		return Server{}, dossier.Errorf(dossier.Invalid, "%s: want smtp://user:password@host:port?from=sender@example.org", why)
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return bad("not the address of a mail server")
	}
	srv := Server{Host: u.Hostname(), TLS: u.Scheme == "smtps", FromAddr: u.Query().Get("from"), FromName: u.Query().Get("name")}
	if u.Port() != "" {
		if srv.Port, err = strconv.Atoi(u.Port()); err != nil {
			return bad("not a port")
		}
	}
	if u.User != nil {
		srv.Username = u.User.Username()
		srv.Password, _ = u.User.Password()
	}
	if srv.FromAddr == "" {
		return bad("no sender")
	}
	srv.LocalName = u.Query().Get("helo")
	switch u.Query().Get("auth") {
	case "", "plain":
	case "login":
		srv.Login = true
	default:
		return bad("auth is neither plain nor login")
	}
	return srv, nil
}

// A Mailer sends letters to the Server that Current names at the time, or to the log.
type Mailer struct {
	Current func() Server
	Log     *slog.Logger
}

var _ core.Mailer = (*Mailer)(nil)

// timeout bounds one letter.
const timeout = 30 * time.Second

// Send implements core.Mailer.
func (m *Mailer) Send(ctx context.Context, letter core.Mail) error {
	srv := m.Current()
	if srv.Host == "" {
		m.Log.Info("mail", "to", letter.To, "subject", letter.Subject, "text", letter.Text)
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	msg, err := compose(srv, letter)
	if err != nil {
		return fmt.Errorf("compose: %w", err)
	}
	client, err := dial(srv)
	if err != nil {
		return fmt.Errorf("mail server: %w", err)
	}
	return client.DialAndSendWithContext(ctx, msg)
}

func compose(srv Server, letter core.Mail) (*smtp.Msg, error) {
	msg := smtp.NewMsg()
	if err := msg.FromFormat(srv.FromName, srv.FromAddr); err != nil {
		return nil, err
	}
	if err := msg.To(letter.To); err != nil {
		return nil, err
	}
	msg.Subject(letter.Subject)
	msg.SetBodyString(smtp.TypeTextPlain, letter.Text)
	if letter.HTML != "" {
		msg.AddAlternativeString(smtp.TypeTextHTML, letter.HTML)
	}
	return msg, nil
}

func dial(srv Server) (*smtp.Client, error) {
	options := []smtp.Option{smtp.WithTimeout(timeout), smtp.WithTLSPolicy(smtp.TLSOpportunistic)}
	port := srv.Port
	switch {
	case srv.TLS && port == 0:
		port = 465
	case port == 0:
		port = 587
	}
	options = append(options, smtp.WithPort(port))
	if srv.TLS {
		options = append(options, smtp.WithSSL())
	}
	if srv.LocalName != "" {
		options = append(options, smtp.WithHELO(srv.LocalName))
	}
	if srv.Username != "" {
		auth := smtp.SMTPAuthPlain
		if srv.Login {
			auth = smtp.SMTPAuthLogin
		}
		options = append(options, smtp.WithSMTPAuth(auth), smtp.WithUsername(srv.Username), smtp.WithPassword(srv.Password))
	}
	return smtp.NewClient(srv.Host, options...)
}
