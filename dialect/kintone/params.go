package kintone

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"dossier"
	"dossier/access"
	"dossier/wire"
)

// A call is one request on its way: who asks, with which parameters, and what is wrong with them.
type call struct {
	h          *handler
	w          http.ResponseWriter
	r          *http.Request
	method     string // after X-HTTP-Method-Override
	guestSpace string // of the path, "" outside guest spaces
	who        access.Principal
	csrf       string         // what a write must carry; "" where nothing is asked for
	space      *dossier.Space // as it is for this request
	params     map[string]any // strings from a query string; JSON values from a body
	wrong      inputs
	misshapen  bool  // a parameter has a JSON kind that it cannot have
	made       *made // shared by the calls of a bulk request
}

func (c *call) ctx() context.Context { return c.r.Context() }

// requestTokenKey carries the request token of a session among the parameters. It is never one itself.
const requestTokenKey = "__REQUEST_TOKEN__"

// readParams reads the query string and the JSON body. Of a name in both the body's value counts.
func (c *call) readParams() error {
	c.params, c.wrong = map[string]any{}, inputs{}
	if err := c.readQuery(); err != nil {
		return err
	}
	if err := c.readBody(); err != nil {
		return err
	}
	if err := c.checkRequestToken(c.params[requestTokenKey]); err != nil {
		return err
	}
	delete(c.params, requestTokenKey)
	return nil
}

// readQuery collects ids[0]=1&ids[1]=2 into lists, each value at its index. An empty value counts as not given.
func (c *call) readQuery() error {
	lists := map[string][]any{}
	for _, pair := range wire.ParseQueryLenient(c.r.URL.RawQuery) {
		name, index, isList := strings.Cut(pair.Name, "[")
		if !isList {
			if pair.Value != "" {
				c.params[pair.Name] = pair.Value
			}
			continue
		}
		at, err := strconv.Atoi(strings.TrimSuffix(index, "]"))
		if err != nil || at < 0 || at > 99 || !strings.HasSuffix(index, "]") {
			return badInput(pair.Name, say(textIndex))
		}
		for at >= len(lists[name]) {
			lists[name] = append(lists[name], nil)
		}
		if pair.Value != "" {
			lists[name][at] = pair.Value
		}
	}
	for name, list := range lists {
		c.params[name] = list
	}
	return nil
}

func (c *call) readBody() error {
	if c.r.Body == nil || c.r.Body == http.NoBody || c.r.ContentLength == 0 {
		return nil
	}
	if t := wire.MediaType(c.r); t != "" && t != "application/json" && !strings.HasSuffix(t, "+json") {
		if c.r.Method == http.MethodGet || c.r.Method == http.MethodHead {
			return nil
		}
		return fail(codeIllegal)
	}
	v, err := wire.ReadJSON(c.r, maxBody)
	switch {
	case errors.Is(err, dossier.Invalid):
		return &fault{code: codeJSON, err: err}
	case err != nil:
		return err
	case v == nil:
		return nil
	}
	object, ok := v.(map[string]any)
	if !ok {
		return fail(codeJSON)
	}
	for name, value := range object {
		c.params[name] = value
	}
	return nil
}

// verdict is the fault of all parameters that were wrong, nil if none was.
func (c *call) verdict() error {
	if c.misshapen {
		return errKind
	}
	if len(c.wrong) == 0 {
		return nil
	}
	return &fault{code: codeInput, inputs: c.wrong}
}

// given is the parameter, nil where it is absent, null or empty.
func (c *call) given(name string) any {
	if v := c.params[name]; v != "" {
		return v
	}
	return nil
}

// id is the positive number that the parameter must be.
func (c *call) id(name string) int64 { return c.idOf(name, c.given(name)) }

// idOf is the positive number v; what is wrong is noted under key.
func (c *call) idOf(key string, v any) int64 {
	if v == nil || v == "" {
		c.wrong.add(key, say(textParam))
		return 0
	}
	n, ok := integer(v)
	switch {
	case !ok:
		c.notNumber(key, v)
	case n < 1:
		c.wrong.add(key, say(textAtLeast1))
	default:
		return n
	}
	return 0
}

// notNumber notes that v is none: a list, an object or a truth value cannot even be read as one.
func (c *call) notNumber(key string, v any) {
	switch v.(type) {
	case string, json.Number:
		c.wrong.add(key, say(textNumber))
	default:
		c.misshapen = true
	}
}

// integer is a JSON number or a text of digits, negative or not, within 64 bits.
func integer(v any) (int64, bool) {
	s := ""
	switch v := v.(type) {
	case string:
		s = v
	case json.Number:
		s = string(v)
	default:
		return 0, false
	}
	if s == "" || strings.HasPrefix(s, "+") || len(s) > 1 && s[0] == '0' || strings.HasPrefix(s, "-0") {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// number is an optional number within bounds, def where it is absent.
func (c *call) number(name string, def, low, high int64) int64 {
	v := c.given(name)
	if v == nil {
		return def
	}
	n, ok := integer(v)
	switch {
	case !ok:
		c.notNumber(name, v)
	case n < low || n > high:
		c.wrong.add(name, say(textRange, low, high))
	default:
		return n
	}
	return def
}

// str is an optional text.
func (c *call) str(name string) string {
	switch v := c.given(name).(type) {
	case nil:
	case string:
		return v
	case json.Number:
		return string(v)
	default:
		c.misshapen = true
	}
	return ""
}

// flag is an optional truth value.
func (c *call) flag(name string) bool {
	switch c.given(name) {
	case true, "true":
		return true
	}
	return false
}

// items is an optional list; a value alone is a list of one. absent is nil.
func (c *call) items(name string, most int) []any {
	v := c.given(name)
	if v == nil {
		return nil
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	if len(list) > most {
		c.wrong.add(name, say(textMaxItems, most))
		return nil
	}
	return list
}

// strs is an optional list of texts. What is not given in it is left out.
func (c *call) strs(name string, most int) []string {
	var out []string
	for _, v := range c.items(name, most) {
		switch v := v.(type) {
		case nil:
		case string:
			out = append(out, v)
		case json.Number:
			out = append(out, string(v))
		default:
			c.misshapen = true
		}
	}
	return out
}

// noRevision is a base that is no record's revision: a write with it is stale.
const noRevision = -1

// revisionOf reads a revision to check: absent, null, "" and -1 check nothing.
func (c *call) revisionOf(key string, v any) int64 {
	if v == nil || v == "" {
		return 0
	}
	n, ok := integer(v)
	switch {
	case !ok:
		c.notNumber(key, v)
		return 0
	case n == -1:
		return 0
	case n < 1:
		return noRevision
	}
	return n
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

// collection is the app that the parameter "app" names, if the path is its.
func (c *call) collection(number int64) (*dossier.Collection, error) {
	found, err := c.app(number)
	if err == nil && found.Draft {
		return nil, fail(codeNoApp, decimal(number))
	}
	return found, err
}

// app is collection, drafts included.
func (c *call) app(number int64) (*dossier.Collection, error) {
	found, ok := c.space.CollectionByNumber(number)
	if !ok || found.System || number < 1 {
		return nil, fail(codeNoApp, decimal(number))
	}
	if c.guestSpace != "" {
		return nil, fail(codeForbidden) // no app is in a guest space
	}
	return found, nil
}
