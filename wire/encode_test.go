package wire

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"
)

// reference is what encoding/json makes of v.
func reference(v any, escapeHTML bool) (string, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(escapeHTML)
	err := enc.Encode(v)
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), err
}

type pair struct {
	A string `json:"a"`
	B *int   `json:"b,omitempty"`
}

func TestAppendJSONIsEncodingJSON(t *testing.T) {
	t.Parallel()
	all := []any{
		nil, true, false, 0, -1, int64(math.MinInt64), uint8(7), 1.5, 1e21, "", "plain", "quotes \" and \\", "<b>&amp;</b>",
		"\x00\x01\x1f\b\f\n\r\t\x7f", "héllo 日本 🎉", "\u2028\u2029", "bad \xff\xfe utf8 \xe2\x80", json.Number("12.50"), json.Number("-0.5"), json.Number("0"), json.Number(""), json.Number("1e400"),
		json.RawMessage(`{"x": 1}`), []any{}, []any(nil), []any{1, "a", nil, []any{true}}, []string{"<", "b"}, []string(nil),
		map[string]any{}, map[string]any(nil), map[string]any{"b": 1, "a": "<>", "": nil, "é": []string{"x"}, "a\"": map[string]any{"n": pair{A: "&"}}},
		[]map[string]any{{"z": 1, "y": 2}, nil}, pair{A: "x"}, &pair{A: "y"}, map[string]string{"k": "v"},
	}
	for _, v := range all {
		for _, escape := range []bool{false, true} {
			want, err1 := reference(v, escape)
			got, err2 := appendJSON(nil, v, escape)
			if string(got) != want || (err1 == nil) != (err2 == nil) {
				t.Errorf("%#v (%v): got %s, %v; want %s, %v", v, escape, got, err2, want, err1)
			}
		}
	}
	for _, bad := range []any{math.NaN(), json.Number("01"), json.Number("1."), json.Number("-"), json.Number("x"), func() {}, map[string]any{"a": []any{make(chan int)}}} {
		if _, err := appendJSON(nil, bad, true); err == nil {
			t.Errorf("%T is no JSON", bad)
		}
	}
}

func FuzzAppendText(f *testing.F) {
	f.Add("plain <b> \u2028 \xff")
	f.Fuzz(func(t *testing.T, s string) {
		for _, escape := range []bool{false, true} {
			want, _ := reference(s, escape)
			if got := appendText(nil, s, escape); string(got) != want {
				t.Errorf("%q: got %s, want %s", s, got, want)
			}
		}
	})
}

// BenchmarkAppendJSON encodes a list of thirty records, as encoding/json and as this package does.
func BenchmarkAppendJSON(b *testing.B) {
	items := make([]any, 30)
	for i := range items {
		items[i] = map[string]any{"id": "0123456789abcdef01234567", "title": "A title of some length", "amount": json.Number("1204.50"),
			"tags": []string{"red", "blue"}, "active": true, "created": "2026-11-21 08:10:23.725Z", "website": "", "cover": "", "status": "Draft"}
	}
	page := map[string]any{"items": items, "page": 1, "perPage": 30, "totalItems": -1, "totalPages": -1}
	b.Run("encoding/json", func(b *testing.B) {
		for b.Loop() {
			if _, err := reference(page, true); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("appendJSON", func(b *testing.B) {
		var buf []byte
		for b.Loop() {
			var err error
			if buf, err = appendJSON(buf[:0], page, true); err != nil {
				b.Fatal(err)
			}
		}
	})
}
