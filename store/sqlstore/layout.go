package sqlstore

import (
	"database/sql/driver"
	"strconv"
	"strings"
	"sync"

	"dossier"
	"dossier/query"
)

// A layout is how the records of a collection lie in their table: the columns below, then one for every field, two for one that
// holds numbers. Columns are named by the fields' numbers, so that a rename changes no table.
type layout struct {
	collection *dossier.Collection
	number     int64  // of the table
	table      string // its name
	columns    []column
	auth       bool
	files      bool

	linked         []column // multiple relations
	list           string   // the columns, as SELECT wants them
	insert, update string   // statements
}

// A column is where a field's values lie.
type column struct {
	field *dossier.Field
	typ   query.Type
	name  string
	at    int // its place in a row
}

// The columns that every table has, and those of auth collections, in the order of a row.
var (
	baseColumns = []string{"number", "id", "revision", "created", "updated", "created_by", "updated_by"}
	authColumns = []string{"email", "email_visible", "verified", "password_hash", "token_key"}
)

// emailKey holds the folded email, for look-ups without case.
const emailKey = "email_key"

// digits is the suffix of the column that holds a number's digits where they are not its shortest text.
const digits = "d"

func tableName(n int64) string { return "r_" + strconv.FormatInt(n, 10) }

// columnName is the column of a field; fields of system collections may have negative numbers.
func columnName(f *dossier.Field) string {
	if f.Number < 0 {
		return "g" + strconv.FormatInt(-f.Number, 10)
	}
	return "f" + strconv.FormatInt(f.Number, 10)
}

func isNumber(t query.Type) bool  { return t == query.Decimal }
func isInteger(t query.Type) bool { return t == query.Bool || t == query.Instant }

func newColumn(f *dossier.Field) column {
	return column{field: f, typ: query.TypeOf(f), name: columnName(f)}
}
func (l *layout) auths() (columns []string) {
	if l.auth {
		return authColumns
	}
	return nil
}

func newLayout(f *Flavor, c *dossier.Collection, number int64) *layout {
	l := &layout{collection: c, number: number, table: tableName(number), auth: c.Kind == dossier.Auth, files: c.HasFiles()}
	names := append(append([]string(nil), baseColumns...), l.auths()...)
	for _, field := range c.Fields {
		col := newColumn(field)
		col.at = len(names)
		l.columns = append(l.columns, col)
		if col.linked() {
			l.linked = append(l.linked, col)
		}
		names = append(names, col.name)
		if isNumber(col.typ) {
			names = append(names, col.name+digits)
		}
	}
	l.list = "t0." + strings.Join(names, ", t0.")
	written := names[1:] // all but the number
	if l.auth {
		written = append(append([]string(nil), written...), emailKey)
	}
	l.insert = f.sql("INSERT INTO " + l.table + " (" + strings.Join(written, ", ") + ") VALUES (?" + strings.Repeat(", ?", len(written)-1) + ")")
	changed := append(append([]string(nil), "revision"), written[3:]...) // neither id nor created
	l.update = f.sql("UPDATE " + l.table + " SET " + strings.Join(changed, " = ?, ") + " = ? WHERE id = ? AND revision = ?")
	return l
}

// layouts keeps what a store knows of its tables: which one a collection has, as far as that is committed, and layouts, by the
// collection's value, which never changes.
type layouts struct {
	mu     sync.RWMutex
	tables map[dossier.ID]int64
	known  map[*dossier.Collection]*layout
	views  map[*dossier.Collection]knownView
}

// A knownView is the layout of a view in a schema.
type knownView struct {
	schema int64
	layout *layout
}

// maxLayouts bounds the layouts that are kept.
const maxLayouts = 2000

func (l *layouts) table(id dossier.ID) int64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.tables[id]
}

// keep notes tables that were committed; 0 is a table that is gone.
func (l *layouts) keep(tables map[dossier.ID]int64) {
	if len(tables) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tables == nil {
		l.tables = map[dossier.ID]int64{}
	}
	for id, n := range tables {
		if n == 0 {
			delete(l.tables, id)
		} else {
			l.tables[id] = n
		}
	}
}

func (l *layouts) of(f *Flavor, c *dossier.Collection, table int64) *layout {
	l.mu.RLock()
	have := l.known[c]
	l.mu.RUnlock()
	if have != nil && have.number == table {
		return have
	}
	have = newLayout(f, c, table)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known == nil || len(l.known) >= maxLayouts {
		l.known = map[*dossier.Collection]*layout{}
	}
	l.known[c] = have
	return have
}

// table is the number of the collection's table, dossier.NotFound if it has none.
func (t *tx) table(c *dossier.Collection) (int64, error) {
	if n, ok := t.tables[c.ID]; ok {
		if n == 0 {
			return 0, noCollection(c)
		}
		return n, nil
	}
	if n := t.store.layouts.table(c.ID); n != 0 {
		return n, nil
	}
	var n int64
	_, err := t.one("SELECT tbl FROM collections WHERE id = ?", []any{string(c.ID)}, func(row []driver.Value) error {
		n = integer(row[0])
		return nil
	})
	if err == nil && n == 0 {
		err = noCollection(c)
	}
	if err == nil && !t.writes { // a reader sees only what is committed
		t.store.layouts.keep(map[dossier.ID]int64{c.ID: n})
	}
	return n, err
}

func noCollection(c *dossier.Collection) error {
	return dossier.Errorf(dossier.NotFound, "there is no collection %s", c.Name)
}

// view is the layout of a view that was kept for that schema, nil if none was.
func (l *layouts) view(c *dossier.Collection, schema int64) *layout {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if v, ok := l.views[c]; ok && v.schema == schema {
		return v.layout
	}
	return nil
}

func (l *layouts) keepView(c *dossier.Collection, schema int64, have *layout) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.views == nil || len(l.views) >= maxLayouts {
		l.views = map[*dossier.Collection]knownView{}
	}
	l.views[c] = knownView{schema, have}
}

func (t *tx) layout(c *dossier.Collection) (*layout, error) {
	if c.Kind == dossier.View {
		return t.viewLayout(c)
	}
	n, err := t.table(c)
	if err != nil {
		return nil, err
	}
	return t.store.layouts.of(t.store.flavor, c, n), nil
}

// note remembers what this transaction did with a collection's table.
func (t *tx) note(id dossier.ID, table int64) {
	if t.tables == nil {
		t.tables = map[dossier.ID]int64{}
	}
	t.tables[id] = table
}
