package kintone

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"dossier"
	"dossier/access"
	"dossier/core"
	"dossier/core/coretest"
)

// as asks with the password of somebody instead of the token.
func (c *client) as(login, password, method, path string, body any) obj {
	c.t.Helper()
	r := c.request(method, path, body)
	r.Header.Set("X-Cybozu-Authorization", basic(login, password))
	return c.expect(200, r)
}

// code is the code of the user that a cell of a record shows, or of the first of them.
func userCode(t *testing.T, record any, cell string) string {
	t.Helper()
	value := record.(obj)[cell].(obj)["value"]
	if list, ok := value.([]any); ok {
		value = list[0]
	}
	return value.(obj)["code"].(string)
}

// TestLoginsAreShownToThoseWhoMaySeeThem has one member write a record that names both, and everybody look at it.
func TestLoginsAreShownToThoseWhoMaySeeThem(t *testing.T) {
	c := newClient(t, Options{})
	reports, _ := c.svc.Space().Collection("reports")
	next := *reports
	next.Fields = append(next.Fields[:len(next.Fields):len(next.Fields)], &dossier.Field{Name: "who", Type: dossier.TypeUser, MaxSelect: 5})
	if _, err := c.svc.PutCollection(context.Background(), access.System(), &next); err != nil {
		t.Fatal(err)
	}
	one := coretest.SignIn(t, c.svc, coretest.Member1, coretest.Member1Password)
	two := coretest.SignIn(t, c.svc, coretest.Member2, coretest.Member2Password)
	asOne := func(method, path string, body any) obj {
		return c.as(coretest.Member1, coretest.Member1Password, method, path, body)
	}
	asTwo := func(method, path string, body any) obj {
		return c.as(coretest.Member2, coretest.Member2Password, method, path, body)
	}
	codes := func(list ...string) obj {
		var users []obj
		for _, code := range list {
			users = append(users, obj{"code": code})
		}
		return obj{"value": users}
	}
	asOne("POST", "/k/v1/record.json", obj{"app": 2, "record": obj{"title": val("t"), "who": codes(coretest.Member1)}})
	asOne("POST", "/k/v1/record/comment.json", obj{"app": 2, "record": 1, "comment": obj{"text": "c", "mentions": []obj{{"code": coretest.Member1, "type": "USER"}}}})
	const get = "/k/v1/record.json?app=2&id=1"
	count := func(ask func(string, string, any) obj, query string) int {
		t.Helper()
		return len(ask("GET", "/k/v1/records.json?app=2&query="+url.QueryEscape(query), nil)["records"].([]any))
	}
	asToken := func(method, path string, body any) obj { return c.call(200, method, path, body) }
	look := func(name string, ask func(string, string, any) obj, want string, byEmail int) {
		t.Helper()
		record := ask("GET", get, nil)["record"]
		for _, cell := range []string{"Created_by", "Updated_by", "who"} {
			diff(t, name+": "+cell, want, userCode(t, record, cell))
		}
		comment := ask("GET", "/k/v1/record/comments.json?app=2&record=1", nil)["comments"].([]any)[0].(obj)
		diff(t, name+": creator of the comment", want, comment["creator"].(obj)["code"].(string))
		diff(t, name+": mentioned", want, comment["mentions"].([]any)[0].(obj)["code"].(string))
		for _, query := range []string{`who in ("Member1@example.com")`, `Created_by in ("member1@example.com")`, `Updated_by in ("member1@example.com", "nobody@example.com")`} {
			diff(t, name+": "+query, byEmail, count(ask, query))
		}
	}
	hidden := string(one.ID)
	look("a token", asToken, coretest.Member1, 1)
	look("the one", asOne, coretest.Member1, 1)
	look("another", asTwo, hidden, 0)
	look("a superuser", func(method, path string, body any) obj {
		return c.as(coretest.Root, coretest.RootPassword, method, path, body)
	}, coretest.Member1, 1)
	for _, query := range []string{`who in ("` + hidden + `")`, `Created_by in ("` + hidden + `")`} {
		diff(t, query, 1, count(asTwo, query))
	}
	diff(t, "not by email", 1, count(asTwo, `who not in ("member1@example.com")`))

	asTwo("PUT", "/k/v1/record.json", obj{"app": 2, "id": 1, "record": obj{"who": codes(hidden, coretest.Member2)}})
	record := asToken("GET", get, nil)["record"]
	diff(t, "written by the ID", coretest.Member1, userCode(t, record, "who"))
	diff(t, "changed by", coretest.Member2, userCode(t, record, "Updated_by"))
	asTwo("POST", "/k/v1/record/comment.json", obj{"app": 2, "record": 1, "comment": obj{"text": "d", "mentions": []obj{{"code": hidden, "type": "USER"}}}})
	comment := asToken("GET", "/k/v1/record/comments.json?app=2&record=1", nil)["comments"].([]any)[0].(obj)
	diff(t, "mentioned by the ID", coretest.Member1, comment["mentions"].([]any)[0].(obj)["code"].(string))

	yes := true
	if _, err := c.svc.UpdateRecord(context.Background(), access.System(), one.Collection, core.ByID(one.ID),
		core.Update{Edit: core.Put(core.Change{Account: &core.AccountChange{EmailVisible: &yes}})}); err != nil {
		t.Fatal(err)
	}
	diff(t, "one who shows the email", coretest.Member1, userCode(t, asTwo("GET", get, nil)["record"], "Created_by"))
	if err := c.svc.DeleteRecord(context.Background(), access.System(), one.Collection, core.ByID(one.ID), 0); err != nil {
		t.Fatal(err)
	}
	for who, want := range map[string]string{"a token": coretest.Member1, "another": nobody.Code} {
		ask := map[string]func(string, string, any) obj{"a token": asToken, "another": asTwo}[who]
		diff(t, who+" sees one who is gone", want, userCode(t, ask("GET", get, nil)["record"], "Created_by"))
	}
	r := c.request("GET", get, nil)
	r.Header.Set("X-Cybozu-Authorization", basic(coretest.Member2, coretest.Member2Password))
	if body := c.send(r).body; strings.Contains(body, coretest.Member1) || !strings.Contains(body, two.Login) {
		t.Errorf("another sees %s", body)
	}
}
