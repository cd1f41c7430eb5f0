package conformance

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// A report is one record as the dialects name it.
type report struct {
	id               string
	number, revision string
}

// find looks a report up by its title.
func find(t *testing.T, ctx context.Context, clients []client, title string) report {
	t.Helper()
	pb, k := clients[2].(*pocketbase), clients[0].(*kintone)
	var list struct{ Items []struct{ ID string } }
	if err := pb.call(ctx, http.MethodGet, "/api/collections/reports/records?filter="+url.QueryEscape(`title = "`+title+`"`), pb.header(), nil, &list); err != nil {
		t.Fatal(err)
	}
	var rows struct {
		Records []struct {
			ID       struct{ Value string } `json:"$id"`
			Revision struct{ Value string } `json:"$revision"`
		}
	}
	if err := k.call(ctx, http.MethodGet, "/k/v1/records.json?app=2&query="+url.QueryEscape(`title = "`+title+`"`), k.header(), nil, &rows); err != nil {
		t.Fatal(err)
	}
	if len(list.Items) != 1 || len(rows.Records) != 1 {
		t.Fatalf("want one record %q, got %+v and %+v", title, list, rows)
	}
	return report{list.Items[0].ID, rows.Records[0].ID.Value, rows.Records[0].Revision.Value}
}

// remove deletes a report.
func remove(t *testing.T, ctx context.Context, pb *pocketbase, title string) {
	t.Helper()
	var list struct{ Items []struct{ ID string } }
	if err := pb.call(ctx, http.MethodGet, "/api/collections/reports/records?filter="+url.QueryEscape(`title = "`+title+`"`), pb.header(), nil, &list); err != nil || len(list.Items) != 1 {
		t.Fatalf("%v: %+v", err, list)
	}
	_, err := pb.do(ctx, http.MethodDelete, "/api/collections/reports/records/"+list.Items[0].ID, pb.header(), nil, 0)
	if err == nil || !strings.Contains(err.Error(), "204 No Content") { // do wants 200
		t.Errorf("delete %q: %v", title, err)
	}
}

// TestConcurrentUpdatesLoseNoRevision changes one record through all dialects at once, each in a field of its own. Every change that was
// acknowledged is one revision, and each field has what its writer wrote last.
func TestConcurrentUpdatesLoseNoRevision(t *testing.T) {
	const updates = 40
	s := ownServer(t, commonSchema)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	clients := newClients(t, s.base)
	k, n, pb := clients[0].(*kintone), clients[1].(*knack), clients[2].(*pocketbase)
	if err := k.create(ctx, "shared", "a.bin", content(1, 100), 100); err != nil {
		t.Fatal(err)
	}
	r := find(t, ctx, clients, "shared")
	type object map[string]any
	seen := make([]bool, 3*updates+2)
	each(3, func(writer int) {
		for i := range updates {
			text := fmt.Sprintf("%s %d", dialects[writer], i)
			var err error
			switch writer {
			case 0:
				var out struct{ Revision string }
				err = k.call(ctx, http.MethodPut, "/k/v1/record.json", k.header(), object{"app": 2, "id": r.number, "record": object{"summary": object{"value": text}}}, &out)
				var revision int
				if _, bad := fmt.Sscan(out.Revision, &revision); bad != nil || revision < 2 || revision >= len(seen) || seen[revision] {
					t.Errorf("kintone acknowledges revision %q, which is out of range or was given before", out.Revision)
				} else {
					seen[revision] = true
				}
			case 1:
				err = n.call(ctx, http.MethodPut, "/v1/objects/object_2/records/"+r.id, n.header(), object{"field_20": text}, &struct{}{})
			case 2:
				err = pb.call(ctx, http.MethodPatch, "/api/collections/reports/records/"+r.id, pb.header(), object{"amount": i}, &struct{}{})
			}
			if err != nil {
				t.Errorf("%s, update %d: %v", dialects[writer], i, err)
			}
		}
	})
	if got := find(t, ctx, clients, "shared").revision; got != fmt.Sprint(1+3*updates) {
		t.Errorf("after %d changes the revision is %s, want %d", 3*updates, got, 1+3*updates)
	}
	var last struct {
		Summary, Phone string
		Amount         float64
		Attachment     []string
	}
	if err := pb.call(ctx, http.MethodGet, "/api/collections/reports/records/"+r.id, pb.header(), nil, &last); err != nil {
		t.Fatal(err)
	}
	if last.Summary != "kintone 39" || last.Phone != "knack 39" || last.Amount != 39 || len(last.Attachment) != 1 {
		t.Errorf("a change is lost: %+v", last)
	}
}

// TestOneOfManyWinsARevision offers the same revision many times at once: one change is made, the others are told that they are late.
func TestOneOfManyWinsARevision(t *testing.T) {
	const writers = 16
	s := ownServer(t, commonSchema)
	clients := newClients(t, s.base)
	k := clients[0].(*kintone)
	if err := k.create(t.Context(), "contended", "a.bin", content(1, 100), 100); err != nil {
		t.Fatal(err)
	}
	r := find(t, t.Context(), clients, "contended")
	type object map[string]any
	results := make([]error, writers)
	each(writers, func(i int) {
		results[i] = k.call(t.Context(), http.MethodPut, "/k/v1/record.json", k.header(), object{"app": 2, "id": r.number, "revision": r.revision,
			"record": object{"summary": object{"value": fmt.Sprint("writer ", i)}}}, &struct{}{})
	})
	won := 0
	for _, err := range results {
		switch {
		case err == nil:
			won++
		case !strings.Contains(err.Error(), "409 Conflict") || !strings.Contains(err.Error(), "GAIA_CO02"):
			t.Errorf("a late change: %v", err)
		}
	}
	if got := find(t, t.Context(), clients, "contended").revision; won != 1 || got != "2" {
		t.Errorf("%d of %d changes were made, and the revision is %s", won, writers, got)
	}
}

// fileURL is the address of a report's only file.
func fileURL(t *testing.T, pb *pocketbase, title string) string {
	t.Helper()
	var list struct {
		Items []struct {
			ID         string
			Attachment []string
		}
	}
	if err := pb.call(t.Context(), http.MethodGet, "/api/collections/reports/records?filter="+url.QueryEscape(`title = "`+title+`"`), pb.header(), nil, &list); err != nil || len(list.Items) != 1 || len(list.Items[0].Attachment) != 1 {
		t.Fatalf("%v: %+v", err, list)
	}
	return "/api/files/reports/" + list.Items[0].ID + "/" + list.Items[0].Attachment[0]
}
