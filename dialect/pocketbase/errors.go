package pocketbase

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"dossier"
	"dossier/access"
	"dossier/wire"
)

// The sentences of the envelope that are used in more than one place.
const (
	msgGeneric       = "Something went wrong while processing your request."
	msgNotFound      = "The requested resource wasn't found."
	msgNoCollection  = "Missing or invalid collection context."
	msgOnlySuper     = "Only superusers can perform this action."
	msgNeedsAuth     = "The request requires valid record authorization token."
	msgNotAllowed    = "The authorized record is not allowed to perform this action."
	msgInvalidSubmit = "An error occurred while validating the submitted data."
	msgInvalidLoad   = "An error occurred while loading the submitted data."
)

// An apiError is an error as the client sees it.
type apiError struct {
	status  int
	message string
	data    map[string]any
}

func (e *apiError) Error() string { return strconv.Itoa(e.status) + " " + e.message }

func newError(status int, message string, data map[string]any) *apiError {
	return &apiError{status: status, message: message, data: data}
}

var (
	errNotFound = newError(http.StatusNotFound, msgNotFound, nil)
	errGeneric  = newError(http.StatusBadRequest, msgGeneric, nil)
)

// An envelope is the body of every error.
type envelope struct {
	Data    map[string]any `json:"data"`
	Message string         `json:"message"`
	Status  int            `json:"status"`
}

func (e *apiError) envelope() envelope {
	data := e.data
	if data == nil {
		data = map[string]any{}
	}
	return envelope{Data: data, Message: sentence(e.message), Status: e.status}
}

// statuses say how an error without a better translation is answered.
var statuses = map[dossier.Kind]apiError{
	dossier.Invalid:         {status: http.StatusBadRequest, message: msgGeneric},
	dossier.Exists:          {status: http.StatusBadRequest, message: msgGeneric},
	dossier.Stale:           {status: http.StatusBadRequest, message: msgGeneric},
	dossier.Incomplete:      {status: http.StatusBadRequest, message: msgGeneric},
	dossier.Canceled:        {status: http.StatusBadRequest, message: msgGeneric},
	dossier.Unsupported:     {status: http.StatusBadRequest, message: "Unsupported collection type."}, // of records: those of views
	dossier.NotFound:        {status: http.StatusNotFound, message: msgNotFound},
	dossier.Expired:         {status: http.StatusNotFound, message: msgNotFound},
	dossier.Unauthenticated: {status: http.StatusUnauthorized, message: "Missing or invalid authentication."},
	dossier.Denied:          {status: http.StatusForbidden, message: "You are not allowed to perform this request."},
	dossier.TooLarge:        {status: http.StatusRequestEntityTooLarge, message: "Request entity too large."},
	dossier.QuotaExceeded:   {status: http.StatusInsufficientStorage, message: "The disk quota is used up."},
	dossier.Full:            {status: http.StatusInsufficientStorage, message: "The server has no room left."},
	dossier.Busy:            {status: http.StatusTooManyRequests, message: "Too Many Requests."},
	dossier.Internal:        {status: http.StatusInternalServerError, message: msgGeneric},
}

// translate makes an apiError of any error: the one place where a Kind becomes a status.
func translate(err error) *apiError {
	var e *apiError
	if errors.As(err, &e) {
		return e
	}
	if dossier.KindOf(err) == dossier.Denied && errors.Is(err, access.ErrLocked) {
		return newError(http.StatusForbidden, msgOnlySuper, nil)
	}
	known, ok := statuses[dossier.KindOf(err)]
	if !ok {
		known = statuses[dossier.Internal]
	}
	return &known
}

// writeError answers err. What is nobody's fault but ours is logged whole and answered bare.
func (h *handler) writeError(w http.ResponseWriter, r *http.Request, err error) {
	e := translate(err)
	if e.status == http.StatusInternalServerError {
		h.svc.Log().ErrorContext(r.Context(), "request failed", "method", r.Method, "pattern", r.Pattern, "error", err)
	}
	for _, name := range []string{"Content-Disposition", "Cache-Control", "ETag", "Last-Modified", "Content-Type", "Content-Length"} {
		w.Header().Del(name)
	}
	if err := wire.WriteJSONLine(w, e.status, "application/json", e.envelope()); err != nil {
		h.svc.Log().WarnContext(r.Context(), "error not sent", "error", err)
	}
}

