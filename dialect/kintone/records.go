package kintone

import (
	"encoding/json"
	"fmt"

	"dossier"
	"dossier/access"
	"dossier/core"
	"dossier/query"
)

// getRecord answers GET record.json.
func (h *handler) getRecord(c *call) (any, error) {
	id, number := c.id("id"), c.id("app")
	if err := c.verdict(); err != nil {
		return nil, err
	}
	app, err := c.collection(number)
	if err != nil {
		return nil, err
	}
	r, err := h.svc.GetRecord(c.ctx(), c.who, app, core.ByNumber(id))
	if dossier.KindOf(err) == dossier.NotFound {
		return nil, fail(codeNoRecord, decimal(id))
	}
	if err != nil {
		return nil, err
	}
	shown, err := c.show(formOf(app, c.who), []*dossier.Record{r}, nil)
	if err != nil {
		return nil, err
	}
	return map[string]any{"record": shown[0]}, nil
}

// show encodes records, with the fields that only names, or all.
func (c *call) show(f form, records []*dossier.Record, only map[string]bool) ([]map[string]cell, error) {
	e := &encoder{form: f, related: newRelated(c.h.svc, c.space, c.who)}
	wanted := f.fields
	if only != nil {
		wanted = nil
		for _, field := range f.fields {
			if only[field.Code] {
				wanted = append(wanted, field)
			}
		}
	}
	if err := e.related.prepare(c.ctx(), wanted, records); err != nil {
		return nil, err
	}
	out := make([]map[string]cell, len(records))
	for i, r := range records {
		var err error
		if out[i], err = e.encodeRecord(c.ctx(), r, only); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// listRecords answers GET records.json.
func (h *handler) listRecords(c *call) (any, error) {
	total := c.flag("totalCount")
	asked, err := c.question()
	if err != nil {
		return nil, err
	}
	page, err := c.page(asked.form.c, asked.selection, total)
	if err != nil {
		return nil, err
	}
	records, err := c.show(asked.form, page.Records, asked.only)
	if err != nil {
		return nil, err
	}
	var count any
	if total {
		count = decimal(page.Total)
	}
	return map[string]any{"records": records, "totalCount": count}, nil
}

// A question is what a list or a cursor asks for.
type question struct {
	form form
	only map[string]bool // the fields to show, nil for all
	selection
}

// question reads the app, the fields and the query.
func (c *call) question() (q question, err error) {
	number, text, fields := c.id("app"), c.str("query"), c.strs("fields", maxFields)
	if err := c.verdict(); err != nil {
		return q, err
	}
	app, err := c.collection(number)
	if err != nil {
		return q, err
	}
	q.form = formOf(app, c.who)
	if q.only, err = q.form.only(fields); err != nil {
		return q, err
	}
	q.selection, err = c.query(q.form, text)
	return q, err
}

// only is the set of the named codes, nil for all.
func (f form) only(codes []string) (map[string]bool, error) {
	if len(codes) == 0 {
		return nil, nil
	}
	only := make(map[string]bool, len(codes))
	for _, code := range codes {
		if !f.has(code) {
			return nil, fail(codeQueryField, code)
		}
		only[code] = true
	}
	return only, nil
}

// query reads and lowers a query in the terms of this request.
func (c *call) query(f form, text string) (selection, error) {
	return lowerQuery(text, f, environment{
		now: c.h.svc.Now(), zone: c.space.Settings.Location(), login: c.who.Login,
		loginOf: func(code string) (string, error) { return newRelated(c.h.svc, c.space, c.who).loginOf(c.ctx(), code) },
	})
}

// page lists a page of records. "limit 0" asks for none, which a query.Query cannot.
func (c *call) page(app *dossier.Collection, s selection, total bool) (*core.Page, error) {
	q := s.query
	switch {
	case !s.limited:
		q.Limit = defaultRead
	case q.Limit == 0:
		q.Limit, q.Offset = 1, 0
	}
	page, err := c.list(app, q, core.ListOptions{Total: total})
	if err == nil && s.limited && s.query.Limit == 0 {
		page.Records = nil
	}
	return page, err
}

// list is ListRecords, with what is wrong with the query said under its key.
func (c *call) list(app *dossier.Collection, q query.Query, o core.ListOptions) (*core.Page, error) {
	page, err := c.h.svc.ListRecords(c.ctx(), c.who, app, q, o)
	if dossier.KindOf(err) == dossier.Invalid {
		return nil, &fault{code: codeInput, inputs: inputs{"query": {say(textQuerySize)}}, err: err}
	}
	return page, err
}

// planAdd prepares POST record.json.
func (h *handler) planAdd(c *call) (step, error) {
	f, err := c.target(access.Create)
	if err != nil {
		return nil, err
	}
	d, err := c.decodeRecord(f, c.params["record"], true)
	if err != nil {
		return nil, err
	}
	w := &write{at: "record", app: f.c, draft: d, insert: true, upsert: true}
	return func(b *core.Batch) (any, error) {
		records, err := c.doAll(b, []*write{w})
		if err != nil {
			return nil, err
		}
		return map[string]any{"id": decimal(records[0].Number), "revision": decimal(records[0].Revision)}, nil
	}, nil
}

// planUpdate prepares PUT record.json.
func (h *handler) planUpdate(c *call) (step, error) {
	c.named("", c.params)
	f, err := c.target(access.Update)
	if err != nil {
		return nil, err
	}
	w, err := c.decodeUpdate(f, "record", "", c.params)
	if err != nil {
		return nil, err
	}
	return func(b *core.Batch) (any, error) {
		records, err := c.doAll(b, []*write{w})
		if err != nil {
			return nil, err
		}
		return map[string]any{"revision": decimal(records[0].Revision)}, nil
	}, nil
}

// planAddAll prepares POST records.json.
func (h *handler) planAddAll(c *call) (step, error) {
	list, err := c.records(textAddMax)
	if err != nil {
		return nil, err
	}
	f, err := c.target(access.Create)
	if err != nil {
		return nil, err
	}
	writes := make([]*write, len(list))
	for i, raw := range list {
		d, err := c.decodeRecord(f, raw, true)
		if err != nil {
			return nil, err
		}
		writes[i] = &write{at: fmt.Sprintf("records[%d]", i), app: f.c, draft: d, insert: true, upsert: true}
	}
	return func(b *core.Batch) (any, error) {
		records, err := c.doAll(b, writes)
		if err != nil {
			return nil, err
		}
		ids, revisions := make([]string, len(records)), make([]string, len(records))
		for i, r := range records {
			ids[i], revisions[i] = decimal(r.Number), decimal(r.Revision)
		}
		return map[string]any{"ids": ids, "revisions": revisions}, nil
	}, nil
}

// records is the list of records of a call, at most 100. What is wrong with their number is noted.
func (c *call) records(tooMany text) ([]any, error) {
	list, ok := c.params["records"].([]any)
	switch {
	case c.params["records"] == nil:
		c.wrong.add("records", say(textParam))
	case !ok:
		return nil, errKind
	case len(list) > maxWritten:
		c.wrong.add("records", say(tooMany))
	}
	return list, nil
}

// planUpdateAll prepares PUT records.json.
func (h *handler) planUpdateAll(c *call) (step, error) {
	upsert := c.flag("upsert")
	list, err := c.records(textUpdateMax)
	if err != nil {
		return nil, err
	}
	f, err := c.target(access.Update)
	if err != nil {
		return nil, err
	}
	if upsert {
		if err := h.svc.May(c.who, f.c, access.Create); err != nil {
			return nil, err
		}
	}
	writes := make([]*write, len(list))
	for i, raw := range list {
		object, ok := raw.(map[string]any)
		if !ok {
			return nil, errKind
		}
		at := fmt.Sprintf("records[%d]", i)
		if writes[i], err = c.decodeUpdate(f, at, at+".", object); err != nil {
			return nil, err
		}
		writes[i].upsert = upsert
	}
	return func(b *core.Batch) (any, error) {
		records, err := c.doAll(b, writes)
		if err != nil {
			return nil, err
		}
		return map[string]any{"records": updated(writes, records, upsert)}, nil
	}, nil
}

func updated(writes []*write, records []*dossier.Record, upsert bool) []map[string]any {
	out := make([]map[string]any, len(records))
	for i, r := range records {
		out[i] = map[string]any{"id": decimal(r.Number), "revision": decimal(r.Revision)}
		if upsert {
			out[i]["operation"] = map[bool]string{true: "INSERT", false: "UPDATE"}[writes[i].inserted]
		}
	}
	return out
}

// decodeUpdate reads {id or updateKey, record, revision}. Where there is no such record the write is an insert, if it may be;
// missing is the answer if not. in is the prefix of the parameters' keys.
func (c *call) decodeUpdate(f form, at, in string, object map[string]any) (*write, error) {
	w := &write{at: at, app: f.c}
	id, key := c.named(in, object)
	w.base = c.revisionOf(in+"revision", object["revision"])
	number := int64(0)
	if id != nil {
		number = c.idOf(in+"id", id)
	}
	if err := c.verdict(); err != nil {
		return nil, err
	}
	if id != nil {
		return w, c.byNumber(w, f, object["record"], number)
	}
	return w, c.byKey(w, f, in, key, object["record"])
}

// named are the id and the updateKey of an update, of which it must have one; nil for what is not given.
func (c *call) named(in string, object map[string]any) (id, key any) {
	if id, key = object["id"], object["updateKey"]; id == "" {
		id = nil
	}
	switch {
	case id == nil && key == nil:
		c.wrong.add(in+"id", say(textParam))
	case id != nil && key != nil:
		c.wrong.add(in+"id", say(textOneOf))
	}
	return id, key
}

// byNumber directs w to the record with that number, if there is one.
func (c *call) byNumber(w *write, f form, record any, number int64) error {
	w.ref, w.missing = core.ByNumber(number), fail(codeNoRecord, decimal(number))
	_, err := c.h.svc.GetRecord(c.ctx(), access.System(), f.c, w.ref)
	if err != nil && dossier.KindOf(err) != dossier.NotFound {
		return err
	}
	w.insert = err != nil
	w.draft, err = c.decodeRecord(f, record, w.insert)
	return err
}

// byKey directs w to the record whose unique field has the key's value, if there is one; a new one gets that value.
func (c *call) byKey(w *write, f form, in string, raw, record any) error {
	key, ok := raw.(map[string]any)
	if !ok {
		return errKind
	}
	code, _ := key["field"].(string)
	field, ok := f.field(code)
	if !ok || !field.Unique || typeOf(field) != typeLine && typeOf(field) != typeNumber || field.IsRelation() {
		return badInput(in+"updateKey.field", say(textKeyField))
	}
	if n, ok := key["value"].(json.Number); ok {
		key["value"] = string(n)
	}
	dec := &decoder{ctx: c.ctx(), path: []string{field.Name}}
	value, err := dec.decode(field, key["value"])
	if err != nil {
		return err
	}
	switch {
	case len(dec.problems) > 0:
		return badInput(in+"updateKey.value", problemMessage(dec.problems[0]))
	case value == nil:
		return badInput(in+"updateKey.value", say(textParam))
	}
	w.missing, w.key = fail(codeNoKeyRecord, code, fmt.Sprint(key["value"])), &uniqueKey{field.Name, value}
	same := query.Compare{Left: query.Col(field.Name), Op: query.Eq, Right: query.Literal{Value: value}}
	page, err := c.h.svc.ListRecords(c.ctx(), access.System(), f.c, query.Query{Filter: same, Limit: 1}, core.ListOptions{})
	if err != nil {
		return err
	}
	w.insert = len(page.Records) == 0
	if !w.insert {
		w.ref = core.ByNumber(page.Records[0].Number)
	}
	w.draft, err = c.decodeRecord(f, record, w.insert)
	return err
}

// planDelete prepares DELETE records.json.
func (h *handler) planDelete(c *call) (step, error) {
	ids, revisions := c.items("ids", 1<<20), c.items("revisions", 1<<20)
	if len(ids) == 0 {
		c.wrong["ids"] = append(c.wrong["ids"], say(textDeleteMax), say(textParam))
	} else if len(ids) > maxWritten {
		c.wrong.add("ids", say(textDeleteMax))
	}
	if len(revisions) > len(ids) {
		c.wrong.add("revisions", say(textMaxItems, len(ids)))
	}
	if err := c.verdict(); err != nil && c.given("app") != nil {
		return nil, err
	}
	f, err := c.target(access.Delete)
	if err != nil {
		return nil, err
	}
	numbers, bases := make([]int64, len(ids)), make([]int64, len(ids))
	for i, id := range ids {
		numbers[i] = c.idOf(fmt.Sprintf("ids[%d]", i), id)
		if i < len(revisions) {
			bases[i] = c.revisionOf(fmt.Sprintf("revisions[%d]", i), revisions[i])
		}
	}
	if err := c.verdict(); err != nil {
		return nil, err
	}
	return func(b *core.Batch) (any, error) {
		for i, number := range numbers {
			err := b.DeleteRecord(c.ctx(), f.c, core.ByNumber(number), bases[i])
			if dossier.KindOf(err) == dossier.NotFound {
				return nil, fail(codeNoRecord, decimal(number))
			}
			if dossier.HasProblem(err, dossier.CodeRequired) {
				return nil, badInput(fmt.Sprintf("ids[%d]", i), say(textNeeded))
			}
			if err != nil {
				return nil, faultOf(err, c.who)
			}
			c.made.remove(f.c, number)
		}
		return map[string]any{}, nil
	}, nil
}

// planProcess refuses the calls of process management, which no app has.
func (h *handler) planProcess(c *call) (step, error) {
	if _, err := c.target(access.Update); err != nil {
		return nil, err
	}
	return nil, fail(codeNoProcess)
}
