package kintone

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"dossier"
)

// errKind is the answer to a value of the wrong JSON kind for its field.
var errKind = fail(codeJSON)

// A decoder reads the values of one record as they are written. What is wrong with a value is noted; what is wrong with the
// request ends it.
type decoder struct {
	ctx      context.Context
	find     finder
	path     []string // to the value at hand
	adding   bool     // a new record
	inTable  bool
	problems []dossier.Problem
	keys     map[dossier.ID]string // the file keys as they were sent
}

// A finder looks up what values refer to by the vendor's names.
type finder interface {
	// record is the ID of the record of a relation's target with that number, "" if there is none.
	record(ctx context.Context, target dossier.ID, number int64) (dossier.ID, error)
	// user is the ID of the record of an auth collection with that login, "" if there is none.
	user(ctx context.Context, target dossier.ID, login string) (dossier.ID, error)
}

func (d *decoder) note(code dossier.Code, params map[string]any) {
	d.problems = append(d.problems, dossier.Problem{Path: slices.Clone(d.path), Code: code, Params: params})
}

// element is decode for one element of a list: its problems name the index.
func (d *decoder) element(i int, read func() error) error {
	d.path = append(d.path, decimal(int64(i)))
	defer func() { d.path = d.path[:len(d.path)-1] }()
	return read()
}

// decode reads a field's "value". Tables are read by decodeRows.
func (d *decoder) decode(f *dossier.Field, v any) (dossier.Value, error) {
	switch typeOf(f) {
	case typeLine, typeLines, typeRich, typeLink:
		return d.text(f, v)
	case typeNumber:
		return d.number(f, v)
	case typeCheckBox, typeMulti:
		return d.options(f, v)
	case typeRadio, typeDropDown:
		return d.option(f, v)
	case typeDate, typeTime, typeDateTime:
		return d.moment(f, v)
	case typeUsers:
		return d.users(f, v)
	case typeFile:
		return d.files(v)
	}
	return nil, errKind
}

// textIn is the text v, "" where it is null.
func textIn(v any) (string, error) {
	s, ok := v.(string)
	if v != nil && !ok {
		return "", errKind
	}
	return s, nil
}

func (d *decoder) text(f *dossier.Field, v any) (dossier.Value, error) {
	s, err := textIn(v)
	if err != nil || s == "" {
		return nil, err
	}
	switch f.Type {
	case dossier.TypeJSON:
		j, err := dossier.ParseJSONValue(s)
		if err != nil {
			d.note(dossier.CodeInvalid, nil)
			return nil, nil
		}
		return j, nil
	case dossier.TypeName, dossier.TypeAddress:
		return decodeParts(f.Type, s), nil
	}
	return dossier.Text(s), nil
}

func (d *decoder) number(f *dossier.Field, v any) (dossier.Value, error) {
	s := ""
	switch v := v.(type) {
	case nil:
	case string:
		s = strings.TrimSpace(v)
	case json.Number:
		s = string(v)
	default:
		return nil, errKind
	}
	if s == "" {
		return nil, nil
	}
	n, err := dossier.ParseNumber(s)
	if err != nil {
		if !d.inTable { // inside a table what is no number is stored as nothing
			d.note(dossier.CodeNotNumber, nil)
		}
		return nil, nil
	}
	if f.Type == dossier.TypeRelation {
		return d.relation(f, n)
	}
	return n, nil
}

// relation is the ID of the record that a lookup key names.
func (d *decoder) relation(f *dossier.Field, n dossier.Number) (dossier.Value, error) {
	id := dossier.ID("")
	number, ok := integer(n.Plain())
	if ok && number > 0 {
		var err error
		if id, err = d.find.record(d.ctx, f.Collection, number); err != nil {
			return nil, err
		}
	}
	if id == "" {
		d.note(dossier.CodeNoRecord, map[string]any{"id": n.Plain()})
		return nil, nil
	}
	return dossier.Text(id), nil
}

func (d *decoder) option(f *dossier.Field, v any) (dossier.Value, error) {
	s, err := textIn(v)
	if err != nil || s == "" {
		return nil, err
	}
	if f.Type != dossier.TypeBool {
		return dossier.Text(s), nil
	}
	if s != boolYes && s != boolNo {
		d.note(dossier.CodeOption, map[string]any{"value": s})
		return nil, nil
	}
	return dossier.Bool(s == boolYes), nil
}

// The options that a truth value appears as.
const (
	boolYes = "Yes"
	boolNo  = "No"
)

