package pocketbase

import (
	"encoding/json"
	"hash/crc32"
	"strconv"

	"dossier"
)

// The types of a field as clients name them.
const (
	typeText     = "text"
	typeEditor   = "editor"
	typeNumber   = "number"
	typeBool     = "bool"
	typeEmail    = "email"
	typeURL      = "url"
	typeDate     = "date"
	typeAutodate = "autodate"
	typeSelect   = "select"
	typeRelation = "relation"
	typeFile     = "file"
	typeJSON     = "json"
	typeGeo      = "geoPoint"
	typePassword = "password"
)

// shownTypes are the types under which fields appear.
var shownTypes = map[dossier.FieldType]string{
	dossier.TypeText: typeText, dossier.TypePhone: typeText, dossier.TypeTime: typeText, dossier.TypeRichText: typeEditor,
	dossier.TypeNumber: typeNumber, dossier.TypeRating: typeNumber, dossier.TypeAutoNumber: typeNumber, dossier.TypeBool: typeBool,
	dossier.TypeDate: typeDate, dossier.TypeDateTime: typeDate, dossier.TypeSelect: typeSelect, dossier.TypeEmail: typeEmail,
	dossier.TypeURL: typeURL, dossier.TypeFile: typeFile, dossier.TypeImage: typeFile, dossier.TypeRelation: typeRelation,
	dossier.TypeUser: typeRelation, dossier.TypeTable: typeJSON, dossier.TypeJSON: typeJSON, dossier.TypeName: typeJSON,
	dossier.TypeAddress: typeJSON, dossier.TypePassword: typePassword,
}

// newTypes are the types of fields that clients make.
var newTypes = map[string]dossier.FieldType{
	typeText: dossier.TypeText, typeEditor: dossier.TypeRichText, typeNumber: dossier.TypeNumber, typeBool: dossier.TypeBool,
	typeEmail: dossier.TypeEmail, typeURL: dossier.TypeURL, typeDate: dossier.TypeDateTime, typeAutodate: dossier.TypeDateTime,
	typeSelect: dossier.TypeSelect, typeRelation: dossier.TypeRelation, typeFile: dossier.TypeFile, typeJSON: dossier.TypeJSON,
	typeGeo: dossier.TypeJSON, typePassword: dossier.TypePassword,
}

// Options that a field keeps in Extra, as JSON texts.
const (
	extraPrefix  = "pocketbase:"
	extraType    = "type" // of fields that look like another type: autodate, geoPoint
	extraMaxSize = "maxSize"
	extraMax     = "max"
	// extraMaxSelect is what a client said, which may be 0 where one is meant.
	extraMaxSelect = "maxSelect"
	// extraCost is how hard a password is to hash elsewhere; here all are hashed alike.
	extraCost = "cost"
)

// extraOf is an option that f keeps for this dialect, def if it does not.
func extraOf(f *dossier.Field, option string, def any) any {
	text, ok := f.Extra[extraPrefix+option]
	if !ok {
		return def
	}
	return generic(json.RawMessage(text))
}

func setExtra(f *dossier.Field, option string, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		return
	}
	if f.Extra == nil {
		f.Extra = map[string]string{}
	}
	f.Extra[extraPrefix+option] = string(b)
}

// typeOf is the type under which f appears.
func typeOf(f *dossier.Field) string {
	if t, ok := extraOf(f, extraType, nil).(string); ok {
		return t
	}
	return shownTypes[f.Type]
}

// fieldID is the ID that a field gets where the client leaves the choice.
func fieldID(typ, name string) string {
	return typ + strconv.FormatUint(uint64(crc32.ChecksumIEEE([]byte(name))), 10)
}

// baseField are the options that every field has.
func baseField(id, name, typ string) map[string]any {
	return map[string]any{"id": id, "name": name, "type": typ, "system": false, "hidden": false, "presentable": false, "required": false, "help": ""}
}

// with puts options into m.
func with(m map[string]any, options map[string]any) map[string]any {
	for k, v := range options {
		m[k] = v
	}
	return m
}

