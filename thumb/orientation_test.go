package thumb

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"slices"
	"testing"
)

// storedAs returns the picture that, stored with the EXIF orientation v, is shown as m. It is written from the meaning of
// the values (which corner the first stored row and column are at), not from the table under test.
func storedAs(m *image.NRGBA, v int) *image.NRGBA {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	shown := func(x, y int) (int, int) { // of the stored pixel x, y
		switch v {
		case 2: // row 0 top, column 0 right
			return w - 1 - x, y
		case 3: // bottom, right
			return w - 1 - x, h - 1 - y
		case 4: // bottom, left
			return x, h - 1 - y
		case 5: // row 0 left, column 0 top
			return y, x
		case 6: // right, top
			return w - 1 - y, x
		case 7: // right, bottom
			return w - 1 - y, h - 1 - x
		case 8: // left, bottom
			return y, h - 1 - x
		}
		return x, y
	}
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	if v >= 5 {
		out = image.NewNRGBA(image.Rect(0, 0, h, w))
	}
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			sx, sy := shown(x, y)
			out.SetNRGBA(x, y, m.NRGBAAt(sx, sy))
		}
	}
	return out
}

func TestOrientation(t *testing.T) {
	t.Parallel()
	shown := quadrants(400, 200)
	for v := 1; v <= 8; v++ {
		pixels := storedAs(shown, v)
		jpegFile := withSegments(asJPEG(t, pixels), exifSegment(tiff(binary.LittleEndian, "II", uint16(v))))
		pngFile := asPNG(t, pixels)
		exif := pngChunk("eXIf", tiff(binary.BigEndian, "MM", uint16(v)))
		pngFile = slices.Concat(pngFile[:33], exif, pngFile[33:])
		for _, c := range []struct {
			spec string
			size image.Point
		}{
			{"0x50", image.Pt(100, 50)}, {"70x50", image.Pt(70, 50)}, {"70x50f", image.Pt(70, 35)}, {"800x800f", image.Pt(400, 200)},
			{"150x0", image.Pt(150, 75)},
		} {
			for format, file := range map[string][]byte{"jpeg": jpegFile, "png": pngFile} {
				m, name := thumb1(t, file, c.spec)
				if name != format || m.Bounds().Size() != c.size {
					t.Fatalf("orientation %d, %s: %s of %v, want %s of %v", v, c.spec, name, m.Bounds().Size(), format, c.size)
				}
				expectQuadrants(t, m)
			}
		}
	}
}

// expectQuadrants looks at the middle of each quadrant.
func expectQuadrants(tb testing.TB, m image.Image) {
	tb.Helper()
	b := m.Bounds()
	for i, c := range []color.Color{red, green, blue, white} {
		expectAt(tb, m, b.Dx()*(1+i%2*2)/4, b.Dy()*(1+i/2*2)/4, c, 4)
	}
}

// The cut is made on the picture as it is shown: its top is not the top of what is stored.
func TestOrientationDecidesWhatIsTop(t *testing.T) {
	t.Parallel()
	shown := quadrants(200, 400)
	for v := 1; v <= 8; v++ {
		file := withSegments(asJPEG(t, storedAs(shown, v)), exifSegment(tiff(binary.BigEndian, "MM", uint16(v))))
		top, _ := thumb1(t, file, "80x40t")
		expectAt(t, top, 20, 20, red, 4)
		expectAt(t, top, 60, 20, green, 4)
		bottom, _ := thumb1(t, file, "80x40b")
		expectAt(t, bottom, 20, 20, blue, 4)
		expectAt(t, bottom, 60, 20, white, 4)
	}
}

func TestOddOrientationIsIgnored(t *testing.T) {
	t.Parallel()
	good := tiff(binary.LittleEndian, "II", 6)
	edit := func(at int, b ...byte) []byte {
		c := bytes.Clone(good)
		copy(c[at:], b)
		return c
	}
	const entry = 8 + 2 + entrySize // the second entry
	for name, data := range map[string][]byte{
		"value 0":                {0: 'I', 1: 'I', 2: 42, 7: 0},
		"value 9":                tiff(binary.LittleEndian, "II", 9),
		"value 65535":            tiff(binary.BigEndian, "MM", 65535),
		"a long":                 edit(entry+2, 4),
		"two values":             edit(entry+4, 2),
		"directory past the end": edit(4, 0xFF, 0xFF, 0xFF, 0xFF),
		"directory in the head":  edit(4, 0, 0, 0, 0),
		"no such byte order":     edit(0, 'X', 'X'),
		"mixed byte order":       edit(0, 'M', 'M'),
		"empty":                  {},
		"cut":                    good[:len(good)-4-entrySize],
	} {
		if o, ok := exifOrientation(data); ok || o != (orientation{}) {
			t.Errorf("%s: %+v, %v", name, o, ok)
		}
		m, _ := thumb1(t, withSegments(asJPEG(t, quadrants(400, 200)), exifSegment(data)), "0x50")
		if m.Bounds().Size() != image.Pt(100, 50) {
			t.Errorf("%s: %v", name, m.Bounds())
		}
	}
	if o, ok := exifOrientation(good); !ok || o != orientations[6] {
		t.Errorf("the unedited data: %+v, %v", o, ok)
	}
	if _, ok := exifOrientation(edit(8, 0xFF, 0xFF)); !ok {
		t.Error("a count past the end hides an entry that is there")
	}
}

func TestFirstOrientationCounts(t *testing.T) {
	t.Parallel()
	six, three := exifSegment(tiff(binary.LittleEndian, "II", 6)), exifSegment(tiff(binary.LittleEndian, "II", 3))
	junk, other := exifSegment([]byte("II*\x00")), jpegSegmentOf(markAPP1, []byte("http://ns.adobe.com/xap/1.0/\x00"))
	m, _ := thumb1(t, withSegments(asJPEG(t, quadrants(400, 200)), other, junk, six, three), "0x50")
	if m.Bounds().Size() != image.Pt(25, 50) {
		t.Errorf("size %v, want 25×50", m.Bounds().Size())
	}
}

func FuzzEXIF(f *testing.F) {
	f.Add(tiff(binary.LittleEndian, "II", 6))
	f.Add(tiff(binary.BigEndian, "MM", 8))
	f.Add([]byte("II*\x00\x08\x00\x00\x00\xFF\xFF"))
	file := asJPEG(f, quadrants(8, 8))
	f.Fuzz(func(t *testing.T, data []byte) {
		o, ok := exifOrientation(data)
		if !ok && o != (orientation{}) {
			t.Errorf("an orientation that is none: %+v", o)
		}
		if len(data) > 60000 {
			return
		}
		h := &header{r: bytes.NewReader(withSegments(file, exifSegment(data)))}
		if got := jpegTraits(h); got.orient != o {
			t.Errorf("in a JPEG %+v, on its own %+v", got.orient, o)
		}
		h = &header{r: bytes.NewReader(append(pngHeader(1, 1, 8, 2, 0), pngChunk("eXIf", data)...))}
		if got := pngTraits(h); got.orient != o {
			t.Errorf("in a PNG %+v, on its own %+v", got.orient, o)
		}
	})
}
