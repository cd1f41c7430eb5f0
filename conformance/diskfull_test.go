//go:build linux

package conformance

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// smallDisk mounts a file system of so many bytes that is gone after the test.
func smallDisk(t *testing.T, size int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "disk")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", size)); err != nil {
		t.Skipf("NOT TESTED: what happens on a full disk; mounting a small one needs root and a kernel that lets it: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return filepath.Join(dir, "data")
}

// fullDiskRefusals are how the dialects say that the disk has no room.
var fullDiskRefusals = []string{"DOSSIER_DISK_FULL", "507 Insufficient Storage", "507 Insufficient Storage"}

// TestFullDisk fills the disk under a running server. Uploads are refused and leave nothing, what is there can still be read and deleted,
// and once there is room again all is as before.
func TestFullDisk(t *testing.T) {
	const disk = 16 * mebibyte
	s := startSettings(t, smallDisk(t, disk))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	clients := newClients(t, s.base)
	for i, c := range clients {
		if err := c.create(ctx, fmt.Sprint("before ", i), "a.bin", content(uint64(i), crashSize), crashSize); err != nil {
			t.Fatal(err)
		}
	}
	for i, c := range clients { // one that alone is larger than the disk
		wantRefusal(t, i, c.create(ctx, "too large", "b.bin", content(9, disk+1), disk+1))
	}
	wantStored(t, s, 3)
	ballast := fill(t, filepath.Dir(s.dir))
	for i, c := range clients { // a disk without a byte
		wantRefusal(t, i, c.create(ctx, "no room", "b.bin", content(9, crashSize), crashSize))
	}
	wantStored(t, s, 3)
	readAll(t, ctx, clients, 3)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	for i, c := range clients {
		if err := c.create(ctx, fmt.Sprint("before ", 3+i), "a.bin", content(uint64(3+i), crashSize), crashSize); err != nil {
			t.Errorf("%s, with room again: %v", dialects[i], err)
		}
	}
	readAll(t, ctx, clients, 6)
	for _, title := range []string{"too large", "no room"} {
		if _, err := clients[2].fetch(ctx, title); err == nil {
			t.Errorf("an upload that was refused has made the record %q", title)
		}
	}
	s.stop()
	if found := check(t, s.dir); found["files"] != 6 || found["uploads"] != 0 || found["problems"] != 0 {
		t.Errorf("check finds %v", found)
	}
}

// TestDeletingOnAFullDisk deletes a record when the disk has room for rows, but for no file, starts the server on that disk, and uploads
// into the room that a sweep makes.
func TestDeletingOnAFullDisk(t *testing.T) {
	const size, left = 3 * mebibyte, 256 << 10
	s := startSettings(t, smallDisk(t, 16*mebibyte))
	clients := newClients(t, s.base)
	for i := range 2 {
		if err := clients[i].create(t.Context(), fmt.Sprint("before ", i), "a.bin", content(uint64(i), size), size); err != nil {
			t.Fatal(err)
		}
	}
	ballast := fill(t, filepath.Dir(s.dir))
	if info, err := os.Stat(ballast); err != nil || os.Truncate(ballast, info.Size()-left) != nil {
		t.Fatal(err)
	}
	wantRefusal(t, 0, clients[0].create(t.Context(), "no room", "b.bin", content(5, size), size))
	remove(t, t.Context(), clients[2].(*pocketbase), "before 0")
	s.stop()
	s = startSettings(t, s.dir) // a sweep comes with every start
	eventually(t, "the bytes of the deleted record are gone", func() bool { blobs, _ := stored(t, s); return blobs == 1 })
	if err := newClients(t, s.base)[0].create(t.Context(), "after", "b.bin", content(5, size), size); err != nil {
		t.Errorf("an upload into the room of what was deleted: %v", err)
	}
}

// TestSmallFilesFillTheDisk uploads small files until the disk has no room. What was acknowledged can be read, and with room again, all goes on.
// The bytes of the one that was refused may be left for a sweep: deleting a row needs room too.
func TestSmallFilesFillTheDisk(t *testing.T) {
	const left = 1 << 20
	s := startSettings(t, smallDisk(t, 16*mebibyte))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	clients := newClients(t, s.base)
	ballast := fill(t, filepath.Dir(s.dir))
	if info, err := os.Stat(ballast); err != nil || os.Truncate(ballast, info.Size()-left) != nil {
		t.Fatal(err)
	}
	taken := 0
	for ; taken < 1000; taken++ {
		if err := clients[taken%3].create(ctx, fmt.Sprint("small ", taken), "s.bin", content(uint64(taken), smallSize), smallSize); err != nil {
			wantRefusal(t, taken%3, err)
			break
		}
	}
	if taken < 10 || taken == 1000 {
		t.Fatalf("%d files of %d bytes fit into %d", taken, smallSize, left)
	}
	for range 2 {
		for i := range taken {
			body, err := clients[i%3].fetch(ctx, fmt.Sprint("small ", i))
			if err == nil {
				err = sameBytes(body, uint64(i), smallSize)
			}
			if err != nil {
				t.Errorf("record %d: %v", i, err)
			}
		}
		if err := os.Remove(ballast); err == nil { // the first time
			if err := clients[0].create(ctx, "room again", "s.bin", content(0, smallSize), smallSize); err != nil {
				t.Errorf("with room again: %v", err)
			}
		}
	}
	s.stop()
	if found := check(t, s.dir, "--repair"); found["files"] != taken+1 || found["blobs"] != taken+1 || found["problems"] != 0 {
		t.Errorf("check finds %v, want %d files", found, taken+1)
	}
}

// fill takes all room of a disk and returns the file to remove for it.
func fill(t *testing.T, dir string) string {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "ballast"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for block := 1 << 20; block > 0; {
		if _, err := f.Write(make([]byte, block)); err != nil {
			block /= 2
		}
	}
	return f.Name()
}

func wantRefusal(t *testing.T, dialect int, err error) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), fullDiskRefusals[dialect]) {
		t.Errorf("%s on a full disk: %v, want %s", dialects[dialect], err, fullDiskRefusals[dialect])
	}
}

func wantStored(t *testing.T, s *server, blobs int) {
	t.Helper()
	if b, parts := stored(t, s); b != blobs || parts != 0 {
		t.Errorf("%d blobs and %d half-written files on the disk, want %d and 0", b, parts, blobs)
	}
}

// readAll reads the first n records that were made before, each through every dialect.
func readAll(t *testing.T, ctx context.Context, clients []client, n int) {
	t.Helper()
	for i := range n {
		for j, c := range clients {
			body, err := c.fetch(ctx, fmt.Sprint("before ", i))
			if err == nil {
				err = sameBytes(body, uint64(i), crashSize)
			}
			if err != nil {
				t.Errorf("record %d through %s: %v", i, dialects[j], err)
			}
		}
	}
}
