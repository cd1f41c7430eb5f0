package thumb

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"testing"
)

// TestFormats makes the same thumbnails of the same picture in every format.
func TestFormats(t *testing.T) {
	t.Parallel()
	m := quadrants(400, 200)
	gray := image.NewGray(m.Rect)
	for i := range gray.Pix {
		gray.Pix[i] = m.Pix[4*i+1]
	}
	for _, c := range []struct {
		name, output string
		file         []byte
	}{
		{"jpeg", "jpeg", asJPEG(t, m)},
		{"png", "png", asPNG(t, m)},
		{"interlaced png", "png", interlacedPNG(t, m)},
		{"gif", "gif", asGIF(t, toPaletted(m))},
		{"webp", "png", losslessWebP(m)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for spec, size := range map[string]image.Point{
				"70x50": {70, 50}, "70x50t": {70, 50}, "70x50b": {70, 50}, "70x50f": {70, 35}, "0x50": {100, 50}, "70x0": {70, 35},
				"800x800": {800, 800}, "800x0": {800, 400}, "800x800f": {400, 200}, "100x100": {100, 100}, "200x200f": {200, 100},
				"400x200": {400, 200}, "1x1f": {1, 1},
			} {
				got, name := thumb1(t, c.file, spec)
				if name != c.output || got.Bounds() != (image.Rectangle{Max: size}) {
					t.Errorf("%s: %s of %v, want %s of %v", spec, name, got.Bounds(), c.output, size)
				}
				if size.Y > 1 {
					expectQuadrants(t, got)
				}
			}
		})
	}
}

// The coloured quadrants show which part each mode keeps.
func TestModes(t *testing.T) {
	t.Parallel()
	wide, tall := quadrants(400, 200), quadrants(200, 400)
	small := quadrants(40, 80)
	type look struct {
		x, y int
		c    color.Color
	}
	for _, c := range []struct {
		name  string
		m     image.Image
		spec  string
		looks []look
	}{
		{"a tall source, top", tall, "80x40t", []look{{20, 2, red}, {60, 2, green}, {20, 37, red}, {60, 37, green}}},
		{"a tall source, bottom", tall, "80x40b", []look{{20, 2, blue}, {60, 2, white}, {20, 37, blue}, {60, 37, white}}},
		{"a tall source, center", tall, "80x40", []look{{20, 2, red}, {60, 17, green}, {20, 22, blue}, {60, 37, white}}},
		{"a tall source, fit", tall, "80x40f", []look{{5, 2, red}, {14, 2, green}, {5, 37, blue}, {14, 37, white}}},
		{"a wide source, top", wide, "40x80t", []look{{2, 2, red}, {37, 2, green}, {2, 77, blue}, {37, 77, white}}},
		{"a wide source, center", wide, "40x80", []look{{17, 37, red}, {22, 37, green}, {17, 42, blue}, {22, 42, white}}},
		{"a small source, top", small, "80x40t", []look{{20, 2, red}, {60, 2, green}, {20, 37, red}, {60, 37, green}}},
		{"a small source, bottom", small, "80x40b", []look{{20, 2, blue}, {60, 2, white}, {20, 37, blue}, {60, 37, white}}},
		{"a small source, center", small, "80x40", []look{{20, 2, red}, {60, 17, green}, {20, 22, blue}, {60, 37, white}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, _ := thumb1(t, asPNG(t, c.m), c.spec)
			for _, l := range c.looks {
				expectAt(t, got, l.x, l.y, l.c, 3)
			}
		})
	}
}

