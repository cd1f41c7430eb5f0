package core

import (
	"context"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"dossier"
	"dossier/store"
	"dossier/thumb"
)

// numbers gives out collection and field numbers; none comes twice, even after a removal.
type numbers struct{ collection, field int64 }

// numbers continues where the space's last change left off.
func (s *Service) numbers(ctx context.Context) (*numbers, error) {
	n := &numbers{}
	err := s.store.View(ctx, func(tx store.Tx) (err error) {
		if n.collection, err = metaInt(ctx, tx.Meta(), metaLastColl); err != nil {
			return err
		}
		n.field, err = metaInt(ctx, tx.Meta(), metaLastField)
		return err
	})
	return n, err
}

// complete fills in what the definitions of some collections of space leave open, and checks them: all problems are in one
// Invalid error. more are the views that change with them.
func (s *Service) complete(ctx context.Context, space *dossier.Space, some []*dossier.Collection, n *numbers) (more []*dossier.Collection, err error) {
	k := &completion{s: s, space: space, n: n}
	for _, c := range space.Collections {
		n.collection = max(n.collection, c.Number)
		eachField(c.Fields, func(f *dossier.Field) { n.field = max(n.field, f.Number) })
	}
	for _, c := range some {
		if c.Kind == dossier.View {
			c.Fields = nil // they follow from the query
		}
		if err := k.identify(c); err != nil {
			return nil, err
		}
		if err := k.rekey(c); err != nil {
			return nil, err
		}
	}
	for _, c := range some { // only now does every collection have the ID that relations refer to
		eachField(c.Fields, k.defaults)
	}
	if more, err = k.views(ctx, some); err != nil {
		return nil, err
	}
	k.duplicates()
	some = append(slices.Clone(some), more...)
	for _, c := range some {
		k.collection(c)
		k.indexes(c)
		k.logins(c)
	}
	k.indexNames()
	for _, c := range some {
		k.rules(c)
	}
	if len(k.problems) > 0 {
		e := dossier.Invalidate(k.problems...)
		e.Msg = strings.Join(k.said, "; ")
		return nil, e
	}
	return more, nil
}

func eachField(fields []*dossier.Field, fn func(*dossier.Field)) {
	for _, f := range fields {
		fn(f)
		eachField(f.Fields, fn)
	}
}

// completion is a check of definitions under way.
type completion struct {
	s        *Service
	space    *dossier.Space
	n        *numbers
	problems []dossier.Problem
	said     []string
}

func (k *completion) fault(code dossier.Code, say string, path ...string) {
	k.problems = append(k.problems, dossier.Problem{Path: path, Code: code})
	k.said = append(k.said, strings.Join(path, ".")+": "+say)
}

// identify gives a collection and its fields the IDs and numbers they do not have yet.
func (k *completion) identify(c *dossier.Collection) (err error) {
	if c.ID == "" {
		if c.ID, err = dossier.NewID(k.s.random); err != nil {
			return err
		}
	}
	if c.Number == 0 {
		k.n.collection++
		c.Number = k.n.collection
	}
	if c.Created.IsZero() {
		c.Created = k.s.Now()
		c.Updated = c.Created
	}
	if c.Kind == "" {
		c.Kind = dossier.Base
	}
	if c.Label == "" {
		c.Label = c.Name
	}
	eachField(c.Fields, func(f *dossier.Field) {
		if f.ID == "" && err == nil {
			f.ID, err = dossier.NewID(k.s.random)
		}
		if f.Number == 0 {
			k.n.field++
			f.Number = k.n.field
		}
	})
	return err
}

