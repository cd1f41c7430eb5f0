package thumb

import (
	"fmt"
	"image"
	"testing"
)

func TestPlan(t *testing.T) {
	t.Parallel()
	type point struct{ x, y int }
	for _, c := range []struct {
		name   string
		source point
		spec   string
		size   point           // of the result
		part   image.Rectangle // of the source that the result shows, when it is cropped first
	}{
		{name: "cover", source: point{400, 200}, spec: "70x50", size: point{70, 50}, part: image.Rect(60, 0, 340, 200)},
		{name: "cover from the top", source: point{200, 400}, spec: "70x50t", size: point{70, 50}, part: image.Rect(0, 0, 200, 143)},
		{name: "cover from the bottom", source: point{200, 400}, spec: "70x50b", size: point{70, 50}, part: image.Rect(0, 257, 200, 400)},
		{name: "cover from the middle", source: point{200, 400}, spec: "70x50", size: point{70, 50}, part: image.Rect(0, 128, 200, 271)},
		{name: "top keeps the middle of the width", source: point{400, 200}, spec: "50x50t", size: point{50, 50}, part: image.Rect(100, 0, 300, 200)},
		{name: "fit", source: point{400, 200}, spec: "70x50f", size: point{70, 35}},
		{name: "fit by the height", source: point{200, 400}, spec: "70x50f", size: point{25, 50}},
		{name: "fit truncates", source: point{300, 200}, spec: "100x100f", size: point{100, 66}},
		{name: "fit never enlarges", source: point{400, 200}, spec: "800x800f", size: point{400, 200}},
		{name: "fit inside of one side only", source: point{400, 200}, spec: "800x100f", size: point{200, 100}},
		{name: "width follows", source: point{400, 200}, spec: "0x50", size: point{100, 50}},
		{name: "height follows", source: point{400, 200}, spec: "70x0", size: point{70, 35}},
		{name: "a following side is rounded", source: point{300, 200}, spec: "0x101", size: point{152, 101}},
		{name: "cover enlarges", source: point{400, 200}, spec: "800x800", size: point{800, 800}, part: image.Rect(100, 0, 300, 200)},
		{name: "width enlarges", source: point{400, 200}, spec: "800x0", size: point{800, 400}},
		{name: "the letter means nothing with one side", source: point{400, 200}, spec: "800x0f", size: point{800, 400}},
		{name: "small sources are scaled first", source: point{40, 20}, spec: "70x50", size: point{70, 50}},
		{name: "equal size is a copy", source: point{70, 50}, spec: "70x50", size: point{70, 50}},
		{name: "a line, following", source: point{1, 65535}, spec: "100x0", size: point{100, 6553500}},
		{name: "a line, fit", source: point{1, 65535}, spec: "100x100f", size: point{1, 100}},
		{name: "a lying line, fit", source: point{65535, 1}, spec: "100x100f", size: point{100, 1}},
		{name: "a line, covered", source: point{65535, 1}, spec: "100x100t", size: point{100, 100}},
		{name: "a line, following to nothing", source: point{65535, 1}, spec: "100x0", size: point{100, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, err := Parse(c.spec)
			if err != nil {
				t.Fatal(err)
			}
			l := plan(s, c.source.x, c.source.y)
			if got := (point{l.window.Dx(), l.window.Dy()}); got != c.size {
				t.Errorf("size %v, want %v", got, c.size)
			}
			if !c.part.Empty() && l.src != c.part {
				t.Errorf("part %v, want %v", l.src, c.part)
			}
		})
	}
}

// Whatever the sizes, the result has pixels, the source part lies in the source, and the window in what is scaled.
func TestPlanStaysInside(t *testing.T) {
	t.Parallel()
	sides := []int{1, 2, 3, 7, 99, 100, 101, 333, 4000, 65535}
	for _, sw := range sides {
		for _, sh := range sides {
			for _, text := range []string{"1x1", "1x10000", "10000x1", "100x100", "99x101b", "70x50t", "1x1f", "100x7f", "10000x1f", "0x1", "1x0"} {
				s, err := Parse(text)
				if err != nil {
					t.Fatal(err)
				}
				name := fmt.Sprintf("%d×%d %s", sw, sh, text)
				l := plan(s, sw, sh)
				if !l.src.In(image.Rect(0, 0, sw, sh)) || l.src.Empty() || !l.window.In(image.Rect(0, 0, l.w, l.h)) || l.window.Empty() {
					t.Errorf("%s: %+v", name, l)
				}
				r := l.window.Size()
				if s.Width > 0 && s.Height > 0 {
					if covers := r == image.Pt(s.Width, s.Height); s.Mode != Fit && !covers || r.X > s.Width || r.Y > s.Height {
						t.Errorf("%s: result %v", name, r)
					}
				}
				if s.Mode == Fit && (r.X > sw || r.Y > sh) {
					t.Errorf("%s: enlarged to %v", name, r)
				}
			}
		}
	}
}
