package pocketbase

import (
	"net/http"
	"path"
	"strings"

	"dossier"
	"dossier/core"
	"dossier/wire"
)

// defaultMaxBody bounds a request's body where the collection's fields do not ask for more.
const defaultMaxBody = 32 << 20

// Options are what the owner of the server decides about the dialect. The zero Options are good.
type Options struct {
	// MaxBody is the size of a body in bytes, to which the limits of a collection's fields are added; 0 is 32 MiB.
	MaxBody int64
	// Done ends the streams of events, which outlast every request, when it is closed; nil never does.
	Done <-chan struct{}
}

// A handler answers the dialect's requests.
type handler struct {
	svc     *core.Service
	maxBody int64
	hub     *hub
	letters *letters
	codes   *codes
	lines   lines
	windows windows
	done    <-chan struct{}
}

// Mount registers the dialect's routes on mux.
func Mount(mux *http.ServeMux, svc *core.Service, o Options) {
	h := &handler{svc: svc, maxBody: o.MaxBody, hub: newHub(svc.Random()), letters: &letters{}, codes: &codes{}, done: o.Done}
	svc.Watch(h.hub.publish)
	if o.Done != nil {
		dossier.Go(svc.Log(), "end of streams", func() {
			<-o.Done
			h.hub.close()
		})
	}
	if h.maxBody <= 0 {
		h.maxBody = defaultMaxBody
	}
	rt := wire.NewRouter(mux, svc.Log(), h.writeError)
	rt.Use(withHeaders)
	rt.Use(h.withLog)
	rt.Use(h.withLimits)
	rt.Use(h.withBodyLimit)
	rt.Use(checkFields)

	rt.Handle("GET /api/health", h.health)

	rt.Handle("POST /api/files/token", h.fileToken)
	rt.Handle("GET /api/files/{collection}/{record}/{filename}", h.downloadFile)

	rt.Handle("GET /api/collections/{collection}/records", h.listRecords)
	rt.Handle("POST /api/collections/{collection}/records", h.createRecord)
	rt.Handle("GET /api/collections/{collection}/records/{record}", h.viewRecord)
	rt.Handle("PATCH /api/collections/{collection}/records/{record}", h.updateRecord)
	rt.Handle("DELETE /api/collections/{collection}/records/{record}", h.deleteRecord)

	rt.Handle("GET /api/collections/{collection}/auth-methods", h.authMethods)
	rt.Handle("POST /api/collections/{collection}/auth-with-password", h.authWithPassword)
	rt.Handle("POST /api/collections/{collection}/auth-refresh", h.authRefresh)
	rt.Handle("POST /api/collections/{collection}/impersonate/{record}", h.impersonate)
	rt.Handle("POST /api/collections/{collection}/request-verification", h.requestVerification)
	rt.Handle("POST /api/collections/{collection}/confirm-verification", h.confirmVerification)
	rt.Handle("POST /api/collections/{collection}/request-password-reset", h.requestPasswordReset)
	rt.Handle("POST /api/collections/{collection}/confirm-password-reset", h.confirmPasswordReset)
	rt.Handle("POST /api/collections/{collection}/request-email-change", h.requestEmailChange)
	rt.Handle("POST /api/collections/{collection}/confirm-email-change", h.confirmEmailChange)
	rt.Handle("POST /api/collections/{collection}/request-otp", h.requestOTP)
	rt.Handle("POST /api/collections/{collection}/auth-with-otp", h.authWithOTP)
	rt.Handle("POST /api/collections/{collection}/auth-with-oauth2", h.noOAuth2)

	rt.Handle("GET /api/settings", h.viewSettings)
	rt.Handle("PATCH /api/settings", h.updateSettings)
	rt.Handle("POST /api/settings/test/email", h.testEmail)
	rt.Handle("POST /api/settings/test/s3", h.testS3)
	rt.Handle("POST /api/batch", h.batch)

	rt.Handle("GET /api/realtime", h.realtime)
	rt.Handle("POST /api/realtime", h.subscribe)

	rt.Handle("GET /api/collections", h.listCollections)
	rt.Handle("POST /api/collections", h.createCollection)
	rt.Handle("PUT /api/collections/import", h.importCollections)
	rt.Handle("GET /api/collections/meta/scaffolds", h.scaffolds)
	rt.Handle("GET /api/collections/meta/oauth2-providers", h.noProviders)
	rt.Handle("POST /api/collections/meta/dry-run-view", h.tryView)
	rt.Handle("GET /api/collections/{collection}", h.viewCollection)
	rt.Handle("PATCH /api/collections/{collection}", h.updateCollection)
	rt.Handle("DELETE /api/collections/{collection}", h.deleteCollection)
	rt.Handle("DELETE /api/collections/{collection}/truncate", h.truncateCollection)

	rt.Handle("GET /api/logs", h.listLogs)
	rt.Handle("GET /api/logs/stats", h.logStats)
	rt.Handle("GET /api/logs/{id}", h.viewLog)
	rt.Handle("GET /api/crons", h.listCrons)
	rt.Handle("POST /api/crons/{id}", h.runCron)
	rt.Handle("GET /api/backups", h.listBackups)
	rt.Handle("POST /api/backups", h.createBackup)
	rt.Handle("POST /api/backups/upload", h.uploadBackup)
	rt.Handle("GET /api/backups/{key}", h.downloadBackup)
	rt.Handle("DELETE /api/backups/{key}", h.deleteBackup)
	rt.Handle("POST /api/backups/{key}/restore", h.restoreBackup)
	rt.Handle("POST /api/sql", h.noSQL)

	rt.HandleFallback("/api/", h.unknown)
}

// withHeaders sets the headers of every response and answers preflight requests.
func withHeaders(next wire.Handler) wire.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		head := w.Header()
		head.Set("X-Content-Type-Options", "nosniff")
		head.Set("X-Frame-Options", "SAMEORIGIN")
		head.Set("X-Xss-Protection", "1; mode=block")
		head.Add("Vary", "Origin")
		if r.Header.Get("Origin") != "" {
			head.Set("Access-Control-Allow-Origin", "*")
		}
		if r.Method != http.MethodOptions {
			return next(w, r)
		}
		head.Set("Access-Control-Allow-Methods", "GET,HEAD,PUT,PATCH,POST,DELETE")
		if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
			head.Add("Vary", "Access-Control-Request-Headers")
			head.Set("Access-Control-Allow-Headers", asked)
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
}

// unknown answers paths and methods that no route takes: an unclean path is sent to its clean form, everything else is 404.
func (h *handler) unknown(w http.ResponseWriter, r *http.Request) error {
	p := r.URL.EscapedPath()
	clean := path.Clean(p)
	if strings.HasSuffix(p, "/") && clean != "/" {
		clean += "/"
	}
	if clean != p {
		if r.URL.RawQuery != "" {
			clean += "?" + r.URL.RawQuery
		}
		w.Header().Set("Location", clean)
		w.WriteHeader(http.StatusTemporaryRedirect)
		return nil
	}
	return errNotFound
}
