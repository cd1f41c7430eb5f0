package small

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"net/url"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"dossier"
)

// minVersion is the oldest library that may be used: 3.51.3 repairs a fault in which a WAL database could lose commits.
const minVersion = 3051003

func supported(library int) error {
	if library < minVersion {
		return dossier.Errorf(dossier.Unsupported, "SQLite %d is older than %d", library, minVersion)
	}
	return nil
}

// A conn is one connection to the database, without the pool and the locks of database/sql. One goroutine uses it at a time.
type conn struct {
	driver.Conn
	statements []*statement
}

// connect opens the file with settings, pragmas that every connection has for itself.
func connect(path string, settings ...string) (*conn, error) {
	if err := supported(lib.SQLITE_VERSION_NUMBER); err != nil {
		return nil, err
	}
	dsn := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: "_dqs=0"}
	raw, err := (&sqlite.Driver{}).Open(dsn.String())
	if err != nil {
		return nil, classify("open small blobs", err)
	}
	c := &conn{Conn: raw}
	if err := c.script(append([]string{"PRAGMA busy_timeout(10000)", "PRAGMA temp_store(MEMORY)"}, settings...)...); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// Close closes the connection and its statements.
func (c *conn) Close() error {
	var err error
	for _, st := range c.statements {
		err = errors.Join(err, st.close())
	}
	return errors.Join(err, c.Conn.Close())
}

// script runs statements once, one after the other.
func (c *conn) script(sql ...string) error {
	for _, text := range sql {
		if _, err := c.one(text); err != nil {
			return err
		}
	}
	return nil
}

// one runs a statement once and returns the first column of its first row, nil if there is none.
func (c *conn) one(sql string) (driver.Value, error) {
	st, err := c.compile(sql)
	if err != nil {
		return nil, err
	}
	v, err := st.value()
	return v, errors.Join(err, st.close())
}

// prepare makes a statement that lives as long as the connection.
func (c *conn) prepare(into **statement, sql string) error {
	st, err := c.compile(sql)
	if err == nil {
		*into = st
		c.statements = append(c.statements, st)
	}
	return err
}

func (c *conn) compile(sql string) (*statement, error) {
	stmt, err := c.Prepare(sql)
	if err != nil {
		return nil, classify(sql, err)
	}
	st := &statement{sql: sql, stmt: stmt}
	var execs, queries bool
	st.executor, execs = stmt.(driver.StmtExecContext)
	st.querier, queries = stmt.(driver.StmtQueryContext)
	if !execs || !queries {
		return nil, errors.Join(dossier.Errorf(dossier.Internal, "the driver's statements take no context"), stmt.Close())
	}
	return st, nil
}

// A statement is prepared SQL. Its arguments are string, int64 or []byte.
type statement struct {
	sql      string
	stmt     driver.Stmt
	executor driver.StmtExecContext
	querier  driver.StmtQueryContext
	named    []driver.NamedValue
}

func (st *statement) close() error { return st.stmt.Close() }

// bind numbers args. The result is good until the next call.
func (st *statement) bind(args []any) []driver.NamedValue {
	st.named = st.named[:0]
	for i, a := range args {
		st.named = append(st.named, driver.NamedValue{Ordinal: i + 1, Value: a})
	}
	return st.named
}

// exec runs the statement and tells how many rows it changed.
func (st *statement) exec(args ...any) (int64, error) {
	r, err := st.executor.ExecContext(context.Background(), st.bind(args))
	clear(st.named)
	if err != nil {
		return 0, classify(st.sql, err)
	}
	return r.RowsAffected()
}

// value is the first column of the first row, nil if there is none.
func (st *statement) value() (v driver.Value, err error) {
	first := true
	err = st.each(func(row []driver.Value) error {
		if first {
			v, first = row[0], false
		}
		return nil
	})
	return v, err
}

// each calls fn with every row, which is good until fn returns.
func (st *statement) each(fn func(row []driver.Value) error, args ...any) error {
	rows, err := st.querier.QueryContext(context.Background(), st.bind(args))
	if err != nil {
		return classify(st.sql, err)
	}
	defer rows.Close()
	row := make([]driver.Value, len(rows.Columns()))
	for {
		if err := rows.Next(row); err == io.EOF {
			return nil
		} else if err != nil {
			return classify(st.sql, err)
		}
		if err := fn(row); err != nil {
			return err
		}
	}
}
