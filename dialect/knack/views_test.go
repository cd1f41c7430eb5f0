package knack

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"dossier"
	"dossier/access"
	"dossier/core"
	"dossier/core/coretest"
)

// desk is a space with pages of every kind: firms, the visits to them, and who made these.
func desk(t *testing.T) *client {
	t.Helper()
	c := newClient(t)
	open := ""
	rules := dossier.Rules{List: &open, View: &open, Create: &open, Update: &open, Delete: &open}
	schema := coretest.Fixture()
	schema.Users, schema.Tokens, schema.Keys = nil, nil, nil
	schema.Collections = append(schema.Collections,
		&dossier.Collection{Name: "staff", Kind: dossier.Auth, Number: 10, Fields: []*dossier.Field{{Name: "name", Type: dossier.TypeText, Number: 200}}},
		&dossier.Collection{Name: "firms", Number: 11, Rules: rules, Fields: []*dossier.Field{{Name: "title", Type: dossier.TypeText, Number: 210}}},
		&dossier.Collection{Name: "visits", Number: 12, Rules: rules, Fields: []*dossier.Field{
			{Name: "site", Type: dossier.TypeText, Number: 220, Required: true},
			{Name: "firm", Type: dossier.TypeRelation, Collection: "firms", Number: 221},
			{Name: "makers", Type: dossier.TypeUser, Collection: "users", Number: 222, MaxSelect: 3},
		}})
	table, list, details, form := dossier.ViewTable, dossier.ViewList, dossier.ViewDetails, dossier.ViewForm
	schema.Pages = []dossier.Page{
		{Key: "scene_10", Name: "Firms", Views: []dossier.PageView{
			{Key: "view_10", Kind: table, Collection: "firms", Edit: true, Delete: true}, {Key: "view_19", Kind: table, Collection: "firms"}}},
		{Key: "scene_11", Name: "A firm", Slug: "firm-details", Parent: "scene_10", Views: []dossier.PageView{
			{Key: "view_11", Kind: details, Collection: "firms", Edit: true}, {Key: "view_12", Kind: table, Collection: "visits", Edit: true, Delete: true},
			{Key: "view_13", Kind: form, Collection: "visits", Fields: []string{"site"}}, {Key: "view_14", Kind: form, Collection: "firms"},
			{Key: "view_18", Kind: table, Collection: "customers"}}},
		{Key: "scene_12", Name: "Mine", Login: true, Roles: []string{"users"}, Views: []dossier.PageView{
			{Key: "view_15", Kind: list, Collection: "visits", Source: dossier.SourceUser, Edit: true, Delete: true},
			{Key: "view_16", Kind: form, Collection: "visits", Fields: []string{"site"}, Source: dossier.SourceUser},
			{Key: "view_17", Kind: details, Collection: "users", Source: dossier.SourceUser}}},
		{Key: "scene_13", Login: true, Roles: []string{"staff"}, Views: []dossier.PageView{{Key: "view_20", Kind: table, Collection: "firms"}}},
		{Key: "scene_14", Views: []dossier.PageView{{Key: "view_21", Kind: list, Collection: "visits", Source: dossier.SourceUser}}},
		{Key: "scene_15", Slug: "a-visit", Collection: "visits", Views: []dossier.PageView{{Key: "view_22", Kind: details, Collection: "firms"}}},
	}
	if _, err := c.svc.ApplySchema(t.Context(), access.System(), schema, false); err != nil {
		t.Fatal(err)
	}
	return c
}

// guest are the headers of a script without a key.
var guest = map[string]string{headerApp: coretest.Application, headerKey: "knack"}

