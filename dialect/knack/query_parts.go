package knack

import (
	"strings"

	"dossier"
	"dossier/query"
)

// Names and addresses are kept as JSON objects of their parts, in one order and without white space. A pattern finds a text in a
// value's place there: what begins a value stands after `":"`, what ends one before `","` or `"}`, and no text that is not
// markup runs over a quote.

// maxNameWords bounds the words that are tried as parts of a full name.
const maxNameWords = 8

// askParts lowers the text operators on names, by part and as a whole, and on addresses, by part.
func askParts(f *dossier.Field, a ask) (query.Filter, error) {
	if _, ok := textPattern(a.op, ""); !ok {
		return nil, errOperator
	}
	if a.isNothing() {
		return query.Empty{Of: query.Col(f.Name)}, nil
	}
	s, err := textAsked(f, a)
	if err != nil {
		return nil, err
	}
	keys := addressParts
	if f.Type == dossier.TypeName {
		keys = nameParts
	}
	patterns := inOnePart(a.op, s, keys)
	if patterns == nil {
		return nil, badFilter("%q is too short to be looked for in %s", s, fieldKey(f))
	}
	if f.Type == dossier.TypeName {
		patterns = append(patterns, acrossParts(a.op, strings.Fields(s), keys)...)
	}
	filter := make(query.Or, len(patterns))
	for i, p := range patterns {
		filter[i] = like(query.Col(f.Name), p)
	}
	return filter, nil
}

// inner is s as it stands inside a JSON string, as a pattern.
func inner(s string) string {
	quoted := query.AppendJSONString(nil, s)
	return likePattern(string(quoted[1 : len(quoted)-1]))
}

// inOnePart are patterns that find s in one part; nil if s cannot be told from the names of parts.
func inOnePart(op, s string, keys []string) []string {
	p := inner(s)
	switch op {
	case "is", "starts with":
		end := map[string]string{"is": `"%`, "starts with": "%"}[op]
		var out []string
		for _, k := range keys {
			out = append(out, `%"`+k+`":"`+p+end)
		}
		return out
	case "ends with":
		return []string{`%` + p + `",%`, `%` + p + `"}`}
	}
	for _, k := range keys {
		if strings.Contains(k, strings.ToLower(s)) {
			return nil
		}
	}
	return []string{`%` + p + `%`}
}

// acrossParts are patterns that find words in more than one part, in the order of parts, as they stand in a full name.
func acrossParts(op string, words, keys []string) []string {
	if len(words) < 2 || len(words) > maxNameWords {
		return nil
	}
	ends := map[string][2]string{
		"is": {`{"`, `"}`}, "starts with": {`{"`, `%`}, "ends with": {`%`, `"}`}, "contains": {`%`, `%`},
	}[op]
	var out []string
	for first := range keys {
		for n := 1; n < len(words); n++ {
			head := inner(strings.Join(words[:n], " "))
			if ends[0] == `{"` {
				head = `{"` + keys[first] + `":"` + head
			} else {
				head = `%` + head
			}
			for _, rest := range continuations(words[n:], keys[first+1:]) {
				out = append(out, head+rest+ends[1])
			}
		}
	}
	return unique(out)
}

// continuations spread words over parts, each part after the end of one before it.
func continuations(words, keys []string) []string {
	var out []string
	for i, k := range keys {
		start := `","` + k + `":"`
		out = append(out, start+inner(strings.Join(words, " ")))
		for n := 1; n < len(words); n++ {
			head := start + inner(strings.Join(words[:n], " "))
			for _, rest := range continuations(words[n:], keys[i+1:]) {
				out = append(out, head+rest)
			}
		}
	}
	return out
}

// unique drops repetitions.
func unique(list []string) []string {
	seen := map[string]bool{}
	out := list[:0]
	for _, s := range list {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}
