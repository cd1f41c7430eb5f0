package main

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
)

// A grammar makes random questions.
type grammar struct{ *rand.Rand }

// The paths within a record of either collection, by what they hold.
var (
	plainPaths = []string{"name", "score", "active", "since", "color", "tags", "data", "id", "name:lower", "tags:lower", "tags:length", "color:length",
		"tags:each", "color:each", "data.a", "data.b.0", "data.b.1", "data.c.d", "data.0.a", "data.0", "place.lon", "place.lat", "score:each", "name:length",
		"tags:each:lower", "place"}
	itemPaths = []string{"text", "mail", "pic", "docs", "pic:each", "docs:each", "pic:length", "docs:length", "one", "many", "one.id", "many.id", "one:each",
		"many:each", "one:length", "many:length", "text:lower"}
	// The ways from an item, and from a team, to teams and items.
	toTeams = map[string][]string{items: {"one", "many"}, teams: {"diff_items_via_one.many", "diff_items_via_many.one"}}
	toItems = map[string][]string{items: {"one.diff_items_via_one", "many.diff_items_via_many", "one.diff_items_via_many"},
		teams: {"diff_items_via_one", "diff_items_via_many"}}
	signs    = []string{"=", "!=", ">", ">=", "<", "<=", "~", "!~"}
	formats  = []string{"%Y", "%Y-%m", "%m", "%d.%m.%Y", "%H:%M", "%f", "%j", "%w", "%u", "%s", "%W", "%U", "%V", "%G", "%g", "%e", "%F %T", "%I%p", "%k", "%l %P", "%%", "%q", "%J", "x", "%S"}
	modifier = []string{"start of month", "start of year", "start of day", "weekday 0", "weekday 3", "+1 months", "-1 month", "+1 day", "+7 days", "-25 hours",
		"+90 minutes", "+1.5 days", "+10 seconds", "+1 year", "-4 years", "floor", "ceiling", "subsec", "+01:30", "-0001-01-01", "+0000-01-02 03:04", "nonsense", "weekday 8", "utc"}
)

func (g *grammar) pick(from ...string) string { return from[g.IntN(len(from))] }

// one reports true once in n times.
func (g *grammar) one(n int) bool { return g.IntN(n) == 0 }

func (g *grammar) question() question {
	q := question{collection: g.pick(items, items, teams)}
	// An order by several related records goes by those rows there that the filter has left.
	if !g.one(6) {
		q.filter = g.filter(q.collection, 0)
	}
	if q.filter == "" || g.one(6) {
		if q.sort = g.sort(q.collection); strings.Contains(q.sort, "many") {
			q.filter = ""
		}
	}
	return q
}

func (g *grammar) sort(collection string) string {
	var keys []string
	for len(keys) == 0 || g.one(2) {
		// Which of several referring records counts is left to chance there.
		if path := g.path(collection); !strings.Contains(path, "_via_") {
			keys = append(keys, g.pick("", "-", "+")+path)
		}
	}
	return strings.Join(append(keys, "id"), ",")
}

func (g *grammar) filter(collection string, depth int) string {
	switch n := g.IntN(10); {
	case n < 6 || depth > 2:
		return g.test(collection)
	case n < 8:
		return g.filter(collection, depth+1) + " " + g.pick("&&", "||") + " " + g.filter(collection, depth+1)
	}
	return "(" + g.filter(collection, depth+1) + ")"
}

func (g *grammar) test(collection string) string {
	left, sign, right := g.operand(collection), g.pick(signs...), g.literal()
	like := strings.HasSuffix(sign, "~")
	switch {
	case strings.Contains(left, "pic") || strings.Contains(left, "docs"):
		right = g.pick("''", "'alpha'", "'alpha%'", "'%eta%'", "'gamma00'", "null", "'[]'", "'x'") // a random part of a name may match anything else
	case strings.HasPrefix(left, "geoDistance(") && like: // the digits of its text are not the same
		sign, like = "<", false
	}
	if g.one(6) && !like { // what stands in a column has no wildcards here, and constants inside a call are no patterns
		right = g.operand(collection)
	}
	if g.one(10) && !like {
		left, right = right, left
	}
	if sign = g.pick("", "", "?") + sign; strings.HasSuffix(sign, "=") && !strings.ContainsAny(sign, "<>") {
		sign, right = meant(left, sign, right)
	}
	return left + " " + sign + " " + right
}

