package pocketbase

import (
	"slices"
	"strconv"
	"strings"

	"dossier"
	"dossier/query"
)

// The collations that texts have.
const (
	collateNoCase = "NOCASE"
	collateBinary = "BINARY"
	collateTrim   = "RTRIM"
)

// faultIndex is the code of an index that cannot be made.
const faultIndex = "validation_invalid_index_expression"

// indexes reads the list of indexes, if there is one: it is complete. Without one those that there are follow their fields.
func (rd *collectionReader) indexes() error {
	raw, sent := rd.raw["indexes"]
	_, fields := rd.raw["fields"]
	var texts []string
	switch {
	case sent:
		list, ok := raw.([]any)
		if raw != nil && !ok {
			return errFormat
		}
		for _, v := range list {
			text, ok := v.(string)
			if !ok {
				return errFormat
			}
			texts = append(texts, text)
		}
	case rd.old == nil || !fields:
		return nil
	default:
		texts = rd.followed()
	}
	if !fields && rd.old != nil {
		rd.next.Fields = make([]*dossier.Field, len(rd.old.Fields))
		for i, f := range rd.old.Fields {
			g := *f
			rd.next.Fields[i] = &g
		}
	}
	for _, f := range rd.next.Fields {
		f.Unique, f.Indexed = false, false
	}
	rd.next.Indexes = []dossier.Index{} // not nil, which would say nothing
	written := []string{}
	if statements, ok := rd.parseIndexes(texts); ok {
		whole := len(rd.data) == 0 // otherwise what is wrong may be the fields
		for i, s := range statements {
			if problem := rd.lowerIndex(s); problem != "" && whole {
				rd.fault(faultIndex, "Failed to create index "+s.name+" - "+problem+".", "indexes", strconv.Itoa(i))
			}
			written = append(written, named(s, texts[i], rd.next.Name))
		}
	}
	rd.remember(extraIndexes, written)
	return nil
}

// followed are the indexes that there are, with the names that their fields have now.
func (rd *collectionReader) followed() (texts []string) {
	names := map[string]string{}
	for _, f := range rd.old.Fields {
		if g, ok := rd.next.FieldByID(f.ID); ok && g.Name != f.Name {
			names[strings.ToLower(f.Name)] = g.Name
		}
	}
	for _, text := range indexesOf(rd.old) {
		if s, err := parseIndex(text); err == nil && slices.ContainsFunc(s.names(), func(n string) bool { return names[strings.ToLower(n)] != "" }) {
			s.rename(names)
			text = s.String()
		}
		texts = append(texts, text)
	}
	return texts
}

// parseIndexes understands the statements; ok is false after the first one that cannot be.
func (rd *collectionReader) parseIndexes(texts []string) (out []*indexStatement, ok bool) {
	taken, names, bodies := map[string]string{}, map[string]bool{}, map[string]bool{}
	for _, c := range rd.space.Collections {
		for _, text := range indexesOf(c) {
			if s, err := parseIndex(text); err == nil && c.ID != rd.next.ID {
				taken[strings.ToLower(s.name)] = c.Name
			}
		}
	}
	for i, text := range texts {
		s, err := parseIndex(text)
		if err != nil {
			rd.fault(faultIndex, "Invalid CREATE INDEX expression.", "indexes", strconv.Itoa(i))
			return nil, false
		}
		body, name := *s, strings.ToLower(s.name)
		body.schema, body.name, body.table = "", "", ""
		switch used, other := taken[name]; {
		case names[name]:
			rd.fault("validation_duplicated_index_name", "The index name already exists.", "indexes", strconv.Itoa(i))
		case other:
			nest(rd.data, []string{"indexes", strconv.Itoa(i)}, fault{Code: "validation_existing_index_name",
				Message: "The index name is already used in " + used + " collection.", Params: map[string]any{"usedTableName": used}})
		case bodies[body.String()]:
			rd.fault("validation_duplicated_index_definition", "The index definition already exists.", "indexes", strconv.Itoa(i))
		default:
			names[name], bodies[body.String()] = true, true
			out = append(out, s)
			continue
		}
		return nil, false
	}
	return out, true
}

// An indexedColumn is what a name in an index means.
type indexedColumn struct {
	ref   dossier.ColumnRef
	field *dossier.Field // nil of a column that every record has
	typ   query.Type     // None of one that is there but that no index is over: a secret
}

func (c indexedColumn) isNumeric() bool { return c.typ == query.Decimal || c.typ == query.Bool }

// resolveIndexed finds the column that an index of c calls name.
func resolveIndexed(c *dossier.Collection, name string) (indexedColumn, bool) {
	for _, f := range c.Fields {
		if dossier.SameName(f.Name, name) {
			at := indexedColumn{ref: dossier.ColumnRef{Field: f.ID}, field: f, typ: query.TypeOf(f)}
			if f.Type == dossier.TypeTable || f.IsSecret() {
				at.typ = query.None
			}
			return at, true
		}
	}
	for shown, m := range metaKinds {
		stamp := shown == stampCreated || shown == stampUpdated
		if !strings.EqualFold(shown, name) || m.auth && c.Kind != dossier.Auth || stamp && !hasStamp(c, shown) {
			continue
		}
		types := map[kind]query.Type{kindText: query.Text, kindInstant: query.Instant, kindBool: query.Bool}
		return indexedColumn{ref: dossier.ColumnRef{Meta: m.name}, typ: types[m.kind]}, true
	}
	secret := strings.EqualFold(name, "tokenKey") || strings.EqualFold(name, "password")
	return indexedColumn{typ: query.None}, secret && c.Kind == dossier.Auth
}

