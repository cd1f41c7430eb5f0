package pocketbase

import (
	"net/http"
	"net/mail"
	"net/url"
	"regexp"
	"strings"
)

// colorForm is a color as the settings name it.
var colorForm = regexp.MustCompile(`^#[0-9A-Fa-f]{6}$`)

// colorLength is how many characters such a color has.
const colorLength = 7

// check puts what is wrong with s into data.
func (s metaSettings) check(data map[string]any) {
	for key, text := range map[string]string{"appName": s.AppName, "senderName": s.SenderName} {
		if strings.TrimSpace(text) == "" {
			nest(data, []string{"meta", key}, blank)
		} else if wrong := textFault(text); wrong.Code != "" {
			nest(data, []string{"meta", key}, wrong)
		}
	}
	for key, text := range map[string]string{"appURL": s.AppURL, "senderAddress": s.SenderAddress} {
		if strings.TrimSpace(text) == "" {
			nest(data, []string{"meta", key}, blank)
		}
	}
	if s.AppURL != "" && !isURL(s.AppURL) {
		nest(data, []string{"meta", "appURL"}, badURL)
	}
	if _, err := mail.ParseAddress(s.SenderAddress); s.SenderAddress != "" && err != nil {
		nest(data, []string{"meta", "senderAddress"}, badEmail)
	}
	switch {
	case s.AccentColor == "":
	case len(s.AccentColor) != colorLength:
		nest(data, []string{"meta", "accentColor"}, fault{Code: "validation_length_invalid", Message: "The length must be exactly 7.",
			Params: map[string]any{"min": colorLength, "max": colorLength}})
	case !colorForm.MatchString(s.AccentColor):
		nest(data, []string{"meta", "accentColor"}, fault{Code: "validation_is_hex_color", Message: "Must be a valid hexadecimal color code."})
	}
}

// badURL is the fault of an address that is none.
var badURL = fault{Code: "validation_is_url", Message: "Must be a valid URL."}

// isURL reports whether text is an address, as far as settings need one: a host, with or without a scheme.
func isURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Host != "" || strings.Contains(text, ".")) && !strings.ContainsAny(text, " \t")
}

// check puts what is wrong with s, where remote files are on, into data at path. A secret is asked for when they are turned on: it is
// not kept.
func (s s3Settings) check(data map[string]any, old s3Settings, raw map[string]any, path ...string) {
	if !s.Enabled {
		return
	}
	at := func(key string) []string { return append(append([]string{}, path...), key) }
	texts := map[string]string{"bucket": s.Bucket, "region": s.Region, "endpoint": s.Endpoint, "accessKey": s.AccessKey}
	if !old.Enabled {
		texts["secret"] = toText(raw["secret"])
	}
	for key, text := range texts {
		if text == "" {
			nest(data, at(key), blank)
		}
	}
	if s.Endpoint != "" && !isURL(s.Endpoint) {
		nest(data, at("endpoint"), badURL)
	}
}

// checkRemote puts what is wrong with the places for remote files into data: s is to follow old, raw is what was sent.
func (s settings) checkRemote(old settings, raw, data map[string]any) {
	files, _ := raw["s3"].(map[string]any)
	backups, _ := raw["backups"].(map[string]any)
	copies, _ := backups["s3"].(map[string]any)
	s.S3.check(data, old.S3, files, "s3")
	s.Backups.S3.check(data, old.Backups.S3, copies, "backups", "s3")
}

// testS3 is POST /api/settings/test/s3: files are kept on the server's own disk, and so are backups.
func (h *handler) testS3(_ http.ResponseWriter, r *http.Request) error {
	const failed = "Failed to test the S3 filesystem."
	_, raw, err := h.superuserFields(r)
	if err != nil {
		return err
	}
	switch toText(raw["filesystem"]) {
	case "":
		return invalidFields(failed, map[string]fault{"filesystem": blank})
	case "storage", "backups":
		return newError(http.StatusBadRequest, failed+" Raw error: \nS3 storage filesystem is not enabled.", nil)
	}
	return invalidFields(failed, map[string]fault{"filesystem": badChoice})
}
