package thumb

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"dossier"
)

var small = Spec{Width: 30, Height: 20}

// allocated returns the bytes that fn allocates. Tests that call it do not run in parallel.
func allocated(fn func()) uint64 {
	var a, b runtime.MemStats
	runtime.ReadMemStats(&a)
	fn()
	runtime.ReadMemStats(&b)
	return b.TotalAlloc - a.TotalAlloc
}

func gifHeader(w, h int) []byte {
	b := binary.LittleEndian.AppendUint16([]byte("GIF89a"), uint16(w))
	return append(binary.LittleEndian.AppendUint16(b, uint16(h)), 0, 0, 0)
}

func jpegHeader(mark byte, w, h int) []byte {
	f := []byte{8, byte(h >> 8), byte(h), byte(w >> 8), byte(w), 3, 1, 0x22, 0, 2, 0x11, 0, 3, 0x11, 0}
	start := append([]byte{0xFF, 0xD8}, jpegSegmentOf(0xE0, []byte("JFIF\x00\x01\x02\x00\x00\x01\x00\x01\x00\x00"))...)
	return append(start, jpegSegmentOf(mark, f)...)
}

func TestHugePicturesAreRefusedByTheirHeader(t *testing.T) {
	for name, file := range map[string][]byte{
		"png":              pngHeader(40000, 40000, 8, 2, 0),
		"jpeg":             jpegHeader(0xC0, 65535, 65535),
		"progressive jpeg": jpegHeader(0xC2, 65535, 65535),
		"gif":              gifHeader(10000, 10000),
		"webp":             riff(riffChunk("VP8 ", grayVP8(16383, 16383))),
		"extended webp":    riff(riffChunk("VP8X", []byte{0, 0, 0, 0, 0xFF, 0x3F, 0, 0xFF, 0x3F, 0})),
	} {
		var err error
		n := allocated(func() { err = New(Options{}).Make(context.Background(), io.Discard, bytes.NewReader(file), small) })
		if !errors.Is(err, dossier.TooLarge) {
			t.Errorf("%s: %v, want too large", name, err)
		}
		if n > 1<<20 {
			t.Errorf("%s: %d bytes allocated", name, n)
		}
	}
}

func TestHugeResultsAreRefused(t *testing.T) {
	t.Parallel()
	line := image.NewGray(image.Rect(0, 0, 1, 1000))
	for _, c := range []struct {
		file []byte
		spec Spec
	}{
		{asPNG(t, line), Spec{Width: 10000}},                            // 100 billion pixels
		{asPNG(t, line), Spec{Width: 100}},                              // a side no header has room for
		{asPNG(t, quadrants(10, 10)), Spec{Width: 10000, Height: 9000}}, // 90 million
	} {
		err := New(Options{}).Make(context.Background(), io.Discard, bytes.NewReader(c.file), c.spec)
		if !errors.Is(err, dossier.TooLarge) {
			t.Errorf("%v: %v, want too large", c.spec, err)
		}
	}
}

func TestPixelBudgetIsInclusive(t *testing.T) {
	t.Parallel()
	file := asPNG(t, quadrants(100, 50))
	if err := New(Options{MaxPixels: 5000}).Make(context.Background(), io.Discard, bytes.NewReader(file), small); err != nil {
		t.Error(err)
	}
	err := New(Options{MaxPixels: 4999}).Make(context.Background(), io.Discard, bytes.NewReader(file), small)
	if !errors.Is(err, dossier.TooLarge) {
		t.Errorf("%v, want too large", err)
	}
}

func TestByteBudgetIsInclusive(t *testing.T) {
	t.Parallel()
	file := asPNG(t, scene(100, 50))
	n := int64(len(file))
	if err := New(Options{MaxBytes: n}).Make(context.Background(), io.Discard, bytes.NewReader(file), small); err != nil {
		t.Error(err)
	}
	for _, limit := range []int64{1, 8, 40, n / 2, n - 20} {
		err := New(Options{MaxBytes: limit}).Make(context.Background(), io.Discard, bytes.NewReader(file), small)
		if !errors.Is(err, dossier.TooLarge) {
			t.Errorf("%d of %d bytes: %v, want too large", limit, n, err)
		}
	}
}

