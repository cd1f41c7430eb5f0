package core_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"dossier"
	"dossier/access"
	"dossier/core"
)

// noUpload is the problem of a reference to what cannot be attached.
func noUpload(u *dossier.Upload, index int, path ...string) dossier.Problem {
	return prob(dossier.CodeNoUpload, params{"key": string(u.ID), "index": index}, path...)
}

func TestAnUploadIsTakenExactlyOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs())
	c := h.collection("docs")
	u := h.upload("a.txt", "a")
	var wins atomic.Int64
	each(50, func(int) {
		_, err := h.CreateRecord(ctx(), system, c, "", core.Change{Values: values{"file": take(u)}})
		if err == nil {
			wins.Add(1)
			return
		}
		wrong(t, err, noUpload(u, 0, "file"))
	})
	if wins.Load() != 1 {
		t.Errorf("%d records took it", wins.Load())
	}
	page, err := h.ListRecords(ctx(), system, c, all, core.ListOptions{})
	h.must(err)
	if len(page.Records) != 1 {
		t.Errorf("%d records are there", len(page.Records))
	}
	h.sound()
}

func TestAttachingKeepsTheFileAndItsID(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs())
	u := h.upload("a.txt", "a")
	r := h.create("docs", values{"file": take(u)})
	same(t, "file", r.Files("file"), dossier.Files{&u.File})
	_, err := h.FindUpload(ctx(), access.Guest(), u.ID)
	kind(t, "it is no upload any more", err, dossier.NotFound)
	h.clock.Add(1000 * time.Hour)
	same(t, "swept", h.sweep(), core.Swept{})
	if got := h.read(h.get("docs", r.ID).Files("file")[0]); got != "a" {
		t.Errorf("it holds %q", got)
	}
}

func TestARefusedWriteLeavesItsUploadsUsable(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs())
	u := h.upload("a.txt", "a")
	r := h.create("docs", nil)
	long := dossier.Text("far too long")
	tooLong := prob(dossier.CodeTooLong, params{"max": 5}, "title")
	_, err := h.tryCreate("docs", values{"file": take(u), "title": long})
	wrong(t, err, tooLong)
	_, err = h.tryUpdate("docs", r, values{"file": take(u), "title": long})
	wrong(t, err, tooLong)
	_, err = h.UpdateRecord(ctx(), system, h.collection("docs"), core.ByID(r.ID), core.Update{Base: 9, Edit: core.Put(core.Change{Values: values{"file": take(u)}})})
	kind(t, "a stale write", err, dossier.Stale)
	h.update("docs", r, values{"file": take(u)})
	h.sound()
}

func TestWhatAFileFieldTakes(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs())
	text, picture, empty, page := h.upload("a.txt", "text"), h.upload("a.png", png), h.upload("empty", ""), h.upload("a.html", "<html>")
	big := h.upload("big.txt", "12345")
	bad := func(u *dossier.Upload) *dossier.Upload { return u }
	for _, c := range []struct {
		name, field string
		refs        dossier.FileRefs
		want        []dossier.Problem
	}{
		{"a file of the size allowed", "small", take(text), nil},
		{"one byte more", "small", take(big), []dossier.Problem{prob(dossier.CodeFileTooLarge, params{"max": int64(4), "file": "big.txt"}, "small")}},
		{"an empty file", "small", take(empty), nil},
		{"a type that is allowed, whatever its charset", "texts", take(text), nil},
		{"a type that is not", "texts", take(page), []dossier.Problem{prob(dossier.CodeFileType, params{"allowed": []string{"text/plain"}, "file": bad(page).Name, "slug": bad(page).Slug}, "texts")}},
		{"a picture", "image", take(picture), nil},
		{"no picture", "image", take(text), []dossier.Problem{prob(dossier.CodeNotImage, params{"file": "a.txt", "slug": text.Slug}, "image")}},
		{"as many as allowed", "files", take(text, picture, empty), nil},
		{"more", "files", take(text, picture, empty, page), []dossier.Problem{prob(dossier.CodeTooMany, params{"max": 3}, "files")}},
		{"more than one", "file", take(text, picture), []dossier.Problem{prob(dossier.CodeTooMany, params{"max": 1}, "file")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			rollback := dossier.Errorf(dossier.Busy, "roll back")
			err := h.Batch(ctx(), system, func(b *core.Batch) error {
				_, err := b.CreateRecord(ctx(), h.collection("docs"), "", core.Change{Values: values{c.field: c.refs}})
				if err == nil {
					err = rollback
				}
				return err
			})
			if c.want == nil {
				kind(t, "write", err, dossier.Busy)
				return
			}
			wrong(t, err, c.want...)
		})
	}
}

