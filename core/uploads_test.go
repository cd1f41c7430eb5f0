package core_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"dossier"
	"dossier/access"
	"dossier/blob"
	"dossier/blob/blobtest"
	"dossier/core"
)

// png are the first bytes of a picture: enough to be taken for one.
const png = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"

// docs is a collection with a file field of each sort.
func docs() []*dossier.Collection {
	return []*dossier.Collection{{Name: "docs", Rules: rules(""), Fields: []*dossier.Field{
		{Name: "title", Type: dossier.TypeText, Max: "5"},
		{Name: "file", Type: dossier.TypeFile},
		{Name: "files", Type: dossier.TypeFile, MaxSelect: 3},
		{Name: "small", Type: dossier.TypeFile, MaxSize: 4},
		{Name: "texts", Type: dossier.TypeFile, MaxSelect: 2, MimeTypes: []string{"text/plain"}},
		{Name: "image", Type: dossier.TypeImage},
		{Name: "rows", Type: dossier.TypeTable, Fields: []*dossier.Field{
			{Name: "note", Type: dossier.TypeText},
			{Name: "proof", Type: dossier.TypeFile, MaxSelect: 3},
		}},
	}}}
}

func (h *house) settings(change func(*dossier.Settings)) {
	h.t.Helper()
	s := h.Space().Settings
	change(&s)
	h.must(h.PutSettings(ctx(), system, s))
}

func TestAnUploadIsWhatWasSent(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs())
	in := core.Incoming{Name: "Héllo wörld.TXT", Declared: "application/x-thing", Kind: "image", TTL: time.Hour}
	u, err := h.Upload(ctx(), access.Principal{Kind: access.KindKey, ID: "key1"}, in, strings.NewReader("some text"))
	h.must(err)
	sum := sha256.Sum256([]byte("some text"))
	want := &dossier.Upload{File: dossier.File{Name: in.Name, Declared: in.Declared, Sniffed: "text/plain; charset=utf-8", Size: 9,
		SHA256: hex.EncodeToString(sum[:]), Created: start}, Owner: "key:key1", Kind: "image", Expires: start.Add(time.Hour), Length: -1}
	made := cmpopts.IgnoreFields(dossier.File{}, "ID", "Slug", "Chunks")
	if diff := cmp.Diff(want, u, made); diff != "" {
		t.Errorf("upload (-want +got):\n%s", diff)
	}
	for _, id := range []dossier.ID{u.ID, u.ShortID()} {
		found, err := h.FindUpload(ctx(), access.Guest(), id)
		h.must(err)
		same(t, "the upload found", found, u)
	}
	if got := h.read(&u.File); got != "some text" {
		t.Errorf("it holds %q", got)
	}
	_, err = h.FindUpload(ctx(), access.Guest(), u.ID[:23])
	kind(t, "a shorter ID", err, dossier.NotFound)
}

func TestMediaTypesAreSniffed(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs())
	for data, want := range map[string]string{
		"": "text/plain", png: "image/png", "%PDF-1.7\n": "application/pdf", "<html><script>": "text/html; charset=utf-8",
		"GIF89a\x01\x00\x01\x00": "image/gif", "\x00\x01\x02": "application/octet-stream",
	} {
		u, err := h.Upload(ctx(), access.Guest(), core.Incoming{Name: "x.png", Declared: "image/png"}, iotest.OneByteReader(strings.NewReader(data)))
		h.must(err)
		if u.Sniffed != want {
			t.Errorf("%.10q is sniffed as %s, want %s", data, u.Sniffed, want)
		}
	}
}

func TestTheLimitOfAFileIsExact(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs())
	h.settings(func(s *dossier.Settings) { s.MaxFileSize = 10_000 })
	for _, c := range []struct{ asked, limit int64 }{{0, 10_000}, {1, 1}, {9_999, 9_999}, {10_000, 10_000}, {10_001, 10_000}} {
		for _, wrap := range []func(io.Reader) io.Reader{func(r io.Reader) io.Reader { return r }, iotest.HalfReader, iotest.DataErrReader} {
			send := func(n int64) error {
				r := wrap(bytes.NewReader(make([]byte, n)))
				u, err := h.Upload(ctx(), access.Guest(), core.Incoming{Name: "big.bin", MaxSize: c.asked}, r)
				if err == nil && u.Size != n {
					t.Errorf("%d bytes became %d", n, u.Size)
				}
				return err
			}
			kind(t, "as many bytes as allowed", send(c.limit), "")
			before := len(h.keys())
			err := send(c.limit + 1)
			kind(t, "one byte more", err, dossier.TooLarge)
			same(t, "problems", problemsOf(err), []dossier.Problem{prob(dossier.CodeFileTooLarge, params{"file": "big.bin", "max": c.limit})})
			if len(h.keys()) != before {
				t.Error("a refused upload left bytes")
			}
		}
	}
	h.sound()
}

// endless never ends.
type endless struct{ read atomic.Int64 }

