package knack

import (
	"net/http"
	"strings"
	"sync/atomic"

	"dossier"
	"dossier/core"
	"dossier/wire"
)

// Options are what the dialect needs besides the service. The zero Options are fine.
type Options struct {
	// ClosedUploads refuses uploads by clients without a key or a user's token. The vendor documents the word "knack" as enough.
	ClosedUploads bool
}

// A handler holds what requests share.
type handler struct {
	svc      *core.Service
	o        Options
	limits   limits
	failures core.Attempts // wrong passwords by email
	zones    atomic.Pointer[zoned]
}

// Mount registers the dialect on mux under /v1/, /v2/ and /assets/.
func Mount(mux *http.ServeMux, svc *core.Service, o Options) {
	h := &handler{svc: svc, o: o, failures: core.Attempts{Max: maxFailures, Window: failureWindow}}
	rt := wire.NewRouter(mux, svc.Log(), h.writeError)
	rt.Use(cors)

	either(rt, "POST /v1/applications/{app}/assets/{kind}/upload", h.uploadAssets)
	either(rt, "GET /v1/applications/{app}/download/asset/{asset}", h.downloadAsset)
	rt.Handle("GET /v1/applications/{app}/download/asset/{asset}/{name...}", h.downloadAsset)
	either(rt, "GET /v2/applications/{app}/asset/{asset}/download", h.downloadAsset)
	rt.Handle("GET /v2/applications/{app}/asset/{asset}/download/{name...}", h.downloadAsset)
	rt.Handle("GET /assets/{app}/{asset}/{size}", h.downloadImage)
	rt.Handle("GET /assets/{app}/{asset}/{size}/{name...}", h.downloadImage)

	either(rt, "GET /v1/objects/{object}/records", h.onObject(h.listRecords))
	either(rt, "POST /v1/objects/{object}/records", h.onObject(h.createRecord))
	either(rt, "GET /v1/objects/{object}/records/{record}", h.onObject(h.getRecord))
	either(rt, "PUT /v1/objects/{object}/records/{record}", h.onObject(h.updateRecord))
	either(rt, "DELETE /v1/objects/{object}/records/{record}", h.onObject(h.deleteRecord))

	for _, pages := range []string{"/v1/pages", "/v1/scenes"} {
		view := pages + "/{scene}/views/{view}"
		either(rt, "GET "+view+"/records", h.onView(h.listRecords))
		either(rt, "POST "+view+"/records", h.onView(h.createRecord))
		either(rt, "GET "+view+"/records/{record}", h.onView(h.getRecord))
		either(rt, "PUT "+view+"/records/{record}", h.onView(h.updateRecord))
		either(rt, "DELETE "+view+"/records/{record}", h.onView(h.deleteRecord))
		either(rt, "GET "+view+"/report", h.onView(h.getReport))
	}

	either(rt, "GET /v1/objects", h.onSchema(h.listObjects))
	either(rt, "GET /v1/objects/{object}", h.onObject(h.getObject))
	either(rt, "GET /v1/objects/{object}/fields", h.onObject(h.listFields))
	either(rt, "GET /v1/applications/{app}", h.getApplication)
	either(rt, "POST /v1/applications/{app}/session", h.createSession)
	either(rt, "GET /v1/session/token", h.getSession)

	for _, prefix := range []string{"/v1/", "/v2/", "/assets/"} {
		rt.HandleFallback(prefix, h.unknown(rt))
	}
}

// either registers a route with and without a slash at its end. Clients send both, and a redirect loses a body.
func either(rt *wire.Router, pattern string, handle wire.Handler) {
	rt.Handle(pattern, handle)
	rt.Handle(pattern+"/{$}", handle)
}

// unknown answers what no route takes: questions of browsers, wrong methods, unknown paths.
func (h *handler) unknown(rt *wire.Router) wire.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if r.Method == http.MethodOptions {
			return preflight(w, r)
		}
		if allowed := rt.Allowed(r); len(allowed) > 0 && !namesNoRecord(r.URL.Path) {
			return &fault{status: http.StatusMethodNotAllowed, sentence: "Method Not Allowed", allow: allowed}
		}
		return errNotFound
	}
}

// namesNoRecord reports whether path has something else where a record's id stands. There is no endpoint for batches: a word is never
// taken for an id, whatever the method.
func namesNoRecord(path string) bool {
	_, id, ok := strings.Cut(strings.TrimSuffix(path, "/"), "/records/")
	return ok && !dossier.ValidRecordID(id)
}

// exposed are the headers that scripts of other origins may read.
const exposed = "X-PlanLimit-Limit, X-PlanLimit-Remaining, X-PlanLimit-Reset, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Content-Disposition, ETag"

// cors lets scripts of every origin in: nothing here depends on a cookie.
func cors(next wire.Handler) wire.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Access-Control-Expose-Headers", exposed)
		return next(w, r)
	}
}

func preflight(w http.ResponseWriter, r *http.Request) error {
	header := w.Header()
	header.Set("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE, OPTIONS, HEAD")
	if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
		header.Set("Access-Control-Allow-Headers", asked)
		header.Set("Vary", "Access-Control-Request-Headers")
	}
	header.Set("Access-Control-Max-Age", "86400")
	w.WriteHeader(http.StatusNoContent)
	return nil
}
