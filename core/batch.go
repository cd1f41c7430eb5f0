package core

import (
	"context"

	"dossier"
	"dossier/access"
)

// CreateRecord is Service.CreateRecord in this transaction.
func (b *Batch) CreateRecord(ctx context.Context, c *dossier.Collection, id dossier.ID, change Change) (*dossier.Record, error) {
	if err := readOnly(c); err != nil {
		return nil, err
	}
	question := access.Question{Principal: b.who, Action: access.Create, Sent: sent(change), Aside: change.Aside}
	if err := b.s.policy.Locked(c, question); err != nil {
		return nil, err
	}
	r := &dossier.Record{ID: id, Revision: 1, Created: b.now, Updated: b.now, CreatedBy: b.who.Author(), UpdatedBy: b.who.Author()}
	if err := b.identify(c, r, change.Account); err != nil {
		return nil, err
	}
	if err := b.sign(c, r, change.By); err != nil {
		return nil, err
	}
	w := b.writing(c, r, nil)
	w.put(ctx, withDefaults(b.space, c, change.Values, b.now))
	if w.err != nil {
		return nil, w.err
	}
	question.Body, question.Account = w.touched, r.Account
	if err := b.permit(ctx, c, question, r); err != nil {
		return nil, err
	}
	if r.Account != nil && change.Account != nil {
		if err := b.mayChangeAccount(ctx, c, question, r, dossier.Account{}, change.Account); err != nil {
			return nil, err
		}
	}
	if err := w.check(ctx, change); err != nil {
		return nil, err
	}
	if err := b.tx.Records(c).Insert(ctx, r); err != nil {
		return nil, err
	}
	b.tell(access.Create, c, r)
	return r, w.settle(ctx)
}

// sent is what the caller of a change gave.
func sent(change Change) map[string]bool {
	if change.Sent != nil {
		return change.Sent
	}
	names := make(map[string]bool, len(change.Values))
	for name := range change.Values {
		names[name] = true
	}
	return names
}

// identify gives a new record its ID, and its account in an auth collection.
func (b *Batch) identify(c *dossier.Collection, r *dossier.Record, a *AccountChange) (err error) {
	if r.ID == "" {
		if r.ID, err = dossier.NewID(b.s.random); err != nil {
			return err
		}
	}
	if !dossier.ValidRecordID(string(r.ID)) {
		return problem(dossier.CodeInvalid, nil, "id")
	}
	if c.Kind != dossier.Auth {
		return nil
	}
	r.Account, err = b.newAccount(a)
	return err
}

// sign notes other authors and times than the usual ones, which needs the right to manage the collection.
func (b *Batch) sign(c *dossier.Collection, r *dossier.Record, by *Authorship) error {
	if by == nil {
		return nil
	}
	if !b.who.Has(c, access.RightManage) {
		return dossier.Errorf(dossier.Denied, "set the authors of %s: %w", c.Name, access.ErrLocked)
	}
	if by.CreatedBy != "" {
		r.CreatedBy = by.CreatedBy
	}
	if by.UpdatedBy != "" {
		r.UpdatedBy = by.UpdatedBy
	}
	if by.Created != 0 {
		r.Created = by.Created.Time()
	}
	if by.Updated != 0 {
		r.Updated = by.Updated.Time()
	}
	return nil
}

// permit evaluates the rule of the question on r.
func (b *Batch) permit(ctx context.Context, c *dossier.Collection, q access.Question, r *dossier.Record) error {
	filter, err := b.s.policy.Filter(b.space, c, q)
	if err != nil {
		return err
	}
	return holds(ctx, b.tx, b.space, c, filter, r, q.Action)
}

// UpdateRecord is Service.UpdateRecord in this transaction. u.Password does not count here: see AccountChange.
func (b *Batch) UpdateRecord(ctx context.Context, c *dossier.Collection, ref Ref, u Update) (*dossier.Record, error) {
	if err := readOnly(c); err != nil {
		return nil, err
	}
	question := access.Question{Principal: b.who, Action: access.Update}
	if err := b.s.policy.Locked(c, question); err != nil {
		return nil, err
	}
	old, err := find(ctx, b.tx, c, ref)
	if err != nil {
		return nil, err
	}
	question.Current = old
	change, err := u.Edit(old)
	if err != nil {
		if denied := b.permit(ctx, c, question, old); denied != nil {
			return nil, denied
		}
		return nil, err
	}
	r := old.Clone()
	r.Revision, r.Updated, r.UpdatedBy = old.Revision+1, b.now, b.who.Author()
	w := b.writing(c, r, old)
	w.put(ctx, change.Values)
	if w.err != nil {
		return nil, w.err
	}
	question.Body, question.Sent, question.Aside, question.Account = w.touched, sent(change), change.Aside, change.Account.over(r.Account)
	if err := b.permit(ctx, c, question, old); err != nil {
		return nil, err
	}
	if u.Base != 0 && u.Base != old.Revision {
		return nil, dossier.Errorf(dossier.Stale, "the record is at revision %d, not %d", old.Revision, u.Base)
	}
	if err := b.reidentify(ctx, c, question, r, change); err != nil {
		return nil, err
	}
	if err := w.check(ctx, change); err != nil {
		return nil, err
	}
	if err := b.tx.Records(c).Update(ctx, r, old.Revision); err != nil {
		return nil, err
	}
	b.tell(access.Update, c, r)
	return r, w.settle(ctx)
}

// reidentify applies what a change says of the account and the authors.
func (b *Batch) reidentify(ctx context.Context, c *dossier.Collection, q access.Question, r *dossier.Record, change Change) error {
	if r.Account != nil && change.Account != nil {
		if err := b.mayChangeAccount(ctx, c, q, q.Current, *r.Account, change.Account); err != nil {
			return err
		}
		if err := b.changeAccount(r.Account, change.Account); err != nil {
			return err
		}
	}
	return b.sign(c, r, change.By)
}

// DeleteRecord is Service.DeleteRecord in this transaction.
func (b *Batch) DeleteRecord(ctx context.Context, c *dossier.Collection, ref Ref, base int64) error {
	if err := readOnly(c); err != nil {
		return err
	}
	question := access.Question{Principal: b.who, Action: access.Delete}
	if err := b.s.policy.Locked(c, question); err != nil {
		return err
	}
	r, err := find(ctx, b.tx, c, ref)
	if err != nil {
		return err
	}
	question.Current = r
	if err := b.permit(ctx, c, question, r); err != nil {
		return err
	}
	if base != 0 && base != r.Revision {
		return dossier.Errorf(dossier.Stale, "the record is at revision %d, not %d", r.Revision, base)
	}
	return b.remove(ctx, c, r)
}