// loadError is the answer to a body that cannot be read.
func loadError(err error) error {
	if dossier.KindOf(err) == dossier.TooLarge || errors.Is(err, errContentType) {
		return err
	}
	return newError(http.StatusBadRequest, msgInvalidLoad, nil)
}

// saveError is the answer to a write of a record of c that failed: message is "Failed to create record." or the like.
func saveError(c *dossier.Collection, message string, err error) error {
	var api *apiError
	var e *dossier.Error
	if err == nil || errors.As(err, &api) || !errors.As(err, &e) {
		return err
	}
	switch e.Kind {
	case dossier.Invalid, dossier.Exists:
		return newError(http.StatusBadRequest, message, problemData(c.Fields, e.Problems))
	case dossier.Stale:
		return newError(http.StatusBadRequest, message, nil)
	}
	return err
}

// A fault is what is wrong with one value, as the client sees it.
type fault struct {
	Code    string         `json:"code"`
	Message string         `json:"message"`
	Params  map[string]any `json:"params,omitempty"`
}

// MarshalJSON writes the message as a sentence.
func (f fault) MarshalJSON() ([]byte, error) {
	type bare fault
	f.Message = sentence(f.Message)
	return json.Marshal(bare(f))
}

// sentence is text without blanks around it and with a full stop, if it has no mark at its end.
func sentence(text string) string {
	text = strings.TrimSpace(text)
	if text == "" || strings.IndexByte(".!?", text[len(text)-1]) >= 0 {
		return text
	}
	return text + "."
}

// blank is the fault of a value that must be there.
var blank = fault{Code: "validation_required", Message: "Cannot be blank."}

// badForm is the fault of a text that has not the form it must have.
var badForm = fault{Code: "validation_match_invalid", Message: "Must be in a valid format."}

// badEmail is the fault of a text that is no address of mail.
var badEmail = fault{Code: "validation_is_email", Message: "Must be a valid email address."}

// excluded is the fault of a value that is among those that cannot be.
var excluded = fault{Code: "validation_not_in_invalid", Message: "Must not be in list."}

// outOfRange is the fault of a text that is not of least to most characters.
func outOfRange(least, most int) fault {
	return fault{Code: "validation_length_out_of_range", Message: fmt.Sprintf("The length must be between %d and %d.", least, most),
		Params: map[string]any{"min": least, "max": most}}
}

// problemData is problems as the envelope's data: nested by path, the first of each value.
func problemData(fields []*dossier.Field, problems []dossier.Problem) map[string]any {
	data := map[string]any{}
	for _, p := range problems {
		f := fieldAt(fields, p.Path)
		path := p.Path
		if len(path) > 0 && (f == nil || f.Type != dossier.TypeTable && path[0] == f.Name) {
			path = path[:1] // an element of a list answers for the whole of it
		}
		nest(data, path, faultOf(f, p))
	}
	return data
}

// nest puts f at path unless something is there already.
func nest(data map[string]any, path []string, f fault) {
	for i, key := range path {
		if i == len(path)-1 {
			if _, taken := data[key]; !taken {
				data[key] = f
			}
			return
		}
		inner, ok := data[key].(map[string]any)
		if !ok {
			if _, taken := data[key]; taken {
				return
			}
			inner = map[string]any{}
			data[key] = inner
		}
		data = inner
	}
}

// fieldAt is the field that path leads to, through a table's rows; nil for what is no field.
func fieldAt(fields []*dossier.Field, path []string) *dossier.Field {
	var found *dossier.Field
	for _, step := range path {
		for _, f := range fields {
			if f.Name == step {
				found, fields = f, f.Fields
				break
			}
		}
	}
	return found
}

// faultOf translates one problem of a value of f, which is nil for what is no field (an id, a password).
func faultOf(f *dossier.Field, p dossier.Problem) fault {
	var t dossier.FieldType
	if f != nil {
		t = f.Type
	}
	if word, ok := typedFaults[p.Code][t]; ok {
		return word(p)
	}
	if word, ok := faults[p.Code]; ok {
		return word(p)
	}
	return fault{Code: "validation_invalid_value", Message: "Invalid value."}
}

// negative is the fault of a number below 0.
var negative = noLess(0)

// A wording makes the fault of a problem.
type wording func(dossier.Problem) fault

// plainWording is a wording without parameters.
func plainWording(code, message string) wording {
	return func(dossier.Problem) fault { return fault{Code: code, Message: message} }
}

