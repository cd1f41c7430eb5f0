package core_test

import (
	"errors"
	"fmt"
	"testing"

	"dossier"
	"dossier/access"
	"dossier/core"
	"dossier/query"
)

func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	title := func() []*dossier.Field { return []*dossier.Field{{Name: "title", Type: dossier.TypeText}} }
	h := newHouse(t, []*dossier.Collection{
		{Name: "users", Kind: dossier.Auth, Fields: title()},
		{Name: "open", Rules: rules(""), Fields: title()},
		{Name: "members", Rules: rules(ruleMember), Fields: title()},
		{Name: "some", Rules: rules(ruleOpen), Fields: title()}, // holds of records whose title is open
		{Name: "locked", Fields: title()},
	})
	right := func(r access.Right) access.Principal {
		p := access.Principal{Kind: access.KindToken, Rights: map[dossier.ID]access.Right{}}
		for _, name := range []string{"open", "members", "some", "locked"} {
			p.Rights[h.collection(name).ID] = r
		}
		return p
	}
	people := map[string]access.Principal{
		"nobody":    {},
		"guest":     access.Guest(),
		"user":      {Kind: access.KindUser, ID: "ada", Collection: h.collection("users"), Record: &dossier.Record{}},
		"superuser": {Kind: access.KindSuperuser, Collection: h.collection(dossier.Superusers), Record: &dossier.Record{}},
		"key":       {Kind: access.KindKey},
		"no rights": right(0), "view": right(access.RightView), "add": right(access.RightAdd), "edit": right(access.RightEdit),
		"delete": right(access.RightDelete), "manage": right(access.RightManage),
	}
	needs := map[access.Action]string{access.List: "view", access.View: "view", access.Create: "add", access.Update: "edit", access.Delete: "delete"}
	// want is what becomes of an action on a record with that title: "" is done, else why not.
	want := func(person, collection, title string, a access.Action) error {
		switch person {
		case "superuser", "key":
			return nil
		case "nobody", "guest", "user":
		default:
			if needs[a] == person {
				return nil
			}
			return access.ErrLocked
		}
		switch {
		case collection == "locked":
			return access.ErrLocked
		case collection == "members" && person != "user", collection == "some" && title != "open":
			return access.ErrRule
		}
		return nil
	}
	verdict := func(err error) error {
		for _, cause := range []error{access.ErrLocked, access.ErrRule} {
			if errors.Is(err, cause) && err != cause {
				kind(t, "a refusal", err, dossier.Denied)
				return cause
			}
		}
		return err // nil, or what the list below has found
	}
	for person, who := range people {
		for _, collection := range []string{"open", "members", "some", "locked"} {
			for _, title := range []string{"open", "shut"} {
				c := h.collection(collection)
				v := values{"title": dossier.Text(title)}
				r := h.create(collection, v)
				check := func(a access.Action, err error) {
					t.Helper()
					if got, want := verdict(err), want(person, collection, title, a); got != want {
						t.Errorf("%s, %s in %s, title %s: %v, want %v", person, a, collection, title, got, want)
					}
					if may := h.May(who, c, a); (verdict(may) == access.ErrLocked) != (want(person, collection, title, a) == access.ErrLocked) {
						t.Errorf("%s may %s in %s: %v", person, a, collection, may)
					}
				}
				_, err := h.GetRecord(ctx(), who, c, core.ByNumber(r.Number))
				check(access.View, err)
				_, err = h.CreateRecord(ctx(), who, c, "", core.Change{Values: v})
				check(access.Create, err)
				_, err = h.UpdateRecord(ctx(), who, c, core.ByID(r.ID), core.Update{Edit: core.Put(core.Change{Values: v})})
				check(access.Update, err)
				page, err := h.ListRecords(ctx(), who, c, query.Query{Filter: query.Compare{Left: query.Meta(query.Number), Op: query.Eq,
					Right: query.Literal{Value: dossier.Number(fmt.Sprint(r.Number))}}}, core.ListOptions{Total: true})
				if err == nil && len(page.Records) == 0 {
					if page.Total != 0 {
						t.Errorf("%s: a total of %d tells of records that are not shown", person, page.Total)
					}
					err = access.ErrRule
				}
				check(access.List, err)
				check(access.Delete, h.DeleteRecord(ctx(), who, c, core.ByID(r.ID), 0))
			}
		}
	}
}

