package kintone

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"dossier"
	"dossier/access"
	"dossier/core"
	"dossier/query"
)

// Comments are records of a system collection, made with the first one. Who may view a record reads its comments and writes
// some; who wrote one may delete it.

// commentsName is the name of the collection of comments, with the fields it has.
const (
	commentsName    = "_comments"
	commentOn       = "collection" // of the record
	commentRecord   = "record"     // its ID
	commentText     = "text"
	commentMentions = "mentions" // JSON
)

// The vendor's limits: "Add Comment".
const (
	maxComment  = 65_535 // characters
	maxMentions = 10
	maxComments = 10 // of one page
)

// A mention is whom a comment calls.
type mention struct {
	Code string `json:"code"`
	Type string `json:"type"`
}

// comments is the collection of comments; nil where there is none yet and needed does not ask for it.
func (h *handler) comments(ctx context.Context, needed bool) (*dossier.Collection, error) {
	if c, ok := h.svc.Space().Collection(commentsName); ok || !needed {
		return c, nil
	}
	h.forms.Lock()
	defer h.forms.Unlock()
	lowest := int64(0)
	for _, c := range h.svc.Space().Collections {
		if c.Name == commentsName {
			return c, nil
		}
		lowest = min(lowest, c.Number)
	}
	return h.svc.PutCollection(ctx, access.System(), &dossier.Collection{
		Number: lowest - 1, Name: commentsName, Label: "Comments", Kind: dossier.Base, System: true,
		Fields: []*dossier.Field{
			{Name: commentOn, Type: dossier.TypeText, Required: true},
			{Name: commentRecord, Type: dossier.TypeText, Required: true, Indexed: true},
			{Name: commentText, Type: dossier.TypeText, Multiline: true},
			{Name: commentMentions, Type: dossier.TypeJSON},
		},
	})
}

// commented is the record that "app" and "record" name, if the caller may view it.
func (c *call) commented() (*dossier.Collection, *dossier.Record, error) {
	number, id := c.id("app"), c.id("record")
	if err := c.verdict(); err != nil {
		return nil, nil, err
	}
	app, err := c.collection(number)
	if err != nil {
		return nil, nil, err
	}
	r, err := c.h.svc.GetRecord(c.ctx(), c.who, app, core.ByNumber(id))
	if dossier.KindOf(err) == dossier.NotFound {
		return nil, nil, fail(codeNoRecord, decimal(id))
	}
	return app, r, err
}

// addComment answers POST record/comment.json.
func (h *handler) addComment(c *call) (any, error) {
	text, mentions := c.readComment()
	app, r, err := c.commented()
	if err != nil {
		return nil, err
	}
	for i, m := range mentions {
		_, err := h.svc.UserByLogin(c.ctx(), m.Code)
		if dossier.KindOf(err) == dossier.NotFound {
			return nil, badInput(fmt.Sprintf("comment.mentions[%d].code", i), say(textNoUser, m.Code))
		}
		if err != nil {
			return nil, err
		}
	}
	list, err := json.Marshal(mentions)
	if err != nil {
		return nil, err
	}
	collection, err := h.comments(c.ctx(), true)
	if err != nil {
		return nil, err
	}
	made, err := h.svc.CreateRecord(c.ctx(), access.System(), collection, "", core.Change{
		Values: map[string]dossier.Value{
			commentOn: dossier.Text(app.ID), commentRecord: dossier.Text(r.ID), commentText: dossier.Text(text),
			commentMentions: dossier.JSON(list),
		},
		By: &core.Authorship{CreatedBy: c.who.Login, UpdatedBy: c.who.Login},
	})
	if err != nil {
		return nil, err
	}
	return map[string]any{"id": decimal(made.Number)}, nil
}

