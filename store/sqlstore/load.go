package sqlstore

import (
	"bufio"
	"bytes"
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"dossier"
	"dossier/store"
)

// The bounds of reading a dump.
const (
	loadRows    = 500       // in one transaction, at most
	loadBytes   = 8 << 20   // of lines in one transaction, about
	maxLoadLine = 512 << 20 // bytes of a line: a record's texts are not longer
)

// Load lays the rows of a dump into this store, which holds nothing.
func (s *Store) Load(ctx context.Context, r io.Reader) (rows int64, err error) {
	l := &loader{store: s, in: bufio.NewReaderSize(r, 64<<10), left: map[string]bool{}, made: map[string]*dossier.Collection{}}
	if err := l.begin(ctx); err != nil {
		return 0, l.explain(err)
	}
	if err := l.readTables(ctx); err != nil {
		return 0, l.explain(err)
	}
	return l.rows, l.explain(l.finish(ctx))
}

// A loader reads a dump.
type loader struct {
	store  *Store
	in     *bufio.Reader
	line   int64 // that was read last, from 1
	schema int64 // of the dump
	rows   int64
	table  *loadTable
	left   map[string]bool                // tables that are still to come
	made   map[string]*dossier.Collection // by the name of the table
	ids    map[dossier.ID]int64
	failed error // of the reader
}

// A loadTable is the table that is being filled.
type loadTable struct {
	tableHead
	insert  string
	indexes []string
	rows    [][]any // read, and not yet written
	bytes   int     // of them
}

// explain says in which line a dump is wrong. What the dump is not to blame for stays as it is.
func (l *loader) explain(err error) error {
	switch dossier.KindOf(err) {
	case "", dossier.Full, dossier.Busy, dossier.Canceled, dossier.Unsupported:
		return err
	}
	if l.failed != nil && errors.Is(err, l.failed) {
		return err
	}
	return dossier.Errorf(dossier.Invalid, "rows, line %d: %w", l.line, err)
}

func broken(format string, args ...any) error {
	return dossier.Errorf(dossier.Invalid, format, args...)
}

// next reads a line without its end. At the end of the input it is an error: a dump ends with a tail.
func (l *loader) next() ([]byte, error) {
	l.line++
	var whole []byte
	for {
		part, err := l.in.ReadSlice('\n')
		switch {
		case err == nil && whole == nil:
			return part[:len(part)-1], nil
		case err == nil:
			return append(whole, part[:len(part)-1]...), nil
		case err == io.EOF:
			return nil, broken("the rows end too early")
		case !errors.Is(err, bufio.ErrBufferFull):
			l.failed = err
			return nil, err
		case len(whole) > maxLoadLine:
			return nil, broken("a line is longer than %d bytes", maxLoadLine)
		}
		whole = append(whole, part...)
	}
}

// begin reads the head and makes the tables of its schema.
func (l *loader) begin(ctx context.Context) error {
	line, err := l.next()
	if err != nil {
		return err
	}
	var head dumpHead
	if err := strict(line, &head); err != nil {
		return err
	}
	switch l.schema = head.Schema; {
	case l.schema < 1:
		return broken("no schema version")
	case l.schema > int64(len(migrations)):
		return dossier.Errorf(dossier.Unsupported,
			"the rows have schema version %d, this version of dossier knows %d: use a newer one", l.schema, len(migrations))
	}
	for _, name := range fixedTables(l.schema) {
		l.left[name] = true
	}
	return l.update(ctx, l.reset)
}

// update runs fn in a transaction.
func (l *loader) update(ctx context.Context, fn func(*tx) error) error {
	return l.store.Update(ctx, func(t store.Tx) error { return fn(t.(*tx)) })
}

// reset makes the tables what they were in the dump's version.
func (l *loader) reset(t *tx) error {
	for _, table := range []string{"collections", "meta", "files"} {
		used, err := t.one("SELECT 1 FROM "+table, nil, func([]driver.Value) error { return nil })
		if err != nil {
			return err
		}
		if used {
			return dossier.Errorf(dossier.Unsupported, "rows are loaded into an empty store only")
		}
	}
	for _, name := range fixedTables(int64(len(migrations))) {
		if err := t.session.script("DROP TABLE " + name); err != nil {
			return err
		}
	}
	if err := runSteps(t.session, migrations[:l.schema]); err != nil {
		return err
	}
	_, err := t.exec("DELETE FROM counters") // the dump has them all
	return err
}

// readTables reads all tables, up to the tail.
func (l *loader) readTables(ctx context.Context) error {
	for {
		line, err := l.next()
		if err != nil {
			return err
		}
		if len(line) > 0 && line[0] == '[' {
			if err := l.add(ctx, line); err != nil {
				return err
			}
			continue
		}
		if err := l.endTable(ctx); err != nil {
			return err
		}
		if bytes.HasPrefix(line, []byte(`{"rows"`)) {
			return l.end(line)
		}
		if err := l.beginTable(ctx, line); err != nil {
			return err
		}
	}
}

// end reads the tail, after which nothing comes.
func (l *loader) end(line []byte) error {
	var tail dumpTail
	if err := strict(line, &tail); err != nil {
		return err
	}
	if tail.Rows != l.rows {
		return broken("%d rows instead of %d", l.rows, tail.Rows)
	}
	for name := range l.left {
		return broken("there is no table %s", name)
	}
	switch _, err := l.in.ReadByte(); err {
	case io.EOF:
		return nil
	case nil:
		return broken("something follows the end")
	default:
		l.failed = err
		return err
	}
}

