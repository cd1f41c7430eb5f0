package pocketbase

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"dossier"
)

// errFormat answers a definition that cannot be understood.
var errFormat = newError(http.StatusBadRequest, "Failed to load the submitted data due to invalid formatting.", nil)

// A collectionReader makes a collection of what a client says of it.
type collectionReader struct {
	space *dossier.Space      // as it is to be, the collection itself included
	old   *dossier.Collection // nil for a new one
	next  *dossier.Collection
	raw   map[string]any
	data  map[string]any // what is wrong
}

var wordForm = regexp.MustCompile(`^\w{1,100}$`)

// readCollection makes what raw says of old, or of a new collection, in space. data is what is wrong with it.
func readCollection(space *dossier.Space, old *dossier.Collection, raw map[string]any, derive deriver) (c *dossier.Collection, data map[string]any, err error) {
	rd := &collectionReader{old: old, raw: raw, data: map[string]any{}, next: &dossier.Collection{Kind: dossier.Base, Extra: map[string]string{}}}
	if old != nil {
		next := *old
		next.Extra = make(map[string]string, len(old.Extra))
		for k, v := range old.Extra {
			next.Extra[k] = v
		}
		rd.next = &next
	}
	rd.head(space)
	rd.space = withCollection(space, rd.next)
	if rd.next.Kind == dossier.View {
		return rd.next, rd.data, rd.view(derive)
	}
	if err := rd.fields(); err != nil {
		return nil, nil, err
	}
	if err := rd.indexes(); err != nil {
		return nil, nil, err
	}
	if err := rd.options(); err != nil {
		return nil, nil, err
	}
	if err := rd.rules(); err != nil {
		return nil, nil, err
	}
	rd.guardSystem()
	return rd.next, rd.data, nil
}

// withCollection is space with c in the place of what has its ID, or as one more.
func withCollection(space *dossier.Space, c *dossier.Collection) *dossier.Space {
	next := *space
	next.Collections = slices.DeleteFunc(slices.Clone(space.Collections), func(o *dossier.Collection) bool { return o.ID == c.ID })
	next.Collections = append(next.Collections, c)
	return &next
}

func (rd *collectionReader) fault(code, message string, path ...string) {
	nest(rd.data, path, fault{Code: code, Message: message})
}

// head reads name, type and ID.
func (rd *collectionReader) head(space *dossier.Space) {
	if raw, ok := rd.raw["name"]; ok || rd.old == nil {
		rd.rename(space, toText(raw))
	}
	typ := toText(rd.raw["type"])
	switch {
	case typ == "" || typ == string(rd.next.Kind) && rd.old != nil:
	case rd.old != nil:
		rd.fault("validation_collection_type_change", "Collection type cannot be changed.", "type")
	case typ == string(dossier.Base), typ == string(dossier.Auth), typ == string(dossier.View):
		rd.next.Kind = dossier.CollectionKind(typ)
	default:
		rd.fault("validation_in_invalid", "Must be a valid value.", "type")
	}
	if rd.old == nil {
		rd.identify(space)
	}
}

func (rd *collectionReader) rename(space *dossier.Space, name string) {
	if rd.old != nil && name == rd.old.Name {
		return
	}
	other, taken := findAny(space, name)
	switch {
	case name == "":
		nest(rd.data, []string{"name"}, blank)
	case len(name) > maxCollectionName:
		nest(rd.data, []string{"name"}, outOfRange(1, maxCollectionName))
	case strings.Contains(name, backInfix):
		rd.fault("validation_found_via", `The value cannot contain "_via_".`, "name")
	case rd.old != nil && rd.old.System:
		rd.fault("validation_collection_system_name_change", "System collection name cannot be changed.", "name")
	case !dossier.ValidName(name):
		nest(rd.data, []string{"name"}, badForm)
	case taken && (rd.old == nil || other.ID != rd.old.ID):
		rd.fault("validation_collection_name_exists", "Collection name must be unique (case insensitive).", "name")
	}
	if rd.next.Label == rd.next.Name {
		rd.next.Label = name
	}
	rd.next.Name = name
}

func (rd *collectionReader) identify(space *dossier.Space) {
	id := toText(rd.raw["id"])
	_, taken := collectionByID(space, id)
	if t, ok := findTable(space, id); ok && string(t.ID) == id {
		taken = true
	}
	switch {
	case id == "":
		id = newCollectionID(space, string(rd.next.Kind), rd.next.Name)
	case len(id) > maxFieldName:
		nest(rd.data, []string{"id"}, outOfRange(1, maxFieldName))
	case !wordForm.MatchString(id):
		nest(rd.data, []string{"id"}, badForm)
	case taken:
		rd.fault("validation_invalid_or_existing_id", "The model id is invalid or already exists.", "id")
	}
	rd.next.ID = dossier.ID(id)
}

