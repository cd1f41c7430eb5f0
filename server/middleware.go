package server

import (
	"context"
	"encoding/hex"
	"io"
	"net/http"
	"runtime/debug"
	"time"

	"dossier/wire"
)

// requestIDKey is the context's key of the request id.
type requestIDKey struct{}

// RequestID is the id under which a request's lines stand in the log, "" outside a request.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// seen notes what was answered.
type seen struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// WriteHeader notes the status.
func (w *seen) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write counts the bytes.
func (w *seen) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// ReadFrom lets the connection take a file's bytes by itself.
func (w *seen) ReadFrom(src io.Reader) (int64, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := io.Copy(w.ResponseWriter, src)
	w.bytes += n
	return n, err
}

// Unwrap is for http.ResponseController.
func (w *seen) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// logged gives the request an id and writes one line when it is answered. Neither query nor header is logged: they may hold
// tokens.
func (s *Server) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		id := s.requestID()
		w.Header().Set("X-Request-Id", id)
		out := &seen{ResponseWriter: w}
		r = r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id))
		defer func() {
			s.o.Log.Info("request", "id", id, "method", r.Method, "path", r.URL.Path, "status", out.status, "bytes", out.bytes,
				"took", time.Since(began).Round(time.Microsecond))
		}()
		next.ServeHTTP(out, r)
	})
}

func (s *Server) requestID() string {
	var b [8]byte
	if _, err := io.ReadFull(s.o.Random, b[:]); err != nil {
		return ""
	}
	return hex.EncodeToString(b[:])
}

// recovered turns a panic of a handler into a line with its stack and, where nothing was written yet, a bare 500.
func (s *Server) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler {
				panic(v) // the connection is to be cut
			}
			s.o.Log.Error("panic", "id", RequestID(r.Context()), "panic", v, "stack", string(debug.Stack()))
			if out, ok := w.(*seen); ok && out.status != 0 {
				panic(http.ErrAbortHandler)
			}
			http.Error(w, "Internal Server Error", http.StatusInternalServerError)
		}()
		next.ServeHTTP(w, r)
	})
}

// guarded cuts off clients whose bodies come next to never, and ends the connection after a chunked body: whether its length was also
// said another way, which could hide a second request behind it, a handler is not told (RFC 9112, 6.1).
func (s *Server) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.TransferEncoding) > 0 && r.ProtoMajor == 1 {
			w.Header().Set("Connection", "close")
		}
		wire.GuardBody(w, r, wire.MinRate, wire.RateWindow)
		next.ServeHTTP(w, r)
	})
}
