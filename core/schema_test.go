package core_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"dossier"
	"dossier/access"
	"dossier/core"
	"dossier/query"
)

func (h *house) apply(s core.Schema, prune bool) []string {
	h.t.Helper()
	said, err := h.ApplySchema(ctx(), system, s, prune)
	h.must(err)
	return said
}

// full is a schema with everything in it.
func full() core.Schema {
	settings := dossier.DefaultSettings()
	settings.DiskQuota = 1 << 40
	return core.Schema{
		Application: "0123456789abcdef01234567", Settings: &settings, Collections: append(papers(), &dossier.Collection{Name: "bare"}),
		Pages:  []dossier.Page{{Key: "scene_1", Views: []dossier.PageView{{Key: "view_1", Kind: dossier.ViewForm, Collection: "papers", Fields: []string{"title"}}}}},
		Users:  []core.SchemaUser{{Email: "root@example.com", Password: "x", Superuser: true}, {Email: "ada@example.com", Password: "y", Name: "Ada"}},
		Tokens: []core.SchemaToken{{Token: "secret", Name: "t", Collections: map[string]access.Right{"papers": access.RightView}}},
		Keys:   []core.SchemaKey{{Key: "key", Name: "k"}},
	}
}

func TestApplyingASchemaTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	same(t, "said at first", h.apply(full(), false), []string{"application is 0123456789abcdef01234567", "settings changed", "pages changed",
		"collection users added", "collection topics added", "collection papers added", "collection bare added", "user root@example.com added", "user ada@example.com added",
		"token t added", "key k added"})
	before := h.Space()
	for _, prune := range []bool{false, true} {
		same(t, "said again", h.apply(full(), prune), []string(nil))
	}
	h.open()
	same(t, "said after a restart", h.apply(full(), true), []string(nil))
	same(t, "the space", h.Space(), before)
	who, err := h.SignIn(ctx(), access.Guest(), "", "ada@example.com", "y")
	h.must(err)
	same(t, "name of a user made", who.Name, "Ada")
	if a := who.Record.Account; !a.Verified {
		t.Error("a user of the schema is not verified")
	}
}

func TestASchemaAddsAltersAndPrunes(t *testing.T) {
	t.Parallel()
	field := func(name string, number int64) *dossier.Field {
		return &dossier.Field{Name: name, Type: dossier.TypeText, Number: number}
	}
	schema := func(collections ...*dossier.Collection) core.Schema { return core.Schema{Collections: collections} }
	h := newHouse(t, []*dossier.Collection{{Name: "a", Number: 5, Fields: []*dossier.Field{field("x", 7), field("y", 0)}}, {Name: "b", Fields: []*dossier.Field{field("z", 0)}}})
	numbers := func() string {
		s := ""
		for _, c := range h.Space().Collections {
			if c.System {
				continue
			}
			s += fmt.Sprintf("%s=%d(", c.Name, c.Number)
			for _, f := range c.Fields {
				s += fmt.Sprintf("%s=%d ", f.Name, f.Number)
			}
			s += ") "
		}
		return s
	}
	same(t, "numbers given and made", numbers(), "a=5(x=7 y=8 ) b=6(z=9 ) ")
	r := h.create("a", values{"x": dossier.Text("keep"), "y": dossier.Text("gone")})

	renamed := schema(&dossier.Collection{Name: "c", Number: 5, Fields: []*dossier.Field{field("w", 7)}})
	same(t, "said", h.apply(renamed, false), []string{"collection c changed"})
	same(t, "a number that stays is a rename; what is not named stays", numbers(), "c=5(w=7 y=8 ) b=6(z=9 ) ")
	same(t, "values follow", h.get("c", r.ID).Values, values{"w": dossier.Text("keep"), "y": dossier.Text("gone")})

	same(t, "said", h.apply(renamed, true), []string{"collection b removed", "collection c changed"})
	same(t, "pruned", numbers(), "c=5(w=7 ) ")
	same(t, "values", h.get("c", r.ID).Values, values{"w": dossier.Text("keep")})

	h.open()
	h.apply(schema(&dossier.Collection{Name: "d", Fields: []*dossier.Field{field("x", 0)}}), false)
	same(t, "numbers are never reused", numbers(), "c=5(w=7 ) d=7(x=10 ) ")
}

