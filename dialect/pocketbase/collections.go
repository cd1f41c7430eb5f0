package pocketbase

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"dossier"
	"dossier/access"
	"dossier/core"
	"dossier/query"
	"dossier/wire"
)

// superuser says who sent r, if it is a superuser.
func (h *handler) superuser(r *http.Request) (access.Principal, error) {
	who, err := h.authenticate(r)
	if err != nil {
		return who, err
	}
	return who, requireSuper(who)
}

// superuserFields is a superuser who sent r, and what its body holds.
func (h *handler) superuserFields(r *http.Request) (access.Principal, map[string]any, error) {
	who, err := h.superuser(r)
	if err != nil {
		return who, nil, err
	}
	raw, err := h.readFields(r)
	if err != nil {
		return who, nil, loadError(err)
	}
	return who, raw, nil
}

// superuserCollection is the collection that the path names, for a superuser.
func (h *handler) superuserCollection(r *http.Request) (access.Principal, *dossier.Collection, error) {
	who, err := h.superuser(r)
	if err != nil {
		return who, nil, err
	}
	c, ok := findAny(h.svc.Space(), r.PathValue("collection"))
	if !ok {
		return who, nil, errNotFound
	}
	return who, c, nil
}

// directory is a collection whose records are the collections, so that lists of them are filtered and sorted like any.
var directory = &dossier.Collection{Name: "collections", Fields: []*dossier.Field{
	{Name: "name", Type: dossier.TypeText}, {Name: "type", Type: dossier.TypeText}, {Name: "system", Type: dossier.TypeBool},
}}

// entryOf is c as a record of the directory.
func entryOf(c *dossier.Collection) *dossier.Record {
	return &dossier.Record{ID: dossier.ID(collectionID(c)), Number: c.Number, Created: c.Created, Updated: c.Updated, Values: map[string]dossier.Value{
		"name": dossier.Text(c.Name), "type": dossier.Text(c.Kind), "system": dossier.Bool(c.System),
	}}
}

// listCollections is GET /api/collections.
func (h *handler) listCollections(w http.ResponseWriter, r *http.Request) error {
	who, err := h.superuser(r)
	if err != nil {
		return err
	}
	l, err := parseListQuery(wire.ParseQueryLenient(r.URL.RawQuery))
	if err != nil {
		return err
	}
	space := h.svc.Space()
	q, err := h.lowerRoster(directory, who, l)
	if err != nil {
		return err
	}
	entry := func(c *dossier.Collection) *dossier.Record { return entryOf(born(space, c)) }
	found, err := searchRoster(r.Context(), space, directory, listed(space), entry, q)
	if err != nil {
		return err
	}
	page, total := pageOf(found, l)
	items := []shownCollection{}
	for _, c := range page {
		items = append(items, showCollection(space, c))
	}
	return h.reply(w, r, l.answer(items, total))
}

// viewCollection is GET /api/collections/{collection}.
func (h *handler) viewCollection(w http.ResponseWriter, r *http.Request) error {
	_, c, err := h.superuserCollection(r)
	if err != nil {
		return err
	}
	return h.reply(w, r, showCollection(h.svc.Space(), c))
}

// createCollection is POST /api/collections.
func (h *handler) createCollection(w http.ResponseWriter, r *http.Request) error {
	who, err := h.superuser(r)
	if err != nil {
		return err
	}
	return h.putCollection(w, r, who, nil, "Failed to create collection.")
}

// updateCollection is PATCH /api/collections/{collection}.
func (h *handler) updateCollection(w http.ResponseWriter, r *http.Request) error {
	who, c, err := h.superuserCollection(r)
	if err != nil {
		return err
	}
	if _, ok := tableOf(c); ok {
		return h.keepTable(w, r, c)
	}
	return h.putCollection(w, r, who, c, "Failed to update collection.")
}

