// Package schemafile reads and writes the schema file: YAML (JSON is YAML too) that says what a space is.
// Here: the file's form, strictly: an unknown key, type or value and a duplicate name are errors that name the line. Not
// here: what applying it means (see core.Service.ApplySchema).
package schemafile

import (
	"fmt"
	"maps"
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
	err := r.root(doc.Content[0])
	for _, check := range r.later {
		if err == nil {
			err = check()
		}
	}
	return schema, err
}

// reader is a schema file being read.
type reader struct {
	schema   *core.Schema
	settings dossier.Settings
	numbers  map[int64]int // the line where a field number stands
	// later are the checks of what names other things of the file, which may stand below.
	later []func() error
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
		"name":              r.applicationName,
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
		"time_zone":          func(n *yaml.Node) error { return zone(n, &s.TimeZone) },
		"superuser_networks": func(n *yaml.Node) error { return networks(n, &s.SuperuserNetworks) },
		"trusted_proxy":      func(n *yaml.Node) error { return trustedProxy(n, &s.TrustedProxy) },
		"language":           func(n *yaml.Node) error { return matching(n, &s.Language, languageForm, "en or ja") },
	})
	s.PublicURL = strings.TrimRight(s.PublicURL, "/")
	r.schema.Settings = s
	return err
}

// networks reads a list of addresses and networks, which may be empty.
func networks(n *yaml.Node, to *[]string) error {
	*to = []string{}
	if err := texts(n, to); err != nil {
		return err
	}
	for _, text := range *to {
		if _, err := access.ParseNetwork(text); err != nil {
			return at(n, "%q is neither an address nor a network such as 192.0.2.0/24", text)
		}
	}
	return nil
}

// trustedProxy reads what tells the addresses of clients; what it does not name is as if nobody had said anything.
func trustedProxy(n *yaml.Node, to *dossier.TrustedProxy) error {
	*to = dossier.TrustedProxy{Headers: []string{}}
	return object(n, "trusted_proxy", keys{
		"headers": func(n *yaml.Node) error {
			if err := texts(n, &to.Headers); err != nil {
				return err
			}
			for _, name := range to.Headers {
				if !dossier.ValidHeaderName(name) {
					return at(n, "%q is no name of a header, such as X-Forwarded-For", name)
				}
			}
			return nil
		},
		"leftmost": func(n *yaml.Node) error { return boolean(n, &to.Leftmost) },
	})
}

// applicationName reads what the space is called. The settings that stand now share no map with those that are read.
func (r *reader) applicationName(n *yaml.Node) error {
	var name string
	if err := text(n, &name); err != nil {
		return err
	}
	extra := maps.Clone(r.settings.Extra)
	if extra == nil {
		extra = map[string]string{}
	}
	extra[dossier.ExtraName] = name
	if name == "" {
		delete(extra, dossier.ExtraName)
	}
	r.settings.Extra = extra
	return nil
}

func (r *reader) user(n *yaml.Node) error {
	u := core.SchemaUser{Line: n.Line}
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
	t := core.SchemaToken{Collections: map[string]access.Right{}, Line: n.Line}
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
