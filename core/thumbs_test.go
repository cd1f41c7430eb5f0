package core_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"dossier"
	"dossier/access"
	"dossier/blob"
	"dossier/core"
	"dossier/thumb"
)

// makerFunc is a thumb.Maker made of a function.
type makerFunc func(ctx context.Context, dst io.Writer, src io.Reader, spec thumb.Spec) error

func (f makerFunc) Make(ctx context.Context, dst io.Writer, src io.Reader, spec thumb.Spec) error {
	return f(ctx, dst, src, spec)
}

// withMaker gives a house a maker of thumbnails.
func withMaker(m makerFunc) func(*core.Options) { return func(o *core.Options) { o.Thumbs = m } }

// sized writes the size asked for in place of a picture.
func sized(_ context.Context, dst io.Writer, src io.Reader, spec thumb.Spec) error {
	if _, err := io.Copy(io.Discard, src); err != nil {
		return err
	}
	_, err := io.WriteString(dst, "picture of "+spec.String())
	return err
}

func spec(t testing.TB, text string) thumb.Spec {
	t.Helper()
	s, err := thumb.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (h *house) picture(p *core.Picture) string {
	h.t.Helper()
	r, err := p.Open(ctx(), 0, -1)
	h.must(err)
	defer r.Close()
	b, err := io.ReadAll(r)
	h.must(err)
	return string(b)
}

func TestAThumbnailIsMadeOnceForAll(t *testing.T) {
	t.Parallel()
	var made atomic.Int64
	h := newHouse(t, docs(), withMaker(func(ctx context.Context, dst io.Writer, src io.Reader, spec thumb.Spec) error {
		made.Add(1)
		return sized(ctx, dst, src, spec)
	}))
	u := h.upload("a.png", png)
	var keys sync.Map
	each(50, func(int) {
		p, err := h.Thumbnail(ctx(), &u.File, spec(t, "70x50"))
		if err != nil {
			t.Error(err)
			return
		}
		keys.Store(p.Key, nil)
		if got := h.picture(p); got != "picture of 70x50" || p.Size != int64(len(got)) || p.Type != "image/png" {
			t.Errorf("a picture %+v holds %q", p, got)
		}
	})
	if made.Load() != 1 {
		t.Errorf("it was made %d times", made.Load())
	}
	n := 0
	keys.Range(func(any, any) bool { n++; return true })
	same(t, "keys", n, 1)
	p, err := h.Thumbnail(ctx(), &u.File, spec(t, "0x50"))
	h.must(err)
	same(t, "another size", h.picture(p), "picture of 0x50")
}

func TestAThumbnailSurvivesWhoAskedFirst(t *testing.T) {
	t.Parallel()
	begun, goOn := make(chan struct{}), make(chan struct{})
	h := newHouse(t, docs(), withMaker(func(ctx context.Context, dst io.Writer, src io.Reader, spec thumb.Spec) error {
		close(begun)
		<-goOn
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return sized(ctx, dst, src, spec)
	}))
	u := h.upload("a.png", png)
	first, cancel := context.WithCancel(ctx())
	left := make(chan error, 1)
	dossier.Go(nil, "first", func() {
		_, err := h.Thumbnail(first, &u.File, spec(t, "70x50"))
		left <- err
	})
	<-begun
	cancel()
	kind(t, "who went away", <-left, dossier.Canceled)
	second := make(chan error, 1)
	dossier.Go(nil, "second", func() {
		_, err := h.Thumbnail(ctx(), &u.File, spec(t, "70x50"))
		second <- err
	})
	close(goOn) // begun is closed once: making it twice would panic
	kind(t, "who waited", <-second, "")
}

func TestAFailureIsRememberedForAWhile(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind dossier.Kind
		kept bool
	}{{dossier.Unsupported, true}, {dossier.TooLarge, true}, {dossier.Invalid, true}, {dossier.Busy, false}, {dossier.Canceled, false}, {dossier.Internal, false}} {
		var tried int
		h := newHouse(t, docs(), withMaker(func(_ context.Context, dst io.Writer, _ io.Reader, _ thumb.Spec) error {
			tried++
			_, _ = io.WriteString(dst, "a part")
			return dossier.Errorf(c.kind, "no picture")
		}))
		u := h.upload("a.png", png)
		ask := func() {
			t.Helper()
			_, err := h.Thumbnail(ctx(), &u.File, spec(t, "70x50"))
			kind(t, "thumbnail", err, c.kind)
		}
		ask()
		h.clock.Add(9 * time.Minute)
		ask()
		if want := map[bool]int{true: 1, false: 2}[c.kept]; tried != want {
			t.Errorf("%s: it was tried %d times, want %d", c.kind, tried, want)
		}
		tried = 0
		h.clock.Add(time.Minute)
		ask()
		same(t, "tries after a while", tried, 1)
		same(t, "no part is kept", h.keys(), []string{u.Chunks[0].Key})
	}
}

