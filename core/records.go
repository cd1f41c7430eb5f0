package core

import (
	"context"

	"dossier"
	"dossier/access"
	"dossier/query"
	"dossier/store"
)

// A Ref names one record of a collection: by ID if that is set, else by Number.
type Ref struct {
	ID     dossier.ID
	Number int64
}

// ByID is the record with that ID.
func ByID(id dossier.ID) Ref { return Ref{ID: id} }

// ByNumber is the record with that number.
func ByNumber(n int64) Ref { return Ref{Number: n} }

// A Page is some of the records that a query asks for.
type Page struct {
	Records []*dossier.Record
	Total   int64 // all records that the filter lets through; -1 if not asked for
}

// ListOptions say more about a list than the query does.
type ListOptions struct {
	Total  bool          // count all records that the filter lets through
	Action access.Action // whose rule restricts the list; "" is access.List
}

// ListRecords finds the records of c that q asks for and who may list. A principal for whom the collection is closed gets
// Denied (access.ErrLocked); one that the rule restricts gets fewer records. A wrong query is Invalid. One client may have a few
// lists looked for at a time; further ones wait for their turn.
func (s *Service) ListRecords(ctx context.Context, who access.Principal, c *dossier.Collection, q query.Query, o ListOptions) (*Page, error) {
	space := s.Space()
	if o.Action == "" {
		o.Action = access.List
	}
	allowed, err := s.policy.Filter(space, c, access.Question{Principal: who, Action: o.Action})
	if err != nil {
		return nil, err
	}
	q.Filter = query.Conj(allowed, q.Filter)
	checked, err := query.Check(space, c, q)
	if err != nil {
		return nil, err
	}
	ctx, free, err := s.lists.take(ctx, s.clientOf(who), s.now)
	if err != nil {
		return nil, err
	}
	defer free()
	page := &Page{Total: -1}
	err = s.store.View(ctx, func(tx store.Tx) (err error) {
		rows := tx.Records(c)
		if page.Records, err = rows.Find(ctx, checked); err != nil || !o.Total {
			return err
		}
		page.Total, err = rows.Count(ctx, checked)
		return err
	})
	if err != nil && context.Cause(ctx) == error(errGaveWay) {
		err = errGaveWay
	}
	return page, err
}

// GetRecord returns a record that who may view. NotFound if there is none; Denied by access.ErrLocked or access.ErrRule if who
// may not: a dialect that must not tell existence answers the latter like NotFound.
func (s *Service) GetRecord(ctx context.Context, who access.Principal, c *dossier.Collection, ref Ref) (*dossier.Record, error) {
	var r *dossier.Record
	err := s.store.View(ctx, func(tx store.Tx) (err error) {
		r, err = s.visible(ctx, tx, who, c, ref, access.View)
		return err
	})
	return r, err
}

// visible reads the record and checks that who may do a, a read, with it.
func (s *Service) visible(ctx context.Context, tx store.Tx, who access.Principal, c *dossier.Collection, ref Ref, a access.Action) (*dossier.Record, error) {
	space := s.Space()
	filter, err := s.policy.Filter(space, c, access.Question{Principal: who, Action: a})
	if err != nil {
		return nil, err
	}
	r, err := find(ctx, tx, c, ref)
	if err != nil {
		return nil, err
	}
	return r, holds(ctx, tx, space, c, filter, r, a)
}

func find(ctx context.Context, tx store.Tx, c *dossier.Collection, ref Ref) (*dossier.Record, error) {
	if ref.ID != "" {
		return tx.Records(c).Get(ctx, ref.ID)
	}
	return tx.Records(c).GetNumber(ctx, ref.Number)
}

// holds is nil if filter is true of r, access.Refused if it is not.
func holds(ctx context.Context, tx store.Tx, space *dossier.Space, c *dossier.Collection, filter query.Filter, r *dossier.Record, a access.Action) error {
	if filter == nil {
		return nil
	}
	checked, err := query.Check(space, c, query.Query{Filter: filter})
	if err != nil {
		return dossier.Errorf(dossier.Internal, "%s rule of %s: %w", a, c.Name, err)
	}
	ok, err := query.Eval(ctx, space, c, checked.Query().Filter, r, store.Source(tx, space))
	if err != nil {
		return err
	}
	if !ok {
		return access.Refused(c, a)
	}
	return nil
}

// May reports whether who has any chance to do a in c: a Denied error by access.ErrLocked if not. It is for refusing early,
// before bytes are read; the verb itself still decides. Writing to a view is Unsupported.
func (s *Service) May(who access.Principal, c *dossier.Collection, a access.Action) error {
	if a != access.List && a != access.View {
		if err := readOnly(c); err != nil {
			return err
		}
	}
	return s.policy.Locked(c, access.Question{Principal: who, Action: a})
}
