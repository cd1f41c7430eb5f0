package wire

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"

	"dossier"
)

// Causes of multipart errors, for errors.Is.
var (
	// ErrNotMultipart: Unsupported for another media type, Invalid without a usable boundary, or with one that is not there.
	ErrNotMultipart = errors.New("not multipart/form-data")
	// ErrContentEncoding: Unsupported; a body is not inflated.
	ErrContentEncoding = errors.New("content encoding is not accepted")
	// ErrTruncated: Invalid.
	ErrTruncated = errors.New("the body ends before its closing boundary")
	// ErrDisposition: Invalid; a part's Content-Disposition is absent, doubled, malformed or without a name.
	ErrDisposition = errors.New("broken content disposition")
	// ErrPartHeader: Invalid; a part's header is malformed, too long, or has too many lines.
	ErrPartHeader = errors.New("broken part header")
	// ErrTooManyParts: TooLarge.
	ErrTooManyParts = errors.New("too many parts")
)

// Limits bound what a multipart body may cost besides the bytes of its files. A zero is the default.
type Limits struct {
	Parts           int   // parts in all: 200
	FieldBytes      int64 // one part read by Text: 1 MiB
	TotalFieldBytes int64 // all parts read by Text: 16 MiB
	HeaderBytes     int   // header of one part: 16 KiB, which is also the most
	Headers         int   // header lines of one part: 32
	Preamble        int64 // bytes before the first boundary: 64 KiB
	Epilogue        int64 // bytes read after the last boundary, the rest is left unread: 64 KiB
	Body            int64 // the whole body: no limit

	// GuessBoundary takes the boundary from the first line of the body when the parameter is missing.
	GuessBoundary bool
}

func (l Limits) withDefaults() Limits {
	l.Parts = cmp.Or(l.Parts, 200)
	l.FieldBytes = cmp.Or(l.FieldBytes, 1<<20)
	l.TotalFieldBytes = cmp.Or(l.TotalFieldBytes, 16<<20)
	l.HeaderBytes = min(cmp.Or(l.HeaderBytes, 16<<10), 16<<10)
	l.Headers = cmp.Or(l.Headers, 32)
	l.Preamble = cmp.Or(l.Preamble, 64<<10)
	l.Epilogue = cmp.Or(l.Epilogue, 64<<10)
	return l
}

// A place is where a Multipart stands.
type place int

const (
	inPreamble place = iota
	inBody           // of a part
	atHeader         // after a boundary line
	atEnd            // after the closing boundary
)

// A Multipart reads the parts of a multipart/form-data body one after another from the socket. It keeps one buffer,
// whatever the size of the body.
type Multipart struct {
	r     io.Reader
	l     Limits
	share *share // of the budget, for texts
	read  int64  // bytes of r read so far
	rerr  error  // what r ended with
	err   error  // final: what Next ended with
	buf   *[partBuffer]byte
	pos   int // buf[pos:end] is unread
	end   int
	known int // bytes from pos on that belong to the part

	dash  []byte // "--boundary"
	delim []byte // line end and dash
	place place
	fresh bool // at the first byte of a part, where the delimiter needs no line end of its own
	parts int
	text  int64 // bytes that Text returned
	part  *Part
}

// partBuffer is the size of the one buffer. Bigger ones were not faster.
const partBuffer = 128 << 10

// formBytes is what a form holds of a Budget while it comes: the buffer, and those of whoever keeps its files.
const formBytes = 192 << 10

var partBuffers = sync.Pool{New: func() any { return new([partBuffer]byte) }}

// OpenMultipart begins to read r's body. Any media type but multipart/form-data is Unsupported with ErrNotMultipart; a
// missing, repeated or unusable boundary Invalid with ErrNotMultipart; a Content-Encoding Unsupported with
// ErrContentEncoding; too many forms at a time Busy (Budget). Lines may end in LF alone. Nothing is ever read as nested multipart.
func OpenMultipart(r *http.Request, l Limits) (*Multipart, error) {
	boundary, err := boundaryOf(r.Header)
	if err != nil {
		return nil, err
	}
	if err := checkEncoding(r); err != nil {
		return nil, err
	}
	if l.Body > 0 && r.ContentLength > l.Body {
		return nil, tooLarge(l.Body)
	}
	if err := shareOf(r.Context()).take(formBytes); err != nil {
		return nil, err
	}
	m := &Multipart{r: r.Body, l: l.withDefaults(), share: shareOf(r.Context()), buf: partBuffers.Get().(*[partBuffer]byte)}
	if r.Body == nil {
		m.r = http.NoBody
	}
	m.end = copy(m.buf[:], "\n") // the first boundary line follows a line end like all others
	if boundary == "" && l.GuessBoundary {
		boundary = m.guessBoundary()
	}
	if !validBoundary(boundary) {
		m.Close()
		return nil, dossier.Errorf(dossier.Invalid, "%w: no boundary, or one that cannot be", ErrNotMultipart)
	}
	m.dash = []byte("--" + boundary)
	m.delim = []byte("\n--" + boundary)
	return m, nil
}