func (h *handler) putCollection(w http.ResponseWriter, r *http.Request, who access.Principal, old *dossier.Collection, failed string) error {
	raw, err := h.readFields(r)
	if err != nil {
		return errFormat
	}
	derive := func(c *dossier.Collection) ([]*dossier.Field, error) { return h.svc.ViewFields(r.Context(), who, c) }
	c, data, err := readCollection(h.svc.Space(), old, raw, derive)
	if err != nil {
		return err
	}
	if len(data) > 0 {
		return newError(http.StatusBadRequest, failed, data)
	}
	made, err := h.svc.PutCollection(r.Context(), who, c)
	if err != nil {
		if data := violatedIndexes(c, err); data != nil {
			return newError(http.StatusBadRequest, failed, data)
		}
		return schemaError(failed, err)
	}
	return h.reply(w, r, showCollection(h.svc.Space(), made))
}

// schemaError is the answer to a change of the schema that core refused.
func schemaError(failed string, err error) error {
	switch dossier.KindOf(err) {
	case dossier.Invalid, dossier.Exists, dossier.Unsupported:
		return newError(http.StatusBadRequest, failed+" Raw error: "+err.Error(), nil)
	}
	return err
}

// deleteCollection is DELETE /api/collections/{collection}.
func (h *handler) deleteCollection(w http.ResponseWriter, r *http.Request) error {
	who, c, err := h.superuserCollection(r)
	if err != nil {
		return err
	}
	if _, ok := tableOf(c); ok {
		return newError(http.StatusBadRequest, "Failed to delete collection.", nil)
	}
	if err := h.svc.DeleteCollection(r.Context(), who, c); err != nil {
		return deletionError(err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func deletionError(err error) error {
	var e *dossier.Error
	if !errors.As(err, &e) || e.Kind != dossier.Invalid {
		return err
	}
	if len(e.Problems) > 0 && len(e.Problems[0].Path) > 0 {
		return newError(http.StatusBadRequest, "Failed to delete collection probably due to existing reference in "+e.Problems[0].Path[0]+".", nil)
	}
	return newError(http.StatusBadRequest, "Failed to delete collection.", nil)
}

// truncateStep is how many records a truncation looks up at once.
const truncateStep = 200

// truncateCollection is DELETE /api/collections/{collection}/truncate: every record goes as if deleted alone, or none does.
func (h *handler) truncateCollection(w http.ResponseWriter, r *http.Request) error {
	who, c, err := h.superuserCollection(r)
	if err != nil {
		return err
	}
	if t, ok := tableOf(c); ok {
		return h.emptyTable(w, r, who, t)
	}
	if c.Kind == dossier.View {
		return newError(http.StatusBadRequest, "View collections cannot be truncated since they don't store their own records.", nil)
	}
	ids, err := h.allIDs(r.Context(), who, c)
	if err != nil {
		return err
	}
	err = h.svc.Batch(r.Context(), who, func(b *core.Batch) error {
		for _, id := range ids {
			err := b.DeleteRecord(r.Context(), c, core.ByID(id), 0)
			if err != nil && dossier.KindOf(err) != dossier.NotFound { // a cascade may have been faster
				return err
			}
		}
		return nil
	})
	if err != nil {
		return truncationError(c, err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// truncationError is the answer where a record of c does not go.
func truncationError(c *dossier.Collection, err error) error {
	if dossier.KindOf(err) != dossier.Invalid || c.Name == dossier.Superusers {
		return deleteError(c, err)
	}
	return newError(http.StatusBadRequest,
		"Failed to truncate collection (most likely due to required cascade delete record references).", nil)
}

// allIDs are the records that c has.
func (h *handler) allIDs(ctx context.Context, who access.Principal, c *dossier.Collection) (ids []dossier.ID, err error) {
	for more := true; more; {
		page, err := h.svc.ListRecords(ctx, who, c, query.Query{Offset: len(ids), Limit: truncateStep}, core.ListOptions{})
		if err != nil {
			return nil, err
		}
		more = len(page.Records) == truncateStep
		for _, record := range page.Records {
			ids = append(ids, record.ID)
		}
	}
	return ids, nil
}

// importCollections is PUT /api/collections/import: all of the collections are created or changed, or none is.
func (h *handler) importCollections(w http.ResponseWriter, r *http.Request) error {
	who, raw, err := h.superuserFields(r)
	if err != nil {
		return err
	}
	list, isList := raw["collections"].([]any)
	if raw["collections"] != nil && !isList {
		return newError(http.StatusBadRequest, msgInvalidLoad, nil)
	}
	if len(list) == 0 {
		return invalidFields(msgInvalidSubmit, map[string]fault{"collections": blank})
	}
	space := h.svc.Space()
	schema, err := readImport(space, withoutTables(space, list))
	if err != nil {
		return err
	}
	if _, err := h.svc.ApplySchema(r.Context(), who, schema, toBool(raw["deleteMissing"])); err != nil {
		return importError(err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// withoutTables is an import without the system tables, which are as they are.
func withoutTables(space *dossier.Space, list []any) []any {
	return slices.DeleteFunc(list, func(element any) bool {
		raw, _ := element.(map[string]any)
		_, named := findTable(space, toText(raw["name"]))
		return named
	})
}

// importError is the answer to an import that core refused.
func importError(err error) error {
	switch dossier.KindOf(err) {
	case dossier.Invalid, dossier.Exists, dossier.Unsupported:
		return importFailure(err.Error())
	}
	return err
}

// importFailure is the answer to an import that fails for that reason.
func importFailure(reason string) error {
	return invalidFields("Failed to import collections.", map[string]fault{"collections": {
		Code: "validation_collections_import_failure", Message: "Failed to import the collections configuration. Raw error:\n" + reason,
	}})
}

// readImport makes a schema of imported collections. They may refer to each other: a first pass makes room for all of them.
func readImport(space *dossier.Space, list []any) (core.Schema, error) {
	var schema core.Schema
	all := space
	for _, element := range list {
		raw, ok := element.(map[string]any)
		if !ok {
			return schema, newError(http.StatusBadRequest, msgInvalidLoad, nil)
		}
		if _, known := importedCollection(space, raw); !known {
			rd := &collectionReader{raw: raw, data: map[string]any{}, next: &dossier.Collection{Kind: dossier.Base, Extra: map[string]string{}}}
			rd.head(all)
			raw["id"] = string(rd.next.ID)
			all = withCollection(all, rd.next)
		}
	}
	for _, element := range list {
		raw := element.(map[string]any)
		c, err := readImported(space, all, raw)
		if err != nil {
			return schema, err
		}
		if c.System {
			continue
		}
		schema.Collections = append(schema.Collections, c)
	}
	return schema, nil
}

// importedCollection is the collection that an imported one changes: the one with its ID, else with its name.
func importedCollection(space *dossier.Space, raw map[string]any) (*dossier.Collection, bool) {
	if c, ok := collectionByID(space, toText(raw["id"])); ok && toText(raw["id"]) != "" {
		return c, true
	}
	return findCollection(space, toText(raw["name"]))
}

func readImported(space, all *dossier.Space, raw map[string]any) (*dossier.Collection, error) {
	old, known := importedCollection(space, raw)
	if !known {
		old = nil
		c, _ := collectionByID(all, toText(raw["id"]))
		without := *all
		without.Collections = slices.DeleteFunc(slices.Clone(all.Collections), func(o *dossier.Collection) bool { return o == c })
		all = &without
	}
	c, data, err := readCollection(all, old, raw, nil)
	if err != nil {
		return nil, importFailure("collection " + strconv.Quote(toText(raw["name"])) + ": " + err.Error())
	}
	if len(data) > 0 {
		wrong, err := json.Marshal(data)
		if err != nil {
			return nil, err
		}
		return nil, importFailure("collection " + strconv.Quote(toText(raw["name"])) + ": " + string(wrong))
	}
	return c, nil
}

// scaffolds is GET /api/collections/meta/scaffolds: what new collections begin with.
func (h *handler) scaffolds(w http.ResponseWriter, r *http.Request) error {
	if _, err := h.superuser(r); err != nil {
		return err
	}
	space := h.svc.Space()
	scaffold := func(kind dossier.CollectionKind) shownCollection {
		return showCollection(space, &dossier.Collection{Kind: kind, Extra: map[string]string{extraStamps: "[]"}})
	}
	return h.reply(w, r, map[string]any{"auth": scaffold(dossier.Auth), "base": scaffold(dossier.Base), "view": scaffold(dossier.View)})
}
