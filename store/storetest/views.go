package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dossier"
	"dossier/query"
	"dossier/store"
)

// columns are the fields of a view by a query.
func (b *bench) columns(space *dossier.Space, text string) (fields []*dossier.Field, err error) {
	b.Helper()
	err = b.View(ctx, func(tx store.Tx) (err error) {
		fields, err = tx.Collections().Columns(ctx, space, &dossier.Collection{ID: "new", Name: "new", Kind: dossier.View, Query: text})
		return err
	})
	return fields, err
}

// viewOf puts a view by a query and adds it to the space.
func (b *bench) viewOf(space *dossier.Space, name, text string) *dossier.Collection {
	b.Helper()
	fields, err := b.columns(space, text)
	if err != nil {
		b.Fatal(err)
	}
	c := &dossier.Collection{ID: b.id(), Name: name, Label: name, Kind: dossier.View, Query: text, Fields: fields, Created: now, Updated: now}
	c.Number = int64(10_000 + b.ids)
	for i, f := range fields {
		f.ID, f.Number = dossier.ID(fmt.Sprint(name, i)), int64(100_000*b.ids+i)
	}
	b.put(c)
	space.Collections = append(space.Collections, c)
	return c
}

func (b *bench) all(space *dossier.Space, c *dossier.Collection) (out []*dossier.Record) {
	b.Helper()
	b.view(func(tx store.Tx) (err error) {
		out, err = store.Source(tx, space).All(ctx, c)
		return err
	})
	return out
}

// shop is a space of authors who log in, and posts of theirs with a value of every kind.
func (b *bench) shop() (space *dossier.Space, posts, authors *dossier.Collection) {
	b.Helper()
	authors = &dossier.Collection{ID: b.id(), Number: 900, Name: "authors", Kind: dossier.Auth, Created: now, Updated: now,
		Fields: []*dossier.Field{{Name: "name", Type: dossier.TypeText}}}
	b.number(authors.Fields)
	b.put(authors)
	posts = b.collection("posts",
		&dossier.Field{Name: "title", Type: dossier.TypeText, Required: true, Unique: true, Max: "80", Label: "Title"},
		&dossier.Field{Name: "n", Type: dossier.TypeNumber, Min: "0"},
		&dossier.Field{Name: "live", Type: dossier.TypeBool},
		&dossier.Field{Name: "day", Type: dossier.TypeDate},
		&dossier.Field{Name: "seen", Type: dossier.TypeDateTime},
		&dossier.Field{Name: "tags", Type: dossier.TypeSelect, Options: []string{"a", "b"}, MaxSelect: 2},
		&dossier.Field{Name: "author", Type: dossier.TypeRelation, Collection: authors.ID, Cascade: true},
		&dossier.Field{Name: "readers", Type: dossier.TypeRelation, Collection: authors.ID, MaxSelect: 5},
		&dossier.Field{Name: "papers", Type: dossier.TypeFile, MaxSelect: 3, Protected: true, Thumbs: []string{"10x10"}},
		&dossier.Field{Name: "data", Type: dossier.TypeJSON},
		&dossier.Field{Name: "lines", Type: dossier.TypeTable, Fields: []*dossier.Field{{Name: "what", Type: dossier.TypeText}}})
	return &dossier.Space{Collections: []*dossier.Collection{authors, posts}}, posts, authors
}

// stock fills the shop with two authors and three posts, and returns the file of the first post.
func (b *bench) stock(posts, authors *dossier.Collection) (ids []dossier.ID, file *dossier.File) {
	b.Helper()
	for i, name := range []string{"Ann", "Bob"} {
		r := b.record(values("name", dossier.Text(name)))
		r.Account = &dossier.Account{Email: strings.ToLower(name) + "@example.org", Verified: i == 0, PasswordHash: "secret hash", TokenKey: "secret key"}
		b.update(func(tx store.Tx) error { return tx.Records(authors).Insert(ctx, r) })
		ids = append(ids, r.ID)
	}
	u := &dossier.Upload{Length: -1, Expires: now.AddDate(0, 0, 3)}
	u.ID, u.Name, u.Slug, u.Size, u.Sniffed, u.Created = b.fileID(), "a.txt", "a_x.txt", 3, "text/plain", now
	b.update(func(tx store.Tx) (err error) {
		if err = tx.Uploads().Create(ctx, u); err == nil {
			file, err = tx.Uploads().Take(ctx, u.ID, now)
		}
		return err
	})
	first := b.insert(posts, values("title", dossier.Text("one"), "n", dossier.Number("1.50"), "live", dossier.Bool(true), "day", dossier.Date("2024-02-29"),
		"seen", dossier.Instant(1709208000123), "tags", dossier.List{"a", "b"}, "author", dossier.Text(ids[0]), "readers", dossier.List{string(ids[0]), string(ids[1])},
		"papers", dossier.Files{file}, "data", dossier.JSON(`{"a":[1]}`)))
	second := b.insert(posts, values("title", dossier.Text("two"), "n", dossier.Number("9007199254740993"), "live", dossier.Bool(false), "author", dossier.Text(ids[0])))
	third := b.insert(posts, nil)
	return append(ids, first.ID, second.ID, third.ID), file
}

