package core

import (
	"context"

	"dossier"
	"dossier/access"
	"dossier/query"
)

// commentsName is the system collection that holds the comments on records of all collections. It is made with the first comment.
const commentsName = "_comments"

// commentsNumber is its number: system collections have negative ones.
const commentsNumber = -2

// A Comment is what somebody said about a record.
type Comment struct {
	Number   int64 // unique in the space
	Text     string
	Mentions dossier.JSON // a list, as the dialect writes it; "" is none
	Author   string       // login, "" where no user said it
	Created  Instant
}

// CommentOptions choose among the comments of a record.
type CommentOptions struct {
	Oldest        bool // oldest first instead of newest first
	Offset, Limit int
}

// comments is the collection of comments; ok is false as long as there is none.
func (s *Service) comments() (c *dossier.Collection, ok bool) {
	return s.Space().CollectionByNumber(commentsNumber)
}

// makeComments makes the collection of comments if there is none.
func (s *Service) makeComments(ctx context.Context) (*dossier.Collection, error) {
	if c, ok := s.comments(); ok {
		return c, nil
	}
	c := &dossier.Collection{ID: "comments", Number: commentsNumber, Name: commentsName, Label: "Comments", Kind: dossier.Base, System: true,
		Fields: []*dossier.Field{
			{Name: "collection", Number: -1, Type: dossier.TypeText},
			{Name: "record", Number: -2, Type: dossier.TypeText, Indexed: true},
			{Name: "text", Number: -3, Type: dossier.TypeText, Multiline: true},
			{Name: "mentions", Number: -4, Type: dossier.TypeJSON},
		}}
	return s.PutCollection(ctx, access.System(), c)
}

// CommentRecord adds a comment to a record that who may view, and returns it.
func (s *Service) CommentRecord(ctx context.Context, who access.Principal, c *dossier.Collection, ref Ref, text string, mentions dossier.JSON) (*Comment, error) {
	r, err := s.GetRecord(ctx, who, c, ref)
	if err != nil {
		return nil, err
	}
	comments, err := s.makeComments(ctx)
	if err != nil {
		return nil, err
	}
	values := map[string]dossier.Value{"collection": dossier.Text(c.ID), "record": dossier.Text(r.ID), "text": dossier.Text(text)}
	if mentions != "" {
		values["mentions"] = mentions
	}
	by := &Authorship{CreatedBy: who.Author(), UpdatedBy: who.Author()}
	var made *dossier.Record
	err = s.Batch(ctx, access.System(), func(b *Batch) (err error) {
		if _, err := b.tx.Records(c).Get(ctx, r.ID); err != nil {
			return err // deleted meanwhile
		}
		made, err = b.CreateRecord(ctx, comments, "", Change{Values: values, By: by})
		return err
	})
	if err != nil {
		return nil, err
	}
	return comment(made), nil
}

func comment(r *dossier.Record) *Comment {
	mentions, _ := r.Values["mentions"].(dossier.JSON)
	return &Comment{Number: r.Number, Text: r.Text("text"), Mentions: mentions, Author: r.CreatedBy, Created: dossier.InstantOf(r.Created)}
}

// ofRecord is true of the comments on a record.
func ofRecord(c *dossier.Collection, id dossier.ID) query.Filter {
	is := func(name string, v dossier.ID) query.Filter {
		return query.Compare{Left: query.Col(name), Op: query.Eq, Right: query.Literal{Value: dossier.Text(v)}}
	}
	return query.And{is("record", id), is("collection", c.ID)}
}

// Comments are the comments on a record that who may view, and how many there are in all.
func (s *Service) Comments(ctx context.Context, who access.Principal, c *dossier.Collection, ref Ref, o CommentOptions) ([]*Comment, int64, error) {
	r, err := s.GetRecord(ctx, who, c, ref)
	if err != nil {
		return nil, 0, err
	}
	comments, ok := s.comments()
	if !ok {
		return nil, 0, nil
	}
	q := query.Query{Filter: ofRecord(c, r.ID), Offset: o.Offset, Limit: o.Limit,
		Sort: []query.Sort{{By: query.Meta(query.Number), Desc: !o.Oldest}}}
	page, err := s.ListRecords(ctx, access.System(), comments, q, ListOptions{Total: true})
	if err != nil {
		return nil, 0, err
	}
	all := make([]*Comment, len(page.Records))
	for i, r := range page.Records {
		all[i] = comment(r)
	}
	return all, page.Total, nil
}

// DeleteComment removes a comment of a record that who may view. NotFound if the record has none of that number; Denied if somebody
// else said it, unless who may do everything: a token takes back only what tokens said.
func (s *Service) DeleteComment(ctx context.Context, who access.Principal, c *dossier.Collection, ref Ref, number int64) error {
	r, err := s.GetRecord(ctx, who, c, ref)
	if err != nil {
		return err
	}
	comments, ok := s.comments()
	if !ok {
		return notFound("comment")
	}
	return s.Batch(ctx, access.System(), func(b *Batch) error {
		said, err := b.tx.Records(comments).GetNumber(ctx, number)
		if err != nil {
			return err
		}
		if said.Text("record") != string(r.ID) || said.Text("collection") != string(c.ID) {
			return notFound("comment")
		}
		if mine := said.CreatedBy == who.Author(); who.IsGuest() || !mine && (who.Kind == access.KindUser || who.Kind == access.KindToken) {
			return access.Refused(comments, access.Delete)
		}
		return b.DeleteRecord(ctx, comments, ByNumber(number), 0)
	})
}

// removeComments forgets what was said about a record that is removed.
func (b *Batch) removeComments(ctx context.Context, c *dossier.Collection, id dossier.ID) error {
	comments, ok := b.s.comments()
	if !ok || c.Number == commentsNumber {
		return nil
	}
	q, err := query.Check(b.space, comments, query.Query{Filter: ofRecord(c, id)})
	if err != nil {
		return err
	}
	all, err := b.tx.Records(comments).Find(ctx, q)
	if err != nil {
		return err
	}
	for _, r := range all {
		if err := b.tx.Records(comments).Delete(ctx, r.ID); err != nil {
			return err
		}
	}
	return nil
}
