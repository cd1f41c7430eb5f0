package kintone

import (
	"maps"
	"slices"

	"dossier"
)

// givenProperties is the parameter "properties".
func (c *call) givenProperties() (map[string]any, error) {
	given, ok := c.given("properties").(map[string]any)
	if !ok || len(given) == 0 {
		return nil, badInput("properties", say(textParam))
	}
	return given, nil
}

// addFields answers POST preview/app/form/fields.json.
func (h *handler) addFields(c *call) (any, error) {
	given, err := c.givenProperties()
	if err != nil {
		return nil, err
	}
	return c.change(edit{editAdd, map[string]any{"properties": given}})
}

func (c *call) applyAdd(next *dossier.Collection, given map[string]any) error {
	p := propertyReader{call: c, wrong: inputs{}, names: takenNames(next)}
	for _, code := range slices.Sorted(maps.Keys(given)) {
		at := "properties[" + code + "]"
		if formOf(next, c.who).has(code) {
			p.wrong.add(at+".code", say(textTaken))
		} else if f := p.field(at, code, given[code], nil); f != nil {
			next.Fields = append(next.Fields, f)
		}
	}
	if len(next.Fields) > maxAppFields {
		p.wrong.add("properties", say(textMaxItems, maxAppFields))
	}
	return p.verdict()
}

// changeFields answers PUT preview/app/form/fields.json.
func (h *handler) changeFields(c *call) (any, error) {
	given, err := c.givenProperties()
	if err != nil {
		return nil, err
	}
	return c.change(edit{editChange, map[string]any{"properties": given}})
}

func (c *call) applyChange(next *dossier.Collection, given map[string]any) error {
	p := propertyReader{call: c, wrong: inputs{}, names: takenNames(next)}
	for _, code := range slices.Sorted(maps.Keys(given)) {
		at := "properties[" + code + "]"
		i := slices.IndexFunc(next.Fields, func(f *dossier.Field) bool { return f.Code == code })
		if i < 0 {
			f := formOf(next, c.who)
			b, ok := f.builtin(code)
			if !ok {
				return fail(codeNoField, code)
			}
			p.renameBuiltin(at, f, b, given[code])
		} else if f := p.field(at, code, given[code], next.Fields[i]); f != nil {
			if f.Code != code && formOf(next, c.who).has(f.Code) {
				p.wrong.add(at+".code", say(textTaken))
			}
			next.Fields[i] = f
		}
	}
	return p.verdict()
}

// removeFields answers DELETE preview/app/form/fields.json.
func (h *handler) removeFields(c *call) (any, error) {
	codes := c.items("fields", 100)
	if len(codes) == 0 && len(c.wrong) == 0 {
		c.wrong.add("fields", say(textParam))
	}
	if err := c.verdict(); err != nil {
		return nil, err
	}
	return c.change(edit{editRemove, map[string]any{"fields": codes}})
}

func applyRemove(next *dossier.Collection, codes []any) error {
	for _, code := range codes {
		i := slices.IndexFunc(next.Fields, func(f *dossier.Field) bool { return f.Code == code })
		if i < 0 {
			return fail(codeNoField, plainText(code))
		}
		next.Fields = slices.Delete(next.Fields, i, i+1)
	}
	return nil
}

// changeLayout answers PUT preview/app/form/layout.json. The fields take the order of the layout.
func (h *handler) changeLayout(c *call) (any, error) {
	rows, ok := c.given("layout").([]any)
	if !ok {
		return nil, badInput("layout", say(textParam))
	}
	return c.change(edit{editLayout, map[string]any{"layout": rows}})
}

func applyLayout(f form, rows []any) error {
	order := map[string]int{}
	if !orderOf(rows, order) {
		return badInput("layout", say(textLayout))
	}
	for _, field := range f.fields {
		if _, ok := order[field.Code]; !ok {
			return badInput("layout", say(textLayout))
		}
	}
	for code := range order {
		if !f.has(code) {
			return fail(codeNoField, code)
		}
	}
	slices.SortStableFunc(f.c.Fields, func(a, b *dossier.Field) int { return order[a.Code] - order[b.Code] })
	return saveLayout(f.c, rows)
}

// orderOf notes the places of the fields in a layout; false if one stands twice or a row has no known type.
func orderOf(rows []any, order map[string]int) bool {
	for _, raw := range rows {
		row, _ := raw.(map[string]any)
		fields, _ := row["fields"].([]any)
		switch row["type"] {
		case "ROW":
		case "SUBTABLE":
			fields = []any{row}
		case "GROUP":
			inner, _ := row["layout"].([]any)
			if !orderOf(inner, order) {
				return false
			}
			continue
		default:
			return false
		}
		for _, raw := range fields {
			cell, _ := raw.(map[string]any)
			code, placed := cell["code"].(string)
			if !placed {
				continue
			}
			if _, twice := order[code]; twice {
				return false
			}
			order[code] = len(order)
		}
	}
	return true
}
