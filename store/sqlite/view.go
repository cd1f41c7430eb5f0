package sqlite

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"modernc.org/sqlite"

	"dossier"
	"dossier/query"
)

// try asks an empty database in memory, which has only SQLite's own functions, for the columns of a query.
func try(ctx context.Context, tables []string, text string) (names, types []string, err error) {
	conn, err := (&sqlite.Driver{}).Open("file::memory:?_dqs=0")
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = conn.Close() }()
	runner, ok1 := conn.(driver.ExecerContext)
	asker, ok2 := conn.(driver.QueryerContext)
	if !ok1 || !ok2 {
		return nil, nil, errors.New("the driver runs no statements")
	}
	for _, table := range tables {
		if _, err := runner.ExecContext(ctx, table, nil); err != nil {
			return nil, nil, sentence(err)
		}
	}
	rows, err := asker.QueryContext(ctx, text, nil)
	if err != nil {
		return nil, nil, sentence(err)
	}
	defer func() { _ = rows.Close() }()
	declared, ok := rows.(driver.RowsColumnTypeDatabaseTypeName)
	if !ok {
		return nil, nil, errors.New("the driver does not tell the types of columns")
	}
	for i, name := range rows.Columns() {
		names, types = append(names, name), append(types, declared.ColumnTypeDatabaseTypeName(i))
	}
	return names, types, nil
}

// sentence is what an error of SQLite says, without its number.
func sentence(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	text := strings.TrimPrefix(e.Error(), "SQL logic error: ")
	if i := strings.LastIndex(text, " ("); i > 0 {
		text = text[:i]
	}
	return errors.New(text)
}

// numberValue is the number of a sort key as SQLite has numbers: whole ones of 64 bits exactly, others as floating point.
func numberValue(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	key, ok := args[0].(string)
	if !ok {
		return nil, nil
	}
	n, err := dossier.NumberFromKey(key)
	if err != nil {
		return nil, nil
	}
	if i, err := strconv.ParseInt(string(n), 10, 64); err == nil {
		return i, nil
	}
	f, _ := strconv.ParseFloat(string(n), 64) // what is too big is infinite
	return f, nil
}

// viewCell makes a value of a view's query into one of a type, as it is stored.
func viewCell(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	as, _ := args[1].(string)
	s, ok := plainText(args[0])
	if !ok {
		return nil, nil
	}
	switch query.Type(as) {
	case query.Text:
		return s, nil
	case query.Decimal:
		if n, err := dossier.ParseNumber(s); err == nil {
			return n.SortKey(), nil
		}
	case query.Bool:
		switch n, err := dossier.ParseNumber(s); {
		case err == nil && n.Plain() == "0", s == "false":
			return int64(0), nil
		case err == nil, s == "true":
			return int64(1), nil
		}
	case query.Instant:
		for _, form := range momentForms {
			if t, err := time.Parse(form, s); err == nil {
				return t.UnixMilli(), nil
			}
		}
	case query.Date:
		if d, err := dossier.ParseDate(s); err == nil {
			return string(d), nil
		}
	case query.Clock:
		if c, err := dossier.ParseClock(s); err == nil {
			return string(c), nil
		}
	case query.List, query.Files:
		var list dossier.List
		if json.Unmarshal([]byte(s), &list) == nil && len(list) > 0 {
			return query.ListText(list), nil
		}
	case query.JSON:
		return jsonCell(args[0], s), nil
	}
	return nil, nil
}

// momentForms are the texts of moments that SQLite's functions and the stored ones have.
var momentForms = []string{"2006-01-02 15:04:05.999Z07:00", "2006-01-02 15:04:05.999", "2006-01-02 15:04", "2006-01-02", time.RFC3339Nano}

// plainText is the text of a value, and whether it has one that can be stored.
func plainText(v driver.Value) (string, bool) {
	switch v := v.(type) {
	case int64:
		return strconv.FormatInt(v, 10), true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), !math.IsInf(v, 0) && !math.IsNaN(v)
	case string:
		return strings.ToValidUTF8(strings.ReplaceAll(v, "\x00", ""), "\ufffd"), true
	}
	return "", false
}

// jsonCell is a number as it is, a text that is JSON as that, and any other text as a string.
func jsonCell(v driver.Value, s string) string {
	if _, text := v.(string); !text {
		return s
	}
	if doc, err := dossier.ParseJSONValue(s); err == nil {
		return string(doc)
	}
	return string(query.AppendJSONString(nil, s))
}
