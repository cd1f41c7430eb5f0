package core

import (
	"context"
	"maps"
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
	referring, err := b.referring(ctx, c, r.ID)
	if err != nil {
		return err
	}
	if err := b.tx.Files().Release(ctx, c.ID, r.ID, b.lease); err != nil {
		return err
	}
	b.freed = true
	if err := b.tx.Records(c).Delete(ctx, r.ID); err != nil {
		return err
	}
	if err := b.removeComments(ctx, c, r.ID); err != nil {
		return err
	}
	b.tell(access.Delete, c, r)
	for _, ref := range referring {
		if err := b.unrefer(ctx, ref.relation, ref.record, r.ID); err != nil {
			return err
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

// A relation is a relation field of a collection's records, or of the rows of one of their tables.
type relation struct {
	of    *dossier.Collection
	table *dossier.Field // nil outside tables
	field *dossier.Field
}

// relationsTo are all relations of the space that lead to c.
func relationsTo(space *dossier.Space, c *dossier.Collection) []relation {
	var out []relation
	for _, of := range space.Collections {
		if of.Kind == dossier.View { // it shows what others hold
			continue
		}
		for _, f := range of.Fields {
			if f.IsRelation() && f.Collection == c.ID {
				out = append(out, relation{of: of, field: f})
			}
			for _, g := range f.Fields {
				if g.IsRelation() && g.Collection == c.ID {
					out = append(out, relation{of: of, table: f, field: g})
				}
			}
		}
	}
	return out
}

// path leads to the relation.
func (rel relation) path() []string {
	if rel.table != nil {
		return []string{rel.of.Name, rel.table.Name, rel.field.Name}
	}
	return []string{rel.of.Name, rel.field.Name}
}

// naming holds of the records that name id.
func (rel relation) naming(id dossier.ID) query.Filter {
	is := func(o query.Operand) query.Filter {
		return query.Compare{Left: o, Op: query.Eq, Right: query.Literal{Value: dossier.Text(id)}}
	}
	filter := is(query.Col(rel.field.Name))
	if rel.field.Multiple() {
		filter = query.Some{Over: query.Col(rel.field.Name), Where: is(query.Element{})}
	}
	if rel.table != nil {
		filter = query.Some{Over: query.Col(rel.table.Name), Where: filter}
	}
	return filter
}

// takeOut is values without id, and whether that has left the relation empty somewhere.
func (rel relation) takeOut(values map[string]dossier.Value, id dossier.ID) (left map[string]dossier.Value, emptied bool) {
	left = maps.Clone(values)
	if rel.table == nil {
		emptied = takeOut(left, rel.field.Name, id)
		return left, emptied
	}
	rows, _ := values[rel.table.Name].(dossier.Rows)
	rows = slices.Clone(rows)
	for i := range rows {
		rows[i].Values = maps.Clone(rows[i].Values)
		emptied = takeOut(rows[i].Values, rel.field.Name, id) || emptied
	}
	left[rel.table.Name] = rows
	return left, emptied
}

// takeOut removes id from the relation values[name] and reports whether it was the last.
func takeOut(values map[string]dossier.Value, name string, id dossier.ID) (emptied bool) {
	if !names(values[name], string(id)) {
		return false
	}
	list, _ := values[name].(dossier.List)
	rest := slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == string(id) })
	if len(rest) > 0 {
		values[name] = rest
		return false
	}
	delete(values, name)
	return true
}

// A reference is a relation of one record.
type reference struct {
	relation
	record dossier.ID
}

// referring are the references to the record id of c. They are found while it is there: a query does not see a reference to nothing.
func (b *Batch) referring(ctx context.Context, c *dossier.Collection, id dossier.ID) ([]reference, error) {
	var out []reference
	for _, rel := range relationsTo(b.space, c) {
		q, err := query.Check(b.space, rel.of, query.Query{Filter: rel.naming(id)})
		if err != nil {
			return nil, err
		}
		rows, err := b.tx.Records(rel.of).Find(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			out = append(out, reference{rel, r.ID})
		}
	}
	return out, nil
}

// unrefer takes id out of a relation of a record. If that leaves it empty the record goes too if the relation cascades, and the
// removal is refused if it is required. The record is read anew: a chain of relations may have changed or removed it.
func (b *Batch) unrefer(ctx context.Context, rel relation, record, id dossier.ID) error {
	rows := b.tx.Records(rel.of)
	r, err := rows.Get(ctx, record)
	if dossier.KindOf(err) == dossier.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	left, emptied := rel.takeOut(r.Values, id)
	if emptied && rel.field.Cascade {
		return b.remove(ctx, rel.of, r)
	}
	if emptied && rel.field.Required {
		return &dossier.Error{Kind: dossier.Invalid, Msg: "another record needs this one",
			Problems: []dossier.Problem{{Path: rel.path(), Code: dossier.CodeRequired}}}
	}
	next := r.Clone()
	next.Values, next.Revision, next.Updated, next.UpdatedBy = left, r.Revision+1, b.now, b.who.Author()
	if err := rows.Update(ctx, next, r.Revision); err != nil {
		return err
	}
	b.tell(access.Update, rel.of, next)
	return nil
}
