//go:build linux

package conformance

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

// TestBackupOnAFullDisk lets the room on the disk grow from nothing to enough. A backup that has no room is refused and leaves nothing, a
// restore too, and changes nothing.
func TestBackupOnAFullDisk(t *testing.T) {
	const step = 96 << 10
	s := startSettings(t, smallDisk(t, 16*mebibyte))
	addReports(t, s, 0, 5)
	o := operate(t, s.base)
	before := o.reports()
	ballast := fill(t, filepath.Dir(s.dir))
	grow := func() {
		info, err := os.Stat(ballast)
		if err == nil {
			err = os.Truncate(ballast, max(0, info.Size()-step))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	refused := 0
	for ; ; refused++ {
		status, text, err := o.send("POST", "/api/backups", "application/json", `{"name": "a.zip"}`)
		if err == nil && status == http.StatusNoContent {
			break
		}
		if err != nil || status != http.StatusInsufficientStorage {
			t.Fatalf("a backup without room: %d %v %s; standard error:\n%s", status, err, text, s.log)
		}
		if names := o.names(); len(names) > 0 || countFiles(t, s.dir, ".part") > 0 {
			t.Fatalf("a backup without room has left %v", names)
		}
		grow()
	}
	if refused < 2 {
		t.Errorf("a backup of 300 KB is refused %d times only", refused)
	}
	for refused = 0; ; refused++ {
		status, text, err := o.send("POST", "/api/backups/a.zip/restore", "", "")
		if err == nil && status == http.StatusNoContent {
			break
		}
		if err != nil || status != http.StatusInsufficientStorage {
			t.Fatalf("a restore without room: %d %v %s; standard error:\n%s", status, err, text, s.log)
		}
		if got := o.reports(); got != before {
			t.Fatalf("a restore without room has changed something: %s", got)
		}
		if _, err := os.Lstat(filepath.Join(s.dir, "restore.part")); err == nil {
			t.Fatal("a restore without room has left something")
		}
		grow()
	}
	if refused < 2 {
		t.Errorf("a restore of 300 KB is refused %d times only", refused)
	}
	o.untilReports(before)
	s.stop()
	if found := check(t, s.dir, "--read-data"); found["files"] != 5 || found["problems"] != 0 {
		t.Errorf("check finds %v", found)
	}
}
