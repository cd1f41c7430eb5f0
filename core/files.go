package core

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"

	"dossier"
	"dossier/access"
	"dossier/store"
)

// A Found is a file that a principal may read, with one use of it that allows so.
type Found struct {
	File *dossier.File
	// Field is the file field that holds it, Collection and Record where; nil for an upload that no record holds.
	Field      *dossier.Field
	Collection *dossier.Collection
	Record     *dossier.Record
	// Protected says that the bytes must not be kept by shared caches.
	Protected bool
}

// RecordFile finds the file that a file field of the record holds under slug. Protected fields need that who may view the record;
// the bytes of others are open to everyone who knows the address. NotFound in every other case.
func (s *Service) RecordFile(ctx context.Context, who access.Principal, c *dossier.Collection, record dossier.ID, slug string) (*Found, error) {
	var found *Found
	err := s.store.View(ctx, func(tx store.Tx) error {
		found = nil
		r, err := tx.Records(c).Get(ctx, record)
		if err != nil {
			return err
		}
		r.EachFile(c, func(f *dossier.Field, file *dossier.File) {
			if file.Slug == slug && (found == nil || found.Protected && !f.Protected) {
				found = &Found{File: file, Field: f, Collection: c, Record: r, Protected: f.Protected}
			}
		})
		if found == nil {
			return notFound("file")
		}
		if !found.Protected {
			return nil
		}
		_, err = s.visible(ctx, tx, who, c, ByID(record), access.View)
		return hide(err)
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

func notFound(what string) error { return dossier.Errorf(dossier.NotFound, "no such %s", what) }

// hide answers what may not be seen like what is not there.
func hide(err error) error {
	if dossier.KindOf(err) == dossier.Denied {
		return notFound("file")
	}
	return err
}

// HeldFile finds a file that some record holds, by its ID or ID prefix, where who may view one of the records that hold it.
// NotFound if nobody holds it, Denied if who may view none of the holders.
func (s *Service) HeldFile(ctx context.Context, who access.Principal, id dossier.ID) (*Found, error) {
	var found *Found
	err := s.store.View(ctx, func(tx store.Tx) (err error) {
		found, err = s.held(ctx, tx, who, id, false)
		return err
	})
	return found, err
}

// SharedFile finds an upload or a held file by its ID or ID prefix: an upload and a file in a field that is not protected are
// open to everyone who knows the ID. Otherwise as HeldFile.
func (s *Service) SharedFile(ctx context.Context, who access.Principal, id dossier.ID) (*Found, error) {
	var found *Found
	err := s.store.View(ctx, func(tx store.Tx) (err error) {
		found, err = s.held(ctx, tx, who, id, true)
		return err
	})
	if dossier.KindOf(err) != dossier.NotFound {
		return found, err
	}
	u, err := s.FindUpload(ctx, who, id)
	if dossier.KindOf(err) == dossier.Expired {
		return nil, notFound("file")
	}
	if err != nil {
		return nil, err
	}
	return &Found{File: &u.File}, nil
}

// held finds a file by one of its uses that who may see: any, if open, where the field is not protected.
func (s *Service) held(ctx context.Context, tx store.Tx, who access.Principal, id dossier.ID, open bool) (*Found, error) {
	file, err := tx.Files().Get(ctx, id)
	if err != nil {
		return nil, err
	}
	uses, err := tx.Files().Uses(ctx, file.ID)
	if err != nil {
		return nil, err
	}
	refused := notFound("file")
	for _, use := range uses {
		found, err := s.usable(ctx, tx, who, file, use, open)
		if err == nil {
			return found, nil
		}
		switch dossier.KindOf(err) {
		case dossier.Denied:
			refused = err
		case dossier.NotFound:
		default:
			return nil, err
		}
	}
	return nil, refused
}

// usable is one use of file, if who may see it.
func (s *Service) usable(ctx context.Context, tx store.Tx, who access.Principal, file *dossier.File, use dossier.Attachment, open bool) (*Found, error) {
	c, ok := s.Space().CollectionByID(use.Collection)
	if !ok {
		return nil, notFound("collection")
	}
	f, ok := useField(c, use)
	if !ok {
		return nil, notFound("field")
	}
	found := &Found{File: file, Field: f, Collection: c, Protected: f.Protected}
	var err error
	if open && !f.Protected {
		found.Record, err = tx.Records(c).Get(ctx, use.Record)
		return found, err
	}
	found.Record, err = s.visible(ctx, tx, who, c, ByID(use.Record), access.View)
	return found, err
}

// useField is the file field that a use names.
func useField(c *dossier.Collection, use dossier.Attachment) (*dossier.Field, bool) {
	f, ok := c.Field(use.Field)
	if ok && use.Inner != "" {
		return f.Field(use.Inner)
	}
	return f, ok
}

// OpenFile returns n bytes of f from off, to the end if n < 0. The caller closes it. A blob that is missing or shorter than
// declared is Internal: it is reported, never papered over.
func (s *Service) OpenFile(ctx context.Context, f *dossier.File, off, n int64) (io.ReadCloser, error) {
	if n < 0 || n > f.Size-off {
		n = f.Size - off
	}
	if off < 0 || n < 0 {
		return nil, dossier.Errorf(dossier.Invalid, "a file of %d bytes has none at %d", f.Size, off)
	}
	if len(f.Chunks) == 1 {
		return s.openChunk(ctx, f, f.Chunks[0], off, n)
	}
	return &chunkReader{s: s, ctx: ctx, file: f, off: off, left: n}, nil
}

// openChunk opens n bytes of a chunk from off, after a look at its size.
func (s *Service) openChunk(ctx context.Context, f *dossier.File, c dossier.Chunk, off, n int64) (io.ReadCloser, error) {
	if b := s.hot.get(c.Key); b != nil && int64(len(b)) == c.Size {
		return io.NopCloser(bytes.NewReader(b[off : off+n])), nil
	}
	whole := off == 0 && n == c.Size
	if whole {
		n = -1
	}
	r, err := s.blobs.Open(ctx, c.Key, off, n)
	if dossier.KindOf(err) == dossier.NotFound && !s.alive(ctx, f) {
		return nil, notFound("file") // it fell out of use, and was swept, since f was found
	}
	if err != nil {
		return nil, s.damaged(f, c, err)
	}
	if whole {
		n = c.Size
	}
	has, known := extent(r)
	if known && has != n {
		_ = r.Close()
		return nil, s.damaged(f, c, dossier.Errorf(dossier.Internal, "%d bytes instead of %d", has, n))
	}
	if !known {
		return &exactly{r, n}, nil
	}
	if whole {
		if r, err = s.warm(c.Key, r); err != nil {
			return nil, s.damaged(f, c, err)
		}
	}
	return r, nil
}

// extent is how many bytes r gives, where it knows without reading: a whole file on a disk, or bytes in memory.
func extent(r io.Reader) (has int64, known bool) {
	switch r := r.(type) {
	case interface{ Stat() (fs.FileInfo, error) }:
		info, err := r.Stat()
		if err == nil {
			return info.Size(), true
		}
	case interface{ Len() int }:
		return int64(r.Len()), true
	}
	return 0, false
}

// exactly reads as many bytes as were kept: an end that comes earlier is no end but io.ErrUnexpectedEOF.
type exactly struct {
	io.ReadCloser
	left int64
}

// Read reads on.
func (r *exactly) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	r.left -= int64(n)
	if err == io.EOF && r.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// WriteTo hands the rest to w in the store's own way.
func (r *exactly) WriteTo(w io.Writer) (int64, error) {
	n, err := io.Copy(w, r.ReadCloser)
	r.left -= n
	if err == nil && r.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// damaged reports bytes that are not as declared.
func (s *Service) damaged(f *dossier.File, c dossier.Chunk, err error) error {
	if errors.Is(err, context.Canceled) {
		return dossier.Errorf(dossier.Canceled, "read: %w", err)
	}
	s.log.Error("damaged file", "file", f.ID, "blob", c.Key, "error", err)
	return dossier.Errorf(dossier.Internal, "the bytes of file %s cannot be read as they were kept", f.ID)
}

// chunkReader reads the chunks of a file one after the other.
type chunkReader struct {
	s    *Service
	ctx  context.Context
	file *dossier.File
	off  int64 // of the next byte in the file
	left int64
	cur  io.ReadCloser
	here int64 // bytes left in cur
}

// Read reads on, from one chunk into the next.
func (r *chunkReader) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	if r.cur == nil {
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	n, err := r.cur.Read(p[:min(int64(len(p)), r.here)])
	r.off, r.left, r.here = r.off+int64(n), r.left-int64(n), r.here-int64(n)
	if r.here == 0 {
		_ = r.Close()
		return n, nil
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// next opens the chunk that holds the byte at off.
func (r *chunkReader) next() error {
	start := int64(0)
	for _, c := range r.file.Chunks {
		if r.off < start+c.Size {
			r.here = min(r.left, start+c.Size-r.off)
			var err error
			r.cur, err = r.s.openChunk(r.ctx, r.file, c, r.off-start, r.here)
			return err
		}
		start += c.Size
	}
	return io.ErrUnexpectedEOF
}

// Close closes the chunk at hand.
func (r *chunkReader) Close() error {
	if r.cur == nil {
		return nil
	}
	err := r.cur.Close()
	r.cur = nil
	return err
}
