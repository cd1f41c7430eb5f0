package kintone

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"dossier"
	"dossier/access"
	"dossier/core/coretest"
)

// asRoot sends a request as a superuser.
func (c *client) asRoot(status int, method, path string, body any) map[string]any {
	c.t.Helper()
	r := c.request(method, path, body)
	r.Header.Set("X-Cybozu-Authorization", basic(coretest.Root, coretest.RootPassword))
	return c.expect(status, r)
}

// withEverything adds an app with a field of every type and returns its id.
func withEverything(t *testing.T, c *client) string {
	t.Helper()
	_, app := everything()
	app.ID, app.Number = "", 0
	made, err := c.svc.PutCollection(context.Background(), access.System(), app)
	if err != nil {
		t.Fatal(err)
	}
	return decimal(made.Number)
}

func TestEveryTypeThroughTheStore(t *testing.T) {
	c := newClient(t, Options{})
	app := withEverything(t, c)
	c.asRoot(200, "POST", "/k/v1/record.json", obj{"app": 3, "record": obj{"company": val("ACME")}})
	record := obj{"line": val("l"), "lines": val("a\nb"), "rich": val("<b>x</b>"), "数値": val("1.50"), "yes": val("No"), "due": val("2026-11-21"),
		"at": val("2026-11-21T08:15:00Z"), "clock": val("08:15"), "one": val("A"), "radio": val("B"), "boxes": val([]string{"A", "B"}),
		"multi": val([]string{"B"}), "mail": val("a@example.com"), "web": val("https://example.com"), "call": val("1"),
		"添付": files(c.upload("a.txt", "a"), c.upload("b.txt", "b")), "customer": val("1"), "customers": val([]string{"1"}),
		"owner": val([]obj{{"code": coretest.Member1}}), "team": val([]obj{{"code": coretest.Member2}, {"code": coretest.Member1}}),
		"data": val(`{"a":[1]}`), "auto": val("77"), "name": val("Ann Lee"), "address": val("1 Main St"), "stars": val("4"), "secret": val("s"),
		"tbl": val([]obj{{"value": obj{"item": val("i"), "qty": val("2"), "kind": val([]string{"A"}), "day": val("2026-01-02"),
			"proof": files(c.upload("p.txt", "p")), "who": val([]obj{{"code": coretest.Member1}}), "line": val("inner")}}})}
	c.asRoot(200, "POST", "/k/v1/record.json", obj{"app": app, "record": record})
	got := c.asRoot(200, "GET", "/k/v1/record.json?app="+app+"&id=1", nil)["record"].(obj)
	var keys []string
	for code, cell := range got {
		keys = append(keys, code+" "+cell.(obj)["type"].(string))
	}
	slices.Sort(keys)
	diff(t, "types", strings.Fields(`$id=__ID__ $revision=__REVISION__ Created_by=CREATOR Created_datetime=CREATED_TIME
		Record_number=RECORD_NUMBER Updated_by=MODIFIER Updated_datetime=UPDATED_TIME address=SINGLE_LINE_TEXT at=DATETIME auto=CALC
		boxes=CHECK_BOX call=LINK clock=TIME customer=NUMBER customers=MULTI_SELECT data=MULTI_LINE_TEXT due=DATE line=SINGLE_LINE_TEXT
		lines=MULTI_LINE_TEXT mail=LINK multi=MULTI_SELECT name=SINGLE_LINE_TEXT one=DROP_DOWN owner=USER_SELECT pic=FILE
		radio=RADIO_BUTTON rich=RICH_TEXT secret=SINGLE_LINE_TEXT stars=NUMBER tbl=SUBTABLE team=USER_SELECT web=LINK yes=RADIO_BUTTON
		数値=NUMBER 添付=FILE`), strings.Fields(strings.ReplaceAll(strings.Join(keys, "\n"), " ", "=")))
	diff(t, "autonumber", any("1"), got["auto"].(obj)["value"])
	diff(t, "team", any([]any{obj{"code": coretest.Member2, "name": "Member Two"}, obj{"code": coretest.Member1, "name": "Member One"}}), got["team"].(obj)["value"])

	// What was read is written back as it is: nothing changes but the revision.
	c.asRoot(200, "PUT", "/k/v1/record.json", obj{"app": app, "id": 1, "record": got})
	again := c.asRoot(200, "GET", "/k/v1/record.json?app="+app+"&id=1", nil)["record"].(obj)
	got["$revision"], got["Updated_datetime"] = obj{"type": "__REVISION__", "value": "2"}, again["Updated_datetime"]
	diff(t, "written back", got, again)
}