// testViews reads records of views.
func testViews(t *testing.T, open Opener) {
	b := newBench(t, open)
	space, posts, authors := b.shop()
	ids, file := b.stock(posts, authors)
	same := b.viewOf(space, "same", "SELECT * FROM posts ORDER BY title DESC;")
	first := values("title", dossier.Text("one"), "n", dossier.Number("1.5"), "live", dossier.Bool(true), "day", dossier.Date("2024-02-29"),
		"seen", dossier.Instant(1709208000123), "tags", dossier.List{"a", "b"}, "author", dossier.Text(ids[0]), "readers", dossier.List{string(ids[0]), string(ids[1])},
		"papers", dossier.Files{file}, "data", dossier.JSON(`{"a":[1]}`), "created", dossier.InstantOf(now), "updated", dossier.InstantOf(now))
	want := &dossier.Record{ID: ids[2], Number: 2, Revision: 1, Created: now.Truncate(1e6), Updated: now.Truncate(1e6), Values: first}
	if diff := cmp.Diff(want, b.get(same, ids[2])); diff != "" {
		t.Error(diff)
	}
	stamps := values("created", dossier.InstantOf(now), "updated", dossier.InstantOf(now))
	if diff := cmp.Diff(stamps, b.get(same, ids[4]).Values); diff != "" {
		t.Errorf("empty values are not empty: %s", diff)
	}
	b.view(func(tx store.Tx) error {
		if r, err := tx.Records(same).GetNumber(ctx, 1); err != nil || r.ID != ids[3] {
			t.Errorf("the first is %v, %v", r, err)
		}
		_, err := tx.Records(same).Get(ctx, "nope")
		b.want(dossier.NotFound, err)
		_, err = tx.Records(same).GetEmail(ctx, "ann@example.org")
		b.want(dossier.NotFound, err)
		return nil
	})

	sums := b.viewOf(space, "sums", `select a.id, a.name as who, a.email, count(p.id) as many, max(p.n) total, max(p.title) as last, 'x' || a.name as odd
		from authors a left join posts as p on p.author = a.id group by a.id -- nothing else`)
	var got []string
	for _, r := range b.all(space, sums) {
		for _, f := range sums.Fields {
			got = append(got, f.Name+"="+query.TextOf(r.Values[f.Name]))
		}
	}
	if diff := cmp.Diff([]string{"who=Ann", "email=ann@example.org", "many=2", "total=9007199254740993", `last="two"`, `odd="xAnn"`,
		"who=Bob", "email=bob@example.org", "many=0", "total=", "last=", `odd="xBob"`}, got); diff != "" {
		t.Error(diff)
	}
	outer := b.viewOf(space, "outer_view", "with busy as (select * from sums where many > 1) select id, who from busy")
	if all := b.all(space, outer); len(all) != 1 || all[0].Text("who") != "Ann" {
		t.Errorf("a view of a view has %v", all)
	}
	b.testReadOnly(space, same)
}

// testReadOnly refuses writes to a view.
func (b *bench) testReadOnly(space *dossier.Space, view *dossier.Collection) {
	b.Helper()
	before := len(b.all(space, view))
	b.refuse(dossier.Unsupported, func(tx store.Tx) error { return tx.Records(view).Insert(ctx, b.record(nil)) })
	r := b.all(space, view)[0]
	b.refuse(dossier.Unsupported, func(tx store.Tx) error { return tx.Records(view).Update(ctx, r, r.Revision) })
	b.refuse(dossier.Unsupported, func(tx store.Tx) error { return tx.Records(view).Delete(ctx, r.ID) })
	b.update(func(tx store.Tx) error { return tx.Collections().Delete(ctx, view, now) })
	b.put(view)
	if n := len(b.all(space, view)); n != before {
		b.Errorf("the view has %d records, not %d", n, before)
	}
}

