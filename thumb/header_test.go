package thumb

import (
	"bytes"
	"testing"
)

// The bytes of a pixel decide how many pictures are decoded at once.
func TestTraitsCountBytes(t *testing.T) {
	t.Parallel()
	frame := func(mark byte, sampling ...byte) []byte {
		body := []byte{8, 0, 16, 0, 16, byte(len(sampling))}
		for i, s := range sampling {
			body = append(body, byte(i), s, 0)
		}
		return append([]byte{0xFF, 0xD8}, jpegSegmentOf(mark, body)...)
	}
	for _, c := range []struct {
		name   string
		file   []byte
		traits func(*header) traits
		want   float64
	}{
		{"jpeg gray", frame(0xC0, 0x11), jpegTraits, 1},
		{"jpeg gray with a needless sampling", frame(0xC0, 0x22), jpegTraits, 1},
		{"jpeg 4:2:0", frame(0xC0, 0x22, 0x11, 0x11), jpegTraits, 1.5},
		{"jpeg 4:2:2", frame(0xC1, 0x21, 0x11, 0x11), jpegTraits, 2},
		{"jpeg 4:4:4, perhaps RGB", frame(0xC0, 0x11, 0x11, 0x11), jpegTraits, 7},
		{"jpeg CMYK", frame(0xC0, 0x11, 0x11, 0x11, 0x11), jpegTraits, 8},
		{"jpeg progressive 4:2:0", frame(0xC2, 0x22, 0x11, 0x11), jpegTraits, 7.5},
		{"jpeg without sampling", frame(0xC0, 0, 0, 0), jpegTraits, 4},
		{"jpeg cut", frame(0xC0, 0x22, 0x11, 0x11)[:12], jpegTraits, 4},
		{"png palette", pngHeader(1, 1, 8, 3, 0), pngTraits, 1},
		{"png RGB", pngHeader(1, 1, 8, 2, 0), pngTraits, 4},
		{"png of 16 bits", pngHeader(1, 1, 16, 6, 0), pngTraits, 8},
		{"png interlaced", pngHeader(1, 1, 8, 6, 1), pngTraits, 6},
		{"png cut", []byte(pngMagic), pngTraits, 4},
	} {
		if got := c.traits(&header{r: bytes.NewReader(c.file)}); got.bytes != c.want {
			t.Errorf("%s: %v bytes, want %v", c.name, got.bytes, c.want)
		}
	}
}