func (e *endless) Read(p []byte) (int, error) { e.read.Add(int64(len(p))); return len(p), nil }

func TestBytesOverTheLimitAreNotRead(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs())
	r := &endless{}
	_, err := h.Upload(ctx(), access.Guest(), core.Incoming{MaxSize: 1 << 20}, r)
	kind(t, "an endless upload", err, dossier.TooLarge)
	if n := r.read.Load(); n > 2<<20 {
		t.Errorf("%d bytes were read", n)
	}
}

func TestTheQuotaIsExact(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs())
	const size, room = 100, 20
	h.settings(func(s *dossier.Settings) { s.DiskQuota = size*room + size - 1 })
	var kept, refused atomic.Int64
	each(50, func(i int) {
		_, err := h.Upload(ctx(), access.Guest(), core.Incoming{}, bytes.NewReader(make([]byte, size)))
		switch dossier.KindOf(err) {
		case "":
			kept.Add(1)
		case dossier.QuotaExceeded:
			refused.Add(1)
		default:
			t.Error(err)
		}
	})
	same(t, "kept and refused", []int64{kept.Load(), refused.Load()}, []int64{room, 50 - room})
	same(t, "blobs", len(h.keys()), room)
	h.upload("rest", strings.Repeat("x", size-1))
	_, err := h.Upload(ctx(), access.Guest(), core.Incoming{}, strings.NewReader("x"))
	kind(t, "one byte more", err, dossier.QuotaExceeded)

	h.clock.Add(72 * time.Hour)
	h.sweep()
	u := h.upload("again", strings.Repeat("x", size*room))
	r := h.create("docs", values{"file": take(u)})
	staged, err := h.Stage(ctx(), access.Guest(), core.Incoming{}, strings.NewReader(strings.Repeat("x", size)))
	h.must(err)
	_, err = h.tryUpdate("docs", r, values{"files": dossier.FileRefs{{Staged: staged}}})
	kind(t, "staged bytes over the quota", err, dossier.QuotaExceeded)
	h.Discard(ctx(), staged)
	h.delete("docs", r)
	h.upload("room that a deletion made", strings.Repeat("x", size))
}

func TestOnlyPictures(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs())
	for _, c := range []struct {
		name, data string
		want       dossier.Kind
	}{
		{"a picture", png, ""},
		{"a large picture", png + strings.Repeat("x", 100_000), ""},
		{"a text", "hello", dossier.Invalid},
		{"a large text", strings.Repeat("hello ", 100_000), dossier.Invalid},
		{"nothing", "", dossier.Invalid},
		{"a picture's name", "GIF", dossier.Invalid},
	} {
		before := len(h.keys())
		_, err := h.Upload(ctx(), access.Guest(), core.Incoming{Name: "x.png", ImageOnly: true}, iotest.HalfReader(strings.NewReader(c.data)))
		kind(t, c.name, err, c.want)
		if c.want == "" {
			continue
		}
		same(t, c.name, problemsOf(err), []dossier.Problem{prob(dossier.CodeNotImage, params{"file": "x.png"})})
		if len(h.keys()) != before {
			t.Errorf("%s left bytes", c.name)
		}
	}
	r := &endless{}
	_, err := h.Upload(ctx(), access.Guest(), core.Incoming{ImageOnly: true}, r)
	kind(t, "what is endless and no picture", err, dossier.Invalid)
}

func TestAReadersErrorLeavesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs())
	broken := errors.New("the line broke")
	for _, c := range []struct {
		name string
		err  error
		want dossier.Kind
	}{
		{"an error without a kind", broken, dossier.Internal},
		{"an error with one", dossier.Errorf(dossier.TooLarge, "too much: %w", broken), dossier.TooLarge},
		{"a caller who went away", context.Canceled, dossier.Canceled},
	} {
		for _, data := range []string{"", "short", strings.Repeat("long", 50_000)} {
			r := io.MultiReader(strings.NewReader(data), iotest.ErrReader(c.err))
			_, err := h.Upload(ctx(), access.Guest(), core.Incoming{}, r)
			kind(t, c.name, err, c.want)
			if c.err != context.Canceled && !errors.Is(err, broken) {
				t.Errorf("%s: %v does not wrap the reader's", c.name, err)
			}
		}
	}
	same(t, "blobs", len(h.keys()), 0)
	h.sound()
}

