package kintone

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"dossier"
	"dossier/access"
	"dossier/wire"
)

// previewKey is where a live app keeps the edits of its form that nobody has deployed yet, as JSON. A draft keeps none: it is
// changed itself.
const previewKey = "preview"

// An edit is one change of a form, as it was asked for. Edits are kept as they came and made again on the form as it is by
// then, so that a change through another front end is not undone.
type edit struct {
	Op     string         `json:"op"`
	Params map[string]any `json:"params"`
}

// The edits.
const (
	editAdd    = "add"    // properties
	editChange = "change" // properties
	editRemove = "remove" // fields
	editLayout = "layout" // layout
)

// pending are the edits of an app that wait for a deployment.
func pending(app *dossier.Collection) []edit {
	v, err := wire.ParseJSON([]byte(app.Extra[extraKey(previewKey)]))
	list, _ := v.([]any)
	if err != nil {
		return nil
	}
	edits := make([]edit, 0, len(list))
	for _, raw := range list {
		object, _ := raw.(map[string]any)
		op, _ := object["op"].(string)
		params, _ := object["params"].(map[string]any)
		edits = append(edits, edit{op, params})
	}
	return edits
}

// preview is the app as it would be after a deployment. Edits that have become impossible are left out.
func (c *call) preview(app *dossier.Collection) *dossier.Collection {
	next := app.Clone()
	setExtra(next, previewKey, "")
	for _, e := range pending(app) {
		if try := next.Clone(); c.apply(try, e) == nil {
			next = try
		}
	}
	return next
}

// apply makes the edit in next, which is the caller's to change.
func (c *call) apply(next *dossier.Collection, e edit) error {
	switch e.Op {
	case editAdd, editChange:
		given, _ := e.Params["properties"].(map[string]any)
		if e.Op == editAdd {
			return c.applyAdd(next, given)
		}
		return c.applyChange(next, given)
	case editRemove:
		codes, _ := e.Params["fields"].([]any)
		return applyRemove(next, codes)
	}
	rows, _ := e.Params["layout"].([]any)
	return applyLayout(formOf(next, c.who), rows)
}

// managed is the app with that number, which the caller must have the right to manage.
func (c *call) managed(number int64) (*dossier.Collection, error) {
	app, err := c.app(number)
	if err != nil {
		return nil, err
	}
	if !c.who.Has(app, access.RightManage) {
		return nil, fail(deniedTo(c.who))
	}
	return app, nil
}

// previewed is the app that "app" names, as it would be.
func (c *call) previewed() (*dossier.Collection, error) {
	number := c.id("app")
	if err := c.verdict(); err != nil {
		return nil, err
	}
	live, err := c.managed(number)
	if err != nil {
		return nil, err
	}
	return c.preview(live), nil
}

// previewFields answers GET preview/app/form/fields.json.
func (h *handler) previewFields(c *call) (any, error) {
	next, err := c.previewed()
	if err != nil {
		return nil, err
	}
	return fieldsBody(formOf(next, c.who), revisionOf(next)), nil
}

// previewLayout answers GET preview/app/form/layout.json.
func (h *handler) previewLayout(c *call) (any, error) {
	next, err := c.previewed()
	if err != nil {
		return nil, err
	}
	return layoutBody(formOf(next, c.who), revisionOf(next)), nil
}

// maxAppFields is how many fields an app has at most: "Kintone Limitations".
const maxAppFields = 500

// maxAppName is how many characters an app's name has at most: "Add Preview App".
const maxAppName = 64

// addApp answers POST preview/app.json: a draft, which nobody but its makers sees until it is deployed.
func (h *handler) addApp(c *call) (any, error) {
	name := c.str("name")
	if name == "" && len(c.wrong) == 0 {
		c.wrong.add("name", say(textParam))
	}
	if len([]rune(name)) > maxAppName {
		c.wrong.add("name", say(textTooLong, maxAppName+1))
	}
	if err := c.verdict(); err != nil {
		return nil, err
	}
	if c.who.Kind == access.KindToken {
		return nil, fail(codeTokenDenied)
	}
	if c.guestSpace != "" {
		return nil, fail(codeForbidden)
	}
	taken := map[string]bool{dossier.Superusers: true}
	for _, other := range c.space.Collections {
		taken[strings.ToLower(other.Name)] = true
	}
	app, err := h.svc.PutCollection(c.ctx(), c.who, &dossier.Collection{
		Name: freeName(name, "app", taken), Label: name, Kind: dossier.Base, Draft: true,
	})
	if err != nil {
		return nil, err
	}
	return map[string]any{"app": decimal(app.Number), "revision": decimal(revisionOf(app))}, nil
}

// freeName makes a name of the letters, digits and "_" of s that nothing in taken has, whatever the case.
func freeName(s, fallback string, taken map[string]bool) string {
	var b strings.Builder
	for _, r := range s {
		if r < 0x80 && (r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			b.WriteRune(r)
		}
	}
	name := b.String()
	if len(name) > 80 {
		name = name[:80]
	}
	if strings.Trim(name, "_0123456789") == "" || strings.Contains(name, "_via_") {
		name = fallback
	}
	if !dossier.ValidName(name) {
		name = fallback + "_" + name
	}
	free := name
	for n := 2; taken[strings.ToLower(free)]; n++ {
		free = fmt.Sprintf("%s_%d", name, n)
	}
	taken[strings.ToLower(free)] = true
	return free
}

// change makes an edit of an app's form: at once in a draft, otherwise it is kept for the deployment.
func (c *call) change(e edit) (any, error) {
	want, number := c.revisionOf("revision", c.params["revision"]), c.id("app")
	if err := c.verdict(); err != nil {
		return nil, err
	}
	c.h.forms.Lock()
	defer c.h.forms.Unlock()
	c.space = c.h.svc.Space()
	live, err := c.managed(number)
	if err != nil {
		return nil, err
	}
	if want != 0 && want != revisionOf(live) {
		return nil, fail(codeAppStale)
	}
	next := c.preview(live)
	if err := c.apply(next, e); err != nil {
		return nil, err
	}
	if !live.Draft {
		text, err := json.Marshal(append(pending(live), e))
		if err != nil {
			return nil, err
		}
		next = live.Clone()
		setExtra(next, previewKey, string(text))
	}
	made, err := c.putCollection(next)
	if err != nil {
		return nil, err
	}
	return map[string]any{"revision": decimal(revisionOf(made))}, nil
}

// putCollection is PutCollection, with its problems said of the form's properties.
func (c *call) putCollection(app *dossier.Collection) (*dossier.Collection, error) {
	made, err := c.h.svc.PutCollection(c.ctx(), c.who, app)
	if kind := dossier.KindOf(err); kind == dossier.Invalid || kind == dossier.Exists || kind == dossier.Unsupported {
		return nil, &fault{code: codeInput, inputs: wrongProperties(app, err), err: err}
	}
	return made, err
}

// wrongProperties names the fields of app that err is about, or all of the form where it is about none.
func wrongProperties(app *dossier.Collection, err error) inputs {
	in := inputs{}
	var e *dossier.Error
	if errors.As(err, &e) {
		for _, p := range e.Problems {
			if len(p.Path) < 2 {
				continue
			}
			if f, ok := app.Field(p.Path[1]); ok {
				in["properties["+f.Code+"]"] = []message{say(textInvalid)}
			}
		}
	}
	if len(in) == 0 {
		in["properties"] = []message{say(textInvalid)}
	}
	return in
}
