package pocketbase

import (
	"math/big"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"dossier"
	"dossier/access"
	"dossier/core"
)

// A sign is what a key of a body does to its field.
type sign int

// The signs: "f" sets, "f+" adds behind, "+f" adds before, "f-" takes away.
const (
	signSet sign = iota
	signAppend
	signPrepend
	signRemove
)

// splitKey is the field's name and the sign of a body's key.
func splitKey(key string) (string, sign) {
	if name, ok := strings.CutPrefix(key, "+"); ok {
		return name, signPrepend
	}
	if name, ok := strings.CutSuffix(key, "+"); ok {
		return name, signAppend
	}
	if name, ok := strings.CutSuffix(key, "-"); ok {
		return name, signRemove
	}
	return key, signSet
}

// sentNames are the keys of a body, and the names of the fields of c they are for. What is hidden from who sent it counts as not sent.
func (f *form) sentNames(c *dossier.Collection, super bool) map[string]bool {
	sent := map[string]bool{}
	note := func(key string) {
		name, _ := splitKey(key)
		if field, ok := c.Field(name); ok && field.Hidden && !super {
			return
		}
		sent[key], sent[name] = true, true
	}
	for key := range f.values {
		note(key)
	}
	for key := range f.files {
		note(key)
	}
	return sent
}

// An edit makes the change that a form asks of a record. It is made anew for every try of a transaction.
type edit struct {
	c        *dossier.Collection
	form     *form
	super    bool
	now      *dossier.Record // as it is; nil for a new one
	at       dossier.Instant // the moment of the write
	values   map[string]dossier.Value
	problems []dossier.Problem
}

// changeOf is the change of a record of c, now, that the form asks for, and what was wrong with it: the values that were
// are left out.
func changeOf(who access.Principal, c *dossier.Collection, f *form, now *dossier.Record, at dossier.Instant) (core.Change, []dossier.Problem) {
	e := &edit{c: c, form: f, super: who.IsSuper(), now: now, at: at, values: map[string]dossier.Value{}}
	for _, field := range c.Fields {
		switch {
		case typeOf(field) == typeAutodate:
			e.stamp(field)
		case field.Hidden && !e.super && f.made[field.Name] != "":
			e.values[field.Name] = f.made[field.Name]
		case field.Type == dossier.TypeAutoNumber || field.Hidden && !e.super:
		case field.IsFile():
			e.files(field)
		default:
			e.field(field)
		}
	}
	return core.Change{Values: e.values, Sent: f.sentNames(c, e.super), Aside: f.aside, FreeZero: true}, e.problems
}

func (e *edit) fault(code dossier.Code, params map[string]any, path ...string) {
	e.problems = append(e.problems, dossier.Problem{Path: path, Code: code, Params: params})
}

// current is what the field holds now.
func (e *edit) current(f *dossier.Field) dossier.Value {
	if e.now == nil {
		return nil
	}
	return e.now.Values[f.Name]
}

// field applies what the form says of a field without files.
func (e *edit) field(f *dossier.Field) {
	v := e.current(f)
	raw, touched := e.form.values[f.Name]
	if touched {
		var ok bool
		if v, ok = e.decode(f, raw, f.Name); !ok {
			return
		}
		v = unlessSentBack(e.current(f), raw, v)
	}
	for _, s := range []sign{signRemove, signAppend, signPrepend} {
		if raw, given := e.form.values[keyOf(f.Name, s)]; given && modifiable(f) {
			v, touched = modify(f, v, s, raw), true
		}
	}
	if text, ok := e.form.made[f.Name]; ok {
		v, touched = text, true
	}
	if !touched {
		return
	}
	if f.Required && isZero(v) {
		e.fault(dossier.CodeRequired, nil, f.Name)
	} else {
		e.check(f, v)
	}
	e.values[f.Name] = v
}

// unlessSentBack is v, read of raw; or the number kept, where raw is all that a client which keeps 64 bits of it can send back.
func unlessSentBack(kept dossier.Value, raw any, v dossier.Value) dossier.Value {
	_, number := raw.(jsonNumber)
	was, has := kept.(dossier.Number)
	if sent, ok := v.(dossier.Number); ok && number && has && was.SentBack(sent) {
		return was
	}
	return v
}

// stamp sets a field that notes when its record was made or changed, whatever the client says.
func (e *edit) stamp(f *dossier.Field) {
	option := "onUpdate"
	if e.now == nil {
		option = "onCreate"
	}
	if extraOf(f, option, false) == true {
		e.values[f.Name] = e.at
	}
}

