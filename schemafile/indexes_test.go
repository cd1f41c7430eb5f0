package schemafile

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"dossier"
)

const indexesText = `
collections:
- name: seats
  fields:
  - {name: line, type: text}
  - {name: seat, type: number}
  indexes:
  - {name: one_seat, unique: true, columns: [{field: line, fold: true}, {field: seat, descending: true}], where: [{field: seat, is: ">", value: "5"}, {field: line, is: "<>"}]}
  - {name: newest, columns: [{field: line}, {column: created}]}
`

func TestIndexesReadBack(t *testing.T) {
	t.Parallel()
	s, err := parse(t, indexesText)
	if err != nil {
		t.Fatal(err)
	}
	field := func(name dossier.ID) dossier.ColumnRef { return dossier.ColumnRef{Field: name} }
	want := []dossier.Index{
		{Name: "one_seat", Unique: true, Columns: []dossier.IndexColumn{{ColumnRef: field("line"), Fold: true}, {ColumnRef: field("seat"), Descending: true}},
			Where: []dossier.Condition{{ColumnRef: field("seat"), Op: dossier.More, Value: "5"}, {ColumnRef: field("line"), Op: dossier.Differs}}},
		{Name: "newest", Columns: []dossier.IndexColumn{{ColumnRef: field("line")}, {ColumnRef: dossier.ColumnRef{Meta: "created"}}}},
	}
	if diff := cmp.Diff(want, s.Collections[0].Indexes); diff != "" {
		t.Fatalf("read (-want +got):\n%s", diff)
	}
	for _, f := range s.Collections[0].Fields { // as core completes them
		f.ID, f.Code, f.Label = dossier.ID(f.Name), f.Name, f.Name
	}
	text, err := Format(&dossier.Space{Application: "0123456789abcdef01234567", Settings: dossier.DefaultSettings(), Collections: s.Collections})
	if err != nil {
		t.Fatal(err)
	}
	again, err := parse(t, string(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if diff := cmp.Diff(want, again.Collections[0].Indexes); diff != "" {
		t.Errorf("read from %s (-want +got):\n%s", text, diff)
	}
	for in, want := range map[string]int{"": -1, "  indexes: []\n": 0} { // nothing said keeps what there is, an empty list does not
		s, err := parse(t, "collections:\n- name: a\n"+in)
		if err != nil || (s.Collections[0].Indexes == nil) != (want < 0) {
			t.Errorf("%q: %v, %v", in, s.Collections[0].Indexes, err)
		}
	}
}
