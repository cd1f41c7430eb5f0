package main

import (
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// filterAbove is the query parameter's value that lets numbers from n on pass.
func filterAbove(n int) string { return url.QueryEscape("n>=" + strconv.Itoa(n)) }

// processor is the model that the kernel names.
func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// release is the kernel's name and release.
func release() string {
	text, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "unknown kernel"
	}
	return "Linux " + strings.TrimSpace(string(text))
}

// load is the load average that the kernel tells.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(text))[:1], "")
}

// fileSystems are the names of the usual ones by their magic number (man 2 statfs).
var fileSystems = map[int64]string{0xef53: "ext4", 0x58465342: "XFS", 0x9123683e: "btrfs", 0x01021994: "tmpfs", 0x794c7630: "overlayfs", 0x2fc12fc1: "ZFS"}

// fileSystem is the kind of the one that holds dir.
func fileSystem(dir string) string {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return "unknown file system"
	}
	if name, ok := fileSystems[int64(s.Type)]; ok {
		return name
	}
	return "file system 0x" + strconv.FormatInt(int64(s.Type), 16)
}
