package core

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"dossier"
	"dossier/access"
	"dossier/store"
)

// A Schema is what an owner wants a space to be, as a schema file says it. What it does not mention stays as it is.
type Schema struct {
	Application string            // "" keeps or makes one
	Settings    *dossier.Settings // nil keeps them
	// Collections have no ID and, where the owner leaves the choice, no Number; likewise their fields. Field.Collection holds the
	// target's name. Without Indexes (nil) a collection keeps those it has.
	Collections []*dossier.Collection
	Pages       []dossier.Page // nil keeps them
	Users       []SchemaUser
	Tokens      []SchemaToken
	Keys        []SchemaKey
}

// ApplySchema makes the space what schema says: adds and alters, and removes fields and collections that it does not name only with
// prune. Applying the same schema twice changes nothing: users, tokens and keys that exist stay as they are. It returns one
// sentence per change.
func (s *Service) ApplySchema(ctx context.Context, who access.Principal, schema Schema, prune bool) ([]string, error) {
	if !who.IsSuper() {
		return nil, dossier.Errorf(dossier.Denied, "only superusers change the schema")
	}
	s.schema.Lock()
	defer s.schema.Unlock()
	p, err := s.plan(ctx, schema, prune)
	if err != nil {
		return nil, err
	}
	if err := s.checkPeople(p.next, schema); err != nil {
		return nil, err
	}
	if err := s.carryOut(ctx, p); err != nil {
		return nil, err
	}
	made, err := s.applyPeople(ctx, who, schema)
	return append(p.said, made...), err
}

// plan is what a change of the schema comes to.
type plan struct {
	application string
	settings    *dossier.Settings
	pages       []dossier.Page
	put         []*dossier.Collection
	drop        []*dossier.Collection
	next        *dossier.Space // the space with the collections that it is to have
	numbers     *numbers
	said        []string // one sentence per change
}

func (p *plan) say(format string, args ...any) { p.said = append(p.said, fmt.Sprintf(format, args...)) }

// plan compares schema with the space as it is.
func (s *Service) plan(ctx context.Context, schema Schema, prune bool) (*plan, error) {
	space := s.Space()
	numbers, err := s.numbers(ctx)
	if err != nil {
		return nil, err
	}
	p := &plan{numbers: numbers}
	if schema.Application != "" && schema.Application != space.Application {
		p.application = schema.Application
		p.say("application is %s", schema.Application)
	}
	if schema.Settings != nil {
		if err := checkSettings(schema.Settings); err != nil {
			return nil, err
		}
	}
	if schema.Settings != nil && !sameJSON(*schema.Settings, space.Settings) {
		p.settings = schema.Settings
		p.say("settings changed")
	}
	if schema.Pages != nil && !sameJSON(schema.Pages, space.Pages) {
		p.pages = schema.Pages
		p.say("pages changed")
	}
	if err := s.planCollections(ctx, p, space, schema.Collections, prune); err != nil {
		return nil, err
	}
	return p, nil
}

func (s *Service) planCollections(ctx context.Context, p *plan, space *dossier.Space, wanted []*dossier.Collection, prune bool) error {
	merged := make([]*dossier.Collection, len(wanted))
	olds := make([]*dossier.Collection, len(wanted))
	for i, c := range wanted {
		merged[i], olds[i] = merge(space, c, prune)
	}
	next := &dossier.Space{Application: space.Application, Settings: space.Settings, Collections: slices.Clone(merged)}
	for _, c := range space.Collections {
		if slices.ContainsFunc(olds, func(o *dossier.Collection) bool { return o != nil && o.ID == c.ID }) {
			continue
		}
		if prune && !c.System {
			p.drop = append(p.drop, c)
			p.say("collection %s removed", c.Name)
			continue
		}
		next.Collections = append(next.Collections, c)
	}
	p.next = next
	more, err := s.complete(ctx, next, merged, p.numbers)
	if err != nil {
		return err
	}
	for i, c := range merged {
		if err := sameNature(space, next, olds[i], c); err != nil {
			return err
		}
		switch {
		case olds[i] == nil:
			p.say("collection %s added", c.Name)
		case sameJSON(olds[i], c):
			continue
		default:
			c.Updated = s.Now()
			p.say("collection %s changed", c.Name)
		}
		p.put = append(p.put, c)
	}
	for _, c := range more {
		p.say("view %s changed", c.Name)
	}
	p.put = append(p.put, more...)
	return nil
}

