// Package archive is the form of a backup: one zip file of rows, blobs, an index of the blobs, and a manifest that comes last and vouches
// for the others (docs/decisions/0018-backups.md). A Writer writes it from front to end, a Reader trusts nothing that it reads.
// Here: the form, its checks, the seam to where backups are kept. Not here: what rows and blobs mean (see core), files and directories
// (see shelf).
package archive

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"time"

	"dossier"
	"dossier/blob"
)

// The names of the entries.
const (
	rowsName     = "rows.jsonl"
	indexName    = "index.jsonl"
	manifestName = "manifest.json"
	blobPrefix   = "blobs/"
)

// The marks of a manifest.
const (
	format  = "dossier backup"
	version = 1
)

// The bounds of what a Reader takes.
const (
	maxManifest  = 64 << 10 // bytes
	maxIndexLine = 4 << 10  // bytes
	freeInflate  = 1 << 30  // bytes that may inflate from whatever there is
	maxInflate   = 200      // times, beyond that
)

// A Manifest vouches for the other entries of an archive.
type Manifest struct {
	Format      string    `json:"format"`
	Version     int       `json:"version"`
	Application string    `json:"application"` // the id of the space
	Created     time.Time `json:"created"`     // when the snapshot was taken
	Rows        Part      `json:"rows"`
	Index       Part      `json:"index"`
	Blobs       Total     `json:"blobs"`
}

// A Part is an entry of lines.
type Part struct {
	Lines  int64  `json:"lines"`
	Size   int64  `json:"size"`   // bytes, inflated
	SHA256 string `json:"sha256"` // of these bytes, 64 hexadecimal digits
}

// A Total says how many blobs there are.
type Total struct {
	Count int64 `json:"count"`
	Size  int64 `json:"size"` // bytes of all of them
}

// A Blob is a line of the index.
type Blob struct {
	Key    string `json:"key"`
	Size   int64  `json:"size"` // bytes
	SHA256 string `json:"sha256"`
}

// wrong is an archive that is not as it must be.
func wrong(format string, args ...any) error { return dossier.Errorf(dossier.Invalid, format, args...) }

// parseManifest reads a manifest and looks whether this version can read the archive.
func parseManifest(text []byte) (*Manifest, error) {
	m := &Manifest{}
	var mark struct {
		Format  string
		Version int
	}
	if err := json.Unmarshal(text, &mark); err != nil || mark.Format != format {
		return nil, wrong("the manifest is not one of a backup")
	}
	if mark.Version > version {
		return nil, dossier.Errorf(dossier.Unsupported, "the backup has form %d, this version of dossier knows %d: use a newer one", mark.Version, version)
	}
	if err := strict(text, m); err != nil {
		return nil, wrong("the manifest is broken: %w", err)
	}
	return m, m.check()
}

func (m *Manifest) check() error {
	ok := m.Version == version && m.Rows.ok() && m.Index.ok() && m.Blobs.Count >= 0 && m.Blobs.Size >= 0 && m.Index.Lines == m.Blobs.Count
	if !ok {
		return wrong("the manifest is broken: a count, size or digest cannot be")
	}
	return nil
}

func (p Part) ok() bool { return p.Lines >= 0 && p.Size >= 0 && isDigest(p.SHA256) }

// parseBlob reads a line of the index.
func parseBlob(line []byte) (Blob, error) {
	var b Blob
	if err := strict(line, &b); err != nil {
		return b, wrong("a line of the index is broken: %w", err)
	}
	if err := blob.CheckKey(b.Key); err != nil {
		return b, wrong("the index has a blob %.50q: %w", b.Key, err)
	}
	if b.Size < 0 || !isDigest(b.SHA256) {
		return b, wrong("the index has a size or digest of blob %s that cannot be", b.Key)
	}
	return b, nil
}

func isDigest(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}

// strict reads one JSON value that has no other members than v knows.
func strict(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return wrong("more than one value")
	}
	return nil
}
