package core

import (
	"context"
	"fmt"
	"strings"

	"dossier"
	"dossier/access"
)

// SchemaUser is a user or superuser to make where there is none with that email.
type SchemaUser struct {
	Email, Password, Name string
	Superuser             bool
	Collection            string // "" is "users"
	Line                  int    // where it stands in a file, for errors; 0 is nowhere
}

// SchemaToken is an API token to make.
type SchemaToken struct {
	Token, Name string
	Collections map[string]access.Right
	Line        int // where it stands in a file, for errors; 0 is nowhere
}

// SchemaKey is an API key to make.
type SchemaKey struct{ Key, Name string }

// DefaultUsers is the collection that a user belongs to where nothing else is said.
const DefaultUsers = "users"

// home is the collection of space that u belongs to.
func (u SchemaUser) home(space *dossier.Space) (*dossier.Collection, error) {
	name := u.Collection
	if u.Superuser {
		name = dossier.Superusers
	} else if name == "" {
		name = DefaultUsers
	}
	c, ok := space.Collection(name)
	if !ok || c.Kind != dossier.Auth {
		return nil, dossier.Errorf(dossier.Invalid, "no collection %q whose records can log in", name)
	}
	return c, nil
}

// checkPeople refuses users and tokens that space, once it is what the schema says, would not take: before anything is made.
func (s *Service) checkPeople(space *dossier.Space, schema Schema) error {
	for _, u := range schema.Users {
		if err := u.check(space); err != nil {
			return standing(u.Line, fmt.Errorf("user %s: %w", u.Email, err))
		}
	}
	for _, t := range schema.Tokens {
		if _, made := s.token(t.Token); made {
			continue
		}
		for name := range t.Collections {
			if _, ok := space.Collection(name); !ok {
				return standing(t.Line, dossier.Errorf(dossier.Invalid, "token %s: no collection %q: want one of %s", t.Name, name, ownerNames(space)))
			}
		}
	}
	return nil
}

func (u SchemaUser) check(space *dossier.Space) error {
	if _, err := u.home(space); err != nil {
		return err
	}
	if strings.TrimSpace(u.Password) == "" {
		return dossier.Errorf(dossier.Invalid, "a user needs a password")
	}
	if !validEmail(u.Email) {
		return &dossier.Error{Kind: dossier.Invalid, Msg: "not an email address: want one such as ann@example.org",
			Problems: []dossier.Problem{{Path: []string{"email"}, Code: dossier.CodeNotEmail}}}
	}
	return nil
}

// standing is err with the line of what it is about, if that stands in a file.
func standing(line int, err error) error {
	if line == 0 {
		return err
	}
	return fmt.Errorf("line %d: %w", line, err)
}

// ownerNames are the names of the collections of space that are not the system's.
func ownerNames(space *dossier.Space) string {
	var names []string
	for _, c := range space.Collections {
		if !c.System {
			names = append(names, c.Name)
		}
	}
	return strings.Join(names, ", ")
}

// applyPeople makes the users, tokens and keys of a schema that are not there yet.
func (s *Service) applyPeople(ctx context.Context, who access.Principal, schema Schema) ([]string, error) {
	var said []string
	for _, u := range schema.Users {
		made, err := s.applyUser(ctx, who, u)
		if err != nil {
			return said, fmt.Errorf("user %s: %w", u.Email, err)
		}
		if made {
			said = append(said, "user "+u.Email+" added")
		}
	}
	for _, t := range schema.Tokens {
		if _, known := s.token(t.Token); known {
			continue
		}
		if _, err := s.CreateToken(ctx, who, t.Name, t.Token, t.Collections); err != nil {
			return said, fmt.Errorf("token %s: %w", t.Name, err)
		}
		said = append(said, "token "+t.Name+" added")
	}
	for _, k := range schema.Keys {
		if _, known := s.token(k.Key); known {
			continue
		}
		if _, err := s.CreateKey(ctx, who, k.Name, k.Key); err != nil {
			return said, fmt.Errorf("key %s: %w", k.Name, err)
		}
		said = append(said, "key "+k.Name+" added")
	}
	return said, nil
}

func (s *Service) applyUser(ctx context.Context, who access.Principal, u SchemaUser) (bool, error) {
	c, err := u.home(s.Space())
	if err != nil {
		return false, err
	}
	found, err := s.named(ctx, c.Name, u.Email, byEmail)
	if err != nil || len(found) > 0 {
		return false, err
	}
	yes := true
	change := Change{Loose: true, Account: &AccountChange{Email: &u.Email, Password: &u.Password, Verified: &yes}}
	if f, ok := c.Field("name"); ok && f.Type == dossier.TypeText && u.Name != "" {
		change.Values = map[string]dossier.Value{"name": dossier.Text(u.Name)}
	}
	_, err = s.CreateRecord(ctx, who, c, "", change)
	return err == nil, err
}
