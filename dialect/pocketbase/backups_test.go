package pocketbase

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"dossier"
	"dossier/access"
	"dossier/archive"
	"dossier/core"
)

// A watchedShelf tells of every backup that is begun.
type watchedShelf struct {
	archive.Shelf
	begun func(name string) error
}

func (s *watchedShelf) Create(ctx context.Context, name string) (archive.Draft, error) {
	if err := s.begun(name); err != nil {
		return nil, err
	}
	return s.Shelf.Create(ctx, name)
}

// shelfBench is a bench whose shelf tells what is begun, with a superuser's token.
func shelfBench(t *testing.T, change ...func(*core.Options)) (b *bench, shelf *watchedShelf, root string) {
	t.Helper()
	shelf = &watchedShelf{begun: func(string) error { return nil }}
	b = newBench(t, append(change, func(o *core.Options) { shelf.Shelf = o.Shelf; o.Shelf = shelf })...)
	return b, shelf, b.root()
}

// decode reads the JSON of an answer that must be a success.
func (a *answer) decode(into any) {
	a.t.Helper()
	if a.status != 200 {
		a.t.Fatalf("%d %s", a.status, a.body)
	}
	if err := json.Unmarshal(a.body, into); err != nil {
		a.t.Fatal(err)
	}
}

// backupNames are the backups that are listed.
func (b *bench) backupNames(root string) (names []string) {
	b.t.Helper()
	var list []struct{ Key string }
	b.do(call{method: "GET", path: "/api/backups", token: root}).decode(&list)
	for _, one := range list {
		names = append(names, one.Key)
	}
	return names
}

