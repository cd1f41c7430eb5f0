package conformance

import "encoding/base64"

// basic is how a login and password are sent in one header.
func basic(login string) string { return base64.StdEncoding.EncodeToString([]byte(login)) }

func matrixRows() []row {
	all := append(kintoneRows(), knackRows()...)
	return append(append(all, pocketbaseRows()...), consoleRows()...)
}

const (
	readers = "10 22 232 0 2 01 22" // who may view a report
	writers = "10 22 332 0 2 01 32" // who may write one
	owners  = "10 33 332 0 2 01 33" // who may change the form of reports
	supers  = "10 33 333 0 2 01 33"
	nobody  = ""
)

func kintoneRows() []row {
	k := "/k/v1/"
	fields := `{"app": 2, "properties": {"{unique}": {"type": "SINGLE_LINE_TEXT", "code": "{unique}", "label": "x"}}}`
	return []row{
		{route: "GET " + k + "file.json", target: k + "file.json?fileKey={fileKey}", want: readers},
		{route: "GET " + k + "file.json", target: k + "file.json?fileKey={secretKey}", want: readers},
		{route: "POST " + k + "file.json", body: "form file", want: "10 22 222 0 2 01 32"},
		{route: "GET " + k + "record.json", target: k + "record.json?app=2&id={num}", want: readers},
		{route: "GET " + k + "record.json", target: k + "record.json?app=1&id=1", want: "10 23 333 0 2 01 22"},
		{route: "POST " + k + "record.json", body: `{"app": 2, "record": {"title": {"value": "x"}}}`, want: writers},
		{route: "PUT " + k + "record.json", body: `{"app": 2, "id": {num}, "record": {"title": {"value": "x"}}}`, want: writers},
		{route: "GET " + k + "records.json", target: k + "records.json?app=2", want: readers},
		{route: "POST " + k + "records.json", body: `{"app": 2, "records": [{"title": {"value": "x"}}]}`, want: writers},
		{route: "PUT " + k + "records.json", body: `{"app": 2, "records": [{"id": {num}, "record": {"title": {"value": "x"}}}]}`, want: writers},
		{route: "DELETE " + k + "records.json", body: `{"app": 2, "ids": [{num}]}`, want: writers, spends: true},
		{route: "GET " + k + "records/cursor.json", target: k + "records/cursor.json?id={cursor}", want: ".. .. ..2"},
		{route: "POST " + k + "records/cursor.json", body: `{"app": 2}`, want: "10 22 232 0 2 01 32"},
		{route: "DELETE " + k + "records/cursor.json", body: `{"id": "{cursor}"}`, want: ".. .. ..2"},
		{route: "POST " + k + "bulkRequest.json",
			body: `{"requests": [{"method": "POST", "api": "/k/v1/record.json", "payload": {"app": 2, "record": {"title": {"value": "x"}}}}]}`, want: writers},
		{route: "POST " + k + "bulkRequest.json", body: `{"requests": [{"method": "PUT", "api": "/k/v1/record.json", "payload": {"app": 2, "id": {num}, "record": {}}},
			{"method": "POST", "api": "/k/v1/record.json", "payload": {"app": 1, "record": {"name": {"value": "x"}}}}]}`, want: "10 22 333 0 2 01 32"},
		{route: "POST " + k + "record/comment.json", body: `{"app": 2, "record": {num}, "comment": {"text": "x"}}`, want: "10 22 232 0 2 01 32"},
		{route: "DELETE " + k + "record/comment.json", body: `{"app": 2, "record": {num}, "comment": {comment}}`, want: "10 23 333 0 2 01 32", spends: true},
		{route: "GET " + k + "record/comments.json", target: k + "record/comments.json?app=2&record={num}", want: readers},
		{route: "POST " + k + "record/comments.json"},
		{route: "PUT " + k + "record/status.json", body: `{"app": 2, "id": {num}, "action": "x"}`, want: nobody},
		{route: "POST " + k + "record/status.json"},
		{route: "PUT " + k + "records/status.json", body: `{"app": 2, "records": [{"id": {num}, "action": "x"}]}`, want: nobody},
		{route: "POST " + k + "records/status.json"},
		{route: "PUT " + k + "record/assignees.json", body: `{"app": 2, "id": {num}, "assignees": []}`, want: nobody},
		{route: "POST " + k + "record/assignees.json"},
		{route: "GET " + k + "app.json", target: k + "app.json?id=2", want: readers},
		{route: "POST " + k + "app.json"},
		{route: "GET " + k + "apps.json", want: "10 22 333 0 2 01 22"},
		{route: "POST " + k + "apps.json"},
		{route: "GET " + k + "app/form/fields.json", target: k + "app/form/fields.json?app=2", want: readers},
		{route: "POST " + k + "app/form/fields.json"},
		{route: "GET " + k + "app/form/layout.json", target: k + "app/form/layout.json?app=2", want: readers},
		{route: "POST " + k + "app/form/layout.json"},
		{route: "POST " + k + "preview/app.json", body: `{"name": "{unique}"}`, want: supers},
		{route: "GET " + k + "preview/app/deploy.json", target: k + "preview/app/deploy.json?apps[0]=2", want: owners},
		{route: "POST " + k + "preview/app/deploy.json", body: `{"apps": [{"app": 2}], "revert": true}`, want: owners},
		{route: "GET " + k + "preview/app/form/fields.json", target: k + "preview/app/form/fields.json?app=2", want: owners},
		{route: "POST " + k + "preview/app/form/fields.json", body: fields, want: owners},
		{route: "PUT " + k + "preview/app/form/fields.json", body: `{"app": 2, "properties": {"title": {"type": "SINGLE_LINE_TEXT", "code": "title", "label": "{unique}"}}}`, want: owners},
		{route: "DELETE " + k + "preview/app/form/fields.json", body: `{"app": 2, "fields": ["{field}"]}`, want: owners, spends: true},
		{route: "GET " + k + "preview/app/form/layout.json", target: k + "preview/app/form/layout.json?app=2", want: owners},
		{route: "PUT " + k + "preview/app/form/layout.json", body: `{"app": 2, "layout": []}`, want: nobody},
		{route: "POST " + k + "preview/app/form/layout.json"},
		{route: "GET /k/guest/{space}/v1/apps.json", want: "10 22 333 0 2 01 22"}, // none are there
		{route: "POST /k/guest/{space}/v1/file.json", body: "form file", want: "10 22 222 0 2 01 32"},
		{route: "POST /k/guest/{space}/v1/bulkRequest.json",
			body: `{"requests": [{"method": "POST", "api": "/k/guest/1/v1/record.json", "payload": {"app": 2, "record": {"title": {"value": "x"}}}}]}`, want: nobody},
	}
}

