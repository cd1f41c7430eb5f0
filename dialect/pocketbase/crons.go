package pocketbase

import (
	"net/http"

	"dossier"
	"dossier/access"
	"dossier/core"
)

// The jobs. The server runs them by itself.
const (
	cronSweep  = "sweep"            // removes bytes that no record holds
	cronBackup = "__pbAutoBackup__" // makes a backup, where the settings say when
)

// A cron is a job as clients see it.
type cron struct {
	ID         string `json:"id"`
	Expression string `json:"expression"`
}

// crons are the jobs that there are.
func (h *handler) crons() []cron {
	jobs := []cron{{cronSweep, "@hourly"}}
	if when := h.settings().Backups.Cron; when != "" {
		jobs = append(jobs, cron{cronBackup, when})
	}
	return jobs
}

// listCrons is GET /api/crons.
func (h *handler) listCrons(w http.ResponseWriter, r *http.Request) error {
	if _, err := h.superuser(r); err != nil {
		return err
	}
	return h.reply(w, r, h.crons())
}

// runCron is POST /api/crons/{id}. It answers when the job is done, so that a server that stops does not leave it behind.
func (h *handler) runCron(w http.ResponseWriter, r *http.Request) error {
	who, err := h.superuser(r)
	if err != nil {
		return err
	}
	for _, job := range h.crons() {
		if job.ID != r.PathValue("id") {
			continue
		}
		if err := h.runJob(r, who, job); err != nil {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return newError(http.StatusNotFound, "Missing or invalid cron job.", nil)
}

func (h *handler) runJob(r *http.Request, who access.Principal, job cron) error {
	if job.ID == cronBackup {
		err := h.svc.RunPlan(r.Context(), who)
		if dossier.KindOf(err) == dossier.Exists { // made in this very second
			err = nil
		}
		return h.backupFailed(r, "Failed to create backup.", err)
	}
	swept, err := h.svc.Sweep(r.Context())
	if err != nil {
		return err
	}
	if swept != (core.Swept{}) {
		h.svc.Log().InfoContext(r.Context(), "swept", "uploads", swept.Uploads, "blobs", swept.Blobs)
	}
	return nil
}
