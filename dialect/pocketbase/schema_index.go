package pocketbase

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"dossier"
)

// accountIndexes are the indexes that every auth collection has.
var accountIndexes = []struct{ field, where string }{{"tokenKey", ""}, {keyEmail, "`email` != ''"}}

// indexesOf are the indexes of c as statements: those that their maker wrote, as far as they hold, those that were made elsewhere, and
// those that fields say.
func indexesOf(c *dossier.Collection) []string {
	out := []string{}
	var shown []*indexStatement
	show := func(s *indexStatement) {
		shown, out = append(shown, s), append(out, s.String())
	}
	for _, text := range writtenIndexes(c) {
		s, err := parseIndex(text)
		if err != nil || !holds(c, s) {
			continue
		}
		shown, out = append(shown, s), append(out, named(s, text, c.Name))
	}
	has := func(ok func(*indexStatement) bool) bool { return slices.ContainsFunc(shown, ok) }
	for i := range c.Indexes {
		if x := &c.Indexes[i]; !has(func(s *indexStatement) bool { return strings.EqualFold(s.name, x.Name) }) {
			show(statementOf(c, x))
		}
	}
	for _, on := range accountIndexes {
		if c.Kind == dossier.Auth && !has(func(s *indexStatement) bool { return s.unique && s.single(on.field) }) {
			show(&indexStatement{unique: true, name: "idx_" + on.field + "_" + collectionID(c), table: c.Name, columns: []indexPart{{column: on.field, text: on.field}}, where: on.where})
		}
	}
	for _, f := range c.Fields {
		s := indexStatement{name: "idx_" + c.Name + "_" + f.Name, table: c.Name, columns: []indexPart{{column: f.Name, text: f.Name}}}
		if f.Unique && !has(func(s *indexStatement) bool { return s.unique && s.single(f.Name) }) {
			u := s
			u.unique, u.where = true, "`"+f.Name+"` != ''"
			show(&u)
			s.name += "_order"
		}
		if f.Indexed && !has(func(s *indexStatement) bool { return !s.unique && s.single(f.Name) }) {
			show(&s)
		}
	}
	return out
}

// writtenIndexes are the statements of c as their maker wrote them.
func writtenIndexes(c *dossier.Collection) (texts []string) {
	_ = json.Unmarshal([]byte(c.Extra[extraIndexes]), &texts) // what cannot be read is made anew
	return texts
}

// named is the statement s, which is written as text, for the collection name: as it is if it has that name.
func named(s *indexStatement, text, name string) string {
	if s.table == name {
		return text
	}
	s.table = name
	return s.String()
}

// single reports whether s is over the column name alone, as it is.
func (s *indexStatement) single(name string) bool {
	return len(s.columns) == 1 && !s.columns[0].lower && strings.EqualFold(s.columns[0].column, name)
}

// holds reports whether what s says is so: others may have changed the fields and indexes of c.
func holds(c *dossier.Collection, s *indexStatement) bool {
	for _, name := range s.names() {
		if _, ok := resolveIndexed(c, name); !ok {
			return false
		}
	}
	if slices.ContainsFunc(c.Indexes, func(x dossier.Index) bool { return strings.EqualFold(x.Name, s.name) }) {
		return true
	}
	if len(s.columns) == 1 && s.columns[0].column != "" {
		switch at, _ := resolveIndexed(c, s.columns[0].column); {
		case at.field == nil, at.field.IsSecret():
			return true
		case s.unique:
			return at.field.Unique
		case !s.columns[0].lower:
			return at.field.Indexed
		}
	}
	return !s.unique // one that has no effect
}

// names are the columns that s names, as far as it is understood.
func (s *indexStatement) names() (out []string) {
	for _, part := range s.columns {
		if part.column != "" {
			out = append(out, part.column)
		}
	}
	for _, t := range s.terms {
		out = append(out, t.column)
	}
	return out
}

// String is s in the usual form.
func (s *indexStatement) String() string {
	var b strings.Builder
	b.WriteString("CREATE ")
	if s.unique {
		b.WriteString("UNIQUE ")
	}
	b.WriteString("INDEX ")
	if s.optional {
		b.WriteString("IF NOT EXISTS ")
	}
	if s.schema != "" {
		b.WriteString("`" + s.schema + "`.")
	}
	parts := make([]string, len(s.columns))
	for i, part := range s.columns {
		parts[i] = part.String()
	}
	list := parts[0]
	if len(parts) > 1 {
		list = "\n  " + strings.Join(parts, ",\n  ") + "\n"
	}
	b.WriteString("`" + s.name + "` ON `" + s.table + "` (" + list + ")")
	if s.where != "" {
		b.WriteString(" WHERE " + s.where)
	}
	return b.String()
}

