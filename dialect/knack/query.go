package knack

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"dossier"
	"dossier/query"
	"dossier/wire"
)

// A lowerer turns filters and sorts into query trees for one collection.
type lowerer struct {
	space *dossier.Space
	c     *dossier.Collection
	// fields are those that may be asked for: the object's, or a view's columns.
	fields []*dossier.Field
	zone   *time.Location
	now    time.Time
}

// maxRules bounds the rules of one filter.
const maxRules = 200

// badFilter refuses a filter. No rule is ever ignored: scripts delete what a filter returns.
func badFilter(form string, args ...any) error {
	return badRequest("Invalid filters: " + fmt.Sprintf(form, args...))
}

// filters reads all that a request filters by: every parameter of that name holds. Its parts as parameters of their own, as some
// libraries send objects, are refused.
func (l *lowerer) filters(params wire.Pairs) (query.Filter, error) {
	var all []query.Filter
	for _, p := range params {
		switch {
		case strings.HasPrefix(p.Name, "filters["):
			return nil, badFilter("they are one parameter of JSON")
		case p.Name == "filters":
			f, err := l.filter(p.Value)
			if err != nil {
				return nil, err
			}
			all = append(all, f)
		}
	}
	return query.Conj(all...), nil
}

// filter reads a filters parameter: {"match", "rules"}, or a list of rules that all must hold. nil is no filter.
func (l *lowerer) filter(text string) (query.Filter, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	doc, err := wire.ParseJSON([]byte(text))
	if err != nil {
		return nil, badRequest("Invalid filters")
	}
	rules, either, err := rulesOf(doc)
	if err != nil {
		return nil, err
	}
	if len(rules) > maxRules {
		return nil, badFilter("more than %d rules", maxRules)
	}
	filters := make([]query.Filter, len(rules))
	for i, r := range rules {
		o, ok := r.(map[string]any)
		if !ok {
			return nil, badFilter("a rule is an object")
		}
		if filters[i], err = l.rule(o); err != nil {
			return nil, err
		}
	}
	switch {
	case len(filters) == 0:
		return nil, nil
	case either:
		return query.Or(filters), nil
	}
	return query.And(filters), nil
}

// rulesOf are the rules of a filter, and whether one of them is enough.
func rulesOf(doc any) (rules []any, either bool, err error) {
	switch doc := doc.(type) {
	case nil:
		return nil, false, nil
	case []any:
		return doc, false, nil
	case map[string]any:
		return rulesOfObject(doc)
	case string:
		if doc == "" {
			return nil, false, nil
		}
	}
	return nil, false, badRequest("Invalid filters")
}

func rulesOfObject(doc map[string]any) (rules []any, either bool, err error) {
	if groups := doc["groups"]; !isBlankInput(groups) {
		return nil, false, badFilter("groups are not supported")
	}
	match, isText := doc["match"].(string)
	switch strings.ToLower(strings.TrimSpace(match)) {
	case "and", "all":
	case "or", "any":
		either = true
	case "":
		if !isText && doc["match"] != nil {
			return nil, false, badFilter("match is and or or")
		}
	default:
		return nil, false, badFilter("match is and or or")
	}
	switch r := doc["rules"].(type) {
	case nil:
		if len(doc) > 0 && doc["field"] != nil {
			return []any{doc}, either, nil // a rule by itself
		}
		return nil, either, nil
	case []any:
		return r, either, nil
	}
	return nil, false, badFilter("rules are a list")
}

// An ask is what one rule asks of a field: an operator without its negation, and its value.
type ask struct {
	op    string // in lower case
	value any
	given bool // there is a value
	rule  map[string]any
}

// opposites are the operators that say the contrary of another one. They are true of blank records.
var opposites = map[string]string{"is not": "is", "does not contain": "contains", "is blank": "is not blank"}

// aliases are other spellings of operators.
var aliases = map[string]string{"is higher than": "higher than", "greater than": "higher than", ">": "higher than", "<": "lower than",
	"is lower than": "lower than", "less than": "lower than", ">=": "at least", "<=": "at most", "=": "is", "!=": "is not"}