func TestWhatIsNoPicture(t *testing.T) {
	t.Parallel()
	jpegFile, pngFile := asJPEG(t, quadrants(64, 64)), asPNG(t, quadrants(64, 64))
	anim := riffChunk("ANMF", make([]byte, 16))
	for name, file := range map[string][]byte{
		"nothing":                   {},
		"one byte":                  {0xFF},
		"text":                      []byte("hello, world"),
		"html":                      []byte("<!doctype html><script>alert(1)</script>"),
		"svg":                       []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`),
		"pdf":                       []byte("%PDF-1.7\n"),
		"bmp":                       append([]byte("BM"), make([]byte, 100)...),
		"tiff":                      append([]byte("II*\x00"), make([]byte, 100)...),
		"ico":                       append([]byte("\x00\x00\x01\x00\x01\x00"), make([]byte, 100)...),
		"avif":                      append([]byte("\x00\x00\x00\x1cftypavif"), make([]byte, 100)...),
		"psd":                       append([]byte("8BPS\x00\x01"), make([]byte, 100)...),
		"png magic only":            []byte(pngMagic),
		"png magic and rubbish":     append([]byte(pngMagic), bytes.Repeat([]byte("rubbish"), 100)...),
		"jpeg head and png body":    append(bytes.Clone(jpegFile[:300]), pngFile...),
		"png head and jpeg body":    append(bytes.Clone(pngFile[:33]), jpegFile...),
		"jpeg of end markers":       append([]byte{0xFF, 0xD8, 0xFF}, bytes.Repeat([]byte{0xFF, 0xD9}, 1000)...),
		"png without width":         pngHeader(0, 10, 8, 2, 0),
		"png without height":        pngHeader(10, 0, 8, 2, 0),
		"png of negative size":      pngHeader(-1, 10, 8, 2, 0),
		"jpeg without width":        jpegHeader(0xC0, 0, 10),
		"jpeg without height":       jpegHeader(0xC0, 10, 0),
		"gif without a screen":      gifHeader(0, 10),
		"gif without a frame":       append(gifHeader(10, 10), ';'),
		"gif frame over the screen": append(gifHeader(10, 10), 0x2C, 5, 0, 5, 0, 10, 0, 10, 0, 0, 2, 0),
		"riff of no picture":        append([]byte("RIFF\x04\x00\x00\x00"), "WAVE"...),
		"webp of nothing":           riff(),
		"animated webp":             riff(riffChunk("VP8X", []byte{2, 0, 0, 0, 9, 0, 0, 9, 0, 0}), riffChunk("ANIM", make([]byte, 6)), anim),
		"png of the wrong sum":      append(append(bytes.Clone(pngFile[:40]), pngFile[40]^1), pngFile[41:]...),
		"a long header":             withSegments(jpegFile, bytes.Repeat(jpegSegmentOf(0xE2, make([]byte, 65000)), 140)),
	} {
		err := New(Options{}).Make(context.Background(), io.Discard, bytes.NewReader(file), small)
		if !errors.Is(err, dossier.Unsupported) {
			t.Errorf("%s: %v, want unsupported", name, err)
		}
	}
}

func TestTruncatedPicturesAreErrors(t *testing.T) {
	t.Parallel()
	for name, file := range map[string][]byte{
		"jpeg": asJPEG(t, scene(64, 64)), "png": asPNG(t, scene(64, 64)), "interlaced": interlacedPNG(t, quadrants(64, 64)),
		"gif": asGIF(t, scene(64, 64)), "webp": losslessWebP(quadrants(64, 64)), "lossy webp": alphaWebP(64, 64, 9),
	} {
		failed := 0
		for percent := range 100 {
			cut := file[:len(file)*percent/100]
			err := New(Options{}).Make(context.Background(), io.Discard, bytes.NewReader(cut), small)
			if err != nil {
				failed++
			}
			if err != nil && !errors.Is(err, dossier.Unsupported) {
				t.Errorf("%s cut at %d%%: %v, want unsupported", name, percent, err)
			}
		}
		if failed < 95 && name != "lossy webp" && name != "webp" || failed < 40 {
			t.Errorf("%s: only %d of 100 cuts are errors", name, failed)
		}
	}
}

func TestManySegmentsAreRead(t *testing.T) {
	t.Parallel()
	junk := bytes.Repeat(exifSegment(make([]byte, 8000)), 500)
	file := withSegments(asJPEG(t, quadrants(400, 200)), junk, exifSegment(tiff(binary.LittleEndian, "II", 6)))
	m, _ := thumb1(t, file, "0x50")
	if m.Bounds().Size() != image.Pt(25, 50) {
		t.Errorf("size %v", m.Bounds().Size())
	}
}

// A thousand frames cost what one does.
func TestLaterFramesAreNotDecoded(t *testing.T) {
	p := image.NewPaletted(image.Rect(0, 0, 500, 500), color.Palette{red, blue})
	file := animation(t, p, 400)
	n := allocated(func() {
		if err := New(Options{}).Make(context.Background(), io.Discard, bytes.NewReader(file), small); err != nil {
			t.Error(err)
		}
	})
	if n > 5<<20 {
		t.Errorf("%d bytes allocated", n)
	}
}

// A PNG that inflates to gigabytes is read only as far as its size says.
func TestInflatingPNG(t *testing.T) {
	rows := bytes.Repeat([]byte{0}, 64<<20)
	file := rawPNG(t, pngHeader(100, 100, 8, 2, 0), rows)
	n := allocated(func() {
		err := New(Options{}).Make(context.Background(), io.Discard, bytes.NewReader(file), small)
		if err != nil && !errors.Is(err, dossier.Unsupported) {
			t.Error(err)
		}
	})
	if n > 4<<20 {
		t.Errorf("%d bytes allocated", n)
	}
}

func TestInvalidSpecs(t *testing.T) {
	t.Parallel()
	file := asPNG(t, quadrants(8, 8))
	for _, s := range []Spec{{}, {Width: -1, Height: 5}, {Width: 10001}, {Height: 1 << 40}, {Width: 1, Mode: 9}} {
		err := New(Options{}).Make(context.Background(), io.Discard, bytes.NewReader(file), s)
		if !errors.Is(err, dossier.Invalid) {
			t.Errorf("%+v: %v, want invalid", s, err)
		}
	}
}

// faulty gives n bytes of the picture, then its error.
func faulty(file []byte, n int, err error) io.Reader {
	return io.MultiReader(bytes.NewReader(file[:n]), readerFunc(func([]byte) (int, error) { return 0, err }))
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// A fault of the storage is no fault of the picture.
func TestFaultsOfSourceAndDestination(t *testing.T) {
	t.Parallel()
	broken := dossier.Errorf(dossier.NotFound, "the bytes are gone")
	for _, file := range [][]byte{
		asJPEG(t, scene(300, 300)), asPNG(t, scene(300, 300)), asGIF(t, scene(300, 300)), losslessWebP(quadrants(300, 300)),
	} {
		for _, n := range []int{0, 3, 20, len(file) / 2} {
			err := New(Options{}).Make(context.Background(), io.Discard, faulty(file, n, broken), small)
			if !errors.Is(err, broken) || dossier.KindOf(err) != dossier.NotFound {
				t.Errorf("source: %v", err)
			}
		}
		full := errors.New("no space")
		dst := writerFunc(func([]byte) (int, error) { return 0, full })
		err := New(Options{}).Make(context.Background(), dst, bytes.NewReader(file), small)
		if !errors.Is(err, full) || errors.Is(err, dossier.Unsupported) {
			t.Errorf("destination: %v", err)
		}
	}
}

func TestPanicsAreErrors(t *testing.T) {
	t.Parallel()
	e := New(Options{Workers: 1})
	file := asPNG(t, quadrants(64, 64))
	boom := func() { var s []int; _ = s[len(file)] }
	src := io.MultiReader(bytes.NewReader(file[:45]), readerFunc(func([]byte) (int, error) { boom(); return 0, io.EOF }))
	if err := e.Make(context.Background(), io.Discard, src, small); !errors.Is(err, dossier.Unsupported) || !strings.Contains(err.Error(), "panic") {
		t.Errorf("while decoding: %v, want unsupported", err)
	}
	src = readerFunc(func([]byte) (int, error) { boom(); return 0, io.EOF })
	if err := e.Make(context.Background(), io.Discard, src, small); dossier.KindOf(err) != dossier.Internal {
		t.Errorf("while sniffing: %v, want internal", err)
	}
	dst := writerFunc(func([]byte) (int, error) { boom(); return 0, nil })
	if err := e.Make(context.Background(), dst, bytes.NewReader(file), small); dossier.KindOf(err) != dossier.Internal {
		t.Errorf("while encoding: %v, want internal", err)
	}
	if err := e.Make(context.Background(), io.Discard, bytes.NewReader(file), small); err != nil {
		t.Errorf("a panic kept the only place: %v", err)
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	file := asPNG(t, scene(300, 300))
	for n := range 4 { // at the n-th read
		ctx, cancel := context.WithCancel(context.Background())
		reads, src := 0, bytes.NewReader(file)
		r := readerFunc(func(p []byte) (int, error) {
			if reads == n {
				cancel()
			}
			reads++
			return src.Read(p[:min(len(p), 64)])
		})
		err := New(Options{}).Make(ctx, io.Discard, r, small)
		cancel()
		if !errors.Is(err, dossier.Canceled) || !errors.Is(err, context.Canceled) {
			t.Errorf("at read %d: %v, want canceled", n, err)
		}
		if reads > n+1 {
			t.Errorf("at read %d: read on %d times", n, reads-n-1)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	dst := writerFunc(func(p []byte) (int, error) { cancel(); return len(p), nil })
	if err := New(Options{}).Make(ctx, dst, bytes.NewReader(file), Spec{Width: 300}); !errors.Is(err, dossier.Canceled) {
		t.Errorf("while writing: %v, want canceled", err)
	}
}

func TestSlowSourceIsCutOff(t *testing.T) {
	t.Parallel()
	file := asPNG(t, scene(300, 300))
	synctest.Test(t, func(t *testing.T) {
		start, src := time.Now(), bytes.NewReader(file)
		drip := readerFunc(func(p []byte) (int, error) {
			time.Sleep(time.Second)
			return src.Read(p[:min(len(p), 16)])
		})
		err := New(Options{DecodeTimeout: 5 * time.Second}).Make(context.Background(), io.Discard, drip, small)
		if took := time.Since(start); !errors.Is(err, dossier.TooLarge) || took > 11*time.Second {
			t.Errorf("after %v: %v, want too large", took, err)
		}
	})
}

// hold starts a generation that blocks in its source until release is called.
func hold(t *testing.T, e *Engine, file []byte) (release func(), done <-chan error) {
	t.Helper()
	gate, finished := make(chan struct{}), make(chan error, 1)
	src := bytes.NewReader(file)
	blocked := readerFunc(func(p []byte) (int, error) {
		if src.Len() <= 16 { // near the end, when the header has long been read
			<-gate
		}
		return src.Read(p[:min(len(p), 16)])
	})
	dossier.Go(nil, "hold", func() { finished <- e.Make(context.Background(), io.Discard, blocked, small) })
	synctest.Wait()
	return func() { close(gate) }, finished
}

func TestWorkersAreBounded(t *testing.T) {
	t.Parallel()
	file := asPNG(t, quadrants(64, 64))
	synctest.Test(t, func(t *testing.T) {
		e := New(Options{Workers: 2, Wait: time.Minute, DecodeTimeout: time.Hour})
		free1, done1 := hold(t, e, file)
		free2, done2 := hold(t, e, file)
		start := time.Now()
		err := e.Make(context.Background(), io.Discard, bytes.NewReader(file), small)
		if !errors.Is(err, dossier.Busy) || time.Since(start) != time.Minute {
			t.Errorf("after %v: %v, want busy after a minute", time.Since(start), err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := e.Make(ctx, io.Discard, bytes.NewReader(file), small); !errors.Is(err, dossier.Canceled) {
			t.Errorf("%v, want canceled", err)
		}
		free1()
		if err := <-done1; err != nil {
			t.Error(err)
		}
		if err := e.Make(context.Background(), io.Discard, bytes.NewReader(file), small); err != nil {
			t.Error(err)
		}
		free2()
		if err := <-done2; err != nil {
			t.Error(err)
		}
	})
}

// Pictures whose decoded bytes do not fit together are made one after the other.
func TestBytesInFlightAreBounded(t *testing.T) {
	t.Parallel()
	file := asPNG(t, quadrants(64, 64)) // 16 KiB decoded, and the result
	synctest.Test(t, func(t *testing.T) {
		e := New(Options{Workers: 9, MaxInFlight: 20 << 10, Wait: time.Minute, DecodeTimeout: time.Hour})
		free, done := hold(t, e, file)
		if err := e.Make(context.Background(), io.Discard, bytes.NewReader(file), small); !errors.Is(err, dossier.Busy) {
			t.Errorf("%v, want busy", err)
		}
		free()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := e.Make(context.Background(), io.Discard, bytes.NewReader(file), small); err != nil {
			t.Error(err)
		}
		if e.room.free != e.room.total || len(e.slots) != 0 {
			t.Errorf("%d of %d free, %d places taken", e.room.free, e.room.total, len(e.slots))
		}
		alone := New(Options{MaxInFlight: 1})
		if err := alone.Make(context.Background(), io.Discard, bytes.NewReader(file), small); err != nil {
			t.Errorf("a picture over the whole budget does not run alone: %v", err)
		}
	})
}

func TestBudgetServesInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, order := newBudget(10), make(chan int64, 9)
		if _, err := b.take(context.Background(), 8); err != nil {
			t.Fatal(err)
		}
		ask := func(ctx context.Context, n int64) {
			dossier.Go(nil, "ask", func() {
				if got, err := b.take(ctx, n); err == nil {
					order <- got
				}
			})
			synctest.Wait()
		}
		impatient, stop := context.WithCancel(context.Background())
		ask(impatient, 9)
		ask(context.Background(), 1) // there is room, but the turn is another's
		ask(context.Background(), 7)
		if len(order) != 0 {
			t.Error("somebody overtook")
		}
		stop()
		synctest.Wait()
		if got := <-order; got != 1 {
			t.Errorf("served %d, want 1", got)
		}
		b.give(8)
		if got := <-order; got != 7 {
			t.Errorf("served %d, want 7", got)
		}
		b.give(1)
		b.give(7)
		if b.free != 10 {
			t.Errorf("%d free of 10", b.free)
		}
	})
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	files := [][]byte{
		asJPEG(t, quadrants(400, 200)), asPNG(t, quadrants(400, 200)), asGIF(t, toPaletted(quadrants(400, 200))), losslessWebP(quadrants(400, 200)),
	}
	e := New(Options{Workers: 3, MaxInFlight: 500 << 10})
	errs := make(chan error, 64)
	want := make([][]byte, len(files))
	for i, f := range files {
		want[i] = make1(t, f, "70x50")
	}
	for i := range cap(errs) {
		dossier.Go(nil, "make", func() {
			var out bytes.Buffer
			err := e.Make(context.Background(), &out, bytes.NewReader(files[i%4]), Spec{Width: 70, Height: 50})
			if err == nil && !bytes.Equal(out.Bytes(), want[i%4]) {
				err = fmt.Errorf("file %d: other bytes than alone", i%4)
			}
			errs <- err
		})
	}
	for range cap(errs) {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}
