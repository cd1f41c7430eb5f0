package core_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"

	"dossier"
	"dossier/access"
	"dossier/blob"
	"dossier/core"
)

// shelves are collections with an open and a protected file field, by who may view their records.
func shelves() []*dossier.Collection {
	fields := func() []*dossier.Field {
		return []*dossier.Field{
			{Name: "title", Type: dossier.TypeText},
			{Name: "open", Type: dossier.TypeFile, MaxSelect: 2},
			{Name: "safe", Type: dossier.TypeFile, Protected: true, MaxSelect: 2},
			{Name: "rows", Type: dossier.TypeTable, Fields: []*dossier.Field{{Name: "safe", Type: dossier.TypeFile, Protected: true}}},
		}
	}
	everyone, some := "", ruleOpen
	return []*dossier.Collection{
		{Name: "public", Rules: dossier.Rules{View: &everyone}, Fields: fields()},
		{Name: "ruled", Rules: dossier.Rules{View: &some}, Fields: fields()},
		{Name: "locked", Fields: fields()},
	}
}

func TestWhoSeesWhichFile(t *testing.T) {
	t.Parallel()
	h := newHouse(t, shelves())
	key := access.Principal{Kind: access.KindKey}
	token := access.Principal{Kind: access.KindToken, Rights: map[dossier.ID]access.Right{h.collection("locked").ID: access.RightView}}
	for _, c := range []struct {
		collection, title, field string
		who                      access.Principal
		record, held, shared     dossier.Kind // of RecordFile, HeldFile, SharedFile
	}{
		{"public", "", "open", access.Guest(), "", "", ""},
		{"public", "", "safe", access.Guest(), "", "", ""},
		{"ruled", "open", "open", access.Guest(), "", "", ""},
		{"ruled", "open", "safe", access.Guest(), "", "", ""},
		{"ruled", "shut", "open", access.Guest(), "", dossier.Denied, ""},
		{"ruled", "shut", "safe", access.Guest(), dossier.NotFound, dossier.Denied, dossier.Denied},
		{"ruled", "shut", "safe", system, "", "", ""},
		{"ruled", "shut", "safe", key, "", "", ""},
		{"ruled", "shut", "safe", token, dossier.NotFound, dossier.Denied, dossier.Denied},
		{"locked", "", "open", access.Guest(), "", dossier.Denied, ""},
		{"locked", "", "safe", access.Guest(), dossier.NotFound, dossier.Denied, dossier.Denied},
		{"locked", "", "safe", key, "", "", ""},
		{"locked", "", "safe", token, "", "", ""},
		{"locked", "", "rows", access.Guest(), dossier.NotFound, dossier.Denied, dossier.Denied},
		{"locked", "", "rows", token, "", "", ""},
	} {
		u := h.upload("a.txt", "a")
		v := values{"title": dossier.Text(c.title), c.field: take(u)}
		if c.field == "rows" {
			v["rows"] = dossier.Rows{{Values: values{"safe": take(u)}}}
		}
		r := h.create(c.collection, v)
		name := strings.Join([]string{string(c.who.Kind), c.collection, c.title, c.field}, " ")
		check := func(verb string, found *core.Found, err error, want dossier.Kind) {
			t.Helper()
			kind(t, name+": "+verb, err, want)
			if err != nil {
				if found != nil {
					t.Errorf("%s: %s tells what it refuses", name, verb)
				}
				return
			}
			if found.File.ID != u.ID || found.Record.ID != r.ID || found.Collection.Name != c.collection || found.Protected != (c.field != "open") {
				t.Errorf("%s: %s found %+v", name, verb, found)
			}
		}
		found, err := h.RecordFile(ctx(), c.who, h.collection(c.collection), r.ID, u.Slug)
		check("RecordFile", found, err, c.record)
		for _, id := range []dossier.ID{u.ID, u.ShortID()} {
			found, err = h.HeldFile(ctx(), c.who, id)
			check("HeldFile", found, err, c.held)
			found, err = h.SharedFile(ctx(), c.who, id)
			check("SharedFile", found, err, c.shared)
		}
	}
}

func TestAnUploadIsOpenToWhoKnowsItsID(t *testing.T) {
	t.Parallel()
	h := newHouse(t, shelves())
	u := h.upload("a.txt", "a")
	found, err := h.SharedFile(ctx(), access.Guest(), u.ID)
	h.must(err)
	same(t, "file", found, &core.Found{File: &u.File})
	_, err = h.HeldFile(ctx(), system, u.ID)
	kind(t, "nobody holds it", err, dossier.NotFound)
}

func TestOneOfSeveralHoldersIsEnough(t *testing.T) {
	t.Parallel()
	h := newHouse(t, shelves())
	u := h.upload("a.txt", "a")
	h.create("locked", values{"safe": take(u)})
	both := h.create("public", values{"safe": refs(dossier.Share, u), "open": refs(dossier.Share, u)})
	found, err := h.HeldFile(ctx(), access.Guest(), u.ID)
	h.must(err)
	same(t, "collection", found.Collection.Name, "public")
	found, err = h.RecordFile(ctx(), access.Guest(), h.collection("public"), both.ID, u.Slug)
	h.must(err)
	if found.Protected {
		t.Error("a file in an open field too is protected")
	}
}

func TestRecordFileNamesExactly(t *testing.T) {
	t.Parallel()
	h := newHouse(t, shelves())
	u := h.upload("a.txt", "a")
	r := h.create("public", values{"open": take(u)})
	other := h.create("public", nil)
	for _, c := range []struct {
		record dossier.ID
		slug   string
	}{{r.ID, ""}, {r.ID, "a.txt"}, {r.ID, strings.ToUpper(u.Slug)}, {r.ID, "../" + u.Slug}, {r.ID, string(u.ID)}, {other.ID, u.Slug}, {"nobody", u.Slug}} {
		_, err := h.RecordFile(ctx(), system, h.collection("public"), c.record, c.slug)
		kind(t, string(c.record)+"/"+c.slug, err, dossier.NotFound)
	}
}

