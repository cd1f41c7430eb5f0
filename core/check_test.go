package core_test

import (
	"context"
	"io"
	"iter"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"dossier"
	"dossier/blob"
	"dossier/core"
	"dossier/store"
)

func TestACheckFindsEachKindOfDamage(t *testing.T) {
	t.Parallel()
	// spoil damages a file of a record, or the record.
	for _, c := range []struct {
		name   string
		spoil  func(h *house, r *dossier.Record, f *dossier.File) error
		quick  bool   // found without reading all bytes
		want   string // a pattern of the one problem
		mended bool   // by a repair
	}{
		{"nothing", func(*house, *dossier.Record, *dossier.File) error { return nil }, true, "", true},
		{"a missing blob", func(h *house, _ *dossier.Record, f *dossier.File) error {
			return h.blobs.Delete(ctx(), f.Chunks[0].Key)
		}, true, "blob .* is missing", false},
		{"a short blob", func(h *house, _ *dossier.Record, f *dossier.File) error {
			return h.replace(f, "byte")
		}, true, "has 4 bytes instead of 5", false},
		{"a long blob", func(h *house, _ *dossier.Record, f *dossier.File) error {
			return h.replace(f, "bytes!")
		}, true, "has 6 bytes instead of 5", false},
		{"an altered blob", func(h *house, _ *dossier.Record, f *dossier.File) error {
			return h.replace(f, "Bytes")
		}, false, "its bytes have changed: SHA-256", false},
		{"a blob of no file", func(h *house, _ *dossier.Record, _ *dossier.File) error {
			_, err := h.blobs.Put(ctx(), "0123456789abcdef0123456789abcdef/x", strings.NewReader("x"))
			return err
		}, true, "belongs to no file", true},
		{"a file that nobody holds", func(h *house, r *dossier.Record, f *dossier.File) error {
			return h.rows.Update(ctx(), func(tx store.Tx) error { return tx.Records(h.collection("docs")).Delete(ctx(), r.ID) })
		}, true, "record .* does not hold it in file", false},
		{"a file that another field holds", func(h *house, r *dossier.Record, f *dossier.File) error {
			return h.rows.Update(ctx(), func(tx store.Tx) error {
				next := r.Clone()
				next.Values["files"] = next.Values["file"]
				delete(next.Values, "file")
				return tx.Records(h.collection("docs")).Update(ctx(), next, r.Revision)
			})
		}, true, "does not hold it in file", false},
		{"a file whose collection is gone", func(h *house, r *dossier.Record, f *dossier.File) error {
			return h.rows.Update(ctx(), func(tx store.Tx) error {
				return tx.Files().Hold(ctx(), dossier.Attachment{File: f, Collection: "gone", Record: r.ID, Field: "file"})
			})
		}, true, "of collection gone does not hold it", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, docs())
			r := h.create("docs", values{"file": take(h.upload("a.txt", "bytes"))})
			h.upload("b.txt", "an upload")
			h.must(c.spoil(h, r, r.Files("file")[0]))
			for _, deep := range []bool{false, true} {
				report, err := h.CheckSpace(ctx(), deep, false)
				h.must(err)
				var want []string
				if c.want != "" && (deep || c.quick) {
					want = []string{c.want}
				}
				matches(t, report, want...)
			}
			report, err := h.CheckSpace(ctx(), true, true)
			h.must(err)
			if c.mended {
				matches(t, report)
				same(t, "uploads that are still good", report.Uploads, 1)
			} else {
				matches(t, report, c.want)
			}
		})
	}
}

// matches fails the test unless the problems of a report match the patterns one by one.
func matches(t *testing.T, report *core.Report, patterns ...string) {
	t.Helper()
	if len(report.Problems) != len(patterns) {
		t.Errorf("problems %q, want %q", report.Problems, patterns)
		return
	}
	for i, p := range patterns {
		if !regexp.MustCompile(p).MatchString(report.Problems[i]) {
			t.Errorf("problem %q, want %q", report.Problems[i], p)
		}
	}
}

// replace changes the bytes of a file behind the house's back.
func (h *house) replace(f *dossier.File, data string) error {
	if err := h.blobs.Delete(ctx(), f.Chunks[0].Key); err != nil {
		return err
	}
	_, err := h.blobs.Put(ctx(), f.Chunks[0].Key, strings.NewReader(data))
	return err
}

