package pocketbase

import "testing"

// What clients are told where several answers would be true.
func TestWhichAnswerComesFirst(t *testing.T) {
	b := newBench(t)
	root := b.root()
	b.do(call{method: "POST", path: collections, token: root, body: `{"name": "vault", "fields": [{"name": "t", "type": "text"}]}`}).ok()
	b.do(call{method: "POST", path: collections, token: root, body: `{"name": "notes", "listRule": "", "createRule": "",
		"fields": [{"name": "v", "type": "relation", "collectionId": "vault"}]}`}).ok()
	wrong := "Something went wrong while processing your request."
	b.do(call{method: "POST", path: collections + "/vault/records", body: `{bad`}).fails(400, wrong)
	b.do(call{method: "POST", path: collections + "/vault/records", body: `{}`}).fails(403, "Only superusers can perform this action.")
	b.do(call{method: "GET", path: collections + "/notes/records?sort=v.t"}).fails(400, wrong)
	secret := b.do(call{method: "POST", path: collections + "/vault/records", token: root, body: `{"t": "x"}`}).ok()
	b.do(call{method: "POST", path: collections + "/notes/records", body: `{"v": "` + secret["id"].(string) + `"}`}).ok()
	seen := b.do(call{method: "GET", path: collections + "/notes/records?filter=v.id!=''"}).ok()
	if seen["totalItems"] != 1.0 {
		t.Errorf("the relation's own ID is not seen: %v", seen)
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

func TestTextsAreMadeUpAndSizesBounded(t *testing.T) {
	b := newBench(t)
	b.do(call{method: "POST", path: collections, token: b.root(), body: `{"name": "notes", "createRule": "", "fields": [
		{"name": "slug", "type": "text", "autogeneratePattern": "[a-z]{8}"}, {"name": "hid", "type": "text", "hidden": true, "autogeneratePattern": "x"},
		{"name": "j", "type": "json", "maxSize": 4}, {"name": "ed", "type": "editor", "maxSize": 3}, {"name": "s", "type": "select", "values": ["a"]}]}`}).ok()
	path := collections + "/notes/records"
	if slug := b.do(call{method: "POST", path: path, body: `{}`}).ok()["slug"].(string); len(slug) != 8 {
		t.Errorf("made %q", slug)
	}
	if slug := b.do(call{method: "POST", path: path, body: `{"slug:autogenerate": "ab-"}`}).ok()["slug"].(string); len(slug) != 11 || slug[:3] != "ab-" {
		t.Errorf("made %q", slug)
	}
	if got := b.do(call{method: "POST", path: path, token: b.root(), body: `{"slug": "own"}`}).ok(); got["slug"] != "own" || got["hid"] != "x" {
		t.Errorf("got %v", got)
	}
	b.do(call{method: "POST", path: path, body: `{"j": [1,2,3], "ed": "long"}`}).is(400, `{"data":{
		"ed":{"code":"validation_content_size_limit","message":"The maximum allowed content size is 3 bytes.","params":{"maxSize":3}},
		"j":{"code":"validation_json_size_limit","message":"The maximum allowed JSON size is 4 bytes.","params":{"maxSize":4}}},"message":"Failed to create record.","status":400}`)
}
