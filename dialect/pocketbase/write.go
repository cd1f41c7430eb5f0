package pocketbase

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"dossier"
	"dossier/access"
	"dossier/core"
)

// A write is one create or update of a record, decoded.
type write struct {
	action access.Action
	c      *dossier.Collection
	id     string // of the record to update
	form   *form
	at     dossier.Instant // the moment of the write

	account  *core.AccountChange
	checked  string            // the password hash that the old password was checked against
	problems []dossier.Problem // of the password
	values   map[string]dossier.Value
}

// save does a write in a transaction of its own. Staged files that no record holds afterwards are gone.
func (h *handler) save(ctx context.Context, who access.Principal, w *write) (*dossier.Record, error) {
	var record *dossier.Record
	w.at = dossier.InstantOf(h.svc.Now())
	err := h.prepare(ctx, who, w)
	if err == nil {
		err = h.svc.Batch(ctx, who, func(b *core.Batch) (err error) {
			record, err = w.do(ctx, b, who)
			return err
		})
	}
	if err != nil {
		h.svc.Discard(ctx, w.form.staged()...)
		return nil, w.failure(err)
	}
	h.svc.Discard(ctx, w.form.unused(w.values)...)
	return record, nil
}

// setAside notes what the body has under names that are none of c: rules may look at it, but for what is of accounts.
func (f *form) setAside(c *dossier.Collection) {
	f.aside = map[string]dossier.JSON{}
	for key, value := range f.values {
		name, _ := splitKey(key)
		if _, field := c.Field(name); field || c.Kind == dossier.Auth && slices.Contains(accountKeys, name) {
			continue
		}
		var doc bytes.Buffer
		e := json.NewEncoder(&doc)
		e.SetEscapeHTML(false)
		if e.Encode(value) == nil { // as it was decoded from JSON, or from texts
			f.aside[key] = dossier.JSON(bytes.TrimSpace(doc.Bytes()))
		}
	}
}

// prepare does what must not happen in a transaction: passwords are compared and hashed.
func (h *handler) prepare(ctx context.Context, who access.Principal, w *write) error {
	old := func(password string) (bool, error) {
		r, err := h.accountOf(ctx, who, w.c, dossier.ID(w.id))
		if err != nil {
			return false, err
		}
		w.checked = r.Account.PasswordHash
		err = h.svc.ProvePassword(ctx, who, w.c, r, password)
		if dossier.KindOf(err) == dossier.Unauthenticated {
			return false, nil
		}
		return err == nil, err
	}
	if err := h.generate(who, w.c, w.form, w.action == access.Create); err != nil {
		return err
	}
	w.form.setAside(w.c)
	managed, err := h.svc.Manages(ctx, who, w.c, dossier.ID(w.id))
	if err != nil {
		return err
	}
	w.account, w.problems, err = accountChange(managed[dossier.ID(w.id)], w.c, w.form, w.action == access.Create, old)
	if err != nil {
		return err
	}
	if err := h.svc.HashAccount(ctx, who, w.account); err != nil {
		return err
	}
	return h.hashSecrets(ctx, who, w)
}

// hashSecrets hashes what the form gives fields of passwords.
func (h *handler) hashSecrets(ctx context.Context, who access.Principal, w *write) error {
	for _, f := range w.c.Fields {
		text := toText(w.form.values[f.Name])
		if !f.IsSecret() || f.Hidden && !who.IsSuper() || text == "" {
			continue
		}
		secret, err := h.svc.HashSecret(ctx, who, f, text)
		if err != nil {
			return err
		}
		if w.form.secrets == nil {
			w.form.secrets = map[string]dossier.Secret{}
		}
		w.form.secrets[f.Name] = secret
	}
	return nil
}

