package knack

import (
	"context"
	"errors"
	"maps"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"dossier"
	"dossier/access"
	"dossier/core"
	"dossier/query"
	"dossier/wire"
)

// The vendor's bounds.
const (
	defaultRows = 25
	maxRows     = 1000
	maxBody     = 10 << 20
)

// A target is what a request about records is about, and who makes it.
type target struct {
	who    access.Principal
	space  *dossier.Space
	c      *dossier.Collection
	fields []*dossier.Field  // that are shown and may be written, in order
	view   *dossier.PageView // nil on an object
	page   *dossier.Page
	params wire.Pairs
}

// An operation answers a request about a target.
type operation func(w http.ResponseWriter, r *http.Request, t *target) error

// onObject is op on the object in the path, for the holder of a real key.
func (h *handler) onObject(op operation) wire.Handler {
	return h.onSchema(func(w http.ResponseWriter, r *http.Request, t *target) error {
		c, ok := objectOf(t.space, r.PathValue("object"))
		if !ok {
			return errNotFound
		}
		t.c, t.fields = c, c.Fields
		return op(w, r, t)
	})
}

// onSchema is op for the holder of a real key.
func (h *handler) onSchema(op operation) wire.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		t := &target{space: h.svc.Space(), params: wire.ParseQueryLenient(r.URL.RawQuery)}
		var err error
		if t.who, err = h.byKey(t.space, r); err != nil {
			return err
		}
		if err := h.meter(w, t.space); err != nil {
			return err
		}
		return op(w, r, t)
	}
}

// encoder makes the encoder of one answer, with the identifiers that the records need.
func (h *handler) encoder(r *http.Request, t *target, records ...*dossier.Record) (*encoder, error) {
	e := h.newEncoder(r, t.space)
	return e, h.identify(r.Context(), e, t, records)
}

func (h *handler) newEncoder(r *http.Request, space *dossier.Space) *encoder {
	return &encoder{addresser: h.addresser(r, space), zone: h.zone(space), identifiers: map[dossier.ID]map[string]string{}}
}

func (h *handler) addresser(r *http.Request, space *dossier.Space) addresser {
	return addresser{base: wire.Origin(r, space.Settings.PublicURL), app: space.Application, key: h.svc.SpaceKey(assetPurpose), now: h.svc.Now()}
}

// A zoned is a time zone with its name.
type zoned struct {
	name string
	zone *time.Location
}

// zone is the space's time zone. The last one is kept: finding it reads a file.
func (h *handler) zone(space *dossier.Space) *time.Location {
	name := space.Settings.TimeZone
	if z := h.zones.Load(); z != nil && z.name == name {
		return z.zone
	}
	zone := space.Settings.Location()
	h.zones.Store(&zoned{name, zone})
	return zone
}

// identifyAtOnce is how many connected records are looked up together.
const identifyAtOnce = 1000

// identify looks up the texts of the records that these are connected to. One that the principal may not see has its id for a text.
func (h *handler) identify(ctx context.Context, e *encoder, t *target, records []*dossier.Record) error {
	wanted := map[dossier.ID][]dossier.Value{}
	seen := map[string]bool{}
	for _, f := range t.fields {
		if !f.IsRelation() {
			continue
		}
		for _, r := range records {
			for _, id := range relatedIDs(r.Values[f.Name]) {
				if key := string(f.Collection) + "/" + id; !seen[key] {
					seen[key] = true
					wanted[f.Collection] = append(wanted[f.Collection], dossier.Text(id))
				}
			}
		}
	}
	for collection, ids := range wanted {
		c, ok := t.space.CollectionByID(collection)
		if !ok {
			continue
		}
		texts := make(map[string]string, len(ids))
		e.identifiers[collection] = texts
		for len(ids) > 0 {
			n := min(len(ids), identifyAtOnce)
			q := query.Query{Filter: query.In{Of: query.Meta(query.ID), Values: ids[:n]}}
			page, err := h.svc.ListRecords(ctx, t.who, c, q, core.ListOptions{Action: access.View})
			if dossier.KindOf(err) == dossier.Denied {
				break
			}
			if err != nil {
				return err
			}
			for _, r := range page.Records {
				texts[string(r.ID)] = e.identifierText(c, r)
			}
			ids = ids[n:]
		}
	}
	return nil
}

// formatOf reads the parameter format.
func formatOf(params wire.Pairs) format {
	v, _ := params.Get("format")
	if f := format(strings.ToLower(v)); f == formatRaw || f == formatHTML {
		return f
	}
	return formatBoth
}

