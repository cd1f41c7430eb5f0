package knack

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"dossier"
	"dossier/access"
	"dossier/core"
	"dossier/core/coretest"
	"dossier/query"
)

// A world is a service with records of every type, and what rules are made of.
type world struct {
	t     *testing.T
	r     *rand.Rand
	svc   *core.Service
	c     *dossier.Collection
	all   []*dossier.Record
	firms map[dossier.ID]*dossier.Record
	ids   []string
	docs  []string
	// pictures are uploads too.
	pictures []string
}

// Related implements query.Source.
func (w *world) Related(_ context.Context, _ *dossier.Collection, id dossier.ID) (*dossier.Record, error) {
	if r, ok := w.firms[id]; ok {
		return r, nil
	}
	return nil, dossier.Errorf(dossier.NotFound, "no firm")
}

// Referring implements query.Source; nothing here asks for it.
func (w *world) Referring(context.Context, *dossier.Collection, *dossier.Field, dossier.ID) ([]*dossier.Record, error) {
	return nil, fmt.Errorf("not asked for")
}

// All implements query.Source; nothing here asks for it.
func (w *world) All(context.Context, *dossier.Collection) ([]*dossier.Record, error) {
	return nil, fmt.Errorf("not asked for")
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, r: rand.New(rand.NewPCG(1, 2)), svc: coretest.New(t), firms: map[dossier.ID]*dossier.Record{}}
	space, _ := everySpace()
	for _, c := range space.Collections {
		c.ID, c.Number = "", c.Number+20
		for _, f := range c.Fields {
			f.Number += 100
		}
	}
	if _, err := w.svc.ApplySchema(t.Context(), access.System(), core.Schema{Collections: space.Collections}, false); err != nil {
		t.Fatal(err)
	}
	w.c, _ = w.svc.Space().Collection("every")
	firms, _ := w.svc.Space().Collection("firms")
	for i, name := range []string{"Acme Corp", "acme", "Beta", "100%_x"} {
		r := w.create(firms, map[string]dossier.Value{"title": dossier.Text(name), "size": dossier.Number(fmt.Sprint(i))})
		w.firms[r.ID] = r
		w.ids = append(w.ids, string(r.ID))
	}
	for _, name := range []string{"Lease 1.pdf", "a.txt", "A.TXT"} {
		w.docs = append(w.docs, w.upload(name, name))
	}
	for _, name := range []string{"dot.gif", "Dot.png"} {
		w.pictures = append(w.pictures, w.upload(name, "GIF89a\x01\x00\x01\x00\x00\x00\x00;"))
	}
	for range 60 {
		values := map[string]dossier.Value{}
		d := decoder{zone: time.UTC}
		for _, f := range w.c.Fields {
			if in := w.value(f); in != nil && w.r.IntN(4) > 0 {
				v, code := d.value(f, input(t, string(mustJSON(in))))
				if code != "" {
					t.Fatalf("%s: %v: %s", f.Name, in, code)
				}
				values[f.Name] = v
			}
		}
		w.all = append(w.all, w.create(w.c, values))
	}
	return w
}

func (w *world) upload(name, content string) string {
	w.t.Helper()
	u, err := w.svc.Upload(w.t.Context(), access.System(), core.Incoming{Name: name}, strings.NewReader(content))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(u.ID)
}

