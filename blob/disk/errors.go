package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"dossier"
)

// faults are the failures of a disk that a caller can do something about. The sentences name no path; the cause does.
var faults = []struct {
	err  error
	kind dossier.Kind
	msg  string
}{
	{syscall.ENOSPC, dossier.Full, "the disk has no room"},
	{syscall.EDQUOT, dossier.Full, "the disk quota of the server is used up"},
	{syscall.EFBIG, dossier.TooLarge, "the file is larger than the disk's file system takes"},
	{syscall.EMFILE, dossier.Busy, "too many files are open; try again later"},
	{syscall.ENFILE, dossier.Busy, "too many files are open; try again later"},
	{fs.ErrExist, dossier.Exists, "a blob with this key exists"},
}

// classify gives a file system's error its Kind, and says what was being done where there is none. nil stays nil.
func classify(doing string, err error) error {
	if err == nil {
		return nil
	}
	for _, f := range faults {
		if errors.Is(err, f.err) {
			return &dossier.Error{Kind: f.kind, Msg: f.msg, Err: fmt.Errorf("%s: %w", doing, err)}
		}
	}
	return fmt.Errorf("%s: %w", doing, err)
}
