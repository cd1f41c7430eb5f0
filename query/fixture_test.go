package query_test

import (
	"context"

	"dossier"
)

// space has posts with every kind of field, written by authors who have a boss each.
func space() (*dossier.Space, *dossier.Collection, *dossier.Collection) {
	authors := &dossier.Collection{ID: "c2", Number: 2, Name: "authors", Kind: dossier.Auth, Fields: []*dossier.Field{
		{ID: "a1", Number: 20, Name: "name", Type: dossier.TypeText},
		{ID: "a2", Number: 21, Name: "boss", Type: dossier.TypeUser, Collection: "c2"},
	}}
	posts := &dossier.Collection{ID: "c1", Number: 1, Name: "posts", Kind: dossier.Base, Fields: []*dossier.Field{
		{ID: "f1", Number: 1, Name: "title", Type: dossier.TypeText},
		{ID: "f2", Number: 2, Name: "price", Type: dossier.TypeNumber},
		{ID: "f3", Number: 3, Name: "live", Type: dossier.TypeBool},
		{ID: "f4", Number: 4, Name: "day", Type: dossier.TypeDate},
		{ID: "f5", Number: 5, Name: "moment", Type: dossier.TypeDateTime},
		{ID: "f6", Number: 6, Name: "tags", Type: dossier.TypeSelect, MaxSelect: 3},
		{ID: "f7", Number: 7, Name: "author", Type: dossier.TypeRelation, Collection: "c2"},
		{ID: "f8", Number: 8, Name: "readers", Type: dossier.TypeRelation, Collection: "c2", MaxSelect: 9},
		{ID: "f9", Number: 9, Name: "papers", Type: dossier.TypeFile, MaxSelect: 9},
		{ID: "f10", Number: 10, Name: "lines", Type: dossier.TypeTable, Fields: []*dossier.Field{
			{ID: "g1", Number: 11, Name: "what", Type: dossier.TypeText},
			{ID: "g2", Number: 12, Name: "amount", Type: dossier.TypeNumber},
			{ID: "g3", Number: 13, Name: "buyer", Type: dossier.TypeUser, Collection: "c2"},
		}},
		{ID: "f11", Number: 14, Name: "kind", Type: dossier.TypeSelect},
		{ID: "f13", Number: 16, Name: "data", Type: dossier.TypeJSON},
		{ID: "f12", Number: 15, Name: "nowhere", Type: dossier.TypeRelation, Collection: "gone"},
	}}
	return &dossier.Space{Collections: []*dossier.Collection{posts, authors}}, posts, authors
}

// memory is a query.Source over slices.
type memory map[string][]*dossier.Record

func (m memory) Related(_ context.Context, c *dossier.Collection, id dossier.ID) (*dossier.Record, error) {
	for _, r := range m[c.Name] {
		if r.ID == id {
			return r, nil
		}
	}
	return nil, dossier.Errorf(dossier.NotFound, "no record %s", id)
}

func (m memory) Referring(_ context.Context, c *dossier.Collection, f *dossier.Field, id dossier.ID) ([]*dossier.Record, error) {
	var out []*dossier.Record
	for _, r := range m[c.Name] {
		switch v := r.Values[f.Name].(type) {
		case dossier.Text:
			if dossier.ID(v) == id {
				out = append(out, r)
			}
		case dossier.List:
			for _, s := range v {
				if dossier.ID(s) == id {
					out = append(out, r)
				}
			}
		}
	}
	return out, nil
}

func (m memory) All(_ context.Context, c *dossier.Collection) ([]*dossier.Record, error) {
	return m[c.Name], nil
}

func records() memory {
	ann := &dossier.Record{ID: "ann", Number: 1, Values: map[string]dossier.Value{"name": dossier.Text("Ann")},
		Account: &dossier.Account{Email: "Ann@Example.org", Verified: true}}
	bob := &dossier.Record{ID: "bob", Number: 2, Values: map[string]dossier.Value{"name": dossier.Text("BÖB"),
		"boss": dossier.Text("ann")}, Account: &dossier.Account{}}
	post := &dossier.Record{ID: "p", Number: 7, Revision: 3, CreatedBy: "ann", Values: map[string]dossier.Value{
		"title":   dossier.Text("Straße 100%"),
		"price":   dossier.Number("1.50"),
		"live":    dossier.Bool(false),
		"day":     dossier.Date("2024-02-29"),
		"moment":  dossier.Instant(1709208000123),
		"tags":    dossier.List{"red", "blü"},
		"author":  dossier.Text("bob"),
		"readers": dossier.List{"ann", "gone"},
		"papers":  dossier.Files{{ID: "file1", Name: "a.PDF", Slug: "a_x.pdf", Size: 10, Sniffed: "application/pdf"}},
		"lines": dossier.Rows{
			{ID: 1, Values: map[string]dossier.Value{"what": dossier.Text("pen"), "amount": dossier.Number("2")}},
			{ID: 2, Values: map[string]dossier.Value{"what": dossier.Text("ink"), "buyer": dossier.Text("ann")}},
		},
	}}
	bare := &dossier.Record{ID: "q", Number: 8, Revision: 1, Values: map[string]dossier.Value{}}
	return memory{"authors": {ann, bob}, "posts": {post, bare}}
}
