package pocketbase

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dossier"
	"dossier/access"
	"dossier/query"
)

// memory is a query.Source over records by the name of their collection.
type memory map[string][]*dossier.Record

func (m memory) Related(_ context.Context, c *dossier.Collection, id dossier.ID) (*dossier.Record, error) {
	for _, r := range m[c.Name] {
		if r.ID == id {
			return r, nil
		}
	}
	return nil, dossier.NotFound
}

func (m memory) Referring(_ context.Context, c *dossier.Collection, f *dossier.Field, id dossier.ID) ([]*dossier.Record, error) {
	var out []*dossier.Record
	for _, r := range m[c.Name] {
		if slices.Contains(elementsOf(r.Values[f.Name]), string(id)) {
			out = append(out, r)
		}
	}
	return out, nil
}

func (m memory) All(_ context.Context, c *dossier.Collection) ([]*dossier.Record, error) {
	return m[c.Name], nil
}

type values = map[string]dossier.Value

func made(id string, v values) *dossier.Record {
	return &dossier.Record{ID: dossier.ID(id), Created: queryNow, Updated: queryNow, Values: v}
}

// queryRecords are few records in which every test below finds some and misses some. "empty" has no value at all.
func queryRecords() memory {
	at := func(s string) dossier.Instant {
		t, err := time.Parse(time.RFC3339, s)
		if err != nil {
			panic(err)
		}
		return dossier.InstantOf(t)
	}
	account := func(r *dossier.Record, email string, visible bool) *dossier.Record {
		r.Account = &dossier.Account{Email: email, EmailVisible: visible}
		return r
	}
	file := func(slug string) *dossier.File { return &dossier.File{ID: dossier.ID(slug), Slug: slug} }
	return memory{
		"docs": {
			made("empty", nil),
			made("one", values{"title": dossier.Text("One"), "n": dossier.Number("1"), "done": dossier.Bool(true), "due": dossier.Date("2026-11-21"),
				"seen": at("2026-11-21T08:00:00Z"), "at": dossier.Clock("09:30"), "status": dossier.Text("new"), "tags": dossier.List{"a"}, "cat": dossier.Text("tom"),
				"cats": dossier.List{"tom", "kit"}, "owner": dossier.Text("ann"), "scan": dossier.Files{file("x_1.txt")},
				"papers": dossier.Files{file("p_1.pdf"), file("q_2.txt")}, "data": dossier.JSON(`"x"`)}),
			made("two", values{"title": dossier.Text("two%"), "n": dossier.Number("0"), "done": dossier.Bool(false), "due": dossier.Date("2026-12-01"),
				"seen": at("2027-01-01T00:00:00Z"), "tags": dossier.List{"a", "b"}, "cat": dossier.Text("kit"), "cats": dossier.List{"kit"},
				"owner": dossier.Text("bob"), "papers": dossier.Files{file("p_3.pdf")}, "data": dossier.JSON(`{"a":1}`)}),
			made("bad", values{"title": dossier.Text(""), "n": dossier.Number("-2.50"), "cat": dossier.Text("gone"), "cats": dossier.List{"rex"}, "tags": dossier.List{"c"},
				"data": dossier.JSON("5")}),
		},
		"cats": {
			made("tom", values{"name": dossier.Text("Tom"), "size": dossier.Number("5"), "friend": dossier.Text("kit"), "toys": dossier.List{"ball", "mouse"}}),
			made("kit", values{"name": dossier.Text("Kit"), "toys": dossier.List{"mouse"}}),
			made("rex", values{"name": dossier.Text("One"), "size": dossier.Number("2"), "friend": dossier.Text("rex")}),
		},
		"notes": {
			made("none", nil),
			made("num", values{"data": dossier.JSON(`{"a":5,"l":[1,{"x":"one"}],"when":"2026"}`), "title": dossier.Text("five"), "n": dossier.Number("5")}),
			made("text", values{"data": dossier.JSON(`{"a":"five","l":[],"b":{"c":true}}`), "title": dossier.Text("five")}),
			made("yes", values{"data": dossier.JSON(`{"a":true,"b":{"c":false}}`), "n": dossier.Number("1")}),
			made("null", values{"data": dossier.JSON(`{"a":null,"b":{"c":null}}`)}),
			made("blank", values{"data": dossier.JSON(`{"a":""}`)}),
			made("list", values{"data": dossier.JSON(`{"a":[1,2]}`)}),
			made("top", values{"data": dossier.JSON(`7.50`)}),
		},
		"boxes": {
			made("b1", values{"notes": dossier.List{"num", "none"}}),
			made("b2", values{"notes": dossier.List{"num"}, "note": dossier.Text("num")}),
			made("b3", nil),
		},
		"toys":  {made("ball", values{"name": dossier.Text("ball"), "public": dossier.Bool(true)}), made("mouse", values{"name": dossier.Text("mouse")})},
		"users": {account(made("ann", values{"name": dossier.Text("Ann")}), "a@x.org", true), account(made("bob", values{"name": dossier.Text("Bob")}), "b@x.org", false)},
	}
}

