package smalljpeg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"
)

var (
	gray = []sampling{{1, 1}}
	full = []sampling{{1, 1}, {1, 1}, {1, 1}} // 4:4:4
	half = []sampling{{2, 2}, {1, 1}, {1, 1}} // 4:2:0
)

// decoded returns the planes at a side.
func decoded(tb testing.TB, file []byte, side int) []Plane {
	tb.Helper()
	f, err := ReadFrame(file)
	if err != nil {
		tb.Fatal(err)
	}
	p, err := new(Decoder).Decode(context.Background(), bytes.NewReader(file), f, side)
	if err != nil {
		tb.Fatalf("side %d: %v", side, err)
	}
	return p.Planes
}

// visible are the samples of a plane without padding.
func visible(p Plane) (out []byte) {
	for y := range p.Height {
		out = append(out, p.Pix[y*p.Stride:][:p.Width]...)
	}
	return out
}

// A picture is the same however it is written, and what image/jpeg sees.
func TestWaysOfWriting(t *testing.T) {
	t.Parallel()
	for _, comps := range [][]sampling{
		gray, full, half, {{2, 1}, {1, 1}, {1, 1}}, {{1, 2}, {1, 1}, {1, 1}}, {{4, 1}, {1, 1}, {1, 1}}, {{4, 2}, {1, 1}, {1, 1}},
		{{2, 2}, {2, 1}, {2, 1}}, {{2, 2}, {1, 2}, {1, 2}},
	} {
		for _, size := range [][2]int{{1, 1}, {8, 8}, {67, 51}, {130, 9}} {
			s := newSketch(size[0], size[1], comps...)
			plain := s.sequential(true)
			compare(t, plain)
			for _, interval := range []int{0, 1, 3} {
				s.interval = interval
				for name, file := range map[string][]byte{
					"together": s.sequential(true), "separate": s.sequential(false), "progressive": s.progressive(),
				} {
					compare(t, file)
					for _, side := range sides {
						want := decoded(t, plain, side)
						for i, got := range decoded(t, file, side) {
							if !bytes.Equal(visible(got), visible(want[i])) {
								t.Errorf("%v %v, %s, restarts %d, side %d: component %d differs", size, comps, name, interval, side, i)
							}
						}
					}
				}
			}
		}
	}
}

func TestPlanes(t *testing.T) {
	t.Parallel()
	file := newSketch(67, 51, half...).sequential(true)
	for side, want := range map[int]string{
		1: "[8×6 of 8×8 8×6 of 8×8 8×6 of 8×8]", 4: "[34×26 of 2×2 34×26 of 2×2 34×26 of 2×2]",
		8: "[67×51 of 1×1 34×26 of 2×2 34×26 of 2×2]",
	} {
		var got []string
		for _, p := range decoded(t, file, side) {
			got = append(got, fmt.Sprintf("%d×%d of %v×%v", p.Width, p.Height, p.StepX, p.StepY))
		}
		if fmt.Sprint(got) != want {
			t.Errorf("side %d: %v, want %s", side, got, want)
		}
	}
}

// Progressive pictures keep what they need at the small size, and no more.
func TestFrameCountsBytes(t *testing.T) {
	t.Parallel()
	s := newSketch(160, 160, half...)
	for _, c := range []struct {
		file []byte
		side int
		want int64
	}{
		{s.sequential(true), 1, 400 + 200*4},
		{s.sequential(true), 8, 600 * 64},
		{s.progressive(), 1, 400*(1+4) + 200*(4+16+8)},
		{s.progressive(), 2, 400*(4+16+8) + 200*(16+64+8)},
	} {
		f, err := ReadFrame(c.file)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Bytes(c.side); got != c.want {
			t.Errorf("progressive %v, side %d: %d bytes, want %d", f.Progressive, c.side, got, c.want)
		}
	}
}

func TestCutFilesAreRefused(t *testing.T) {
	t.Parallel()
	s := newSketch(40, 24, half...)
	for name, file := range map[string][]byte{"sequential": s.sequential(true), "progressive": s.progressive()} {
		f, err := ReadFrame(file)
		if err != nil {
			t.Fatal(err)
		}
		for n := range file {
			for _, side := range sides {
				if _, err := new(Decoder).Decode(context.Background(), bytes.NewReader(file[:n]), f, side); err == nil {
					t.Errorf("%s cut at %d of %d is accepted at side %d", name, n, len(file), side)
				}
			}
		}
	}
}

