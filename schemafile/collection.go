package schemafile

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"dossier"
)

func (r *reader) collection(n *yaml.Node, names map[string]int, nums map[int64]int) error {
	c := &dossier.Collection{Kind: dossier.Base}
	var kind string
	err := object(n, "collection", keys{
		"name": func(n *yaml.Node) error {
			if err := name(n, &c.Name); err != nil {
				return err
			}
			return once(n, strings.ToLower(c.Name), names, "collection")
		},
		"label": func(n *yaml.Node) error { return text(n, &c.Label) },
		"number": func(n *yaml.Node) error {
			if err := positive(n, &c.Number); err != nil {
				return err
			}
			return once(n, c.Number, nums, "collection number")
		},
		"kind": func(n *yaml.Node) error {
			err := oneOf(n, &kind, string(dossier.Base), string(dossier.Auth))
			c.Kind = dossier.CollectionKind(kind)
			return err
		},
		"identifier": func(n *yaml.Node) error { return text(n, &c.Identifier) },
		"rules":      func(n *yaml.Node) error { return rules(n, &c.Rules) },
		"sign_in":    func(n *yaml.Node) error { c.SignIn = &dossier.SignIn{}; return signIn(n, c.SignIn) },
		"fields":     func(n *yaml.Node) (err error) { c.Fields, err = r.fields(n, false); return err },
		"indexes":    func(n *yaml.Node) error { return indexes(n, c) },
	})
	if err == nil && c.Name == "" {
		err = at(n, "a collection needs a name")
	}
	if err == nil && c.Identifier != "" {
		if _, ok := c.Field(c.Identifier); !ok {
			err = at(n, "the identifier %q of %s is none of its fields", c.Identifier, c.Name)
		}
	}
	if err == nil {
		err = checkIndexes(n, c)
	}
	if err == nil && c.Kind != dossier.Auth && (c.SignIn != nil || c.Rules.Manage != nil) {
		err = at(n, "nobody signs in to %s and it has no accounts to manage: its kind is not auth", c.Name)
	}
	if err == nil {
		err = checkLogins(n, c)
	}
	r.schema.Collections = append(r.schema.Collections, c)
	return err
}

// signIn reads who may sign in, and how. Without a rule it is everyone, with null nobody.
func signIn(n *yaml.Node, to *dossier.SignIn) error {
	return object(n, "sign_in", keys{
		"rule": func(n *yaml.Node) error {
			if to.Closed = isNull(n); to.Closed {
				return nil
			}
			return text(n, &to.Rule)
		},
		"logins": func(n *yaml.Node) error {
			to.Logins = []dossier.ColumnRef{}
			return each(n, func(n *yaml.Node) error { return login(n, to) })
		},
		"password": func(n *yaml.Node) error {
			password := true
			err := boolean(n, &password)
			to.NoPassword = !password
			return err
		},
	})
}

// login reads one of the columns that a login may be: the email, or a field by its name.
func login(n *yaml.Node, to *dossier.SignIn) error {
	var column string
	if err := name(n, &column); err != nil {
		return err
	}
	ref := dossier.ColumnRef{Field: dossier.ID(column)}
	if column == dossier.LoginEmail.Meta {
		ref = dossier.LoginEmail
	}
	to.Logins = append(to.Logins, ref)
	return nil
}

// checkLogins refuses logins that are none of the collection's fields. Whether they are unique core checks.
func checkLogins(n *yaml.Node, c *dossier.Collection) error {
	gate := c.SigningIn()
	if gate.Logins != nil && len(gate.Logins) == 0 {
		return at(n, "nobody signs in to %s with nothing: logins names email or unique fields", c.Name)
	}
	for _, ref := range gate.Logins {
		if _, ok := c.Field(string(ref.Field)); !ok && ref != dossier.LoginEmail {
			return at(n, "people cannot sign in to %s with %q, which is none of its fields", c.Name, ref.Field)
		}
	}
	return nil
}

func name(n *yaml.Node, to *string) error {
	if err := text(n, to); err != nil {
		return err
	}
	if !dossier.ValidName(*to) {
		return at(n, "%q is no name: want letters, digits and _, no digit first", *to)
	}
	return nil
}

func positive(n *yaml.Node, to *int64) error {
	if err := number(n, to); err != nil {
		return err
	}
	if *to == 0 {
		return at(n, "numbers begin at 1")
	}
	return nil
}

