package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWrongUsageIsOneLineThatSaysWhatIsRight(t *testing.T) {
	t.Parallel()
	bad := write(t, "bad.yaml", "settings:\n  colour: red\n")
	broken := write(t, "broken.yaml", "collections:\n  - name: a\n    fields: [\n")
	double := write(t, "double.yaml", "collections:\n  - name: a\n    fields:\n      - {name: x, type: text}\n      - {name: x, type: text}\n")
	lost := write(t, "lost.yaml", "collections:\n  - name: a\n    fields:\n      - {name: r, type: relation, collection: nowhere}\n")
	for name, c := range map[string]struct {
		args  string
		words []string
	}{
		"an unknown command":                 {"frobnicate", []string{`"frobnicate"`, "serve", "schema", "version"}},
		"an argument to serve":               {"serve extra", []string{`"extra"`, "want dossier serve"}},
		"an argument to version":             {"version extra", []string{`"extra"`, "want dossier version"}},
		"an argument to schema show":         {"schema show extra", []string{`"extra"`, "want dossier schema show"}},
		"schema alone":                       {"schema", []string{"apply, show"}},
		"schema with another command":        {"schema frobnicate", []string{`"frobnicate"`, "apply, show"}},
		"schema apply without a file":        {"schema apply", []string{"missing", "schema apply FILE"}},
		"schema apply with two files":        {"schema apply a b", []string{`"a" "b"`, "schema apply FILE"}},
		"user alone":                         {"user", []string{"add"}},
		"user add without an email":          {"user add", []string{"missing", "user add EMAIL"}},
		"user with another command":          {"user remove x", []string{`"remove"`, "want one of add"}},
		"token alone":                        {"token", []string{"create"}},
		"token create without flags":         {"token create", []string{"--collection", "--allow"}},
		"token create without rights":        {"token create --collection reports", []string{"--allow"}},
		"token create with no right":         {"token create --collection reports --allow=", []string{"--allow"}},
		"token create without a collection":  {"token create --allow view", []string{"--collection"}},
		"token create with an unknown right": {"token create --collection reports --allow view,own", []string{`"own"`, "view, add, edit, delete"}},
		"key alone":                          {"key", []string{"create"}},
		"an argument to key create":          {"key create x", []string{`"x"`, "want dossier key create"}},
		"help on nothing there is":           {"help frobnicate", []string{`"frobnicate"`, "serve"}},
		"help on no command of schema":       {"help schema frobnicate", []string{"frobnicate", "schema"}},
		"completion of no shell":             {"completion frobnicate", []string{`"frobnicate"`, "bash"}},
		"an unknown flag":                    {"serve --frob", []string{"--frob", "--listen", "--data", "dossier serve"}},
		"an unknown flag before the command": {"--frob serve", []string{"--frob"}},
		"a flag of another command":          {"schema show --prune", []string{"--prune", "--data"}},
		"an unknown short flag":              {"serve -x", []string{"-x", "--listen"}},
		"a flag without a name":              {"serve --=x", []string{"--=x"}},
		"a flag without its value":           {"serve --listen", []string{"--listen needs a value", "HOST:PORT"}},
		"a truth that is none":               {"serve --prune=maybe", []string{`--prune="maybe"`, "true or false"}},
		"a list that is none":                {`token create --collection "a --allow view`, []string{"--collection"}},
		"an address without a port":          {"serve --listen nonsense", []string{`"nonsense"`, "HOST:PORT"}},
		"a port that is none":                {"serve --listen 127.0.0.1:http!", []string{`"127.0.0.1:http!"`, "HOST:PORT"}},
		"a port out of range":                {"serve --listen 127.0.0.1:65536", []string{"65536", "HOST:PORT"}},
		"an empty address":                   {"serve --listen=", []string{"HOST:PORT"}},
		"an empty data directory":            {"serve --data=", []string{"--data", "directory"}},
		"half a certificate":                 {"serve --tls-cert c.pem", []string{"--tls-cert", "--tls-key"}},
		"a gate without a password":          {"serve --kintone-basic-auth secret", []string{"--kintone-basic-auth", "USER:PASSWORD"}},
		"two certificates":                   {"serve --tls-self-signed --tls-cert c --tls-key k", []string{"--tls-self-signed", "leave"}},
		"a database elsewhere":               {"serve --db postgres://u:secret@h/x", []string{"--db postgres://…", "leave --db out"}},
		"bytes elsewhere":                    {"schema show --blobs s3://bucket/x", []string{"--blobs s3://…", "leave --blobs out"}},
		"a schema file that is not there":    {"serve --schema nothing.yaml", []string{"nothing.yaml", "no such file", "want a YAML file"}},
		"applying what is not there":         {"schema apply nothing.yaml", []string{"nothing.yaml", "no such file", "want a YAML file"}},
		"applying a directory":               {"schema apply .", []string{"is a directory", "want a YAML file"}},
		"a schema with an unknown key":       {"serve --schema " + bad, []string{bad, "line 2", `"colour"`, "upload_ttl"}},
		"applying an unknown key":            {"schema apply " + bad, []string{bad, "line 2", `"colour"`, "upload_ttl"}},
		"applying what is no YAML":           {"schema apply " + broken, []string{broken, "line "}},
		"applying a field twice":             {"schema apply " + double, []string{double, "line 5", "x"}},
		"applying a relation to nowhere":     {"schema apply " + lost, []string{lost, "line 4: a.r", "none of a"}},
		"a user with no email":               {"user add nonsense --superuser", []string{`"nonsense"`, "want one such as"}},
		"a user of no collection":            {"user add a@example.org", []string{`"users"`, "--collection"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			r := line{args: strings.Fields(c.args), dir: dir, input: "long enough\n"}.run(t)
			r.refused(t, exitUsage, c.words...)
			if strings.Contains(r.err, "secret") {
				t.Errorf("standard error shows a password: %q", r.err)
			}
		})
	}
}

