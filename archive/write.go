package archive

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
	"hash/crc32"
	"io"
	"time"

	"dossier"
)

// A Writer writes an archive: first the rows, then blobs, at the end Close.
type Writer struct {
	zip   *zip.Writer
	m     Manifest
	blobs []written
}

// written is a line of the index as it waits for the end.
type written struct {
	key  string
	size int64
	sum  [sha256.Size]byte
}

// NewWriter writes an archive of the space with that application id to w.
func NewWriter(w io.Writer, application string, created time.Time) *Writer {
	return &Writer{zip: zip.NewWriter(w), m: Manifest{Format: format, Version: version, Application: application, Created: created}}
}

// Rows adds the rows that s has taken.
func (w *Writer) Rows(s *Spool) error {
	var err error
	w.m.Rows, err = w.add(rowsName, s)
	return err
}

// add adds an entry of lines.
func (w *Writer) add(name string, s *Spool) (Part, error) {
	part, packed, err := s.end()
	if err != nil {
		return part, err
	}
	entry, err := w.zip.CreateRaw(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: w.m.Created, CRC32: s.crc.Sum32(),
		CompressedSize64: uint64(packed), UncompressedSize64: uint64(part.Size)})
	if err == nil {
		_, err = io.CopyN(entry, s.file, packed)
	}
	return part, err
}

// Blob adds the bytes of r under key and returns their SHA-256. r must have size bytes, else the error is Internal: the archive is then of no
// use. A key is added once.
func (w *Writer) Blob(key string, size int64, r io.Reader) (digest string, err error) {
	entry, err := w.zip.CreateHeader(&zip.FileHeader{Name: blobPrefix + key, Method: zip.Store, Modified: w.m.Created})
	if err != nil {
		return "", err
	}
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(entry, h), r)
	if err != nil {
		return "", err
	}
	if n != size {
		return "", dossier.Errorf(dossier.Internal, "blob %s has %d bytes instead of %d", key, n, size)
	}
	b := written{key: key, size: size}
	h.Sum(b.sum[:0])
	w.blobs = append(w.blobs, b)
	w.m.Blobs.Count++
	w.m.Blobs.Size += n
	return hex.EncodeToString(b.sum[:]), nil
}

// Close adds the index and the manifest and returns the latter. Without it there is no archive.
func (w *Writer) Close() (*Manifest, error) {
	if err := w.index(); err != nil {
		return nil, err
	}
	text, err := json.MarshalIndent(w.m, "", "  ")
	if err != nil {
		return nil, err
	}
	entry, err := w.zip.CreateHeader(&zip.FileHeader{Name: manifestName, Method: zip.Deflate, Modified: w.m.Created})
	if err == nil {
		_, err = entry.Write(append(text, '\n'))
	}
	if err == nil {
		err = w.zip.Close()
	}
	return &w.m, err
}

func (w *Writer) index() error {
	entry, err := w.zip.CreateHeader(&zip.FileHeader{Name: indexName, Method: zip.Deflate, Modified: w.m.Created})
	if err != nil {
		return err
	}
	t := newTally()
	out := io.MultiWriter(entry, t)
	for _, b := range w.blobs {
		line, err := json.Marshal(Blob{b.key, b.size, hex.EncodeToString(b.sum[:])})
		if err != nil {
			return err
		}
		if _, err := out.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	w.m.Index = t.part()
	return nil
}

// A tally counts and hashes lines.
type tally struct {
	hash        hash.Hash
	size, lines int64
}

func newTally() *tally { return &tally{hash: sha256.New()} }

// Write counts p.
func (t *tally) Write(p []byte) (int, error) {
	t.size += int64(len(p))
	t.lines += int64(bytes.Count(p, []byte{'\n'}))
	return t.hash.Write(p)
}

func (t *tally) part() Part {
	return Part{Lines: t.lines, Size: t.size, SHA256: hex.EncodeToString(t.hash.Sum(nil))}
}

// A Spool takes lines and keeps them deflated in a file until an archive takes them: so a transaction that they come from need not wait for
// whoever reads the archive.
type Spool struct {
	file  Scratch
	pack  *flate.Writer
	tally *tally
	crc   hash.Hash32
	all   io.Writer
}

// NewSpool is an empty Spool over file, which stays the caller's to close.
func NewSpool(file Scratch) (*Spool, error) {
	pack, err := flate.NewWriter(file, flate.BestSpeed)
	s := &Spool{file: file, pack: pack, tally: newTally(), crc: crc32.NewIEEE()}
	s.all = io.MultiWriter(pack, s.tally, s.crc)
	return s, err
}

// Write takes lines.
func (s *Spool) Write(p []byte) (int, error) { return s.all.Write(p) }

// end says what was taken, and how many bytes it is deflated, and goes back to the first of them.
func (s *Spool) end() (part Part, packed int64, err error) {
	if err := s.pack.Close(); err != nil {
		return part, 0, err
	}
	if packed, err = s.file.Seek(0, io.SeekCurrent); err == nil {
		_, err = s.file.Seek(0, io.SeekStart)
	}
	return s.tally.part(), packed, err
}