// testViewFields has the fields that follow from queries.
func testViewFields(t *testing.T, open Opener) {
	b := newBench(t, open)
	space, posts, authors := b.shop()
	field := func(name string, typ dossier.FieldType) *dossier.Field {
		return &dossier.Field{Name: name, Code: name, Type: typ}
	}
	relation := func(name string) *dossier.Field {
		f := field(name, dossier.TypeRelation)
		f.Collection = authors.ID
		return f
	}
	titled := field("title", dossier.TypeText)
	titled.Max = "80"
	papers := *posts.Fields[8]
	papers.ID, papers.Number, papers.Name, papers.Code = "", 0, "doc", "doc"
	tags := field("tags", dossier.TypeSelect)
	tags.Options, tags.MaxSelect = []string{"a", "b"}, 2
	other := relation("other")
	other.MaxSelect = 1
	n := field("n", dossier.TypeNumber)
	n.Min = "0"
	for text, want := range map[string][]*dossier.Field{
		"select id, title from posts":                                                                           {titled},
		"SELECT [id], `title` FROM \"posts\"":                                                                   {titled},
		"select id, papers as doc, tags from (select * from posts) p":                                           {&papers, tags},
		"select p.id, p.author, a.id as other, a.verified from posts p, authors a":                              {relation("author"), other, field("verified", dossier.TypeBool)},
		"select id, count(*) over () as c, (avg(n)) as a, n * 2 as m, cast(n as text) t, created from posts":    {field("c", dossier.TypeNumber), field("a", dossier.TypeNumber), field("m", dossier.TypeJSON), field("t", dossier.TypeText), field("created", dossier.TypeDateTime)},
		"select id, title from posts union select id, title from posts order by title":                          {titled},
		"select id, title from posts union all select id, name from authors":                                    {field("title", dossier.TypeJSON)},
		"select id, n from posts where id in (select id from posts union select id from posts)":                 {field("n", dossier.TypeJSON)},
		"select (row_number() over ()) as id, email from authors":                                               {field("email", dossier.TypeEmail)},
		"with x as (select id, n as k from posts) select id, k as n, count(k) + 1 as plus from x":               {n, field("plus", dossier.TypeJSON)},
		"select id, 'a;b?--' as s, /* ; */ json_extract(data, '$.a') as j from posts -- )":                      {field("s", dossier.TypeJSON), field("j", dossier.TypeJSON)},
		"select id, coalesce(sum(n), 0) as s, cast(n as int) as i, cast(n as bool) as b from posts group by id": {field("s", dossier.TypeJSON), field("i", dossier.TypeNumber), field("b", dossier.TypeBool)},
	} {
		got, err := b.columns(space, text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", text, diff)
		}
	}
}

// testBadViews has queries that no view can have.
func testBadViews(t *testing.T, open Opener) {
	b := newBench(t, open)
	space, posts, _ := b.shop()
	space.Collections = append(space.Collections, &dossier.Collection{ID: "sys", Number: -5, Name: "_system", System: true, Kind: dossier.Auth},
		&dossier.Collection{ID: "draft", Number: 77, Name: "drafted", Draft: true})
	for _, text := range []string{"", ";", "posts", "delete from posts", "insert into posts (id) values (1)", "update posts set title = ''", "drop table posts",
		"values (1)", "select 1", "select title from posts", "select id, id from posts", "select id, nope from posts", "select id from nope",
		"select id from posts; select id from posts", "select id from posts) union select * from (select 1", "select id from posts where (", "select id from posts where title = 'x",
		"select id from posts /* open", "select id from posts where title = ?", "select id from posts where title = ?1", "select id from posts where title = :a", "select id from posts where title = @a",
		"select id from posts where title = $1", "select id, count(*) from posts", "select id, title as \"a b\" from posts", "select id, title as \"\" from posts",
		"select name as id from sqlite_master", "select name as id from \"sqlite_schema\"", "select name as id from 'sqlite_master'", "select name as id from main.sqlite_master", "select 1 as id from [sqlite_sequence]",
		"select name as id from pragma_table_info('posts')", "select 1 as id from pg_catalog.pg_class", "select 1 as id from information_schema.tables", "pragma table_list", "select 1 as id from posts where pragma",
		"attach 'x' as y", "select id from files", "select id from tokens", "select id from meta", "select id from collections", "select id from uses",
		fmt.Sprintf("select id from r_%d", 1), "select id from r_2", "select id from main.posts", "select id from temp.posts", "select f1 as id from posts", "select id, t.f1 from posts",
		"select id, password_hash from authors", "select id, token_key from authors", "select id, email_key from authors", "select id from _system", "select id from drafted",
		"select id, lines from posts", "select id, load_extension('x') as y from posts", "select id from _dossier_900", "select dossier_key(1) as id from posts",
		"with x as (delete from posts returning id) select id from x", "select id from new", "select id, title as id from posts", "select \x00 as id from posts", "select '\xff' as id from posts",
		"select id from posts where title = 'a' union select", strings.Repeat("(", 60), "select id from posts -- " + strings.Repeat("x", 20_000),
		"select " + strings.Repeat("(", 55) + "id" + strings.Repeat(")", 55) + " as id from posts"} {
		_, err := b.columns(space, text)
		var e *dossier.Error
		if !errors.As(err, &e) || e.Kind != dossier.Invalid || e.Msg == "" {
			t.Errorf("%.80q: got %v", text, err)
		} else if strings.Contains(e.Msg, "/") || strings.Contains(e.Msg, "SQL logic") {
			t.Errorf("%.80q: %q tells too much", text, e.Msg)
		}
	}
	b.insert(posts, nil)
	loop := "with recursive n(x) as (select 1 union all select x + 1 from n) select count(*) as id from n"
	if _, err := b.columns(space, loop); err != nil {
		t.Errorf("a query is run to see its columns: %v", err)
	}
	b.refuse(dossier.Unsupported, func(tx store.Tx) error {
		kind := *posts
		kind.Kind = dossier.View
		return tx.Collections().Put(ctx, &kind)
	})
}

