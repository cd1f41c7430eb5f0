package knack

import (
	"strconv"

	"dossier"
	"dossier/access"
)

// viewTypes are the vendor's words for views.
var viewTypes = map[dossier.ViewKind]string{dossier.ViewForm: "form", dossier.ViewTable: "table", dossier.ViewDetails: "details", dossier.ViewList: "list"}

func describeScene(space *dossier.Space, p *dossier.Page) object {
	views := make([]object, len(p.Views))
	for i := range p.Views {
		views[i] = describeView(space, &p.Views[i])
	}
	parent, about, profiles := any(nil), any(nil), []string{}
	if up := parentOf(space, p); up != nil {
		parent = pageSlug(up)
	}
	if c := aboutCollection(space, p); c != nil {
		about = objectKey(c)
	}
	for _, role := range p.Roles {
		if c, ok := space.Collection(role); ok && isObject(c) {
			profiles = append(profiles, profileKey(c))
		}
	}
	return object{
		{"key", p.Key},
		{"name", pageName(p)},
		{"slug", pageSlug(p)},
		{"authenticated", p.Login},
		{"allowed_profiles", profiles},
		{"parent", parent},
		{"object", about},
		{"_id", p.Key},
		{"views", views},
	}
}

func describeView(space *dossier.Space, v *dossier.PageView) object {
	name := v.Name
	if name == "" {
		name = v.Key
	}
	source, columns := any(nil), []object{}
	if c, ok := space.Collection(v.Collection); ok && isObject(c) {
		source = object{
			{"object", objectKey(c)},
			{"criteria", object{{"match", "all"}, {"rules", []object{}}, {"groups", []object{}}}},
			{"sort", []object{{{"field", "id"}, {"order", "asc"}}}},
			{"limit", ""},
			{"authenticated_user", v.Source == dossier.SourceUser},
		}
		for _, f := range viewFields(c, v, access.Guest()) {
			columns = append(columns, object{{"type", "field"}, {"header", f.Label}, {"field", object{{"key", fieldKey(f)}}}})
		}
	}
	o := object{{"key", v.Key}, {"name", name}, {"type", viewTypes[v.Kind]}}
	if v.Kind == dossier.ViewForm {
		return append(o, pair{"action", "insert"}, pair{"source", source}, pair{"inputs", columns})
	}
	return append(o, pair{"options", object{{"cell_editor", v.Edit}, {"delete", v.Delete}}}, pair{"rows_per_page", strconv.Itoa(defaultRows)}, pair{"source", source}, pair{"columns", columns})
}
