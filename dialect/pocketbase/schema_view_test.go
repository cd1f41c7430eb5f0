package pocketbase

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAViewShowsItsQuery(t *testing.T) {
	b := newBench(t)
	root := b.root()
	for _, body := range []string{`{"title": "one", "amount": 1.5, "tags": ["red"], "active": true}`, `{"title": "two", "amount": 2}`} {
		b.do(call{method: "POST", path: collections + "/reports/records", token: root, body: body}).ok()
	}
	made := b.do(call{method: "POST", path: collections, token: root, body: `{"name": "seen", "type": "view", "listRule": "", "viewRule": "",
		"viewQuery": "select id, title, amount, tags, active, created, count(*) over () as many, title || '!' as loud from reports"}`}).ok()
	if made["type"] != "view" || made["viewQuery"] == "" || len(made["fields"].([]any)) != 8 {
		t.Errorf("made %v", made)
	}
	list := b.do(call{method: "GET", path: collections + "/seen/records?sort=-title&fields=title,amount,tags,active,many,loud,collectionName"})
	list.is(200, `{"items":[{"active":false,"amount":2,"collectionName":"seen","loud":"two!","many":2,"tags":[],"title":"two"},
		{"active":true,"amount":1.5,"collectionName":"seen","loud":"one!","many":2,"tags":["red"],"title":"one"}],"page":1,"perPage":30,"totalItems":2,"totalPages":1}`)
	one := b.do(call{method: "GET", path: collections + `/seen/records?filter=amount<2%26%26created>"2020"%26%26loud~"one"`}).ok()
	record := one["items"].([]any)[0].(map[string]any)
	if record["title"] != "one" || record["created"] == "" || record["updated"] != nil {
		t.Errorf("found %v", record)
	}
	path := collections + "/seen/records/" + record["id"].(string)
	if got := b.do(call{method: "GET", path: path}).ok(); got["title"] != "one" {
		t.Errorf("got %v", got)
	}
	for _, c := range []call{{method: "POST", path: collections + "/seen/records", body: `{"title": "x"}`}, {method: "PATCH", path: path, body: `{}`}, {method: "DELETE", path: path}} {
		b.do(c).fails(400, "Unsupported collection type.")
		c.token = root
		b.do(c).fails(400, "Unsupported collection type.")
	}
	b.do(call{method: "DELETE", path: collections + "/seen/truncate", token: root}).fails(400, "View collections cannot be truncated since they don't store their own records.")
	changed := b.do(call{method: "PATCH", path: collections + "/seen", token: root, body: `{"listRule": null, "viewQuery": "select id, summary from reports"}`}).ok()
	if len(changed["fields"].([]any)) != 2 || changed["listRule"] != nil || changed["viewRule"] != "" {
		t.Errorf("changed %v", changed)
	}
	b.do(call{method: "DELETE", path: collections + "/customers", token: root}).fails(400, "Failed to delete collection probably due to existing reference in reports.")
	if a := b.do(call{method: "DELETE", path: collections + "/seen", token: root}); a.status != 204 {
		t.Errorf("delete: %d %s", a.status, a.body)
	}
}

func TestAWrongViewSaysWhere(t *testing.T) {
	b := newBench(t)
	root := b.root()
	for _, c := range []struct{ name, body, want string }{
		{"no query", `{}`, `{"fields":{"code":"validation_required","message":"Cannot be blank."},"viewQuery":{"code":"validation_required","message":"Cannot be blank."}}`},
		{"a query that writes", `{"viewQuery": "delete from reports"}`,
			`{"fields":{"code":"validation_required","message":"Cannot be blank."},"viewQuery":{"code":"validation_invalid_view_query","message":"Invalid query - a view's query is a SELECT."}}`},
		{"an unknown field", `{"viewQuery": "select id, nope from reports"}`,
			`{"fields":{"code":"validation_required","message":"Cannot be blank."},"viewQuery":{"code":"validation_invalid_view_query","message":"Invalid query - no such column: nope."}}`},
		{"rules of writes, indexes", `{"viewQuery": "select id from reports", "createRule": "", "indexes": ["CREATE INDEX i ON x (id)"]}`,
			`{"createRule":{"code":"validation_nil","message":"Must be blank."},"indexes":{"code":"validation_indexes_not_supported","message":"View collections don't support indexes."}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := &bench{t: t, svc: b.svc, mux: b.mux}
			body := `{"name": "bad", "type": "view", ` + c.body[1:]
			if c.body == "{}" {
				body = `{"name": "bad", "type": "view"}`
			}
			b.do(call{method: "POST", path: collections, token: root, body: body}).is(400, `{"data":`+c.want+`,"message":"Failed to create collection.","status":400}`)
		})
	}
	rule := b.do(call{method: "POST", path: collections, token: root, body: `{"name": "bad", "type": "view", "listRule": "nope = 1", "viewQuery": "select id from reports"}`}).fails(400, "Failed to create collection.")
	if rule["listRule"].(map[string]any)["code"] != "validation_invalid_rule" {
		t.Errorf("got %v", rule)
	}
}

func TestAnImportMayMakeAViewOfWhatItMakes(t *testing.T) {
	b := newBench(t)
	root := b.root()
	body := `{"collections": [{"name": "glance", "type": "view", "listRule": "", "viewQuery": "select id, t from things"},
		{"name": "things", "type": "base", "fields": [{"name": "t", "type": "text"}]}]}`
	for range 2 {
		if a := b.do(call{method: "PUT", path: collections + "/import", token: root, body: body}); a.status != 204 {
			t.Fatalf("import: %d %s", a.status, a.body)
		}
	}
	b.do(call{method: "POST", path: collections + "/things/records", token: root, body: `{"t": "a"}`}).ok()
	b.do(call{method: "GET", path: collections + "/glance/records?fields=t"}).is(200, `{"items":[{"t":"a"}],"page":1,"perPage":30,"totalItems":1,"totalPages":1}`)
	scaffolds := b.do(call{method: "GET", path: collections + "/meta/scaffolds", token: root}).ok()
	view := scaffolds["view"].(map[string]any)
	if diff := cmp.Diff([]any{"", "view", ""}, []any{view["viewQuery"], view["type"], view["name"]}); diff != "" {
		t.Error(diff)
	}
}

func TestTryingAView(t *testing.T) {
	b := newBench(t)
	path := collections + "/meta/dry-run-view"
	got := b.do(call{method: "POST", path: path, token: b.root(), body: `{"query": "select id, title from reports"}`}).ok()
	if fields := got["fields"].([]any); len(fields) != 2 {
		t.Errorf("fields %v", fields)
	}
	b.do(call{method: "POST", path: path, token: b.root(), body: `{"query": "delete from reports"}`}).fails(400, "Invalid view query. Raw error: \na view's query is a SELECT.")
	b.do(call{method: "POST", path: path, body: `{"query": "select id from reports"}`}).fails(401, msgNeedsAuth)
	b.do(call{method: "GET", path: collections + "/meta/oauth2-providers", token: b.root()}).is(200, "[]")
}
