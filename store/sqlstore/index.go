package sqlstore

import (
	"errors"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"

	"dossier"
	"dossier/query"
)

// An indexed is an index of a collection with what its names mean in the table.
type indexed struct {
	*dossier.Index
	flavor *Flavor
	table  string
	keys   []indexKey // its columns
	where  []indexKey // the columns of its conditions
}

// An indexKey is a column that an index looks at.
type indexKey struct {
	ref  string // the field's name, or the column's that every record has
	name string // in the table
	typ  query.Type
	fold bool
}

// indexedOf are the indexes of c.
func (f *Flavor) indexedOf(table string, c *dossier.Collection) ([]indexed, error) {
	var out []indexed
	for i := range c.Indexes {
		x := indexed{Index: &c.Indexes[i], flavor: f, table: table}
		for _, col := range x.Columns {
			k, err := newKey(c, col.ColumnRef)
			if err != nil {
				return nil, err
			}
			k.fold = col.Fold
			x.keys = append(x.keys, k)
		}
		for _, cond := range x.Where {
			k, err := newKey(c, cond.ColumnRef)
			if err != nil {
				return nil, err
			}
			if !cond.Op.Valid() {
				return nil, dossier.Errorf(dossier.Invalid, "a condition of the index %s has no comparison", x.Name)
			}
			x.where = append(x.where, k)
		}
		out = append(out, x)
	}
	return out, nil
}

func newKey(c *dossier.Collection, ref dossier.ColumnRef) (indexKey, error) {
	if f, ok := c.FieldByID(ref.Field); ok && ref.Meta == "" && f.Type != dossier.TypeTable && !f.IsSecret() {
		return indexKey{ref: f.Name, name: columnName(f), typ: query.TypeOf(f)}, nil
	}
	if r, err := query.NewScope(nil, c).Resolve(query.Meta(ref.Meta)); err == nil && ref.Field == "" && !isNumber(r.Type) {
		return indexKey{ref: ref.Meta, name: ref.Meta, typ: r.Type}, nil // the names of the tree are those of the tables
	}
	return indexKey{}, dossier.Errorf(dossier.Invalid, "an index of %s is over no column of it", c.Name)
}

// An indexStatement makes an index of the database.
type indexStatement struct {
	name, sql string
	of        *dossier.Index
}

// indexStatements are the statements that make the indexes of c. Names follow from what the indexes are: those of an index that
// stays stay.
func (f *Flavor) indexStatements(table string, c *dossier.Collection) ([]indexStatement, error) {
	all, err := f.indexedOf(table, c)
	if err != nil {
		return nil, err
	}
	var out []indexStatement
	for _, x := range all {
		for _, body := range x.bodies() {
			kind := "INDEX "
			if x.Unique {
				kind = "UNIQUE INDEX "
			}
			s := indexStatement{name: "i" + table[1:] + "_x" + digest(kind+body), of: x.Index}
			s.sql = "CREATE " + kind + s.name + " ON " + table + " " + body
			if !slices.ContainsFunc(out, func(o indexStatement) bool { return o.name == s.name }) {
				out = append(out, s)
			}
		}
	}
	return out, nil
}

func digest(s string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s))
	return strconv.FormatUint(h.Sum64(), 16)
}

// bodies are what follows the table's name. A unique index is one over the columns as they are, which queries can use, and, as the
// database tells NULL from NULL and from zero, one of the records that have a NULL or a zero among them.
func (x *indexed) bodies() []string {
	var plain, keys []string
	for i, k := range x.keys {
		order := ""
		if x.Columns[i].Descending {
			order = " DESC"
		}
		plain = append(plain, x.folded(k, k.name)+order)
		keys = append(keys, x.key(k, k.name))
	}
	if !x.Unique {
		return []string{"(" + strings.Join(plain, ", ") + x.flavor.IndexTail + ")"}
	}
	conditions := x.conditions(func(k indexKey) string { return k.name })
	bodies := []string{"(" + strings.Join(plain, ", ") + ")" + where(conditions)}
	if hollow := x.hollow(); hollow != "" {
		bodies = append(bodies, "("+strings.Join(keys, ", ")+")"+where(append([]string{hollow}, conditions...)))
	}
	return bodies
}