// fields reads the list of fields, if there is one: it is complete.
func (rd *collectionReader) fields() error {
	raw, ok := rd.raw["fields"]
	if !ok && rd.old != nil {
		return nil
	}
	list, isList := raw.([]any)
	if raw != nil && !isList {
		return errFormat
	}
	stamps := []string{}
	var out []*dossier.Field
	first := rd.unnamed(list)
	for i, element := range list {
		o, ok := element.(map[string]any)
		if !ok {
			return errFormat
		}
		i += first
		name, typ := toText(o["name"]), toText(o["type"])
		if rd.isAccountField(name) {
			rd.checkAccountField(o)
			continue
		}
		if rd.old != nil && rd.isAccountID(toText(o["id"])) {
			rd.fault("validation_system_field_change", msgSystemField, "fields")
			continue
		}
		if _, known := newTypes[typ]; !known {
			return errFormat
		}
		if typ == typeAutodate && (name == stampCreated || name == stampUpdated) {
			stamps = append(stamps, name)
			continue
		}
		f, err := rd.field(o, i)
		if err != nil {
			return err
		}
		out = rd.addField(out, f, toText(o["id"]) == "", i)
	}
	rd.next.Fields = out
	rd.remember(extraStamps, stamps)
	return nil
}

// msgSystemField refuses changes of fields that every collection of a type has.
const msgSystemField = "System fields cannot be deleted or renamed."

// unnamed is how many fields a collection has besides those that list names. They stand before them.
func (rd *collectionReader) unnamed(list []any) int {
	names := map[any]bool{}
	for _, element := range list {
		if o, ok := element.(map[string]any); ok {
			names[o["name"]] = true
		}
	}
	always := []map[string]any{idField()}
	if rd.next.Kind == dossier.Auth {
		always = append(always, accountFields()...)
	}
	return len(slices.DeleteFunc(always, func(m map[string]any) bool { return names[m["name"]] }))
}

// isAccountField reports whether a field of that name is there in any case.
func (rd *collectionReader) isAccountField(name string) bool {
	if name == "id" {
		return true
	}
	return rd.next.Kind == dossier.Auth && slices.ContainsFunc(accountFields(), func(m map[string]any) bool { return m["name"] == name })
}

// checkAccountField notes where a field that is there in any case would become another one.
func (rd *collectionReader) checkAccountField(o map[string]any) {
	id, typ := toText(o["id"]), toText(o["type"])
	switch {
	case toText(o["name"]) == "id" && typ != typeText && typ != "":
		rd.fault("validation_missing_primary_key", `Missing or invalid "id" PK field.`, "fields")
	case rd.old != nil && id != "" && !rd.isAccountID(id):
		rd.fault("validation_system_field_change", msgSystemField, "fields")
	}
}

// isAccountID reports whether a field that is there in any case has that ID.
func (rd *collectionReader) isAccountID(id string) bool {
	if id == fieldID(typeText, "id") {
		return true
	}
	return rd.next.Kind == dossier.Auth && slices.ContainsFunc(accountFields(), func(m map[string]any) bool { return m["id"] == id })
}

// addField appends f. Of two fields of one name without IDs the last wins.
func (rd *collectionReader) addField(list []*dossier.Field, f *dossier.Field, anonymous bool, i int) []*dossier.Field {
	for j, have := range list {
		switch {
		case anonymous && have.Name == f.Name:
			list[j] = f
			return list
		case have.ID == f.ID:
			nest(rd.data, []string{"fields", strconv.Itoa(i), "id"}, fault{Code: "validation_duplicated_field_id",
				Message: "Duplicated or invalid field id " + string(f.ID) + ".", Params: map[string]any{"fieldId": f.ID}})
		case dossier.SameName(have.Name, f.Name):
			nest(rd.data, []string{"fields", strconv.Itoa(i), "name"}, fault{Code: "validation_duplicated_field_name",
				Message: "Duplicated or invalid field name " + f.Name + ".", Params: map[string]any{"fieldName": f.Name}})
		}
	}
	return append(list, f)
}

