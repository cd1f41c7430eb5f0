package knack

import (
	"net/http"
	"strconv"

	"dossier"
	"dossier/access"
	"dossier/core"
	"dossier/query"
)

// listObjects names all objects.
func (h *handler) listObjects(w http.ResponseWriter, _ *http.Request, t *target) error {
	objects := []object{}
	for _, c := range t.space.Collections {
		if isObject(c) {
			objects = append(objects, object{{"_id", string(c.ID)}, {"key", objectKey(c)}, {"name", c.Label}})
		}
	}
	return writeJSON(w, object{{"objects", objects}})
}

// getObject describes one object.
func (h *handler) getObject(w http.ResponseWriter, _ *http.Request, t *target) error {
	return writeJSON(w, object{{"object", describeObject(t.space, t.c, objectFields(t.c))}})
}

// listFields describes the fields of one object.
func (h *handler) listFields(w http.ResponseWriter, _ *http.Request, t *target) error {
	return writeJSON(w, object{{"fields", describeFields(t.space, t.c, objectFields(t.c))}})
}

// getApplication describes the whole application. It is open to everyone, so it shows nothing that is hidden, and no rule, key or
// person.
func (h *handler) getApplication(w http.ResponseWriter, r *http.Request) error {
	space := h.svc.Space()
	if err := pathApplication(space, r); err != nil {
		return err
	}
	counts, err := h.counts(r, space)
	if err != nil {
		return err
	}
	zone := h.zone(space)
	_, offset := h.svc.Now().In(zone).Zone()
	objects, scenes := []object{}, make([]object, len(space.Pages))
	for _, c := range space.Collections {
		if isObject(c) {
			objects = append(objects, describeObject(space, c, viewFields(c, &dossier.PageView{}, access.Guest())))
		}
	}
	home := object{{"key", ""}, {"slug", ""}}
	for i := range space.Pages {
		scenes[i] = describeScene(space, &space.Pages[i])
		if i == 0 {
			home = object{{"key", space.Pages[0].Key}, {"slug", pageSlug(&space.Pages[0])}}
		}
	}
	name, named := applicationName(space)
	return writeJSON(w, object{{"application", object{
		{"id", space.Application},
		{"name", name},
		{"slug", named},
		{"description", ""},
		{"account", object{{"slug", ""}, {"name", name}}}, // a slug would lead clients to another host
		{"settings", object{{"timezone", zone.String()}, {"timezone_offset", strconv.Itoa(offset)}}},
		{"counts", counts},
		{"home_scene", home},
		{"users", object{{"enabled", true}, {"scope", "scene"}}},
		{"status", "active"},
		{"subdomain", ""},
		{"objects", objects},
		{"scenes", scenes},
	}}})
}

// applicationName is what the owner calls the application, and that as it stands in addresses.
func applicationName(space *dossier.Space) (name, inAddresses string) {
	const unnamed = "dossier"
	if name = space.Settings.Extra[dossier.ExtraName]; name == "" {
		name = unnamed
	}
	if inAddresses = slug(name); inAddresses == "" {
		inAddresses = unnamed
	}
	return name, inAddresses
}

// counts are the numbers of records of each object and of all, and of the bytes that assets take.
func (h *handler) counts(r *http.Request, space *dossier.Space) (object, error) {
	counts, total := object{}, int64(0)
	for _, c := range space.Collections {
		if !isObject(c) {
			continue
		}
		page, err := h.svc.ListRecords(r.Context(), access.System(), c, query.Query{Limit: 1}, core.ListOptions{Total: true})
		if err != nil {
			return nil, err
		}
		counts = append(counts, pair{objectKey(c), page.Total})
		total += page.Total
	}
	used, err := h.svc.Usage(r.Context())
	return append(counts, pair{"total_entries", total}, pair{"asset_size", used}), err
}

func describeObject(space *dossier.Space, c *dossier.Collection, fields []*dossier.Field) object {
	identifier := any(nil)
	if f := c.IdentifierField(); f != nil {
		identifier = fieldKey(f)
	}
	typ := "StandardObject"
	if c.Kind == dossier.Auth {
		typ = "UserObject"
	}
	o := object{
		{"key", objectKey(c)},
		{"name", c.Label},
		{"type", typ},
		{"user", c.Kind == dossier.Auth},
		{"_id", string(c.ID)},
		{"identifier", identifier},
		{"sort", object{{"field", "id"}, {"order", "asc"}}},
		{"inflections", object{{"singular", c.Label}, {"plural", c.Label}}},
		{"connections", connectionsOf(space, c)},
		{"fields", describeFields(space, c, fields)},
	}
	if c.Kind == dossier.Auth {
		o = append(o, pair{"profile_key", profileKey(c)})
	}
	return o
}

// connectionsOf are the connections that lead from and to an object.
func connectionsOf(space *dossier.Space, c *dossier.Collection) object {
	inbound, outbound := []object{}, []object{}
	for _, other := range space.Collections {
		if !isObject(other) {
			continue
		}
		for _, f := range other.Fields {
			if !f.IsRelation() || f.Hidden {
				continue
			}
			if other.ID == c.ID {
				outbound = append(outbound, describeConnection(space, other, f))
			}
			if f.Collection == c.ID {
				inbound = append(inbound, describeConnection(space, other, f))
			}
		}
	}
	return object{{"inbound", inbound}, {"outbound", outbound}}
}

