package thumb

import (
	"context"
	"image"
	"math"

	"dossier"
)

// minCells is how many cells the boxes leave for one result. With 6 no result differs from that of the triangle alone by
// more than 2 levels of 255; with 4 it is 5 where black and white stripes are as fine as pixels.
const minCells = 6

// An axis is the resampling of one dimension, in two steps. A box filter first shrinks by the whole factor box to cells;
// then each result is a weighted mean of cells: a triangle that is two results wide, or two cells when enlarging.
type axis struct {
	from, to int     // samples in use
	box      int     // samples of a cell; the last cell may have fewer
	pixel    float64 // width of a pixel, in samples
	spans    []span
	weights  []float32
	most     int // cells of the longest span
}

// A span is what makes one result: the n cells from first on, with the weights from at on.
type span struct{ first, n, at int }

// newAxis maps the pixels between from and to to n results, and keeps those from lo up to hi. There are count samples, each the
// mean of per pixels; from and to may lie within a sample. Without boxes the triangle does all by itself.
func newAxis(from, to int, per float64, count, n, lo, hi int, boxes bool) axis {
	start, step := float64(from)/per, float64(to-from)/per/float64(n)
	a := axis{
		from: min(int(start), count-1), to: min(int(math.Ceil(float64(to)/per)), count),
		box: 1, pixel: 1 / per,
	}
	if boxes {
		a.box = max(1, int(step/minCells))
	}
	a.spans = make([]span, hi-lo)
	radius := a.radius(step)
	for i := range a.spans {
		a.spans[i] = a.span(start+(float64(lo+i)+0.5)*step, radius)
		a.most = max(a.most, a.spans[i].n)
	}
	return a
}

// radius is half the width of the triangle, in samples. What the box blurred before, and the making of samples from pixels, the
// triangle need not: their variances add up to that of a triangle over pixels.
func (a *axis) radius(step float64) float64 {
	box := float64(a.box)
	return math.Sqrt(max(step*step, 1) - (box*box-a.pixel*a.pixel)/2)
}

// cells is the number of cells.
func (a *axis) cells() int { return (a.to - a.from + a.box - 1) / a.box }

// cell returns the samples of cell i.
func (a *axis) cell(i int) (from, to int) {
	from = a.from + i*a.box
	return from, min(from+a.box, a.to)
}

// span weighs the cells around the given place.
func (a *axis) span(center, radius float64) span {
	box := float64(a.box)
	first := max(0, int(math.Floor((center-radius-float64(a.from))/box-0.5)))
	last := min(a.cells()-1, int(math.Ceil((center+radius-float64(a.from))/box)))
	first = min(first, last)
	s := span{first: first, at: len(a.weights)}
	var sum float64
	for i := first; i <= last; i++ {
		from, to := a.cell(i)
		off := math.Abs(float64(from+to)/2 - center)
		w := max(0, 1-off/radius) * float64(to-from)
		if w == 0 && s.n == 0 && i < last {
			s.first++
			continue
		}
		a.weights = append(a.weights, float32(w))
		s.n++
		sum += w
	}
	a.normalize(s, sum)
	return s
}

// normalize makes the weights of s add up to 1.
func (a *axis) normalize(s span, sum float64) {
	w := a.weights[s.at:]
	if sum == 0 {
		w[len(w)-1] = 1
		return
	}
	for i := range w {
		w[i] = float32(float64(w[i]) / sum)
	}
}

// A resampler computes the results of a raster row by row and keeps only the rows of cells that the next one needs.
type resampler struct {
	src  raster
	x, y axis
	sum  []uint32  // one row of cells, before it is shrunk horizontally
	row  []float32 // one row of cells
	ring [][]float32
	next int // the first row of cells that is not in ring
	out  []float32
	// step, if there is one, rounds what lies between the two filters.
	step func(float32) float32
}

func newResampler(src raster, x, y axis) *resampler {
	r := &resampler{src: src, x: x, y: y}
	r.sum = make([]uint32, (x.to-x.from)*src.n)
	r.row = make([]float32, x.cells()*src.n)
	r.out = make([]float32, len(x.spans)*src.n)
	r.ring = make([][]float32, y.most)
	for i := range r.ring {
		r.ring[i] = make([]float32, len(r.out))
	}
	return r
}

// run calls emit with each row of results, from 0 to 255. The row is valid during the call.
func (r *resampler) run(ctx context.Context, emit func(y int, row []float32)) error {
	for y, s := range r.y.spans {
		if ctx.Err() != nil {
			return endOf(ctx)
		}
		for r.next = max(r.next, s.first); r.next < s.first+s.n; r.next++ {
			r.shrinkRow(r.next)
			row := r.ring[r.next%len(r.ring)]
			if r.filterRow(row); r.step != nil {
				for i, v := range row {
					row[i] = r.step(v)
				}
			}
		}
		clear(r.out)
		for i, w := range r.y.weights[s.at : s.at+s.n] {
			accumulate(r.out, r.ring[(s.first+i)%len(r.ring)], w)
		}
		emit(y, r.out)
	}
	return nil
}

func accumulate(out, row []float32, w float32) {
	row = row[:len(out)]
	for i, v := range row {
		out[i] += v * w
	}
}

