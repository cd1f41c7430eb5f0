package core

import (
	"context"
	"slices"

	"dossier"
	"dossier/access"
	"dossier/query"
)

// remove deletes a record, releases its files, and mends or deletes the records that refer to it.
func (b *Batch) remove(ctx context.Context, c *dossier.Collection, r *dossier.Record) error {
	if c.Name == dossier.Superusers {
		if err := b.notLastSuperuser(ctx, c); err != nil {
			return err
		}
	}
	if err := b.tx.Files().Release(ctx, c.ID, r.ID, b.now); err != nil {
		return err
	}
	if err := b.tx.Records(c).Delete(ctx, r.ID); err != nil {
		return err
	}
	b.tell(access.Delete, c, r)
	for _, other := range b.space.Collections {
		for _, f := range other.Fields {
			if f.IsRelation() && f.Collection == c.ID {
				if err := b.unrefer(ctx, other, f, r.ID); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// notLastSuperuser refuses to remove the only one who could let others in.
func (b *Batch) notLastSuperuser(ctx context.Context, c *dossier.Collection) error {
	all, err := query.Check(b.space, c, query.Query{})
	if err != nil {
		return err
	}
	n, err := b.tx.Records(c).Count(ctx, all)
	if err == nil && n <= 1 {
		err = dossier.Errorf(dossier.Invalid, "the last superuser stays")
	}
	return err
}

// unrefer takes id out of the relation field f of every record of c. A relation that is left empty takes its record with it if it
// cascades, and refuses the removal if it is required.
func (b *Batch) unrefer(ctx context.Context, c *dossier.Collection, f *dossier.Field, id dossier.ID) error {
	is := func(o query.Operand) query.Filter {
		return query.Compare{Left: o, Op: query.Eq, Right: query.Literal{Value: dossier.Text(id)}}
	}
	filter := is(query.Col(f.Name))
	if f.Multiple() {
		filter = query.Some{Over: query.Col(f.Name), Where: is(query.Element{})}
	}
	q, err := query.Check(b.space, c, query.Query{Filter: filter})
	if err != nil {
		return err
	}
	rows, err := b.tx.Records(c).Find(ctx, q)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if err := b.unreferOne(ctx, c, f, r, id); err != nil {
			return err
		}
	}
	return nil
}

func (b *Batch) unreferOne(ctx context.Context, c *dossier.Collection, f *dossier.Field, r *dossier.Record, id dossier.ID) error {
	var left dossier.Value
	if list, ok := r.Values[f.Name].(dossier.List); ok {
		rest := slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == string(id) })
		if len(rest) > 0 {
			left = rest
		}
	}
	if left == nil && f.Cascade {
		err := b.remove(ctx, c, r)
		if dossier.KindOf(err) == dossier.NotFound {
			return nil // a chain of relations has led here before
		}
		return err
	}
	if left == nil && f.Required {
		return &dossier.Error{Kind: dossier.Invalid, Msg: "another record needs this one",
			Problems: []dossier.Problem{{Path: []string{c.Name, f.Name}, Code: dossier.CodeRequired}}}
	}
	next := r.Clone()
	next.Revision, next.Updated, next.UpdatedBy = r.Revision+1, b.now, b.who.Author()
	if left == nil {
		delete(next.Values, f.Name)
	} else {
		next.Values[f.Name] = left
	}
	if err := b.tx.Records(c).Update(ctx, next, r.Revision); err != nil {
		return err
	}
	b.tell(access.Update, c, next)
	return nil
}
