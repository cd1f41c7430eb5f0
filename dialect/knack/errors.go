package knack

import (
	"errors"
	"html"
	"net/http"
	"slices"
	"strings"

	"dossier"
	"dossier/access"
)

// A fault is an error as the client sees it: a status and a sentence.
type fault struct {
	status   int
	sentence string
	allow    []string // methods, for 405
	retry    string   // Retry-After, for 429
}

func (f *fault) Error() string { return f.sentence }

// The sentences of the vendor's table of response codes, and of the rows that it leaves open.
var (
	errNoApp      = &fault{status: http.StatusUnauthorized, sentence: "Invalid API Request"}
	errAppID      = &fault{status: http.StatusBadRequest, sentence: "Malformed App ID."}
	errKey        = &fault{status: http.StatusUnauthorized, sentence: "Invalid API key"}
	errNoKey      = &fault{status: http.StatusUnauthorized, sentence: "Unauthorized Object Access"}
	errToken      = &fault{status: http.StatusForbidden, sentence: "Invalid or Expired Token"}
	errForbidden  = &fault{status: http.StatusForbidden, sentence: "Forbidden"}
	errNotFound   = &fault{status: http.StatusNotFound, sentence: "Not Found"}
	errNotOffered = &fault{status: http.StatusBadRequest, sentence: "Invalid request"}
	errJSON       = &fault{status: http.StatusBadRequest, sentence: "Invalid JSON"}
	errNoFile     = &fault{status: http.StatusBadRequest, sentence: "No file uploaded"}
	errMultipart  = &fault{status: http.StatusBadRequest, sentence: "Malformed multipart body"}
	errBigFile    = &fault{status: http.StatusRequestEntityTooLarge, sentence: "File too large"}
	errBigBody    = &fault{status: http.StatusRequestEntityTooLarge, sentence: "Request too large"}
	errBusy       = &fault{status: http.StatusTooManyRequests, sentence: "Rate limit exceeded", retry: "1"}
	errFull       = &fault{status: http.StatusInsufficientStorage, sentence: "Storage limit exceeded"}
	errInternal   = &fault{status: http.StatusInternalServerError, sentence: "Internal Server Error"}
)

// badRequest is a 400 with a sentence that may quote what the client sent: the answer's type is HTML.
func badRequest(sentence string) *fault {
	return &fault{status: http.StatusBadRequest, sentence: html.EscapeString(sentence)}
}

// The types of a validation entry.
const (
	typeRequired   = "required"
	typeUnique     = "unique"
	typeInvalid    = "invalid"
	typeFile       = "file"
	typeImage      = "image"
	typeConnection = "connection"
)

// An entry is one thing that is wrong with a record.
type entry struct {
	message string
	field   string // its key; "" if no field's
	typ     string // "" is left out
}

// A validation is the error body of a refused record.
type validation []entry

func (v validation) Error() string {
	messages := make([]string, len(v))
	for i, e := range v {
		messages[i] = e.message
	}
	return strings.Join(messages, " ")
}

// names reports whether v says something of the field with that key.
func (v validation) names(field string) bool {
	return slices.ContainsFunc(v, func(e entry) bool { return e.field == field })
}

// and is v with those entries of more that are about fields of which v says nothing.
func (v validation) and(more validation) validation {
	all := slices.Clone(v)
	for _, e := range more {
		if e.field != "" && !v.names(e.field) {
			all = append(all, e)
		}
	}
	return all
}

// body is the validation as the client sees it.
func (v validation) body() object {
	entries := make([]object, len(v))
	for i, e := range v {
		entries[i] = object{{"message", e.message}}
		if e.field != "" {
			entries[i] = append(entries[i], pair{"field", e.field})
		}
		if e.typ != "" {
			entries[i] = append(entries[i], pair{"type", e.typ})
		}
	}
	return object{{"errors", entries}}
}

// notImage is the answer to an upload that had to be a picture.
var notImage = validation{{message: "File must be an image.", typ: typeImage}}

// errNeeded is the answer to a deletion that would leave a required connection of another record empty.
var errNeeded = validation{{message: "A required connection of another record needs this record.", typ: typeConnection}}

