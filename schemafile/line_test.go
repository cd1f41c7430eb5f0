package schemafile

import (
	"strings"
	"testing"

	"dossier"
)

const placed = `settings: {language: en}
collections:
  - name: a
    fields: []
  - name: b
    rules:
      list: ""
      view: "x = 1"
    fields:
      - {name: x, type: number}
      - name: lines
        type: table
        fields:
          - {name: y, type: text}
  - {name: c, rules: {list: ""}}
`

func TestLine(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]int{
		"a": 3, "b": 5, "c": 15, "c list": 15, "d": 0, "": 0, "b rules view": 8, "b x": 10, "b lines y": 14, "b lines nothing": 11, "b rules nothing": 7,
		"b nothing": 5, "b name": 5, "settings": 0,
	} {
		if got := Line([]byte(placed), strings.Fields(path)); got != want {
			t.Errorf("%q stands on line %d, want %d", path, got, want)
		}
	}
	for _, text := range []string{"", "a: [", "- a", "collections: 3", "collections: [[a]]", "collections: {a: {name: b}}"} {
		if got := Line([]byte(text), []string{"a", "b"}); got != 0 {
			t.Errorf("in %q it stands on line %d", text, got)
		}
	}
}

// TestPagesMayStandAboveCollections says that the order of a file's parts makes no difference for what is wrong in them.
func TestPagesMayStandAboveCollections(t *testing.T) {
	t.Parallel()
	pages := "pages: [{key: p, views: [{key: v, kind: list, collection: a, fields: [x]}]}]\n"
	if _, err := Parse([]byte(pages+"collections: [{name: a, fields: [{name: x, type: text}]}]"), dossier.Settings{}); err != nil {
		t.Error(err)
	}
	if _, err := Parse([]byte(pages+"collections: [{name: a}]"), dossier.Settings{}); err == nil || !strings.Contains(err.Error(), `line 1: the collection a has no field "x"`) {
		t.Errorf("a view of no field: %v", err)
	}
	if _, err := Parse([]byte(pages+"collections: [{name: b}]"), dossier.Settings{}); err == nil || !strings.Contains(err.Error(), `line 1: no collection "a"`) {
		t.Errorf("a view of no collection: %v", err)
	}
}
