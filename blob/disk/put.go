package disk

import (
	"context"
	"io"

	"dossier/blob"
)

// writeBehind is how many bytes the disk is told of at a time while more arrive, so that fsync has little left to wait for. 8 MiB at a
// time gained nothing on files of that size, 1 MiB less on large ones.
const writeBehind = 2 << 20

// Put implements blob.Store.
func (s *Store) Put(ctx context.Context, key string, r io.Reader) (int64, error) {
	if err := blob.Check(ctx, key); err != nil {
		return 0, err
	}
	part, size, err := s.stage(ctx, r)
	if err != nil {
		return 0, err
	}
	if err := s.place(part, key); err != nil {
		return 0, err
	}
	return size, nil
}

// place gives the staged file its name for good, steps S4 and S5. On error neither name is left.
func (s *Store) place(part, key string) error {
	// The directory is open before its names change: fsync reports what failed since, also what another Put's fsync met first.
	dir, err := s.sys.OpenDir(s.shardDir(shardOf(key)))
	if err != nil {
		s.sys.Remove(part)
		return classify("open shard", err)
	}
	defer dir.Close()
	if err := s.sys.Move(part, s.path(key)); err != nil { // S4
		s.sys.Remove(part)
		return classify("place blob", err)
	}
	if err := dir.Sync(); err != nil { // S5
		s.sys.Remove(s.path(key))
		return classify("sync shard", err)
	}
	return nil
}

// stage brings r's bytes to the disk under a name in staging, steps S1 to S3. On error the name is gone again.
func (s *Store) stage(ctx context.Context, r io.Reader) (part string, size int64, err error) {
	part, err = s.stagingName()
	if err != nil {
		return "", 0, err
	}
	f, err := s.sys.Create(part) // S1
	if err != nil {
		return "", 0, classify("stage blob", err)
	}
	size, err = s.fill(ctx, f, r) // S2
	if err == nil {
		err = classify("sync blob", f.Sync()) // S3; never tried twice, the kernel forgets what it could not write
	}
	if cerr := f.Close(); err == nil {
		err = classify("close blob", cerr)
	}
	if err != nil {
		s.sys.Remove(part)
		return "", 0, err
	}
	return part, size, nil
}

// fill copies r to f in full buffers, whatever pieces r comes in, and lets the disk write behind it.
func (s *Store) fill(ctx context.Context, f file, r io.Reader) (size int64, err error) {
	buf := s.buffers.Get().(*[]byte)
	defer s.buffers.Put(buf)
	for {
		n, rerr := blob.ReadFull(ctx, r, *buf)
		if rerr != nil && rerr != io.EOF {
			return 0, rerr
		}
		if n > 0 {
			if _, err := f.Write((*buf)[:n]); err != nil {
				return 0, classify("write blob", err)
			}
			if size += int64(n); size%writeBehind == 0 {
				f.Start(size-writeBehind, writeBehind)
			}
		}
		if rerr == io.EOF {
			return size, nil
		}
	}
}
