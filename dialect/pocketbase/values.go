package pocketbase

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"dossier"
	"dossier/wire"
)

// dateForm is how moments are shown: UTC, a blank, three digits of the second.
const dateForm = "2006-01-02 15:04:05.000Z"

// jsonNumber is a number as JSON bodies carry it.
type jsonNumber = json.Number

// maxPlainDigits is the longest decimal text that is shown as it is; longer numbers are shown as the nearest float64.
const maxPlainDigits = 32

// encodeValue shows what f holds; the empty value as the zero value of f's type.
func encodeValue(f *dossier.Field, v dossier.Value) any {
	switch {
	case f.IsText():
		return textOf(v)
	case f.IsNumber():
		n, _ := v.(dossier.Number)
		return encodeNumber(n)
	case f.IsFile():
		return encodeFiles(f, v)
	case f.HasElements():
		return encodeChoice(f, v)
	}
	switch f.Type {
	case dossier.TypePassword:
		return ""
	case dossier.TypeBool:
		b, _ := v.(dossier.Bool)
		return bool(b)
	case dossier.TypeDate, dossier.TypeDateTime, dossier.TypeTime:
		return encodeTime(v)
	case dossier.TypeTable:
		if rows, ok := v.(dossier.Rows); ok {
			return encodeRows(f, rows)
		}
	}
	if shown := encodeJSON(v); shown != nil || typeOf(f) != typeGeo {
		return shown
	}
	return json.RawMessage(noPlace)
}

// noPlace is the point that a field of places holds when it is empty.
const noPlace = `{"lon":0,"lat":0}`

func textOf(v dossier.Value) string {
	t, _ := v.(dossier.Text)
	return string(t)
}

// encodeNumber is n as a JSON number with the digits it has, zeros at the end aside.
func encodeNumber(n dossier.Number) jsonNumber {
	plain := n.Plain()
	if len(plain) <= maxPlainDigits {
		return jsonNumber(plain)
	}
	if f, err := strconv.ParseFloat(plain, 64); err == nil {
		return jsonNumber(strconv.FormatFloat(f, 'g', -1, 64))
	}
	return jsonNumber(plain)
}

func encodeTime(v dossier.Value) string {
	switch v := v.(type) {
	case dossier.Date:
		return v.Time().Format(dateForm)
	case dossier.Instant:
		return formatTime(v.Time())
	case dossier.Clock:
		return string(v)
	}
	return ""
}

func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(dateForm)
}

func encodeChoice(f *dossier.Field, v dossier.Value) any {
	list := choices(v)
	if f.Multiple() {
		return list
	}
	if len(list) == 0 {
		return ""
	}
	return list[len(list)-1]
}

// choices are the elements of a select or relation, never nil.
func choices(v dossier.Value) []string { return append([]string{}, dossier.Elements(v)...) }

func encodeFiles(f *dossier.Field, v dossier.Value) any {
	files, _ := v.(dossier.Files)
	names := make([]string, len(files))
	for i, file := range files {
		names[i] = file.Slug
	}
	if f.Multiple() {
		return names
	}
	if len(names) == 0 {
		return ""
	}
	return names[len(names)-1]
}

// rowKey is the key under which a table's row shows its ID, unless the table has a field of that name.
const rowKey = "id"

func encodeRows(table *dossier.Field, rows dossier.Rows) []any {
	shown := make([]any, len(rows))
	for i, row := range rows {
		object := map[string]any{rowKey: row.ID}
		for _, f := range table.Fields {
			object[f.Name] = encodeValue(f, row.Values[f.Name])
		}
		shown[i] = object
	}
	return shown
}

func encodeJSON(v dossier.Value) any {
	if j, ok := v.(dossier.JSON); ok {
		return json.RawMessage(j)
	}
	return nil
}

