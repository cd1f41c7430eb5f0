package sqlstore

import (
	"database/sql/driver"
	"slices"
	"strconv"
	"strings"

	"dossier"
	"dossier/query"
)

// The table links follows the lists of multiple relations: a row for each field, target and record, so that the records that
// refer to a target are found without reading every list. Single relations have an index.

// linked reports whether links follows the column.
func (c column) linked() bool { return c.field.IsRelation() && c.typ == query.List }

// links is the number of a record and the lists that links follows, nil if there are none to follow or no such record.
func (r *records) links(l *layout, id dossier.ID) (number int64, lists map[string]dossier.Value, err error) {
	if len(l.linked) == 0 {
		return 0, nil, nil
	}
	names := make([]string, len(l.linked))
	for i, c := range l.linked {
		names[i] = c.name
	}
	lists = map[string]dossier.Value{}
	_, err = r.tx.one("SELECT number, "+strings.Join(names, ", ")+" FROM "+l.table+" WHERE id = ?", []any{string(id)},
		func(row []driver.Value) error {
			number = integer(row[0])
			for i, c := range l.linked {
				if row[i+1] == nil {
					continue
				}
				list, err := parseList(text(row[i+1]))
				if err != nil {
					return err
				}
				lists[c.field.Name] = list
			}
			return nil
		})
	return number, lists, err
}

// link makes links follow a record whose lists change from old to values.
func (t *tx) link(l *layout, number int64, old, values map[string]dossier.Value) error {
	for _, c := range l.linked {
		was, _ := old[c.field.Name].(dossier.List)
		is, _ := values[c.field.Name].(dossier.List)
		for _, target := range was {
			if slices.Contains(is, target) {
				continue
			}
			if _, err := t.exec("DELETE FROM links WHERE field = ? AND target = ? AND number = ?", c.field.Number, target, number); err != nil {
				return err
			}
		}
		if err := t.addLinks(c.field, number, is, was); err != nil {
			return err
		}
	}
	return nil
}

// addLinks adds rows for the targets of a list but those of another one.
func (t *tx) addLinks(f *dossier.Field, number int64, list, but dossier.List) error {
	for _, target := range list {
		if slices.Contains(but, target) {
			continue
		}
		if _, err := t.exec("INSERT INTO links (field, target, number) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", f.Number, target, number); err != nil {
			return err
		}
	}
	return nil
}

// unlink forgets the rows of a field.
func (t *tx) unlink(c column) error {
	if !c.linked() {
		return nil
	}
	_, err := t.exec("DELETE FROM links WHERE field = ?", c.field.Number)
	return err
}

// linkedTo compiles a Some over a multiple relation of the record at hand that asks for related records by their IDs alone. ok is
// false if it is none.
func (c *compiler) linkedTo(at *frame, r query.Range, where query.Filter) (sql string, ok bool, err error) {
	ids := askedIDs(where)
	if len(ids) == 0 || at.row || at.view || r.Kind != query.OverRelated || len(r.Column.Steps) > 0 || r.Column.Type != query.List {
		return "", false, nil
	}
	table, err := c.tx.tableOf(r.Collection)
	if err != nil {
		return "", false, err
	}
	l, target := c.alias(), c.alias()
	params := make([]string, len(ids))
	for i, id := range ids {
		params[i] = c.arg(id)
	}
	return at.alias + ".number IN (SELECT " + l + ".number FROM links " + l + " JOIN " + table + " " + target + " ON " + target + ".id = " + l +
		".target WHERE " + l + ".field = " + strconv.FormatInt(r.Column.Field.Number, 10) + " AND " + l + ".target IN (" +
		strings.Join(params, ", ") + "))", true, nil
}

// askedIDs are the IDs of which the element's must be one, nil if the filter asks for anything else.
func askedIDs(where query.Filter) []string {
	switch f := where.(type) {
	case query.Compare:
		l, ok := f.Right.(query.Literal)
		if ok && f.Op == query.Eq && isElementID(f.Left) {
			return literalIDs(l.Value)
		}
	case query.In:
		if isElementID(f.Of) {
			return literalIDs(f.Values...)
		}
	}
	return nil
}

func isElementID(o query.Operand) bool {
	if _, ok := o.(query.Element); ok {
		return true
	}
	col, ok := o.(query.Column)
	return ok && col.Meta && len(col.Path) == 0 && col.Name == query.ID
}

func literalIDs(values ...dossier.Value) (ids []string) {
	for _, v := range values {
		id, ok := v.(dossier.Text)
		if !ok {
			return nil
		}
		ids = append(ids, string(id))
	}
	return ids
}
