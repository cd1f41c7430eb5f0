package storetest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"dossier"
	"dossier/store"
)

// upload creates an upload of size bytes that came whole and lives for a day.
func (b *bench) upload(size int64) *dossier.Upload {
	b.Helper()
	id := b.fileID()
	u := &dossier.Upload{Owner: "user:ann", Kind: "k", Expires: now.AddDate(0, 0, 1), Length: -1, File: dossier.File{
		ID: id, Name: "Ä b.txt", Slug: "a_b.txt", Declared: "text/plain", Sniffed: "text/plain; charset=utf-8", Size: size, SHA256: "aa",
		Chunks: []dossier.Chunk{{Key: string(id) + "/x", Size: size}}, Created: now}}
	b.update(func(tx store.Tx) error { return tx.Uploads().Create(ctx, u) })
	return u
}

// take makes an upload a file that record holds in field.
func (b *bench) take(u *dossier.Upload, a dossier.Attachment) *dossier.File {
	b.Helper()
	b.update(func(tx store.Tx) (err error) {
		if a.File, err = tx.Uploads().Take(ctx, u.ID, now); err != nil {
			return err
		}
		return tx.Files().Hold(ctx, a)
	})
	return a.File
}

func (b *bench) usage() (n int64) {
	b.Helper()
	b.view(func(tx store.Tx) (err error) {
		n, err = tx.Uploads().Usage(ctx)
		return err
	})
	return n
}

func (b *bench) wantUsage(want int64) {
	b.Helper()
	if got := b.usage(); got != want {
		b.Fatalf("usage is %d, want %d", got, want)
	}
}

// expired are the IDs of the uploads whose lease has ended at t.
func (b *bench) expired(t time.Time) (ids []dossier.ID) {
	b.Helper()
	b.view(func(tx store.Tx) error {
		us, err := tx.Uploads().Expired(ctx, t, 100)
		for _, u := range us {
			ids = append(ids, u.ID)
		}
		return err
	})
	return ids
}

func testUploads(t *testing.T, open Opener) {
	b := newBench(t, open)
	u := b.upload(10)
	b.view(func(tx store.Tx) error {
		for _, id := range []dossier.ID{u.ID, u.ID[:dossier.FileIDPrefix]} {
			got, err := tx.Uploads().Get(ctx, id)
			if diff := cmp.Diff(u, got); diff != "" || err != nil {
				t.Error(diff, err)
			}
		}
		for _, id := range []dossier.ID{"", "nothing", u.ID[:20], u.ID[:30], u.ID + "0"} {
			_, err := tx.Uploads().Get(ctx, id)
			b.want(dossier.NotFound, err)
		}
		_, err := tx.Files().Get(ctx, u.ID)
		b.want(dossier.NotFound, err)
		return nil
	})
	b.wantUsage(10)
	b.refuse(dossier.Exists, func(tx store.Tx) error { return tx.Uploads().Create(ctx, u) })
	b.wantUsage(10)
	for kind, at := range map[dossier.Kind]time.Time{dossier.Expired: u.Expires, dossier.NotFound: now} {
		b.refuse(kind, func(tx store.Tx) error {
			id := u.ID
			if kind == dossier.NotFound {
				id = b.fileID()
			}
			_, err := tx.Uploads().Take(ctx, id, at)
			return err
		})
	}
	if got := b.expired(u.Expires.Add(-time.Millisecond)); got != nil {
		t.Errorf("expired early: %v", got)
	}
	if got := b.expired(u.Expires); len(got) != 1 {
		t.Errorf("not expired: %v", got)
	}
	b.update(func(tx store.Tx) error { return tx.Uploads().Expire(ctx, u.ID, now) })
	b.refuse(dossier.NotFound, func(tx store.Tx) error { return tx.Uploads().Expire(ctx, u.ID, now) })
	b.refuse(dossier.NotFound, func(tx store.Tx) error { _, err := tx.Uploads().Take(ctx, u.ID, now); return err })
	b.wantUsage(0)
	b.update(func(tx store.Tx) error { return tx.Uploads().Remove(ctx, u.ID) })
	b.update(func(tx store.Tx) error { return tx.Uploads().Remove(ctx, u.ID) })
	if got := b.expired(now.AddDate(9, 0, 0)); got != nil {
		t.Errorf("removed, and still there: %v", got)
	}
	testAdvance(b)
	testTakeOnce(b)
	testRedate(b)
}

