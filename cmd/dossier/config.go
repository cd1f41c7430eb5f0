package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// config is all that can be set from outside. Each value comes from its flag, else from the environment variable DOSSIER_ and the
// flag's name in capitals, else it is the default. Nothing else reads the environment.
type config struct {
	Data    string // --data: directory of the embedded database and the files
	Listen  string // --listen: HOST:PORT
	Schema  string // --schema: schema file to apply at the start
	Prune   bool   // --prune: remove what the schema file does not name
	Demo    bool   // --demo: a sample space in an empty data directory
	DB      string // --db: URL of another database
	Blobs   string // --blobs: URL of another place for bytes
	TLSCert string // --tls-cert, --tls-key: PEM files
	TLSKey  string
	TLSSelf bool   // --tls-self-signed: a certificate made in the data directory
	SMTP    string // --smtp: URL of a mail server
	Gate    string // --kintone-basic-auth: USER:PASSWORD of a Basic gate in front of the Kintone dialect
	Closed  bool   // --knack-closed-uploads: Knack clients without a key or a user's token upload nothing
	LogJSON bool   // --log-json: log lines as JSON
	Quiet   bool   // --quiet: no line per request
}

const envPrefix = "DOSSIER_"

func (c *config) register(f *pflag.FlagSet) {
	f.StringVar(&c.Data, "data", "./dossier-data", "directory of the embedded database and the files")
	f.StringVar(&c.DB, "db", "", "URL of a database server instead of the embedded database (none is supported yet)")
	f.StringVar(&c.Blobs, "blobs", "", "URL of an object store instead of local files (none is supported yet)")
}

// load takes from the environment what no flag has set. An empty variable is one that is not set.
func (c *config) load(flags *pflag.FlagSet) error {
	var failed error
	flags.VisitAll(func(f *pflag.Flag) {
		value := os.Getenv(envName(f.Name))
		if f.Changed || value == "" || failed != nil || f.Name == "help" {
			return
		}
		var bad *pflag.InvalidValueError
		if err := flags.Set(f.Name, value); errors.As(err, &bad) {
			failed = wrongValue(envName(f.Name), bad)
		} else if err != nil {
			failed = refuse("%s=%q: %v", envName(f.Name), value, err)
		}
	})
	return failed
}

// checkSpace refuses what names no space that this version can open.
func (c *config) checkSpace() error {
	switch {
	case c.Data == "":
		return refuse("--data is empty: want a directory")
	case c.DB != "":
		return refuse("--db %s: this version keeps rows in the embedded database only; leave --db out", scheme(c.DB))
	case c.Blobs != "":
		return refuse("--blobs %s: this version keeps bytes in local files only; leave --blobs out", scheme(c.Blobs))
	}
	return nil
}

// checkServe refuses, before anything is opened, what serve cannot do.
func (c *config) checkServe() error {
	_, port, err := net.SplitHostPort(c.Listen)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	switch {
	case err != nil:
		return refuse("--listen %q is no address to listen on: want HOST:PORT, 127.0.0.1:8090 say", c.Listen)
	case c.TLSSelf && (c.TLSCert != "" || c.TLSKey != ""):
		return refuse("--tls-self-signed makes its own certificate: leave --tls-cert and --tls-key out")
	case (c.TLSCert != "") != (c.TLSKey != ""):
		return refuse("--tls-cert and --tls-key go together: want both or none")
	}
	if user, _, ok := strings.Cut(c.Gate, ":"); c.Gate != "" && (!ok || user == "") {
		return refuse("--kintone-basic-auth has no user and password: want USER:PASSWORD")
	}
	return nil
}

// scheme is the harmless part of a URL, which may hold a password.
func scheme(url string) string {
	s, _, ok := strings.Cut(url, "://")
	if !ok {
		return "…"
	}
	return s + "://…"
}

func envName(flag string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// configCommand prints the configuration in force, with the variable of each flag.
func configCommand(c *config) *cobra.Command {
	cmd := &cobra.Command{Use: "config", Short: "Print the configuration that serve would have", Args: cobra.NoArgs}
	serveFlags(c, cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Name != "help" {
				fmt.Fprintf(table, "--%s\t%s\t%s\n", f.Name, envName(f.Name), shown(f))
			}
		})
		return table.Flush()
	}
	return cmd
}

// withPassword are the flags whose values may hold one.
var withPassword = []string{"db", "blobs", "smtp", "kintone-basic-auth"}

// shown is a flag's value as it may be seen.
func shown(f *pflag.Flag) string {
	if value := f.Value.String(); value != "" && slices.Contains(withPassword, f.Name) {
		return scheme(value)
	}
	return f.Value.String()
}