// once notes that a name or number stands on a line, which it may do once.
func once[K comparable](n *yaml.Node, key K, seen map[K]int, what string) error {
	if line, ok := seen[key]; ok {
		return at(n, "the %s %v stands already on line %d", what, n.Value, line)
	}
	seen[key] = n.Line
	return nil
}

func rules(n *yaml.Node, to *dossier.Rules) error {
	rule := func(to **string) func(*yaml.Node) error {
		return func(n *yaml.Node) error {
			if isNull(n) {
				*to = nil
				return nil
			}
			s := ""
			*to = &s
			return text(n, &s)
		}
	}
	return object(n, "rule set", keys{
		"list": rule(&to.List), "view": rule(&to.View), "create": rule(&to.Create), "update": rule(&to.Update), "delete": rule(&to.Delete),
		"manage": func(n *yaml.Node) error {
			if err := rule(&to.Manage)(n); err != nil || to.Manage == nil || strings.TrimSpace(*to.Manage) != "" {
				return err
			}
			return at(n, "not everybody manages accounts: want a rule")
		},
	})
}

func (r *reader) fields(n *yaml.Node, inTable bool) ([]*dossier.Field, error) {
	var fields []*dossier.Field
	names, codes := map[string]int{}, map[string]int{}
	err := each(n, func(n *yaml.Node) error {
		f, err := r.field(n, inTable)
		if err != nil {
			return err
		}
		if err := once(n, strings.ToLower(f.Name), names, "field "+f.Name+", also spelled"); err != nil {
			return at(n, "the field %s stands already on line %d", f.Name, names[strings.ToLower(f.Name)])
		}
		code := f.Code
		if code == "" {
			code = f.Name
		}
		if line, ok := codes[code]; ok {
			return at(n, "the field code %s stands already on line %d", code, line)
		}
		codes[code] = n.Line
		fields = append(fields, f)
		return nil
	})
	return fields, err
}

func (r *reader) field(n *yaml.Node, inTable bool) (*dossier.Field, error) {
	f := &dossier.Field{}
	if err := r.head(n, f); err != nil {
		return nil, err
	}
	known := keys{}
	skip := func(*yaml.Node) error { return nil }
	for _, key := range []string{"name", "type"} {
		known[key] = skip
	}
	r.common(f, known)
	r.options(f, known, inTable)
	if err := object(n, string(f.Type)+" field", known); err != nil {
		return nil, err
	}
	if f.Type == dossier.TypeTable && len(f.Fields) == 0 {
		return nil, at(n, "the table %s needs fields", f.Name)
	}
	if f.Type == dossier.TypeRelation && f.Collection == "" {
		return nil, at(n, "the relation %s needs a collection", f.Name)
	}
	return f, nil
}

// head reads name and type, which decide what else a field may have.
func (r *reader) head(n *yaml.Node, f *dossier.Field) error {
	var kind string
	types := make([]string, len(dossier.FieldTypes))
	for i, t := range dossier.FieldTypes {
		types[i] = string(t)
	}
	err := entries(n, func(key, v *yaml.Node) error {
		switch key.Value {
		case "name":
			return name(v, &f.Name)
		case "type":
			return oneOf(v, &kind, types...)
		}
		return nil
	})
	f.Type = dossier.FieldType(kind)
	if err == nil && (f.Name == "" || kind == "") {
		err = at(n, "a field needs name and type")
	}
	return err
}

// common are the keys that every field may have, or all but passwords.
func (r *reader) common(f *dossier.Field, known keys) {
	known["code"] = func(n *yaml.Node) error { return text(n, &f.Code) }
	known["label"] = func(n *yaml.Node) error { return text(n, &f.Label) }
	known["required"] = func(n *yaml.Node) error { return boolean(n, &f.Required) }
	known["hidden"] = func(n *yaml.Node) error { return boolean(n, &f.Hidden) }
	known["number"] = func(n *yaml.Node) error {
		if err := positive(n, &f.Number); err != nil {
			return err
		}
		return once(n, f.Number, r.numbers, "field number")
	}
	if f.IsSecret() {
		return
	}
	known["unique"] = func(n *yaml.Node) error { return boolean(n, &f.Unique) }
	known["index"] = func(n *yaml.Node) error { return boolean(n, &f.Indexed) }
	known["default"] = func(n *yaml.Node) (err error) {
		f.Default, err = value(n, f)
		return err
	}
}

