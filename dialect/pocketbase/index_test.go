package pocketbase

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dossier"
)

// indexedFields are fields to make indexes over.
const indexedFields = `[{"name": "a", "type": "text"}, {"name": "b", "type": "text"}, {"name": "n", "type": "number"}, {"name": "t", "type": "bool"},
	{"name": "d", "type": "date"}, {"name": "m", "type": "select", "values": ["x", "y"], "maxSelect": 2}, {"name": "j", "type": "json"},
	{"name": "f", "type": "file", "maxSelect": 1}]`

// indexBody is a collection with indexes.
func indexBody(name string, indexes ...string) string {
	list := make([]string, len(indexes))
	for i, x := range indexes {
		list[i] = fmt.Sprintf("%q", x)
	}
	return `{"name": "` + name + `", "type": "base", "listRule": "", "fields": ` + indexedFields + `, "indexes": [` + strings.Join(list, ", ") + `]}`
}

func TestIndexStatementsAreUnderstood(t *testing.T) {
	b := newBench(t)
	root := b.root()
	for i, c := range []struct{ text, shown, index string }{
		{"CREATE UNIQUE INDEX `i` ON `foo` (`a`,`b`)", "CREATE UNIQUE INDEX `i` ON `T` (\n  `a`,\n  `b`\n)", "unique a b"},
		{"create unique index \"i\" on t (\n\"a\" , [b] desc)", "CREATE UNIQUE INDEX `i` ON `T` (\n  `a`,\n  `b` DESC\n)", "unique a -b"},
		{"CREATE INDEX IF NOT EXISTS i on y (a collate nocase, n DESC)", "CREATE INDEX IF NOT EXISTS `i` ON `T` (\n  `a` COLLATE nocase,\n  `n` DESC\n)", "~a -n"},
		{"CREATE UNIQUE INDEX main.i ON z (a, n) where a != ''", "CREATE UNIQUE INDEX `main`.`i` ON `T` (\n  `a`,\n  `n`\n) WHERE a != ''", "unique a n where a<>''"},
		{"CREATE UNIQUE INDEX i ON z (lower(a))", "CREATE UNIQUE INDEX `i` ON `T` (lower(a))", "unique ~a"},
		{"CREATE UNIQUE INDEX i ON z(lower([a]), A)", "CREATE UNIQUE INDEX `i` ON `T` (\n  lower([a]),\n  `A`\n)", "unique ~a a"},
		{"CREATE UNIQUE INDEX i ON z (a)", "CREATE UNIQUE INDEX `i` ON `T` (`a`)", "unique a"},
		{"CREATE UNIQUE INDEX i ON z (`a`) WHERE `a` != ''", "CREATE UNIQUE INDEX `i` ON `T` (`a`) WHERE `a` != ''", "a unique"},
		{"CREATE INDEX i ON z (a ASC);", "CREATE INDEX `i` ON `T` (`a` ASC)", "a indexed"},
		{"CREATE UNIQUE INDEX i ON T (id,  n)", "CREATE UNIQUE INDEX i ON T (id,  n)", "unique id n"},
		{"CREATE UNIQUE INDEX i ON z (a) WHERE (a IS NOT NULL AND j IS NOT NULL) AND n > -1.50 and t = TRUE and b == 'it''s'",
			"CREATE UNIQUE INDEX `i` ON `T` (`a`) WHERE (a IS NOT NULL AND j IS NOT NULL) AND n > -1.50 and t = TRUE and b == 'it''s'",
			"unique a where j<>'' n>'-1.50' t='true' b='it's'"},
		{"CREATE UNIQUE INDEX i ON z (a) WHERE d = '' AND m != '[]' AND f <> '' AND n != '' AND t != 0", "CREATE UNIQUE INDEX `i` ON `T` (`a`) WHERE d = '' AND m != '[]' AND f <> '' AND n != '' AND t != 0",
			"unique a where d='' m<>'' f<>'' t<>'false'"},
		{"CREATE INDEX i ON z (a, n) WHERE b LIKE 'x%' OR n = 1", "CREATE INDEX `i` ON `T` (\n  `a`,\n  `n`\n) WHERE b LIKE 'x%' OR n = 1", "a n"},
		{"CREATE INDEX i ON z (json_extract(j, '$.a'), a)", "CREATE INDEX `i` ON `T` (\n  json_extract(j, '$.a'),\n  `a`\n)", ""},
		{"CREATE INDEX i ON z (a COLLATE RTRIM, a)", "CREATE INDEX `i` ON `T` (\n  `a` COLLATE RTRIM,\n  `a`\n)", ""},
	} {
		name := fmt.Sprint("t", i)
		text, shown := strings.ReplaceAll(c.text, " T ", " "+name+" "), strings.NewReplacer("`T`", "`"+name+"`", " T ", " "+name+" ").Replace(c.shown)
		text, shown = strings.Replace(text, "i ON", name+" ON", 1), strings.NewReplacer("`i`", "`"+name+"`", " i ON", " "+name+" ON").Replace(shown)
		text = strings.NewReplacer("`i`", "`"+name+"`", `"i"`, `"`+name+`"`, " i on", " "+name+" on").Replace(text)
		made := b.do(call{method: "POST", path: collections, token: root, body: indexBody(name, text)}).ok()
		if diff := cmp.Diff([]string{shown}, texts(made["indexes"])); diff != "" {
			t.Errorf("%s is shown (-want +got):\n%s", text, diff)
		}
		if got := saidOf(b.collection(name)); got != c.index {
			t.Errorf("%s is kept as %q, want %q", text, got, c.index)
		}
		again := b.do(call{method: "PATCH", path: collections + "/" + name, token: root, body: made}).ok()
		if diff := cmp.Diff(made["indexes"], again["indexes"]); diff != "" || saidOf(b.collection(name)) != c.index {
			t.Errorf("%s sent back as it was shown: %s", text, diff)
		}
	}
}