func describeConnection(space *dossier.Space, c *dossier.Collection, f *dossier.Field) object {
	has, belongs, target := relationship(space, f)
	return object{{"key", fieldKey(f)}, {"name", f.Label}, {"object", target}, {"from", objectKey(c)}, {"has", has}, {"belongs_to", belongs}}
}

// relationship says to how many records a connection leads, and to which object.
func relationship(space *dossier.Space, f *dossier.Field) (has, belongs, target string) {
	has = "one"
	if f.Multiple() {
		has = "many"
	}
	if c, ok := space.CollectionByID(f.Collection); ok && isObject(c) {
		target = objectKey(c)
	}
	return has, "many", target
}

func describeFields(space *dossier.Space, c *dossier.Collection, fields []*dossier.Field) []object {
	out := make([]object, len(fields))
	for i, f := range fields {
		out[i] = object{
			{"key", fieldKey(f)},
			{"name", f.Label},
			{"label", f.Label},
			{"type", typeOf(f)},
			{"required", f.Required},
			{"unique", f.Unique},
			{"user", false},
			{"conditional", false},
			{"rules", nil},
			{"validation", nil},
			{"object_key", objectKey(c)},
			{"default", defaultText(f)},
			{"_id", string(f.ID)},
		}
		if o := describeFormat(f); len(o) > 0 {
			out[i] = append(out[i], pair{"format", o})
		}
		if f.IsRelation() {
			has, belongs, target := relationship(space, f)
			out[i] = append(out[i], pair{"relationship", object{{"object", target}, {"has", has}, {"belongs_to", belongs}}})
		}
	}
	return out
}

func defaultText(f *dossier.Field) string {
	switch v := f.Default.(type) {
	case dossier.Bool:
		return strconv.FormatBool(bool(v))
	case dossier.List, nil:
		return ""
	default:
		return query.TextOf(v)
	}
}

// describeFormat is the format of the vendor's type, as far as a field has one.
func describeFormat(f *dossier.Field) object {
	switch typeOf(f) {
	case numberType:
		return numberFormat(f)
	case booleanType:
		return object{{"format", "yes_no"}, {"input", "dropdown"}, {"default", f.Default == dossier.Bool(true)}}
	case dateTime:
		return dateFormat(f)
	case multipleChoice:
		return object{{"options", f.Options}, {"type", choiceType(f)}, {"sorting", "custom"}, {"blank", "Select"}, {"default", "kn-blank"}}
	case personName:
		return object{{"format", "First Last"}}
	case addressType:
		return object{{"input", "address"}, {"format", "address"}, {"enable_geocoding", false}}
	case phoneType:
		return object{{"format", phoneFormat(f)}, {"extension", false}}
	case linkType:
		return object{{"target", "_blank"}, {"text_format", "url"}, {"label", ""}}
	case emailType:
		return object{{"text_format", "url"}, {"label", ""}}
	case ratingType:
		return object{{"max", ratingMax(f)}, {"allow_half", !f.Integer}}
	case fileType:
		return object{{"secure", f.Protected}}
	case imageType:
		return object{{"source", "upload"}, {"secure", f.Protected}, {"thumbs", []object{}}}
	}
	return nil
}

func numberFormat(f *dossier.Field) object {
	precision := "none"
	if f.Decimals != nil {
		precision = strconv.Itoa(*f.Decimals)
	}
	return object{{"precision", precision}, {"rounding", "none"}, {"mark_decimal", "period"}, {"mark_thousands", "none"}, {"format", ""},
		{"pre", ""}, {"post", f.Unit}}
}

func dateFormat(f *dossier.Field) object {
	date, clock, start := "mm/dd/yyyy", "HH:MM am", "none"
	switch f.Type {
	case dossier.TypeDate:
		clock = "Ignore Time"
	case dossier.TypeTime:
		date = "Ignore Date"
	}
	if f.DefaultNow {
		start = "current"
	}
	return object{{"date_format", date}, {"time_format", clock}, {"default_type", start}, {"default_date", ""}, {"time_type", start},
		{"default_time", ""}, {"calendar", false}}
}

func choiceType(f *dossier.Field) string {
	switch {
	case f.Widget == dossier.WidgetCheckbox:
		return "checkboxes"
	case f.Multiple():
		return "multi"
	case f.Widget == dossier.WidgetRadio:
		return "radios"
	}
	return "single"
}

func phoneFormat(f *dossier.Field) string {
	if f.Format == maskedPhone {
		return "(999) 999-9999"
	}
	return "any"
}

// ratingMax is the most stars of a rating, five if nothing is said.
func ratingMax(f *dossier.Field) dossier.Number {
	if n, err := dossier.ParseNumber(f.Max); err == nil {
		return n
	}
	return "5"
}
