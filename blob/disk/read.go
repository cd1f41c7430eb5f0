package disk

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"

	"dossier"
	"dossier/blob"
)

// Open implements blob.Store. The reader of a whole blob is an *os.File, and the reader of a range has a WriteTo that hands the file
// on, so that both reach a socket without a copy.
func (s *Store) Open(ctx context.Context, key string, off, n int64) (io.ReadCloser, error) {
	if err := blob.Check(ctx, key); err != nil {
		return nil, err
	}
	if err := blob.CheckOffset(off); err != nil {
		return nil, err
	}
	f, err := s.open(key)
	if err != nil {
		return nil, err
	}
	if off == 0 && n < 0 {
		return f, nil
	}
	if _, err := f.Seek(off, io.SeekStart); err != nil {
		f.Close()
		return nil, classify("seek blob", err)
	}
	if n < 0 {
		return f, nil
	}
	return &section{io.LimitedReader{R: f, N: n}, f}, nil
}

func (s *Store) open(key string) (*os.File, error) {
	f, err := s.sys.Open(s.path(key))
	if err != nil {
		return nil, s.missing(key, "open blob", err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		f.Close()
		return nil, s.missing(key, "open blob", err)
	}
	return f, nil
}

// Stat implements blob.Store.
func (s *Store) Stat(ctx context.Context, key string) (blob.Info, error) {
	if err := blob.Check(ctx, key); err != nil {
		return blob.Info{}, err
	}
	info, err := s.sys.Stat(s.path(key))
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		return blob.Info{}, s.missing(key, "stat blob", err)
	}
	return blob.Info{Key: key, Size: info.Size(), ModTime: info.ModTime()}, nil
}

// Delete implements blob.Store. When it returns, the name is gone from the disk too.
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := blob.Check(ctx, key); err != nil {
		return err
	}
	dir, err := s.sys.OpenDir(s.shardDir(shardOf(key)))
	if err != nil {
		return classify("open shard", err)
	}
	defer dir.Close()
	if err := s.sys.Remove(s.path(key)); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return classify("delete blob", err)
	}
	return classify("sync shard", dir.Sync())
}

// missing classifies an error about key's file. The file is missing only if its directory is there: a disk that went away must not look
// like blobs that were deleted.
func (s *Store) missing(key, doing string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		if _, gone := s.sys.Stat(s.shardDir(shardOf(key))); gone == nil {
			return &dossier.Error{Kind: dossier.NotFound, Msg: "there is no such blob", Err: err}
		}
	}
	return classify(doing, err)
}

// section is a part of a file.
type section struct {
	io.LimitedReader
	file *os.File
}

// WriteTo lets io.Copy see the limited file itself, which a TCP connection sends without a copy.
func (s *section) WriteTo(w io.Writer) (int64, error) { return io.Copy(w, &s.LimitedReader) }

// Close closes the file.
func (s *section) Close() error { return s.file.Close() }
