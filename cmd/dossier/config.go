package main

import (
	"fmt"
	"os"
	"strings"

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
	TLSSelf bool // --tls-self-signed: a certificate made in the data directory
	LogJSON bool // --log-json: log lines as JSON
	Quiet   bool // --quiet: no line per request
}

const envPrefix = "DOSSIER_"

func (c *config) register(f *pflag.FlagSet) {
	f.StringVar(&c.Data, "data", "./dossier-data", "directory of the embedded database and the files")
	f.StringVar(&c.DB, "db", "", "URL of a database server instead of the embedded database (none is supported yet)")
	f.StringVar(&c.Blobs, "blobs", "", "URL of an object store instead of local files (none is supported yet)")
}

// load takes from the environment what no flag has set, and checks the result.
func (c *config) load(flags *pflag.FlagSet) error {
	var failed error
	flags.VisitAll(func(f *pflag.Flag) {
		value, set := os.LookupEnv(envName(f.Name))
		if f.Changed || !set || failed != nil || f.Name == "help" {
			return
		}
		if err := flags.Set(f.Name, value); err != nil {
			failed = refuse("%s=%q: %v", envName(f.Name), value, err)
		}
	})
	if failed != nil {
		return failed
	}
	if c.DB != "" {
		return refuse("--db %s: this version keeps rows in the embedded database only; leave --db out", scheme(c.DB))
	}
	if c.Blobs != "" {
		return refuse("--blobs %s: this version keeps bytes in local files only; leave --blobs out", scheme(c.Blobs))
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
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Name != "help" {
				fmt.Fprintf(cmd.OutOrStdout(), "%-18s %-22s %s\n", "--"+f.Name, envName(f.Name), f.Value)
			}
		})
		return nil
	}
	return cmd
}
