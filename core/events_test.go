package core_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"dossier"
	"dossier/access"
	"dossier/core"
	"dossier/core/coretest"
)

func TestWatchersHearCommitsInOrder(t *testing.T) {
	t.Parallel()
	svc := coretest.New(t)
	c, _ := svc.Space().Collection("customers")
	var mu sync.Mutex
	last := map[dossier.ID]int64{}
	heard := 0
	stop := svc.Watch(func(all []core.Event) {
		mu.Lock()
		defer mu.Unlock()
		for _, e := range all {
			if e.Record.Revision != last[e.Record.ID]+1 && e.Action != access.Delete {
				t.Errorf("revision %d came after %d", e.Record.Revision, last[e.Record.ID])
			}
			last[e.Record.ID] = e.Record.Revision
			heard++
		}
	})
	ctx := context.Background()
	named := func(s string) core.Change {
		return core.Change{Values: map[string]dossier.Value{"company": dossier.Text(s)}}
	}
	r, err := svc.CreateRecord(ctx, access.Guest(), c, "", named("first"))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			_, err := svc.UpdateRecord(ctx, access.Guest(), c, core.ByID(r.ID), core.Update{Edit: core.Put(named(fmt.Sprint("name ", i)))})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if _, err := svc.CreateRecord(ctx, access.Guest(), c, "", core.Change{}); err == nil {
		t.Fatal("a company is required")
	}
	if err := svc.DeleteRecord(ctx, access.Guest(), c, core.ByID(r.ID), 0); err != nil {
		t.Fatal(err)
	}
	stop()
	if _, err := svc.CreateRecord(ctx, access.Guest(), c, "", named("unheard")); err != nil {
		t.Fatal(err)
	}
	if heard != 52 {
		t.Errorf("heard %d events, want 52: one creation, 50 changes, one removal", heard)
	}
}
