// Package coretest makes a core.Service for tests: a real store and blobs in a temporary directory, the space that the
// project's black-box checks start from, and people to act as.
// Not here: assertions, HTTP, anything a server needs outside tests.
package coretest

import (
	"cmp"
	"context"
	"crypto/rand"
	"log/slog"
	"path/filepath"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"dossier"
	"dossier/access"
	"dossier/archive/shelf"
	"dossier/blob/disk"
	"dossier/blob/small"
	"dossier/core"
	"dossier/query"
	"dossier/store"
	"dossier/store/sqlite"
	"dossier/thumb"
)

// The fixture's people, tokens and key.
const (
	Root, RootPassword       = "root@example.com", "correct-horse-battery"
	Member1, Member1Password = "member1@example.com", "member-password-1"
	Member2, Member2Password = "member2@example.com", "member-password-2"
	ReportsAll               = "repTokAllRights0000000000000000000000001"
	ReportsView              = "repTokViewOnly00000000000000000000000002"
	CustomersAll             = "cusTokAllRights0000000000000000000000003"
	Key                      = "00000000-aaaa-4bbb-8ccc-000000000001"
	Application              = "60241522a16be4001b611249"
)

// New opens a Service on a fresh directory with the Fixture applied. Options may be changed before it is made.
func New(t testing.TB, change ...func(*core.Options)) *core.Service {
	t.Helper()
	dir := t.TempDir()
	rows, err := sqlite.Open(filepath.Join(dir, "dossier.db"), sqlite.Options{})
	must(t, err)
	t.Cleanup(func() { must(t, rows.Close()) })
	files, err := disk.Open(filepath.Join(dir, "blobs"), disk.Options{})
	must(t, err)
	t.Cleanup(func() { must(t, files.Close()) })
	blobs, err := small.Open(filepath.Join(dir, "small.db"), files, small.Options{})
	must(t, err)
	t.Cleanup(func() { must(t, blobs.Close()) })
	kept, err := shelf.Open(filepath.Join(dir, "backups"))
	must(t, err)
	o := core.Options{Store: rows, Blobs: blobs, Shelf: kept, Thumbs: thumb.New(thumb.Options{}), Rules: Rules{}, Random: rand.Reader,
		Log: slog.New(slog.DiscardHandler)}
	for _, fn := range change {
		fn(&o)
	}
	svc, err := core.New(context.Background(), o)
	must(t, err)
	schema := Fixture()
	people := schema.Users
	schema.Users = nil
	_, err = svc.ApplySchema(context.Background(), access.System(), schema, false)
	must(t, err)
	for _, u := range people {
		must(t, settle(svc, rows, u))
	}
	return svc
}