// saidOf is what c says of indexes, in short.
func saidOf(c *dossier.Collection) string {
	var out []string
	for _, f := range c.Fields {
		if f.Unique {
			out = append(out, f.Name, "unique")
		}
		if f.Indexed {
			out = append(out, f.Name, "indexed")
		}
	}
	for _, x := range c.Indexes {
		if x.Unique {
			out = append(out, "unique")
		}
		for _, col := range x.Columns {
			out = append(out, map[bool]string{true: "-"}[col.Descending]+map[bool]string{true: "~"}[col.Fold]+shownRef(c, col.ColumnRef))
		}
		if len(x.Where) > 0 {
			out = append(out, "where")
		}
		for _, cond := range x.Where {
			out = append(out, shownRef(c, cond.ColumnRef)+string(cond.Op)+"'"+cond.Value+"'")
		}
	}
	return strings.Join(out, " ")
}

func TestIndexesThatAreWrong(t *testing.T) {
	b := newBench(t)
	root := b.root()
	b.do(call{method: "POST", path: collections, token: root, body: indexBody("first", "CREATE INDEX taken ON first (a)")}).ok()
	const expression = "validation_invalid_index_expression"
	for _, c := range []struct{ text, code, message string }{
		{"hello", expression, "Invalid CREATE INDEX expression."},
		{"", expression, "Invalid CREATE INDEX expression."},
		{"CREATE UNIQUE INDEX i ON z ()", expression, "Invalid CREATE INDEX expression."},
		{"CREATE INDEX ON z (a)", expression, "Invalid CREATE INDEX expression."},
		{"CREATE INDEX `x 16` ON z (a)", expression, "Invalid CREATE INDEX expression."},
		{"CREATE INDEX i ON z (a nulls first)", expression, "Invalid CREATE INDEX expression."},
		{"CREATE INDEX i ON z (a); DROP TABLE users", expression, "Invalid CREATE INDEX expression."},
		{"CREATE INDEX i ON z (a) -- b", expression, "Invalid CREATE INDEX expression."},
		{"CREATE INDEX i ON z (a) WHERE a = ';'; DROP TABLE users", expression, "Invalid CREATE INDEX expression."},
		{"CREATE INDEX i ON z (a) WHERE (a = 1", expression, "Invalid CREATE INDEX expression."},
		{"CREATE INDEX i ON z (a) WHERE", expression, "Invalid CREATE INDEX expression."},
		{"CREATE INDEX i ON z (a,)", expression, "Invalid CREATE INDEX expression."},
		{"CREATE INDEX i ON z (" + strings.Repeat("(", 99) + "a" + strings.Repeat(")", 99) + ")", expression, "Invalid CREATE INDEX expression."},
		{"CREATE INDEX i ON z (" + strings.Repeat("a,", 32) + "a)", expression, "Invalid CREATE INDEX expression."},
		{"CREATE INDEX i ON z (a) WHERE a = '" + strings.Repeat("x", maxStatement) + "'", expression, "Invalid CREATE INDEX expression."},
		{"CREATE UNIQUE INDEX i ON z (a, nope)", expression, "Failed to create index i - SQL logic error: no such column: nope (1)."},
		{"CREATE INDEX i ON z (a, created)", expression, "Failed to create index i - SQL logic error: no such column: created (1)."},
		{"CREATE INDEX i ON z (a) WHERE nope = 1", expression, "Failed to create index i - SQL logic error: no such column: nope (1)."},
		{"CREATE INDEX i ON z (a COLLATE FOO)", expression, "Failed to create index i - SQL logic error: no such collation sequence: FOO (257)."},
		{"CREATE INDEX sqlite_x ON z (a)", expression, "Failed to create index sqlite_x - SQL logic error: object name reserved for internal use: sqlite_x (1)."},
		{"CREATE UNIQUE INDEX i ON z (substr(a, 1))", expression, "Failed to create index i - the expression substr(a, 1) is not supported."},
		{"CREATE UNIQUE INDEX i ON z (a COLLATE RTRIM)", expression, "Failed to create index i - the collation RTRIM is not supported."},
		{"CREATE UNIQUE INDEX i ON z (a) WHERE a LIKE 'x%'", expression, "Failed to create index i - the condition a LIKE 'x%' is not supported."},
		{"CREATE UNIQUE INDEX i ON z (a) WHERE a = '' OR b = ''", expression, "Failed to create index i - the condition a = '' OR b = '' is not supported."},
		{"CREATE UNIQUE INDEX i ON z (a) WHERE a > 'x'", expression, "Failed to create index i - the condition `a` > 'x' is not supported."},
		{"CREATE UNIQUE INDEX i ON z (a) WHERE d = '2026-11-21'", expression, "Failed to create index i - the condition `d` = '2026-11-21' is not supported."},
		{"CREATE INDEX Taken ON z (a)", "validation_existing_index_name", "The index name is already used in first collection."},
	} {
		answer := b.do(call{method: "POST", path: collections, token: root, body: indexBody("z", c.text)})
		wrong := answer.fails(400, "Failed to create collection.")
		list, _ := wrong["indexes"].(map[string]any)
		got, _ := list["0"].(map[string]any)
		if got["code"] != c.code || got["message"] != c.message {
			t.Errorf("%.80s: %s", c.text, answer.body)
		}
	}
	for code, pair := range map[string][2]string{"validation_duplicated_index_name": {"CREATE INDEX i ON z (a)", "CREATE INDEX I ON z (b)"},
		"validation_duplicated_index_definition": {"CREATE INDEX i ON z (a)", "CREATE INDEX k ON y (`a`)"}} {
		wrong := b.do(call{method: "POST", path: collections, token: root, body: indexBody("z", pair[0], pair[1])}).fails(400, "Failed to create collection.")
		if got := wrong["indexes"].(map[string]any)["1"].(map[string]any)["code"]; got != code {
			t.Errorf("%v: %v", pair, got)
		}
	}
	for _, bad := range []string{`"x"`, `[5]`, `{}`} {
		b.do(call{method: "POST", path: collections, token: root, body: `{"name": "z", "indexes": ` + bad + `}`}).fails(400, errFormat.message)
	}
}

