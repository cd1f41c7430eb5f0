package sqlstore

import (
	"bufio"
	"context"
	"database/sql/driver"
	"encoding/base64"
	"encoding/json"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"dossier"
	"dossier/query"
)

// A dump is lines of JSON: first a dumpHead, then for every table a tableHead and its rows, at the end a dumpTail. A row is an array of
// cells as they lie in the columns: a text, an integer, or null; a text that is not UTF-8 is an object, see brokenText.
type (
	dumpHead struct {
		Schema int64 `json:"schema"` // of the tables that migrations make
	}
	tableHead struct {
		Table   string   `json:"table"`
		Columns []string `json:"columns"`
		Last    int64    `json:"last,omitempty"` // the last key that the database gave in this table, used or not
	}
	dumpTail struct {
		Rows int64 `json:"rows"`
	}
	brokenText struct {
		Base64 []byte `json:"base64"`
	}
)

// madeTables are the tables that a migration makes.
var madeTables = regexp.MustCompile(`CREATE TABLE (\w+)`)

// fixedTables are the tables that every database of that schema has, in the order in which they were added. The table of collections is
// the first: it says which others there are.
func fixedTables(schema int64) (names []string) {
	for _, step := range migrations[:schema] {
		for _, m := range madeTables.FindAllStringSubmatch(step, -1) {
			names = append(names, m[1])
		}
	}
	return names
}

// Dump writes all rows as this transaction sees them.
func (t *tx) Dump(ctx context.Context, w io.Writer) (rows int64, err error) {
	d := &dumper{tx: t, w: bufio.NewWriterSize(w, 64<<10)}
	if err := d.value(dumpHead{int64(len(migrations))}); err != nil {
		return 0, err
	}
	tables, err := d.tables()
	if err != nil {
		return 0, err
	}
	for _, table := range tables {
		if err := d.table(ctx, table); err != nil {
			return 0, err
		}
	}
	if err := d.value(dumpTail{d.rows}); err != nil {
		return 0, err
	}
	return d.rows, d.w.Flush()
}

// A dumper writes a dump.
type dumper struct {
	tx   *tx
	w    *bufio.Writer
	line []byte
	rows int64
}

// A dumpedTable is a table, with the key that the database counts up in it, "" for none.
type dumpedTable struct{ name, serial string }

// The tables whose keys the database gives, besides those of records.
var serials = map[string]string{"collections": "tbl"}

// recordsKey is the key of the tables of records.
const recordsKey = "number"

func (d *dumper) tables() ([]dumpedTable, error) {
	var tables []dumpedTable
	for _, name := range fixedTables(int64(len(migrations))) {
		tables = append(tables, dumpedTable{name, serials[name]})
	}
	err := d.tx.each("SELECT tbl, definition FROM collections ORDER BY tbl", nil, func(row []driver.Value) error {
		c, err := decodeCollection(text(row[1]))
		if err == nil && c.Kind != dossier.View {
			tables = append(tables, dumpedTable{tableName(integer(row[0])), recordsKey})
		}
		return err
	})
	return tables, err
}

func (d *dumper) table(ctx context.Context, table dumpedTable) error {
	head := tableHead{Table: table.name}
	var err error
	if table.serial != "" {
		if head.Last, err = d.tx.lastSerial(table); err != nil {
			return err
		}
	}
	if head.Columns, err = d.tx.columns("SELECT * FROM " + table.name); err != nil {
		return err
	}
	if err := d.value(head); err != nil {
		return err
	}
	list := strings.Join(head.Columns, ", ")
	return d.tx.query(ctx, "SELECT "+list+" FROM "+table.name, nil, d.row)
}

// lastSerial is the last key that the database gave in a table.
func (t *tx) lastSerial(table dumpedTable) (last int64, err error) {
	_, err = t.one(t.store.flavor.LastSerial(table.name, table.serial), nil, func(row []driver.Value) error {
		last = integer(row[0])
		return nil
	})
	return last, err
}

// value writes v as a line.
func (d *dumper) value(v any) error {
	b, err := json.Marshal(v)
	if err == nil {
		_, err = d.w.Write(append(b, '\n'))
	}
	return err
}

// row writes a row as a line.
func (d *dumper) row(cells []driver.Value) error {
	d.rows++
	b := append(d.line[:0], '[')
	for i, cell := range cells {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = appendDumped(b, cell); err != nil {
			return err
		}
	}
	d.line = append(b, ']', '\n')
	_, err := d.w.Write(d.line)
	return err
}

func appendDumped(b []byte, cell driver.Value) ([]byte, error) {
	switch cell := cell.(type) {
	case nil:
		return append(b, "null"...), nil
	case int64:
		return strconv.AppendInt(b, cell, 10), nil
	case string:
		if utf8.ValidString(cell) {
			return query.AppendJSONString(b, cell), nil
		}
		b = append(b, `{"base64":"`...)
		return append(base64.StdEncoding.AppendEncode(b, []byte(cell)), `"}`...), nil
	case []byte:
		return appendDumped(b, string(cell))
	}
	return nil, dossier.Errorf(dossier.Internal, "a column holds a %T", cell)
}
