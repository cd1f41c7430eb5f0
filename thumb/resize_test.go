package thumb

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"testing"

	"golang.org/x/image/draw"
)

// triangle is the filter that results are measured by: as wide as two results, or two source pixels when enlarging.
var triangle = draw.Kernel{Support: 1, At: func(t float64) float64 { return 1 - t }}

// resized runs the resize of a spec over a decoded picture.
func resized(tb testing.TB, m image.Image, spec string) image.Image {
	tb.Helper()
	s, err := Parse(spec)
	if err != nil {
		tb.Fatal(err)
	}
	j := &job{format: &formats[0], w: m.Bounds().Dx(), h: m.Bounds().Dy()}
	j.layout = plan(s, j.w, j.h)
	out, err := j.resize(context.Background(), m)
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

// reference is the same by x/image, without boxes and planes.
func reference(m image.Image, spec string) image.Image {
	s, _ := Parse(spec)
	l := plan(s, m.Bounds().Dx(), m.Bounds().Dy())
	src := image.NewRGBA(m.Bounds())
	draw.Draw(src, src.Rect, m, image.Point{}, draw.Src)
	out := image.NewRGBA(image.Rect(0, 0, l.w, l.h))
	triangle.Scale(out, out.Rect, src, l.src, draw.Src, nil)
	return out.SubImage(l.window)
}

// compare returns the largest and the mean difference of a channel.
func compare(tb testing.TB, a, b image.Image) (most int, mean float64) {
	tb.Helper()
	if a.Bounds().Size() != b.Bounds().Size() {
		tb.Fatalf("%v and %v", a.Bounds(), b.Bounds())
	}
	at := func(m image.Image, x, y int) [4]int {
		c := color.RGBAModel.Convert(m.At(m.Bounds().Min.X+x, m.Bounds().Min.Y+y)).(color.RGBA)
		return [4]int{int(c.R), int(c.G), int(c.B), int(c.A)}
	}
	w, h, sum := a.Bounds().Dx(), a.Bounds().Dy(), 0
	for y := range h {
		for x := range w {
			p, q := at(a, x, y), at(b, x, y)
			for k := range p {
				d := max(p[k]-q[k], q[k]-p[k])
				most, sum = max(most, d), sum+d
			}
		}
	}
	return most, float64(sum) / float64(4*w*h)
}

// The box that shrinks first, and working on planes, must not be seen.
func TestResizeMatchesTheDirectFilter(t *testing.T) {
	t.Parallel()
	rgb := scene(1201, 803)
	decoded, err := formats[0].decode(bytes.NewReader(asJPEG(t, rgb)))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		spec        string
		rgb, planes int // the largest difference of a channel
	}{
		// Chroma is interpolated between its samples, which x/image repeats: at edges of colour that shows until the
		// result has fewer pixels than the chroma planes.
		{"600x400f", 1, 20}, {"601x0", 1, 20}, {"500x0", 1, 20}, {"400x300", 1, 20}, {"300x200f", 1, 10}, {"150x150", 2, 5},
		{"97x0", 2, 3}, {"13x200", 2, 5}, {"60x40t", 2, 3}, {"30x20f", 2, 3}, {"1500x0", 1, 32}, {"1300x1300b", 1, 32},
	} {
		most, mean := compare(t, resized(t, rgb, c.spec), reference(rgb, c.spec))
		t.Logf("%s: RGB at most %d, mean %.2f", c.spec, most, mean)
		if most > c.rgb || mean > 0.5 {
			t.Errorf("%s: RGB differs by up to %d, %.2f in the mean", c.spec, most, mean)
		}
		most, mean = compare(t, resized(t, decoded, c.spec), reference(decoded, c.spec))
		t.Logf("%s: YCbCr at most %d, mean %.2f", c.spec, most, mean)
		if most > c.planes || mean > 0.6 {
			t.Errorf("%s: YCbCr differs by up to %d, %.2f in the mean", c.spec, most, mean)
		}
	}
}

// A flat picture stays flat whatever the factor, to the last row and column.
func TestResizeKeepsFlatColour(t *testing.T) {
	t.Parallel()
	want := color.NRGBA{37, 201, 120, 200}
	for _, w := range []int{1, 2, 3, 5, 101, 150, 799, 800} {
		m := image.NewNRGBA(image.Rect(0, 0, w, 100))
		for i := range m.Pix {
			m.Pix[i] = []uint8{37, 201, 120, 200}[i%4]
		}
		for _, spec := range []string{"1x1", "2x7", "33x33", "100x0", "799x100", "800x900"} {
			out := resized(t, m, spec)
			for y := range out.Bounds().Dy() {
				for x := range out.Bounds().Dx() {
					if c := out.At(x, y); c != want {
						t.Fatalf("%d wide to %s: pixel %d,%d is %v", w, spec, x, y, c)
					}
				}
			}
		}
	}
}

// An axis gives every sample a share in the results, and each result shares that make 1.
func TestAxisWeights(t *testing.T) {
	t.Parallel()
	for _, from := range []int{1, 2, 3, 10, 100, 641, 65535} {
		for _, n := range []int{1, 2, 3, 7, 100, 641} {
			a := newAxis(0, float64(from), n, 0, n)
			used := make([]bool, a.cells())
			for i, s := range a.spans {
				var sum float32
				for k, w := range a.weights[s.at : s.at+s.n] {
					if sum += w; w > 0 {
						used[s.first+k] = true
					}
				}
				if sum < 0.999 || sum > 1.001 || s.n < 1 || s.n > a.most || s.first+s.n > a.cells() {
					t.Fatalf("%d to %d: result %d has %+v of sum %v", from, n, i, s, sum)
				}
			}
			for i, u := range used {
				if !u && n <= from {
					t.Fatalf("%d to %d: cell %d of %d is in no result", from, n, i, len(used))
				}
			}
		}
	}
}

func BenchmarkMake(b *testing.B) {
	file := asJPEG(b, scene(4000, 3000))
	photo := scene(1600, 1250)
	for _, c := range []struct {
		name, spec string
		file       []byte
	}{
		{"jpeg 12 MP to 300", "300x0", file},
		{"jpeg 12 MP to 100x100", "100x100", file},
		{"jpeg 12 MP to 1200", "1200x0", file},
		{"png 2 MP to 300", "300x0", asPNG(b, photo)},
		{"gif 2 MP to 300", "300x0", asGIF(b, toPaletted(photo))},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(c.file)))
			e := New(Options{})
			s, err := Parse(c.spec)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				var out bytes.Buffer
				if err := e.Make(context.Background(), &out, bytes.NewReader(c.file), s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkDecode is what no resize can be faster than.
func BenchmarkDecode(b *testing.B) {
	file := asJPEG(b, scene(4000, 3000))
	for b.Loop() {
		if _, err := formats[0].decode(bytes.NewReader(file)); err != nil {
			b.Fatal(err)
		}
	}
}
