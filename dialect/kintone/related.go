package kintone

import (
	"context"

	"dossier"
	"dossier/access"
	"dossier/core"
	"dossier/query"
)

// related translates between the IDs in values and the names that the vendor uses instead: the numbers of records and the
// logins of users. It is made for one request and remembers what it has looked up. Numbers and logins stand for IDs here, so
// they are looked up with the server's own rights; nothing else of those records is shown.
type related struct {
	svc     *core.Service
	space   *dossier.Space
	who     access.Principal                          // for whom it is shown
	records map[dossier.ID]map[string]*dossier.Record // by collection and ID
	hidden  map[dossier.ID]map[string]bool            // of them, those whose logins who may not see
	authors map[string]person                         // by login
}

func newRelated(svc *core.Service, space *dossier.Space, who access.Principal) *related {
	return &related{svc: svc, space: space, who: who, records: map[dossier.ID]map[string]*dossier.Record{},
		hidden: map[dossier.ID]map[string]bool{}, authors: map[string]person{}}
}

// lookupChunk is how many records one look-up asks for.
const lookupChunk = 1000

// prepare looks up what the records refer to, in one question for each collection.
func (x *related) prepare(ctx context.Context, fields []*dossier.Field, records []*dossier.Record) error {
	wanted := map[dossier.ID]map[string]bool{}
	for _, r := range records {
		collect(wanted, fields, r.Values)
	}
	for collection, ids := range wanted {
		if err := x.load(ctx, collection, ids); err != nil {
			return err
		}
	}
	return nil
}

// collect notes the IDs that values refer to, by collection.
func collect(wanted map[dossier.ID]map[string]bool, fields []*dossier.Field, values map[string]dossier.Value) {
	for _, f := range fields {
		switch v := values[f.Name].(type) {
		case nil:
		case dossier.Rows:
			for _, row := range v {
				collect(wanted, f.Fields, row.Values)
			}
		default:
			if !f.IsRelation() {
				continue
			}
			if wanted[f.Collection] == nil {
				wanted[f.Collection] = map[string]bool{}
			}
			for _, id := range dossier.Elements(v) {
				wanted[f.Collection][id] = true
			}
		}
	}
}