func TestTakeKeepShare(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs())
	held, other, fresh := h.upload("held", "h"), h.upload("other", "o"), h.upload("fresh", "f")
	h.create("docs", values{"file": take(other)})
	r := h.create("docs", values{"files": take(held)})
	missing := &dossier.Upload{File: dossier.File{ID: "0123456789abcdef0123456789abcdef"}}
	cut := func(u *dossier.Upload) *dossier.Upload { return &dossier.Upload{File: dossier.File{ID: u.ShortID()}} }
	for _, c := range []struct {
		name string
		u    *dossier.Upload
		ok   map[dossier.Attach]bool
	}{
		{"a fresh upload", fresh, map[dossier.Attach]bool{dossier.TakeUpload: true, dossier.TakeOrKeep: true, dossier.Share: true}},
		{"a fresh upload by its short ID", cut(fresh), map[dossier.Attach]bool{dossier.TakeUpload: true, dossier.TakeOrKeep: true, dossier.Share: true}},
		{"a file of this field", held, map[dossier.Attach]bool{dossier.KeepFile: true, dossier.TakeOrKeep: true, dossier.Share: true}},
		{"a file of this field by its short ID", cut(held), map[dossier.Attach]bool{dossier.KeepFile: true, dossier.TakeOrKeep: true, dossier.Share: true}},
		{"another record's file", other, map[dossier.Attach]bool{dossier.Share: true}},
		{"what is not there", missing, nil},
		{"what is no ID", &dossier.Upload{File: dossier.File{ID: "../../etc/passwd"}}, nil},
		{"an ID in capitals", &dossier.Upload{File: dossier.File{ID: dossier.ID(strings.ToUpper(string(fresh.ID)))}}, nil},
	} {
		for how, word := range []string{"take", "keep", "take or keep", "share"} {
			t.Run(word+" "+c.name, func(t *testing.T) {
				rollback := dossier.Errorf(dossier.Busy, "roll back")
				err := h.Batch(ctx(), system, func(b *core.Batch) error {
					got, err := b.UpdateRecord(ctx(), h.collection("docs"), core.ByID(r.ID), core.Update{
						Edit: core.Put(core.Change{Values: values{"files": refs(dossier.Attach(how), c.u)}})})
					if err == nil {
						same(t, "files", len(got.Files("files")), 1)
						err = rollback
					}
					return err
				})
				if c.ok[dossier.Attach(how)] {
					kind(t, "write", err, dossier.Busy)
				} else {
					wrong(t, err, noUpload(c.u, 0, "files"))
				}
			})
		}
	}
}

func TestTwoUsesInOneRecord(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs())
	u := h.upload("a.txt", "a")
	_, err := h.tryCreate("docs", values{"file": take(u), "files": take(u)})
	wrong(t, err, noUpload(u, 0, "files"))
	_, err = h.tryCreate("docs", values{"files": take(u, u)})
	wrong(t, err, noUpload(u, 1, "files"))

	r := h.create("docs", values{"file": refs(dossier.Share, u), "files": refs(dossier.Share, u, u)})
	same(t, "files", r.Files("files"), dossier.Files{&u.File})
	h.update("docs", r, values{"file": nil})
	h.sound()
	if got := h.read(h.get("docs", r.ID).Files("files")[0]); got != "a" {
		t.Errorf("it holds %q", got)
	}
	h.update("docs", r, values{"file": refs(dossier.Share, u), "files": nil})
	h.sound()
	h.delete("docs", r)
	same(t, "swept", h.sweep(), core.Swept{Uploads: 1})
	same(t, "blobs", len(h.keys()), 0)
}

func TestASharedFileLivesAsLongAsSomebodyHoldsIt(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs())
	u := h.upload("a.txt", "a")
	first := h.create("docs", values{"file": take(u)})
	second := h.create("docs", values{"file": refs(dossier.Share, u)})
	h.delete("docs", first)
	h.sweep()
	if got := h.read(h.get("docs", second.ID).Files("file")[0]); got != "a" {
		t.Errorf("it holds %q", got)
	}
	h.sound()
	h.update("docs", second, values{"file": nil})
	same(t, "swept", h.sweep(), core.Swept{Uploads: 1})
}

