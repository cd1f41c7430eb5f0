package core_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dossier"
	"dossier/access"
	"dossier/blob/blobtest"
	"dossier/core"
	"dossier/query"
	"dossier/store"
	"dossier/store/sqlite"
)

// start is the time at which the clocks of these tests start.
var start = time.Date(2026, 11, 21, 8, 30, 0, 0, time.UTC)

// A clock stands still until it is moved.
type clock struct {
	mu   sync.Mutex
	t    time.Time
	look func() // what a running service does from time to time; nil: nobody looks
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

// Add lets time pass, hour by hour if there is much of it.
func (c *clock) Add(d time.Duration) {
	for ; d > 24*time.Hour && c.look != nil; d -= time.Hour {
		c.Leap(time.Hour)
		c.look()
	}
	c.Leap(d)
}

// Leap sets the clock, as somebody might whose clock is wrong, or was.
func (c *clock) Leap(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// A house is a Service under test, over rows in a fresh SQLite file and blobs in memory.
type house struct {
	*core.Service
	t     testing.TB
	clock *clock
	blobs *blobtest.Memory
	rows  store.Store
}

// newHouse makes a house whose space has the collections given; change may alter the options before.
func newHouse(t testing.TB, collections []*dossier.Collection, change ...func(*core.Options)) *house {
	t.Helper()
	h := &house{t: t, clock: &clock{t: start}}
	h.blobs = &blobtest.Memory{Now: h.clock.Now}
	rows, err := sqlite.Open(filepath.Join(t.TempDir(), "rows.db"), sqlite.Options{})
	h.must(err)
	t.Cleanup(func() { _ = rows.Close() })
	h.rows = rows
	h.open(change...)
	_, err = h.ApplySchema(ctx(), access.System(), core.Schema{Collections: collections}, false)
	h.must(err)
	return h
}

// open makes the Service anew over the same rows and blobs, as a restart does.
func (h *house) open(change ...func(*core.Options)) {
	h.t.Helper()
	o := core.Options{Store: h.rows, Blobs: h.blobs, Rules: language{}, Random: rand.Reader, Now: h.clock.Now, Log: slog.New(slog.DiscardHandler)}
	for _, fn := range change {
		fn(&o)
	}
	svc, err := core.New(ctx(), o)
	h.must(err)
	h.Service = svc
	h.clock.look = svc.LookAtClock
}

func ctx() context.Context { return context.Background() }

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) collection(name string) *dossier.Collection {
	h.t.Helper()
	c, ok := h.Space().Collection(name)
	if !ok {
		h.t.Fatalf("no collection %q", name)
	}
	return c
}

// values are a record's, by field name.
type values = map[string]dossier.Value

func (h *house) create(collection string, v values) *dossier.Record {
	h.t.Helper()
	r, err := h.tryCreate(collection, v)
	h.must(err)
	return r
}

func (h *house) tryCreate(collection string, v values) (*dossier.Record, error) {
	return h.CreateRecord(ctx(), access.System(), h.collection(collection), "", core.Change{Values: v})
}

func (h *house) update(collection string, r *dossier.Record, v values) *dossier.Record {
	h.t.Helper()
	r, err := h.tryUpdate(collection, r, v)
	h.must(err)
	return r
}

func (h *house) tryUpdate(collection string, r *dossier.Record, v values) (*dossier.Record, error) {
	return h.UpdateRecord(ctx(), access.System(), h.collection(collection), core.ByID(r.ID), core.Update{Edit: core.Put(core.Change{Values: v})})
}

func (h *house) delete(collection string, r *dossier.Record) {
	h.t.Helper()
	h.must(h.DeleteRecord(ctx(), access.System(), h.collection(collection), core.ByID(r.ID), 0))
}

// get reads the record as it is stored; nil if there is none.
func (h *house) get(collection string, id dossier.ID) *dossier.Record {
	h.t.Helper()
	r, err := h.GetRecord(ctx(), access.System(), h.collection(collection), core.ByID(id))
	if dossier.KindOf(err) == dossier.NotFound {
		return nil
	}
	h.must(err)
	return r
}

// upload keeps data as an upload.
func (h *house) upload(name, data string) *dossier.Upload {
	h.t.Helper()
	u, err := h.Upload(ctx(), access.Guest(), core.Incoming{Name: name}, strings.NewReader(data))
	h.must(err)
	return u
}

// take is a reference that redeems uploads.
func take(uploads ...*dossier.Upload) dossier.FileRefs {
	return refs(dossier.TakeUpload, uploads...)
}

func refs(how dossier.Attach, uploads ...*dossier.Upload) dossier.FileRefs {
	var out dossier.FileRefs
	for _, u := range uploads {
		out = append(out, dossier.FileRef{ID: u.ID, How: how})
	}
	return out
}

// keep names files that a field holds already.
func keep(files dossier.Files) dossier.FileRefs {
	var out dossier.FileRefs
	for _, f := range files {
		out = append(out, dossier.FileRef{ID: f.ID, How: dossier.KeepFile})
	}
	return out
}

// read is all bytes of a file.
func (h *house) read(f *dossier.File) string {
	h.t.Helper()
	r, err := h.OpenFile(ctx(), f, 0, -1)
	h.must(err)
	defer r.Close()
	var b bytes.Buffer
	_, err = io.Copy(&b, r)
	h.must(err)
	return b.String()
}

// keys are the keys of all blobs.
func (h *house) keys() []string {
	h.t.Helper()
	var keys []string
	for info, err := range h.blobs.List(ctx(), "") {
		h.must(err)
		keys = append(keys, info.Key)
	}
	return keys
}

// sound fails the test if a check of the space finds anything wrong.
func (h *house) sound() {
	h.t.Helper()
	report, err := h.CheckSpace(ctx(), true, false)
	h.must(err)
	for _, p := range report.Problems {
		h.t.Errorf("check: %s", p)
	}
}

// sweep lets every lease and the grace of stray blobs end, and sweeps.
func (h *house) sweep() core.Swept {
	h.t.Helper()
	swept, err := h.Sweep(ctx())
	h.must(err)
	return swept
}

// kind fails the test unless err has the kind.
func kind(t testing.TB, what string, err error, want dossier.Kind) {
	t.Helper()
	if got := dossier.KindOf(err); got != want {
		t.Errorf("%s: error %v is %q, want %q", what, err, got, want)
	}
}

// problemsOf are the problems of an error.
func problemsOf(err error) []dossier.Problem {
	var e *dossier.Error
	if errors.As(err, &e) {
		return e.Problems
	}
	return nil
}

// wrong fails the test unless err is Invalid with exactly these problems.
func wrong(t testing.TB, err error, want ...dossier.Problem) {
	t.Helper()
	kind(t, "write", err, dossier.Invalid)
	if diff := cmp.Diff(want, problemsOf(err)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func prob(code dossier.Code, params map[string]any, path ...string) dossier.Problem {
	return dossier.Problem{Path: path, Code: code, Params: params}
}

func same(t testing.TB, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// The rules of these tests.
const (
	ruleMember = "a signed-in user"
	ruleOpen   = "title is open"
	ruleNew    = "the title written is not secret"
)

// language knows the rules of these tests.
type language struct{}

func (language) Rule(_ *dossier.Space, _ *dossier.Collection, text string, q access.Question) (query.Filter, error) {
	switch text {
	case ruleMember:
		return query.Const(!q.Principal.IsGuest()), nil
	case ruleOpen:
		return query.Compare{Left: query.Col("title"), Op: query.Eq, Right: query.Literal{Value: dossier.Text("open")}}, nil
	case ruleNew:
		return query.Const(q.Body["title"] != dossier.Text("secret")), nil
	}
	return nil, dossier.Errorf(dossier.Invalid, "no rule %q", text)
}

// CheckRule tells whether a text is a rule.
func (l language) CheckRule(space *dossier.Space, c *dossier.Collection, text string) error {
	_, err := l.Rule(space, c, text, access.Question{})
	return err
}

func ptr[T any](v T) *T { return &v }

// rules lets everyone do everything that text allows.
func rules(text string) dossier.Rules {
	return dossier.Rules{List: &text, View: &text, Create: &text, Update: &text, Delete: &text}
}

// each calls fn(0) … fn(n-1) at the same time and waits for all.
func each(n int, fn func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Add(1)
		dossier.Go(nil, "test", func() {
			defer wg.Done()
			fn(i)
		})
	}
	wg.Wait()
}

// all asks for every record; system may do everything.
var (
	all    query.Query
	system = access.System()
)
