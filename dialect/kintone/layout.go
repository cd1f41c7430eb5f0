package kintone

import (
	"encoding/json"

	"dossier"
)

// layoutKey is where an app keeps the layout of its form, as JSON.
const layoutKey = "layout"

func layoutBody(f form, revision int64) map[string]any {
	return map[string]any{"layout": layoutOf(f), "revision": decimal(revision)}
}

// layoutOf is the layout that was set, without fields that are gone and with a row for each that came since.
func layoutOf(f form) []any {
	rows := savedLayout(f.c)
	rest := map[string]bool{}
	for _, field := range f.fields {
		rest[field.Code] = true
	}
	out := []any{}
	for _, row := range rows {
		if kept := f.keepRow(row, rest); kept != nil {
			out = append(out, kept)
		}
	}
	for _, field := range f.fields {
		if rest[field.Code] {
			out = append(out, rowOf(field))
		}
	}
	return out
}

// savedLayout is the layout that the app keeps, nil for none.
func savedLayout(c *dossier.Collection) []any {
	var rows []any
	if json.Unmarshal([]byte(c.Extra[extraKey(layoutKey)]), &rows) != nil {
		return nil
	}
	return rows
}

// saveLayout keeps the layout with the app, which is the caller's to change.
func saveLayout(c *dossier.Collection, rows []any) error {
	text, err := json.Marshal(rows)
	if err != nil {
		return err
	}
	setExtra(c, layoutKey, string(text))
	return nil
}

// setExtra notes something with the app, or forgets it if it is "".
func setExtra(c *dossier.Collection, option, text string) {
	if text == "" {
		delete(c.Extra, extraKey(option))
		return
	}
	if c.Extra == nil {
		c.Extra = map[string]string{}
	}
	c.Extra[extraKey(option)] = text
}

// keepRow is a saved row with the fields that are still there, nil if nothing is left of it. Fields that it shows leave rest.
func (f form) keepRow(raw any, rest map[string]bool) any {
	row, _ := raw.(map[string]any)
	switch row["type"] {
	case "ROW":
		fields, _ := row["fields"].([]any)
		kept := []any{}
		for _, raw := range fields {
			cell, _ := raw.(map[string]any)
			code, placed := cell["code"].(string)
			if !placed {
				kept = append(kept, cell) // a decoration
			} else if _, isBuiltin := f.builtin(code); rest[code] || isBuiltin {
				delete(rest, code)
				kept = append(kept, cell)
			}
		}
		if len(kept) > 0 {
			return map[string]any{"type": "ROW", "fields": kept}
		}
	case "SUBTABLE":
		code, _ := row["code"].(string)
		if table, ok := f.field(code); ok && rest[code] {
			delete(rest, code)
			return rowOf(table)
		}
	case "GROUP":
		rows, _ := row["layout"].([]any)
		kept := []any{}
		for _, inner := range rows {
			if k := f.keepRow(inner, rest); k != nil {
				kept = append(kept, k)
			}
		}
		if len(kept) > 0 {
			return map[string]any{"type": "GROUP", "code": row["code"], "layout": kept}
		}
	}
	return nil
}

// rowOf is a field in a row of its own.
func rowOf(f *dossier.Field) any {
	if f.Type != dossier.TypeTable {
		return map[string]any{"type": "ROW", "fields": []any{placed(f)}}
	}
	fields := []any{}
	for _, g := range f.Fields {
		fields = append(fields, placed(g))
	}
	return map[string]any{"type": "SUBTABLE", "code": f.Code, "fields": fields}
}

func placed(f *dossier.Field) map[string]any {
	return map[string]any{"type": typeOf(f), "code": f.Code, "size": map[string]string{"width": "200"}}
}