func TestUniqueIndexesHold(t *testing.T) {
	b := newBench(t)
	root := b.root()
	b.do(call{method: "POST", path: collections, token: root, body: indexBody("seats", "CREATE UNIQUE INDEX one ON seats (a, n)", `CREATE UNIQUE INDEX two ON seats (b COLLATE NOCASE) WHERE b != ""`)}).ok()
	create := func(body string) *answer {
		return b.do(call{method: "POST", path: collections + "/seats/records", token: root, body: body})
	}
	const pair = `{"data":{"a":{"code":"validation_not_unique","message":"Value must be unique."},"n":{"code":"validation_not_unique","message":"Value must be unique."}},"message":"Failed to create record.","status":400}`
	first := create(`{}`).ok()
	create(`{}`).is(400, pair)
	create(`{"a": "", "n": 0}`).is(400, pair)
	create(`{"a": "x", "n": 1, "b": "Ab"}`).ok()
	create(`{"a": "x", "n": 1}`).is(400, pair)
	create(`{"a": "x", "b": "aB"}`).is(400, `{"data":{"b":{"code":"validation_not_unique","message":"Value must be unique."}},"message":"Failed to create record.","status":400}`)
	create(`{"a": "x"}`).ok()
	b.do(call{method: "PATCH", path: collections + "/seats/records/" + first["id"].(string), token: root, body: `{"a": "x", "n": 1}`}).is(400, strings.Replace(pair, "create", "update", 1))
	b.do(call{method: "PATCH", path: collections + "/seats/records/" + first["id"].(string), token: root, body: `{"d": "2026-11-21"}`}).ok()
	b.do(call{method: "PATCH", path: "/api/settings", token: root, body: `{"batch": {"enabled": true, "timeout": 60}}`}).ok()
	batch := b.do(call{method: "POST", path: "/api/batch", token: root, body: `{"requests": [{"method": "POST", "url": "/api/collections/seats/records", "body": {"a": "new"}},
		{"method": "POST", "url": "/api/collections/seats/records", "body": {"a": "new"}}]}`})
	if !strings.Contains(string(batch.body), `"n":{"code":"validation_not_unique"`) || batch.status != 400 {
		t.Errorf("batch: %d %s", batch.status, batch.body)
	}
	b.do(call{method: "GET", path: collections + "/seats/records?filter=" + "a='new'"}).is(200, `{"items":[],"page":1,"perPage":30,"totalItems":0,"totalPages":0}`)

	for index, columns := range map[string]string{"CREATE UNIQUE INDEX i ON seats (a) WHERE a != ''": "seats.a", "CREATE UNIQUE INDEX i ON seats (a, t)": "seats.a, seats.t",
		"CREATE UNIQUE INDEX i ON seats (a)": "seats.a"} {
		b.do(call{method: "PATCH", path: collections + "/seats", token: root, body: map[string]any{"indexes": []string{"CREATE INDEX one ON seats (a)", index}}}).is(400,
			`{"data":{"indexes":{"1":{"code":"validation_invalid_index_expression","message":"Failed to create index i - constraint failed: UNIQUE constraint failed: `+columns+` (2067)."}}},"message":"Failed to update collection.","status":400}`)
	}
	if got := saidOf(b.collection("seats")); got != "unique a n unique ~b where b<>''" {
		t.Errorf("after changes that failed: %s", got)
	}
	b.do(call{method: "PATCH", path: collections + "/seats", token: root, body: `{"indexes": []}`}).ok()
	create(`{"a": "x"}`).ok()
}

