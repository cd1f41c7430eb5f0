package sqlstore

import (
	"database/sql/driver"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"

	"dossier"
	"dossier/query"
)

// A cell is how a value lies in a column or in a row of a table field: a text, an integer, or NULL where it is empty. A number is the
// text of its sort key, with its digits beside it where they are not the shortest text; lists and files are JSON arrays, rows
// JSON objects of cells.
//
// toCell makes the cell of v, a value that fits f.
func toCell(f *dossier.Field, v dossier.Value) (cell, digits any, err error) {
	if dossier.IsEmpty(v) {
		return nil, nil, nil
	}
	if err := dossier.Fits(f, v); err != nil {
		return nil, nil, wrong(f, err.Error())
	}
	switch v := v.(type) {
	case dossier.Number:
		if s := v.Plain(); s != string(v) {
			digits = string(v)
		}
		return v.SortKey(), digits, nil
	case dossier.Bool:
		return boolean(bool(v)), nil, nil
	case dossier.Instant:
		return int64(v), nil, nil
	case dossier.Files:
		ids := make(dossier.List, len(v))
		for i, file := range v {
			ids[i] = string(file.ID)
		}
		return query.ListText(ids), nil, nil
	case dossier.Rows:
		s, err := rowsText(f, v)
		return s, nil, err
	case dossier.Secret:
		return secretCell(f, v)
	case dossier.FileRefs:
		return nil, nil, wrong(f, "files are stored, not references to them")
	}
	s := query.TextOf(v)
	if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
		return nil, nil, wrong(f, "a text is UTF-8 without NUL")
	}
	return s, nil, nil
}

// secretCell is the hash of a secret.
func secretCell(f *dossier.Field, v dossier.Secret) (cell, digits any, err error) {
	if v.Hash == "" {
		return nil, nil, wrong(f, "hashes are stored, not what they are of")
	}
	return v.Hash, nil, nil
}

func boolean(b bool) any {
	if b {
		return int64(1)
	}
	return int64(0)
}

func wrong(f *dossier.Field, msg string) error {
	return &dossier.Error{Kind: dossier.Invalid, Msg: msg, Problems: []dossier.Problem{{Path: []string{f.Name}, Code: dossier.CodeInvalid}}}
}

// A decoder makes values of cells. It collects the files that it meets, so that one query can fill them all.
type decoder struct {
	files map[dossier.ID]*dossier.File
	loose bool // some of them are not held
}

// value is the value of type t that a cell holds, nil if it is NULL.
func (d *decoder) value(f *dossier.Field, t query.Type, cell, digits driver.Value) (dossier.Value, error) {
	if cell == nil {
		return nil, nil
	}
	switch t {
	case query.Text:
		return dossier.Text(text(cell)), nil
	case query.Decimal:
		if digits != nil {
			return dossier.Number(text(digits)), nil
		}
		return numberOf(text(cell))
	case query.Bool:
		return dossier.Bool(integer(cell) != 0), nil
	case query.Date:
		return dossier.Date(text(cell)), nil
	case query.Clock:
		return dossier.Clock(text(cell)), nil
	case query.Instant:
		return dossier.Instant(integer(cell)), nil
	case query.JSON:
		return dossier.JSON(text(cell)), nil
	case query.Secret:
		return dossier.Secret{Hash: text(cell)}, nil
	case query.List:
		l, err := parseList(text(cell))
		return l, err
	case query.Files:
		return d.fileList(text(cell))
	case query.Rows:
		return d.rows(f, text(cell))
	}
	return nil, dossier.Errorf(dossier.Internal, "no value has type %s", t)
}

// numberOf is the number of a sort key. Positive numbers with 1 to 19 digits before the point, the usual ones, are quick.
func numberOf(key string) (dossier.Value, error) {
	if len(key) < 6 || key[:3] != "250" || key[3] > '1' {
		return dossier.NumberFromKey(key)
	}
	exp, body := int(key[3]-'0')*10+int(key[4]-'0'), key[5:]
	switch {
	case exp == 0:
		return dossier.NumberFromKey(key)
	case len(body) == exp:
		return dossier.Number(body), nil
	case len(body) < exp:
		return dossier.Number(body + "0000000000000000000"[:exp-len(body)]), nil
	}
	return dossier.Number(body[:exp] + "." + body[exp:]), nil
}

func (d *decoder) fileList(cell string) (dossier.Value, error) {
	ids, err := parseList(cell)
	if err != nil {
		return nil, err
	}
	out := make(dossier.Files, len(ids))
	for i, id := range ids {
		out[i] = d.file(dossier.ID(id))
	}
	return out, nil
}

