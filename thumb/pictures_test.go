package thumb

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/color/palette"
	"image/gif"
	"image/jpeg"
	"image/png"
	"testing"
)

var (
	red   = color.NRGBA{255, 0, 0, 255}
	green = color.NRGBA{0, 255, 0, 255}
	blue  = color.NRGBA{0, 0, 255, 255}
	white = color.NRGBA{255, 255, 255, 255}
)

// quadrants is red, green over blue, white.
func quadrants(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetNRGBA(x, y, quadrantAt(x*2 >= w, y*2 >= h))
		}
	}
	return m
}

func quadrantAt(right, low bool) color.NRGBA {
	switch {
	case right && low:
		return white
	case low:
		return blue
	case right:
		return green
	}
	return red
}

// scene is a picture with gradients, edges and fine noise, the same each time.
func scene(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	seed := uint32(1)
	for y := range h {
		for x := range w {
			seed = seed*1664525 + 1013904223
			noise := uint8(seed >> 28)
			edge := uint8((x/37 + y/53) % 2 * 90)
			p := m.Pix[m.PixOffset(x, y):]
			p[0], p[1], p[2], p[3] = uint8(x*150/w)+edge+noise, uint8(y*150/h)+edge+noise, uint8((x+y)*75/(w+h))+noise, 255
		}
	}
	return m
}

func asPNG(tb testing.TB, m image.Image) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func asJPEG(tb testing.TB, m image.Image) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 98}); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func asGIF(tb testing.TB, m image.Image) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := gif.Encode(&b, m, nil); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func pngChunk(kind string, body []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	b = append(append(b, kind...), body...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

const pngMagic = "\x89PNG\r\n\x1a\n"

func pngHeader(w, h, depth, colour, interlace int) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(w))
	b = binary.BigEndian.AppendUint32(b, uint32(h))
	return append([]byte(pngMagic), pngChunk("IHDR", append(b, byte(depth), byte(colour), 0, 0, byte(interlace)))...)
}

// rawPNG is a PNG of the given rows, each with its filter byte, and of further chunks before the pixels.
func rawPNG(tb testing.TB, head []byte, rows []byte, chunks ...[]byte) []byte {
	tb.Helper()
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	if _, err := w.Write(rows); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	out := append(bytes.Clone(head), bytes.Join(chunks, nil)...)
	out = append(out, pngChunk("IDAT", z.Bytes())...)
	return append(out, pngChunk("IEND", nil)...)
}

// interlacedPNG stores m in the seven passes of Adam7, 8 bits red, green, blue.
func interlacedPNG(tb testing.TB, m *image.NRGBA) []byte {
	passes := []struct{ x, y, dx, dy int }{
		{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2},
	}
	w, h := m.Rect.Dx(), m.Rect.Dy()
	var rows []byte
	for _, p := range passes {
		for y := p.y; y < h && p.x < w; y += p.dy {
			rows = append(rows, 0)
			for x := p.x; x < w; x += p.dx {
				c := m.NRGBAAt(x, y)
				rows = append(rows, c.R, c.G, c.B)
			}
		}
	}
	return rawPNG(tb, pngHeader(w, h, 8, 2, 1), rows)
}

// tiff is EXIF data with one orientation entry.
func tiff(order binary.AppendByteOrder, mark string, orientation uint16) []byte {
	b := order.AppendUint16([]byte(mark), 42)
	b = order.AppendUint32(b, 8)
	b = order.AppendUint16(b, 2)
	for _, e := range [][2]uint16{{0x0110, 7}, {tagOrientation, orientation}} {
		b = order.AppendUint16(b, e[0])
		b = order.AppendUint16(b, typeShort)
		b = order.AppendUint32(b, 1)
		b = order.AppendUint16(b, e[1])
		b = order.AppendUint16(b, 0)
	}
	return order.AppendUint32(b, 0)
}

func jpegSegmentOf(mark byte, body []byte) []byte {
	b := binary.BigEndian.AppendUint16([]byte{0xFF, mark}, uint16(len(body)+2))
	return append(b, body...)
}

func exifSegment(tiff []byte) []byte {
	return jpegSegmentOf(markAPP1, append([]byte("Exif\x00\x00"), tiff...))
}

// withSegments puts segments behind the start of a JPEG.
func withSegments(file []byte, segments ...[]byte) []byte {
	out := append(bytes.Clone(file[:2]), bytes.Join(segments, nil)...)
	return append(out, file[2:]...)
}

// bitWriter packs bits, JPEG's from the high end, WebP's from the low end.
type bitWriter struct {
	b   []byte
	n   int
	low bool
}

func (w *bitWriter) put(v uint32, n int) {
	for i := range n {
		if w.n%8 == 0 {
			w.b = append(w.b, 0)
		}
		if w.low {
			w.b[len(w.b)-1] |= byte(v>>i&1) << (w.n % 8)
		} else {
			w.b[len(w.b)-1] |= byte(v>>(n-1-i)&1) << (7 - w.n%8)
		}
		w.n++
	}
}