// options reads a list of options, or of the numbers of related records.
func (d *decoder) options(f *dossier.Field, v any) (dossier.Value, error) {
	list, ok := v.([]any)
	if v != nil && !ok {
		return nil, errKind
	}
	var out dossier.List
	for i, v := range list {
		err := d.element(i, func() error {
			s, err := d.listed(f, v)
			switch {
			case err != nil || s == "" || slices.Contains(out, s):
			case f.Type == dossier.TypeSelect && !slices.Contains(f.Options, s):
				d.note(dossier.CodeOption, map[string]any{"value": s})
			default:
				out = append(out, s)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return d.chosen(f, out), nil
}

// chosen is the value of a field that has chosen these, of which a single one has room for the first.
func (d *decoder) chosen(f *dossier.Field, list dossier.List) dossier.Value {
	switch {
	case len(list) == 0:
		return nil
	case f.Multiple():
		return list
	case len(list) > 1:
		d.note(dossier.CodeTooMany, map[string]any{"max": 1})
	}
	return dossier.Text(list[0])
}

func (d *decoder) listed(f *dossier.Field, v any) (string, error) {
	if f.Type != dossier.TypeRelation {
		s, ok := v.(string)
		if !ok {
			return "", errKind
		}
		return s, nil
	}
	id, err := d.number(f, v)
	text, _ := id.(dossier.Text)
	return string(text), err
}

func (d *decoder) users(f *dossier.Field, v any) (dossier.Value, error) {
	list, ok := v.([]any)
	if v != nil && !ok {
		return nil, errKind
	}
	var out dossier.List
	for i, v := range list {
		object, _ := v.(map[string]any)
		login, ok := object["code"].(string)
		if !ok {
			return nil, errKind
		}
		id, err := d.find.user(d.ctx, f.Collection, login)
		if err != nil {
			return nil, err
		}
		if id == "" {
			_ = d.element(i, func() error {
				d.note(dossier.CodeNoRecord, map[string]any{"id": login})
				return nil
			})
			continue
		}
		if !slices.Contains(out, string(id)) {
			out = append(out, string(id))
		}
	}
	return d.chosen(f, out), nil
}

// files reads the complete new list of a file field. Whatever else an element holds is ignored: clients send back what they
// have read.
func (d *decoder) files(v any) (dossier.Value, error) {
	list, ok := v.([]any)
	if v != nil && !ok {
		return nil, errKind
	}
	refs := make(dossier.FileRefs, 0, len(list))
	for _, v := range list {
		object, _ := v.(map[string]any)
		key, ok := object["fileKey"].(string)
		if !ok {
			return nil, errKind
		}
		key = strings.TrimSpace(key)
		ref, ok := refOf(key)
		if !ok {
			return nil, fail(codeNoFile, key)
		}
		d.keys[ref.ID] = key
		refs = append(refs, ref)
	}
	return refs, nil
}

func (d *decoder) moment(f *dossier.Field, v any) (dossier.Value, error) {
	s, err := textIn(v)
	if err != nil || s == "" {
		return nil, err
	}
	value, ok := parseMoment(typeOf(f), strings.TrimSpace(s))
	if !ok {
		d.note(dossier.CodeInvalid, nil)
		return nil, nil
	}
	return value, nil
}

// parseMoment reads a date, time of day or instant as the vendor writes it.
func parseMoment(t fieldType, s string) (dossier.Value, bool) {
	switch t {
	case typeDate:
		return parseDate(s)
	case typeTime:
		return parseClock(s)
	}
	return parseInstant(s)
}

var dateForm = regexp.MustCompile(`^([0-9]{4})(?:-([0-9]{1,2})(?:-([0-9]{1,2}))?)?$`)

// parseDate reads YYYY, YYYY-M or YYYY-M-D.
func parseDate(s string) (dossier.Value, bool) {
	m := dateForm.FindStringSubmatch(s)
	if m == nil {
		return nil, false
	}
	for i := 2; i <= 3; i++ {
		switch len(m[i]) {
		case 0:
			m[i] = "01"
		case 1:
			m[i] = "0" + m[i]
		}
	}
	d, err := dossier.ParseDate(m[1] + "-" + m[2] + "-" + m[3])
	if err != nil {
		return nil, false
	}
	return d, true
}

var clockForm = regexp.MustCompile(`^([0-9]{1,2}):([0-9]{2})(?::[0-9]{2})?$`)

// parseClock reads HH:MM; seconds are dropped.
func parseClock(s string) (dossier.Value, bool) {
	m := clockForm.FindStringSubmatch(s)
	if m == nil {
		return nil, false
	}
	if len(m[1]) == 1 {
		m[1] = "0" + m[1]
	}
	c, err := dossier.ParseClock(m[1] + ":" + m[2])
	if err != nil {
		return nil, false
	}
	return c, true
}

// instantForms are the ways to write an instant, besides a date alone, which is its first minute in UTC.
var instantForms = []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04Z0700"}

// parseInstant reads RFC 3339, with or without seconds, which are dropped.
func parseInstant(s string) (dossier.Value, bool) {
	for _, form := range instantForms {
		if t, err := time.Parse(form, s); err == nil {
			t = t.UTC().Truncate(time.Minute)
			if t.Year() < 1 || t.Year() > 9999 {
				return nil, false
			}
			return dossier.InstantOf(t), true
		}
	}
	d, ok := parseDate(s)
	if !ok {
		return nil, false
	}
	return dossier.InstantOf(d.(dossier.Date).Time()), true
}

// The parts of a name and an address, in the order in which they are shown.
var (
	nameParts    = []string{"title", "first", "middle", "last"}
	addressParts = []string{"street", "street2", "city", "state", "zip", "country"}
)

// decodeParts makes an object of a name or address that is written as one line. A JSON object is taken as it is.
func decodeParts(t dossier.FieldType, s string) dossier.Value {
	s = strings.TrimSpace(s)
	if s == "" {
		return nil
	}
	if j, err := dossier.ParseJSONValue(s); err == nil && strings.HasPrefix(s, "{") {
		return j
	}
	parts := map[string]string{}
	if t == dossier.TypeAddress {
		parts["street"] = s
	} else if i := strings.LastIndexByte(s, ' '); i >= 0 {
		parts["first"], parts["last"] = strings.TrimSpace(s[:i]), s[i+1:]
	} else {
		parts["last"] = s
	}
	b, err := json.Marshal(parts)
	if err != nil {
		return nil // a map of texts always has a JSON text
	}
	return dossier.JSON(b)
}

// showParts is a name or address as one line.
func showParts(t dossier.FieldType, v dossier.JSON) string {
	var object map[string]any
	if err := json.Unmarshal([]byte(v), &object); err != nil {
		return string(v)
	}
	names, between := nameParts, " "
	if t == dossier.TypeAddress {
		names, between = addressParts, ", "
	}
	var parts []string
	for _, name := range names {
		if part := strings.TrimSpace(fmt.Sprint(object[name])); object[name] != nil && part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, between)
}
