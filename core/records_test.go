package core_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"dossier"
	"dossier/access"
	"dossier/core"
)

// papers is a collection with a field of every type, and one that its relations lead to.
func papers() []*dossier.Collection {
	return []*dossier.Collection{
		{Name: "users", Kind: dossier.Auth, Rules: rules(""), Fields: []*dossier.Field{{Name: "name", Type: dossier.TypeText}}},
		{Name: "topics", Rules: rules(""), Fields: []*dossier.Field{{Name: "title", Type: dossier.TypeText}}},
		{Name: "papers", Rules: rules(""), Fields: []*dossier.Field{
			{Name: "title", Type: dossier.TypeText},
			{Name: "body", Type: dossier.TypeRichText},
			{Name: "pages", Type: dossier.TypeNumber},
			{Name: "done", Type: dossier.TypeBool},
			{Name: "due", Type: dossier.TypeDate},
			{Name: "seen", Type: dossier.TypeDateTime},
			{Name: "at", Type: dossier.TypeTime},
			{Name: "state", Type: dossier.TypeSelect, Options: []string{"new", "old"}},
			{Name: "marks", Type: dossier.TypeSelect, Options: []string{"a", "b", "c"}, MaxSelect: 3},
			{Name: "mail", Type: dossier.TypeEmail},
			{Name: "link", Type: dossier.TypeURL},
			{Name: "phone", Type: dossier.TypePhone},
			{Name: "files", Type: dossier.TypeFile, MaxSelect: 100},
			{Name: "cover", Type: dossier.TypeImage},
			{Name: "topic", Type: dossier.TypeRelation, Collection: "topics"},
			{Name: "topics", Type: dossier.TypeRelation, Collection: "topics", MaxSelect: 5},
			{Name: "author", Type: dossier.TypeUser},
			{Name: "lines", Type: dossier.TypeTable, Fields: []*dossier.Field{
				{Name: "item", Type: dossier.TypeText},
				{Name: "count", Type: dossier.TypeNumber},
				{Name: "proof", Type: dossier.TypeFile, MaxSelect: 3},
			}},
			{Name: "extra", Type: dossier.TypeJSON},
			{Name: "serial", Type: dossier.TypeAutoNumber},
			{Name: "person", Type: dossier.TypeName},
			{Name: "place", Type: dossier.TypeAddress},
			{Name: "stars", Type: dossier.TypeRating},
		}},
	}
}

// everything is a value for every field of papers that holds no file and refers to nothing.
func everything() values {
	return values{
		"title": dossier.Text("Häuser"), "body": dossier.Text("<p>Hi</p>"), "pages": dossier.Number("12.50"), "done": dossier.Bool(false),
		"due": dossier.Date("2026-12-31"), "seen": dossier.InstantOf(start), "at": dossier.Clock("09:05"), "state": dossier.Text("new"),
		"marks": dossier.List{"c", "a"}, "mail": dossier.Text("a@example.com"), "link": dossier.Text("https://example.com/x"),
		"phone": dossier.Text("+49 30 1"), "extra": dossier.JSON(`{"a":[1,null]}`), "person": dossier.JSON(`{"first":"Ada"}`),
		"place": dossier.JSON(`{"city":"Bonn"}`), "stars": dossier.Number("4"),
	}
}

func TestEveryTypeComesBackAsItWasWritten(t *testing.T) {
	t.Parallel()
	h := newHouse(t, papers())
	topic := h.create("topics", values{"title": dossier.Text("Law")})
	user := h.create("users", nil)
	want := everything()
	want["topic"], want["topics"], want["author"] = dossier.Text(topic.ID), dossier.List{string(topic.ID)}, dossier.Text(user.ID)
	made := h.create("papers", want)
	want["serial"] = dossier.Number("1")
	same(t, "values of the record made", made.Values, want)
	same(t, "values of the record read", h.get("papers", made.ID).Values, want)
	same(t, "the rest of the record", made, &dossier.Record{ID: made.ID, Number: 1, Revision: 1, Created: start, Updated: start, Values: want})
}

func TestNilEmptiesAFieldAndOthersStay(t *testing.T) {
	t.Parallel()
	h := newHouse(t, papers())
	r := h.create("papers", everything())
	want := r.Clone().Values
	for name := range everything() {
		h.update("papers", r, values{name: nil})
		delete(want, name)
		if diff := cmp.Diff(want, h.get("papers", r.ID).Values, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("after emptying %s (-want +got):\n%s", name, diff)
		}
	}
}

func TestZeroValuesAreNotEmpty(t *testing.T) {
	t.Parallel()
	h := newHouse(t, papers())
	want := values{"title": dossier.Text(""), "pages": dossier.Number("0"), "done": dossier.Bool(false), "extra": dossier.JSON("null"), "serial": dossier.Number("1")}
	r := h.create("papers", want)
	same(t, "values", h.get("papers", r.ID).Values, want)
}