// sameNature refuses another type, and another collection of a relation, for a field of c that is there already, which the values in its records are
// of. old is nil for a new collection. The space is to become next.
func sameNature(space, next *dossier.Space, old, c *dossier.Collection) error {
	if old == nil {
		return nil
	}
	return sameFields(space, next, old.Fields, c.Fields, c.Name)
}

func sameFields(space, next *dossier.Space, old, fields []*dossier.Field, path ...string) error {
	for _, f := range fields {
		i := slices.IndexFunc(old, func(o *dossier.Field) bool { return o.ID == f.ID })
		if i < 0 {
			continue
		}
		was, at := old[i], append(slices.Clone(path), f.Name)
		if was.Type != f.Type {
			return fixed(at, "a field does not change its type: it is %s, not %s", was.Type, f.Type)
		}
		if f.IsRelation() && was.Collection != f.Collection {
			return fixed(at, "a relation does not change its collection: it leads to %s, not to %s", nameOf(space, was.Collection), nameOf(next, f.Collection))
		}
		if err := sameFields(space, next, was.Fields, f.Fields, at...); err != nil {
			return err
		}
	}
	return nil
}

// fixed is the error for what cannot be changed of the field that path leads to.
func fixed(path []string, format string, args ...any) error {
	return &dossier.Error{Kind: dossier.Unsupported, Msg: strings.Join(path, ".") + ": " + fmt.Sprintf(format, args...),
		Problems: []dossier.Problem{{Path: path, Code: dossier.CodeInvalid}}}
}

// nameOf is the name of a collection of space, or "another" if it has none of that ID.
func nameOf(space *dossier.Space, id dossier.ID) string {
	if c, ok := space.CollectionByID(id); ok {
		return c.Name
	}
	return "another"
}

// merge lays what is wanted of a collection over what there is: found by number if that is given, else by name. Fields that are not
// wanted stay unless prune.
func merge(space *dossier.Space, want *dossier.Collection, prune bool) (merged, old *dossier.Collection) {
	c := *want
	for _, o := range space.Collections {
		if !o.System && (want.Number != 0 && o.Number == want.Number || want.Number == 0 && o.Name == want.Name) {
			old = o
		}
	}
	if old == nil {
		c.Fields = dossier.CloneFields(want.Fields)
		return &c, nil
	}
	c.ID, c.Number, c.Created, c.Updated, c.Draft = old.ID, old.Number, old.Created, old.Updated, old.Draft
	if c.Fields = mergeFields(old.Fields, want.Fields, prune); c.Extra == nil {
		c.Extra = old.Extra
	}
	if want.Indexes == nil {
		c.Indexes = old.Indexes
	} else {
		c.Indexes = follow(want.Indexes, want.Fields, c.Fields)
	}
	if c.SignIn = want.SignIn; c.SignIn == nil && c.Kind == dossier.Auth {
		c.SignIn = old.SignIn
	} else if c.SignIn != nil {
		c.SignIn = followGate(*c.SignIn, old, want.Fields, c.Fields)
	}
	return &c, old
}

// followGate is gate, wanted of old, whose fields now have the IDs of merged. It keeps the salts where it says none.
func followGate(gate dossier.SignIn, old *dossier.Collection, want, merged []*dossier.Field) *dossier.SignIn {
	if gate.Salts == nil {
		gate.Salts = old.SigningIn().Salts
	}
	gate.Logins = slices.Clone(gate.Logins)
	move := moved(want, merged)
	for i := range gate.Logins {
		move(&gate.Logins[i])
	}
	return &gate
}

func mergeFields(old, want []*dossier.Field, prune bool) []*dossier.Field {
	kept := map[dossier.ID]bool{}
	var out []*dossier.Field // nil if there are none, as in what is compared with it
	for _, w := range dossier.CloneFields(want) {
		for _, o := range old {
			if w.Number != 0 && o.Number == w.Number || w.Number == 0 && o.Name == w.Name {
				if w.ID, w.Number = o.ID, o.Number; w.Extra == nil {
					w.Extra = o.Extra
				}
				w.Fields = mergeFields(o.Fields, w.Fields, prune)
				kept[o.ID] = true
			}
		}
		out = append(out, w)
	}
	for _, o := range old {
		if !kept[o.ID] && !prune {
			out = append(out, o)
		}
	}
	return out
}

// sameJSON reports whether two definitions say the same.
func sameJSON(a, b any) bool {
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && string(x) == string(y)
}

