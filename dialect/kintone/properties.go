package kintone

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"dossier"
)

// takenNames are the names that a new field of c cannot have: those of its fields, and those that mean something elsewhere.
func takenNames(c *dossier.Collection) map[string]bool {
	taken := map[string]bool{}
	for _, name := range []string{"id", "expand", "collectionid", "collectionname", "null", "true", "false", "_rowid_", "email",
		"emailvisibility", "verified", "password", "tokenkey", "created", "updated"} {
		taken[name] = true
	}
	for _, f := range c.Fields {
		taken[strings.ToLower(f.Name)] = true
	}
	return taken
}

// A propertyReader reads fields of a form as the vendor writes them.
type propertyReader struct {
	call  *call
	wrong inputs
	names map[string]bool
}

func (p *propertyReader) verdict() error {
	if len(p.wrong) == 0 {
		return nil
	}
	return &fault{code: codeInput, inputs: p.wrong}
}

// Every file field of the vendor takes any number of files, every selection any number of users.
const manyElements = 1000

// newFieldTypes are the types that a field can be made with, as they are before their options are read.
var newFieldTypes = map[fieldType]dossier.Field{
	typeLine:     {Type: dossier.TypeText},
	typeLines:    {Type: dossier.TypeText, Multiline: true},
	typeRich:     {Type: dossier.TypeRichText},
	typeNumber:   {Type: dossier.TypeNumber},
	typeLink:     {Type: dossier.TypeURL},
	typeCheckBox: {Type: dossier.TypeSelect, Widget: dossier.WidgetCheckbox, MaxSelect: manyElements},
	typeMulti:    {Type: dossier.TypeSelect, Widget: dossier.WidgetMulti, MaxSelect: manyElements},
	typeRadio:    {Type: dossier.TypeSelect, Widget: dossier.WidgetRadio},
	typeDropDown: {Type: dossier.TypeSelect, Widget: dossier.WidgetDropdown},
	typeDate:     {Type: dossier.TypeDate},
	typeTime:     {Type: dossier.TypeTime},
	typeDateTime: {Type: dossier.TypeDateTime},
	typeUsers:    {Type: dossier.TypeUser, MaxSelect: manyElements},
	typeFile:     {Type: dossier.TypeFile, MaxSelect: manyElements},
	typeTable:    {Type: dossier.TypeTable},
}

// field reads one property under the key at. old is the field that it changes, nil for a new one; nil comes back if something
// is wrong.
func (p *propertyReader) field(at, code string, raw any, old *dossier.Field) *dossier.Field {
	object, ok := raw.(map[string]any)
	if !ok {
		p.wrong.add(at, say(textInvalid))
		return nil
	}
	before := len(p.wrong)
	f := p.begin(at, code, object, old)
	if f == nil {
		return nil
	}
	p.common(at, object, f)
	p.options(at, object, f)
	p.defaultValue(at, object, f)
	if f.Type == dossier.TypeTable {
		p.members(at, object, f)
	}
	if len(p.wrong) > before {
		return nil
	}
	return f
}

// begin is the field before its options are read.
func (p *propertyReader) begin(at, code string, object map[string]any, old *dossier.Field) *dossier.Field {
	t, _ := object["type"].(string)
	if old != nil {
		if t != "" && fieldType(t) != typeOf(old) {
			p.wrong.add(at+".type", say(textInvalid))
			return nil
		}
		return dossier.CloneFields([]*dossier.Field{old})[0]
	}
	if t == "" {
		p.wrong.add(at+".type", say(textParam))
		return nil
	}
	start, ok := newFieldTypes[fieldType(t)]
	if !ok {
		p.wrong.add(at+".type", say(textFieldType))
		return nil
	}
	if given, ok := object["code"].(string); ok && given != code {
		p.wrong.add(at+".code", say(textInvalid))
		return nil
	}
	if !validCode(code) {
		p.wrong.add(at+".code", say(textCode))
		return nil
	}
	f := start
	f.Code, f.Label, f.Name = code, code, freeName(code, "field", p.names)
	return &f
}

