package pocketbase

import (
	"testing"

	"dossier/core/coretest"
)

// TestManagersChangeAccounts lets everybody of the name "Member One" manage the users.
func TestManagersChangeAccounts(t *testing.T) {
	b := newBench(t)
	root := b.root()
	signedIn := "@request.auth.id != ''"
	b.do(call{method: "PATCH", path: "/api/collections/users", token: root,
		body: map[string]any{"manageRule": "@request.auth.name = 'Member One'", "updateRule": signedIn, "viewRule": signedIn}}).ok()
	manager, own := b.member()
	stranger, other := b.signIn("users", coretest.Member2, coretest.Member2Password)
	path := func(r map[string]any) string { return "/api/collections/users/records/" + r["id"].(string) }

	if r := b.do(call{method: "GET", path: path(own), token: stranger}).ok(); r["email"] != nil {
		t.Errorf("a stranger sees the email of %v", r)
	}
	if r := b.do(call{method: "GET", path: path(other), token: manager}).ok(); r["email"] != coretest.Member2 {
		t.Errorf("the manager does not see the email of %v", r)
	}
	b.do(call{method: "PATCH", path: path(own), token: stranger, body: `{"verified": false}`}).fails(400, "Failed to update record.")
	b.do(call{method: "PATCH", path: path(own), token: stranger, body: `{"password": "new-password-1", "passwordConfirm": "new-password-1"}`}).
		fails(400, "Failed to update record.")
	changed := b.do(call{method: "PATCH", path: path(other), token: manager,
		body: `{"email": "other@example.com", "verified": false, "password": "new-password-1", "passwordConfirm": "new-password-1"}`}).ok()
	if changed["email"] != "other@example.com" || changed["verified"] != false {
		t.Errorf("the manager changed it to %v", changed)
	}
	b.signIn("users", "other@example.com", "new-password-1")
	made := b.do(call{method: "POST", path: "/api/collections/users/records", token: manager,
		body: `{"email": "made@example.com", "verified": true, "password": "new-password-2", "passwordConfirm": "new-password-2"}`}).ok()
	if made["verified"] != true {
		t.Errorf("the manager made %v", made)
	}
	b.do(call{method: "POST", path: "/api/collections/users/records",
		body: `{"email": "guest@example.com", "verified": true, "password": "new-password-3", "passwordConfirm": "new-password-3"}`}).
		fails(400, "Failed to create record.")
	b.do(call{method: "PATCH", path: "/api/collections/users", token: root, body: map[string]any{"manageRule": nil}}).ok()
	b.do(call{method: "PATCH", path: path(other), token: manager, body: `{"verified": true}`}).fails(400, "Failed to update record.")
}
