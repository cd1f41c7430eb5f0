//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package server

import "golang.org/x/sys/unix"

// connectionLimit is how many connections this process may have.
func connectionLimit() int {
	var r unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &r) != nil || uint64(r.Cur) > 2*maxConnections {
		return maxConnections
	}
	return max(1, int(r.Cur)/2)
}
