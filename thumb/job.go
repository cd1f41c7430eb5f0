package thumb

import (
	"context"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math"

	"golang.org/x/image/webp"

	"dossier"
)

// A format is a kind of source: how it is known, read, and what is made of it.
type format struct {
	name    string
	types   []string // media types, the registered one first
	match   func(h *header) bool
	config  func(io.Reader) (image.Config, error)
	decode  func(io.Reader) (image.Image, error)
	traits  func(*header) traits
	reduce  bool // can be decoded at a fraction of its size
	limited bool // YCbCr samples are of the limited range (16 to 235), not of JPEG's full one
	encode  func(*codec, io.Writer, image.Image) error
	output  string // media type of what encode writes
}

// formats are all there are: no registry, so that no other package's import adds a decoder.
var formats = [...]format{
	{
		name: "JPEG", types: []string{"image/jpeg", "image/jpg"}, match: startsWith("\xFF\xD8\xFF"),
		config: jpeg.DecodeConfig, decode: jpeg.Decode, traits: jpegTraits, reduce: true,
		encode: (*codec).jpeg, output: "image/jpeg",
	},
	{
		name: "PNG", types: []string{"image/png"}, match: startsWith("\x89PNG\r\n\x1a\n"),
		config: png.DecodeConfig, decode: png.Decode, traits: pngTraits,
		encode: (*codec).png, output: "image/png",
	},
	{
		name: "GIF", types: []string{"image/gif"}, match: startsWith("GIF8"),
		config: gif.DecodeConfig, decode: gif.Decode, traits: func(*header) traits { return traits{bytes: 1} },
		encode: (*codec).gif, output: "image/gif",
	},
	{
		// VP8 samples are of the limited range (RFC 6386, 9.2), which x/image/webp hands out as they are.
		name: "WebP", types: []string{"image/webp"}, match: isWebP,
		config: webp.DecodeConfig, decode: webp.Decode, traits: func(*header) traits { return traits{bytes: 8} },
		encode: (*codec).png, output: "image/png", limited: true,
	},
}

func startsWith(magic string) func(*header) bool {
	return func(h *header) bool { return string(h.at(0, len(magic))) == magic }
}

func isWebP(h *header) bool {
	b := h.at(0, 12)
	return b != nil && string(b[:4]) == "RIFF" && string(b[8:]) == "WEBP"
}

// OutputType returns the media type of what is made of a source of the given media type; ok is false for a type that no
// thumbnail is made of.
func OutputType(sourceType string) (mediaType string, ok bool) {
	for _, f := range formats {
		for _, t := range f.types {
			if t == sourceType {
				return f.output, true
			}
		}
	}
	return "", false
}

// maxOutputSide is what the headers of JPEG and GIF have room for.
const maxOutputSide = 1<<16 - 1

// A job is the making of one picture.
type job struct {
	src  *source
	spec Spec

	head   *header
	format *format
	w, h   int // as stored
	traits traits
	layout layout // of the picture as stored
	reduction
}

// readHeader finds out what the source is and what is to be done, before any allocation of its size.
func (j *job) readHeader(ctx context.Context, maxPixels int64) error {
	j.src.ctx = ctx
	j.head = &header{r: j.src}
	if j.format = j.sniff(); j.format == nil {
		return j.src.fault(dossier.Errorf(dossier.Unsupported, "make a thumbnail: no picture of a known format"))
	}
	c, err := j.config()
	if err != nil {
		return j.src.fault(fmt.Errorf("%s: %w", j.format.name, err))
	}
	if c.Width <= 0 || c.Height <= 0 {
		return dossier.Errorf(dossier.Unsupported, "make a thumbnail: the picture has no pixels")
	}
	if err := checkPixels(c.Width, c.Height, maxPixels); err != nil {
		return err
	}
	j.w, j.h = c.Width, c.Height
	j.traits = j.format.traits(j.head)
	sw, sh := j.traits.orient.size(j.w, j.h)
	shown := plan(j.spec, sw, sh)
	if r := shown.window; r.Dx() > maxOutputSide || r.Dy() > maxOutputSide {
		return dossier.Errorf(dossier.TooLarge, "make a thumbnail: the result would be %d×%d", r.Dx(), r.Dy())
	}
	j.layout = j.traits.orient.stored(shown, j.w, j.h)
	if j.format.reduce {
		j.reduction = reductionOf(j.head.buf, j.layout, j.w, j.h)
	}
	return checkPixels(shown.window.Dx(), shown.window.Dy(), maxPixels)
}

func (j *job) sniff() *format {
	for i := range formats {
		if formats[i].match(j.head) {
			return &formats[i]
		}
	}
	return nil
}

func (j *job) config() (c image.Config, err error) {
	defer recoverAs(dossier.Unsupported, "read the header", &err)
	return j.format.config(j.head)
}

func checkPixels(w, h int, limit int64) error {
	if int64(w)*int64(h) > limit {
		return dossier.Errorf(dossier.TooLarge, "make a thumbnail: %d×%d is more than %d pixels", w, h, limit)
	}
	return nil
}

// cost is the memory that the picture and its result take, in bytes.
func (j *job) cost() int64 {
	const resultBytes = 4
	src := int64(math.Ceil(float64(j.w) * float64(j.h) * j.traits.bytes))
	if j.side > 0 {
		src = j.frame.Bytes(j.side)
	}
	r := j.layout.window
	return src + int64(r.Dx())*int64(r.Dy())*resultBytes
}

// run decodes, resizes, turns and encodes.
func (j *job) run(ctx context.Context, dst io.Writer, c *codec) error {
	j.src.ctx = ctx
	m, err := j.result(ctx, c)
	if err != nil {
		return err
	}
	if err := j.format.encode(c, &sink{ctx: ctx, w: dst}, m); err != nil {
		return fmt.Errorf("encode the thumbnail: %w", err)
	}
	return nil
}

// result decodes, resizes and turns.
func (j *job) result(ctx context.Context, c *codec) (image.Image, error) {
	if j.side > 0 {
		m, err := j.reduce(ctx, &c.reduced)
		if err != nil {
			return nil, err
		}
		return turn(m, j.traits.orient), nil
	}
	m, err := j.decode()
	if err != nil {
		return nil, j.src.fault(err)
	}
	if b := m.Bounds(); !b.In(image.Rect(0, 0, j.w, j.h)) || b.Empty() {
		return nil, dossier.Errorf(dossier.Unsupported, "decode the picture: its size is not that of its header")
	}
	if j.keeps(m) {
		return m, nil
	}
	if m, err = j.resize(ctx, m); err != nil {
		return nil, err
	}
	return turn(m, j.traits.orient), nil
}

func (j *job) decode() (m image.Image, err error) {
	defer recoverAs(dossier.Unsupported, "decode the picture", &err)
	return j.format.decode(j.head.all())
}

// keeps reports whether m can be encoded as it is.
func (j *job) keeps(m image.Image) bool {
	if !j.layout.same(j.w, j.h) || j.traits.orient != (orientation{}) || m.Bounds() != image.Rect(0, 0, j.w, j.h) {
		return false
	}
	switch m.(type) {
	case *image.Gray, *image.NRGBA, *image.RGBA, *image.Paletted:
		return true
	}
	return false
}