// shownRef is the name under which clients know a column of an index.
func shownRef(c *dossier.Collection, ref dossier.ColumnRef) string {
	if f, ok := c.FieldByID(ref.Field); ok {
		return f.Name
	}
	for shown, m := range metaKinds {
		if m.name == ref.Meta {
			return shown
		}
	}
	return ref.Meta
}

// lowerIndex makes of s what the collection is to keep: a mark of a field, or an index. What is wrong with it is the answer. What a plain
// index says beyond what can be kept only costs speed.
func (rd *collectionReader) lowerIndex(s *indexStatement) (problem string) {
	if strings.HasPrefix(strings.ToLower(s.name), "sqlite_") {
		return "SQL logic error: object name reserved for internal use: " + s.name + " (1)"
	}
	for _, name := range s.names() {
		if _, ok := resolveIndexed(rd.next, name); !ok {
			return "SQL logic error: no such column: " + name + " (1)"
		}
	}
	x := dossier.Index{Name: s.name, Unique: s.unique}
	inert := false
	for _, part := range s.columns {
		col, problem := rd.lowerPart(part)
		if problem != "" && (s.unique || strings.HasPrefix(problem, "SQL")) {
			if s.single("tokenKey") || s.single(keyEmail) {
				return "" // of which there are never two anyway
			}
			return problem
		}
		inert = inert || problem != ""
		x.Columns = append(x.Columns, col)
	}
	if inert || rd.next.Kind == dossier.Auth && s.single(keyEmail) {
		return ""
	}
	if s.unique {
		if x.Where, problem = rd.lowerWhere(s); problem != "" {
			return problem
		}
	}
	if rd.mark(s, x) {
		return ""
	}
	rd.next.Indexes = append(rd.next.Indexes, x)
	return ""
}

// mark sets the mark of a field that says the same as x, if there is one.
func (rd *collectionReader) mark(s *indexStatement, x dossier.Index) bool {
	f, ok := rd.next.FieldByID(x.Columns[0].Field)
	if !ok || len(x.Columns) > 1 || x.Columns[0].Fold {
		return false
	}
	if !x.Unique {
		f.Indexed = true
		return true
	}
	filled := indexTerm{column: f.Name, op: dossier.Differs}
	if f.IsFile() || s.opaque || len(s.terms) != 1 || !dossier.SameName(s.terms[0].column, f.Name) {
		return false
	}
	s.terms[0].column = f.Name
	f.Unique = s.terms[0] == filled
	return f.Unique
}

// lowerPart is a column of an index. A problem that does not begin with "SQL" is one of ours.
func (rd *collectionReader) lowerPart(part indexPart) (col dossier.IndexColumn, problem string) {
	if part.column == "" {
		return col, "the expression " + part.text + " is not supported"
	}
	at, _ := resolveIndexed(rd.next, part.column)
	if at.typ == query.None {
		return col, "the column " + part.column + " is not supported"
	}
	col.ColumnRef, col.Descending, col.Fold = at.ref, part.order == "DESC", part.lower && at.typ == query.Text
	switch strings.ToUpper(part.collate) {
	case "", collateBinary:
	case collateNoCase:
		col.Fold = at.typ == query.Text
	case collateTrim:
		return col, "the collation " + part.collate + " is not supported"
	default:
		return col, "SQL logic error: no such collation sequence: " + part.collate + " (257)"
	}
	return col, ""
}

// lowerWhere is the condition of a unique index.
func (rd *collectionReader) lowerWhere(s *indexStatement) (out []dossier.Condition, problem string) {
	if s.opaque {
		return nil, "the condition " + s.where + " is not supported"
	}
	for _, t := range s.terms {
		at, _ := resolveIndexed(rd.next, t.column)
		cond, always, ok := lowerTerm(at, t)
		if !ok {
			return nil, "the condition " + t.String() + " is not supported"
		}
		if !always {
			out = append(out, cond)
		}
	}
	return out, ""
}

// lowerTerm is one condition. always is one that every record meets: of what is stored only documents are NULL.
func lowerTerm(at indexedColumn, t indexTerm) (cond dossier.Condition, always, ok bool) {
	cond = dossier.Condition{ColumnRef: at.ref, Op: t.op, Value: t.value}
	equality := t.op == dossier.Same || t.op == dossier.Differs
	never := t.value == "" && t.op == dossier.Differs // a number is never ''
	if t.op == "" {
		cond.Op = dossier.Differs
		return cond, at.typ != query.JSON, at.typ != query.None
	}
	switch at.typ {
	case query.Text:
		return cond, false, equality
	case query.Decimal:
		n, err := dossier.ParseNumber(t.value)
		cond.Value = string(n)
		return cond, never, err == nil || never
	case query.Bool:
		value, known := map[string]string{"true": "true", "false": "false", "1": "true", "0": "false"}[t.value]
		cond.Value = value
		return cond, never, equality && known || never
	case query.List, query.Files: // an empty list is equal to '', as in filters
		cond.Value = ""
		return cond, false, equality && (t.value == "" || t.value == "[]")
	case query.JSON:
		return cond, false, t.value == "" && t.op == dossier.Differs
	}
	return cond, false, equality && t.value == "" && at.typ != query.None
}
