package kintone

import (
	"context"
	"net/http"
	"testing"

	"dossier/access"
	"dossier/core"
	"dossier/core/coretest"
)

func TestSessionToken(t *testing.T) {
	var who access.Principal
	c := newClient(t, Options{Session: func(r *http.Request) (access.Principal, string, bool) {
		cookie, err := r.Cookie("dossier_session")
		return who, "secret-token", err == nil && cookie.Value == "s"
	}})
	who = coretest.SignIn(t, c.svc, coretest.Member1, coretest.Member1Password)
	asSession := func(r *http.Request) *http.Request {
		r.Header.Del("X-Cybozu-API-Token")
		r.AddCookie(&http.Cookie{Name: "dossier_session", Value: "s"})
		r.Header.Set("X-Requested-With", "XMLHttpRequest")
		return r
	}
	record := obj{"app": 2, "record": obj{"title": val("t")}}
	diff(t, "forged", "CB_CS01", codeOf(c.expect(403, asSession(c.request("POST", "/k/v1/record.json", record)))))
	record[requestTokenKey] = "secret-token"
	c.expect(200, asSession(c.request("POST", "/k/v1/record.json", record)))
	c.expect(200, asSession(c.request("GET", "/k/v1/record.json?app=2&id=1", nil)))
	bare := asSession(c.request("GET", "/k/v1/record.json?app=2&id=1", nil))
	bare.Header.Del("X-Requested-With")
	diff(t, "no header", "CB_JH01", codeOf(c.expect(400, bare)))

	file := [3]string{"file", "a.txt", "a"}
	diff(t, "upload without token", "CB_CS01", codeOf(c.expect(403, asSession(c.uploadRequest(file)))))
	diff(t, "upload with a wrong token", "CB_CS01", codeOf(c.expect(403, asSession(c.uploadRequest(file, [3]string{requestTokenKey, "", "x"})))))
	c.expect(200, asSession(c.uploadRequest(file, [3]string{requestTokenKey, "", "secret-token"})))
	c.expect(200, asSession(c.request("DELETE", "/k/v1/records.json?app=2&ids%5B0%5D=1&"+requestTokenKey+"=secret-token", nil)))
}

func TestPasswordProofEndsWithPassword(t *testing.T) {
	c := newClient(t, Options{})
	get := func(status int) {
		t.Helper()
		r := c.request("GET", "/k/v1/records.json?app=2", nil)
		r.Header.Set("X-Cybozu-Authorization", basic(coretest.Member1, coretest.Member1Password))
		c.expect(status, r)
	}
	get(200)
	get(200)
	who := coretest.SignIn(t, c.svc, coretest.Member1, coretest.Member1Password)
	fresh := "another-password-1"
	_, err := c.svc.UpdateRecord(context.Background(), access.System(), who.Collection, core.ByID(who.ID), core.Update{
		Password: &fresh, Edit: core.Put(core.Change{Account: &core.AccountChange{Password: &fresh}}),
	})
	if err != nil {
		t.Fatal(err)
	}
	get(401)
}

func TestBasicGate(t *testing.T) {
	c := newClient(t, Options{BasicUser: "gate", BasicPassword: "open"})
	got := c.send(c.request("GET", "/k/v1/records.json?app=2", nil))
	diff(t, "status", 401, got.status)
	diff(t, "challenge", `Basic realm="dossier", charset="UTF-8"`, got.header.Get("WWW-Authenticate"))
	r := c.request("GET", "/k/v1/records.json?app=2", nil)
	r.SetBasicAuth("gate", "open")
	c.expect(200, r)
}
