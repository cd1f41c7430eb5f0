package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// A schemaChange is one change of the collection "work", and what there is of it afterwards: its fields, "" where it is gone.
type schemaChange struct {
	method, target, body string
	status               int
	after                string
}

const (
	workPath  = "/api/collections/work"
	workTitle = `{"id": "text00001", "name": "title", "type": "text"}`
	workDoc   = `{"id": "file00001", "name": "doc", "type": "file", "maxSelect": 3}`
	workNote  = `{"id": "text00002", "name": "note", "type": "number"}`
)

// schemaChanges make a collection, change its fields in each way, empty it, and drop it.
var schemaChanges = []schemaChange{
	{"POST", "/api/collections", `{"name": "work", "type": "base", "createRule": "", "listRule": "", "fields": [` + workTitle + `, ` + workDoc + `]}`, 200, "title doc"},
	{"PATCH", workPath, `{"fields": [` + workTitle + `, ` + workDoc + `, ` + workNote + `]}`, 200, "title doc note"},
	{"PATCH", workPath, `{"fields": [` + strings.Replace(workTitle, `"title"`, `"heading"`, 1) + `, ` + workDoc + `, ` + workNote + `], "indexes": ["CREATE INDEX work_heading ON work (heading)"]}`,
		200, "heading doc note"},
	{"DELETE", workPath + "/truncate", "", 204, "heading doc note"},
	{"PATCH", workPath, `{"fields": [` + workTitle + `, ` + workDoc + `], "indexes": []}`, 200, "title doc"},
	{"PUT", "/api/collections/import", `{"collections": [{"name": "work", "type": "base", "fields": [` + workTitle + `]}]}`, 204, "title doc"},
	{"DELETE", workPath, "", 204, ""},
}

// TestKilledChangesOfTheSchema kills the server at every change of a collection that others write to: after the restart the change has
// happened or it has not, the space is whole, and nothing is left on the disk that no record holds (RELIABILITY F21, F46).
func TestKilledChangesOfTheSchema(t *testing.T) {
	s := ownServer(t, commonSchema)
	for at := range schemaChanges {
		o := operate(t, s.base)
		var wg sync.WaitGroup
		stop := make(chan struct{})
		for i := range 3 {
			wg.Go(func() { writeWork(t, s.base, i, stop) })
		}
		for n := range at {
			c := schemaChanges[n]
			o.want(c.status, c.method, c.target, c.body)
			if got := workFields(t, o); got != c.after {
				t.Fatalf("after change %d: %q, want %q", n, got, c.after)
			}
		}
		var sent sync.WaitGroup
		sent.Go(func() {
			_, _, _ = o.send(schemaChanges[at].method, schemaChanges[at].target, "application/json", schemaChanges[at].body) // answered or cut off
		})
		time.Sleep(time.Duration(at%3*4) * time.Millisecond) // somewhere in it; which moment does not matter
		s.kill()
		close(stop)
		sent.Wait()
		wg.Wait()
		s = start(t, s.dir, commonSchema)
		o = operate(t, s.base)
		before := ""
		if at > 0 {
			before = schemaChanges[at-1].after
		}
		if got := workFields(t, o); got != before && got != schemaChanges[at].after {
			t.Errorf("killed at change %d: %q is neither %q nor %q", at, got, before, schemaChanges[at].after)
		} else if got != "" {
			o.want(http.StatusOK, "GET", workPath+"/records?perPage=500", "")
			o.want(http.StatusNoContent, "DELETE", workPath, "")
		}
	}
	s.stop()
	found := check(t, s.dir, "--repair")
	if found["problems"] != 0 || found["files"] != 0 || found["blobs"] != found["uploads"] {
		t.Errorf("check finds %v", found)
	}
}

// writeWork makes records with files, small and large, until it is stopped or the server is gone. That the collection is not there, or
// has another form, is no fault.
func writeWork(t *testing.T, base string, writer int, stop <-chan struct{}) {
	for n := 0; ; n++ {
		select {
		case <-stop:
			return
		default:
		}
		size := int64(100 + 50_000*(n%2))
		head, tail := filePart{field: "doc", name: "a.bin", title: fmt.Sprint(writer, " ", n)}.envelope()
		body := io.MultiReader(strings.NewReader(head), content(uint64(n), size), strings.NewReader(tail))
		res, err := http.Post(base+workPath+"/records", "multipart/form-data; boundary="+boundary, body)
		if err != nil {
			return // the server was killed
		}
		var text bytes.Buffer
		_, _ = text.ReadFrom(res.Body)
		res.Body.Close()
		if res.StatusCode >= 500 {
			t.Errorf("a record while the schema changes: %d %.300s", res.StatusCode, &text)
		}
	}
}

// workFields are the names of the fields that the collection has been given, "" if there is none.
func workFields(t *testing.T, o *operator) string {
	t.Helper()
	status, text, err := o.send("GET", workPath, "", "")
	if err != nil || status != http.StatusOK && status != http.StatusNotFound {
		t.Fatalf("%d %v %s", status, err, text)
	}
	var c struct {
		Fields []struct {
			Name   string
			System bool
		}
	}
	if status == http.StatusOK {
		if err := json.Unmarshal([]byte(text), &c); err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	for _, f := range c.Fields {
		if !f.System {
			names = append(names, f.Name)
		}
	}
	return strings.Join(names, " ")
}
