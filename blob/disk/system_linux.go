package disk

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// move renames without replacing, by hard link where the file system does not know how.
func move(from, to string) error {
	for {
		err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOSYS):
			return moveByLink(from, to)
		default:
			return &os.LinkError{Op: "renameat2", Old: from, New: to, Err: err}
		}
	}
}

// topDir is FS_TOPDIR_FL of linux/fs.h, which x/sys does not name.
const topDir = 0x20000

// spread sets the flag of "chattr +T": ext4 then gives each directory made in dir a block group by the hash of its name, and the files
// made there come to lie in it. Without it all inodes come out of one group, and each new one costs a walk past those freed there lately
// (on ext4 without a journal). Other file systems refuse the flag, which does no harm.
func spread(dir string) {
	d, err := os.Open(dir)
	if err != nil {
		return
	}
	defer d.Close()
	if flags, err := unix.IoctlGetInt(int(d.Fd()), unix.FS_IOC_GETFLAGS); err == nil && flags&topDir == 0 {
		unix.IoctlSetPointerInt(int(d.Fd()), unix.FS_IOC_SETFLAGS, flags|topDir)
	}
}

// startWriting begins to write a range of f's pages. An error shows again in fsync.
func startWriting(f *os.File, off, n int64) {
	unix.SyncFileRange(int(f.Fd()), off, n, unix.SYNC_FILE_RANGE_WRITE)
}
