package archive

import (
	"archive/zip"
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"iter"
	"strings"

	"dossier"
	"dossier/blob"
)

// A Reader reads an archive that anybody may have made.
type Reader struct {
	m       *Manifest
	entries map[string]*zip.File
}

// NewReader looks at the structure of the archive in r, which has size bytes, and reads its manifest. An archive that is not whole or not as
// it must be is Invalid, one of a newer version Unsupported. Rows and Blobs check the bytes while they are read.
func NewReader(r io.ReaderAt, size int64) (*Reader, error) {
	z, err := zip.NewReader(io.NewSectionReader(r, 0, size), size) // which ends where the file does, whatever offset is asked for
	switch {
	case errors.Is(err, zip.ErrFormat), errors.Is(err, zip.ErrInsecurePath):
		return nil, wrong("the file is no backup, or not a whole one")
	case err != nil:
		return nil, broken(err)
	}
	a := &Reader{entries: make(map[string]*zip.File, len(z.File))}
	if err := a.list(z.File, size); err != nil {
		return nil, err
	}
	text, err := a.small(manifestName, maxManifest)
	if err != nil {
		return nil, err
	}
	if a.m, err = parseManifest(text); err != nil {
		return nil, err
	}
	return a, a.compare()
}

// broken is an error of reading the file, Invalid if the file's content is the reason.
func broken(err error) error {
	switch {
	case errors.Is(err, zip.ErrFormat), errors.Is(err, zip.ErrChecksum), errors.Is(err, zip.ErrAlgorithm), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, io.EOF), strings.HasPrefix(err.Error(), "flate:"), strings.HasPrefix(err.Error(), "zip:"):
		return wrong("the backup is damaged: %w", err)
	}
	return err
}

// list notes the entries and refuses those that no backup has.
func (a *Reader) list(files []*zip.File, size int64) error {
	packed := uint64(0)
	for _, f := range files {
		if err := checkEntry(f, uint64(size)); err != nil {
			return err
		}
		if a.entries[f.Name] != nil {
			return wrong("the backup has two entries %q", f.Name)
		}
		if packed += f.CompressedSize64; packed > uint64(size) {
			return wrong("entries of the backup share bytes")
		}
		a.entries[f.Name] = f
	}
	for _, name := range []string{manifestName, rowsName, indexName} {
		if a.entries[name] == nil {
			return wrong("the backup is not whole: it has no %s", name)
		}
	}
	return nil
}

// checkEntry refuses what is no entry of a backup of that many bytes, by what the directory says of it.
func checkEntry(f *zip.File, size uint64) error {
	key, isBlob := strings.CutPrefix(f.Name, blobPrefix)
	known := f.Name == rowsName || f.Name == indexName || f.Name == manifestName || isBlob && blob.CheckKey(key) == nil
	switch {
	case !known || !f.Mode().IsRegular():
		return wrong("a backup has no entry %.100q", f.Name)
	case f.Flags&1 != 0 || isBlob && f.Method != zip.Store || f.Method != zip.Store && f.Method != zip.Deflate:
		return wrong("the entry %q is packed in a way that backups are not", f.Name)
	case isBlob && f.UncompressedSize64 != f.CompressedSize64:
		return wrong("the entry %q has two sizes", f.Name)
	case f.CompressedSize64 > size:
		return wrong("the entry %q is larger than the backup", f.Name)
	case f.UncompressedSize64 > freeInflate+maxInflate*f.CompressedSize64:
		return wrong("the entry %q would inflate to %d bytes: that is no backup", f.Name, f.UncompressedSize64)
	}
	return nil
}

// compare looks whether the entries are as many and as large as the manifest says.
func (a *Reader) compare() error {
	for name, p := range map[string]Part{rowsName: a.m.Rows, indexName: a.m.Index} {
		if uint64(p.Size) != a.entries[name].UncompressedSize64 {
			return wrong("%s has %d bytes, the manifest says %d", name, a.entries[name].UncompressedSize64, p.Size)
		}
	}
	if n := int64(len(a.entries) - 3); n != a.m.Blobs.Count {
		return wrong("the backup has %d blobs, the manifest says %d", n, a.m.Blobs.Count)
	}
	return nil
}

// Manifest is what the archive says of itself.
func (a *Reader) Manifest() Manifest { return *a.m }

