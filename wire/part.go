package wire

import (
	"bytes"
	"errors"
	"io"
	"net/textproto"
	"strings"
	"unicode/utf8"

	"dossier"
)

// A Part is one part of a form. Its bytes are read as sent; a Content-Transfer-Encoding that would change them is refused
// by Next as dossier.Unsupported. It is valid until the following call of Next.
type Part struct {
	Name        string               // never empty
	FileName    string               // as sent, see CleanName; "" if absent, empty or in an unknown charset
	HasFileName bool                 // a file, even one without a usable name; otherwise a text field
	ContentType string               // as declared, "" if not
	Header      textproto.MIMEHeader // all of the part's header

	m *Multipart
}

var errStalePart = errors.New("wire: the part is over, Next was called")

// window is the part's next bytes in the buffer, io.EOF at their end.
func (p *Part) window() ([]byte, error) {
	m := p.m
	if m.part != p {
		return nil, errStalePart
	}
	if m.place != inBody {
		return nil, io.EOF
	}
	n, err := m.window()
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, io.EOF
	}
	return m.buf[m.pos : m.pos+n], nil
}

// Read reads the part's bytes; io.EOF at their end. A body that ends first is dossier.Invalid with ErrTruncated.
func (p *Part) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	window, err := p.window()
	n := copy(b, window)
	p.m.take(n)
	return n, err
}

// WriteTo writes the part's bytes to w from the reader's own buffer, without copying them: io.Copy uses it.
func (p *Part) WriteTo(w io.Writer) (int64, error) {
	var written int64
	for {
		window, err := p.window()
		if err == io.EOF {
			return written, nil
		}
		if err != nil {
			return written, err
		}
		n, err := w.Write(window)
		p.m.take(n)
		written += int64(n)
		if err == nil && n < len(window) {
			err = io.ErrShortWrite
		}
		if err != nil {
			return written, err
		}
	}
}

// Text reads the part as text within Limits.FieldBytes and Limits.TotalFieldBytes, else dossier.TooLarge. Invalid UTF-8
// and NUL are dossier.Invalid.
func (p *Part) Text() (string, error) {
	limit := min(p.m.l.FieldBytes, p.m.l.TotalFieldBytes-p.m.text)
	text, over, err := readText(p.m.share.reader(p), limit)
	if err != nil {
		return "", err
	}
	if over {
		return "", dossier.Errorf(dossier.TooLarge, "the field %.100q takes the form over its limit of text", p.Name)
	}
	p.m.text += int64(len(text))
	if !utf8.ValidString(text) || strings.IndexByte(text, 0) >= 0 {
		return "", dossier.Errorf(dossier.Invalid, "the field %.100q is not UTF-8 text", p.Name)
	}
	return text, nil
}

// readText reads r, at most limit bytes of it; over says that there are more. It joins pieces once: a buffer that grows takes three
// times as much for a text that turns out to be too large.
func readText(r io.Reader, limit int64) (text string, over bool, err error) {
	pieces, total, err := readPieces(r, limit+1)
	if int64(total) > limit {
		return "", true, nil
	}
	if err != io.EOF {
		return "", false, err
	}
	var b strings.Builder
	b.Grow(total)
	for _, piece := range pieces {
		b.Write(piece)
	}
	return b.String(), false, nil
}

// header reads a part's header and makes the part of it.
func (m *Multipart) header() (*Part, error) {
	h, err := m.headerLines()
	if err != nil {
		return nil, err
	}
	d := h["Content-Disposition"]
	if len(d) != 1 {
		return nil, dispositionError("none, or several")
	}
	f, err := parseDisposition(d[0])
	if err != nil {
		return nil, err
	}
	switch e := h.Get("Content-Transfer-Encoding"); strings.ToLower(e) {
	case "", "7bit", "8bit", "binary":
	default:
		return nil, dossier.Errorf(dossier.Unsupported, "content transfer encoding %.40q", e)
	}
	return &Part{Name: f.name, FileName: f.file, HasFileName: f.hasFile, ContentType: h.Get("Content-Type"), Header: h, m: m}, nil
}

func headerError(what string) error {
	return dossier.Errorf(dossier.Invalid, "%w: %s", ErrPartHeader, what)
}

// headerLines reads up to and with the blank line that ends a header.
func (m *Multipart) headerLines() (textproto.MIMEHeader, error) {
	h := textproto.MIMEHeader{}
	last := ""
	for lines, size := 0, 0; ; lines++ {
		line, err := m.line(m.l.HeaderBytes - size)
		if err != nil || line == "" {
			return h, err
		}
		if size += len(line); lines >= m.l.Headers {
			return nil, headerError("too many lines")
		}
		if last, err = addLine(h, last, line); err != nil {
			return nil, err
		}
	}
}

// addLine adds a header line to h and returns its key. A line that begins with a blank goes on with the value of last.
func addLine(h textproto.MIMEHeader, last, line string) (string, error) {
	if i := strings.IndexFunc(line, isControl); i >= 0 {
		return "", headerError("a control character")
	}
	if line[0] == ' ' || line[0] == '\t' {
		if last == "" {
			return "", headerError("it begins with a continuation")
		}
		values := h[last]
		values[len(values)-1] += " " + strings.TrimSpace(line)
		return last, nil
	}
	key, value, ok := strings.Cut(line, ":")
	if !ok || !isToken(key) {
		return "", headerError("a line that is no field")
	}
	key = textproto.CanonicalMIMEHeaderKey(key)
	h[key] = append(h[key], strings.Trim(value, " \t"))
	return key, nil
}

// isControl reports ASCII control characters but the tab.
func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// line reads one line of at most limit bytes, without its end.
func (m *Multipart) line(limit int) (string, error) {
	for {
		data := m.buf[m.pos:m.end]
		i := bytes.IndexByte(data, '\n')
		if i > limit || i < 0 && len(data) > limit {
			return "", headerError("too long")
		}
		if i >= 0 {
			m.pos += i + 1
			return string(bytes.TrimSuffix(data[:i], []byte("\r"))), nil
		}
		if !m.fill() && m.rerr != nil {
			return "", m.bodyError()
		}
	}
}
