package archive_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"dossier"
	"dossier/archive"
)

var created = time.Date(2026, 11, 21, 8, 30, 0, 0, time.UTC)

const (
	rows    = "{\"schema\":1}\n[1]\n{\"rows\":1}\n"
	keyA    = "aa/1"
	keyB    = "bb/2"
	newline = "\n"
)

// blobs are the bytes of a good archive.
var blobs = map[string]string{keyA: "bytes of a", keyB: ""}

// good is an archive as a Writer makes it.
func good(t testing.TB) []byte {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "scratch"))
	must(t, err)
	defer file.Close()
	spool, err := archive.NewSpool(file)
	must(t, err)
	_, err = io.WriteString(spool, rows)
	must(t, err)
	var out bytes.Buffer
	w := archive.NewWriter(&out, "60241522a16be4001b611249", created)
	must(t, w.Rows(spool))
	for _, key := range slices.Sorted(maps.Keys(blobs)) {
		digest, err := w.Blob(key, int64(len(blobs[key])), strings.NewReader(blobs[key]))
		must(t, err)
		if digest != sum(blobs[key]) {
			t.Errorf("the digest of %s is %s", key, digest)
		}
	}
	_, err = w.Close()
	must(t, err)
	return out.Bytes()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func sum(text string) string {
	h := sha256.Sum256([]byte(text))
	return hex.EncodeToString(h[:])
}

// readAll reads all of an archive, as a restore does.
func readAll(data []byte) (text string, all map[string]string, err error) {
	a, err := archive.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return "", nil, err
	}
	r, err := a.Rows()
	if err != nil {
		return "", nil, err
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, 1<<20))
	if err != nil {
		return "", nil, err
	}
	all = map[string]string{}
	for one, err := range a.Blobs() {
		if err != nil {
			return "", nil, err
		}
		r, err := a.Open(one)
		if err != nil {
			return "", nil, err
		}
		defer r.Close()
		data, err := io.ReadAll(io.LimitReader(r, 1<<20))
		if err != nil {
			return "", nil, err
		}
		all[one.Key] = string(data)
	}
	return string(b), all, nil
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	text, all, err := readAll(good(t))
	must(t, err)
	if text != rows || !maps.Equal(all, blobs) {
		t.Errorf("read back %q and %q", text, all)
	}
}

// Every prefix of an archive is none, and every byte that is changed is found or does not matter.
func TestWhatBrokeOffIsNoArchive(t *testing.T) {
	t.Parallel()
	whole := good(t)
	for n := range len(whole) {
		if _, _, err := readAll(whole[:n]); dossier.KindOf(err) != dossier.Invalid {
			t.Fatalf("the first %d of %d bytes: %v", n, len(whole), err)
		}
		changed := bytes.Clone(whole)
		changed[n] ^= 0x20
		text, all, err := readAll(changed)
		switch dossier.KindOf(err) {
		case dossier.Invalid, dossier.Unsupported:
		case "":
			if text != rows || !maps.Equal(all, blobs) {
				t.Fatalf("a changed byte at %d is read as %q and %q", n, text, all)
			}
		default:
			t.Fatalf("a changed byte at %d: %v", n, err)
		}
	}
}

// A forged archive is made entry by entry.
type entry struct {
	name, data string
	method     uint16
	mode       os.FileMode
	size       uint64 // if it lies about it
}

func index(lines ...string) string { return strings.Join(lines, newline) + newline }

func line(key, data string) string {
	return fmt.Sprintf(`{"key":%q,"size":%d,"sha256":%q}`, key, len(data), sum(data))
}

func manifest(index string, blobs int, size int) string {
	return fmt.Sprintf(`{"format":"dossier backup","version":1,"application":"","created":"2026-11-21T08:30:00Z",
		"rows":{"lines":3,"size":%d,"sha256":%q},"index":{"lines":%d,"size":%d,"sha256":%q},"blobs":{"count":%d,"size":%d}}`,
		len(rows), sum(rows), strings.Count(index, newline), len(index), sum(index), blobs, size)
}

