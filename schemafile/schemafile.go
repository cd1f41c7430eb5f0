// Package schemafile reads and writes the schema file: YAML (JSON is YAML too) that says what a space is.
// Here: the file's form, strictly: an unknown key, type or value and a duplicate name are errors that name the line. Not
// here: what applying it means (see core.Service.ApplySchema).
package schemafile

import (
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"dossier"
	"dossier/access"
	"dossier/core"
)

// maxFile bounds a schema file, in bytes.
const maxFile = 8 << 20

// Parse reads a schema file. Settings that it does not name are those of now. Every error is dossier.Invalid and names the line.
func Parse(text []byte, now dossier.Settings) (core.Schema, error) {
	var schema core.Schema
	if len(text) > maxFile {
		return schema, dossier.Errorf(dossier.TooLarge, "a schema file has at most %d bytes", maxFile)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return schema, dossier.Errorf(dossier.Invalid, "%s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(doc.Content) == 0 {
		return schema, dossier.Errorf(dossier.Invalid, "line 1: the schema file is empty")
	}
	r := &reader{schema: &schema, settings: now}
	return schema, r.root(doc.Content[0])
}

// reader is a schema file being read.
type reader struct {
	schema   *core.Schema
	settings dossier.Settings
	numbers  map[int64]int // the line where a field number stands
}

// at is an error about a node.
func at(n *yaml.Node, format string, args ...any) error {
	return dossier.Errorf(dossier.Invalid, "line %d: %s", n.Line, fmt.Sprintf(format, args...))
}

func (r *reader) root(n *yaml.Node) error {
	r.numbers = map[int64]int{}
	return object(n, "", keys{
		"application": func(n *yaml.Node) error {
			return matching(n, &r.schema.Application, applicationForm, "24 hexadecimal digits")
		},
		"settings": r.readSettings,
		"collections": func(n *yaml.Node) error {
			names, nums := map[string]int{}, map[int64]int{}
			return each(n, func(n *yaml.Node) error { return r.collection(n, names, nums) })
		},
		"pages":  r.pages,
		"users":  func(n *yaml.Node) error { return each(n, r.user) },
		"tokens": func(n *yaml.Node) error { return each(n, r.token) },
		"keys":   func(n *yaml.Node) error { return each(n, r.key) },
	})
}

var (
	applicationForm = regexp.MustCompile(`^[0-9a-f]{24}$`)
	languageForm    = regexp.MustCompile(`^(en|ja)$`)
	originForm      = regexp.MustCompile(`^https?://[^/?#\s]+(/[^?#\s]*)?$`)
)

func (r *reader) readSettings(n *yaml.Node) error {
	s := &r.settings
	err := object(n, "settings", keys{
		"upload_ttl":        func(n *yaml.Node) error { return duration(n, &s.UploadTTL) },
		"max_file_size":     func(n *yaml.Node) error { return size(n, &s.MaxFileSize) },
		"disk_quota":        func(n *yaml.Node) error { return size(n, &s.DiskQuota) },
		"file_token_ttl":    func(n *yaml.Node) error { return duration(n, &s.FileTokenTTL) },
		"knack_rate_limit":  func(n *yaml.Node) error { return count(n, &s.RateLimit) },
		"knack_daily_limit": func(n *yaml.Node) error { return count(n, &s.DailyLimit) },
		"public_url": func(n *yaml.Node) error {
			if n.Value == "" {
				s.PublicURL = ""
				return nil
			}
			return matching(n, &s.PublicURL, originForm, "an origin such as https://files.example.org")
		},
		"time_zone": func(n *yaml.Node) error { return zone(n, &s.TimeZone) },
		"language":  func(n *yaml.Node) error { return matching(n, &s.Language, languageForm, "en or ja") },
	})
	s.PublicURL = strings.TrimRight(s.PublicURL, "/")
	r.schema.Settings = s
	return err
}

func (r *reader) pages(n *yaml.Node) error {
	r.schema.Pages = []dossier.Page{}
	seen := map[string]int{}
	return each(n, func(n *yaml.Node) error {
		var p dossier.Page
		err := object(n, "page", keys{
			"key":   func(n *yaml.Node) error { return unique(n, &p.Key, seen, "page key") },
			"name":  func(n *yaml.Node) error { return text(n, &p.Name) },
			"login": func(n *yaml.Node) error { return boolean(n, &p.Login) },
			"views": func(n *yaml.Node) error {
				return each(n, func(n *yaml.Node) error { return r.view(n, &p, seen) })
			},
		})
		if err == nil && p.Key == "" {
			err = at(n, "a page needs a key")
		}
		r.schema.Pages = append(r.schema.Pages, p)
		return err
	})
}

func (r *reader) view(n *yaml.Node, p *dossier.Page, seen map[string]int) error {
	var v dossier.PageView
	var kind string
	var fieldNodes []*yaml.Node
	var collectionNode *yaml.Node
	err := object(n, "view", keys{
		"key":  func(n *yaml.Node) error { return unique(n, &v.Key, seen, "view key") },
		"name": func(n *yaml.Node) error { return text(n, &v.Name) },
		"kind": func(n *yaml.Node) error {
			return oneOf(n, &kind, string(dossier.ViewForm), string(dossier.ViewTable), string(dossier.ViewDetails), string(dossier.ViewList))
		},
		"collection": func(n *yaml.Node) error { collectionNode = n; return text(n, &v.Collection) },
		"fields": func(n *yaml.Node) error {
			return each(n, func(n *yaml.Node) error {
				fieldNodes = append(fieldNodes, n)
				v.Fields = append(v.Fields, n.Value)
				return nil
			})
		},
	})
	if err != nil {
		return err
	}
	v.Kind = dossier.ViewKind(kind)
	if v.Key == "" || kind == "" || v.Collection == "" {
		return at(n, "a view needs key, kind and collection")
	}
	p.Views = append(p.Views, v)
	return r.checkView(v, collectionNode, fieldNodes)
}

// checkView looks whether a view names a collection and fields of this file. A collection of the space that the file does not
// name cannot be judged here.
func (r *reader) checkView(v dossier.PageView, collectionNode *yaml.Node, fieldNodes []*yaml.Node) error {
	if len(r.schema.Collections) == 0 {
		return nil
	}
	for _, c := range r.schema.Collections {
		if c.Name != v.Collection {
			continue
		}
		for _, n := range fieldNodes {
			if _, ok := c.Field(n.Value); !ok {
				return at(n, "the collection %s has no field %q", c.Name, n.Value)
			}
		}
		return nil
	}
	return at(collectionNode, "no collection %q", v.Collection)
}

func (r *reader) user(n *yaml.Node) error {
	var u core.SchemaUser
	err := object(n, "user", keys{
		"email":      func(n *yaml.Node) error { return text(n, &u.Email) },
		"password":   func(n *yaml.Node) error { return text(n, &u.Password) },
		"name":       func(n *yaml.Node) error { return text(n, &u.Name) },
		"superuser":  func(n *yaml.Node) error { return boolean(n, &u.Superuser) },
		"collection": func(n *yaml.Node) error { return text(n, &u.Collection) },
	})
	if err == nil && (u.Email == "" || u.Password == "") {
		err = at(n, "a user needs email and password")
	}
	for _, o := range r.schema.Users {
		if err == nil && strings.EqualFold(o.Email, u.Email) && o.Superuser == u.Superuser && o.Collection == u.Collection {
			err = at(n, "the user %s stands twice", u.Email)
		}
	}
	r.schema.Users = append(r.schema.Users, u)
	return err
}

func (r *reader) token(n *yaml.Node) error {
	t := core.SchemaToken{Collections: map[string]access.Right{}}
	err := object(n, "token", keys{
		"token": func(n *yaml.Node) error { return text(n, &t.Token) },
		"name":  func(n *yaml.Node) error { return text(n, &t.Name) },
		"collections": func(n *yaml.Node) error {
			return entries(n, func(name, n *yaml.Node) error {
				return each(n, func(n *yaml.Node) error {
					right, err := access.ParseRight(n.Value)
					if err != nil {
						return at(n, "%v", err)
					}
					t.Collections[name.Value] |= right
					return nil
				})
			})
		},
	})
	if err == nil && len(t.Token) < minSecret {
		err = at(n, "a token has at least %d characters", minSecret)
	}
	for _, o := range r.schema.Tokens {
		if err == nil && o.Token == t.Token {
			err = at(n, "this token stands twice")
		}
	}
	r.schema.Tokens = append(r.schema.Tokens, t)
	return err
}

// minSecret is the length of the shortest token or key that is taken.
const minSecret = 16

func (r *reader) key(n *yaml.Node) error {
	var k core.SchemaKey
	err := object(n, "key", keys{
		"key":  func(n *yaml.Node) error { return text(n, &k.Key) },
		"name": func(n *yaml.Node) error { return text(n, &k.Name) },
	})
	if err == nil && len(k.Key) < minSecret {
		err = at(n, "a key has at least %d characters", minSecret)
	}
	for _, o := range r.schema.Keys {
		if err == nil && o.Key == k.Key {
			err = at(n, "this key stands twice")
		}
	}
	r.schema.Keys = append(r.schema.Keys, k)
	return err
}