// file is the file with that ID, to be filled later.
func (d *decoder) file(id dossier.ID) *dossier.File {
	f, ok := d.files[id]
	if !ok {
		if d.files == nil {
			d.files = map[dossier.ID]*dossier.File{}
		}
		f = &dossier.File{ID: id}
		d.files[id] = f
	}
	return f
}

// rowsText is rows as a JSON array of objects: the row's id, and a cell for every field that is not empty, under its column name.
func rowsText(table *dossier.Field, rows dossier.Rows) (string, error) {
	b := []byte{'['}
	for i, row := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(append(b, `{"id":`...), row.ID, 10)
		for _, f := range table.Fields {
			cell, dig, err := toCell(f, row.Values[f.Name])
			if err != nil {
				return "", inRow(table, i, err)
			}
			b = appendMember(b, columnName(f), cell)
			b = appendMember(b, columnName(f)+digits, dig)
		}
		b = append(b, '}')
	}
	return string(append(b, ']')), nil
}

// inRow leads the problems of err to row i of the table.
func inRow(table *dossier.Field, i int, err error) error {
	e, ok := err.(*dossier.Error)
	if !ok {
		return err
	}
	for j := range e.Problems {
		e.Problems[j].Path = append([]string{table.Name, strconv.Itoa(i)}, e.Problems[j].Path...)
	}
	return e
}

func appendMember(b []byte, key string, cell any) []byte {
	switch cell := cell.(type) {
	case string:
		b = append(append(append(b, `,"`...), key...), `":`...)
		return query.AppendJSONString(b, cell)
	case int64:
		b = append(append(append(b, `,"`...), key...), `":`...)
		return strconv.AppendInt(b, cell, 10)
	}
	return b
}

func (d *decoder) rows(table *dossier.Field, cell string) (dossier.Value, error) {
	p := parser{s: cell}
	var out dossier.Rows
	for p.array() {
		cells := map[string]driver.Value{}
		for p.object() {
			key := p.str()
			p.want(':')
			cells[key] = p.scalar()
		}
		row := dossier.Row{ID: integer(cells["id"]), Values: make(map[string]dossier.Value, len(cells))}
		for _, f := range table.Fields {
			name := columnName(f)
			v, err := d.value(f, query.TypeOf(f), cells[name], cells[name+digits])
			if err != nil {
				return nil, err
			}
			if v != nil {
				row.Values[f.Name] = v
			}
		}
		out = append(out, row)
	}
	return out, p.err()
}

func parseList(s string) (dossier.List, error) {
	p := parser{s: s}
	out := make(dossier.List, 0, strings.Count(s, `,"`)+1)
	for p.array() {
		out = append(out, p.str())
	}
	return out, p.err()
}

// A parser reads the JSON that this package writes: arrays and objects of texts and integers without white space.
type parser struct {
	s   string
	at  int
	bad bool
}

func (p *parser) err() error {
	if p.bad {
		return dossier.Errorf(dossier.Internal, "a column holds broken JSON")
	}
	return nil
}

func (p *parser) peek() byte {
	if p.at < len(p.s) {
		return p.s[p.at]
	}
	return 0
}

func (p *parser) want(c byte) {
	if p.peek() != c {
		p.bad = true
	}
	p.at++
}

// array steps to the next element and reports whether there is one.
func (p *parser) array() bool { return p.step('[', ']') }

// object steps to the next member and reports whether there is one.
func (p *parser) object() bool { return p.step('{', '}') }

func (p *parser) step(open, end byte) bool {
	if p.bad {
		return false
	}
	switch p.peek() {
	case open:
		p.at++
		if p.peek() == end {
			p.at++
			return false
		}
		return true
	case ',':
		p.at++
		if open == '[' && p.peek() == '{' || open == '{' || p.peek() == '"' {
			return true
		}
	case end:
		p.at++
		return false
	}
	p.bad = true
	return false
}

func (p *parser) scalar() driver.Value {
	if p.peek() == '"' {
		return p.str()
	}
	start := p.at
	for c := p.peek(); c == '-' || '0' <= c && c <= '9'; c = p.peek() {
		p.at++
	}
	n, err := strconv.ParseInt(p.s[start:p.at], 10, 64)
	p.bad = p.bad || err != nil
	return n
}

func (p *parser) str() string {
	p.want('"')
	if p.bad {
		return ""
	}
	start, escaped := p.at, false
	for ; p.at < len(p.s) && p.s[p.at] != '"'; p.at++ {
		if p.s[p.at] == '\\' {
			escaped = true
			p.at++
		}
	}
	if p.at >= len(p.s) {
		p.bad = true
		return ""
	}
	s := p.s[start:p.at]
	p.at++
	if escaped {
		p.bad = json.Unmarshal([]byte(p.s[start-1:p.at]), &s) != nil
	}
	return s
}
