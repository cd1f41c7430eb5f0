package store

import (
	"context"

	"dossier"
	"dossier/query"
)

// Source lets query.Eval hop through the records that tx sees.
func Source(tx Tx, space *dossier.Space) query.Source { return source{tx, space} }

type source struct {
	tx    Tx
	space *dossier.Space
}

// Related returns the record of c with that ID, dossier.NotFound if there is none.
func (s source) Related(ctx context.Context, c *dossier.Collection, id dossier.ID) (*dossier.Record, error) {
	return s.tx.Records(c).Get(ctx, id)
}

// Referring returns the records of c whose relation field refers to id.
func (s source) Referring(ctx context.Context, c *dossier.Collection, f *dossier.Field, id dossier.ID) ([]*dossier.Record, error) {
	is := func(o query.Operand) query.Filter {
		return query.Compare{Left: o, Op: query.Eq, Right: query.Literal{Value: dossier.Text(id)}}
	}
	if f.Multiple() {
		return s.find(ctx, c, query.Some{Over: query.Col(f.Name), Where: is(query.Element{})})
	}
	return s.find(ctx, c, is(query.Col(f.Name)))
}

// All returns the records of c.
func (s source) All(ctx context.Context, c *dossier.Collection) ([]*dossier.Record, error) {
	return s.find(ctx, c, nil)
}

func (s source) find(ctx context.Context, c *dossier.Collection, f query.Filter) ([]*dossier.Record, error) {
	q, err := query.Check(s.space, c, query.Query{Filter: f})
	if err != nil {
		return nil, err
	}
	return s.tx.Records(c).Find(ctx, q)
}
