package pocketbase

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const collections = "/api/collections"

func TestDefaultIDsAreThoseThatClientsExpect(t *testing.T) {
	b := newBench(t)
	if got := newCollectionID(b.svc.Space(), "base", "docs"); got != "pbc_1985629191" {
		t.Errorf("collection %s", got)
	}
	for name, want := range map[string]string{"text id": "text3208210256", "file scan": fieldID("file", "scan")} {
		typ, field, _ := strings.Cut(name, " ")
		if got := fieldID(typ, field); got != want {
			t.Errorf("field %s: %s, want %s", name, got, want)
		}
	}
}

func TestCollectionsAreForSuperusers(t *testing.T) {
	b := newBench(t)
	token, _ := b.member()
	for _, c := range []call{{method: "GET", path: collections}, {method: "POST", path: collections, body: `{}`}, {method: "GET", path: collections + "/users"},
		{method: "PATCH", path: collections + "/users", body: `{}`}, {method: "DELETE", path: collections + "/users"},
		{method: "DELETE", path: collections + "/users/truncate"}, {method: "PUT", path: collections + "/import", body: `{}`},
		{method: "GET", path: collections + "/meta/scaffolds"}} {
		b.do(c).fails(401, msgNeedsAuth)
		c.token = token
		b.do(c).fails(403, msgNotAllowed)
	}
}

func TestCollectionIsMadeUsedChangedAndDeleted(t *testing.T) {
	b := newBench(t)
	root := b.root()
	made := b.do(call{method: "POST", path: collections, token: root, body: `{"name": "docs", "type": "base", "listRule": "", "viewRule": "",
		"fields": [{"name": "title", "type": "text", "required": true}, {"name": "scan", "type": "file", "thumbs": ["70x50", "0x300"]}]}`}).ok()
	if made["id"] != "pbc_1985629191" || made["createRule"] != nil || made["listRule"] != "" || made["system"] != false {
		t.Errorf("made %v", made)
	}
	fields := made["fields"].([]any)
	scan := fields[2].(map[string]any)
	want := map[string]any{"help": "", "hidden": false, "id": fieldID("file", "scan"), "maxSelect": 0.0, "maxSize": 0.0, "mimeTypes": nil, "name": "scan",
		"presentable": false, "protected": false, "required": false, "system": false, "thumbs": []any{"70x50", "0x300"}, "type": "file"}
	if diff := cmp.Diff(want, scan); diff != "" || len(fields) != 3 {
		t.Errorf("%d fields; scan (-want +got):\n%s", len(fields), diff)
	}
	record := b.do(call{method: "POST", path: collections + "/docs/records", token: root, body: []part{{"title", "", "a"}, {"scan", "a.txt", "a"}}}).ok()
	if _, shown := record["created"]; shown || record["collectionId"] != "pbc_1985629191" {
		t.Errorf("record %v", record)
	}
	large := b.do(call{method: "POST", path: collections + "/docs/records", token: root, body: []part{{"title", "", "a"}, {"scan", "a.txt", strings.Repeat("x", 5<<20+1)}}})
	if data := large.fails(400, "Failed to create record."); data["scan"].(map[string]any)["code"] != "validation_file_size_limit" {
		t.Errorf("large: %v", data)
	}
	title := fields[1].(map[string]any)
	title["name"] = "headline"
	changed := b.do(call{method: "PATCH", path: collections + "/docs", token: root, body: map[string]any{
		"name": "papers", "fields": []any{fields[0], title, scan, map[string]any{"name": "n", "type": "number", "onlyInt": true},
			map[string]any{"name": "updated", "type": "autodate", "onUpdate": true}}, "indexes": []string{"CREATE UNIQUE INDEX `i` ON `papers` (`headline`)"}}}).ok()
	if changed["id"] != made["id"] || changed["listRule"] != "" {
		t.Errorf("changed %v", changed)
	}
	b.do(call{method: "GET", path: collections + "/docs", token: root}).fails(404, msgNotFound)
	again := b.do(call{method: "GET", path: collections + "/papers/records/" + record["id"].(string)}).ok()
	if again["headline"] != "a" || again["scan"] != record["scan"] || again["n"] != 0.0 || again["updated"] == "" {
		t.Errorf("record after the change: %v", again)
	}
	twice := b.do(call{method: "POST", path: collections + "/papers/records", token: root, body: `{"headline": "a"}`})
	twice.is(400, `{"data":{"headline":{"code":"validation_not_unique","message":"Value must be unique."}},"message":"Failed to create record.","status":400}`)
	if a := b.do(call{method: "DELETE", path: collections + "/papers/truncate", token: root}); a.status != 204 {
		t.Errorf("truncate: %d %s", a.status, a.body)
	}
	b.do(call{method: "GET", path: collections + "/papers/records?fields=id"}).is(200, `{"items":[],"page":1,"perPage":30,"totalItems":0,"totalPages":0}`)
	if a := b.do(call{method: "DELETE", path: collections + "/papers", token: root}); a.status != 204 {
		t.Errorf("delete: %d %s", a.status, a.body)
	}
	b.do(call{method: "DELETE", path: collections + "/customers", token: root}).fails(400,
		"Failed to delete collection probably due to existing reference in reports.")
	b.do(call{method: "DELETE", path: collections + "/_superusers", token: root}).fails(400, "Failed to delete collection.")
}

