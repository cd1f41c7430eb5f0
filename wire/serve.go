package wire

import (
	"context"
	"io"
	"net/http"
	"net/textproto"
	"strconv"
	"sync"
	"time"

	"dossier"
)

// Content is what Serve sends.
type Content struct {
	Size    int64     // bytes
	ModTime time.Time // zero: no Last-Modified
	ETag    string    // strong and quoted, or ""
	// HeadRanges answers HEAD with the status and headers that GET has, also for a Range. RFC 9110 has ranges for GET alone.
	HeadRanges bool
	// Open returns n bytes from off; Serve closes it. It is not called for an answer without them.
	Open func(ctx context.Context, off, n int64) (io.ReadCloser, error)
}

// Serve answers GET and HEAD with c under the conditional and range headers of RFC 9110: 200, 206 (one range, or up to
// eight as multipart/byteranges), 304, 412 or 416. Content-Type, Content-Disposition, Cache-Control and the like are set
// by the caller before. An error of Open comes back before anything is written. An error after that, also a blob shorter
// than Size, must be returned to the Router, which aborts the connection: missing bytes are never made up. A client that
// reads too slowly is cut off, see GuardWriter.
func Serve(w http.ResponseWriter, r *http.Request, c Content) error {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return dossier.Errorf(dossier.Unsupported, "method %.20q on a file", r.Method)
	}
	setValidators(w.Header(), c)
	switch checkConditions(r, c) {
	case http.StatusNotModified:
		notModified(w)
		return nil
	case http.StatusPreconditionFailed:
		preconditionFailed(w)
		return nil
	}
	ranges, ok := wantedRanges(r, c)
	if !ok {
		return unsatisfiable(w, r, c.Size)
	}
	t := &transfer{w: w, r: r, c: c}
	switch len(ranges) {
	case 0:
		return t.one(http.StatusOK, span{0, c.Size})
	case 1:
		w.Header().Set("Content-Range", ranges[0].contentRange(c.Size))
		return t.one(http.StatusPartialContent, ranges[0])
	}
	return t.several(ranges)
}

func setValidators(h http.Header, c Content) {
	h.Set("Accept-Ranges", "bytes")
	if c.ETag != "" {
		h.Set("ETag", c.ETag)
	}
	if !c.ModTime.IsZero() {
		h.Set("Last-Modified", c.ModTime.UTC().Format(http.TimeFormat))
	}
}

// dropContent removes what describes the bytes that are not sent. Content-Disposition stays: it is about the file, and an answer that
// a browser must not show is none to show without the bytes either.
func dropContent(h http.Header) {
	for _, name := range []string{"Content-Type", "Content-Length", "Content-Encoding"} {
		h.Del(name)
	}
}

// dropValidators removes what says that, and how long, an answer may be kept.
func dropValidators(h http.Header) {
	for _, name := range []string{"Cache-Control", "ETag", "Last-Modified"} {
		h.Del(name)
	}
}

func notModified(w http.ResponseWriter) {
	dropContent(w.Header())
	w.WriteHeader(http.StatusNotModified)
}

func preconditionFailed(w http.ResponseWriter) {
	dropContent(w.Header())
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusPreconditionFailed)
}

func unsatisfiable(w http.ResponseWriter, r *http.Request, size int64) error {
	const body = "invalid range: failed to overlap"
	h := w.Header()
	dropContent(h)
	dropValidators(h)
	h.Set("Content-Range", "bytes */"+strconv.FormatInt(size, 10))
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
	if r.Method == http.MethodHead {
		return nil
	}
	if _, err := io.WriteString(w, body); err != nil {
		return dossier.Errorf(dossier.Canceled, "write the answer: %w", err)
	}
	return nil
}

// A transfer sends the bytes of one answer.
type transfer struct {
	w http.ResponseWriter
	r *http.Request
	c Content
}

