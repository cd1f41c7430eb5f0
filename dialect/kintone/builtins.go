package kintone

import (
	"encoding/json"
	"slices"

	"dossier"
	"dossier/query"
)

// A builtin is a column that every record has, under a code of the vendor's.
type builtin struct {
	code    string
	typ     fieldType
	column  string // of query.Meta
	label   string
	noLabel bool
}

// builtins are the columns of every record, under the codes that they have until an app renames them; those with a label are
// fields of every form.
var builtins = []builtin{
	{"$id", typeID, query.Number, "", false},
	{"$revision", typeRevision, query.Revision, "", false},
	{"Record_number", typeNumberOf, query.Number, "Record number", false},
	{"Created_by", typeCreator, query.CreatedBy, "Created by", false},
	{"Created_datetime", typeCreatedTime, query.Created, "Created datetime", false},
	{"Updated_by", typeModifier, query.UpdatedBy, "Updated by", false},
	{"Updated_datetime", typeUpdatedTime, query.Updated, "Updated datetime", false},
}

// builtinKey is where an app keeps how it names a built-in field, as JSON.
func builtinKey(t fieldType) string { return "builtin:" + string(t) }

// A naming is how an app names a built-in field.
type naming struct {
	Code    string `json:"code"`
	Label   string `json:"label"`
	NoLabel bool   `json:"noLabel"`
}

// builtinsOf are the built-in columns as c names them. A field of the same code wins.
func builtinsOf(c *dossier.Collection) []builtin {
	out := make([]builtin, 0, len(builtins))
	for _, b := range builtins {
		var n naming
		if text := c.Extra[extraKey(builtinKey(b.typ))]; text != "" && json.Unmarshal([]byte(text), &n) == nil {
			b.code, b.label, b.noLabel = n.Code, n.Label, n.NoLabel
		}
		if _, taken := c.FieldByCode(b.code); !taken {
			out = append(out, b)
		}
	}
	return out
}

// builtin finds a built-in column by its code.
func (f form) builtin(code string) (builtin, bool) {
	i := slices.IndexFunc(f.builtins, func(b builtin) bool { return b.code == code })
	if i < 0 {
		return builtin{}, false
	}
	return f.builtins[i], true
}

// renameBuiltin reads the property of a built-in field, of which the code and how it is labelled can be changed, and notes that
// with the app, which is the caller's to change.
func (p *propertyReader) renameBuiltin(at string, f form, b builtin, raw any) {
	object, ok := raw.(map[string]any)
	t, given := object["type"].(string)
	switch {
	case !ok || b.label == "":
		p.wrong.add(at, say(textBuiltin))
		return
	case given && fieldType(t) != b.typ:
		p.wrong.add(at+".type", say(textInvalid))
		return
	}
	n := naming{b.code, b.label, b.noLabel}
	if code, ok := object["code"].(string); ok && code != "" && code != b.code {
		n.Code = code
		switch {
		case f.has(code):
			p.wrong.add(at+".code", say(textTaken))
		case !validCode(code):
			p.wrong.add(at+".code", say(textCode))
		}
	}
	if label, ok := object["label"].(string); ok && label != "" {
		n.Label = label
	}
	if v, ok := object["noLabel"]; ok {
		n.NoLabel = truth(v)
	}
	text, err := json.Marshal(n)
	if err != nil {
		return // two texts and a truth value always have a JSON text
	}
	setExtra(f.c, builtinKey(b.typ), string(text))
}
