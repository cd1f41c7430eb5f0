package kintone

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"dossier"
	"dossier/access"
)

// previews are the changes of live apps that nobody has deployed yet. A draft app needs none: it is changed where it is kept.
// They do not outlive the process; what is deployed does.
type previews struct {
	mu sync.Mutex
	by map[dossier.ID]*preview
}

// A preview is an app as it would be after a deployment.
type preview struct {
	app      *dossier.Collection
	revision int64
}

// get is the app as it would be, and its revision.
func (p *previews) get(app *dossier.Collection) (*dossier.Collection, int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if v := p.by[app.ID]; v != nil {
		return v.app, v.revision
	}
	return app, revisionOf(app)
}

func (p *previews) put(app *dossier.Collection, revision int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.by == nil {
		p.by = map[dossier.ID]*preview{}
	}
	p.by[app.ID] = &preview{app, revision}
}

func (p *previews) drop(app dossier.ID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.by, app)
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

// previewed is the app that "app" names, as it is now and as it would be.
func (c *call) previewed() (live, next *dossier.Collection, revision int64, err error) {
	number := c.id("app")
	if err := c.verdict(); err != nil {
		return nil, nil, 0, err
	}
	if live, err = c.managed(number); err != nil {
		return nil, nil, 0, err
	}
	next, revision = c.h.previews.get(live)
	return live, next, revision, nil
}

// previewFields answers GET preview/app/form/fields.json.
func (h *handler) previewFields(c *call) (any, error) {
	_, next, revision, err := c.previewed()
	if err != nil {
		return nil, err
	}
	return fieldsBody(formOf(next, c.who), revision), nil
}

// previewLayout answers GET preview/app/form/layout.json.
func (h *handler) previewLayout(c *call) (any, error) {
	_, next, revision, err := c.previewed()
	if err != nil {
		return nil, err
	}
	return layoutBody(formOf(next, c.who), revision), nil
}

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

// change makes a change of an app's form: at once in a draft, otherwise in the preview.
func (c *call) change(edit func(next *dossier.Collection) error) (any, error) {
	want := c.revisionOf("revision", c.params["revision"])
	live, next, revision, err := c.previewed()
	if err != nil {
		return nil, err
	}
	if want != 0 && want != revision {
		return nil, fail(codeAppStale)
	}
	next = cloneCollection(next)
	if err := edit(next); err != nil {
		return nil, err
	}
	if !live.Draft {
		c.h.previews.put(next, revision+1)
		return map[string]any{"revision": decimal(revision + 1)}, nil
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
		return nil, &fault{code: codeInput, inputs: inputs{"properties": {say(textInvalid)}}, err: err}
	}
	return made, err
}

func cloneCollection(c *dossier.Collection) *dossier.Collection {
	next := *c
	next.Fields = cloneFields(c.Fields)
	return &next
}

func cloneFields(fields []*dossier.Field) []*dossier.Field {
	out := make([]*dossier.Field, len(fields))
	for i, f := range fields {
		g := *f
		g.Fields, g.Extra, g.Options = cloneFields(f.Fields), maps.Clone(f.Extra), slices.Clone(f.Options)
		out[i] = &g
	}
	return out
}

// givenProperties is the parameter "properties".
func (c *call) givenProperties() (map[string]any, error) {
	given, ok := c.given("properties").(map[string]any)
	if !ok || len(given) == 0 {
		return nil, badInput("properties", say(textParam))
	}
	return given, nil
}

// addFields answers POST preview/app/form/fields.json.
func (h *handler) addFields(c *call) (any, error) {
	given, err := c.givenProperties()
	if err != nil {
		return nil, err
	}
	return c.change(func(next *dossier.Collection) error {
		p := propertyReader{call: c, wrong: inputs{}, names: takenNames(next)}
		for _, code := range slices.Sorted(maps.Keys(given)) {
			if formOf(next, c.who).has(code) {
				p.wrong.add("properties["+code+"].code", say(textTaken))
				continue
			}
			if f := p.field("properties["+code+"]", code, given[code], nil); f != nil {
				next.Fields = append(next.Fields, f)
			}
		}
		return p.verdict()
	})
}

// changeFields answers PUT preview/app/form/fields.json.
func (h *handler) changeFields(c *call) (any, error) {
	given, err := c.givenProperties()
	if err != nil {
		return nil, err
	}
	return c.change(func(next *dossier.Collection) error {
		p := propertyReader{call: c, wrong: inputs{}, names: takenNames(next)}
		for _, code := range slices.Sorted(maps.Keys(given)) {
			i := slices.IndexFunc(next.Fields, func(f *dossier.Field) bool { return f.Code == code })
			if i < 0 {
				if _, ok := formOf(next, c.who).builtin(code); ok {
					p.wrong.add("properties["+code+"]", say(textBuiltin))
					continue
				}
				return fail(codeNoField, code)
			}
			if f := p.field("properties["+code+"]", code, given[code], next.Fields[i]); f != nil {
				next.Fields[i] = f
			}
		}
		return p.verdict()
	})
}