func TestAPruneLetsFilesGo(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs())
	h.create("docs", values{"file": take(h.upload("a", "a")), "rows": dossier.Rows{{Values: values{"proof": take(h.upload("b", "b"))}}}})
	r := h.create("docs", values{"files": take(h.upload("c", "c"))})
	slim := docs()
	slim[0].Fields = slim[0].Fields[:3] // without the table and some more
	h.apply(core.Schema{Collections: slim}, true)
	same(t, "swept", h.sweep(), core.Swept{Uploads: 1})
	h.sound()
	h.apply(core.Schema{Collections: []*dossier.Collection{{Name: "other"}}}, true)
	same(t, "swept", h.sweep(), core.Swept{Uploads: 2})
	h.sound()
	_, err := h.SharedFile(ctx(), system, r.Files("files")[0].ID)
	kind(t, "a file of a collection that is gone", err, dossier.NotFound)
}

func TestWhatASchemaMustNotSay(t *testing.T) {
	t.Parallel()
	h := newHouse(t, []*dossier.Collection{{Name: "base", Number: 1, Fields: []*dossier.Field{{Name: "x", Type: dossier.TypeText, Number: 1}}}})
	before := h.Space()
	with := func(f dossier.Field) []*dossier.Collection {
		if f.Name == "" {
			f.Name = "f"
		}
		if f.Type == "" {
			f.Type = dossier.TypeText
		}
		return []*dossier.Collection{{Name: "c", Fields: []*dossier.Field{&f}}}
	}
	text := func(name string) *dossier.Field { return &dossier.Field{Name: name, Type: dossier.TypeText} }
	bad := "no such rule"
	for _, c := range []struct {
		name        string
		collections []*dossier.Collection
		want        dossier.Problem
	}{
		{"a collection without a name", []*dossier.Collection{{Name: ""}}, prob(dossier.CodeInvalid, nil, "")},
		{"a name with a hyphen", []*dossier.Collection{{Name: "a-b"}}, prob(dossier.CodeInvalid, nil, "a-b")},
		{"a name that leads back", []*dossier.Collection{{Name: "a_via_b"}}, prob(dossier.CodeInvalid, nil, "a_via_b")},
		{"a name that differs by case", []*dossier.Collection{{Name: "BASE"}}, prob(dossier.CodeTaken, nil, "base")},
		{"another kind", []*dossier.Collection{{Name: "c", Kind: "table"}}, prob(dossier.CodeInvalid, nil, "c")},
		{"a field number that is taken", with(dossier.Field{Number: 1}), prob(dossier.CodeTaken, nil, "base", "x")},
		{"two fields of one name", []*dossier.Collection{{Name: "c", Fields: []*dossier.Field{text("a"), text("A")}}}, prob(dossier.CodeTaken, nil, "c", "A")},
		{"a field named like what every record has", with(dossier.Field{Name: "ID"}), prob(dossier.CodeInvalid, nil, "c", "ID")},
		{"a field of accounts", []*dossier.Collection{{Name: "c", Kind: dossier.Auth, Fields: []*dossier.Field{text("password")}}}, prob(dossier.CodeInvalid, nil, "c", "password")},
		{"an unknown type", with(dossier.Field{Type: "video"}), prob(dossier.CodeInvalid, nil, "c", "f")},
		{"a table without fields", with(dossier.Field{Type: dossier.TypeTable}), prob(dossier.CodeRequired, nil, "c", "f")},
		{"a table in a table", with(dossier.Field{Type: dossier.TypeTable, Fields: []*dossier.Field{{Name: "g", Type: dossier.TypeTable, Fields: []*dossier.Field{text("h")}}}}),
			prob(dossier.CodeInvalid, nil, "c", "f", "g")},
		{"a text with fields", with(dossier.Field{Fields: []*dossier.Field{text("h")}}), prob(dossier.CodeInvalid, nil, "c", "f")},
		{"an option twice", with(dossier.Field{Type: dossier.TypeSelect, Options: []string{"a", "a"}}), prob(dossier.CodeTaken, nil, "c", "f")},
		{"a relation to nothing", with(dossier.Field{Type: dossier.TypeRelation, Collection: "nothing"}), prob(dossier.CodeUnknown, nil, "c", "f")},
		{"a bad pattern", with(dossier.Field{Pattern: "("}), prob(dossier.CodeInvalid, nil, "c", "f")},
		{"a bad bound", with(dossier.Field{Type: dossier.TypeDate, Min: "today"}), prob(dossier.CodeInvalid, nil, "c", "f")},
		{"a date from tomorrow to today", with(dossier.Field{Type: dossier.TypeDate, Min: "2026-11-22", Max: "2026-11-21"}), prob(dossier.CodeInvalid, nil, "c", "f")},
		{"a number from 10 to 9", with(dossier.Field{Type: dossier.TypeNumber, Min: "10", Max: "9"}), prob(dossier.CodeInvalid, nil, "c", "f")},
		{"a text of 10 to 9 characters", with(dossier.Field{Min: "10", Max: "9"}), prob(dossier.CodeInvalid, nil, "c", "f")},
		{"a bad thumbnail", with(dossier.Field{Type: dossier.TypeImage, Thumbs: []string{"0x0"}}), prob(dossier.CodeInvalid, nil, "c", "f")},
		{"a default of another type", with(dossier.Field{Default: dossier.Number("1")}), prob(dossier.CodeInvalid, nil, "c", "f")},
		{"fewer than none", with(dossier.Field{Type: dossier.TypeFile, MaxSize: -1}), prob(dossier.CodeTooSmall, nil, "c", "f")},
		{"an identifier that is no field", []*dossier.Collection{{Name: "c", Identifier: "x"}}, prob(dossier.CodeUnknown, nil, "c", "identifier")},
		{"a rule that is none", []*dossier.Collection{{Name: "c", Rules: dossier.Rules{List: &bad}}}, prob(dossier.CodeInvalid, nil, "c", "rules", "list")},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := h.ApplySchema(ctx(), system, core.Schema{Collections: c.collections}, false)
			wrong(t, err, c.want)
			if err != nil && err.Error() == "" {
				t.Error("nothing is said")
			}
			same(t, "the space", h.Space(), before)
		})
	}
}

