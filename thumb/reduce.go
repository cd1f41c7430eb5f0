package thumb

import (
	"context"
	"image"

	"dossier"
	"dossier/thumb/smalljpeg"
)

// A JPEG of up to exactPixels is decoded whole and filtered as RGB, so that the result is exact also where colours meet; and as it is to be
// compressed again, which makes more of small differences, it is filtered by the triangle alone and in whole levels. A larger one is decoded at a fraction of its size if that leaves enough samples for each pixel of the result, and its planes are
// filtered one by one.
const exactPixels = 2_000_000

// exact reports whether the result is to be that of the triangle to the level.
func (j *job) exact() bool { return j.format.reduce && j.w*j.h <= exactPixels }

// fractions are the sides that blocks of 8×8 may be decoded to, and the samples that they have to leave for a pixel of the result, in each
// direction. With 2 a result is like that of a whole decoding by 47 dB and more, of single samples by 45; and blocks of 2×2 take
// hardly longer.
var fractions = [...]struct{ side, samples int }{{1, 3}, {2, 2}, {4, 2}}

// A reduction is how a JPEG is decoded at a fraction of its size; side 0 is not at all.
type reduction struct {
	frame smalljpeg.Frame
	side  int // of what a block of 8×8 becomes
}

// reductionOf reads the frame from the head of a file and chooses the smallest side that the layout allows.
func reductionOf(head []byte, l layout, w, h int) reduction {
	if w*h <= exactPixels {
		return reduction{}
	}
	f, err := smalljpeg.ReadFrame(head)
	if err != nil || f.Width != w || f.Height != h {
		return reduction{}
	}
	for _, c := range fractions {
		if l.src.Dx()*c.side >= 8*c.samples*l.w && l.src.Dy()*c.side >= 8*c.samples*l.h {
			return reduction{frame: f, side: c.side}
		}
	}
	return reduction{}
}

// reduce decodes the source at its fraction and makes the result of the layout.
func (j *job) reduce(ctx context.Context, d *smalljpeg.Decoder) (image.Image, error) {
	p, err := j.decodeReduced(ctx, d)
	if err != nil {
		if ctx.Err() != nil {
			return nil, endOf(ctx)
		}
		return nil, j.src.fault(err)
	}
	defer p.Release()
	size := image.Rectangle{Max: j.layout.window.Size()}
	if j.reduction.frame.Gray() {
		out := image.NewGray(size)
		return out, j.resamplePlane(ctx, p.Planes[0], out.Pix)
	}
	out := image.NewYCbCr(size, image.YCbCrSubsampleRatio444)
	for i, pix := range [][]uint8{out.Y, out.Cb, out.Cr} {
		if err := j.resamplePlane(ctx, p.Planes[i], pix); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (j *job) decodeReduced(ctx context.Context, d *smalljpeg.Decoder) (p *smalljpeg.Picture, err error) {
	defer recoverAs(dossier.Unsupported, "decode the picture", &err)
	return d.Decode(ctx, j.head.all(), j.reduction.frame, j.reduction.side)
}

func (j *job) resamplePlane(ctx context.Context, p smalljpeg.Plane, pix []uint8) error {
	return j.resample(ctx, plane(p.Pix, p.Stride, p.Width, p.Height), p.StepX, p.StepY, pix)
}
