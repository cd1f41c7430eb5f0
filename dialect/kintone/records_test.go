package kintone

import (
	"context"
	"testing"

	"dossier/access"
	"dossier/core"
	"dossier/core/coretest"
)

func TestTableRowsMerge(t *testing.T) {
	c := newClient(t, Options{})
	key := c.upload("a.txt", "a")
	c.call(200, "POST", "/k/v1/record.json", obj{"app": 2, "record": obj{"title": val("t"), "lines": val([]obj{
		{"id": "77", "value": obj{"item": val("a"), "qty": val("x"), "proof": files(key)}}, {"value": obj{"item": val("b")}}})}})
	rows := c.values(2, 1)["lines"].([]any)
	first := rows[0].(obj)["id"]
	c.call(200, "PUT", "/k/v1/record.json", obj{"app": 2, "id": 1, "record": obj{"lines": val([]obj{
		{"value": obj{"item": val("new")}}, {"id": first, "value": obj{"qty": val(3)}}})}})
	rows = c.values(2, 1)["lines"].([]any)
	kept := rows[1].(obj)
	diff(t, "row id", first, kept["id"])
	cells := kept["value"].(obj)
	diff(t, "kept member", "a", cells["item"].(obj)["value"])
	diff(t, "changed member", "3", cells["qty"].(obj)["value"])
	diff(t, "kept file", 1, len(cells["proof"].(obj)["value"].([]any)))
	diff(t, "same row twice", "GAIA_SI01", codeOf(c.call(400, "PUT", "/k/v1/record.json", obj{"app": 2, "id": 1,
		"record": obj{"lines": val([]obj{{"id": first}, {"id": first}})}})))
}

func TestAllProblemsAtOnce(t *testing.T) {
	c := newClient(t, Options{})
	got := c.call(400, "POST", "/k/v1/records.json", obj{"app": 2, "records": []obj{
		{"title": val("fine")},
		{"amount": val("many"), "status": val("Lost"), "tags": val([]string{"red", "pink"}), "active": val("Maybe")},
		{"title": val("t"), "lines": val([]obj{{"value": obj{"item": obj{}}}}), "due": val("2026-13-01")},
	}})
	said := func(s string) any { return obj{"messages": []any{s}} }
	diff(t, "errors", map[string]any{
		"records[1].title.value":                     said("Required."),
		"records[1][amount].value":                   said("Only numbers are allowed."),
		"records[1].status.value":                    said(`The value, "Lost", is not in options.`),
		"records[1].tags.values[1].value":            said(`The value, "pink", is not in options.`),
		"records[1].active.value":                    said(`The value, "Maybe", is not in options.`),
		"records[2].lines.value[0].value.item.value": said(`The key "value" is missing.`),
		"records[2].due.value":                       said("The value is not valid for the type of the field."),
	}, got["errors"].(map[string]any))
	diff(t, "nothing was added", "0", c.call(200, "GET", "/k/v1/records.json?app=2&totalCount=true", nil)["totalCount"])
}

func TestRelationsByNumber(t *testing.T) {
	c := newClient(t, Options{})
	customer := c.request("POST", "/k/v1/record.json", obj{"app": 3, "record": obj{"company": val("ACME")}})
	customer.Header.Set("X-Cybozu-API-Token", coretest.CustomersAll)
	c.expect(200, customer)
	c.call(200, "POST", "/k/v1/record.json", obj{"app": 2, "record": obj{"title": val("t"), "customer": val(1)}})
	c.call(200, "POST", "/k/v1/record.json", obj{"app": 2, "record": obj{"title": val("u")}})
	diff(t, "value", any("1"), c.values(2, 1)["customer"])
	diff(t, "missing", "GAIA_LO04", codeOf(c.call(400, "PUT", "/k/v1/record.json", obj{"app": 2, "id": 1, "record": obj{"customer": val("9")}})))
	for query, want := range map[string]int{"customer = 1": 1, "customer != 1": 1, `customer in ("")`: 1, "customer > 0": 1, `customer in ("1", "")`: 2} {
		r := c.request("POST", "/k/v1/records.json", obj{"app": 2, "query": query})
		r.Header.Set("X-HTTP-Method-Override", "GET")
		diff(t, query, want, len(c.expect(200, r)["records"].([]any)))
	}
}

