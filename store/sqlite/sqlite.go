// Package sqlite opens a store.Store in a SQLite database: one file, no server, no cgo.
// Here: the driver, its settings, and what SQLite's SQL does in its own way. Not here: tables and statements (see sqlstore).
package sqlite

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"time"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"dossier"
	"dossier/query"
	"dossier/store"
	"dossier/store/sqlstore"
)

// minVersion is the oldest library that may be used: 3.51.3 repairs a fault in which a WAL database could lose commits.
const minVersion = 3051003

// Options say how to open a database.
type Options struct {
	Readers int              // connections that read; 0 is two more than there are processors
	Log     *slog.Logger     // nil is slog.Default
	Now     func() time.Time // nil is time.Now
	// QueryTime is how long finding or counting records may take until it is Busy; 0 is half a minute.
	QueryTime time.Duration
}

// Open opens the database file at path and makes it if there is none. Every commit is on the disk when it is answered.
func Open(path string, o Options) (store.Store, error) {
	if err := supported(lib.SQLITE_VERSION_NUMBER); err != nil {
		return nil, err
	}
	if o.Readers == 0 {
		o.Readers = runtime.NumCPU() + 2
	}
	d := &sqlite.Driver{}
	if err := register(d); err != nil {
		return nil, fmt.Errorf("register functions: %w", err)
	}
	s, err := sqlstore.Open(context.Background(), sqlstore.Options{
		Flavor:  newFlavor(),
		Writer:  connector{d, dsn(path, "cache_size(-16384)", "wal_autocheckpoint(4000)", "journal_size_limit(67108864)")},
		Reader:  connector{d, dsn(path, "cache_size(-8192)", "query_only(1)")},
		Readers: o.Readers, Log: o.Log, Now: o.Now, QueryTime: o.QueryTime,
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

func supported(version int) error {
	if version < minVersion {
		return dossier.Errorf(dossier.Unsupported, "SQLite %d is older than %d", version, minVersion)
	}
	return nil
}

// dsn names the file with the settings that all connections share and some more.
func dsn(path string, pragmas ...string) string {
	v := url.Values{"_dqs": {"0"}}
	for _, p := range append([]string{"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "temp_store(MEMORY)",
		"foreign_keys(0)"}, pragmas...) {
		v.Add("_pragma", p)
	}
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: v.Encode()}
	return u.String()
}

// A connector opens connections with the functions of its own driver.
type connector struct {
	driver *sqlite.Driver
	dsn    string
}

func (c connector) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.driver.Open(c.dsn)
	if err != nil {
		return nil, err
	}
	if err := setLongest(conn, maxLength); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

func (c connector) Driver() driver.Driver { return c.driver }

// register adds the functions that the flavor's SQL calls.
func register(d *sqlite.Driver) error {
	return errors.Join(
		scalar(d, "dossier_fold", func(s string) string { return query.FoldText(s, query.Fold) }),
		scalar(d, "dossier_plain", func(key string) string {
			n, _ := dossier.NumberFromKey(key) // stored keys are good ones
			return string(n)
		}),
		scalar(d, "dossier_instant", func(ms int64) string { return query.InstantText(dossier.Instant(ms)) }),
		d.RegisterDeterministicScalarFunction("dossier_json", 3, jsonValue),
		d.RegisterDeterministicScalarFunction("dossier_number", 1, numberValue),
		d.RegisterDeterministicScalarFunction("dossier_cell", 2, viewCell),
		scalar(d, "dossier_json_length", func(doc string) string { return strconv.Itoa(query.JSONLength(dossier.JSON(doc))) }),
		scalar(d, "dossier_quote", func(s string) string { return string(query.AppendJSONString(nil, s)) }),
		d.RegisterDeterministicScalarFunction("dossier_numeral", 1, numeral),
		d.RegisterDeterministicScalarFunction("dossier_distance", 4, distance),
		d.RegisterDeterministicScalarFunction("dossier_stamp", 4, stamp),
		scalar(d, "dossier_key", func(n int64) string { return dossier.Number(strconv.FormatInt(n, 10)).SortKey() }),
	)
}

// scalar adds a function of one argument, NULL of anything but a T.
func scalar[T any](d *sqlite.Driver, name string, fn func(T) string) error {
	return d.RegisterDeterministicScalarFunction(name, 1, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		if v, ok := args[0].(T); ok {
			return fn(v), nil
		}
		return nil, nil
	})
}

// jsonValue is query.JSONValue of a document, a path and a type as it is stored, NULL if it is empty.
func jsonValue(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	doc, ok := args[0].(string)
	list, _ := args[1].(string)
	as, _ := args[2].(string)
	var path []string
	if !ok || json.Unmarshal([]byte(list), &path) != nil {
		return nil, nil
	}
	switch v := query.JSONValue(dossier.JSON(doc), path, query.Type(as)).(type) {
	case dossier.Text:
		return string(v), nil
	case dossier.JSON:
		return string(v), nil
	case dossier.Number:
		return v.SortKey(), nil
	case dossier.Bool:
		if v {
			return int64(1), nil
		}
		return int64(0), nil
	}
	return nil, nil
}

func newFlavor() *sqlstore.Flavor {
	call := func(name string) func(string) string {
		return func(expr string) string { return name + "(" + expr + ")" }
	}
	return &sqlstore.Flavor{
		Placeholder: func(int) string { return "?" },
		Serial:      "INTEGER PRIMARY KEY AUTOINCREMENT",
		LastSerial:  func(table, _ string) string { return "SELECT seq FROM sqlite_sequence WHERE name = '" + table + "'" },
		SetSerial:   setSerial,
		Text:        "TEXT",
		Integer:     "INTEGER",
		Keyed:       " WITHOUT ROWID",
		Begin:       "BEGIN IMMEDIATE",
		BeginRead:   "BEGIN",
		Elements:    call("json_each"),
		Ordinal:     func(alias string) string { return alias + ".key" },
		Texts:       texts,
		Numeral:     call("dossier_numeral"),
		Distance: func(lonA, latA, lonB, latB string) string {
			return "dossier_distance(" + lonA + ", " + latA + ", " + lonB + ", " + latB + ")"
		},
		Stamp: func(expr string, t query.Type, moves, format string) string {
			return "dossier_stamp(" + expr + ", '" + string(t) + "', " + moves + ", " + format + ")"
		},
		Count:       func(array string) string { return "ifnull(json_array_length(" + array + "), 0)" },
		Cell:        func(object, key string, _ bool) string { return "json_extract(" + object + ", '$." + key + "')" },
		NumberValue: call("dossier_number"),
		ViewCell: func(expr string, t query.Type) string {
			return "dossier_cell(" + expr + ", '" + string(t) + "')"
		},
		Try:        try,
		SetLongest: setLongest,
		MaxLength:  maxLength,
		JSONValue: func(doc, path string, as query.Type) string {
			return "dossier_json(" + doc + ", " + path + ", '" + string(as) + "')"
		},
		JSONLength:  func(doc string) string { return "CAST(ifnull(dossier_json_length(" + doc + "), 0) AS INTEGER)" },
		Like:        like,
		Lower:       lower,
		Contains:    func(text, part string) string { return "instr(" + text + ", " + part + ") > 0" },
		NumberText:  call("dossier_plain"),
		NumberKey:   call("dossier_key"),
		InstantText: call("dossier_instant"),
		Order: func(expr string, desc bool) string {
			if desc {
				return expr + " DESC"
			}
			return expr
		},
		Random:  "random()",
		NoIndex: func(column string) string { return "+" + column },
		NoLimit: "-1",
		// 1: only tell; 2: analyze; 16: look at a bounded number of rows; 65536: also tables that this connection did not query
		Stale:    "PRAGMA optimize(65555)",
		Analyze:  "PRAGMA optimize(65554)",
		Classify: classify,
	}
}

// setSerial lets a table count on from last.
func setSerial(table, _ string, last int64) []string {
	return []string{"DELETE FROM sqlite_sequence WHERE name = '" + table + "'",
		"INSERT INTO sqlite_sequence (name, seq) VALUES ('" + table + "', " + strconv.FormatInt(last, 10) + ")"}
}

func lower(text string, c query.Case) string {
	if c == query.Fold {
		return "dossier_fold(" + text + ")"
	}
	return "lower(" + text + ")"
}

// like uses LIKE, which folds ASCII as query.ASCII does, where that is enough: a letter outside ASCII never folds into it.
func like(text, parameter, pattern string, c query.Case) (sql, bound string) {
	switch {
	case c == query.Exact:
		return text + " GLOB " + parameter, glob(pattern)
	case c == query.Fold && !isASCII(pattern):
		return "dossier_fold(" + text + ") GLOB " + parameter, glob(query.FoldText(pattern, query.Fold))
	}
	return text + " LIKE " + parameter + ` ESCAPE '\'`, pattern
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > 127 }) < 0
}

