package pocketbase

import (
	"math"
	"net/http"
	"strconv"
	"strings"

	"dossier"
	"dossier/access"
	"dossier/core"
	"dossier/query"
	"dossier/wire"
)

// Bounds of a list.
const (
	defaultPerPage = 30
	maxPerPage     = 1000
)

// A listPage is the body of every list: its items, and which of them these are.
type listPage map[string]any

// A listQuery is the part of a query string that every list knows.
type listQuery struct {
	page, perPage int
	skipTotal     bool
	filter, sort  string
}

func parseListQuery(q wire.Pairs) (listQuery, error) {
	l := listQuery{}
	l.filter, _ = q.Get("filter")
	l.sort, _ = q.Get("sort")
	var err error
	if l.page, err = wholeParam(q, "page", 1); err != nil {
		return l, err
	}
	if l.perPage, err = wholeParam(q, "perPage", defaultPerPage); err != nil {
		return l, err
	}
	l.perPage = min(l.perPage, maxPerPage)
	if text, _ := q.Get("skipTotal"); text != "" {
		if l.skipTotal, err = strconv.ParseBool(text); err != nil {
			return l, errGeneric
		}
	}
	return l, nil
}

// wholeParam reads a whole number; nothing, 0 and negative ones are def.
func wholeParam(q wire.Pairs, name string, def int) (int, error) {
	text, _ := q.Get(name)
	if text == "" {
		return def, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, errGeneric
	}
	if n <= 0 {
		return def, nil
	}
	return n, nil
}

// offset is how many records come before the page; of pages that no collection has, as many as no collection has.
func (l listQuery) offset() int {
	if l.perPage > 0 && l.page-1 > math.MaxInt/l.perPage {
		return math.MaxInt
	}
	return (l.page - 1) * l.perPage
}

// answer is the page of items among total ones, -1 where they were not counted.
func (l listQuery) answer(items any, total int64) listPage {
	pages := int64(-1)
	if total >= 0 {
		pages = (total + int64(l.perPage) - 1) / int64(l.perPage)
	}
	return listPage{"items": items, "page": l.page, "perPage": l.perPage, "totalItems": total, "totalPages": pages}
}

// checkRestricted refuses filters and sorts that look at more than the record, which are for rules and superusers.
func (l listQuery) checkRestricted(who access.Principal) error {
	if who.IsSuper() {
		return nil
	}
	for _, name := range []string{"@request.", "@collection."} {
		if strings.Contains(l.filter, name) || strings.Contains(l.sort, name) {
			return newError(http.StatusForbidden, "Only superusers can filter by "+name, nil)
		}
	}
	return nil
}

// listRecords is GET /api/collections/{collection}/records.
func (h *handler) listRecords(w http.ResponseWriter, r *http.Request) error {
	if t, ok := findTable(h.svc.Space(), r.PathValue("collection")); ok {
		return h.listTable(w, r, t)
	}
	c, who, err := h.bareContext(r)
	if err != nil {
		return err
	}
	if err := h.svc.May(who, c, access.List); err != nil {
		return err
	}
	params := wire.ParseQueryLenient(r.URL.RawQuery)
	l, err := parseListQuery(params)
	if err != nil {
		return err
	}
	if err := l.checkRestricted(who); err != nil {
		return err
	}
	q, err := h.lowerList(c, who, l)
	if err != nil {
		return err
	}
	page, err := h.svc.ListRecords(r.Context(), who, c, q, core.ListOptions{Total: !l.skipTotal})
	if err != nil {
		return err
	}
	expand, _ := params.Get("expand")
	items, err := h.viewer(r.Context(), who).records(c, page.Records, expand)
	if err != nil {
		return err
	}
	return h.reply(w, r, l.answer(items, page.Total))
}

// lowerList is the query that l asks of c.
func (h *handler) lowerList(c *dossier.Collection, who access.Principal, l listQuery) (query.Query, error) {
	space := h.svc.Space()
	q := query.Query{Offset: l.offset(), Limit: l.perPage}
	var err error
	if l.filter != "" {
		if q.Filter, err = parseFilter(space, c, l.filter, who, h.svc.Now()); err != nil {
			return q, err
		}
	}
	if l.sort != "" {
		q.Sort, q.Random, err = parseSort(space, c, l.sort, who)
	}
	return q, err
}

// recordContext is the collection that the path names, and who asks. missing is the answer where there is none.
func (h *handler) recordContext(r *http.Request, missing string) (*dossier.Collection, access.Principal, error) {
	c, ok := findCollection(h.svc.Space(), r.PathValue("collection"))
	if !ok {
		return nil, access.Guest(), newError(http.StatusNotFound, missing, nil)
	}
	who, err := h.authenticate(r)
	return c, who, err
}