// maxCode is how many characters a field code has at most.
const maxCode = 128

// validCode reports whether a field can have that code: one that a query can name.
func validCode(code string) bool {
	for _, r := range code {
		word := r == '_' || r == '$' || unicode.IsLetter(r) || unicode.IsDigit(r)
		if !word && (r < 0x80 || !unicode.IsPrint(r)) {
			return false
		}
	}
	return code != "" && utf8.RuneCountInString(code) <= maxCode
}

// common reads what most types have.
func (p *propertyReader) common(at string, object map[string]any, f *dossier.Field) {
	if code, ok := object["code"].(string); ok && code != "" && code != f.Code {
		if f.Code = code; !validCode(code) {
			p.wrong.add(at+".code", say(textCode))
		}
	}
	if label, ok := object["label"].(string); ok {
		f.Label = label
	}
	if f.Label == "" {
		f.Label = f.Code
	}
	if v, ok := object["required"]; ok {
		f.Required = truth(v)
	}
	if v, ok := object["unique"]; ok && uniqueTypes[typeOf(f)] {
		f.Unique = truth(v)
	}
	if v, ok := object["defaultNowValue"]; ok {
		f.DefaultNow = truth(v)
	}
	for _, option := range []string{"noLabel", "digit", "unitPosition", "align", "thumbnailSize"} {
		if v, ok := object[option]; ok {
			p.keep(f, option, v)
		}
	}
	if size := extra(f, "thumbnailSize", "150"); !slices.Contains([]string{"50", "150", "250", "500"}, size) {
		p.wrong.add(at+".thumbnailSize", say(textEnum))
	}
}

// uniqueTypes are the types that keep "unique"; others drop it.
var uniqueTypes = map[fieldType]bool{typeLine: true, typeNumber: true, typeLink: true, typeDate: true, typeDateTime: true}

func truth(v any) bool { return v == true || v == "true" }

// keep notes a display option with the field.
func (p *propertyReader) keep(f *dossier.Field, option string, v any) {
	text := plainText(v)
	if f.Extra = maps.Clone(f.Extra); f.Extra == nil {
		f.Extra = map[string]string{}
	}
	f.Extra[extraKey(option)] = text
}

// plainText is a text, number or truth value as text.
func plainText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return string(v)
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// options reads what only some types have.
func (p *propertyReader) options(at string, object map[string]any, f *dossier.Field) {
	switch typeOf(f) {
	case typeLine, typeLink:
		p.bound(at, object, "minLength", &f.Min)
		p.bound(at, object, "maxLength", &f.Max)
	case typeNumber:
		p.bound(at, object, "minValue", &f.Min)
		p.bound(at, object, "maxValue", &f.Max)
		if v, ok := object["unit"].(string); ok {
			f.Unit = v
		}
		p.scale(at, object, f)
	case typeCheckBox, typeMulti, typeRadio, typeDropDown:
		p.choices(at, object, f)
	}
	if protocol, ok := object["protocol"].(string); ok && typeOf(f) == typeLink {
		t, known := map[string]dossier.FieldType{"WEB": dossier.TypeURL, "MAIL": dossier.TypeEmail, "CALL": dossier.TypePhone}[protocol]
		if !known || f.ID != "" && t != f.Type {
			p.wrong.add(at+".protocol", say(textEnum))
			return
		}
		f.Type = t
	}
}

func (p *propertyReader) bound(at string, object map[string]any, name string, to *string) {
	v, ok := object[name]
	if !ok {
		return
	}
	text := strings.TrimSpace(plainText(v))
	if text != "" {
		if _, err := dossier.ParseNumber(text); err != nil {
			p.wrong.add(at+"."+name, say(textNumber))
			return
		}
	}
	*to = text
}