func TestUpsertAndDelete(t *testing.T) {
	c := newClient(t, Options{})
	makeUnique(t, c.svc, "title")
	key := func(v any) obj { return obj{"field": "title", "value": v} }
	got := c.call(200, "PUT", "/k/v1/records.json", obj{"app": 2, "upsert": true, "records": []obj{
		{"id": "9007199254740991", "record": obj{"title": val("by id")}},
		{"updateKey": key("by key"), "record": obj{"amount": val("1")}},
	}})
	diff(t, "inserted", []any{obj{"id": "1", "revision": "1", "operation": "INSERT"}, obj{"id": "2", "revision": "1", "operation": "INSERT"}}, got["records"])
	got = c.call(200, "PUT", "/k/v1/records.json", obj{"app": "2", "upsert": true, "records": []obj{
		{"updateKey": key("by key"), "record": obj{"amount": val("2")}}, {"id": 1, "record": obj{}},
	}})
	diff(t, "updated", []any{obj{"id": "2", "revision": "2", "operation": "UPDATE"}, obj{"id": "1", "revision": "2", "operation": "UPDATE"}}, got["records"])
	diff(t, "key field", any("by key"), c.values(2, 2)["title"])
	diff(t, "no such key", "GAIA_RE20", codeOf(c.call(404, "PUT", "/k/v1/record.json", obj{"app": 2, "updateKey": key("nobody"), "record": obj{}})))
	diff(t, "clash", "This value already exists in another record.", c.call(400, "PUT", "/k/v1/record.json",
		obj{"app": 2, "id": 1, "record": obj{"title": val("by key")}})["errors"].(obj)["record.title.value"].(obj)["messages"].([]any)[0])

	diff(t, "none", []any{"Between 1 and 100 records can be deleted at one time.", "Required field."},
		c.call(400, "DELETE", "/k/v1/records.json?app=2", nil)["errors"].(obj)["ids"].(obj)["messages"])
	diff(t, "stale", "GAIA_CO02", codeOf(c.call(409, "DELETE", "/k/v1/records.json", obj{"app": 2, "ids": []int{1, 2}, "revisions": []any{nil, 1}})))
	diff(t, "deleted", obj{}, c.call(200, "DELETE", "/k/v1/records.json?app=2&ids%5B0%5D=1&ids%5B1%5D=2&revisions%5B0%5D=&revisions%5B1%5D=2", nil))
	diff(t, "gone", "GAIA_RE01", codeOf(c.call(404, "GET", "/k/v1/record.json?app=2&id=1", nil)))
}

func makeUnique(t *testing.T, svc *core.Service, name string) {
	t.Helper()
	app, _ := svc.Space().Collection("reports")
	next := app.Clone()
	f, _ := next.Field(name)
	f.Unique = true
	if _, err := svc.PutCollection(context.Background(), access.System(), next); err != nil {
		t.Fatal(err)
	}
}

func TestBulkRequestIsOneTransaction(t *testing.T) {
	c := newClient(t, Options{})
	key := c.upload("a.txt", "a")
	add := obj{"method": "POST", "api": "/k/v1/record.json", "payload": obj{"app": 2, "record": obj{"title": val("t"), "attachment": files(key)}}}
	bad := obj{"method": "POST", "api": "/k/v1/records.json", "payload": obj{"app": 2, "records": []obj{{"title": val("t")}, {}}}}
	got := c.call(400, "POST", "/k/v1/bulkRequest.json", obj{"requests": []obj{add, bad, add}})
	results := got["results"].([]any)
	diff(t, "others", []any{obj{}, obj{}}, []any{results[0], results[2]})
	diff(t, "key", any([]any{"Required."}), results[1].(obj)["errors"].(obj)["records[1].title.value"].(obj)["messages"])
	c.call(404, "POST", "/k/v1/bulkRequest.json", obj{"requests": []obj{add, add}})
	ok := c.call(200, "POST", "/k/v1/bulkRequest.json", obj{"requests": []obj{add,
		{"method": "DELETE", "api": "/k/v1/records.json", "payload": obj{"app": 2, "ids": []int{}}}}[:1]})
	diff(t, "results", 1, len(ok["results"].([]any)))
	for _, api := range []string{"/k/v1/file.json", "/k/v1/bulkRequest.json", "nowhere"} {
		c.call(400, "POST", "/k/v1/bulkRequest.json", obj{"requests": []obj{{"method": "POST", "api": api, "payload": obj{}}}})
	}
	c.call(400, "POST", "/k/v1/bulkRequest.json", obj{"requests": make([]obj, 21)})
}

