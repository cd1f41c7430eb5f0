package kintone

import (
	"context"
	"strconv"
	"time"

	"dossier"
	"dossier/access"
	"dossier/core"
)

// A draft is what a request wants to put into one record, by field name. Tables stand apart: what their rows become depends on
// the rows that are there.
type draft struct {
	values   map[string]dossier.Value
	tables   map[string][]rowDraft
	by       *core.Authorship
	problems []dossier.Problem
	missing  []dossier.Problem     // required values that core was told not to ask for
	keys     map[dossier.ID]string // the file keys as they were sent
}

// A rowDraft is a table's row as it was sent: id 0 is a new one.
type rowDraft struct {
	id     int64
	values map[string]dossier.Value
}

// authored are the built-in fields that a new record can be given, by those who may.
var authored = map[fieldType]bool{typeCreator: true, typeModifier: true, typeCreatedTime: true, typeUpdatedTime: true}

// decodeRecord reads a "record" object. Unknown codes and read-only fields are ignored; the authors and times count for a new
// record only.
func (c *call) decodeRecord(f form, raw any, adding bool) (*draft, error) {
	d := &draft{values: map[string]dossier.Value{}, tables: map[string][]rowDraft{}, keys: map[dossier.ID]string{}}
	if raw == nil {
		return d, nil
	}
	object, ok := raw.(map[string]any)
	if !ok {
		return nil, errKind
	}
	dec := &decoder{ctx: c.ctx(), find: newRelated(c.h.svc, c.space, c.who), adding: adding, keys: d.keys}
	for code, raw := range object {
		if field, ok := f.field(code); ok {
			if err := d.read(dec, field, raw); err != nil {
				return nil, err
			}
		} else if b, ok := f.builtin(code); ok && adding && authored[b.typ] {
			if err := d.sign(c, dec, f.c, b, raw); err != nil {
				return nil, err
			}
		}
	}
	d.problems = dec.problems
	return d, nil
}

// cellValue is the "value" of a field in a request.
func cellValue(raw any) (v any, given bool, err error) {
	object, ok := raw.(map[string]any)
	if !ok {
		return nil, false, errKind
	}
	v, given = object["value"]
	return v, given, nil
}

// codeNoValue is the problem of a field that is named without a value.
const codeNoValue dossier.Code = "no_value"

func (d *draft) read(dec *decoder, f *dossier.Field, raw any) error {
	t := typeOf(f)
	if t == typeCalc {
		return nil
	}
	dec.path = append(dec.path[:0], f.Name)
	v, given, err := cellValue(raw)
	if err != nil {
		return err
	}
	if !given {
		dec.note(codeNoValue, nil)
		return nil
	}
	if t == typeTable {
		rows, err := dec.rows(f, v)
		if err != nil {
			return err
		}
		d.tables[f.Name] = rows
		return nil
	}
	d.values[f.Name], err = dec.decode(f, v)
	return err
}

// rows reads a table's rows as they are sent. The ids of a new record's rows count for nothing.
func (d *decoder) rows(table *dossier.Field, v any) ([]rowDraft, error) {
	list, ok := v.([]any)
	if v != nil && !ok {
		return nil, errKind
	}
	d.inTable = true
	defer func() { d.inTable = false }()
	seen := map[int64]bool{}
	out := make([]rowDraft, 0, len(list))
	for i, v := range list {
		object, ok := v.(map[string]any)
		if !ok {
			return nil, errKind
		}
		row, err := d.row(table, i, object)
		if err != nil {
			return nil, err
		}
		if row.id != 0 && seen[row.id] && !d.adding {
			return nil, fail(codeSameRow, table.Code, decimal(row.id))
		}
		seen[row.id] = true
		out = append(out, row)
	}
	return out, nil
}

func (d *decoder) row(table *dossier.Field, i int, object map[string]any) (rowDraft, error) {
	row := rowDraft{values: map[string]dossier.Value{}}
	if id := object["id"]; id != nil && id != "" {
		n, ok := integer(id)
		if !ok {
			return row, errKind
		}
		row.id = max(n, 0) // no row has a negative one
	}
	cells, ok := object["value"].(map[string]any)
	if !ok && object["value"] != nil {
		return row, errKind
	}
	for code, raw := range cells {
		f, ok := fieldByCode(table.Fields, code)
		if !ok || typeOf(f) == typeCalc {
			continue
		}
		v, given, err := cellValue(raw)
		if err != nil {
			return row, err
		}
		d.path = append(d.path[:0], table.Name, strconv.Itoa(i), f.Name)
		if !given {
			d.note(codeNoValue, nil)
			continue
		}
		if row.values[f.Name], err = d.decode(f, v); err != nil {
			return row, err
		}
	}
	return row, nil
}

// sign reads an author or time of a new record, which needs the right to manage the app.
func (d *draft) sign(c *call, dec *decoder, app *dossier.Collection, b builtin, raw any) error {
	v, given, err := cellValue(raw)
	if err != nil || !given || v == nil || v == "" {
		return err
	}
	if !c.who.Has(app, access.RightManage) {
		return fail(deniedTo(c.who))
	}
	if d.by == nil {
		d.by = &core.Authorship{}
	}
	if b.typ == typeCreator || b.typ == typeModifier {
		object, _ := v.(map[string]any)
		login, ok := object["code"].(string)
		if !ok {
			return errKind
		}
		return d.author(c.ctx(), c, b.typ, login)
	}
	s, ok := v.(string)
	if !ok {
		return errKind
	}
	at, ok := parseInstant(s)
	if !ok {
		dec.path = append(dec.path[:0], b.code)
		dec.note(dossier.CodeInvalid, nil)
		return nil
	}
	if b.typ == typeCreatedTime {
		d.by.Created = at.(dossier.Instant)
	} else {
		d.by.Updated = at.(dossier.Instant)
	}
	return nil
}

