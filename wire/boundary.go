package wire

import "bytes"

// window returns how many bytes from pos on are known to belong to the part (or preamble). At its end it consumes the
// boundary line, moves m.place on and returns 0.
func (m *Multipart) window() (int, error) {
	for m.known == 0 {
		ended := m.rerr != nil
		n, ok := m.measure(m.buf[m.pos:m.end])
		if ok {
			m.known = n
			return n, nil
		}
		if ended {
			return 0, m.bodyError()
		}
		m.fill() // also its end may tell more
	}
	return m.known, nil
}

// measure looks at data, the unread bytes. ok is false when more of them are needed to tell.
func (m *Multipart) measure(data []byte) (n int, ok bool) {
	if m.fresh {
		if len(data) < len(m.dash) && m.rerr == nil {
			return 0, false
		}
		if bytes.HasPrefix(data, m.dash) {
			if at, ok := m.boundary(data, len(m.dash)); at || !ok {
				return 0, ok
			}
		}
		m.fresh = false
	}
	switch i := bytes.Index(data, m.delim); {
	case i > 0:
		return i, true
	case i == 0:
		if at, ok := m.boundary(data, len(m.delim)); at || !ok {
			return 0, ok
		}
		return len(m.delim), true
	}
	n = len(data) - m.tail(data)
	return n, n > 0
}

// tail is how many bytes at the end of data may be the beginning of a delimiter. None of its characters is like its
// first, so only the last of those in data can be one.
func (m *Multipart) tail(data []byte) int {
	end := data[max(0, len(data)-len(m.delim)+1):]
	if i := bytes.LastIndexByte(end, m.delim[0]); i >= 0 && bytes.HasPrefix(m.delim, end[i:]) {
		return len(end) - i
	}
	return 0
}

// maxPadding is how many blanks may follow a boundary on its line.
const maxPadding = 64

// boundary decides whether data, which begins with n bytes of delimiter, begins with a whole boundary line, and if so
// consumes it. Anything else after the delimiter makes it a part's own bytes, so that a boundary may be the beginning of
// another one inside the part. ok is false when more of data is needed.
func (m *Multipart) boundary(data []byte, n int) (at, ok bool) {
	rest := data[n:]
	closing := bytes.HasPrefix(rest, []byte("--"))
	if closing {
		rest = rest[2:]
	}
	line := bytes.TrimLeft(rest, " \t")
	if len(rest)-len(line) > maxPadding {
		return false, true
	}
	ended := m.rerr != nil
	switch {
	case bytes.HasPrefix(line, []byte("\r\n")):
		m.pass(data, line[2:], "\r\n", closing)
	case bytes.HasPrefix(line, []byte("\n")):
		m.pass(data, line[1:], "\n", closing)
	case len(line) == 0 && closing && ended:
		m.pass(data, line, "", closing)
	case !ended && (len(line) == 0 || string(line) == "\r" || string(rest) == "-"):
		return false, false
	default:
		return false, true
	}
	return true, true
}

// pass moves behind a boundary line; rest is what follows it. The first one's line end tells that of all others.
func (m *Multipart) pass(data, rest []byte, lineEnd string, closing bool) {
	m.pos += len(data) - len(rest)
	m.fresh = false
	if m.place == inPreamble {
		m.delim = append([]byte(lineEnd), m.dash...)
	}
	m.place = atHeader
	if closing {
		m.place = atEnd
	}
}
