package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"dossier"
	"dossier/access"
	"dossier/core"
	"dossier/schemafile"
)

//go:embed demo.yaml
var demoSchema string

//go:embed demo.txt
var demoText string

// demoFile keeps the secrets of a sample space, so that a later start can print them again. Only hashes are in the database.
const demoFile = "demo.json"

// demo is what is printed of a sample space.
type demo struct {
	Admin, User, Token, Key string
	Application             string `json:"-"`
	URL                     string `json:"-"`
	Data                    string `json:"-"`
}

// newDemo makes the sample space if the data directory holds no space of its own. A directory that holds another is an error.
func newDemo(ctx context.Context, svc *core.Service, data string) (*demo, error) {
	d := &demo{Data: data}
	name := filepath.Join(data, demoFile)
	text, err := os.ReadFile(name)
	switch {
	case err == nil:
		err = json.Unmarshal(text, d)
	case !errors.Is(err, fs.ErrNotExist):
	case len(svc.Space().Collections) > 1:
		return nil, dossier.Errorf(dossier.Exists, "--demo wants an empty data directory, and %s holds a space already: leave --demo out, or choose another --data", data)
	default:
		err = d.make(svc, name)
	}
	if err != nil {
		return nil, err
	}
	if err := d.apply(ctx, svc); err != nil {
		return nil, err
	}
	d.Application = svc.Space().Application
	return d, nil
}

// make makes the secrets and keeps them.
func (d *demo) make(svc *core.Service, name string) error {
	for _, to := range []*string{&d.Admin, &d.User, &d.Token} {
		secret, err := core.RandomText(svc.Random(), 20)
		if err != nil {
			return err
		}
		*to = secret
	}
	id, err := dossier.NewFileID(svc.Random())
	if err != nil {
		return err
	}
	d.Key = core.UUID(id)
	text, err := json.Marshal(d)
	if err != nil {
		return err
	}
	if err := os.WriteFile(name+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}

// apply applies the sample's schema; a second time that changes nothing.
func (d *demo) apply(ctx context.Context, svc *core.Service) error {
	text := strings.NewReplacer("DEMO_ADMIN", d.Admin, "DEMO_USER", d.User, "DEMO_TOKEN", d.Token, "DEMO_KEY", d.Key).Replace(demoSchema)
	schema, err := schemafile.Parse([]byte(text), svc.Space().Settings)
	if err != nil {
		return err
	}
	_, err = svc.ApplySchema(ctx, access.System(), schema, false)
	return err
}

// print prints what there is to try.
func (d *demo) print(w io.Writer, url string) {
	d.URL = url
	_ = template.Must(template.New("demo").Parse(demoText)).Execute(w, d)
}