// kinds say how an error of core without a better translation is answered.
var kinds = map[dossier.Kind]*fault{
	dossier.Invalid:         errNotOffered,
	dossier.Exists:          errNotOffered,
	dossier.Stale:           {status: http.StatusConflict, sentence: "Conflict"},
	dossier.NotFound:        errNotFound,
	dossier.Expired:         errNotFound,
	dossier.Unauthenticated: errToken,
	dossier.Denied:          errForbidden,
	dossier.TooLarge:        errBigBody,
	dossier.QuotaExceeded:   errFull,
	dossier.Full:            errFull,
	dossier.Incomplete:      errNotOffered,
	dossier.Canceled:        errNotOffered,
	dossier.Unsupported:     errNotOffered,
	dossier.Busy:            errBusy,
}

// translate makes a fault or validation of any error: the one place where a Kind becomes a status.
func translate(err error) error {
	var f *fault
	var v validation
	switch {
	case errors.As(err, &v):
		return v
	case errors.As(err, &f):
		return f
	case errors.Is(err, access.ErrRule):
		return errNotFound
	}
	if f, ok := kinds[dossier.KindOf(err)]; ok {
		return f
	}
	return errInternal
}

// writeError answers err.
func (h *handler) writeError(w http.ResponseWriter, r *http.Request, err error) {
	told := translate(err)
	if told == error(errInternal) {
		h.svc.Log().Error("request failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	if v, ok := told.(validation); ok {
		_ = writeJSONStatus(w, http.StatusBadRequest, v.body())
		return
	}
	f := told.(*fault)
	if len(f.allow) > 0 {
		w.Header().Set("Allow", strings.Join(f.allow, ", "))
	}
	if f.retry != "" {
		w.Header().Set("Retry-After", f.retry)
	}
	_ = writeBody(w, f.status, textType, []byte(f.sentence))
}

// refused turns core's complaints about a record of c into a validation, one entry per field.
func refused(c *dossier.Collection, err error) error {
	kind := dossier.KindOf(err)
	var e *dossier.Error
	if !errors.As(err, &e) || kind != dossier.Invalid && kind != dossier.Exists {
		return err
	}
	var v validation
	seen := map[string]bool{}
	for _, p := range e.Problems {
		if len(p.Path) == 0 || seen[p.Path[0]] {
			continue
		}
		seen[p.Path[0]] = true
		v = append(v, entryOf(c, p))
	}
	if len(v) > 0 {
		return v
	}
	message := e.Msg
	if message == "" {
		message = "The record is invalid."
	}
	return validation{{message: message, typ: typeInvalid}}
}

// entryOf words a problem of a field.
func entryOf(c *dossier.Collection, p dossier.Problem) entry {
	f, ok := c.Field(p.Path[0])
	if !ok {
		return entry{message: p.Path[0] + " is invalid.", typ: typeInvalid}
	}
	return wording(f, p.Code)
}

// wording is the entry for a value of f with that code.
func wording(f *dossier.Field, code dossier.Code) entry {
	e := entry{field: fieldKey(f), typ: typeInvalid}
	switch code {
	case dossier.CodeRequired:
		e.message, e.typ = f.Label+" is required.", typeRequired
	case dossier.CodeNotUnique, dossier.CodeTaken:
		e.message, e.typ = f.Label+" must be unique.", typeUnique
	case dossier.CodeNoUpload:
		e.message, e.typ = "Asset not found.", assetType(f)
	case dossier.CodeNotImage:
		e.message, e.typ = "File must be an image.", typeImage
	case dossier.CodeFileTooLarge:
		e.message, e.typ = f.Label+": the file is too large.", assetType(f)
	case dossier.CodeFileType:
		e.message, e.typ = f.Label+" does not take files of this type.", assetType(f)
	case dossier.CodeNoRecord:
		e.message, e.typ = f.Label+": the connected record does not exist.", typeConnection
	case dossier.CodeTooMany:
		e.message, e.typ = tooMany(f)
	case dossier.CodeTooShort, dossier.CodeTooLong, dossier.CodeTooSmall, dossier.CodeTooBig:
		e.message = f.Label + " is out of range."
	case dossier.CodeOption:
		e.message = f.Label + " has no such option."
	default:
		e.message = f.Label + " is not a valid " + typeWords[typeOf(f)] + "."
	}
	return e
}

func tooMany(f *dossier.Field) (message, typ string) {
	switch {
	case f.IsFile() && f.MaxSelect < 2:
		return f.Label + " takes only one file.", assetType(f)
	case f.IsFile():
		return f.Label + " takes fewer files.", assetType(f)
	case f.IsRelation():
		return f.Label + " takes fewer connections.", typeConnection
	}
	return f.Label + " takes fewer values.", typeInvalid
}

func assetType(f *dossier.Field) string {
	if f.Type == dossier.TypeImage {
		return typeImage
	}
	return typeFile
}