// showField shows f as a part of its collection.
func showField(space *dossier.Space, f *dossier.Field) map[string]any {
	t := typeOf(f)
	m := baseField(string(f.ID), f.Name, t)
	m["hidden"], m["required"] = f.Hidden, f.Required
	m["presentable"], m["help"] = extraOf(f, "presentable", false), extraOf(f, "help", "")
	switch t {
	case typeText:
		return with(m, map[string]any{"min": bound(f.Min), "max": shownMax(f), "pattern": f.Pattern, "primaryKey": false,
			"autogeneratePattern": extraOf(f, extraGenerate, "")})
	case typePassword:
		return with(m, map[string]any{"min": bound(f.Min), "max": shownMax(f), "pattern": f.Pattern, "cost": extraOf(f, extraCost, 0)})
	case typeEditor:
		return with(m, map[string]any{"maxSize": extraOf(f, extraMaxSize, 0), "convertURLs": extraOf(f, "convertURLs", false)})
	case typeNumber:
		return with(m, map[string]any{"min": orNull(f.Min), "max": orNull(f.Max), "onlyInt": f.Integer})
	case typeEmail, typeURL:
		return with(m, map[string]any{"exceptDomains": extraOf(f, "exceptDomains", nil), "onlyDomains": extraOf(f, "onlyDomains", nil)})
	case typeDate:
		return with(m, map[string]any{"min": shownBound(f.Min), "max": shownBound(f.Max)})
	case typeAutodate:
		delete(m, "required")
		delete(m, "help")
		return with(m, map[string]any{"onCreate": extraOf(f, "onCreate", false), "onUpdate": extraOf(f, "onUpdate", false)})
	case typeSelect:
		return with(m, map[string]any{"values": f.Options, "maxSelect": shownMaxSelect(f)})
	case typeRelation:
		return with(m, map[string]any{"collectionId": targetID(space, f), "cascadeDelete": f.Cascade, "minSelect": extraOf(f, "minSelect", 0),
			"maxSelect": shownMaxSelect(f)})
	case typeFile:
		return with(m, map[string]any{"maxSelect": f.MaxSelect, "maxSize": shownMaxSize(f), "mimeTypes": f.MimeTypes, "thumbs": f.Thumbs,
			"protected": f.Protected})
	case typeJSON:
		m["maxSize"] = extraOf(f, extraMaxSize, 0)
	}
	return m
}

// bound is a number of characters; none is 0.
func bound(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}

// How many characters a text or password of a field may have that says 0.
const (
	defaultMaxText     = 5000
	defaultMaxPassword = 71
)

func defaultMax(f *dossier.Field) int {
	if f.IsSecret() {
		return defaultMaxPassword
	}
	return defaultMaxText
}

func shownMax(f *dossier.Field) int {
	if bound(f.Max) == defaultMax(f) && f.Extra[extraPrefix+extraMax] == "0" {
		return 0
	}
	return bound(f.Max)
}

func shownMaxSelect(f *dossier.Field) int {
	if f.MaxSelect <= 1 && f.Extra[extraPrefix+extraMaxSelect] == "0" {
		return 0
	}
	return max(1, f.MaxSelect)
}

// defaultMaxFile is how large a file of a field may be that says 0.
const defaultMaxFile = 5 << 20

func shownMaxSize(f *dossier.Field) int64 {
	if f.MaxSize == defaultMaxFile && f.Extra[extraPrefix+extraMaxSize] == "0" {
		return 0
	}
	return f.MaxSize
}

func orNull(text string) any {
	if n, err := dossier.ParseNumber(text); err == nil {
		return encodeNumber(n)
	}
	return nil
}

// shownBound is the bound of a date as clients read it.
func shownBound(text string) string {
	if t, ok := toTime(text); ok {
		return formatTime(t)
	}
	return ""
}

func targetID(space *dossier.Space, f *dossier.Field) string {
	if c, ok := space.CollectionByID(f.Collection); ok {
		return collectionID(c)
	}
	return string(f.Collection)
}

// idField is the field that holds a record's ID.
func idField() map[string]any {
	return with(baseField(fieldID(typeText, "id"), "id", typeText), map[string]any{"system": true, "required": true, "primaryKey": true,
		"min": minID, "max": maxID, "pattern": "^[a-z0-9]+$", "autogeneratePattern": "[a-f0-9]{24}"})
}

// accountFields are the fields of an auth collection's accounts.
func accountFields() []map[string]any {
	system := func(name, typ string, options map[string]any) map[string]any {
		return with(with(baseField(fieldID(typ, name), name, typ), map[string]any{"system": true}), options)
	}
	return []map[string]any{
		system(keyPassword, typePassword, map[string]any{"hidden": true, "required": true, "min": minPassword, "max": 0, "pattern": "", "cost": 0}),
		system("tokenKey", typeText, map[string]any{"hidden": true, "required": true, "min": 30, "max": 60, "pattern": "", "primaryKey": false,
			"autogeneratePattern": "[a-zA-Z0-9]{50}"}),
		system(keyEmail, typeEmail, map[string]any{"required": true, "exceptDomains": nil, "onlyDomains": nil}),
		system(keyEmailVisible, typeBool, nil),
		system(keyVerified, typeBool, nil),
	}
}

// stampField is the field that shows when a record was made or changed.
func stampField(name string) map[string]any {
	m := baseField(fieldID(typeAutodate, name), name, typeAutodate)
	delete(m, "required")
	delete(m, "help")
	return with(m, map[string]any{"onCreate": true, "onUpdate": name == stampUpdated})
}
