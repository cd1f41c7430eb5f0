// Package storetest is the suite that every store passes: the contract of store's interfaces, method by method, and the proof
// that what a store finds is what query.Eval and query.CompareRecords say.
// Not here: how a store does it, nor how fast.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"dossier"
	"dossier/query"
	"dossier/store"
)

// An Opener opens the store that lives in dir: the same one if it is asked for the same dir again.
type Opener func(t *testing.T, dir string) store.Store

// Run holds the stores that open makes against the contract.
func Run(t *testing.T, open Opener) {
	for name, test := range map[string]func(*testing.T, Opener){
		"collections":    testCollections,
		"alter":          testAlter,
		"records":        testRecords,
		"round trip":     testRoundTrip,
		"clashes":        testClashes,
		"accounts":       testAccounts,
		"uploads":        testUploads,
		"files":          testFiles,
		"tokens":         testTokens,
		"meta":           testMeta,
		"dump":           testDump,
		"bad dumps":      testBadDumps,
		"reopen":         testReopen,
		"transactions":   testTransactions,
		"concurrency":    testConcurrency,
		"rereads":        testRereads,
		"reread race":    testRereadRace,
		"limits":         testLimits,
		"relations":      testRelations,
		"patterns":       testPatterns,
		"cancel":         testCancel,
		"queries":        testQueries,
		"depth":          testDepth,
		"views":          testViews,
		"view fields":    testViewFields,
		"bad views":      testBadViews,
		"view changes":   testViewChanges,
		"view queries":   testViewQueries,
		"unique indexes": testUniqueIndexes,
		"index changes":  testIndexChanges,
		"unique race":    testUniqueRace,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open)
		})
	}
}

// now is the time of these tests.
var now = time.Date(2026, 11, 21, 10, 0, 0, 123e6, time.UTC)

// A bench is a store under test.
type bench struct {
	*testing.T
	store.Store
	ids int
}

func newBench(t *testing.T, open Opener) *bench {
	t.Helper()
	return reopen(t, open, t.TempDir())
}

func reopen(t *testing.T, open Opener, dir string) *bench {
	t.Helper()
	s := open(t, dir)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return &bench{T: t, Store: s}
}

// id makes an ID that is unique in the test.
func (b *bench) id() dossier.ID {
	b.ids++
	return dossier.ID(fmt.Sprintf("%024x", b.ids))
}

// fileID makes an ID of an upload.
func (b *bench) fileID() dossier.ID { return b.id() + "00000000" }

var ctx = context.Background()

// update runs fn and fails the test if it fails.
func (b *bench) update(fn func(store.Tx) error) {
	b.Helper()
	if err := b.Update(ctx, fn); err != nil {
		b.Fatalf("update: %v", err)
	}
}

func (b *bench) view(fn func(store.Tx) error) {
	b.Helper()
	if err := b.View(ctx, fn); err != nil {
		b.Fatalf("view: %v", err)
	}
}

// refuse runs fn as an update and wants an error of that kind.
func (b *bench) refuse(want dossier.Kind, fn func(store.Tx) error) error {
	b.Helper()
	err := b.Update(ctx, fn)
	if !errors.Is(err, want) {
		b.Fatalf("got %v, want %q", err, want)
	}
	return err
}

// want fails the test if err has another kind; "" is no error.
func (b *bench) want(kind dossier.Kind, err error) {
	b.Helper()
	if dossier.KindOf(err) != kind {
		b.Fatalf("got %v, want %q", err, kind)
	}
}

// collection puts a base collection with fields, which get IDs and numbers.
func (b *bench) collection(name string, fields ...*dossier.Field) *dossier.Collection {
	b.Helper()
	c := &dossier.Collection{ID: b.id(), Name: name, Label: name, Kind: dossier.Base, Fields: fields, Created: now, Updated: now}
	c.Number = int64(b.ids)
	b.number(fields)
	b.put(c)
	return c
}

func (b *bench) number(fields []*dossier.Field) {
	for _, f := range fields {
		f.ID = b.id()
		f.Number = int64(b.ids)
		b.number(f.Fields)
	}
}

func (b *bench) put(c *dossier.Collection) {
	b.Helper()
	b.update(func(tx store.Tx) error { return tx.Collections().Put(ctx, c) })
}

// record is a new record with values.
func (b *bench) record(values map[string]dossier.Value) *dossier.Record {
	return &dossier.Record{ID: b.id(), Revision: 1, Created: now, Updated: now, CreatedBy: "ann", Values: values}
}

func (b *bench) insert(c *dossier.Collection, values map[string]dossier.Value) *dossier.Record {
	b.Helper()
	r := b.record(values)
	b.update(func(tx store.Tx) error { return tx.Records(c).Insert(ctx, r) })
	return r
}

func (b *bench) get(c *dossier.Collection, id dossier.ID) (r *dossier.Record) {
	b.Helper()
	b.view(func(tx store.Tx) (err error) {
		r, err = tx.Records(c).Get(ctx, id)
		return err
	})
	return r
}

// find runs a query and returns the numbers of the records.
func (b *bench) find(space *dossier.Space, c *dossier.Collection, q query.Query) []int64 {
	b.Helper()
	checked, err := query.Check(space, c, q)
	if err != nil {
		b.Fatalf("check: %v", err)
	}
	var out []int64
	b.view(func(tx store.Tx) error {
		found, err := tx.Records(c).Find(ctx, checked)
		for _, r := range found {
			out = append(out, r.Number)
		}
		return err
	})
	return out
}

func values(pairs ...any) map[string]dossier.Value {
	out := map[string]dossier.Value{}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i].(string)] = pairs[i+1].(dossier.Value)
	}
	return out
}
