package knack

import (
	"fmt"
	"testing"

	"dossier"
	"dossier/access"
	"dossier/core"
)

// BenchmarkList answers a list of 1000 records with connections, which is the most that one request may ask for.
func BenchmarkList(b *testing.B) {
	c := newClient(b)
	firm := c.do("POST", "/v1/objects/object_3/records", `{"field_30":"Acme"}`, keyed).text("id")
	reports, _ := c.svc.Space().Collection("reports")
	err := c.svc.Batch(b.Context(), access.System(), func(batch *core.Batch) error {
		for i := range 1000 {
			_, err := batch.CreateRecord(b.Context(), reports, "", core.Change{Values: map[string]dossier.Value{
				"title": dossier.Text(fmt.Sprint("record ", i)), "amount": dossier.Number(fmt.Sprint(i)), "due": dossier.Date("2031-05-02"),
				"seen_at": dossier.Instant(1_700_000_000_000), "tags": dossier.List{"red", "green"}, "customer": dossier.Text(firm)}})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	for _, format := range []string{"both", "raw"} {
		b.Run(format, func(b *testing.B) {
			for b.Loop() {
				a := c.do("GET", "/v1/objects/object_2/records?rows_per_page=1000&format="+format, "", keyed)
				b.SetBytes(int64(len(a.body)))
				if a.status != 200 {
					b.Fatal(a.body)
				}
			}
		})
	}
}

// BenchmarkRecord shows one record of every type.
func BenchmarkRecord(b *testing.B) {
	_, c := everySpace()
	e := testEncoder(b)
	r := &dossier.Record{ID: "7b20c3f29b4e5d6a8c90e1f3", Values: samples["apple"]}
	buf := make([]byte, 0, 1<<16)
	for b.Loop() {
		var err error
		if buf, err = appendObject(buf[:0], e.record(c.Fields, r, formatBoth)); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(buf)))
}
