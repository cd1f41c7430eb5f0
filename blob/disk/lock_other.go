//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package disk

import (
	"os"

	"dossier"
)

// lockFile fails: without a lock that ends with its process, no directory is safe from two of them.
func lockFile(*os.File) error {
	return dossier.Errorf(dossier.Unsupported, "this operating system has no flock")
}