// check holds v against the options that only this dialect knows.
func (e *edit) check(f *dossier.Field, v dossier.Value) {
	if isZero(v) {
		return
	}
	switch typeOf(f) {
	case typeRelation:
		least := toNumber(extraOf(f, "minSelect", nil))
		if n := strconv.Itoa(len(choices(v))); dossier.Number(n).Compare(least) < 0 {
			e.fault(codeTooFew, map[string]any{"min": least}, f.Name)
		}
	case typeEmail:
		_, domain, ok := strings.Cut(textOf(v), "@")
		if ok && !strings.Contains(domain, ".") {
			e.fault(dossier.CodeNotEmail, nil, f.Name)
		} else if ok && !allowedDomain(f, domain) {
			e.fault(codeEmailDomain, nil, f.Name)
		}
	case typeURL:
		if text := textOf(v); !webAddress(text) {
			e.fault(dossier.CodeNotURL, nil, f.Name)
		} else if u, err := url.Parse(text); err == nil && !allowedDomain(f, u.Hostname()) {
			e.fault(codeURLDomain, nil, f.Name)
		}
	case typeEditor:
		if most := sizeLimit(f, maxRichText); int64(len(textOf(v))) > most {
			e.fault(codeContentSize, map[string]any{"max": most}, f.Name)
		}
	case typeJSON:
		if text, ok := v.(dossier.JSON); ok && int64(len(text)) > sizeLimit(f, maxJSON) {
			e.fault(codeJSONSize, map[string]any{"max": sizeLimit(f, maxJSON)}, f.Name)
		}
	}
}

// maxURL is how many characters an address has at most. PocketBase v0.39 takes 2082 and not one more.
const maxURL = 2082

// schemes are those that a field of addresses knows here.
var schemes = []string{"http", "https", "ftp", "ws", "wss", "tcp", "udp"}

// webAddress reports whether text begins as an address does here: with a scheme that is known and "://", or with the name of a host. What
// has an @ has a user before it, whatever that looks like. core decides on the rest.
func webAddress(text string) bool {
	switch {
	case utf8.RuneCountInString(text) > maxURL:
		return false
	case strings.Contains(text, "@"):
		return true
	}
	scheme, _, found := strings.Cut(text, "://")
	if found {
		return slices.Contains(schemes, strings.ToLower(scheme))
	}
	u, err := url.Parse("http://" + text)
	return err == nil && u.Hostname() != "" && !strings.Contains(u.Hostname(), ":")
}

// allowedDomain reports whether a field takes that domain.
func allowedDomain(f *dossier.Field, domain string) bool {
	only, except := toList(extraOf(f, "onlyDomains", nil)), toList(extraOf(f, "exceptDomains", nil))
	same := func(d string) bool { return strings.EqualFold(d, domain) }
	return (len(only) == 0 || slices.ContainsFunc(only, same)) && !slices.ContainsFunc(except, same)
}

// keyOf is the key of a body that does s to the field name.
func keyOf(name string, s sign) string {
	switch s {
	case signAppend:
		return name + "+"
	case signPrepend:
		return "+" + name
	case signRemove:
		return name + "-"
	}
	return name
}

// modifiable reports whether signs mean something for a field without files.
func modifiable(f *dossier.Field) bool {
	return f.IsNumber() || f.HasElements()
}

// modify applies a sign to v, which f holds.
func modify(f *dossier.Field, v dossier.Value, s sign, raw any) dossier.Value {
	if f.IsNumber() {
		n, _ := v.(dossier.Number)
		switch s {
		case signAppend:
			return addNumbers(n, toNumber(raw), false)
		case signRemove:
			return addNumbers(n, toNumber(raw), true)
		}
		return v
	}
	have, given := choices(v), toList(raw)
	switch s {
	case signRemove:
		have = slices.DeleteFunc(have, func(x string) bool { return slices.Contains(given, x) })
	case signAppend:
		have = joined(have, given)
	case signPrepend:
		have = joined(given, have)
	}
	return toChoice(f, have)
}

// joined is a and b without repetitions; the first of equal elements stays.
func joined(a, b []string) []string { return dossier.Distinct(slices.Concat(a, b)) }

// addNumbers is a+b, or a-b, exactly.
func addNumbers(a, b dossier.Number, minus bool) dossier.Number {
	x, y := ratOf(a), ratOf(b)
	if minus {
		y.Neg(y)
	}
	decimals := max(decimalsOf(a), decimalsOf(b))
	sum, err := dossier.ParseNumber(x.Add(x, y).FloatString(decimals))
	if err != nil {
		return a
	}
	return dossier.Number(sum.Plain())
}

func ratOf(n dossier.Number) *big.Rat {
	if r, ok := new(big.Rat).SetString(string(n)); ok {
		return r
	}
	return new(big.Rat)
}

func decimalsOf(n dossier.Number) int {
	_, frac, _ := strings.Cut(string(n), ".")
	return len(frac)
}

// decode reads a value of a field without files; ok is false after a fault.
func (e *edit) decode(f *dossier.Field, raw any, path ...string) (v dossier.Value, ok bool) {
	if raw == nil {
		return nil, true
	}
	switch {
	case f.Type == dossier.TypeTable:
		return e.table(f, raw, path)
	case f.IsSecret():
		if secret, given := e.form.secrets[f.Name]; given {
			return secret, true
		}
		return nil, true
	}
	v, code := decodeValue(f, raw)
	if code != "" {
		e.fault(code, nil, path...)
	}
	return v, code == ""
}
