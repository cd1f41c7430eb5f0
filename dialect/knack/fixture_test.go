package knack

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"dossier"
	"dossier/wire"
)

// everyField is one field of each type, and of some types more.
func everyField() []*dossier.Field {
	fields := []*dossier.Field{
		{Name: "line", Type: dossier.TypeText},
		{Name: "lines", Type: dossier.TypeText, Multiline: true},
		{Name: "rich", Type: dossier.TypeRichText},
		{Name: "num", Type: dossier.TypeNumber},
		{Name: "yes", Type: dossier.TypeBool},
		{Name: "due", Type: dossier.TypeDate},
		{Name: "at", Type: dossier.TypeDateTime},
		{Name: "clock", Type: dossier.TypeTime},
		{Name: "one", Type: dossier.TypeSelect, Options: []string{"Draft", "Review", "Not Done", "Done"}},
		{Name: "many", Type: dossier.TypeSelect, Options: []string{"red", "green", "dark red", "red, green, blue"}, MaxSelect: 3},
		{Name: "mail", Type: dossier.TypeEmail},
		{Name: "web", Type: dossier.TypeURL},
		{Name: "phone", Type: dossier.TypePhone},
		{Name: "masked", Type: dossier.TypePhone, Format: maskedPhone},
		{Name: "doc", Type: dossier.TypeFile},
		{Name: "docs", Type: dossier.TypeFile, MaxSelect: 3},
		{Name: "pic", Type: dossier.TypeImage},
		{Name: "safe", Type: dossier.TypeFile, Protected: true},
		{Name: "boss", Type: dossier.TypeRelation, Collection: "firms"},
		{Name: "firms", Type: dossier.TypeRelation, Collection: "firms", MaxSelect: 3},
		{Name: "rows", Type: dossier.TypeTable, Fields: []*dossier.Field{
			{Name: "item", Type: dossier.TypeText}, {Name: "qty", Type: dossier.TypeNumber}, {Name: "proof", Type: dossier.TypeFile, MaxSelect: 2},
		}},
		{Name: "json", Type: dossier.TypeJSON},
		{Name: "auto", Type: dossier.TypeAutoNumber},
		{Name: "person", Type: dossier.TypeName},
		{Name: "place", Type: dossier.TypeAddress},
		{Name: "stars", Type: dossier.TypeRating, Max: "5"},
	}
	for i, f := range fields {
		f.Number, f.Label = int64(i+1), "Field "+f.Name
	}
	return fields
}

// everySpace has an object with all of everyField, and one that it is connected to.
func everySpace() (*dossier.Space, *dossier.Collection) {
	firms := &dossier.Collection{ID: "firms", Number: 2, Name: "firms", Kind: dossier.Base, Fields: []*dossier.Field{
		{Name: "title", Type: dossier.TypeText, Number: 90, Label: "Title"}, {Name: "size", Type: dossier.TypeNumber, Number: 91, Label: "Size"},
	}}
	c := &dossier.Collection{ID: "every", Number: 1, Name: "every", Kind: dossier.Base, Fields: everyField()}
	return &dossier.Space{Application: "60241522a16be4001b611249", Settings: dossier.DefaultSettings(), Collections: []*dossier.Collection{c, firms}}, c
}

// newYork is a zone whose wall clock is never that of UTC.
func newYork(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// input is a JSON text as a handler would have decoded it.
func input(t testing.TB, text string) any {
	t.Helper()
	v, err := wire.ParseJSON([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// text is v as the JSON that is sent.
func text(t testing.TB, v any) string {
	t.Helper()
	b, err := appendValue(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid(b) {
		t.Fatalf("not JSON: %s", b)
	}
	return string(b)
}

func fieldNamed(t testing.TB, c *dossier.Collection, name string) *dossier.Field {
	t.Helper()
	f, ok := c.Field(name)
	if !ok {
		t.Fatalf("no field %s", name)
	}
	return f
}

func formBodyOf(query string) map[string]any { return formBody(wire.ParseQueryLenient(query)) }

// firmsSource has the two records that others are connected to.
type firmsSource struct{}

func (firmsSource) Related(_ context.Context, _ *dossier.Collection, id dossier.ID) (*dossier.Record, error) {
	switch id {
	case "7b20c3f29b4e5d6a8c90e1f3":
		return &dossier.Record{ID: id, Values: map[string]dossier.Value{"title": dossier.Text("Acme Corp"), "size": dossier.Number("7")}}, nil
	case "7b20c3f29b4e5d6a8c90e1f4":
		return &dossier.Record{ID: id, Values: map[string]dossier.Value{"title": dossier.Text("Beta")}}, nil
	}
	return nil, dossier.Errorf(dossier.NotFound, "no firm")
}

func (firmsSource) Referring(context.Context, *dossier.Collection, *dossier.Field, dossier.ID) ([]*dossier.Record, error) {
	return nil, nil
}

func (firmsSource) All(context.Context, *dossier.Collection) ([]*dossier.Record, error) {
	return nil, nil
}