// bothEnds lists a route's row for the path with and without a slash at its end.
func bothEnds(r row) []row {
	slashed := r
	slashed.route += "/{$}"
	return []row{r, slashed}
}

const (
	onlyKey   = "11 11 111 2 1 11 11" // who may use objects
	viewers   = "21 22 111 2 2 32 22" // who may look at a page without a login
	posters   = ".1 22 111 2 2 3. .." // who may write through one
	everybody = "22 22 222 2 2 22 22"
	trusted   = ".. 22 ... 2 2 .. .."
)

func knackRows() []row {
	app := "/v1/applications/{app}"
	records := "/v1/objects/{object}/records"
	write := `{"field_10": "x"}`
	rows := [][]row{
		bothEnds(row{route: "POST " + app + "/assets/{kind}/upload", body: "form files", want: posters}),
		bothEnds(row{route: "GET " + app + "/download/asset/{asset}", want: everybody}),
		{{route: "GET " + app + "/download/asset/{asset}/{name...}", want: everybody},
			{route: "GET " + app + "/download/asset/{asset}/{name...}", target: app + "/download/asset/{secretAsset}/x", want: trusted}},
		bothEnds(row{route: "GET /v2/applications/{app}/asset/{asset}/download", want: everybody}),
		{{route: "GET /v2/applications/{app}/asset/{asset}/download/{name...}", target: "/v2/applications/{app}/asset/{secretAsset}/download/x", want: trusted},
			{route: "GET /assets/{app}/{asset}/{size}", want: everybody},
			{route: "GET /assets/{app}/{asset}/{size}/{name...}", target: "/assets/{app}/{secretAsset}/thumb/x", want: trusted}},
		bothEnds(row{route: "GET " + records, want: onlyKey}),
		bothEnds(row{route: "POST " + records, body: write, want: onlyKey}),
		bothEnds(row{route: "GET " + records + "/{record}", want: onlyKey}),
		bothEnds(row{route: "PUT " + records + "/{record}", body: write, want: onlyKey}),
		bothEnds(row{route: "DELETE " + records + "/{record}", want: onlyKey, spends: true}),
		bothEnds(row{route: "GET /v1/objects", want: onlyKey}),
		bothEnds(row{route: "GET /v1/objects/{object}", want: onlyKey}),
		bothEnds(row{route: "GET /v1/objects/{object}/fields", want: onlyKey}),
		bothEnds(row{route: "GET " + app, want: everybody}),
		bothEnds(row{route: "POST " + app + "/session", body: `{"email": "member1@example.com", "password": "member-password-1"}`, want: everybody}),
		bothEnds(row{route: "GET /v1/session/token", want: ".. 22 ... . 2"}),
	}
	for _, pages := range []string{"/v1/pages", "/v1/scenes"} {
		view := pages + "/{scene}/views/{view}"
		form, login := pages+"/scene_1/views/view_1/records", pages+"/scene_2/views/view_3/records"
		rows = append(rows,
			bothEnds(row{route: "GET " + view + "/records", want: viewers}),
			[]row{{route: "GET " + view + "/records", target: login, want: ".. 22 ... 2 2"},
				{route: "GET " + view + "/records", target: pages + "/scene_9/views/view_2/records"},
				{route: "PUT " + view + "/records/{record}", target: login + "/{record}", body: write, want: nobody},
				{route: "PUT " + view + "/records/{record}", target: form + "/{record}", body: write, want: posters}},
			bothEnds(row{route: "POST " + view + "/records", target: form, body: write, want: posters}),
			bothEnds(row{route: "GET " + view + "/records/{record}", want: viewers}),
			bothEnds(row{route: "PUT " + view + "/records/{record}", body: write, want: nobody}),
			bothEnds(row{route: "DELETE " + view + "/records/{record}", want: nobody}),
			bothEnds(row{route: "GET " + view + "/report", want: viewers}))
	}
	var flat []row
	for _, r := range rows {
		flat = append(flat, r...)
	}
	return flat
}