// glob is a pattern of Like in the language of GLOB.
func glob(pattern string) string {
	var b strings.Builder
	for _, t := range query.Pattern(pattern) {
		switch {
		case t.Any:
			b.WriteByte('*')
		case t.One:
			b.WriteByte('?')
		case strings.ContainsRune("*?[", t.Rune):
			b.WriteString("[" + string(t.Rune) + "]")
		default:
			b.WriteRune(t.Rune)
		}
	}
	return b.String()
}

func classify(err error) dossier.Kind {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return dossier.Internal
	}
	switch e.Code() {
	case lib.SQLITE_CONSTRAINT_UNIQUE, lib.SQLITE_CONSTRAINT_PRIMARYKEY:
		return dossier.Exists
	case lib.SQLITE_INTERRUPT:
		return dossier.Canceled
	case lib.SQLITE_IOERR_SHMSIZE: // the index of the log cannot grow
		return dossier.Full
	}
	switch e.Code() & 0xff {
	case lib.SQLITE_FULL:
		return dossier.Full
	case lib.SQLITE_TOOBIG:
		return dossier.TooLarge
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		return dossier.Busy
	}
	if strings.Contains(e.Error(), "no such table") || strings.Contains(e.Error(), "no such column") || strings.Contains(e.Error(), "has no column") {
		return dossier.Stale
	}
	return dossier.Internal
}
