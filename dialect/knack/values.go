package knack

import (
	"encoding/json"
	"math/big"
	"strings"
	"time"

	"dossier"
	"dossier/query"
)

// An encoder turns values into the vendor's pairs, for one answer.
type encoder struct {
	addresser
	zone *time.Location
	// identifiers are the texts that stand for connected records, by collection and record.
	identifiers map[dossier.ID]map[string]string
	// keys are the keys of the fields met so far.
	keys map[*dossier.Field]keyPair
}

// A keyPair is the keys of a field's two values.
type keyPair struct{ formatted, raw string }

// keysOf are the keys of f; a list asks for them with every record.
func (e *encoder) keysOf(f *dossier.Field) keyPair {
	k, ok := e.keys[f]
	if !ok {
		if e.keys == nil {
			e.keys = map[*dossier.Field]keyPair{}
		}
		k.formatted = fieldKey(f)
		k.raw = k.formatted + "_raw"
		e.keys[f] = k
	}
	return k
}

// A format says which of a field's two values an answer has.
type format string

const (
	formatBoth format = "both"
	formatHTML format = "html"
	formatRaw  format = "raw"
)

// record is r as the vendor shows it: its id, then every one of fields.
func (e *encoder) record(fields []*dossier.Field, r *dossier.Record, as format) object {
	out := make(object, 0, 1+2*len(fields))
	out = append(out, pair{"id", string(r.ID)})
	for _, f := range fields {
		out = e.field(out, f, r.Values[f.Name], as)
	}
	return out
}

// field appends the value of f.
func (e *encoder) field(out object, f *dossier.Field, v dossier.Value, as format) object {
	formatted, raw := e.value(f, v)
	keys := e.keysOf(f)
	switch as {
	case formatRaw:
		if raw == nil {
			raw = ""
		}
		return append(out, pair{keys.formatted, raw})
	case formatHTML:
		return append(out, pair{keys.formatted, formatted})
	}
	out = append(out, pair{keys.formatted, formatted})
	if raw != nil {
		out = append(out, pair{keys.raw, raw})
	}
	return out
}

// value is the formatted and the raw value of f; an empty one is "" and nil, but for those types that are never quite empty.
func (e *encoder) value(f *dossier.Field, v dossier.Value) (formatted, raw any) {
	switch {
	case f.Type == dossier.TypeBool:
		return yesNo(v == dossier.Bool(true)), v == dossier.Bool(true)
	case f.IsRelation():
		return e.connections(f, v)
	case dossier.IsEmpty(v), v == dossier.Text(""):
		return "", nil
	}
	switch v := v.(type) {
	case dossier.Text:
		return textValue(f, string(v))
	case dossier.List:
		return escapeText(strings.Join(v, ", ")), []string(v)
	case dossier.Number:
		return numberValue(f, v)
	case dossier.Files:
		return anyPair(e.assets(f, v))
	case dossier.Rows:
		return paragraph(e.rows(f, v))
	case dossier.JSON:
		return jsonValue(f, string(v))
	}
	if m, ok := momentOf(v, e.zone); ok {
		return m.formatted(), m.raw()
	}
	return "", nil
}

func anyPair(formatted string, raw object) (any, any) { return formatted, raw }

func paragraph(text string) (any, any) { return escapeLines(text), text }

func yesNo(b bool) string {
	if b {
		return "Yes"
	}
	return "No"
}

// textValue is the pair of a text that is not "".
func textValue(f *dossier.Field, s string) (formatted, raw any) {
	switch typeOf(f) {
	case richText:
		clean := sanitize(s)
		return clean, clean
	case emailType:
		return `<a href="mailto:` + escapeAttr(s) + `">` + escapeAttr(s) + `</a>`, object{{"email", s}}
	case linkType:
		return linkText(s), object{{"url", s}}
	case phoneType:
		return phoneValue(f, s)
	case paragraphText:
		return paragraph(s)
	}
	return escapeText(s), s
}

// linkText is an anchor, or the address alone where it is not one to follow.
func linkText(s string) string {
	if !safeURL(s) {
		return escapeAttr(s)
	}
	return `<a href="` + escapeAttr(s) + `" target="_blank">` + escapeAttr(s) + `</a>`
}

