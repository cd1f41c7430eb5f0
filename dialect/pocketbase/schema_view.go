package pocketbase

import (
	"errors"
	"net/http"

	"dossier"
	"dossier/core"
	"dossier/query"
)

// keyQuery is the key of a view's query.
const keyQuery = "viewQuery"

// viewOptions are what a view says beside what every collection says.
type viewOptions struct {
	ViewQuery string `json:"viewQuery"`
}

// A deriver tells the fields of a view. It is nil where that must wait: a view of an import may read what the import makes.
type deriver func(*dossier.Collection) ([]*dossier.Field, error)

// view reads the query of a view, whose fields follow from it, and its rules.
func (rd *collectionReader) view(derive deriver) error {
	if raw, ok := rd.raw[keyQuery]; ok || rd.old == nil {
		rd.next.Query = toText(raw)
	}
	if list, ok := rd.raw["indexes"].([]any); ok && len(list) > 0 {
		rd.fault("validation_indexes_not_supported", "View collections don't support indexes.", "indexes")
	}
	rd.remember(extraStamps, []string{})
	rd.next.Fields = nil
	switch {
	case rd.next.Query == "":
		nest(rd.data, []string{"fields"}, blank)
		nest(rd.data, []string{keyQuery}, blank)
	case derive != nil:
		if err := rd.derive(derive); err != nil {
			return err
		}
	}
	if err := rd.rules(); err != nil {
		return err
	}
	for key, rule := range map[string]*string{"createRule": rd.next.Rules.Create, "updateRule": rd.next.Rules.Update, "deleteRule": rd.next.Rules.Delete} {
		if rule != nil {
			rd.fault("validation_nil", "Must be blank.", key)
		}
	}
	return nil
}

func (rd *collectionReader) derive(derive deriver) error {
	fields, err := derive(rd.next)
	var wrong *dossier.Error
	if errors.As(err, &wrong) && wrong.Kind == dossier.Invalid {
		nest(rd.data, []string{"fields"}, blank)
		rd.fault("validation_invalid_view_query", "Invalid query - "+wrong.Msg, keyQuery)
		return nil
	}
	rd.next.Fields = append([]*dossier.Field{}, fields...) // known, and be it none
	return err
}

// sampleSize is how many records are shown of a view that is tried.
const sampleSize = 10

// tryView is POST /api/collections/meta/dry-run-view: the fields that a view with that query would have, and its first records.
func (h *handler) tryView(w http.ResponseWriter, r *http.Request) error {
	who, raw, err := h.superuserFields(r)
	if err != nil {
		return err
	}
	text := toText(raw["query"])
	if text == "" {
		return invalidFields(msgInvalidSubmit, map[string]fault{"query": blank})
	}
	c := &dossier.Collection{ID: "dry_run", Name: "dry_run", Kind: dossier.View, Query: text, Extra: map[string]string{extraStamps: "[]"}}
	if c.Fields, err = h.svc.ViewFields(r.Context(), who, c); err != nil {
		return viewError(err)
	}
	for i, f := range c.Fields {
		f.ID, f.Number = dossier.ID(fieldID(typeOf(f), f.Name)), int64(i+1) // as they would be if it were kept
	}
	page, err := h.svc.ListRecords(r.Context(), who, c, query.Query{Limit: sampleSize}, core.ListOptions{})
	if err != nil {
		return viewError(err)
	}
	sample, err := h.viewer(r.Context(), who).records(c, page.Records, "")
	if err != nil {
		return err
	}
	return h.reply(w, r, triedView{showCollection(h.svc.Space(), c).Fields, sample})
}

// A triedView is what a query would make of a view.
type triedView struct {
	Fields []map[string]any `json:"fields"`
	Sample any              `json:"sample"`
}

// viewError is the answer to a query that makes no view.
func viewError(err error) error {
	var wrong *dossier.Error
	if errors.As(err, &wrong) && wrong.Kind == dossier.Invalid {
		return newError(http.StatusBadRequest, "Invalid view query. Raw error: \n"+wrong.Msg, nil)
	}
	return err
}
