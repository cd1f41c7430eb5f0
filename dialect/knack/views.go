package knack

import (
	"net/http"
	"slices"

	"dossier"
	"dossier/access"
	"dossier/wire"
)

// onView is op on the view in the path. Who asks acts under the collection's rules, whoever made the page: a guest, a user, or the
// holder of a key.
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
		if err := t.mayOpen(); err != nil {
			return err
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

// mayOpen refuses guests where the page, or a view of one's own records, asks for a login, and users without a role of the page's.
func (t *target) mayOpen() error {
	switch {
	case t.who.IsGuest() && (t.page.Login || t.view.Source == dossier.SourceUser):
		return errToken
	case t.who.Kind == access.KindUser && len(t.page.Roles) > 0 && !slices.Contains(t.page.Roles, t.who.Collection.Name):
		return errForbidden
	}
	return nil
}

// offersUpdate and offersDelete report whether the target takes changes and removals: an object all of them, a form changes, another
// view what its page's maker let it offer.
func (t *target) offersUpdate() bool {
	return t.view == nil || t.view.Kind == dossier.ViewForm || t.view.Edit
}

func (t *target) offersDelete() bool { return t.view == nil || t.view.Delete }

// objectFields are the fields of an object: all but passwords.
func objectFields(c *dossier.Collection) []*dossier.Field {
	return slices.DeleteFunc(slices.Clone(c.Fields), (*dossier.Field).IsSecret)
}

// viewFields are a view's fields in its order, all of the collection's if it names none. Hidden ones are for key holders and
// superusers only, passwords for nobody.
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
		if !f.IsSecret() && (!f.Hidden || who.IsSuper() || who.Kind == access.KindKey) {
			shown = append(shown, f)
		}
	}
	return shown
}

// getReport answers report views, of which there are none.
func (h *handler) getReport(w http.ResponseWriter, _ *http.Request, _ *target) error {
	return writeJSON(w, object{{"reports", []object{}}})
}