// boundWording is a wording around one parameter: from is dossier's name for it, to the client's.
func boundWording(code, format, from, to string) wording {
	return func(p dossier.Problem) fault {
		v := plainParam(p.Params[from])
		return fault{Code: code, Message: fmt.Sprintf(format, v), Params: map[string]any{to: v}}
	}
}

// plainParam shows the decimal text of a bound as a number.
func plainParam(v any) any {
	switch v := v.(type) {
	case string:
		if n, err := strconv.ParseFloat(v, 64); err == nil {
			return n
		}
	case dossier.Number:
		return encodeNumber(v)
	}
	return v
}

// faults is the wording of each code.
var faults = map[dossier.Code]wording{
	dossier.CodeRequired:     func(dossier.Problem) fault { return blank },
	dossier.CodeInvalid:      plainWording("validation_invalid_value", "Invalid value."),
	dossier.CodeNotUnique:    plainWording("validation_not_unique", "Value must be unique."),
	dossier.CodeTaken:        plainWording("validation_not_unique", "Value must be unique."),
	dossier.CodeTooShort:     tooShort,
	dossier.CodeTooLong:      boundWording("validation_max_text_constraint", "Must be no more than %v character(s).", "max", "max"),
	dossier.CodeTooSmall:     boundWording("validation_min_number_constraint", "Must be greater or equal than %v.", "min", "min"),
	dossier.CodeTooBig:       boundWording("validation_max_number_constraint", "Must be less or equal than %v.", "max", "max"),
	dossier.CodePattern:      plainWording("validation_invalid_format", "Invalid value format."),
	dossier.CodeNotInteger:   plainWording("validation_only_int_constraint", "Decimal numbers are not allowed."),
	dossier.CodeNotNumber:    plainWording("validation_not_a_number", "The submitted number is not properly formatted."),
	dossier.CodeNotEmail:     plainWording("validation_is_email", "Must be a valid email address."),
	dossier.CodeNotURL:       plainWording("validation_invalid_url", "Must be a valid url."),
	dossier.CodeOption:       noOption,
	dossier.CodeTooMany:      boundWording("validation_too_many_values", "Select no more than %v.", "max", "maxSelect"),
	dossier.CodeNoRecord:     plainWording("validation_missing_rel_records", "Failed to find all relation records with the provided ids."),
	dossier.CodeNoUpload:     foreignFiles,
	dossier.CodeFileTooLarge: fileTooLarge,
	dossier.CodeFileType:     fileType,
	dossier.CodeNotImage:     notImage,
	dossier.CodeMismatch:     plainWording("validation_values_mismatch", "Values don't match."),
	codePrimaryKey:           plainWording("validation_pk_change", "The record primary key cannot be changed."),
	codeShortPassword:        shortPassword,
	codeLongPassword:         longPassword,
	codeContentSize:          boundWording("validation_content_size_limit", "The maximum allowed content size is %v bytes.", "max", "maxSize"),
	codeJSONSize:             boundWording("validation_json_size_limit", "The maximum allowed JSON size is %v bytes.", "max", "maxSize"),
	codeOldPassword:          plainWording("validation_invalid_old_password", "Missing or invalid old password."),
	codeJSON:                 plainWording("validation_invalid_json", "Must be a valid json value."),
	codeLatitude:             plainWording("validation_invalid_latitude", "Latitude must be between -90 and 90 degrees."),
	codeLongitude:            plainWording("validation_invalid_longitude", "Longitude must be between -180 and 180 degrees."),
	codeTooFew:               boundWording("validation_not_enough_values", "Select at least %v.", "min", "minSelect"),
	codeEmailDomain:          plainWording("validation_email_domain_not_allowed", "Email domain is not allowed."),
	codeURLDomain:            plainWording("validation_url_domain_not_allowed", "Url domain is not allowed."),
}

// Codes that only this dialect uses.
const (
	codePrimaryKey    dossier.Code = "primary_key"
	codeShortPassword dossier.Code = "short_password"
	codeLongPassword  dossier.Code = "long_password"
	codeContentSize   dossier.Code = "content_size"
	codeJSONSize      dossier.Code = "json_size"
	codeOldPassword   dossier.Code = "old_password"
	codeJSON          dossier.Code = "json"
	codeLatitude      dossier.Code = "latitude"
	codeLongitude     dossier.Code = "longitude"
	codeTooFew        dossier.Code = "too_few"
	codeEmailDomain   dossier.Code = "email_domain"
	codeURLDomain     dossier.Code = "url_domain"
)

