package kintone

import (
	"sync"
	"time"

	"dossier"
	"dossier/access"
	"dossier/core"
	"dossier/query"
)

// The vendor's limits of cursors: "Create Cursor", Limitations.
const (
	cursorTTL   = 10 * time.Minute
	maxCursors  = 10
	defaultPage = 100
)

// cursors are the live cursors. They do not outlive the process, as they do not outlive ten minutes.
type cursors struct {
	mu sync.Mutex
	by map[string]*cursor
}

// A cursor is a list of records that was fixed when it was made.
type cursor struct {
	owner access.Principal // who made it; nobody else reads it
	app   dossier.ID
	only  map[string]bool
	size  int
	until time.Time

	mu   sync.Mutex // one page at a time
	rest []dossier.ID
}

// put keeps a cursor under id; false if there are too many.
func (s *cursors) put(id string, c *cursor, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, old := range s.by {
		if !now.Before(old.until) {
			delete(s.by, key)
		}
	}
	if len(s.by) >= maxCursors {
		return false
	}
	if s.by == nil {
		s.by = map[string]*cursor{}
	}
	s.by[id] = c
	return true
}

// get finds the live cursor of who under id and renews it; nil if there is none.
func (s *cursors) get(id string, who access.Principal, now time.Time) *cursor {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.by[id]
	if c == nil || !now.Before(c.until) || c.owner.Kind != who.Kind || c.owner.ID != who.ID {
		return nil
	}
	c.until = now.Add(cursorTTL)
	return c
}

func (s *cursors) drop(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.by, id)
}

// openCursor answers POST records/cursor.json.
func (h *handler) openCursor(c *call) (any, error) {
	size := c.number("size", defaultPage, 1, maxRead)
	asked, err := c.question()
	if err != nil {
		return nil, err
	}
	if asked.limited || asked.shifted {
		return nil, fail(codeQueryArgs, "limit, offset")
	}
	app := asked.form.c
	rest, err := c.allIDs(app, asked.query)
	if err != nil {
		return nil, err
	}
	id, err := dossier.NewFileID(h.svc.Random())
	if err != nil {
		return nil, err
	}
	now := h.svc.Now()
	cur := &cursor{owner: c.who, app: app.ID, only: asked.only, size: int(size), until: now.Add(cursorTTL), rest: rest}
	if !h.cursors.put(uploadKey(id), cur, now) {
		return nil, fail(codeManyCursors)
	}
	return map[string]any{"id": uploadKey(id), "totalCount": decimal(int64(len(rest)))}, nil
}

// cursorPiece is how many records are read at a time to fix a cursor's list: what it costs is bounded so, not how long it is.
const cursorPiece = 5000

// allIDs are the IDs of all records that q asks for, in its order. A write between two pieces can shift the second: no record
// comes twice for that, but one may be left out.
func (c *call) allIDs(app *dossier.Collection, q query.Query) ([]dossier.ID, error) {
	ids, seen := []dossier.ID{}, map[dossier.ID]bool{}
	for q.Limit = cursorPiece; ; q.Offset += cursorPiece {
		page, err := c.list(app, q, core.ListOptions{})
		if err != nil {
			return nil, err
		}
		for _, r := range page.Records {
			if !seen[r.ID] {
				seen[r.ID] = true
				ids = append(ids, r.ID)
			}
		}
		if len(page.Records) < cursorPiece {
			return ids, nil
		}
	}
}

// cursor is the live cursor that the parameter "id" names.
func (c *call) cursor() (string, *cursor, error) {
	id := c.str("id")
	if id == "" && len(c.wrong) == 0 {
		c.wrong.add("id", say(textParam))
	}
	if err := c.verdict(); err != nil {
		return "", nil, err
	}
	cur := c.h.cursors.get(id, c.who, c.h.svc.Now())
	if cur == nil {
		return "", nil, fail(codeNoCursor)
	}
	return id, cur, nil
}

// readCursor answers GET records/cursor.json: the next page. Records that are gone by now are left out.
func (h *handler) readCursor(c *call) (any, error) {
	id, cur, err := c.cursor()
	if err != nil {
		return nil, err
	}
	cur.mu.Lock()
	defer cur.mu.Unlock()
	app, ok := c.space.CollectionByID(cur.app)
	if !ok {
		return nil, fail(codeNoCursor)
	}
	n := min(cur.size, len(cur.rest))
	records, err := c.byIDs(app, cur.rest[:n])
	if err != nil {
		return nil, err
	}
	shown, err := c.show(formOf(app, c.who), records, cur.only)
	if err != nil {
		return nil, err
	}
	cur.rest = cur.rest[n:]
	if len(cur.rest) == 0 {
		h.cursors.drop(id)
	}
	return map[string]any{"records": shown, "next": len(cur.rest) > 0}, nil
}

// byIDs are the records with these IDs that the caller may list, in this order.
func (c *call) byIDs(app *dossier.Collection, ids []dossier.ID) ([]*dossier.Record, error) {
	values := make([]dossier.Value, len(ids))
	for i, id := range ids {
		values[i] = dossier.Text(id)
	}
	page, err := c.h.svc.ListRecords(c.ctx(), c.who, app, query.Query{Filter: query.In{Of: query.Meta(query.ID), Values: values}}, core.ListOptions{})
	if err != nil {
		return nil, err
	}
	by := make(map[dossier.ID]*dossier.Record, len(page.Records))
	for _, r := range page.Records {
		by[r.ID] = r
	}
	out := make([]*dossier.Record, 0, len(ids))
	for _, id := range ids {
		if r := by[id]; r != nil {
			out = append(out, r)
		}
	}
	return out, nil
}

// closeCursor answers DELETE records/cursor.json.
func (h *handler) closeCursor(c *call) (any, error) {
	id, _, err := c.cursor()
	if err != nil {
		return nil, err
	}
	h.cursors.drop(id)
	return map[string]any{}, nil
}
