// Package pocketbase speaks PocketBase's REST API over a core.Service: collections, records and auth records are what they are
// called here too, a file is known by its stored name in a record, and the settings are the space's. The contract is
// docs/dialects/pocketbase.md.
//
// The way of a request: routes.go names the handler; auth.go finds out who asks, limits.go counts it; body.go reads JSON and forms and
// stages files; edit.go and values.go make a change of it, query.go filters and orders; one verb of core does the work; render.go and
// expand.go show the result, pick.go what of it is wanted; errors.go turns what went wrong into the envelope.
//
// The files by noun:
//
//   - records: records.go, write.go, edit.go, edit_files.go, batch.go, batch_items.go, generate.go; values.go and errors.go
//   - files: files.go; backups.go; excerpt.go for texts that are shown short
//   - the language of filters, orders and rules: language.go for core; query_scan.go and query_parse.go make an expression of the text,
//     query_path.go, query_join.go and query_request.go say what its names mean, query_column.go, query_shown.go and query_inside.go what
//     compares how, query_lower.go and query_tree.go make the tree that query has
//   - collections: collections.go; schema.go and schema_fields.go show one, schema_write.go and schema_options.go read one; schema_index.go
//     and index_scan.go, index_parse.go, index_lower.go for statements that make indexes; schema_view.go; roster.go for lists of what no store
//     keeps
//   - accounts: account.go, signin.go, token.go, forms.go; confirm.go and letters.go, otp.go and otp_codes.go for what goes by mail
//   - the server: settings.go and settings_*.go, logs.go, crons.go, health.go, system.go for the tables that PocketBase keeps of accounts
//   - events: realtime.go the requests, hub.go the streams
//
// Not here: what a record or file is, who may do what (access), what a filter means (query), the life cycle of files (core), HTTP mechanics
// that other dialects share (wire).
package pocketbase