func TestUpdateCountsRevisionsAndNotesTheTime(t *testing.T) {
	t.Parallel()
	h := newHouse(t, papers())
	r := h.create("papers", values{"title": dossier.Text("a")})
	h.clock.Add(time.Hour)
	got := h.update("papers", r, values{"title": dossier.Text("b")})
	want := &dossier.Record{ID: r.ID, Number: 1, Revision: 2, Created: start, Updated: start.Add(time.Hour),
		Values: values{"title": dossier.Text("b"), "serial": dossier.Number("1")}}
	same(t, "answer", got, want)
	same(t, "stored", h.get("papers", r.ID), want)
}

func TestAnUnknownFieldIsIgnoredAndANumberCannotBeWritten(t *testing.T) {
	t.Parallel()
	h := newHouse(t, papers())
	r := h.create("papers", values{"nothing": dossier.Text("x"), "serial": dossier.Number("77")})
	same(t, "values", r.Values, values{"serial": dossier.Number("1")})
	r = h.update("papers", r, values{"nothing": dossier.Text("x"), "serial": nil})
	same(t, "values", r.Values, values{"serial": dossier.Number("1")})
}

func TestAListHoldsNothingTwice(t *testing.T) {
	t.Parallel()
	h := newHouse(t, papers())
	topic := string(h.create("topics", nil).ID)
	r := h.create("papers", values{"marks": dossier.List{"b", "a", "b", "b"}, "topics": dossier.List{topic, topic}})
	same(t, "marks", r.Value("marks"), dossier.Value(dossier.List{"b", "a"}))
	same(t, "topics", r.Value("topics"), dossier.Value(dossier.List{topic}))
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	fields := []*dossier.Field{
		{Name: "title", Type: dossier.TypeText, Default: dossier.Text("untitled"), Required: true},
		{Name: "on", Type: dossier.TypeDate, DefaultNow: true},
		{Name: "seen", Type: dossier.TypeDateTime, DefaultNow: true},
		{Name: "at", Type: dossier.TypeTime, DefaultNow: true},
		{Name: "count", Type: dossier.TypeNumber, Default: dossier.Number("3")},
	}
	h := newHouse(t, []*dossier.Collection{{Name: "papers", Fields: fields}})
	tokyo := h.Space().Settings
	tokyo.TimeZone = "Asia/Tokyo"
	h.must(h.PutSettings(ctx(), access.System(), tokyo))
	h.clock.Add(7 * time.Hour) // 15:30 UTC is 00:30 of the next day there

	r := h.create("papers", nil)
	want := values{"title": dossier.Text("untitled"), "on": dossier.Date("2026-11-22"), "seen": dossier.InstantOf(start.Add(7 * time.Hour)),
		"at": dossier.Clock("00:30"), "count": dossier.Number("3")}
	same(t, "a field not given gets its default", r.Values, want)

	r = h.create("papers", values{"count": nil, "on": nil, "seen": nil, "at": nil})
	same(t, "a field given as empty stays empty", r.Values, values{"title": dossier.Text("untitled")})

	r = h.update("papers", r, values{"count": dossier.Number("1")})
	same(t, "an update gives no defaults", r.Values, values{"title": dossier.Text("untitled"), "count": dossier.Number("1")})
}

func TestRecordIDs(t *testing.T) {
	t.Parallel()
	h := newHouse(t, papers())
	c := h.collection("topics")
	for id, ok := range map[dossier.ID]bool{
		"abcdefghij12345": true, "abcdefghij12345678901234": true, "abcdefghij1234": false, "abcdefghij123456789012345": false,
		"ABCDEFGHIJ12345": false, "abcdefghij-2345": false, "": true,
	} {
		r, err := h.CreateRecord(ctx(), access.System(), c, id, core.Change{})
		if ok != (err == nil) {
			t.Errorf("create %q: %v", id, err)
		}
		if !ok {
			wrong(t, err, prob(dossier.CodeInvalid, nil, "id"))
		} else if id != "" && r.ID != id || !dossier.ValidRecordID(string(r.ID)) {
			t.Errorf("create %q made %q", id, r.ID)
		}
	}
	_, err := h.CreateRecord(ctx(), access.System(), c, "abcdefghij12345", core.Change{})
	kind(t, "an ID that is taken", err, dossier.Exists)
	same(t, "problems", problemsOf(err), []dossier.Problem{prob(dossier.CodeTaken, nil, "id")})
}

func TestNumbersAreNeverReused(t *testing.T) {
	t.Parallel()
	h := newHouse(t, papers())
	h.create("topics", nil)
	h.delete("topics", h.create("topics", nil))
	if r := h.create("topics", nil); r.Number != 3 {
		t.Errorf("the third record has number %d", r.Number)
	}
}

