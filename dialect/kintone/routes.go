package kintone

import (
	"fmt"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"dossier/access"
	"dossier/core"
	"dossier/wire"
)

// Options are what the dialect needs besides the service. The zero Options are fine.
type Options struct {
	// Session is who holds the session that the request's cookie names, with the request token that the session's writes
	// must carry; ok is false where there is no session. nil: there are no sessions.
	Session func(r *http.Request) (who access.Principal, requestToken string, ok bool)
	// BasicUser and BasicPassword, where BasicUser is set, are an additional gate in front of every request.
	BasicUser, BasicPassword string
	// Concurrency is how many requests are worked on at a time; 0 is 100.
	Concurrency int
	// Patience is how long a request beyond that waits for its turn before it is refused; 0 is 10 seconds.
	Patience time.Duration
}

// The vendor's limits: "Kintone REST API Limitations".
const (
	defaultConcurrency = 100
	defaultPatience    = 10 * time.Second
	maxURL             = 8 << 10  // bytes of path and query
	maxBody            = 64 << 20 // bytes of JSON
	maxWritten         = 100      // records of one call
	maxRead            = 500      // records of one page
	defaultRead        = 100
	maxOffset          = 10_000
	maxFields          = 1000 // codes in "fields"
	maxBulk            = 20   // calls of one bulk request
	maxTokens          = 9    // API tokens of one request
)

// A handler holds what requests share.
type handler struct {
	svc     *core.Service
	o       Options
	slots   chan struct{} // one per request that is worked on
	running atomic.Int64
	proofs  proofs     // passwords that were right a moment ago
	cursors cursors    // live cursors
	forms   sync.Mutex // one change of a form at a time
}

// An action answers a call with a body to encode, or with nil where it has written the answer itself.
type action func(c *call) (any, error)

// Mount registers the dialect on mux under /k/.
func Mount(mux *http.ServeMux, svc *core.Service, o Options) {
	if o.Concurrency == 0 {
		o.Concurrency = defaultConcurrency
	}
	if o.Patience == 0 {
		o.Patience = defaultPatience
	}
	h := &handler{svc: svc, o: o, slots: make(chan struct{}, o.Concurrency)}
	h.proofs.init(svc.Random())
	rt := wire.NewRouter(mux, svc.Log(), h.writeFault)
	for path, methods := range h.table() {
		for _, prefix := range []string{"/k/v1/", "/k/guest/{space}/v1/"} {
			h.register(rt, prefix+path, methods)
		}
	}
	rt.HandleFallback("/k/", h.unknown(rt))
}

// methods are the actions of one path.
type methods map[string]action

// table is every path of the dialect with what answers it.
func (h *handler) table() map[string]methods {
	return map[string]methods{
		"file.json":   {"GET": read(h.downloadFile), "POST": h.uploadFile},
		"record.json": {"GET": read(h.getRecord), "POST": read(alone(h.planAdd)), "PUT": read(alone(h.planUpdate))},
		"records.json": {"GET": read(h.listRecords), "POST": read(alone(h.planAddAll)), "PUT": read(alone(h.planUpdateAll)),
			"DELETE": read(alone(h.planDelete))},
		"records/cursor.json":     {"GET": read(h.readCursor), "POST": read(h.openCursor), "DELETE": read(h.closeCursor)},
		"bulkRequest.json":        {"POST": read(h.bulkRequest)},
		"record/comment.json":     {"POST": read(h.addComment), "DELETE": read(h.deleteComment)},
		"record/comments.json":    {"GET": read(h.listComments)},
		"record/status.json":      {"PUT": read(alone(h.planProcess))},
		"records/status.json":     {"PUT": read(alone(h.planProcess))},
		"record/assignees.json":   {"PUT": read(alone(h.planProcess))},
		"app.json":                {"GET": read(h.getApp)},
		"apps.json":               {"GET": read(h.listApps)},
		"app/form/fields.json":    {"GET": read(h.getFields)},
		"app/form/layout.json":    {"GET": read(h.getLayout)},
		"preview/app.json":        {"POST": read(h.addApp)},
		"preview/app/deploy.json": {"GET": read(h.deployStatus), "POST": read(h.deployApps)},
		"preview/app/form/fields.json": {"GET": read(h.previewFields), "POST": read(h.addFields), "PUT": read(h.changeFields),
			"DELETE": read(h.removeFields)},
		"preview/app/form/layout.json": {"GET": read(h.previewLayout), "PUT": read(h.changeLayout)},
	}
}

