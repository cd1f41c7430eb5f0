package pocketbase

import (
	"context"
	"net/http"

	"dossier"
	"dossier/access"
	"dossier/query"
	"dossier/wire"
)

// reply answers 200 with what the query parameter "fields" wants of v; of a page, of each of its items.
func (h *handler) reply(w http.ResponseWriter, r *http.Request, v any) error {
	p, err := pickerOf(r)
	if err != nil {
		return err
	}
	if p != nil {
		v = pickFrom(p, v)
	}
	if page, ok := v.(listPage); ok {
		v = map[string]any(page)
	}
	return wire.WriteJSONLine(w, http.StatusOK, "application/json", v)
}

func pickerOf(r *http.Request) (*picker, error) {
	text, _ := wire.ParseQueryLenient(r.URL.RawQuery).Get("fields")
	return parsePicker(text)
}

func pickFrom(p *picker, v any) any {
	if page, ok := v.(listPage); ok {
		page["items"] = p.pick(generic(page["items"]))
		return page
	}
	return p.pick(generic(v))
}

// checkFields refuses a request whose "fields" cannot be read before it does anything.
func checkFields(next wire.Handler) wire.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if _, err := pickerOf(r); err != nil {
			return err
		}
		return next(w, r)
	}
}

// A viewer shows records to one principal.
type viewer struct {
	h     *handler
	ctx   context.Context
	who   access.Principal
	space *dossier.Space
}

func (h *handler) viewer(ctx context.Context, who access.Principal) *viewer {
	return &viewer{h: h, ctx: ctx, who: who, space: h.svc.Space()}
}

// records shows records of c, with what expand asks for of the records that they refer to.
func (v *viewer) records(c *dossier.Collection, records []*dossier.Record, expand string) ([]map[string]any, error) {
	shown := v.plain(c, records)
	if expand == "" || len(records) == 0 {
		return shown, nil
	}
	x := &expander{viewer: v, who: within(v.who, contextExpand)}
	_, err := x.expand(c, records, shown, parseExpand(expand))
	return shown, err
}

// plain shows records of c without those that they refer to.
func (v *viewer) plain(c *dossier.Collection, records []*dossier.Record) []map[string]any {
	var emails map[dossier.ID]bool
	if c.Kind == dossier.Auth {
		var err error
		if emails, err = v.h.svc.SeesEmails(v.ctx, v.who, c, records); err != nil { // what cannot be told is not shown
			v.h.svc.Log().WarnContext(v.ctx, "who manages accounts", "collection", c.Name, "error", err)
		}
	}
	shown := make([]map[string]any, len(records))
	for i, r := range records {
		shown[i] = v.record(c, r, emails[r.ID])
	}
	return shown
}

// record shows one record: every field, hidden ones to superusers only, an account's email where it is to be seen.
func (v *viewer) record(c *dossier.Collection, r *dossier.Record, email bool) map[string]any {
	m := make(map[string]any, len(c.Fields)+8)
	if hasStamp(c, stampCreated) {
		m[stampCreated] = formatTime(r.Created)
	}
	if hasStamp(c, stampUpdated) {
		m[stampUpdated] = formatTime(r.Updated)
	}
	for _, f := range c.Fields {
		if !f.Hidden || v.who.IsSuper() {
			m[f.Name] = encodeValue(f, r.Values[f.Name])
		}
	}
	m["id"], m["collectionId"], m["collectionName"] = string(r.ID), collectionID(c), c.Name
	if c.Kind == dossier.Auth && r.Account != nil {
		m[keyEmailVisible], m[keyVerified] = r.Account.EmailVisible, r.Account.Verified
		if email {
			m[keyEmail] = r.Account.Email
		}
	}
	return m
}

// idIn is true of the records with one of ids.
func idIn(ids []string) query.Filter {
	values := make([]dossier.Value, len(ids))
	for i, id := range ids {
		values[i] = dossier.Text(id)
	}
	return query.In{Of: query.Meta(query.ID), Values: values}
}
