//go:build !linux

package disk

// move renames without replacing.
func move(from, to string) error { return moveByLink(from, to) }

// spread does nothing: only Linux has the hint.
func spread(string) {}
