package smalljpeg

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"math"
	"testing"
)

var sides = []int{1, 2, 4, 8}

// compare decodes file with image/jpeg and at every side. Both accept it or both refuse it, and the planes are the means of what
// the low frequencies of image/jpeg's planes give.
func compare(t *testing.T, file []byte) {
	t.Helper()
	f, err := ReadFrame(file)
	if errors.Is(err, ErrUnsupported) {
		return
	}
	want, stdErr := jpeg.Decode(bytes.NewReader(file))
	if err != nil {
		if stdErr == nil && !isStrict(err) {
			t.Errorf("the header: %v, which image/jpeg accepts", err)
		}
		return
	}
	if f.Width*f.Height > 1<<20 {
		return
	}
	var whole *Picture
	for _, side := range []int{8, 4, 2, 1} {
		p, err := new(Decoder).Decode(context.Background(), bytes.NewReader(file), f, side)
		if isStrict(err) {
			return
		}
		if side == 8 {
			whole = p
		}
		switch {
		case err != nil && stdErr == nil && !readsDifferently(file, f):
			t.Errorf("side %d: %v, which image/jpeg accepts", side, err)
		case err == nil && stdErr != nil && !f.Progressive && !readsDifferently(file, f):
			t.Errorf("side %d: accepted, and image/jpeg says %v", side, stdErr)
		case err == nil && stdErr == nil && whole != nil && !readsDifferently(file, f):
			comparePlanes(t, f, p, whole, want, side)
		}
	}
}

func isStrict(err error) bool {
	var s errStrict
	return errors.As(err, &s)
}

// readsDifferently reports whether image/jpeg counts restarts in another way than A.2.2 and E.1.4 say: in units of several blocks,
// also in scans of one component.
func readsDifferently(file []byte, f Frame) bool {
	several := f.Progressive || bytes.Count(file, []byte{0xFF, markSOS}) > 1
	return several && f.comps[0] != sampling{1, 1} && bytes.Contains(file, []byte{0xFF, markDRI})
}

func comparePlanes(t *testing.T, f Frame, p, whole *Picture, want image.Image, side int) {
	t.Helper()
	pix, strides := [3][]uint8{}, [3]int{}
	switch m := want.(type) {
	case *image.Gray:
		pix[0], strides[0] = m.Pix, m.Stride
	case *image.YCbCr:
		pix, strides = [3][]uint8{m.Y, m.Cb, m.Cr}, [3]int{m.YStride, m.CStride, m.CStride}
	default:
		return // colours declared behind the first scan
	}
	for i, got := range p.Planes {
		g := f.grid(i, side)
		for y := range g.high {
			for x := range g.wide {
				if clamped(whole.Planes[i].Pix[8*(y*whole.Planes[i].Stride+x):], whole.Planes[i].Stride) {
					continue
				}
				if b := pix[i][8*(y*strides[i]+x):]; !clamped(b, strides[i]) && !compareBlock(t, got.Pix[(y*got.Stride+x)*g.side:], got.Stride, b, strides[i], g.side) {
					t.Errorf("side %d, component %d, block %d, %d of %d×%d", side, i, x, y, g.wide, g.high)
					return
				}
			}
		}
	}
}

// clamped reports whether a block has values that may have been clamped. They are not compared; there, image/jpeg may even have
// overflowed.
func clamped(pix []uint8, stride int) bool {
	for y := range 8 {
		for _, v := range pix[y*stride:][:8] {
			if v == 0 || v == 255 {
				return true
			}
		}
	}
	return false
}

func compareBlock(t *testing.T, got []uint8, gotStride int, want []uint8, stride, side int) bool {
	var s [8][8]float64
	for y := range 8 {
		for x := range 8 {
			s[y][x] = float64(want[y*stride+x])
		}
	}
	s = lowFrequencies(s, side)
	n := 8 / side
	for y := range side {
		for x := range side {
			sum := 0.0
			for k := range n * n {
				sum += s[y*n+k/n][x*n+k%n]
			}
			mean := min(255, max(0, sum/float64(n*n)))
			if d := math.Abs(mean - float64(got[y*gotStride+x])); d > 2 {
				t.Errorf("sample %d, %d is %d, want %.1f", x, y, got[y*gotStride+x], mean)
				return false
			}
		}
	}
	return true
}

// lowFrequencies is the part of s whose frequencies are below n: the forward transform and back, by their definition (A.3.3).
func lowFrequencies(s [8][8]float64, n int) (out [8][8]float64) {
	if n == 8 {
		return s
	}
	for v := range n {
		for u := range n {
			c := 0.0
			for y := range 8 {
				for x := range 8 {
					c += s[y][x] * cosines[u][x] * cosines[v][y]
				}
			}
			for y := range 8 {
				for x := range 8 {
					out[y][x] += c * cosines[u][x] * cosines[v][y]
				}
			}
		}
	}
	return out
}

// cosines are the basis of the transform, by frequency and place.
var cosines = func() (t [8][8]float64) {
	for u := range t {
		for x := range t[u] {
			t[u][x] = 0.5 * math.Cos(float64((2*x+1)*u)*math.Pi/16)
			if u == 0 {
				t[u][x] = math.Sqrt(1.0 / 8)
			}
		}
	}
	return t
}()