// passing is the IDs of the records of c that filter lets through.
func passing(t testing.TB, space *dossier.Space, c *dossier.Collection, filter query.Filter) string {
	t.Helper()
	checked, err := query.Check(space, c, query.Query{Filter: filter})
	if err != nil {
		t.Fatalf("%v\n%s", err, query.String(filter))
	}
	src := queryRecords()
	var ids []string
	for _, r := range src[c.Name] {
		ok, err := query.Eval(context.Background(), space, c, checked.Query().Filter, r, src)
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			ids = append(ids, string(r.ID))
		}
	}
	return strings.Join(ids, " ")
}

func TestFiltersFind(t *testing.T) {
	space := querySpace()
	for _, c := range []struct{ filter, want string }{
		{`title = "One"`, "one"},
		{`title = "one"`, ""},
		{`title:lower = "one"`, "one"},
		{`title != "One"`, "empty two bad"},
		{`title = null`, "empty bad"},
		{`title = ""`, "empty bad"},
		{`title != ''`, "one two"},
		{`title ~ "O"`, "one two"},
		{`title !~ "O"`, "empty bad"},
		{`title ~ "o%"`, "one"},
		{`title ~ "two\\%"`, "two"},
		{`title ~ null || title !~ null`, ""},
		{`title ~ title`, "empty one two bad"},
		{`title ~ status`, "empty two bad"},
		{`title !~ status`, "one"},
		{`"a new one" ~ status`, "empty one two bad"},
		{`"One more" ~ title`, "empty one bad"},
		{`"One more" !~ title`, "two"},
		{`null ~ title || null !~ title`, ""},
		{`title ~ cat.name`, ""},
		{`title !~ cat.name`, "one two"},
		{`cat.name ~ mail`, "one two"},
		{`title ~ cats.name`, ""},
		{`cats.name ?~ title`, "bad"},
		{`title = title`, "empty one two bad"},
		{`title = status`, "empty bad"},
		{`n = 0`, "empty two"},
		{`n != 0`, "one bad"},
		{`n != 1`, "empty two bad"},
		{`n >= 0`, "empty one two"},
		{`n < 1`, "empty two bad"},
		{`n <= -2.5`, "bad"},
		{`n = null`, ""},
		{`n = stars`, "empty two"},
		{`n ~ "2.5"`, "bad"},
		{`n ~ "0"`, "empty two"},
		{`done = false`, "empty two bad"},
		{`done != false`, "one"},
		{`done = true`, "one"},
		{`seen >= "2026-11-21" && seen < "2026-11-22"`, "one"},
		{`seen < "2027"`, "empty one bad"},
		{`seen > @now`, "two"},
		{`due = ""`, "empty bad"},
		{`due > "2026-11-30"`, "two"},
		{`due ~ "2026-11-21 00:%"`, "one"},
		{`due !~ "-12-"`, "empty one bad"},
		{`at >= "09:00"`, "one"},
		{`at = ""`, "empty two bad"},
		{`status != "new"`, "empty two bad"},
		{`tags = '["a","b"]'`, "two"},
		{`tags ~ '"a"'`, "one two"},
		{`tags = ""`, "empty"},
		{`tags:length = 0`, "empty"},
		{`tags:each = "a"`, "one"},
		{`tags:each ?= "a"`, "one two"},
		{`tags:each != "a"`, "empty bad"},
		{`tags:each ?!= "a"`, "empty two bad"},
		{`tags ?= "a"`, ""},
		{`tags:each ?= "a" || tags:each ?= "c"`, "one two bad"},
		{`scan = "x_1.txt"`, "one"},
		{`scan = ""`, "empty two bad"},
		{`scan != ""`, "one"},
		{`scan != "x_1.txt"`, "empty two bad"},
		{`scan:length > 0`, "one"},
		{`papers ~ ".pdf"`, "one two"},
		{`papers:each ~ ".pdf"`, "two"},
		{`papers:each ?~ ".txt"`, "one"},
		{`papers = '["p_3.pdf"]'`, "two"},
		{`papers != '["p_3.pdf"]'`, "empty one bad"},
		{`papers ~ '"q_2.txt"'`, "one"},
		{`papers = ""`, "empty bad"},
		{`cat.name = "Tom"`, "one"},
		{`cat.name != "Tom"`, "empty two bad"},
		{`cat.name = ""`, "empty bad"},
		{`cat.size = 0`, "two"},
		{`cat.size < 9`, "one two"},
		{`cat.size != 0`, "empty one bad"},
		{`cat.friend.name = "Kit"`, "one"},
		{`cats.name = "Kit"`, "two"},
		{`cats.name ?= "Kit"`, "one two"},
		{`cats.name != "Kit"`, "empty bad"},
		{`cats.name ?!= "Kit"`, "empty one bad"},
		{`cats.size ?> 3 && cats.name ?= "Kit"`, ""},
		{`cats.size ?> 3 && cats.name = "Kit"`, ""},
		{`cats.size ?> 3 && cats.name ?= "Tom"`, "one"},
		{`(cats.size ?> 3 || title = "two%") && cats.name ?= "Kit"`, "two"},
		{`cats.size > 1`, "bad"},
		{`cats.friend.name = "Kit"`, "one"},
		{`cats.friend.size > 1`, "bad"},
		{`cats.id ?= cat`, "empty one two"},
		{`cats.id = cat`, "empty two"},
		{`cats.toys.name ?= "mouse"`, "one two"},
		{`cats.toys.name = "mouse"`, "two"},
		{`cats.toys.name != ""`, "one two"},
		{`cat.docs_via_cats.title ?= "two%"`, "two"},
		{`cat.docs_via_cats.title = "One"`, "one"},
		{`cat.docs_via_cat.id = id`, "one two"},
		{`owner.email ~ "x.org"`, "one two"},
		{`@collection.cats.name ?= title`, "one"},
		{`@collection.cats.name ?= title && @collection.cats.size ?> 3`, ""},
		{`@collection.cats:a.name ?= title && @collection.cats:b.size ?> 3`, "one"},
		{`data = "x"`, "one"},
		{`data = 5`, "bad"},
		{`data = null`, "empty"},
		{`data != null`, "one two bad"},
		{`data = '{"a": 1}'`, "two"},
		{`data != 5`, "empty one two"},
		{`strftime("%Y-%m", seen) = "2026-11"`, "one"},
		{`strftime("%Y-%m", seen) != "2026-11"`, "empty two bad"},
		{`strftime("%Y-%m", due) > "2026-11"`, "two"},
		{`strftime("%Y", due) <= "2026"`, "one two"},
		{`strftime("%d", due) = "01"`, "two"},
		{`strftime("%H:%M", seen) = "08:00"`, "one"},
		{`strftime("%H:%M", due) = "00:00"`, "one two"},
		{`strftime("%H:%M", due) = "00:01"`, ""},
		{`strftime("%Y-%m", due) ~ "6-1%"`, ""},
		{`strftime("%Y-%m", due) ~ "6-12"`, "two"},
		{`strftime("%Y", seen) = null`, "empty bad"},
		{`1 = 1`, "empty one two bad"},
		{`1 > 2 || id = "two"`, "two"},
		{`created = updated && created ~ "2026-11-21 08:10"`, "empty one two bad"},
	} {
		t.Run(c.filter, func(t *testing.T) {
			f, err := lowered(space, "superuser", c.filter)
			if err != nil {
				t.Fatal(err)
			}
			want := strings.Fields(c.want)
			got := strings.Fields(passing(t, space, queryCollection(space, "docs"), f))
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("found %q, want %q\n%s", got, want, query.String(f))
			}
		})
	}
}

