package core_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"dossier"
	"dossier/access"
	"dossier/archive"
	"dossier/archive/shelf"
	"dossier/blob/blobtest"
	"dossier/core"
	"dossier/store"
	"dossier/store/sqlite"
)

// A vault is a house with a shelf.
type vault struct {
	*lab
	dir string
}

func newVault(t *testing.T) *vault {
	t.Helper()
	v := &vault{newLab(t), filepath.Join(t.TempDir(), "backups")}
	v.ids = map[string]dossier.ID{}
	v.restart()
	return v
}

// restart makes the Service anew, with a shelf that fails when told, like store and blobs.
func (v *vault) restart() {
	v.t.Helper()
	s, err := shelf.Open(v.dir)
	v.must(err)
	v.failAt = 0
	rows, blobs := v.rows, v.blobs
	v.open(withMaker(sized), func(o *core.Options) {
		o.Store = &faultyStore{rows, v.fault}
		o.Blobs = blobtest.Faulty(blobs, func(op, _ string) error { return v.fault("blob " + op) })
		o.Shelf = faultyShelf{s, v.fault}
	})
}

// faultyShelf asks fault before every step of a backup, and fails if it says so.
type faultyShelf struct {
	archive.Shelf
	fault func(op string) error
}

func (s faultyShelf) Create(ctx context.Context, name string) (archive.Draft, error) {
	if err := s.fault("Create"); err != nil {
		return nil, err
	}
	d, err := s.Shelf.Create(ctx, name)
	return faultyDraft{d, s.fault}, err
}

func (s faultyShelf) Scratch() (archive.Scratch, error) {
	if err := s.fault("Scratch"); err != nil {
		return nil, err
	}
	f, err := s.Shelf.Scratch()
	return faultyScratch{f, s.fault}, err
}

type faultyDraft struct {
	archive.Draft
	fault func(op string) error
}

func (d faultyDraft) Write(p []byte) (int, error) {
	if err := d.fault("Draft.Write"); err != nil {
		return 0, err
	}
	return d.Draft.Write(p)
}

func (d faultyDraft) Commit() error {
	if err := d.fault("Draft.Commit"); err != nil {
		return err
	}
	return d.Draft.Commit()
}

type faultyScratch struct {
	archive.Scratch
	fault func(op string) error
}

func (f faultyScratch) Write(p []byte) (int, error) {
	if err := f.fault("Scratch.Write"); err != nil {
		return 0, err
	}
	return f.Scratch.Write(p)
}

func (f faultyScratch) Seek(off int64, whence int) (int64, error) {
	if err := f.fault("Scratch.Seek"); err != nil {
		return 0, err
	}
	return f.Scratch.Seek(off, whence)
}

// settle takes the steps of a lab but the last, which sweeps: records, files, an upload, and what has fallen out of use.
func (v *vault) settle() {
	v.t.Helper()
	steps := v.steps()
	for _, step := range steps[:len(steps)-1] {
		v.must(step())
	}
}

// listed are the names on the shelf.
func (v *vault) listed() (names []string) {
	v.t.Helper()
	all, err := v.Backups(ctx(), system)
	v.must(err)
	for _, i := range all {
		names = append(names, i.Name)
	}
	return names
}

