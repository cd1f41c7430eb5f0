package query

import (
	"context"

	"dossier"
)

// CompareRecords is -1, 0 or 1 as record a of c comes before, with or after b in the order of sorts: the definition of what Sort
// means. Only a record and itself are equal: at last the numbers decide. src may be nil if no key hops to another record.
func CompareRecords(ctx context.Context, space *dossier.Space, c *dossier.Collection, sorts []Sort, a, b *dossier.Record, src Source) (int, error) {
	e := evaluator{ctx, src}
	scope := NewScope(space, c)
	for _, s := range sorts {
		x, err := e.operand(&frame{scope: scope, record: a}, s.By)
		if err != nil {
			return 0, err
		}
		y, err := e.operand(&frame{scope: scope, record: b}, s.By)
		if err != nil {
			return 0, err
		}
		if n := CompareValues(x, y); n != 0 {
			if s.Desc {
				n = -n
			}
			return n, nil
		}
	}
	return compareInts(a.Number, b.Number), nil
}
