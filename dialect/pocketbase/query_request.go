package pocketbase

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"dossier"
	"dossier/access"
	"dossier/query"
)

// requestPath is @request.…: what is known of the request is a constant, the relations that it names are joins.
func (l *lowerer) requestPath(names []string, mod modifier) (ref, error) {
	r, err := l.requested(names, mod)
	r.value.told = r.fixed
	return r, err
}

func (l *lowerer) requested(names []string, mod modifier) (ref, error) {
	if len(names) == 0 {
		return ref{}, invalid("@request wants a name: @request.auth.id")
	}
	request := l.ask.Principal.Request
	rest := strings.Join(names[1:], ".")
	switch names[0] {
	case "auth":
		if rest != "" {
			return l.authPath(names[1:], mod)
		}
	case "body":
		if rest != "" {
			return l.bodyPath(names[1:], mod)
		}
	case "query":
		return sent(request.Query, rest, mod), nil
	case "headers":
		return sent(request.Headers, rest, mod), nil
	case "method":
		return modified(textLiteral(request.Method), mod), nil
	case "context":
		if request.Context == "" {
			return modified(textLiteral("default"), mod), nil
		}
		return modified(textLiteral(request.Context), mod), nil
	}
	return ref{}, invalid("unknown name @request.%s", strings.Join(names, "."))
}

// sent is a query parameter or header.
func sent(values map[string]string, name string, mod modifier) ref {
	v, ok := values[name]
	switch {
	case mod == modIsset:
		return fixedRef(boolLiteral(ok))
	case !ok:
		return modified(null, mod)
	}
	return modified(textLiteral(v), mod)
}

// modified is a constant that is no list.
func modified(v literal, mod modifier) ref {
	if mod == modLower && v.kind == isText {
		v.text = query.FoldText(v.text, query.ASCII)
	}
	return fixedRef(v)
}

// authPath is a value of the record that asks, null where nobody known does.
func (l *lowerer) authPath(names []string, mod modifier) (ref, error) {
	who := l.ask.Principal
	if who.Record == nil || who.Collection == nil {
		return l.nothing(mod), nil
	}
	if f, ok := who.Collection.Field(names[0]); ok {
		if f.IsSecret() {
			return ref{}, l.visible(f)
		}
		return l.known(known{"@request.auth", f, who.Record.Values[f.Name], true}, names[1:], mod)
	}
	if len(names) == 1 {
		return modified(authMeta(who, names[0]), mod), nil
	}
	from, field, err := l.referring(who.Collection, names[0])
	if err != nil { // other auth collections may have what this one has not
		return l.nothing(mod), nil
	}
	return l.authBack(from, field, names, mod)
}

// nothing is a name of @request that has no value.
func (l *lowerer) nothing(mod modifier) ref {
	switch mod {
	case modIsset, modChanged:
		return fixedRef(boolLiteral(false))
	case modLength:
		return fixedRef(numberLiteral("0"))
	}
	return fixedRef(null)
}

func authMeta(who access.Principal, name string) literal {
	r := who.Record
	switch name {
	case "id":
		return textLiteral(string(r.ID))
	case "collectionId":
		return textLiteral(collectionID(who.Collection))
	case "collectionName":
		return textLiteral(who.Collection.Name)
	case "created":
		return moment(r.Created)
	case "updated":
		return moment(r.Updated)
	}
	return accountMeta(r.Account, name)
}

func accountMeta(a *dossier.Account, name string) literal {
	if a == nil {
		return null
	}
	switch name {
	case "email":
		return textLiteral(a.Email)
	case "emailVisibility":
		return boolLiteral(a.EmailVisible)
	case "verified":
		return boolLiteral(a.Verified)
	}
	return null
}

// authBack joins the records of from whose field refers to the record that asks.
func (l *lowerer) authBack(from *dossier.Collection, field *dossier.Field, names []string, mod modifier) (ref, error) {
	id := query.Literal{Value: dossier.Text(l.ask.Principal.ID)}
	refers := query.Filter(query.Compare{Left: query.Col(field.Name), Op: query.Eq, Right: id})
	if field.Multiple() {
		refers = query.Some{Over: query.Col(field.Name), Where: query.Compare{Left: query.Element{}, Op: query.Eq, Right: id}}
	}
	guard, err := l.guard(from)
	if err != nil {
		return ref{}, err
	}
	w := l.walkFrom(from, "@request.auth")
	w.hop(hop{over: query.All{Collection: from.Name}, to: from, guard: and(refers, orTrue(guard)), multi: !hasOwnIndex(from, field) || field.Multiple()}, names[0])
	return w.walk(names[1:], mod)
}

// known is the value of a field that the request tells.
type known struct {
	under string // @request.auth or @request.body
	field *dossier.Field
	value dossier.Value
	given bool // false: there is no value, not even an empty one
}

