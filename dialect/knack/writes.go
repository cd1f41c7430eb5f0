package knack

import (
	"context"
	"errors"
	"net/http"

	"dossier"
	"dossier/access"
	"dossier/core"
)

func (h *handler) createRecord(w http.ResponseWriter, r *http.Request, t *target) error {
	if t.view != nil && t.view.Kind != dossier.ViewForm {
		return errNotOffered
	}
	_, change, wrong, err := h.change(r, t, true)
	if err != nil {
		return err
	}
	var rec *dossier.Record
	err = h.unless(r.Context(), t, wrong, func(b *core.Batch) (err error) {
		rec, err = b.CreateRecord(r.Context(), t.c, "", change)
		return err
	})
	if errors.Is(err, access.ErrRule) {
		return errForbidden
	}
	if err != nil {
		return refused(t.c, err)
	}
	return h.answer(w, r, t, rec, true)
}

// unless makes a write. Where wrong says what could not be read of it, the write is tried without that and undone, so that the answer names
// everything that is wrong: wrong, and what core says of other fields.
func (h *handler) unless(ctx context.Context, t *target, wrong validation, write func(*core.Batch) error) error {
	err := h.svc.Batch(ctx, t.who, func(b *core.Batch) error {
		if err := write(b); err != nil || len(wrong) == 0 {
			return err
		}
		return wrong
	})
	if len(wrong) == 0 {
		return err
	}
	var more validation
	if errors.As(refused(t.c, err), &more) {
		wrong = wrong.and(more)
	}
	return wrong
}

func (h *handler) updateRecord(w http.ResponseWriter, r *http.Request, t *target) error {
	if !t.offersUpdate() {
		return errNotOffered
	}
	ref, err := ref(r)
	if err != nil {
		return err
	}
	body, change, wrong, err := h.change(r, t, false)
	if err != nil {
		return err
	}
	e := h.newEncoder(r, t.space)
	edit := func(now *dossier.Record) (core.Change, error) {
		return e.withoutShown(t.fields, body, change, now), nil
	}
	var rec *dossier.Record
	err = h.write(r.Context(), t, ref, func(base int64) (err error) {
		return h.unless(r.Context(), t, wrong, func(b *core.Batch) (err error) {
			rec, err = b.UpdateRecord(r.Context(), t.c, ref, core.Update{Base: base, Edit: edit})
			return err
		})
	})
	if err != nil {
		return err
	}
	return h.answer(w, r, t, rec, true)
}

func (h *handler) deleteRecord(w http.ResponseWriter, r *http.Request, t *target) error {
	if !t.offersDelete() {
		return errNotOffered
	}
	ref, err := ref(r)
	if err != nil {
		return err
	}
	err = h.write(r.Context(), t, ref, func(base int64) error {
		err := h.svc.DeleteRecord(r.Context(), t.who, t.c, ref, base)
		if dossier.HasProblem(err, dossier.CodeRequired) {
			return errNeeded
		}
		return err
	})
	if err != nil {
		return err
	}
	return writeJSON(w, object{{"delete", true}})
}

// maxTries bounds how often a write is begun again because the record was changed since its view was found to show it.
const maxTries = 20

// write calls fn, which changes or removes a record. Where the target's view does not show every record, base is the revision in which
// it showed this one, else 0.
func (h *handler) write(ctx context.Context, t *target, ref core.Ref, fn func(base int64) error) error {
	if t.narrow() == nil {
		return h.judge(ctx, t, ref, fn(0))
	}
	var err error
	for range maxTries {
		rec, missing := h.find(ctx, t, ref)
		if missing != nil {
			return missing
		}
		if err = fn(rec.Revision); dossier.KindOf(err) != dossier.Stale {
			break
		}
	}
	return h.judge(ctx, t, ref, err)
}

// judge is err, the end of a write, as its client may know it: a record that may not be written is forbidden to those who may read
// it, to others there is none.
func (h *handler) judge(ctx context.Context, t *target, ref core.Ref, err error) error {
	if !errors.Is(err, access.ErrRule) {
		return refused(t.c, err)
	}
	if _, err := h.svc.GetRecord(ctx, t.who, t.c, ref); err != nil {
		return errNotFound
	}
	return errForbidden
}
