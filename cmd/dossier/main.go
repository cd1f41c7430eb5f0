// Command dossier keeps records and the files attached to them, and speaks three REST dialects over one store.
// Here: flags, configuration, wiring, subcommands. Not here: logic of any kind.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// The exit codes.
const (
	exitFailure = 1
	exitUsage   = 2
)

// version is stamped by the build (see Makefile); without a stamp it is the module's.
var version string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:]))
}

// run executes one command line and returns the exit code. An error is one line on standard error.
func run(ctx context.Context, args []string) int {
	root := newRoot()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	fmt.Fprintln(os.Stderr, "dossier:", oneLine(err))
	var usage usageError
	if errors.As(err, &usage) {
		return exitUsage
	}
	return exitFailure
}

// oneLine is an error as one line; what has no kind is told whole, since the operator reads it.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

func newRoot() *cobra.Command {
	var c config
	root := &cobra.Command{
		Use:           "dossier",
		Short:         "Records and the files attached to them, over three REST dialects",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.PersistentFlags().SortFlags = false
	c.register(root.PersistentFlags())
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error { return c.load(cmd.Flags()) }
	root.AddCommand(serveCommand(&c), schemaCommand(&c), userCommand(&c), tokenCommand(&c), keyCommand(&c), backupCommand(&c), restoreCommand(&c),
		checkCommand(&c), configCommand(&c), versionCommand())
	strict(root)
	return root
}

func versionCommand() *cobra.Command {
	return &cobra.Command{Use: "version", Short: "Print the version", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		_, err := fmt.Fprintln(cmd.OutOrStdout(), "dossier", versionText())
		return err
	}}
}

func versionText() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