// testViewChanges changes what a view reads.
func testViewChanges(t *testing.T, open Opener) {
	b := newBench(t, open)
	space, posts, authors := b.shop()
	b.stock(posts, authors)
	view := b.viewOf(space, "titles", "select id, title from posts where title <> ''")
	space.Collections = slices.Clone(space.Collections)
	if n := len(b.all(space, view)); n != 2 {
		t.Fatalf("%d records", n)
	}
	b.insert(posts, values("title", dossier.Text("three")))
	if n := len(b.all(space, view)); n != 3 {
		t.Errorf("%d records after a third", n)
	}
	next := posts.Clone()
	next.Name = "articles"
	b.put(next)
	stale := func() error {
		return b.View(ctx, func(tx store.Tx) error {
			_, err := store.Source(tx, space).All(ctx, view)
			return err
		})
	}
	if err := stale(); err == nil {
		t.Error("a view finds a collection by its old name")
	}
	space.Collections[1] = next
	if _, err := b.columns(space, view.Query); !errors.Is(err, dossier.Invalid) {
		t.Errorf("got %v", err)
	}
	changed := *view
	changed.Query = "select id, title from articles"
	b.put(&changed)
	if n := len(b.all(space, &changed)); n != 4 {
		t.Errorf("%d records", n)
	}
	b.update(func(tx store.Tx) error { // inside the transaction that changes it
		again := next.Clone()
		again.Name = "posts"
		if err := tx.Collections().Put(ctx, again); err != nil {
			return err
		}
		found, err := store.Source(tx, space).All(ctx, view)
		if len(found) != 3 {
			t.Errorf("%d records in the transaction", len(found))
		}
		return err
	})
}

// testViewQueries holds what the store finds in a view, and by way of it, against query.Eval.
func testViewQueries(t *testing.T, open Opener) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			b, w := newBench(t, open), newWorld(100+seed)
			b.fill(w)
			mirror := b.viewOf(w.space, "mirror", "select * from things")
			w.ids[mirror.ID] = w.ids[w.things.ID]
			all := map[string][]*dossier.Record{}
			for _, c := range w.space.Collections {
				all[c.Name] = b.all(w.space, c)
			}
			for i, r := range all["things"] {
				b.mirrored(r, all["mirror"][i])
			}
			b.view(func(tx store.Tx) error {
				for i := range 200 {
					c := []*dossier.Collection{mirror, mirror, w.things}[i%3]
					p := w.root(c)
					q := query.Query{Filter: w.filter(p, 2), Sort: w.sorts(p), Offset: w.IntN(4), Limit: w.IntN(20)}
					b.compare(tx, w, c, q, all[c.Name], cached{all})
				}
				return nil
			})
		})
	}
}

// mirrored wants r's values in the record of a view: numbers as near as the database has them, tables not.
func (b *bench) mirrored(r, in *dossier.Record) {
	b.Helper()
	if in.ID != r.ID {
		b.Fatalf("%s stands where %s should", in.ID, r.ID)
	}
	for name, v := range r.Values {
		_, number := v.(dossier.Number)
		_, table := v.(dossier.Rows)
		_, secret := v.(dossier.Secret)
		got := in.Values[name]
		switch {
		case table, secret:
			if got != nil {
				b.Errorf("a view shows %v of %s", got, name)
			}
		case number && len(v.(dossier.Number)) > 15 && !(v.(dossier.Number).IsInteger() && len(v.(dossier.Number)) < 19):
			if got == nil {
				b.Errorf("%s: the view has no %s", name, v)
			}
		case !dossier.EqualValues(v, got):
			b.Errorf("%s is %v in the view, not %v", name, got, v)
		}
	}
}
