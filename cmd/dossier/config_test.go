package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// flagsOf lists the flags of every command, as "path --flag".
func flagsOf(root *cobra.Command) (all [][2]string) {
	each(root, func(cmd *cobra.Command) {
		_ = cmd.ParseFlags(nil) // adds those of the commands above
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Name != "help" {
				all = append(all, [2]string{cmd.CommandPath(), f.Name})
			}
		})
	})
	return all
}

// valueOf is what a flag of a command has after the environment was looked at, with args on the command line.
func valueOf(t *testing.T, path, flag string, args ...string) string {
	t.Helper()
	root := newRoot()
	cmd, _, err := root.Find(strings.Fields(path)[1:])
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	if err := root.PersistentPreRunE(cmd, nil); err != nil {
		t.Fatal(err)
	}
	return cmd.Flags().Lookup(flag).Value.String()
}

func TestEveryFlagHasItsVariableAndWins(t *testing.T) {
	for _, c := range flagsOf(newRoot()) {
		path, flag := c[0], c[1]
		t.Run(path+" --"+flag, func(t *testing.T) {
			fallback, one, two := valueOf(t, path, flag), "one", "two"
			switch fallback {
			case "false":
				one, two = "true", "false"
			case "[]":
				one, two = "[one]", "[two]"
			}
			variable := "DOSSIER_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
			t.Setenv(variable, strings.Trim(one, "[]"))
			if got := valueOf(t, path, flag); got != one {
				t.Errorf("%s=%s: the value is %q", variable, one, got)
			}
			if got := valueOf(t, path, flag, "--"+flag+"="+strings.Trim(two, "[]")); got != two {
				t.Errorf("%s=%s --%s=%s: the value is %q", variable, one, flag, two, got)
			}
			t.Setenv(variable, "")
			if got := valueOf(t, path, flag); got != fallback {
				t.Errorf("an empty %s: the value is %q, want the default %q", variable, got, fallback)
			}
		})
	}
}

func TestConfigPrintsWhatIsInForce(t *testing.T) {
	t.Parallel()
	r := line{args: []string{"config", "--listen", "127.0.0.1:1"}, env: []string{"DOSSIER_LISTEN=127.0.0.1:2", "DOSSIER_DATA=/srv/d", "DOSSIER_QUIET=true",
		"DOSSIER_DB=postgres://user:password@host/db"}}.run(t)
	if r.code != 0 || r.err != "" {
		t.Fatalf("exit %d, standard error %q", r.code, r.err)
	}
	got := map[string]string{}
	for _, l := range strings.Split(strings.TrimSpace(r.out), "\n") {
		parts := append(strings.Fields(l), "")
		got[parts[0]] = parts[1] + "=" + parts[2]
	}
	want := map[string]string{}
	for _, c := range flagsOf(newRoot()) {
		if c[0] == "dossier serve" {
			want["--"+c[1]] = envName(c[1]) + "=" + flagOf(c).DefValue
		}
	}
	want["--listen"] = "DOSSIER_LISTEN=127.0.0.1:1"
	want["--data"] = "DOSSIER_DATA=/srv/d"
	want["--quiet"] = "DOSSIER_QUIET=true"
	want["--db"] = "DOSSIER_DB=postgres://…"
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// flagOf is the flag of a command.
func flagOf(c [2]string) *pflag.Flag {
	cmd, _, _ := newRoot().Find(strings.Fields(c[0])[1:])
	_ = cmd.ParseFlags(nil)
	return cmd.Flags().Lookup(c[1])
}

func TestDefaultsAreThoseOfTheContract(t *testing.T) {
	t.Parallel()
	out := call(t, "config")
	for _, want := range []string{"127.0.0.1:8090", "./dossier-data"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %s in\n%s", want, out)
		}
	}
}

func TestAVariableThatIsWrongIsNamed(t *testing.T) {
	t.Parallel()
	line{args: []string{"serve"}, env: []string{"DOSSIER_PRUNE=maybe"}, dir: t.TempDir()}.run(t).
		refused(t, exitUsage, `DOSSIER_PRUNE="maybe"`, "true or false")
	line{args: []string{"serve"}, env: []string{"DOSSIER_LISTEN=nonsense"}, dir: t.TempDir()}.run(t).
		refused(t, exitUsage, `"nonsense"`, "HOST:PORT")
}

// TestVariablesReachEveryCommand runs commands without a flag.
func TestVariablesReachEveryCommand(t *testing.T) {
	t.Parallel()
	env := []string{"DOSSIER_DATA=" + spaceDir(t), "DOSSIER_COLLECTION=reports,customers", "DOSSIER_ALLOW=view", "DOSSIER_SUPERUSER=true"}
	if r := (line{args: []string{"token", "create"}, env: env}).run(t); r.code != 0 || len(strings.TrimSpace(r.out)) != 40 {
		t.Errorf("token create: %+v", r)
	}
	if r := (line{args: []string{"user", "add", "second@example.org"}, env: env, input: "long enough\n"}).run(t); r.code != 0 {
		t.Errorf("user add: %+v", r)
	}
	if r := (line{args: []string{"check"}, env: env}).run(t); r.code != 0 || !strings.Contains(r.out, "problems: 0") {
		t.Errorf("check: %+v", r)
	}
}