// Rows opens the rows. They are as they were written if the last Read says io.EOF; otherwise it is Invalid. The caller closes it.
func (a *Reader) Rows() (io.ReadCloser, error) {
	return a.open(rowsName, a.m.Rows.Size, a.m.Rows.SHA256)
}

// Blobs yields the blobs in the order of the index, each once. Another order, or an index that was changed, is Invalid.
func (a *Reader) Blobs() iter.Seq2[Blob, error] {
	return func(yield func(Blob, error) bool) {
		r, err := a.open(indexName, a.m.Index.Size, a.m.Index.SHA256)
		if err != nil {
			yield(Blob{}, err)
			return
		}
		defer r.Close()
		lines := bufio.NewReaderSize(r, maxIndexLine)
		seen := make(map[string]bool, len(a.entries))
		total := Total{}
		for {
			b, err := a.nextBlob(lines, seen)
			if err == io.EOF {
				break
			}
			if err != nil {
				yield(Blob{}, err)
				return
			}
			total.Count, total.Size = total.Count+1, total.Size+b.Size
			if !yield(b, nil) {
				return
			}
		}
		if total != a.m.Blobs {
			yield(Blob{}, wrong("the index has %d blobs of %d bytes, the manifest says %d of %d", total.Count, total.Size, a.m.Blobs.Count, a.m.Blobs.Size))
		}
	}
}

// nextBlob reads a line of the index and looks whether there is that blob.
func (a *Reader) nextBlob(lines *bufio.Reader, seen map[string]bool) (Blob, error) {
	line, err := lines.ReadSlice('\n')
	switch {
	case err == io.EOF && len(line) == 0:
		return Blob{}, io.EOF
	case err == io.EOF || errors.Is(err, bufio.ErrBufferFull):
		return Blob{}, wrong("a line of the index has no end")
	case err != nil:
		return Blob{}, err
	}
	b, err := parseBlob(line[:len(line)-1])
	if err != nil {
		return b, err
	}
	entry := a.entries[blobPrefix+b.Key]
	if entry == nil || seen[b.Key] || entry.UncompressedSize64 != uint64(b.Size) {
		return b, wrong("the index does not fit the backup at blob %s", b.Key)
	}
	seen[b.Key] = true
	return b, nil
}

// Open opens a blob that Blobs has yielded. Its bytes are those that were kept if the last Read says io.EOF; otherwise it is Invalid. The
// caller closes it. Safe for concurrent use if the underlying io.ReaderAt is.
func (a *Reader) Open(b Blob) (io.ReadCloser, error) {
	return a.open(blobPrefix+b.Key, b.Size, b.SHA256)
}

func (a *Reader) open(name string, size int64, digest string) (io.ReadCloser, error) {
	f := a.entries[name]
	if f == nil {
		return nil, dossier.Errorf(dossier.NotFound, "the backup has no %s", name)
	}
	r, err := f.Open()
	if err != nil {
		return nil, broken(err)
	}
	return &proven{r: r, name: name, left: size, digest: digest, hash: sha256.New()}, nil
}

// small reads an entry of at most limit bytes.
func (a *Reader) small(name string, limit int64) ([]byte, error) {
	r, err := a.entries[name].Open()
	if err != nil {
		return nil, broken(err)
	}
	defer r.Close()
	text, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, broken(err)
	}
	if int64(len(text)) > limit {
		return nil, wrong("%s is larger than %d bytes", name, limit)
	}
	return text, nil
}

// proven reads an entry and does not come to its end unless it has the size and the digest that it must have.
type proven struct {
	r      io.ReadCloser
	name   string
	left   int64
	digest string
	hash   hash.Hash
}

// Read reads on.
func (p *proven) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	p.left -= int64(n)
	_, _ = p.hash.Write(b[:n])
	switch {
	case p.left < 0:
		return 0, wrong("%s is longer than it says", p.name)
	case err == nil:
		return n, nil
	case err != io.EOF:
		return n, broken(err)
	case p.left > 0 || hex.EncodeToString(p.hash.Sum(nil)) != p.digest:
		return n, wrong("%s is not what was written: its size or SHA-256 is another", p.name)
	}
	return n, io.EOF
}

// Close closes the entry.
func (p *proven) Close() error { return p.r.Close() }
