package pocketbase

import (
	"flag"
	"strings"
	"testing"
	"time"

	"dossier"
	"dossier/access"
	"dossier/query"
	"dossier/query/querytest"
)

var update = flag.Bool("update", false, "rewrite the goldens in testdata")

var queryNow = time.Date(2026, 11, 21, 8, 10, 23, 725e6, time.UTC)

// querySpace has a field of every type, relations of every kind between docs, cats and people, and two auth collections.
func querySpace() *dossier.Space {
	rule := func(s string) *string { return &s }
	open := dossier.Rules{List: rule("")}
	docs := &dossier.Collection{ID: "c_docs", Number: 1, Name: "docs", Kind: dossier.Base, Rules: open, Fields: []*dossier.Field{
		{Name: "title", Type: dossier.TypeText},
		{Name: "body", Type: dossier.TypeRichText},
		{Name: "n", Type: dossier.TypeNumber},
		{Name: "stars", Type: dossier.TypeRating},
		{Name: "done", Type: dossier.TypeBool},
		{Name: "due", Type: dossier.TypeDate},
		{Name: "seen", Type: dossier.TypeDateTime},
		{Name: "at", Type: dossier.TypeTime},
		{Name: "status", Type: dossier.TypeSelect, Options: []string{"new", "old"}},
		{Name: "tags", Type: dossier.TypeSelect, Options: []string{"a", "b", "c"}, MaxSelect: 3},
		{Name: "mail", Type: dossier.TypeEmail},
		{Name: "scan", Type: dossier.TypeFile, MaxSelect: 1},
		{Name: "papers", Type: dossier.TypeFile, MaxSelect: 5},
		{Name: "cat", Type: dossier.TypeRelation, Collection: "c_cats"},
		{Name: "cats", Type: dossier.TypeRelation, Collection: "c_cats", MaxSelect: 5},
		{Name: "owner", Type: dossier.TypeUser, Collection: "c_users"},
		{Name: "vault", Type: dossier.TypeRelation, Collection: "c_vaults"},
		{Name: "lines", Type: dossier.TypeTable, Fields: []*dossier.Field{{Name: "item", Type: dossier.TypeText}}},
		{Name: "data", Type: dossier.TypeJSON},
		{Name: "secret", Type: dossier.TypeText, Hidden: true},
	}}
	cats := &dossier.Collection{ID: "c_cats", Number: 2, Name: "cats", Kind: dossier.Base, Rules: open, Fields: []*dossier.Field{
		{Name: "name", Type: dossier.TypeText},
		{Name: "size", Type: dossier.TypeNumber},
		{Name: "friend", Type: dossier.TypeRelation, Collection: "c_cats"},
		{Name: "toys", Type: dossier.TypeRelation, Collection: "c_toys", MaxSelect: 9},
	}}
	toys := &dossier.Collection{ID: "c_toys", Number: 3, Name: "toys", Kind: dossier.Base, Rules: dossier.Rules{List: rule("public = true")},
		Fields: []*dossier.Field{{Name: "name", Type: dossier.TypeText}, {Name: "public", Type: dossier.TypeBool}}}
	users := &dossier.Collection{ID: "c_users", Number: 4, Name: "users", Kind: dossier.Auth, Rules: dossier.Rules{List: rule("id = @request.auth.id")},
		Fields: []*dossier.Field{
			{Name: "name", Type: dossier.TypeText},
			{Name: "level", Type: dossier.TypeNumber},
			{Name: "roles", Type: dossier.TypeSelect, Options: []string{"admin", "editor"}, MaxSelect: 2},
			{Name: "team", Type: dossier.TypeRelation, Collection: "c_cats", MaxSelect: 9},
			{Name: "home", Type: dossier.TypeRelation, Collection: "c_cats"},
			{Name: "meta", Type: dossier.TypeJSON},
		}}
	vaults := &dossier.Collection{ID: "c_vaults", Number: 5, Name: "vaults", Kind: dossier.Base,
		Fields: []*dossier.Field{{Name: "code", Type: dossier.TypeText}}}
	notes := &dossier.Collection{ID: "c_notes", Number: 6, Name: "notes", Kind: dossier.Base, Rules: open, Fields: []*dossier.Field{
		{Name: "data", Type: dossier.TypeJSON}, {Name: "title", Type: dossier.TypeText}, {Name: "n", Type: dossier.TypeNumber}}}
	boxes := &dossier.Collection{ID: "c_boxes", Number: 7, Name: "boxes", Kind: dossier.Base, Rules: open, Fields: []*dossier.Field{
		{Name: "notes", Type: dossier.TypeRelation, Collection: "c_notes", MaxSelect: 9}, {Name: "note", Type: dossier.TypeRelation, Collection: "c_notes"}}}
	return &dossier.Space{Version: 1, Collections: []*dossier.Collection{docs, cats, toys, users, vaults, notes, boxes}}
}