func (x *related) load(ctx context.Context, collection dossier.ID, ids map[string]bool) error {
	c, ok := x.space.CollectionByID(collection)
	if !ok {
		return nil
	}
	if x.records[collection] == nil {
		x.records[collection] = map[string]*dossier.Record{}
	}
	chunk := make([]dossier.Value, 0, min(len(ids), lookupChunk))
	flush := func() error {
		if len(chunk) == 0 {
			return nil
		}
		q := query.Query{Filter: query.In{Of: query.Meta(query.ID), Values: chunk}}
		page, err := x.svc.ListRecords(ctx, access.System(), c, q, core.ListOptions{})
		if err != nil {
			return err
		}
		for _, r := range page.Records {
			x.records[collection][string(r.ID)] = r
		}
		chunk = chunk[:0]
		return x.hide(ctx, c, page.Records)
	}
	for id := range ids {
		chunk = append(chunk, dossier.Text(id))
		if len(chunk) == lookupChunk {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// hide notes which of the records of c are accounts whose logins, which are emails, are not shown.
func (x *related) hide(ctx context.Context, c *dossier.Collection, records []*dossier.Record) error {
	if c.Kind != dossier.Auth {
		return nil
	}
	seen, err := x.svc.SeesEmails(ctx, x.who, c, records)
	if err != nil {
		return err
	}
	if x.hidden[c.ID] == nil {
		x.hidden[c.ID] = map[string]bool{}
	}
	for _, r := range records {
		if !seen[r.ID] {
			x.hidden[c.ID][string(r.ID)] = true
		}
	}
	return nil
}

// number is the number of a record that prepare has looked up, "" if it is not there.
func (x *related) number(collection dossier.ID, id string) string {
	if r := x.records[collection][id]; r != nil {
		return decimal(r.Number)
	}
	return ""
}

// people are the users that a value of f names.
func (x *related) people(f *dossier.Field, v dossier.Value) []person {
	out := []person{}
	for _, id := range dossier.Elements(v) {
		if r := x.records[f.Collection][id]; r != nil && r.Account != nil {
			c, _ := x.space.CollectionByID(f.Collection)
			out = append(out, x.personOf(access.User(c, r)))
		}
	}
	return out
}

// personOf is a user as they are shown: by the login, or by the record's ID where the login is not to be seen.
func (x *related) personOf(who access.Principal) person {
	if !x.hidden[who.Collection.ID][string(who.ID)] {
		return person{who.Login, who.Name}
	}
	p := person{string(who.ID), who.Name}
	if p.Name == who.Login {
		p.Name = p.Code
	}
	return p
}

// person is who writes under login: nobody where it is "", where the user is gone the login alone, for those who may see logins.
func (x *related) person(ctx context.Context, login string) (person, error) {
	if login == "" {
		return nobody, nil
	}
	if p, ok := x.authors[login]; ok {
		return p, nil
	}
	p := person{login, login}
	if x.who.Kind == access.KindUser {
		p = nobody
	}
	who, err := x.svc.UserByLogin(ctx, login)
	switch dossier.KindOf(err) {
	case "":
		if err := x.hide(ctx, who.Collection, []*dossier.Record{who.Record}); err != nil {
			return p, err
		}
		p = x.personOf(who)
	case dossier.NotFound:
	default:
		return p, err
	}
	x.authors[login] = p
	return p, nil
}

// byCode is the user whom a code names: the login, or the record's ID. NotFound if there is none.
func (x *related) byCode(ctx context.Context, code string) (access.Principal, error) {
	who, err := x.svc.UserByLogin(ctx, code)
	if dossier.KindOf(err) != dossier.NotFound || !dossier.ValidRecordID(code) {
		return who, err
	}
	for _, c := range x.space.Collections {
		if c.Kind != dossier.Auth {
			continue
		}
		r, missing := x.svc.GetRecord(ctx, access.System(), c, core.ByID(dossier.ID(code)))
		if dossier.KindOf(missing) == dossier.NotFound {
			continue
		}
		if missing != nil {
			return who, missing
		}
		return access.User(c, r), nil
	}
	return who, err
}

// loginOf is the login that a code in a query stands for, "" where who may not know.
func (x *related) loginOf(ctx context.Context, code string) (string, error) {
	if x.who.Kind != access.KindUser {
		return code, nil
	}
	who, err := x.byCode(ctx, code)
	if dossier.KindOf(err) == dossier.NotFound {
		return "", nil
	}
	if err == nil && string(who.ID) != code {
		err = x.hide(ctx, who.Collection, []*dossier.Record{who.Record})
	}
	if err != nil || x.hidden[who.Collection.ID][string(who.ID)] && string(who.ID) != code {
		return "", err
	}
	return who.Login, nil
}

// record implements finder.
func (x *related) record(ctx context.Context, target dossier.ID, number int64) (dossier.ID, error) {
	c, ok := x.space.CollectionByID(target)
	if !ok {
		return "", nil
	}
	r, err := x.svc.GetRecord(ctx, access.System(), c, core.ByNumber(number))
	if dossier.KindOf(err) == dossier.NotFound {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return r.ID, nil
}

// user implements finder.
func (x *related) user(ctx context.Context, target dossier.ID, login string) (dossier.ID, error) {
	c, ok := x.space.CollectionByID(target)
	if !ok || c.Kind != dossier.Auth {
		return "", nil
	}
	who, err := x.byCode(ctx, login)
	if err == nil && who.Collection.ID == c.ID {
		return who.ID, nil
	}
	if err != nil {
		if dossier.KindOf(err) == dossier.NotFound {
			return "", nil
		}
		return "", err
	}
	// Somebody of another collection signs in with the same login.
	email := query.Lower{Of: query.Meta(query.Email), Case: query.Fold}
	same := query.Compare{Left: email, Op: query.Eq, Right: query.Literal{Value: dossier.Text(query.FoldText(login, query.Fold))}}
	page, err := x.svc.ListRecords(ctx, access.System(), c, query.Query{Filter: same, Limit: 1}, core.ListOptions{})
	if err != nil || len(page.Records) == 0 {
		return "", err
	}
	return page.Records[0].ID, nil
}
