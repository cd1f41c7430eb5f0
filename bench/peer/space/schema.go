package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// An object is one of JSON.
type object = map[string]any

// A schema is what this program needs of a schema file.
type schema struct {
	Settings struct {
		MaxFileSize string `yaml:"max_file_size"`
	}
	Collections []collection
	Users       []user
}

type collection struct {
	Name   string
	Kind   string
	Rules  map[string]string
	Fields []field
}

type field struct {
	Name          string
	Type          string
	Required      bool
	Unique        bool
	Index         bool
	Options       []string
	MaxSelect     int      `yaml:"max_select"`
	MaxSize       string   `yaml:"max_size"`
	MimeTypes     []string `yaml:"mime_types"`
	Thumbs        []string
	Protected     bool
	Collection    string
	CascadeDelete bool `yaml:"cascade_delete"`
	Min, Max      any
	Pattern       string
	Integer       bool
}

type user struct {
	Email, Password, Name string
	Superuser             bool
	Collection            string
}

func readSchema(path string) (*schema, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s := &schema{}
	if err := yaml.Unmarshal(text, s); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

func (s *schema) superuser() (user, error) {
	for _, u := range s.Users {
		if u.Superuser {
			return u, nil
		}
	}
	return user{}, errors.New("the schema has no superuser to make the space with")
}

// make makes collections first without and then with their relations, so that these may point anywhere, then the users.
func (s *schema) make(ctx context.Context, c *client) error {
	ids := map[string]string{}
	for _, col := range s.Collections {
		id, err := s.begin(ctx, c, col)
		if err != nil {
			return err
		}
		ids[col.Name] = id
	}
	for _, col := range s.Collections {
		if err := s.complete(ctx, c, col, ids); err != nil {
			return err
		}
	}
	for _, u := range s.Users {
		if err := addUser(ctx, c, u); err != nil {
			return err
		}
	}
	return nil
}

// begin makes an empty collection, or finds the one that is always there, and returns its id.
func (s *schema) begin(ctx context.Context, c *client, col collection) (string, error) {
	var got struct{ ID string }
	if col.Name == "users" {
		return "users", nil
	}
	kind := "base"
	if col.Kind != "" {
		kind = col.Kind
	}
	err := c.do(ctx, "POST", "/api/collections", object{"name": col.Name, "type": kind}, &got)
	return got.ID, err
}

// complete gives a collection its fields in the order of the file, its rules and its indexes.
func (s *schema) complete(ctx context.Context, c *client, col collection, ids map[string]string) error {
	var got struct {
		Fields  []object
		Indexes []string
	}
	if err := c.do(ctx, "GET", "/api/collections/"+col.Name, nil, &got); err != nil {
		return err
	}
	var own []object
	for _, f := range col.Fields {
		o, err := s.field(f, ids)
		if err != nil {
			return fmt.Errorf("%s.%s: %w", col.Name, f.Name, err)
		}
		own = append(own, o)
	}
	change := object{"fields": merge(got.Fields, own), "indexes": append(got.Indexes, indexes(col)...)}
	for _, verb := range []string{"list", "view", "create", "update", "delete"} {
		change[verb+"Rule"] = nil
		if rule, ok := col.Rules[verb]; ok {
			change[verb+"Rule"] = rule
		}
	}
	if col.Kind == "auth" {
		change["authAlert"] = object{"enabled": false} // it would send mail
	}
	return c.do(ctx, "PATCH", "/api/collections/"+col.Name, change, nil)
}

// merge replaces fields of the same name, keeping their id, and puts the moments of creation and change last.
func merge(there, own []object) []object {
	var system, out []object
	ids := map[any]any{}
	for _, f := range there {
		ids[f["name"]] = f["id"]
		if f["system"] == true {
			system = append(system, f)
		}
	}
	for _, f := range append(own, stamps()...) {
		if id, ok := ids[f["name"]]; ok {
			f["id"] = id
		}
		out = append(out, f)
	}
	return append(system, out...)
}

func stamps() []object {
	return []object{
		{"name": "created", "type": "autodate", "onCreate": true},
		{"name": "updated", "type": "autodate", "onCreate": true, "onUpdate": true},
	}
}

func indexes(col collection) []string {
	var out []string
	for _, f := range col.Fields {
		if f.Index || f.Unique {
			unique := ""
			if f.Unique {
				unique = "UNIQUE "
			}
			out = append(out, fmt.Sprintf("CREATE %sINDEX `idx_%s_%s` ON `%s` (`%s`)", unique, col.Name, f.Name, col.Name, f.Name))
		}
	}
	return out
}

// types are the field types whose name or nearest relative differs.
var types = map[string]string{
	"phone": "text", "time": "text", "richtext": "editor", "rating": "number", "autonumber": "number", "datetime": "date",
	"image": "file", "user": "json", "table": "json", "name": "json", "address": "json",
}

// pictures are what an image field takes.
var pictures = []string{"image/jpeg", "image/png", "image/gif", "image/webp", "image/svg+xml", "image/bmp", "image/tiff", "image/avif", "image/heic"}

// field translates one field; ids are those of the collections by name.
func (s *schema) field(f field, ids map[string]string) (object, error) {
	kind := f.Type
	if t, ok := types[kind]; ok {
		kind = t
	}
	o := object{"name": f.Name, "type": kind, "required": f.Required}
	switch kind {
	case "text":
		o["pattern"] = f.Pattern
		bounds(o, f)
	case "number":
		o["onlyInt"] = f.Integer
		bounds(o, f)
	case "date":
		bounds(o, f)
	case "select":
		o["values"], o["maxSelect"] = f.Options, max(1, f.MaxSelect)
	case "relation":
		o["collectionId"], o["maxSelect"], o["cascadeDelete"] = ids[f.Collection], max(1, f.MaxSelect), f.CascadeDelete
	case "file":
		return s.file(o, f)
	}
	return o, nil
}

func bounds(o object, f field) {
	if f.Min != nil {
		o["min"] = f.Min
	}
	if f.Max != nil {
		o["max"] = f.Max
	}
}

func (s *schema) file(o object, f field) (object, error) {
	size := f.MaxSize
	if size == "" {
		size = s.Settings.MaxFileSize
	}
	n, err := sizeOf(size)
	if err != nil {
		return nil, err
	}
	mimes := f.MimeTypes
	if mimes == nil && f.Type == "image" {
		mimes = pictures
	}
	o["maxSelect"], o["maxSize"], o["mimeTypes"], o["thumbs"], o["protected"] = max(1, f.MaxSelect), n, mimes, f.Thumbs, f.Protected
	return o, nil
}

// sizeOf reads a size like 64KiB; none is 0, which means 5 MiB there.
func sizeOf(size string) (int64, error) {
	if size == "" {
		return 0, nil
	}
	for unit, shift := range map[string]uint{"KiB": 10, "MiB": 20, "GiB": 30} {
		if digits, ok := strings.CutSuffix(size, unit); ok {
			n, err := strconv.ParseInt(digits, 10, 33)
			return n << shift, err
		}
	}
	return strconv.ParseInt(size, 10, 64)
}

func addUser(ctx context.Context, c *client, u user) error {
	if u.Superuser {
		return nil // made from the command line
	}
	return c.do(ctx, "POST", "/api/collections/"+u.Collection+"/records", object{
		"email": u.Email, "password": u.Password, "passwordConfirm": u.Password, "name": u.Name, "verified": true,
	}, nil)
}
