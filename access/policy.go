package access

import (
	"errors"

	"dossier"
	"dossier/query"
)

// Action is what a principal wants to do with records.
type Action string

// The actions. List asks for many records, View for one and its protected files.
const (
	List   Action = "list"
	View   Action = "view"
	Create Action = "create"
	Update Action = "update"
	Delete Action = "delete"
)

// Causes of a Denied error: which of the two it was is for errors.Is.
var (
	// ErrLocked: the collection is closed to the principal for that action, whatever the record.
	ErrLocked = errors.New("closed to this principal")
	// ErrRule: the rule does not let this record through, or there is no such record for the principal.
	ErrRule = errors.New("the rule does not hold")
	// ErrPlace: superusers may not act from this address. It is the cause of an Unauthenticated error.
	ErrPlace = errors.New("not from this address")
)

// A Question is what a rule is compiled for: who asks, and what a write would put.
type Question struct {
	Principal Principal
	Action    Action
	// Body holds, by field name, the values a create or update would leave in the fields it touches. nil for reads.
	Body map[string]dossier.Value
	// Account is what the record's account would be, nil where it is not touched.
	Account *dossier.Account
	// Sent names what the caller gave, unknown names and the account's included. nil for reads.
	Sent map[string]bool
	// Aside holds what the caller gave under names that the collection does not have. nil for reads.
	Aside map[string]dossier.JSON
	// Current is the stored record of an update or delete, nil otherwise.
	Current *dossier.Record
}

// A Language reads rules. An empty text never reaches it.
type Language interface {
	// Rule turns the text of a rule of c into a filter that holds of exactly the records the rule lets through, for one
	// question. A text that is no rule is dossier.Invalid.
	Rule(space *dossier.Space, c *dossier.Collection, text string, q Question) (query.Filter, error)
}

// A Policy decides with the rules of a language.
type Policy struct{ Language Language }

// Locked is a Denied error caused by ErrLocked if c is closed to the question's principal for that action, whatever the record.
func (p Policy) Locked(c *dossier.Collection, q Question) error {
	who := q.Principal
	switch {
	case who.IsSuper(), who.Kind == KindKey && !c.System:
		return nil
	case who.Kind == KindToken && who.Has(c, rightFor(q.Action)):
		return nil
	case who.Kind == KindToken, who.Kind == KindKey, ruleFor(c, q.Action) == nil:
		return dossier.Errorf(dossier.Denied, "%s %s as %s: %w", q.Action, c.Name, who.Kind, ErrLocked)
	}
	return nil
}

// Filter says which records of c the question's principal may act on: nil for all, a filter, or the error of Locked.
func (p Policy) Filter(space *dossier.Space, c *dossier.Collection, q Question) (query.Filter, error) {
	if err := p.Locked(c, q); err != nil {
		return nil, err
	}
	switch q.Principal.Kind {
	case KindSuperuser, KindSystem, KindKey, KindToken:
		return nil, nil
	}
	rule := ruleFor(c, q.Action)
	if *rule == "" {
		return nil, nil
	}
	return p.rule(space, c, string(q.Action), *rule, q)
}

// rule is the filter that a text is; one that is none is Internal, for texts are checked before they are kept.
func (p Policy) rule(space *dossier.Space, c *dossier.Collection, name, text string, q Question) (query.Filter, error) {
	f, err := p.Language.Rule(space, c, text, q)
	if err != nil {
		return nil, dossier.Errorf(dossier.Internal, "%s rule of %s: %w", name, c.Name, err)
	}
	return f, nil
}

// SignIn says which records of the auth collection c asker may sign in as, whose password is right: nil for all, a filter, or a Denied
// error caused by ErrLocked for none. A superuser may sign in as anybody.
func (p Policy) SignIn(space *dossier.Space, c *dossier.Collection, asker Principal) (query.Filter, error) {
	gate := c.SigningIn()
	switch {
	case asker.IsSuper(), c.Name == dossier.Superusers:
		return nil, nil
	case gate.Closed:
		return nil, dossier.Errorf(dossier.Denied, "sign in to %s: %w", c.Name, ErrLocked)
	case gate.Rule == "":
		return nil, nil
	}
	return p.rule(space, c, "sign-in", gate.Rule, Question{Principal: asker, Action: View})
}

// Manage says which accounts of c the question's principal may change at will, and see the emails of: nil for all, or a filter.
func (p Policy) Manage(space *dossier.Space, c *dossier.Collection, q Question) (query.Filter, error) {
	switch who := q.Principal; {
	case who.IsSuper(), who.Kind == KindKey:
		return nil, nil
	case who.Kind != KindUser, c.Kind != dossier.Auth, c.Rules.Manage == nil, *c.Rules.Manage == "":
		return query.Const(false), nil
	}
	return p.rule(space, c, "manage", *c.Rules.Manage, q)
}

// Refused is the error for a record that a rule does not let through.
func Refused(c *dossier.Collection, a Action) error {
	return dossier.Errorf(dossier.Denied, "%s %s: %w", a, c.Name, ErrRule)
}

func rightFor(a Action) Right {
	switch a {
	case Create:
		return RightAdd
	case Update:
		return RightEdit
	case Delete:
		return RightDelete
	}
	return RightView
}

func ruleFor(c *dossier.Collection, a Action) *string {
	switch a {
	case List:
		return c.Rules.List
	case View:
		return c.Rules.View
	case Create:
		return c.Rules.Create
	case Update:
		return c.Rules.Update
	case Delete:
		return c.Rules.Delete
	}
	return nil
}
