package dossier

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Kind says what a caller can do about an error. Kinds are compared with errors.Is:
//
//	if errors.Is(err, dossier.NotFound) { … }
type Kind string

// The kinds. What carries none of them is Internal: logged whole, answered bare.
const (
	Internal        Kind = "internal"        // a fault of the server; nothing the caller can do
	Invalid         Kind = "invalid"         // the input is wrong; Problems say where
	NotFound        Kind = "not found"       // there is no such thing, or the caller may not know of it
	Exists          Kind = "exists"          // a unique name or value is taken
	Stale           Kind = "stale"           // the revision or offset is not the current one
	Unauthenticated Kind = "unauthenticated" // nobody, or a proof that does not hold
	Denied          Kind = "denied"          // somebody, without the right
	TooLarge        Kind = "too large"       // over a limit of size or count
	QuotaExceeded   Kind = "quota exceeded"  // the space's disk quota would be passed
	Expired         Kind = "expired"         // a lease or token that has ended
	Incomplete      Kind = "incomplete"      // an upload whose bytes have not all arrived
	Unsupported     Kind = "unsupported"     // well understood, and not offered
	Busy            Kind = "busy"            // try again later
	Full            Kind = "full"            // the disk has no room
	Canceled        Kind = "canceled"        // the caller went away
)

// Error makes a Kind usable as a target of errors.Is.
func (k Kind) Error() string { return string(k) }

// Code names what is wrong with one value, in dossier's own words; each dialect has its wording and code for it.
type Code string

// The codes of problems. Params of a Problem carry the bound or the value that was not met.
const (
	CodeRequired     Code = "required"       // empty, and must not be
	CodeInvalid      Code = "invalid"        // not a value of this type
	CodeNotUnique    Code = "not_unique"     // another record has it
	CodeTooShort     Code = "too_short"      // Params["min"]: characters
	CodeTooLong      Code = "too_long"       // Params["max"]: characters
	CodeTooSmall     Code = "too_small"      // Params["min"]
	CodeTooBig       Code = "too_big"        // Params["max"]
	CodePattern      Code = "pattern"        // does not match the field's pattern
	CodeNotInteger   Code = "not_integer"    // has decimals, and must not
	CodeNotNumber    Code = "not_number"     // is no number
	CodeNotEmail     Code = "not_email"      // is no address
	CodeNotURL       Code = "not_url"        // is no URL
	CodeOption       Code = "option"         // Params["value"]: not one of the options
	CodeTooMany      Code = "too_many"       // Params["max"]: elements
	CodeNoRecord     Code = "no_record"      // Params["id"]: a relation to nothing
	CodeNoUpload     Code = "no_upload"      // Params["key"]: an unknown, expired, used or foreign upload
	CodeFileTooLarge Code = "file_too_large" // Params["max"]: bytes, Params["file"]: original name
	CodeFileType     Code = "file_type"      // Params["allowed"]: []string, Params["file"]: original name, Params["slug"]: stored name
	CodeNotImage     Code = "not_image"      // Params["file"]
	CodeMismatch     Code = "mismatch"       // two values that must agree do not
	CodeTaken        Code = "taken"          // an id or name in use
	CodeUnknown      Code = "unknown"        // Params["name"]: no such field
)

// A Problem is one thing wrong with an input: where, what, and the numbers that explain it.
type Problem struct {
	// Path leads to the value: field names, list indices as decimal text, row indices of tables.
	Path   []string
	Code   Code
	Params map[string]any
}

// Error is the one error type that crosses package seams. Kind is what callers act on, Problems hold one entry per wrong
// value, Msg is a sentence for a person, Err the cause.
type Error struct {
	Kind     Kind
	Msg      string
	Problems []Problem
	Err      error
}

// Errorf returns an error of kind k. A %w verb in format sets its cause.
func Errorf(k Kind, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Kind: k, Msg: err.Error(), Err: errors.Unwrap(err)}
}

// Invalidate returns an Invalid error made of problems.
func Invalidate(problems ...Problem) *Error {
	return &Error{Kind: Invalid, Problems: problems}
}

// Error joins the message, the problems' paths and codes, and the cause.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Msg != "" {
		b.WriteString(e.Msg)
	} else {
		b.WriteString(string(e.Kind))
	}
	for i, p := range e.Problems {
		if i == 0 {
			b.WriteString(": ")
		} else {
			b.WriteString(", ")
		}
		b.WriteString(strings.Join(p.Path, "."))
		b.WriteString(" ")
		b.WriteString(string(p.Code))
	}
	if e.Msg == "" && e.Err != nil {
		b.WriteString(": ")
		b.WriteString(e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is e's Kind.
func (e *Error) Is(target error) bool {
	k, ok := target.(Kind)
	return ok && k == e.Kind
}

// KindOf returns the Kind of err, Internal if it has none, and "" for nil.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	var k Kind
	if errors.As(err, &k) {
		return k
	}
	return Internal
}

// HasProblem reports whether err holds a Problem with that code.
func HasProblem(err error, code Code) bool {
	var e *Error
	return errors.As(err, &e) && slices.ContainsFunc(e.Problems, func(p Problem) bool { return p.Code == code })
}