func TestASharedFileMustBeVisible(t *testing.T) {
	t.Parallel()
	open := ""
	h := newHouse(t, append(docs(), &dossier.Collection{Name: "vault", Rules: dossier.Rules{Create: &open, Update: &open},
		Fields: []*dossier.Field{{Name: "file", Type: dossier.TypeFile}}}))
	u := h.upload("a.txt", "a")
	h.create("vault", values{"file": take(u)})
	_, err := h.CreateRecord(ctx(), access.Guest(), h.collection("docs"), "", core.Change{Values: values{"file": refs(dossier.Share, u)}})
	wrong(t, err, noUpload(u, 0, "file"))
}

func TestFilesThatAreLetGoDieAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs())
	for name, letGo := range map[string]func(r *dossier.Record){
		"replaced":  func(r *dossier.Record) { h.update("docs", r, values{"file": take(h.upload("new", "new"))}) },
		"cleared":   func(r *dossier.Record) { h.update("docs", r, values{"file": dossier.FileRefs{}}) },
		"set empty": func(r *dossier.Record) { h.update("docs", r, values{"file": nil}) },
		"deleted":   func(r *dossier.Record) { h.delete("docs", r) },
	} {
		u := h.upload("old", "old")
		r := h.create("docs", values{"file": take(u)})
		letGo(r)
		_, err := h.RecordFile(ctx(), system, h.collection("docs"), r.ID, u.Slug)
		kind(t, name+": by record", err, dossier.NotFound)
		_, err = h.HeldFile(ctx(), system, u.ID)
		kind(t, name+": held", err, dossier.NotFound)
		_, err = h.SharedFile(ctx(), system, u.ID)
		kind(t, name+": shared", err, dossier.NotFound)
		_, err = h.FindUpload(ctx(), system, u.ID)
		kind(t, name+": upload", err, dossier.NotFound)
		for how := range []string{"take", "keep", "take or keep", "share"} {
			_, err = h.tryCreate("docs", values{"file": refs(dossier.Attach(how), u)})
			wrong(t, err, noUpload(u, 0, "file"))
		}
		if got := h.read(&u.File); got != "old" {
			t.Errorf("%s: a download that has begun reads %q", name, got)
		}
		same(t, name+": swept", h.sweep(), core.Swept{Uploads: 1})
		if _, err := h.OpenFile(ctx(), &u.File, 0, -1); err == nil {
			t.Errorf("%s: the bytes are there after a sweep", name)
		}
		h.sound()
	}
}

func TestFilesInOrder(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs())
	a, b, c := h.upload("a", "a"), h.upload("b", "b"), h.upload("c", "c")
	order := func(r *dossier.Record) (s string) {
		for _, f := range h.get("docs", r.ID).Files("files") {
			s += f.Name
		}
		return s
	}
	r := h.create("docs", values{"files": take(b, a)})
	same(t, "order", order(r), "ba")
	h.update("docs", r, values{"files": append(refs(dossier.KeepFile, a), append(take(c), refs(dossier.KeepFile, b, a)...)...)})
	same(t, "order", order(r), "acb")
	h.update("docs", r, values{"title": dossier.Text("x")})
	same(t, "order", order(r), "acb")
	h.update("docs", r, values{"files": refs(dossier.KeepFile, b)})
	same(t, "order", order(r), "b")
	same(t, "swept", h.sweep(), core.Swept{Uploads: 2})
	h.sound()
}

func TestAKeptFileIsNotMeasuredAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs())
	r := h.create("docs", values{"file": take(h.upload("a", "12345678"))})
	c := *h.collection("docs")
	for i, f := range c.Fields {
		if f.Name == "file" {
			g := *f
			g.MaxSize = 2
			c.Fields[i] = &g
		}
	}
	_, err := h.PutCollection(ctx(), system, &c)
	h.must(err)
	h.update("docs", r, values{"file": keep(r.Files("file"))})
}

