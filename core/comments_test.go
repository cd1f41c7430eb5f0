package core_test

import (
	"context"
	"fmt"
	"testing"

	"dossier"
	"dossier/access"
	"dossier/core"
	"dossier/core/coretest"
	"dossier/query"
)

func TestCommentsAreTheRecords(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	svc := coretest.New(t)
	c, _ := svc.Space().Collection("reports")
	one, two := coretest.SignIn(t, svc, coretest.Member1, coretest.Member1Password), coretest.SignIn(t, svc, coretest.Member2, coretest.Member2Password)
	var refs []core.Ref
	for i := range 2 {
		r, err := svc.CreateRecord(ctx, one, c, "", core.Change{Values: map[string]dossier.Value{"title": dossier.Text(fmt.Sprint("r", i))}})
		if err != nil {
			t.Fatal(err)
		}
		refs = append(refs, core.ByNumber(r.Number))
	}
	if all, n, err := svc.Comments(ctx, two, c, refs[0], core.CommentOptions{}); err != nil || n != 0 || len(all) != 0 {
		t.Fatalf("nobody said anything, and there are %d (%v)", n, err)
	}
	var numbers []int64
	for i, ref := range []core.Ref{refs[0], refs[0], refs[0], refs[1]} {
		said, err := svc.CommentRecord(ctx, one, c, ref, fmt.Sprint("text ", i), dossier.JSON(`[{"code":"x","type":"USER"}]`))
		if err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, said.Number)
	}
	some, total, err := svc.Comments(ctx, two, c, refs[0], core.CommentOptions{Offset: 1, Limit: 1})
	if err != nil || total != 3 || len(some) != 1 || some[0].Text != "text 1" || some[0].Author != coretest.Member1 || some[0].Mentions == "" {
		t.Fatalf("the second newest of three is %+v of %d (%v)", some, total, err)
	}
	if err := svc.DeleteComment(ctx, two, c, refs[0], numbers[0]); dossier.KindOf(err) != dossier.Denied {
		t.Errorf("another's comment can be deleted: %v", err)
	}
	token, err := svc.TokenPrincipal(coretest.ReportsAll)
	if err != nil {
		t.Fatal(err)
	}
	if err := svc.DeleteComment(ctx, token, c, refs[0], numbers[0]); dossier.KindOf(err) != dossier.Denied {
		t.Errorf("a token can delete what a user said: %v", err)
	}
	if said, err := svc.CommentRecord(ctx, token, c, refs[0], "by a token", ""); err != nil || svc.DeleteComment(ctx, token, c, refs[0], said.Number) != nil {
		t.Errorf("a token cannot take back what it said (%v)", err)
	}
	if err := svc.DeleteComment(ctx, one, c, refs[1], numbers[0]); dossier.KindOf(err) != dossier.NotFound {
		t.Errorf("a comment of another record is found: %v", err)
	}
	if err := svc.DeleteComment(ctx, one, c, refs[0], numbers[0]); err != nil {
		t.Error(err)
	}
	if _, err := svc.CommentRecord(ctx, access.Guest(), c, core.ByNumber(99), "x", ""); dossier.KindOf(err) != dossier.NotFound {
		t.Errorf("a comment on nothing: %v", err)
	}
	if err := svc.DeleteRecord(ctx, one, c, refs[0], 0); err != nil {
		t.Fatal(err)
	}
	if _, n, err := svc.Comments(ctx, one, c, refs[1], core.CommentOptions{}); err != nil || n != 1 {
		t.Errorf("the other record has %d comments (%v)", n, err)
	}
	hidden, _ := svc.Space().CollectionByNumber(-2)
	if page, err := svc.ListRecords(ctx, access.System(), hidden, query.Query{}, core.ListOptions{Total: true}); err != nil || page.Total != 1 {
		t.Errorf("comments of a deleted record stay: %d (%v)", page.Total, err)
	}
	if next, err := svc.PutCollection(ctx, access.System(), &dossier.Collection{Name: "after", Fields: []*dossier.Field{{Name: "a", Type: dossier.TypeText}}}); err != nil || next.Number != 4 {
		t.Errorf("the next collection has number %d (%v)", next.Number, err)
	}
}