var (
	list     = regexp.MustCompile(`(tags|docs|many)(:lower)?$`)
	computed = regexp.MustCompile(`data|place|\(`)
	blank    = regexp.MustCompile(`^(''|""|(?i:null))$`)
)

// meant changes an equality that dossier answers in its own way: an empty list is equal to ” and null; and the original forgets in one of
// its two looks at several values that null is not ” in a document or a function's value.
func meant(left, sign, right string) (string, string) {
	isList := list.MatchString(left) || list.MatchString(right)
	isBlank := blank.MatchString(right) || blank.MatchString(left) || !strings.ContainsAny(right[:1], `"'0123456789-`)
	switch {
	case isList && isBlank:
		return "~", `"red"`
	case computed.MatchString(left) || computed.MatchString(right):
		return "?" + strings.TrimPrefix(sign, "?"), right
	}
	return sign, right
}

// path is a way to a value, mostly a short one.
func (g *grammar) path(collection string) string {
	way := ""
	switch n := g.IntN(8); {
	case n < 2:
		way, collection = g.pick(toTeams[collection]...)+".", teams
	case n < 3:
		way, collection = g.pick(toItems[collection]...)+".", items
	}
	if collection == items && g.one(2) {
		return way + g.pick(itemPaths...)
	}
	return way + g.pick(plainPaths...)
}

func (g *grammar) operand(collection string) string {
	switch g.IntN(16) {
	case 0:
		other := g.pick(items, teams)
		return "@collection." + other + g.pick("", ":x", ":y") + "." + g.path(other)
	case 1, 2:
		return g.strftime(collection)
	case 3:
		return g.distance(collection)
	}
	return g.path(collection)
}

func (g *grammar) strftime(collection string) string {
	args := []string{quoted(g.pick(formats...))}
	switch g.IntN(4) {
	case 0:
		args = append(args, quoted(g.pick("2024-02-29 10:11:12.345Z", "2024-01-31", "2024-01-31T10:00:00+02:00", "12:30", "nothing", "2023-12-31 23:59", "")))
	case 1:
		args = append(args, g.path(collection))
	default:
		args = append(args, "since")
	}
	if g.one(4) {
		args = append(args, quoted(g.pick("unixepoch", "julianday", "auto")))
	}
	for range g.IntN(3) {
		args = append(args, quoted(g.pick(modifier...)))
	}
	return "strftime(" + strings.Join(args, ", ") + ")"
}

func (g *grammar) distance(collection string) string {
	way := ""
	if g.one(4) {
		way = g.pick("one", "many") + "."
	}
	if way != "" && collection == teams {
		way = ""
	}
	args := []string{way + "place.lon", way + "place.lat", "13.3", "52.4"}
	switch g.IntN(6) {
	case 2:
		if collection != teams {
			other := g.pick("", "one.", "many.")
			args[2], args[3] = other+"place.lon", other+"place.lat"
		}
	case 0:
		args[2], args[3] = way+"place.lat", way+"score"
	case 1:
		args[0] = g.pick(way+"name", way+"since", way+"data.a", "null", "true", way+"tags:length")
	}
	return "geoDistance(" + strings.Join(args, ", ") + ")"
}

func (g *grammar) literal() string {
	switch g.IntN(10) {
	case 0:
		return g.pick("null", "true", "false", "''", "0", "NULL", "True")
	case 1, 2:
		return strconv.FormatFloat(numbers[g.IntN(len(numbers))], 'f', -1, 64)
	case 3:
		return quoted(dates[g.IntN(len(dates))])
	case 4:
		return quoted(g.pick("2024", "02", "2024-02", "2024-02-29", "10:00", "%0%", "1", "366"))
	case 5:
		return quoted(colors[g.IntN(len(colors))])
	case 6:
		return quoted(g.pick("alpha", "_", `\_`, `\%`, "%a", "a%", "%", "A", "eta_", `["red"]`, `["red","green"]`, `"red"`, "{}", `{"a":1}`, "[]", "-"))
	case 7:
		return quoted(g.pick(teamID(g.IntN(teamCount)), itemID(g.IntN(itemCount)), "team", "item0"))
	case 8:
		return fmt.Sprint(g.IntN(12000))
	}
	return quoted(texts[g.IntN(len(texts))])
}

// quoted is s in quotes, with what would end them escaped.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