// carryOut makes the changes of p in one transaction and puts the new space in force.
func (s *Service) carryOut(ctx context.Context, p *plan) error {
	if len(p.said) == 0 {
		return nil
	}
	version := s.Space().Version + 1
	err := s.store.Update(ctx, func(tx store.Tx) error {
		for _, c := range p.drop {
			if err := tx.Collections().Delete(ctx, c, s.leaseTime()); err != nil {
				return err
			}
		}
		for _, c := range p.put {
			if err := tx.Collections().Put(ctx, c); err != nil {
				return fmt.Errorf("collection %s: %w", c.Name, err)
			}
		}
		return p.putMeta(ctx, tx.Meta(), version)
	})
	if err != nil {
		return err
	}
	s.free()
	return s.reload(ctx)
}

func (p *plan) putMeta(ctx context.Context, meta store.Meta, version int64) error {
	texts := map[string]string{
		metaVersion:   fmt.Sprint(version),
		metaLastField: fmt.Sprint(p.numbers.field),
		metaLastColl:  fmt.Sprint(p.numbers.collection),
	}
	if p.application != "" {
		texts[metaApplication] = p.application
	}
	for key, text := range texts {
		if err := meta.Put(ctx, key, text); err != nil {
			return err
		}
	}
	if p.settings != nil {
		if err := putJSON(ctx, meta, metaSettings, p.settings); err != nil {
			return err
		}
	}
	if p.pages != nil {
		return putJSON(ctx, meta, metaPages, p.pages)
	}
	return nil
}

// PutCollection creates a collection (ID "") or changes one to what c says; numbers and IDs that are missing are made. Denied unless
// who is a superuser, or a token with the right to manage it. The fields of a view follow from its query, which only superusers give.
// Views that a change concerns change with it; a change that one of them does not survive is refused. Problems are per field.
func (s *Service) PutCollection(ctx context.Context, who access.Principal, c *dossier.Collection) (*dossier.Collection, error) {
	s.schema.Lock()
	defer s.schema.Unlock()
	space := s.Space()
	old, exists := space.CollectionByID(c.ID)
	if c.ID == "" {
		exists = false
	}
	if !who.IsSuper() && !(exists && who.Has(old, access.RightManage)) {
		return nil, dossier.Errorf(dossier.Denied, "change collection %s: %w", c.Name, access.ErrLocked)
	}
	if c.Kind == dossier.View && !who.IsSuper() && c.Query != old.Query {
		return nil, dossier.Errorf(dossier.Denied, "change the query of %s: %w", c.Name, access.ErrLocked)
	}
	numbers, err := s.numbers(ctx)
	if err != nil {
		return nil, err
	}
	next := *c
	next.Fields = dossier.CloneFields(c.Fields)
	all := &dossier.Space{Application: space.Application, Settings: space.Settings}
	for _, o := range space.Collections {
		if !exists || o.ID != c.ID {
			all.Collections = append(all.Collections, o)
		}
	}
	all.Collections = append(all.Collections, &next)
	more, err := s.complete(ctx, all, []*dossier.Collection{&next}, numbers)
	if err != nil {
		return nil, err
	}
	next.Updated = s.Now()
	p := &plan{numbers: numbers, put: append([]*dossier.Collection{&next}, more...), said: []string{"changed"}}
	if err := s.carryOut(ctx, p); err != nil {
		return nil, err
	}
	made, _ := s.Space().CollectionByID(next.ID)
	return made, nil
}

// DeleteCollection removes a collection with its records and files. System collections, and ones that others refer to or that views
// read, are refused.
func (s *Service) DeleteCollection(ctx context.Context, who access.Principal, c *dossier.Collection) error {
	s.schema.Lock()
	defer s.schema.Unlock()
	if !who.IsSuper() && !who.Has(c, access.RightManage) {
		return dossier.Errorf(dossier.Denied, "delete collection %s: %w", c.Name, access.ErrLocked)
	}
	if c.System {
		return dossier.Errorf(dossier.Invalid, "the collection %s belongs to the system", c.Name)
	}
	for _, rel := range relationsTo(s.Space(), c) {
		if rel.of.ID != c.ID {
			return &dossier.Error{Kind: dossier.Invalid, Msg: "the field " + rel.field.Name + " of " + rel.of.Name + " refers to it",
				Problems: []dossier.Problem{{Path: rel.path(), Code: dossier.CodeTaken}}}
		}
	}
	numbers, err := s.numbers(ctx)
	if err != nil {
		return err
	}
	rest := *s.Space()
	rest.Collections = slices.DeleteFunc(slices.Clone(rest.Collections), func(o *dossier.Collection) bool { return o.ID == c.ID })
	more, err := s.complete(ctx, &rest, nil, numbers)
	if err != nil {
		return err
	}
	return s.carryOut(ctx, &plan{numbers: numbers, put: more, drop: []*dossier.Collection{c}, said: []string{"removed"}})
}