func TestBoundsMayMeet(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.apply(core.Schema{Collections: []*dossier.Collection{{Name: "c", Fields: []*dossier.Field{
		{Name: "n", Type: dossier.TypeNumber, Min: "-10", Max: "9"}, {Name: "one", Type: dossier.TypeNumber, Min: "5", Max: "5.0"},
		{Name: "clock", Type: dossier.TypeTime, Min: "09:00", Max: "17:30"}, {Name: "t", Type: dossier.TypeText, Min: "9", Max: "10"},
	}}}}, false)
}

// TestPeopleThatASchemaMustNotName says that a schema whose people the space would not take changes nothing at all, and which line is wrong.
func TestPeopleThatASchemaMustNotName(t *testing.T) {
	t.Parallel()
	h := newHouse(t, papers())
	before := h.Space()
	more := []*dossier.Collection{{Name: "more", Kind: dossier.Auth}, {Name: "plain"}}
	user := func(u core.SchemaUser) core.Schema {
		u.Line = 7
		return core.Schema{Collections: more, Users: []core.SchemaUser{{Email: "new@example.com", Password: "x"}, u}}
	}
	for _, c := range []struct {
		name   string
		schema core.Schema
		want   string
	}{
		{"a user of no collection", user(core.SchemaUser{Email: "a@example.com", Password: "x", Collection: "nowhere"}), `line 7: user a@example.com: no collection "nowhere"`},
		{"a user of one without accounts", user(core.SchemaUser{Email: "a@example.com", Password: "x", Collection: "plain"}), `no collection "plain" whose records can log in`},
		{"a user without an email", user(core.SchemaUser{Email: "ada", Password: "x", Collection: "more"}), "line 7: user ada: not an email address"},
		{"a user without a password", user(core.SchemaUser{Email: "a@example.com", Password: " "}), "a user needs a password"},
		{"a token of no collection", core.Schema{Collections: more, Tokens: []core.SchemaToken{{Token: "t", Name: "t", Line: 9,
			Collections: map[string]access.Right{"plain": access.RightView, "nowhere": access.RightView}}}}, `line 9: token t: no collection "nowhere": want one of more, plain, users`},
	} {
		said, err := h.ApplySchema(ctx(), system, c.schema, false)
		kind(t, c.name, err, dossier.Invalid)
		if err == nil || !strings.Contains(err.Error(), c.want) || len(said) > 0 {
			t.Errorf("%s: %v after %q, want %q", c.name, err, said, c.want)
		}
		same(t, c.name, h.Space(), before)
	}
	if page, err := h.ListRecords(ctx(), system, h.collection("users"), query.Query{}, core.ListOptions{}); err != nil || len(page.Records) > 0 {
		t.Errorf("users: %v, %v", page, err)
	}
}

