package core_test

import (
	"fmt"
	"testing"
	"time"

	"dossier"
	"dossier/access"
	"dossier/core"
)

// trier signs in to h as somebody from some address.
func trier(t *testing.T, h *house) func(remote, login, password string, want dossier.Kind) {
	return func(remote, login, password string, want dossier.Kind) {
		t.Helper()
		_, err := h.SignIn(ctx(), access.GuestOf(access.Request{Remote: remote}), "users", login, password)
		kind(t, fmt.Sprintf("%s as %s with %s", remote, login, password), err, want)
	}
}

const homeAddress, strangeAddress, newAddress = "192.0.2.1", "198.51.100.1", "203.0.113.1"

func TestStrangersDoNotKeepTheOwnerOut(t *testing.T) {
	t.Parallel()
	h, _, _ := crew(t, "email", "nick")
	try := trier(t, h)
	try(homeAddress, "ann@example.com", "right", "")
	for range 5 {
		try(strangeAddress, "ann@example.com", "wrong", dossier.Unauthenticated)
		try("198.51.100.2", "ann@example.com", "wrong", dossier.Unauthenticated) // ten of all strangers, not of each
	}
	try(strangeAddress, "ann@example.com", "right", dossier.Busy)
	try(newAddress, "ann@example.com", "right", dossier.Busy)
	try(newAddress, "Ann", "right", dossier.Unauthenticated) // by the other login, which nobody is told
	try(homeAddress, "ann@example.com", "right", "")
	try(homeAddress, "Ann", "right", "")
	try(newAddress, "ann@example.com", "right", dossier.Busy) // who comes home gives nobody more guesses
}

func TestGuessesFromAHomeAreBounded(t *testing.T) {
	t.Parallel()
	h, ann, _ := crew(t, "email", "nick")
	try := trier(t, h)
	try(homeAddress, "ann@example.com", "right", "")
	for range 9 {
		try(homeAddress, "ann@example.com", "wrong", dossier.Unauthenticated)
	}
	try(homeAddress, "ann@example.com", "right", "") // forgives them
	for range 10 {
		try(homeAddress, "ann@example.com", "wrong", dossier.Unauthenticated)
	}
	try(homeAddress, "ann@example.com", "right", dossier.Busy)
	try(homeAddress, "Ann", "right", dossier.Unauthenticated)
	asker := access.GuestOf(access.Request{Remote: homeAddress})
	kind(t, "the own password", h.ProvePassword(ctx(), asker, h.collection("users"), ann, "right"), dossier.Busy)
	try(newAddress, "ann@example.com", "right", "") // they were nobody else's
	h.clock.Add(time.Minute)
	try(homeAddress, "ann@example.com", "right", "")
}

// TestAHomeIsOfOneAccount has a stranger with the owner's email in another collection.
func TestAHomeIsOfOneAccount(t *testing.T) {
	t.Parallel()
	name := []*dossier.Field{{Name: "name", Type: dossier.TypeText}}
	h := newHouse(t, []*dossier.Collection{{Name: "users", Kind: dossier.Auth, Rules: rules(""), Fields: name}, {Name: "guests", Kind: dossier.Auth, Rules: rules(""), Fields: name}})
	h.account("users", "ann@example.com", "right")
	h.account("guests", "ann@example.com", "own")
	try := func(remote, password string, want dossier.Kind) access.Principal {
		t.Helper()
		who, err := h.SignIn(ctx(), access.GuestOf(access.Request{Remote: remote}), "", "ann@example.com", password)
		kind(t, remote+" with "+password, err, want)
		return who
	}
	try(strangeAddress, "own", "")
	for range 10 {
		try(newAddress, "wrong", dossier.Unauthenticated)
	}
	try(newAddress, "right", dossier.Busy)
	try(strangeAddress, "right", dossier.Unauthenticated) // of the two only the stranger's own is open there
	if who := try(strangeAddress, "own", ""); who.Collection == nil || who.Collection.Name != "guests" {
		t.Errorf("signed in as %v", who.Collection)
	}
}

func TestAHomeEndsWithThePassword(t *testing.T) {
	t.Parallel()
	h, ann, _ := crew(t, "email")
	try := trier(t, h)
	try(homeAddress, "ann@example.com", "right", "")
	h.must(h.change(system, "users", ann.ID, core.AccountChange{Password: ptr("another")}))
	for range 10 {
		try(newAddress, "ann@example.com", "wrong", dossier.Unauthenticated)
	}
	try(homeAddress, "ann@example.com", "another", dossier.Busy)
}

func TestHomesAreForgotten(t *testing.T) {
	t.Parallel()
	h, _, _ := crew(t, "email")
	try := trier(t, h)
	try(homeAddress, "ann@example.com", "right", "")
	h.clock.Add(30 * 24 * time.Hour)
	for range 10 {
		try(newAddress, "ann@example.com", "wrong", dossier.Unauthenticated)
	}
	try(homeAddress, "ann@example.com", "right", dossier.Busy)
}
