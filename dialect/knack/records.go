package knack

import (
	"context"
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
		t.c, t.fields = c, objectFields(c)
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
			for _, id := range dossier.Elements(r.Values[f.Name]) {
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
	rec, err := h.find(r.Context(), t, ref)
	if err != nil {
		return err
	}
	return h.answer(w, r, t, rec, false)
}

// find is a record of the target's: one that its view leaves out is not there.
func (h *handler) find(ctx context.Context, t *target, ref core.Ref) (*dossier.Record, error) {
	rec, err := h.svc.GetRecord(ctx, t.who, t.c, ref)
	narrow := t.narrow()
	if err != nil || narrow == nil {
		return rec, err
	}
	ok, err := h.svc.Matches(ctx, t.who, t.c, rec, access.View, narrow)
	if err == nil && !ok {
		err = errNotFound
	}
	return rec, err
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
