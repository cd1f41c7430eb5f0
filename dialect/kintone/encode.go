package kintone

import (
	"context"
	"strings"
	"time"

	"dossier"
)

// A cell is a value as it is read.
type cell struct {
	Type  fieldType `json:"type"`
	Value any       `json:"value"`
}

// A person is a user as they are shown.
type person struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

// nobody is who made what a token or the server made.
var nobody = person{"Administrator", "Administrator"}

// A fileCell is an attachment as it is read.
type fileCell struct {
	ContentType string `json:"contentType"`
	FileKey     string `json:"fileKey"`
	Name        string `json:"name"`
	Size        string `json:"size"`
}

// A rowCell is a table's row as it is read.
type rowCell struct {
	ID    string          `json:"id"`
	Value map[string]cell `json:"value"`
}

// An encoder shows records. related holds what the records refer to.
type encoder struct {
	form    form
	related *related
}

// encodeRecord shows a record: every field of the form and every built-in column, or those that only names.
func (e *encoder) encodeRecord(ctx context.Context, r *dossier.Record, only map[string]bool) (map[string]cell, error) {
	out := make(map[string]cell, len(e.form.fields)+len(e.form.builtins))
	for _, b := range e.form.builtins {
		if only == nil || only[b.code] {
			v, err := e.builtin(ctx, b, r)
			if err != nil {
				return nil, err
			}
			out[b.code] = cell{b.typ, v}
		}
	}
	for _, f := range e.form.fields {
		if only == nil || only[f.Code] {
			out[f.Code] = e.encode(f, r.Values[f.Name])
		}
	}
	return out, nil
}

func (e *encoder) builtin(ctx context.Context, b builtin, r *dossier.Record) (any, error) {
	switch b.typ {
	case typeRevision:
		return decimal(r.Revision), nil
	case typeCreator:
		return e.related.person(ctx, r.CreatedBy)
	case typeModifier:
		return e.related.person(ctx, r.UpdatedBy)
	case typeCreatedTime:
		return minute(r.Created), nil
	case typeUpdatedTime:
		return minute(r.Updated), nil
	}
	return decimal(r.Number), nil
}

// minute is an instant as the vendor shows it: without its seconds.
func minute(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:00Z") }

// encode shows the value of f; each type has its own way to show nothing.
func (e *encoder) encode(f *dossier.Field, v dossier.Value) cell {
	t := typeOf(f)
	switch t {
	case typeLine, typeLines, typeRich, typeLink:
		return cell{t, showText(f, v)}
	case typeNumber, typeCalc:
		return cell{t, e.showNumber(f, v)}
	case typeCheckBox, typeMulti:
		return cell{t, e.showList(f, v)}
	case typeRadio, typeDropDown:
		return cell{t, showOption(v)}
	case typeDate, typeTime, typeDateTime:
		return cell{t, showMoment(t, v)}
	case typeUsers:
		return cell{t, e.related.people(f, v)}
	case typeFile:
		files, _ := v.(dossier.Files)
		return cell{t, showFiles(files)}
	case typeTable:
		rows, _ := v.(dossier.Rows)
		return cell{t, e.showRows(f, rows)}
	}
	return cell{t, nil}
}

func showText(f *dossier.Field, v dossier.Value) string {
	switch v := v.(type) {
	case dossier.Text:
		return string(v)
	case dossier.JSON:
		if f.Type == dossier.TypeName || f.Type == dossier.TypeAddress {
			return showParts(f.Type, v)
		}
		return string(v)
	}
	return ""
}

func (e *encoder) showNumber(f *dossier.Field, v dossier.Value) string {
	switch v := v.(type) {
	case dossier.Number:
		return string(v)
	case dossier.Text:
		return e.related.number(f.Collection, string(v))
	}
	return ""
}

func (e *encoder) showList(f *dossier.Field, v dossier.Value) []string {
	out := []string{}
	for _, s := range dossier.Elements(v) {
		if f.Type == dossier.TypeRelation {
			s = e.related.number(f.Collection, s)
		}
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

func showOption(v dossier.Value) any {
	switch v := v.(type) {
	case dossier.Text:
		if v != "" {
			return string(v)
		}
	case dossier.Bool:
		if v {
			return boolYes
		}
		return boolNo
	}
	return nil
}

func showMoment(t fieldType, v dossier.Value) any {
	switch v := v.(type) {
	case dossier.Date:
		return string(v)
	case dossier.Clock:
		return string(v)[:len("15:04")]
	case dossier.Instant:
		return minute(v.Time())
	}
	if t == typeDateTime {
		return ""
	}
	return nil
}

func showFiles(files dossier.Files) []fileCell {
	out := make([]fileCell, len(files))
	for i, f := range files {
		out[i] = fileCell{contentType(f), recordKey(f), shownName(f.Name), decimal(f.Size)}
	}
	return out
}

// shownName is a name without what a client could take for a path.
func shownName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	if name == "" || name == "." || name == ".." {
		return "_"
	}
	return name
}

func (e *encoder) showRows(table *dossier.Field, rows dossier.Rows) []rowCell {
	out := make([]rowCell, len(rows))
	for i, row := range rows {
		cells := make(map[string]cell, len(table.Fields))
		for _, f := range table.Fields {
			cells[f.Code] = e.encode(f, row.Values[f.Name])
		}
		out[i] = rowCell{decimal(row.ID), cells}
	}
	return out
}
