package thumb

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"math"
	"testing"

	"golang.org/x/image/draw"
)

// triangle is the filter that results are measured by: as wide as two results, or two source pixels when enlarging.
var triangle = draw.Kernel{Support: 1, At: func(t float64) float64 { return 1 - t }}

// resized runs the resize of a spec over a decoded picture that is not compressed again.
func resized(tb testing.TB, m image.Image, spec string) image.Image {
	tb.Helper()
	return resizedAs(tb, m, spec, &formats[1])
}

func resizedAs(tb testing.TB, m image.Image, spec string, f *format) image.Image {
	tb.Helper()
	s, err := Parse(spec)
	if err != nil {
		tb.Fatal(err)
	}
	j := &job{format: f, w: m.Bounds().Dx(), h: m.Bounds().Dy()}
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

// The box that shrinks first must not be seen, nor that chroma has fewer samples.
func TestResizeMatchesTheDirectFilter(t *testing.T) {
	t.Parallel()
	rgb := scene(1201, 803)
	decoded, err := formats[0].decode(bytes.NewReader(asJPEG(t, rgb)))
	if err != nil {
		t.Fatal(err)
	}
	stripes, err := formats[0].decode(bytes.NewReader(asJPEG(t, stripes(640, 480))))
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range []string{
		"600x400f", "601x0", "500x0", "400x300", "300x200f", "150x150", "97x0", "13x200", "60x40t", "30x20f", "1500x0", "1300x1300b",
	} {
		for name, m := range map[string]image.Image{"RGB": rgb, "YCbCr": decoded, "colours side by side": stripes} {
			most, mean := compare(t, resized(t, m, spec), reference(m, spec))
			t.Logf("%s, %s: at most %d, mean %.2f", name, spec, most, mean)
			if most > 2 || mean > 0.5 {
				t.Errorf("%s, %s: differs by up to %d, %.2f in the mean", name, spec, most, mean)
			}
		}
	}
}

// stripes are the strongest colours side by side.
func stripes(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			k := x/13 + y/7*3
			m.SetNRGBA(x, y, color.NRGBA{uint8(k % 2 * 255), uint8(k / 2 % 2 * 255), uint8(k / 4 % 2 * 255), 255})
		}
	}
	return m
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
			a := newAxis(0, from, 1, from, n, 0, n, true)
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

// triangleRows filters every row of a picture of whole levels to n pixels between lo and hi, in whole levels.
func triangleRows(rows [][][3]float64, lo, hi, n int) [][][3]float64 {
	out := make([][][3]float64, len(rows))
	step := float64(hi-lo) / float64(n)
	radius := max(step, 1)
	for y, row := range rows {
		out[y] = make([][3]float64, n)
		for x := range out[y] {
			var sum [3]float64
			total := 0.0
			for i := lo; i < hi; i++ {
				w := max(0, 1-math.Abs(float64(i)+0.5-float64(lo)-(float64(x)+0.5)*step)/radius)
				total += w
				for k := range sum {
					sum[k] += row[i][k] * w
				}
			}
			for k := range sum {
				out[y][x][k] = math.Floor(sum[k]/total + 0.5)
			}
		}
	}
	return out
}

func transposed(rows [][][3]float64) [][][3]float64 {
	out := make([][][3]float64, len(rows[0]))
	for x := range out {
		for y := range rows {
			out[x] = append(out[x], rows[y][x])
		}
	}
	return out
}

// What is compressed again is the triangle's to the level: first across, then down. A level is let pass where a result lies just between two.
func TestWhatIsCompressedAgainIsExact(t *testing.T) {
	t.Parallel()
	m, err := formats[0].decode(bytes.NewReader(asJPEG(t, stripes(203, 131))))
	if err != nil {
		t.Fatal(err)
	}
	rows := make([][][3]float64, 131)
	for y := range rows {
		for x := range 203 {
			r, g, b, _ := m.At(x, y).RGBA()
			rows[y] = append(rows[y], [3]float64{float64(r >> 8), float64(g >> 8), float64(b >> 8)})
		}
	}
	for _, spec := range []string{"70x50", "70x50t", "20x0", "0x50", "150x120f", "300x0", "10x10b", "203x60"} {
		s, _ := Parse(spec)
		l := plan(s, 203, 131)
		want := triangleRows(rows, l.src.Min.X, l.src.Max.X, l.w)
		want = transposed(triangleRows(transposed(want), l.src.Min.Y, l.src.Max.Y, l.h))
		got, between := resizedAs(t, m, spec, &formats[0]), 0
		for y := range got.Bounds().Dy() {
			for x := range got.Bounds().Dx() {
				r, g, b, a := got.At(x, y).RGBA()
				w := want[y+l.window.Min.Y][x+l.window.Min.X]
				for k, v := range []uint32{r, g, b} {
					d := math.Abs(float64(v>>8) - w[k])
					if between += int(d); d > 1 || a != 0xFFFF {
						t.Fatalf("%s: pixel %d,%d is %d %d %d %d instead of %v", spec, x, y, r>>8, g>>8, b>>8, a>>8, w)
					}
				}
			}
		}
		if all := 3 * got.Bounds().Dx() * got.Bounds().Dy(); between > all/200 {
			t.Errorf("%s: %d of %d values are another level", spec, between, all)
		}
	}
}