func TestAMakerThatPanicsIsAnError(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs(), withMaker(func(context.Context, io.Writer, io.Reader, thumb.Spec) error { panic("decoder") }))
	u := h.upload("a.png", png)
	_, err := h.Thumbnail(ctx(), &u.File, spec(t, "70x50"))
	kind(t, "thumbnail", err, dossier.Internal)
	same(t, "blobs", h.keys(), []string{u.Chunks[0].Key})
}

func TestThumbnailsGoWithTheirFile(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs(), withMaker(sized))
	u := h.upload("a.png", png)
	r := h.create("docs", values{"image": take(u)})
	for _, s := range []string{"70x50", "0x50", "10x10f"} {
		_, err := h.Thumbnail(ctx(), &u.File, spec(t, s))
		h.must(err)
	}
	h.SettleThumbnails(ctx())
	same(t, "blobs", len(h.keys()), 4)
	h.sound()
	h.clock.Add(48 * time.Hour)
	same(t, "a sweep leaves them", h.sweep(), core.Swept{})
	h.delete("docs", r)
	same(t, "swept", h.sweep(), core.Swept{Uploads: 1})
	same(t, "blobs", len(h.keys()), 0)
}

func TestWhatIsNoPictureHasNoThumbnail(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs(), withMaker(sized))
	text := h.upload("a.png", "text")
	_, err := h.Thumbnail(ctx(), &text.File, spec(t, "70x50"))
	kind(t, "text", err, dossier.Unsupported)
	if core.IsPicture(&text.File) {
		t.Error("a text is a picture")
	}
	u, err := h.Upload(ctx(), access.Guest(), core.Incoming{}, io.MultiReader())
	h.must(err)
	_, err = h.Thumbnail(ctx(), &u.File, spec(t, "70x50"))
	kind(t, "nothing", err, dossier.Unsupported)

	bare := newHouse(t, docs())
	p := bare.upload("a.png", png)
	_, err = bare.Thumbnail(ctx(), &p.File, spec(t, "70x50"))
	kind(t, "without a maker", err, dossier.Unsupported)
	if !core.IsPicture(&p.File) {
		t.Error("a picture is none")
	}
}

func TestAFloodOfThumbnailsIsRefused(t *testing.T) {
	t.Parallel()
	const asked, room = 300, 256
	goOn := make(chan struct{})
	var decided, busy atomic.Int64
	decide := func() {
		if decided.Add(1) == asked {
			close(goOn) // each is refused or under way
		}
	}
	h := newHouse(t, docs(), withMaker(func(ctx context.Context, dst io.Writer, src io.Reader, spec thumb.Spec) error {
		decide()
		<-goOn
		return sized(ctx, dst, src, spec)
	}))
	u := h.upload("a.png", png)
	each(asked, func(i int) {
		_, err := h.Thumbnail(ctx(), &u.File, spec(t, fmt.Sprintf("%dx50", i+1)))
		if dossier.KindOf(err) == dossier.Busy {
			busy.Add(1)
			decide()
		} else if err != nil {
			t.Error(err)
		}
	})
	if busy.Load() != asked-room {
		t.Errorf("%d of %d were refused; want %d", busy.Load(), asked, asked-room)
	}
	h.SettleThumbnails(ctx()) // they are written behind the answer
	if _, err := h.Thumbnail(ctx(), &u.File, spec(t, "999x50")); err != nil {
		t.Errorf("after the flood: %v", err)
	}
}

