package small

import (
	"context"
	"database/sql/driver"
	"iter"
	"strings"

	"dossier/blob"
)

// pageSize is how many rows List reads at a time, some 100 KB. Between two pages it holds no connection.
const pageSize = 1000

// List implements blob.Store: both sides side by side, the smaller key first.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[blob.Info, error] {
	return func(yield func(blob.Info, error) bool) {
		next, stop := iter.Pull2(s.big.List(ctx, prefix))
		defer stop()
		big, err, more := next()
		for info, rowErr := range s.list(ctx, prefix) {
			for ; more && (err != nil || rowErr == nil && big.Key < info.Key); big, err, more = next() {
				if !yield(big, err) || err != nil {
					return
				}
			}
			if !yield(info, rowErr) || rowErr != nil {
				return
			}
		}
		for ; more; big, err, more = next() {
			if !yield(big, err) || err != nil {
				return
			}
		}
	}
}

// list yields the small blobs under prefix.
func (s *Store) list(ctx context.Context, prefix string) iter.Seq2[blob.Info, error] {
	return func(yield func(blob.Info, error) bool) {
		for after, more := "", true; more; {
			if err := blob.Canceled(ctx); err != nil {
				yield(blob.Info{}, err)
				return
			}
			rows, err := s.rows(ctx, prefix, after)
			if err != nil {
				yield(blob.Info{}, err)
				return
			}
			for _, info := range rows {
				if !strings.HasPrefix(info.Key, prefix) || !yield(info, nil) {
					return
				}
			}
			if more = len(rows) == s.page; more {
				after = rows[len(rows)-1].Key
			}
		}
	}
}

// rows returns one page of the small blobs from prefix on that follow after, which is "" for the first page.
func (s *Store) rows(ctx context.Context, prefix, after string) ([]blob.Info, error) {
	var rows []blob.Info
	err := s.read(ctx, func(r *reader) error {
		st, from := r.first, prefix
		if after != "" {
			st, from = r.next, after
		}
		return st.each(func(row []driver.Value) error {
			rows = append(rows, infoOf(row))
			return nil
		}, from, int64(s.page))
	})
	return rows, err
}
