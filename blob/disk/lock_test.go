//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package disk

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"dossier"
)

func TestLockIsHeldOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	held, err := Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Lock(dir)
	if !errors.Is(err, dossier.Busy) || !strings.Contains(err.Error(), fmt.Sprintf("process %d:", os.Getpid())) {
		t.Errorf("a second Lock: %v", err)
	}
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Lock(dir)
	if err != nil {
		t.Fatalf("Lock after Close: %v", err)
	}
	again.Close()
}

// Another process is refused, and a killed one leaves no lock behind. The other process is this test, started again.
func TestLockEndsWithItsProcess(t *testing.T) {
	if dir := os.Getenv("DOSSIER_TEST_LOCK"); dir != "" {
		_, err := Lock(dir)
		fmt.Println("locked:", err)
		if err == nil {
			select {} // until killed
		}
		return
	}
	dir := t.TempDir()
	other := exec.Command(os.Args[0], "-test.run=^TestLockEndsWithItsProcess$", "-test.timeout=10m")
	other.Env = append(os.Environ(), "DOSSIER_TEST_LOCK="+dir)
	out, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, len("locked: <nil>"))
	if _, err := out.Read(line); err != nil || string(line) != "locked: <nil>" {
		t.Errorf("the other process said %q, %v", line, err)
	}
	_, err = Lock(dir)
	if !errors.Is(err, dossier.Busy) || !strings.Contains(err.Error(), fmt.Sprintf("process %d:", other.Process.Pid)) {
		t.Errorf("Lock while another process has it: %v", err)
	}
	other.Process.Kill()
	other.Wait()
	held, err := Lock(dir)
	if err != nil {
		t.Fatalf("Lock after the other was killed: %v", err)
	}
	held.Close()
}
