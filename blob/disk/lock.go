package disk

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"dossier"
)

// lockName is the file in a locked directory. It holds the process id of its holder, and stays when the lock is gone.
const lockName = "lock"

// Lock makes this process the only one that uses dir, made if missing, until the lock is closed or the process ends, however it ends.
// If another process has it, the error is dossier.Busy and its sentence names that process.
func Lock(dir string) (io.Closer, error) {
	if err := makeDir(operatingSystem{}, dir); err != nil {
		return nil, classify("lock data directory", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, classify("lock data directory", err)
	}
	if err := lockFile(f); err != nil {
		defer f.Close()
		return nil, &dossier.Error{Kind: dossier.KindOf(err), Msg: lockMessage(err, f), Err: err}
	}
	writePID(f)
	return f, nil
}

func lockMessage(err error, f io.Reader) string {
	if dossier.KindOf(err) != dossier.Busy {
		return "the data directory cannot be locked"
	}
	holder := "another process"
	text, _ := io.ReadAll(io.LimitReader(f, 32))
	if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
		holder = fmt.Sprintf("process %d", pid)
	}
	return "the data directory is in use by " + holder + ": stop it, or use another directory"
}

// writePID is for people only. The lock holds without it, and a server must start on a full disk too.
func writePID(f *os.File) {
	if f.Truncate(0) == nil {
		f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
}