// ids are the records of a list, sorted.
func (a answer) ids() string {
	a.t.Helper()
	out := []string{}
	for i := range a.at("records").([]any) {
		out = append(out, a.text(fmt.Sprintf("records.%d.id", i)))
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func sorted(ids ...string) string {
	slices.Sort(ids)
	return strings.Join(ids, " ")
}

// TestViewsOfferWhatTheirMakerSays says that changes and removals go where a view offers them, and nowhere else.
func TestViewsOfferWhatTheirMakerSays(t *testing.T) {
	c := desk(t)
	id := c.do("POST", "/v1/objects/object_11/records", `{"field_210":"Acme"}`, keyed).text("id")
	const editable, plain, form = "/v1/pages/scene_10/views/view_10/records/", "/v1/pages/scene_10/views/view_19/records/", "/v1/scenes/scene_11/views/view_14/records/"
	a := c.do("PUT", editable+id, `{"field_210":"Acme 2"}`, guest).want("an editable table", 200, "*")
	if a.text("field_210") != "Acme 2" || a.text("record.id") != id {
		t.Errorf("the answer is %s", a.body)
	}
	c.do("PUT", plain+id, `{"field_210":"x"}`, guest).want("a table", 400, "Invalid request")
	c.do("PUT", plain+id, `{"field_210":"x"}`, keyed).want("a table, with a key", 400, "Invalid request")
	c.do("DELETE", plain+id, "", keyed).want("a table that offers no removal", 400, "Invalid request")
	c.do("DELETE", form+id, "", keyed).want("a form", 400, "Invalid request")
	c.do("POST", editable, `{"field_210":"x"}`, keyed).want("a new record in a table", 400, "Invalid request")
	c.do("PUT", form+id, `{"field_210":"Acme 3"}`, guest).want("a form", 200, "*")
	c.do("DELETE", editable+id+"/", `{"id":"`+id+`"}`, guest).want("a table that offers removal", 200, `{"delete":true}`)
	c.do("DELETE", editable+id, "", guest).want("twice", 404, "Not Found")
	c.do("PUT", editable+id, `{"field_210":"x"}`, guest).want("what is gone", 404, "Not Found")
}

// TestViewsKeepTheRules says that an offer is no right: the collection's rules decide for those without a key.
func TestViewsKeepTheRules(t *testing.T) {
	c := desk(t)
	visits, _ := c.svc.Space().Collection("visits")
	changed, signedIn := *visits, "@request.auth.id != ''"
	changed.Rules.Update, changed.Rules.Delete = &signedIn, &signedIn
	if _, err := c.svc.PutCollection(t.Context(), access.System(), &changed); err != nil {
		t.Fatal(err)
	}
	const view = "/v1/pages/scene_11/views/view_12/records/"
	id := c.do("POST", "/v1/objects/object_12/records", `{"field_220":"North"}`, keyed).text("id")
	c.do("PUT", view+id, `{"field_220":"South"}`, guest).want("a guest changes", 403, "Forbidden")
	c.do("DELETE", view+id, "", guest).want("a guest removes", 403, "Forbidden")
	c.do("PUT", view+id, `{"field_220":""}`, with(guest, headerToken, c.login())).want("a required field is emptied", 400,
		`{"errors":[{"message":"site is required.","field":"field_220","type":"required"}]}`)
	c.do("DELETE", view+id, "", with(guest, headerToken, c.login())).want("a user removes", 200, `{"delete":true}`)
}

// TestChildPages says that a crumb narrows a page's views to what belongs to its record, for reading and for writing.
func TestChildPages(t *testing.T) {
	c := desk(t)
	firm := func(name string) string {
		return c.do("POST", "/v1/objects/object_11/records", `{"field_210":"`+name+`"}`, keyed).text("id")
	}
	visit := func(firm string) string {
		return c.do("POST", "/v1/objects/object_12/records", `{"field_220":"North","field_221":"`+firm+`"}`, keyed).text("id")
	}
	acme, beta := firm("Acme"), firm("Beta")
	first, second, other := visit(acme), visit(acme), visit(beta)
	const page = "/v1/pages/scene_11/views/"
	crumb := func(id string) string { return "?firm-details_id=" + id }
	for target, want := range map[string]string{
		page + "view_12/records":                                           sorted(first, second, other),
		page + "view_12/records" + crumb(acme):                             sorted(first, second),
		page + "view_12/records/" + crumb(beta):                            other,
		page + "view_12/records" + crumb(first):                            "",
		page + "view_12/records" + crumb(""):                               "",
		page + "view_11/records" + crumb(beta):                             beta,
		page + "view_14/records" + crumb(beta):                             beta,
		page + "view_11/records" + crumb(other):                            "",
		"/v1/scenes/scene_15/views/view_22/records?a-visit_id=" + second:   acme,
		"/v1/scenes/scene_15/views/view_22/records?firm-details_id=" + "x": sorted(acme, beta),
	} {
		if got := c.do("GET", target, "", guest).ids(); got != want {
			t.Errorf("%s: got %q, want %q", target, got, want)
		}
	}
	if total := c.do("GET", page+"view_18/records"+crumb(acme), "", guest).at("total_records"); total != 0.0 {
		t.Errorf("%v customers", total)
	}
	c.do("POST", "/v1/objects/object_3/records", `{"field_30":"x"}`, keyed).want("a customer", 200, "*")
	if total := c.do("GET", page+"view_18/records"+crumb(acme), "", guest).at("total_records"); total != 1.0 {
		t.Errorf("what nothing connects to a firm is narrowed: %v", total)
	}
	one := page + "view_12/records/" + first
	c.do("GET", one+crumb(acme), "", guest).want("a visit to the firm", 200, "*")
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		body := map[string]string{"PUT": `{"field_220":"x"}`}[method]
		c.do(method, one+crumb(beta), body, guest).want(method+" through another firm", 404, "Not Found")
	}
	c.do("PUT", one+crumb(acme), `{"field_220":"West"}`, guest).want("a change through the firm", 200, "*")
	c.do("DELETE", one+crumb(acme), "", guest).want("a removal through the firm", 200, `{"delete":true}`)
}

// TestFormsConnect says that a form on a record's page makes records that are connected to it.
func TestFormsConnect(t *testing.T) {
	c := desk(t)
	acme := c.do("POST", "/v1/objects/object_11/records", `{"field_210":"Acme"}`, keyed).text("id")
	const form = "/v1/pages/scene_11/views/view_13/records/"
	firmOf := func(id string) any {
		return c.do("GET", "/v1/objects/object_12/records/"+id+"?format=raw", "", keyed).at("field_221.0.id")
	}
	for name, made := range map[string]answer{
		"in the path": c.do("POST", form+"?firm-details_id="+acme, `{"field_220":"a"}`, guest),
		"in the body": c.do("POST", form, `{"field_220":"a","firm-details_id":"`+acme+`"}`, guest),
		"in a form":   c.do("POST", form, "field_220=a&firm-details_id="+acme, with(guest, "Content-Type", "application/x-www-form-urlencoded")),
	} {
		if got := firmOf(made.want(name, 200, "*").text("id")); got != acme {
			t.Errorf("%s: connected to %v", name, got)
		}
	}
	c.do("POST", form+"?firm-details_id=7b20c3f29b4e5d6a8c90e1f3", `{"field_220":"a"}`, guest).want("a firm that is none", 400,
		`{"errors":[{"message":"firm: the connected record does not exist.","field":"field_221","type":"connection"}]}`)
	alone := c.do("POST", form, `{"field_220":"a"}`, guest).text("id")
	if got := c.do("GET", "/v1/objects/object_12/records/"+alone, "", keyed).text("field_221"); got != "" {
		t.Errorf("without a crumb: %s", got)
	}
}

// TestOwnRecords says that a view of the user's records shows and takes no other, and that roles are asked for.
func TestOwnRecords(t *testing.T) {
	c := desk(t)
	member := with(guest, headerToken, c.login())
	const list, form = "/v1/pages/scene_12/views/view_15/records/", "/v1/pages/scene_12/views/view_16/records/"
	mine := c.do("POST", form, `{"field_220":"mine"}`, member).want("a record of one's own", 200, "*").text("id")
	other := c.do("POST", "/v1/objects/object_12/records", `{"field_220":"other"}`, keyed).text("id")
	if got := c.do("GET", list, "", member).ids(); got != mine {
		t.Errorf("the user sees %q, want %q", got, mine)
	}
	if got := c.do("GET", list, "", keyed).ids(); got != sorted(mine, other) {
		t.Errorf("a key sees %q", got)
	}
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		body := map[string]string{"PUT": `{"field_220":"x"}`}[method]
		c.do(method, list+other, body, member).want(method+" of another's", 404, "Not Found")
	}
	c.do("PUT", list+mine, `{"field_220":"changed"}`, member).want("a change", 200, "*")
	if got := c.do("GET", "/v1/pages/scene_12/views/view_17/records", "", member).at("total_records"); got != 1.0 {
		t.Errorf("the user is %v records", got)
	}
	c.do("DELETE", list+mine, "", member).want("a removal", 200, `{"delete":true}`)
	c.do("GET", list, "", guest).want("a guest on a page with login", 403, "Invalid or Expired Token")
	c.do("GET", "/v1/pages/scene_14/views/view_21/records", "", guest).want("a guest has no records", 403, "Invalid or Expired Token")
	c.do("GET", "/v1/pages/scene_13/views/view_20/records", "", member).want("another role", 403, "Forbidden")
	c.do("GET", "/v1/pages/scene_13/views/view_20/records", "", keyed).want("a key has every role", 200, "*")
}

