package pocketbase

import (
	"testing"

	"dossier"
	"dossier/core/coretest"
)

const otps = collections + "/_otps"

// rows are the IDs of the codes that the holder of token is told of.
func (o *otpBench) rows(token string) []string {
	o.t.Helper()
	var ids []string
	for _, item := range o.do(call{method: "GET", path: otps + "/records", token: token}).ok()["items"].([]any) {
		ids = append(ids, item.(map[string]any)["id"].(string))
	}
	return ids
}

// remove removes what stands at path, as a superuser.
func (o *otpBench) remove(path string) {
	o.t.Helper()
	if a := o.do(call{method: "DELETE", path: path, token: o.root}); a.status != 204 {
		o.t.Fatalf("status %d: %s", a.status, a.body)
	}
}

func TestCodesThatHoldAreTold(t *testing.T) {
	o := newOTPBench(t)
	o.ask("nobody@example.com")
	first, digits := o.code(coretest.Member1)
	second, _ := o.code(coretest.Member1)
	o.clk.add(seconds(1))
	third, _ := o.code(coretest.Member2)
	token, _ := o.signIn("users", coretest.Member2, coretest.Member2Password)
	if got := o.rows(o.root); len(got) != 3 || got[2] != third {
		t.Errorf("a superuser is told of %v, not of %s, %s and %s", got, first, second, third)
	}
	if got := o.rows(token); len(got) != 1 || got[0] != third {
		t.Errorf("a user is told of %v", got)
	}
	if got := o.rows(""); got != nil {
		t.Errorf("a guest is told of %v", got)
	}
	o.enter(first, digits).ok()
	if got := o.rows(o.root); len(got) != 2 || got[0] != second {
		t.Errorf("after one is entered they are %v", got)
	}
	o.do(call{method: "DELETE", path: otps + "/records/" + second, token: token}).fails(403, "Only superusers can perform this action.")
	o.remove(otps + "/records/" + second)
	o.enter(second, digits).fails(400, badCode)
	o.clk.add(seconds(180))
	if got := o.rows(o.root); got != nil {
		t.Errorf("when all have ended they are %v", got)
	}
}

func TestCodesAreNotToldAfterAChangeOfPassword(t *testing.T) {
	o := newOTPBench(t)
	o.code(coretest.Member1)
	if got := o.rows(o.root); len(got) != 1 {
		t.Fatalf("got %v", got)
	}
	me := o.do(call{method: "GET", path: users + "records?filter=email='" + coretest.Member1 + "'", token: o.root}).ok()["items"].([]any)[0].(map[string]any)["id"].(string)
	o.do(call{method: "PATCH", path: users + "records/" + me, token: o.root, body: `{"password": "another-1", "passwordConfirm": "another-1"}`}).ok()
	if got := o.rows(o.root); got != nil {
		t.Errorf("after a change of the password they are %v", got)
	}
	o.code(coretest.Member2)
	other := o.do(call{method: "GET", path: users + "records?filter=email='" + coretest.Member2 + "'", token: o.root}).ok()["items"].([]any)[0].(map[string]any)["id"].(string)
	o.remove(users + "records/" + other)
	if got := o.rows(o.root); got != nil {
		t.Errorf("after the account is gone they are %v", got)
	}
}

// TestATableThatSomebodyMadeIsTheirs: older builds took an import for its word.
func TestATableThatSomebodyMadeIsTheirs(t *testing.T) {
	made := &dossier.Collection{ID: "pbc_1638494021", Name: "_otps"}
	space := &dossier.Space{Collections: []*dossier.Collection{made}}
	if c, ok := findAny(space, "_OTPS"); !ok || c != made {
		t.Errorf("found %v", c)
	}
	if _, ok := findTable(space, "_mfas"); !ok {
		t.Error("the others are gone")
	}
	names := map[string]int{}
	for _, c := range listed(space) {
		names[c.Name]++
	}
	if names["_otps"] != 1 || len(names) != len(systemTables) {
		t.Errorf("listed are %v", names)
	}
}