// readComment reads {text, mentions}.
func (c *call) readComment() (string, []mention) {
	object, ok := c.given("comment").(map[string]any)
	if !ok {
		c.wrong.add("comment", say(textParam))
		return "", nil
	}
	text, ok := object["text"].(string)
	list, isList := object["mentions"].([]any)
	switch {
	case !ok && object["text"] != nil:
		c.wrong.add("comment.text", say(textInvalid))
	case strings.TrimSpace(text) == "" && len(list) == 0:
		c.wrong.add("comment.text", say(textParam))
	case utf8.RuneCountInString(text) > maxComment:
		c.wrong.add("comment.text", say(textTooLong, maxComment+1))
	case !isList && object["mentions"] != nil:
		c.wrong.add("comment.mentions", say(textInvalid))
	case len(list) > maxMentions:
		c.wrong.add("comment.mentions", say(textMaxItems, maxMentions))
	}
	mentions := []mention{}
	for i, raw := range list {
		m, _ := raw.(map[string]any)
		code, _ := m["code"].(string)
		kind, _ := m["type"].(string)
		if code == "" {
			c.wrong.add(fmt.Sprintf("comment.mentions[%d].code", i), say(textParam))
		}
		if kind != "USER" { // there are no groups and organizations
			c.wrong.add(fmt.Sprintf("comment.mentions[%d].type", i), say(textEnum))
		}
		mentions = append(mentions, mention{code, kind})
	}
	return text, mentions
}

// listComments answers GET record/comments.json.
func (h *handler) listComments(c *call) (any, error) {
	order := c.str("order")
	if order != "" && order != "asc" && order != "desc" {
		c.wrong.add("order", say(textEnum))
	}
	offset, limit := c.number("offset", 0, 0, 1<<31), c.number("limit", maxComments, 0, maxComments)
	_, r, err := c.commented()
	if err != nil {
		return nil, err
	}
	page, err := h.commentsOf(c.ctx(), r, order == "asc", offset, limit)
	if err != nil {
		return nil, err
	}
	more := int64(len(page)) > limit
	page = page[:min(int64(len(page)), limit)]
	people := newRelated(h.svc, c.space)
	shown := make([]map[string]any, len(page))
	for i, comment := range page {
		creator, err := people.person(c.ctx(), comment.CreatedBy)
		if err != nil {
			return nil, err
		}
		shown[i] = map[string]any{"id": decimal(comment.Number), "text": comment.Text(commentText), "createdAt": minute(comment.Created),
			"creator": creator, "mentions": mentionsOf(comment)}
	}
	older, newer := more, offset > 0
	if order == "asc" {
		older, newer = newer, older
	}
	return map[string]any{"comments": shown, "older": older, "newer": newer}, nil
}

// commentsOf are the comments on a record, one more than limit where there is one.
func (h *handler) commentsOf(ctx context.Context, r *dossier.Record, oldestFirst bool, offset, limit int64) ([]*dossier.Record, error) {
	collection, err := h.comments(ctx, false)
	if collection == nil || err != nil {
		return nil, err
	}
	page, err := h.svc.ListRecords(ctx, access.System(), collection, query.Query{
		Filter: equal(query.Col(commentRecord), dossier.Text(r.ID)),
		Sort:   []query.Sort{{By: query.Meta(query.Number), Desc: !oldestFirst}},
		Offset: int(offset), Limit: int(limit) + 1,
	}, core.ListOptions{})
	if err != nil {
		return nil, err
	}
	return page.Records, nil
}

func mentionsOf(comment *dossier.Record) []mention {
	mentions := []mention{}
	text, _ := comment.Value(commentMentions).(dossier.JSON)
	if json.Unmarshal([]byte(text), &mentions) != nil {
		return []mention{}
	}
	return mentions
}

// deleteComment answers DELETE record/comment.json.
func (h *handler) deleteComment(c *call) (any, error) {
	id := c.id("comment")
	_, r, err := c.commented()
	if err != nil {
		return nil, err
	}
	collection, err := h.comments(c.ctx(), false)
	if err != nil {
		return nil, err
	}
	if collection == nil {
		return nil, fail(codeNoComment, decimal(id))
	}
	comment, err := h.svc.GetRecord(c.ctx(), access.System(), collection, core.ByNumber(id))
	if dossier.KindOf(err) == dossier.NotFound || err == nil && comment.Text(commentRecord) != string(r.ID) {
		return nil, fail(codeNoComment, decimal(id))
	}
	if err != nil {
		return nil, err
	}
	if comment.CreatedBy != c.who.Login && !c.who.IsSuper() {
		return nil, fail(codeForbidden)
	}
	if err := h.svc.DeleteRecord(c.ctx(), access.System(), collection, core.ByID(comment.ID), 0); err != nil {
		return nil, err
	}
	return map[string]any{}, nil
}
