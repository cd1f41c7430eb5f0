package thumb

import (
	"bytes"
	"encoding/binary"
	"image"
)

// An orientation says where a shown pixel is stored: swap the coordinates, then count them from the other end.
type orientation struct{ swap, flipX, flipY bool }

// orientations are the eight values of the EXIF tag. Exif 2.32, 4.6.4 A, "Orientation".
var orientations = [...]orientation{
	1: {},
	2: {flipX: true},
	3: {flipX: true, flipY: true},
	4: {flipY: true},
	5: {swap: true},
	6: {swap: true, flipY: true},
	7: {swap: true, flipX: true, flipY: true},
	8: {swap: true, flipX: true},
}

// size returns the shown size of a picture stored as w×h, or the other way round: it is its own inverse.
func (o orientation) size(w, h int) (int, int) {
	if o.swap {
		return h, w
	}
	return w, h
}

// rect returns where a shown rectangle lies in a picture stored as w×h.
func (o orientation) rect(r image.Rectangle, w, h int) image.Rectangle {
	if o.swap {
		r = image.Rect(r.Min.Y, r.Min.X, r.Max.Y, r.Max.X)
	}
	if o.flipX {
		r.Min.X, r.Max.X = w-r.Max.X, w-r.Min.X
	}
	if o.flipY {
		r.Min.Y, r.Max.Y = h-r.Max.Y, h-r.Min.Y
	}
	return r
}

// stored turns a layout of the shown picture into one of the picture stored as w×h.
func (o orientation) stored(l layout, w, h int) layout {
	l.src = o.rect(l.src, w, h)
	l.w, l.h = o.size(l.w, l.h)
	l.window = o.rect(l.window, l.w, l.h)
	return l
}

// turn returns the shown form of the samples pix: rows of w pixels, h of them, each of n bytes.
func (o orientation) turn(pix []uint8, w, h, n int) []uint8 {
	if o == (orientation{}) {
		return pix
	}
	sw, sh := o.size(w, h)
	out := make([]uint8, 0, len(pix))
	for y := range sh {
		at, step := o.row(y, w, h)
		at, step = at*n, step*n
		for range sw {
			out = append(out, pix[at:at+n]...)
			at += step
		}
	}
	return out
}

// row returns the stored index of the first pixel of the shown row y, and the distance from one pixel to the next.
func (o orientation) row(y, w, h int) (first, step int) {
	x0, y0, dx, dy := 0, y, 1, 0
	if o.swap {
		x0, y0, dx, dy = y, 0, 0, 1
	}
	if o.flipX {
		x0, dx = w-1-x0, -dx
	}
	if o.flipY {
		y0, dy = h-1-y0, -dy
	}
	return y0*w + x0, dy*w + dx
}

const (
	tagOrientation = 0x0112
	typeShort      = 3
	entrySize      = 12
)

// exifOrientation finds the orientation in EXIF data, which is a small TIFF file. It looks at the first directory only and
// follows nothing else; whatever is odd is no orientation.
func exifOrientation(tiff []byte) (orientation, bool) {
	if len(tiff) < 8 {
		return orientation{}, false
	}
	var order binary.ByteOrder = binary.LittleEndian
	switch {
	case bytes.HasPrefix(tiff, []byte("MM\x00*")):
		order = binary.BigEndian
	case !bytes.HasPrefix(tiff, []byte("II*\x00")):
		return orientation{}, false
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return orientation{}, false
	}
	count := int(order.Uint16(tiff[at:]))
	dir := tiff[at+2:]
	for range min(count, len(dir)/entrySize) {
		if order.Uint16(dir) == tagOrientation {
			return entryOrientation(dir, order)
		}
		dir = dir[entrySize:]
	}
	return orientation{}, false
}

// entryOrientation reads the value of a directory entry: one short of 1 to 8.
func entryOrientation(entry []byte, order binary.ByteOrder) (orientation, bool) {
	v := int(order.Uint16(entry[8:]))
	if order.Uint16(entry[2:]) != typeShort || order.Uint32(entry[4:]) != 1 || v < 1 || v >= len(orientations) {
		return orientation{}, false
	}
	return orientations[v], true
}