var (
	dayMin    = dayWording("validation_min_greater_equal_than_required", "Must be no less than %v.", "min")
	dayMax    = dayWording("validation_max_less_equal_than_required", "Must be no greater than %v.", "max")
	manyFiles = boundWording("validation_too_many_files", "The maximum allowed files is %v.", "max", "maxSelect")
)

// dayWording is a wording around a bound of time.
func dayWording(code, format, from string) wording {
	return func(p dossier.Problem) fault {
		shown, threshold := p.Params[from], p.Params[from]
		if t, ok := toTime(shown); ok {
			shown, threshold = t.String(), t.Format(time.RFC3339Nano)
		}
		return fault{Code: code, Message: fmt.Sprintf(format, shown), Params: map[string]any{"threshold": threshold}}
	}
}

// typedFaults is the wording of a code where the field's type changes it.
var typedFaults = map[dossier.Code]map[dossier.FieldType]wording{
	dossier.CodeTooSmall: {dossier.TypeDate: dayMin, dossier.TypeDateTime: dayMin, dossier.TypeTime: dayMin},
	dossier.CodeTooBig:   {dossier.TypeDate: dayMax, dossier.TypeDateTime: dayMax, dossier.TypeTime: dayMax},
	dossier.CodeTooMany:  {dossier.TypeFile: manyFiles, dossier.TypeImage: manyFiles},
	dossier.CodeTooShort: {dossier.TypePassword: shortPassword},
	dossier.CodeTooLong:  {dossier.TypePassword: longPassword},
}

// foreignFiles: a list of names holds some that the record did not have. Params["keys"] or ["key"] are those.
func foreignFiles(p dossier.Problem) fault {
	names, ok := p.Params["keys"].([]string)
	if !ok {
		names = []string{fmt.Sprint(p.Params["key"])}
	}
	return fault{
		Code: "validation_invalid_file", Message: "Invalid new files: [" + strings.Join(names, " ") + "].",
		Params: map[string]any{"invalidFiles": names},
	}
}

// noOption names the value, which stays text if it looks like a number.
func noOption(p dossier.Problem) fault {
	v := fmt.Sprint(p.Params["value"])
	return fault{Code: "validation_invalid_value", Message: "Invalid value " + v, Params: map[string]any{"value": v}}
}

var tooShort = boundWording("validation_min_text_constraint", "Must be at least %v character(s).", "min", "min")

// shortPassword is worded like a short text, but has no parameters.
func shortPassword(p dossier.Problem) fault {
	f := tooShort(p)
	f.Params = nil
	return f
}

// longPassword has no parameters either.
func longPassword(p dossier.Problem) fault {
	return fault{Code: "validation_max_text_constraint", Message: fmt.Sprintf("Must be less than %v character(s).", p.Params["max"])}
}

func fileTooLarge(p dossier.Problem) fault {
	return fault{
		Code:    "validation_file_size_limit",
		Message: fmt.Sprintf("Failed to upload %v - the maximum allowed file size is %v bytes.", p.Params["file"], p.Params["max"]),
		Params:  map[string]any{"file": p.Params["file"], "maxSize": p.Params["max"]},
	}
}

func fileType(p dossier.Problem) fault {
	allowed, _ := p.Params["allowed"].([]string)
	name, _ := p.Params["slug"].(string)
	if name == "" {
		name, _ = p.Params["file"].(string)
	}
	return fault{
		Code:    "validation_invalid_mime_type",
		Message: fmt.Sprintf("%q mime type must be one of: %s.", name, strings.Join(allowed, ", ")),
	}
}

// pictureTypes are what a field for pictures takes, as far as a message can say.
var pictureTypes = []string{"image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml"}

func notImage(p dossier.Problem) fault {
	p.Params = map[string]any{"file": p.Params["file"], "slug": p.Params["slug"], "allowed": pictureTypes}
	return fileType(p)
}

// invalidFields is the answer to a submission, not of a record, whose fields are wrong.
func invalidFields(message string, wrong map[string]fault) *apiError {
	data := make(map[string]any, len(wrong))
	for name, f := range wrong {
		data[name] = f
	}
	return newError(http.StatusBadRequest, message, data)
}