// read makes an action of one that wants its parameters read.
func read(act action) action {
	return func(c *call) (any, error) {
		if err := c.readParams(); err != nil {
			return nil, err
		}
		return act(c)
	}
}

// register adds the routes of one path. Every path takes POST, for X-HTTP-Method-Override.
func (h *handler) register(rt *wire.Router, path string, m methods) {
	serve := h.serve(m)
	for method := range m {
		rt.Handle(method+" "+path, serve)
	}
	if m["POST"] == nil {
		rt.Handle("POST "+path, serve)
	}
}

// serve is the handler of a path: the gates that every request passes, then the action of its method.
func (h *handler) serve(m methods) wire.Handler {
	return h.admit(func(w http.ResponseWriter, r *http.Request) error {
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		if over := r.Header.Get("X-HTTP-Method-Override"); over != "" && method == http.MethodPost {
			method = over
		}
		act := m[method]
		if act == nil {
			return methodFault(m)
		}
		c := &call{h: h, w: w, r: r, method: method, guestSpace: r.PathValue("space"), made: &made{}}
		if err := c.authenticate(); err != nil {
			return faultOf(err, c.who)
		}
		body, err := act(c)
		if err != nil {
			return faultOf(err, c.who)
		}
		if body == nil {
			return nil
		}
		return wire.WriteJSON(w, http.StatusOK, jsonType, body, false)
	})
}

func methodFault(m methods) error {
	f := fail(codeMethod)
	for _, method := range []string{"GET", "POST", "PUT", "DELETE"} {
		if m[method] != nil {
			f.allow = append(f.allow, method)
		}
	}
	return f
}

// unknown answers what no route takes.
func (h *handler) unknown(rt *wire.Router) wire.Handler {
	return h.admit(func(w http.ResponseWriter, r *http.Request) error {
		if allowed := rt.Allowed(r); len(allowed) > 0 {
			f := fail(codeMethod)
			f.allow = allowed
			return f
		}
		return fail(codeNoPath)
	})
}

// setCommon sets what every answer says.
func setCommon(header http.Header) {
	header.Set("Cache-Control", "no-cache, no-store, must-revalidate")
	header.Set("X-Content-Type-Options", "nosniff")
}

// admit lets so many requests in at a time, the Basic gate's holders and URLs of bearable length only.
func (h *handler) admit(next wire.Handler) wire.Handler {
	return func(w http.ResponseWriter, r *http.Request) (err error) {
		setCommon(w.Header())
		defer h.rescue(&err)
		release, err := h.enter(w, r)
		if err != nil {
			return err
		}
		defer release()
		if len(r.URL.RequestURI()) > maxURL {
			return fail(codeLongURL)
		}
		if !h.passesGate(r) {
			w.Header().Set("WWW-Authenticate", `Basic realm="dossier", charset="UTF-8"`)
			return fail(codeLogin)
		}
		return next(w, r)
	}
}

// rescue makes an error of a panic, so that its answer too is one that clients can read.
func (h *handler) rescue(err *error) {
	switch v := recover(); v {
	case nil:
	case http.ErrAbortHandler:
		panic(v)
	default:
		*err = &fault{code: codeFault, err: fmt.Errorf("panic: %v\n%s", v, debug.Stack())}
	}
}

// enter takes a slot, waiting for one if need be, and says how many are taken.
func (h *handler) enter(w http.ResponseWriter, r *http.Request) (release func(), err error) {
	header := w.Header()
	header.Set("X-ConcurrencyLimit-Limit", decimal(int64(h.o.Concurrency)))
	select {
	case h.slots <- struct{}{}:
	default:
		patience := time.NewTimer(h.o.Patience)
		defer patience.Stop()
		select {
		case h.slots <- struct{}{}:
		case <-patience.C:
			header.Set("X-ConcurrencyLimit-Running", decimal(int64(h.o.Concurrency)+1))
			return nil, fail(codeManyRequests)
		case <-r.Context().Done():
			return nil, fail(codeBusy)
		}
	}
	header.Set("X-ConcurrencyLimit-Running", decimal(h.running.Add(1)))
	return func() { h.running.Add(-1); <-h.slots }, nil
}
