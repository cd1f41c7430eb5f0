package kintone

import (
	"strings"
	"testing"

	"dossier"
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

// The built-in fields have other codes and labels where an app has named them so, in forms, records and queries.
func TestBuiltinFieldsAreRenamed(t *testing.T) {
	c := newClient(t, Options{})
	app := c.asRoot(200, "POST", "/k/v1/preview/app.json", obj{"name": "Deals"})["app"].(string)
	form := "/k/v1/preview/app/form/fields.json"
	c.asRoot(200, "POST", form, obj{"app": app, "properties": obj{"memo": obj{"type": "SINGLE_LINE_TEXT", "code": "memo", "label": "Memo"}}})
	rename := func(status int, code string, property obj) map[string]any {
		t.Helper()
		return c.asRoot(status, "PUT", form, obj{"app": app, "properties": obj{code: property}})
	}
	rename(200, "Created_by", obj{"type": "CREATOR", "code": "作成者", "label": "Author", "noLabel": true})
	rename(200, "Record_number", obj{"label": "No."})
	taken := any(obj{"properties[Updated_by].code": obj{"messages": []any{"The code is in use."}}})
	for _, code := range []string{"memo", "作成者", "$id"} {
		diff(t, code, taken, rename(400, "Updated_by", obj{"code": code})["errors"])
	}
	rename(400, "memo", obj{"code": "Updated_by"})
	rename(400, "Updated_by", obj{"type": "CREATOR"})
	diff(t, "the old code", "GAIA_FC01", codeOf(rename(400, "Created_by", obj{"label": "x"})))
	c.asRoot(200, "POST", "/k/v1/preview/app/deploy.json", obj{"apps": []obj{{"app": app}}})

	fields := c.asRoot(200, "GET", "/k/v1/app/form/fields.json?app="+app, nil)["properties"].(obj)
	diff(t, "creator", any(obj{"type": "CREATOR", "code": "作成者", "label": "Author", "noLabel": true}), fields["作成者"])
	diff(t, "number", any(obj{"type": "RECORD_NUMBER", "code": "Record_number", "label": "No.", "noLabel": false}), fields["Record_number"])
	c.asRoot(200, "POST", "/k/v1/record.json", obj{"app": app, "record": obj{"作成者": val(obj{"code": coretest.Member1})}})
	query := c.request("POST", "/k/v1/records.json", obj{"app": app, "query": `作成者 in ("` + coretest.Member1 + `") order by 作成者`, "fields": []string{"作成者"}})
	query.Header.Set("X-HTTP-Method-Override", "GET")
	query.Header.Set("X-Cybozu-Authorization", basic(coretest.Root, coretest.RootPassword))
	diff(t, "record", []any{obj{"作成者": obj{"type": "CREATOR", "value": obj{"code": coretest.Member1, "name": "Member One"}}}}, c.expect(200, query)["records"])
}

// The default of a select follows its option to a new name, and goes with it.
func TestDefaultsOfRenamedOptions(t *testing.T) {
	c := newClient(t, Options{})
	app := c.asRoot(200, "POST", "/k/v1/preview/app.json", obj{"name": "Deals"})["app"].(string)
	form, option := "/k/v1/preview/app/form/fields.json", func(label, index string) obj { return obj{"label": label, "index": index} }
	c.asRoot(200, "POST", form, obj{"app": app, "properties": obj{
		"kind": obj{"type": "DROP_DOWN", "code": "kind", "label": "k", "defaultValue": "B", "options": obj{"A": option("A", "0"), "B": option("B", "1")}},
		"tags": obj{"type": "CHECK_BOX", "code": "tags", "label": "t", "defaultValue": []string{"A", "B"}, "options": obj{"A": option("A", "0"), "B": option("B", "1")}},
		"tbl":  obj{"type": "SUBTABLE", "code": "tbl", "label": "T", "fields": obj{"x": obj{"type": "NUMBER", "code": "x", "label": "x"}}}}})
	c.asRoot(200, "PUT", form, obj{"app": app, "properties": obj{
		"kind": obj{"options": obj{"A": option("A", "0"), "B": option("Bee", "1")}}, "tags": obj{"options": obj{"B": option("Bee", "0")}}}})
	c.asRoot(200, "POST", "/k/v1/preview/app/deploy.json", obj{"apps": []obj{{"app": app}}})
	c.asRoot(200, "POST", "/k/v1/record.json", obj{"app": app})
	got := c.asRoot(200, "GET", "/k/v1/record.json?app="+app+"&id=1", nil)["record"].(obj)
	diff(t, "kind", any("Bee"), got["kind"].(obj)["value"])
	diff(t, "tags", any([]any{"Bee"}), got["tags"].(obj)["value"])
	fields := c.asRoot(200, "GET", "/k/v1/app/form/fields.json?app="+app, nil)["properties"].(obj)
	diff(t, "a table is not labelled", any(true), fields["tbl"].(obj)["noLabel"])
}

func TestFieldCodes(t *testing.T) {
	c := newClient(t, Options{})
	app := c.asRoot(200, "POST", "/k/v1/preview/app.json", obj{"name": "Codes"})["app"].(string)
	wrong := any(obj{"messages": []any{"A code has 1 to 128 letters, digits, _, $ and full-width signs."}})
	add := func(status int, code string) map[string]any {
		t.Helper()
		return c.asRoot(status, "POST", "/k/v1/preview/app/form/fields.json", obj{"app": app, "properties": obj{
			code: obj{"type": "NUMBER", "code": code, "label": "n"}}})
	}
	for _, code := range []string{"a", "数値", "￥_$1", "ﾊﾝｶｸ", "ａ＋ｂ・ー", "が", strings.Repeat("x", 128)} {
		add(200, code)
	}
	for _, code := range []string{"", "a b", "a\u3000b", "a=b", `a"`, "a,b", "a(b)", "a.b", "a\tb", strings.Repeat("x", 129)} {
		diff(t, code, wrong, add(400, code)["errors"].(obj)["properties["+code+"].code"])
	}
	got := c.asRoot(400, "PUT", "/k/v1/preview/app/form/fields.json", obj{"app": app, "properties": obj{
		"a": obj{"code": "a b"}, "Updated_by": obj{"code": "x y"}}})["errors"].(obj)
	diff(t, "renamed", any(obj{"properties[a].code": wrong, "properties[Updated_by].code": wrong}), any(got))
}

func TestEveryFieldTypeAppears(t *testing.T) {
	for _, ft := range dossier.FieldTypes {
		f := &dossier.Field{Type: ft}
		if shown := typeOf(f); (shown == "") != f.IsSecret() {
			t.Errorf("a field of type %s appears as %q", ft, shown)
		}
	}
}