// known is the value k, or what rest names inside it.
func (l *lowerer) known(k known, rest []string, mod modifier) (ref, error) {
	f := k.field
	switch {
	case len(rest) > 0 && f.IsRelation():
		return l.knownRelation(k, rest, mod)
	case len(rest) > 0 && f.IsFile():
		return fixedRef(l.uploaded(k, rest)), nil
	case len(rest) > 0:
		return modified(jsonPath(k.value, rest), mod), nil
	}
	many := f.IsFile() || f.IsRelation() || f.Type == dossier.TypeSelect
	if !k.given && !(many && mod == modEach) {
		return l.nothing(mod), nil
	}
	switch {
	case mod == modLength && many:
		return fixedRef(numberLiteral(dossier.Number(strconv.Itoa(len(elementsOf(k.value)))))), nil
	case mod == modEach && many:
		r := ref{fixed: true, each: true, lone: !f.Multiple()}
		for _, s := range elementsOf(k.value) {
			r.list = append(r.list, textLiteral(s))
		}
		if k.given && r.lone && len(r.list) == 0 {
			r.list = []literal{textLiteral("")}
		}
		return r, nil
	}
	return modified(valueLiteral(f, k.value), mod), nil
}

// knownRelation joins the records that the value refers to.
func (l *lowerer) knownRelation(k known, rest []string, mod modifier) (ref, error) {
	to, ok := l.space.CollectionByID(k.field.Collection)
	if !ok {
		return ref{}, invalid("the relation %s leads to no collection", k.field.Name)
	}
	guard, err := l.guard(to)
	if err != nil {
		return ref{}, err
	}
	in := query.In{Of: query.Meta(query.ID)}
	for _, id := range elementsOf(k.value) {
		in.Values = append(in.Values, dossier.Text(id))
	}
	w := l.walkFrom(to, k.under)
	w.hop(hop{over: query.All{Collection: to.Name}, to: to, guard: and(in, orTrue(guard)), multi: k.field.Multiple()}, k.field.Name)
	return w.walk(rest, mod)
}

func orTrue(f query.Filter) query.Filter {
	if f == nil {
		return query.Const(true)
	}
	return f
}

// bodyPath is a value that a write gives.
func (l *lowerer) bodyPath(names []string, mod modifier) (ref, error) {
	name := names[0]
	if mod == modIsset {
		return fixedRef(boolLiteral(l.ask.Sent[name])), nil
	}
	f, ok := l.base.Field(name)
	if !ok && mod == modChanged && l.strict && !hasMeta(l.base, name) {
		return ref{}, unknownName(l.base, name)
	}
	if doc, aside := l.ask.Aside[name]; !ok && aside && mod != modChanged {
		return modified(jsonPath(doc, names[1:]), mod), nil
	}
	if !ok {
		if l.base.Kind == dossier.Auth && len(names) == 1 && mod != modChanged && l.ask.Sent[name] {
			return modified(accountMeta(l.ask.Account, name), mod), nil
		}
		return l.bodyAccount(name, mod), nil
	}
	v, given := l.ask.Body[name]
	if f.IsSecret() && mod != modChanged {
		return ref{}, l.visible(f)
	}
	if mod == modChanged {
		if f.IsSecret() {
			return fixedRef(boolLiteral(given)), nil // even the same one is hashed anew
		}
		if l.ask.Current == nil { // of a new record files alone are other than what it holds: they have no names yet
			return fixedRef(boolLiteral(f.IsFile() && !isZero(v))), nil
		}
		now := l.ask.Current.Values[name]
		return fixedRef(boolLiteral(given && foldTest(valueLiteral(f, v), "!=", valueLiteral(f, now)))), nil
	}
	return l.known(known{"@request.body", f, v, given}, names[1:], mod)
}

// hasMeta reports whether records of c have, beside its fields, what a body can name so.
func hasMeta(c *dossier.Collection, name string) bool {
	if m, ok := metaKinds[name]; ok {
		return !m.auth || c.Kind == dossier.Auth
	}
	return c.Kind == dossier.Auth && (name == keyPassword || name == "tokenKey")
}

// bodyAccount is what a write says of the account, or of a name that the collection does not have.
func (l *lowerer) bodyAccount(name string, mod modifier) ref {
	now := l.ask.Current
	if mod != modChanged || now == nil || now.Account == nil || l.ask.Account == nil {
		return l.nothing(mod)
	}
	was, is := accountMeta(now.Account, name), accountMeta(l.ask.Account, name)
	return fixedRef(boolLiteral(l.ask.Sent[name] && foldTest(was, "!=", is)))
}

// uploaded is what a rule may look at of a single file that the write brings.
func (l *lowerer) uploaded(k known, names []string) literal {
	files, _ := k.value.(dossier.Files)
	if len(files) != 1 || len(names) != 1 {
		return null
	}
	up := files[0]
	held := func(f *dossier.File) bool { return f.ID == up.ID }
	if now := l.ask.Current; now != nil && slices.ContainsFunc(now.Files(k.field.Name), held) {
		return null
	}
	switch names[0] {
	case "name":
		return textLiteral(up.Slug)
	case "originalName":
		return textLiteral(up.Name)
	case "size":
		return numberLiteral(dossier.Number(strconv.FormatInt(up.Size, 10)))
	}
	return null
}

// jsonPath is what names lead to inside a document: object keys and list indices.
func jsonPath(v dossier.Value, names []string) literal {
	doc, ok := v.(dossier.JSON)
	if !ok {
		return null
	}
	at := json.RawMessage(doc)
	for _, name := range names {
		var object map[string]json.RawMessage
		var list []json.RawMessage
		i, err := strconv.Atoi(name)
		switch {
		case json.Unmarshal(at, &object) == nil:
			at = object[name]
		case json.Unmarshal(at, &list) == nil && err == nil && i >= 0 && i < len(list):
			at = list[i]
		default:
			return null
		}
	}
	return jsonLiteral(dossier.JSON(at))
}
