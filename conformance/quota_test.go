package conformance

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestQuotaHoldsUnderParallelUploads sends fifty files at once where sixteen have room. Exactly those that fit are taken, not one byte
// more, each of the others gets its dialect's error, and what is deleted makes room again.
func TestQuotaHoldsUnderParallelUploads(t *testing.T) {
	const size, room, files = 64 << 10, 16, 50
	s := startSettings(t, t.TempDir(), fmt.Sprintf("disk_quota: %d", size*room+size-1))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	clients := newClients(t, s.base)
	refusals := []string{"DOSSIER_DISK_QUOTA", "507 Insufficient Storage", "507 Insufficient Storage"}
	var taken atomic.Int64
	each(files, func(i int) {
		err := clients[i%3].create(ctx, fmt.Sprintf("quota %d", i), "file.bin", content(uint64(i), size), size)
		switch {
		case err == nil:
			taken.Add(1)
		case !strings.Contains(err.Error(), refusals[i%3]):
			t.Errorf("%s refuses with %v, want %s", dialects[i%3], err, refusals[i%3])
		}
	})
	if taken.Load() != room {
		t.Errorf("%d files taken, want exactly %d", taken.Load(), room)
	}
	if blobs, parts := stored(t, s); blobs != room || parts != 0 {
		t.Errorf("%d blobs and %d half-written files on the disk, want %d and 0", blobs, parts, room)
	}
	verifyAndDeleteOne(t, ctx, clients, files, size)
	if err := clients[0].create(ctx, "room again", "file.bin", content(99, size), size); err != nil {
		t.Errorf("after a record was deleted: %v", err)
	}
	s.stop()
	if found := check(t, s.dir); found["files"] != room || found["uploads"] != 0 || found["problems"] != 0 {
		t.Errorf("check finds %v", found)
	}
}

// verifyAndDeleteOne reads every record that there is, and deletes the first.
func verifyAndDeleteOne(t *testing.T, ctx context.Context, clients []client, files int, size int64) {
	t.Helper()
	deleted := false
	for i := range files {
		title := fmt.Sprintf("quota %d", i)
		body, err := clients[(i+1)%3].fetch(ctx, title)
		if err != nil {
			continue // refused
		}
		if err := sameBytes(body, uint64(i), size); err != nil {
			t.Errorf("%s: %v", title, err)
		}
		if !deleted {
			deleted = true
			remove(t, ctx, clients[2].(*pocketbase), title)
		}
	}
	if !deleted {
		t.Error("no record could be read")
	}
}
