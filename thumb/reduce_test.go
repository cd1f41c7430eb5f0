package thumb

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"io"
	"math"
	"testing"

	"dossier"
)

// opened is a job for a file whose header was read.
func opened(tb testing.TB, file []byte, spec string) *job {
	tb.Helper()
	s, err := Parse(spec)
	if err != nil {
		tb.Fatal(err)
	}
	j := &job{src: &source{r: bytes.NewReader(file), left: math.MaxInt64 - 1}, spec: s}
	if err := j.readHeader(context.Background(), math.MaxInt64); err != nil {
		tb.Fatal(err)
	}
	return j
}

// resultOf makes what would be encoded, from a decoding at a fraction of the size or from a whole one.
func resultOf(tb testing.TB, file []byte, spec string, whole bool) image.Image {
	tb.Helper()
	j := opened(tb, file, spec)
	if whole {
		j.reduction = reduction{}
	} else if j.side == 0 {
		tb.Fatalf("%s is not decoded at a fraction of its size", spec)
	}
	m, err := j.result(context.Background(), newCodec())
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// likeness is the peak signal to noise ratio of two pictures in dB. Above 42 nobody sees a difference.
func likeness(a, b image.Image) float64 {
	size, sum := a.Bounds().Size(), 0.0
	for y := range size.Y {
		for x := range size.X {
			p := color.RGBAModel.Convert(a.At(a.Bounds().Min.X+x, a.Bounds().Min.Y+y)).(color.RGBA)
			q := color.RGBAModel.Convert(b.At(b.Bounds().Min.X+x, b.Bounds().Min.Y+y)).(color.RGBA)
			for _, d := range []int{int(p.R) - int(q.R), int(p.G) - int(q.G), int(p.B) - int(q.B)} {
				sum += float64(d * d)
			}
		}
	}
	return 10 * math.Log10(255*255/(sum/float64(3*size.X*size.Y)+1e-9))
}

// What is made of a part of the information is what all of it would give.
func TestReducedResemblesWhole(t *testing.T) {
	t.Parallel()
	file := asJPEG(t, scene(2048, 1536))
	turned := withSegments(file, exifSegment(tiff(binary.LittleEndian, "II", 6)))
	gray := image.NewGray(image.Rect(0, 0, 2048, 1536))
	for i := range gray.Pix {
		x, y := i%2048, i/2048
		gray.Pix[i] = uint8(100 + 60*math.Sin(float64(x)/90)*math.Cos(float64(y)/70) + float64((x/200+y/150)%3*20))
	}
	grayFile := asJPEG(t, gray)
	for _, c := range []struct {
		name string
		file []byte
		spec string
		side int
	}{
		{"half", file, "500x0", 4}, {"a quarter", file, "200x0", 2}, {"still a quarter", file, "128x0", 2}, {"an eighth", file, "84x0", 1}, {"far less", file, "20x0", 1},
		{"covered", file, "100x100", 2}, {"from the top", file, "60x300t", 4}, {"from the bottom", file, "300x60b", 4},
		{"inside", file, "100x100f", 2}, {"turned", turned, "0x84", 1}, {"turned and cut", turned, "120x40b", 2},
		{"gray", grayFile, "200x0", 2},
	} {
		if side := opened(t, c.file, c.spec).side; side != c.side {
			t.Errorf("%s: blocks of side %d, want %d", c.name, side, c.side)
		}
		a, b := resultOf(t, c.file, c.spec, false), resultOf(t, c.file, c.spec, true)
		if a.Bounds() != b.Bounds() {
			t.Fatalf("%s: %v, want %v", c.name, a.Bounds(), b.Bounds())
		}
		db := likeness(a, b)
		t.Logf("%s: %.1f dB", c.name, db)
		if db < 46 {
			t.Errorf("%s: %.1f dB", c.name, db)
		}
	}
}

func TestWhatIsDecodedWhole(t *testing.T) {
	t.Parallel()
	large := asJPEG(t, scene(1700, 1300))
	for _, c := range []struct {
		name, spec string
		file       []byte
	}{
		{"a small picture", "100x100", asJPEG(t, scene(1600, 1200))},
		{"a large result", "900x0", large},
		{"a PNG", "100x100", asPNG(t, image.NewGray(image.Rect(0, 0, 1700, 1300)))},
		{"RGB", "100x100", withSegments(large, jpegSegmentOf(0xEE, []byte("Adobe\x00\x64\x00\x00\x00\x00\x00")))},
	} {
		if side := opened(t, c.file, c.spec).side; side != 0 {
			t.Errorf("%s is decoded to blocks of side %d", c.name, side)
		}
	}
}

// A large picture takes the memory of the small one that it is decoded to.
func TestLargePicturesTakeLittleMemory(t *testing.T) {
	file := asJPEG(t, scene(4000, 3000))
	if cost := opened(t, file, "300x0").cost(); cost > 3<<20 {
		t.Errorf("%d bytes are asked for", cost)
	}
	n := allocated(func() {
		if err := New(Options{}).Make(context.Background(), io.Discard, bytes.NewReader(file), Spec{Width: 300}); err != nil {
			t.Error(err)
		}
	})
	if n > 6<<20 {
		t.Errorf("%d bytes allocated", n)
	}
}

func TestBrokenLargePictures(t *testing.T) {
	t.Parallel()
	file := asJPEG(t, scene(1700, 1300))
	for _, n := range []int{1000, len(file) / 2, len(file) - 1} {
		err := New(Options{}).Make(context.Background(), io.Discard, bytes.NewReader(file[:n]), small)
		if !errors.Is(err, dossier.Unsupported) {
			t.Errorf("cut at %d: %v, want unsupported", n, err)
		}
	}
	broken := dossier.Errorf(dossier.NotFound, "the bytes are gone")
	err := New(Options{}).Make(context.Background(), io.Discard, faulty(file, len(file)/2, broken), small)
	if !errors.Is(err, broken) || dossier.KindOf(err) != dossier.NotFound {
		t.Errorf("a faulty source: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	src := bytes.NewReader(file)
	r := readerFunc(func(p []byte) (int, error) {
		if src.Len() < len(file)/2 {
			cancel()
		}
		return src.Read(p)
	})
	if err := New(Options{}).Make(ctx, io.Discard, r, small); !errors.Is(err, dossier.Canceled) {
		t.Errorf("%v, want canceled", err)
	}
}
