package schemafile

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dossier"
	"dossier/core"
)

func parse(t *testing.T, text string) (core.Schema, error) {
	t.Helper()
	return Parse([]byte(text), dossier.DefaultSettings())
}

func example(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/schema.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestExampleIsRead(t *testing.T) {
	t.Parallel()
	s, err := parse(t, string(example(t)))
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Collections) != 3 || len(s.Users) != 3 || len(s.Tokens) != 3 || len(s.Keys) != 1 || len(s.Pages) != 2 {
		t.Fatalf("read %d collections, %d users, %d tokens, %d keys, %d pages", len(s.Collections), len(s.Users), len(s.Tokens), len(s.Keys), len(s.Pages))
	}
	reports := s.Collections[1]
	lines, _ := reports.Field("lines")
	if len(lines.Fields) != 3 || lines.Fields[2].MaxSelect != 5 {
		t.Errorf("the table is %+v", lines)
	}
	if *reports.Rules.List != "" || *reports.Rules.Create != "@request.auth.id != ''" {
		t.Errorf("the rules are %+v", reports.Rules)
	}
	if avatar, _ := s.Collections[0].Field("avatar"); avatar.MaxSize != 5<<20 {
		t.Errorf("max_size is %d", avatar.MaxSize)
	}
	if code, ok := reports.FieldByCode("添付"); !ok || code.Name != "tenpu" {
		t.Errorf("code 添付 is %+v", code)
	}
}

