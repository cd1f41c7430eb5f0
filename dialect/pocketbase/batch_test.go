package pocketbase

import (
	"encoding/json"
	"strings"
	"testing"
)

// enableBatch turns batches on, with time for a slow machine.
func (b *bench) enableBatch(root string) {
	b.t.Helper()
	b.do(call{method: "PATCH", path: "/api/settings", token: root, body: `{"batch": {"enabled": true, "maxRequests": 4, "timeout": 60}}`}).ok()
}

func payload(t *testing.T, requests ...map[string]any) part {
	t.Helper()
	b, err := json.Marshal(map[string]any{"requests": requests})
	if err != nil {
		t.Fatal(err)
	}
	return part{payloadKey, "", string(b)}
}

func request(method, url string, body map[string]any) map[string]any {
	return map[string]any{"method": method, "url": url, "body": body}
}

func TestBatchDoesAllOfItsRequests(t *testing.T) {
	b := newBench(t)
	token, _ := b.member()
	b.do(call{method: "POST", path: "/api/batch", token: token, body: `{"requests": []}`}).fails(403, "Batch requests are not allowed.")
	b.enableBatch(b.root())
	old := b.do(call{method: "POST", path: records, token: token, body: `{"title": "old"}`}).ok()["id"].(string)
	gone := b.do(call{method: "POST", path: records, token: token, body: `{"title": "gone"}`}).ok()["id"].(string)
	a := b.do(call{method: "POST", path: "/api/batch", token: token, body: []part{
		payload(t, request("POST", records+"?fields=title,attachment", map[string]any{"title": "one"}),
			request("PATCH", records+"/"+old+"?fields=title", map[string]any{"title": "two"}),
			request("PUT", records+"?fields=id,title", map[string]any{"id": "abcdefghijklmno", "title": "three"}),
			request("DELETE", records+"/"+gone, nil)),
		{"requests.0.attachment", "alpha.txt", "a"}, {"requests[1].attachment+", "b.txt", "b"}, {"requests.9.attachment", "c.txt", "c"}, {"requests.0.nothing", "d.txt", "d"},
	}})
	if a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	var answers []batchAnswer
	if err := json.Unmarshal(a.body, &answers); err != nil {
		t.Fatal(err)
	}
	if len(answers) != 4 || answers[3].Status != 204 || answers[3].Body != nil || answers[2].Body.(map[string]any)["id"] != "abcdefghijklmno" {
		t.Errorf("answers %s", a.body)
	}
	name := texts(answers[0].Body.(map[string]any)["attachment"])[0]
	if !strings.HasPrefix(name, "alpha_") || strings.Count(name, "_") != 1 {
		t.Errorf("stored name %q", name)
	}
	if files, uploads, unknown := b.blobs(); files != 2 || uploads != 0 || unknown != 0 {
		t.Errorf("%d files, %d uploads, %d unknown blobs", files, uploads, unknown)
	}
	b.do(call{method: "GET", path: records + "/" + gone}).fails(404, msgNotFound)
	again := b.do(call{method: "POST", path: "/api/batch", token: token, body: map[string]any{"requests": []any{
		request("PUT", records+"?fields=title,summary", map[string]any{"id": "abcdefghijklmno", "summary": "there already"})}}})
	again.is(200, `[{"body":{"title":"three","summary":"there already"},"status":200}]`)
}

