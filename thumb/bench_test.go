package thumb

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"dossier"
)

// photographs are JPEGs with soft shapes, hard edges and the noise of a sensor, made once.
var photographs = map[string]func() []byte{
	"12 MP": sync.OnceValue(func() []byte { return photograph(4000, 3000) }),
	"24 MP": sync.OnceValue(func() []byte { return photograph(6000, 4000) }),
}

func photograph(w, h int) []byte {
	random := rand.New(rand.NewPCG(3, 4))
	m := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
	waves := make([]float64, w)
	for x := range waves {
		waves[x] = math.Sin(float64(x) / 310)
	}
	for y := range h {
		down := math.Cos(float64(y) / 270)
		for x := range w {
			v := 118 + 60*waves[x]*down + float64((x/400+y/300)%5*9) + 5*random.NormFloat64()
			m.Y[y*m.YStride+x] = uint8(max(0, min(255, v)))
		}
	}
	for i := range m.Cb {
		m.Cb[i] = uint8(128 + 30*waves[i%m.CStride] + random.NormFloat64())
		m.Cr[i] = uint8(128 + 30*waves[i/m.CStride] + random.NormFloat64())
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 90}); err != nil {
		panic(err) // a buffer takes everything, and the size is allowed
	}
	return b.Bytes()
}

// BenchmarkMake reports, of JPEGs that are decoded at a fraction of their size, how like the result is to that of a whole decoding.
func BenchmarkMake(b *testing.B) {
	photo := scene(1600, 1250)
	for _, c := range []struct {
		name, spec string
		file       func() []byte
	}{
		{"jpeg 12 MP to 300", "300x0", photographs["12 MP"]},
		{"jpeg 12 MP to 100x100", "100x100", photographs["12 MP"]},
		{"jpeg 12 MP to 1200", "1200x0", photographs["12 MP"]},
		{"jpeg 24 MP to 300", "300x0", photographs["24 MP"]},
		{"jpeg 2 MP to 300", "300x0", func() []byte { return asJPEG(b, photo) }},
		{"png 2 MP to 300", "300x0", func() []byte { return asPNG(b, photo) }},
		{"gif 2 MP to 300", "300x0", func() []byte { return asGIF(b, toPaletted(photo)) }},
		{"webp 2 MP to 300", "300x0", func() []byte { return losslessWebP(quadrants(1600, 1250)) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			file := c.file()
			j := opened(b, file, c.spec)
			e := New(Options{})
			b.ReportAllocs()
			b.SetBytes(int64(len(file)))
			for b.Loop() {
				makeOne(b, e, file, j.spec)
			}
			if j.side > 0 {
				b.ReportMetric(likeness(resultOf(b, file, c.spec, false), resultOf(b, file, c.spec, true)), "dB")
			}
		})
	}
}

func makeOne(tb testing.TB, e *Engine, file []byte, s Spec) {
	var out bytes.Buffer
	if err := e.Make(context.Background(), &out, bytes.NewReader(file), s); err != nil {
		tb.Error(err)
	}
}

// BenchmarkBurst makes thumbnails of eight photographs at once.
func BenchmarkBurst(b *testing.B) {
	file := photographs["12 MP"]()
	e := New(Options{})
	b.ReportAllocs()
	for b.Loop() {
		var all sync.WaitGroup
		for range 8 {
			all.Add(1)
			dossier.Go(nil, "thumbnail", func() {
				defer all.Done()
				makeOne(b, e, file, Spec{Width: 300})
			})
		}
		all.Wait()
	}
}

// BenchmarkDecode is what no resize after a whole decoding can be faster than.
func BenchmarkDecode(b *testing.B) {
	file := photographs["12 MP"]()
	for b.Loop() {
		if _, err := formats[0].decode(bytes.NewReader(file)); err != nil {
			b.Fatal(err)
		}
	}
}
