package thumb

import (
	"image"
	"image/color"
)

// A raster is a decoded picture as rows of samples: one for each pixel, or four that are red, green and blue, multiplied by
// alpha, and alpha.
type raster struct {
	w, h, n int
	white   float32 // the sample that is 255 in a result
	// add adds the samples of row y from column x0 up to x1 to sum.
	add func(sum []uint32, y, x0, x1 int)
	// set, if there is one, makes the same samples times unit.
	set func(row []float32, y, x0, x1 int, unit float32)
}

// rasterOf returns the raster of a picture of w×h, and false for a type that no decoder of ours makes.
func rasterOf(m image.Image, w, h int, limited bool) (raster, bool) {
	b := m.Bounds()
	switch m := m.(type) {
	case *image.Gray:
		return plane(m.Pix[m.PixOffset(b.Min.X, b.Min.Y):], m.Stride, w, h), true
	case *image.Gray16:
		return gray16(m), true
	case *image.RGBA:
		return rgba(m), true
	case *image.NRGBA:
		return nrgba(m), true
	case *image.RGBA64:
		return rgba64(m.Pix, m.Stride, w, h, false), true
	case *image.NRGBA64:
		return rgba64(m.Pix, m.Stride, w, h, true), true
	case *image.CMYK:
		return cmyk(m), true
	case *image.Paletted:
		return paletted(m, w, h), true
	case *image.YCbCr:
		return ycbcr(m, limited), true
	case *image.NYCbCrA:
		return nycbcra(m, limited), true
	}
	return raster{}, false
}

// plane is a raster of one byte for each pixel.
func plane(pix []uint8, stride, w, h int) raster {
	r := raster{w: w, h: h, n: 1, white: 255}
	r.add = func(sum []uint32, y, x0, x1 int) {
		row := pix[y*stride+x0 : y*stride+x1]
		sum = sum[:len(row)]
		for i, v := range row {
			sum[i] += uint32(v)
		}
	}
	r.set = func(out []float32, y, x0, x1 int, unit float32) {
		row := pix[y*stride+x0 : y*stride+x1]
		out = out[:len(row)]
		for i, v := range row {
			out[i] = float32(v) * unit
		}
	}
	return r
}

func gray16(m *image.Gray16) raster {
	b := m.Bounds()
	return raster{w: b.Dx(), h: b.Dy(), n: 1, white: 0xFFFF, add: func(sum []uint32, y, x0, x1 int) {
		row := m.Pix[y*m.Stride+2*x0 : y*m.Stride+2*x1]
		for i := range x1 - x0 {
			sum[i] += uint32(row[2*i])<<8 | uint32(row[2*i+1])
		}
	}}
}

func rgba(m *image.RGBA) raster {
	b := m.Bounds()
	flat := plane(m.Pix, m.Stride, 4*b.Dx(), b.Dy())
	return raster{w: b.Dx(), h: b.Dy(), n: 4, white: 255, add: func(sum []uint32, y, x0, x1 int) {
		flat.add(sum, y, 4*x0, 4*x1)
	}, set: func(out []float32, y, x0, x1 int, unit float32) {
		flat.set(out, y, 4*x0, 4*x1, unit)
	}}
}

func nrgba(m *image.NRGBA) raster {
	b := m.Bounds()
	r := raster{w: b.Dx(), h: b.Dy(), n: 4, white: 255 * 255}
	r.add = func(sum []uint32, y, x0, x1 int) {
		row := m.Pix[y*m.Stride+4*x0 : y*m.Stride+4*x1]
		for ; len(row) >= 4 && len(sum) >= 4; row, sum = row[4:], sum[4:] {
			a := uint32(row[3])
			sum[0] += uint32(row[0]) * a
			sum[1] += uint32(row[1]) * a
			sum[2] += uint32(row[2]) * a
			sum[3] += a * 255
		}
	}
	r.set = func(out []float32, y, x0, x1 int, unit float32) {
		row := m.Pix[y*m.Stride+4*x0 : y*m.Stride+4*x1]
		for ; len(row) >= 4 && len(out) >= 4; row, out = row[4:], out[4:] {
			a := float32(row[3]) * unit
			out[0], out[1], out[2], out[3] = float32(row[0])*a, float32(row[1])*a, float32(row[2])*a, 255*a
		}
	}
	return r
}

// rgba64 is a raster of 16-bit samples, stored with the high byte first; straight ones are not yet multiplied by alpha.
func rgba64(pix []uint8, stride, w, h int, straight bool) raster {
	return raster{w: w, h: h, n: 4, white: 0xFFFF, add: func(sum []uint32, y, x0, x1 int) {
		row := pix[y*stride+8*x0 : y*stride+8*x1]
		for ; len(row) >= 8 && len(sum) >= 4; row, sum = row[8:], sum[4:] {
			a := uint32(row[6])<<8 | uint32(row[7])
			for i := range 3 {
				v := uint32(row[2*i])<<8 | uint32(row[2*i+1])
				if straight {
					v = v * a / 0xFFFF
				}
				sum[i] += v
			}
			sum[3] += a
		}
	}}
}

