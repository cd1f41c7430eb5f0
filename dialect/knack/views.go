package knack

import (
	"net/http"
	"strings"

	"dossier"
	"dossier/access"
	"dossier/query"
	"dossier/wire"
)

// onView is op on the view in the path. Who asks acts under the collection's rules, whoever made the page: a guest, a user, or the
// holder of a key. A page that asks for a login is closed to guests.
func (h *handler) onView(op operation) wire.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		t := &target{space: h.svc.Space(), params: wire.ParseQueryLenient(r.URL.RawQuery)}
		var err error
		if t.who, err = h.byKeyOrToken(t.space, r); err != nil {
			return err
		}
		if err := h.meter(w, t.space); err != nil {
			return err
		}
		if err := t.find(r.PathValue("scene"), r.PathValue("view")); err != nil {
			return err
		}
		if t.page.Login && t.who.IsGuest() {
			return errToken
		}
		return op(w, r, t)
	}
}

// find looks up the view, its collection and its columns or inputs.
func (t *target) find(scene, view string) error {
	for i, p := range t.space.Pages {
		if p.Key != scene {
			continue
		}
		for j, v := range p.Views {
			if v.Key != view {
				continue
			}
			c, ok := t.space.Collection(v.Collection)
			if !ok || !isObject(c) {
				return errNotFound
			}
			t.page, t.view, t.c = &t.space.Pages[i], &p.Views[j], c
			t.fields = viewFields(c, &v, t.who)
			return nil
		}
	}
	return errNotFound
}

// viewFields are a view's fields in its order, all of the collection's if it names none. Hidden ones are for key holders and
// superusers only.
func viewFields(c *dossier.Collection, v *dossier.PageView, who access.Principal) []*dossier.Field {
	all := c.Fields
	if len(v.Fields) > 0 {
		all = nil
		for _, name := range v.Fields {
			if f, ok := c.Field(name); ok {
				all = append(all, f)
			}
		}
	}
	var shown []*dossier.Field
	for _, f := range all {
		if !f.Hidden || who.IsSuper() || who.Kind == access.KindKey {
			shown = append(shown, f)
		}
	}
	return shown
}

// narrow is the filter that a view puts before all others: a details view shows the one record that the page is about, where the
// request names it as {slug of the page}_id.
func (t *target) narrow() query.Filter {
	if t.view == nil || t.view.Kind != dossier.ViewDetails {
		return nil
	}
	id, ok := t.params.Get(pageSlug(t.page) + "_id")
	if !ok {
		return nil
	}
	return equal(query.Meta(query.ID), dossier.Text(id))
}

// pageSlug is the page's name in addresses: small letters and digits, joined by "-".
func pageSlug(p *dossier.Page) string { return slug(pageName(p)) }

func pageName(p *dossier.Page) string {
	if p.Name != "" {
		return p.Name
	}
	return p.Key
}

func slug(s string) string {
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r < 0x80 })
	return strings.Join(words, "-")
}

// getReport answers report views, of which there are none.
func (h *handler) getReport(w http.ResponseWriter, _ *http.Request, _ *target) error {
	return writeJSON(w, object{{"reports", []object{}}})
}