func TestARuleSeesTheRecordAsItIsBeforeAnUpdate(t *testing.T) {
	t.Parallel()
	h := newHouse(t, []*dossier.Collection{{Name: "some", Rules: rules(ruleOpen), Fields: []*dossier.Field{{Name: "title", Type: dossier.TypeText}}}})
	c := h.collection("some")
	put := func(r *dossier.Record, title string) error {
		_, err := h.UpdateRecord(ctx(), access.Guest(), c, core.ByID(r.ID), core.Update{Edit: core.Put(core.Change{Values: values{"title": dossier.Text(title)}})})
		return err
	}
	open, shut := h.create("some", values{"title": dossier.Text("open")}), h.create("some", values{"title": dossier.Text("shut")})
	kind(t, "from shut to open", put(shut, "open"), dossier.Denied)
	kind(t, "from open to shut", put(open, "shut"), "")
	kind(t, "and back", put(open, "open"), dossier.Denied)
	_, err := h.CreateRecord(ctx(), access.Guest(), c, "", core.Change{Values: values{"title": dossier.Text("shut")}})
	kind(t, "a create is judged by what it makes", err, dossier.Denied)
}

func TestARuleSeesWhatIsWritten(t *testing.T) {
	t.Parallel()
	h := newHouse(t, []*dossier.Collection{{Name: "some", Rules: rules(ruleNew), Fields: []*dossier.Field{{Name: "title", Type: dossier.TypeText}}}})
	r, err := h.CreateRecord(ctx(), access.Guest(), h.collection("some"), "", core.Change{Values: values{"title": dossier.Text("fine")}})
	h.must(err)
	_, err = h.UpdateRecord(ctx(), access.Guest(), h.collection("some"), core.ByID(r.ID), core.Update{Edit: core.Put(core.Change{Values: values{"title": dossier.Text("secret")}})})
	kind(t, "update", err, dossier.Denied)
}

func TestARefusalComesBeforeProblemsAndRevisions(t *testing.T) {
	t.Parallel()
	h := newHouse(t, []*dossier.Collection{{Name: "some", Rules: rules(ruleOpen), Fields: []*dossier.Field{{Name: "title", Type: dossier.TypeText, Max: "4"}}}})
	r := h.create("some", values{"title": dossier.Text("shut")})
	for name, u := range map[string]core.Update{
		"a bad value":      {Edit: core.Put(core.Change{Values: values{"title": dossier.Text("far too long")}})},
		"a stale revision": {Base: 99, Edit: core.Put(core.Change{})},
		"a bad edit": {Edit: func(*dossier.Record) (core.Change, error) {
			return core.Change{}, dossier.Errorf(dossier.Invalid, "no")
		}},
	} {
		_, err := h.UpdateRecord(ctx(), access.Guest(), h.collection("some"), core.ByID(r.ID), u)
		kind(t, name, err, dossier.Denied)
	}
	kind(t, "delete of a stale revision", h.DeleteRecord(ctx(), access.Guest(), h.collection("some"), core.ByID(r.ID), 99), dossier.Denied)
}

func TestSystemCollectionsAreForSuperusers(t *testing.T) {
	t.Parallel()
	h := newHouse(t, people())
	c := h.collection(dossier.Superusers)
	for _, who := range []access.Principal{access.Guest(), {Kind: access.KindKey}, {Kind: access.KindToken}} {
		_, err := h.CreateRecord(ctx(), who, c, "", core.Change{})
		kind(t, string(who.Kind), err, dossier.Denied)
	}
}

func TestAWrongQueryIsInvalid(t *testing.T) {
	t.Parallel()
	h := newHouse(t, papers())
	_, err := h.ListRecords(ctx(), system, h.collection("papers"), query.Query{Filter: query.Empty{Of: query.Col("nothing")}}, core.ListOptions{})
	kind(t, "a field that is not there", err, dossier.Invalid)
}

func TestListsInOrderWithTheirTotal(t *testing.T) {
	t.Parallel()
	h := newHouse(t, papers())
	for _, pages := range []string{"9", "10", "-1", "2.5"} {
		h.create("papers", values{"pages": dossier.Number(pages)})
	}
	page, err := h.ListRecords(ctx(), system, h.collection("papers"), query.Query{Sort: []query.Sort{{By: query.Col("pages"), Desc: true}}, Offset: 1, Limit: 2},
		core.ListOptions{Total: true})
	h.must(err)
	same(t, "page", []any{page.Total, page.Records[0].Value("pages"), page.Records[1].Value("pages")}, []any{int64(4), dossier.Value(dossier.Number("9")), dossier.Value(dossier.Number("2.5"))})
	page, err = h.ListRecords(ctx(), system, h.collection("papers"), all, core.ListOptions{})
	h.must(err)
	same(t, "total that nobody asked for", page.Total, int64(-1))
}
