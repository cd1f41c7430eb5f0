// Package knack speaks Knack's REST API over a core.Service: an object is a collection (object_N is its number), field_N is a
// field by its number, an asset is an upload or a file by the first 24 digits of its ID, an application is the space.
//
// The way of a request: routes.go names the handler; auth.go finds out who asks and limits.go counts it; decode.go and query.go
// turn the vendor's shapes into values and filters; one verb of core does the work; values.go, dates.go and assets.go turn the
// result back; errors.go turns what went wrong into the vendor's sentence.
//
// Not here: who may do what (access), what a filter means (query), the life cycle of files (core), HTTP mechanics (wire).
package knack