// forge is the archive that entries make, after change.
func forge(t testing.TB, change func(map[string]*entry) []*entry) []byte {
	t.Helper()
	lines := index(line(keyA, "a"), line(keyB, "bb"))
	all := map[string]*entry{
		"rows": {name: "rows.jsonl", data: rows}, "a": {name: "blobs/" + keyA, data: "a"}, "b": {name: "blobs/" + keyB, data: "bb"},
		"index": {name: "index.jsonl", data: lines}, "manifest": {name: "manifest.json", data: manifest(lines, 2, 3)},
	}
	list := change(all)
	for _, name := range []string{"rows", "a", "b", "index", "manifest"} {
		if all[name] != nil {
			list = append(list, all[name])
		}
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, e := range list {
		h := &zip.FileHeader{Name: e.name, Method: e.method}
		if e.mode != 0 {
			h.SetMode(e.mode)
		}
		var w io.Writer
		var err error
		if e.size > 0 {
			h.UncompressedSize64, h.CompressedSize64 = e.size, uint64(len(e.data))
			w, err = z.CreateRaw(h)
		} else {
			w, err = z.CreateHeader(h)
		}
		must(t, err)
		_, err = io.WriteString(w, e.data)
		must(t, err)
	}
	must(t, z.Close())
	return out.Bytes()
}

func TestHostileArchives(t *testing.T) {
	t.Parallel()
	add := func(e ...*entry) func(map[string]*entry) []*entry {
		return func(map[string]*entry) []*entry { return e }
	}
	put := func(name, data string) func(map[string]*entry) []*entry {
		return func(all map[string]*entry) []*entry { all[name].data = data; return nil }
	}
	drop := func(name string) func(map[string]*entry) []*entry {
		return func(all map[string]*entry) []*entry { delete(all, name); return nil }
	}
	reindex := func(blobs, size int, lines ...string) func(map[string]*entry) []*entry {
		return func(all map[string]*entry) []*entry {
			all["index"].data = index(lines...)
			all["manifest"].data = manifest(all["index"].data, blobs, size)
			return nil
		}
	}
	if _, _, err := readAll(forge(t, add())); err != nil {
		t.Fatalf("the archive that is to be spoilt is no good one: %v", err)
	}
	cases := map[string]struct {
		change func(map[string]*entry) []*entry
		want   dossier.Kind
	}{
		"a path out of the directory":  {add(&entry{name: "../evil", data: "x"}), dossier.Invalid},
		"a path out behind the prefix": {add(&entry{name: "blobs/../../evil", data: "x"}), dossier.Invalid},
		"an absolute path":             {add(&entry{name: "/etc/evil", data: "x"}), dossier.Invalid},
		"a backslash":                  {add(&entry{name: `blobs\aa`, data: "x"}), dossier.Invalid},
		"a directory":                  {add(&entry{name: "blobs/"}), dossier.Invalid},
		"a symbolic link":              {func(all map[string]*entry) []*entry { all["a"].mode = os.ModeSymlink | 0o777; return nil }, dossier.Invalid},
		"an unknown entry":             {add(&entry{name: "data.db", data: "x"}), dossier.Invalid},
		"a name twice":                 {add(&entry{name: "blobs/" + keyA, data: "x"}), dossier.Invalid},
		"rows twice":                   {add(&entry{name: "rows.jsonl", data: rows}), dossier.Invalid},
		"a blob that nobody names":     {add(&entry{name: "blobs/cc/3", data: "x"}), dossier.Invalid},
		"a deflated blob":              {func(all map[string]*entry) []*entry { all["a"].method = zip.Deflate; return nil }, dossier.Invalid},
		"rows that claim to be endless": {func(all map[string]*entry) []*entry {
			all["rows"].method, all["rows"].size = zip.Deflate, 1<<40
			return nil
		}, dossier.Invalid},
		"no manifest":                   {drop("manifest"), dossier.Invalid},
		"no rows":                       {drop("rows"), dossier.Invalid},
		"no index":                      {drop("index"), dossier.Invalid},
		"a blob that is gone":           {drop("a"), dossier.Invalid},
		"other bytes in a blob":         {put("a", "A"), dossier.Invalid},
		"a longer blob":                 {put("a", "aa"), dossier.Invalid},
		"other rows":                    {put("rows", strings.Replace(rows, "[1]", "[2]", 1)), dossier.Invalid},
		"longer rows":                   {put("rows", rows+rows), dossier.Invalid},
		"a manifest of another product": {put("manifest", `{"format":"other","version":1}`), dossier.Invalid},
		"a manifest that is no JSON":    {put("manifest", "x"), dossier.Invalid},
		"a manifest that is too large":  {put("manifest", strings.Repeat(" ", 1<<20)), dossier.Invalid},
		"a newer form":                  {put("manifest", `{"format":"dossier backup","version":2,"more":1}`), dossier.Unsupported},
		"an older form that never was":  {put("manifest", `{"format":"dossier backup","version":0}`), dossier.Invalid},
		"negative counts":               {put("manifest", strings.Replace(manifest(index(line(keyA, "a"), line(keyB, "bb")), 2, 3), `"lines":3`, `"lines":-3`, 1)), dossier.Invalid},
		"an index that names one twice": {reindex(2, 2, line(keyA, "a"), line(keyA, "a")), dossier.Invalid},
		"an index with another size":    {reindex(2, 5, line(keyA, "a"), line(keyB, "bbbb")), dossier.Invalid},
		"an index with a bad key":       {reindex(2, 3, line("../evil", "a"), line(keyB, "bb")), dossier.Invalid},
		"an index without digests":      {reindex(2, 3, `{"key":"aa/1","size":1}`, line(keyB, "bb")), dossier.Invalid},
		"an index with a long line":     {reindex(2, 3, line(keyA, "a")+strings.Repeat(" ", 1<<16), line(keyB, "bb")), dossier.Invalid},
		"an index that is cut off":      {put("index", line(keyA, "a")), dossier.Invalid},
		"a total that is wrong":         {reindex(2, 4, line(keyA, "a"), line(keyB, "bb")), dossier.Invalid},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, _, err := readAll(forge(t, c.change)); dossier.KindOf(err) != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

// Entries that overlap make a small file into many large ones.
func TestEntriesDoNotShareBytes(t *testing.T) {
	t.Parallel()
	data := good(t)
	a, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	must(t, err)
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for i, f := range a.File {
		h := f.FileHeader
		if strings.HasPrefix(h.Name, "blobs/") {
			h.CompressedSize64, h.UncompressedSize64 = uint64(len(data))/2+uint64(i), uint64(len(data))/2+uint64(i)
		}
		_, err := z.CreateRaw(&h)
		must(t, err)
	}
	must(t, z.Close())
	if _, _, err := readAll(out.Bytes()); dossier.KindOf(err) != dossier.Invalid {
		t.Errorf("got %v", err)
	}
}

func FuzzArchive(f *testing.F) {
	f.Add(good(f))
	f.Add(forge(f, func(map[string]*entry) []*entry { return nil }))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, all, err := readAll(data)
		if k := dossier.KindOf(err); k != "" && k != dossier.Invalid && k != dossier.Unsupported {
			t.Errorf("an archive is %v", err)
		}
		for key := range all {
			if strings.Contains(key, "..") {
				t.Errorf("the key %q leads out", key)
			}
		}
	})
}

func FuzzManifest(f *testing.F) {
	lines := index(line(keyA, "a"))
	f.Add(manifest(lines, 1, 1), lines)
	f.Fuzz(func(t *testing.T, manifest, lines string) {
		data := forge(t, func(all map[string]*entry) []*entry {
			all["manifest"].data, all["index"].data = manifest, lines
			return nil
		})
		if _, _, err := readAll(data); err != nil && dossier.KindOf(err) != dossier.Invalid && dossier.KindOf(err) != dossier.Unsupported {
			t.Errorf("an archive is %v", err)
		}
	})
}