// boundaryOf returns the boundary parameter, "" if there is none.
func boundaryOf(h http.Header) (string, error) {
	types := h.Values("Content-Type")
	if len(types) > 1 {
		return "", dossier.Errorf(dossier.Invalid, "%w: several content types", ErrNotMultipart)
	}
	media, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	if media = strings.TrimSpace(media); !strings.EqualFold(media, "multipart/form-data") {
		return "", dossier.Errorf(dossier.Unsupported, "%w but %.100q", ErrNotMultipart, media)
	}
	_, params, ok := parseParams(h.Get("Content-Type"))
	boundary, n := "", 0
	for _, p := range params {
		if p.name == "boundary" {
			boundary = p.value
			n++
		}
	}
	if !ok || n > 1 || n == 1 && !validBoundary(boundary) {
		return "", dossier.Errorf(dossier.Invalid, "%w: malformed content type", ErrNotMultipart)
	}
	return boundary, nil
}

// validBoundary holds boundaries to RFC 2046's length, and to printable characters.
func validBoundary(b string) bool {
	for i := range len(b) {
		if b[i] < ' ' || b[i] > '~' {
			return false
		}
	}
	return b != "" && len(b) <= 70 && b[len(b)-1] != ' '
}

// guessBoundary returns what follows the "--" that the body's first line begins with, "" for any other line.
func (m *Multipart) guessBoundary() string {
	const longest = len("\n--") + 70 + len(" \r\n")
	for bytes.IndexByte(m.buf[1:m.end], '\n') < 0 && m.end < longest && m.fill() {
	}
	line, _, ok := bytes.Cut(m.buf[1:m.end], []byte("\n"))
	boundary, dashed := bytes.CutPrefix(bytes.TrimRight(line, " \t\r"), []byte("--"))
	if !ok || !dashed {
		return ""
	}
	return string(boundary)
}

// Close gives the buffer back; m and its parts must not be used after. It does not close the body.
func (m *Multipart) Close() {
	if m.buf != nil {
		partBuffers.Put(m.buf)
		m.buf, m.part, m.err = nil, nil, errClosed
	}
}

var errClosed = errors.New("wire: multipart is closed")

// Next skips what is left of the current part and returns the next one. It returns io.EOF only after a proper closing
// boundary, with the body read to its end (as far as Limits.Epilogue). Errors are final.
func (m *Multipart) Next() (*Part, error) {
	if m.err == nil {
		m.part, m.err = m.next()
	}
	if m.err != nil {
		m.part = nil
		return nil, m.err
	}
	return m.part, nil
}

func (m *Multipart) next() (*Part, error) {
	m.part = nil
	if err := m.skip(); err != nil {
		return nil, err
	}
	if m.place == atEnd {
		return nil, m.epilogue()
	}
	if m.parts++; m.parts > m.l.Parts {
		return nil, dossier.Errorf(dossier.TooLarge, "%w: over %d", ErrTooManyParts, m.l.Parts)
	}
	p, err := m.header()
	if err != nil {
		return nil, err
	}
	m.place, m.fresh = inBody, true
	return p, nil
}

// skip goes on to the next boundary.
func (m *Multipart) skip() error {
	var skipped int64
	for m.place == inPreamble || m.place == inBody {
		first := m.place == inPreamble
		n, err := m.window()
		if err != nil {
			if first && errors.Is(err, ErrTruncated) {
				return dossier.Errorf(dossier.Invalid, "%w: its boundary is not in the body", ErrNotMultipart)
			}
			return err
		}
		m.take(n)
		if skipped += int64(n); first && skipped > m.l.Preamble {
			return dossier.Errorf(dossier.TooLarge, "over %d bytes before the first boundary", m.l.Preamble)
		}
	}
	return nil
}

// epilogue reads the body to its end, or as far as the limit goes.
func (m *Multipart) epilogue() error {
	for n := int64(0); ; {
		n += int64(m.end - m.pos)
		m.pos = m.end
		if n > m.l.Epilogue || m.rerr == io.EOF {
			return io.EOF
		}
		if !m.fill() && m.rerr != io.EOF {
			return m.bodyError()
		}
	}
}

// take drops n known bytes.
func (m *Multipart) take(n int) {
	m.pos += n
	m.known -= n
}

// fill reads once, after making room. It reports false when r has ended or the buffer is full.
func (m *Multipart) fill() bool {
	if m.rerr != nil {
		return false
	}
	if m.pos > 0 {
		m.end = copy(m.buf[:], m.buf[m.pos:m.end])
		m.pos = 0
	}
	if m.end == len(m.buf) {
		return false
	}
	n, err := m.r.Read(m.buf[m.end:])
	m.end += n
	m.read += int64(n)
	m.rerr = err
	if m.l.Body > 0 && m.read > m.l.Body {
		m.rerr = tooLarge(m.l.Body)
	}
	return n > 0 || err == nil
}

// bodyError is the error for a body that ended where it must not: truncated, whoever ended it, unless reading it failed.
func (m *Multipart) bodyError() error {
	if m.rerr == io.EOF || errors.Is(m.rerr, io.ErrUnexpectedEOF) {
		return dossier.Errorf(dossier.Invalid, "%w", ErrTruncated)
	}
	return bodyError(m.rerr)
}