// settle makes the account of u as a schema does, but with a hash that takes no time: most tests are not about passwords.
func settle(svc *core.Service, rows store.Store, u core.SchemaUser) error {
	ctx, yes := context.Background(), true
	name := cmp.Or(u.Collection, dossier.Superusers)
	c, _ := svc.Space().Collection(name)
	change := core.Change{Loose: true, Account: &core.AccountChange{Email: &u.Email, Verified: &yes}}
	if u.Name != "" {
		change.Values = map[string]dossier.Value{"name": dossier.Text(u.Name)}
	}
	r, err := svc.CreateRecord(ctx, access.System(), c, "", change)
	if err != nil {
		return err
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(u.Password), bcrypt.MinCost)
	if err != nil {
		return err
	}
	r = r.Clone()
	r.Account.PasswordHash = string(hash)
	return rows.Update(ctx, func(tx store.Tx) error { return tx.Records(c).Update(ctx, r, r.Revision) })
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// SignIn is the principal of one of the fixture's people.
func SignIn(t testing.TB, svc *core.Service, login, password string) access.Principal {
	t.Helper()
	who, err := svc.SignIn(context.Background(), access.Guest(), "", login, password)
	must(t, err)
	return who
}

// The rules of the fixture.
const (
	ruleSignedIn = "@request.auth.id != ''"
	ruleOwn      = "id = @request.auth.id"
)

// Rules is an access.Language that knows the fixture's rules and no other.
type Rules struct{}

// Rule implements access.Language.
func (Rules) Rule(_ *dossier.Space, _ *dossier.Collection, text string, q access.Question) (query.Filter, error) {
	switch text {
	case ruleSignedIn:
		return query.Const(!q.Principal.IsGuest()), nil
	case ruleOwn:
		return query.Compare{Left: query.Meta(query.ID), Op: query.Eq, Right: query.Literal{Value: dossier.Text(q.Principal.ID)}}, nil
	}
	return nil, dossier.Errorf(dossier.Invalid, "coretest knows no rule %q", text)
}

// Fixture is the space that tests start from.
func Fixture() core.Schema {
	all, signedIn, own := "", ruleSignedIn, ruleOwn
	open := dossier.Rules{List: &all, View: &all, Create: &all, Update: &all, Delete: &all}
	every := access.RightView | access.RightAdd | access.RightEdit | access.RightDelete
	return core.Schema{
		Application: Application,
		Collections: []*dossier.Collection{
			{Name: "users", Kind: dossier.Auth, Number: 1, Rules: dossier.Rules{List: &own, View: &own, Create: &all, Update: &own, Delete: &own},
				Fields: []*dossier.Field{
					{Name: "name", Type: dossier.TypeText, Number: 1},
					{Name: "avatar", Type: dossier.TypeImage, Number: 2, MaxSize: 5 << 20, Thumbs: []string{"64x64"}},
				}},
			{Name: "reports", Label: "Reports", Number: 2,
				Rules:  dossier.Rules{List: &all, View: &all, Create: &signedIn, Update: &signedIn, Delete: &signedIn},
				Fields: reportFields()},
			{Name: "customers", Number: 3, Rules: open, Fields: []*dossier.Field{
				{Name: "company", Type: dossier.TypeText, Required: true, Number: 30},
				{Name: "logo", Type: dossier.TypeImage, MaxSelect: 1, Thumbs: []string{"100x100"}, Number: 31},
			}},
		},
		Pages: []dossier.Page{
			{Key: "scene_1", Views: []dossier.PageView{
				{Key: "view_1", Kind: dossier.ViewForm, Collection: "reports", Fields: []string{"title", "amount", "attachment", "cover"}},
				{Key: "view_2", Kind: dossier.ViewTable, Collection: "reports", Fields: []string{"title", "amount", "attachment", "cover"}},
			}},
			{Key: "scene_2", Login: true, Views: []dossier.PageView{
				{Key: "view_3", Kind: dossier.ViewTable, Collection: "reports", Fields: []string{"title", "secret"}},
			}},
		},
		Users: []core.SchemaUser{
			{Email: Root, Password: RootPassword, Superuser: true},
			{Email: Member1, Password: Member1Password, Name: "Member One", Collection: "users"},
			{Email: Member2, Password: Member2Password, Name: "Member Two", Collection: "users"},
		},
		Tokens: []core.SchemaToken{
			{Token: ReportsAll, Name: "reports-all", Collections: map[string]access.Right{"reports": every | access.RightManage}},
			{Token: ReportsView, Name: "reports-view", Collections: map[string]access.Right{"reports": access.RightView}},
			{Token: CustomersAll, Name: "customers-all", Collections: map[string]access.Right{"customers": every}},
		},
		Keys: []core.SchemaKey{{Key: Key, Name: "integration"}},
	}
}

func reportFields() []*dossier.Field {
	return []*dossier.Field{
		{Name: "title", Label: "Title", Type: dossier.TypeText, Required: true, Number: 10},
		{Name: "summary", Type: dossier.TypeText, Multiline: true, Number: 11},
		{Name: "amount", Type: dossier.TypeNumber, Number: 12},
		{Name: "due", Type: dossier.TypeDate, Number: 13},
		{Name: "seen_at", Type: dossier.TypeDateTime, Number: 14},
		{Name: "status", Type: dossier.TypeSelect, Options: []string{"Draft", "Review", "Done"}, Widget: dossier.WidgetDropdown, Number: 15},
		{Name: "tags", Type: dossier.TypeSelect, Options: []string{"red", "green", "blue"}, MaxSelect: 3, Widget: dossier.WidgetCheckbox, Number: 16},
		{Name: "active", Type: dossier.TypeBool, Number: 17},
		{Name: "website", Type: dossier.TypeURL, Number: 18},
		{Name: "contact", Type: dossier.TypeEmail, Number: 19},
		{Name: "phone", Type: dossier.TypePhone, Number: 20},
		{Name: "attachment", Label: "Attachment", Type: dossier.TypeFile, MaxSelect: 10, Number: 21},
		{Name: "cover", Type: dossier.TypeImage, MaxSelect: 1, Thumbs: []string{"100x100", "300x0", "0x200", "120x80t", "120x80b", "160x160f"}, Number: 22},
		{Name: "secret", Type: dossier.TypeFile, MaxSelect: 3, Protected: true, Number: 23},
		{Name: "customer", Type: dossier.TypeRelation, Collection: "customers", MaxSelect: 1, Number: 24},
		{Name: "lines", Type: dossier.TypeTable, Number: 25, Fields: []*dossier.Field{
			{Name: "item", Type: dossier.TypeText},
			{Name: "qty", Type: dossier.TypeNumber},
			{Name: "proof", Type: dossier.TypeFile, MaxSelect: 5},
		}},
		{Name: "tenpu", Code: "添付", Label: "添付ファイル", Type: dossier.TypeFile, MaxSelect: 5, Number: 26},
	}
}
