package thumb

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"testing"
	"time"

	"dossier"
)

func FuzzParse(f *testing.F) {
	for _, s := range []string{"70x50", "0x50t", "99999x99999", "0x0", "1e3x1", "-1x5", "100x100z"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(text)
		if err != nil {
			if !errors.Is(err, dossier.Invalid) {
				t.Errorf("%v is not invalid", err)
			}
			return
		}
		if again, err := Parse(s.String()); err != nil || again != s {
			t.Errorf("%+v became %+v, %v", s, again, err)
		}
	})
}

func FuzzMake(f *testing.F) {
	m := quadrants(16, 12)
	for _, file := range [][]byte{
		asJPEG(f, m), withSegments(asJPEG(f, m), exifSegment(tiff(binary.LittleEndian, "II", 6))), asPNG(f, m), interlacedPNG(f, m),
		asGIF(f, m), losslessWebP(m), alphaWebP(8, 8, 3), flatJPEG(0, 1, 2, 3, 4), jpegHeader(0xC2, 16, 12),
	} {
		f.Add(file, 7, 5, byte(0))
	}
	e := New(Options{MaxPixels: 1 << 16, DecodeTimeout: 2 * time.Second})
	f.Fuzz(func(t *testing.T, file []byte, w, h int, mode byte) {
		s := Spec{Width: w % 200, Height: h % 200, Mode: Mode(mode % 4)}
		var out bytes.Buffer
		err := e.Make(context.Background(), &out, bytes.NewReader(file), s)
		switch dossier.KindOf(err) {
		case dossier.Unsupported, dossier.TooLarge, dossier.Invalid:
			return
		case "":
		default:
			t.Fatalf("%v: %v", s, err)
		}
		got, _, err := image.Decode(&out)
		if err != nil {
			t.Fatalf("%v: the result cannot be decoded: %v", s, err)
		}
		if size := got.Bounds().Size(); s.Width > 0 && s.Height > 0 && (size.X > s.Width || size.Y > s.Height) {
			t.Errorf("%v: result %v", s, size)
		}
	})
}