func (d *draft) author(ctx context.Context, c *call, t fieldType, login string) error {
	if login == nobody.Code {
		login = ""
	} else if who, err := c.h.svc.UserByLogin(ctx, login); err == nil {
		login = who.Login
	} else if dossier.KindOf(err) != dossier.NotFound {
		return err
	}
	if t == typeCreator {
		d.by.CreatedBy = login
	} else {
		d.by.UpdatedBy = login
	}
	return nil
}

// create is the change that makes a record of the draft. now is the local time of its defaults.
func (d *draft) create(c *dossier.Collection, now time.Time) core.Change {
	values := copyValues(d.values)
	for name, rows := range d.tables {
		table, _ := c.Field(name)
		values[name] = newRows(table, rows, now)
	}
	return core.Change{Values: values, By: d.by, Loose: d.excuse(c, func(f *dossier.Field) dossier.Value {
		if v, given := values[f.Name]; given {
			return v
		}
		return f.DefaultAt(now.Truncate(time.Minute))
	})}
}

// excuse reports whether required fields may stay empty, because one of them is a radio button, of which nothing is asked. The
// others that after leaves empty become problems then.
func (d *draft) excuse(c *dossier.Collection, after func(*dossier.Field) dossier.Value) bool {
	d.missing = nil
	excused := false
	for _, f := range c.Fields {
		if !f.Required || f.Type == dossier.TypeAutoNumber || !isUnset(after(f)) {
			continue
		}
		if typeOf(f) == typeRadio {
			excused = true
			continue
		}
		d.missing = append(d.missing, dossier.Problem{Path: []string{f.Name}, Code: dossier.CodeRequired})
	}
	if !excused {
		d.missing = nil // core says so itself
	}
	return excused
}

// isUnset reports whether v does not do for a required field.
func isUnset(v dossier.Value) bool {
	t, isText := v.(dossier.Text)
	return dossier.IsEmpty(v) || isText && t == ""
}

func copyValues(in map[string]dossier.Value) map[string]dossier.Value {
	out := make(map[string]dossier.Value, len(in))
	for name, v := range in {
		out[name] = v
	}
	return out
}

// newRows are rows of a table that has none yet: their ids do not count.
func newRows(table *dossier.Field, rows []rowDraft, now time.Time) dossier.Rows {
	out := make(dossier.Rows, len(rows))
	for i, row := range rows {
		out[i] = dossier.Row{Values: rowDefaults(table, row.values, now)}
	}
	return out
}

// rowDefaults adds what a new row gets in fields that were not sent.
func rowDefaults(table *dossier.Field, sent map[string]dossier.Value, now time.Time) map[string]dossier.Value {
	values := copyValues(sent)
	for _, f := range table.Fields {
		if _, given := values[f.Name]; given {
			continue
		}
		if v := f.DefaultAt(now.Truncate(time.Minute)); v != nil {
			values[f.Name] = v
		}
	}
	return values
}

// update is the change that the draft makes of the record as it is: members of a table's row that were not sent stay.
func (d *draft) update(c *dossier.Collection, was *dossier.Record, now time.Time) core.Change {
	values := copyValues(d.values)
	for name, v := range values {
		if f, ok := c.Field(name); ok && sameParts(f, was.Values[name], v) {
			values[name] = was.Values[name]
		}
	}
	for name, rows := range d.tables {
		table, _ := c.Field(name)
		before, _ := was.Values[name].(dossier.Rows)
		values[name] = mergeRows(table, before, rows, now)
	}
	return core.Change{Values: values, Loose: d.excuse(c, func(f *dossier.Field) dossier.Value {
		if v, given := values[f.Name]; given {
			return v
		}
		return was.Values[f.Name]
	})}
}

// sameParts reports whether two names or addresses look the same: a client that sends back what it has read changes nothing.
func sameParts(f *dossier.Field, was, now dossier.Value) bool {
	a, isA := was.(dossier.JSON)
	b, isB := now.(dossier.JSON)
	return isA && isB && (f.Type == dossier.TypeName || f.Type == dossier.TypeAddress) &&
		showParts(f.Type, a) == showParts(f.Type, b)
}

// mergeRows are the rows that a table then has: those sent, in their order, each over the row it names.
func mergeRows(table *dossier.Field, before dossier.Rows, sent []rowDraft, now time.Time) dossier.Rows {
	known := make(map[int64]dossier.Row, len(before))
	for _, row := range before {
		known[row.ID] = row
	}
	out := make(dossier.Rows, len(sent))
	for i, row := range sent {
		old, ok := known[row.id]
		if !ok {
			out[i] = dossier.Row{Values: rowDefaults(table, row.values, now)}
			continue
		}
		values := copyValues(old.Values)
		for name, v := range row.values {
			values[name] = v
		}
		out[i] = dossier.Row{ID: row.id, Values: values}
	}
	return out
}