// rekey ends what people have signed in to where a change lets in others than before.
func (k *completion) rekey(c *dossier.Collection) error {
	old, ok := k.s.Space().CollectionByID(c.ID)
	if !ok || old.SigningIn().SameGate(c.SigningIn()) {
		return nil
	}
	gate := c.SigningIn()
	gate.Salts = maps.Clone(gate.Salts)
	if gate.Salts == nil {
		gate.Salts = map[dossier.TokenKind]string{}
	}
	for _, kind := range []dossier.TokenKind{dossier.TokenSession, dossier.TokenFile} {
		salt, err := dossier.NewFileID(k.s.random)
		if err != nil {
			return err
		}
		gate.Salts[kind] = string(salt)
	}
	c.SignIn = &gate
	return nil
}

// logins completes what a login may be: names of fields become their IDs, and a field that is gone is none any more. The others have to
// be unique.
func (k *completion) logins(c *dossier.Collection) {
	gate := c.SigningIn()
	if gate.Logins == nil {
		return
	}
	var kept []dossier.ColumnRef
	for _, ref := range gate.Logins {
		if !refer(c, &ref) || slices.Contains(kept, ref) {
			continue
		}
		kept = append(kept, ref)
		if ref == dossier.LoginEmail {
			continue
		}
		name, own := ref.Meta, false
		if f, ok := c.FieldByID(ref.Field); ok {
			name = f.Name
			_, own = c.OwnIndex(f)
		}
		if !own {
			k.fault(dossier.CodeInvalid, "a login is the email or a unique field", c.Name, "sign_in", name)
		}
	}
	if slices.Equal(kept, []dossier.ColumnRef{dossier.LoginEmail}) {
		kept = nil
	}
	gate.Logins = kept
	c.SignIn = &gate
}

// defaults fills in what a field's definition leaves open.
func (k *completion) defaults(f *dossier.Field) {
	if f.Code == "" {
		f.Code = f.Name
	}
	if f.Label == "" {
		f.Label = f.Name
	}
	if f.Type == dossier.TypeSelect {
		many := f.Widget == dossier.WidgetCheckbox || f.Widget == dossier.WidgetMulti
		switch {
		case many && f.MaxSelect < 2:
			f.MaxSelect = max(2, len(f.Options))
		case f.Widget == "" && f.MaxSelect > 1:
			f.Widget = dossier.WidgetMulti
		case f.Widget == "":
			f.Widget = dossier.WidgetDropdown
		}
	}
	if f.Type == dossier.TypeUser && f.Collection == "" {
		f.Collection = DefaultUsers
	}
	if f.IsRelation() {
		if c, ok := k.space.Collection(string(f.Collection)); ok {
			f.Collection = c.ID
		}
	}
}

// duplicates finds numbers and names that stand twice in the space.
func (k *completion) duplicates() {
	names, numbers, fields := map[string]bool{}, map[int64]bool{}, map[int64]bool{}
	for _, c := range k.space.Collections {
		name := strings.ToLower(c.Name)
		if names[name] {
			k.fault(dossier.CodeTaken, "two collections have this name", c.Name)
		}
		if numbers[c.Number] {
			k.fault(dossier.CodeTaken, "two collections have the number "+strconv.FormatInt(c.Number, 10), c.Name)
		}
		names[name], numbers[c.Number] = true, true
		eachField(c.Fields, func(f *dossier.Field) {
			if fields[f.Number] {
				k.fault(dossier.CodeTaken, "two fields have the number "+strconv.FormatInt(f.Number, 10), c.Name, f.Name)
			}
			fields[f.Number] = true
		})
	}
}

// reserved are names that a field cannot have, because something of every record has them.
var reserved = []string{"id", "expand", "collectionid", "collectionname", "null", "true", "false", "_rowid_"}

