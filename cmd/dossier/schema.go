package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"dossier"
	"dossier/access"
	"dossier/core"
	"dossier/schemafile"
)

// schemaText is a schema file as it was read.
type schemaText struct {
	name string
	text []byte
}

// readSchema reads a schema file, nil for the name "".
func readSchema(name string) (*schemaText, error) {
	if name == "" {
		return nil, nil
	}
	text, err := os.ReadFile(name)
	var path *fs.PathError
	if errors.As(err, &path) {
		err = refuse("schema file %s: %v: want a YAML file that can be read", name, path.Err)
	}
	return &schemaText{name, text}, err
}

// apply makes the space what the file says. What is wrong with the file is a wrong usage.
func (f *schemaText) apply(ctx context.Context, svc *core.Service, prune bool) (said []string, err error) {
	schema, err := schemafile.Parse(f.text, svc.Space().Settings)
	if err == nil {
		said, err = svc.ApplySchema(ctx, access.System(), schema, prune)
	}
	if err == nil {
		return said, nil
	}
	told := toldError{f.name + ": " + f.lines(err) + sentence(err), err}
	if dossier.KindOf(err) == dossier.Invalid {
		return said, usageError{told}
	}
	return said, told
}

// toldError is an error in words for people.
type toldError struct {
	words string
	err   error
}

func (e toldError) Error() string { return e.words }
func (e toldError) Unwrap() error { return e.err }

// lines are the lines that the problems of err are about, in front of what it says.
func (f *schemaText) lines(err error) string {
	var e *dossier.Error
	if !errors.As(err, &e) {
		return ""
	}
	var lines []string
	for _, p := range e.Problems {
		if n := schemafile.Line(f.text, p.Path); n > 0 && !slices.Contains(lines, strconv.Itoa(n)) {
			lines = append(lines, strconv.Itoa(n))
		}
	}
	switch len(lines) {
	case 0:
		return ""
	case 1:
		return "line " + lines[0] + ": "
	}
	return "lines " + strings.Join(lines, ", ") + ": "
}

// sentence is what err says for people, without the codes of its problems where it has words for them.
func sentence(err error) string {
	var e *dossier.Error
	if errors.As(err, &e) && e.Msg != "" {
		return strings.Replace(err.Error(), e.Error(), e.Msg, 1)
	}
	return err.Error()
}

func schemaCommand(c *config) *cobra.Command {
	parent := &cobra.Command{Use: "schema", Short: "Apply or show the schema", Args: cobra.NoArgs, RunE: needsSubcommand}
	var prune bool
	apply := &cobra.Command{Use: "apply FILE", Short: "Make the space what a schema file says", Args: cobra.ExactArgs(1)}
	var file *schemaText
	apply.PreRunE = func(_ *cobra.Command, args []string) (err error) {
		file, err = readSchema(args[0])
		return err
	}
	apply.RunE = with(c, func(ctx context.Context, cmd *cobra.Command, _ []string, svc *core.Service) error {
		said, err := file.apply(ctx, svc, prune)
		for _, line := range said {
			fmt.Fprintln(cmd.OutOrStdout(), line)
		}
		if err == nil && len(said) == 0 {
			fmt.Fprintln(cmd.OutOrStdout(), "nothing to change")
		}
		return err
	})
	apply.Flags().BoolVar(&prune, "prune", false, "remove fields and collections that the file does not name")
	show := &cobra.Command{Use: "show", Short: "Print the space as a schema file", Args: cobra.NoArgs,
		PreRunE: func(*cobra.Command, []string) error { return exists(c) },
		RunE: with(c, func(_ context.Context, cmd *cobra.Command, _ []string, svc *core.Service) error {
			text, err := schemafile.Format(svc.Space())
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(text)
			return err
		})}
	parent.AddCommand(apply, show)
	return parent
}
