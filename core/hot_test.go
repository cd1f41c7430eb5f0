package core_test

import (
	"context"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"dossier"
	"dossier/access"
	"dossier/blob"
	"dossier/core"
)

// counted opens blobs in memory and counts how often.
type counted struct {
	blob.Store
	opened *atomic.Int64
}

func (s counted) Open(ctx context.Context, key string, off, n int64) (io.ReadCloser, error) {
	s.opened.Add(1)
	return inMemory{s.Store}.Open(ctx, key, off, n)
}

// countOpens counts how often blobs are opened.
func countOpens(h *house) *atomic.Int64 {
	var opened atomic.Int64
	h.open(func(o *core.Options) { o.Blobs = counted{h.blobs, &opened} })
	return &opened
}

// readRange reads n bytes of f from off.
func readRange(h *house, f *dossier.File, off, n int64) string {
	h.t.Helper()
	r, err := h.OpenFile(ctx(), f, off, n)
	h.must(err)
	defer r.Close()
	b, err := io.ReadAll(r)
	h.must(err)
	return string(b)
}

func TestASmallFileIsReadFromItsStoreOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs())
	opened := countOpens(h)
	f, other := h.upload("a", "0123456789").File, h.upload("b", "abc").File
	same(t, "a part of what nobody has read", readRange(h, &f, 2, 3), "234")
	for range 3 {
		same(t, "all", readRange(h, &f, 0, -1), "0123456789")
		same(t, "a part", readRange(h, &f, 4, 2), "45")
		same(t, "another file", readRange(h, &other, 0, 3), "abc")
	}
	same(t, "times that blobs were opened", opened.Load(), int64(3))
	large := h.upload("c", strings.Repeat("x", 200<<10)).File
	for range 2 {
		same(t, "bytes of a large file", len(readRange(h, &large, 0, -1)), 200<<10)
	}
	same(t, "times that blobs were opened", opened.Load(), int64(5))
}

func TestMemoryForFilesIsBounded(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs())
	opened := countOpens(h)
	var files []dossier.File
	for range 100 { // more than 8 MiB
		files = append(files, h.upload("a", strings.Repeat("x", 100<<10)).File)
	}
	for i := range files {
		readRange(h, &files[i], 0, -1)
		readRange(h, &files[0], 0, -1)
	}
	readRange(h, &files[99], 0, -1)
	same(t, "times that blobs were opened, the first and the last file again and again", opened.Load(), int64(100))
	readRange(h, &files[1], 0, -1)
	same(t, "times that blobs were opened, the second file again", opened.Load(), int64(101))
}

func TestAFileThatIsGoneIsNotInMemory(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs())
	opened := countOpens(h)
	r := h.create("docs", values{"file": take(h.upload("a", "0123456789"))})
	f := r.Files("file")[0]
	same(t, "bytes", readRange(h, f, 0, -1), "0123456789")
	h.delete("docs", r)
	_, err := h.RecordFile(ctx(), access.System(), h.collection("docs"), r.ID, f.Slug)
	kind(t, "the file of a record that is gone", err, dossier.NotFound)
	h.sweep()
	before := opened.Load()
	_, err = h.OpenFile(ctx(), f, 0, -1)
	kind(t, "the bytes of a file that was swept", err, dossier.NotFound)
	same(t, "times that the store was asked", opened.Load(), before+1)
}

func TestADeepCheckReadsTheStore(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs())
	countOpens(h)
	f := h.create("docs", values{"file": take(h.upload("a", "0123456789"))}).Files("file")[0]
	same(t, "bytes", readRange(h, f, 0, -1), "0123456789")
	h.must(h.replace(f, "9876543210"))
	report, err := h.CheckSpace(ctx(), true, false)
	h.must(err)
	if len(report.Problems) != 1 || !strings.Contains(report.Problems[0], "have changed") {
		t.Errorf("got %q", report.Problems)
	}
}
