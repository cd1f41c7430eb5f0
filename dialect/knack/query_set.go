package knack

import (
	"encoding/json"
	"strconv"
	"strings"

	"dossier"
	"dossier/query"
)

// askChoice lowers what is asked of options. A text that names an option means that option; otherwise "contains" looks into the
// options' texts.
func askChoice(f *dossier.Field, a ask) (query.Filter, error) {
	one := func(in any) (query.Filter, error) {
		s, ok := textOfInput(in)
		if !ok || s == "" {
			return nil, badFilter("%q needs a value for %s", a.op, fieldKey(f))
		}
		if option, known := optionOf(f, s); known {
			return holds(f, option), nil
		}
		pattern := likePattern(s)
		if a.op == "contains" {
			pattern = "%" + pattern + "%"
		}
		return query.Some{Over: query.Col(f.Name), Where: like(query.Element{}, pattern)}, nil
	}
	return askSet(f, a, one)
}

// askConnection lowers what is asked of connected records: an id, or a text that is compared with their identifiers.
func (l *lowerer) askConnection(f *dossier.Field, a ask) (query.Filter, error) {
	return askSet(f, a, func(in any) (query.Filter, error) {
		if o, ok := in.(map[string]any); ok {
			in = o["id"]
		}
		s, ok := textOfInput(in)
		if s = strings.TrimSpace(s); !ok || s == "" {
			return nil, badFilter("%q needs a value for %s", a.op, fieldKey(f))
		}
		if isObjectID(s) {
			return holds(f, s), nil
		}
		return query.Some{Over: query.Col(f.Name), Where: l.connected(f, a.op, s)}, nil
	})
}

// holds is true of records that have the option, or are connected to the record, that s is.
func holds(f *dossier.Field, s string) query.Filter {
	if f.Multiple() {
		return query.Some{Over: query.Col(f.Name), Where: equal(query.Element{}, dossier.Text(s))}
	}
	return equal(query.Col(f.Name), dossier.Text(s)) // an index can answer this
}

// connected is true of the related record that s names: by its id, or by its identifier.
func (l *lowerer) connected(f *dossier.Field, op, s string) query.Filter {
	byID := equal(query.Element{}, dossier.Text(s))
	pattern := likePattern(s)
	if op == "contains" {
		pattern = "%" + pattern + "%"
	}
	to, ok := l.space.CollectionByID(f.Collection)
	if !ok {
		return byID
	}
	text := to.IdentifierField()
	if text == nil || !text.IsText() {
		return byID
	}
	return query.Or{byID, like(query.Col(text.Name), pattern)}
}

// isObjectID reports whether s has the form of the vendor's ids: 24 hexadecimal digits.
func isObjectID(s string) bool {
	return len(s) == 24 && strings.Trim(s, "0123456789abcdef") == ""
}

// askSet lowers the operators of sets; one lowers a single member. "is" of one member: the set has it; of several: the set is
// exactly these. "contains" and "is any": it has one of them; "is any" of nothing: it has any.
func askSet(f *dossier.Field, a ask, one func(any) (query.Filter, error)) (query.Filter, error) {
	switch a.op {
	case "is", "contains", "is any":
	default:
		return nil, errOperator
	}
	members := membersOf(a.value)
	switch {
	case len(members) == 0 && a.op == "is any":
		return notBlank(f), nil
	case a.isNothing():
		return query.Empty{Of: query.Col(f.Name)}, nil
	case len(members) == 0:
		return nil, badFilter("%q needs a value for %s", a.op, fieldKey(f))
	}
	filters := make([]query.Filter, len(members))
	for i, m := range members {
		var err error
		if filters[i], err = one(m); err != nil {
			return nil, err
		}
	}
	if a.op != "is" {
		return query.Or(filters), nil
	}
	if len(filters) > 1 {
		count := dossier.Number(strconv.Itoa(len(filters)))
		filters = append(filters, equal(query.Length{Of: query.Col(f.Name)}, count))
	}
	return query.And(filters), nil
}

// membersOf are the different elements of a list, or the only one; blank ones do not count.
func membersOf(in any) []any {
	var out []any
	seen := map[string]bool{}
	for _, el := range listOf(in) {
		if isBlankInput(el) {
			continue
		}
		key, _ := textOfInput(el)
		if o, ok := el.(map[string]any); ok {
			key, _ = textOfInput(o["id"])
		}
		if _, isNumber := el.(json.Number); key != "" && !isNumber {
			if seen[key] {
				continue
			}
			seen[key] = true
		}
		out = append(out, el)
	}
	return out
}
