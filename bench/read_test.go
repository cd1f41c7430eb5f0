package bench

import (
	"fmt"
	"strings"
	"testing"

	"dossier"
	"dossier/access"
	"dossier/core"
)

// manyItems is how many records the lists are of.
const manyItems = 20_000

// fill makes the records of the collection items; n runs over the first numbers, one for each record.
func fill(b *testing.B, svc *core.Service) (ids []dossier.ID) {
	b.Helper()
	c, ok := svc.Space().Collection("items")
	if !ok {
		b.Fatal("no collection items")
	}
	for i := 0; i < manyItems; i += 1000 {
		must(b, svc.Batch(b.Context(), access.System(), func(tx *core.Batch) error {
			for j := range 1000 {
				values := map[string]dossier.Value{"title": dossier.Text(fmt.Sprint("An item ", i+j)), "n": dossier.Number(fmt.Sprint(i + j)),
					"status": dossier.Text("review"), "active": dossier.Bool(true)}
				r, err := tx.CreateRecord(b.Context(), c, "", core.Change{Values: values})
				if err != nil {
					return err
				}
				ids = append(ids, r.ID)
			}
			return nil
		}))
	}
	return ids
}

// BenchmarkReadHTTP8 asks for one record, and for the first page of a filtered and sorted list, by 8 clients.
func BenchmarkReadHTTP8(b *testing.B) {
	addr, svc := serve(b)
	ids := fill(b, svc)
	path := "/api/collections/items/records"
	b.Run("view", func(b *testing.B) {
		parallel(b, 8, addr, "views/s", request("GET", path+"/"+string(ids[manyItems/2]), "", ""))
	})
	list := path + "?perPage=30&sort=-n&filter=" + strings.ReplaceAll("n>=5000", ">", "%3E")
	b.Run("list", func(b *testing.B) { parallel(b, 8, addr, "lists/s", request("GET", list+"&skipTotal=1", "", "")) })
	b.Run("list with total", func(b *testing.B) { parallel(b, 8, addr, "lists/s", request("GET", list, "", "")) })
}
