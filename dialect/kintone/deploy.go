package kintone

import (
	"fmt"

	"dossier"
)

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
	h.forms.Lock()
	defer h.forms.Unlock()
	c.space = h.svc.Space()
	apps := make([]*dossier.Collection, len(list))
	for i, raw := range list {
		var err error
		if apps[i], err = c.deployable(fmt.Sprintf("apps[%d].", i), raw); err != nil {
			return nil, err
		}
	}
	for _, app := range apps {
		next := c.preview(app)
		if revert {
			next = app.Clone()
			setExtra(next, previewKey, "")
		}
		next.Draft = app.Draft && revert
		if _, err := c.putCollection(next); err != nil {
			return nil, err
		}
	}
	return map[string]any{}, nil
}

// deployable is the app that {app, revision} names.
func (c *call) deployable(at string, raw any) (*dossier.Collection, error) {
	object, ok := raw.(map[string]any)
	if !ok {
		return nil, errKind
	}
	number, want := c.idOf(at+"app", object["app"]), c.revisionOf(at+"revision", object["revision"])
	if err := c.verdict(); err != nil {
		return nil, err
	}
	app, err := c.managed(number)
	if err != nil {
		return nil, err
	}
	if want != 0 && want != revisionOf(app) {
		return nil, fail(codeAppStale)
	}
	return app, nil
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