// field reads one field: a change of the old one with its ID, or else its name, or a new one.
func (rd *collectionReader) field(raw map[string]any, i int) (*dossier.Field, error) {
	at := []string{"fields", strconv.Itoa(i)}
	name, typ := toText(raw["name"]), toText(raw["type"])
	f := rd.oldField(toText(raw["id"]), name)
	fresh := f == nil
	switch {
	case fresh:
		id := toText(raw["id"])
		if id == "" {
			id = fieldID(typ, name)
		}
		f = &dossier.Field{ID: dossier.ID(id), Name: name, Type: newTypes[typ]}
		if !wordForm.MatchString(id) {
			nest(rd.data, append(at, "id"), badForm)
		}
	case typeOf(f) != typ:
		rd.fault("validation_field_type_change", "Field type cannot be changed.", at...)
	}
	renameField(f, name)
	switch {
	case name == "":
		nest(rd.data, append(at, "name"), blank)
	case strings.Contains(name, backInfix):
		rd.fault("validation_found_via", `The value cannot contain "_via_".`, append(at, "name")...)
	case len(name) > maxFieldName:
		nest(rd.data, append(at, "name"), outOfRange(1, maxFieldName))
	case slices.Contains(reservedNames, strings.ToLower(name)):
		nest(rd.data, append(at, "name"), excluded)
	case !dossier.ValidName(name):
		nest(rd.data, append(at, "name"), badForm)
	}
	o := &optionReader{space: rd.space, raw: raw, fresh: fresh, path: at, data: rd.data}
	o.read(f, typ)
	if o.malformed {
		return nil, errFormat
	}
	return f, nil
}

// How long names of fields and collections may be.
const (
	maxFieldName      = 100
	maxCollectionName = 255
)

// reservedNames cannot be fields'.
var reservedNames = []string{"null", "true", "false", "_rowid_", "collectionid", "collectionname", "expand"}

// renameField renames f, and its label and code where they were just the name.
func renameField(f *dossier.Field, name string) {
	if f.Label == f.Name {
		f.Label = name
	}
	if f.Code == f.Name {
		f.Code = name
	}
	f.Name = name
}

// oldField is a copy of the old field with that ID, or, without one, that name; nil if there is none.
func (rd *collectionReader) oldField(id, name string) *dossier.Field {
	if rd.old == nil {
		return nil
	}
	for _, f := range rd.old.Fields {
		if id == string(f.ID) || id == "" && f.Name == name {
			g := *f
			g.Extra = make(map[string]string, len(f.Extra))
			for k, v := range f.Extra {
				g.Extra[k] = v
			}
			return &g
		}
	}
	return nil
}

func (rd *collectionReader) remember(key string, v any) {
	if b, err := json.Marshal(v); err == nil {
		rd.next.Extra[key] = string(b)
	}
}

// options reads what an auth collection says of signing in.
func (rd *collectionReader) options() error {
	if rd.next.Kind != dossier.Auth {
		return nil
	}
	o := authOptionsOf(rd.next)
	if rd.old != nil {
		o.PasswordAuth.IdentityFields = identityFields(rd.next, rd.old)
	}
	b, err := json.Marshal(rd.raw)
	if err != nil {
		return errFormat
	}
	providers := o.OAuth2.Providers
	o.OAuth2.Providers = nil // or new ones would inherit from the old ones
	if err := json.Unmarshal(b, &o); err != nil {
		return errFormat
	}
	if o.OAuth2.Providers == nil {
		o.OAuth2.Providers = providers
	}
	if rd.next.Name == dossier.Superusers { // or nobody could sign in and put it right
		o.PasswordAuth = passwordOptions{Enabled: true, IdentityFields: []string{keyEmail}}
	}
	for _, provider := range o.OAuth2.Providers {
		delete(provider, "clientSecret")
	}
	rd.checkOptions(o)
	rd.signIn(o)
	o.AuthRule, o.ManageRule, o.PasswordAuth = nil, nil, passwordOptions{} // the collection's own
	rd.remember(extraOptions, o)
	return nil
}

// rules reads the rules and checks them against the collection as it is to be. Those of a view whose fields are not known core checks.
func (rd *collectionReader) rules() error {
	rules := map[string]**string{"listRule": &rd.next.Rules.List, "viewRule": &rd.next.Rules.View, "createRule": &rd.next.Rules.Create,
		"updateRule": &rd.next.Rules.Update, "deleteRule": &rd.next.Rules.Delete}
	for key, rule := range rules {
		raw, ok := rd.raw[key]
		if !ok {
			continue
		}
		if *rule = nil; raw == nil {
			continue
		}
		text, isText := raw.(string)
		if !isText {
			return errFormat
		}
		*rule = &text
	}
	checked := map[string]*string{}
	for key, rule := range rules {
		checked[key] = *rule
	}
	if rd.next.Kind == dossier.Auth {
		gate := rd.next.SigningIn()
		checked["authRule"], checked["manageRule"] = &gate.Rule, rd.next.Rules.Manage
	}
	for key, rule := range checked {
		if rule == nil || *rule == "" || rd.next.Kind == dossier.View && rd.next.Fields == nil {
			continue
		}
		if strings.TrimSpace(*rule) == "" {
			rd.fault("validation_invalid_rule", "Invalid rule. Raw error: empty filter expression.", key)
			continue
		}
		if err := CheckRule(rd.space, rd.next, *rule); err != nil {
			rd.fault("validation_invalid_rule", "Invalid rule. Raw error: "+err.Error(), key)
		}
	}
	return nil
}
