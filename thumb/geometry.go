package thumb

import (
	"image"
	"math"
)

// A layout says how a result is cut out of a source: the part src of the source is scaled to w×h, and window of that is the
// result. All three are in the space of the picture as it is shown, or all in that of the picture as it is stored.
type layout struct {
	src    image.Rectangle
	w, h   int
	window image.Rectangle
}

// scaled is the layout that scales a source as a whole.
func scaled(sw, sh, w, h int) layout {
	return layout{src: image.Rect(0, 0, sw, sh), w: w, h: h, window: image.Rect(0, 0, w, h)}
}

// same reports whether the result is the source, pixel by pixel.
func (l layout) same(sw, sh int) bool { return l == scaled(sw, sh, sw, sh) }

// minCropSide is the side from which a source is cropped before it is scaled. Smaller sources are scaled first, because
// cropping them to whole pixels would bend the aspect visibly.
const minCropSide = 100

// plan returns the layout of a source of sw×sh pixels, as shown, for a spec that passed check.
func plan(s Spec, sw, sh int) layout {
	switch {
	case s.Width == 0:
		return scaled(sw, sh, follow(s.Height, sw, sh), s.Height)
	case s.Height == 0:
		return scaled(sw, sh, s.Width, follow(s.Width, sh, sw))
	case s.Mode == Fit:
		return fit(s, sw, sh)
	case sw == s.Width && sh == s.Height:
		return scaled(sw, sh, sw, sh)
	case sw >= minCropSide && sh >= minCropSide:
		return cropThenScale(s, sw, sh)
	}
	return scaleThenCrop(s, sw, sh)
}

// follow returns side × num ÷ den, rounded, and at least one pixel.
func follow(side, num, den int) int {
	return int(max(1, math.Floor(float64(side)*float64(num)/float64(den)+0.5)))
}

// fit puts the whole source inside the box. A side that comes out as nothing is one that follows from the other.
func fit(s Spec, sw, sh int) layout {
	if sw <= s.Width && sh <= s.Height {
		return scaled(sw, sh, sw, sh)
	}
	aspect := float64(sw) / float64(sh)
	if aspect > float64(s.Width)/float64(s.Height) {
		h := int(float64(s.Width) / aspect)
		if h == 0 {
			h = follow(s.Width, sh, sw)
		}
		return scaled(sw, sh, s.Width, h)
	}
	w := int(float64(s.Height) * aspect)
	if w == 0 {
		w = follow(s.Height, sw, sh)
	}
	return scaled(sw, sh, w, s.Height)
}

func cropThenScale(s Spec, sw, sh int) layout {
	cw, ch := sw, sh
	if wider(s, sw, sh) {
		ch = int(max(1, float64(sw)*float64(s.Height)/float64(s.Width)) + 0.5)
	} else {
		cw = int(max(1, float64(sh)*float64(s.Width)/float64(s.Height)) + 0.5)
	}
	return layout{
		src: cut(s.Mode, sw, sh, cw, ch),
		w:   s.Width, h: s.Height,
		window: image.Rect(0, 0, s.Width, s.Height),
	}
}

func scaleThenCrop(s Spec, sw, sh int) layout {
	w, h := s.Width, s.Height
	if wider(s, sw, sh) {
		h = follow(w, sh, sw)
	} else {
		w = follow(h, sw, sh)
	}
	l := scaled(sw, sh, w, h)
	l.window = cut(s.Mode, w, h, s.Width, s.Height)
	return l
}

// wider reports whether the box of s is wider, for its height, than the source.
func wider(s Spec, sw, sh int) bool {
	return float64(sw)/float64(sh) < float64(s.Width)/float64(s.Height)
}

// cut returns the part of w×h that is cw×ch, or all there is, at the place that the mode names.
func cut(m Mode, w, h, cw, ch int) image.Rectangle {
	cw, ch = min(cw, w), min(ch, h)
	x, y := (w-cw)/2, (h-ch)/2
	switch m {
	case Top:
		y = 0
	case Bottom:
		y = h - ch
	}
	return image.Rect(x, y, x+cw, y+ch)
}