func TestAnUploadExpiresToTheSecond(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs())
	u := h.upload("a", "a")
	short, err := h.Upload(ctx(), access.Guest(), core.Incoming{TTL: time.Second}, strings.NewReader("b"))
	h.must(err)
	see := func(u *dossier.Upload, want dossier.Kind) {
		t.Helper()
		_, err := h.FindUpload(ctx(), access.Guest(), u.ID)
		kind(t, "find", err, want)
		_, err = h.SharedFile(ctx(), access.Guest(), u.ID)
		kind(t, "share", err, map[dossier.Kind]dossier.Kind{dossier.Expired: dossier.NotFound}[want])
		r, err := h.tryCreate("docs", values{"file": take(u)})
		if want == "" {
			h.must(err)
			h.delete("docs", r)
			return
		}
		wrong(t, err, prob(dossier.CodeNoUpload, params{"key": string(u.ID), "index": 0}, "file"))
	}
	h.clock.Add(time.Second)
	see(short, dossier.Expired)
	h.clock.Add(72*time.Hour - 2*time.Second)
	see(h.upload("c", "c"), "")
	h.clock.Add(999 * time.Millisecond)
	if _, err := h.FindUpload(ctx(), access.Guest(), u.ID); err != nil {
		t.Errorf("a millisecond before its end: %v", err)
	}
	h.clock.Add(time.Millisecond)
	see(u, dossier.Expired)
	same(t, "swept", h.sweep(), core.Swept{Uploads: 3}) // a, b, and c that a deleted record held
}

func TestALeaseBeginsWhenTheBytesAreThere(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs())
	slow := readFunc(func([]byte) (int, error) { h.clock.Add(time.Hour); return 0, io.EOF })
	u, err := h.Upload(ctx(), access.Guest(), core.Incoming{}, slow)
	h.must(err)
	same(t, "times", []time.Time{u.Created, u.Expires}, []time.Time{start.Add(time.Hour), start.Add(73 * time.Hour)})
}

// readFunc is a reader made of a function.
type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

func TestStagedBytes(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs())
	stage := func() *dossier.Upload {
		u, err := h.Stage(ctx(), access.Guest(), core.Incoming{Name: "s.txt"}, strings.NewReader("staged"))
		h.must(err)
		return u
	}
	u := stage()
	_, err := h.FindUpload(ctx(), access.Guest(), u.ID)
	kind(t, "staged bytes are no upload", err, dossier.NotFound)
	h.clock.Add(48 * time.Hour)
	same(t, "a sweep while the rest of a request takes its time", h.sweep(), core.Swept{})
	r := h.create("docs", values{"file": dossier.FileRefs{{Staged: u}}})
	if got := h.read(r.Files("file")[0]); got != "staged" {
		t.Errorf("the record's file holds %q", got)
	}

	u = stage()
	_, err = h.tryUpdate("docs", r, values{"file": dossier.FileRefs{{Staged: u}}, "title": dossier.Text("too long")})
	kind(t, "a write that is refused", err, dossier.Invalid)
	h.Discard(ctx(), u, nil)
	same(t, "blobs after the refused write", h.keys(), []string{r.Files("file")[0].Chunks[0].Key})

	stage() // and the process ends
	h.open()
	h.clock.Add(time.Minute)
	same(t, "a sweep within the grace", h.sweep(), core.Swept{})
	h.clock.Add(time.Hour)
	same(t, "a sweep after it", h.sweep(), core.Swept{Blobs: 1})
	h.sound()
}

func TestASoleServerSweepsWhatWasThereBeforeItsStart(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs())
	_, err := h.Stage(ctx(), access.Guest(), core.Incoming{}, strings.NewReader("left behind"))
	h.must(err)
	h.clock.Add(time.Millisecond)
	h.open(func(o *core.Options) { o.Sole = true })
	same(t, "swept", h.sweep(), core.Swept{Blobs: 1})
	_, err = h.blobs.Put(ctx(), "notes/of-somebody", strings.NewReader("not an upload's"))
	h.must(err)
	h.clock.Add(1000 * time.Hour)
	same(t, "a blob that is no upload's", h.sweep(), core.Swept{})
}

func TestDiscardEndsAnUpload(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs())
	u, held := h.upload("a", "a"), h.upload("b", "b")
	h.create("docs", values{"file": take(held)})
	gone, cancel := context.WithCancel(ctx())
	cancel()
	h.Discard(gone, u, held)
	_, err := h.FindUpload(ctx(), access.Guest(), u.ID)
	kind(t, "find", err, dossier.NotFound)
	same(t, "swept", h.sweep(), core.Swept{Uploads: 1})
	h.sound()
	same(t, "blobs", h.keys(), []string{held.Chunks[0].Key})
}

func TestAFullDiskIsToldAsSuch(t *testing.T) {
	t.Parallel()
	full := dossier.Errorf(dossier.Full, "no room")
	h := newHouse(t, docs(), func(o *core.Options) {
		o.Blobs = blobtest.Faulty(o.Blobs, func(op, _ string) error {
			if op == blobtest.OpPut {
				return full
			}
			return nil
		})
	})
	_, err := h.Upload(ctx(), access.Guest(), core.Incoming{}, strings.NewReader("x"))
	kind(t, "upload", err, dossier.Full)
}

// afterDelete calls then after every deletion.
type afterDelete struct {
	blob.Store
	then func()
}

func (s *afterDelete) Delete(ctx context.Context, key string) error {
	defer s.then()
	return s.Store.Delete(ctx, key)
}
