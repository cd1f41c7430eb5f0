package pocketbase

import (
	"net/http"
	"net/netip"
)

// knownProxyHeaders are those by which PocketBase recognizes a proxy, beside the ones that the settings trust.
var knownProxyHeaders = []string{"CF-Connecting-IP", "Fly-Client-IP"}

// proxyHeader is the first header of r that a proxy may have set, trusted ones before the others; "" is none.
func (h *handler) proxyHeader(r *http.Request) string {
	for _, names := range [][]string{h.svc.Space().Settings.TrustedProxy.Headers, knownProxyHeaders} {
		for _, name := range names {
			if r.Header.Get(name) != "" {
				return name
			}
		}
	}
	return ""
}

// longAddress is an address as PocketBase shows it: with all digits of IPv6.
func longAddress(host string) string {
	if a, err := netip.ParseAddr(host); err == nil {
		return a.StringExpanded()
	}
	return host
}

// health is GET /api/health. A superuser also sees the address that the server sees them at.
func (h *handler) health(w http.ResponseWriter, r *http.Request) error {
	who, err := h.authenticate(r)
	if err != nil {
		return err
	}
	data := map[string]any{}
	if who.IsSuper() {
		data = map[string]any{"canBackup": h.svc.CanBackup(), "possibleProxyHeader": h.proxyHeader(r), "realIP": longAddress(who.Request.Remote)}
	}
	return h.reply(w, r, struct {
		Message string         `json:"message"`
		Code    int            `json:"code"`
		Data    map[string]any `json:"data"`
	}{"API is healthy.", http.StatusOK, data})
}
