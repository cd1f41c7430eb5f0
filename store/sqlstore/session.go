package sqlstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"strings"

	"dossier"
)

// maxStatements bounds the prepared statements that one session keeps.
const maxStatements = 400

// A session is one connection with its prepared statements. It speaks to the driver directly: the pool, the conversions and the
// locks of database/sql cost more than the statements they wrap. One goroutine uses it at a time, and closes a cursor before it
// runs the next statement.
type session struct {
	conn    driver.Conn
	flavor  *Flavor
	stmts   map[string]*statement
	named   []driver.NamedValue
	changed int64 // rows, by all statements
}

type statement struct {
	stmt  driver.Stmt
	exec  driver.StmtExecContext
	query driver.StmtQueryContext
}

func newSession(ctx context.Context, c driver.Connector, f *Flavor) (*session, error) {
	conn, err := c.Connect(ctx)
	if err != nil {
		return nil, dossier.Errorf(f.Classify(err), "open the database: %w", err)
	}
	return &session{conn: conn, flavor: f, stmts: map[string]*statement{}}, nil
}

func (s *session) close() error {
	for _, st := range s.stmts {
		_ = st.stmt.Close()
	}
	s.stmts = nil
	return s.conn.Close()
}

func (s *session) prepare(sql string) (*statement, error) {
	if st, ok := s.stmts[sql]; ok {
		return st, nil
	}
	for len(s.stmts) >= maxStatements {
		for key, st := range s.stmts {
			_ = st.stmt.Close()
			delete(s.stmts, key)
			break
		}
	}
	stmt, err := s.conn.Prepare(sql)
	if err != nil {
		return nil, s.fail(err)
	}
	st := &statement{stmt: stmt}
	var ok, ok2 bool
	st.exec, ok = stmt.(driver.StmtExecContext)
	st.query, ok2 = stmt.(driver.StmtQueryContext)
	if !ok || !ok2 {
		return nil, dossier.Errorf(dossier.Internal, "the driver's statements take no context")
	}
	s.stmts[sql] = st
	return st, nil
}

// bind numbers args. The result is valid until the next statement.
func (s *session) bind(args []any) []driver.NamedValue {
	s.named = s.named[:0]
	for i, a := range args {
		s.named = append(s.named, driver.NamedValue{Ordinal: i + 1, Value: a})
	}
	return s.named
}

// exec runs a statement that returns no rows and tells how many it changed. args are int64, string or nil.
func (s *session) exec(sql string, args ...any) (changed int64, err error) {
	r, err := s.run(sql, args)
	if err != nil {
		return 0, err
	}
	changed, err = r.RowsAffected()
	s.changed += changed
	return changed, s.fail(err)
}

func (s *session) run(sql string, args []any) (driver.Result, error) {
	st, err := s.prepare(sql)
	if err != nil {
		return nil, err
	}
	r, err := st.exec.ExecContext(context.Background(), s.bind(args))
	return r, s.fail(err)
}

// script runs statements that are not worth keeping.
func (s *session) script(sql ...string) error {
	for _, text := range sql {
		stmt, err := s.conn.Prepare(text)
		if err != nil {
			return s.fail(err)
		}
		_, err = stmt.(driver.StmtExecContext).ExecContext(context.Background(), nil)
		_ = stmt.Close()
		if err != nil {
			return s.fail(err)
		}
	}
	return nil
}

// insert runs an INSERT and returns the key that the database gave the row.
func (s *session) insert(sql, key string, args []any) (int64, error) {
	if s.flavor.Returning {
		var n int64
		_, err := s.one(sql+" RETURNING "+key, args, func(row []driver.Value) error {
			n = integer(row[0])
			return nil
		})
		return n, err
	}
	r, err := s.run(sql, args)
	if err != nil {
		return 0, err
	}
	s.changed++
	n, err := r.LastInsertId()
	return n, s.fail(err)
}

// each calls fn with every row. The row is valid until fn returns.
func (s *session) each(ctx context.Context, sql string, args []any, fn func(row []driver.Value) error) error {
	st, err := s.prepare(sql)
	if err != nil {
		return err
	}
	rows, err := st.query.QueryContext(ctx, s.bind(args))
	if err != nil {
		return s.fail(err)
	}
	defer func() { _ = rows.Close() }()
	row := make([]driver.Value, len(rows.Columns()))
	for {
		if err := rows.Next(row); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return s.fail(err)
		}
		if err := fn(row); err != nil {
			return err
		}
	}
}

// columns are the names of what a query without parameters returns.
func (s *session) columns(sql string) ([]string, error) {
	st, err := s.prepare(sql)
	if err != nil {
		return nil, err
	}
	rows, err := st.query.QueryContext(context.Background(), nil)
	if err != nil {
		return nil, s.fail(err)
	}
	return rows.Columns(), s.fail(rows.Close())
}

// one calls fn with the first row, if there is one.
func (s *session) one(sql string, args []any, fn func(row []driver.Value) error) (found bool, err error) {
	stop := errors.New("stop")
	err = s.each(context.Background(), sql, args, func(row []driver.Value) error {
		found = true
		if err := fn(row); err != nil {
			return err
		}
		return stop
	})
	if err == stop {
		err = nil
	}
	return found, err
}

// fail gives a driver's error its Kind.
func (s *session) fail(err error) error {
	var known *dossier.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return dossier.Errorf(dossier.Canceled, "the caller went away: %w", err)
	}
	return dossier.Errorf(s.flavor.Classify(err), "database: %w", err)
}

// sql makes ? into the flavor's placeholders. Statements of this package hold no other question mark.
func (f *Flavor) sql(text string) string {
	var b strings.Builder
	n := 0
	for {
		before, after, ok := strings.Cut(text, "?")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		n++
		b.WriteString(f.Placeholder(n))
		text = after
	}
}

func text(v driver.Value) string {
	switch v := v.(type) {
	case string:
		return v
	case []byte:
		return string(v)
	}
	return ""
}

func integer(v driver.Value) int64 {
	n, _ := v.(int64)
	return n
}

// orNull is s, NULL if it is "".
func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}
