package core_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"

	"dossier"
	"dossier/access"
	"dossier/core"
	"dossier/core/coretest"
	"dossier/query"
)

// TestListsOfManyFinds asks for pages of records that share a value with thousands of others, in every indexed order: how the store
// plans them must not show.
func TestListsOfManyFinds(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	svc := coretest.New(t)
	c, err := svc.PutCollection(ctx, access.System(), &dossier.Collection{Name: "many", Fields: []*dossier.Field{
		{Name: "kind", Type: dossier.TypeText, Indexed: true},
		{Name: "rank", Type: dossier.TypeNumber, Indexed: true},
		{Name: "free", Type: dossier.TypeNumber},
	}})
	if err != nil {
		t.Fatal(err)
	}
	const all = 5000
	type row struct {
		number int64
		kind   string
		rank   int
	}
	rows := make([]row, all)
	err = svc.Batch(ctx, access.System(), func(b *core.Batch) error {
		for i := range rows {
			rows[i] = row{int64(i + 1), map[bool]string{true: "rare", false: "common"}[i%100 == 7], i * 7919 % 997}
			values := map[string]dossier.Value{"kind": dossier.Text(rows[i].kind), "free": dossier.Number("1")}
			if rows[i].rank > 10 {
				values["rank"] = dossier.Number(fmt.Sprint(rows[i].rank))
			} else {
				rows[i].rank = -1 // empty sorts first
			}
			if _, err := b.CreateRecord(ctx, c, "", core.Change{Values: values}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"common", "rare", "none"} {
		for _, desc := range []bool{false, true} {
			var want []int64
			found := slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return r.kind != kind })
			slices.SortStableFunc(found, func(a, b row) int {
				if desc {
					a, b = b, a
				}
				return cmp.Compare(a.rank, b.rank)
			})
			if desc { // ties stay in the order of numbers
				slices.SortStableFunc(found, func(a, b row) int {
					return cmp.Or(cmp.Compare(b.rank, a.rank), cmp.Compare(a.number, b.number))
				})
			}
			for _, r := range found[min(25, len(found)):min(55, len(found))] {
				want = append(want, r.number)
			}
			q := query.Query{Filter: query.Compare{Left: query.Col("kind"), Op: query.Eq, Right: query.Literal{Value: dossier.Text(kind)}},
				Sort: []query.Sort{{By: query.Col("rank"), Desc: desc}}, Offset: 25, Limit: 30}
			page, err := svc.ListRecords(ctx, access.System(), c, q, core.ListOptions{Total: true})
			if err != nil {
				t.Fatal(err)
			}
			var got []int64
			for _, r := range page.Records {
				got = append(got, r.Number)
			}
			if !slices.Equal(got, want) || page.Total != int64(len(found)) {
				t.Errorf("%s, descending %v: got %v of %d, want %v of %d", kind, desc, got, page.Total, want, len(found))
			}
		}
	}
}