func TestIndexesFollowNames(t *testing.T) {
	b := newBench(t)
	root := b.root()
	made := b.do(call{method: "POST", path: collections, token: root, body: indexBody("seats", "CREATE UNIQUE INDEX one ON seats (a, n) WHERE a != ''", "CREATE INDEX two ON seats (lower(a))", "CREATE INDEX three ON seats (n)")}).ok()
	patch := func(path string, body any) *answer {
		return b.do(call{method: "PATCH", path: collections + "/" + path, token: root, body: body})
	}
	renamed := patch("seats", `{"name": "chairs"}`).ok()
	want := []string{"CREATE UNIQUE INDEX `one` ON `chairs` (\n  `a`,\n  `n`\n) WHERE a != ''", "CREATE INDEX `two` ON `chairs` (lower(a))", "CREATE INDEX `three` ON `chairs` (`n`)"}
	if diff := cmp.Diff(want, texts(renamed["indexes"])); diff != "" {
		t.Errorf("after the collection's new name (-want +got):\n%s", diff)
	}
	fields := made["fields"].([]any)
	fields[1].(map[string]any)["name"] = "alpha"
	moved := patch("chairs", map[string]any{"fields": fields}).ok()
	want = []string{"CREATE UNIQUE INDEX `one` ON `chairs` (\n  `alpha`,\n  `n`\n) WHERE `alpha` != ''", "CREATE INDEX `two` ON `chairs` (lower(`alpha`))", "CREATE INDEX `three` ON `chairs` (`n`)"}
	if diff := cmp.Diff(want, texts(moved["indexes"])); diff != "" {
		t.Errorf("after a field's new name (-want +got):\n%s", diff)
	}
	if got := saidOf(b.collection("chairs")); got != "n indexed unique alpha n where alpha<>'' ~alpha" {
		t.Errorf("kept as %s", got)
	}
	patch("chairs", map[string]any{"fields": append(append([]any{}, fields[:3]...), fields[4:]...)}).is(400,
		`{"data":{"indexes":{"0":{"code":"validation_invalid_index_expression","message":"Failed to create index one - SQL logic error: no such column: n (1)."},
		"2":{"code":"validation_invalid_index_expression","message":"Failed to create index three - SQL logic error: no such column: n (1)."}}},"message":"Failed to update collection.","status":400}`)

	c := *b.collection("chairs") // others take the field away
	c.Fields = append(append([]*dossier.Field{}, c.Fields[:2]...), c.Fields[3:]...)
	b.put(&c)
	shown := b.do(call{method: "GET", path: collections + "/chairs", token: root}).ok()
	if diff := cmp.Diff([]string{want[1]}, texts(shown["indexes"])); diff != "" {
		t.Errorf("after the field has gone (-want +got):\n%s", diff)
	}
}

