package dossier

// An Index is what the owner of a collection wants its store to keep over some fields of the records: to find and sort them quickly and,
// if it is unique, so that no two records agree in all of its columns.
//
// In a unique index an empty value equals every other empty one and the zero of its type: 0, false. That is what differs from
// Field.Unique, by which empty values never clash.
type Index struct {
	Name    string // unique in the space, whatever the case of its letters
	Unique  bool
	Columns []IndexColumn // 1 to MaxIndexColumns
	// Where all hold for the records that a unique index is about; without any it is about all. A plain index may leave out none.
	Where []Condition
}

// Bounds of indexes.
const (
	MaxIndexColumns = 32  // columns and conditions of one index
	MaxIndexes      = 100 // indexes of one collection
)

// A ColumnRef names what an index looks at: a field, or a column that every record has.
type ColumnRef struct {
	Field ID     // "" where Meta is set. In a definition that is not complete it may be the field's name
	Meta  string // id, created, updated, email, … as package query has them
}

// An IndexColumn is one column of an index.
type IndexColumn struct {
	ColumnRef
	Descending bool
	Fold       bool // the case of ASCII letters makes no difference; columns of texts only
}

// A Condition says that a column is the same as, or differs from, or lies before or after a value.
type Condition struct {
	ColumnRef
	Op ConditionOp
	// Value is the text of the value: a decimal text for a number, "true" or "false". "" is the empty value, which is 0 and false too.
	// Columns that hold no text, number or bool compare with "" alone.
	Value string
}

// A ConditionOp compares a column with a value.
type ConditionOp string

// The comparisons. The last four are of numbers only.
const (
	Same      ConditionOp = "="
	Differs   ConditionOp = "<>"
	Less      ConditionOp = "<"
	LessEqual ConditionOp = "<="
	More      ConditionOp = ">"
	MoreEqual ConditionOp = ">="
)

// Valid reports whether op is one of the comparisons.
func (op ConditionOp) Valid() bool {
	switch op {
	case Same, Differs, Less, LessEqual, More, MoreEqual:
		return true
	}
	return false
}

// FieldByID finds a field by ID.
func (c *Collection) FieldByID(id ID) (*Field, bool) {
	return findField(c.Fields, func(f *Field) bool { return f.ID == id })
}

// IsUnique reports whether no two records of c share a value of f, empty ones aside: by the field itself, or by a unique index over it
// alone that leaves out the empty values at most.
func (c *Collection) IsUnique(f *Field) bool {
	for _, x := range c.Indexes {
		if !x.IsOf(f) {
			continue
		}
		filled := Condition{ColumnRef: ColumnRef{Field: f.ID}, Op: Differs}
		if len(x.Where) == 0 || len(x.Where) == 1 && x.Where[0] == filled {
			return true
		}
	}
	return f.Unique
}

// IsOf reports whether x is unique and over f alone.
func (x *Index) IsOf(f *Field) bool {
	return x.Unique && len(x.Columns) == 1 && x.Columns[0].Field == f.ID && f.ID != ""
}

// OwnIndex reports whether a value of f is one record's: f is unique, or an index over it alone is, whatever the index's conditions.
// fold says that the case of ASCII letters makes no difference to such an index.
func (c *Collection) OwnIndex(f *Field) (fold, ok bool) {
	ok = f.Unique
	for _, x := range c.Indexes {
		if x.IsOf(f) {
			fold, ok = fold || x.Columns[0].Fold, true
		}
	}
	return fold, ok
}
