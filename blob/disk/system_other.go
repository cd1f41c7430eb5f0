//go:build !linux

package disk

import "os"

// move renames without replacing.
func move(from, to string) error { return moveByLink(from, to) }

// spread does nothing: only Linux has the hint.
func spread(string) {}

// startWriting does nothing: only Linux can be asked.
func startWriting(*os.File, int64, int64) {}
