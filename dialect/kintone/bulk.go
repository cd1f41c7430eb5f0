package kintone

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"

	"dossier/core"
	"dossier/wire"
)

// bulkPath is the path of a call in a bulk request, in a guest space or not.
var bulkPath = regexp.MustCompile(`^/k/(?:guest/([0-9]+)/)?v1/([A-Za-z/]+\.json)$`)

// bulkPlans are the calls that a bulk request may hold.
func (h *handler) bulkPlans() map[string]planner {
	return map[string]planner{
		"POST record.json": h.planAdd, "PUT record.json": h.planUpdate,
		"POST records.json": h.planAddAll, "PUT records.json": h.planUpdateAll, "DELETE records.json": h.planDelete,
		"PUT record/status.json": h.planProcess, "PUT records/status.json": h.planProcess, "PUT record/assignees.json": h.planProcess,
	}
}

// bulkRequest answers POST bulkRequest.json: up to 20 writes in one transaction.
func (h *handler) bulkRequest(c *call) (any, error) {
	list, ok := c.given("requests").([]any)
	switch {
	case c.given("requests") == nil:
		return nil, badInput("requests", say(textParam))
	case !ok:
		return nil, errKind
	case len(list) == 0:
		return nil, badInput("requests", say(textParam))
	case len(list) > maxBulk:
		return nil, badInput("requests", say(textMaxItems, maxBulk))
	}
	calls, plans := make([]*call, len(list)), make([]planner, len(list))
	for i, raw := range list {
		var err error
		if calls[i], plans[i], err = c.part(i, raw); err != nil {
			return nil, err
		}
	}
	results, err := c.run(inTurn(calls, plans))
	var part *partError
	if errors.As(err, &part) {
		return c.partFailed(part.i, len(list), part.error)
	}
	return results, err
}

// inTurn is the step that does the steps of all calls. A call that cannot be prepared fails when its turn comes: the first
// failure is the one that is answered.
func inTurn(calls []*call, plans []planner) step {
	steps := make([]step, 0, len(calls))
	for i, plan := range plans {
		do, err := plan(calls[i])
		if err != nil {
			steps = append(steps, func(*core.Batch) (any, error) { return nil, err })
			break
		}
		steps = append(steps, do)
	}
	return func(b *core.Batch) (any, error) {
		bodies := make([]any, len(steps))
		for i, do := range steps {
			var err error
			if bodies[i], err = do(b); err != nil {
				return nil, &partError{i, err}
			}
		}
		return map[string]any{"results": bodies}, nil
	}
}

// A partError is the error of the i-th call of a bulk request.
type partError struct {
	i int
	error
}

func (e *partError) Unwrap() error { return e.error }

// part is one call of a bulk request, and what prepares it.
func (c *call) part(i int, raw any) (*call, planner, error) {
	object, ok := raw.(map[string]any)
	if !ok {
		return nil, nil, errKind
	}
	at := fmt.Sprintf("requests[%d]", i)
	method, _ := object["method"].(string)
	api, _ := object["api"].(string)
	payload, ok := object["payload"].(map[string]any)
	if !ok && object["payload"] != nil {
		return nil, nil, errKind
	}
	if method == "" || api == "" {
		return nil, nil, badInput(at, say(textParam))
	}
	path := bulkPath.FindStringSubmatch(api)
	if path == nil {
		return nil, nil, badInput(at+".api", say(textBulkAPI))
	}
	plan := c.h.bulkPlans()[method+" "+path[2]]
	if plan == nil {
		return nil, nil, badInput(at+".api", say(textBulkAPI))
	}
	sub := *c
	sub.method, sub.guestSpace, sub.params, sub.wrong = method, path[1], payload, inputs{}
	delete(sub.params, requestTokenKey)
	return &sub, plan, nil
}

// partFailed answers a bulk request whose i-th call failed: its envelope among empty objects, under its status.
func (c *call) partFailed(i, n int, err error) (any, error) {
	f := faultOf(err, c.who)
	id := newAnswerID(c.h.svc.Random())
	if f.code == codeFault {
		return nil, f
	}
	results := make([]any, n)
	for j := range results {
		results[j] = struct{}{}
	}
	results[i] = f.body(c.h.language(c.r), id)
	c.w.Header().Set("X-Cybozu-Error", string(f.code))
	return nil, wire.WriteJSON(c.w, statusOf(f), jsonType, map[string]any{"results": results}, false)
}

func statusOf(f *fault) int {
	if a, ok := answers[f.code]; ok {
		return a.status
	}
	return http.StatusInternalServerError
}
