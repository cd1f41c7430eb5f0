package kintone

import (
	"errors"
	"slices"

	"dossier"
	"dossier/access"
	"dossier/core"
)

// A step is what a call does inside a transaction: everything it needs was read before. It may run more than once.
type step func(b *core.Batch) (any, error)

// A planner reads a call and prepares its step.
type planner func(c *call) (step, error)

// alone is the action that does one step in a transaction of its own.
func alone(plan planner) action {
	return func(c *call) (any, error) {
		do, err := plan(c)
		if err != nil {
			return nil, err
		}
		return c.run(do)
	}
}

// run does a step in a transaction of its own.
func (c *call) run(do step) (body any, err error) {
	err = c.h.svc.Batch(c.ctx(), c.who, func(b *core.Batch) (err error) {
		*c.made = made{}
		body, err = do(b)
		return err
	})
	return body, err
}

// made is what a transaction under way has written and deleted: a later call of a bulk request finds it so.
type made struct {
	records []madeRecord
	gone    []goneRecord
}

type goneRecord struct {
	app    dossier.ID
	number int64
}

func (m *made) remove(app *dossier.Collection, number int64) {
	m.gone = append(m.gone, goneRecord{app.ID, number})
}

type madeRecord struct {
	app    dossier.ID
	record *dossier.Record
}

func (m *made) add(app *dossier.Collection, r *dossier.Record) {
	m.records = append(m.records, madeRecord{app.ID, r})
}

// find is the record that w names and that was written since the request was read, nil if there is none. A number means what
// the first earlier records have: those that the call at hand makes get numbers that nobody can have named.
func (m *made) find(w *write, earlier int) *dossier.Record {
	for i, one := range slices.Backward(m.records) {
		switch {
		case one.app != w.app.ID || slices.Contains(m.gone, goneRecord{one.app, one.record.Number}):
		case w.key != nil && dossier.EqualValues(one.record.Values[w.key.field], w.key.value),
			w.key == nil && i < earlier && one.record.Number == w.ref.Number:
			return one.record
		}
	}
	return nil
}

// A uniqueKey names a record by the value of a unique field.
type uniqueKey struct {
	field string
	value dossier.Value
}

// A write is one record on its way into the store.
type write struct {
	at      string // where it stands in the request: "record" or "records[3]"
	app     *dossier.Collection
	draft   *draft
	insert  bool       // there was no such record when the request was read
	upsert  bool       // a record that is not there is made
	key     *uniqueKey // what the record was named by; nil for its number
	ref     core.Ref   // of an update
	base    int64      // the revision that an update expects; 0 is any
	missing *fault     // the answer where there is no such record

	inserted bool // what the write did
}

// do makes the write in the batch. earlier is how many records the calls before this one have made.
func (w *write) do(c *call, b *core.Batch, earlier int) (*dossier.Record, error) {
	ref := w.ref
	w.inserted = w.insert || slices.Contains(c.made.gone, goneRecord{w.app.ID, w.ref.Number})
	if w.inserted {
		if r := c.made.find(w, earlier); r != nil {
			ref, w.inserted = core.ByID(r.ID), false
		}
	}
	now := c.h.svc.Now().In(c.space.Settings.Location())
	if !w.inserted {
		return b.UpdateRecord(c.ctx(), w.app, ref, core.Update{Base: w.base, Edit: func(was *dossier.Record) (core.Change, error) {
			return w.draft.update(w.app, was, now), nil
		}})
	}
	if !w.upsert {
		return nil, w.missing
	}
	if w.key != nil {
		w.draft.values[w.key.field] = w.key.value
	}
	return b.CreateRecord(c.ctx(), w.app, "", w.draft.create(w.app, now))
}

// doAll makes all writes, or none. Where inputs are wrong it goes on, so that the answer names everything that is wrong.
func (c *call) doAll(b *core.Batch, writes []*write) ([]*dossier.Record, error) {
	records := make([]*dossier.Record, len(writes))
	wrong := inputs{}
	earlier := len(c.made.records)
	for i, w := range writes {
		r, err := w.do(c, b, earlier)
		f := w.explain(c, err)
		switch {
		case f == nil:
			records[i] = r
			c.made.add(w.app, r)
		case f.code == codeInput:
			wrong.merge(f.inputs)
		case len(wrong) == 0:
			return nil, f
		}
	}
	if len(wrong) > 0 {
		return nil, &fault{code: codeInput, inputs: wrong}
	}
	return records, nil
}

// explain is the fault of a write that ended with err, nil if nothing is wrong with it.
func (w *write) explain(c *call, err error) *fault {
	problems := append(slices.Clone(w.draft.problems), w.news(w.draft.missing)...)
	var already *fault
	if errors.As(err, &already) {
		return already
	}
	switch dossier.KindOf(err) {
	case "":
	case dossier.NotFound:
		return w.missing
	case dossier.Invalid, dossier.Exists:
		var e *dossier.Error
		if !errors.As(err, &e) || len(e.Problems) == 0 {
			return faultOf(err, c.who)
		}
		problems = append(problems, w.news(e.Problems)...)
	default:
		return faultOf(err, c.who)
	}
	if len(problems) == 0 {
		return nil
	}
	return w.fault(problems)
}

// news are the problems that the draft does not know already: a value that could not be read is missing too.
func (w *write) news(problems []dossier.Problem) []dossier.Problem {
	var out []dossier.Problem
	for _, p := range problems {
		known := slices.ContainsFunc(w.draft.problems, func(q dossier.Problem) bool {
			return p.Code == dossier.CodeRequired && len(q.Path) >= len(p.Path) && slices.Equal(q.Path[:len(p.Path)], p.Path)
		})
		if !known {
			out = append(out, p)
		}
	}
	return out
}

// fault is what problems are answered with: a file that is not there first, then a record that is not, then all others at once.
func (w *write) fault(problems []dossier.Problem) *fault {
	var lookup *fault
	for _, p := range problems {
		switch {
		case p.Code == dossier.CodeNoUpload:
			key, _ := p.Params["key"].(string)
			if sent, ok := w.draft.keys[dossier.ID(key)]; ok {
				key = sent
			}
			return fail(codeNoFile, key)
		case p.Code == dossier.CodeNoRecord && lookup == nil:
			if f, ok := problemField(w.app.Fields, p.Path); ok && f.Type == dossier.TypeRelation {
				lookup = fail(codeNoLookup, f.Code, p.Params["id"])
			}
		}
	}
	if lookup != nil && len(problems) == 1 {
		return lookup
	}
	in := inputs{}
	noteProblems(in, w.at, w.app, problems)
	return &fault{code: codeInput, inputs: in}
}

// problemField is the field that a problem's path leads to.
func problemField(fields []*dossier.Field, path []string) (*dossier.Field, bool) {
	if len(path) == 0 {
		return nil, false
	}
	for _, f := range fields {
		if f.Name != path[0] {
			continue
		}
		if f.Type == dossier.TypeTable && len(path) >= 3 {
			return problemField(f.Fields, path[2:])
		}
		return f, true
	}
	return nil, false
}

// target is the app that a write goes to, after the parameters that every write has were read.
func (c *call) target(a access.Action) (form, error) {
	number := c.id("app")
	if err := c.verdict(); err != nil {
		return form{}, err
	}
	app, err := c.collection(number)
	if err != nil {
		return form{}, err
	}
	if err := c.h.svc.May(c.who, app, a); err != nil {
		return form{}, err
	}
	return formOf(app, c.who), nil
}
