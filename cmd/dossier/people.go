package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"dossier"
	"dossier/access"
	"dossier/core"
)

// with runs fn on the opened data directory.
func with(c *config, fn func(ctx context.Context, cmd *cobra.Command, args []string, svc *core.Service) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) (err error) {
		log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
		s, err := open(cmd.Context(), c, log)
		if err != nil {
			return err
		}
		defer func() {
			if closing := s.Close(); err == nil {
				err = closing
			}
		}()
		return fn(cmd.Context(), cmd, args, s.Service)
	}
}

func userCommand(c *config) *cobra.Command {
	parent := &cobra.Command{Use: "user", Short: "Add users", Args: cobra.NoArgs, RunE: needsSubcommand}
	user := core.SchemaUser{}
	add := &cobra.Command{Use: "add EMAIL", Short: "Add a user; the password is asked for, or one line of standard input", Args: cobra.ExactArgs(1),
		RunE: with(c, func(ctx context.Context, cmd *cobra.Command, args []string, svc *core.Service) (err error) {
			user.Email = args[0]
			if user.Password, err = readPassword(cmd.InOrStdin(), cmd.ErrOrStderr()); err != nil {
				return err
			}
			said, err := svc.ApplySchema(ctx, access.System(), core.Schema{Users: []core.SchemaUser{user}}, false)
			switch {
			case err == nil && len(said) == 0:
				err = dossier.Errorf(dossier.Exists, "there is a user %s already: want another EMAIL", user.Email)
			case dossier.KindOf(err) == dossier.Invalid:
				err = wrongUser(user, svc, err)
			}
			for _, line := range said {
				fmt.Fprintln(cmd.OutOrStdout(), line)
			}
			return err
		})}
	add.Flags().BoolVar(&user.Superuser, "superuser", false, "the user may do everything")
	add.Flags().StringVar(&user.Collection, "collection", core.DefaultUsers, "collection of the user")
	add.Flags().StringVar(&user.Name, "name", "", "name of the user")
	parent.AddCommand(add)
	return parent
}

// wrongUser says what would be right where err finds something wrong with a user.
func wrongUser(user core.SchemaUser, svc *core.Service, err error) error {
	var e *dossier.Error
	if errors.As(err, &e) && len(e.Problems) > 0 {
		switch e.Problems[0].Code {
		case dossier.CodeNotEmail:
			return refuse("%q is no email address: want one such as ann@example.org", user.Email)
		case dossier.CodeTooLong:
			return refuse("the %s is too long: want at most %v characters", strings.Join(e.Problems[0].Path, "."), e.Problems[0].Params["max"])
		}
	}
	if c, ok := svc.Space().Collection(user.Collection); !user.Superuser && (!ok || c.Kind != dossier.Auth) {
		return refuse("no users in a collection %q: want --collection with one of %s", user.Collection,
			collectionNames(svc, func(c *dossier.Collection) bool { return c.Kind == dossier.Auth }))
	}
	return usageError{err}
}

// collectionNames lists the owner's collections that are as wanted.
func collectionNames(svc *core.Service, wanted func(*dossier.Collection) bool) string {
	var names []string
	for _, c := range svc.Space().Collections {
		if !c.System && wanted(c) {
			names = append(names, c.Name)
		}
	}
	if names == nil {
		return "(there is none yet: apply a schema first)"
	}
	return strings.Join(names, ", ")
}

// minPassword is the length of the shortest password that is taken at the command line.
const minPassword = 8

// readPassword reads one line; a person at a terminal is asked for it.
func readPassword(in io.Reader, ask io.Writer) (string, error) {
	if f, ok := in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return askPassword(f, ask)
	}
	line, err := bufio.NewReader(io.LimitReader(in, 4096)).ReadString('\n')
	if err != nil && err != io.EOF {
		return "", err
	}
	return goodPassword(strings.TrimRight(line, "\r\n"))
}

func goodPassword(password string) (string, error) {
	if utf8.RuneCountInString(password) < minPassword {
		return "", refuse("a password has at least %d characters", minPassword)
	}
	return password, nil
}