// TestInsideDocuments has filters and sorts by values inside JSON documents.
func TestInsideDocuments(t *testing.T) {
	space := querySpace()
	for _, c := range []struct{ collection, filter, want string }{
		{"notes", `data.a = 5`, "num"},
		{"notes", `data.a = "5"`, ""},
		{"notes", `data.a = 5.0`, "num"},
		{"notes", `data.a != 5`, "none text yes null blank list top"},
		{"notes", `data.a = "five"`, "text"},
		{"notes", `data.a != "five"`, "none num yes null blank list top"},
		{"notes", `data.a:lower = "FIVE"`, ""},
		{"notes", `data.a = true`, "yes"},
		{"notes", `data.b.c = true`, "text"},
		{"notes", `data.b.c = false`, "yes"},
		{"notes", `data.b.c != null`, "text yes"},
		{"notes", `data.a = null`, "none null top"},
		{"notes", `data.a != null`, "num text yes blank list"},
		{"notes", `data.a = ""`, "blank"},
		{"notes", `data.a != ""`, "none num text yes null list top"},
		{"notes", `data.a > 1`, "num text blank list"},
		{"notes", `data.a >= 1`, "num text yes blank list"},
		{"notes", `data.a < 5`, "yes"},
		{"notes", `data.a <= "five"`, "num text yes blank list"},
		{"notes", `data.a > "a"`, "text"},
		{"notes", `data.a ~ "5"`, "num"},
		{"notes", `data.a ~ "IV"`, "text"},
		{"notes", `data.a ~ "1"`, "yes list"},
		{"notes", `data.a !~ "i"`, "num yes blank list"},
		{"notes", `data.a = "[1,2]"`, "list"},
		{"notes", `data.l.0 = 1`, "num"},
		{"notes", `data.l.1.x = "one"`, "num"},
		{"notes", `data.l.9.x = null`, "none num text yes null blank list top"},
		{"notes", `data.when ?= "2026"`, "num"},
		{"notes", `data > 7`, "num text yes null blank list top"},
		{"notes", `data < 8`, "top"},
		{"notes", `data.a = title`, "text blank"},
		{"notes", `title != data.a`, "none num yes null list top"},
		{"notes", `data.a = n`, "num yes"},
		{"notes", `data.a = data.a`, "none num text yes null blank list top"},
		{"notes", `data.a = data.b.c`, "none null top"},
		{"notes", `data.a > n`, "text blank list"},
		{"notes", `data.a >= n`, "num yes text blank list"},
		{"boxes", `notes.data.a = 5`, "b2"},
		{"boxes", `notes.data.a ?= 5`, "b1 b2"},
		{"boxes", `notes.data.a > 4`, "b1 b2"},
		{"boxes", `note.data.a = 5`, "b2"},
		{"boxes", `note.data.a = null`, "b1 b3"},
	} {
		t.Run(c.filter, func(t *testing.T) {
			col := queryCollection(space, c.collection)
			f, err := parseFilter(space, col, c.filter, superuser(), queryNow)
			if err != nil {
				t.Fatal(err)
			}
			got, want := strings.Fields(passing(t, space, col, f)), strings.Fields(c.want)
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("found %q, want %q\n%s", got, want, query.String(f))
			}
		})
	}
	notes := queryCollection(space, "notes")
	sorts, _, err := parseSort(space, notes, "data.a", access.Guest())
	if err != nil {
		t.Fatal(err)
	}
	all := queryRecords()["notes"]
	slices.SortStableFunc(all, func(a, b *dossier.Record) int {
		n, err := query.CompareRecords(context.Background(), space, notes, sorts, a, b, nil)
		if err != nil {
			t.Fatal(err)
		}
		return n
	})
	var got []string
	for _, r := range all {
		got = append(got, string(r.ID))
	}
	if want := []string{"none", "null", "top", "yes", "num", "blank", "list", "text"}; !slices.Equal(got, want) {
		t.Errorf("sorted %v, want %v", got, want)
	}
}