// flatJPEG is an 8×8 picture of one colour with the given samples, and an Adobe segment.
func flatJPEG(adobe byte, samples ...uint8) []byte {
	out := []byte{0xFF, 0xD8}
	out = append(out, jpegSegmentOf(0xEE, append([]byte("Adobe\x00\x64\x00\x00\x00\x00"), adobe))...)
	out = append(out, jpegSegmentOf(0xDB, append([]byte{0}, bytes.Repeat([]byte{1}, 64)...))...)
	frame := []byte{8, 0, 8, 0, 8, byte(len(samples))}
	scan := []byte{byte(len(samples))}
	for i := range samples {
		frame = append(frame, byte(i+1), 0x11, 0)
		scan = append(scan, byte(i+1), 0)
	}
	out = append(out, jpegSegmentOf(0xC0, frame)...)
	dc := append([]byte{0x00, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
	ac := append([]byte{0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 0)
	out = append(out, jpegSegmentOf(0xC4, dc)...)
	out = append(out, jpegSegmentOf(0xC4, ac)...)
	out = append(out, jpegSegmentOf(0xDA, append(scan, 0, 63, 0))...)
	var w bitWriter
	for _, s := range samples {
		putDC(&w, 8*(int(s)-128))
		w.put(0, 1) // no other coefficient
	}
	for w.n%8 != 0 {
		w.put(1, 1)
	}
	return append(append(out, bytes.ReplaceAll(w.b, []byte{0xFF}, []byte{0xFF, 0})...), 0xFF, 0xD9)
}

func putDC(w *bitWriter, v int) {
	size, a := 0, max(v, -v)
	for a>>size > 0 {
		size++
	}
	w.put(uint32(size), 4)
	if v < 0 {
		v += 1<<size - 1
	}
	w.put(uint32(v), size)
}

func riff(chunks ...[]byte) []byte {
	body := append([]byte("WEBP"), bytes.Join(chunks, nil)...)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

func riffChunk(kind string, body []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte(kind), uint32(len(body)))
	b = append(b, body...)
	if len(body)%2 == 1 {
		b = append(b, 0)
	}
	return b
}

// losslessWebP stores a picture whose samples are all 0 or 255, and opaque: one bit each.
func losslessWebP(m *image.NRGBA) []byte {
	w := &bitWriter{low: true}
	w.put(0x2F, 8)
	w.put(uint32(m.Rect.Dx()-1), 14)
	w.put(uint32(m.Rect.Dy()-1), 14)
	w.put(0, 1+3)   // no alpha, version 0
	w.put(0, 1+1+1) // no transform, no colour cache, one group of codes
	for range 3 {   // green, red, blue: the symbols 0 and 255
		w.put(1|1<<1, 2)
		w.put(1, 1)
		w.put(0, 8)
		w.put(255, 8)
	}
	w.put(1, 2) // alpha: simple, one symbol,
	w.put(1, 1) // of 8 bits
	w.put(255, 8)
	w.put(1, 2) // distance: simple, one symbol, of 1 bit
	w.put(0, 1)
	w.put(0, 1)
	for i := 0; i < len(m.Pix); i += 4 {
		for _, k := range []int{1, 0, 2} {
			w.put(uint32(m.Pix[i+k]>>7), 1)
		}
	}
	return riff(riffChunk("VP8L", w.b))
}

// grayVP8 is a lossy frame without any coefficient: every sample is 128.
func grayVP8(w, h int) []byte {
	const first = 400
	tag := uint32(first)<<5 | 1<<4 // key frame, version 0, shown
	b := []byte{byte(tag), byte(tag >> 8), byte(tag >> 16), 0x9D, 0x01, 0x2A}
	b = binary.LittleEndian.AppendUint16(b, uint16(w))
	b = binary.LittleEndian.AppendUint16(b, uint16(h))
	return append(b, make([]byte, first+4000)...)
}

// animation is a GIF of n frames, the first one m.
func animation(tb testing.TB, m *image.Paletted, n int) []byte {
	tb.Helper()
	g := &gif.GIF{Config: image.Config{Width: m.Rect.Max.X, Height: m.Rect.Max.Y}}
	other := image.NewPaletted(m.Rect, color.Palette{color.Black, color.White})
	for i := range n {
		frame := other
		if i == 0 {
			frame = m
		}
		g.Image, g.Delay = append(g.Image, frame), append(g.Delay, 1)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, g); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func toPaletted(m image.Image) *image.Paletted {
	p := image.NewPaletted(m.Bounds(), palette.WebSafe)
	for y := range m.Bounds().Dy() {
		for x := range m.Bounds().Dx() {
			p.Set(x, y, m.At(x, y))
		}
	}
	return p
}

// make1 makes a thumbnail with a fresh engine and returns its bytes.
func make1(tb testing.TB, file []byte, spec string) []byte {
	tb.Helper()
	s, err := Parse(spec)
	if err != nil {
		tb.Fatal(err)
	}
	var out bytes.Buffer
	if err := New(Options{}).Make(context.Background(), &out, bytes.NewReader(file), s); err != nil {
		tb.Fatalf("%s: %v", spec, err)
	}
	return out.Bytes()
}

// thumb1 makes a thumbnail and decodes it.
func thumb1(tb testing.TB, file []byte, spec string) (image.Image, string) {
	tb.Helper()
	m, name, err := image.Decode(bytes.NewReader(make1(tb, file, spec)))
	if err != nil {
		tb.Fatalf("%s: %v", spec, err)
	}
	return m, name
}

// near reports whether two colours differ by no more than tol in any channel.
func near(a, b color.Color, tol int) bool {
	x, y := color.NRGBAModel.Convert(a).(color.NRGBA), color.NRGBAModel.Convert(b).(color.NRGBA)
	d := func(p, q uint8) int { return max(int(p)-int(q), int(q)-int(p)) }
	return max(d(x.R, y.R), d(x.G, y.G), d(x.B, y.B), d(x.A, y.A)) <= tol
}

// expectAt fails unless the pixel at x, y has the colour c.
func expectAt(tb testing.TB, m image.Image, x, y int, c color.Color, tol int) {
	tb.Helper()
	if got := m.At(x, y); !near(got, c, tol) {
		tb.Errorf("pixel %d,%d is %v, want %v", x, y, color.NRGBAModel.Convert(got), c)
	}
}