// Between finding a file and opening its bytes a record may give it up and the sweep remove it: then there is no such file, and nothing is
// damaged.
func TestAFileThatIsSweptBeforeItIsOpenedIsNotThere(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	h := newHouse(t, shelves(), func(o *core.Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	u := h.upload("a.txt", "a")
	r := h.create("public", values{"open": take(u)})
	found, err := h.RecordFile(ctx(), system, h.collection("public"), r.ID, u.Slug)
	h.must(err)
	h.delete("public", r)
	h.sweep()
	_, err = h.OpenFile(ctx(), found.File, 0, -1)
	kind(t, "swept", err, dossier.NotFound)
	if strings.Contains(log.String(), "damaged") {
		t.Errorf("the log says %s", &log)
	}
}

func TestOpenFileReadsRanges(t *testing.T) {
	t.Parallel()
	h := newHouse(t, shelves())
	const data = "0123456789"
	whole := h.upload("a", data).File
	pieces := whole
	pieces.Chunks = nil
	for i, part := range []string{"012", "", "34567", "89"} {
		key := string(whole.ID) + "/part" + string(rune('a'+i))
		_, err := h.blobs.Put(ctx(), key, strings.NewReader(part))
		h.must(err)
		pieces.Chunks = append(pieces.Chunks, dossier.Chunk{Key: key, Size: int64(len(part))})
	}
	for name, f := range map[string]*dossier.File{"in one piece": &whole, "in pieces": &pieces} {
		for off := int64(0); off <= 10; off++ {
			for n := int64(-1); n <= 12; n++ {
				want := data[off:]
				if n >= 0 {
					want = want[:min(n, int64(len(want)))]
				}
				r, err := h.OpenFile(ctx(), f, off, n)
				h.must(err)
				got, err := io.ReadAll(r)
				if err != nil || string(got) != want {
					t.Errorf("%s: %d bytes at %d are %q, %v; want %q", name, n, off, got, err, want)
				}
				h.must(r.Close())
			}
		}
		for _, off := range []int64{-1, 11} {
			_, err := h.OpenFile(ctx(), f, off, -1)
			kind(t, "outside", err, dossier.Invalid)
		}
	}
}

func TestDamagedBytesAreNoEndOfFile(t *testing.T) {
	t.Parallel()
	h := newHouse(t, shelves())
	spoil := func(data string) *dossier.File {
		u := h.upload("a", "0123456789")
		key := u.Chunks[0].Key
		h.must(h.blobs.Delete(ctx(), key))
		if data != "" {
			_, err := h.blobs.Put(ctx(), key, strings.NewReader(data))
			h.must(err)
		}
		return &u.File
	}
	_, err := h.OpenFile(ctx(), spoil(""), 0, -1)
	kind(t, "missing", err, dossier.Internal)
	short := spoil("01234")
	pieces := *short
	pieces.Chunks = []dossier.Chunk{{Key: short.Chunks[0].Key, Size: 8}, {Key: "b", Size: 2}}
	for name, f := range map[string]*dossier.File{"in one piece": short, "in pieces": &pieces} {
		for _, n := range []int64{-1, 7} {
			r, err := h.OpenFile(ctx(), f, 0, n)
			h.must(err)
			got, err := io.ReadAll(r)
			if err != io.ErrUnexpectedEOF {
				t.Errorf("%s: a short blob ends after %d bytes with %v", name, len(got), err)
			}
			r, err = h.OpenFile(ctx(), f, 0, n)
			h.must(err)
			if _, err = io.Copy(io.Discard, r); err != io.ErrUnexpectedEOF {
				t.Errorf("%s: a short blob is copied to its end: %v", name, err)
			}
		}
	}
}

// A store whose readers know their length lets damage be found before the first byte.
func TestDamagedBytesInMemoryAreNotOpened(t *testing.T) {
	t.Parallel()
	h := newHouse(t, shelves())
	h.open(func(o *core.Options) { o.Blobs = inMemory{h.blobs} })
	for data, want := range map[string]dossier.Kind{"01234": dossier.Internal, "0123456789": "", "0123456789a": dossier.Internal} {
		u := h.upload("a", "0123456789")
		h.must(h.blobs.Delete(ctx(), u.Chunks[0].Key))
		_, err := h.blobs.Put(ctx(), u.Chunks[0].Key, strings.NewReader(data))
		h.must(err)
		_, err = h.OpenFile(ctx(), &u.File, 0, -1)
		kind(t, data, err, want)
	}
	short := h.upload("a", "0123456789").File
	short.Chunks = []dossier.Chunk{{Key: short.Chunks[0].Key, Size: 12}}
	short.Size = 12
	r, err := h.OpenFile(ctx(), &short, 2, 8)
	h.must(err)
	got, err := io.ReadAll(r)
	same(t, "a part that is there", string(got), "23456789")
	h.must(err)
	_, err = h.OpenFile(ctx(), &short, 2, 9)
	kind(t, "a part that is not", err, dossier.Internal)
}

// inMemory opens blobs as bytes in memory that know how many they are.
type inMemory struct{ blob.Store }

func (s inMemory) Open(ctx context.Context, key string, off, n int64) (io.ReadCloser, error) {
	r, err := s.Store.Open(ctx, key, off, n)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(r)
	return struct {
		*bytes.Reader
		io.Closer
	}{bytes.NewReader(data), r}, err
}