// shrinkRow computes row i of the cells.
func (r *resampler) shrinkRow(i int) {
	from, to := r.y.cell(i)
	if r.x.box == 1 && to-from == 1 && r.src.set != nil {
		r.src.set(r.row, from, r.x.from, r.x.to, 255/r.src.white)
		return
	}
	clear(r.sum)
	for y := from; y < to; y++ {
		r.src.add(r.sum, y, r.x.from, r.x.to)
	}
	unit := 255 / (r.src.white * float32(to-from))
	if r.x.box == 1 {
		for i, v := range r.sum {
			r.row[i] = float32(v) * unit
		}
		return
	}
	if r.src.n == 1 {
		r.shrink1(unit)
	} else {
		r.shrink4(unit)
	}
}

func (r *resampler) shrink1(unit float32) {
	box, sum := r.x.box, r.sum
	for i := range r.row {
		cell := sum[:min(box, len(sum))]
		sum = sum[len(cell):]
		var t uint64
		for _, v := range cell {
			t += uint64(v)
		}
		r.row[i] = float32(t) * unit / float32(len(cell))
	}
}

func (r *resampler) shrink4(unit float32) {
	box, sum := 4*r.x.box, r.sum
	for i := 0; i < len(r.row); i += 4 {
		cell := sum[:min(box, len(sum))]
		sum = sum[len(cell):]
		per := unit / float32(len(cell)/4)
		var t0, t1, t2, t3 uint64
		for ; len(cell) >= 4; cell = cell[4:] {
			t0 += uint64(cell[0])
			t1 += uint64(cell[1])
			t2 += uint64(cell[2])
			t3 += uint64(cell[3])
		}
		row := r.row[i : i+4]
		row[0], row[1], row[2], row[3] = float32(t0)*per, float32(t1)*per, float32(t2)*per, float32(t3)*per
	}
}

// filterRow weighs the row of cells horizontally.
func (r *resampler) filterRow(out []float32) {
	if r.src.n == 1 {
		for i, s := range r.x.spans {
			w := r.x.weights[s.at : s.at+s.n]
			cells := r.row[s.first:][:len(w)]
			var t float32
			for k, v := range cells {
				t += v * w[k]
			}
			out[i] = t
		}
		return
	}
	for i, s := range r.x.spans {
		cells := r.row[4*s.first:][:4*s.n]
		var t0, t1, t2, t3 float32
		for _, w := range r.x.weights[s.at : s.at+s.n] {
			t0 += cells[0] * w
			t1 += cells[1] * w
			t2 += cells[2] * w
			t3 += cells[3] * w
			cells = cells[4:]
		}
		o := out[4*i:][:4]
		o[0], o[1], o[2], o[3] = t0, t1, t2, t3
	}
}

// resize makes the result of the layout: a Gray or an NRGBA.
func (j *job) resize(ctx context.Context, m image.Image) (image.Image, error) {
	src, ok := rasterOf(m, j.w, j.h, j.format.limited)
	if !ok {
		return nil, dossier.Errorf(dossier.Unsupported, "decode the picture: pixels of type %T", m)
	}
	size := image.Rectangle{Max: j.layout.window.Size()}
	if src.n == 1 {
		out := image.NewGray(size)
		return out, j.resample(ctx, src, 1, 1, out.Pix)
	}
	out := image.NewNRGBA(size)
	return out, j.resample(ctx, src, 1, 1, out.Pix)
}

// resample writes the result of the layout for a raster of which one sample is the mean of dx×dy pixels.
func (j *job) resample(ctx context.Context, src raster, dx, dy float64, pix []uint8) error {
	l, boxes := j.layout, !j.exact()
	x := newAxis(l.src.Min.X, l.src.Max.X, dx, src.w, l.w, l.window.Min.X, l.window.Max.X, boxes)
	y := newAxis(l.src.Min.Y, l.src.Max.Y, dy, src.h, l.h, l.window.Min.Y, l.window.Max.Y, boxes)
	stride := l.window.Dx() * src.n
	store := storeGray
	if src.n == 4 {
		store = storeNRGBA
	}
	r := newResampler(src, x, y)
	if j.exact() {
		r.step, store = level, storeLevels
	}
	return r.run(ctx, func(y int, row []float32) { store(pix[y*stride:][:stride], row) })
}

// level is the whole level that v is nearest to. It weighs v with an alpha of 255 and divides by that, as those do who keep four
// channels: where v lies between two levels, that decides.
func level(v float32) float32 { return float32(round64(float64(v) * 255 * (1.0 / 255))) }

func storeLevels(pix []uint8, row []float32) {
	row = row[:len(pix)]
	for i, v := range row {
		pix[i] = round64(float64(v) * 255 * (1.0 / 255))
	}
}

func round64(v float64) uint8 { return uint8(max(0, min(255, v+0.5))) }

func storeGray(pix []uint8, row []float32) {
	row = row[:len(pix)]
	for i, v := range row {
		pix[i] = round(v)
	}
}

// storeNRGBA divides by alpha.
func storeNRGBA(pix []uint8, row []float32) {
	for ; len(pix) >= 4 && len(row) >= 4; pix, row = pix[4:], row[4:] {
		a := row[3]
		if a < 0.5 {
			continue // transparent black
		}
		k := 255 / a
		pix[0], pix[1], pix[2], pix[3] = round(row[0]*k), round(row[1]*k), round(row[2]*k), round(a)
	}
}

func round(v float32) uint8 { return uint8(max(0, min(255, v+0.5))) }
