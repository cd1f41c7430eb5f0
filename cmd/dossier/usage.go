package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"dossier"
)

// usageError is a wrong use of the command line.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// refuse is a usageError with a sentence.
func refuse(format string, args ...any) error {
	return usageError{dossier.Errorf(dossier.Invalid, format, args...)}
}

// strict makes root and all commands below it say what they want where an argument or a flag is wrong.
func strict(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	root.SetFlagErrorFunc(wrongFlag)
	each(root, func(cmd *cobra.Command) {
		if cmd.HasSubCommands() && !cmd.Runnable() {
			cmd.RunE = needsSubcommand
		}
		if cmd.Name() == "help" {
			cmd.Args = helpTopic
		}
		if check := cmd.Args; check != nil {
			cmd.Args = func(cmd *cobra.Command, args []string) error {
				if err := check(cmd, args); err != nil {
					return wrongArgs(cmd, args)
				}
				return nil
			}
		}
	})
}

func each(cmd *cobra.Command, fn func(*cobra.Command)) {
	fn(cmd)
	for _, sub := range cmd.Commands() {
		each(sub, fn)
	}
}

// helpTopic is an error unless args lead to a command.
func helpTopic(cmd *cobra.Command, args []string) error {
	found, rest, err := cmd.Root().Find(args)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%s has no %s", found.Name(), rest[0])
	}
	return err
}

func needsSubcommand(cmd *cobra.Command, _ []string) error {
	return refuse("%s needs one of: %s", cmd.CommandPath(), subcommands(cmd))
}

func subcommands(cmd *cobra.Command) string {
	var names []string
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	return strings.Join(names, ", ")
}

func wrongArgs(cmd *cobra.Command, args []string) error {
	switch {
	case cmd.Name() == "help":
		return refuse("no help on %q: want one of %s", strings.Join(args, " "), subcommands(cmd.Root()))
	case cmd.HasSubCommands():
		return refuse("unknown command %q of %s: want one of %s", args[0], cmd.CommandPath(), subcommands(cmd))
	case len(args) == 0:
		return refuse("an argument is missing: want %s", cmd.UseLine())
	}
	return refuse("wrong arguments %q: want %s", args, cmd.UseLine())
}

// wrongFlag says what is wrong with a flag and what would be right.
func wrongFlag(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var bare *pflag.ValueRequiredError
	var bad *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		return refuse("%v of %s: want one of %s", err, cmd.CommandPath(), flagNames(cmd))
	case errors.As(err, &bare):
		return refuse("--%s needs a value: %s", bare.GetFlag().Name, bare.GetFlag().Usage)
	case errors.As(err, &bad):
		return wrongValue("--"+bad.GetFlag().Name, bad)
	}
	return refuse("%v: want --flag VALUE, with one of %s", err, flagNames(cmd))
}

// wrongValue says what is wrong with the value of a flag that was given as source.
func wrongValue(source string, bad *pflag.InvalidValueError) error {
	if bad.GetFlag().Value.Type() == "bool" {
		return refuse("%s=%q: want true or false", source, bad.GetValue())
	}
	return refuse("%s=%q: %v", source, bad.GetValue(), bad.Unwrap())
}

func flagNames(cmd *cobra.Command) string {
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, "--"+f.Name)
		}
	})
	return strings.Join(names, ", ")
}
