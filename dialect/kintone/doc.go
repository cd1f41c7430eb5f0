// Package kintone speaks Kintone's REST API over a core.Service: apps are collections, an app's id is a collection's number, a
// record's $id is its number in it, and a field is named by its code.
//
// The way of a request: routes.go names the handler; auth.go finds out who asks; params.go reads the parameters; values.go
// and query.go turn the vendor's shapes into values and filters; one verb of core does the work; values.go turns the result
// back; errors.go turns what went wrong into the vendor's envelope. A call object carries all of it.
//
// An app's form is read by schema.go and layout.go, its edits wait in preview.go and preview_edits.go for deploy.go.
//
// Not here: who may do what (access), what a filter means (query), the life cycle of files (core), HTTP mechanics (wire).
package kintone
