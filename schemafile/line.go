package schemafile

import (
	"go.yaml.in/yaml/v3"
)

// Line is the line of a schema file where that stands which path leads to, or as much of it as is there: the name of a collection, that of a field
// and of a table's field in it, keys. It is 0 if the file has no such collection.
func Line(text []byte, path []string) int {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil || len(doc.Content) == 0 || len(path) == 0 {
		return 0
	}
	n := named(under(resolve(doc.Content[0]), "collections"), path[0])
	if n == nil {
		return 0
	}
	for _, step := range path[1:] {
		next := under(n, step)
		if field := named(under(n, "fields"), step); field != nil {
			next = field
		}
		if next == nil {
			break
		}
		n = next
	}
	return n.Line
}

// under is the value of a key of a mapping, nil if there is none.
func under(n *yaml.Node, key string) *yaml.Node {
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return resolve(n.Content[i+1])
		}
	}
	return nil
}

// named is the element of a list that has a key name of that value, nil if there is none.
func named(list *yaml.Node, name string) *yaml.Node {
	if list == nil {
		return nil
	}
	for _, element := range list.Content {
		element = resolve(element)
		if n := under(element, "name"); n != nil && n.Value == name {
			return element
		}
	}
	return nil
}
