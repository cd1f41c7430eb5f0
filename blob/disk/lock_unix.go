//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package disk

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"dossier"
)

// lockFile takes the lock on f without waiting. A lock that somebody else has is dossier.Busy. The kernel drops it with the last
// descriptor, so a killed process leaves none behind.
func lockFile(f *os.File) error {
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EWOULDBLOCK):
			return &dossier.Error{Kind: dossier.Busy, Err: err}
		default:
			return fmt.Errorf("flock: %w", err)
		}
	}
}