func (k *completion) collection(c *dossier.Collection) {
	if !c.System && (!dossier.ValidName(c.Name) || strings.Contains(c.Name, "_via_")) {
		k.fault(dossier.CodeInvalid, "a name is made of letters, digits and _, begins with no digit and has no _via_", c.Name)
	}
	switch c.Kind {
	case dossier.Base, dossier.Auth, dossier.View:
	default:
		k.fault(dossier.CodeInvalid, "the kind is base, auth or view", c.Name)
	}
	if c.Kind != dossier.View && c.Query != "" {
		k.fault(dossier.CodeInvalid, "only a view has a query", c.Name, "query")
	}
	if c.Kind != dossier.Auth && (c.SignIn != nil || c.Rules.Manage != nil) {
		k.fault(dossier.CodeInvalid, "only a collection of the kind auth says who signs in and who manages accounts", c.Name, "sign_in")
	}
	if c.Rules.Manage != nil && strings.TrimSpace(*c.Rules.Manage) == "" {
		k.fault(dossier.CodeRequired, "not everybody manages accounts", c.Name, "rules", "manage")
	}
	if c.Identifier != "" {
		if f, ok := c.Field(c.Identifier); !ok || f.IsSecret() {
			k.fault(dossier.CodeUnknown, "identifier names no field, or a password", c.Name, "identifier")
		}
	}
	k.fields(c.Fields, c.Kind == dossier.Auth, false, c.Name)
}

// accountNames are names that a field of an auth collection cannot have.
var accountNames = []string{"email", "emailvisibility", "verified", "password", "tokenkey"}

func (k *completion) fields(fields []*dossier.Field, auth, inTable bool, path ...string) {
	names, codes := map[string]bool{}, map[string]bool{}
	for _, f := range fields {
		at := append(slices.Clone(path), f.Name)
		name := strings.ToLower(f.Name)
		if !dossier.ValidName(f.Name) || strings.Contains(f.Name, "_via_") || slices.Contains(reserved, name) || auth && slices.Contains(accountNames, name) {
			k.fault(dossier.CodeInvalid, "not a name for a field: letters, digits and _, no digit first, none that every record has", at...)
		}
		if names[name] || codes[f.Code] {
			k.fault(dossier.CodeTaken, "two fields have this name or code", at...)
		}
		names[name], codes[f.Code] = true, true
		k.field(f, inTable, at)
	}
}

func (k *completion) field(f *dossier.Field, inTable bool, at []string) {
	if !slices.Contains(dossier.FieldTypes, f.Type) {
		k.fault(dossier.CodeInvalid, "no field type "+strconv.Quote(string(f.Type)), at...)
		return
	}
	switch {
	case f.Type == dossier.TypeTable && inTable:
		k.fault(dossier.CodeInvalid, "a table holds no table", at...)
	case f.Type == dossier.TypeTable && len(f.Fields) == 0:
		k.fault(dossier.CodeRequired, "a table has fields", at...)
	case f.Type != dossier.TypeTable && len(f.Fields) > 0:
		k.fault(dossier.CodeInvalid, "only a table has fields", at...)
	}
	if f.IsSecret() {
		k.secret(f, inTable, at)
	}
	k.options(f, at)
	k.bounds(f, at)
	k.fields(f.Fields, false, true, at...)
}

// secret refuses what cannot be of a value that nobody reads.
func (k *completion) secret(f *dossier.Field, inTable bool, at []string) {
	switch {
	case inTable:
		k.fault(dossier.CodeInvalid, "a table holds no password", at...)
	case f.Unique || f.Indexed:
		k.fault(dossier.CodeInvalid, "a password is neither unique nor indexed", at...)
	case f.Default != nil:
		k.fault(dossier.CodeInvalid, "a password has no default", at...)
	}
}