func (w *world) create(c *dossier.Collection, values map[string]dossier.Value) *dossier.Record {
	w.t.Helper()
	r, err := w.svc.CreateRecord(w.t.Context(), access.System(), c, "", core.Change{Values: values, Loose: true})
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

func (w *world) one(list ...any) any { return list[w.r.IntN(len(list))] }

// value is something that f takes, and that a rule may ask for; nil for types that no rule compares.
func (w *world) value(f *dossier.Field) any {
	id := w.ids[w.r.IntN(len(w.ids))]
	switch typeOf(f) {
	case shortText, paragraphText, richText, phoneType:
		if f.Type == dossier.TypeTable {
			return nil
		}
		if f.Type == dossier.TypeJSON {
			return map[string]any{"a": w.one("x", 1, true)}
		}
		return w.one("Apple", "apple pie", "ÄPFEL", "äpfel", "100%", "a_b", `a\b`, "İı", "(512) 555-0170", " ", "K\u212a")
	case numberType, ratingType:
		return w.one("1", "1.50", "-3", "0", "2", 3)
	case booleanType:
		return w.one(true, false)
	case dateTime:
		if f.Type == dossier.TypeTime {
			return w.one("4:14pm", "16:15", "12:00am", "23:59", "16:14:30")
		}
		return w.one("11/21/2026", "11/20/2026 11:59pm", "2026-11-21T15:04:05", "2026-10-01", "2027-02-28", "1/1/2026 10:00am")
	case multipleChoice:
		if f.Multiple() && w.r.IntN(2) == 0 {
			return []any{f.Options[w.r.IntN(len(f.Options))], f.Options[w.r.IntN(len(f.Options))]}
		}
		return f.Options[w.r.IntN(len(f.Options))]
	case emailType:
		return w.one("a@b.org", "A@B.org", "ann@x.org")
	case linkType:
		return w.one("http://x.org", "http://X.org/a_b")
	case fileType:
		return w.docs[w.r.IntN(len(w.docs))]
	case imageType:
		return w.pictures[w.r.IntN(len(w.pictures))]
	case connectionType:
		if f.Multiple() && w.r.IntN(2) == 0 {
			return []any{id, w.ids[w.r.IntN(len(w.ids))]}
		}
		return id
	case personName:
		return w.one("Ann Lee", "Bo Lee Stone", "Lee", map[string]any{"title": "Dr", "first": "Ann"})
	case addressType:
		return w.one("1 Main", map[string]any{"city": "Austin", "state": "TX"}, map[string]any{"street": "1 Main", "city": "Austin"},
			map[string]any{"country": "Österreich", "latitude": json.Number("30.25")})
	}
	return nil
}

// operators are all that the vendor's builders offer.
var operators = []string{"is", "is not", "contains", "does not contain", "starts with", "ends with", "is blank", "is not blank", "is any",
	"higher than", "lower than", ">=", "<=", "is before", "is after", "is today", "is today or before", "is today or after", "is before today",
	"is after today", "is before current time", "is after current time", "is during the current", "is during the previous", "is during the next",
	"is before the previous", "is after the next"}

// The operators of the vendor's types.
var (
	textOperators   = []string{"is", "is not", "contains", "does not contain", "starts with", "ends with", "is blank", "is not blank"}
	numberOperators = []string{"is", "is not", "higher than", "lower than", ">=", "<=", "is blank", "is not blank"}
	setOperators    = []string{"is", "is not", "contains", "does not contain", "is any", "is blank", "is not blank"}
	blankOperators  = []string{"is blank", "is not blank"}
	dayOperators    = operators[slices.Index(operators, "is before"):]
)

// operatorsFor are the operators that a field has.
func operatorsFor(f *dossier.Field) []string {
	switch typeOf(f) {
	case numberType, autoIncrement, ratingType:
		return numberOperators
	case booleanType:
		return []string{"is", "is not", "is blank", "is not blank"}
	case multipleChoice, connectionType:
		return setOperators
	case dateTime:
		if f.Type == dossier.TypeTime {
			return []string{"is", "is not", "is before", "is after", "is blank", "is not blank"}
		}
		return append([]string{"is", "is not", "is blank", "is not blank"}, dayOperators...)
	}
	if f.Type == dossier.TypeTable {
		return blankOperators
	}
	return textOperators
}

// rule asks something of f.
func (w *world) rule(f *dossier.Field, operator string) map[string]any {
	rule := map[string]any{"field": fieldKey(f), "operator": operator, "type": w.one("days", "weeks", "months", "quarters", "years"),
		"range": w.one(1, 2, 12)}
	rule["value"] = w.value(f)
	switch typeOf(f) {
	case autoIncrement:
		rule["value"] = w.one(1, 7, "30")
	case fileType, imageType:
		rule["value"] = w.one("a.txt", "lease", ".pdf", "dot.png", "d", "G")
	case personName:
		rule["value"] = w.one("ann", "Ann Lee", "dr ann", "Lee", "o Lee S", "e")
	case addressType:
		rule["value"] = w.one("1 Main Austin", "austin, tx", "TX", "ö", "30.25", "main a")
	case connectionType:
		if w.r.IntN(2) == 0 {
			rule["value"] = w.one("acme", "100%_x", "Bet")
		}
	}
	if f.Type == dossier.TypeJSON {
		rule["value"] = w.one(`{"a":"x"}`, `{"a":1`, `"x"}`, "{", "}")
	}
	return rule
}

// asks compares what the store finds for a filter with what query.Eval says, and returns how many records that are.
func (w *world) asks(l *lowerer, text string) int {
	w.t.Helper()
	filter, err := l.filter(text)
	if err != nil {
		w.t.Fatalf("%s: %v", text, err)
	}
	page, err := w.svc.ListRecords(w.t.Context(), access.System(), w.c, query.Query{Filter: filter}, core.ListOptions{})
	if err != nil {
		w.t.Fatalf("%s: %v", text, err)
	}
	var got, want []int64
	for _, r := range page.Records {
		got = append(got, r.Number)
	}
	for _, r := range w.all {
		ok, err := query.Eval(w.t.Context(), l.space, l.c, filter, r, w)
		if err != nil {
			w.t.Fatalf("%s: %v", text, err)
		}
		if ok {
			want = append(want, r.Number)
		}
	}
	if !slices.Equal(got, want) {
		w.t.Fatalf("%s\n%s\ngot  %v\nwant %v", text, query.String(filter), got, want)
	}
	return len(got)
}

// TestFiltersInSQL asks the store for every operator of every field: it finds what query.Eval says, and at least one of an operator's
// rules finds some records and leaves others out. An operator that a field has not is refused.
func TestFiltersInSQL(t *testing.T) {
	w := newWorld(t)
	l := &lowerer{space: w.svc.Space(), c: w.c, fields: w.c.Fields, zone: newYork(t), now: testNow}
	for _, f := range w.c.Fields {
		known := operatorsFor(f)
		for _, op := range operators {
			if !slices.Contains(known, op) {
				text := string(mustJSON([]any{w.rule(f, op)}))
				if _, err := l.filter(text); err == nil {
					t.Errorf("%s is taken", text)
				}
				continue
			}
			told := false
			for tries := 0; tries < 6 || !told && tries < 30; tries++ {
				n := w.asks(l, string(mustJSON([]any{w.rule(f, op)})))
				told = told || 0 < n && n < len(w.all)
			}
			always := f.Type == dossier.TypeBool || f.Type == dossier.TypeTable || f.Type == dossier.TypeAutoNumber
			if !told && !(always && strings.HasSuffix(op, "blank")) {
				t.Errorf("%s %q never tells records apart", f.Name, op)
			}
		}
	}
}

// TestCombinedFiltersInSQL asks the store for random rules of random fields, of connected ones too, joined by and or or.
func TestCombinedFiltersInSQL(t *testing.T) {
	w := newWorld(t)
	l := &lowerer{space: w.svc.Space(), c: w.c, fields: w.c.Fields, zone: newYork(t), now: testNow}
	random := func() map[string]any {
		f := w.c.Fields[w.r.IntN(len(w.c.Fields))]
		known := operatorsFor(f)
		rule := w.rule(f, known[w.r.IntN(len(known))])
		if f.IsRelation() && w.r.IntN(3) == 0 {
			rule["field"], rule["value"], rule["operator"] = fieldKey(f)+".field_191", w.one(1, 2), w.one("is", "is not", "higher than", "is blank")
		}
		return rule
	}
	for range 400 {
		rules := []any{random(), random()}
		if w.r.IntN(4) == 0 {
			rules = append(rules, random())
		}
		w.asks(l, string(mustJSON(map[string]any{"match": w.one("and", "or"), "rules": rules})))
	}
}

// TestPagesHoldEveryRecordOnce pages through a list that is sorted by a field with few values.
func TestPagesHoldEveryRecordOnce(t *testing.T) {
	w := newWorld(t)
	c := clientOf(t, w.svc, Options{})
	for _, f := range w.c.Fields {
		seen := map[string]bool{}
		for page := 1; ; page++ {
			a := c.do("GET", fmt.Sprintf("/v1/objects/%s/records/?page=%d&rows_per_page=7&sort_field=%s&sort_order=desc&format=raw", objectKey(w.c), page, fieldKey(f)), "", keyed)
			if a.status != 200 || a.at("current_page") != float64(page) || a.at("total_records") != float64(len(w.all)) || a.at("total_pages") != 9.0 {
				t.Fatalf("%s, page %d: %d %.300s", f.Name, page, a.status, a.body)
			}
			records := a.at("records").([]any)
			for _, r := range records {
				id := r.(map[string]any)["id"].(string)
				if seen[id] {
					t.Fatalf("%s: %s comes twice", f.Name, id)
				}
				seen[id] = true
			}
			if len(records) == 0 {
				break
			}
		}
		if len(seen) != len(w.all) {
			t.Errorf("%s: %d of %d records", f.Name, len(seen), len(w.all))
		}
	}
}