// A picture that was asked for lately is served from memory, and each part of it is what the blob has.
func TestPicturesAskedForLatelyAreInMemory(t *testing.T) {
	t.Parallel()
	const size, many = 100 << 10, 90 // more than memory is given
	made := map[string]int{}
	h := newHouse(t, docs(), withMaker(func(_ context.Context, dst io.Writer, _ io.Reader, spec thumb.Spec) error {
		made[spec.String()]++
		_, err := io.WriteString(dst, strings.Repeat(spec.String()[:1], size))
		return err
	}))
	u := h.upload("a.png", png)
	ask := func(size string) *core.Picture {
		p, err := h.Thumbnail(ctx(), &u.File, spec(t, size))
		h.must(err)
		return p
	}
	for i := range many {
		ask(fmt.Sprintf("%dx50", 100+i))
	}
	h.SettleThumbnails(ctx())
	const first, last = "100x50", "189x50"
	for _, s := range []string{first, last} {
		h.must(h.blobs.Delete(ctx(), string(u.ID)+"/thumb-"+s))
		ask(s)
	}
	same(t, "the first was made", made[first], 2)
	same(t, "the last was made", made[last], 1)

	p := ask(last)
	for _, c := range []struct{ off, n, want int64 }{{0, -1, size}, {5, 10, 10}, {size - 1, 9, 1}, {size, -1, 0}} {
		r, err := p.Open(ctx(), c.off, c.n)
		h.must(err)
		b, err := io.ReadAll(r)
		h.must(err)
		same(t, fmt.Sprint("bytes from ", c.off), int64(len(b)), c.want)
	}
	_, err := p.Open(ctx(), size+1, 1)
	kind(t, "behind the end", err, dossier.Invalid)
}

func TestPicturesInMemoryGoWithTheirFile(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs(), withMaker(sized))
	u := h.upload("a.png", png)
	r := h.create("docs", values{"image": take(u)})
	_, err := h.Thumbnail(ctx(), &u.File, spec(t, "70x50"))
	h.must(err)
	h.SettleThumbnails(ctx())
	h.delete("docs", r)
	h.clock.Add(48 * time.Hour)
	same(t, "swept", h.sweep(), core.Swept{Uploads: 1})
	if p, err := h.Thumbnail(ctx(), &u.File, spec(t, "70x50")); err == nil {
		t.Errorf("after the sweep there is %q", h.picture(p))
	}
}

// gated is a store that keeps thumbnails only when it is told to.
type gated struct {
	blob.Store
	open chan struct{}
	err  error
}

func (g *gated) Put(ctx context.Context, key string, r io.Reader) (int64, error) {
	if strings.Contains(key, "/thumb-") {
		<-g.open
		if g.err != nil {
			return 0, g.err
		}
	}
	return g.Store.Put(ctx, key, r)
}

func TestASmallThumbnailDoesNotWaitForTheDisk(t *testing.T) {
	t.Parallel()
	for _, broken := range []error{nil, dossier.Errorf(dossier.Internal, "no space")} {
		g := &gated{open: make(chan struct{}), err: broken}
		h := newHouse(t, docs(), withMaker(sized), func(o *core.Options) { g.Store, o.Blobs = o.Blobs, g })
		u := h.upload("a.png", png)
		for range 2 {
			p, err := h.Thumbnail(ctx(), &u.File, spec(t, "70x50"))
			h.must(err)
			same(t, "before it is kept", h.picture(p), "picture of 70x50")
		}
		same(t, "blobs before", len(h.keys()), 1)
		close(g.open)
		h.SettleThumbnails(ctx())
		same(t, "it is kept", len(h.keys()) == 2, broken == nil)
	}
}

// A large one goes to the disk while it is made, all of it or nothing.
func TestALargeThumbnailIsNotHeldInMemory(t *testing.T) {
	t.Parallel()
	const pieces = 40
	piece := strings.Repeat("0123456789abcdef", 1<<10)
	fault := func() error { return nil }
	h := newHouse(t, docs(), withMaker(func(_ context.Context, dst io.Writer, _ io.Reader, _ thumb.Spec) error {
		for range pieces {
			if _, err := io.WriteString(dst, piece); err != nil {
				return err
			}
		}
		return fault()
	}))
	u := h.upload("a.png", png)
	p, err := h.Thumbnail(ctx(), &u.File, spec(t, "70x50"))
	h.must(err)
	if got := h.picture(p); got != strings.Repeat(piece, pieces) {
		t.Errorf("%d bytes, want %d", len(got), pieces*len(piece))
	}
	fault = func() error { return dossier.Errorf(dossier.Unsupported, "broken at the end") }
	_, err = h.Thumbnail(ctx(), &u.File, spec(t, "80x50"))
	kind(t, "a fault at the end", err, dossier.Unsupported)
	fault = func() error { panic("at the end") }
	_, err = h.Thumbnail(ctx(), &u.File, spec(t, "90x50"))
	kind(t, "a panic at the end", err, dossier.Internal)
	h.SettleThumbnails(ctx())
	same(t, "blobs", len(h.keys()), 2)
}