func TestCollectionThatIsWrongSaysWhere(t *testing.T) {
	b := newBench(t)
	root := b.root()
	tests := []struct{ name, body, want string }{
		{"name taken", `{"name": "REPORTS"}`, `{"name":{"code":"validation_collection_name_exists","message":"Collection name must be unique (case insensitive)."}}`},
		{"no name", `{}`, `{"name":{"code":"validation_required","message":"Cannot be blank."}}`},
		{"signs in the name", `{"name": "a b"}`, `{"name":{"code":"validation_match_invalid","message":"Must be in a valid format."}}`},
		{"_via_ in the name", `{"name": "a_via_b"}`, `{"name":{"code":"validation_found_via","message":"The value cannot contain \"_via_\"."}}`},
		{"file options", `{"name": "x", "fields": [{"name": "f", "type": "file", "maxSize": -1, "thumbs": ["0x0", "abc"]}]}`,
			`{"fields":{"1":{"thumbs":{"0":{"code":"validation_not_in_invalid","message":"Must not be in list."},"1":{"code":"validation_match_invalid","message":"Must be in a valid format."}},
			"maxSize":{"code":"validation_min_greater_equal_than_required","message":"Must be no less than 0.","params":{"threshold":0}}}}}`},
		{"two fields of one name", `{"name": "x", "fields": [{"id": "a", "name": "f", "type": "text"}, {"id": "b", "name": "F", "type": "text"}]}`,
			`{"fields":{"2":{"name":{"code":"validation_duplicated_field_name","message":"Duplicated or invalid field name F.","params":{"fieldName":"F"}}}}}`},
		{"relation to nothing", `{"name": "x", "fields": [{"name": "r", "type": "relation", "collectionId": "nope"}]}`,
			`{"fields":{"1":{"collectionId":{"code":"validation_field_relation_missing_collection","message":"The relation collection doesn't exist."}}}}`},
		{"a select without options", `{"name": "x", "fields": [{"name": "s", "type": "select"}]}`,
			`{"fields":{"1":{"values":{"code":"validation_required","message":"Cannot be blank."}}}}`},
		{"an index that is none", `{"name": "x", "fields": [{"name": "a", "type": "text"}], "indexes": ["CREATE UNIQUE INDEX i ON x (lower(a))", "nonsense"]}`,
			`{"indexes":{"1":{"code":"validation_invalid_index_expression","message":"Invalid CREATE INDEX expression."}}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := &bench{t: t, svc: b.svc, mux: b.mux}
			b.do(call{method: "POST", path: collections, token: root, body: tt.body}).is(400, `{"data":`+tt.want+`,"message":"Failed to create collection.","status":400}`)
		})
	}
	rule := b.do(call{method: "POST", path: collections, token: root, body: `{"name": "x", "listRule": "nothing = 1"}`}).fails(400, "Failed to create collection.")
	if rule["listRule"].(map[string]any)["code"] != "validation_invalid_rule" {
		t.Errorf("got %v", rule)
	}
	for _, body := range []string{`{"name": "x", "fields": [{"name": "f", "type": "strange"}]}`, `{"name": "x", "fields": 1}`, `{`} {
		b.do(call{method: "POST", path: collections, token: root, body: body}).fails(400, errFormat.message)
	}
	b.do(call{method: "PATCH", path: collections + "/reports", token: root, body: `{"type": "auth", "fields": [{"name": "title", "type": "number"}]}`}).is(400,
		`{"data":{"type":{"code":"validation_collection_type_change","message":"Collection type cannot be changed."},
		"fields":{"1":{"code":"validation_field_type_change","message":"Field type cannot be changed."}}},"message":"Failed to update collection.","status":400}`)
}

func TestCollectionSentBackAsItIsStaysAsItIs(t *testing.T) {
	b := newBench(t)
	root := b.root()
	for _, name := range []string{"reports", "customers", "users", "_superusers"} {
		shown := b.do(call{method: "GET", path: collections + "/" + name, token: root}).ok()
		before := *b.collection(name)
		back := b.do(call{method: "PATCH", path: collections + "/" + name, token: root, body: shown}).ok()
		delete(shown, "updated")
		delete(back, "updated")
		if diff := cmp.Diff(shown, back); diff != "" {
			t.Errorf("%s (-before +after):\n%s", name, diff)
		}
		for i, f := range b.collection(name).Fields {
			old := *before.Fields[i]
			f := *f
			old.Extra, f.Extra = nil, nil
			if diff := cmp.Diff(old, f); diff != "" {
				t.Errorf("%s.%s (-before +after):\n%s", name, f.Name, diff)
			}
		}
	}
}

func TestCollectionsAreListed(t *testing.T) {
	b := newBench(t)
	list := b.do(call{method: "GET", path: collections + "?filter=" + "system=false" + "&sort=-name&fields=name,type&perPage=2", token: b.root()})
	list.is(200, `{"items":[{"name":"users","type":"auth"},{"name":"reports","type":"base"}],"page":1,"perPage":2,"totalItems":3,"totalPages":2}`)
	b.do(call{method: "GET", path: collections + "?sort=nothing", token: b.root()}).fails(400, msgGeneric)
}

func TestImportMakesAllOrNothing(t *testing.T) {
	b := newBench(t)
	root := b.root()
	bad := `{"collections": [{"name": "a", "fields": [{"name": "t", "type": "text"}]}, {"name": "b", "fields": [{"name": "s", "type": "select"}]}]}`
	b.do(call{method: "PUT", path: collections + "/import", token: root, body: bad}).fails(400, "Failed to import collections.")
	b.do(call{method: "GET", path: collections + "/a", token: root}).fails(404, msgNotFound)
	b.do(call{method: "PUT", path: collections + "/import", token: root, body: `{"collections": []}`}).fails(400, msgInvalidSubmit)
	good := `{"collections": [
		{"id": "pbc_a", "name": "a", "fields": [{"name": "b", "type": "relation", "collectionId": "pbc_b", "maxSelect": 2}]},
		{"id": "pbc_b", "name": "b", "fields": [{"name": "a", "type": "relation", "collectionId": "pbc_a"}]},
		{"id": "customers", "name": "customers", "fields": [{"name": "vat", "type": "text"}]}]}`
	if a := b.do(call{method: "PUT", path: collections + "/import", token: root, body: good}); a.status != 204 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	one := b.do(call{method: "POST", path: collections + "/a/records", token: root, body: `{}`}).ok()["id"]
	b.do(call{method: "POST", path: collections + "/b/records?expand=a&fields=expand.a.collectionName", token: root, body: map[string]any{"a": one}}).
		is(200, `{"expand":{"a":{"collectionName":"a"}}}`)
	var names []string
	for _, f := range b.collection("customers").Fields {
		names = append(names, f.Name)
	}
	if diff := cmp.Diff([]string{"vat", "company", "logo"}, names); diff != "" {
		t.Error(diff)
	}
}

func TestFieldTypesThatOnlyClientsKnow(t *testing.T) {
	b := newBench(t)
	root := b.root()
	b.do(call{method: "POST", path: collections, token: root, body: `{"name": "places", "fields": [{"name": "at", "type": "geoPoint"},
		{"name": "made", "type": "autodate", "onCreate": true}, {"name": "changed", "type": "autodate", "onCreate": true, "onUpdate": true},
		{"name": "mail", "type": "email", "onlyDomains": ["example.com"]}, {"name": "site", "type": "url", "exceptDomains": ["example.org"]}]}`}).ok()
	path := collections + "/places/records"
	made := b.do(call{method: "POST", path: path, token: root, body: `{"made": "2001-01-01"}`}).ok()
	if diff := cmp.Diff(map[string]any{"lon": 0.0, "lat": 0.0}, made["at"]); diff != "" || made["made"] == "" || made["made"] != made["changed"] || strings.HasPrefix(made["made"].(string), "2001") {
		t.Errorf("made %v", made)
	}
	changed := b.do(call{method: "PATCH", path: path + "/" + made["id"].(string), token: root, body: `{"at": {"lon": 12.5, "lat": -3}}`}).ok()
	if diff := cmp.Diff(map[string]any{"lon": 12.5, "lat": -3.0}, changed["at"]); diff != "" || changed["made"] != made["made"] {
		t.Errorf("changed %v", changed)
	}
	data := b.do(call{method: "POST", path: path, token: root, body: `{"at": {"lat": 91}, "mail": "a@b.example", "site": "https://example.org/x"}`}).fails(400, "Failed to create record.")
	codes := map[string]any{}
	for k, v := range data {
		codes[k] = v.(map[string]any)["code"]
	}
	want := map[string]any{"at": "validation_invalid_latitude", "mail": "validation_email_domain_not_allowed", "site": "validation_url_domain_not_allowed"}
	if diff := cmp.Diff(want, codes); diff != "" {
		t.Error(diff)
	}
}

func TestAuthCollectionSaysHowToSignIn(t *testing.T) {
	b := newBench(t)
	root := b.root()
	b.do(call{method: "POST", path: collections, token: root, body: `{"name": "staff", "type": "auth", "createRule": "", "viewRule": "id = @request.auth.id",
		"authRule": "active = true", "authToken": {"duration": 60, "secret": "never shown, and long enough to be one"}, "fields": [{"name": "active", "type": "bool"}]}`}).ok()
	b.do(call{method: "GET", path: collections + "/staff?fields=authToken,authRule", token: root}).is(200, `{"authRule":"active = true","authToken":{"duration":60}}`)
	for _, active := range []bool{false, true} {
		login := map[bool]string{false: "off@example.com", true: "on@example.com"}[active]
		b.do(call{method: "POST", path: collections + "/staff/records", body: map[string]any{
			"email": login, "password": "12345678", "passwordConfirm": "12345678", "active": active}}).ok()
	}
	b.do(call{method: "POST", path: collections + "/staff/auth-with-password", body: `{"identity": "off@example.com", "password": "12345678"}`}).
		fails(403, "The request doesn't satisfy the collection requirements to authenticate.")
	token, _ := b.signIn("staff", "on@example.com", "12345678")
	exp := int64(claimsOf(t, token)["exp"].(float64)) - b.svc.Now().Unix()
	if exp < 50 || exp > 60 {
		t.Errorf("the token holds %d seconds", exp)
	}
	b.do(call{method: "PATCH", path: collections + "/staff", token: root, body: `{"passwordAuth": {"enabled": false, "identityFields": ["email"]}}`}).ok()
	b.do(call{method: "POST", path: collections + "/staff/auth-with-password", body: `{"identity": "on@example.com", "password": "12345678"}`}).
		fails(403, "The collection is not configured to allow password authentication.")
}
