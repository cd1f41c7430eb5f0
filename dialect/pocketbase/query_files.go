package pocketbase

import (
	"encoding/json"
	"strconv"
	"strings"

	"dossier"
)

// arrangeFiles turns a comparison of a field with several files, which is shown as a JSON array of their names, into
// comparisons of the names and of their number.
func arrangeFiles(c comparison) (node, error) {
	if c.left.multi() && !c.any {
		return nil, severalFiles(c)
	}
	switch c.op {
	case "!=", "!~":
		c.op = c.op[1:]
		n, err := arrangeFiles(c)
		return opposite{n}, err
	case "=":
		return filesAre(c)
	case "~":
		return filesHave(c)
	}
	return nil, severalFiles(c)
}

func severalFiles(c comparison) error {
	name := c.left.leaf.name
	return dossier.Errorf(dossier.Invalid, "%s holds several files: compare its names with %s:each", name, name)
}

// filesAre asks for exactly the names of a JSON array.
func filesAre(c comparison) (node, error) {
	text := c.right.value.text
	var names []string
	if text != "" {
		if err := json.Unmarshal([]byte(text), &names); err != nil {
			return fixed(false), nil
		}
	}
	j := junction{parts: []node{&comparison{
		left: *c.left.size, op: "=", at: c.at, right: fixedRef(numberLiteral(dossier.Number(strconv.Itoa(len(names))))), any: true, alone: true,
	}}}
	for _, name := range names {
		j.parts = append(j.parts, c.name("=", name))
	}
	return j, nil
}

// filesHave asks for a name that contains the text. In quotes it is the start, the end or all of a name.
func filesHave(c comparison) (node, error) {
	if c.right.value.kind == isNull {
		return fixed(false), nil
	}
	pattern := likePattern(c.right.value.text)
	if strings.Trim(pattern, "%") == "" {
		return fixed(true), nil
	}
	inner := strings.TrimSuffix(strings.TrimPrefix(pattern, "%"), "%")
	if len(pattern) < 2 || pattern[0] != '%' || pattern[len(pattern)-1] != '%' || strings.HasSuffix(inner, `\`) || hasWildcard(inner) {
		return nil, severalFiles(c)
	}
	name := strings.TrimSuffix(strings.TrimPrefix(inner, `"`), `"`)
	if strings.ContainsAny(name, `",[]`) {
		return nil, severalFiles(c)
	}
	if !strings.HasPrefix(inner, `"`) {
		name = "%" + name
	}
	if len(inner) < 2 || !strings.HasSuffix(inner, `"`) {
		name += "%"
	}
	if !strings.Contains(name, "%") {
		return c.name("=", unescaped(name)), nil
	}
	return c.name("~", name), nil
}

// unescaped is the text that a pattern without wildcards matches.
func unescaped(pattern string) string {
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		if pattern[i] == '\\' && i+1 < len(pattern) {
			i++
		}
		b.WriteByte(pattern[i])
	}
	return b.String()
}

// name asks whether one of the files' names is so.
func (c comparison) name(op, text string) node {
	return &comparison{left: *c.left.names, op: op, at: c.at, right: fixedRef(textLiteral(text)), any: true, alone: true}
}