// Every query of the goldens that has a tree can be run.
func TestGoldensRun(t *testing.T) {
	c := newClient(t, Options{})
	app := withEverything(t, c)
	paths, err := filepath.Glob("testdata/query/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for one := range strings.SplitSeq(strings.TrimSpace(string(text)), "\n\n") {
			wire, tree, _ := strings.Cut(one, "\n---\n")
			r := c.request("POST", "/k/v1/records.json", obj{"app": app, "query": strings.TrimPrefix(wire, "(empty)"), "totalCount": true})
			r.Header.Set("X-HTTP-Method-Override", "GET")
			r.Header.Set("X-Cybozu-Authorization", basic(coretest.Root, coretest.RootPassword))
			got := c.send(r)
			isError := strings.HasPrefix(tree, "GAIA_") || strings.HasPrefix(tree, "CB_")
			if want := map[bool]int{true: 400, false: 200}[isError]; got.status != want && !strings.HasPrefix(wire, "secret") {
				t.Errorf("%s\n%d %s", wire, got.status, got.body)
			}
		}
	}
}

func TestQueriesFind(t *testing.T) {
	c := newClient(t, Options{})
	key := c.upload("Quarter_4.PDF", "x")
	c.call(200, "POST", "/k/v1/record.json", obj{"app": 2, "record": obj{"title": val("one"), "attachment": files(key), "lines": val([]obj{
		{"value": obj{"item": val("bolt"), "qty": val(3)}}, {"value": obj{"item": val("nut"), "qty": val(9)}}})}})
	c.asRoot(200, "POST", "/k/v1/record.json", obj{"app": 2, "record": obj{"title": val("Two"), "summary": val(" \n\u3000"), "due": val("2026-11-21"), "active": val("Yes"),
		"seen_at": val("2026-11-21T08:15:30Z"), "tags": val([]string{"red"})}})
	c.call(200, "POST", "/k/v1/record.json", obj{"app": 2, "record": obj{"title": val("100%"), "lines": val([]obj{{"value": obj{"item": val("bolt")}}})}})
	for query, want := range map[string]string{
		`attachment like "quarter_4.p"`:              "1",
		`attachment like "quarter%4"`:                "",
		`attachment not like "x.y"`:                  "1 2 3",
		`attachment is not empty`:                    "1",
		`summary is empty`:                           "1 2 3",
		`summary is not empty`:                       "",
		`item like "BOLT" and qty > 5`:               "",
		`item like "BOLT" and qty < 5`:               "1",
		`item in ("bolt")`:                           "1 3",
		`item not in ("nut")`:                        "3",
		`qty not in ("")`:                            "1",
		`title like "%"`:                             "3",
		`title != "one"`:                             "2 3",
		`due != "2026-11-21"`:                        "1 3",
		`seen_at = "2026-11-21T08:15:00Z"`:           "2",
		`seen_at > "2026-11-21T08:15:00Z"`:           "",
		`active in ("Yes")`:                          "2",
		`active not in ("Yes")`:                      "1 3",
		`tags in ("red", "blue")`:                    "2",
		`tags in ("")`:                               "1 3",
		`Created_by in ("ROOT@example.com")`:         "2",
		`Created_by in ("Administrator")`:            "1 3",
		`Created_datetime = TODAY()`:                 "1 2 3",
		`Record_number > 1 order by title desc`:      "2 3",
		`title in ("one", "Two") order by $id asc`:   "1 2",
		`$id > 0 order by $id asc limit 1 offset 1`:  "2",
		`(title = "one" or title = "Two") and $id>1`: "2",
	} {
		r := c.request("POST", "/k/v1/records.json", obj{"app": 2, "query": query, "fields": []string{"$id"}})
		r.Header.Set("X-HTTP-Method-Override", "GET")
		var ids []string
		for _, rec := range c.expect(200, r)["records"].([]any) {
			ids = append(ids, rec.(obj)["$id"].(obj)["value"].(string))
		}
		if !strings.Contains(query, "order by") {
			slices.Sort(ids)
		}
		diff(t, query, want, strings.Join(ids, " "))
	}
}

