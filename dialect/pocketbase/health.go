package pocketbase

import (
	"net/http"
)

// health is GET /api/health. A superuser also sees the address that the server sees them at.
func (h *handler) health(w http.ResponseWriter, r *http.Request) error {
	who, err := h.authenticate(r)
	if err != nil {
		return err
	}
	data := map[string]any{}
	if who.IsSuper() {
		data = map[string]any{"canBackup": h.svc.CanBackup(), "possibleProxyHeader": "", "realIP": who.Request.Remote}
	}
	return h.reply(w, r, struct {
		Message string         `json:"message"`
		Code    int            `json:"code"`
		Data    map[string]any `json:"data"`
	}{"API is healthy.", http.StatusOK, data})
}