func TestBulkRequestSeesWhatItWrote(t *testing.T) {
	c := newClient(t, Options{})
	makeUnique(t, c.svc, "title")
	key := obj{"field": "title", "value": "new"}
	part := func(method, api string, payload obj) obj {
		payload["app"] = 2
		return obj{"method": method, "api": "/k/v1/" + api, "payload": payload}
	}
	missing := part("PUT", "record.json", obj{"updateKey": obj{"field": "title", "value": "nobody"}, "record": obj{}})
	got := c.call(200, "POST", "/k/v1/bulkRequest.json", obj{"requests": []obj{
		part("POST", "record.json", obj{"record": obj{"title": val("new")}}),
		part("PUT", "record.json", obj{"updateKey": key, "record": obj{"amount": val("1")}}),
		part("PUT", "records.json", obj{"upsert": true, "records": []obj{{"updateKey": key, "record": obj{"amount": val("2")}}}}),
	}})
	diff(t, "results", any([]any{obj{"id": "1", "revision": "1"}, obj{"revision": "2"},
		obj{"records": []any{obj{"id": "1", "revision": "3", "operation": "UPDATE"}}}}), got["results"])
	diff(t, "value", any("2"), c.values(2, 1)["amount"])
	c.call(404, "POST", "/k/v1/bulkRequest.json", obj{"requests": []obj{part("POST", "record.json", obj{"record": obj{"title": val("x")}}), missing}})
	diff(t, "nothing was added", "1", c.call(200, "GET", "/k/v1/records.json?app=2&totalCount=true", nil)["totalCount"])
}

func TestCursor(t *testing.T) {
	c := newClient(t, Options{})
	for range 3 {
		c.call(200, "POST", "/k/v1/record.json", obj{"app": 2, "record": obj{"title": val("t")}})
	}
	open := func() obj {
		return c.call(200, "POST", "/k/v1/records/cursor.json", obj{"app": 2, "fields": []string{"$id"}, "query": "order by $id asc", "size": 2})
	}
	cur := open()
	diff(t, "total", any("3"), cur["totalCount"])
	path := "/k/v1/records/cursor.json?id=" + cur["id"].(string)
	c.call(200, "DELETE", "/k/v1/records.json?app=2&ids=1", nil)
	page := c.call(200, "GET", path, nil)
	diff(t, "first page", obj{"next": true, "records": []any{obj{"$id": obj{"type": "__ID__", "value": "2"}}}}, page)
	page = c.call(200, "GET", path, nil)
	diff(t, "last page", any(false), page["next"])
	diff(t, "finished", "GAIA_CN01", codeOf(c.call(404, "GET", path, nil)))
	for range maxCursors {
		cur = open()
	}
	diff(t, "too many", "GAIA_TM12", codeOf(c.call(429, "POST", "/k/v1/records/cursor.json", obj{"app": 2})))
	c.call(200, "DELETE", "/k/v1/records/cursor.json", obj{"id": cur["id"]})
	open()
}

// The index of a wrong option is its place in what was sent, where an option stands twice too.
func TestWrongOptionsAreNamedByTheirPlace(t *testing.T) {
	c := newClient(t, Options{})
	got := c.call(400, "POST", "/k/v1/record.json", obj{"app": 2, "record": obj{"title": val("t"), "tags": val([]string{"red", "red", "pink"})}})
	diff(t, "errors", any(obj{"record.tags.values[2].value": obj{"messages": []any{`The value, "pink", is not in options.`}}}), got["errors"])
}