// maskedPhone is the format of phone fields whose numbers are shown in the vendor's mask.
const maskedPhone = "us"

// phoneValue is the pair of a phone number: plain, or masked where the field says so and the number has ten digits.
func phoneValue(f *dossier.Field, s string) (formatted, raw any) {
	digits := phoneDigits(f, s)
	if digits == "" {
		return escapeText(s), s
	}
	masked := maskPhone(digits)
	return masked, object{{"formatted", masked}, {"full", digits}, {"number", digits[3:]}, {"area", digits[:3]}}
}

// phoneDigits are the ten digits of a number in a field with a mask; "" if there is no mask, or it does not fit.
func phoneDigits(f *dossier.Field, s string) string {
	if f.Format != maskedPhone {
		return ""
	}
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
	if len(digits) == 11 && digits[0] == '1' {
		digits = digits[1:]
	}
	if len(digits) != 10 || strings.Trim(s, "0123456789+-(). ") != "" {
		return ""
	}
	return digits
}

func maskPhone(digits string) string {
	return "(" + digits[:3] + ") " + digits[3:6] + "-" + digits[6:]
}

// numberValue is the pair of a number: the number twice, but a rating's text has two decimals.
func numberValue(f *dossier.Field, n dossier.Number) (formatted, raw any) {
	if f.Type == dossier.TypeRating {
		if r, ok := new(big.Rat).SetString(string(n)); ok {
			return r.FloatString(2), n
		}
	}
	return n, n
}

// connections is the pair of a connection: spans with the identifiers, and a list that is there when it is empty, too.
func (e *encoder) connections(f *dossier.Field, v dossier.Value) (formatted, raw any) {
	ids := dossier.Elements(v)
	spans, list := make([]string, len(ids)), make([]object, len(ids))
	for i, id := range ids {
		text := e.identifiers[f.Collection][id]
		if text == "" {
			text = id
		}
		list[i] = object{{"id", id}, {"identifier", text}}
		spans[i] = `<span class="` + escapeAttr(id) + `" data-kn="connection-value">` + escapeAttr(text) + `</span>`
	}
	return strings.Join(spans, "<br />"), list
}

// identifierText is the text that stands for a record in other records: the plain text of its identifier field, else its id.
func (e *encoder) identifierText(c *dossier.Collection, r *dossier.Record) string {
	f := c.IdentifierField()
	if f == nil {
		return string(r.ID)
	}
	switch v := r.Values[f.Name].(type) {
	case dossier.Text:
		if f.Type == dossier.TypeRichText {
			return plainText(string(v))
		}
		return string(v)
	case dossier.Files:
		names := make([]string, len(v))
		for i, file := range v {
			names[i] = file.Name
		}
		return strings.Join(names, ", ")
	default:
		if m, ok := momentOf(v, e.zone); ok {
			return m.formatted()
		}
		return query.TextOf(v)
	}
}

// jsonValue is the pair of a name, an address, or any JSON as its text.
func jsonValue(f *dossier.Field, text string) (formatted, raw any) {
	var parts map[string]any
	if f.Type == dossier.TypeJSON || decodeJSON(text, &parts) != nil {
		return paragraph(text)
	}
	if f.Type == dossier.TypeName {
		return formatName(parts), partsIn(parts, nameParts)
	}
	return formatAddress(parts), partsIn(parts, addressParts)
}

// rows is a table as JSON text: a list of objects with the row's id and the raw values of its columns by name; files are
// lists of assets.
func (e *encoder) rows(f *dossier.Field, rows dossier.Rows) string {
	list := make([]object, len(rows))
	for i, row := range rows {
		list[i] = object{{"id", row.ID}}
		for _, g := range f.Fields {
			list[i] = append(list[i], pair{g.Name, e.cell(g, row.Values[g.Name])})
		}
	}
	b, err := appendList(nil, list)
	if err != nil {
		return "[]"
	}
	return string(b)
}

func (e *encoder) cell(f *dossier.Field, v dossier.Value) any {
	if files, ok := v.(dossier.Files); ok {
		all := make([]object, len(files))
		for i, file := range files {
			all[i] = e.asset(f, file)
		}
		return all
	}
	if j, ok := v.(dossier.JSON); ok {
		return json.RawMessage(j)
	}
	_, raw := e.value(f, v)
	return raw
}
