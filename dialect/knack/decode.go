package knack

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"dossier"
	"dossier/wire"
)

// A decoder turns what a client sends into values of fields.
type decoder struct{ zone *time.Location }

// values are the values that body gives for fields, keyed by field name; what cannot be one is in the validation. Other keys, those
// of raw values and of fields that nobody writes are not looked at.
func (d decoder) values(fields []*dossier.Field, body map[string]any) (map[string]dossier.Value, validation) {
	out := map[string]dossier.Value{}
	var wrong validation
	for _, f := range fields {
		in, given := body[fieldKey(f)]
		if !given || f.Type == dossier.TypeAutoNumber {
			continue
		}
		v, code := d.value(f, in)
		if code != "" {
			wrong = append(wrong, wording(f, code))
			continue
		}
		out[f.Name] = v
	}
	return out, wrong
}

// value decodes in for f; a code says why it cannot be.
func (d decoder) value(f *dossier.Field, in any) (dossier.Value, dossier.Code) {
	if isBlankInput(in) && f.Type != dossier.TypeJSON {
		return nil, ""
	}
	switch {
	case f.IsText():
		return textInput(f, in)
	case f.IsNumber():
		return numberInput(in)
	case f.IsFile():
		return filesInput(f, in)
	case f.IsRelation():
		return relationInput(f, in)
	}
	switch f.Type {
	case dossier.TypeBool:
		return boolInput(in)
	case dossier.TypeSelect:
		return choiceInput(f, in)
	case dossier.TypeDate, dossier.TypeDateTime, dossier.TypeTime:
		return d.dateInput(f, in)
	case dossier.TypeTable:
		return d.tableInput(f, in)
	case dossier.TypeJSON:
		return jsonInput(in)
	case dossier.TypeName:
		return partsInput(in, nameParts, splitName)
	case dossier.TypeAddress:
		return partsInput(in, addressParts, splitAddress)
	}
	return nil, dossier.CodeInvalid
}

// isBlankInput reports whether in clears a field: null, "", [] or {}.
func isBlankInput(in any) bool {
	switch in := in.(type) {
	case nil:
		return true
	case string:
		return in == ""
	case []any:
		return len(in) == 0
	case map[string]any:
		return len(in) == 0
	}
	return false
}

// textOfInput is the text of a string, number or boolean; ok is false for anything else.
func textOfInput(in any) (s string, ok bool) {
	switch in := in.(type) {
	case string:
		return in, true
	case json.Number:
		return string(in), true
	case bool:
		if in {
			return "true", true
		}
		return "false", true
	}
	return "", false
}

// rawKeys are the keys of raw values that hold the text of a field of that type, the best first.
var rawKeys = map[string][]string{emailType: {"email"}, linkType: {"url"}, phoneType: {"full", "formatted"}}

func textInput(f *dossier.Field, in any) (dossier.Value, dossier.Code) {
	typ := typeOf(f)
	if o, ok := in.(map[string]any); ok {
		in = nil
		for _, k := range rawKeys[typ] {
			if s, ok := textOfInput(o[k]); ok && in == nil {
				in = s
			}
		}
	}
	s, ok := textOfInput(in)
	if !ok {
		return nil, dossier.CodeInvalid
	}
	switch typ {
	case emailType, linkType:
		if href, ok := attribute(s, "a", "href"); ok {
			s = strings.TrimPrefix(href, "mailto:")
		}
		s = strings.TrimSpace(s)
	case phoneType:
		if digits := phoneDigits(f, s); digits != "" {
			s = maskPhone(digits)
		}
	}
	if s == "" {
		return nil, ""
	}
	return dossier.Text(s), ""
}

func numberInput(in any) (dossier.Value, dossier.Code) {
	if _, isBool := in.(bool); isBool {
		return nil, dossier.CodeNotNumber
	}
	s, ok := textOfInput(in)
	n, err := parseLooseNumber(s)
	if !ok || err != nil {
		return nil, dossier.CodeNotNumber
	}
	return n, ""
}

// parseLooseNumber reads a number as people write it: with thousands separators, and a currency sign.
func parseLooseNumber(s string) (dossier.Number, error) {
	s = strings.TrimSpace(s)
	neg := strings.HasPrefix(s, "-")
	s = strings.TrimLeft(strings.TrimPrefix(s, "-"), "$€£¥ ")
	if groupedNumber(s) {
		s = strings.ReplaceAll(s, ",", "")
	}
	if neg {
		s = "-" + s
	}
	return dossier.ParseNumber(s)
}