// removeFields answers DELETE preview/app/form/fields.json.
func (h *handler) removeFields(c *call) (any, error) {
	codes := c.strs("fields", 100)
	if len(codes) == 0 && len(c.wrong) == 0 {
		c.wrong.add("fields", say(textParam))
	}
	if err := c.verdict(); err != nil {
		return nil, err
	}
	return c.change(func(next *dossier.Collection) error {
		rows := savedLayout(next)
		for _, code := range codes {
			i := slices.IndexFunc(next.Fields, func(f *dossier.Field) bool { return f.Code == code })
			if i < 0 {
				return fail(codeNoField, code)
			}
			next.Fields = slices.Delete(next.Fields, i, i+1)
		}
		return saveLayout(next, rows)
	})
}

// changeLayout answers PUT preview/app/form/layout.json. The fields take the order of the layout.
func (h *handler) changeLayout(c *call) (any, error) {
	rows, ok := c.given("layout").([]any)
	if !ok {
		return nil, badInput("layout", say(textParam))
	}
	return c.change(func(next *dossier.Collection) error {
		order := map[string]int{}
		if !orderOf(rows, order) {
			return badInput("layout", say(textLayout))
		}
		for _, f := range next.Fields {
			if _, ok := order[f.Code]; !ok {
				return badInput("layout", say(textLayout))
			}
		}
		form := formOf(next, c.who)
		for code := range order {
			if !form.has(code) {
				return fail(codeNoField, code)
			}
		}
		slices.SortStableFunc(next.Fields, func(a, b *dossier.Field) int { return order[a.Code] - order[b.Code] })
		return saveLayout(next, rows)
	})
}

// orderOf notes the places of the fields in a layout; false if one stands twice or a row has no known type.
func orderOf(rows []any, order map[string]int) bool {
	for _, raw := range rows {
		row, _ := raw.(map[string]any)
		fields, _ := row["fields"].([]any)
		switch row["type"] {
		case "ROW":
		case "SUBTABLE":
			fields = []any{row}
		case "GROUP":
			inner, _ := row["layout"].([]any)
			if !orderOf(inner, order) {
				return false
			}
			continue
		default:
			return false
		}
		for _, raw := range fields {
			cell, _ := raw.(map[string]any)
			code, placed := cell["code"].(string)
			if !placed {
				continue
			}
			if _, twice := order[code]; twice {
				return false
			}
			order[code] = len(order)
		}
	}
	return true
}

// maxDeployed is how many apps one call deploys: "Deploy App Settings".
const maxDeployed = 300

// deployApps answers POST preview/app/deploy.json. The vendor deploys later; here the answer comes when it is done.
func (h *handler) deployApps(c *call) (any, error) {
	list, revert := c.items("apps", maxDeployed), c.flag("revert")
	if len(list) == 0 && len(c.wrong) == 0 {
		c.wrong.add("apps", say(textParam))
	}
	if err := c.verdict(); err != nil {
		return nil, err
	}
	apps := make([]*dossier.Collection, len(list))
	for i, raw := range list {
		object, ok := raw.(map[string]any)
		if !ok {
			return nil, errKind
		}
		at := fmt.Sprintf("apps[%d].", i)
		number, want := c.idOf(at+"app", object["app"]), c.revisionOf(at+"revision", object["revision"])
		if err := c.verdict(); err != nil {
			return nil, err
		}
		app, err := c.managed(number)
		if err != nil {
			return nil, err
		}
		if _, revision := h.previews.get(app); want != 0 && want != revision {
			return nil, fail(codeAppStale)
		}
		apps[i] = app
	}
	for _, app := range apps {
		if err := c.deploy(app, revert); err != nil {
			return nil, err
		}
	}
	return map[string]any{}, nil
}

func (c *call) deploy(app *dossier.Collection, revert bool) error {
	next, _ := c.h.previews.get(app)
	if !revert && (app.Draft || next != app) {
		next = cloneCollection(next)
		next.Draft = false
		if _, err := c.putCollection(next); err != nil {
			return err
		}
	}
	c.h.previews.drop(app.ID)
	return nil
}

// deployStatus answers GET preview/app/deploy.json.
func (h *handler) deployStatus(c *call) (any, error) {
	list := c.items("apps", maxDeployed)
	if len(list) == 0 && len(c.wrong) == 0 {
		c.wrong.add("apps", say(textParam))
	}
	if err := c.verdict(); err != nil {
		return nil, err
	}
	out := []map[string]string{}
	for i, v := range list {
		number := c.idOf(fmt.Sprintf("apps[%d]", i), v)
		if err := c.verdict(); err != nil {
			return nil, err
		}
		if _, err := c.managed(number); err != nil {
			return nil, err
		}
		out = append(out, map[string]string{"app": decimal(number), "status": "SUCCESS"})
	}
	return map[string]any{"apps": out}, nil
}
