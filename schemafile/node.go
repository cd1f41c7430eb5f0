package schemafile

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"dossier"
)

// keys says what becomes of each key that an object may have.
type keys map[string]func(*yaml.Node) error

// object reads a mapping; a key that is not in keys, or stands twice, is an error.
func object(n *yaml.Node, what string, known keys) error {
	return entries(n, func(key, value *yaml.Node) error {
		read, ok := known[key.Value]
		if !ok {
			names := make([]string, 0, len(known))
			for name := range known {
				names = append(names, name)
			}
			slices.Sort(names)
			in := ""
			if what != "" {
				in = " of a " + what
			}
			if what == "settings" {
				in = " of settings"
			}
			return at(key, "unknown key %q%s: want one of %s", key.Value, in, strings.Join(names, ", "))
		}
		return read(value)
	})
}

// entries calls fn for each key and value of a mapping. A key that stands twice is an error.
func entries(n *yaml.Node, fn func(key, value *yaml.Node) error) error {
	n = resolve(n)
	if n.Kind != yaml.MappingNode {
		return at(n, "want keys and values here")
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], resolve(n.Content[i+1])
		if key.Kind != yaml.ScalarNode {
			return at(key, "want a plain key here")
		}
		if seen[key.Value] {
			return at(key, "the key %q stands twice", key.Value)
		}
		seen[key.Value] = true
		if err := fn(key, value); err != nil {
			return err
		}
	}
	return nil
}

// resolve follows an alias to what it stands for.
func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode && n.Alias != nil {
		return n.Alias
	}
	return n
}

// each calls fn for each element of a sequence.
func each(n *yaml.Node, fn func(*yaml.Node) error) error {
	if isNull(n) {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		return at(n, "want a list here")
	}
	for _, e := range n.Content {
		if err := fn(resolve(e)); err != nil {
			return err
		}
	}
	return nil
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// text reads a scalar as it is written, so that a name may look like a number.
func text(n *yaml.Node, to *string) error {
	if n.Kind != yaml.ScalarNode || isNull(n) {
		return at(n, "want a text here")
	}
	*to = n.Value
	return nil
}

func texts(n *yaml.Node, to *[]string) error {
	return each(n, func(n *yaml.Node) error {
		var s string
		err := text(n, &s)
		if err == nil && slices.Contains(*to, s) {
			return at(n, "%q stands twice", s)
		}
		*to = append(*to, s)
		return err
	})
}

func matching(n *yaml.Node, to *string, form *regexp.Regexp, want string) error {
	if err := text(n, to); err != nil {
		return err
	}
	if !form.MatchString(*to) {
		return at(n, "%q is not %s", *to, want)
	}
	return nil
}

func oneOf(n *yaml.Node, to *string, options ...string) error {
	if err := text(n, to); err != nil {
		return err
	}
	if !slices.Contains(options, *to) {
		return at(n, "unknown value %q: want one of %s", *to, strings.Join(options, ", "))
	}
	return nil
}

// unique reads a text that may stand once.
func unique(n *yaml.Node, to *string, seen map[string]int, what string) error {
	if err := text(n, to); err != nil {
		return err
	}
	if line, ok := seen[*to]; ok {
		return at(n, "the %s %q stands already on line %d", what, *to, line)
	}
	seen[*to] = n.Line
	return nil
}

func boolean(n *yaml.Node, to *bool) error {
	if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" {
		return at(n, "want true or false, not %q", n.Value)
	}
	return n.Decode(to)
}

func count(n *yaml.Node, to *int) error {
	var v int64
	if err := number(n, &v); err != nil {
		return err
	}
	if v > 1<<31-1 {
		return at(n, "%d is too large", v)
	}
	*to = int(v)
	return nil
}

func number(n *yaml.Node, to *int64) error {
	v, err := strconv.ParseInt(n.Value, 10, 64)
	if n.Kind != yaml.ScalarNode || err != nil || v < 0 {
		return at(n, "want a whole number of 0 or more, not %q", n.Value)
	}
	*to = v
	return nil
}

var sizeForm = regexp.MustCompile(`^([0-9]+)\s*([KMGT]i?)?B?$`)

var sizeUnits = map[string]int64{"": 1, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40}

// size reads bytes: 5242880, 5MiB, 5MB.
func size(n *yaml.Node, to *int64) error {
	m := sizeForm.FindStringSubmatch(n.Value)
	if n.Kind != yaml.ScalarNode || m == nil {
		return at(n, "want a size such as 5MiB or 1GiB, not %q", n.Value)
	}
	v, err := strconv.ParseInt(m[1], 10, 64)
	unit := sizeUnits[m[2]]
	if err != nil || v > (1<<62)/unit {
		return at(n, "%s is too large", n.Value)
	}
	*to = v * unit
	return nil
}

// duration reads 90s, 2m, 72h.
func duration(n *yaml.Node, to *time.Duration) error {
	d, err := time.ParseDuration(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil || d <= 0 {
		return at(n, "want a duration such as 90s, 2m or 72h, not %q", n.Value)
	}
	*to = d
	return nil
}

func zone(n *yaml.Node, to *string) error {
	if err := text(n, to); err != nil {
		return err
	}
	if _, err := time.LoadLocation(*to); err != nil || *to == "" || *to == "Local" {
		return at(n, "%q is no time zone: want an IANA name such as Europe/Berlin", *to)
	}
	return nil
}

// value reads a default of a field.
func value(n *yaml.Node, f *dossier.Field) (dossier.Value, error) {
	var v dossier.Value
	var err error
	switch {
	case f.IsNumber():
		v, err = dossier.ParseNumber(n.Value)
	case f.Type == dossier.TypeBool:
		var b bool
		err = boolean(n, &b)
		v = dossier.Bool(b)
	case f.Type == dossier.TypeDate:
		v, err = dossier.ParseDate(n.Value)
	case f.Type == dossier.TypeTime:
		v, err = dossier.ParseClock(n.Value)
	case f.Type == dossier.TypeSelect && n.Kind == yaml.SequenceNode:
		var list []string
		err = texts(n, &list)
		v = dossier.List(list)
	case f.IsText() || f.Type == dossier.TypeSelect:
		var s string
		err = text(n, &s)
		v = dossier.Text(s)
	default:
		err = at(n, "a field of type %s takes no default", f.Type)
	}
	if err != nil {
		return nil, at(n, "%s", strings.TrimPrefix(err.Error(), "line "+strconv.Itoa(n.Line)+": "))
	}
	return v, nil
}

// instantForm is how a bound of a datetime field is kept: it sorts like the moment.
const instantForm = "2006-01-02T15:04:05.000Z"

// instantBound brings a moment into instantForm.
func instantBound(to *string) error {
	for _, form := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999Z07:00", time.DateOnly} {
		if t, err := time.Parse(form, *to); err == nil {
			*to = t.UTC().Format(instantForm)
			return nil
		}
	}
	return dossier.Errorf(dossier.Invalid, "no moment")
}
