package sqlstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"strings"
	"time"

	"dossier"
)

// collections are the definitions, with the tables that hold the records.
type collections struct{ *tx }

// List returns all collections in order of their numbers.
func (t collections) List(context.Context) ([]*dossier.Collection, error) {
	var out []*dossier.Collection
	err := t.each("SELECT definition FROM collections ORDER BY number", nil, func(row []driver.Value) error {
		c, err := decodeCollection(text(row[0]))
		out = append(out, c)
		return err
	})
	return out, err
}

// Put creates the collection or changes it to what c says.
func (t collections) Put(_ context.Context, c *dossier.Collection) error {
	if err := t.free(c); err != nil {
		return err
	}
	old, err := t.stored(c.ID)
	if err != nil {
		return err
	}
	def, err := encodeCollection(c)
	if err != nil {
		return err
	}
	if old == nil {
		return t.create(c, def)
	}
	_, err = t.exec("UPDATE collections SET number = ?, name = ?, definition = ? WHERE id = ?", c.Number, nameKey(c), def, string(c.ID))
	if err != nil {
		return err
	}
	return t.alter(old, c)
}

// nameKey is what of a name must differ.
func nameKey(c *dossier.Collection) string { return strings.ToLower(c.Name) }

// free reports whether another collection has c's name or number.
func (t collections) free(c *dossier.Collection) error {
	var problems []dossier.Problem
	err := t.each("SELECT number, name FROM collections WHERE (number = ? OR name = ?) AND id <> ?",
		[]any{c.Number, nameKey(c), string(c.ID)}, func(row []driver.Value) error {
			if integer(row[0]) == c.Number {
				problems = append(problems, dossier.Problem{Path: []string{"number"}, Code: dossier.CodeTaken})
			}
			if text(row[1]) == nameKey(c) {
				problems = append(problems, dossier.Problem{Path: []string{"name"}, Code: dossier.CodeTaken})
			}
			return nil
		})
	if err == nil && problems != nil {
		err = &dossier.Error{Kind: dossier.Exists, Msg: "another collection has that name or number", Problems: problems}
	}
	return err
}

// stored is the collection as it is kept, nil if it is not.
func (t collections) stored(id dossier.ID) (c *dossier.Collection, err error) {
	_, err = t.one("SELECT definition FROM collections WHERE id = ?", []any{string(id)}, func(row []driver.Value) (err error) {
		c, err = decodeCollection(text(row[0]))
		return err
	})
	return c, err
}

func (t collections) create(c *dossier.Collection, def string) error {
	sql := t.store.flavor.sql("INSERT INTO collections (id, number, name, definition) VALUES (?, ?, ?, ?)")
	n, err := t.session.insert(sql, "tbl", []any{string(c.ID), c.Number, nameKey(c), def})
	if err != nil {
		return err
	}
	t.note(c.ID, n)
	if c.Kind == dossier.View {
		return nil
	}
	script, err := t.store.flavor.createTable(c, n)
	if err != nil {
		return err
	}
	return t.session.script(script...)
}

// createTable are the statements that make the table of c, and then its indexes. An index that cannot be is dossier.Invalid.
func (f *Flavor) createTable(c *dossier.Collection, n int64) ([]string, error) {
	columns := "number {serial}, id {text} NOT NULL UNIQUE, revision {int} NOT NULL, created {int} NOT NULL, updated {int} NOT NULL, " +
		"created_by {text}, updated_by {text}"
	if c.Kind == dossier.Auth {
		columns += ", email {text}, email_visible {int} NOT NULL, verified {int} NOT NULL, password_hash {text} NOT NULL, " +
			"token_key {text} NOT NULL, " + emailKey + " {text} UNIQUE"
	}
	indexes := []string{"CREATE INDEX i" + tableName(n)[1:] + "_created ON " + tableName(n) + " (created" + f.IndexTail + ")"}
	for _, field := range c.Fields {
		col := newColumn(field)
		for _, part := range f.parts(col) {
			columns += ", " + part
		}
		indexes = append(indexes, f.createIndex(tableName(n), col)...)
	}
	script := append([]string{f.types("CREATE TABLE " + tableName(n) + " (" + columns + ")")}, indexes...)
	made, err := f.indexStatements(tableName(n), c)
	for _, x := range made {
		script = append(script, x.sql)
	}
	return script, err
}

// parts are the definitions of the one or two columns of a field.
func (f *Flavor) parts(c column) []string {
	switch {
	case isInteger(c.typ):
		return []string{c.name + " " + f.Integer}
	case isNumber(c.typ):
		return []string{c.name + " " + f.Text, c.name + digits + " " + f.Text}
	}
	return []string{c.name + " " + f.Text}
}

// createIndex are the statements that make the index of a field, if it has one. A unique index that no order needs leaves the empty
// values out.
func (f *Flavor) createIndex(table string, c column) []string {
	name := indexName(table, c)
	switch indexKind(c) {
	case uniqueIndex:
		return []string{"CREATE UNIQUE INDEX " + name + " ON " + table + " (" + c.name + ") WHERE " + c.name + " IS NOT NULL"}
	case uniqueOrder:
		return []string{"CREATE UNIQUE INDEX " + name + " ON " + table + " (" + c.name + ")"}
	case plainIndex:
		return []string{"CREATE INDEX " + name + " ON " + table + " (" + c.name + f.IndexTail + ")"}
	}
	return nil
}

func indexName(table string, c column) string { return "i" + table[1:] + "_" + c.name }

// An index is what a field's column has.
type index int

const (
	noIndex index = iota
	uniqueIndex
	uniqueOrder
	plainIndex
)

func indexKind(c column) index {
	single := c.field.IsRelation() && !c.field.Multiple()
	switch {
	case c.unique() && c.field.Indexed:
		return uniqueOrder
	case c.unique():
		return uniqueIndex
	case (c.field.Indexed || single) && c.canIndex():
		return plainIndex
	}
	return noIndex
}

// canIndex reports whether filters and sorts compare the column.
func (c column) canIndex() bool {
	return !c.field.IsFile() && c.field.Type != dossier.TypeTable && !c.field.IsSecret()
}

// Delete removes the collection with all its records; their files fall back to expired uploads.
func (t collections) Delete(_ context.Context, c *dossier.Collection, now time.Time) error {
	old, err := t.stored(c.ID)
	if err != nil {
		return err
	}
	if old == nil {
		return noCollection(c)
	}
	n, err := t.table(c)
	if err != nil {
		return err
	}
	if err := t.release(now, "collection = ?", string(c.ID)); err != nil {
		return err
	}
	if _, err := t.exec("DELETE FROM collections WHERE id = ?", string(c.ID)); err != nil {
		return err
	}
	t.note(c.ID, 0)
	if old.Kind == dossier.View {
		return nil
	}
	names := []string{"rows/" + string(c.ID)}
	for _, f := range old.Fields {
		names = append(names, "auto/"+string(f.ID))
		if err := t.unlink(newColumn(f)); err != nil {
			return err
		}
	}
	if err := t.dropCounters(names...); err != nil {
		return err
	}
	return t.session.script("DROP TABLE " + tableName(n))
}

// exists turns the unique violation of a new index into one of the field.
func exists(f *dossier.Field, err error) error {
	if !errors.Is(err, dossier.Exists) {
		return err
	}
	return &dossier.Error{Kind: dossier.Exists, Msg: "two records have the same " + f.Name, Err: err,
		Problems: []dossier.Problem{{Path: []string{f.Name}, Code: dossier.CodeNotUnique}}}
}