// options are the keys that only some types may have.
func (r *reader) options(f *dossier.Field, known keys, inTable bool) {
	switch f.Type {
	case dossier.TypeText:
		known["pattern"] = func(n *yaml.Node) error { return text(n, &f.Pattern) }
		known["multiline"] = func(n *yaml.Node) error { return boolean(n, &f.Multiline) }
	case dossier.TypeNumber:
		known["integer"] = func(n *yaml.Node) error { return boolean(n, &f.Integer) }
		known["unit"] = func(n *yaml.Node) error { return text(n, &f.Unit) }
		known["decimals"] = func(n *yaml.Node) error { f.Decimals = new(int); return count(n, f.Decimals) }
	case dossier.TypePassword:
		known["pattern"] = func(n *yaml.Node) error { return text(n, &f.Pattern) }
	case dossier.TypeSelect:
		known["options"] = func(n *yaml.Node) error { return texts(n, &f.Options) }
		known["widget"] = func(n *yaml.Node) error {
			return oneOf(n, (*string)(&f.Widget), string(dossier.WidgetDropdown), string(dossier.WidgetRadio), string(dossier.WidgetCheckbox), string(dossier.WidgetMulti))
		}
	case dossier.TypePhone, dossier.TypeAutoNumber:
		known["format"] = func(n *yaml.Node) error { return text(n, &f.Format) }
	case dossier.TypeFile, dossier.TypeImage:
		known["max_size"] = func(n *yaml.Node) error { return size(n, &f.MaxSize) }
		known["mime_types"] = func(n *yaml.Node) error { return texts(n, &f.MimeTypes) }
		known["thumbs"] = func(n *yaml.Node) error { return texts(n, &f.Thumbs) }
		known["protected"] = func(n *yaml.Node) error { return boolean(n, &f.Protected) }
	case dossier.TypeRelation:
		known["cascade_delete"] = func(n *yaml.Node) error { return boolean(n, &f.Cascade) }
		known["collection"] = func(n *yaml.Node) error { return text(n, (*string)(&f.Collection)) }
	case dossier.TypeUser:
		known["collection"] = func(n *yaml.Node) error { return text(n, (*string)(&f.Collection)) }
	case dossier.TypeTable:
		if inTable {
			known["fields"] = func(n *yaml.Node) error { return at(n, "a table holds no table") }
			break
		}
		known["fields"] = func(n *yaml.Node) (err error) { f.Fields, err = r.fields(n, true); return err }
	case dossier.TypeRating:
		known["max"] = func(n *yaml.Node) error { return bound(n, f, &f.Max) }
	}
	switch f.Type {
	case dossier.TypeText, dossier.TypePassword, dossier.TypeNumber, dossier.TypeDate, dossier.TypeDateTime, dossier.TypeTime:
		known["min"] = func(n *yaml.Node) error { return bound(n, f, &f.Min) }
		known["max"] = func(n *yaml.Node) error { return bound(n, f, &f.Max) }
	}
	switch f.Type {
	case dossier.TypeSelect, dossier.TypeFile, dossier.TypeImage, dossier.TypeRelation, dossier.TypeUser:
		known["max_select"] = func(n *yaml.Node) error { return count(n, &f.MaxSelect) }
	case dossier.TypeDate, dossier.TypeDateTime, dossier.TypeTime:
		known["default_now"] = func(n *yaml.Node) error { return boolean(n, &f.DefaultNow) }
	}
}

// bound reads a min or max: characters of a text, otherwise a value of the field.
func bound(n *yaml.Node, f *dossier.Field, to *string) error {
	if err := text(n, to); err != nil {
		return err
	}
	var err error
	switch f.Type {
	case dossier.TypeNumber, dossier.TypeRating:
		_, err = dossier.ParseNumber(*to)
	case dossier.TypeDate:
		_, err = dossier.ParseDate(*to)
	case dossier.TypeTime:
		_, err = dossier.ParseClock(*to)
	case dossier.TypeDateTime:
		err = instantBound(to)
	default:
		_, err = strconv.ParseUint(*to, 10, 31)
	}
	if err != nil {
		return at(n, "%q is no bound for a %s field", n.Value, f.Type)
	}
	return nil
}
