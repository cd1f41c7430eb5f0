package schemafile

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dossier"
)

// pagesText is a file in which pages and views have all of their options.
const pagesText = `settings:
  name: Survey desk
collections:
- name: users
  kind: auth
  fields: [{name: name, type: text}]
- name: firms
  fields: [{name: title, type: text}]
- name: visits
  fields:
  - {name: site, type: text}
  - {name: firm, type: relation, collection: firms}
pages:
- key: scene_1
  name: Firms
  login: true
  roles: [users]
  views: [{key: view_1, name: All firms, kind: table, collection: firms, edit: true, delete: true}]
- key: scene_2
  name: One firm
  slug: firm-details
  parent: scene_1
  collection: firms
  views:
  - {key: view_2, kind: list, collection: visits, fields: [site], source: user}
  - {key: view_3, kind: form, collection: visits}
`

func TestPagesReadBack(t *testing.T) {
	t.Parallel()
	s, err := parse(t, pagesText)
	if err != nil {
		t.Fatal(err)
	}
	want := []dossier.Page{
		{Key: "scene_1", Name: "Firms", Login: true, Roles: []string{"users"}, Views: []dossier.PageView{
			{Key: "view_1", Name: "All firms", Kind: dossier.ViewTable, Collection: "firms", Edit: true, Delete: true}}},
		{Key: "scene_2", Name: "One firm", Slug: "firm-details", Parent: "scene_1", Collection: "firms", Views: []dossier.PageView{
			{Key: "view_2", Kind: dossier.ViewList, Collection: "visits", Fields: []string{"site"}, Source: dossier.SourceUser},
			{Key: "view_3", Kind: dossier.ViewForm, Collection: "visits"}}},
	}
	if d := cmp.Diff(want, s.Pages); d != "" {
		t.Fatalf("pages (-want +got):\n%s", d)
	}
	text, err := Format(&dossier.Space{Application: "60241522a16be4001b611249", Settings: *s.Settings, Pages: s.Pages})
	if err != nil {
		t.Fatal(err)
	}
	again, err := parse(t, string(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if d := cmp.Diff(want, again.Pages); d != "" {
		t.Errorf("pages written and read (-want +got):\n%s", d)
	}
	if d := cmp.Diff(s.Settings, again.Settings); d != "" {
		t.Errorf("settings written and read (-want +got):\n%s", d)
	}
}

// TestNameIsItsOwn says that reading a name leaves the settings that stand now alone, and what others keep in place.
func TestNameIsItsOwn(t *testing.T) {
	t.Parallel()
	now := dossier.DefaultSettings()
	now.Extra = map[string]string{dossier.ExtraName: "Old", "other": "kept"}
	for text, want := range map[string]map[string]string{
		"settings: {name: New}":    {dossier.ExtraName: "New", "other": "kept"},
		`settings: {name: ""}`:     {"other": "kept"},
		"settings: {language: ja}": {dossier.ExtraName: "Old", "other": "kept"},
	} {
		s, err := Parse([]byte(text), now)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, s.Settings.Extra); d != "" {
			t.Errorf("%s (-want +got):\n%s", text, d)
		}
	}
	if now.Extra[dossier.ExtraName] != "Old" {
		t.Error("the settings of now were changed")
	}
}

// TestPageErrorsNameTheLine changes one line of pagesText per case.
func TestPageErrorsNameTheLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ old, new, want string }{
		{"slug: firm-details", "slug: Firm Details", `line 21: "Firm Details" is not small letters and digits joined by -`},
		{"name: Firms", "slug: firm-details", "line 21: the slug \"firm-details\" stands already on line 15"},
		{"login: true", "login: false", "line 17: a page with roles needs login: true"},
		{"roles: [users]", "roles: [firms]", `line 17: no collection "firms" of kind auth`},
		{"roles: [users]", "roles: [nobody]", `line 17: no collection "nobody" of kind auth`},
		{"parent: scene_1", "parent: scene_9", `line 22: no page "scene_9"`},
		{"parent: scene_1", "parent: scene_2", "line 22: the page scene_2 is among its own parents"},
		{"name: Firms", "parent: scene_2", "line 15: the page scene_1 is among its own parents"},
		{"collection: firms\n  views", "collection: shops\n  views", `line 23: no collection "shops"`},
		{"source: user", "source: me", `line 25: unknown value "me": want one of user`},
		{"kind: form", "delete: true, kind: form", "line 26: a form has no edit and no delete"},
		{"edit: true", "filters: []", `line 18: unknown key "filters" of a view`},
		{"name: Survey desk", "name: [a]", "line 2: want a text here"},
	} {
		text := strings.Replace(pagesText, c.old, c.new, 1)
		if _, err := parse(t, text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.new, err, c.want)
		}
	}
}