func where(conditions []string) string {
	if len(conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(conditions, " AND ")
}

// key is the value of a column, the empty one as the zero of its type.
func (x *indexed) key(k indexKey, of string) string {
	if !k.nullable() {
		return x.folded(k, of)
	}
	return x.folded(k, "coalesce("+of+", "+k.zero()+")")
}

func (x *indexed) folded(k indexKey, of string) string {
	if k.fold && k.typ == query.Text {
		return x.flavor.Lower(of, query.ASCII)
	}
	return of
}

// nullable reports whether the column may be NULL.
func (k indexKey) nullable() bool {
	return k.ref != k.name || !slices.Contains([]string{query.ID, query.Created, query.Updated, query.EmailVisible, query.Verified}, k.name)
}

// zero is what stands for NULL: the zero that is a value of the type, or what is no value.
func (k indexKey) zero() string {
	switch {
	case isNumber(k.typ):
		return quote(dossier.Number("0").SortKey())
	case k.typ == query.Bool:
		return "0"
	case isInteger(k.typ):
		return "-9223372036854775807"
	}
	return "''"
}

// hollow is the condition that a column is NULL or a zero, "" if none can be.
func (x *indexed) hollow() string {
	var parts []string
	for _, k := range x.keys {
		if !k.nullable() {
			continue
		}
		parts = append(parts, k.name+" IS NULL")
		if isNumber(k.typ) || k.typ == query.Bool {
			parts = append(parts, k.name+" = "+k.zero())
		}
	}
	if parts == nil {
		return ""
	}
	return "(" + strings.Join(parts, " OR ") + ")"
}

// isHollow reports whether hollow holds for that cell of a column.
func (k indexKey) isHollow(cell any) bool {
	switch {
	case cell == nil:
		return true
	case isNumber(k.typ):
		return cell == any(dossier.Number("0").SortKey())
	}
	return k.typ == query.Bool && cell == boolean(false)
}

// conditions are the conditions on what of says of a column.
func (x *indexed) conditions(of func(indexKey) string) []string {
	var out []string
	for i, k := range x.where {
		out = append(out, x.key(k, of(k))+" "+string(x.Where[i].Op)+" "+k.literal(x.Where[i].Value))
	}
	return out
}

// literal is a condition's value, which core has checked.
func (k indexKey) literal(value string) string {
	switch {
	case value == "":
		return k.zero()
	case isNumber(k.typ):
		n, _ := dossier.ParseNumber(value)
		return quote(n.SortKey())
	case k.typ == query.Bool && value == "true":
		return "1"
	case isInteger(k.typ):
		return k.zero()
	}
	return quote(value)
}

// quote is a text as a literal of SQL. A statement that makes an index has no parameters.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// violated turns the unique violation of an index that is made into one of the index.
func violated(x *dossier.Index, err error) error {
	if !errors.Is(err, dossier.Exists) {
		return err
	}
	return &dossier.Error{Kind: dossier.Exists, Msg: "two records agree in the columns of the index " + x.Name, Err: err,
		Problems: []dossier.Problem{{Path: []string{"indexes", x.Name}, Code: dossier.CodeNotUnique}}}
}

// dropIndexes drops the indexes of old that are not in list.
func (a alteration) dropIndexes(old, list []indexStatement) error {
	for _, s := range old {
		if !hasIndex(list, s.name) {
			if err := a.run("DROP INDEX " + s.name); err != nil {
				return err
			}
		}
	}
	return nil
}

// makeIndexes makes the indexes of list that are not in old.
func (a alteration) makeIndexes(old, list []indexStatement) error {
	for _, s := range list {
		if !hasIndex(old, s.name) {
			if err := a.run(s.sql); err != nil {
				return violated(s.of, err)
			}
		}
	}
	return nil
}

func hasIndex(list []indexStatement, name string) bool {
	return slices.ContainsFunc(list, func(s indexStatement) bool { return s.name == name })
}