func TestACheckCounts(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs(), withMaker(sized))
	r := h.create("docs", values{"image": take(h.upload("a.png", png)), "rows": dossier.Rows{{Values: values{"proof": take(h.upload("b", "bb"))}}}})
	_, err := h.Thumbnail(ctx(), r.Files("image")[0], spec(t, "70x50"))
	h.must(err)
	h.upload("c", "ccc")
	h.delete("docs", h.create("docs", values{"file": take(h.upload("d", "dddd"))}))
	report, err := h.CheckSpace(ctx(), true, false)
	h.must(err)
	same(t, "report", report, &core.Report{Records: 1, Files: 2, Uploads: 1, Bytes: int64(len(png)) + 5, Blobs: 5}) // with the picture, and d, which waits for a sweep
}

func TestACheckReadsManyRecords(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs())
	h.must(h.Batch(ctx(), system, func(b *core.Batch) error {
		for range 1001 {
			if _, err := b.CreateRecord(ctx(), h.collection("docs"), "", core.Change{}); err != nil {
				return err
			}
		}
		return nil
	}))
	report, err := h.CheckSpace(ctx(), false, false)
	h.must(err)
	same(t, "records", report.Records, 1001)
}

// Law 6: no bytes move while a transaction is open.
func TestNoBytesMoveInsideATransaction(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs())
	r := h.create("docs", values{"image": take(h.upload("a.png", png))})
	h.delete("docs", h.create("docs", values{"file": take(h.upload("d", "dddd"))}))
	rows := &watched{Store: h.rows}
	h.open(withMaker(sized), func(o *core.Options) {
		o.Store = rows
		o.Blobs = &watchedBlobs{o.Blobs, func() {
			if rows.open > 0 {
				t.Error("a blob is touched inside a transaction")
			}
		}}
	})
	_, err := h.Thumbnail(ctx(), r.Files("image")[0], spec(t, "70x50"))
	h.must(err)
	h.update("docs", r, values{"file": take(h.upload("b", "b"))})
	staged, err := h.Stage(ctx(), system, core.Incoming{}, strings.NewReader("s"))
	h.must(err)
	h.Discard(ctx(), staged)
	h.sweep()
	h.sound()
	_, err = h.CheckSpace(ctx(), true, true)
	h.must(err)
}

// watched is a store that counts its open transactions.
type watched struct {
	store.Store
	open int
}

func (w *watched) View(ctx context.Context, fn func(store.Tx) error) error {
	return w.Store.View(ctx, w.inside(fn))
}

func (w *watched) Update(ctx context.Context, fn func(store.Tx) error) error {
	return w.Store.Update(ctx, w.inside(fn))
}

func (w *watched) inside(fn func(store.Tx) error) func(store.Tx) error {
	return func(tx store.Tx) error {
		w.open++
		defer func() { w.open-- }()
		return fn(tx)
	}
}

func TestSweepEverySweepsUntilItIsStopped(t *testing.T) {
	h := newHouse(t, docs())
	h.upload("a", "a")
	h.clock.Add(72 * time.Hour)
	stopped, stop := context.WithCancel(ctx())
	h.open(func(o *core.Options) { o.Blobs = &afterDelete{h.blobs, stop} })
	h.SweepEvery(stopped, time.Hour) // returns, or the test does not end
	same(t, "blobs", len(h.keys()), 0)
}

func TestBytesGoSoonAfterTheirRecord(t *testing.T) {
	h := newHouse(t, docs())
	r := h.create("docs", values{"files": take(h.upload("a", "a"))})
	stopped, stop := context.WithCancel(ctx())
	late := sync.OnceFunc(func() { // when the first sweep is past what has expired
		h.must(h.DeleteRecord(ctx(), system, h.collection("docs"), core.ByID(r.ID), 0))
	})
	h.open(func(o *core.Options) { o.Blobs = &afterDelete{&onList{h.blobs, late}, stop} })
	h.SweepEvery(stopped, time.Hour) // returns when the bytes are deleted
	same(t, "blobs", len(h.keys()), 0)
}

// onList calls listed before blobs are listed.
type onList struct {
	blob.Store
	listed func()
}

func (o *onList) List(ctx context.Context, prefix string) iter.Seq2[blob.Info, error] {
	o.listed()
	return o.Store.List(ctx, prefix)
}

// watchedBlobs calls touched at every call that moves bytes or looks for them.
type watchedBlobs struct {
	blob.Store
	touched func()
}

func (w *watchedBlobs) Put(ctx context.Context, key string, r io.Reader) (int64, error) {
	w.touched()
	return w.Store.Put(ctx, key, r)
}

func (w *watchedBlobs) Open(ctx context.Context, key string, off, n int64) (io.ReadCloser, error) {
	w.touched()
	return w.Store.Open(ctx, key, off, n)
}

func (w *watchedBlobs) Stat(ctx context.Context, key string) (blob.Info, error) {
	w.touched()
	return w.Store.Stat(ctx, key)
}

func (w *watchedBlobs) Delete(ctx context.Context, key string) error {
	w.touched()
	return w.Store.Delete(ctx, key)
}
