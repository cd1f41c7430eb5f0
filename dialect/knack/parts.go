package knack

import (
	"encoding/json"
	"strings"

	"dossier"
	"dossier/query"
)

// The parts of names and addresses, in the order in which they are shown and kept.
var (
	nameParts    = []string{"title", "first", "middle", "last"}
	addressParts = []string{"street", "street2", "city", "state", "zip", "country", "latitude", "longitude"}
)

// decodeJSON reads text into v; numbers keep their digits.
func decodeJSON(text string, v any) error {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	return d.Decode(v)
}

// partsIn are the given parts, in the order of keys.
func partsIn(parts map[string]any, keys []string) object {
	out := object{}
	for _, k := range keys {
		switch v := parts[k].(type) {
		case string:
			if v != "" {
				out = append(out, pair{k, v})
			}
		case json.Number:
			out = append(out, pair{k, v})
		}
	}
	return out
}

// part is the text of one part.
func part(parts map[string]any, key string) string {
	s, _ := textOfInput(parts[key])
	return s
}

// formatName joins the parts of a name: title, first, middle, last.
func formatName(parts map[string]any) string {
	var words []string
	for _, k := range nameParts {
		if s := part(parts, k); s != "" {
			words = append(words, s)
		}
	}
	return escapeAttr(strings.Join(words, " "))
}

// formatAddress is an address in lines: street, second street, "city, state zip", country. Empty lines are left out; without a zip
// the blank before it stays, as the vendor has it.
func formatAddress(parts map[string]any) string {
	town := part(parts, "city")
	if state := part(parts, "state"); state != "" {
		if town != "" {
			town += ", "
		}
		town += state
	}
	if zip := part(parts, "zip"); town != "" {
		town += " " + zip
	} else {
		town = zip
	}
	var lines []string
	for _, line := range []string{part(parts, "street"), part(parts, "street2"), town, part(parts, "country")} {
		if line != "" {
			lines = append(lines, escapeAttr(line))
		}
	}
	return strings.Join(lines, "<br />")
}

// decodeParts reads a name or an address: an object of its parts, or a text that split takes apart. Parts that are empty are left
// out, unknown ones ignored; no parts are the empty value.
func decodeParts(in any, keys []string, split func(string) map[string]any) (dossier.Value, bool) {
	parts, ok := in.(map[string]any)
	if text, isText := in.(string); isText {
		parts, ok = split(strings.TrimSpace(text)), true
	}
	if !ok {
		return nil, false
	}
	b, n := []byte{'{'}, 0
	for _, k := range keys {
		v := parts[k]
		s, isText := textOfInput(v)
		if v != nil && !isText {
			return nil, false
		}
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		if n++; n > 1 {
			b = append(b, ',')
		}
		b = append(query.AppendJSONString(b, k), ':')
		if num, ok := v.(json.Number); ok && (k == "latitude" || k == "longitude") {
			b = append(b, num...)
		} else {
			b = query.AppendJSONString(b, s)
		}
	}
	if n == 0 {
		return nil, true
	}
	return dossier.JSON(append(b, '}')), true
}

// splitName takes a name apart: the last word is the last name, the first the first one, those between the middle one.
func splitName(s string) map[string]any {
	words := strings.Fields(s)
	if len(words) == 0 {
		return nil
	}
	last := len(words) - 1
	parts := map[string]any{"last": words[last]}
	if last > 0 {
		parts["first"] = words[0]
	}
	if last > 1 {
		parts["middle"] = strings.Join(words[1:last], " ")
	}
	return parts
}

func splitAddress(s string) map[string]any { return map[string]any{"street": s} }