// TestWhoMayLookAtWhat has filters that find less, or are refused, because of who sends them.
func TestWhoMayLookAtWhat(t *testing.T) {
	space := querySpace()
	ann := access.User(queryCollection(space, "users"), made("ann", nil))
	token := access.Principal{Kind: access.KindToken, Rights: map[dossier.ID]access.Right{"c_docs": access.RightView, "c_vaults": access.RightView}}
	const refused = "refused"
	for _, c := range []struct {
		name, collection, filter string
		who                      access.Principal
		want                     string
	}{
		{"a guest finds only visible emails", "users", `email != ""`, access.Guest(), "ann"},
		{"a superuser finds all emails", "users", `email != ""`, superuser(), "ann bob"},
		{"a guest looks for a hidden field", "docs", `secret = "x"`, access.Guest(), refused},
		{"a superuser looks for a hidden field", "docs", `secret = ""`, superuser(), "empty one two bad"},
		{"the list rule holds of joined records", "docs", `cats.toys.name ?= "mouse"`, access.Guest(), ""},
		{"the list rule lets some joined records through", "docs", `cats.toys.name ?= "ball"`, access.Guest(), "one"},
		{"the list rule is asked with the client's own identity", "docs", `owner.name != ""`, ann, "one"},
		{"a guest is nobody to the list rule", "docs", `owner.name != ""`, access.Guest(), ""},
		{"a collection without a list rule is closed", "docs", `vault.code = ""`, access.Guest(), refused},
		{"… and open to a token with the right", "docs", `vault.code = ""`, token, "empty one two bad"},
		{"… which opens no other", "docs", `cat.name = "Tom"`, token, refused},
		{"back relations are joins too", "users", `docs_via_owner.vault.code = ""`, access.Guest(), refused},
		{"as is @collection", "docs", `@collection.vaults.code = ""`, access.Guest(), refused},
	} {
		t.Run(c.name, func(t *testing.T) {
			col := queryCollection(space, c.collection)
			f, err := parseFilter(space, col, c.filter, c.who, queryNow)
			got := refused
			if err == nil {
				got = passing(t, space, col, f)
			} else if dossier.KindOf(err) != dossier.Invalid {
				t.Fatalf("%v is %v, want it invalid", err, dossier.KindOf(err))
			}
			if got != c.want {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
}

func TestSorts(t *testing.T) {
	space := querySpace()
	docs := queryCollection(space, "docs")
	by := func(o query.Operand, desc bool) query.Sort { return query.Sort{By: o, Desc: desc} }
	or, text, number := query.OrElse, textOperand, numberOperand
	via := func(name string) query.Column {
		return query.Column{Path: []string{"cat"}, Name: name, Meta: name == query.ID}
	}
	names := query.Texts{Over: query.Col("papers"), Of: query.Meta(query.FileSlug)}
	for _, c := range []struct {
		name, text string
		who        access.Principal
		want       []query.Sort
		random     bool
		bad        bool
	}{
		{name: "nothing", text: ""},
		{name: "a blank", text: " ", bad: true},
		{name: "a blank behind a sign", text: "- title", bad: true},
		{name: "signs and blanks", text: "-title, +n ,created", want: []query.Sort{by(or(query.Col("title"), text("")), true),
			by(or(query.Col("n"), number("0")), false), by(query.Meta(query.Created), false)}},
		{name: "a path", text: "cat.name", want: []query.Sort{by(query.Choose{If: query.And{query.Empty{Of: via("name")}, query.Not{Filter: query.Empty{Of: via("id")}}},
			Then: text(""), Else: via("name")}, false)}},
		{name: "by chance", text: "@random", random: true},
		{name: "in order of creation, backwards", text: "-@rowid", want: []query.Sort{by(query.Meta(query.Number), true)}},
		{name: "by a list", text: "tags,-papers:length", want: []query.Sort{by(or(asText(query.Col("tags")), text("[]")), false),
			by(query.Length{Of: query.Col("papers")}, true)}},
		{name: "an empty entry", text: "title,", bad: true},
		{name: "two signs", text: "--title", bad: true},
		{name: "only a sign", text: "-", bad: true},
		{name: "an unknown field", text: "nope", bad: true},
		{name: "a hidden field", text: "secret", bad: true},
		{name: "a hidden field, by a superuser", text: "secret", who: superuser(), want: []query.Sort{by(or(query.Col("secret"), text("")), false)}},
		{name: "several related records", text: "cats.name", want: []query.Sort{by(query.At{Over: query.Col("cats"), Of: or(query.Col("name"), text(""))}, false)}},
		{name: "files", text: "papers", want: []query.Sort{by(or(asText(names), text("[]")), false)}},
		{name: "rows", text: "-lines", want: []query.Sort{by(query.Length{Of: query.Col("lines")}, true)}},
		{name: "a cell that is none", text: "lines.1.what", bad: true},
		{name: "nine entries", text: strings.Repeat("title,", 8) + "n", bad: true},
		{name: "a long entry", text: strings.Repeat("a", 256), bad: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, random, err := parseSort(space, docs, c.text, c.who)
			if c.bad {
				if dossier.KindOf(err) != dossier.Invalid {
					t.Errorf("got %v and error %v, want it invalid", got, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" || random != c.random {
				t.Errorf("random %v, -want +got:\n%s", random, diff)
			}
			if _, err := query.Check(space, docs, query.Query{Sort: got}); err != nil {
				t.Error(err)
			}
		})
	}
}
