package pocketbase

import (
	"encoding/json"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"dossier"
	"dossier/access"
	"dossier/core"
)

// extraSettings is where the space's settings keep this dialect's, as a JSON text.
const extraSettings = extraPrefix + "settings"

// settings are what a superuser decides about the dialect. SuperuserIPs and TrustedProxy are the space's own and not kept
// here. Those of remote files are kept and shown, and have no effect; secrets are not kept among them.
type settings struct {
	SuperuserIPs []string       `json:"superuserIPs"`
	SMTP         smtpSettings   `json:"smtp"`
	Backups      backupSettings `json:"backups"`
	S3           s3Settings     `json:"s3"`
	Meta         metaSettings   `json:"meta"`
	RateLimits   rateSettings   `json:"rateLimits"`
	TrustedProxy proxySettings  `json:"trustedProxy"`
	Batch        batchSettings  `json:"batch"`
	Logs         logSettings    `json:"logs"`
}

type smtpSettings struct {
	Enabled    bool   `json:"enabled"`
	Port       int    `json:"port"`
	Host       string `json:"host"`
	Username   string `json:"username"`
	AuthMethod string `json:"authMethod"`
	TLS        bool   `json:"tls"`
	LocalName  string `json:"localName"`
}

type backupSettings struct {
	Cron        string     `json:"cron"`
	CronMaxKeep int        `json:"cronMaxKeep"`
	S3          s3Settings `json:"s3"`
}

type s3Settings struct {
	Enabled        bool   `json:"enabled"`
	Bucket         string `json:"bucket"`
	Region         string `json:"region"`
	Endpoint       string `json:"endpoint"`
	AccessKey      string `json:"accessKey"`
	ForcePathStyle bool   `json:"forcePathStyle"`
}

type metaSettings struct {
	AccentColor   string `json:"accentColor"`
	AppName       string `json:"appName"`
	AppURL        string `json:"appURL"`
	SenderName    string `json:"senderName"`
	SenderAddress string `json:"senderAddress"`
	HideControls  bool   `json:"hideControls"`
}

type rateSettings struct {
	Rules       []rateRule `json:"rules"`
	ExcludedIPs []string   `json:"excludedIPs"`
	Enabled     bool       `json:"enabled"`
}

type rateRule struct {
	Label       string `json:"label"`
	Audience    string `json:"audience"`
	Duration    int64  `json:"duration"`
	MaxRequests int    `json:"maxRequests"`
}

type proxySettings struct {
	Headers       []string `json:"headers"`
	UseLeftmostIP bool     `json:"useLeftmostIP"`
}

// neutral is p as the space keeps it.
func (p proxySettings) neutral() dossier.TrustedProxy {
	return dossier.TrustedProxy{Headers: append([]string{}, p.Headers...), Leftmost: p.UseLeftmostIP}
}

// batchSettings bound requests that hold several writes.
type batchSettings struct {
	Enabled     bool  `json:"enabled"`
	MaxRequests int   `json:"maxRequests"`
	Timeout     int64 `json:"timeout"`     // seconds
	MaxBodySize int64 `json:"maxBodySize"` // bytes; 0 is 128 MiB
}

type logSettings struct {
	MaxDays   int  `json:"maxDays"`
	MinLevel  int  `json:"minLevel"`
	LogIP     bool `json:"logIP"`
	LogAuthID bool `json:"logAuthId"`
}

// defaultSettings are in force where nobody has said anything.
func defaultSettings() settings {
	return settings{
		SuperuserIPs: []string{},
		SMTP:         smtpSettings{Port: 587, Host: "smtp.example.com"},
		Backups:      backupSettings{CronMaxKeep: 3},
		Meta:         metaSettings{AccentColor: "#1055c9", AppName: "Acme", AppURL: "http://localhost:8090", SenderName: "Support", SenderAddress: "support@example.com"},
		RateLimits:   rateSettings{Rules: usualRates(), ExcludedIPs: []string{}},
		TrustedProxy: proxySettings{Headers: []string{}},
		Batch:        batchSettings{MaxRequests: 50, Timeout: 3},
		Logs:         logSettings{MaxDays: 5, LogIP: true},
	}
}

// usualRates are the rules of rates that are in force once rates are limited and nobody made others.
func usualRates() []rateRule {
	return []rateRule{
		{Label: "*:auth", Duration: 3, MaxRequests: 2}, {Label: "*:create", Duration: 5, MaxRequests: 20},
		{Label: "/api/batch", Duration: 1, MaxRequests: 3}, {Label: "/api/", Duration: 10, MaxRequests: 300},
	}
}

// settings are the ones in force.
func (h *handler) settings() settings {
	s := defaultSettings()
	if text, ok := h.svc.Space().Settings.Extra[extraSettings]; ok {
		_ = json.Unmarshal([]byte(text), &s) // written by json.Marshal of the same type
	}
	all := h.svc.Space().Settings
	s.SuperuserIPs = append([]string{}, all.SuperuserNetworks...)
	s.TrustedProxy = proxySettings{Headers: append([]string{}, all.TrustedProxy.Headers...), UseLeftmostIP: all.TrustedProxy.Leftmost}
	return s
}

// viewSettings is GET /api/settings.
func (h *handler) viewSettings(w http.ResponseWriter, r *http.Request) error {
	if _, err := h.superuser(r); err != nil {
		return err
	}
	return h.reply(w, r, h.settings())
}

