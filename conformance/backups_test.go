package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// An operator is a superuser who handles the backups of a server.
type operator struct {
	t     *testing.T
	base  string
	token string
}

// operate signs in.
func operate(t *testing.T, base string) *operator {
	t.Helper()
	o := &operator{t: t, base: base}
	var in struct{ Token string }
	o.json("POST", "/api/collections/_superusers/auth-with-password", `{"identity": "root@example.com", "password": "correct-horse-battery"}`, &in)
	o.token = in.Token
	return o
}

// send sends a request and returns status and body; an error is one of the connection.
func (o *operator) send(method, target, contentType, body string) (int, string, error) {
	req, err := http.NewRequestWithContext(o.t.Context(), method, o.base+target, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Authorization", o.token)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return res.StatusCode, string(text), err
}

// want sends a request that must have that status, and returns the body.
func (o *operator) want(status int, method, target, body string) string {
	o.t.Helper()
	got, text, err := o.send(method, target, "application/json", body)
	if err != nil || got != status {
		o.t.Fatalf("%s %s: %d, want %d: %v %.500s", method, target, got, status, err, text)
	}
	return text
}

func (o *operator) json(method, target, body string, out any) {
	o.t.Helper()
	if err := json.Unmarshal([]byte(o.want(http.StatusOK, method, target, body)), out); err != nil {
		o.t.Fatal(err)
	}
}

// names are the backups that are listed.
func (o *operator) names() (names []string) {
	o.t.Helper()
	var list []struct{ Key string }
	o.json("GET", "/api/backups", "", &list)
	for _, b := range list {
		names = append(names, b.Key)
	}
	return names
}

// download is the bytes of a backup.
func (o *operator) download(name string) string {
	o.t.Helper()
	var file struct{ Token string }
	o.json("POST", "/api/files/token", "", &file)
	return o.want(http.StatusOK, "GET", "/api/backups/"+name+"?token="+file.Token, "")
}

// upload sends a backup under a name.
func (o *operator) upload(name, data string) (int, string) {
	o.t.Helper()
	head, tail := filePart{field: "file", name: name}.envelope()
	status, text, err := o.send("POST", "/api/backups/upload", "multipart/form-data; boundary="+boundary, head+data+tail)
	if err != nil {
		o.t.Fatal(err)
	}
	return status, text
}

// reports are all reports, with their files.
func (o *operator) reports() string {
	o.t.Helper()
	return o.want(http.StatusOK, "GET", "/api/collections/reports/records?perPage=500&sort=id", "")
}

// untilReports waits until the server has these reports: after the answer to a restore it goes on with the other space.
func (o *operator) untilReports(want string) {
	o.t.Helper()
	eventually(o.t, "the restored space", func() bool {
		status, text, err := o.send("GET", "/api/collections/reports/records?perPage=500&sort=id", "", "")
		return err == nil && status == http.StatusOK && text == want
	})
}

// addReports makes reports with files, small and large.
func addReports(t testing.TB, s *server, from, n int) {
	t.Helper()
	clients := newClients(t, s.base)
	for i := from; i < from+n; i++ {
		size := crashBytes(uint64(i))
		if err := clients[i%3].create(t.Context(), crashTitle(uint64(i)), fmt.Sprintf("f%d.bin", i), content(uint64(i), size), size); err != nil {
			t.Fatal(err)
		}
	}
}

// A running server makes a backup, gives it away, takes it back and restores it, at the same address: everything is as it was.
func TestBackupOverHTTP(t *testing.T) {
	s := ownServer(t, commonSchema)
	addReports(t, s, 0, 6)
	o := operate(t, s.base)
	before := o.reports()
	o.want(http.StatusNoContent, "POST", "/api/backups", `{"name": "first.zip"}`)
	data := o.download("first.zip")
	o.want(http.StatusNoContent, "DELETE", "/api/backups/first.zip", "")
	addReports(t, s, 6, 3)
	var one struct{ Items []struct{ ID string } }
	if err := json.Unmarshal([]byte(before), &one); err != nil {
		t.Fatal(err)
	}
	o.want(http.StatusNoContent, "DELETE", "/api/collections/reports/records/"+one.Items[0].ID, "")
	if status, text := o.upload("second.zip", data[:len(data)-1]); status != http.StatusBadRequest || !strings.Contains(text, "validation_invalid_backup") {
		t.Errorf("an upload that lacks a byte: %d %s", status, text)
	}
	if status, text := o.upload("second.txt", data); status != http.StatusBadRequest || !strings.Contains(text, "validation_match_invalid") {
		t.Errorf("an upload under another kind of name: %d %s", status, text)
	}
	at := strings.Index(data, "blobs/") + 300 // in a blob, behind its header
	broken := data[:at] + string([]byte{data[at] ^ 1}) + data[at+1:]
	for name, archive := range map[string]string{"broken.zip": broken, "second.zip": data} {
		if status, text := o.upload(name, archive); status != http.StatusNoContent {
			t.Fatalf("upload %s: %d %s", name, status, text)
		}
	}
	if status, text := o.upload("second.zip", data); status != http.StatusBadRequest || !strings.Contains(text, "validation_backup_name_exists") {
		t.Errorf("a name twice: %d %s", status, text)
	}
	during := o.reports()
	o.want(http.StatusBadRequest, "POST", "/api/backups/broken.zip/restore", "")
	if got := o.reports(); got != during {
		t.Errorf("a broken backup has changed something: %s", got)
	}
	o.want(http.StatusNoContent, "POST", "/api/backups/second.zip/restore", "")
	o.untilReports(before) // with the token from before
	if got := fmt.Sprint(o.names()); got != "[broken.zip second.zip]" {
		t.Errorf("then there are the backups %s", got)
	}
	addReports(t, s, 6, 1)
	o.want(http.StatusNoContent, "POST", "/api/backups/second.zip/restore", "") // and again
	o.untilReports(before)
	s.stop()
	if found := check(t, s.dir, "--read-data"); found["records"] < 6 || found["files"] != 6 || found["problems"] != 0 {
		t.Errorf("check finds %v", found)
	}
	for _, left := range []string{"restore", "restore.part", "replaced"} {
		if _, err := os.Lstat(filepath.Join(s.dir, left)); err == nil {
			t.Errorf("%s is left over", left)
		}
	}
}

// Backups are made again and again, both ways, while writers add and delete records with files through all dialects, and cron sweeps. Each
// restores to a space without a problem.
func TestBackupUnderLoad(t *testing.T) {
	const rounds = 4
	s := ownServer(t, commonSchema)
	o := operate(t, s.base)
	ctx, stop := context.WithCancel(t.Context())
	clients := newClients(t, s.base)
	l := &ledger{}
	var writers sync.WaitGroup
	for i := range 6 {
		writers.Go(func() {
			for ctx.Err() == nil {
				if _, err := writeOne(context.WithoutCancel(ctx), l, clients, i); err != nil {
					t.Errorf("write: %v", err)
				}
			}
		})
	}
	writers.Go(func() {
		for ctx.Err() == nil {
			deleteSome(t, o)
		}
	})
	var files []string
	for n := range rounds {
		if n == rounds-1 {
			eventually(t, "there is much to back up", func() bool {
				var list struct{ TotalItems int }
				o.json("GET", "/api/collections/reports/records?perPage=1", "", &list)
				return list.TotalItems >= 40
			})
		}
		name := fmt.Sprintf("%d.zip", n)
		o.want(http.StatusNoContent, "POST", "/api/backups", `{"name": "`+name+`"}`)
		file := filepath.Join(t.TempDir(), name)
		if out, code := run(t, "backup", file, "--data", s.dir); code != 0 {
			t.Fatalf("dossier backup: exit status %d: %s", code, out)
		}
		files = append(files, file, filepath.Join(s.dir, "backups", name))
	}
	stop()
	writers.Wait()
	s.stop()
	check(t, s.dir, "--read-data")
	seen := 0
	for _, file := range files {
		dir := filepath.Join(t.TempDir(), "restored")
		if out, code := run(t, "restore", file, "--data", dir); code != 0 {
			t.Fatalf("dossier restore: exit status %d: %s", code, out)
		}
		found := check(t, dir, "--read-data")
		if found["problems"] != 0 {
			t.Errorf("%s: %v", file, found)
		}
		seen = max(seen, found["files"])
	}
	if seen < 20 {
		t.Errorf("the backups hold %d files at most: there was no load", seen)
	}
}

// deleteSome deletes some reports and sweeps.
func deleteSome(t *testing.T, o *operator) {
	status, text, err := o.send("GET", "/api/collections/reports/records?perPage=3&sort=@random", "", "")
	var list struct{ Items []struct{ ID string } }
	if err == nil {
		err = json.Unmarshal([]byte(text), &list)
	}
	if err != nil || status != http.StatusOK {
		t.Errorf("list: %d %v", status, err)
		return
	}
	for _, r := range list.Items {
		if status, text, err := o.send("DELETE", "/api/collections/reports/records/"+r.ID, "", ""); err != nil || status != http.StatusNoContent {
			t.Errorf("delete: %d %v %s", status, err, text)
		}
	}
	if status, text, err := o.send("POST", "/api/crons/sweep", "", ""); err != nil || status != http.StatusNoContent {
		t.Errorf("sweep: %d %v %s", status, err, text)
	}
}

// A server that is killed at any time of a backup lists no broken one afterwards, and one that is killed at any time of a restore starts with
// the old space or with the new one, whole.
func TestKilledBackupsAndRestores(t *testing.T) {
	s := ownServer(t, commonSchema)
	addReports(t, s, 0, 12)
	o := operate(t, s.base)
	kept := o.reports()
	o.want(http.StatusNoContent, "POST", "/api/backups", `{"name": "kept.zip"}`)
	addReports(t, s, 12, 3)
	later := o.reports()
	ends := map[string]int{}
	for round, delay := range []time.Duration{0, 1, 4, 9, 16, 25, 36, 64, 100, 150, 220, 300} { // milliseconds
		restoring := round%3 != 0
		target, body := "/api/backups/kept.zip/restore", ""
		if !restoring {
			target, body = "/api/backups", `{"name": "killed.zip"}`
		}
		var wg sync.WaitGroup
		wg.Go(func() { _, _, _ = o.send("POST", target, "application/json", body) }) // an answer, or a connection that breaks off
		time.Sleep(delay * time.Millisecond)                                         // somewhere in it; which moment does not matter
		s.kill()
		wg.Wait()
		s = start(t, s.dir, commonSchema)
		o = operate(t, s.base)
		switch got := o.reports(); {
		case got == later:
			ends["the old space"]++
		case got == kept && restoring:
			ends["the restored space"]++
			addReports(t, s, 12, 3)
			later = o.reports()
		default:
			t.Fatalf("after a kill at %s, %v: the space is neither the old nor the new one", target, delay)
		}
		for _, name := range o.names() {
			if name == "kept.zip" {
				continue
			}
			if file := write(t, o.download(name)); !restores(t, file) {
				t.Errorf("the backup %s of a killed server is listed and not whole", name)
			}
			o.want(http.StatusNoContent, "DELETE", "/api/backups/"+name, "")
		}
	}
	t.Logf("the kills ended in %v", ends)
	s.stop()
	if found := check(t, s.dir, "--read-data"); found["files"] != 15 || found["problems"] != 0 {
		t.Errorf("check finds %v", found)
	}
}

// write makes a file of data and returns its path.
func write(t *testing.T, data string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "backup.zip")
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// restores reports whether a file can be restored.
func restores(t *testing.T, file string) bool {
	t.Helper()
	_, code := run(t, "restore", file, "--data", filepath.Join(t.TempDir(), "restored"))
	return code == 0
}

// The memory of a backup and of a restore does not depend on how large files are.
func TestBackupOfALargeFileStreams(t *testing.T) {
	const size = 96 << 20
	s := ownServer(t, commonSchema)
	if err := newClients(t, s.base)[0].create(t.Context(), "large", "large.bin", content(1, size), size); err != nil {
		t.Fatal(err)
	}
	o := operate(t, s.base)
	before := peak(t, s)
	o.want(http.StatusNoContent, "POST", "/api/backups", `{"name": "large.zip"}`)
	o.want(http.StatusNoContent, "POST", "/api/backups/large.zip/restore", "")
	if grown := peak(t, s) - before; grown > size/2 {
		t.Errorf("a backup and a restore of %d bytes took %d bytes of memory", size, grown)
	}
	o.untilReports(o.reports())
	s.stop()
	check(t, s.dir, "--read-data")
}

// peak is the most memory that the server has had, in bytes.
func peak(t *testing.T, s *server) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		t.Skip("this system does not tell the memory of a process")
	}
	_, rest, _ := bytes.Cut(text, []byte("VmHWM:"))
	var kilobytes int64
	if _, err := fmt.Fscan(bytes.NewReader(rest), &kilobytes); err != nil {
		t.Fatal(err)
	}
	return kilobytes << 10
}
