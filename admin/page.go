package admin

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"io"
	"net/http"
	"strings"
)

//go:embed signin.html
var signInPage string

//go:embed signin.js
var signInScript string

// scriptHash lets the page's one script run, and no other.
var scriptHash = func() string {
	sum := sha256.Sum256([]byte(signInScript))
	return base64.StdEncoding.EncodeToString(sum[:])
}()

// page is the plain sign-in page.
func (h *handler) page(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, err := io.WriteString(w, strings.Replace(signInPage, "{{script}}", signInScript, 1))
	return err
}