// testRedate has leases that began, or ended, long after now.
func testRedate(b *bench) {
	b.Helper()
	const year = 365 * 24 * time.Hour
	u := func(began time.Time) *dossier.Upload {
		u := &dossier.Upload{Length: -1, Expires: began.Add(time.Hour), File: dossier.File{ID: b.fileID(), Created: began}}
		b.update(func(tx store.Tx) error { return tx.Uploads().Create(ctx, u) })
		return u
	}
	young, far, over := u(now), u(now.Add(year)), u(now)
	b.update(func(tx store.Tx) error { return tx.Uploads().Expire(ctx, over.ID, now.Add(year)) })
	b.update(func(tx store.Tx) error { return tx.Uploads().Redate(ctx, now.Add(24*time.Hour), now.Add(time.Minute)) })
	for at, want := range map[time.Duration][]dossier.ID{time.Minute: {over.ID}, time.Hour: {over.ID, young.ID}, time.Hour + time.Minute: {over.ID, young.ID, far.ID}} {
		if diff := cmp.Diff(want, b.expired(now.Add(at))); diff != "" {
			b.Errorf("expired after %v: %s", at, diff)
		}
	}
	b.view(func(tx store.Tx) error {
		got, err := tx.Uploads().Get(ctx, far.ID)
		if err == nil && !got.Created.Equal(now.Add(time.Minute)) {
			b.Errorf("began at %v", got.Created)
		}
		return err
	})
}

func testAdvance(b *bench) {
	b.Helper()
	u := &dossier.Upload{Length: 7, Expires: now.Add(time.Hour), File: dossier.File{ID: b.fileID(), Created: now}}
	b.update(func(tx store.Tx) error { return tx.Uploads().Create(ctx, u) })
	advance := func(from, size int64, sum string) func(store.Tx) error {
		return func(tx store.Tx) error {
			return tx.Uploads().Advance(ctx, u.ID, from, dossier.Chunk{Key: fmt.Sprint(from), Size: size}, sum, "", now.Add(2*time.Hour))
		}
	}
	b.update(advance(0, 3, "one"))
	b.refuse(dossier.Stale, advance(0, 3, "two"))
	b.refuse(dossier.Incomplete, func(tx store.Tx) error { _, err := tx.Uploads().Take(ctx, u.ID, now); return err })
	b.update(advance(3, 4, ""))
	b.wantUsage(7)
	b.update(func(tx store.Tx) error {
		f, err := tx.Uploads().Take(ctx, u.ID, now.Add(90*time.Minute)) // the lease was renewed
		want := &dossier.File{ID: u.ID, Size: 7, SHA256: "one", Created: now, Chunks: []dossier.Chunk{{Key: "0", Size: 3}, {Key: "3", Size: 4}}}
		if diff := cmp.Diff(want, f); diff != "" {
			b.Error(diff)
		}
		return err
	})
	b.refuse(dossier.NotFound, advance(7, 1, ""))
	b.wantUsage(7)
}