func TestPixelTypes(t *testing.T) {
	t.Parallel()
	half := color.NRGBA{200, 100, 50, 128}
	deep := image.NewNRGBA64(image.Rect(0, 0, 120, 120))
	deepGray := image.NewGray16(deep.Rect)
	deepOpaque := image.NewRGBA64(deep.Rect)
	holes := image.NewPaletted(deep.Rect, color.Palette{color.NRGBA{}, half, red})
	for y := range 120 {
		for x := range 120 {
			deep.Set(x, y, half)
			deepGray.Set(x, y, color.Gray16{0x8080})
			deepOpaque.Set(x, y, color.RGBA64{0xC8C8, 0x6464, 0x3232, 0xFFFF})
			if x >= 60 {
				holes.SetColorIndex(x, y, 1)
			}
		}
	}
	grayAlpha := bytes.Repeat(append([]byte{0}, bytes.Repeat([]byte{180, 64}, 120)...), 120)
	for _, c := range []struct {
		name        string
		file        []byte
		left, right color.Color
	}{
		{"16 bits with alpha", asPNG(t, deep), half, half},
		{"16 bits gray", asPNG(t, deepGray), color.Gray{0x80}, color.Gray{0x80}},
		{"16 bits opaque", asPNG(t, deepOpaque), color.NRGBA{200, 100, 50, 255}, color.NRGBA{200, 100, 50, 255}},
		{"a palette with transparency", asPNG(t, holes), color.NRGBA{}, half},
		{"gray with alpha", rawPNG(t, pngHeader(120, 120, 8, 4, 0), grayAlpha), color.NRGBA{180, 180, 180, 64}, color.NRGBA{180, 180, 180, 64}},
		{"gray", asJPEG(t, image.NewGray(deep.Rect)), color.Black, color.Black},
		{"CMYK", flatJPEG(0, 255, 0, 0, 255), red, red},
		{"CMYK with black", flatJPEG(0, 255, 255, 255, 100), color.Gray{100}, color.Gray{100}},
		{"YCCK", flatJPEG(2, 128, 128, 128, 255), color.Gray{128}, color.Gray{128}},
		{"RGB", flatJPEG(0, 0, 255, 0), green, green},
		{"lossy webp is of the limited range", riff(riffChunk("VP8 ", grayVP8(120, 120))), color.Gray{130}, color.Gray{130}},
		{"lossy webp with alpha", alphaWebP(120, 120, 77), color.NRGBA{130, 130, 130, 77}, color.NRGBA{130, 130, 130, 77}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, spec := range []string{"30x30", "7x0", "150x0", "99x50t", "200x200f"} {
				m, _ := thumb1(t, c.file, spec)
				expectAt(t, m, 1, m.Bounds().Dy()/2, c.left, 2)
				expectAt(t, m, m.Bounds().Dx()-2, m.Bounds().Dy()/2, c.right, 2)
			}
		})
	}
}

func alphaWebP(w, h int, alpha byte) []byte {
	x := []byte{1 << 4, 0, 0, 0, byte(w - 1), byte((w - 1) >> 8), 0, byte(h - 1), byte((h - 1) >> 8), 0}
	a := append([]byte{0}, bytes.Repeat([]byte{alpha}, w*h)...)
	return riff(riffChunk("VP8X", x), riffChunk("ALPH", a), riffChunk("VP8 ", grayVP8(w, h)))
}

// ITU-R BT.601's own examples: black, white, and the primaries at full strength.
func TestLimitedToRGB(t *testing.T) {
	t.Parallel()
	for in, want := range map[[3]uint8][3]uint8{
		{16, 128, 128}: {0, 0, 0}, {235, 128, 128}: {255, 255, 255}, {81, 90, 240}: {254, 0, 0}, {145, 54, 34}: {0, 255, 1},
		{41, 240, 110}: {0, 0, 255}, {0, 128, 128}: {0, 0, 0}, {255, 128, 128}: {255, 255, 255},
	} {
		r, g, b := limitedToRGB(in[0], in[1], in[2])
		if !near(color.NRGBA{r, g, b, 255}, color.NRGBA{want[0], want[1], want[2], 255}, 1) {
			t.Errorf("%v is %v, want %v", in, [3]uint8{r, g, b}, want)
		}
	}
}

// What is transparent has no colour that could run into what is not.
func TestTransparentPixelsDoNotBleed(t *testing.T) {
	t.Parallel()
	m := image.NewNRGBA(image.Rect(0, 0, 200, 200))
	for y := range 200 {
		for x := range 200 {
			m.SetNRGBA(x, y, color.NRGBA{0, 255, 0, 0})
			if (x/3+y/3)%2 == 0 {
				m.SetNRGBA(x, y, red)
			}
		}
	}
	for _, spec := range []string{"90x90", "10x10", "333x0"} {
		got, _ := thumb1(t, asPNG(t, m), spec)
		for y := range got.Bounds().Dy() {
			for x := range got.Bounds().Dx() {
				c := color.NRGBAModel.Convert(got.At(x, y)).(color.NRGBA)
				if c.A > 0 && (c.R < 250 || c.G > 5 || c.B > 5) {
					t.Fatalf("%s: pixel %d,%d is %v", spec, x, y, c)
				}
			}
		}
	}
}

func TestAnimationGivesItsFirstFrame(t *testing.T) {
	t.Parallel()
	file := animation(t, toPaletted(quadrants(400, 200)), 5)
	for _, spec := range []string{"70x50", "800x800f"} {
		g, err := gif.DecodeAll(bytes.NewReader(make1(t, file, spec)))
		if err != nil {
			t.Fatal(err)
		}
		if len(g.Image) != 1 {
			t.Errorf("%s: %d frames", spec, len(g.Image))
		}
		expectQuadrants(t, g.Image[0])
	}
}

