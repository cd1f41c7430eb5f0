package query

import "dossier"

// A Checked is a query that Check accepted, with the collection and space it was checked against. Only Check makes one, so
// a store never sees any other.
type Checked struct {
	query      Query
	space      *dossier.Space
	collection *dossier.Collection
}

// Query is the query itself.
func (c Checked) Query() Query { return c.query }

// Space is what the query was checked against.
func (c Checked) Space() *dossier.Space { return c.space }

// Collection is whose records it asks for.
func (c Checked) Collection() *dossier.Collection { return c.collection }
