package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"modernc.org/sqlite"

	"dossier"
	"dossier/query"
	"dossier/store"
	"dossier/store/sqlstore"
)

// An overhearer opens connections of a connector and remembers the statements that are prepared on them.
type overhearer struct {
	connector
	mu   sync.Mutex
	said []string
}

func (o *overhearer) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := o.connector.Connect(ctx)
	return overheard{conn, o}, err
}

type overheard struct {
	driver.Conn
	by *overhearer
}

func (o overheard) Prepare(sql string) (driver.Stmt, error) {
	o.by.mu.Lock()
	defer o.by.mu.Unlock()
	o.by.said = append(o.by.said, sql)
	return o.Conn.Prepare(sql)
}

// last is the last statement that reads the records of a table.
func (o *overhearer) last() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := len(o.said) - 1; i >= 0; i-- {
		if strings.Contains(o.said[i], " t0 ") {
			return o.said[i]
		}
	}
	return ""
}

// TestAnIndexOverTwoFieldsServesLists asks the database how it finds what a list with a filter and an order over two fields asks for.
func TestAnIndexOverTwoFieldsServesLists(t *testing.T) {
	d := &sqlite.Driver{}
	if err := register(d); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.db")
	reader := &overhearer{connector: connector{d, dsn(path, "query_only(1)")}}
	s, err := sqlstore.Open(ctx, sqlstore.Options{Flavor: newFlavor(), Writer: connector{d, dsn(path)}, Reader: reader, Readers: 1, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	db := sql.OpenDB(reader.connector)
	t.Cleanup(func() { _ = db.Close() })
	orZero := query.OrElse(query.Col("n"), query.Literal{Value: dossier.Number("0")})
	for _, test := range []struct {
		name    string
		indexed bool // each field has an index of its own too
		unique  bool
		column  dossier.IndexColumn
		sort    query.Sort
	}{
		{"a plain one", false, false, dossier.IndexColumn{}, query.Sort{By: query.Col("n")}},
		{"backwards", false, false, dossier.IndexColumn{Descending: true}, query.Sort{By: query.Col("n"), Desc: true}},
		{"beside indexes of the fields", true, false, dossier.IndexColumn{}, query.Sort{By: query.Col("n")}},
		{"a unique one", false, true, dossier.IndexColumn{}, query.Sort{By: query.Col("n")}},
		{"with a stand-in that nobody needs", false, false, dossier.IndexColumn{}, query.Sort{By: orZero}},
		{"with a stand-in, beside indexes of the fields", true, false, dossier.IndexColumn{}, query.Sort{By: orZero}},
		{"over the time of creation", true, false, dossier.IndexColumn{ColumnRef: dossier.ColumnRef{Meta: query.Created}}, query.Sort{By: query.Meta(query.Created)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := &dossier.Collection{ID: dossier.ID(test.name), Name: "c" + strings.NewReplacer(" ", "", ",", "", "-", "").Replace(test.name), Number: int64(len(test.name)), Kind: dossier.Base,
				Fields: []*dossier.Field{{ID: "f1", Number: 1, Name: "title", Type: dossier.TypeText}, {ID: "f2", Number: 2, Name: "status", Type: dossier.TypeText, Indexed: test.indexed},
					{ID: "f3", Number: 3, Name: "n", Type: dossier.TypeNumber, Indexed: test.indexed}}}
			second := test.column
			if second.Meta == "" {
				second.Field = "f3"
			}
			c.Indexes = []dossier.Index{{Name: "x", Unique: test.unique, Columns: []dossier.IndexColumn{{ColumnRef: dossier.ColumnRef{Field: "f2"}}, second}}}
			space := &dossier.Space{Collections: []*dossier.Collection{c}}
			err := s.Update(ctx, func(tx store.Tx) error {
				if err := tx.Collections().Put(ctx, c); err != nil {
					return err
				}
				for i := range int64(2500) { // more than a plan sorts
					r := ticket(i)
					r.Values = map[string]dossier.Value{"status": dossier.Text("open"), "n": r.Values["n"], "title": r.Values["title"]}
					if err := tx.Records(c).Insert(ctx, r); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			is := query.Compare{Left: query.Col("status"), Op: query.Eq, Right: query.Literal{Value: dossier.Text("open")}}
			q, err := query.Check(space, c, query.Query{Filter: is, Sort: []query.Sort{test.sort}, Limit: 30})
			if err != nil {
				t.Fatal(err)
			}
			err = s.View(ctx, func(tx store.Tx) error {
				found, err := tx.Records(c).Find(ctx, q)
				if len(found) != 30 {
					t.Errorf("found %d", len(found))
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			plan := explain(t, db, reader.last())
			if !strings.Contains(plan, "_x") || !strings.Contains(plan, "(f2=?)") || strings.Contains(plan, "TEMP B-TREE FOR ORDER BY") {
				t.Errorf("plan of %s: %s", reader.last(), plan)
			}
		})
	}
}

// explain is the database's plan for a statement with one parameter.
func explain(t *testing.T, db *sql.DB, statement string) string {
	t.Helper()
	rows, err := db.QueryContext(ctx, "EXPLAIN QUERY PLAN "+statement, "open")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var plan []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		plan = append(plan, detail)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(plan, "; ")
}
