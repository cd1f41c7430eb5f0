//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package server

// connectionLimit is how many connections this process may have.
func connectionLimit() int { return maxConnections }
