package query

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"

	"dossier"
)

// maxJSONPath is how many steps a JSONPath may have.
const maxJSONPath = 32

// jsonPathType is the type of a JSONPath, which its own As says.
func (s *Scope) jsonPathType(o JSONPath) (Type, error) {
	r, err := s.Resolve(o.Of)
	if err != nil {
		return None, err
	}
	if r.Type != JSON {
		return None, invalid("%s is no JSON document: nothing inside it can be named", columnText(o.Of))
	}
	if len(o.Path) > maxJSONPath {
		return None, invalid("%s has more than %d steps", operandText(o), maxJSONPath)
	}
	for _, name := range o.Path {
		if err := goodText(name); err != nil {
			return None, err
		}
	}
	switch o.As {
	case Text, Decimal, Bool, JSON:
		return o.As, nil
	case Rows:
		return JSON, nil
	}
	return None, invalid("%q is no kind of value in a JSON document", o.As)
}

// JSONValue is what path leads to in the document doc, as JSONPath defines it.
func JSONValue(doc dossier.JSON, path []string, as Type) dossier.Value {
	at := strings.TrimSpace(string(doc))
	for _, name := range path {
		var ok bool
		if at, ok = jsonStep(at, name); !ok {
			return nil
		}
	}
	switch {
	case at == "" || at == "null":
		return nil
	case as == JSON, as == Rows && (at[0] == '[' || at[0] == '{'):
		return dossier.JSON(at)
	case as == Text && at[0] == '"':
		if s, ok := jsonText(at); ok && strings.IndexByte(s, 0) < 0 {
			return dossier.Text(s)
		}
	case as == Decimal && (at[0] == '-' || '0' <= at[0] && at[0] <= '9'):
		if n, err := dossier.ParseNumber(at); err == nil {
			return n
		}
	case as == Bool && (at == "true" || at == "false"):
		return dossier.Bool(at == "true")
	}
	return nil
}

// JSONLength is the number of elements of the list that the document is, 0 if it is none.
func JSONLength(doc dossier.JSON) int {
	n := 0
	eachJSON(strings.TrimSpace(string(doc)), '[', func(_, _ string) { n++ })
	return n
}

// jsonStep is the member or element of a document that name names. Of members with one name the last counts.
func jsonStep(doc, name string) (value string, ok bool) {
	i := 0
	eachJSON(doc, '[', func(_, v string) {
		if strconv.Itoa(i) == name {
			value, ok = v, true
		}
		i++
	})
	eachJSON(doc, '{', func(key, v string) {
		if k, good := jsonText(key); good && k == name {
			value, ok = v, true
		}
	})
	return value, ok
}

// eachJSON calls fn for every element of a list, or every member of an object, if doc opens like one. It takes doc to be well-formed,
// and ends early where it is not.
func eachJSON(doc string, open byte, fn func(key, value string)) {
	if doc == "" || doc[0] != open {
		return
	}
	for doc = skipBlanks(doc[1:]); doc != "" && doc[0] != ']' && doc[0] != '}'; {
		key := ""
		if open == '{' {
			n := jsonEnd(doc)
			key, doc = doc[:n], skipBlanks(doc[n:])
			if doc == "" || doc[0] != ':' {
				return
			}
			doc = skipBlanks(doc[1:])
		}
		n := jsonEnd(doc)
		if n == 0 {
			return
		}
		fn(key, doc[:n])
		if doc = skipBlanks(doc[n:]); doc != "" && doc[0] == ',' {
			doc = skipBlanks(doc[1:])
		}
	}
}

func skipBlanks(s string) string { return strings.TrimLeft(s, " \t\r\n") }

// jsonEnd is where the value that s begins with ends.
func jsonEnd(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			for i++; i < len(s) && s[i] != '"'; i++ {
				if s[i] == '\\' {
					i++
				}
			}
			if i >= len(s) {
				return len(s)
			}
		case '{', '[':
			depth++
			continue
		case '}', ']':
			if depth--; depth < 0 {
				return i
			}
		case ',', ':', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return i
			}
			continue
		default:
			continue
		}
		if depth == 0 {
			return i + 1
		}
	}
	return len(s)
}

// jsonText is the text that a JSON string is.
func jsonText(raw string) (string, bool) {
	if len(raw) < 2 || raw[0] != '"' || raw[len(raw)-1] != '"' {
		return "", false
	}
	if s := raw[1 : len(raw)-1]; strings.IndexByte(s, '\\') < 0 && utf8.ValidString(s) {
		return s, true
	}
	var s string
	err := json.Unmarshal([]byte(raw), &s)
	return s, err == nil
}