// options checks the options of selects, relations, files and texts.
func (k *completion) options(f *dossier.Field, at []string) {
	if f.Type == dossier.TypeSelect {
		seen := map[string]bool{}
		for _, o := range f.Options {
			if o == "" || seen[o] {
				k.fault(dossier.CodeTaken, "options are different and not empty", at...)
			}
			seen[o] = true
		}
	}
	if f.IsRelation() {
		if to, ok := k.space.CollectionByID(f.Collection); !ok {
			k.fault(dossier.CodeUnknown, "its collection is none of "+ownerNames(k.space), at...)
		} else if to.Kind == dossier.View {
			k.fault(dossier.CodeInvalid, "a relation leads to records, not to a view of them", at...)
		}
	}
	for _, t := range f.Thumbs {
		if _, err := thumb.Parse(t); err != nil && !oversize(err) {
			k.fault(dossier.CodeInvalid, "thumbs: "+strconv.Quote(t)+" is no size of a thumbnail: want one such as 100x100, 0x300, 300x0 or 120x80t", at...)
		}
	}
	if f.Pattern != "" {
		if _, err := regexp.Compile(f.Pattern); err != nil {
			k.fault(dossier.CodeInvalid, "pattern "+strconv.Quote(f.Pattern)+": "+err.Error(), at...)
		}
	}
	if f.MaxSelect < 0 || f.MaxSize < 0 {
		k.fault(dossier.CodeTooSmall, "max_select and max_size are not negative", at...)
	}
	if f.Default != nil && dossier.Fits(f, f.Default) != nil {
		k.fault(dossier.CodeInvalid, "the default does not fit the type", at...)
	}
}

// oversize reports whether a size of thumbnails was refused for being too large alone. A field may have it: no picture is made in it, and
// the file is served as it is, as with any thumbnail that cannot be made.
func oversize(err error) bool {
	var e *dossier.Error
	return errors.As(err, &e) && len(e.Problems) == 1 && e.Problems[0].Code == dossier.CodeTooBig
}

// bounds checks min and max.
func (k *completion) bounds(f *dossier.Field, at []string) {
	for _, bound := range []string{f.Min, f.Max} {
		if bound == "" {
			continue
		}
		var err error
		switch f.Type {
		case dossier.TypeNumber, dossier.TypeRating:
			_, err = dossier.ParseNumber(bound)
		case dossier.TypeDate:
			_, err = dossier.ParseDate(bound)
		case dossier.TypeTime:
			_, err = dossier.ParseClock(bound)
		case dossier.TypeDateTime:
			_, err = time.Parse("2006-01-02T15:04:05.000Z", bound)
		default:
			_, err = strconv.Atoi(bound)
		}
		if err != nil {
			k.fault(dossier.CodeInvalid, "min and max are values of the field, or characters of a text", at...)
			return
		}
	}
	if f.Min != "" && f.Max != "" && moreThan(f, f.Min, f.Max) {
		k.fault(dossier.CodeInvalid, "no value is from "+f.Min+" to "+f.Max, at...)
	}
}

// moreThan reports whether the bound a of f is above the bound b.
func moreThan(f *dossier.Field, a, b string) bool {
	switch f.Type {
	case dossier.TypeDate, dossier.TypeTime, dossier.TypeDateTime:
		return a > b // in these forms the order of texts is that of time
	}
	x, err1 := dossier.ParseNumber(a)
	y, err2 := dossier.ParseNumber(b)
	return err1 == nil && err2 == nil && x.Compare(y) > 0
}

// A ruleChecker is a rule language that can tell whether a text is a rule.
type ruleChecker interface {
	CheckRule(space *dossier.Space, c *dossier.Collection, text string) error
}

// rules checks the rules of a collection, if the language can.
func (k *completion) rules(c *dossier.Collection) {
	language, ok := k.s.policy.Language.(ruleChecker)
	if !ok {
		return
	}
	gate := c.SigningIn()
	for name, rule := range map[string]*string{"list": c.Rules.List, "view": c.Rules.View, "create": c.Rules.Create, "update": c.Rules.Update,
		"delete": c.Rules.Delete, "manage": c.Rules.Manage, "sign_in": &gate.Rule} {
		if rule == nil || *rule == "" {
			continue
		}
		if err := language.CheckRule(k.space, c, *rule); err != nil {
			k.fault(dossier.CodeInvalid, err.Error(), c.Name, "rules", name)
		}
	}
}
