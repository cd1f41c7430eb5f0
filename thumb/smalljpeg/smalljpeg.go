// Package smalljpeg decodes JPEG at a fraction of its size: 1/8, 1/4, 1/2, or all of it.
//
// A block of 8×8 samples becomes a block of side×side means, computed from the low frequencies alone. Higher ones are read
// over, several symbols at a time, and never become values. That makes a small picture of a large one several times faster
// than decoding and shrinking, and the memory follows the small size, of progressive pictures too.
//
// Here: sequential and progressive Huffman pictures of 8 bits, gray or YCbCr of the usual samplings, with restarts. What is
// broken for image/jpeg is broken here. Not here: CMYK, RGB, arithmetic coding, 12 bits, lossless and hierarchical pictures,
// which ReadFrame refuses before anything is decoded; conversion to RGB, orientation, filtering.
//
// Section numbers are those of ITU-T T.81.
package smalljpeg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
)

// ErrUnsupported is the error for a picture that is none of those this package decodes.
var ErrUnsupported = errors.New("smalljpeg: unsupported kind of picture")

// A FormatError reports bytes that are no valid picture.
type FormatError string

// Error implements error.
func (e FormatError) Error() string { return "smalljpeg: " + string(e) }

// errStrict is for what is broken and image/jpeg lets pass: no pixels, codes that are no prefix code, and runs of blocks that
// outlast their scan.
type errStrict string

// Error implements error.
func (e errStrict) Error() string { return "smalljpeg: " + string(e) }

// A Frame is what a header tells of its picture.
type Frame struct {
	Width, Height int  // pixels
	Progressive   bool // spectral selection and successive approximation
	count         int  // components
	comps         [3]sampling
}

// A sampling is how densely a component is sampled.
type sampling struct{ h, v int }

// Gray reports whether there is one component.
func (f Frame) Gray() bool { return f.count == 1 }

// ReadFrame reads the segments before the first scan, which head holds at least. ErrUnsupported is for what Decode would
// refuse without having looked at a scan.
func ReadFrame(head []byte) (Frame, error) {
	var d decoder
	d.in.reset(bytes.NewReader(head), make([]byte, min(len(head), rawSize)+1))
	err := d.readHeader()
	return d.frame, err
}

// Bytes is the memory that Decode takes for planes and coefficients at the given side.
func (f Frame) Bytes(side int) int64 {
	var sum int64
	for i := range f.count {
		g := f.grid(i, side)
		n := int64(g.cols) * int64(g.rows)
		sum += n * int64(g.side*g.side)
		if f.Progressive {
			sum += n * int64(4*g.side*g.side)
		}
		if f.Progressive && g.side > 1 {
			sum += n * 8
		}
	}
	return sum
}

// A grid is the blocks of a component: cols×rows in all, of which the first wide×high have pixels; each becomes side×side
// samples.
type grid struct{ cols, rows, wide, high, side int }

// grid is that of component i. Components sampled less densely than the first keep larger blocks, up to full ones, so that their
// samples lie as densely.
func (f Frame) grid(i, side int) grid {
	c, most := f.comps[i], f.comps[0]
	across := divUp(f.Width, 8*most.h) * c.h
	down := divUp(f.Height, 8*most.v) * c.v
	return grid{
		cols: across, rows: down,
		wide: divUp(divUp(f.Width*c.h, most.h), 8), high: divUp(divUp(f.Height*c.v, most.v), 8),
		side: min(8, side*max(most.h/c.h, most.v/c.v)),
	}
}

func divUp(a, b int) int { return (a + b - 1) / b }

// A Plane is the samples of a component. One of them stands for StepX×StepY pixels. At the right and the lower edge, samples
// of which more than half lies outside of the picture are left out, unless they are all there is.
type Plane struct {
	Pix           []uint8
	Stride        int
	Width, Height int
	StepX, StepY  float64
}

// A Picture is a decoded picture: one plane that is gray, or three that are Y, Cb and Cr of the full range.
type Picture struct {
	Planes []Plane
	from   *Decoder
	d      *decoder
}

// Release hands the memory of p back. p and its planes are not to be used any more.
func (p *Picture) Release() {
	p.Planes = nil
	p.d.in.r = nil
	p.from.free.Put(p.d)
}

// A Decoder keeps the memory of released pictures for the next ones. The zero Decoder is ready, and safe for concurrent use.
type Decoder struct{ free sync.Pool }

// Decode reads a picture whose header says f, such that blocks of 8×8 become blocks of side×side, where side is 1, 2, 4 or 8. The
// caller releases it. Errors are ErrUnsupported, a FormatError or the like, those of r, and those of ctx, which is asked at
// every row of blocks.
func (t *Decoder) Decode(ctx context.Context, r io.Reader, f Frame, side int) (*Picture, error) {
	if side != 1 && side != 2 && side != 4 && side != 8 {
		return nil, fmt.Errorf("smalljpeg: no blocks of side %d", side)
	}
	d, _ := t.free.Get().(*decoder)
	if d == nil {
		d = &decoder{raw: make([]byte, rawSize)}
	}
	d.restart(ctx, r)
	if err := d.decode(f, side); err != nil {
		d.in.r = nil
		t.free.Put(d)
		return nil, err
	}
	p := &Picture{from: t, d: d}
	for i := range f.count {
		p.Planes = append(p.Planes, d.comps[i].plane(f, i))
	}
	return p, nil
}
