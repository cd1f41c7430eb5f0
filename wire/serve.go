package wire

import (
	"context"
	"io"
	"net/http"
	"time"
)

// Content is what Serve sends.
type Content struct {
	Size    int64
	ModTime time.Time // zero: no Last-Modified
	ETag    string    // strong and quoted, or ""
	// Open returns n bytes from off; Serve closes it. It is not called for an answer without them.
	Open func(ctx context.Context, off, n int64) (io.ReadCloser, error)
}

// Serve answers GET and HEAD with c under the conditional and range headers of RFC 9110: 200, 206 (one range, or up to
// eight as multipart/byteranges), 304, 412 or 416. Content-Type, Content-Disposition, Cache-Control and the like are set
// by the caller before. An error of Open comes back before anything is written. An error after that, also a blob shorter
// than Size, must be returned to the Router, which aborts the connection: missing bytes are never made up. A client that
// reads too slowly is cut off, see GuardWriter.
func Serve(w http.ResponseWriter, r *http.Request, c Content) error { return nil }