func TestANameIsMade(t *testing.T) {
	t.Parallel()
	b, _, root := shelfBench(t)
	for appName, want := range map[string]string{"My  App-2!": `^pb_backup_my_app_2_\d{14}\.zip$`, "日本": `^pb_backup__\d{14}\.zip$`,
		strings.Repeat("a", 90): `^pb_backup_a{50}_\d{14}\.zip$`} {
		b.do(call{method: "PATCH", path: "/api/settings", token: root, body: map[string]any{"meta": map[string]any{"appName": appName}}})
		if a := b.do(call{method: "POST", path: "/api/backups", token: root}); a.status != 204 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		names := b.backupNames(root)
		if len(names) != 1 || !regexp.MustCompile(want).MatchString(names[0]) {
			t.Errorf("the backups are %v, want one like %s", names, want)
		}
		if a := b.do(call{method: "DELETE", path: "/api/backups/" + names[0], token: root}); a.status != 204 {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
}

func TestOneBackupAtATime(t *testing.T) {
	t.Parallel()
	b, shelf, root := shelfBench(t)
	const busy = "Try again later - another backup/restore process has already been started."
	shelf.begun = func(string) error { // while one is made
		shelf.begun = func(string) error { return nil }
		b.do(call{method: "POST", path: "/api/backups", token: root, body: `{"name": "b.zip"}`}).fails(400, busy)
		b.do(call{method: "POST", path: "/api/backups/a.zip/restore", token: root}).fails(400, "Failed to restore the backup. Raw error: \nthis server restores nothing while it runs.")
		b.do(call{method: "DELETE", path: "/api/backups/a.zip", token: root}).fails(400, "The backup is currently being used and cannot be deleted.")
		var health struct{ Data struct{ CanBackup bool } }
		b.do(call{method: "GET", path: "/api/health", token: root}).decode(&health)
		if health.Data.CanBackup {
			t.Error("health says that a backup could be made")
		}
		return nil
	}
	if a := b.do(call{method: "POST", path: "/api/backups", token: root, body: `{"name": "a.zip"}`}); a.status != 204 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestBackupsThatFail(t *testing.T) {
	t.Parallel()
	b, shelf, root := shelfBench(t)
	for kind, want := range map[dossier.Kind]struct {
		status  int
		message string
	}{
		dossier.Internal: {400, "Failed to create backup."}, // as the original says it; the log knows why
		dossier.Full:     {507, "The server has no room left."},
		dossier.Busy:     {400, "Try again later - another backup/restore process has already been started."},
	} {
		shelf.begun = func(string) error { return dossier.Errorf(kind, "the disk said so") }
		b.do(call{method: "POST", path: "/api/backups", token: root, body: `{"name": "a.zip"}`}).fails(want.status, want.message)
	}
	if names := b.backupNames(root); len(names) > 0 {
		t.Errorf("there are %v", names)
	}
}

func TestARestoreIsPrepared(t *testing.T) {
	t.Parallel()
	var restored *archive.Reader
	var failure error
	b, _, root := shelfBench(t, func(o *core.Options) {
		o.Replace = func(_ context.Context, a *archive.Reader) error { restored = a; return failure }
	})
	b.do(call{method: "POST", path: "/api/backups", token: root, body: `{"name": "a.zip"}`})
	failure = dossier.Errorf(dossier.Invalid, "blobs/x is not what was written")
	b.do(call{method: "POST", path: "/api/backups/a.zip/restore", token: root}).fails(400, "Failed to restore the backup. Raw error: \nblobs/x is not what was written.")
	failure = nil
	for _, name := range []string{"b.zip", "..%2Fa.zip", "a.txt"} {
		b.do(call{method: "POST", path: "/api/backups/" + name + "/restore", token: root}).fails(400, "Missing or invalid backup file.")
	}
	restored = nil
	if a := b.do(call{method: "POST", path: "/api/backups/a.zip/restore", token: root}); a.status != 204 || restored == nil {
		t.Errorf("%d %s, restored %v", a.status, a.body, restored)
	}
}

// A backup opens to the same superusers as everything else: not from addresses that are not listed.
func TestBackupsAndAddresses(t *testing.T) {
	t.Parallel()
	b, _, root := shelfBench(t)
	b.do(call{method: "POST", path: "/api/backups", token: root, body: `{"name": "a.zip"}`})
	var file struct{ Token string }
	b.do(call{method: "POST", path: "/api/files/token", token: root}).decode(&file)
	target := "/api/backups/a.zip?token=" + file.Token
	if a := b.do(call{method: "GET", path: target}); a.status != 200 || a.header.Get("Cache-Control") != "private, no-store" || !strings.HasPrefix(string(a.body), "PK") {
		t.Errorf("%d %v", a.status, a.header)
	}
	b.do(call{method: "PATCH", path: "/api/settings", token: root, body: `{"superuserIPs": ["192.0.2.1"]}`})
	b.doFrom("192.0.2.9:1", call{method: "GET", path: target}).fails(403, "Insufficient permissions to access the resource.")
	b.do(call{method: "GET", path: "/api/backups/a.zip?token=" + root}).fails(403, "Insufficient permissions to access the resource.")
}

func TestThePlanFollowsTheSettings(t *testing.T) {
	t.Parallel()
	b, _, root := shelfBench(t)
	set := func(body string) *answer {
		return b.do(call{method: "PATCH", path: "/api/settings", token: root, body: body})
	}
	plan := func() string { return b.svc.Space().Settings.Extra[core.BackupPlan] }
	if a := set(`{"backups": {"cron": "*/5 * * * *", "cronMaxKeep": 2}}`); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if want := `{"cron":"*/5 * * * *","keep":2,"prefix":"@auto_pb_backup_","label":"acme_"}`; plan() != want {
		t.Errorf("the plan is %s, want %s", plan(), want)
	}
	b.do(call{method: "GET", path: "/api/crons", token: root}).is(200,
		`[{"id": "sweep", "expression": "@hourly"}, {"id": "__pbAutoBackup__", "expression": "*/5 * * * *"}]`)
	for range 2 { // twice in a second is once, if it is the same one
		if a := b.do(call{method: "POST", path: "/api/crons/__pbAutoBackup__", token: root}); a.status != 204 {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	if names := b.backupNames(root); len(names) == 0 || !strings.HasPrefix(names[0], "@auto_pb_backup_acme_") {
		t.Errorf("the backups are %v", names)
	}
	if a := set(`{"backups": {"cron": "61 * * * *"}}`); a.status != 400 || !strings.Contains(string(a.body), "no number from 0 to 59") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := set(`{"backups": {"cron": ""}}`); a.status != 200 || plan() != "" {
		t.Errorf("%d %s, the plan is %s", a.status, a.body, plan())
	}
	if err := b.svc.RunPlan(context.Background(), access.System()); err != nil {
		t.Errorf("without a plan: %v", err)
	}
}
