package thumb

import (
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"sync"

	"dossier/thumb/smalljpeg"
)

// jpegQuality is of the scale that libjpeg made common, 1 to 100.
const jpegQuality = 95

// A codec writes results, and reads what is read at a fraction of its size. It keeps the buffers for both.
type codec struct {
	pngEncoder *png.Encoder
	reduced    smalljpeg.Decoder
}

// newCodec packs PNG quickly: of a photograph at 300 pixels the default takes ten times as long, longer than decoding 2 megapixels,
// for a sixth fewer bytes.
func newCodec() *codec {
	return &codec{pngEncoder: &png.Encoder{CompressionLevel: png.BestSpeed, BufferPool: new(pngBuffers)}}
}

// pngBuffers implements png.EncoderBufferPool.
type pngBuffers struct{ pool sync.Pool }

// Get implements png.EncoderBufferPool.
func (p *pngBuffers) Get() *png.EncoderBuffer {
	b, _ := p.pool.Get().(*png.EncoderBuffer)
	return b
}

// Put implements png.EncoderBufferPool.
func (p *pngBuffers) Put(b *png.EncoderBuffer) { p.pool.Put(b) }

func (*codec) jpeg(w io.Writer, m image.Image) error {
	if n, ok := m.(*image.NRGBA); ok && n.Opaque() {
		m = &image.RGBA{Pix: n.Pix, Stride: n.Stride, Rect: n.Rect} // the same bytes, and the encoder knows the type
	}
	return jpeg.Encode(w, m, &jpeg.Options{Quality: jpegQuality})
}

func (c *codec) png(w io.Writer, m image.Image) error { return c.pngEncoder.Encode(w, m) }

func (*codec) gif(w io.Writer, m image.Image) error {
	if n, ok := m.(*image.NRGBA); ok {
		m = palettize(n)
	}
	return gif.Encode(w, m, nil)
}

// turn returns a result as it is shown. It may change m.
func turn(m image.Image, o orientation) image.Image {
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	sw, sh := o.size(w, h)
	size := image.Rect(0, 0, sw, sh)
	switch m := m.(type) {
	case *image.Gray:
		return &image.Gray{Pix: o.turn(m.Pix, w, h, 1), Stride: sw, Rect: size}
	case *image.NRGBA:
		return &image.NRGBA{Pix: o.turn(m.Pix, w, h, 4), Stride: 4 * sw, Rect: size}
	case *image.YCbCr: // of a resize, so without subsampling
		m.Y, m.Cb, m.Cr = o.turn(m.Y, w, h, 1), o.turn(m.Cb, w, h, 1), o.turn(m.Cr, w, h, 1)
		m.YStride, m.CStride, m.Rect = sw, sw, size
	}
	return m
}

// palettize reduces a picture to at most 256 colours: its own if they are few enough, else those of a median cut, with the
// error spread to the neighbours. GIF knows no half transparency: half and more is opaque.
func palettize(m *image.NRGBA) *image.Paletted {
	if p := exactPalette(m); p != nil {
		return p
	}
	q := newQuantizer(m)
	out := image.NewPaletted(m.Rect, q.palette())
	q.dither(out.Pix, m)
	return out
}

// exactPalette returns nil if there are more than 256 colours.
func exactPalette(m *image.NRGBA) *image.Paletted {
	index := make(map[[3]uint8]uint8, 256)
	out := image.NewPaletted(m.Rect, nil)
	hole := -1
	for i := range out.Pix {
		p := m.Pix[4*i : 4*i+4]
		if p[3] < 128 {
			if hole < 0 {
				if hole = len(out.Palette); hole > 255 {
					return nil
				}
				out.Palette = append(out.Palette, color.NRGBA{})
			}
			out.Pix[i] = uint8(hole)
			continue
		}
		k := [3]uint8{p[0], p[1], p[2]}
		n, ok := index[k]
		if !ok {
			if len(out.Palette) > 255 {
				return nil
			}
			n = uint8(len(out.Palette))
			index[k] = n
			out.Palette = append(out.Palette, color.NRGBA{p[0], p[1], p[2], 255})
		}
		out.Pix[i] = n
	}
	return out
}
