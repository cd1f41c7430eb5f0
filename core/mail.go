package core

import (
	"context"

	"dossier"
)

// A Mail is a letter to one person.
type Mail struct {
	To, Subject string
	Text, HTML  string // the same in two forms; HTML may be ""
}

// A Mailer sends letters. It may be called by many goroutines.
type Mailer interface {
	// Send returns when the letter has left, or why it has not, in the words of whoever refused it.
	Send(ctx context.Context, m Mail) error
}

// SendMail sends a letter by the service's Mailer, or notes in the log that there is none. It does not wait for the letter to leave:
// an answer must not tell by its time whether somebody was written to.
func (s *Service) SendMail(ctx context.Context, m Mail) {
	ctx = context.WithoutCancel(ctx)
	dossier.Go(s.log, "mail", func() {
		if err := s.SendMailNow(ctx, m); err != nil {
			s.log.Error("mail", "to", m.To, "subject", m.Subject, "error", err)
		}
	})
}

// SendMailNow is SendMail for who may know what becomes of the letter: it waits for it to leave.
func (s *Service) SendMailNow(ctx context.Context, m Mail) error {
	if s.mailer == nil {
		s.log.Warn("no mailer", "to", m.To, "subject", m.Subject)
		return nil
	}
	return s.mailer.Send(ctx, m)
}

// MailServer is the key of dossier.Settings.Extra that names the owner's mail server:
// smtp://user:password@host:port?from=sender@example.org, smtps:// for TLS from the first byte. Without it the one of the
// server's configuration is taken.
const MailServer = "mail_server"