// countOf reads a number from 1 on; anything else is none.
func countOf(params wire.Pairs, name string, none int) int {
	v, _ := params.Get(name)
	n, err := strconv.Atoi(strings.TrimSpace(v))
	if err != nil || n < 1 {
		return none
	}
	return n
}

func (h *handler) listRecords(w http.ResponseWriter, r *http.Request, t *target) error {
	q, err := h.listQuery(t)
	if err != nil {
		return err
	}
	page := countOf(t.params, "page", 1)
	q.Limit = min(countOf(t.params, "rows_per_page", defaultRows), maxRows)
	q.Offset = min(page-1, math.MaxInt32) * q.Limit
	found, err := h.svc.ListRecords(r.Context(), t.who, t.c, q, core.ListOptions{Total: true})
	if dossier.KindOf(err) == dossier.Invalid {
		return badFilter("%v", err)
	}
	if err != nil {
		return err
	}
	e, err := h.encoder(r, t, found.Records...)
	if err != nil {
		return err
	}
	records := make([]object, len(found.Records))
	for i, rec := range found.Records {
		records[i] = e.record(t.fields, rec, formatOf(t.params))
	}
	rows := int64(q.Limit)
	return writeJSON(w, object{
		{"total_pages", (found.Total + rows - 1) / rows},
		{"current_page", page},
		{"total_records", found.Total},
		{"records", records},
	})
}

// listQuery lowers the parameters of a list.
func (h *handler) listQuery(t *target) (query.Query, error) {
	l := &lowerer{space: t.space, c: t.c, fields: t.fields, zone: h.zone(t.space), now: h.svc.Now()}
	filter, err := l.filters(t.params)
	if err != nil {
		return query.Query{}, err
	}
	sorts, err := l.sorts(t.params)
	return query.Query{Filter: query.Conj(t.narrow(), filter), Sort: sorts}, err
}

// ref is the record that the path names.
func ref(r *http.Request) (core.Ref, error) {
	id := r.PathValue("record")
	if !dossier.ValidRecordID(id) {
		return core.Ref{}, errNotFound
	}
	return core.ByID(dossier.ID(id)), nil
}

func (h *handler) getRecord(w http.ResponseWriter, r *http.Request, t *target) error {
	ref, err := ref(r)
	if err != nil {
		return err
	}
	rec, err := h.svc.GetRecord(r.Context(), t.who, t.c, ref)
	if err != nil {
		return err
	}
	return h.answer(w, r, t, rec, false)
}

// answer writes a record; one that a view has just written stands under the key "record" too.
func (h *handler) answer(w http.ResponseWriter, r *http.Request, t *target, rec *dossier.Record, written bool) error {
	e, err := h.encoder(r, t, rec)
	if err != nil {
		return err
	}
	body := e.record(t.fields, rec, formatOf(t.params))
	if written && t.view != nil {
		body = append(body[:len(body):len(body)], pair{"record", body})
	}
	return writeJSON(w, body)
}

func (h *handler) createRecord(w http.ResponseWriter, r *http.Request, t *target) error {
	if t.view != nil && t.view.Kind != dossier.ViewForm {
		return errNotOffered
	}
	_, change, err := h.change(r, t, true)
	if err != nil {
		return err
	}
	rec, err := h.svc.CreateRecord(r.Context(), t.who, t.c, "", change)
	if errors.Is(err, access.ErrRule) {
		return errForbidden
	}
	if err != nil {
		return refused(t.c, err)
	}
	return h.answer(w, r, t, rec, true)
}

func (h *handler) updateRecord(w http.ResponseWriter, r *http.Request, t *target) error {
	if t.view != nil && t.view.Kind != dossier.ViewForm {
		return errNotOffered
	}
	ref, err := ref(r)
	if err != nil {
		return err
	}
	body, change, err := h.change(r, t, false)
	if err != nil {
		return err
	}
	e := h.newEncoder(r, t.space)
	rec, err := h.svc.UpdateRecord(r.Context(), t.who, t.c, ref, core.Update{Edit: func(now *dossier.Record) (core.Change, error) {
		return e.withoutShown(t.fields, body, change, now), nil
	}})
	if errors.Is(err, access.ErrRule) {
		return h.denied(r.Context(), t, ref)
	}
	if err != nil {
		return refused(t.c, err)
	}
	return h.answer(w, r, t, rec, true)
}

// denied is the answer to who may not write a record: forbidden to those who may read it, to others there is none.
func (h *handler) denied(ctx context.Context, t *target, ref core.Ref) error {
	if _, err := h.svc.GetRecord(ctx, t.who, t.c, ref); err != nil {
		return errNotFound
	}
	return errForbidden
}

