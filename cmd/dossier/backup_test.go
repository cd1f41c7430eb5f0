package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// The token of fullSchema that may do everything with reports.
const reportsToken = "repTokAllRights0000000000000000000000001"

// addReport makes a record with a file.
func addReport(t *testing.T, s *running, title string) {
	t.Helper()
	body := "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + title + ".txt\"\r\n\r\nbytes of " + title + "\r\n--B--\r\n"
	status, key := ask(t, http.MethodPost, s.base+"/k/v1/file.json", body, "X-Cybozu-API-Token", reportsToken, "Content-Type", "multipart/form-data; boundary=B")
	if status != http.StatusOK {
		t.Fatalf("upload: %d %s", status, key)
	}
	record := fmt.Sprintf(`{"app": 2, "record": {"title": {"value": %q}, "attachment": {"value": [%s]}}}`, title, key)
	if status, answer := ask(t, http.MethodPost, s.base+"/k/v1/record.json", record, "X-Cybozu-API-Token", reportsToken); status != http.StatusOK {
		t.Fatalf("create: %d %s", status, answer)
	}
}

// reports is all reports as a client with a token sees them.
func reports(t *testing.T, s *running) string {
	t.Helper()
	status, body := ask(t, http.MethodGet, s.base+"/k/v1/records.json?app=2&query=order+by+$id+asc", "", "X-Cybozu-API-Token", reportsToken)
	if status != http.StatusOK {
		t.Fatalf("list: %d %s", status, body)
	}
	return body
}

// whole checks that a space has no problems, and so many files.
func whole(t *testing.T, dir string, files int) {
	t.Helper()
	out := call(t, "check", "--read-data", "--data", dir)
	if !strings.Contains(out, "problems: 0\n") || !strings.Contains(out, fmt.Sprintf("files: %d\n", files)) {
		t.Errorf("check:\n%s\nwant %d files", out, files)
	}
}

// names are the names in a directory.
func names(t *testing.T, dir string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func TestBackupBesideARunningServer(t *testing.T) {
	t.Parallel()
	// longer than the name of a socket may be
	dir := filepath.Join(t.TempDir(), strings.Repeat("long", 30), "data")
	call(t, "schema", "apply", fullSchema, "--data", dir)
	s := serveAt(t, line{args: []string{"--data", dir}})
	addReport(t, s, "first")
	addReport(t, s, "second")
	want := reports(t, s)
	to := t.TempDir()
	file := filepath.Join(to, "a.zip")
	if out := call(t, "backup", file, "--data", dir); !strings.Contains(out, "blobs: 2\n") {
		t.Errorf("backup prints\n%s", out)
	}
	piped := line{args: []string{"backup", "-", "--data", dir}}.run(t)
	if piped.code != 0 || piped.err != fmt.Sprintf("%d bytes written\n", len(piped.out)) {
		t.Errorf("backup to standard output: exit %d, %q", piped.code, piped.err)
	}
	if quiet := (line{args: []string{"backup", "-", "--quiet", "--data", dir}}).run(t); quiet.code != 0 || quiet.err != "" || !strings.HasPrefix(quiet.out, "PK") {
		t.Errorf("quiet: exit %d, %q", quiet.code, quiet.err)
	}
	addReport(t, s, "third, which no backup has")
	s.stop(syscall.SIGTERM)
	if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
		t.Errorf("the backup is %v, %v", info.Mode(), err)
	}
	if got := names(t, to); !slices.Equal(got, []string{"a.zip"}) {
		t.Errorf("beside the backup: %v", got)
	}
	for from, backup := range map[string]string{"file": file, "standard output": write(t, "b.zip", piped.out)} {
		other := filepath.Join(t.TempDir(), "other")
		if out := call(t, "restore", backup, "--data", other); !strings.Contains(out, "blobs: 2\n") {
			t.Errorf("restore prints\n%s", out)
		}
		whole(t, other, 2)
		s := serveAt(t, line{args: []string{"--data", other}})
		if got := reports(t, s); got != want {
			t.Errorf("restored from %s, the records are\n%s\nwant\n%s", from, got, want)
		}
		addReport(t, s, "next")
		if got := reports(t, s); !strings.Contains(got, `"$id":{"type":"__ID__","value":"3"}`) {
			t.Errorf("the next record has not the next number: %s", got)
		}
		s.stop(syscall.SIGTERM)
	}
}

