package core_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"dossier"
	"dossier/access"
	"dossier/core"
	"dossier/query"
)

// safes is a collection with a password that records must have and one that they may have.
func safes() []*dossier.Collection {
	return []*dossier.Collection{{Name: "safes", Fields: []*dossier.Field{{Name: "title", Type: dossier.TypeText},
		{Name: "pin", Type: dossier.TypePassword, Min: "4"}, {Name: "must", Type: dossier.TypePassword, Required: true}}}}
}

func (h *house) secret(field, text string) dossier.Secret {
	h.t.Helper()
	f, _ := h.collection("safes").Field(field)
	s, err := h.HashSecret(ctx(), access.System(), f, text)
	h.must(err)
	return s
}

func TestSecretIsKeptAsItsHash(t *testing.T) {
	t.Parallel()
	h := newHouse(t, safes())
	if s := h.secret("pin", "abc"); s.Hash != "" {
		t.Errorf("a password that the field does not allow is hashed: %q", s.Hash)
	}
	pin, must := h.secret("pin", "abcd"), h.secret("must", "abcd")
	if !strings.HasPrefix(pin.Hash, "$argon2id$") || pin.Hash == must.Hash {
		t.Errorf("the hashes are %q and %q", pin.Hash, must.Hash)
	}
	r := h.create("safes", values{"pin": pin, "must": must})
	kept := values{"pin": dossier.Secret{Hash: pin.Hash}, "must": dossier.Secret{Hash: must.Hash}}
	same(t, "the answer to a create", r.Values, kept)
	same(t, "what is kept", h.get("safes", r.ID).Values, kept)

	r = h.update("safes", r, values{"title": dossier.Text("other")})
	same(t, "after another change", r.Value("pin"), dossier.Value(dossier.Secret{Hash: pin.Hash}))
	h.update("safes", r, values{"pin": nil})
	if v := h.get("safes", r.ID).Value("pin"); v != nil {
		t.Errorf("an emptied password is %v", v)
	}
}

func TestSecretHasNoText(t *testing.T) {
	t.Parallel()
	s := dossier.Secret{Hash: "hash", Clear: "clear"}
	b, err := json.Marshal(map[string]any{"v": s})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{string(b), fmt.Sprint(s), fmt.Sprintf("%+v %#v %s %q", s, s, s, s), query.TextOf(s), fmt.Sprint(map[string]dossier.Value{"v": s})} {
		if strings.Contains(text, "hash") || strings.Contains(text, "clear") {
			t.Errorf("a secret shows as %s", text)
		}
	}
}

// TestNobodyAsksForSecrets tries every way to a value that does not read the record, as the one who may do anything.
func TestNobodyAsksForSecrets(t *testing.T) {
	t.Parallel()
	h := newHouse(t, safes())
	h.create("safes", values{"must": h.secret("must", "abcd")})
	pin := query.Col("must")
	for name, q := range map[string]query.Query{
		"compare": {Filter: query.Compare{Left: pin, Op: query.Ne, Right: query.Literal{Value: dossier.Text("")}}},
		"empty":   {Filter: query.Empty{Of: pin}},
		"like":    {Filter: query.Like{Of: pin, Pattern: "$%"}},
		"inside":  {Filter: query.Some{Over: query.All{Collection: "safes"}, Where: query.Empty{Of: pin}}},
		"length":  {Filter: query.Compare{Left: query.Length{Of: pin}, Op: query.Gt, Right: query.Literal{Value: dossier.Number("0")}}},
		"order":   {Sort: []query.Sort{{By: pin}}},
	} {
		_, err := h.ListRecords(ctx(), access.System(), h.collection("safes"), q, core.ListOptions{})
		kind(t, name, err, dossier.Invalid)
	}
}

func TestWhatAPasswordFieldCannotBe(t *testing.T) {
	t.Parallel()
	h := newHouse(t, safes())
	password := func(change func(*dossier.Field)) *dossier.Field {
		f := &dossier.Field{Name: "pin", Type: dossier.TypePassword}
		change(f)
		return f
	}
	for name, c := range map[string]*dossier.Collection{
		"unique":     {Fields: []*dossier.Field{password(func(f *dossier.Field) { f.Unique = true })}},
		"indexed":    {Fields: []*dossier.Field{password(func(f *dossier.Field) { f.Indexed = true })}},
		"default":    {Fields: []*dossier.Field{password(func(f *dossier.Field) { f.Default = dossier.Secret{Hash: "h"} })}},
		"min":        {Fields: []*dossier.Field{password(func(f *dossier.Field) { f.Min = "few" })}},
		"pattern":    {Fields: []*dossier.Field{password(func(f *dossier.Field) { f.Pattern = "[" })}},
		"identifier": {Identifier: "pin", Fields: []*dossier.Field{password(func(*dossier.Field) {})}},
		"in a table": {Fields: []*dossier.Field{{Name: "rows", Type: dossier.TypeTable, Fields: []*dossier.Field{password(func(*dossier.Field) {})}}}},
		"in a view":  {Kind: dossier.View, Query: "SELECT id, must FROM safes"},
		"in an index": {Fields: []*dossier.Field{password(func(*dossier.Field) {})},
			Indexes: []dossier.Index{{Name: "x", Columns: []dossier.IndexColumn{{ColumnRef: dossier.ColumnRef{Field: "pin"}}}}}},
	} {
		c.Name = "others"
		_, err := h.PutCollection(ctx(), access.System(), c)
		kind(t, name, err, dossier.Invalid)
	}
}
