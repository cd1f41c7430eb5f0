package wire

import (
	"errors"
	"io"
	"net/http"
	"net/textproto"
)

// Causes of multipart errors, for errors.Is.
var (
	ErrNotMultipart    = errors.New("not multipart/form-data")          // Unsupported: another type; Invalid: no usable boundary
	ErrContentEncoding = errors.New("content encoding is not accepted") // Unsupported
	ErrTruncated       = errors.New("truncated before the end of body") // Invalid
	ErrDisposition     = errors.New("broken content disposition")       // Invalid
	ErrPartHeader      = errors.New("broken part header")               // Invalid: malformed, too long or too many
	ErrTooManyParts    = errors.New("too many parts")                   // TooLarge
)

// Limits bound what a multipart body may cost besides the bytes of its files. A zero is the default.
type Limits struct {
	Parts           int   // parts in all: 200
	FieldBytes      int64 // one part read by Text: 1 MiB
	TotalFieldBytes int64 // all parts read by Text: 16 MiB
	HeaderBytes     int64 // header of one part: 16 KiB
	Headers         int   // header lines of one part: 32
	Preamble        int64 // bytes before the first boundary: 64 KiB
	Epilogue        int64 // bytes read after the last boundary, the rest is left unread: 64 KiB
	Body            int64 // the whole body: no limit

	// GuessBoundary takes the boundary from the first line of the body when the parameter is missing.
	GuessBoundary bool
}

// A Multipart reads the parts of a multipart/form-data body one after another from the socket. It keeps one buffer,
// whatever the size of the body.
type Multipart struct{}

// OpenMultipart begins to read r's body. Any media type but multipart/form-data is Unsupported with ErrNotMultipart; a
// missing, repeated or unusable boundary Invalid with ErrNotMultipart; a Content-Encoding Unsupported with
// ErrContentEncoding. Lines may end in LF alone. Nothing is ever read as nested multipart.
func OpenMultipart(r *http.Request, l Limits) (*Multipart, error) { return nil, nil }

// Next skips what is left of the current part and returns the next one. It returns io.EOF only after a proper closing
// boundary, with the body read to its end (as far as Limits.Epilogue). Errors are final.
func (m *Multipart) Next() (*Part, error) { return nil, io.EOF }

// Close gives the buffer back; m and its parts must not be used after. It does not close the body.
func (m *Multipart) Close() {}

// A Part is one part of a form. Its bytes are read as sent; a Content-Transfer-Encoding that would change them is refused
// by Next as dossier.Unsupported. It is valid until the following call of Next.
type Part struct {
	Name        string               // never empty
	FileName    string               // as sent, see CleanName; "" if absent, empty or in an unknown charset
	HasFileName bool                 // a file, even one without a usable name; otherwise a text field
	ContentType string               // as declared, "" if not
	Header      textproto.MIMEHeader // all of the part's header
}

// Read reads the part's bytes; io.EOF at their end. A body that ends first is dossier.Invalid with ErrTruncated.
func (p *Part) Read(b []byte) (int, error) { return 0, io.EOF }

// WriteTo writes the part's bytes to w from the reader's own buffer, without copying them: io.Copy uses it.
func (p *Part) WriteTo(w io.Writer) (int64, error) { return 0, nil }

// Text reads the part as text within Limits.FieldBytes and Limits.TotalFieldBytes, else dossier.TooLarge. Invalid UTF-8
// and NUL are dossier.Invalid.
func (p *Part) Text() (string, error) { return "", nil }
