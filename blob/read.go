package blob

import (
	"context"
	"fmt"
	"io"

	"dossier"
)

// maxEmptyReads is how often in a row a reader may return nothing and no error before a Put gives up on it.
const maxEmptyReads = 100

// Check is what every call of a Store looks at first: the key, and whether the caller is still there.
func Check(ctx context.Context, key string) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	return Canceled(ctx)
}

// CheckOffset returns nil for an offset from which a blob can be read, and dossier.Invalid for any other.
func CheckOffset(off int64) error {
	if off < 0 {
		return dossier.Errorf(dossier.Invalid, "a blob is read from offset 0 on, not from %d", off)
	}
	return nil
}

// Canceled returns nil while ctx lasts, and then dossier.Canceled with its cause.
func Canceled(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return &dossier.Error{Kind: dossier.Canceled, Msg: "the request was canceled", Err: context.Cause(ctx)}
}

// ReadFull reads until buf is full or r ends, which io.EOF tells. Between two reads it looks whether the caller went away.
func ReadFull(ctx context.Context, r io.Reader, buf []byte) (n int, err error) {
	for empty := 0; n < len(buf); {
		if err := Canceled(ctx); err != nil {
			return n, err
		}
		m, err := r.Read(buf[n:])
		n += m
		if err == io.EOF {
			return n, io.EOF
		}
		if err != nil {
			return n, fmt.Errorf("read blob: %w", err)
		}
		if m > 0 {
			empty = 0
		} else if empty++; empty == maxEmptyReads {
			return n, fmt.Errorf("read blob: %w", io.ErrNoProgress)
		}
	}
	return n, nil
}