func TestBackupOfAStoppedServer(t *testing.T) {
	t.Parallel()
	dir, file := spaceDir(t), filepath.Join(t.TempDir(), "a.zip")
	call(t, "backup", file, "--data", dir)
	line{args: []string{"backup", file, "--data", dir}}.run(t).refused(t, exitFailure, "a.zip exists", "--force")
	call(t, "backup", file, "--force", "--data", dir)
	line{args: []string{"backup", filepath.Join(t.TempDir(), "no", "a.zip"), "--data", dir}}.run(t).refused(t, exitFailure, "FILE that can be written")
	line{args: []string{"backup", file, "--data", filepath.Join(t.TempDir(), "none")}}.run(t).refused(t, exitFailure, "holds no space")
	line{args: []string{"backup"}}.run(t).refused(t, exitUsage, "backup FILE")
	other := filepath.Join(t.TempDir(), "other")
	call(t, "restore", file, "--data", other)
	if a, b := call(t, "schema", "show", "--data", dir), call(t, "schema", "show", "--data", other); a != b {
		t.Errorf("the schema is\n%s\nwant\n%s", b, a)
	}
}

func TestRestoreWantsAnEmptyDirectory(t *testing.T) {
	t.Parallel()
	dir, file := spaceDir(t), filepath.Join(t.TempDir(), "a.zip")
	call(t, "backup", file, "--data", dir)
	s := serveAt(t, line{args: []string{"--data", dir}})
	addReport(t, s, "one more")
	line{args: []string{"restore", file, "--force", "--data", dir}}.run(t).refused(t, exitFailure, "in use by", "stop it")
	s.stop(syscall.SIGTERM)
	line{args: []string{"restore", file, "--data", dir}}.run(t).refused(t, exitFailure, "is not empty", "--force")
	whole(t, dir, 1)
	call(t, "restore", file, "--force", "--data", dir)
	whole(t, dir, 0)
	if got := names(t, dir); slices.ContainsFunc(got, func(name string) bool { return strings.HasPrefix(name, "re") }) {
		t.Errorf("left over: %v", got)
	}
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "letter.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	line{args: []string{"restore", file, "--data", full}}.run(t).refused(t, exitFailure, "letter.txt")
}

func TestABrokenBackupLeavesNothing(t *testing.T) {
	t.Parallel()
	dir, file := spaceDir(t), filepath.Join(t.TempDir(), "a.zip")
	s := serveAt(t, line{args: []string{"--data", dir}})
	addReport(t, s, "first")
	s.stop(syscall.SIGTERM)
	call(t, "backup", file, "--data", dir)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for what, broken := range map[string]string{
		"cut off": string(text[:len(text)/2]), "nothing": "", "no zip": "hello",
		"altered bytes": strings.Replace(string(text), "bytes of first", "bytes of FIRST", 1),
	} {
		other := filepath.Join(t.TempDir(), "other")
		line{args: []string{"restore", write(t, "b.zip", broken), "--data", other}}.run(t).refused(t, exitFailure, "b.zip")
		if _, err := os.Stat(other); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: the directory is there: %v", what, names(t, other))
		}
		line{args: []string{"restore", write(t, "b.zip", broken), "--force", "--data", dir}}.run(t).refused(t, exitFailure, "b.zip")
		whole(t, dir, 1)
	}
	line{args: []string{"restore", filepath.Join(t.TempDir(), "none.zip"), "--data", filepath.Join(t.TempDir(), "other")}}.run(t).refused(t, exitFailure, "none.zip", "want a FILE")
}

// A server that is killed while it sends a backup leaves no file; the next one takes orders again.
func TestAServerThatIsKilledLeavesNoBackup(t *testing.T) {
	t.Parallel()
	dir, to := spaceDir(t), t.TempDir()
	s := serveAt(t, line{args: []string{"--data", dir}})
	addReport(t, s, "first")
	cmd := line{args: []string{"backup", filepath.Join(to, "a.zip"), "--data", dir}}.command()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := s.cmd.Process.Signal(syscall.SIGSTOP); err != nil { // the order will wait in the socket
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitForPart(t, to)
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	s.done = true
	err := cmd.Wait()
	switch got := names(t, to); {
	case err != nil && len(got) > 0:
		t.Errorf("a backup that failed left %v", got)
	case err == nil: // the server was gone before the order came, so the command did the work by itself
		call(t, "restore", filepath.Join(to, "a.zip"), "--data", filepath.Join(t.TempDir(), "other"))
	}
	again := serveAt(t, line{args: []string{"--data", dir}})
	call(t, "backup", filepath.Join(to, "b.zip"), "--data", dir)
	again.stop(syscall.SIGTERM)
}

// waitForPart waits until a backup has begun in dir.
func waitForPart(t *testing.T, dir string) {
	t.Helper()
	for {
		if len(names(t, dir)) > 0 {
			return
		}
		if t.Context().Err() != nil {
			t.Fatal("no backup begins")
		}
	}
}
