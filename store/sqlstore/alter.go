package sqlstore

import (
	"database/sql/driver"
	"time"

	"dossier"
	"dossier/query"
)

// alter changes the table from what old says to what c says. Fields are matched by ID; a rename changes no column.
func (t collections) alter(old, c *dossier.Collection) error {
	if old.Kind != c.Kind {
		return dossier.Errorf(dossier.Unsupported, "a collection does not change its kind")
	}
	n, err := t.table(c)
	if err != nil {
		return err
	}
	t.note(c.ID, n)
	if c.Kind == dossier.View {
		return nil
	}
	a := alteration{tx: t.tx, id: c.ID, table: tableName(n)}
	if err := a.check(old.Fields, c.Fields); err != nil {
		return err
	}
	had, err := a.store.flavor.indexStatements(a.table, old)
	if err != nil {
		return err
	}
	has, err := a.store.flavor.indexStatements(a.table, c)
	if err != nil {
		return err
	}
	if err := a.dropIndexes(had, has); err != nil {
		return err
	}
	if err := a.fields(old, c); err != nil {
		return err
	}
	return a.makeIndexes(had, has)
}

// fields removes, adds and changes the columns of fields.
func (a alteration) fields(old, c *dossier.Collection) error {
	for _, was := range old.Fields {
		if fieldByID(c.Fields, was.ID) == nil {
			if err := a.drop(was); err != nil {
				return err
			}
		}
	}
	if err := a.renameUses(old.Fields, c.Fields); err != nil {
		return err
	}
	for _, f := range c.Fields {
		var err error
		if was := fieldByID(old.Fields, f.ID); was == nil {
			err = a.add(f)
		} else {
			err = a.change(was, f)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func fieldByID(fields []*dossier.Field, id dossier.ID) *dossier.Field {
	for _, f := range fields {
		if f.ID == id {
			return f
		}
	}
	return nil
}

// An alteration changes the table of one collection.
type alteration struct {
	*tx
	id    dossier.ID
	table string
}

// check refuses what cannot be changed, before anything is.
func (a alteration) check(old, fields []*dossier.Field) error {
	for _, f := range fields {
		was := fieldByID(old, f.ID)
		if was == nil {
			continue
		}
		if was.Type != f.Type || was.Number != f.Number {
			return &dossier.Error{Kind: dossier.Unsupported, Msg: "a field does not change its type or number",
				Problems: []dossier.Problem{{Path: []string{f.Name}, Code: dossier.CodeInvalid}}}
		}
		if err := a.check(was.Fields, f.Fields); err != nil {
			return err
		}
	}
	return nil
}

// run runs a statement that is not worth keeping.
func (a alteration) run(sql ...string) error { return a.session.script(sql...) }

func (a alteration) add(f *dossier.Field) error {
	c := newColumn(f)
	for _, part := range a.store.flavor.parts(c) {
		if err := a.run("ALTER TABLE " + a.table + " ADD COLUMN " + part); err != nil {
			return err
		}
	}
	return a.run(a.store.flavor.createIndex(a.table, c)...)
}

// drop removes a field's column with its values. Its files fall back to uploads whose lease ended long ago.
func (a alteration) drop(f *dossier.Field) error {
	c := newColumn(f)
	if err := a.release(time.UnixMilli(0), "collection = ? AND field = ?", string(a.id), f.Name); err != nil {
		return err
	}
	if err := a.dropCounters("auto/" + string(f.ID)); err != nil {
		return err
	}
	if err := a.unlink(c); err != nil {
		return err
	}
	if err := a.dropIndex(c); err != nil {
		return err
	}
	names := []string{c.name}
	if isNumber(c.typ) {
		names = append(names, c.name+digits)
	}
	for _, name := range names {
		if err := a.run("ALTER TABLE " + a.table + " DROP COLUMN " + name); err != nil {
			return err
		}
	}
	return nil
}

func (a alteration) dropIndex(c column) error {
	if indexKind(c) == noIndex {
		return nil
	}
	return a.run("DROP INDEX " + indexName(a.table, c))
}

// change makes the field was into f.
func (a alteration) change(was, f *dossier.Field) error {
	from, to := newColumn(was), newColumn(f)
	reindex := indexKind(from) != indexKind(to)
	if reindex {
		if err := a.dropIndex(from); err != nil {
			return err
		}
	}
	if err := a.convert(from, to); err != nil {
		return err
	}
	if reindex && to.unique() && to.typ == query.Text {
		if err := a.run("UPDATE " + a.table + " SET " + to.name + " = NULL WHERE " + to.name + " = ''"); err != nil {
			return err // empty texts do not clash
		}
	}
	if reindex {
		return exists(f, a.run(a.store.flavor.createIndex(a.table, to)...))
	}
	return nil
}

// convert rewrites the cells of a field whose values have another form: one that turns single or multiple, and a table with such a
// field or one less.
func (a alteration) convert(from, to column) error {
	if from.typ == to.typ && (from.typ != query.Rows || sameRows(from.field.Fields, to.field.Fields)) {
		return nil
	}
	if err := a.releaseInner(from.field, to.field); err != nil {
		return err
	}
	if err := a.unlink(from); err != nil {
		return err
	}
	type change struct {
		number int64
		cell   any
		list   dossier.List
	}
	var changes []change
	var d decoder
	err := a.each("SELECT number, "+from.name+" FROM "+a.table+" WHERE "+from.name+" IS NOT NULL", nil, func(row []driver.Value) error {
		v, err := d.value(from.field, from.typ, row[1], nil)
		if err != nil {
			return err
		}
		v = converted(from.field, to.field, v)
		list, _ := v.(dossier.List)
		cell, _, err := toCell(to.field, v)
		changes = append(changes, change{integer(row[0]), cell, list})
		return err
	})
	if err != nil {
		return err
	}
	for _, c := range changes {
		if _, err := a.exec("UPDATE "+a.table+" SET "+to.name+" = ? WHERE number = ?", c.cell, c.number); err != nil {
			return exists(to.field, err)
		}
		if !to.linked() {
			continue
		}
		if err := a.addLinks(to.field, c.number, c.list, nil); err != nil {
			return err
		}
	}
	return nil
}

// sameRows reports whether rows of the one table are rows of the other.
func sameRows(old, fields []*dossier.Field) bool {
	for _, was := range old {
		f := fieldByID(fields, was.ID)
		if f == nil || query.TypeOf(f) != query.TypeOf(was) {
			return false
		}
	}
	return true
}

// releaseInner drops the uses of file fields that a table loses.
func (a alteration) releaseInner(was, f *dossier.Field) error {
	for _, g := range was.Fields {
		if g.IsFile() && fieldByID(f.Fields, g.ID) == nil {
			// renameUses has already given the uses the table's new name
			if err := a.release(time.UnixMilli(0), "collection = ? AND field = ? AND inside = ?", string(a.id), f.Name, g.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

// converted is v, a value of was, as a value of f: a list's last element, or a list of one. Rows keep the fields there still are.
func converted(was, f *dossier.Field, v dossier.Value) dossier.Value {
	switch v := v.(type) {
	case dossier.Text:
		if query.TypeOf(f) == query.List {
			return dossier.List{string(v)}
		}
	case dossier.List:
		if query.TypeOf(f) == query.Text && len(v) > 0 {
			return dossier.Text(v[len(v)-1])
		}
	case dossier.Rows:
		out := make(dossier.Rows, len(v))
		for i, row := range v {
			out[i] = dossier.Row{ID: row.ID, Values: map[string]dossier.Value{}}
			for _, g := range was.Fields {
				if to := fieldByID(f.Fields, g.ID); to != nil {
					out[i].Values[to.Name] = converted(g, to, row.Values[g.Name])
				}
			}
		}
		return out
	}
	return v
}

// renameUses gives the uses of renamed fields their new names.
func (a alteration) renameUses(old, fields []*dossier.Field) error {
	outer := map[string]string{}
	for _, f := range fields {
		was := fieldByID(old, f.ID)
		if was == nil || !was.HoldsFiles() {
			continue
		}
		inner := map[string]string{}
		for _, g := range f.Fields {
			if w := fieldByID(was.Fields, g.ID); w != nil {
				inner[w.Name] = g.Name
			}
		}
		if err := a.rename("inside", inner, " AND field = ?", was.Name); err != nil {
			return err
		}
		outer[was.Name] = f.Name
	}
	return a.rename("field", outer, "")
}

// rename changes the names in a column of uses, by way of names that no field has, so that two may change places.
func (a alteration) rename(column string, names map[string]string, where string, args ...any) error {
	for _, prefix := range [][2]string{{"", "/"}, {"/", ""}} {
		for from, to := range names {
			if from == to {
				continue
			}
			if prefix[0] != "" {
				from = to
			}
			sql := "UPDATE uses SET " + column + " = ? WHERE collection = ? AND " + column + " = ?" + where
			if _, err := a.exec(sql, append([]any{prefix[1] + to, string(a.id), prefix[0] + from}, args...)...); err != nil {
				return err
			}
		}
	}
	return nil
}
