package thumb

import (
	"image"
	"image/color"
	"slices"
)

// binBits is the precision of the histogram, in bits for each of red, green and blue.
const binBits = 5

// A bin is what falls into one place of the histogram.
type bin struct {
	count int64
	sum   [3]int64
	at    [3]uint8 // its place, on each axis
}

// A quantizer holds the colours that stand for all of a picture.
type quantizer struct {
	colours [][3]int32
	hole    bool // the picture has transparent pixels; their index follows the colours
	nearest []int16
}

func binOf(r, g, b int32) int {
	const drop = 8 - binBits
	return int(r>>drop)<<(2*binBits) | int(g>>drop)<<binBits | int(b>>drop)
}

// newQuantizer makes a median cut of the picture's histogram.
func newQuantizer(m *image.NRGBA) *quantizer {
	bins, hole := histogram(m)
	limit := 256
	if hole {
		limit--
	}
	q := &quantizer{hole: hole, nearest: make([]int16, 1<<(3*binBits))}
	for i := range q.nearest {
		q.nearest[i] = -1
	}
	for _, box := range cutBoxes(bins, limit) {
		q.colours = append(q.colours, mean(box))
	}
	return q
}

// histogram returns the bins in use, and whether there are transparent pixels.
func histogram(m *image.NRGBA) (bins []bin, hole bool) {
	all := make([]bin, 1<<(3*binBits))
	for i := 0; i+4 <= len(m.Pix); i += 4 {
		p := m.Pix[i : i+4]
		if p[3] < 128 {
			hole = true
			continue
		}
		b := &all[binOf(int32(p[0]), int32(p[1]), int32(p[2]))]
		b.count++
		for k := range 3 {
			b.sum[k] += int64(p[k])
		}
	}
	for i, b := range all {
		if b.count > 0 {
			const mask = 1<<binBits - 1
			b.at = [3]uint8{uint8(i >> (2 * binBits)), uint8(i>>binBits) & mask, uint8(i) & mask}
			bins = append(bins, b)
		}
	}
	return bins, hole
}

// cutBoxes splits the bins into at most n boxes, always the one that matters most: the longest side times its pixels.
func cutBoxes(bins []bin, n int) [][]bin {
	type box struct {
		bins  []bin
		side  int
		worth int64
	}
	weigh := func(bins []bin) box {
		side, length := longest(bins)
		return box{bins, side, int64(length) * pixels(bins)}
	}
	boxes := []box{weigh(bins)}
	for len(boxes) < n {
		best := 0
		for i := range boxes {
			if boxes[i].worth > boxes[best].worth {
				best = i
			}
		}
		if boxes[best].worth == 0 {
			break
		}
		a, b := split(boxes[best].bins, boxes[best].side)
		boxes[best] = weigh(a)
		boxes = append(boxes, weigh(b))
	}
	out := make([][]bin, len(boxes))
	for i := range boxes {
		out[i] = boxes[i].bins
	}
	return out
}

// longest returns the axis on which the bins are spread most, and how far; 0 for a single bin.
func longest(bins []bin) (side, length int) {
	for k := range 3 {
		lo, hi := uint8(255), uint8(0)
		for i := range bins {
			lo, hi = min(lo, bins[i].at[k]), max(hi, bins[i].at[k])
		}
		if d := int(hi) - int(lo); d > length {
			side, length = k, d
		}
	}
	return side, length
}

func pixels(bins []bin) (n int64) {
	for i := range bins {
		n += bins[i].count
	}
	return n
}

// split halves the pixels along an axis. Neither part is empty: there are at least two bins.
func split(bins []bin, side int) (a, b []bin) {
	slices.SortFunc(bins, func(a, b bin) int { return int(a.at[side]) - int(b.at[side]) })
	half, n := pixels(bins)/2, int64(0)
	for i := range bins[:len(bins)-1] {
		if n += bins[i].count; n >= half {
			return bins[:i+1], bins[i+1:]
		}
	}
	return bins[:len(bins)-1], bins[len(bins)-1:]
}

func mean(bins []bin) (c [3]int32) {
	n := pixels(bins)
	for k := range c {
		var sum int64
		for i := range bins {
			sum += bins[i].sum[k]
		}
		c[k] = int32((sum + n/2) / n)
	}
	return c
}

// palette returns the colours, and a transparent one if it is needed.
func (q *quantizer) palette() color.Palette {
	var p color.Palette
	for _, c := range q.colours {
		p = append(p, color.NRGBA{uint8(c[0]), uint8(c[1]), uint8(c[2]), 255})
	}
	if q.hole {
		p = append(p, color.NRGBA{})
	}
	return p
}

// find returns the index of the colour next to the middle of the bin of r, g, b.
func (q *quantizer) find(r, g, b int32) uint8 {
	n := binOf(r, g, b)
	if q.nearest[n] >= 0 {
		return uint8(q.nearest[n])
	}
	const half = 1 << (7 - binBits)
	const mask = ^int32(1<<(8-binBits) - 1)
	r, g, b = r&mask+half, g&mask+half, b&mask+half
	best, least := 0, int32(1<<30)
	for i, c := range q.colours {
		dr, dg, db := c[0]-r, c[1]-g, c[2]-b
		if d := dr*dr + dg*dg + db*db; d < least {
			best, least = i, d
		}
	}
	q.nearest[n] = int16(best)
	return uint8(best)
}

// dither writes the index of each pixel and spreads the difference of the colours, as Floyd and Steinberg do.
func (q *quantizer) dither(pix []uint8, m *image.NRGBA) {
	w := m.Rect.Dx()
	here, below := make([][3]int32, w+2), make([][3]int32, w+2) // in sixteenths, with a margin of one on both sides
	for i := range pix {
		x := i % w
		if x == 0 {
			here, below = below, here
			clear(below)
		}
		p := m.Pix[4*i : 4*i+4]
		if p[3] < 128 {
			pix[i] = uint8(len(q.colours))
			continue
		}
		var c [3]int32
		for k := range c {
			c[k] = int32(clamp(int32(p[k]) + (here[x+1][k]+8)>>4))
		}
		pix[i] = q.find(c[0], c[1], c[2])
		for k := range c {
			e := c[k] - q.colours[pix[i]][k]
			here[x+2][k] += 7 * e
			below[x][k] += 3 * e
			below[x+1][k] += 5 * e
			below[x+2][k] += e
		}
	}
}