// bareContext is recordContext for calls that need no body. One that cannot be read is refused all the same.
func (h *handler) bareContext(r *http.Request) (*dossier.Collection, access.Principal, error) {
	c, who, err := h.recordContext(r, "Missing collection context.")
	if err == nil && r.Method == http.MethodDelete {
		err = writable(c)
	}
	if err == nil {
		_, err = h.readFields(r)
	}
	return c, who, err
}

// writable refuses writes of records that are made of others.
func writable(c *dossier.Collection) error {
	if c.Kind == dossier.View {
		return dossier.Errorf(dossier.Unsupported, "%s is a view", c.Name)
	}
	return nil
}

// hidden answers that a rule does not let a record through as if there were none.
func hidden(err error) error {
	if dossier.KindOf(err) == dossier.Denied && translate(err).message != msgOnlySuper {
		return errNotFound
	}
	return err
}

// viewRecord is GET /api/collections/{collection}/records/{record}.
func (h *handler) viewRecord(w http.ResponseWriter, r *http.Request) error {
	if t, ok := findTable(h.svc.Space(), r.PathValue("collection")); ok {
		return h.viewTableRow(w, r, t)
	}
	c, who, err := h.bareContext(r)
	if err != nil {
		return err
	}
	record, err := h.svc.GetRecord(r.Context(), who, c, core.ByID(dossier.ID(r.PathValue("record"))))
	if err != nil {
		return hidden(err)
	}
	return h.replyRecord(w, r, who, c, record)
}

func (h *handler) replyRecord(w http.ResponseWriter, r *http.Request, who access.Principal, c *dossier.Collection, record *dossier.Record) error {
	expand, _ := wire.ParseQueryLenient(r.URL.RawQuery).Get("expand")
	shown, err := h.viewer(r.Context(), who).records(c, []*dossier.Record{record}, expand)
	if err != nil {
		return err
	}
	return h.reply(w, r, shown[0])
}

// createRecord is POST /api/collections/{collection}/records.
func (h *handler) createRecord(w http.ResponseWriter, r *http.Request) error {
	return h.saveRecord(w, r, access.Create)
}

// updateRecord is PATCH /api/collections/{collection}/records/{record}.
func (h *handler) updateRecord(w http.ResponseWriter, r *http.Request) error {
	return h.saveRecord(w, r, access.Update)
}

// saveRecord answers a create or update. A principal for whom the collection is closed is refused before a byte of a file is
// kept.
func (h *handler) saveRecord(w http.ResponseWriter, r *http.Request, a access.Action) error {
	if t, ok := findTable(h.svc.Space(), r.PathValue("collection")); ok {
		return h.refuseRow(r, t, a)
	}
	c, who, err := h.recordContext(r, msgNoCollection)
	if err != nil {
		return err
	}
	if r.ContentLength > h.plainLimit(c)+h.filesLimit(c) {
		return dossier.Errorf(dossier.TooLarge, "a body of %d bytes", r.ContentLength)
	}
	if err := writable(c); err != nil {
		return err
	}
	if err := h.svc.May(who, c, a); err != nil {
		return h.refuse(r, err)
	}
	form, err := h.readRecordForm(r, who, c)
	if err != nil {
		h.svc.Discard(r.Context(), form.staged()...)
		return err
	}
	record, err := h.save(r.Context(), who, &write{action: a, c: c, id: r.PathValue("record"), form: form})
	if err != nil {
		return err
	}
	return h.replyRecord(w, r, who, c, record)
}

// refuse is what a closed collection answers: err, unless the body is wrong already. Files are not read for that.
func (h *handler) refuse(r *http.Request, err error) error {
	if wire.MediaType(r) == "multipart/form-data" {
		return err
	}
	if _, wrong := h.readFields(r); wrong != nil {
		return wrong
	}
	return err
}

// deleteRecord is DELETE /api/collections/{collection}/records/{record}.
func (h *handler) deleteRecord(w http.ResponseWriter, r *http.Request) error {
	if t, ok := findTable(h.svc.Space(), r.PathValue("collection")); ok {
		return h.deleteTableRow(w, r, t)
	}
	c, who, err := h.bareContext(r)
	if err != nil {
		return err
	}
	err = h.svc.DeleteRecord(r.Context(), who, c, core.ByID(dossier.ID(r.PathValue("record"))), 0)
	if err != nil {
		return deleteError(c, err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// deleteError is the answer to a removal that failed.
func deleteError(c *dossier.Collection, err error) error {
	if dossier.KindOf(err) != dossier.Invalid {
		return hidden(err)
	}
	if c.Name == dossier.Superusers {
		return newError(http.StatusBadRequest, "You can't delete the only existing superuser.", nil)
	}
	return newError(http.StatusBadRequest,
		"Failed to delete record. Make sure that the record is not part of a required relation reference.", nil)
}
