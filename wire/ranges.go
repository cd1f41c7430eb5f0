package wire

import (
	"io"
	"math"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxRanges is how many ranges one request may ask for; with more it gets the whole.
const maxRanges = 8

// A span is n bytes from off.
type span struct{ off, n int64 }

func (s span) contentRange(size int64) string {
	return "bytes " + strconv.FormatInt(s.off, 10) + "-" + strconv.FormatInt(s.off+s.n-1, 10) + "/" + strconv.FormatInt(size, 10)
}

// wantedRanges returns the spans that r asks for, none for the whole; ok is false if they cannot be had.
func wantedRanges(r *http.Request, c Content) (spans []span, ok bool) {
	header := r.Header.Get("Range")
	if header == "" || r.Method != http.MethodGet && !c.HeadRanges || !ifRange(r, c) {
		return nil, true
	}
	return parseRanges(header, c.Size)
}

// parseRanges reads a Range header for size bytes. Other units, too many ranges, overlaps that add up to more than the
// whole, and anything for an empty file mean the whole: no spans, ok. ok is false for ranges that are malformed or all
// outside.
func parseRanges(header string, size int64) (spans []span, ok bool) {
	unit, set, found := strings.Cut(header, "=")
	if !found || !strings.EqualFold(strings.TrimSpace(unit), "bytes") {
		return nil, true
	}
	if size == 0 || strings.Count(set, ",") >= 4*maxRanges {
		return nil, true
	}
	asked := 0
	var sum int64
	for spec := range strings.SplitSeq(set, ",") {
		if spec = strings.Trim(spec, " \t"); spec == "" {
			continue
		}
		s, valid := parseRange(spec, size)
		if !valid {
			return nil, false
		}
		if asked++; s.n > 0 {
			spans = append(spans, s)
			sum = min(sum, math.MaxInt64-s.n) + s.n
		}
	}
	if asked > maxRanges || sum > size {
		return nil, true
	}
	return spans, len(spans) > 0
}

// parseRange reads "first-last", "first-" or "-length". A span of no bytes lies outside.
func parseRange(spec string, size int64) (s span, valid bool) {
	first, last, found := strings.Cut(spec, "-")
	if !found {
		return s, false
	}
	if first == "" {
		n, ok := parsePosition(last)
		n = min(n, size)
		return span{size - n, n}, ok
	}
	off, ok := parsePosition(first)
	end, ok2 := size-1, true
	if last != "" {
		end, ok2 = parsePosition(last)
	}
	if !ok || !ok2 || last != "" && end < off {
		return s, false
	}
	return span{off, max(0, min(end, size-1)-off+1)}, true
}

// parsePosition reads decimal digits; ok is false for more than an int64 holds.
func parsePosition(s string) (n int64, ok bool) {
	if s == "" || s[0] < '0' || s[0] > '9' {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// ifRange reports whether If-Range lets Range apply: a strong match of the tag, or exactly the date of Last-Modified.
func ifRange(r *http.Request, c Content) bool {
	v := strings.TrimSpace(r.Header.Get("If-Range"))
	if v == "" {
		return true
	}
	if strings.HasPrefix(v, `"`) || strings.HasPrefix(v, "W/") {
		return c.ETag != "" && v == c.ETag
	}
	t, err := http.ParseTime(v)
	return err == nil && !c.ModTime.IsZero() && c.ModTime.Truncate(time.Second).Equal(t)
}

// A counter counts what is written to it.
type counter int64

func (c *counter) Write(b []byte) (int, error) {
	*c += counter(len(b))
	return len(b), nil
}

// newPartWriter returns a writer of parts with a boundary that another writer chose.
func newPartWriter(w io.Writer, boundary string) *multipart.Writer {
	mw := multipart.NewWriter(w)
	_ = mw.SetBoundary(boundary) // another Writer's own is valid
	return mw
}

// byteranges chooses a boundary and measures the body that sends spans with it.
func byteranges(spans []span, media string, size int64) (boundary string, length int64) {
	var n counter
	mw := multipart.NewWriter(&n)
	for _, s := range spans {
		_, _ = mw.CreatePart(s.header(media, size)) // a counter does not fail
		n += counter(s.n)
	}
	_ = mw.Close()
	return mw.Boundary(), int64(n)
}