// TestErrorsNameTheLine has one wrong line per case, marked by what the error must say.
func TestErrorsNameTheLine(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, text, want string }{
		{"empty file", "", "line 1: the schema file is empty"},
		{"no YAML", "a: [", "line 1"},
		{"unknown key at the top", "application: 60241522a16be4001b611249\ntables: []\n", `line 2: unknown key "tables"`},
		{"application of another form", "application: xyz\n", `line 1: "xyz" is not 24 hexadecimal digits`},
		{"unknown setting", "settings:\n  upload_tll: 1h\n", `line 2: unknown key "upload_tll"`},
		{"a duration that is none", "settings:\n  upload_ttl: 3 days\n", "line 2: want a duration"},
		{"a size that is none", "settings:\n  max_file_size: big\n", "line 2: want a size"},
		{"a time zone that is none", "settings:\n  time_zone: Mars\n", `line 2: "Mars" is no time zone`},
		{"a language that is none", "settings:\n  language: fr\n", `line 2: "fr" is not en or ja`},
		{"key twice", "keys: []\nkeys: []\n", `line 2: the key "keys" stands twice`},
		{"collection twice", "collections:\n- name: a\n- name: A\n", "line 3: the collection A stands already on line 2"},
		{"collection number twice", "collections:\n- {name: a, number: 1}\n- {name: b, number: 1}\n", "line 3: the collection number 1 stands already on line 2"},
		{"bad name", "collections:\n- name: 1a\n", `line 2: "1a" is no name`},
		{"unknown kind", "collections:\n- name: a\n  kind: view\n", `line 3: unknown value "view": want one of base, auth`},
		{"unknown type", "collections:\n- name: a\n  fields:\n  - {name: x, type: blob}\n", `line 4: unknown value "blob"`},
		{"field twice", "collections:\n- name: a\n  fields:\n  - {name: x, type: text}\n  - {name: x, type: text}\n", "line 5: the field x stands already on line 4"},
		{"field code twice", "collections:\n- name: a\n  fields:\n  - {name: x, type: text}\n  - {name: y, code: x, type: text}\n", "line 5: the field code x stands already on line 4"},
		{"field number twice in the space", "collections:\n- name: a\n  fields: [{name: x, type: text, number: 7}]\n- name: b\n  fields:\n  - {name: y, type: text, number: 7}\n", "line 6: the field number 7 stands already on line 3"},
		{"option of another type", "collections:\n- name: a\n  fields:\n  - {name: x, type: text, thumbs: [\"1x1\"]}\n", `line 4: unknown key "thumbs" of a text field`},
		{"a unique password", "collections:\n- name: a\n  fields:\n  - {name: x, type: password, unique: true}\n", `line 4: unknown key "unique" of a password field`},
		{"a password that is given", "collections:\n- name: a\n  fields:\n  - {name: x, type: password, default: abc}\n", `line 4: unknown key "default" of a password field`},
		{"a bound of a password", "collections:\n- name: a\n  fields:\n  - {name: x, type: password, max: many}\n", `line 4: "many" is no bound for a password field`},
		{"table in a table", "collections:\n- name: a\n  fields:\n  - name: t\n    type: table\n    fields:\n    - {name: u, type: table, fields: []}\n", "line 7: a table holds no table"},
		{"relation to nothing", "collections:\n- name: a\n  fields:\n  - {name: r, type: relation}\n", "line 4: the relation r needs a collection"},
		{"index over nothing", "collections:\n- name: a\n  indexes: [{name: i, columns: [{field: x}]}]\n", `line 2: the index i of a is over "x", which is none of its fields`},
		{"index without columns", "collections:\n- name: a\n  indexes:\n  - {name: i}\n", "line 4: an index needs name and columns"},
		{"index over two at once", "collections:\n- name: a\n  indexes:\n  - {name: i, columns: [{field: x, column: id}]}\n", "line 4: want a field, or a column of every record"},
		{"index over a secret", "collections:\n- name: a\n  indexes:\n  - {name: i, columns: [{column: password_hash}]}\n", `line 4: unknown value "password_hash"`},
		{"condition without comparison", "collections:\n- name: a\n  indexes:\n  - {name: i, columns: [{column: id}], where: [{column: id}]}\n", "line 4: a condition needs is"},
		{"everybody manages", "collections:\n- name: a\n  kind: auth\n  rules: {manage: \"\"}\n", "line 4: not everybody manages accounts"},
		{"a manager of no accounts", "collections:\n- name: a\n  rules: {manage: \"id = ''\"}\n", "line 2: nobody signs in to a"},
		{"nobody signs in to base", "collections:\n- name: a\n  sign_in: {password: false}\n", "line 2: nobody signs in to a"},
		{"nobody signs in with it", "collections:\n- name: a\n  kind: auth\n  sign_in: {logins: [email, nick]}\n", `line 2: people cannot sign in to a with "nick"`},
		{"nobody signs in at all", "collections:\n- name: a\n  kind: auth\n  sign_in: {logins: []}\n", "line 2: nobody signs in to a with nothing"},
		{"a login without a name", "collections:\n- name: a\n  kind: auth\n  sign_in: {logins: [\"\"]}\n", `line 4: "" is no name`},
		{"unknown way to sign in", "collections:\n- name: a\n  kind: auth\n  sign_in: {passwords: false}\n", `line 4: unknown key "passwords"`},
		{"a network that is none", "settings:\n  superuser_networks: [192.0.2.0/33]\n", `line 2: "192.0.2.0/33" is neither an address nor a network`},
		{"a header that is none", "settings:\n  trusted_proxy:\n    headers: [X-Real-IP, X Real]\n", `line 3: "X Real" is no name of a header`},
		{"an unknown part of a proxy", "settings:\n  trusted_proxy: {header: X-Real-IP}\n", `line 2: unknown key "header"`},
		{"an end that is none", "settings:\n  trusted_proxy: {headers: [X-Real-IP], leftmost: first}\n", "line 2: want true or false"},
		{"unknown rule", "collections:\n- name: a\n  rules: {read: \"\"}\n", `line 3: unknown key "read"`},
		{"view of an unknown field", "collections:\n- name: a\n  fields: [{name: x, type: text}]\npages:\n- key: p\n  views:\n  - {key: v, kind: form, collection: a, fields: [y]}\n", `line 7: the collection a has no field "y"`},
		{"unknown right", "tokens:\n- token: aaaaaaaaaaaaaaaaaaaa\n  collections: {a: [read]}\n", `line 3: unknown right "read"`},
		{"user without password", "users:\n- {email: a@b.c}\n", "line 2: a user needs email and password"},
		{"boolean of another form", "users:\n- {email: a@b.c, password: x, superuser: maybe}\n", "line 2: want true or false"},
		{"default that does not fit", "collections:\n- name: a\n  fields:\n  - {name: x, type: number, default: many}\n", "line 4: not a decimal number"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := parse(t, c.text)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			if dossier.KindOf(err) != dossier.Invalid {
				t.Errorf("the kind is %s", dossier.KindOf(err))
			}
		})
	}
}

