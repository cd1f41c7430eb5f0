package knack

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"time"

	"dossier"
	"dossier/core"
	"dossier/wire"
)

// change reads the body of a write: what could be read of it, and what is wrong with the rest. Objects do not enforce what is required; a
// form does, of its own inputs.
func (h *handler) change(r *http.Request, t *target, create bool) (map[string]any, core.Change, validation, error) {
	body, err := readBody(r)
	if err != nil {
		return nil, core.Change{}, nil, err
	}
	d := decoder{zone: h.zone(t.space)}
	values, wrong := d.values(t.fields, body)
	if t.view != nil && create && len(wrong) == 0 {
		t.connect(body, values)
	}
	if t.view != nil {
		wrong = withRequired(t.fields, values, wrong, create)
	}
	return body, core.Change{Values: values, Loose: true}, wrong, nil
}

// withoutShown is change without the values that were sent back as this server shows them now: clients send whole records, and what
// is shown, or what a client can keep of it, may say less than what is kept (seconds, the second of two equal hours, markup that was cleaned
// away, how a phone number was written, digits beyond 64 bits).
func (e *encoder) withoutShown(fields []*dossier.Field, body map[string]any, change core.Change, now *dossier.Record) core.Change {
	values := change.Values
	change.Values, change.Sent = maps.Clone(values), make(map[string]bool, len(values))
	for _, f := range fields {
		if _, given := values[f.Name]; !given {
			continue
		}
		change.Sent[f.Name] = true
		if e.shows(f, now.Values[f.Name], body[fieldKey(f)]) {
			delete(change.Values, f.Name)
		}
	}
	return change
}

// shows reports whether in is how v, a value of f, is shown. Files and connections are compared by their ids, elsewhere.
func (e *encoder) shows(f *dossier.Field, v dossier.Value, in any) bool {
	if dossier.IsEmpty(v) || f.IsFile() || f.IsRelation() {
		return false
	}
	if shown, ok := momentOf(v, e.zone); ok {
		sent, ok := parseMoment(in, e.zone)
		return ok && sent.t.Equal(shown.t.Truncate(time.Minute)) || ok && sent.t.Equal(shown.t)
	}
	switch v := v.(type) {
	case dossier.Number:
		if n, ok := in.(json.Number); ok {
			sent, err := dossier.ParseNumber(string(n))
			return err == nil && v.SentBack(sent)
		}
	case dossier.Text:
		if digits := phoneDigits(f, string(v)); digits != "" {
			sent, code := textInput(f, in)
			return code == "" && sent == dossier.Text(maskPhone(digits))
		}
	}
	formatted, raw := e.value(f, v)
	return in == formatted || in == raw && f.Type == dossier.TypeRichText
}

// withRequired adds to what is wrong the required inputs of a form that are left, or made, empty.
func withRequired(fields []*dossier.Field, values map[string]dossier.Value, wrong validation, create bool) validation {
	for _, f := range fields {
		v, given := values[f.Name]
		hasDefault := f.Default != nil || f.DefaultNow || f.Type == dossier.TypeAutoNumber
		if !f.Required || wrong.names(fieldKey(f)) || given && !dossier.IsEmpty(v) || !given && (!create || hasDefault) {
			continue
		}
		wrong = append(wrong, wording(f, dossier.CodeRequired))
	}
	if len(wrong) == 0 {
		return nil
	}
	return wrong
}

// readBody reads a record as JSON or as a form; nothing is a record without values.
func readBody(r *http.Request) (map[string]any, error) {
	if wire.MediaType(r) == "application/x-www-form-urlencoded" {
		pairs, err := wire.ReadForm(r, maxBody)
		if err != nil {
			return nil, bodyFault(err)
		}
		return formBody(pairs), nil
	}
	doc, err := wire.ReadJSON(r, maxBody)
	if err != nil {
		return nil, bodyFault(err)
	}
	if doc == nil {
		return map[string]any{}, nil
	}
	body, ok := doc.(map[string]any)
	if !ok {
		return nil, errJSON
	}
	return body, nil
}

func bodyFault(err error) error {
	switch dossier.KindOf(err) {
	case dossier.Invalid, dossier.Unsupported:
		return errJSON
	}
	return err
}

// formBody makes a body of form values as browser scripts send them: name=value, name[]=element, name[key]=part.
func formBody(pairs wire.Pairs) map[string]any {
	body := map[string]any{}
	for _, p := range pairs {
		name, inner, bracketed := strings.Cut(p.Name, "[")
		inner, closed := strings.CutSuffix(inner, "]")
		switch {
		case !bracketed || !closed:
			body[p.Name] = p.Value
		case inner == "" || strings.Trim(inner, "0123456789") == "":
			list, _ := body[name].([]any)
			body[name] = append(list, p.Value)
		default:
			parts, ok := body[name].(map[string]any)
			if !ok {
				parts = map[string]any{}
			}
			parts[inner] = p.Value
			body[name] = parts
		}
	}
	return body
}