// TestWrongUsageMakesNothing looks for traces of command lines that are wrong by themselves.
func TestWrongUsageMakesNothing(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"serve --listen nonsense", "serve --schema nothing.yaml", "schema apply nothing.yaml", "serve --db postgres://h/x",
		"token create", "serve --tls-cert c.pem", "check", "schema show"} {
		dir := t.TempDir()
		if r := (line{args: strings.Fields(args), dir: dir}).run(t); r.code == 0 {
			t.Errorf("dossier %s succeeds", args)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("dossier %s leaves %v, %v", args, left, err)
		}
	}
}

func TestFailuresThatAreNoWrongUsage(t *testing.T) {
	t.Parallel()
	file := write(t, "file", "")
	for name, c := range map[string]struct {
		args  string
		words []string
	}{
		"a data directory that is a file":       {"serve --data " + file, []string{file, "--data"}},
		"a data directory below a file":         {"serve --data " + filepath.Join(file, "x"), []string{file, "--data"}},
		"a check of no space":                   {"check --data nowhere", []string{"nowhere", "holds no space", "--data"}},
		"showing no space":                      {"schema show --data nowhere", []string{"nowhere", "holds no space", "--data"}},
		"a token of a collection not there":     {"token create --collection nope --allow view", []string{`"nope"`, "apply a schema first"}},
		"an address of another machine":         {"serve --listen 192.0.2.1:80", []string{"192.0.2.1:80"}},
		"a certificate that is not there":       {"serve --tls-cert c.pem --tls-key k.pem", []string{"c.pem"}},
		"a token, where there are collections":  {"token create --collection nope --allow view --data " + spaceDir(t), []string{`"nope"`, "want one of users, reports, customers"}},
		"a user, where there are superusers":    {"user add root@example.com --superuser --data " + spaceDir(t), []string{"root@example.com", "already"}},
		"a user that is there, in capitals":     {"user add MEMBER1@example.com --data " + spaceDir(t), []string{"MEMBER1@example.com", "already"}},
		"a sample space where there is another": {"serve --demo --data " + spaceDir(t), []string{"--demo wants an empty data directory", "leave --demo out", "--data"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			line{args: strings.Fields(c.args), dir: t.TempDir(), input: "long enough\n"}.run(t).refused(t, exitFailure, c.words...)
		})
	}
}

func TestHelpAndVersionSucceed(t *testing.T) {
	t.Parallel()
	for args, word := range map[string]string{"": "Available Commands", "help": "Available Commands", "--help": "Available Commands", "help serve": "--listen",
		"serve --help": "--listen", "schema --help": "apply", "help token create": "--allow", "version": "dossier ", "completion bash": "bash"} {
		r := line{args: strings.Fields(args), env: []string{"DOSSIER_DB=postgres://h/x"}}.run(t)
		if r.code != 0 || r.err != "" || !strings.Contains(r.out, word) {
			t.Errorf("dossier %s: exit %d, standard error %q, standard output without %q:\n%s", args, r.code, r.err, word, r.out)
		}
	}
}
