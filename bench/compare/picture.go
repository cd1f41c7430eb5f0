package main

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"sync"
)

// photograph is a JPEG of 12 megapixels with soft shapes, hard edges and the noise of a sensor, made once.
var photograph = sync.OnceValue(func() []byte {
	const width, height = 4000, 3000
	random := rand.New(rand.NewPCG(3, 4))
	m := image.NewYCbCr(image.Rect(0, 0, width, height), image.YCbCrSubsampleRatio420)
	for y := range height {
		for x := range width {
			v := 118 + 60*math.Sin(float64(x)/310)*math.Cos(float64(y)/270) + 18*math.Sin(float64(x*y)/90000)
			if (x/400+y/300)%5 == 0 {
				v += 35
			}
			m.Y[y*m.YStride+x] = clamp(v + 5*random.NormFloat64())
		}
	}
	for i := range m.Cb {
		x, y := i%m.CStride, i/m.CStride
		m.Cb[i] = clamp(128 + 30*math.Sin(float64(x)/200) + random.NormFloat64())
		m.Cr[i] = clamp(128 + 30*math.Cos(float64(y)/170) + random.NormFloat64())
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 90}); err != nil {
		panic(err) // a buffer takes everything, and the size is allowed
	}
	return b.Bytes()
})

func clamp(v float64) uint8 { return uint8(min(255, max(0, v))) }

// marked is the picture with a comment that no other has, so that its bytes are its own.
func marked(jpg []byte, n int) []byte {
	comment := binary.BigEndian.AppendUint32([]byte{0xff, 0xfe, 0, 6}, uint32(n))
	return append(append(append(make([]byte, 0, len(jpg)+len(comment)), jpg[:2]...), comment...), jpg[2:]...)
}