func tokenCommand(c *config) *cobra.Command {
	parent := &cobra.Command{Use: "token", Short: "Make API tokens", Args: cobra.NoArgs, RunE: needsSubcommand}
	var collections, allow []string
	var name string
	create := &cobra.Command{Use: "create --collection NAME --allow view,add,edit,delete", Short: "Make an API token and print it; it is not shown again", Args: cobra.NoArgs}
	var all access.Right
	create.PreRunE = func(cmd *cobra.Command, _ []string) (err error) {
		if len(collections) == 0 || len(allow) == 0 {
			return refuse("--collection and --allow are missing or empty: want %s", cmd.UseLine())
		}
		all, err = parseRights(allow)
		return err
	}
	create.RunE = with(c, func(ctx context.Context, cmd *cobra.Command, _ []string, svc *core.Service) error {
		rights := map[string]access.Right{}
		for _, name := range collections {
			if _, ok := svc.Space().Collection(name); !ok {
				return dossier.Errorf(dossier.NotFound, "no collection %q: want one of %s", name,
					collectionNames(svc, func(*dossier.Collection) bool { return true }))
			}
			rights[name] = all
		}
		secret, err := svc.CreateToken(ctx, access.System(), name, "", rights)
		if err == nil {
			_, err = fmt.Fprintln(cmd.OutOrStdout(), secret)
		}
		return err
	})
	create.Flags().StringSliceVar(&collections, "collection", nil, "collection that the token opens (may be repeated)")
	create.Flags().StringSliceVar(&allow, "allow", nil, "rights: view, add, edit, delete, manage")
	create.Flags().StringVar(&name, "name", "", "name of the token")
	parent.AddCommand(create)
	return parent
}

func parseRights(names []string) (access.Right, error) {
	var all access.Right
	for _, n := range names {
		r, err := access.ParseRight(strings.TrimSpace(n))
		if err != nil {
			return 0, usageError{err}
		}
		all |= r
	}
	return all, nil
}

func keyCommand(c *config) *cobra.Command {
	parent := &cobra.Command{Use: "key", Short: "Make API keys", Args: cobra.NoArgs, RunE: needsSubcommand}
	var name string
	create := &cobra.Command{Use: "create", Short: "Make an API key and print it; it is not shown again", Args: cobra.NoArgs,
		RunE: with(c, func(ctx context.Context, cmd *cobra.Command, _ []string, svc *core.Service) error {
			secret, err := svc.CreateKey(ctx, access.System(), name, "")
			if err == nil {
				_, err = fmt.Fprintln(cmd.OutOrStdout(), secret)
			}
			return err
		})}
	create.Flags().StringVar(&name, "name", "", "name of the key")
	parent.AddCommand(create)
	return parent
}

func checkCommand(c *config) *cobra.Command {
	var repair, deep bool
	cmd := &cobra.Command{Use: "check", Short: "Look whether every record, file and byte is where it must be", Args: cobra.NoArgs,
		PreRunE: func(*cobra.Command, []string) error { return exists(c) },
		RunE: with(c, func(ctx context.Context, cmd *cobra.Command, _ []string, svc *core.Service) error {
			report, err := svc.CheckSpace(ctx, deep, repair)
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			for _, p := range report.Problems {
				fmt.Fprintln(out, p)
			}
			fmt.Fprintf(out, "records: %d\nfiles: %d\nuploads: %d\nbytes: %d\nblobs: %d\nproblems: %d\n", report.Records, report.Files,
				report.Uploads, report.Bytes, report.Blobs, len(report.Problems))
			if len(report.Problems) > 0 {
				return fmt.Errorf("%d problems", len(report.Problems))
			}
			return nil
		})}
	cmd.Flags().BoolVar(&repair, "repair", false, "first remove what expired uploads and interrupted requests left behind")
	cmd.Flags().BoolVar(&deep, "read-data", false, "also read all bytes and compare their SHA-256")
	return cmd
}
