package pocketbase

import (
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dossier"
)

const records = "/api/collections/reports/records"

func TestRecordIsCreatedReadChangedAndDeleted(t *testing.T) {
	b := newBench(t)
	token, _ := b.member()
	made := b.do(call{method: "POST", path: records, token: token, body: []part{
		{"title", "", "Q4"}, {"amount", "", "12.50"}, {"tags", "", "red"}, {"tags", "", "blue"}, {"active", "", "true"},
		{"attachment", "hello.txt", "Hello"}, {"attachment", "two.txt", "Two"}, {"nothing", "x.txt", "ignored"}, {"attachment[]", "y.txt", "ignored"},
	}}).ok()
	id := made["id"].(string)
	if got := len(texts(made["attachment"])); got != 2 {
		t.Fatalf("%d files, want 2: %v", got, made["attachment"])
	}
	if diff := cmp.Diff([]any{"red", "blue"}, made["tags"]); diff != "" || made["amount"] != 12.5 || made["active"] != true {
		t.Errorf("values: %v", made)
	}
	again := b.do(call{method: "GET", path: records + "/" + id}).ok()
	if diff := cmp.Diff(made, again); diff != "" {
		t.Error(diff)
	}
	changed := b.do(call{method: "PATCH", path: records + "/" + id, token: token, body: `{"amount+": 2, "tags-": "red", "title": null, "summary": "s"}`})
	if data := changed.fails(400, "Failed to update record."); data["title"] == nil {
		t.Errorf("a title of null: %v", data)
	}
	changed = b.do(call{method: "PATCH", path: records + "/" + id + "?fields=amount,tags", token: token, body: `{"amount+": 2, "tags-": "red"}`})
	changed.is(200, `{"amount": 14.5, "tags": ["blue"]}`)
	if got := b.do(call{method: "DELETE", path: records + "/" + id, token: token}); got.status != http.StatusNoContent || len(got.body) != 0 {
		t.Errorf("delete: %d %q", got.status, got.body)
	}
	b.do(call{method: "GET", path: records + "/" + id}).fails(404, msgNotFound)
}