// updateSettings is PATCH /api/settings: what is sent is laid over what there is.
func (h *handler) updateSettings(w http.ResponseWriter, r *http.Request) error {
	who, raw, err := h.superuserFields(r)
	if err != nil {
		return err
	}
	next := h.settings()
	if limits, ok := raw["rateLimits"].(map[string]any); ok && limits["rules"] != nil {
		next.RateLimits.Rules = nil // or new rules would inherit from the old ones
	}
	b, err := json.Marshal(raw)
	if err != nil {
		return newError(http.StatusBadRequest, msgInvalidLoad, nil)
	}
	if err := json.Unmarshal(b, &next); err != nil {
		return newError(http.StatusBadRequest, msgInvalidLoad, nil)
	}
	data := next.check()
	next.checkRemote(h.settings(), raw, data)
	if len(data) > 0 {
		return newError(http.StatusBadRequest, "An error occurred while saving the new settings.", data)
	}
	all := h.svc.Space().Settings
	all.SuperuserNetworks, next.SuperuserIPs = append([]string{}, next.SuperuserIPs...), nil
	all.TrustedProxy, next.TrustedProxy = next.TrustedProxy.neutral(), proxySettings{}
	text, err := json.Marshal(next)
	if err != nil {
		return dossier.Errorf(dossier.Internal, "settings: %w", err)
	}
	if all.Extra = maps.Clone(all.Extra); all.Extra == nil {
		all.Extra = map[string]string{}
	}
	all.Extra[extraSettings] = string(text)
	setMailServer(all.Extra, h.settings(), next, raw)
	if err := setBackupPlan(all.Extra, next); err != nil {
		return err
	}
	if err := h.svc.PutSettings(r.Context(), who, all); err != nil {
		return err
	}
	return h.reply(w, r, h.settings())
}

// setMailServer makes the mail server of the space what the settings say, and forgets it with them. A password that is not sent stays.
func setMailServer(extra map[string]string, old, next settings, raw map[string]any) {
	if !next.SMTP.Enabled {
		if old.SMTP.Enabled {
			delete(extra, core.MailServer)
		}
		return
	}
	more := url.Values{"from": {next.Meta.SenderAddress}, "name": {next.Meta.SenderName}}
	if next.SMTP.AuthMethod == authLogin {
		more.Set("auth", "login")
	}
	if next.SMTP.LocalName != "" {
		more.Set("helo", next.SMTP.LocalName)
	}
	u := url.URL{Scheme: "smtp", Host: net.JoinHostPort(next.SMTP.Host, strconv.Itoa(next.SMTP.Port)), RawQuery: more.Encode()}
	if next.SMTP.TLS {
		u.Scheme = "smtps"
	}
	if next.SMTP.Username != "" {
		u.User = url.UserPassword(next.SMTP.Username, smtpPassword(extra, raw))
	}
	extra[core.MailServer] = u.String()
}

// smtpPassword is the password sent, else the one that is known.
func smtpPassword(extra map[string]string, raw map[string]any) string {
	if smtp, ok := raw["smtp"].(map[string]any); ok && smtp["password"] != nil {
		return toText(smtp["password"])
	}
	known, err := url.Parse(extra[core.MailServer])
	if err != nil || known.User == nil {
		return ""
	}
	password, _ := known.User.Password()
	return password
}

// check is what is wrong with s, by its path.
func (s settings) check() map[string]any {
	data := map[string]any{}
	required := func(text string, path ...string) {
		if strings.TrimSpace(text) == "" {
			nest(data, path, blank)
		}
	}
	least := func(n int64, path ...string) {
		if n < 0 {
			nest(data, path, negative)
		}
	}
	s.Meta.check(data)
	if s.SMTP.Enabled {
		required(s.SMTP.Host, "smtp", "host")
		if s.SMTP.Port == 0 {
			nest(data, []string{"smtp", "port"}, blank)
		} else if s.SMTP.Port < 0 || s.SMTP.Port > 65535 {
			nest(data, []string{"smtp", "port"}, fault{Code: "validation_invalid_value", Message: "Invalid value."})
		}
	}
	s.SMTP.check(data)
	s.Backups.check(data)
	least(int64(s.Batch.MaxRequests), "batch", "maxRequests")
	least(s.Batch.Timeout, "batch", "timeout")
	least(s.Batch.MaxBodySize, "batch", "maxBodySize")
	least(int64(s.Logs.MaxDays), "logs", "maxDays")
	if s.Batch.Enabled && s.Batch.MaxRequests == 0 {
		nest(data, []string{"batch", "maxRequests"}, blank)
	}
	if s.Batch.Enabled && s.Batch.Timeout == 0 {
		nest(data, []string{"batch", "timeout"}, blank)
	}
	s.RateLimits.check(data)
	for i, text := range s.SuperuserIPs {
		if _, err := access.ParseNetwork(text); err != nil {
			nest(data, []string{"superuserIPs", strconv.Itoa(i)}, badAddress)
		}
	}
	for i, name := range s.TrustedProxy.Headers {
		if !dossier.ValidHeaderName(name) {
			nest(data, []string{"trustedProxy", "headers", strconv.Itoa(i)}, badForm)
		}
	}
	return data
}
