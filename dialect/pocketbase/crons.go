package pocketbase

import (
	"net/http"

	"dossier/core"
)

// cronSweep is the job that removes bytes which no record holds. The server runs it by itself at the start and every hour.
const cronSweep = "sweep"

// A cron is a job as clients see it.
type cron struct {
	ID         string `json:"id"`
	Expression string `json:"expression"`
}

// listCrons is GET /api/crons.
func (h *handler) listCrons(w http.ResponseWriter, r *http.Request) error {
	if _, err := h.superuser(r); err != nil {
		return err
	}
	return h.reply(w, r, []cron{{cronSweep, "@hourly"}})
}

// runCron is POST /api/crons/{id}. It answers when the job is done, so that a server that stops does not leave it behind.
func (h *handler) runCron(w http.ResponseWriter, r *http.Request) error {
	if _, err := h.superuser(r); err != nil {
		return err
	}
	if r.PathValue("id") != cronSweep {
		return newError(http.StatusNotFound, "Missing or invalid cron job.", nil)
	}
	swept, err := h.svc.Sweep(r.Context())
	if err != nil {
		return err
	}
	if swept != (core.Swept{}) {
		h.svc.Log().InfoContext(r.Context(), "swept", "uploads", swept.Uploads, "blobs", swept.Blobs)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