// users is a row of PocketBase's: there are only guests, whose letter everybody gets whose proof is none here, two users and superusers.
func users(guest, member1, member2, super string) string {
	g := guest
	return g + g + member1 + member2 + g + g + g + g + super + g + g + g + g
}

func pocketbaseRows() []row {
	c := "/api/collections/{collection}"
	record := c + "/records/{record}"
	everybody, members, managers := users("2", "2", "2", "2"), users("1", "2", "2", "2"), users("1", "3", "3", "2")
	absent := users("1", "3", "3", "3")
	on := func(name, rest string) string { return "/api/collections/" + name + rest }
	account := `{"email": "{unique}@example.com", "password": "a-password-1", "passwordConfirm": "a-password-1"}`
	return []row{
		{route: "GET /api/health", want: everybody},
		{route: "POST /api/files/token", want: members},
		{route: "GET /api/files/{collection}/{record}/{filename}", want: everybody},

		{route: "GET " + c + "/records", want: everybody},
		{route: "GET " + c + "/records", target: on("_superusers", "/records"), want: users("3", "3", "3", "2")},
		{route: "POST " + c + "/records", body: `{"title": "x"}`, want: users("0", "2", "2", "2")},
		{route: "POST " + c + "/records", target: on("users", "/records"), body: account, want: everybody},
		{route: "POST " + c + "/records", target: on("_superusers", "/records"), body: account, want: users("3", "3", "3", "2")},
		{route: "GET " + record, want: everybody},
		{route: "GET " + record, target: on("users", "/records/{member1}"), want: users("4", "2", "4", "2")},
		{route: "GET " + record, target: on("_superusers", "/records/{super}"), want: users("3", "3", "3", "2")},
		{route: "PATCH " + record, body: `{"title": "x"}`, want: users("4", "2", "2", "2")},
		{route: "PATCH " + record, target: on("users", "/records/{member1}"), body: `{"name": "x"}`, want: users("4", "2", "4", "2")},
		{route: "PATCH " + record, target: on("users", "/records/{member1}"), body: `{"verified": false}`, want: users("4", "0", "4", "2")},
		{route: "PATCH " + record, target: on("_superusers", "/records/{super}"), body: `{"emailVisibility": true}`, want: users("3", "3", "3", "2")},
		{route: "DELETE " + record, want: users("4", "2", "2", "2"), spends: true},
		{route: "DELETE " + record, target: on("users", "/records/{user}"), want: users("4", "4", "4", "2"), spends: true},

		{route: "GET " + c + "/auth-methods", target: on("users", "/auth-methods"), want: everybody},
		{route: "POST " + c + "/auth-with-password", target: on("users", "/auth-with-password"),
			body: `{"identity": "member1@example.com", "password": "member-password-1"}`, want: everybody},
		{route: "POST " + c + "/auth-with-password", target: on("users", "/auth-with-password"), body: `{"identity": "root@example.com", "password": "correct-horse-battery"}`},
		{route: "POST " + c + "/auth-refresh", target: on("users", "/auth-refresh"), want: users("1", "2", "2", "3")},
		{route: "POST " + c + "/impersonate/{record}", target: on("users", "/impersonate/{member1}"), want: managers},
		{route: "POST " + c + "/request-verification", target: on("users", "/request-verification"), body: `{"email": "nobody@example.com"}`, want: everybody},
		{route: "POST " + c + "/confirm-verification", target: on("users", "/confirm-verification"), body: `{"token": "x"}`, want: users("0", "0", "0", "0")},
		{route: "POST " + c + "/request-password-reset", target: on("users", "/request-password-reset"), body: `{"email": "nobody@example.com"}`, want: everybody},
		{route: "POST " + c + "/confirm-password-reset", target: on("users", "/confirm-password-reset"), body: `{"token": "x", "password": "a-password-1", "passwordConfirm": "a-password-1"}`},
		{route: "POST " + c + "/request-email-change", target: on("users", "/request-email-change"), body: `{"newEmail": "{unique}@example.com"}`, want: users("1", "2", "2", "3")},
		{route: "POST " + c + "/confirm-email-change", target: on("users", "/confirm-email-change"), body: `{"token": "x", "password": "member-password-1"}`},
		{route: "POST " + c + "/request-otp", target: on("users", "/request-otp"), body: `{"email": "member1@example.com"}`, want: users("3", "3", "3", "3")},
		{route: "POST " + c + "/auth-with-otp", target: on("users", "/auth-with-otp"), body: `{"otpId": "x", "password": "123456"}`},
		{route: "POST " + c + "/auth-with-oauth2", target: on("users", "/auth-with-oauth2"), body: `{"provider": "x", "code": "x", "redirectURL": "http://x"}`},

		{route: "GET /api/settings", want: managers},
		{route: "POST /api/batch", body: `{"requests": [{"method": "POST", "url": "/api/collections/reports/records", "body": {"title": "x"}}]}`, want: users("3", "3", "3", "3")},
		{route: "PATCH /api/settings", body: `{"batch": {"enabled": true, "maxRequests": 50, "timeout": 60}}`, want: managers},
		{route: "POST /api/settings/test/email", body: `{}`, want: users("1", "3", "3", "0")},
		{route: "POST /api/settings/test/s3", body: `{}`, want: users("1", "3", "3", "0")},
		{route: "POST /api/batch", body: `{"requests": [{"method": "POST", "url": "/api/collections/reports/records", "body": {"title": "x"}}]}`, want: users("0", "2", "2", "2")},
		{route: "POST /api/batch", body: `{"requests": [{"method": "POST", "url": "/api/collections/customers/records", "body": {"company": "x"}},
			{"method": "PATCH", "url": "/api/collections/users/records/{member1}", "body": {"name": "y"}}]}`, want: users(".", "2", ".", "2")},
		{route: "GET /api/realtime", want: everybody},
		{route: "POST /api/realtime", body: `{"clientId": "{client}", "subscriptions": ["reports/*"]}`, want: everybody},

		{route: "GET /api/collections", want: managers},
		{route: "POST /api/collections", body: `{"name": "{unique}", "type": "base"}`, want: managers},
		{route: "PUT /api/collections/import", body: `{"collections": [{"name": "{unique}", "type": "base", "fields": []}]}`, want: managers},
		{route: "GET /api/collections/meta/scaffolds", want: managers},
		{route: "GET /api/collections/meta/oauth2-providers", want: managers},
		{route: "POST /api/collections/meta/dry-run-view", body: `{"query": "select id from reports"}`, want: managers},
		{route: "GET " + c, want: managers},
		{route: "PATCH " + c, target: "/api/collections/{coll}", body: `{"listRule": ""}`, want: managers},
		{route: "DELETE " + c, target: "/api/collections/{coll}", want: managers, spends: true},
		{route: "DELETE " + c + "/truncate", target: "/api/collections/{coll}/truncate", want: managers},

		{route: "GET /api/logs", want: managers},
		{route: "GET /api/logs/stats", want: managers},
		{route: "GET /api/logs/{id}", want: users("1", "3", "3", "4")},
		{route: "GET /api/crons", want: managers},
		{route: "POST /api/crons/{id}", want: users("1", "3", "3", "4")},
		{route: "GET /api/backups", want: managers},
		{route: "POST /api/backups", body: `{"name": "{unique}.zip"}`, want: managers},
		{route: "POST /api/backups/upload", body: "form file", want: users("1", "3", "3", "0")}, // it is none
		{route: "GET /api/backups/{key}", target: "/api/backups/{backup}"},                      // it wants a superuser's file token
		{route: "DELETE /api/backups/{key}", target: "/api/backups/{backup}", want: managers, spends: true},
		{route: "POST /api/backups/{key}/restore", want: users("1", "3", "3", "0")}, // there is none of that name
		{route: "POST /api/sql", body: `{"query": "select 1"}`, want: absent},
	}
}

func consoleRows() []row {
	return []row{
		{route: "GET /_/{$}", want: everybody},
		{route: "GET /_/session", want: "11 11 111 1 1 11 22"},
		{route: "POST /_/session", body: `{"login": "member1@example.com", "password": "member-password-1"}`, want: everybody},
		{route: "POST /_/session", body: `{"login": "member1@example.com", "password": ""}`, want: "11 11 111 1 1 11 11"},
		{route: "DELETE /_/session", want: everybody, spends: true},
	}
}
