package wire

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"dossier"
)

// ReadJSON reads r's body, at most limit bytes, as one JSON document and nothing after it; see ParseJSON for what is
// refused. An empty or blank body is nil, nil. Over the limit it is dossier.TooLarge, by Content-Length before a byte is
// read; with a Content-Encoding dossier.Unsupported; cut off dossier.Incomplete.
func ReadJSON(r *http.Request, limit int64) (any, error) { return readJSON(r, limit, false) }

// ReadJSONFirst is ReadJSON for clients that send more: what follows the first value is ignored.
func ReadJSONFirst(r *http.Request, limit int64) (any, error) { return readJSON(r, limit, true) }

func readJSON(r *http.Request, limit int64, first bool) (v any, err error) {
	err = withBody(r, limit, func(b []byte) error {
		if len(bytes.TrimLeft(b, " \t\r\n")) > 0 {
			v, err = parseJSON(b, first)
		}
		return err
	})
	return v, err
}

// WriteJSON answers with status and v as JSON under contentType, with Content-Length. Nothing is written when v cannot be
// encoded. escapeHTML writes <, > and & as \u003c, \u003e and \u0026.
func WriteJSON(w http.ResponseWriter, status int, contentType string, v any, escapeHTML bool) error {
	return writeJSON(w, status, contentType, v, escapeHTML, "")
}

// WriteJSONLine is WriteJSON with <, > and & escaped and a newline at the end.
func WriteJSONLine(w http.ResponseWriter, status int, contentType string, v any) error {
	return writeJSON(w, status, contentType, v, true, "\n")
}

func writeJSON(w http.ResponseWriter, status int, contentType string, v any, escapeHTML bool, end string) error {
	buf := newBuffer()
	defer freeBuffer(buf)
	text, err := appendJSON(buf.AvailableBuffer(), v, escapeHTML)
	if err != nil {
		return dossier.Errorf(dossier.Internal, "encode the answer: %w", err)
	}
	buf.Write(append(text, end...))
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(buf.Len()))
	w.WriteHeader(status)
	if _, err := w.Write(buf.Bytes()); err != nil {
		return dossier.Errorf(dossier.Canceled, "write the answer: %w", err)
	}
	return nil
}

// withBody calls fn with r's whole body of at most limit bytes, which are fn's only while it runs.
func withBody(r *http.Request, limit int64, fn func([]byte) error) error {
	if err := checkEncoding(r); err != nil {
		return err
	}
	if r.ContentLength > limit {
		return tooLarge(limit)
	}
	if r.Body == nil {
		return fn(nil)
	}
	buf := newBuffer()
	defer freeBuffer(buf)
	if err := fill(buf, shareOf(r.Context()).reader(io.LimitReader(r.Body, limit+1)), r.ContentLength); err != nil {
		return bodyError(err)
	}
	if int64(buf.Len()) > limit {
		return tooLarge(limit)
	}
	return fn(buf.Bytes())
}

func tooLarge(limit int64) error {
	return dossier.Errorf(dossier.TooLarge, "the body has more than %d bytes", limit)
}

// checkEncoding refuses bodies that would have to be inflated.
func checkEncoding(r *http.Request) error {
	for _, e := range r.Header.Values("Content-Encoding") {
		if e = strings.TrimSpace(e); e != "" && !strings.EqualFold(e, "identity") {
			return dossier.Errorf(dossier.Unsupported, "%w", ErrContentEncoding)
		}
	}
	return nil
}

// bodyError classifies an error of reading a body. What has a Kind keeps it.
func bodyError(err error) error {
	var over *http.MaxBytesError
	var classified *dossier.Error
	switch {
	case errors.As(err, &classified):
		return err
	case errors.As(err, &over):
		return dossier.Errorf(dossier.TooLarge, "read the body: %w", err)
	}
	return dossier.Errorf(dossier.Incomplete, "read the body: %w", err)
}

// maxPooled is the largest buffer that is kept for later.
const maxPooled = 1 << 20

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func newBuffer() *bytes.Buffer { return buffers.Get().(*bytes.Buffer) }

func freeBuffer(b *bytes.Buffer) {
	if b.Cap() <= maxPooled {
		b.Reset()
		buffers.Put(b)
	}
}