func TestRevisions(t *testing.T) {
	t.Parallel()
	h := newHouse(t, papers())
	c := h.collection("topics")
	r := h.create("topics", nil)
	change := core.Put(core.Change{Values: values{"title": dossier.Text("x")}})
	for _, step := range []struct {
		name string
		base int64
		want dossier.Kind
	}{
		{"another revision is stale", 2, dossier.Stale},
		{"the current one is taken", 1, ""},
		{"the one before is stale", 1, dossier.Stale},
		{"none is any", 0, ""},
	} {
		_, err := h.UpdateRecord(ctx(), access.System(), c, core.ByNumber(r.Number), core.Update{Base: step.base, Edit: change})
		kind(t, step.name, err, step.want)
	}
	kind(t, "delete of an old revision", h.DeleteRecord(ctx(), access.System(), c, core.ByID(r.ID), 1), dossier.Stale)
	kind(t, "delete of the current revision", h.DeleteRecord(ctx(), access.System(), c, core.ByID(r.ID), 3), "")
	kind(t, "delete of nothing", h.DeleteRecord(ctx(), access.System(), c, core.ByID(r.ID), 3), dossier.NotFound)
	_, err := h.UpdateRecord(ctx(), access.System(), c, core.ByID(r.ID), core.Update{Edit: change})
	kind(t, "update of nothing", err, dossier.NotFound)
}

func TestConcurrentEditsLoseNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t, papers())
	c := h.collection("papers")
	r := h.create("papers", nil)
	const writers = 64
	each(writers, func(i int) {
		u, err := h.Upload(ctx(), access.Guest(), core.Incoming{Name: fmt.Sprint(i)}, strings.NewReader(fmt.Sprint("bytes of ", i)))
		if err != nil {
			t.Error(err)
			return
		}
		_, err = h.UpdateRecord(ctx(), access.System(), c, core.ByID(r.ID), core.Update{Edit: func(now *dossier.Record) (core.Change, error) {
			return core.Change{Values: values{"files": append(keep(now.Files("files")), take(u)...)}}, nil
		}})
		if err != nil {
			t.Error(err)
		}
	})
	r = h.get("papers", r.ID)
	if r.Revision != writers+1 {
		t.Errorf("revision %d after %d updates", r.Revision, writers)
	}
	seen := map[string]bool{}
	for _, f := range r.Files("files") {
		if got := h.read(f); got != "bytes of "+f.Name {
			t.Errorf("file %s holds %q", f.Name, got)
		}
		seen[f.Name] = true
	}
	if len(seen) != writers {
		t.Errorf("%d files are there, want %d", len(seen), writers)
	}
	h.sound()
}

func TestABatchIsAllOrNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t, papers())
	c := h.collection("papers")
	u := h.upload("a.txt", "a")
	err := h.Batch(ctx(), access.System(), func(b *core.Batch) error {
		if _, err := b.CreateRecord(ctx(), c, "", core.Change{Values: values{"files": take(u)}}); err != nil {
			return err
		}
		_, err := b.CreateRecord(ctx(), c, "", core.Change{Values: values{"state": dossier.Text("other")}})
		return err
	})
	wrong(t, err, prob(dossier.CodeOption, map[string]any{"value": "other"}, "state"))
	page, err := h.ListRecords(ctx(), access.System(), c, all, core.ListOptions{Total: true})
	h.must(err)
	if page.Total != 0 {
		t.Errorf("%d records are there after a batch that failed", page.Total)
	}
	h.create("papers", values{"files": take(u)})
}

func TestAuthorship(t *testing.T) {
	t.Parallel()
	h := newHouse(t, papers())
	c := h.collection("papers")
	ada := access.Principal{Kind: access.KindUser, ID: "ada", Login: "ada@example.com", Collection: h.collection("users"), Record: &dossier.Record{}}
	r, err := h.CreateRecord(ctx(), ada, c, "", core.Change{})
	h.must(err)
	same(t, "authors", []string{r.CreatedBy, r.UpdatedBy}, []string{"ada@example.com", "ada@example.com"})

	by := &core.Authorship{CreatedBy: "old@example.com", UpdatedBy: "older@example.com", Created: 1000, Updated: 2000}
	_, err = h.CreateRecord(ctx(), ada, c, "", core.Change{By: by})
	kind(t, "a user writes under another name", err, dossier.Denied)
	r, err = h.CreateRecord(ctx(), access.System(), c, "", core.Change{By: by})
	h.must(err)
	r = h.get("papers", r.ID)
	same(t, "authors", []string{r.CreatedBy, r.UpdatedBy}, []string{"old@example.com", "older@example.com"})
	same(t, "times", []int64{r.Created.UnixMilli(), r.Updated.UnixMilli()}, []int64{1000, 2000})
}
