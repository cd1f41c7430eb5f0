package kintone

import (
	"net/url"
	"strings"
	"testing"
)

// A list, an object or a truth value where a number or text belongs is wrong JSON, not a wrong value.
func TestParametersOfTheWrongKind(t *testing.T) {
	c := newClient(t, Options{})
	for _, v := range []any{[]any{}, obj{}, true} {
		for _, body := range []obj{
			{"app": v, "id": 1}, {"app": 2, "id": v}, {"app": 2, "id": 1, "revision": v, "record": obj{}},
		} {
			diff(t, "kind", "CB_IJ01", codeOf(c.call(400, "PUT", "/k/v1/record.json", body)))
		}
		diff(t, "query", "CB_IJ01", codeOf(c.call(400, "POST", "/k/v1/records/cursor.json", obj{"app": 2, "query": v})))
		diff(t, "size", "CB_IJ01", codeOf(c.call(400, "POST", "/k/v1/records/cursor.json", obj{"app": 2, "size": v})))
		diff(t, "ids", "CB_IJ01", codeOf(c.call(400, "DELETE", "/k/v1/records.json", obj{"app": 2, "ids": []any{v}})))
	}
	diff(t, "fields", "CB_IJ01", codeOf(c.call(400, "POST", "/k/v1/records/cursor.json", obj{"app": 2, "fields": []any{obj{}}})))
}

func TestAllMissingParametersAtOnce(t *testing.T) {
	c := newClient(t, Options{})
	missing := func(keys ...string) any {
		out := obj{}
		for _, key := range keys {
			out[key] = obj{"messages": []any{"Required field."}}
		}
		return out
	}
	diff(t, "add records", missing("app", "records"), c.call(400, "POST", "/k/v1/records.json", obj{})["errors"])
	diff(t, "update records", missing("app", "records"), c.call(400, "PUT", "/k/v1/records.json", obj{})["errors"])
	diff(t, "update", missing("app", "id"), c.call(400, "PUT", "/k/v1/record.json", obj{})["errors"])
	diff(t, "get", missing("app", "id"), c.call(400, "GET", "/k/v1/record.json", nil)["errors"])
}

func TestListsInAQueryString(t *testing.T) {
	c := newClient(t, Options{})
	for range 3 {
		c.call(200, "POST", "/k/v1/record.json", obj{"app": 2, "record": obj{"title": val("t")}})
	}
	c.call(200, "GET", "/k/v1/records.json?app=2&fields[0]=&fields[2]=title", nil)
	// A revision belongs to the id of the same index.
	c.call(409, "DELETE", "/k/v1/records.json?app=2&ids[0]=1&ids[1]=2&revisions[1]=9", nil)
	c.call(200, "PUT", "/k/v1/record.json", obj{"app": 2, "id": 1})
	c.call(200, "DELETE", "/k/v1/records.json?app=2&ids[0]=1&ids[1]=2&revisions[1]=1", nil)
	c.call(200, "DELETE", "/k/v1/records.json?app=2&"+url.QueryEscape("ids[0]")+"=3", nil)
}

func TestLongURLs(t *testing.T) {
	c := newClient(t, Options{})
	path := "/k/v1/records.json?app=2&x="
	c.call(200, "GET", path+strings.Repeat("a", maxURL-len(path)), nil)
	diff(t, "too long", "DOSSIER_URL_TOO_LONG", codeOf(c.call(414, "GET", path+strings.Repeat("a", maxURL-len(path)+1), nil)))
}