func TestIndexesThatWereMadeElsewhereAreShown(t *testing.T) {
	b := newBench(t)
	root := b.root()
	ref := func(name string) dossier.ColumnRef { return dossier.ColumnRef{Field: dossier.ID(name)} }
	b.put(&dossier.Collection{Name: "seats", Fields: []*dossier.Field{{Name: "a", Type: dossier.TypeText, Unique: true}, {Name: "n", Type: dossier.TypeNumber, Indexed: true}, {Name: "both", Type: dossier.TypeText, Unique: true, Indexed: true}},
		Indexes: []dossier.Index{{Name: "x", Unique: true, Columns: []dossier.IndexColumn{{ColumnRef: ref("a"), Fold: true}, {ColumnRef: dossier.ColumnRef{Meta: "created"}, Descending: true}},
			Where: []dossier.Condition{{ColumnRef: ref("a"), Op: dossier.Differs, Value: "it's"}, {ColumnRef: ref("n"), Op: dossier.More}}}}})
	shown := b.do(call{method: "GET", path: collections + "/seats", token: root}).ok()
	want := []string{"CREATE UNIQUE INDEX `x` ON `seats` (\n  `a` COLLATE NOCASE,\n  `created` DESC\n) WHERE `a` != 'it''s' AND `n` > 0",
		"CREATE UNIQUE INDEX `idx_seats_a` ON `seats` (`a`) WHERE `a` != ''", "CREATE INDEX `idx_seats_n` ON `seats` (`n`)",
		"CREATE UNIQUE INDEX `idx_seats_both` ON `seats` (`both`) WHERE `both` != ''", "CREATE INDEX `idx_seats_both_order` ON `seats` (`both`)"}
	if diff := cmp.Diff(want, texts(shown["indexes"])); diff != "" {
		t.Errorf("shown (-want +got):\n%s", diff)
	}
	said := saidOf(b.collection("seats"))
	back := b.do(call{method: "PATCH", path: collections + "/seats", token: root, body: shown}).ok()
	if diff := cmp.Diff(want, texts(back["indexes"])); diff != "" || strings.Replace(saidOf(b.collection("seats")), "n>'0'", "n>''", 1) != said {
		t.Errorf("sent back: %s; %s, want %s", diff, saidOf(b.collection("seats")), said)
	}
	b.do(call{method: "PUT", path: collections + "/import", token: root, body: map[string]any{"collections": []any{map[string]any{"name": "seats", "indexes": []any{}}}}})
	if got := saidOf(b.collection("seats")); got != "" {
		t.Errorf("after an import without indexes: %s", got)
	}
}

func TestAnIndexOverARelationAloneMakesTheWayBackSingle(t *testing.T) {
	b := newBench(t)
	root := b.root()
	people := b.do(call{method: "POST", path: collections, token: root, body: `{"name": "people", "listRule": "", "viewRule": "", "fields": [{"name": "name", "type": "text"}]}`}).ok()
	b.do(call{method: "POST", path: collections, token: root, body: map[string]any{"name": "keys", "listRule": "", "viewRule": "", "fields": []any{
		map[string]any{"name": "owner", "type": "relation", "collectionId": people["id"], "maxSelect": 1}}, "indexes": []any{"CREATE UNIQUE INDEX one_key ON keys (owner)"}}}).ok()
	ann := b.do(call{method: "POST", path: collections + "/people/records", token: root, body: `{"name": "Ann"}`}).ok()
	b.do(call{method: "POST", path: collections + "/keys/records", token: root, body: map[string]any{"owner": ann["id"]}}).ok()
	got := b.do(call{method: "GET", path: collections + "/people/records?expand=keys_via_owner"}).ok()
	expand := got["items"].([]any)[0].(map[string]any)["expand"].(map[string]any)
	if one, ok := expand["keys_via_owner"].(map[string]any); !ok || one["owner"] != ann["id"] {
		t.Errorf("expanded %v", expand)
	}
}