// rule lowers one rule.
func (l *lowerer) rule(o map[string]any) (query.Filter, error) {
	key, err := ruleField(o["field"])
	if err != nil {
		return nil, err
	}
	op, ok := o["operator"].(string)
	if !ok {
		return nil, badFilter("a rule for %s has no operator", key)
	}
	op = strings.Join(strings.Fields(strings.ToLower(op)), " ")
	if a, ok := aliases[op]; ok {
		op = a
	}
	value, given := o["value"]
	a := ask{op: op, value: value, given: given, rule: o}
	positive, negated := opposites[op]
	if negated {
		a.op = positive
	}
	f, err := l.ask(key, a)
	if err == errOperator {
		return nil, badFilter("%q is no operator for %s", o["operator"], key)
	}
	if err != nil {
		return nil, err
	}
	if negated {
		f = query.Not{Filter: f}
	}
	return f, nil
}

// errOperator says that an operator is unknown or of another type.
var errOperator = &fault{sentence: "no such operator"}

// ruleField is the key that a rule names: a text, or an object with one.
func ruleField(in any) (string, error) {
	if o, ok := in.(map[string]any); ok {
		in = o["key"]
	}
	key, ok := in.(string)
	if !ok || key == "" {
		return "", badFilter("a rule has no field")
	}
	return key, nil
}

// ask lowers what is asked of a key: id, a field, or a field of a connected record.
func (l *lowerer) ask(key string, a ask) (query.Filter, error) {
	if key == "id" {
		return askID(a)
	}
	first, rest, path := strings.Cut(key, ".")
	f, ok := l.field(first)
	if !ok {
		return nil, badFilter("unknown field %s", key)
	}
	if !path {
		return l.askField(f, a)
	}
	to, ok := l.space.CollectionByID(f.Collection)
	if !f.IsRelation() || !ok || !isObject(to) {
		return nil, badFilter("%s is no connection, in %s", first, key)
	}
	inner := &lowerer{space: l.space, c: to, fields: objectFields(to), zone: l.zone, now: l.now}
	where, err := inner.ask(rest, a)
	if err != nil {
		return nil, err
	}
	return query.Some{Over: query.Col(f.Name), Where: where}, nil
}

func (l *lowerer) field(key string) (*dossier.Field, bool) {
	f, ok := fieldOf(l.c, key)
	return f, ok && slices.Contains(l.fields, f)
}

// askID lowers what is asked of a record's id.
func askID(a ask) (query.Filter, error) {
	var filter query.Or
	switch a.op {
	case "is", "is any":
		for _, id := range listOf(a.value) {
			s, ok := textOfInput(id)
			if !ok || s == "" {
				return nil, badFilter("an id is a text")
			}
			filter = append(filter, equal(query.Meta(query.ID), dossier.Text(s)))
		}
		if len(filter) == 0 {
			return nil, badFilter("id needs a value")
		}
		return filter, nil
	}
	return nil, errOperator
}

// listOf is a list as it is, nothing as no element, anything else as the only one.
func listOf(in any) []any {
	switch in := in.(type) {
	case nil:
		return nil
	case []any:
		return in
	}
	return []any{in}
}

func equal(o query.Operand, v dossier.Value) query.Filter { return compare(o, query.Eq, v) }

func compare(o query.Operand, op query.Op, v dossier.Value) query.Filter {
	return query.Compare{Left: o, Op: op, Right: query.Literal{Value: v}}
}

// askField lowers what is asked of a field, by the vendor's type.
func (l *lowerer) askField(f *dossier.Field, a ask) (query.Filter, error) {
	if a.op == "is not blank" {
		return notBlank(f), nil
	}
	switch typeOf(f) {
	case shortText, paragraphText, richText, emailType, linkType, phoneType:
		return askText(f, a)
	case numberType, autoIncrement, ratingType:
		return askNumber(f, a)
	case booleanType:
		return askBool(f, a)
	case multipleChoice:
		return askChoice(f, a)
	case connectionType:
		return l.askConnection(f, a)
	case dateTime:
		return l.askDate(f, a)
	case fileType, imageType:
		return askFile(f, a)
	case personName, addressType:
		return askParts(f, a)
	}
	return nil, errOperator
}

