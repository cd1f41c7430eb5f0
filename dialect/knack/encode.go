package knack

import (
	"encoding/json"
	"net/http"
	"strconv"
	"sync"

	"dossier"
	"dossier/query"
)

const (
	jsonType = "application/json; charset=utf-8"
	textType = "text/html; charset=utf-8"
)

// A pair is one key of an object with its value.
type pair struct {
	key   string
	value any
}

// An object is a JSON object whose keys keep their order. Its values are strings, booleans, integers, dossier.Numbers, objects, lists
// of these, json.RawMessage, or nil.
type object []pair

// get returns the value of the first key with that name.
func (o object) get(key string) (any, bool) {
	for _, p := range o {
		if p.key == key {
			return p.value, true
		}
	}
	return nil, false
}

// MarshalJSON writes o with its keys in order and without escaping for HTML.
func (o object) MarshalJSON() ([]byte, error) { return appendObject(nil, o) }

func appendObject(b []byte, o object) ([]byte, error) {
	var err error
	b = append(b, '{')
	for i, p := range o {
		if i > 0 {
			b = append(b, ',')
		}
		b = query.AppendJSONString(b, p.key)
		b = append(b, ':')
		if b, err = appendValue(b, p.value); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

func appendList[T any](b []byte, list []T) ([]byte, error) {
	var err error
	b = append(b, '[')
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendValue(b, v); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

func appendValue(b []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case string:
		return query.AppendJSONString(b, v), nil
	case bool:
		return strconv.AppendBool(b, v), nil
	case int:
		return strconv.AppendInt(b, int64(v), 10), nil
	case int64:
		return strconv.AppendInt(b, v, 10), nil
	case dossier.Number:
		return append(b, v...), nil
	case json.Number:
		return append(b, v...), nil
	case json.RawMessage:
		return append(b, v...), nil
	case object:
		return appendObject(b, v)
	case []object:
		return appendList(b, v)
	case []string:
		return appendList(b, v)
	case []any:
		return appendList(b, v)
	}
	return nil, dossier.Errorf(dossier.Internal, "a %T cannot be encoded", v)
}

// writeJSON answers 200 with v, an object or a list of objects.
func writeJSON(w http.ResponseWriter, v any) error { return writeJSONStatus(w, http.StatusOK, v) }

// maxPooled is the largest buffer that is kept for later.
const maxPooled = 4 << 20

var bodies = sync.Pool{New: func() any { return new([]byte) }}

func writeJSONStatus(w http.ResponseWriter, status int, v any) error {
	buf := bodies.Get().(*[]byte)
	defer bodies.Put(buf)
	body, err := appendValue((*buf)[:0], v)
	if err != nil {
		return err
	}
	if cap(body) <= maxPooled {
		*buf = body
	}
	return writeBody(w, status, jsonType, body)
}

func writeBody(w http.ResponseWriter, status int, contentType string, body []byte) error {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	if _, err := w.Write(body); err != nil {
		return dossier.Errorf(dossier.Canceled, "write the answer: %w", err)
	}
	return nil
}
