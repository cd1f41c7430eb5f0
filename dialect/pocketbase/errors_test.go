package pocketbase

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"dossier"
	"dossier/access"
)

func TestTranslateGivesEveryKindAStatus(t *testing.T) {
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"bad input", dossier.Errorf(dossier.Invalid, "x"), `{"data":{},"message":"Something went wrong while processing your request.","status":400}`},
		{"nothing there", dossier.Errorf(dossier.NotFound, "x"), `{"data":{},"message":"The requested resource wasn't found.","status":404}`},
		{"nobody", dossier.Errorf(dossier.Unauthenticated, "x"), `{"data":{},"message":"Missing or invalid authentication.","status":401}`},
		{"a closed collection", dossier.Errorf(dossier.Denied, "x: %w", access.ErrLocked), `{"data":{},"message":"Only superusers can perform this action.","status":403}`},
		{"a rule", dossier.Errorf(dossier.Denied, "x: %w", access.ErrRule), `{"data":{},"message":"You are not allowed to perform this request.","status":403}`},
		{"too much", dossier.Errorf(dossier.TooLarge, "x"), `{"data":{},"message":"Request entity too large.","status":413}`},
		{"no quota", dossier.Errorf(dossier.QuotaExceeded, "x"), `{"data":{},"message":"The disk quota is used up.","status":507}`},
		{"too often", dossier.Errorf(dossier.Busy, "x"), `{"data":{},"message":"Too Many Requests.","status":429}`},
		{"our fault", errors.New("secret detail"), `{"data":{},"message":"Something went wrong while processing your request.","status":500}`},
		{"an answer of our own inside another", fmt.Errorf("x: %w", errNotFound), `{"data":{},"message":"The requested resource wasn't found.","status":404}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := json.Marshal(translate(tt.err).envelope())
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestStatusesCoverEveryKind(t *testing.T) {
	for _, k := range []dossier.Kind{dossier.Internal, dossier.Invalid, dossier.NotFound, dossier.Exists, dossier.Stale, dossier.Unauthenticated,
		dossier.Denied, dossier.TooLarge, dossier.QuotaExceeded, dossier.Expired, dossier.Incomplete, dossier.Unsupported, dossier.Busy,
		dossier.Full, dossier.Canceled} {
		if statuses[k].status == 0 || statuses[k].message == "" {
			t.Errorf("no answer for %q", k)
		}
	}
}

func TestSaveErrorNamesEveryProblem(t *testing.T) {
	c := &dossier.Collection{Fields: []*dossier.Field{
		{Name: "title", Type: dossier.TypeText}, {Name: "n", Type: dossier.TypeNumber}, {Name: "day", Type: dossier.TypeDate},
		{Name: "tags", Type: dossier.TypeSelect, MaxSelect: 2}, {Name: "docs", Type: dossier.TypeFile, MaxSelect: 3},
		{Name: "cover", Type: dossier.TypeImage}, {Name: "lines", Type: dossier.TypeTable, Fields: []*dossier.Field{{Name: "qty", Type: dossier.TypeNumber}}},
	}}
	params := func(kv ...any) map[string]any {
		m := map[string]any{}
		for i := 0; i < len(kv); i += 2 {
			m[kv[i].(string)] = kv[i+1]
		}
		return m
	}
	tests := []struct {
		name    string
		problem dossier.Problem
		want    string
	}{
		{"blank", dossier.Problem{Path: []string{"title"}, Code: dossier.CodeRequired}, `{"title":{"code":"validation_required","message":"Cannot be blank."}}`},
		{"short", dossier.Problem{Path: []string{"title"}, Code: dossier.CodeTooShort, Params: params("min", 3)},
			`{"title":{"code":"validation_min_text_constraint","message":"Must be at least 3 character(s).","params":{"min":3}}}`},
		{"long", dossier.Problem{Path: []string{"title"}, Code: dossier.CodeTooLong, Params: params("max", 5)},
			`{"title":{"code":"validation_max_text_constraint","message":"Must be no more than 5 character(s).","params":{"max":5}}}`},
		{"pattern", dossier.Problem{Path: []string{"title"}, Code: dossier.CodePattern}, `{"title":{"code":"validation_invalid_format","message":"Invalid value format."}}`},
		{"taken", dossier.Problem{Path: []string{"title"}, Code: dossier.CodeNotUnique}, `{"title":{"code":"validation_not_unique","message":"Value must be unique."}}`},
		{"small number", dossier.Problem{Path: []string{"n"}, Code: dossier.CodeTooSmall, Params: params("min", "1.5")},
			`{"n":{"code":"validation_min_number_constraint","message":"Must be greater or equal than 1.5.","params":{"min":1.5}}}`},
		{"decimals", dossier.Problem{Path: []string{"n"}, Code: dossier.CodeNotInteger},
			`{"n":{"code":"validation_only_int_constraint","message":"Decimal numbers are not allowed."}}`},
		{"early date", dossier.Problem{Path: []string{"day"}, Code: dossier.CodeTooSmall, Params: params("min", "2026-01-01")},
			`{"day":{"code":"validation_min_greater_equal_than_required","message":"Must be no less than 2026-01-01 00:00:00 +0000 UTC.","params":{"threshold":"2026-01-01T00:00:00Z"}}}`},
		{"an element answers for its list", dossier.Problem{Path: []string{"tags", "1"}, Code: dossier.CodeOption, Params: params("value", "z")},
			`{"tags":{"code":"validation_invalid_value","message":"Invalid value z.","params":{"value":"z"}}}`},
		{"too many options", dossier.Problem{Path: []string{"tags"}, Code: dossier.CodeTooMany, Params: params("max", 2)},
			`{"tags":{"code":"validation_too_many_values","message":"Select no more than 2.","params":{"maxSelect":2}}}`},
		{"too many files", dossier.Problem{Path: []string{"docs"}, Code: dossier.CodeTooMany, Params: params("max", 3)},
			`{"docs":{"code":"validation_too_many_files","message":"The maximum allowed files is 3.","params":{"maxSelect":3}}}`},
		{"large file", dossier.Problem{Path: []string{"docs"}, Code: dossier.CodeFileTooLarge, Params: params("file", "big.txt", "max", int64(20000))},
			`{"docs":{"code":"validation_file_size_limit","message":"Failed to upload big.txt - the maximum allowed file size is 20000 bytes.","params":{"file":"big.txt","maxSize":20000}}}`},
		{"wrong type", dossier.Problem{Path: []string{"docs"}, Code: dossier.CodeFileType, Params: params("file", "a_1.txt", "allowed", []string{"image/png", "image/jpeg"})},
			`{"docs":{"code":"validation_invalid_mime_type","message":"\"a_1.txt\" mime type must be one of: image/png, image/jpeg."}}`},
		{"no picture", dossier.Problem{Path: []string{"cover"}, Code: dossier.CodeNotImage, Params: params("file", "a.png", "slug", "a_1.png")},
			`{"cover":{"code":"validation_invalid_mime_type","message":"\"a_1.png\" mime type must be one of: image/png, image/jpeg, image/gif, image/webp, image/svg+xml."}}`},
		{"foreign names", dossier.Problem{Path: []string{"docs"}, Code: dossier.CodeNoUpload, Params: params("keys", []string{"a.txt", "b.txt"})},
			`{"docs":{"code":"validation_invalid_file","message":"Invalid new files: [a.txt b.txt].","params":{"invalidFiles":["a.txt","b.txt"]}}}`},
		{"a table's cell", dossier.Problem{Path: []string{"lines", "2", "qty"}, Code: dossier.CodeNotNumber},
			`{"lines":{"2":{"qty":{"code":"validation_not_a_number","message":"The submitted number is not properly formatted."}}}}`},
		{"what is no field", dossier.Problem{Path: []string{"oldPassword"}, Code: codeOldPassword},
			`{"oldPassword":{"code":"validation_invalid_old_password","message":"Missing or invalid old password."}}`},
		{"an unknown code", dossier.Problem{Path: []string{"title"}, Code: "strange"}, `{"title":{"code":"validation_invalid_value","message":"Invalid value."}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := saveError(c, "Failed to create record.", dossier.Invalidate(tt.problem))
			var api *apiError
			if !errors.As(err, &api) || api.status != 400 || api.message != "Failed to create record." {
				t.Fatalf("got %v", err)
			}
			got, err := json.Marshal(api.data)
			if err != nil {
				t.Fatal(err)
			}
			if diff := jsonDiff(t, got, tt.want); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFirstProblemOfAValueWins(t *testing.T) {
	data := problemData(nil, []dossier.Problem{
		{Path: []string{"a"}, Code: dossier.CodeRequired}, {Path: []string{"a"}, Code: dossier.CodePattern}, {Path: []string{"b"}, Code: dossier.CodeMismatch},
	})
	got, err := json.Marshal(data)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"a":{"code":"validation_required","message":"Cannot be blank."},"b":{"code":"validation_values_mismatch","message":"Values don't match."}}`
	if diff := jsonDiff(t, got, want); diff != "" {
		t.Error(diff)
	}
}

// What clients are told where several answers would be true.
func TestWhichAnswerComesFirst(t *testing.T) {
	b := newBench(t)
	root := b.root()
	b.do(call{method: "POST", path: collections, token: root, body: `{"name": "vault", "fields": [{"name": "t", "type": "text"}]}`}).ok()
	b.do(call{method: "POST", path: collections, token: root, body: `{"name": "notes", "listRule": "", "createRule": "",
		"fields": [{"name": "v", "type": "relation", "collectionId": "vault"}]}`}).ok()
	wrong := "Something went wrong while processing your request."
	b.do(call{method: "POST", path: collections + "/vault/records", body: `{bad`}).fails(400, wrong)
	b.do(call{method: "POST", path: collections + "/vault/records", body: `{}`}).fails(403, "Only superusers can perform this action.")
	b.do(call{method: "GET", path: collections + "/notes/records?sort=v.t"}).fails(400, wrong)
	secret := b.do(call{method: "POST", path: collections + "/vault/records", token: root, body: `{"t": "x"}`}).ok()
	b.do(call{method: "POST", path: collections + "/notes/records", body: `{"v": "` + secret["id"].(string) + `"}`}).ok()
	seen := b.do(call{method: "GET", path: collections + "/notes/records?filter=v.id!=''"}).ok()
	if seen["totalItems"] != 1.0 {
		t.Errorf("the relation's own ID is not seen: %v", seen)
	}
}
