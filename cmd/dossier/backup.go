package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"dossier"
	"dossier/access"
	"dossier/archive"
	"dossier/archive/shelf"
	"dossier/blob/disk"
)

// backups is the directory of the backups that the server keeps, in the data directory.
const backups = "backups"

func backupCommand(c *config) *cobra.Command {
	var force, quiet bool
	cmd := &cobra.Command{Use: "backup FILE", Short: "Write a backup of the space, also while a server runs on it; FILE - is standard output", Args: cobra.ExactArgs(1),
		PreRunE: func(*cobra.Command, []string) error { return exists(c) }}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if args[0] == "-" {
			return backupToOutput(cmd, c, quiet)
		}
		m, err := backupToFile(cmd.Context(), c, args[0], force)
		if err == nil && !quiet {
			sayManifest(cmd.OutOrStdout(), m)
		}
		return err
	}
	cmd.Flags().BoolVar(&force, "force", false, "replace FILE, once the backup is whole")
	cmd.Flags().BoolVar(&quiet, "quiet", false, "do not print what was written")
	return cmd
}

// sayManifest prints what a backup holds.
func sayManifest(w io.Writer, m archive.Manifest) {
	fmt.Fprintf(w, "created: %s\nrows: %d\nblobs: %d\nbytes: %d\n", m.Created.Format("2006-01-02T15:04:05Z07:00"), m.Rows.Lines, m.Blobs.Count, m.Blobs.Size)
}

// backupToFile writes a backup that has its name when it is whole.
func backupToFile(ctx context.Context, c *config, name string, force bool) (m archive.Manifest, err error) {
	if _, err := os.Lstat(name); err == nil && !force {
		return m, dossier.Errorf(dossier.Exists, "%s exists: choose another FILE, or --force to replace it", name)
	}
	draft, err := shelf.Create(name, force)
	if err != nil {
		return m, fmt.Errorf("%s: %w: want a FILE that can be written", name, err)
	}
	defer draft.Abort()
	size := &counter{w: draft}
	if err := writeBackup(ctx, c, size); err != nil {
		return m, err
	}
	a, err := archive.NewReader(draft, size.n)
	if err != nil {
		return m, err
	}
	return a.Manifest(), draft.Commit()
}

// A counter counts what is written to w.
type counter struct {
	w io.Writer
	n int64
}

// Write writes on.
func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

func backupToOutput(cmd *cobra.Command, c *config, quiet bool) error {
	if f, ok := cmd.OutOrStdout().(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return refuse("a backup is not shown on a terminal: want a FILE, or standard output that goes to one")
	}
	out := bufio.NewWriterSize(cmd.OutOrStdout(), 256<<10)
	size := &counter{w: out}
	err := writeBackup(cmd.Context(), c, size)
	if err == nil {
		err = out.Flush()
	}
	if err == nil && !quiet {
		fmt.Fprintf(cmd.ErrOrStderr(), "%d bytes written\n", size.n)
	}
	return err
}

// writeBackup writes a backup by itself, or has it written by the server that has the data directory.
func writeBackup(ctx context.Context, c *config, w io.Writer) (err error) {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	s, err := open(ctx, c, log)
	if errors.Is(err, dossier.Busy) {
		if asked := askBackup(ctx, c.Data, w); !errors.Is(asked, errNoOrders) {
			return asked
		}
		return err
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	_, err = s.Backup(ctx, access.System(), w)
	return err
}

func restoreCommand(c *config) *cobra.Command {
	var force bool
	cmd := &cobra.Command{Use: "restore FILE", Short: "Make a space of a backup, in an empty data directory", Args: cobra.ExactArgs(1),
		PreRunE: func(*cobra.Command, []string) error { return c.checkSpace() }}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		m, err := restore(cmd.Context(), c, args[0], force)
		if err == nil {
			sayManifest(cmd.OutOrStdout(), m)
		}
		return err
	}
	cmd.Flags().BoolVar(&force, "force", false, "replace the space that is in the data directory")
	return cmd
}

// restore makes a space of the backup at name. After an error the data directory is as it was.
func restore(ctx context.Context, c *config, name string, force bool) (m archive.Manifest, err error) {
	file, err := shelf.Read(name)
	if err != nil {
		return m, fmt.Errorf("%s: %w: want a FILE that dossier backup has written", name, err)
	}
	defer file.Close()
	a, err := archive.NewReader(file, file.Info().Size)
	if err != nil {
		return m, fmt.Errorf("%s: %w", name, err)
	}
	_, err = os.Lstat(c.Data)
	fresh := errors.Is(err, fs.ErrNotExist)
	lock, err := disk.Lock(c.Data)
	if err != nil {
		return m, err
	}
	defer func() {
		err = errors.Join(err, lock.Close())
		if err != nil && fresh {
			_ = os.RemoveAll(c.Data) // nothing was there before
		}
	}()
	if err := finishReplace(c.Data); err != nil {
		return m, err
	}
	if err := empty(c.Data); err != nil && !force {
		return m, err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if err := prepare(ctx, c.Data, a, log); err != nil {
		return m, fmt.Errorf("%s: %w", name, err)
	}
	return a.Manifest(), finishReplace(c.Data)
}

// empty is an error if the data directory holds more than what stays there when a space goes.
func empty(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !slices.Contains([]string{"lock", backups, controlDir}, e.Name()) {
			return dossier.Errorf(dossier.Exists, "%s is not empty, it has %s: choose another --data, or --force to replace the space in it",
				dir, filepath.Base(e.Name()))
		}
	}
	return nil
}