// groupedNumber reports whether the commas of s stand before groups of three digits.
func groupedNumber(s string) bool {
	whole, _, _ := strings.Cut(s, ".")
	groups := strings.Split(whole, ",")
	for _, g := range groups[1:] {
		if len(g) != 3 {
			return false
		}
	}
	return len(groups) > 1 && groups[0] != ""
}

// truths are the words for yes and no, in lower case.
var truths = map[string]bool{"true": true, "yes": true, "on": true, "1": true, "false": false, "no": false, "off": false, "0": false}

func boolInput(in any) (dossier.Value, dossier.Code) {
	s, _ := textOfInput(in)
	b, ok := truths[strings.ToLower(strings.TrimSpace(s))]
	if !ok {
		return nil, dossier.CodeInvalid
	}
	return dossier.Bool(b), ""
}

// choiceInput reads one option or a list of them; an option may differ in case and surrounding blanks.
func choiceInput(f *dossier.Field, in any) (dossier.Value, dossier.Code) {
	list, isList := in.([]any)
	if !isList {
		list = []any{in}
	}
	if s, ok := in.(string); ok && f.Multiple() {
		list = splitOptions(f, s)
	}
	var chosen dossier.List
	for _, el := range list {
		s, ok := textOfInput(el)
		if !ok {
			return nil, dossier.CodeInvalid
		}
		option, ok := optionOf(f, s)
		if !ok {
			return nil, dossier.CodeOption
		}
		if !slices.Contains(chosen, option) {
			chosen = append(chosen, option)
		}
	}
	switch {
	case f.Multiple():
		return chosen, ""
	case len(chosen) > 1:
		return nil, dossier.CodeTooMany
	}
	return dossier.Text(chosen[0]), ""
}

// splitOptions takes options apart that stand in one text as they are shown. Where several parts together are an option that has commas,
// it is that option.
func splitOptions(f *dossier.Field, s string) (list []any) {
	most := 1
	for _, o := range f.Options {
		most = max(most, 1+strings.Count(o, ","))
	}
	for parts := strings.Split(s, ","); len(parts) > 0; {
		n := min(most, len(parts))
		for ; n > 1; n-- {
			if _, ok := optionOf(f, strings.Join(parts[:n], ",")); ok {
				break
			}
		}
		list = append(list, strings.Join(parts[:n], ","))
		parts = parts[n:]
	}
	return list
}

// optionOf finds the option that s means.
func optionOf(f *dossier.Field, s string) (string, bool) {
	if slices.Contains(f.Options, s) {
		return s, true
	}
	s = strings.TrimSpace(s)
	for _, o := range f.Options {
		if strings.EqualFold(strings.TrimSpace(o), s) {
			return o, true
		}
	}
	return "", false
}

func (d decoder) dateInput(f *dossier.Field, in any) (dossier.Value, dossier.Code) {
	m, ok := parseMoment(in, d.zone)
	if !ok {
		return nil, dossier.CodeInvalid
	}
	v, ok := m.value(f, d.zone)
	if !ok {
		return nil, dossier.CodeInvalid
	}
	return v, ""
}

// filesInput reads assets: an id, a raw value, a formatted value, or a list of these. A raw value of several files stands for all
// of them.
func filesInput(f *dossier.Field, in any) (dossier.Value, dossier.Code) {
	refs, ok := fileRefs(in)
	if !ok {
		return nil, dossier.CodeNoUpload
	}
	if len(refs) > max(1, f.MaxSelect) {
		return nil, dossier.CodeTooMany
	}
	return refs, ""
}

func fileRefs(in any) (refs dossier.FileRefs, ok bool) {
	switch in := in.(type) {
	case string:
		for tag := range strings.SplitSeq(in, "<br />") {
			id := assetID(tag)
			if id == "" {
				return nil, false
			}
			refs = append(refs, dossier.FileRef{ID: id, How: dossier.Share})
		}
		return refs, true
	case map[string]any:
		if files, ok := in["files"].([]any); ok && len(files) > 0 {
			return fileRefs(files)
		}
		id, _ := in["id"].(string)
		return fileRefs(id)
	case []any:
		for _, el := range in {
			one, ok := fileRefs(el)
			if !ok {
				return nil, false
			}
			refs = append(refs, one...)
		}
		return refs, true
	}
	return nil, false
}

