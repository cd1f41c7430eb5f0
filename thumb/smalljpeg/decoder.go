package smalljpeg

import (
	"context"
	"io"
	"math"
)

// A component is one of the planes that a picture is made of.
type component struct {
	grid
	id, tq int
	sampling
	pix   []uint8
	coef  []int32  // of progressive pictures: side×side of each block
	known []uint64 // of progressive pictures: which coefficients of a block are not zero, by place in zigzag order
	scale [64]int  // what a coefficient is multiplied with, by place in a row of 8
}

// A decoder is the state of decoding one picture.
type decoder struct {
	ctx   context.Context
	raw   []byte
	in    input
	bits  bits
	frame Frame
	comps [3]component

	sequential bool // baseline: two tables of a kind
	jfif       bool
	adobe      int // the transform that an Adobe segment names, -1 without one
	interval   int // units between restarts, 0 for none
	quant      [4][64]int32
	dc, ac     [4]huffman
	run        int // blocks that are still to be left as they are
	block      [64]int32
	scan       scan
	eoi        bool
}

// restart makes d ready for another picture.
func (d *decoder) restart(ctx context.Context, r io.Reader) {
	d.ctx = ctx
	d.in.reset(r, d.raw)
	d.frame, d.interval, d.run, d.eoi = Frame{}, 0, 0, false
	d.jfif, d.adobe, d.sequential = false, -1, false
	d.quant = [4][64]int32{}
	for i := range 4 {
		d.dc[i].defined, d.ac[i].defined = false, false
	}
}

func (d *decoder) decode(f Frame, side int) error {
	if err := d.readHeader(); err != nil {
		return err
	}
	if d.frame != f {
		return FormatError("the header is another one")
	}
	for i := range f.count {
		d.comps[i].prepare(f, i, side)
	}
	for !d.eoi { // the scan whose header comes next, and the segments behind it
		if err := d.readScan(); err != nil {
			return err
		}
		if err := d.readSegments(); err != nil {
			return err
		}
	}
	if f.Progressive {
		return d.reconstruct()
	}
	return nil
}

// prepare makes room for the samples and clears it: a picture must not show what another one left.
func (c *component) prepare(f Frame, i, side int) {
	c.grid = f.grid(i, side)
	n := c.cols * c.rows
	c.pix = cleared(c.pix, n*c.side*c.side)
	if !f.Progressive {
		return
	}
	c.coef = cleared(c.coef, n*c.side*c.side)
	if c.side > 1 {
		c.known = cleared(c.known, n)
	}
}

// cleared returns n zeros, in the memory of s if there is enough and not far too much.
func cleared[T uint8 | int32 | uint64](s []T, n int) []T {
	if cap(s) < n || cap(s) > 4*n+1<<16 {
		return make([]T, n)
	}
	s = s[:n]
	clear(s)
	return s
}

// plane is the part of the samples that the picture shows.
func (c *component) plane(f Frame, i int) Plane {
	p := Plane{Pix: c.pix, Stride: c.cols * c.side}
	p.StepX = 8 / float64(c.side) * float64(f.comps[0].h) / float64(f.comps[i].h)
	p.StepY = 8 / float64(c.side) * float64(f.comps[0].v) / float64(f.comps[i].v)
	p.Width = max(1, int(math.Round(float64(f.Width)/p.StepX)))
	p.Height = max(1, int(math.Round(float64(f.Height)/p.StepY)))
	return p
}

// dequantize sets what the coefficients of c are multiplied with.
func (d *decoder) dequantize(c *component) {
	q := &d.quant[c.tq]
	for zig, at := range unzig {
		c.scale[at] = int(math.Round(float64(q[zig]) * weight(int(at&7), c.side) * weight(int(at>>3), c.side)))
	}
}

// reconstruct makes the samples of a progressive picture.
func (d *decoder) reconstruct() error {
	for i := range d.frame.count {
		c := &d.comps[i]
		d.dequantize(c)
		per := c.side * c.side
		for y := range c.high {
			if err := d.ctx.Err(); err != nil {
				return err
			}
			for x := range c.wide {
				from := c.coef[(y*c.cols+x)*per:][:per]
				for k, v := range from {
					d.block[k/c.side*8+k%c.side] = v
				}
				c.put(&d.block, x, y)
			}
		}
	}
	return nil
}

// put writes the samples of the block at x, y, whose coefficients are b.
func (c *component) put(b *[64]int32, x, y int) {
	stride := c.cols * c.side
	dst := c.pix[(y*stride+x)*c.side:]
	switch c.side {
	case 1:
		dst[0] = level(int(b[0]) * c.scale[0])
	case 2:
		inverse2(dst, stride, b, &c.scale)
	case 4:
		inverse4(dst, stride, b, &c.scale)
	default:
		inverse8(dst, stride, b, &c.scale)
	}
}