func cmyk(m *image.CMYK) raster {
	b := m.Bounds()
	return raster{w: b.Dx(), h: b.Dy(), n: 4, white: 255, add: func(sum []uint32, y, x0, x1 int) {
		row := m.Pix[y*m.Stride+4*x0 : y*m.Stride+4*x1]
		for ; len(row) >= 4 && len(sum) >= 4; row, sum = row[4:], sum[4:] {
			r, g, b := color.CMYKToRGB(row[0], row[1], row[2], row[3])
			sum[0] += uint32(r)
			sum[1] += uint32(g)
			sum[2] += uint32(b)
			sum[3] += 255
		}
	}}
}

// paletted is the raster of a picture that may be smaller than its canvas of w×h; the rest is transparent.
func paletted(m *image.Paletted, w, h int) raster {
	var table [256][4]uint32
	for i, c := range m.Palette[:min(256, len(m.Palette))] {
		r, g, b, a := c.RGBA()
		table[i] = [4]uint32{r, g, b, a}
	}
	r := m.Bounds()
	return raster{w: w, h: h, n: 4, white: 0xFFFF, add: func(sum []uint32, y, x0, x1 int) {
		from, to := max(x0, r.Min.X), min(x1, r.Max.X)
		if y < r.Min.Y || y >= r.Max.Y || from >= to {
			return
		}
		row := m.Pix[m.PixOffset(from, y):][:to-from]
		sum = sum[4*(from-x0):]
		for _, p := range row {
			c := &table[p]
			sum[0] += c[0]
			sum[1] += c[1]
			sum[2] += c[2]
			sum[3] += c[3]
			sum = sum[4:]
		}
	}}
}

// ycbcr converts pixel by pixel, each with the chroma sample that covers it, and clamps. Filtering the planes as they are would
// differ where colours meet: there, what a pixel's red, green and blue would be lies far outside of what they can be.
func ycbcr(m *image.YCbCr, limited bool) raster {
	b := m.Bounds()
	convert := conversion(limited)
	per := pixelsAcross(m.SubsampleRatio)
	return raster{w: b.Dx(), h: b.Dy(), n: 4, white: 255, add: func(sum []uint32, y, x0, x1 int) {
		y, x0, x1 = y+b.Min.Y, x0+b.Min.X, x1+b.Min.X
		luma := m.Y[m.YOffset(x0, y):][:x1-x0]
		at := m.COffset(x0, y) - x0/per
		for i, l := range luma {
			c := at + (x0+i)/per
			r, g, b := convert(l, m.Cb[c], m.Cr[c])
			s := sum[4*i : 4*i+4]
			s[0] += uint32(r)
			s[1] += uint32(g)
			s[2] += uint32(b)
			s[3] += 255
		}
	}}
}

// pixelsAcross is how many neighbours of a row share a chroma sample.
func pixelsAcross(r image.YCbCrSubsampleRatio) int {
	switch r {
	case image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio420:
		return 2
	case image.YCbCrSubsampleRatio411, image.YCbCrSubsampleRatio410:
		return 4
	}
	return 1
}

func conversion(limited bool) func(y, cb, cr uint8) (r, g, b uint8) {
	if limited {
		return limitedToRGB
	}
	return color.YCbCrToRGB
}

// nycbcra converts pixel by pixel: resizing the planes as they are would let the colour of transparent pixels through, too.
func nycbcra(m *image.NYCbCrA, limited bool) raster {
	b := m.Bounds()
	convert := conversion(limited)
	return raster{w: b.Dx(), h: b.Dy(), n: 4, white: 255 * 255, add: func(sum []uint32, y, x0, x1 int) {
		for x := x0; x < x1; x++ {
			yi, ci := m.YOffset(x, y), m.COffset(x, y)
			r, g, b := convert(m.Y[yi], m.Cb[ci], m.Cr[ci])
			a := uint32(m.A[m.AOffset(x, y)])
			sum[0] += uint32(r) * a
			sum[1] += uint32(g) * a
			sum[2] += uint32(b) * a
			sum[3] += a * 255
			sum = sum[4:]
		}
	}}
}

// limitedToRGB converts a sample of the limited range. ITU-R BT.601-7, 2.5.1 to 2.5.3, in 16-bit fixed point.
func limitedToRGB(y, cb, cr uint8) (r, g, b uint8) {
	const half = 1 << 15
	l := (int32(y) - 16) * 76309
	u, v := int32(cb)-128, int32(cr)-128
	return clamp((l + 104597*v + half) >> 16), clamp((l - 25675*u - 53279*v + half) >> 16), clamp((l + 132201*u + half) >> 16)
}

func clamp(v int32) uint8 { return uint8(max(0, min(255, v))) }