func TestFileModifiersOfUpdates(t *testing.T) {
	b := newBench(t)
	token, _ := b.member()
	made := b.do(call{method: "POST", path: records, token: token, body: []part{
		{"title", "", "Files"}, {"attachment", "one.txt", "1"}, {"attachment", "two.txt", "2"}, {"cover", "a.png", pixel}}}).ok()
	path := records + "/" + made["id"].(string)
	one, two := texts(made["attachment"])[0], texts(made["attachment"])[1]
	cover := made["cover"].(string)
	tests := []struct {
		name string
		body any
		want string // "one", "two" stand for those names, others for the words before "_"
	}{
		{"+field puts before", []part{{"+attachment", "first.txt", "f"}}, "first one two"},
		{"field+ puts behind", []part{{"attachment+", "last.txt", "l"}}, "first one two last"},
		{"field- takes away what is there", map[string]any{"attachment-": []string{two, "nothing.txt"}}, "first one last"},
		{"field- and field+ work together", []part{{"attachment-", "", one}, {"attachment+", "more.txt", "m"}}, "first last more"},
		{"an unlisted update keeps", `{"summary": "x"}`, "first last more"},
		{"files replace", []part{{"attachment", "new.txt", "n"}}, "new"},
		{"null clears", `{"attachment": null}`, ""},
	}
	for _, tt := range tests {
		m := b.do(call{method: "PATCH", path: path, token: token, body: tt.body}).ok()
		var words []string
		for _, name := range texts(m["attachment"]) {
			word, _, _ := strings.Cut(name, "_")
			words = append(words, word)
		}
		if got := strings.Join(words, " "); got != tt.want {
			t.Fatalf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	m := b.do(call{method: "PATCH", path: path, token: token, body: []part{{"+cover", "b.png", pixel}}}).ok()
	if m["cover"] != cover {
		t.Errorf("+field on a field for one file: %v, want the old %v", m["cover"], cover)
	}
	b.do(call{method: "PATCH", path: path, token: token, body: `{"attachment": ["nope.txt"]}`}).is(400,
		`{"data":{"attachment":{"code":"validation_invalid_file","message":"Invalid new files: [nope.txt].","params":{"invalidFiles":["nope.txt"]}}},"message":"Failed to update record.","status":400}`)
	if files, uploads, unknown := b.blobs(); files != 1 || unknown != 0 {
		t.Errorf("%d files, %d uploads, %d unknown blobs; want the cover alone as a file and no unknown blob", files, uploads, unknown)
	}
}

func TestRefusedWriteKeepsNoBytes(t *testing.T) {
	b := newBench(t)
	token, _ := b.member()
	tests := []struct {
		name, method, path, token string
		body                      []part
		status                    int
		message                   string
	}{
		{"guest, by the rule", "POST", records, "", []part{{"title", "", "x"}, {"attachment", "a.txt", "a"}}, 400, "Failed to create record."},
		{"missing title", "POST", records, token, []part{{"attachment", "a.txt", "a"}}, 400, "Failed to create record."},
		{"no such record", "PATCH", records + "/abcdefghijklmno", token, []part{{"attachment", "a.txt", "a"}}, 404, msgNotFound},
		{"closed collection", "POST", "/api/collections/_superusers/records", token, []part{{"x", "a.txt", "a"}}, 403, msgOnlySuper},
		{"broken payload", "POST", records, token, []part{{"attachment", "a.txt", "a"}, {"@jsonPayload", "", "{"}}, 400, msgGeneric},
	}
	for _, tt := range tests {
		b.do(call{method: tt.method, path: tt.path, token: tt.token, body: tt.body}).fails(tt.status, tt.message)
		if files, uploads, unknown := b.blobs(); files+uploads+unknown != 0 {
			t.Errorf("%s: %d files, %d uploads, %d unknown blobs are left", tt.name, files, uploads, unknown)
		}
	}
}

func TestAllProblemsOfAWriteAreReportedTogether(t *testing.T) {
	b := newBench(t)
	for confirm, want := range map[string]map[string]any{
		"12345678": {"email": "validation_required", "id": "validation_min_text_constraint", "avatar": "validation_file_size_limit"},
		"other":    {"passwordConfirm": "validation_values_mismatch"}, // what proves the account comes first, alone
	} {
		data := b.do(call{method: "POST", path: "/api/collections/users/records", body: []part{
			{"password", "", "12345678"}, {"passwordConfirm", "", confirm}, {"id", "", "short"}, {"avatar", "big.png", strings.Repeat("x", 5<<20+1)},
		}}).fails(400, "Failed to create record.")
		codes := map[string]any{}
		for field, f := range data {
			codes[field] = f.(map[string]any)["code"]
		}
		if diff := cmp.Diff(want, codes); diff != "" {
			t.Error(diff)
		}
	}
}

func TestTableRowsKeepTheirFiles(t *testing.T) {
	b := newBench(t)
	token, _ := b.member()
	made := b.do(call{method: "POST", path: records, token: token, body: `{"title": "T", "lines": [{"item": "a", "qty": 2}, {"item": "b"}]}`}).ok()
	path := records + "/" + made["id"].(string)
	rows := made["lines"].([]any)
	first := rows[0].(map[string]any)
	if first["item"] != "a" || first["qty"] != 2.0 || len(rows) != 2 {
		t.Fatalf("rows: %v", rows)
	}
	back := b.do(call{method: "PATCH", path: path, token: token, body: map[string]any{"lines": []any{rows[1], first}}}).ok()
	if diff := cmp.Diff([]any{rows[1], first}, back["lines"]); diff != "" {
		t.Error(diff)
	}
	data := b.do(call{method: "PATCH", path: path, token: token, body: `{"lines": [{"item": "a", "proof": ["nope.txt"]}, 7]}`}).fails(400, "Failed to update record.")
	if data["lines"] == nil {
		t.Errorf("got %v", data)
	}
}

func TestExpandShowsRelatedRecords(t *testing.T) {
	b := newBench(t)
	token, _ := b.member()
	customer := b.do(call{method: "POST", path: "/api/collections/customers/records", body: `{"company": "ACME"}`}).ok()
	report := b.do(call{method: "POST", path: records + "?expand=customer", token: token,
		body: map[string]any{"title": "R", "customer": customer["id"]}}).ok()
	want := map[string]any{"customer": customer}
	if diff := cmp.Diff(want, report["expand"]); diff != "" {
		t.Error(diff)
	}
	back := b.do(call{method: "GET", path: "/api/collections/customers/records?expand=reports_via_customer&fields=company,expand.reports_via_customer.title"})
	back.is(200, `{"items":[{"company":"ACME","expand":{"reports_via_customer":[{"title":"R"}]}}],"page":1,"perPage":30,"totalItems":1,"totalPages":1}`)
	none := b.do(call{method: "GET", path: records + "/" + report["id"].(string) + "?expand=nothing,title&fields=title,expand"})
	none.is(200, `{"title":"R"}`)
	empty := b.do(call{method: "POST", path: records + "?expand=customer&fields=expand", token: token, body: `{"title": "E"}`})
	empty.is(200, `{"expand":{}}`)
}

func TestFieldsThatCannotBeReadChangeNothing(t *testing.T) {
	b := newBench(t)
	token, _ := b.member()
	b.do(call{method: "POST", path: records + "?fields=title:upper", token: token, body: `{"title": "x"}`}).fails(400, msgGeneric)
	b.do(call{method: "GET", path: records}).is(200, `{"items":[],"page":1,"perPage":30,"totalItems":0,"totalPages":0}`)
}

func TestRoutesThatAreNotThere(t *testing.T) {
	b := newBench(t)
	for _, c := range []call{
		{method: "GET", path: "/api/nothing"}, {method: "GET", path: "/api/"}, {method: "PUT", path: records},
		{method: "GET", path: "/api/health/"}, {method: "PATCH", path: "/api/health"}, {method: "POST", path: "/api/files/reports/a/b"},
	} {
		a := b.do(c)
		a.fails(404, msgNotFound)
		if a.header.Get("Allow") != "" || a.header.Get("X-Frame-Options") != "SAMEORIGIN" {
			t.Errorf("%s %s: headers %v", c.method, c.path, a.header)
		}
	}
	moved := b.do(call{method: "GET", path: "/api//collections//reports/records?page=1"})
	if moved.status != http.StatusTemporaryRedirect || moved.header.Get("Location") != "/api/collections/reports/records?page=1" {
		t.Errorf("%d to %q", moved.status, moved.header.Get("Location"))
	}
	preflight := b.do(call{method: "OPTIONS", path: records, header: map[string]string{"Origin": "https://a.example", "Access-Control-Request-Headers": "authorization"}})
	if preflight.status != http.StatusNoContent || preflight.header.Get("Access-Control-Allow-Headers") != "authorization" ||
		preflight.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%d %v", preflight.status, preflight.header)
	}
}

func TestBodyLimits(t *testing.T) {
	b := newBench(t)
	token, _ := b.member()
	b.do(call{method: "POST", path: "/api/collections/users/auth-with-password", body: strings.Repeat(" ", defaultMaxBody+1)}).
		fails(413, "Request entity too large.")
	h := &handler{svc: b.svc, maxBody: 100}
	most := b.svc.Space().Settings.MaxFileSize
	tests := []struct {
		name  string
		field dossier.Field
		want  int64
	}{
		{"one file of any size", dossier.Field{Type: dossier.TypeFile}, 100 + most},
		{"files with a limit", dossier.Field{Type: dossier.TypeImage, MaxSize: 10, MaxSelect: 3}, 100 + 30},
		{"a limit past the space's", dossier.Field{Type: dossier.TypeFile, MaxSize: most + 1}, 100 + most},
		{"more files than parts", dossier.Field{Type: dossier.TypeFile, MaxSize: 1, MaxSelect: 1 << 40}, 100 + maxParts},
		{"rich text", dossier.Field{Type: dossier.TypeRichText}, 100 + maxRichText},
		{"text", dossier.Field{Type: dossier.TypeText}, 100},
	}
	for _, tt := range tests {
		c := &dossier.Collection{Fields: []*dossier.Field{&tt.field}}
		if got := h.plainLimit(c) + h.filesLimit(c); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
		if tt.field.IsFile() && h.plainLimit(c) != 100 {
			t.Errorf("%s: a body without files may have %d bytes, want 100", tt.name, h.plainLimit(c))
		}
	}
	mux := http.NewServeMux()
	Mount(mux, b.svc, Options{MaxBody: 10})
	small := &bench{t: t, svc: b.svc, mux: mux}
	for limit, want := range map[int64]int64{10: 10, maxUnbrought: maxUnbrought, maxUnbrought + 1: maxUnbrought} {
		c := &dossier.Collection{Fields: []*dossier.Field{{Type: dossier.TypeFile, MaxSize: limit}}}
		if got := h.wholeLimit(c); got != 100+want {
			t.Errorf("with a file of %d bytes a body without files may have %d, want %d", limit, got, 100+want)
		}
	}
	users := "/api/collections/_superusers/records"
	small.do(call{method: "POST", path: users, token: token, body: `{"email": "longer than ten bytes"}`}).fails(413, "Request entity too large.")
}

// TestATableOfManyLines sends so many lines back that looking through all of them for each would not end in time.
func TestATableOfManyLines(t *testing.T) {
	b := newBench(t)
	root := b.root()
	lines := make([]string, 20_000)
	for i := range lines {
		lines[i] = `{"item":"x","proof":[]}`
	}
	made := b.do(call{method: "POST", path: records, token: root, body: `{"title":"t","lines":[` + strings.Join(lines, ",") + `]}`}).ok()
	again := b.do(call{method: "PATCH", path: records + "/" + made["id"].(string), token: root, body: map[string]any{"lines": made["lines"]}}).ok()
	if was, now := made["lines"].([]any), again["lines"].([]any); len(now) != len(lines) || !reflect.DeepEqual(was, now) {
		t.Errorf("%d lines came back as %d others", len(was), len(now))
	}
}

func TestTextsAreMadeUpAndSizesBounded(t *testing.T) {
	b := newBench(t)
	b.do(call{method: "POST", path: collections, token: b.root(), body: `{"name": "notes", "createRule": "", "fields": [
		{"name": "slug", "type": "text", "autogeneratePattern": "[a-z]{8}"}, {"name": "hid", "type": "text", "hidden": true, "autogeneratePattern": "x"},
		{"name": "j", "type": "json", "maxSize": 4}, {"name": "ed", "type": "editor", "maxSize": 3}, {"name": "s", "type": "select", "values": ["a"]}]}`}).ok()
	path := collections + "/notes/records"
	if slug := b.do(call{method: "POST", path: path, body: `{}`}).ok()["slug"].(string); len(slug) != 8 {
		t.Errorf("made %q", slug)
	}
	if slug := b.do(call{method: "POST", path: path, body: `{"slug:autogenerate": "ab-"}`}).ok()["slug"].(string); len(slug) != 11 || slug[:3] != "ab-" {
		t.Errorf("made %q", slug)
	}
	if got := b.do(call{method: "POST", path: path, token: b.root(), body: `{"slug": "own"}`}).ok(); got["slug"] != "own" || got["hid"] != "x" {
		t.Errorf("got %v", got)
	}
	b.do(call{method: "POST", path: path, body: `{"j": [1,2,3], "ed": "long"}`}).is(400, `{"data":{
		"ed":{"code":"validation_content_size_limit","message":"The maximum allowed content size is 3 bytes.","params":{"maxSize":3}},
		"j":{"code":"validation_json_size_limit","message":"The maximum allowed JSON size is 4 bytes.","params":{"maxSize":4}}},"message":"Failed to create record.","status":400}`)
}
