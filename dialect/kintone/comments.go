package kintone

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"dossier"
	"dossier/core"
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

// commented is the record that "app" and "record" name.
func (c *call) commented() (*dossier.Collection, core.Ref, error) {
	number, id := c.id("app"), c.id("record")
	if err := c.verdict(); err != nil {
		return nil, core.Ref{}, err
	}
	app, err := c.collection(number)
	return app, core.ByNumber(id), err
}

// noRecord answers what is not found as the record that ref names.
func noRecord(err error, ref core.Ref) error {
	if dossier.KindOf(err) == dossier.NotFound {
		return fail(codeNoRecord, decimal(ref.Number))
	}
	return err
}

// addComment answers POST record/comment.json.
func (h *handler) addComment(c *call) (any, error) {
	text, mentions := c.readComment()
	app, ref, err := c.commented()
	if err != nil {
		return nil, err
	}
	people := newRelated(h.svc, c.space, c.who)
	for i, m := range mentions {
		who, err := people.byCode(c.ctx(), m.Code)
		if dossier.KindOf(err) == dossier.NotFound {
			return nil, badInput(fmt.Sprintf("comment.mentions[%d].code", i), say(textNoUser, m.Code))
		}
		if err != nil {
			return nil, err
		}
		if string(who.ID) == m.Code && who.Login != "" {
			mentions[i].Code = who.Login
		}
	}
	list, err := json.Marshal(mentions)
	if err != nil {
		return nil, err
	}
	made, err := h.svc.CommentRecord(c.ctx(), c.who, app, ref, text, dossier.JSON(list))
	if err != nil {
		return nil, noRecord(err, ref)
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
	app, ref, err := c.commented()
	if err != nil {
		return nil, err
	}
	o := core.CommentOptions{Oldest: order == "asc", Offset: int(offset), Limit: int(max(limit, 1))}
	page, total, err := h.svc.Comments(c.ctx(), c.who, app, ref, o)
	if err != nil {
		return nil, noRecord(err, ref)
	}
	page = page[:min(int64(len(page)), limit)]
	shown, err := c.showComments(page)
	if err != nil {
		return nil, err
	}
	before, after := offset > 0 && total > 0, offset+int64(len(page)) < total
	if o.Oldest {
		return map[string]any{"comments": shown, "older": before, "newer": after}, nil
	}
	return map[string]any{"comments": shown, "older": after, "newer": before}, nil
}

func (c *call) showComments(page []*core.Comment) ([]map[string]any, error) {
	people := newRelated(c.h.svc, c.space, c.who)
	shown := make([]map[string]any, len(page))
	for i, comment := range page {
		creator, err := people.person(c.ctx(), comment.Author)
		if err != nil {
			return nil, err
		}
		mentions := mentionsOf(comment)
		for j, m := range mentions {
			mentioned, err := people.person(c.ctx(), m.Code)
			if err != nil {
				return nil, err
			}
			mentions[j].Code = mentioned.Code
		}
		shown[i] = map[string]any{"id": decimal(comment.Number), "text": comment.Text, "createdAt": minute(comment.Created.Time()),
			"creator": creator, "mentions": mentions}
	}
	return shown, nil
}

func mentionsOf(comment *core.Comment) []mention {
	mentions := []mention{}
	if json.Unmarshal([]byte(comment.Mentions), &mentions) != nil {
		return []mention{}
	}
	return mentions
}

// deleteComment answers DELETE record/comment.json.
func (h *handler) deleteComment(c *call) (any, error) {
	id := c.id("comment")
	app, ref, err := c.commented()
	if err != nil {
		return nil, err
	}
	if _, err := h.svc.GetRecord(c.ctx(), c.who, app, ref); err != nil {
		return nil, noRecord(err, ref)
	}
	err = h.svc.DeleteComment(c.ctx(), c.who, app, ref, id)
	if dossier.KindOf(err) == dossier.NotFound {
		return nil, fail(codeNoComment, decimal(id))
	}
	if err != nil {
		return nil, err
	}
	return map[string]any{}, nil
}
