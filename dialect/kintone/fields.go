package kintone

import (
	"dossier"
	"dossier/access"
)

// A fieldType is the vendor's name of what a field holds.
type fieldType string

// The vendor's field types that dossier's fields appear as.
const (
	typeNumberOf    fieldType = "RECORD_NUMBER"
	typeID          fieldType = "__ID__"
	typeRevision    fieldType = "__REVISION__"
	typeCreator     fieldType = "CREATOR"
	typeModifier    fieldType = "MODIFIER"
	typeCreatedTime fieldType = "CREATED_TIME"
	typeUpdatedTime fieldType = "UPDATED_TIME"
	typeLine        fieldType = "SINGLE_LINE_TEXT"
	typeLines       fieldType = "MULTI_LINE_TEXT"
	typeRich        fieldType = "RICH_TEXT"
	typeLink        fieldType = "LINK"
	typeNumber      fieldType = "NUMBER"
	typeCalc        fieldType = "CALC"
	typeCheckBox    fieldType = "CHECK_BOX"
	typeMulti       fieldType = "MULTI_SELECT"
	typeRadio       fieldType = "RADIO_BUTTON"
	typeDropDown    fieldType = "DROP_DOWN"
	typeDate        fieldType = "DATE"
	typeTime        fieldType = "TIME"
	typeDateTime    fieldType = "DATETIME"
	typeUsers       fieldType = "USER_SELECT"
	typeFile        fieldType = "FILE"
	typeTable       fieldType = "SUBTABLE"
)

// plainTypes are the field types that look the same whatever their options.
var plainTypes = map[dossier.FieldType]fieldType{
	dossier.TypeRichText: typeRich, dossier.TypeNumber: typeNumber, dossier.TypeBool: typeRadio, dossier.TypeDate: typeDate,
	dossier.TypeDateTime: typeDateTime, dossier.TypeTime: typeTime, dossier.TypeEmail: typeLink, dossier.TypeURL: typeLink,
	dossier.TypePhone: typeLink, dossier.TypeFile: typeFile, dossier.TypeImage: typeFile, dossier.TypeUser: typeUsers,
	dossier.TypeTable: typeTable, dossier.TypeJSON: typeLines, dossier.TypeAutoNumber: typeCalc, dossier.TypeName: typeLine,
	dossier.TypeAddress: typeLine, dossier.TypeRating: typeNumber,
}

// typeOf is how f appears: docs/dialects/kintone.md has the table.
func typeOf(f *dossier.Field) fieldType {
	switch f.Type {
	case dossier.TypeText:
		if f.Multiline {
			return typeLines
		}
		return typeLine
	case dossier.TypeSelect:
		return selectType(f)
	case dossier.TypeRelation:
		if f.Multiple() {
			return typeMulti // of the related records' numbers
		}
		return typeNumber
	}
	return plainTypes[f.Type]
}

func selectType(f *dossier.Field) fieldType {
	switch {
	case f.Widget == dossier.WidgetCheckbox:
		return typeCheckBox
	case f.Widget == dossier.WidgetMulti || f.Multiple():
		return typeMulti
	case f.Widget == dossier.WidgetRadio:
		return typeRadio
	}
	return typeDropDown
}

// A form is the fields of a collection as one principal sees them.
type form struct {
	c        *dossier.Collection
	fields   []*dossier.Field
	builtins []builtin
}

// formOf leaves out what who may not see, and passwords.
func formOf(c *dossier.Collection, who access.Principal) form {
	return form{c, visible(c.Fields, who), builtinsOf(c)}
}

func visible(fields []*dossier.Field, who access.Principal) []*dossier.Field {
	out := make([]*dossier.Field, 0, len(fields))
	for _, f := range fields {
		if f.IsSecret() || f.Hidden && !who.IsSuper() {
			continue
		}
		if inner := visible(f.Fields, who); len(inner) < len(f.Fields) {
			g := *f
			g.Fields, f = inner, &g
		}
		out = append(out, f)
	}
	return out
}

// field finds a field by its code.
func (f form) field(code string) (*dossier.Field, bool) { return fieldByCode(f.fields, code) }

// has reports whether code is a field or built-in column of the form.
func (f form) has(code string) bool {
	_, isField := f.field(code)
	_, isBuiltin := f.builtin(code)
	return isField || isBuiltin
}

func fieldByCode(fields []*dossier.Field, code string) (*dossier.Field, bool) {
	for _, f := range fields {
		if f.Code == code {
			return f, true
		}
	}
	return nil, false
}