// do does the write in b. All that is wrong with it is in one error, after the rule has let it through.
func (w *write) do(ctx context.Context, b *core.Batch, who access.Principal) (record *dossier.Record, err error) {
	var problems []dossier.Problem
	change := func(now *dossier.Record) (core.Change, error) {
		var c core.Change
		c, problems = changeOf(who, w.c, w.form, now, w.at)
		c.Account, w.values = w.account, c.Values
		if w.checked != "" && now.Account.PasswordHash != w.checked {
			return c, dossier.Invalidate(dossier.Problem{Path: []string{keyOldPassword}, Code: codeOldPassword})
		}
		return c, nil
	}
	if w.action == access.Create {
		record, err = w.create(ctx, b, change, &problems)
	} else {
		record, err = b.UpdateRecord(ctx, w.c, core.ByID(dossier.ID(w.id)), core.Update{Edit: func(now *dossier.Record) (core.Change, error) {
			c, err := change(now)
			problems = append(w.idProblem(string(now.ID)), problems...)
			return c, err
		}})
	}
	if alone := w.alone(err); len(alone) > 0 && (err == nil || isWrong(err)) {
		return nil, dossier.Invalidate(alone...)
	}
	return record, joinProblems(slices.Concat(w.problems, emailProblems(w.account), problems), err)
}

// alone are the problems that are told without the others, where there are such: a password that is not given as it must be, and what
// only who manages the account may change. The lengths of passwords are told with the rest.
func (w *write) alone(err error) []dossier.Problem {
	alone := slices.DeleteFunc(slices.Clone(w.problems), func(p dossier.Problem) bool { return p.Code == codeShortPassword || p.Code == codeLongPassword })
	var e *dossier.Error
	if errors.As(err, &e) && w.account != nil {
		alone = append(alone, slices.DeleteFunc(slices.Clone(e.Problems), func(p dossier.Problem) bool { return p.Code != dossier.CodeMismatch })...)
	}
	return alone
}

// isWrong reports whether err says that the input is.
func isWrong(err error) bool {
	k := dossier.KindOf(err)
	return k == dossier.Invalid || k == dossier.Exists
}

func (w *write) create(ctx context.Context, b *core.Batch, change core.Edit, problems *[]dossier.Problem) (*dossier.Record, error) {
	c, err := change(nil)
	if err != nil {
		return nil, err
	}
	id := toText(w.form.values["id"])
	if wrong := newIDProblems(id); wrong != nil {
		*problems, id = append(*problems, *wrong), ""
	}
	return b.CreateRecord(ctx, w.c, dossier.ID(id), c)
}

// Bounds of the ID that a client may give a record.
const (
	minID = 15
	maxID = 24
)

// newIDProblems is what is wrong with the ID that a client gives a new record; "" is none given.
func newIDProblems(id string) *dossier.Problem {
	p := &dossier.Problem{Path: []string{"id"}}
	switch {
	case id == "" || dossier.ValidRecordID(id):
		return nil
	case len(id) < minID:
		p.Code, p.Params = dossier.CodeTooShort, map[string]any{"min": minID}
	case len(id) > maxID:
		p.Code, p.Params = dossier.CodeTooLong, map[string]any{"max": maxID}
	default:
		p.Code = dossier.CodePattern
	}
	return p
}

// idProblem refuses another ID than the record's own.
func (w *write) idProblem(id string) []dossier.Problem {
	if raw, ok := w.form.values["id"]; ok && toText(raw) != id {
		return []dossier.Problem{{Path: []string{"id"}, Code: codePrimaryKey}}
	}
	return nil
}

// joinProblems adds problems to what a write says: they end a write that would have been good, and join those of one that was
// not. Any other error stays what it is.
func joinProblems(problems []dossier.Problem, err error) error {
	if len(problems) == 0 {
		return err
	}
	var e *dossier.Error
	switch {
	case err == nil:
		return dossier.Invalidate(problems...)
	case errors.As(err, &e) && isWrong(err):
		all := append(problems, e.Problems...)
		slices.SortStableFunc(all, func(a, b dossier.Problem) int { return lastly(a) - lastly(b) })
		return dossier.Invalidate(all...)
	}
	return err
}

// lastly is 1 for what is told of a value only if nothing else is wrong with it.
func lastly(p dossier.Problem) int {
	if p.Code == codeURLDomain || p.Code == codeEmailDomain {
		return 1
	}
	return 0
}

// failure is the answer to a write that failed.
func (w *write) failure(err error) error {
	if w.action != access.Create {
		return hidden(saveError(w.c, "Failed to update record.", err))
	}
	if errors.Is(err, access.ErrRule) {
		return newError(http.StatusBadRequest, "Failed to create record.", nil)
	}
	return saveError(w.c, "Failed to create record.", err)
}
