package pocketbase

import (
	"encoding/json"

	"dossier"
	"dossier/query"
)

// json compares documents: a top-level string, number or truth value as such, anything else by its text.
func (d *verdict) json(c column, op string, v literal) {
	switch op {
	case "=":
		d.holds = query.In{Of: c.of, Values: jsonTexts(v)}
		d.zero, d.null = v.kind == isNull, v.kind == isNull
	case "!=":
		d.holds, d.loose = not(query.In{Of: c.of, Values: jsonTexts(v)}), true
		d.zero, d.null = v.kind != isNull, v.kind != isNull
		if v.kind == isNull {
			d.holds, d.loose = and(not(query.Empty{Of: c.of}), d.holds), false
		}
	case "~", "!~":
		p := likePattern(v.text)
		either := query.Filter(query.Like{Of: c.of, Pattern: p, Case: query.ASCII})
		if p[0] != '%' || p[len(p)-1] != '%' {
			either = or(either, query.Like{Of: c.of, Pattern: `"` + p + `"`, Case: query.ASCII})
		}
		d.holds = either
		if op == "!~" {
			d.holds, d.loose = not(either), true
		}
	default:
		d.inside(c, op, v)
	}
}

// jsonTexts are the documents that equal v.
func jsonTexts(v literal) []dossier.Value {
	switch v.kind {
	case isNull:
		return []dossier.Value{dossier.Text("null")}
	case isNumber:
		switch v.text {
		case "0":
			return []dossier.Value{dossier.Text("0"), dossier.Text("false")}
		case "1":
			return []dossier.Value{dossier.Text("1"), dossier.Text("true")}
		}
		return []dossier.Value{dossier.Text(v.text)}
	}
	out := []dossier.Value{dossier.Text(query.AppendJSONString(nil, v.text))}
	if doc, err := dossier.ParseJSONValue(v.text); err == nil && (doc[0] == '{' || doc[0] == '[') {
		out = append(out, dossier.Text(doc))
	}
	return out
}

// jsonString is the string that the JSON document is, if it is one.
func jsonString(doc string) (string, bool) {
	if doc == "" || doc[0] != '"' {
		return "", false
	}
	var s string
	err := json.Unmarshal([]byte(doc), &s)
	return s, err == nil
}