func TestPasswordFieldReadsBack(t *testing.T) {
	t.Parallel()
	s, err := parse(t, "application: 60241522a16be4001b611249\ncollections:\n- name: safes\n  fields:\n  - {name: pin, type: password, required: true, min: 4, max: 8, pattern: \"^[0-9]+$\"}\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []*dossier.Field{{Name: "pin", Type: dossier.TypePassword, Required: true, Min: "4", Max: "8", Pattern: "^[0-9]+$"}}
	if diff := cmp.Diff(want, s.Collections[0].Fields); diff != "" {
		t.Fatal(diff)
	}
	want[0].Code, want[0].Label = "pin", "pin"
	text, err := Format(&dossier.Space{Application: s.Application, Settings: dossier.DefaultSettings(), Collections: []*dossier.Collection{{ID: "a", Name: "safes", Fields: want}}})
	if err != nil {
		t.Fatal(err)
	}
	again, err := parse(t, string(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if f := again.Collections[0].Fields[0]; f.Type != dossier.TypePassword || f.Min != "4" || f.Max != "8" || f.Pattern != "^[0-9]+$" || !f.Required {
		t.Errorf("%+v of\n%s", f, text)
	}
}

// TestFormatReadsBack proves that a file written from a space says the same as the one it was made from.
func TestFormatReadsBack(t *testing.T) {
	t.Parallel()
	s, err := parse(t, string(example(t)))
	if err != nil {
		t.Fatal(err)
	}
	space := &dossier.Space{Application: s.Application, Settings: dossier.DefaultSettings(), Collections: s.Collections, Pages: s.Pages}
	for i, c := range space.Collections {
		c.ID = dossier.ID(rune('a' + i))
	}
	for _, c := range space.Collections {
		for _, f := range c.Fields {
			if target, ok := space.Collection(string(f.Collection)); ok {
				f.Collection = target.ID
			}
		}
	}
	text, err := Format(space)
	if err != nil {
		t.Fatal(err)
	}
	again, err := parse(t, string(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	fresh, _ := parse(t, string(example(t)))
	if diff := cmp.Diff(fresh.Collections, again.Collections); diff != "" {
		t.Errorf("collections differ:\n%s", diff)
	}
	if diff := cmp.Diff(fresh.Pages, again.Pages); diff != "" {
		t.Errorf("pages differ:\n%s", diff)
	}
}

// TestSignInReadsBack writes and reads every way in which a collection and the settings can limit who signs in.
func TestSignInReadsBack(t *testing.T) {
	t.Parallel()
	manage := "@request.auth.name = 'x'"
	logins := []dossier.ColumnRef{{Field: "nick"}, dossier.LoginEmail}
	for _, gate := range []*dossier.SignIn{nil, {Logins: logins}, {Logins: logins[:1], NoPassword: true}, {Rule: "verified = true"}, {Closed: true}, {NoPassword: true}, {Rule: "a = ''", NoPassword: true}} {
		c := &dossier.Collection{Name: "people", Kind: dossier.Auth, SignIn: gate, Rules: dossier.Rules{Manage: &manage}}
		c.Fields = []*dossier.Field{{ID: "nick", Name: "nick", Type: dossier.TypeText, Unique: true}}
		space := &dossier.Space{Application: "60241522a16be4001b611249", Settings: dossier.DefaultSettings(), Collections: []*dossier.Collection{c}}
		space.Settings.SuperuserNetworks = []string{"192.0.2.0/24", "2001:db8::7"}
		space.Settings.TrustedProxy = dossier.TrustedProxy{Headers: []string{"X-Real-IP", "x-forwarded-for"}, Leftmost: gate != nil}
		text, err := Format(space)
		if err != nil {
			t.Fatal(err)
		}
		again, err := parse(t, string(text))
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		again.Collections[0].Fields[0].ID = "nick"
		if diff := cmp.Diff(space.Collections, again.Collections); diff != "" {
			t.Errorf("the collection differs:\n%s\n%s", diff, text)
		}
		if diff := cmp.Diff(space.Settings, *again.Settings); diff != "" {
			t.Errorf("the settings differ:\n%s", diff)
		}
	}
	s, err := parse(t, "settings: {superuser_networks: []}")
	if err != nil || s.Settings.SuperuserNetworks == nil || len(s.Settings.SuperuserNetworks) != 0 {
		t.Errorf("no networks are read as %#v, %v", s.Settings.SuperuserNetworks, err)
	}
}

// TestWhatAProxySaysIsReadWhole reads trusted_proxy over one that is in force.
func TestWhatAProxySaysIsReadWhole(t *testing.T) {
	t.Parallel()
	now := dossier.DefaultSettings()
	now.TrustedProxy = dossier.TrustedProxy{Headers: []string{"X-Real-IP"}, Leftmost: true}
	for text, want := range map[string]dossier.TrustedProxy{
		"settings: {language: ja}":                                     now.TrustedProxy,
		"settings: {trusted_proxy: {}}":                                {Headers: []string{}},
		"settings: {trusted_proxy: {headers: []}}":                     {Headers: []string{}},
		"settings: {trusted_proxy: {headers: [X-Forwarded-For]}}":      {Headers: []string{"X-Forwarded-For"}},
		"settings: {trusted_proxy: {leftmost: true, headers: [X, Y]}}": {Headers: []string{"X", "Y"}, Leftmost: true},
	} {
		s, err := Parse([]byte(text), now)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, s.Settings.TrustedProxy); diff != "" {
			t.Errorf("%s\n%s", text, diff)
		}
	}
	if text, err := Format(&dossier.Space{Settings: dossier.DefaultSettings()}); err != nil || strings.Contains(string(text), "trusted_proxy") {
		t.Errorf("where nothing is believed, it says %s, %v", text, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("collections:\n- name: a\n  fields: [{name: x, type: select, options: [a, b]}]\n"))
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("{\"settings\": {\"max_file_size\": \"1GiB\"}}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if _, err := Parse(text, dossier.DefaultSettings()); err != nil {
			if k := dossier.KindOf(err); k != dossier.Invalid && k != dossier.TooLarge {
				t.Fatalf("%v is %s", err, k)
			}
		}
	})
}
