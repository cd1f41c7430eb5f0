package core

import (
	"context"
	"errors"
	"slices"

	"dossier"
	"dossier/access"
	"dossier/store"
)

// ViewFields are the fields that the view c has or would have: they follow from its query, see store.Collections.Columns. Only superusers
// ask, whose queries read whatever there is.
func (s *Service) ViewFields(ctx context.Context, who access.Principal, c *dossier.Collection) ([]*dossier.Field, error) {
	if !who.IsSuper() {
		return nil, dossier.Errorf(dossier.Denied, "try the query of %s: %w", c.Name, access.ErrLocked)
	}
	fields, err := s.viewFields(ctx, s.Space(), c)
	if err != nil {
		return nil, err
	}
	if old, ok := s.Space().CollectionByID(c.ID); ok {
		keepFields(old.Fields, fields)
	}
	return fields, nil
}

func (s *Service) viewFields(ctx context.Context, space *dossier.Space, c *dossier.Collection) (fields []*dossier.Field, err error) {
	err = s.store.View(ctx, func(tx store.Tx) (err error) {
		fields, err = tx.Collections().Columns(ctx, space, c)
		return err
	})
	return fields, err
}

// keepFields gives fields the IDs, numbers and labels that the old ones of the same names have.
func keepFields(old, fields []*dossier.Field) {
	for _, f := range fields {
		for _, o := range old {
			if o.Name == f.Name {
				f.ID, f.Number, f.Label = o.ID, o.Number, o.Label
			}
		}
	}
}

// views gives every view of the space the fields that follow from its query: some are new or changed themselves, the others may read what
// is. It returns those of the others that come out changed, which take their place in the space.
func (k *completion) views(ctx context.Context, some []*dossier.Collection) (more []*dossier.Collection, err error) {
	for i, c := range k.space.Collections {
		if c.Kind != dossier.View {
			continue
		}
		fields, err := k.s.viewFields(ctx, k.space, c)
		var wrong *dossier.Error
		if errors.As(err, &wrong) && wrong.Kind == dossier.Invalid {
			k.fault(dossier.CodeInvalid, wrong.Msg, c.Name, "query")
			continue
		}
		if err != nil {
			return nil, err
		}
		if old, ok := k.s.Space().CollectionByID(c.ID); ok {
			keepFields(old.Fields, fields)
		}
		next := *c
		next.Fields = fields
		if err := k.identify(&next); err != nil {
			return nil, err
		}
		eachField(next.Fields, k.defaults)
		switch {
		case slices.Contains(some, c):
			*c = next
		case !sameJSON(c.Fields, next.Fields):
			next.Updated = k.s.Now()
			k.space.Collections[i] = &next
			more = append(more, &next)
		}
	}
	return more, nil
}

// readOnly refuses to write to a view.
func readOnly(c *dossier.Collection) error {
	if c.Kind == dossier.View {
		return dossier.Errorf(dossier.Unsupported, "%s is a view: its records are read only", c.Name)
	}
	return nil
}
