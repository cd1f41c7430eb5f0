package kintone

import (
	"testing"

	"dossier/core/coretest"
)

func TestAppFromNothing(t *testing.T) {
	c := newClient(t, Options{})
	root := func(status int, method, path string, body any) map[string]any {
		t.Helper()
		r := c.request(method, path, body)
		r.Header.Set("X-Cybozu-Authorization", basic(coretest.Root, coretest.RootPassword))
		return c.expect(status, r)
	}
	app := root(200, "POST", "/k/v1/preview/app.json", obj{"name": "案件 Deals"})["app"]
	diff(t, "draft", "GAIA_AP01", codeOf(root(404, "GET", "/k/v1/app.json?id="+app.(string), nil)))
	root(200, "POST", "/k/v1/preview/app/form/fields.json", obj{"app": app, "properties": obj{
		"件名":  obj{"type": "SINGLE_LINE_TEXT", "code": "件名", "label": "Subject", "required": true, "unique": "true", "maxLength": "64"},
		"att": obj{"type": "FILE", "code": "att", "label": "Files"},
		"kind": obj{"type": "DROP_DOWN", "code": "kind", "label": "Kind", "defaultValue": "B",
			"options": obj{"A": obj{"label": "A", "index": "1"}, "B": obj{"label": "B", "index": "0"}}},
		"tbl": obj{"type": "SUBTABLE", "code": "tbl", "fields": obj{
			"rowatt": obj{"type": "FILE", "code": "rowatt", "label": "f"}}},
	}})
	root(400, "POST", "/k/v1/preview/app/form/fields.json", obj{"app": app, "properties": obj{"att": obj{"type": "NUMBER"}}})
	root(200, "PUT", "/k/v1/preview/app/form/layout.json", obj{"app": app, "layout": []obj{
		{"type": "SUBTABLE", "code": "tbl", "fields": []obj{{"type": "FILE", "code": "rowatt"}}},
		{"type": "ROW", "fields": []obj{{"type": "SINGLE_LINE_TEXT", "code": "件名"}, {"type": "LABEL", "label": "x"}, {"type": "FILE", "code": "att"}, {"type": "DROP_DOWN", "code": "kind"}}},
	}})
	root(200, "POST", "/k/v1/preview/app/deploy.json", obj{"apps": []obj{{"app": app}}})
	diff(t, "status", []any{obj{"app": app, "status": "SUCCESS"}}, root(200, "GET", "/k/v1/preview/app/deploy.json?apps%5B0%5D="+app.(string), nil)["apps"])
	fields := root(200, "GET", "/k/v1/app/form/fields.json?app="+app.(string), nil)["properties"].(obj)
	diff(t, "kind", obj{"type": "DROP_DOWN", "code": "kind", "label": "Kind", "noLabel": false, "required": false, "defaultValue": "B",
		"options": obj{"A": obj{"label": "A", "index": "1"}, "B": obj{"label": "B", "index": "0"}}}, fields["kind"])
	diff(t, "subject", obj{"type": "SINGLE_LINE_TEXT", "code": "件名", "label": "Subject", "noLabel": false, "required": true, "unique": true,
		"minLength": "", "maxLength": "64", "defaultValue": "", "expression": "", "hideExpression": false}, fields["件名"])
	key := c.upload("a.txt", "a")
	diff(t, "record", obj{"id": "1", "revision": "1"}, root(200, "POST", "/k/v1/record.json", obj{"app": app, "record": obj{"件名": val("x"),
		"att": files(key)}}))

	root(200, "DELETE", "/k/v1/preview/app/form/fields.json?app="+app.(string)+"&fields%5B0%5D=kind", nil)
	fields = root(200, "GET", "/k/v1/app/form/fields.json?app="+app.(string), nil)["properties"].(obj)
	if fields["kind"] == nil {
		t.Error("an undeployed change shows in the live form")
	}
	root(200, "POST", "/k/v1/preview/app/deploy.json", obj{"apps": []obj{{"app": app, "revision": -1}}})
	layout := root(200, "GET", "/k/v1/app/form/layout.json?app="+app.(string), nil)["layout"].([]any)
	diff(t, "layout", 2, len(layout))
	diff(t, "cells", 3, len(layout[1].(obj)["fields"].([]any)))
	diff(t, "apps", 4, len(root(200, "GET", "/k/v1/apps.json", nil)["apps"].([]any)))
	diff(t, "no token", "GAIA_NO01", codeOf(c.call(403, "GET", "/k/v1/apps.json", nil)))
}

func TestEditsSurviveARestart(t *testing.T) {
	c := newClient(t, Options{})
	c.call(200, "POST", "/k/v1/preview/app/form/fields.json", obj{"app": 2, "properties": obj{"extra": obj{"type": "NUMBER", "label": "Extra", "defaultValue": "1.50"}}})
	c.call(200, "PUT", "/k/v1/preview/app/form/fields.json", obj{"app": 2, "properties": obj{"extra": obj{"type": "NUMBER", "code": "more"}}})
	diff(t, "same code", "CB_VA01", codeOf(c.call(400, "POST", "/k/v1/preview/app/form/fields.json", obj{"app": 2, "properties": obj{"more": obj{"type": "DATE"}}})))
	diff(t, "no such field", "GAIA_FC01", codeOf(c.call(400, "DELETE", "/k/v1/preview/app/form/fields.json?app=2&fields=nope", nil)))
	diff(t, "stale", "GAIA_CO03", codeOf(c.call(409, "POST", "/k/v1/preview/app/form/fields.json", obj{"app": 2, "revision": 1,
		"properties": obj{"x": obj{"type": "DATE"}}})))
	other := &client{t, c.svc, newMux(c.svc)}
	if props := other.call(200, "GET", "/k/v1/preview/app/form/fields.json?app=2", nil)["properties"].(obj); props["more"] == nil {
		t.Error("the edit is gone")
	}
	if props := other.call(200, "GET", "/k/v1/app/form/fields.json?app=2", nil)["properties"].(obj); props["more"] != nil {
		t.Error("the edit shows before the deployment")
	}
	other.call(200, "POST", "/k/v1/preview/app/deploy.json", obj{"apps": []obj{{"app": 2}}})
	c.call(200, "POST", "/k/v1/record.json", obj{"app": 2, "record": obj{"title": val("t")}})
	diff(t, "default", any("1.50"), c.values(2, 1)["more"])
}