// beginTable reads a table's head, and makes the table if it is one of records.
func (l *loader) beginTable(ctx context.Context, line []byte) error {
	table := &loadTable{}
	if err := strict(line, &table.tableHead); err != nil {
		return err
	}
	if !l.left[table.Table] {
		return broken("there is no table %.50q to fill", table.Table)
	}
	delete(l.left, table.Table)
	err := l.update(ctx, func(t *tx) error { return l.prepare(t, table) })
	l.table = table
	return err
}

func (l *loader) prepare(t *tx, table *loadTable) error {
	if c := l.made[table.Table]; c != nil {
		number, err := strconv.ParseInt(table.Table[2:], 10, 64)
		if err != nil {
			return err
		}
		script, err := t.store.flavor.createTable(c, number)
		if err != nil {
			return err
		}
		table.indexes = script[1:]
		if err := t.session.script(script[0]); err != nil {
			return err
		}
	}
	have, err := t.session.columns("SELECT * FROM " + table.Table)
	if err != nil {
		return err
	}
	for i, name := range table.Columns {
		if !slices.Contains(have, name) || slices.Contains(table.Columns[:i], name) {
			return broken("%s has no column %.50q, or has it twice", table.Table, name)
		}
	}
	if len(table.Columns) != len(have) {
		return broken("%s has the columns %s", table.Table, strings.Join(have, ", "))
	}
	table.insert = t.store.flavor.sql("INSERT INTO " + table.Table + " (" + strings.Join(table.Columns, ", ") + ") VALUES (?" +
		strings.Repeat(", ?", len(table.Columns)-1) + ")")
	return nil
}

// add reads a row, and writes what was read when it is enough.
func (l *loader) add(ctx context.Context, line []byte) error {
	table := l.table
	if table == nil {
		return broken("a row stands before the first table")
	}
	var cells []loadCell
	if err := json.Unmarshal(line, &cells); err != nil {
		return broken("no row: %w", err)
	}
	if len(cells) != len(table.Columns) {
		return broken("a row of %s has %d cells", table.Table, len(cells))
	}
	row := make([]any, len(cells))
	for i, c := range cells {
		row[i] = c.value
	}
	table.rows = append(table.rows, row)
	l.rows++
	if table.bytes += len(line); len(table.rows) < loadRows && table.bytes < loadBytes {
		return nil
	}
	return l.flush(ctx)
}

// flush writes the rows that were read.
func (l *loader) flush(ctx context.Context) error {
	table := l.table
	err := l.update(ctx, func(t *tx) error {
		for _, row := range table.rows {
			if _, err := t.session.exec(table.insert, row...); err != nil {
				return err
			}
		}
		return nil
	})
	table.rows, table.bytes = nil, 0
	return err
}

// endTable finishes the table that was filled, if there is one.
func (l *loader) endTable(ctx context.Context) error {
	table := l.table
	if table == nil {
		return nil
	}
	if err := l.flush(ctx); err != nil {
		return err
	}
	serial := serials[table.Table]
	if l.made[table.Table] != nil {
		serial = recordsKey
	}
	return l.update(ctx, func(t *tx) error {
		if err := t.session.script(table.indexes...); err != nil {
			return err
		}
		if table.Table == "collections" {
			if err := l.expect(t); err != nil {
				return err
			}
		}
		if serial == "" || table.Last == 0 {
			return nil
		}
		return t.session.script(t.store.flavor.SetSerial(table.Table, serial, table.Last)...)
	})
}

// expect notes which tables of records are to come.
func (l *loader) expect(t *tx) error {
	l.ids = map[dossier.ID]int64{}
	return t.each("SELECT tbl, definition, id FROM collections", nil, func(row []driver.Value) error {
		c, err := decodeCollection(text(row[1]))
		if err != nil {
			return err
		}
		if integer(row[0]) < 1 || string(c.ID) != text(row[2]) {
			return broken("collection %.50q has no table, or another ID", c.Name)
		}
		l.ids[c.ID] = integer(row[0])
		if c.Kind != dossier.View {
			name := tableName(integer(row[0]))
			l.left[name], l.made[name] = true, c
		}
		return nil
	})
}

// finish brings the tables up to date and lets the store know of them.
func (l *loader) finish(ctx context.Context) error {
	return l.update(ctx, func(t *tx) error {
		for id, number := range l.ids {
			t.note(id, number)
		}
		return runSteps(t.session, migrations[l.schema:])
	})
}

// strict reads an object that has no other members than v knows.
func strict(line []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return broken("%w", err)
	}
	if _, err := d.Token(); err != io.EOF { // More takes a stray bracket for the end
		return broken("more than one value")
	}
	return nil
}

// A loadCell is a cell of a row as a statement takes it.
type loadCell struct{ value any }

// UnmarshalJSON reads a text, an integer, null, or a text that is not UTF-8.
func (c *loadCell) UnmarshalJSON(b []byte) error {
	switch b[0] {
	case 'n':
		return nil
	case '"':
		var s string
		err := json.Unmarshal(b, &s)
		c.value = s
		return err
	case '{':
		var t brokenText
		err := strict(b, &t)
		c.value = string(t.Base64)
		return err
	}
	n, err := strconv.ParseInt(string(b), 10, 64)
	c.value = n
	return err
}
