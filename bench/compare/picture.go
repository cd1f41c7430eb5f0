package main

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color/palette"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"sync"
)

// A picture is a kind of photograph: its name as a file, and the making of one that is unlike all others with the same number.
type picture struct {
	file string
	make func(n int) []byte
}

// The kinds of photographs, each made once.
var (
	photoJPEG = picture{"photo.jpg", func(n int) []byte { return marked(photograph(), n) }}
	photoPNG  = picture{"photo.png", func(n int) []byte { return followed(transparent(), n) }}
	photoGIF  = picture{"photo.gif", func(n int) []byte { return followed(coloured(), n) }}
	photoWebP = picture{"photo.webp", func(n int) []byte { return followed(lossless(), n) }}
)

// photograph is a JPEG of 12 megapixels with soft shapes, hard edges and the noise of a sensor.
var photograph = sync.OnceValue(func() []byte {
	const width, height = 4000, 3000
	random := rand.New(rand.NewPCG(3, 4))
	m := image.NewYCbCr(image.Rect(0, 0, width, height), image.YCbCrSubsampleRatio420)
	for y := range height {
		for x := range width {
			m.Y[y*m.YStride+x] = brightness(x, y, random)
		}
	}
	for i := range m.Cb {
		x, y := i%m.CStride, i/m.CStride
		m.Cb[i] = clamp(128 + 30*math.Sin(float64(x)/200) + random.NormFloat64())
		m.Cr[i] = clamp(128 + 30*math.Cos(float64(y)/170) + random.NormFloat64())
	}
	var b bytes.Buffer
	must(jpeg.Encode(&b, m, &jpeg.Options{Quality: 90}))
	return b.Bytes()
})

func brightness(x, y int, random *rand.Rand) uint8 {
	v := 118 + 60*math.Sin(float64(x)/310)*math.Cos(float64(y)/270) + 18*math.Sin(float64(x*y)/90000)
	if (x/400+y/300)%5 == 0 {
		v += 35
	}
	return clamp(v + 5*random.NormFloat64())
}

func clamp(v float64) uint8 { return uint8(min(255, max(0, v))) }

// must panics where a buffer does not take a picture, which it always does.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// colours is a picture of 2 megapixels, transparent at its edges.
var colours = sync.OnceValue(func() *image.NRGBA {
	random := rand.New(rand.NewPCG(5, 6))
	m := image.NewNRGBA(image.Rect(0, 0, 1600, 1250))
	for i := 0; i < len(m.Pix); i += 4 {
		x, y := i/4%1600, i/4/1600
		v := brightness(x, y, random)
		m.Pix[i], m.Pix[i+1], m.Pix[i+2] = v, uint8(x/7), uint8(y/5)
		m.Pix[i+3] = clamp(float64(min(x, y, 1599-x, 1249-y)) * 8)
	}
	return m
})

// transparent is a PNG of 2 megapixels with alpha.
var transparent = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	must(png.Encode(&b, colours()))
	return b.Bytes()
})

// coloured is a GIF of 1 megapixel and 256 colours.
var coloured = sync.OnceValue(func() []byte {
	m := colours()
	p := image.NewPaletted(image.Rect(0, 0, 1250, 800), palette.Plan9)
	for i := range p.Pix {
		at := m.PixOffset(i%1250, i/1250)
		p.Pix[i] = m.Pix[at]&0xC0 | m.Pix[at+1]>>2&0x3C | m.Pix[at+2]>>6
	}
	var b bytes.Buffer
	must(gif.Encode(&b, p, nil))
	return b.Bytes()
})

// lossless is a WebP of 2 megapixels: of VP8L, with every sample as it is. RFC 9649, 3.
var lossless = sync.OnceValue(func() []byte {
	m := colours()
	w := &lowBits{}
	w.put(0x2F, 8)
	w.put(1600-1, 14)
	w.put(1250-1, 14)
	w.put(1, 1+3) // alpha is used, version 0
	w.put(0, 3)   // no transform, no colour cache, one group of codes
	for range 4 { // green, red, blue, alpha: 256 codes of 8 bits
		w.bytewise()
	}
	w.put(1, 4) // distance: one symbol, of one bit, 0
	for i := 0; i < len(m.Pix); i += 4 {
		for _, k := range [...]int{1, 0, 2, 3} {
			w.put(reversed(m.Pix[i+k]), 8)
		}
	}
	body := append([]byte("WEBPVP8L"), binary.LittleEndian.AppendUint32(nil, uint32(len(w.b)))...)
	body = append(body, w.b...)
	if len(body)%2 == 1 {
		body = append(body, 0)
	}
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
})

// lowBits packs bits from the low end.
type lowBits struct {
	b []byte
	n int
}

func (w *lowBits) put(v uint32, n int) {
	for i := range n {
		if w.n%8 == 0 {
			w.b = append(w.b, 0)
		}
		w.b[len(w.b)-1] |= byte(v>>i&1) << (w.n % 8)
		w.n++
	}
}

// bytewise writes a prefix code in which every byte has 8 bits: the code lengths are coded by a code whose only symbol is 8, and
// so takes no bits. RFC 9649, 3.7.2.1.2.
func (w *lowBits) bytewise() {
	w.put(0, 1)    // a normal code
	w.put(12-4, 4) // lengths for 12 of the code length codes, in the order 17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8
	w.put(0, 11*3)
	w.put(1, 3)
	w.put(1, 1)     // not all symbols have a length
	w.put(3, 3)     // their number takes 2+2×3 bits
	w.put(256-2, 8) // 256 of them
}

// reversed turns the bits of a code round: codes begin with their high end.
func reversed(v uint8) (r uint32) {
	for i := range 8 {
		r |= uint32(v>>i&1) << (7 - i)
	}
	return r
}

// marked is a JPEG with a comment that no other has, so that its bytes are its own.
func marked(jpg []byte, n int) []byte {
	comment := binary.BigEndian.AppendUint32([]byte{0xff, 0xfe, 0, 6}, uint32(n))
	return append(append(append(make([]byte, 0, len(jpg)+len(comment)), jpg[:2]...), comment...), jpg[2:]...)
}

// followed is a picture with its number behind its end, where nobody looks.
func followed(b []byte, n int) []byte {
	return binary.BigEndian.AppendUint32(append(make([]byte, 0, len(b)+4), b...), uint32(n))
}