// TestScenes says that the metadata tell what pages and views offer.
func TestScenes(t *testing.T) {
	c := desk(t)
	settings := c.svc.Space().Settings
	settings.Extra = map[string]string{dossier.ExtraName: "Survey Desk & Co"}
	if _, err := c.svc.ApplySchema(t.Context(), access.System(), core.Schema{Settings: &settings}, false); err != nil {
		t.Fatal(err)
	}
	c.upload("file", "a.txt", "123456789")
	a := c.do("GET", "/v1/applications/"+coretest.Application, "", nil).want("metadata", http.StatusOK, "*")
	for path, want := range map[string]any{
		"name": "Survey Desk & Co", "slug": "survey-desk-co", "account.name": "Survey Desk & Co", "counts.asset_size": 9.0,
		"scenes.0.parent": nil, "scenes.1.parent": "firms", "scenes.1.slug": "firm-details", "scenes.1.object": "object_11", "scenes.0.object": nil,
		"scenes.2.allowed_profiles.0": "profile_1", "scenes.0.views.0.options.cell_editor": true, "scenes.0.views.1.options.cell_editor": false,
		"scenes.2.views.0.source.authenticated_user": true, "scenes.5.object": "object_12",
	} {
		if got := a.at("application." + path); got != want {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
	}
}