// onDisk are the names in the shelf's directory.
func (v *vault) onDisk() (names []string) {
	v.t.Helper()
	entries, err := os.ReadDir(v.dir)
	if !errors.Is(err, os.ErrNotExist) {
		v.must(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// restored is another house that a backup of the shelf was laid into.
func (v *vault) restored(name string) *house {
	v.t.Helper()
	h, err := v.tryRestore(name, nil)
	v.must(err)
	return h
}

// tryRestore lays a backup into another house, whose options may be changed.
func (v *vault) tryRestore(name string, change func(*core.Options)) (*house, error) {
	v.t.Helper()
	file, err := v.OpenBackup(ctx(), system, name)
	v.must(err)
	defer file.Close()
	a, err := archive.NewReader(file, file.Info().Size)
	if err != nil {
		return nil, err
	}
	h := &house{t: v.t, clock: v.clock, blobs: &blobtest.Memory{Now: v.clock.Now}}
	h.rows, err = sqlite.Open(filepath.Join(v.t.TempDir(), "rows.db"), sqlite.Options{})
	v.must(err)
	v.t.Cleanup(func() { _ = h.rows.Close() })
	o := core.Options{Store: h.rows, Blobs: h.blobs, Rules: language{}, Random: rand.Reader, Now: h.clock.Now, Log: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&o)
	}
	if err := core.Restore(ctx(), a, o); err != nil {
		return nil, err
	}
	h.open()
	return h, nil
}

// dump is all rows of a store.
func dump(t testing.TB, s store.Store) string {
	t.Helper()
	var out bytes.Buffer
	err := s.View(ctx(), func(tx store.Tx) error { _, err := tx.Dump(ctx(), &out); return err })
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestABackupRestoresEverything(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	v.settle()
	token, err := v.CreateToken(ctx(), system, "t", "", map[string]access.Right{"docs": access.RightView})
	v.must(err)
	before, state := dump(t, v.rows), v.state()
	v.must(v.CreateBackup(ctx(), system, "a.zip"))
	h := v.restored("a.zip")
	if after := dump(t, h.rows); after != before {
		t.Errorf("the rows are\n%s\nwant\n%s", after, before)
	}
	h.sound()
	l := &lab{house: h, ids: v.ids}
	same(t, "the state", l.state(), state)
	if _, err := h.TokenPrincipal(token); err != nil {
		t.Errorf("the token: %v", err)
	}
	old, next := v.create("docs", values{}), h.create("docs", values{})
	same(t, "the next number", next.Number, old.Number)
	for _, key := range h.keys() {
		if strings.Contains(key, "thumb") {
			t.Errorf("the picture %s was kept", key)
		}
	}
	l.clear()
	info, err := os.Stat(filepath.Join(v.dir, "a.zip"))
	v.must(err)
	same(t, "the mode", info.Mode(), os.FileMode(0o600))
}

// Whatever fails while a backup is made, and all after it too, nothing is on the shelf that could be taken for one.
func TestAFaultAtAnyCallLeavesNoBackup(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	v.settle()
	v.calls = 0
	v.must(v.CreateBackup(ctx(), system, "a.zip"))
	total := v.calls
	v.must(v.DeleteBackup(ctx(), system, "a.zip"))
	if total < 15 {
		t.Fatalf("a backup makes %d calls only", total)
	}
	for _, after := range []bool{false, true} {
		for n := 1; n <= total; n++ {
			v.calls, v.failAt, v.after, v.failed = 0, n, after, ""
			if err := v.CreateBackup(ctx(), system, "a.zip"); !errors.Is(err, errCrash) {
				t.Fatalf("call %d (%s) fails: %v", n, v.failed, err)
			}
			v.failAt = 0
			same(t, "after "+v.failed+", on the disk", v.onDisk(), []string(nil))
		}
	}
	v.must(v.CreateBackup(ctx(), system, "a.zip"))
	v.restored("a.zip").sound()
}

// A process that ends in the middle leaves files that the next one removes, and that no list shows.
func TestWhatAKilledBackupLeavesIsNotListed(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	v.settle()
	s, err := shelf.Open(v.dir)
	v.must(err)
	draft, err := s.Create(ctx(), "a.zip")
	v.must(err)
	_, err = io.WriteString(draft, "PK")
	v.must(err)
	scratch, err := s.Scratch()
	v.must(err)
	defer scratch.Close() // of a process that is gone
	same(t, "listed", v.listed(), []string(nil))
	if n := len(v.onDisk()); n != 2 {
		t.Errorf("%d files are on the disk, want the draft and the scratch file", n)
	}
	v.restart()
	same(t, "on the disk", v.onDisk(), []string(nil))
}

// Nothing that the snapshot refers to goes while the backup runs, and everything that is to go does afterwards.
func TestTheSweepWaitsForABackup(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	v.settle()
	r := v.create("docs", values{"file": take(v.house.upload("late", "bytes of late"))})
	rows, blobs := v.rows, v.blobs
	inside, once := func() {}, sync.Once{}
	s, err := shelf.Open(v.dir)
	v.must(err)
	v.open(withMaker(sized), func(o *core.Options) {
		o.Store, o.Shelf = rows, s
		o.Blobs = blobtest.Faulty(blobs, func(op, _ string) error {
			if op == blobtest.OpOpen {
				once.Do(inside)
			}
			return nil
		})
	})
	inside = func() { // at the first blob that the backup reads
		v.delete("docs", r)
		v.clock.Add(80 * time.Hour)
		same(t, "swept meanwhile", v.sweep(), core.Swept{})
		kind(t, "a second backup", v.CreateBackup(ctx(), system, "b.zip"), dossier.Busy)
		kind(t, "deleting the one that is made", v.DeleteBackup(ctx(), system, "a.zip"), dossier.Busy)
	}
	v.must(v.CreateBackup(ctx(), system, "a.zip"))
	if v.sweep().Uploads == 0 {
		t.Error("nothing is swept after the backup")
	}
	v.clock.Add(-80 * time.Hour)
	h := v.restored("a.zip")
	h.sound()
	if got := h.get("docs", r.ID); got == nil || h.read(got.Files("file")[0]) != "bytes of late" {
		t.Error("the record that was deleted meanwhile is not in the backup")
	}
}

// A backup under writes, deletes and sweeps restores to a whole space, again and again.
func TestABackupUnderLoadIsWhole(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	ctx, stop := context.WithCancel(ctx())
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Add(1)
		dossier.Go(nil, "load", func() {
			defer wg.Done()
			for n := 0; ctx.Err() == nil; n++ {
				r := v.create("docs", values{"file": take(v.house.upload("f", fmt.Sprintf("bytes %d of %d", n, i)))})
				if n%2 == 0 {
					v.delete("docs", r)
				}
				if n%5 == 0 {
					v.sweep()
				}
			}
		})
	}
	for n := range 8 {
		name := fmt.Sprintf("%d.zip", n)
		v.must(v.CreateBackup(ctx, system, name))
		v.restored(name).sound()
	}
	stop()
	wg.Wait()
}

func TestDamageIsNotBackedUp(t *testing.T) {
	t.Parallel()
	for what, spoil := range map[string]func(v *vault, key string) error{
		"missing": func(v *vault, key string) error { return v.blobs.Delete(ctx(), key) },
		"altered": func(v *vault, key string) error {
			_, err := v.blobs.Put(ctx(), key, strings.NewReader("BYTES OF A"))
			return err
		},
		"cut off": func(v *vault, key string) error {
			_, err := v.blobs.Put(ctx(), key, strings.NewReader("bytes"))
			return err
		},
	} {
		v := newVault(t)
		r := v.create("docs", values{"file": take(v.house.upload("a", "bytes of a"))})
		f := r.Files("file")[0]
		v.must(v.blobs.Delete(ctx(), f.Chunks[0].Key))
		v.must(spoil(v, f.Chunks[0].Key))
		err := v.CreateBackup(ctx(), system, "a.zip")
		kind(t, what, err, dossier.Internal)
		if err != nil && !strings.Contains(err.Error(), string(f.ID)) {
			t.Errorf("%s: the error does not name the file: %v", what, err)
		}
		same(t, what, v.listed(), []string(nil))
	}
}

func TestOnlySuperusersHandleBackups(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	v.must(v.CreateBackup(ctx(), system, "a.zip"))
	for _, who := range []access.Principal{access.Guest(), {Kind: access.KindUser, ID: "u"}, {Kind: access.KindKey, ID: "k"}} {
		_, err := v.Backups(ctx(), who)
		kind(t, "list", err, dossier.Denied)
		_, err = v.OpenBackup(ctx(), who, "a.zip")
		kind(t, "open", err, dossier.Denied)
		_, err = v.Backup(ctx(), who, io.Discard)
		kind(t, "backup", err, dossier.Denied)
		kind(t, "create", v.CreateBackup(ctx(), who, "b.zip"), dossier.Denied)
		kind(t, "add", v.AddBackup(ctx(), who, "b.zip", strings.NewReader("")), dossier.Denied)
		kind(t, "delete", v.DeleteBackup(ctx(), who, "a.zip"), dossier.Denied)
		kind(t, "restore", v.RestoreBackup(ctx(), who, "a.zip"), dossier.Denied)
		kind(t, "plan", v.RunPlan(ctx(), who), "") // there is none
	}
	same(t, "listed", v.listed(), []string{"a.zip"})
}

func TestTheShelf(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	v.must(v.CreateBackup(ctx(), system, "a.zip"))
	kind(t, "a name that is taken", v.CreateBackup(ctx(), system, "a.zip"), dossier.Exists)
	for _, name := range []string{"", "a", "../a.zip", "b/a.zip", ".a.zip", "a.zip.part", strings.Repeat("a", 300) + ".zip"} {
		kind(t, "create "+name, v.CreateBackup(ctx(), system, name), dossier.Invalid)
		kind(t, "delete "+name, v.DeleteBackup(ctx(), system, name), dossier.Invalid)
		_, err := v.OpenBackup(ctx(), system, name)
		kind(t, "open "+name, err, dossier.Invalid)
	}
	kind(t, "delete what is not there", v.DeleteBackup(ctx(), system, "b.zip"), dossier.NotFound)
	kind(t, "restore without a server", v.RestoreBackup(ctx(), system, "a.zip"), dossier.Unsupported)
	whole, err := os.ReadFile(filepath.Join(v.dir, "a.zip"))
	v.must(err)
	kind(t, "add half of one", v.AddBackup(ctx(), system, "half.zip", bytes.NewReader(whole[:len(whole)/2])), dossier.Invalid)
	v.must(v.AddBackup(ctx(), system, "b.zip", bytes.NewReader(whole)))
	same(t, "listed", v.listed(), []string{"a.zip", "b.zip"})
	v.restored("b.zip").sound()
	v.must(v.DeleteBackup(ctx(), system, "a.zip"))
	same(t, "on the disk", v.onDisk(), []string{"b.zip"})
}

// A restore that fails anywhere fails as a whole.
func TestAFaultAtAnyCallFailsARestore(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	v.settle()
	v.must(v.CreateBackup(ctx(), system, "a.zip"))
	for n, done := 1, false; !done; n++ {
		fault := blobtest.Nth(int64(n), errCrash)
		var failed atomic.Bool // blobs are laid in by several goroutines
		_, err := v.tryRestore("a.zip", func(o *core.Options) {
			o.Blobs = blobtest.Faulty(o.Blobs, func(op, key string) error {
				err := fault(op, key)
				if err != nil {
					failed.Store(true)
				}
				return err
			})
		})
		done = !failed.Load()
		if !done && err == nil {
			t.Errorf("call %d of the blobs fails, and the restore does not", n)
		}
		if done && n < 4 {
			t.Fatalf("a restore makes %d calls only", n)
		}
	}
}

func TestThePlan(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	v.must(v.RunPlan(ctx(), system))
	same(t, "without a plan", v.listed(), []string(nil))
	settings := v.Space().Settings
	settings.Extra = map[string]string{core.BackupPlan: `{"cron":"@daily","keep":2,"prefix":"@auto_","label":"acme_"}`}
	v.must(v.PutSettings(ctx(), system, settings))
	v.must(v.CreateBackup(ctx(), system, "own.zip"))
	for day := range 4 {
		v.must(v.RunPlan(ctx(), system))
		made, past := start.AddDate(0, 0, day), time.Now().AddDate(-1, 0, day) // the next one is the latest
		v.must(os.Chtimes(filepath.Join(v.dir, "@auto_acme_"+made.Format("20060102150405")+".zip"), past, past))
		v.clock.Add(24 * time.Hour)
	}
	same(t, "the two latest, and what is not the plan's", v.listed(), []string{"@auto_acme_20261123083000.zip", "@auto_acme_20261124083000.zip", "own.zip"})
	future := time.Now().AddDate(10, 0, 0)
	v.must(os.Chtimes(filepath.Join(v.dir, "@auto_acme_20261123083000.zip"), future, future))
	v.must(v.RunPlan(ctx(), system))
	same(t, "one dated by a clock that was ahead goes first", v.listed(), []string{"@auto_acme_20261124083000.zip", "@auto_acme_20261125083000.zip", "own.zip"})
}

// The plan's time comes: backups are made in the minutes that it names, until it is told to stop.
func TestThePlanIsFollowed(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	settings := v.Space().Settings
	settings.Extra = map[string]string{core.BackupPlan: `{"cron":"*/30 9 * * *","keep":9,"prefix":"@auto_"}`}
	v.must(v.PutSettings(ctx(), system, settings))
	synctest.Test(t, func(t *testing.T) { // from midnight of 2000-01-01 on
		made := make(chan string)
		s := v.Service
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		dossier.Go(nil, "plan", func() {
			defer close(ended)
			s.Follow(ctx, time.Now, func() error { made <- time.Now().UTC().Format("15:04"); return nil })
		})
		for _, want := range []string{"09:00", "09:30", "09:00"} {
			same(t, "the plan is carried out at", <-made, want)
		}
		stop()
		<-ended
	})
}