// decodeValue reads what a client sent for f, which is no file field, no table and no password: never nil, as null empties a field before. ok is
// false where the value is not taken at all.
func decodeValue(f *dossier.Field, raw any) (v dossier.Value, code dossier.Code) {
	switch {
	case f.IsText():
		return dossier.Text(toText(raw)), ""
	case f.IsNumber() && isEndless(raw):
		return nil, dossier.CodeNotNumber
	case f.IsNumber():
		return toNumber(raw), ""
	case f.HasElements():
		return toChoice(f, toList(raw)), ""
	}
	switch f.Type {
	case dossier.TypeBool:
		return dossier.Bool(toBool(raw)), ""
	case dossier.TypeDate:
		if t, ok := toTime(raw); ok {
			return dossier.Date(t.Format(time.DateOnly)), ""
		}
		return nil, ""
	case dossier.TypeDateTime:
		if t, ok := toTime(raw); ok {
			return dossier.InstantOf(t), ""
		}
		return nil, ""
	case dossier.TypeTime:
		return toClock(raw)
	}
	switch {
	case typeOf(f) == typeGeo:
		return toGeo(raw)
	case f.Type != dossier.TypeJSON && raw == "": // a name or address of nothing
		return nil, ""
	}
	return toJSON(raw)
}

// toText is raw as text: numbers by their digits; objects and lists are none.
func toText(raw any) string {
	switch v := raw.(type) {
	case nil:
		return ""
	case string:
		return v
	case jsonNumber:
		if n, err := dossier.ParseNumber(v.String()); err == nil {
			return n.Plain()
		}
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// toNumber is raw as a number; what is none is 0.
func toNumber(raw any) dossier.Number {
	text := ""
	switch v := raw.(type) {
	case bool:
		if v {
			return "1"
		}
	case jsonNumber:
		text = v.String() // with the zeros at the end that were written
	default:
		if text = toText(raw); text != strings.TrimSpace(text) {
			return "0"
		}
	}
	n, err := dossier.ParseNumber(text)
	if err != nil {
		return "0"
	}
	return n
}

// isEndless reports whether raw is the text of an infinity, or of no number as floating point has it.
func isEndless(raw any) bool {
	text, _ := raw.(string)
	n, err := strconv.ParseFloat(text, 64)
	return err == nil && (math.IsInf(n, 0) || math.IsNaN(n))
}

// toBool is raw as a truth value; what is none is false.
func toBool(raw any) bool {
	switch v := raw.(type) {
	case bool:
		return v
	case string:
		b, _ := strconv.ParseBool(v)
		return b
	case jsonNumber:
		return toNumber(v).Compare("0") != 0
	}
	return false
}

// toList is raw as a list of texts without empty ones and repetitions: a list, one text, or a text that holds a JSON list.
func toList(raw any) []string {
	var elements []any
	switch v := raw.(type) {
	case nil, map[string]any:
	case []any:
		elements = v
	case string:
		elements = textList(v)
	default:
		elements = []any{v}
	}
	list := make([]string, 0, len(elements))
	for _, e := range elements {
		if text := toText(e); text != "" {
			list = append(list, text)
		}
	}
	return dossier.Distinct(list)
}

// textList is text itself, or the elements of the JSON list of texts and nulls that it is.
func textList(text string) []any {
	if strings.HasPrefix(strings.TrimSpace(text), "[") {
		parsed, _ := wire.ParseJSON([]byte(text))
		list, ok := parsed.([]any)
		if ok && !slices.ContainsFunc(list, func(e any) bool { _, isText := e.(string); return e != nil && !isText }) {
			return list
		}
	}
	return []any{text}
}

// toChoice is list as a value of the select or relation f: a single one takes the last element.
func toChoice(f *dossier.Field, list []string) dossier.Value {
	if len(list) == 0 {
		return nil
	}
	if f.Multiple() {
		return dossier.List(list)
	}
	return dossier.Text(list[len(list)-1])
}

// timeForms are the forms in which moments are read; without a zone, or with one that is but a name, they are UTC. Seconds may have a
// fraction. They are those of the original, for which a text in any other form is empty.
var timeForms = []string{
	time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02 15:04:05", time.DateOnly,
	"2006-01-02T15:04:05-0700", "2006-01-02 15:04:05Z0700", "2006-01-02 15:04:05 -0700 MST", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05 -07:00",
	time.RFC1123Z, time.RFC1123, time.RFC822Z, time.RFC822, time.RFC850, time.ANSIC, time.UnixDate, time.RubyDate, "02 Jan 2006",
}

// toTime is raw as a moment in UTC: a text in one of many forms. Years outside 1 to 9999 are none.
func toTime(raw any) (time.Time, bool) {
	text, ok := raw.(string)
	if !ok {
		return time.Time{}, false
	}
	for _, form := range timeForms {
		if t, err := time.ParseInLocation(form, text, time.UTC); err == nil {
			t = t.UTC()
			return t, t.Year() >= 1 && t.Year() <= 9999
		}
	}
	return time.Time{}, false
}

func toClock(raw any) (dossier.Value, dossier.Code) {
	text := strings.TrimSpace(toText(raw))
	if text == "" {
		return nil, ""
	}
	c, err := dossier.ParseClock(text)
	if err != nil {
		return nil, dossier.CodePattern
	}
	return c, ""
}

// toJSON is raw as a JSON value. A text that looks like JSON and is, is taken for what it says; any other text is a JSON string.
func toJSON(raw any) (dossier.Value, dossier.Code) {
	if text, ok := raw.(string); ok {
		if looksLikeJSON(text) {
			if _, err := wire.ParseJSON([]byte(text)); err == nil {
				return compactJSON(text)
			}
		}
	}
	text, err := plainJSON(raw)
	if err != nil {
		return nil, codeJSON
	}
	return compactJSON(text)
}

// plainJSON is raw as a JSON text in which <, > and & stand for themselves, as in a text that was sent: other dialects show people the text.
func plainJSON(raw any) (string, error) {
	var text strings.Builder
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	err := enc.Encode(raw)
	return text.String(), err
}

// toGeo is raw as a point on the globe: an object of lon and lat, or a text that holds one.
func toGeo(raw any) (dossier.Value, dossier.Code) {
	if text, ok := raw.(string); ok {
		raw, _ = wire.ParseJSON([]byte(text))
	}
	point, _ := raw.(map[string]any)
	lon, lat := toDegrees(point["lon"]), toDegrees(point["lat"])
	switch {
	case lat.Compare("-90") < 0 || lat.Compare("90") > 0:
		return nil, codeLatitude
	case lon.Compare("-180") < 0 || lon.Compare("180") > 0:
		return nil, codeLongitude
	}
	return dossier.JSON(`{"lon":` + lon.Plain() + `,"lat":` + lat.Plain() + `}`), ""
}

// toDegrees is raw as a number of degrees; what is none, texts too, is 0.
func toDegrees(raw any) dossier.Number {
	if n, ok := raw.(jsonNumber); ok {
		return toNumber(n)
	}
	return "0"
}

func compactJSON(text string) (dossier.Value, dossier.Code) {
	j, err := dossier.ParseJSONValue(text)
	if err != nil {
		return nil, codeJSON
	}
	if j == "null" {
		return nil, ""
	}
	return j, ""
}

func looksLikeJSON(text string) bool {
	switch text {
	case "true", "false", "null":
		return true
	case "":
		return false
	}
	return strings.IndexByte(`{["-0123456789`, text[0]) >= 0
}

// isZero reports whether v is what a required field must not hold.
func isZero(v dossier.Value) bool {
	switch v := v.(type) {
	case dossier.Text:
		return v == ""
	case dossier.Number:
		return v.Compare("0") == 0
	case dossier.Bool:
		return !bool(v)
	case dossier.JSON:
		return v == `""` || v == "[]" || v == "{}" || v == noPlace
	}
	return dossier.IsEmpty(v)
}