func queryCollection(space *dossier.Space, name string) *dossier.Collection {
	c, ok := space.Collection(name)
	if !ok {
		panic("no collection " + name)
	}
	return c
}

// queryUser is a user with a value for everything that rules look at.
func queryUser(space *dossier.Space) access.Principal {
	p := access.User(queryCollection(space, "users"), &dossier.Record{
		ID: "user00000000001", Number: 1, Created: queryNow, Updated: queryNow,
		Account: &dossier.Account{Email: "u@example.com", Verified: true},
		Values: map[string]dossier.Value{
			"name": dossier.Text("Ann"), "level": dossier.Number("3"), "roles": dossier.List{"admin"},
			"team": dossier.List{"cat000000000001", "cat000000000002"}, "home": dossier.Text("cat000000000001"),
			"meta": dossier.JSON(`{"a":{"b":[1,"x"]}}`),
		},
	})
	p.Request = access.Request{Method: "GET", Query: map[string]string{"page": "2"}, Headers: map[string]string{"x_token": "Abc"}}
	return p
}

func superuser() access.Principal { return access.Principal{Kind: access.KindSuperuser} }

// lowered is the tree of text: "filter" for a guest's or a superuser's filter, "rule" for a rule that a user is asked.
func lowered(space *dossier.Space, mode, text string) (query.Filter, error) {
	docs := queryCollection(space, "docs")
	g := NewLanguage(func() time.Time { return queryNow })
	switch mode {
	case "guest":
		return parseFilter(space, docs, text, access.Guest(), queryNow)
	case "superuser":
		return parseFilter(space, docs, text, superuser(), queryNow)
	case "user":
		return g.Rule(space, docs, text, access.Question{Principal: queryUser(space), Action: access.List})
	case "nobody":
		return g.Rule(space, docs, text, access.Question{Principal: access.Guest(), Action: access.List})
	case "users":
		return parseFilter(space, queryCollection(space, "users"), text, access.Guest(), queryNow)
	case "update":
		return g.Rule(space, docs, text, queryWrite(space))
	}
	panic("unknown mode " + mode)
}

// queryWrite is the question of a user who changes a record.
func queryWrite(space *dossier.Space) access.Question {
	return access.Question{
		Principal: queryUser(space), Action: access.Update,
		Body: map[string]dossier.Value{"title": dossier.Text("New"), "n": nil, "tags": dossier.List{"a", "b"}, "cat": dossier.Text("cat000000000002"),
			"scan": dossier.Files{{ID: "new", Slug: "a_0123456789.txt", Name: "A.txt", Size: 7}}, "papers": dossier.Files{{ID: "kept", Slug: "k.txt"}}},
		Sent:    map[string]bool{"title": true, "n": true, "tags": true, "cat": true, "scan": true, "other": true},
		Current: &dossier.Record{ID: "doc000000000001", Values: map[string]dossier.Value{"title": dossier.Text("Old"), "papers": dossier.Files{{ID: "kept"}}}},
	}
}

// TestGoldens lowers every wire text of testdata/query: above the line the text, whose first word says who asks, below the tree.
func TestGoldens(t *testing.T) {
	space := querySpace()
	querytest.Goldens(t, *update, func(t *testing.T, wire string) string {
		mode, text, _ := strings.Cut(wire, " ")
		tree, err := lowered(space, mode, text)
		got := query.String(tree)
		if err != nil {
			t.Errorf("%s: %v", wire, err)
		} else if _, err := query.Check(space, queryCollection(space, map[bool]string{true: "users", false: "docs"}[mode == "users"]), query.Query{Filter: tree}); err != nil {
			t.Errorf("%s: %v\n%s", wire, err, got)
		}
		return got
	})
}
