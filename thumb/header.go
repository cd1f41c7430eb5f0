package thumb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
)

// maxHeader bounds the bytes kept of what stands before the pixels: colour profiles, EXIF, previews.
const maxHeader = 8 << 20

var errLongHeader = errors.New("the header is too long")

// A header keeps the first bytes of a source, so that they can be read for the size, looked at again for the orientation,
// and then be decoded.
type header struct {
	r   io.Reader
	buf []byte
	pos int
}

// Read implements io.Reader: from what is kept, then from the source, keeping it.
func (h *header) Read(p []byte) (int, error) {
	if h.pos == len(h.buf) {
		if err := h.more(min(len(p), 4096)); err != nil {
			return 0, err
		}
	}
	n := copy(p, h.buf[h.pos:])
	h.pos += n
	return n, nil
}

// more keeps up to n further bytes, at least one.
func (h *header) more(n int) error {
	if len(h.buf)+n > maxHeader {
		return errLongHeader
	}
	old := len(h.buf)
	h.buf = append(h.buf, make([]byte, n)...)
	got, err := io.ReadAtLeast(h.r, h.buf[old:], 1)
	h.buf = h.buf[:old+got]
	return err
}

// at returns n bytes from off on, reading on as far as needed; nil if there are not as many.
func (h *header) at(off, n int) []byte {
	if off < 0 || n < 0 || off > maxHeader || n > maxHeader {
		return nil
	}
	for len(h.buf) < off+n {
		if h.more(max(4096, off+n-len(h.buf))) != nil {
			return nil
		}
	}
	return h.buf[off : off+n]
}

// all returns the source from its first byte.
func (h *header) all() io.Reader { return io.MultiReader(bytes.NewReader(h.buf), h.r) }

// traits are what a header tells beside the size.
type traits struct {
	orient orientation
	bytes  float64 // decoded bytes of a pixel, at the most
}

// Markers of JPEG. ITU-T T.81, table B.1.
const (
	markSOF0 = 0xC0 // baseline
	markSOF2 = 0xC2 // progressive
	markRST0 = 0xD0
	markSOI  = 0xD8
	markEOI  = 0xD9
	markSOS  = 0xDA
	markAPP1 = 0xE1
	markTEM  = 0x01
)

// jpegTraits walks over the segments up to the first scan. The first EXIF segment with an orientation counts.
func jpegTraits(h *header) traits {
	t := traits{bytes: 4}
	found := false
	for off := 2; ; {
		m := h.at(off, 2)
		if m == nil || m[0] == 0xFF && (m[1] == markSOS || m[1] == markEOI) {
			return t
		}
		if m[0] != 0xFF || m[1] == 0xFF || m[1] == 0 {
			off++ // fill bytes, or the garbage that decoders skip
			continue
		}
		if m[1] == markTEM || m[1] >= markRST0 && m[1] <= markSOI {
			off += 2
			continue
		}
		size, body := jpegSegment(h, off+2)
		if size == 0 {
			return t
		}
		switch {
		case m[1] == markAPP1 && !found:
			if exif, ok := bytes.CutPrefix(body, []byte("Exif\x00\x00")); ok {
				t.orient, found = exifOrientation(exif)
			}
		case m[1] >= markSOF0 && m[1] <= markSOF2:
			t.bytes = frameBytes(body, m[1] == markSOF2)
		}
		off += 2 + size
	}
}

// jpegSegment returns the length of the segment at off, length bytes included, and what follows these; 0 for none.
func jpegSegment(h *header, off int) (size int, body []byte) {
	l := h.at(off, 2)
	if l == nil {
		return 0, nil
	}
	size = int(binary.BigEndian.Uint16(l))
	if size < 2 {
		return 0, nil
	}
	if body = h.at(off+2, size-2); body == nil {
		return 0, nil
	}
	return size, body
}

// frameBytes returns the decoded bytes of a pixel of the frame with the given header (ITU-T T.81, B.2.2). A progressive
// frame keeps a coefficient of four bytes for each sample; four components, and three that are RGB, are copied once more.
func frameBytes(frame []byte, progressive bool) float64 {
	if len(frame) < 6 || len(frame) < 6+3*int(frame[5]) {
		return 4
	}
	var sum, wide, high float64
	comps := int(frame[5])
	for i := range comps {
		s := frame[6+3*i+1]
		x, y := float64(s>>4), float64(s&15)
		sum, wide, high = sum+x*y, max(wide, x), max(high, y)
	}
	if wide == 0 || high == 0 {
		return 4
	}
	n := sum / (wide * high)
	if comps == 1 {
		n = 1
	}
	copied := 0.0
	if comps == 4 || comps == 3 && n == 3 {
		copied = 4
	}
	if progressive {
		return 5*n + copied
	}
	return n + copied
}

// pngTraits walks over the chunks up to the pixels. W3C PNG, 11.2.1 and 11.3.4.5.
func pngTraits(h *header) traits {
	t := traits{bytes: 4}
	ihdr := h.at(16, 13)
	if ihdr == nil {
		return t
	}
	const palette = 3
	switch depth, colour := ihdr[8], ihdr[9]; {
	case colour == palette:
		t.bytes = 1
	case depth == 16:
		t.bytes = 8
	}
	if ihdr[12] != 0 {
		t.bytes *= 1.5 // an interlaced picture has its last pass, half of it, in memory twice
	}
	for off := 8; ; {
		c := h.at(off, 8)
		if c == nil || string(c[4:]) == "IDAT" || string(c[4:]) == "IEND" {
			return t
		}
		size := int(binary.BigEndian.Uint32(c))
		if string(c[4:]) == "eXIf" {
			t.orient, _ = exifOrientation(h.at(off+8, size))
			return t
		}
		off += 12 + size
	}
}
