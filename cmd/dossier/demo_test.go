package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var lastCommand = regexp.MustCompile(`(?m)^(curl -s \S+/api/files/reports/\$RECORD/.*)$`)

// demoOf starts a sample space and returns the server with what it prints, its address replaced by URL.
func demoOf(t *testing.T, dir string) (*running, string) {
	t.Helper()
	s := serveAt(t, line{args: []string{"--demo", "--data", dir}})
	s.out.wait(t, lastCommand)
	return s, strings.ReplaceAll(s.out.String(), s.base, "URL")
}

// TestDemoCommandsWorkAsPrinted pastes every block into a shell.
func TestDemoCommandsWorkAsPrinted(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("NOT TESTED: the commands that serve --demo prints need %s, which is not on this machine: %v", tool, err)
		}
	}
	s, _ := demoOf(t, filepath.Join(t.TempDir(), "data"))
	parts := regexp.MustCompile(`(?m)^# (.*)$`).Split(s.out.String(), -1)
	names := regexp.MustCompile(`(?m)^# (.*)$`).FindAllStringSubmatch(s.out.String(), -1)
	if d := cmp.Diff([][]string{{"# Kintone", "Kintone"}, {"# Knack", "Knack"}, {"# PocketBase", "PocketBase"}}, names); d != "" {
		t.Fatalf("blocks:\n%s", d)
	}
	_, first, ok := strings.Cut(parts[0], "downloads the file.\n")
	if !ok {
		t.Fatalf("no commands in\n%s", s.out)
	}
	dir := t.TempDir()
	for i, block := range parts[1:] {
		out := paste(t, dir, first+block)
		record, file, ok := strings.Cut(out, "\n")
		if !ok || strings.TrimLeft(file, "\n") != "Hello from dossier\n" { // an answer may end its line by itself
			t.Errorf("%s: want a record and \"Hello from dossier\", got\n%s", names[i][1], out)
		}
		if !json.Valid([]byte(record)) || !strings.Contains(record, "From "+names[i][1]) || !strings.Contains(record, "hello") {
			t.Errorf("%s: the record is\n%s", names[i][1], record)
		}
	}
	s.stop(syscall.SIGTERM)
}

// paste runs commands in a shell in dir that nothing of this machine configures, and returns what they print.
func paste(t *testing.T, dir, commands string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc")
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(commands)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "NO_PROXY=*"}
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil || errs.Len() > 0 {
		t.Errorf("%v, standard error %q, of\n%s", err, errs.String(), commands)
	}
	return string(out)
}

// TestDemoComesBack starts the same sample space twice.
func TestDemoComesBack(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	s, first := demoOf(t, dir)
	s.stop(syscall.SIGTERM)
	s, second := demoOf(t, dir)
	if d := cmp.Diff(first, second); d != "" {
		t.Errorf("the second start prints something else:\n%s", d)
	}
	admin := regexp.MustCompile(`superuser\s+(\S+)\s+password (\S+)`).FindStringSubmatch(second)
	if admin == nil {
		t.Fatalf("no superuser in\n%s", second)
	}
	in := fmt.Sprintf(`{"login":%q,"password":%q}`, admin[1], admin[2])
	if status, body := ask(t, http.MethodPost, s.base+"/_/session", in); status != http.StatusOK || !strings.Contains(body, `"superuser":true`) {
		t.Errorf("the superuser signs in: %d %s", status, body)
	}
	s.stop(syscall.SIGTERM)
	info, err := os.Stat(filepath.Join(dir, demoFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file with the secrets: %v, %v", info, err)
	}
	other, third := demoOf(t, filepath.Join(t.TempDir(), "data"))
	other.stop(syscall.SIGTERM)
	for _, secret := range regexp.MustCompile(`(?m)password (\S+)$`).FindAllStringSubmatch(first, -1) {
		if strings.Contains(third, secret[1]) {
			t.Errorf("two sample spaces share %q", secret[1])
		}
	}
}