func TestASchemaKeepsTheNatureOfFields(t *testing.T) {
	t.Parallel()
	was := func(change func(c *dossier.Collection)) []*dossier.Collection {
		c := &dossier.Collection{Name: "c", Fields: []*dossier.Field{
			{Name: "x", Type: dossier.TypeText}, {Name: "to", Type: dossier.TypeRelation, Collection: "one"},
			{Name: "rows", Type: dossier.TypeTable, Fields: []*dossier.Field{{Name: "y", Type: dossier.TypeNumber}, {Name: "into", Type: dossier.TypeRelation, Collection: "two"}}},
		}}
		if change != nil {
			change(c)
		}
		return []*dossier.Collection{{Name: "one"}, {Name: "two"}, c}
	}
	h := newHouse(t, was(nil))
	before := h.Space()
	for _, test := range []struct {
		change func(c *dossier.Collection)
		path   []string
		says   string
	}{
		{func(c *dossier.Collection) { c.Fields[0].Type = dossier.TypeNumber }, []string{"c", "x"}, "it is text, not number"},
		{func(c *dossier.Collection) { c.Fields[1].Collection = "two" }, []string{"c", "to"}, "it leads to one, not to two"},
		{func(c *dossier.Collection) { c.Fields[2].Fields[0].Type = dossier.TypeBool }, []string{"c", "rows", "y"}, "it is number, not bool"},
		{func(c *dossier.Collection) { c.Fields[2].Fields[1].Collection = "c" }, []string{"c", "rows", "into"}, "it leads to two, not to c"},
	} {
		_, err := h.ApplySchema(ctx(), system, core.Schema{Collections: was(test.change)}, false)
		kind(t, test.says, err, dossier.Unsupported)
		var e *dossier.Error
		if errors.As(err, &e) {
			same(t, "problems", e.Problems, []dossier.Problem{prob(dossier.CodeInvalid, nil, test.path...)})
		}
		if err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%v does not say %q", err, test.says)
		}
		same(t, test.says, h.Space(), before)
	}
	h.apply(core.Schema{Collections: was(func(c *dossier.Collection) { c.Fields[1].MaxSelect = 3 })}, false)
}

func TestASizeOfThumbnailsMayBeTooLargeToMake(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	sizes := []string{"20000x0", "1x99999f"}
	h.apply(core.Schema{Collections: []*dossier.Collection{{Name: "c", Fields: []*dossier.Field{{Name: "f", Type: dossier.TypeImage, Thumbs: sizes}}}}}, false)
	f, _ := h.collection("c").Field("f")
	same(t, "sizes", f.Thumbs, sizes)
}

func TestOnlySuperusersChangeTheSchema(t *testing.T) {
	t.Parallel()
	h := newHouse(t, people())
	docs := h.collection("docs")
	manager := access.Principal{Kind: access.KindToken, Rights: map[dossier.ID]access.Right{docs.ID: access.RightManage}}
	for _, who := range []access.Principal{access.Guest(), {Kind: access.KindUser, Collection: docs, Record: &dossier.Record{}}, {Kind: access.KindKey}, manager} {
		_, err := h.ApplySchema(ctx(), who, core.Schema{}, false)
		kind(t, "apply by "+string(who.Kind), err, dossier.Denied)
		_, err = h.PutCollection(ctx(), who, &dossier.Collection{Name: "new"})
		kind(t, "create by "+string(who.Kind), err, dossier.Denied)
		kind(t, "settings by "+string(who.Kind), h.PutSettings(ctx(), who, dossier.DefaultSettings()), dossier.Denied)
		if who.Kind != access.KindToken {
			_, err = h.PutCollection(ctx(), who, docs)
			kind(t, "change by "+string(who.Kind), err, dossier.Denied)
			kind(t, "delete by "+string(who.Kind), h.DeleteCollection(ctx(), who, docs), dossier.Denied)
		}
	}
	_, err := h.PutCollection(ctx(), manager, h.collection("users"))
	kind(t, "a token changes another collection", err, dossier.Denied)
	_, err = h.PutCollection(ctx(), manager, docs)
	kind(t, "a token changes its own", err, "")
	kind(t, "a token deletes its own", h.DeleteCollection(ctx(), manager, h.collection("docs")), "")
}