// Who asks is said by the batch alone, also where a letter becomes another one of the header's name.
func TestItemsOfABatchSayNothingOfWhoAsks(t *testing.T) {
	b := newBench(t)
	root := b.root()
	b.enableBatch(root)
	b.do(call{method: "POST", path: collections, token: root, body: `{"name": "asked", "createRule": "@request.headers.authorization = ''", "fields": []}`}).ok()
	for _, name := range []string{"Authorization", "AUTHORIZATION", "authorizat\u0130on"} {
		item := request("POST", "/api/collections/asked/records", map[string]any{})
		item["headers"] = map[string]any{name: "forged"}
		if got := b.do(call{method: "POST", path: "/api/batch", body: map[string]any{"requests": []any{item}}}); got.status != 200 {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
}

func TestBatchThatFailsDoesNothing(t *testing.T) {
	b := newBench(t)
	token, _ := b.member()
	b.enableBatch(b.root())
	b.do(call{method: "POST", path: "/api/batch", token: token, body: []part{
		payload(t, request("POST", records, map[string]any{"title": "one"}), request("POST", records, map[string]any{"contact": "nobody", "title": "x"})),
		{"requests.0.attachment", "a.txt", "a"},
	}}).is(400, `{"data":{"requests":{"1":{"code":"batch_request_failed","message":"Batch request failed.","response":{"data":{"contact":
		{"code":"validation_is_email","message":"Must be a valid email address."}},"message":"Failed to create record.","status":400}}}},"message":"Batch transaction failed.","status":400}`)
	b.do(call{method: "GET", path: records + "?fields=id"}).is(200, `{"items":[],"page":1,"perPage":30,"totalItems":0,"totalPages":0}`)
	if files, uploads, unknown := b.blobs(); files+uploads+unknown != 0 {
		t.Errorf("%d files, %d uploads, %d unknown blobs are left", files, uploads, unknown)
	}
	b.do(call{method: "POST", path: "/api/batch", token: token, body: `{"requests": []}`}).is(400,
		`{"data":{"requests":{"code":"validation_required","message":"Cannot be blank."}},"message":"Invalid batch request data.","status":400}`)
	five := []any{}
	for range 5 {
		five = append(five, request("POST", records, map[string]any{"title": "x"}))
	}
	data := b.do(call{method: "POST", path: "/api/batch", token: token, body: map[string]any{"requests": five}}).fails(400, "Invalid batch request data.")
	if data["requests"].(map[string]any)["code"] != "validation_length_too_long" {
		t.Errorf("got %v", data)
	}
	for _, bad := range []map[string]any{request("GET", records, nil), request("POST", "/api/health", nil), request("DELETE", records, nil), request("POST", records+"/x", nil)} {
		b.do(call{method: "POST", path: "/api/batch", token: token, body: map[string]any{"requests": []any{bad}}}).fails(400, "Batch transaction failed.")
	}
	guest := b.do(call{method: "POST", path: "/api/batch", body: []part{
		{"requests.0.attachment", "a.txt", "a"}, payload(t, request("POST", "/api/collections/_superusers/records", map[string]any{}))}})
	guest.is(400, `{"data":{"requests":{"0":{"code":"batch_request_failed","message":"Batch request failed.","response":{"data":{},
		"message":"Only superusers can perform this action.","status":403}}}},"message":"Batch transaction failed.","status":400}`)
}

func TestFilesOfAGuestFollowTheirPayload(t *testing.T) {
	b := newBench(t)
	b.enableBatch(b.root())
	made := payload(t, request("POST", "/api/collections/customers/records", map[string]any{"company": "ACME"}))
	logo := part{"requests.0.logo", "a.png", "not looked at"}
	early := b.do(call{method: "POST", path: "/api/batch", body: []part{logo, made}})
	early.is(400, `{"data":{"requests":{"0":{"code":"batch_request_failed","message":"Batch request failed.","response":{"data":{},
		"message":"The files of a guest must follow the @jsonPayload that they are for.","status":400}}}},"message":"Batch transaction failed.","status":400}`)
	other := part{"requests.0.company", "a.txt", "no file field"}
	if a := b.do(call{method: "POST", path: "/api/batch", body: []part{other, made}}); a.status != 200 {
		t.Errorf("a part that is for no file field: %d %s", a.status, a.body)
	}
	if files, uploads, unknown := b.blobs(); files+uploads+unknown != 0 {
		t.Errorf("%d files, %d uploads, %d unknown blobs are left", files, uploads, unknown)
	}
}

func TestSettingsAreKept(t *testing.T) {
	b := newBench(t)
	root := b.root()
	token, _ := b.member()
	b.do(call{method: "GET", path: "/api/settings", token: token}).fails(403, msgNotAllowed)
	shown := b.do(call{method: "GET", path: "/api/settings", token: root}).ok()
	if got := shown["meta"].(map[string]any)["appName"]; got != "Acme" {
		t.Errorf("name %v", got)
	}
	b.do(call{method: "PATCH", path: "/api/settings", token: root, body: `{"meta": {"appName": ""}, "batch": {"maxRequests": -1}, "superuserIPs": ["nowhere"]}`}).is(400,
		`{"data":{"meta":{"appName":{"code":"validation_required","message":"Cannot be blank."}},
		"batch":{"maxRequests":{"code":"validation_min_greater_equal_than_required","message":"Must be no less than 0.","params":{"threshold":0}}},
		"superuserIPs":{"0":{"code":"validation_invlaid_ip_or_subnet","message":"Invalid IP or CIDR subnet."}}},"message":"An error occurred while saving the new settings.","status":400}`)
	changed := b.do(call{method: "PATCH", path: "/api/settings?fields=meta.appName,smtp,batch.timeout", token: root,
		body: `{"meta": {"appName": "House"}, "smtp": {"host": "mail.example.com", "password": "secret"}}`})
	changed.is(200, `{"meta":{"appName":"House"},"smtp":{"enabled":false,"port":587,"host":"mail.example.com","username":"","authMethod":"","tls":false,"localName":""},"batch":{"timeout":3}}`)
	b.do(call{method: "PATCH", path: "/api/settings", token: root, body: `{"meta": 1}`}).fails(400, msgInvalidLoad)
	b.do(call{method: "PATCH", path: "/api/settings", token: root, body: `{"superuserIPs": ["198.51.100.0/24"]}`}).ok()
	b.do(call{method: "GET", path: "/api/settings", token: root}).fails(401, msgNeedsAuth)
	if a := b.doFrom("198.51.100.7:1", call{method: "GET", path: "/api/settings", token: root}); a.status != 200 {
		t.Errorf("from an address that is listed: %d", a.status)
	}
}