// The ids of the rows of a new record are discarded, the same one twice too; no row has the id 0.
func TestRowIDsThatNameNothing(t *testing.T) {
	c := newClient(t, Options{})
	rows := val([]obj{{"id": "5", "value": obj{"item": val("a")}}, {"id": 5, "value": obj{"item": val("b")}}})
	c.call(200, "POST", "/k/v1/record.json", obj{"app": 2, "record": obj{"title": val("t"), "lines": rows}})
	rows = val([]obj{{"id": "0", "value": obj{"item": val("c")}}, {"id": -1, "value": obj{"item": val("d")}}})
	c.call(200, "PUT", "/k/v1/record.json", obj{"app": 2, "id": 1, "record": obj{"lines": rows}})
	var ids []any
	for _, row := range c.values(2, 1)["lines"].([]any) {
		ids = append(ids, row.(obj)["id"])
	}
	diff(t, "rows", []any{"3", "4"}, ids)
}

// A time that cannot be read is named by the record's place in the request.
func TestAuthoredTimesAreChecked(t *testing.T) {
	c := newClient(t, Options{})
	got := c.call(400, "POST", "/k/v1/records.json", obj{"app": 2, "records": []obj{{"title": val("a")}, {"title": val(""), "Created_datetime": val("soon")}}})
	diff(t, "errors", any(obj{"records[1].Created_datetime.value": obj{"messages": []any{"The value is not valid for the type of the field."}},
		"records[1].title.value": obj{"messages": []any{"Required."}}}), got["errors"])
}

// The calls of a bulk request see what those before them did, and the first that fails is the one that is answered.
func TestBulkRequestInTurn(t *testing.T) {
	c := newClient(t, Options{})
	one := func(method, api string, payload obj) obj {
		return obj{"method": method, "api": "/k/v1/" + api, "payload": payload}
	}
	bulk := func(status int, calls ...obj) []any {
		t.Helper()
		return c.call(status, "POST", "/k/v1/bulkRequest.json", obj{"requests": calls})["results"].([]any)
	}
	got := bulk(404, one("DELETE", "records.json", obj{"app": 2, "ids": []int{9}}), one("POST", "record.json", obj{"app": 2, "record": obj{"title": val(1)}}))
	diff(t, "first failure", "GAIA_RE01", codeOf(got[0].(obj)))
	diff(t, "the other", any(obj{}), got[1])
	got = bulk(200, one("POST", "record.json", obj{"app": 2, "record": obj{"title": val("new")}}),
		one("PUT", "record.json", obj{"app": 2, "id": 1, "record": obj{"title": val("changed")}}))
	diff(t, "named by number", any(obj{"revision": "2"}), got[1])
	again := obj{"app": 2, "upsert": true, "records": []obj{{"id": 1, "record": obj{"title": val("again")}}}}
	got = bulk(200, one("DELETE", "records.json", obj{"app": 2, "ids": []int{1}}), one("PUT", "records.json", again))
	diff(t, "deleted before", any(obj{"records": []any{obj{"id": "2", "revision": "1", "operation": "INSERT"}}}), got[1])
	bulk(404, one("DELETE", "records.json", obj{"app": 2, "ids": []int{2}}), one("PUT", "record.json", obj{"app": 2, "id": 2}))
	// Within one call a number means what it meant before the call.
	two := obj{"app": 2, "upsert": true, "records": []obj{{"id": 77, "record": obj{"title": val("x")}}, {"id": 3, "record": obj{"title": val("y")}}}}
	diff(t, "numbers to come", "INSERT INSERT", operations(c.call(200, "PUT", "/k/v1/records.json", two)))
}

func operations(answer map[string]any) string {
	s := ""
	for _, one := range answer["records"].([]any) {
		s += " " + one.(obj)["operation"].(string)
	}
	return s[1:]
}

// A cursor takes neither a limit nor an offset, whatever they say.
func TestCursorsAreNotCut(t *testing.T) {
	c := newClient(t, Options{})
	for _, query := range []string{"limit 0", "limit 5", "offset 0", "offset 5"} {
		diff(t, query, "GAIA_IL08", codeOf(c.call(400, "POST", "/k/v1/records/cursor.json", obj{"app": 2, "query": query})))
	}
	c.call(200, "POST", "/k/v1/records/cursor.json", obj{"app": 2, "query": "order by $id asc"})
}