func TestPutCollection(t *testing.T) {
	t.Parallel()
	h := newHouse(t, papers())
	made, err := h.PutCollection(ctx(), system, &dossier.Collection{Name: "notes", Fields: []*dossier.Field{
		{Name: "text", Type: dossier.TypeText}, {Name: "file", Type: dossier.TypeFile}, {Name: "topic", Type: dossier.TypeRelation, Collection: h.collection("topics").ID}}})
	h.must(err)
	last := h.collection("papers").Number
	if made.Number != last+1 || made.ID == "" || made.Label != "notes" || made.Kind != dossier.Base || made.Fields[0].Code != "text" {
		t.Errorf("made %+v", made)
	}
	version := h.Space().Version
	r := h.create("notes", values{"text": dossier.Text("hello"), "file": take(h.upload("a", "a"))})

	next := *made
	renamed := *made.Fields[0]
	renamed.Name, renamed.Code = "body", "body"
	next.Name, next.Fields = "remarks", []*dossier.Field{&renamed, {Name: "more", Type: dossier.TypeNumber}}
	h.clock.Add(1)
	changed, err := h.PutCollection(ctx(), system, &next)
	h.must(err)
	same(t, "identity", []any{changed.ID, changed.Number, changed.Fields[0].ID}, []any{made.ID, made.Number, made.Fields[0].ID})
	if h.Space().Version != version+1 {
		t.Errorf("version %d after %d", h.Space().Version, version)
	}
	same(t, "values follow their field", h.get("remarks", r.ID).Values, values{"body": dossier.Text("hello")})
	same(t, "files of a field that is gone", h.sweep(), core.Swept{Uploads: 1})
	if _, ok := h.Space().Collection("notes"); ok {
		t.Error("the old name is still there")
	}

	retyped := *changed
	number := *changed.Fields[0]
	number.Type = dossier.TypeNumber
	retyped.Fields = []*dossier.Field{&number}
	_, err = h.PutCollection(ctx(), system, &retyped)
	kind(t, "another type", err, dossier.Unsupported)
	same(t, "after a refusal", h.collection("remarks"), changed)
}

func TestANewUniqueFieldNeedsUniqueValues(t *testing.T) {
	t.Parallel()
	h := newHouse(t, papers())
	for range 2 {
		h.create("topics", values{"title": dossier.Text("same")})
	}
	c := *h.collection("topics")
	f := *c.Fields[0]
	f.Unique = true
	c.Fields = []*dossier.Field{&f}
	_, err := h.PutCollection(ctx(), system, &c)
	kind(t, "values that clash", err, dossier.Exists)
}

func TestDeleteCollection(t *testing.T) {
	t.Parallel()
	h := newHouse(t, append(papers(), &dossier.Collection{Name: "tables", Fields: []*dossier.Field{
		{Name: "rows", Type: dossier.TypeTable, Fields: []*dossier.Field{{Name: "paper", Type: dossier.TypeRelation, Collection: "papers"}}}}}))
	h.create("papers", values{"files": take(h.upload("a", "a"))})
	refused := func(name string, path ...string) {
		t.Helper()
		wrong(t, h.DeleteCollection(ctx(), system, h.collection(name)), prob(dossier.CodeTaken, nil, path...))
	}
	refused("topics", "papers", "topic")
	refused("papers", "tables", "rows", "paper")
	kind(t, "a system collection", h.DeleteCollection(ctx(), system, h.collection(dossier.Superusers)), dossier.Invalid)
	h.must(h.DeleteCollection(ctx(), system, h.collection("tables")))
	h.must(h.DeleteCollection(ctx(), system, h.collection("papers")))
	same(t, "swept", h.sweep(), core.Swept{Uploads: 1})
	h.sound()
	h.must(h.DeleteCollection(ctx(), system, h.collection("topics")))
}

func TestSchemaChangesAtTheSameTime(t *testing.T) {
	t.Parallel()
	h := newHouse(t, papers())
	key := h.SpaceKey("x")
	each(12, func(i int) {
		_, err := h.PutCollection(ctx(), system, &dossier.Collection{Name: fmt.Sprint("c", i), Fields: []*dossier.Field{{Name: "f", Type: dossier.TypeText}}})
		if err != nil {
			t.Error(err)
		}
		if string(h.SpaceKey("x")) != string(key) {
			t.Error("the space's key has changed")
		}
	})
	seen := map[int64]bool{}
	for _, c := range h.Space().Collections {
		if seen[c.Number] {
			t.Errorf("the number %d is given twice", c.Number)
		}
		seen[c.Number] = true
	}
}