func TestPeopleSignInWithUniqueFieldsOnly(t *testing.T) {
	b := newBench(t)
	root := b.root()
	body := func(indexes, identity string) string {
		return `{"name": "staff", "type": "auth", "fields": [{"name": "nick", "type": "text"}], "indexes": [` + indexes + `], "passwordAuth": {"enabled": true, "identityFields": ` + identity + `}}`
	}
	for _, c := range []struct{ indexes, identity, code string }{
		{"", `["email", "nick"]`, "validation_missing_unique_constraint"},
		{`"CREATE INDEX by_nick ON staff (nick)"`, `["nick"]`, "validation_missing_unique_constraint"},
		{`"CREATE UNIQUE INDEX by_nick ON staff (nick, email)"`, `["nick"]`, "validation_missing_unique_constraint"},
		{"", `["email", "nothing"]`, "validation_missing_field"},
		{"", `[]`, "validation_required"},
	} {
		wrong := b.do(call{method: "POST", path: collections, token: root, body: body(c.indexes, c.identity)}).fails(400, "Failed to create collection.")
		if got := wrong["passwordAuth"].(map[string]any)["identityFields"].(map[string]any)["code"]; got != c.code {
			t.Errorf("%s, %s: %v", c.indexes, c.identity, got)
		}
	}
	b.do(call{method: "POST", path: collections, token: root, body: body(`"CREATE UNIQUE INDEX by_nick ON staff (nick COLLATE NOCASE) WHERE nick != ''"`, `["email", "nick"]`)}).ok()
	wrong := b.do(call{method: "PATCH", path: collections + "/staff", token: root, body: `{"indexes": []}`}).fails(400, "Failed to update collection.")
	if got := wrong["passwordAuth"].(map[string]any)["identityFields"].(map[string]any)["code"]; got != "validation_missing_unique_constraint" {
		t.Errorf("without the index: %v", got)
	}
}

// FuzzIndex: whatever the statement, reading it ends without a panic, and what was understood is understood again as it is shown.
func FuzzIndex(f *testing.F) {
	for _, text := range []string{"CREATE UNIQUE INDEX IF NOT EXISTS `a`.`i` ON `t` (`a` COLLATE NOCASE, lower(b) DESC) WHERE a != '' AND n > -1.5 AND (t = true);",
		"create index i on t([a],\"b\",'n')", "CREATE INDEX i ON t (json_extract(j, '$.a')) WHERE a LIKE 'x' OR 1", "CREATE UNIQUE INDEX i ON t (d, m, j, f) WHERE d = '' AND m <> '[]' AND j IS NOT NULL",
		"CREATE INDEX i ON t (a) -- x", "CREATE INDEX i ON t (((a)))", "CREATE UNIQUE INDEX i ON t (id, a) WHERE a = 'it''s {text} ?'"} {
		f.Add(text)
	}
	var fields any
	d := json.NewDecoder(strings.NewReader(indexedFields))
	d.UseNumber() // as bodies are read
	if err := d.Decode(&fields); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseIndex(text)
		if err != nil {
			if !errors.Is(err, errStatement) {
				t.Fatal(err)
			}
			return
		}
		again, err := parseIndex(s.String())
		if err != nil {
			t.Fatalf("%q is shown as %q: %v", text, s.String(), err)
		}
		if a, b := s.String(), again.String(); a != b {
			t.Fatalf("%q is shown as %q and then as %q", text, a, b)
		}
		c, data, err := readCollection(&dossier.Space{}, nil, map[string]any{"name": "t", "fields": fields, "indexes": []any{text}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(data) == 0 && len(indexesOf(c)) != 1 {
			t.Fatalf("%q is shown as %q", text, indexesOf(c))
		}
	})
}