// A frame smaller than the logical screen keeps its place on it; around it is nothing.
func TestFrameIsDrawnOnItsScreen(t *testing.T) {
	t.Parallel()
	p := image.NewPaletted(image.Rect(100, 50, 200, 100), color.Palette{red, blue})
	var b bytes.Buffer
	g := &gif.GIF{Image: []*image.Paletted{p}, Delay: []int{0}, Config: image.Config{Width: 200, Height: 100}}
	if err := gif.EncodeAll(&b, g); err != nil {
		t.Fatal(err)
	}
	for _, spec := range []string{"100x0", "200x100", "300x300f"} {
		m, _ := thumb1(t, b.Bytes(), spec)
		w, h := m.Bounds().Dx(), m.Bounds().Dy()
		if w != 2*h {
			t.Errorf("%s: %d×%d", spec, w, h)
		}
		expectAt(t, m, w*3/4, h*3/4, red, 0)
		expectAt(t, m, w/4, h*3/4, color.NRGBA{}, 0)
		expectAt(t, m, w*3/4, h/4, color.NRGBA{}, 0)
	}
}

func TestManyColoursBecome256(t *testing.T) {
	t.Parallel()
	m := image.NewNRGBA(image.Rect(0, 0, 256, 256))
	for y := range 256 {
		for x := range 256 {
			m.SetNRGBA(x, y, color.NRGBA{uint8(x), uint8(y), uint8((x + y) / 2), 255})
			if x < 40 && y < 40 {
				m.SetNRGBA(x, y, color.NRGBA{})
			}
		}
	}
	p := palettize(m)
	if len(p.Palette) > 256 {
		t.Fatalf("%d colours", len(p.Palette))
	}
	expectAt(t, p, 10, 10, color.NRGBA{}, 0)
	for y := 4; y < 252; y += 8 {
		for x := 44; x < 252; x += 8 {
			if sum := meanOf(p, image.Rect(x-4, y-4, x+4, y+4)); !near(sum, m.At(x, y), 12) {
				t.Fatalf("around %d,%d the mean is %v, want %v", x, y, sum, m.At(x, y))
			}
		}
	}
}

// meanOf is the mean colour of a part of an opaque picture.
func meanOf(m image.Image, r image.Rectangle) color.Color {
	var sum [3]int
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			c := color.NRGBAModel.Convert(m.At(x, y)).(color.NRGBA)
			sum[0], sum[1], sum[2] = sum[0]+int(c.R), sum[1]+int(c.G), sum[2]+int(c.B)
		}
	}
	n := r.Dx() * r.Dy()
	return color.NRGBA{uint8(sum[0] / n), uint8(sum[1] / n), uint8(sum[2] / n), 255}
}

// Where a picture was taken is nobody's business who sees a thumbnail.
func TestThumbsCarryNoMetadata(t *testing.T) {
	t.Parallel()
	secret := []byte("52.5200N 13.4050E")
	exif := append(tiff(binary.LittleEndian, "II", 1), secret...)
	jpegFile := withSegments(asJPEG(t, quadrants(400, 200)), exifSegment(exif), jpegSegmentOf(0xFE, secret), jpegSegmentOf(0xE2, secret))
	pngFile := asPNG(t, quadrants(400, 200))
	pngFile = append(bytes.Clone(pngFile[:33]), append(append(pngChunk("eXIf", exif), pngChunk("tEXt", secret)...), pngFile[33:]...)...)
	for _, file := range [][]byte{jpegFile, pngFile} {
		for _, spec := range []string{"70x50", "800x800f", "400x200"} {
			out := make1(t, file, spec)
			for _, trace := range [][]byte{secret, []byte("Exif"), []byte("eXIf"), []byte("II*")} {
				if bytes.Contains(out, trace) {
					t.Errorf("%s: the thumbnail contains %q", spec, trace)
				}
			}
		}
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	for _, size := range []image.Point{{1, 65535}, {65535, 1}, {1, 1}, {2, 3}} {
		m := image.NewGray(image.Rectangle{Max: size})
		for i := range m.Pix {
			m.Pix[i] = 77
		}
		p := image.NewPaletted(m.Rect, color.Palette{color.Gray{77}})
		for _, file := range [][]byte{asPNG(t, m), asJPEG(t, m), asGIF(t, p)} {
			for spec, want := range map[string]image.Point{"100x100": {100, 100}, "100x100t": {100, 100}, "1x1": {1, 1}} {
				got, _ := thumb1(t, file, spec)
				if got.Bounds().Size() != want {
					t.Errorf("%v %s: %v", size, spec, got.Bounds())
				}
				expectAt(t, got, want.X-1, want.Y-1, color.Gray{77}, 2)
			}
			got, _ := thumb1(t, file, "100x100f")
			if w, h := got.Bounds().Dx(), got.Bounds().Dy(); w < 1 || h < 1 || w > 100 || h > 100 {
				t.Errorf("%v fit: %d×%d", size, w, h)
			}
		}
	}
}

func ExampleParse() {
	s, err := Parse("200x200f")
	fmt.Println(s.Width, s.Height, s.Mode == Fit, err)
	// Output: 200 200 true <nil>
}
