package schemafile

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"dossier"
	"dossier/query"
)

// recordColumns are the columns that every record has, or every account, as far as indexes are over them.
var recordColumns = []string{query.ID, query.Created, query.Updated, query.CreatedBy, query.UpdatedBy, query.Email, query.EmailVisible, query.Verified}

// indexes reads the indexes of a collection. Fields are named; that they are there is checked by checkIndexes.
func indexes(n *yaml.Node, c *dossier.Collection) error {
	c.Indexes = []dossier.Index{} // not nil, which would say nothing
	seen := map[string]int{}
	return each(n, func(n *yaml.Node) error {
		var x dossier.Index
		err := object(n, "index", keys{
			"name":    func(n *yaml.Node) error { return unique(n, &x.Name, seen, "index") },
			"unique":  func(n *yaml.Node) error { return boolean(n, &x.Unique) },
			"columns": func(n *yaml.Node) error { return each(n, func(n *yaml.Node) error { return indexColumn(n, &x) }) },
			"where":   func(n *yaml.Node) error { return each(n, func(n *yaml.Node) error { return indexCondition(n, &x) }) },
		})
		if err == nil && (x.Name == "" || len(x.Columns) == 0) {
			err = at(n, "an index needs name and columns")
		}
		c.Indexes = append(c.Indexes, x)
		return err
	})
}

// refKeys are the keys that say what an index looks at.
func refKeys(ref *dossier.ColumnRef) keys {
	return keys{
		"field":  func(n *yaml.Node) error { return name(n, (*string)(&ref.Field)) },
		"column": func(n *yaml.Node) error { return oneOf(n, &ref.Meta, recordColumns...) },
	}
}

func oneRef(n *yaml.Node, ref dossier.ColumnRef) error {
	if (ref.Field == "") == (ref.Meta == "") {
		return at(n, "want a field, or a column of every record")
	}
	return nil
}

func indexColumn(n *yaml.Node, x *dossier.Index) error {
	var col dossier.IndexColumn
	known := refKeys(&col.ColumnRef)
	known["descending"] = func(n *yaml.Node) error { return boolean(n, &col.Descending) }
	known["fold"] = func(n *yaml.Node) error { return boolean(n, &col.Fold) }
	if err := object(n, "column of an index", known); err != nil {
		return err
	}
	x.Columns = append(x.Columns, col)
	return oneRef(n, col.ColumnRef)
}

func indexCondition(n *yaml.Node, x *dossier.Index) error {
	var cond dossier.Condition
	known := refKeys(&cond.ColumnRef)
	known["is"] = func(n *yaml.Node) error {
		return oneOf(n, (*string)(&cond.Op), string(dossier.Same), string(dossier.Differs), string(dossier.Less), string(dossier.LessEqual), string(dossier.More), string(dossier.MoreEqual))
	}
	known["value"] = func(n *yaml.Node) error { return text(n, &cond.Value) }
	if err := object(n, "condition of an index", known); err != nil {
		return err
	}
	if cond.Op == "" {
		return at(n, "a condition needs is")
	}
	x.Where = append(x.Where, cond)
	return oneRef(n, cond.ColumnRef)
}

// checkIndexes refuses indexes over fields that the collection has not.
func checkIndexes(n *yaml.Node, c *dossier.Collection) error {
	for _, x := range c.Indexes {
		refs := make([]dossier.ColumnRef, 0, len(x.Columns)+len(x.Where))
		for _, col := range x.Columns {
			refs = append(refs, col.ColumnRef)
		}
		for _, cond := range x.Where {
			refs = append(refs, cond.ColumnRef)
		}
		for _, ref := range refs {
			if _, ok := c.Field(string(ref.Field)); !ok && ref.Meta == "" {
				return at(n, "the index %s of %s is over %q, which is none of its fields", x.Name, c.Name, strings.TrimSpace(string(ref.Field)))
			}
		}
	}
	return nil
}

// indexNodes shows the indexes of c.
func indexNodes(c *dossier.Collection) *yaml.Node {
	nodes := make([]*yaml.Node, len(c.Indexes))
	for i, x := range c.Indexes {
		var m mapping
		m.add("name", quoted(x.Name))
		m.addFlag("unique", x.Unique)
		columns := make([]*yaml.Node, len(x.Columns))
		for j, col := range x.Columns {
			var m mapping
			addRef(&m, c, col.ColumnRef)
			m.addFlag("descending", col.Descending)
			m.addFlag("fold", col.Fold)
			columns[j] = m.node(true)
		}
		m.add("columns", sequence(columns, true))
		if len(x.Where) > 0 {
			m.add("where", sequence(conditionNodes(c, x.Where), true))
		}
		nodes[i] = m.node(true)
	}
	return sequence(nodes, false)
}

func conditionNodes(c *dossier.Collection, where []dossier.Condition) []*yaml.Node {
	nodes := make([]*yaml.Node, len(where))
	for i, cond := range where {
		var m mapping
		addRef(&m, c, cond.ColumnRef)
		m.add("is", quoted(string(cond.Op)))
		m.addText("value", cond.Value)
		nodes[i] = m.node(true)
	}
	return nodes
}

func addRef(m *mapping, c *dossier.Collection, ref dossier.ColumnRef) {
	if f, ok := c.FieldByID(ref.Field); ok {
		m.add("field", quoted(f.Name))
	}
	m.addText("column", ref.Meta)
}