func (p indexPart) String() string {
	out := p.text
	if p.column != "" && !p.lower {
		out = "`" + out + "`"
	}
	if p.collate != "" {
		out += " COLLATE " + p.collate
	}
	if p.order != "" {
		out += " " + p.order
	}
	return out
}

func (t indexTerm) String() string {
	name := "`" + t.column + "`"
	switch {
	case t.op == "":
		return name + " IS NOT NULL"
	case t.number:
		return name + " " + sqlOp(t.op) + " " + t.value
	}
	return name + " " + sqlOp(t.op) + " '" + strings.ReplaceAll(t.value, "'", "''") + "'"
}

func sqlOp(op dossier.ConditionOp) string {
	if op == dossier.Differs {
		return "!="
	}
	return string(op)
}

// rename gives the columns of s their new names, by the old ones in lower case.
func (s *indexStatement) rename(names map[string]string) {
	for i := range s.columns {
		part := &s.columns[i]
		to, ok := names[strings.ToLower(part.column)]
		switch {
		case !ok:
		case part.lower:
			part.column, part.text = to, "lower(`"+to+"`)"
		default:
			part.column, part.text = to, to
		}
	}
	moved := false
	for i := range s.terms {
		if to, ok := names[strings.ToLower(s.terms[i].column)]; ok {
			s.terms[i].column, moved = to, true
		}
	}
	if moved {
		s.where = joinTerms(s.terms)
	}
}

func joinTerms(terms []indexTerm) string {
	texts := make([]string, len(terms))
	for i, t := range terms {
		texts[i] = t.String()
	}
	return strings.Join(texts, " AND ")
}

// hasOwnIndex reports whether f of c has a unique index of its own, whatever the index's condition. Then one record refers to another in
// f, if it is a relation, and people can sign in with it.
func hasOwnIndex(c *dossier.Collection, f *dossier.Field) bool {
	_, ok := c.OwnIndex(f)
	return ok
}

// statementOf is an index of c that was made elsewhere.
func statementOf(c *dossier.Collection, x *dossier.Index) *indexStatement {
	s := &indexStatement{unique: x.Unique, name: x.Name, table: c.Name}
	for _, col := range x.Columns {
		part := indexPart{column: shownRef(c, col.ColumnRef)}
		part.text = part.column
		if col.Fold {
			part.collate = collateNoCase
		}
		if col.Descending {
			part.order = "DESC"
		}
		s.columns = append(s.columns, part)
	}
	for _, cond := range x.Where {
		t := indexTerm{column: shownRef(c, cond.ColumnRef), op: cond.Op, value: cond.Value}
		at, _ := resolveIndexed(c, t.column)
		if t.number = at.isNumeric(); t.number && t.value == "" {
			t.value = "0"
		}
		s.terms = append(s.terms, t)
	}
	s.where = joinTerms(s.terms)
	return s
}

// violatedIndexes is what err, of a change to c, says of indexes that its records violate; nil if it is of something else.
func violatedIndexes(c *dossier.Collection, err error) map[string]any {
	var e *dossier.Error
	if !errors.As(err, &e) || e.Kind != dossier.Exists {
		return nil
	}
	data := map[string]any{}
	for i, text := range indexesOf(c) {
		s, err := parseIndex(text)
		if err != nil || !slices.ContainsFunc(e.Problems, func(p dossier.Problem) bool { return s.violated(p) }) {
			continue
		}
		columns := make([]string, len(s.columns))
		for j, part := range s.columns {
			columns[j] = c.Name + "." + part.column
		}
		message := "Failed to create index " + s.name + " - constraint failed: UNIQUE constraint failed: " + strings.Join(columns, ", ") + " (2067)."
		nest(data, []string{"indexes", strconv.Itoa(i)}, fault{Code: faultIndex, Message: message})
	}
	if len(data) == 0 {
		return nil
	}
	return data
}

// violated reports whether the problem is that of s: by the index's name, or by that of the field that is to be unique.
func (s *indexStatement) violated(p dossier.Problem) bool {
	if p.Code != dossier.CodeNotUnique || !s.unique {
		return false
	}
	if len(p.Path) == 2 && p.Path[0] == "indexes" {
		return strings.EqualFold(p.Path[1], s.name)
	}
	return len(p.Path) == 1 && s.single(p.Path[0])
}