// relationInput reads ids of records: one, several with commas, a list of them, or of raw values. Of several for one connection the
// last wins.
func relationInput(f *dossier.Field, in any) (dossier.Value, dossier.Code) {
	ids, ok := recordIDs(in)
	if !ok {
		return nil, dossier.CodeNoRecord
	}
	if len(ids) == 0 {
		return nil, ""
	}
	if !f.Multiple() {
		return dossier.Text(ids[len(ids)-1]), ""
	}
	return ids, ""
}

func recordIDs(in any) (ids dossier.List, ok bool) {
	switch in := in.(type) {
	case string:
		for id := range strings.SplitSeq(plainIDs(in), ",") {
			if id = strings.TrimSpace(id); id == "" {
				continue
			}
			if !dossier.ValidRecordID(id) {
				return nil, false
			}
			ids = append(ids, id)
		}
		return dossier.Distinct(ids), true
	case map[string]any:
		id, _ := in["id"].(string)
		return recordIDs(id)
	case []any:
		for _, el := range in {
			one, ok := recordIDs(el)
			if !ok {
				return nil, false
			}
			ids = append(ids, one...)
		}
		return dossier.Distinct(ids), true
	}
	return nil, in == nil
}

// plainIDs are the ids in a formatted connection, with commas; any other text is left as it is.
func plainIDs(s string) string {
	var ids []string
	for tag := range strings.SplitSeq(s, "<br />") {
		id, ok := attribute(tag, "span", "class")
		if !ok {
			return s
		}
		ids = append(ids, id)
	}
	return strings.Join(ids, ",")
}

// jsonInput reads a text that is JSON, or any other JSON as it is.
func jsonInput(in any) (dossier.Value, dossier.Code) {
	if in == nil || in == "" {
		return nil, ""
	}
	text, isText := in.(string)
	if !isText {
		b, err := appendInput(nil, in)
		if err != nil {
			return nil, dossier.CodeInvalid
		}
		text = string(b)
	}
	v, err := dossier.ParseJSONValue(text)
	if err != nil {
		return nil, dossier.CodeInvalid
	}
	return v, ""
}

// appendInput writes what was decoded from JSON as JSON again, keys in alphabetical order.
func appendInput(b []byte, in any) ([]byte, error) {
	switch in := in.(type) {
	case map[string]any:
		o := make(object, 0, len(in))
		for k, v := range in {
			raw, err := appendInput(nil, v)
			if err != nil {
				return nil, err
			}
			o = append(o, pair{k, json.RawMessage(raw)})
		}
		slices.SortFunc(o, func(x, y pair) int { return strings.Compare(x.key, y.key) })
		return appendObject(b, o)
	case []any:
		list := make([]any, len(in))
		for i, v := range in {
			raw, err := appendInput(nil, v)
			if err != nil {
				return nil, err
			}
			list[i] = json.RawMessage(raw)
		}
		return appendList(b, list)
	}
	return appendValue(b, in)
}

func partsInput(in any, keys []string, split func(string) map[string]any) (dossier.Value, dossier.Code) {
	v, ok := decodeParts(in, keys, split)
	if !ok {
		return nil, dossier.CodeInvalid
	}
	return v, ""
}

// tableInput reads the rows of a table, as JSON or as text that is JSON: objects with the row's id, where it has one, and values
// by column name.
func (d decoder) tableInput(f *dossier.Field, in any) (dossier.Value, dossier.Code) {
	if text, ok := in.(string); ok {
		doc, err := wire.ParseJSON([]byte(text))
		if err != nil {
			return nil, dossier.CodeInvalid
		}
		in = doc
	}
	list, ok := in.([]any)
	if !ok {
		return nil, dossier.CodeInvalid
	}
	rows := make(dossier.Rows, len(list))
	for i, el := range list {
		o, ok := el.(map[string]any)
		if !ok {
			return nil, dossier.CodeInvalid
		}
		rows[i] = dossier.Row{ID: rowID(o["id"]), Values: map[string]dossier.Value{}}
		for _, g := range f.Fields {
			v, code := d.value(g, o[g.Name])
			if code != "" {
				return nil, code
			}
			rows[i].Values[g.Name] = v
		}
	}
	return rows, ""
}

// rowID is the id that a row was given, 0 for a new one.
func rowID(in any) int64 {
	s, _ := textOfInput(in)
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}