func (p *propertyReader) scale(at string, object map[string]any, f *dossier.Field) {
	v, ok := object["displayScale"]
	if !ok {
		return
	}
	text := plainText(v)
	if f.Decimals = nil; text == "" {
		return
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > 10 {
		p.wrong.add(at+".displayScale", say(textRange, 0, 10))
		return
	}
	f.Decimals = &n
}

// choices reads {"A": {"label": "A", "index": "0"}}.
func (p *propertyReader) choices(at string, object map[string]any, f *dossier.Field) {
	given, ok := object["options"].(map[string]any)
	if !ok {
		if object["options"] != nil || len(f.Options) == 0 && f.Type == dossier.TypeSelect {
			p.wrong.add(at+".options", say(textParam))
		}
		return
	}
	if f.Type != dossier.TypeSelect {
		return // the options of a truth value are fixed
	}
	places, labels := map[string]int{}, map[string]string{}
	for name, raw := range given {
		option, _ := raw.(map[string]any)
		place, err := strconv.Atoi(plainText(option["index"]))
		if err != nil {
			p.wrong.add(at+".options["+name+"].index", say(textNumber))
			continue
		}
		labels[name] = name
		if label, ok := option["label"].(string); ok && label != "" {
			labels[name] = label
		}
		places[labels[name]] = place
	}
	names := slices.Sorted(maps.Keys(places))
	slices.SortStableFunc(names, func(a, b string) int { return places[a] - places[b] })
	f.Options = names
	f.Default = relabeled(f, labels)
}

// relabeled is the default of a select after its options were renamed: what is no option any more is left out.
func relabeled(f *dossier.Field, labels map[string]string) dossier.Value {
	var kept dossier.List
	for _, name := range dossier.Elements(f.Default) {
		if label, ok := labels[name]; ok {
			kept = append(kept, label)
		}
	}
	return new(decoder).chosen(f, kept)
}

// defaultValue reads the value that new records get. Files and users have none.
func (p *propertyReader) defaultValue(at string, object map[string]any, f *dossier.Field) {
	raw, ok := object["defaultValue"]
	if t := typeOf(f); !ok || t == typeFile || t == typeUsers || t == typeTable {
		return
	}
	dec := &decoder{ctx: p.call.ctx(), path: []string{f.Name}}
	value, err := dec.decode(f, raw)
	if err != nil {
		p.wrong.add(at+".defaultValue", say(textInvalid))
	}
	for _, problem := range dec.problems {
		p.wrong.add(at+".defaultValue", problemMessage(problem))
	}
	for _, name := range dossier.Elements(value) {
		if f.Type == dossier.TypeSelect && !slices.Contains(f.Options, name) {
			p.wrong.add(at+".defaultValue", say(textOption, name))
		}
	}
	f.Default = value
}

// members reads the fields of a table. Those that are not named stay.
func (p *propertyReader) members(at string, object map[string]any, table *dossier.Field) {
	given, ok := object["fields"].(map[string]any)
	if !ok {
		if len(table.Fields) == 0 {
			p.wrong.add(at+".fields", say(textParam))
		}
		return
	}
	inner := propertyReader{call: p.call, wrong: p.wrong, names: takenNames(&dossier.Collection{Fields: table.Fields})}
	for _, code := range slices.Sorted(maps.Keys(given)) {
		key := at + ".fields[" + code + "]"
		i := slices.IndexFunc(table.Fields, func(f *dossier.Field) bool { return f.Code == code })
		var old *dossier.Field
		if i >= 0 {
			old = table.Fields[i]
		}
		f := inner.field(key, code, given[code], old)
		switch {
		case f == nil:
		case f.Type == dossier.TypeTable:
			p.wrong.add(key+".type", say(textFieldType))
		case i >= 0:
			table.Fields[i] = f
		default:
			table.Fields = append(table.Fields, f)
		}
	}
}
