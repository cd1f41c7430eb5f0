package core

import (
	"context"

	"dossier"
	"dossier/access"
)

// A Schema is what an owner wants a space to be, as a schema file says it. What it does not mention stays as it is.
type Schema struct {
	Application string            // "" keeps or makes one
	Settings    *dossier.Settings // nil keeps them
	// Collections have no ID and, where the owner leaves the choice, no Number; likewise their fields. Field.Collection holds the
	// target's name.
	Collections []*dossier.Collection
	Pages       []dossier.Page // nil keeps them
	Users       []SchemaUser
	Tokens      []SchemaToken
	Keys        []SchemaKey
}

// SchemaUser is a user or superuser to make where there is none with that email.
type SchemaUser struct {
	Email, Password, Name string
	Superuser             bool
	Collection            string // "" is "users"
}

// SchemaToken is an API token to make.
type SchemaToken struct {
	Token, Name string
	Collections map[string]access.Right
}

// SchemaKey is an API key to make.
type SchemaKey struct{ Key, Name string }

// ApplySchema makes the space what schema says: adds and alters, and removes fields and collections that it does not name only with
// prune. Applying the same schema twice changes nothing. It returns one sentence per change.
func (s *Service) ApplySchema(ctx context.Context, who access.Principal, schema Schema, prune bool) ([]string, error) {
	panic("later")
}

// PutCollection creates a collection (ID "") or changes one to what c says; numbers and IDs that are missing are made. Denied unless
// who is a superuser, or a token with the right to manage it. Problems are per field.
func (s *Service) PutCollection(ctx context.Context, who access.Principal, c *dossier.Collection) (*dossier.Collection, error) {
	panic("later")
}

// DeleteCollection removes a collection with its records and files. System collections, and ones that others refer to, are
// refused.
func (s *Service) DeleteCollection(ctx context.Context, who access.Principal, c *dossier.Collection) error {
	panic("later")
}
