package kintone

import (
	"fmt"
	"testing"

	"dossier/core/coretest"
)

func TestComments(t *testing.T) {
	c := newClient(t, Options{})
	c.call(200, "POST", "/k/v1/record.json", obj{"app": 2, "record": obj{"title": val("t")}})
	list := func(query string) (ids []string, body map[string]any) {
		t.Helper()
		body = c.call(200, "GET", "/k/v1/record/comments.json?app=2&record=1"+query, nil)
		for _, comment := range body["comments"].([]any) {
			ids = append(ids, comment.(obj)["id"].(string))
		}
		return ids, body
	}
	_, empty := list("")
	diff(t, "none yet", obj{"comments": []any{}, "older": false, "newer": false}, empty)
	c.call(400, "DELETE", "/k/v1/record/comment.json?app=2&record=1&comment=1", nil)
	for i := range 3 {
		body := obj{"app": 2, "record": 1, "comment": obj{"text": fmt.Sprint("c", i), "mentions": []obj{{"code": coretest.Member1, "type": "USER"}}}}
		diff(t, "id", any(fmt.Sprint(i+1)), c.call(200, "POST", "/k/v1/record/comment.json", body)["id"])
	}
	ids, body := list("&limit=2")
	diff(t, "newest first", []string{"3", "2"}, ids)
	diff(t, "older", any(true), body["older"])
	first := body["comments"].([]any)[0].(obj)
	diff(t, "text", any("c2"), first["text"])
	diff(t, "creator", any(obj{"code": "Administrator", "name": "Administrator"}), first["creator"])
	diff(t, "mentions", any([]any{obj{"code": coretest.Member1, "type": "USER"}}), first["mentions"])
	ids, body = list("&order=asc&offset=1")
	diff(t, "oldest first", []string{"2", "3"}, ids)
	diff(t, "older of ascending", any(true), body["older"])

	foreign := c.request("DELETE", "/k/v1/record/comment.json?app=2&record=1&comment=2", nil)
	foreign.Header.Set("X-Cybozu-Authorization", basic(coretest.Member1, coretest.Member1Password))
	diff(t, "somebody else's", "CB_NO02", codeOf(c.expect(403, foreign)))
	c.call(200, "DELETE", "/k/v1/record/comment.json?app=2&record=1&comment=2", nil)
	diff(t, "deleted", "GAIA_RE02", codeOf(c.call(400, "DELETE", "/k/v1/record/comment.json?app=2&record=1&comment=2", nil)))
	for _, comment := range []any{nil, obj{}, obj{"text": "x", "mentions": []obj{{"code": "nobody", "type": "USER"}}}, obj{"text": "x", "mentions": []obj{{"code": "g", "type": "GROUP"}}}} {
		diff(t, "refused", "CB_VA01", codeOf(c.call(400, "POST", "/k/v1/record/comment.json", obj{"app": 2, "record": 1, "comment": comment})))
	}
	c.call(404, "GET", "/k/v1/record/comments.json?app=2&record=9", nil)
	diff(t, "apps", 3, len(c.asRoot(200, "GET", "/k/v1/apps.json", nil)["apps"].([]any)))
}
