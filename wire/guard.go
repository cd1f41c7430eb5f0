package wire

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"dossier"
)

// The slowest client that is waited for, where nobody decides otherwise.
const (
	MinRate    = 1 << 10          // bytes a second
	RateWindow = 30 * time.Second // over which the rate is measured
)

// GuardBody replaces r.Body with one that cuts off a client which sends less than minRate bytes a second over window, by
// moving the connection's read deadline with its progress. Only time spent waiting for the client counts. Reads then fail
// as dossier.Incomplete, as do those of a body that ends early. It needs http.Server.ReadTimeout to be 0, and does
// nothing where deadlines are not supported.
func GuardBody(w http.ResponseWriter, r *http.Request, minRate int64, window time.Duration) {
	if r.Body == nil || r.Body == http.NoBody {
		return
	}
	r.Body = &guardedBody{
		body:   r.Body,
		rc:     http.NewResponseController(w),
		quota:  quota(minRate, window),
		window: window,
	}
}

// quota is how many bytes make a window good.
func quota(minRate int64, window time.Duration) int64 {
	return max(1, int64(float64(minRate)*window.Seconds()))
}

// A guardedBody grants its client a window for each quota of bytes.
type guardedBody struct {
	body   io.ReadCloser
	rc     *http.ResponseController
	quota  int64
	window time.Duration

	got   int64         // bytes of the current quota
	spent time.Duration // waiting for them
}

func (g *guardedBody) Read(b []byte) (int, error) {
	start := time.Now()
	// A connection without deadlines is read without them.
	_ = g.rc.SetReadDeadline(start.Add(g.window - g.spent))
	n, err := g.body.Read(b)
	g.spent += time.Since(start)
	if g.got += int64(n); g.got >= g.quota {
		g.got, g.spent = 0, 0
	}
	switch {
	case err == io.EOF:
		// The server goes on to watch the connection: that read has no deadline.
		_ = g.rc.SetReadDeadline(time.Time{})
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = dossier.Errorf(dossier.Incomplete, "the body came in slower than %d bytes in %s: %w", g.quota, g.window, err)
	case err != nil:
		err = bodyError(err)
	}
	return n, err
}

// Close closes the body. The last deadline stays in force for what the server still reads of it.
func (g *guardedBody) Close() error { return g.body.Close() }

// maxPiece is what GuardWriter lets a writer wait for at once: at MinRate two minutes, within which nobody can tell a slow
// client from one that is gone. Smaller pieces are slower, bigger ones hardly faster.
const maxPiece = 128 << 10

// GuardWriter returns a writer over w that cuts off a client which takes less than minRate bytes a second over window, by
// moving the connection's write deadline before each piece of at most 128 KiB, by the time the piece may take but at least
// window. The last deadline stays in force for the server's own flush, so guard every response of a server or none. Serve
// guards itself.
func GuardWriter(w http.ResponseWriter, minRate int64, window time.Duration) http.ResponseWriter {
	g := &guardedWriter{ResponseWriter: w, rc: http.NewResponseController(w), minRate: max(1, minRate), window: window}
	g.extend(0)
	return g
}

type guardedWriter struct {
	http.ResponseWriter
	rc      *http.ResponseController
	minRate int64
	window  time.Duration
}

// extend grants the client time for n bytes, at least a window.
func (g *guardedWriter) extend(n int) {
	need := time.Duration(float64(n) / float64(g.minRate) * float64(time.Second))
	// A connection without deadlines is written without them.
	_ = g.rc.SetWriteDeadline(time.Now().Add(max(g.window, need)))
}

func (g *guardedWriter) Write(b []byte) (int, error) {
	written := 0
	for {
		piece := b[written:min(len(b), written+maxPiece)]
		g.extend(len(piece))
		n, err := g.ResponseWriter.Write(piece)
		if written += n; err != nil || written == len(b) {
			return written, err
		}
	}
}

// ReadFrom keeps the way open to the connection's own ReadFrom, a piece at a time.
func (g *guardedWriter) ReadFrom(src io.Reader) (int64, error) {
	var written int64
	for {
		g.extend(maxPiece)
		n, err := io.Copy(g.ResponseWriter, io.LimitReader(src, maxPiece))
		if written += n; err != nil || n < maxPiece {
			return written, err
		}
	}
}

// Unwrap is for http.ResponseController.
func (g *guardedWriter) Unwrap() http.ResponseWriter { return g.ResponseWriter }

// release flushes under the last deadline and lifts it, for a server that guards no other response.
func (g *guardedWriter) release() {
	_ = g.rc.Flush() // a dead connection shows in the writes
	_ = g.rc.SetWriteDeadline(time.Time{})
}
