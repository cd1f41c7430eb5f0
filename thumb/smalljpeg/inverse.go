package smalljpeg

import "math"

// The inverse transforms (A.3.3) of one, two, four and eight points. The samples of a small block are the means of the
// samples that the low frequencies alone would give in the block of 8×8: a cosine of 8 points, averaged over neighbours, is the
// cosine of fewer points times a constant, which weight puts into the dequantization together with the constants of the
// transform. All is in fixed point.

// fixed is the number of binary places of a dequantized coefficient, and factor that of the constants of a transform.
const (
	fixed  = 10
	factor = 12
)

// back is the shift that takes a result back to a sample. The transform has a factor of 1/8 for both directions together.
const back = 2*fixed + 3

// unzig is the place in a row of 8 rows for a place in zigzag order. Figure A.6.
var unzig = func() (t [64]uint8) {
	x, y := 0, 0
	for i := range t {
		t[i] = uint8(8*y + x)
		switch up := (x+y)%2 == 0; {
		case up && x == 7, !up && y < 7 && x == 0:
			y++
		case up && y == 0, !up && y == 7:
			x++
		case up:
			x, y = x+1, y-1
		default:
			x, y = x-1, y+1
		}
	}
	return t
}()

// weight is what the coefficient of frequency u is multiplied with before a transform of n points, in one direction.
func weight(u, n int) float64 {
	if u >= n {
		return 0
	}
	w := float64(int(1) << fixed)
	if u > 0 && u != n/2 { // the cosines of n/2 are all 1/√2, which takes the √2 away again
		w *= math.Sqrt2
	}
	for half := 8; half > n; half /= 2 { // the mean of two neighbours among 2·half points
		w *= math.Cos(float64(u) * math.Pi / float64(2*half))
	}
	return w
}

// level rounds, shifts to the middle and clamps. A.3.1.
func level(v int) uint8 {
	v = (v+1<<(back-1))>>back + 128
	if uint(v) > 255 {
		return uint8(^(v >> 63))
	}
	return uint8(v)
}

// inverse2 writes a block of 2×2.
func inverse2(dst []uint8, stride int, b *[64]int32, scale *[64]int) {
	f00, f01 := int(b[0])*scale[0], int(b[1])*scale[1]
	f10, f11 := int(b[8])*scale[8], int(b[9])*scale[9]
	s0, d0, s1, d1 := f00+f01, f00-f01, f10+f11, f10-f11
	low := dst[stride : stride+2]
	dst = dst[:2]
	dst[0], dst[1] = level(s0+s1), level(d0+d1)
	low[0], low[1] = level(s0-s1), level(d0-d1)
}

// Cosines of n·π/16, with factor binary places.
var (
	cos1 = cosine(1)
	cos2 = cosine(2)
	cos3 = cosine(3)
	cos5 = cosine(5)
	cos6 = cosine(6)
	cos7 = cosine(7)
)

func cosine(n int) int {
	return int(math.Round(math.Cos(float64(n)*math.Pi/16) * (1 << factor)))
}

// points4 is the transform of four points.
func points4(g0, g1, g2, g3 int) (x0, x1, x2, x3 int) {
	e0, e1 := g0+g2, g0-g2
	o0, o1 := (g1*cos2+g3*cos6)>>factor, (g1*cos6-g3*cos2)>>factor
	return e0 + o0, e1 + o1, e1 - o1, e0 - o0
}

// inverse4 writes a block of 4×4.
func inverse4(dst []uint8, stride int, b *[64]int32, scale *[64]int) {
	var t [16]int
	for x := range 4 {
		t[x], t[4+x], t[8+x], t[12+x] = points4(
			int(b[x])*scale[x], int(b[8+x])*scale[8+x], int(b[16+x])*scale[16+x], int(b[24+x])*scale[24+x])
	}
	for y := range 4 {
		r := t[4*y : 4*y+4]
		x0, x1, x2, x3 := points4(r[0], r[1], r[2], r[3])
		out := dst[y*stride : y*stride+4]
		out[0], out[1], out[2], out[3] = level(x0), level(x1), level(x2), level(x3)
	}
}

// points8 is the transform of eight points, in place.
func points8(g *[8]int) {
	e0, e1, e2, e3 := points4(g[0], g[2], g[4], g[6])
	o0 := (g[1]*cos1 + g[3]*cos3 + g[5]*cos5 + g[7]*cos7) >> factor
	o1 := (g[1]*cos3 - g[3]*cos7 - g[5]*cos1 - g[7]*cos5) >> factor
	o2 := (g[1]*cos5 - g[3]*cos1 + g[5]*cos7 + g[7]*cos3) >> factor
	o3 := (g[1]*cos7 - g[3]*cos5 + g[5]*cos3 - g[7]*cos1) >> factor
	*g = [8]int{e0 + o0, e1 + o1, e2 + o2, e3 + o3, e3 - o3, e2 - o2, e1 - o1, e0 - o0}
}

// inverse8 writes a block of 8×8.
func inverse8(dst []uint8, stride int, b *[64]int32, scale *[64]int) {
	var t [64]int
	for x := range 8 {
		var g [8]int
		var any int32
		for y := range 8 {
			v := b[8*y+x]
			any |= v
			g[y] = int(v) * scale[8*y+x]
		}
		if any == 0 {
			continue
		}
		points8(&g)
		for y := range 8 {
			t[8*y+x] = g[y]
		}
	}
	for y := range 8 {
		g := (*[8]int)(t[8*y:])
		points8(g)
		out := dst[y*stride : y*stride+8]
		for x, v := range g {
			out[x] = level(v)
		}
	}
}