// open opens s, nil if there is nothing to read.
func (t *transfer) open(s span) (io.ReadCloser, error) {
	if t.r.Method == http.MethodHead || s.n == 0 {
		return nil, nil
	}
	return t.c.Open(t.r.Context(), s.off, s.n)
}

// one sends one span as the whole body.
func (t *transfer) one(status int, s span) error {
	src, err := t.open(s)
	if err != nil {
		t.retract()
		return err
	}
	t.w.Header().Set("Content-Length", strconv.FormatInt(s.n, 10))
	t.w.WriteHeader(status)
	if src == nil {
		return nil
	}
	g := GuardWriter(t.w, MinRate, RateWindow).(*guardedWriter)
	defer g.release()
	return t.copy(g, src, s.n)
}

// several sends spans as multipart/byteranges.
func (t *transfer) several(spans []span) error {
	src, err := t.open(spans[0])
	if err != nil {
		t.retract()
		return err
	}
	h := t.w.Header()
	media := h.Get("Content-Type")
	boundary, length := byteranges(spans, media, t.c.Size)
	h.Set("Content-Type", "multipart/byteranges; boundary="+boundary)
	h.Set("Content-Length", strconv.FormatInt(length, 10))
	t.w.WriteHeader(http.StatusPartialContent)
	if src == nil {
		return nil
	}
	g := GuardWriter(t.w, MinRate, RateWindow).(*guardedWriter)
	defer g.release()
	mw := newPartWriter(g, boundary)
	for i, s := range spans {
		if i > 0 {
			if src, err = t.open(s); err != nil {
				return err
			}
		}
		part, err := mw.CreatePart(s.header(media, t.c.Size))
		if err != nil {
			src.Close()
			return dossier.Errorf(dossier.Canceled, "send a range: %w", err)
		}
		if err := t.copy(part, src, s.n); err != nil {
			return err
		}
	}
	if err := mw.Close(); err != nil {
		return dossier.Errorf(dossier.Canceled, "send the ranges: %w", err)
	}
	return nil
}

// retract takes back the headers of an answer that cannot be given.
func (t *transfer) retract() {
	dropContent(t.w.Header())
	dropValidators(t.w.Header())
	t.w.Header().Del("Content-Disposition")
	t.w.Header().Del("Accept-Ranges")
	t.w.Header().Del("Content-Range")
}

// copyBuffer is the size of the pieces that are read, which is that of the pieces that are sent. Over loopback this is as
// fast as sendfile for files that fit the socket's buffer, and faster for bigger ones: see BenchmarkServe.
const copyBuffer = maxPiece

var copyBuffers = sync.Pool{New: func() any { return new([copyBuffer]byte) }}

// copy sends n bytes of src and closes it.
func (t *transfer) copy(w io.Writer, src io.ReadCloser, n int64) error {
	defer src.Close() // read only: what was read is sent already
	buf := copyBuffers.Get().(*[copyBuffer]byte)
	defer copyBuffers.Put(buf)
	for n > 0 {
		got, rerr := src.Read(buf[:min(n, copyBuffer)])
		if _, err := w.Write(buf[:got]); err != nil {
			return dossier.Errorf(dossier.Canceled, "send the file: %w", err)
		}
		if n -= int64(got); n > 0 && rerr != nil {
			return t.readError(rerr, n)
		}
	}
	return nil
}

func (t *transfer) readError(err error, missing int64) error {
	if err == io.EOF {
		return dossier.Errorf(dossier.Internal, "the file ends %d bytes before its size: %w", missing, io.ErrUnexpectedEOF)
	}
	if t.r.Context().Err() != nil {
		return dossier.Errorf(dossier.Canceled, "read the file: %w", err)
	}
	return dossier.Errorf(dossier.Internal, "read the file, %d bytes to go: %w", missing, err)
}

// header is the head of s as a part.
func (s span) header(media string, size int64) textproto.MIMEHeader {
	h := textproto.MIMEHeader{"Content-Range": {s.contentRange(size)}}
	if media != "" {
		h.Set("Content-Type", media)
	}
	return h
}