func testTakeOnce(b *bench) {
	b.Helper()
	for range 5 {
		u := b.upload(1)
		var won atomic.Int32
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				err := b.Update(ctx, func(tx store.Tx) error {
					f, err := tx.Uploads().Take(ctx, u.ID, now)
					if err != nil {
						return err
					}
					return tx.Files().Hold(ctx, dossier.Attachment{File: f, Collection: "c", Record: "r", Field: "f"})
				})
				switch dossier.KindOf(err) {
				case "":
					won.Add(1)
				case dossier.NotFound:
				default:
					b.Errorf("take: %v", err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			b.Fatalf("an upload was taken %d times", won.Load())
		}
	}
}

func testFiles(t *testing.T, open Opener) {
	b := newBench(t, open)
	c := b.collection("notes", &dossier.Field{Name: "papers", Type: dossier.TypeFile, MaxSelect: 9},
		&dossier.Field{Name: "rows", Type: dossier.TypeTable, Fields: []*dossier.Field{{Name: "scan", Type: dossier.TypeFile}}})
	u, v := b.upload(10), b.upload(5)
	use := dossier.Attachment{Collection: c.ID, Record: "r", Field: "papers"}
	f := b.take(u, use)
	inRow := dossier.Attachment{Collection: c.ID, Record: "r", Field: "rows", Inner: "scan"}
	g := b.take(v, inRow)
	b.refuse(dossier.NotFound, func(tx store.Tx) error { _, err := tx.Uploads().Get(ctx, u.ID); return err })
	b.refuse(dossier.Stale, func(tx store.Tx) error { return tx.Uploads().Remove(ctx, u.ID) })
	b.refuse(dossier.NotFound, func(tx store.Tx) error {
		w := b.upload2(tx)
		return tx.Files().Hold(ctx, dossier.Attachment{File: &w.File, Collection: c.ID, Record: "r", Field: "papers"})
	})
	use.File, inRow.File = f, g
	b.update(func(tx store.Tx) error { return tx.Files().Hold(ctx, use) }) // twice is once
	b.wantUses(f.ID, use)
	b.wantUses(f.ID[:dossier.FileIDPrefix], use)
	b.wantUsage(15)

	r := b.record(values("papers", dossier.Files{f}, "rows", dossier.Rows{{Values: values("scan", dossier.Files{g})}}))
	r.ID = "r"
	b.update(func(tx store.Tx) error { return tx.Records(c).Insert(ctx, r) })
	if diff := cmp.Diff(r, b.get(c, "r")); diff != "" {
		t.Error(diff)
	}

	other := use
	other.Record = "s"
	b.update(func(tx store.Tx) error { return tx.Files().Hold(ctx, other) })
	b.update(func(tx store.Tx) error { return tx.Files().Drop(ctx, use, now) })
	b.wantUses(f.ID, other)
	b.update(func(tx store.Tx) error { return tx.Files().Release(ctx, c.ID, "s", now) })
	b.refuse(dossier.NotFound, func(tx store.Tx) error { _, err := tx.Files().Uses(ctx, f.ID); return err })
	if got := b.expired(now); len(got) != 1 || got[0] != f.ID {
		t.Errorf("expired are %v", got)
	}
	b.wantUsage(5)
	testRenamedUses(b, c, inRow)

	b.view(func(tx store.Tx) error {
		known, err := tx.Files().Known(ctx, []dossier.ID{f.ID, g.ID, "nothing"})
		if diff := cmp.Diff(map[dossier.ID]bool{f.ID: true, g.ID: true}, known); diff != "" {
			t.Error(diff)
		}
		n := 0
		for u, err := range tx.Files().Each(ctx) {
			if err != nil {
				return err
			}
			if held := u.Expires.IsZero(); held != (u.ID == g.ID) {
				t.Errorf("%s is held: %v", u.ID, held)
			}
			n++
		}
		if n != 2 {
			t.Errorf("%d files and uploads", n)
		}
		return err
	})
	b.update(func(tx store.Tx) error { return tx.Collections().Delete(ctx, c, now) })
	b.wantUsage(0)
	if got := b.expired(now); len(got) != 2 {
		t.Errorf("expired are %v", got)
	}
}

// upload2 creates an upload in tx.
func (b *bench) upload2(tx store.Tx) *dossier.Upload {
	u := &dossier.Upload{Length: -1, Expires: now.AddDate(0, 0, 1), File: dossier.File{ID: b.fileID(), Created: now}}
	if err := tx.Uploads().Create(ctx, u); err != nil {
		b.Fatal(err)
	}
	return u
}

func (b *bench) wantUses(id dossier.ID, want ...dossier.Attachment) {
	b.Helper()
	b.view(func(tx store.Tx) error {
		got, err := tx.Files().Uses(ctx, id)
		if diff := cmp.Diff(want, got, cmpopts.SortSlices(func(x, y dossier.Attachment) bool { return x.Record < y.Record })); diff != "" {
			b.Error(diff)
		}
		return err
	})
}

// testRenamedUses renames the fields that lead to a file and then removes the inner one.
func testRenamedUses(b *bench, c *dossier.Collection, use dossier.Attachment) {
	b.Helper()
	next := c.Clone()
	next.Fields[0].Name, next.Fields[1].Name, next.Fields[1].Fields[0].Name = "rows", "papers", "picture"
	b.put(next)
	use.Field, use.Inner = "papers", "picture"
	b.wantUses(use.File.ID, use)
	b.put(c)
	use.Field, use.Inner = "rows", "scan"
	b.wantUses(use.File.ID, use)
}

func testTokens(t *testing.T, open Opener) {
	b := newBench(t, open)
	one := &store.Token{ID: b.id(), Name: "one", Hash: "h1", Rights: map[dossier.ID][]string{"c": {"view", "add"}}, Created: now}
	two := &store.Token{ID: b.id(), Name: "two", Hash: "h2", Key: true, Created: now.Add(time.Second)}
	again := &store.Token{ID: b.id(), Name: "again", Hash: "h1", Created: now.Add(time.Minute)}
	list := func(want ...*store.Token) {
		t.Helper()
		b.view(func(tx store.Tx) error {
			got, err := tx.Tokens().List(ctx)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			return err
		})
	}
	b.update(func(tx store.Tx) error { return tx.Tokens().Put(ctx, two) })
	b.update(func(tx store.Tx) error { return tx.Tokens().Put(ctx, one) })
	list(one, two)
	b.update(func(tx store.Tx) error { return tx.Tokens().Put(ctx, again) })
	list(two, again)
	b.update(func(tx store.Tx) error { return tx.Tokens().Delete(ctx, two.ID) })
	b.refuse(dossier.NotFound, func(tx store.Tx) error { return tx.Tokens().Delete(ctx, two.ID) })
	list(again)
}

func testMeta(t *testing.T, open Opener) {
	b := newBench(t, open)
	for _, want := range []string{"", "one", "two ä", ""} {
		if want != "" {
			b.update(func(tx store.Tx) error { return tx.Meta().Put(ctx, "k", want) })
		}
		key := "k"
		if want == "" {
			key = "none"
		}
		b.view(func(tx store.Tx) error {
			got, err := tx.Meta().Get(ctx, key)
			if got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			return err
		})
	}
}