// notBlank is true of records that have something in f. A yes or no is never blank.
func notBlank(f *dossier.Field) query.Filter {
	switch {
	case f.Type == dossier.TypeBool:
		return query.Const(true)
	case f.IsText():
		return compare(query.Col(f.Name), query.Ne, dossier.Text(""))
	}
	return query.Not{Filter: query.Empty{Of: query.Col(f.Name)}}
}

// likePattern is a pattern that matches s alone.
func likePattern(s string) string { return likeEscaper.Replace(s) }

var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// textPattern is the pattern of a text operator; ok is false if op is none.
func textPattern(op, value string) (pattern string, ok bool) {
	p := likePattern(value)
	switch op {
	case "is":
		return p, true
	case "contains":
		return "%" + p + "%", true
	case "starts with":
		return p + "%", true
	case "ends with":
		return "%" + p, true
	}
	return "", false
}

func like(o query.Operand, pattern string) query.Filter {
	return query.Like{Of: o, Pattern: pattern, Case: query.Fold}
}

// textAsked is the text that a rule's value is; an operator that needs one is refused without.
func textAsked(f *dossier.Field, a ask) (string, error) {
	s, ok := textOfInput(a.value)
	if o, isObject := a.value.(map[string]any); isObject {
		for _, k := range rawKeys[typeOf(f)] {
			if t, isText := textOfInput(o[k]); isText && !ok {
				s, ok = t, true
			}
		}
	}
	if !ok || s == "" {
		return "", badFilter("%q needs a value for %s", a.op, fieldKey(f))
	}
	return s, nil
}

// isNothing reports whether a rule asks for "" in so many words.
func (a ask) isNothing() bool { return a.op == "is" && a.given && isBlankInput(a.value) }

// wantedText is the text that a text operator looks for; none is true where the rule asks for blank instead.
func wantedText(f *dossier.Field, a ask) (s string, none bool, err error) {
	if _, ok := textPattern(a.op, ""); !ok {
		return "", false, errOperator
	}
	if a.isNothing() {
		return "", true, nil
	}
	s, err = textAsked(f, a)
	return s, false, err
}

func askText(f *dossier.Field, a ask) (query.Filter, error) {
	if f.Type == dossier.TypeTable {
		return nil, errOperator
	}
	s, none, err := wantedText(f, a)
	if none || err != nil {
		return query.Not{Filter: notBlank(f)}, err
	}
	pattern, _ := textPattern(a.op, s)
	col := query.Col(f.Name)
	if digits := phoneDigits(f, s); digits != "" && a.op == "is" {
		return query.Or{like(col, pattern), like(col, likePattern(maskPhone(digits)))}, nil
	}
	return like(col, pattern), nil
}

// numberOps are the comparisons of numbers.
var numberOps = map[string]query.Op{"is": query.Eq, "higher than": query.Gt, "lower than": query.Lt, "at least": query.Ge, "at most": query.Le}

func askNumber(f *dossier.Field, a ask) (query.Filter, error) {
	op, ok := numberOps[a.op]
	if !ok {
		return nil, errOperator
	}
	s, ok := textOfInput(a.value)
	n, err := parseLooseNumber(s)
	if !ok || err != nil {
		return nil, badFilter("%s is compared with a number", fieldKey(f))
	}
	return compare(query.Col(f.Name), op, n), nil
}

func askBool(f *dossier.Field, a ask) (query.Filter, error) {
	if a.op != "is" {
		return nil, errOperator
	}
	v, code := boolInput(a.value)
	if code != "" {
		return nil, badFilter("%s is yes or no", fieldKey(f))
	}
	yes := equal(query.Col(f.Name), dossier.Bool(true))
	if v == dossier.Bool(true) {
		return yes, nil
	}
	return query.Not{Filter: yes}, nil // what is empty reads as no
}

// askFile lowers the text operators on the names of files.
func askFile(f *dossier.Field, a ask) (query.Filter, error) {
	s, none, err := wantedText(f, a)
	if none || err != nil {
		return query.Empty{Of: query.Col(f.Name)}, err
	}
	pattern, _ := textPattern(a.op, s)
	return query.Some{Over: query.Col(f.Name), Where: like(query.Meta(query.FileName), pattern)}, nil
}
