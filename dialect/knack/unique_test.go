package knack

import (
	"strings"
	"testing"

	"dossier"
	"dossier/access"
	"dossier/core"
	"dossier/core/coretest"
)

// TestUnique says that a value that must be unique is refused the second time, blank ones never.
func TestUnique(t *testing.T) {
	c := newClient(t)
	customers, _ := c.svc.Space().Collection("customers")
	next := *customers
	company := *customers.Fields[0]
	company.Unique, company.Label = true, "Company"
	next.Fields = []*dossier.Field{&company, customers.Fields[1]}
	if _, err := c.svc.PutCollection(t.Context(), access.System(), &next); err != nil {
		t.Fatal(err)
	}
	const records = "/v1/objects/object_3/records"
	want := `{"errors":[{"message":"Company must be unique.","field":"field_30","type":"unique"}]}`
	c.do("POST", records, `{"field_30":"a"}`, keyed).want("the first", 200, "*")
	c.do("POST", records, `{"field_30":"a"}`, keyed).want("the second", 400, want)
	id := c.do("POST", records, `{}`, keyed).want("a blank one", 200, "*").text("id")
	c.do("POST", records, `{}`, keyed).want("another blank one", 200, "*")
	c.do("PUT", records+"/"+id, `{"field_30":"a"}`, keyed).want("an update", 400, want)
}

// TestHiddenConnections says that the text of a record that a user may not see is not told: its id stands in.
func TestHiddenConnections(t *testing.T) {
	c := newClient(t)
	schema := core.Schema{Collections: []*dossier.Collection{{Name: "notes", Number: 7, Rules: dossier.Rules{List: new(string), View: new(string)},
		Fields: []*dossier.Field{{Name: "owner", Type: dossier.TypeUser, Number: 70}}}},
		Pages: []dossier.Page{{Key: "scene_7", Views: []dossier.PageView{{Key: "view_7", Kind: dossier.ViewTable, Collection: "notes"}}}}}
	if _, err := c.svc.ApplySchema(t.Context(), access.System(), schema, false); err != nil {
		t.Fatal(err)
	}
	who := coretest.SignIn(t, c.svc, coretest.Member1, coretest.Member1Password)
	c.do("POST", "/v1/objects/object_7/records", `{"field_70":"`+string(who.ID)+`"}`, keyed).want("create", 200, "*")
	shown := func(headers map[string]string) string {
		return c.do("GET", "/v1/pages/scene_7/views/view_7/records", "", headers).text("records.0.field_70_raw.0.identifier")
	}
	if got := shown(keyed); got != "Member One" {
		t.Errorf("a key sees %q", got)
	}
	if got := shown(with(keyed, headerKey, "knack")); got != string(who.ID) {
		t.Errorf("a guest sees %q", got)
	}
	if got := shown(with(keyed, headerKey, "knack", headerToken, c.login())); got != "Member One" {
		t.Errorf("the user sees %q", got)
	}
}

// TestForeignKeys attaches what another dialect would call the upload: a UUID, or all of its digits.
func TestForeignKeys(t *testing.T) {
	c := newClient(t)
	for name, dress := range map[string]func(dossier.ID) string{
		"a UUID":         func(id dossier.ID) string { return strings.ToUpper(core.UUID(id)) },
		"all digits":     func(id dossier.ID) string { return string(id) },
		"the first ones": func(id dossier.ID) string { return string(id[:dossier.FileIDPrefix]) },
	} {
		u, err := c.svc.Upload(t.Context(), access.System(), core.Incoming{Name: "a.txt"}, strings.NewReader("abc"))
		if err != nil {
			t.Fatal(err)
		}
		a := c.do("POST", "/v1/objects/object_2/records", `{"field_21":"`+dress(u.ID)+`"}`, keyed).want(name, 200, "*")
		if a.text("field_21_raw.id") != string(u.ShortID()) {
			t.Errorf("%s: %s", name, a.body)
		}
	}
}
