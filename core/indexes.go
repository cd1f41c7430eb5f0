package core

import (
	"slices"
	"strings"

	"dossier"
	"dossier/query"
)

// indexes completes the indexes of a collection and checks them: names of fields become their IDs, and an index over a field that is
// gone goes too.
func (k *completion) indexes(c *dossier.Collection) {
	var kept []dossier.Index
	for _, x := range c.Indexes {
		x.Columns, x.Where = slices.Clone(x.Columns), slices.Clone(x.Where)
		whole := true
		for i := range x.Columns {
			whole = refer(c, &x.Columns[i].ColumnRef) && whole
		}
		for i := range x.Where {
			whole = refer(c, &x.Where[i].ColumnRef) && whole
		}
		if whole {
			kept = append(kept, x)
			k.index(c, x)
		}
	}
	c.Indexes = kept
	if len(kept) > dossier.MaxIndexes {
		k.fault(dossier.CodeTooMany, "too many indexes", c.Name, "indexes")
	}
	if c.Kind == dossier.View && len(kept) > 0 {
		k.fault(dossier.CodeInvalid, "a view has no indexes", c.Name, "indexes")
	}
}

// refer makes the ID of a field's name, and reports whether there is such a field.
func refer(c *dossier.Collection, ref *dossier.ColumnRef) bool {
	if ref.Meta != "" {
		return true
	}
	if _, ok := c.FieldByID(ref.Field); ok {
		return true
	}
	f, ok := c.Field(string(ref.Field))
	if ok {
		ref.Field = f.ID
	}
	return ok
}

// index checks one index.
func (k *completion) index(c *dossier.Collection, x dossier.Index) {
	at := []string{c.Name, "indexes", x.Name}
	switch {
	case x.Name == "":
		k.fault(dossier.CodeRequired, "an index has a name", at...)
	case len(x.Columns) == 0:
		k.fault(dossier.CodeRequired, "an index has columns", at...)
	case len(x.Columns) > dossier.MaxIndexColumns || len(x.Where) > dossier.MaxIndexColumns:
		k.fault(dossier.CodeTooMany, "an index has too many columns", at...)
	case !x.Unique && len(x.Where) > 0:
		k.fault(dossier.CodeInvalid, "only a unique index has conditions", at...)
	}
	for _, col := range x.Columns {
		t := typeOfRef(c, col.ColumnRef)
		if t == query.None || col.Fold && t != query.Text {
			k.fault(dossier.CodeInvalid, "a column of the index cannot be in one, or not without the case of its letters", at...)
		}
	}
	for _, cond := range x.Where {
		if !validCondition(typeOfRef(c, cond.ColumnRef), cond) {
			k.fault(dossier.CodeInvalid, "a condition of the index does not fit its column", at...)
		}
	}
}

// typeOfRef is the type of a column that an index looks at, None if none may.
func typeOfRef(c *dossier.Collection, ref dossier.ColumnRef) query.Type {
	if ref.Meta == "" {
		if f, ok := c.FieldByID(ref.Field); ok && f.Type != dossier.TypeTable && !f.IsSecret() {
			return query.TypeOf(f)
		}
		return query.None
	}
	r, err := query.NewScope(nil, c).Resolve(query.Meta(ref.Meta))
	if err != nil || ref.Field != "" || r.Type == query.Decimal {
		return query.None
	}
	return r.Type
}

func validCondition(t query.Type, cond dossier.Condition) bool {
	equality := cond.Op == dossier.Same || cond.Op == dossier.Differs
	if !cond.Op.Valid() || !equality && t != query.Decimal {
		return false
	}
	switch t {
	case query.None:
		return false
	case query.Text:
		return !strings.ContainsRune(cond.Value, 0)
	case query.Decimal:
		_, err := dossier.ParseNumber(cond.Value)
		return cond.Value == "" || err == nil
	case query.Bool:
		return cond.Value == "" || cond.Value == "true" || cond.Value == "false"
	}
	return cond.Value == ""
}

// indexNames finds names that two indexes of the space have.
func (k *completion) indexNames() {
	names := map[string]bool{}
	for _, c := range k.space.Collections {
		for _, x := range c.Indexes {
			name := strings.ToLower(x.Name)
			if names[name] {
				k.fault(dossier.CodeTaken, "two indexes have this name", c.Name, "indexes", x.Name)
			}
			names[name] = true
		}
	}
}

// follow is the indexes of want, whose fields now have the IDs of merged: field by field in the same order, as far as want goes.
func follow(indexes []dossier.Index, want, merged []*dossier.Field) []dossier.Index {
	move := moved(want, merged)
	out := slices.Clone(indexes)
	for i := range out {
		x := &out[i]
		x.Columns, x.Where = slices.Clone(x.Columns), slices.Clone(x.Where)
		for j := range x.Columns {
			move(&x.Columns[j].ColumnRef)
		}
		for j := range x.Where {
			move(&x.Where[j].ColumnRef)
		}
	}
	return out
}

// moved makes a reference to a field of want one to that of merged.
func moved(want, merged []*dossier.Field) func(*dossier.ColumnRef) {
	ids := map[dossier.ID]dossier.ID{}
	for i, f := range want {
		if f.ID != "" {
			ids[f.ID] = merged[i].ID
		}
	}
	return func(ref *dossier.ColumnRef) {
		if id, ok := ids[ref.Field]; ok {
			ref.Field = id
		}
	}
}