func TestUnsupportedKinds(t *testing.T) {
	t.Parallel()
	file := newSketch(16, 16, full...).sequential(true)
	frame := bytes.Index(file, []byte{0xFF, markSOF0})
	adobe := append([]byte{0xFF, markAPP14, 0, 14}, "Adobe\x00\x64\x00\x00\x00\x00\x00"...)
	changed := func(at int, b byte) []byte {
		out := bytes.Clone(file)
		out[at] = b
		return out
	}
	for name, file := range map[string][]byte{
		"12 bits": changed(frame+4, 12), "arithmetic": changed(frame+1, 0xC9), "lossless": changed(frame+1, 0xC3),
		"RGB":          append(append(bytes.Clone(file[:2]), adobe...), file[2:]...),
		"third factor": changed(frame+11, 0x31), "fewer samples first": changed(frame+14, 0x21),
	} {
		if _, err := ReadFrame(file); !errors.Is(err, ErrUnsupported) {
			t.Errorf("%s: %v, want unsupported", name, err)
		}
	}
}

func TestBrokenFiles(t *testing.T) {
	t.Parallel()
	file := newSketch(40, 40, half...).sequential(true)
	tables := bytes.Index(file, []byte{0xFF, markDHT})
	scan := bytes.Index(file, []byte{0xFF, markSOS})
	with := func(at int, b ...byte) []byte {
		out := bytes.Clone(file)
		copy(out[at:], b)
		return out
	}
	f, err := ReadFrame(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, broken := range map[string][]byte{
		"too many short codes":    with(tables+5, 3),
		"another size":            with(bytes.Index(file, []byte{0xFF, markSOF0})+6, 41),
		"an unknown component":    with(scan+5, 9),
		"a component twice":       with(scan+7, 1),
		"a missing table":         with(scan+6, 0x01),
		"a marker amid the data":  with(scan+40, 0xFF, markRST0),
		"an end amid the data":    with(scan+40, 0xFF, markEOI),
		"two frames":              append(append(bytes.Clone(file[:scan]), file[bytes.Index(file, []byte{0xFF, markSOF0}):scan]...), file[scan:]...),
		"a segment without bytes": with(tables+2, 0, 0),
	} {
		if _, err := new(Decoder).Decode(context.Background(), bytes.NewReader(broken), f, 2); err == nil || errors.Is(err, ErrUnsupported) {
			t.Errorf("%s: %v", name, err)
		}
		compare(t, broken)
	}
}

// A component without a scan shows nothing, least of all what another picture left.
func TestMemoryIsClearedBetweenPictures(t *testing.T) {
	t.Parallel()
	s := newSketch(64, 64, full...)
	file := s.sequential(true)
	s.head(markSOF0)
	s.scan(step{comps: []int{0}, to: 63})
	partial := s.end()
	var d Decoder
	for range 3 {
		for _, c := range [][]byte{file, partial} {
			f, err := ReadFrame(c)
			if err != nil {
				t.Fatal(err)
			}
			p, err := d.Decode(context.Background(), bytes.NewReader(c), f, 4)
			if err != nil {
				t.Fatal(err)
			}
			if zero := bytes.Count(p.Planes[1].Pix, []byte{0}) == len(p.Planes[1].Pix); zero != bytes.Equal(c, partial) {
				t.Errorf("a plane of zeros: %v", zero)
			}
			p.Release()
		}
	}
}

func TestFaultsOfTheReader(t *testing.T) {
	t.Parallel()
	file := newSketch(200, 200, half...).progressive()
	f, err := ReadFrame(file)
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	for n := 0; n < len(file); n += 97 {
		r := io.MultiReader(bytes.NewReader(file[:n]), iotest.ErrReader(broken))
		if _, err := new(Decoder).Decode(context.Background(), r, f, 2); !errors.Is(err, broken) {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
	slow := iotest.OneByteReader(bytes.NewReader(file))
	if _, err := new(Decoder).Decode(context.Background(), slow, f, 2); err != nil {
		t.Errorf("byte by byte: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := new(Decoder).Decode(ctx, bytes.NewReader(file), f, 2); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	if _, err := new(Decoder).Decode(context.Background(), bytes.NewReader(file), f, 3); err == nil {
		t.Error("blocks of side 3")
	}
}

func FuzzDecode(f *testing.F) {
	for _, comps := range [][]sampling{gray, full, half} {
		s := newSketch(24, 20, comps...)
		f.Add(s.sequential(true))
		f.Add(s.sequential(false))
		f.Add(s.progressive())
		s.interval = 1
		f.Add(s.sequential(true))
	}
	f.Fuzz(compare)
}

// What is damaged is refused or read as image/jpeg does.
func TestDamagedData(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for _, comps := range [][]sampling{gray, full, half} {
		s := newSketch(24, 20, comps...)
		plain, separate, progressive := s.sequential(true), s.sequential(false), s.progressive()
		s.interval = 2
		for _, file := range [][]byte{plain, separate, progressive, s.sequential(true)} {
			for range damages {
				broken := bytes.Clone(file)
				for range 1 + random.IntN(3) {
					broken[random.IntN(len(broken))] = byte(random.Uint32())
				}
				if compare(t, broken); t.Failed() {
					t.Fatalf("%d %x", len(broken), broken[:20])
				}
			}
		}
	}
}

const damages = 60 // of each file
