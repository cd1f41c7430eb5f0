package core

import (
	"context"
	"slices"

	"dossier"
	"dossier/access"
	"dossier/query"
	"dossier/store"
)

// candidates are who signs in with login and a password, or somebody whose password nobody has.
func (s *Service) candidates(ctx context.Context, collection, login string, by dossier.ColumnRef) ([]access.Principal, error) {
	columns := byEmail
	if collection != "" {
		columns = func(c *dossier.Collection) []dossier.ColumnRef { return loginColumns(c, by) }
	}
	found, err := s.named(ctx, collection, login, columns)
	var out []access.Principal
	for _, p := range found {
		if !p.Collection.SigningIn().NoPassword {
			out = append(out, p)
		}
	}
	if err == nil && len(out) == 0 {
		out = []access.Principal{{Record: &dossier.Record{Account: &dossier.Account{PasswordHash: s.dummy()}}}}
	}
	return out, err
}

// byEmail is what a login is where nobody says in which collection.
func byEmail(*dossier.Collection) []dossier.ColumnRef { return []dossier.ColumnRef{dossier.LoginEmail} }

// loginColumns is what a login may be in c, or by alone, if c takes that for one.
func loginColumns(c *dossier.Collection, by dossier.ColumnRef) []dossier.ColumnRef {
	columns := c.SigningIn().LoginColumns()
	if by == (dossier.ColumnRef{}) {
		return columns
	}
	return slices.DeleteFunc(columns, func(ref dossier.ColumnRef) bool { return ref != by })
}

// UserByLogin finds who signs in with login, an email, in any auth collection, superusers first; NotFound if nobody does. It is for
// showing names, not for signing in.
func (s *Service) UserByLogin(ctx context.Context, login string) (access.Principal, error) {
	found, err := s.named(ctx, "", login, byEmail)
	if err != nil {
		return access.Guest(), err
	}
	if len(found) == 0 {
		return access.Guest(), dossier.Errorf(dossier.NotFound, "nobody signs in as %q", login)
	}
	return found[0], nil
}

// named finds whom login names, superusers first, in the collection of that name or all: one account of each, by the first of its columns
// that knows the login. All are asked, so that it takes as long whichever does.
func (s *Service) named(ctx context.Context, collection, login string, columns func(*dossier.Collection) []dossier.ColumnRef) ([]access.Principal, error) {
	var found []access.Principal
	space := s.Space()
	err := s.store.View(ctx, func(tx store.Tx) error {
		found = nil
		for _, c := range space.Collections {
			if c.Kind != dossier.Auth || collection != "" && c.Name != collection {
				continue
			}
			var first *dossier.Record
			for _, ref := range columns(c) {
				r, err := recordNamed(ctx, tx, space, c, ref, login)
				if err != nil {
					return err
				}
				if first == nil {
					first = r
				}
			}
			if first != nil {
				found = append(found, access.User(c, first))
			}
		}
		return nil
	})
	return found, err
}

// recordNamed is the record of c that login names in the column ref, the oldest of them where an index has conditions, nil if there is
// none.
func recordNamed(ctx context.Context, tx store.Tx, space *dossier.Space, c *dossier.Collection, ref dossier.ColumnRef, login string) (*dossier.Record, error) {
	if ref == dossier.LoginEmail {
		r, err := tx.Records(c).GetEmail(ctx, login)
		if dossier.KindOf(err) == dossier.NotFound {
			return nil, nil
		}
		return r, err
	}
	f, ok := c.FieldByID(ref.Field)
	if !ok {
		return nil, nil
	}
	filter := namedBy(c, f, login)
	if filter == nil {
		return nil, nil
	}
	q, err := query.Check(space, c, query.Query{Filter: filter, Limit: 1})
	if dossier.KindOf(err) == dossier.Invalid { // a text that no field holds
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	records, err := tx.Records(c).Find(ctx, q)
	if err != nil || len(records) == 0 {
		return nil, err
	}
	return records[0], nil
}

// namedBy is true of a record whose value of f is login, with or without the case of letters as its index is; nil where f holds neither
// texts nor numbers, or no such one.
func namedBy(c *dossier.Collection, f *dossier.Field, login string) query.Filter {
	var of query.Operand = query.Col(f.Name)
	var value dossier.Value = dossier.Text(login)
	fold, _ := c.OwnIndex(f)
	switch t := query.TypeOf(f); {
	case t == query.Text && fold:
		of, value = query.Lower{Of: of, Case: query.ASCII}, dossier.Text(query.FoldText(login, query.ASCII))
	case t == query.Text:
	case t == query.Decimal:
		n, err := dossier.ParseNumber(login)
		if err != nil {
			return nil
		}
		value = n
	default:
		return nil
	}
	return query.Compare{Left: of, Op: query.Eq, Right: query.Literal{Value: value}}
}
