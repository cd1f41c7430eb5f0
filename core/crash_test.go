package core_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"dossier"
	"dossier/access"
	"dossier/blob/blobtest"
	"dossier/core"
)

var errCrash = errors.New("the power is gone")

// A lab is a house in which the n-th call of the store or the blobs fails.
type lab struct {
	*house
	mu     sync.Mutex // a thumbnail reads and writes at the same time
	calls  int
	failAt int  // 0: never
	after  bool // all calls from failAt on fail, until the restart
	failed string
	ids    map[string]dossier.ID // of uploads and records, by the names that the steps give them
}

func newLab(t *testing.T) *lab {
	l := &lab{house: newHouse(t, docs())}
	l.restart()
	return l
}

// restart makes the Service anew, over a store and blobs that fail when told.
func (l *lab) restart() {
	l.failAt = 0
	rows, blobs := l.rows, l.blobs
	l.open(withMaker(sized), func(o *core.Options) {
		o.Store = &faultyStore{rows, l.fault}
		o.Blobs = blobtest.Faulty(blobs, func(op, _ string) error { return l.fault("blob " + op) })
	})
}

func (l *lab) fault(op string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.calls++; l.failAt > 0 && (l.calls == l.failAt || l.after && l.calls > l.failAt) {
		if l.failed == "" {
			l.failed = op
		}
		return errCrash
	}
	return nil
}

// upload keeps data under a name.
func (l *lab) upload(name, data string) error {
	u, err := l.Upload(ctx(), access.Guest(), core.Incoming{Name: name}, strings.NewReader(data))
	if err == nil {
		l.ids[name] = u.ID
	}
	return err
}

func (l *lab) ref(name string, how dossier.Attach) dossier.FileRef {
	return dossier.FileRef{ID: l.ids[name], How: how}
}

// steps are the life of some files. Each is one request: acknowledged if it returns nil.
func (l *lab) steps() []func() error {
	c := l.collection("docs")
	const first, second = "first0000000000", "second000000000"
	return []func() error{
		func() error { return l.upload("a", "bytes of a") },
		func() error { // create, with an upload and with bytes of the same request
			staged, err := l.Stage(ctx(), access.Guest(), core.Incoming{Name: "b"}, strings.NewReader(png))
			if err != nil {
				return err
			}
			_, err = l.CreateRecord(ctx(), system, c, first, core.Change{Values: values{
				"file": dossier.FileRefs{l.ref("a", dossier.TakeUpload)}, "image": dossier.FileRefs{{Staged: staged}}}})
			if err != nil {
				l.Discard(ctx(), staged)
			}
			return err
		},
		func() error {
			r, err := l.GetRecord(ctx(), system, c, core.ByID(first))
			if err != nil {
				return err
			}
			_, err = l.Thumbnail(ctx(), r.Files("image")[0], spec(l.t, "70x50"))
			l.SettleThumbnails(ctx()) // so that its calls come before those of the next step
			return err
		},
		func() error { return l.upload("c", "bytes of c") },
		func() error { // update, which replaces a file
			_, err := l.UpdateRecord(ctx(), system, c, core.ByID(first), core.Update{Edit: core.Put(core.Change{Values: values{
				"file": dossier.FileRefs{l.ref("c", dossier.TakeUpload)}}})})
			return err
		},
		func() error { // a second holder
			_, err := l.CreateRecord(ctx(), system, c, second, core.Change{Values: values{"file": dossier.FileRefs{l.ref("c", dossier.Share)}}})
			return err
		},
		func() error { return l.DeleteRecord(ctx(), system, c, core.ByID(first), 0) },
		func() error { return l.upload("d", "bytes of d") },
		func() error { _, err := l.Sweep(ctx()); return err },
	}
}

// run takes the steps until one fails and says how many were acknowledged.
func (l *lab) run() (acknowledged int, err error) {
	l.ids, l.calls, l.failed = map[string]dossier.ID{}, 0, ""
	for i, step := range l.steps() {
		if err := step(); err != nil {
			return i, err
		}
	}
	return len(l.steps()), nil
}

// state is what a client can see: records with the bytes of their files, and uploads.
func (l *lab) state() string {
	l.t.Helper()
	var lines []string
	page, err := l.ListRecords(ctx(), system, l.collection("docs"), all, core.ListOptions{})
	l.must(err)
	for _, r := range page.Records {
		r.EachFile(l.collection("docs"), func(f *dossier.Field, file *dossier.File) {
			lines = append(lines, fmt.Sprintf("%s.%s: %s %q", r.ID, f.Name, file.Name, l.read(file)))
		})
	}
	for name, id := range l.ids {
		if u, err := l.FindUpload(ctx(), system, id); err == nil {
			lines = append(lines, fmt.Sprintf("upload %s: %q", name, l.read(&u.File)))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// clear lets everything go and proves that nothing is left behind.
func (l *lab) clear() {
	l.t.Helper()
	l.clock.Add(72*time.Hour + 2*time.Hour)
	l.house.sweep()
	l.sound()
	held := map[string]bool{}
	page, err := l.ListRecords(ctx(), system, l.collection("docs"), all, core.ListOptions{})
	l.must(err)
	for _, r := range page.Records {
		r.EachFile(l.collection("docs"), func(_ *dossier.Field, file *dossier.File) { held[string(file.ID)] = true })
	}
	for _, key := range l.keys() {
		if id, _, _ := strings.Cut(key, "/"); !held[id] {
			l.t.Errorf("the blob %s is left over", key)
		}
	}
	for _, r := range page.Records {
		l.delete("docs", r)
	}
	l.house.sweep()
	report, err := l.CheckSpace(ctx(), true, false)
	l.must(err)
	same(l.t, "what is left after everything is deleted", []any{report.Files, report.Uploads, report.Bytes, len(l.keys())}, []any{0, 0, int64(0), 0})
}

// Law 5: whichever call fails, alone or with all that follow until a restart, what was acknowledged is there, what was not is there
// completely or not at all, no row points at nothing, and after a sweep nobody's bytes are left.
func TestACrashAtAnyCall(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]bool{"one call fails": false, "all after it too": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			crashAtAnyCall(t, after)
		})
	}
}

// crashAtAnyCall lets each call of the steps fail in turn, alone or with those after it.
func crashAtAnyCall(t *testing.T, after bool) {
	l := newLab(t)
	states := []string{""}
	l.ids = map[string]dossier.ID{}
	for _, step := range l.steps() {
		l.must(step())
		states = append(states, l.state())
	}
	l.clear()
	if _, err := l.run(); err != nil {
		t.Fatal(err)
	}
	total := l.calls
	l.clear()
	if total < 60 {
		t.Fatalf("the steps make %d calls only", total)
	}
	for n := 1; n <= total; n++ {
		l.failAt, l.after = n, after
		acknowledged, err := l.run()
		if err == nil && l.failed == "" {
			t.Fatalf("call %d was not made", n)
		}
		where := fmt.Sprintf("call %d (%s) fails, %d steps acknowledged, %v", n, l.failed, acknowledged, err)
		l.failAt = 0
		if after {
			l.restart()
		}
		if got := l.state(); got != states[acknowledged] && (acknowledged+1 == len(states) || got != states[acknowledged+1]) {
			t.Errorf("%s: the state is\n%s\nwant\n%s", where, got, states[acknowledged])
		}
		l.clear()
		if t.Failed() {
			t.Fatal(where)
		}
	}
}