func (h *handler) deleteRecord(w http.ResponseWriter, r *http.Request, t *target) error {
	if t.view != nil {
		return errNotOffered
	}
	ref, err := ref(r)
	if err != nil {
		return err
	}
	if err := h.svc.DeleteRecord(r.Context(), t.who, t.c, ref, 0); err != nil {
		return refused(t.c, err)
	}
	return writeJSON(w, object{{"delete", true}})
}

// change reads the body of a write. Objects do not enforce what is required; a form does, of its own inputs.
func (h *handler) change(r *http.Request, t *target, create bool) (map[string]any, core.Change, error) {
	body, err := readBody(r)
	if err != nil {
		return nil, core.Change{}, err
	}
	d := decoder{zone: h.zone(t.space)}
	values, err := d.values(t.fields, body)
	if t.view != nil {
		err = withRequired(t.fields, values, err, create)
	}
	return body, core.Change{Values: values, Loose: true}, err
}

// withoutShown is change without the values that were sent back as this server shows them now: clients send whole records, and what
// is shown may say less than what is kept (seconds, the second of two equal hours, markup that was cleaned away).
func (e *encoder) withoutShown(fields []*dossier.Field, body map[string]any, change core.Change, now *dossier.Record) core.Change {
	values := change.Values
	change.Values, change.Sent = maps.Clone(values), make(map[string]bool, len(values))
	for _, f := range fields {
		if _, given := values[f.Name]; !given {
			continue
		}
		change.Sent[f.Name] = true
		if e.shows(f, now.Values[f.Name], body[fieldKey(f)]) {
			delete(change.Values, f.Name)
		}
	}
	return change
}

// shows reports whether in is how v, a value of f, is shown. Files and connections are compared by their ids, elsewhere.
func (e *encoder) shows(f *dossier.Field, v dossier.Value, in any) bool {
	if dossier.IsEmpty(v) || f.IsFile() || f.IsRelation() {
		return false
	}
	if shown, ok := momentOf(v, e.zone); ok {
		sent, ok := parseMoment(in, e.zone)
		return ok && sent.t.Equal(shown.t.Truncate(time.Minute)) || ok && sent.t.Equal(shown.t)
	}
	formatted, raw := e.value(f, v)
	return in == formatted || in == raw && f.Type == dossier.TypeRichText
}

// withRequired adds to what is wrong the required inputs of a form that are left, or made, empty.
func withRequired(fields []*dossier.Field, values map[string]dossier.Value, err error, create bool) error {
	wrong, other := err.(validation)
	if err != nil && !other {
		return err
	}
	failed := map[string]bool{}
	for _, e := range wrong {
		failed[e.field] = true
	}
	for _, f := range fields {
		v, given := values[f.Name]
		hasDefault := f.Default != nil || f.DefaultNow || f.Type == dossier.TypeAutoNumber
		if !f.Required || failed[fieldKey(f)] || given && !dossier.IsEmpty(v) || !given && (!create || hasDefault) {
			continue
		}
		wrong = append(wrong, wording(f, dossier.CodeRequired, nil))
	}
	if len(wrong) == 0 {
		return nil
	}
	return wrong
}

// readBody reads a record as JSON or as a form; nothing is a record without values.
func readBody(r *http.Request) (map[string]any, error) {
	if wire.MediaType(r) == "application/x-www-form-urlencoded" {
		pairs, err := wire.ReadForm(r, maxBody)
		if err != nil {
			return nil, bodyFault(err)
		}
		return formBody(pairs), nil
	}
	doc, err := wire.ReadJSON(r, maxBody)
	if err != nil {
		return nil, bodyFault(err)
	}
	if doc == nil {
		return map[string]any{}, nil
	}
	body, ok := doc.(map[string]any)
	if !ok {
		return nil, errJSON
	}
	return body, nil
}

func bodyFault(err error) error {
	switch dossier.KindOf(err) {
	case dossier.Invalid, dossier.Unsupported:
		return errJSON
	}
	return err
}

// formBody makes a body of form values as browser scripts send them: name=value, name[]=element, name[key]=part.
func formBody(pairs wire.Pairs) map[string]any {
	body := map[string]any{}
	for _, p := range pairs {
		name, inner, bracketed := strings.Cut(p.Name, "[")
		inner, closed := strings.CutSuffix(inner, "]")
		switch {
		case !bracketed || !closed:
			body[p.Name] = p.Value
		case inner == "" || strings.Trim(inner, "0123456789") == "":
			list, _ := body[name].([]any)
			body[name] = append(list, p.Value)
		default:
			parts, ok := body[name].(map[string]any)
			if !ok {
				parts = map[string]any{}
			}
			parts[inner] = p.Value
			body[name] = parts
		}
	}
	return body
}