func TestOneUploadKeyManyWriters(t *testing.T) {
	c := newClient(t, Options{})
	key := c.upload("a.txt", "a")
	var wg sync.WaitGroup
	statuses := make([]int, 20)
	for i := range statuses {
		wg.Add(1)
		r := c.request("POST", "/k/v1/record.json", obj{"app": 2, "record": obj{"title": val(fmt.Sprint(i)), "attachment": files(key)}})
		dossier.Go(nil, "writer", func() {
			defer wg.Done()
			statuses[i] = c.send(r).status
		})
	}
	wg.Wait()
	slices.Sort(statuses)
	diff(t, "statuses", append([]int{200}, slices.Repeat([]int{404}, 19)...), statuses)
}

func TestAuthorsOfAnImport(t *testing.T) {
	c := newClient(t, Options{})
	record := obj{"title": val("t"), "company": val("c"), "Record_number": val("99"), "Created_by": val(obj{"code": coretest.Member1}),
		"Created_datetime": val("2020-02-03T04:05:00Z"), "Updated_by": val(obj{"code": "gone@example.com"}), "Updated_datetime": val("2021-02-03T04:05:00Z")}
	c.call(200, "POST", "/k/v1/record.json", obj{"app": 2, "record": record})
	got := c.values(2, 1)
	diff(t, "number", any("1"), got["Record_number"])
	diff(t, "creator", any(obj{"code": coretest.Member1, "name": "Member One"}), got["Created_by"])
	diff(t, "created", any("2020-02-03T04:05:00Z"), got["Created_datetime"])
	diff(t, "modifier", any(obj{"code": "gone@example.com", "name": "gone@example.com"}), got["Updated_by"])
	diff(t, "updated", any("2021-02-03T04:05:00Z"), got["Updated_datetime"])
	r := c.request("POST", "/k/v1/record.json", obj{"app": 3, "record": record})
	r.Header.Set("X-Cybozu-API-Token", coretest.CustomersAll)
	diff(t, "without the right to manage", "GAIA_NO01", codeOf(c.expect(403, r)))
	c.call(200, "PUT", "/k/v1/record.json", obj{"app": 2, "id": 1, "record": obj{"Created_by": val(obj{"code": coretest.Root})}})
	diff(t, "ignored on update", any(obj{"code": coretest.Member1, "name": "Member One"}), c.values(2, 1)["Created_by"])
}

func TestHiddenAndRequiredFields(t *testing.T) {
	c := newClient(t, Options{})
	app, _ := c.svc.Space().Collection("reports")
	next := app.Clone()
	for _, f := range next.Fields {
		switch f.Name {
		case "summary":
			f.Hidden = true
		case "active", "amount":
			f.Required = true
		}
	}
	if _, err := c.svc.PutCollection(context.Background(), access.System(), next); err != nil {
		t.Fatal(err)
	}
	errors := c.call(400, "POST", "/k/v1/record.json", obj{"app": 2, "record": obj{"title": val("t")}})["errors"].(obj)
	diff(t, "a radio button is not asked for", obj{"record.amount.value": obj{"messages": []any{"Required."}}}, errors)
	c.call(200, "POST", "/k/v1/record.json", obj{"app": 2, "record": obj{"title": val("t"), "amount": val(1), "summary": val("ignored")}})
	c.call(400, "PUT", "/k/v1/record.json", obj{"app": 2, "id": 1, "record": obj{"amount": val("")}})
	if _, shown := c.values(2, 1)["summary"]; shown {
		t.Error("a hidden field shows")
	}
	diff(t, "query", "GAIA_IQ11", codeOf(c.call(400, "GET", "/k/v1/records.json?app=2&query=summary+like+%22x%22", nil)))
	diff(t, "superuser", any(""), c.asRoot(200, "GET", "/k/v1/record.json?app=2&id=1", nil)["record"].(obj)["summary"].(obj)["value"])
}
