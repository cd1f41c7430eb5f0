package wire

import "net/http"

// A SyntaxError says where a JSON text is wrong. It is the cause of ParseJSON's and ReadJSON's Invalid errors.
type SyntaxError struct {
	Offset int // bytes before the fault
	Line   int // from 1
	Column int // from 1, in bytes
	What   string
}

func (e *SyntaxError) Error() string { return e.What }

// ReadJSON reads r's body, at most limit bytes, as one JSON document and nothing after it; see ParseJSON for what is
// refused. An empty or blank body is nil, nil. Over the limit it is dossier.TooLarge, by Content-Length before a byte is
// read; with a Content-Encoding dossier.Unsupported; cut off dossier.Incomplete.
func ReadJSON(r *http.Request, limit int64) (any, error) { return nil, nil }

// ReadJSONFirst is ReadJSON for clients that send more: what follows the first value is ignored.
func ReadJSONFirst(r *http.Request, limit int64) (any, error) { return nil, nil }

// ParseJSON parses b, one strict JSON document: objects are map[string]any, arrays []any (never nil), numbers json.Number
// with exactly the digits sent. Depth is at most 64. Duplicate keys, invalid UTF-8, a byte order mark, NUL and lone
// surrogates are dossier.Invalid with a SyntaxError as cause. More than a million values are dossier.TooLarge.
func ParseJSON(b []byte) (any, error) { return nil, nil }

// WriteJSON answers with status and v as JSON under contentType, with Content-Length. Nothing is written when v cannot be
// encoded. escapeHTML writes <, > and & as \u003c, \u003e and \u0026.
func WriteJSON(w http.ResponseWriter, status int, contentType string, v any, escapeHTML bool) error {
	return nil
}