func TestFilesInTableRows(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs())
	a, b, c := h.upload("a", "a"), h.upload("b", "b"), h.upload("c", "c")
	row := func(id int64, note string, refs dossier.FileRefs) dossier.Row {
		return dossier.Row{ID: id, Values: values{"note": dossier.Text(note), "proof": refs}}
	}
	rows := func(r *dossier.Record) dossier.Rows {
		rows, _ := h.get("docs", r.ID).Value("rows").(dossier.Rows)
		return rows
	}
	stored := func(id int64, note string, uploads ...*dossier.Upload) dossier.Row {
		var files dossier.Files
		for _, u := range uploads {
			files = append(files, &u.File)
		}
		return dossier.Row{ID: id, Values: values{"note": dossier.Text(note), "proof": files}}
	}
	r := h.create("docs", values{"rows": dossier.Rows{row(77, "x", take(a)), row(0, "y", take(b))}})
	same(t, "new rows get IDs of their own", rows(r), dossier.Rows{stored(1, "x", a), stored(2, "y", b)})

	h.update("docs", r, values{"rows": dossier.Rows{row(2, "y2", refs(dossier.KeepFile, b)), row(1, "x", append(take(c), refs(dossier.KeepFile, a)...))}})
	same(t, "rows keep IDs and files in a new order", rows(r), dossier.Rows{stored(2, "y2", b), stored(1, "x", c, a)})

	_, err := h.tryUpdate("docs", r, values{"rows": dossier.Rows{row(1, "x", refs(dossier.TakeUpload, a))}})
	wrong(t, err, noUpload(a, 0, "rows", "0", "proof"))

	h.update("docs", r, values{"rows": dossier.Rows{row(2, "b", refs(dossier.KeepFile, b)), row(2, "again", refs(dossier.KeepFile, a)), row(99, "new", nil)}})
	got := rows(r)
	same(t, "an ID that comes twice or is unknown is a new row", []int64{got[0].ID, got[1].ID, got[2].ID}, []int64{2, 3, 4})
	same(t, "a file moves between rows", got[1], stored(3, "again", a))
	same(t, "the file that no row names goes", h.sweep(), core.Swept{Uploads: 1})
	found, err := h.RecordFile(ctx(), access.Guest(), h.collection("docs"), r.ID, a.Slug)
	h.must(err)
	same(t, "field of a file in a row", found.Field.Name, "proof")
	h.sound()

	h.update("docs", r, values{"rows": dossier.Rows{}})
	same(t, "no rows", rows(r), dossier.Rows(nil))
	same(t, "swept", h.sweep(), core.Swept{Uploads: 2})
}

// At the second of its end an upload is taken completely or not at all, whatever a sweep does at that time.
func TestAttachAtTheSecondOfExpiry(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs())
	c := h.collection("docs")
	for range 30 {
		u, err := h.Upload(ctx(), access.Guest(), core.Incoming{TTL: time.Millisecond}, strings.NewReader("x"))
		h.must(err)
		each(3, func(i int) {
			switch i {
			case 0:
				h.clock.Add(time.Millisecond)
			case 1:
				_, _ = h.Sweep(ctx())
			case 2:
				_, _ = h.CreateRecord(ctx(), system, c, "", core.Change{Values: values{"file": take(u)}})
			}
		})
		h.sound()
	}
}

func TestAClockThatIsPutBackBringsNothingBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t, docs())
	u := h.upload("a", "a")
	var taken error
	h.open(func(o *core.Options) {
		o.Blobs = &afterDelete{h.blobs, func() {
			h.clock.Add(-time.Hour)
			_, taken = h.tryCreate("docs", values{"file": take(u)})
		}}
	})
	h.clock.Add(72 * time.Hour)
	h.sweep()
	wrong(t, taken, noUpload(u, 0, "file"))
	h.sound()
}

// TestATableOfManyRows writes so many rows, twice, that looking through all of them for each would not end in time.
func TestATableOfManyRows(t *testing.T) {
	t.Parallel()
	const many = 20_000
	h := newHouse(t, papers())
	rows := make(dossier.Rows, many)
	for i := range rows {
		rows[i].Values = values{"item": dossier.Text("x"), "proof": dossier.FileRefs{}}
	}
	r := h.create("papers", values{"title": dossier.Text("t"), "lines": rows})
	made, _ := r.Values["lines"].(dossier.Rows)
	if len(made) != many {
		t.Fatalf("%d rows", len(made))
	}
	again := make(dossier.Rows, many)
	for i := range again {
		from := made[many-1-i]
		again[i] = dossier.Row{ID: from.ID, Values: values{"item": from.Values["item"], "proof": dossier.FileRefs{}}}
	}
	r = h.update("papers", r, values{"lines": again})
	if now, _ := r.Values["lines"].(dossier.Rows); len(now) != many || now[0].ID != made[many-1].ID || now[many-1].ID != made[0].ID {
		t.Errorf("%d rows, from %d to %d", len(now), now[0].ID, now[len(now)-1].ID)
	}
}
