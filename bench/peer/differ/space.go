package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
)

// The collections: items point at teams.
const (
	teams = "diff_teams"
	items = "diff_items"
)

// The values that records have and filters ask for. Where one list serves both, answers are neither all nor nothing.
var (
	texts     = []string{"", "a", "A", "abc", "b%c", "b_c", "10", "2", "é", "É", "true", "null", "it's", "[]", "0", `q"q`, `back\slash`, " x "}
	numbers   = []float64{0, 1, -1, 2.5, 10, -3, 100, 1000000, 0.1}
	dates     = []string{"", "2024-01-31 10:00:00.000Z", "2024-02-29 23:59:59.999Z", "2025-12-31 00:00:00.000Z", "2023-07-04 05:06:07.008Z"}
	colors    = []string{"red", "green", "blue", "x y"}
	fileNames = []string{"alpha", "beta", "gamma", "delta"}
	points    = []object{{"lon": 0, "lat": 0}, {"lon": 13.4, "lat": 52.5}, {"lon": -0.1, "lat": 51.5}, {"lon": 179.9, "lat": -45}}
	docs      = []any{nil, true, false, 0, 1, 2.5, "a", "10", "", []any{}, []any{"a", 1}, object{}, object{"a": 1}, object{"a": "x", "b": []any{1, "2", nil}},
		object{"a": nil, "c": object{"d": true}}, []any{object{"a": 5}, object{"a": "y"}}, "2024-02-29 10:00:00.000Z", object{"a": 2.5, "when": "2024-02-29"}}
)

const (
	teamCount = 9
	itemCount = 40
)

func teamID(i int) string { return fmt.Sprintf("team%011d", i) }
func itemID(i int) string { return fmt.Sprintf("item%011d", i) }

// fill makes the collections anew and puts records into them that depend on r alone.
func fill(ctx context.Context, c *client, r *rand.Rand) error {
	for _, name := range []string{items, teams} { // there may be none of an earlier run
		if _, _, err := c.send(ctx, "DELETE", "/api/collections/"+name, "", nil); err != nil {
			return err
		}
	}
	field := func(name, kind string, more ...any) object {
		o := object{"name": name, "type": kind}
		for i := 0; i < len(more); i += 2 {
			o[more[i].(string)] = more[i+1]
		}
		return o
	}
	var made struct{ ID string }
	common := []object{field("name", "text"), field("score", "number"), field("active", "bool"), field("since", "date"),
		field("color", "select", "values", colors, "maxSelect", 1), field("tags", "select", "values", colors, "maxSelect", 4),
		field("data", "json"), field("place", "geoPoint")}
	err := c.do(ctx, "POST", "/api/collections", object{"name": teams, "type": "base", "fields": common, "listRule": ""}, &made)
	if err != nil {
		return err
	}
	own := append(slices.Clone(common), field("text", "editor"), field("mail", "email"), field("pic", "file", "maxSelect", 1), field("docs", "file", "maxSelect", 5),
		field("one", "relation", "collectionId", made.ID, "maxSelect", 1), field("many", "relation", "collectionId", made.ID, "maxSelect", 5))
	if err := c.do(ctx, "POST", "/api/collections", object{"name": items, "type": "base", "fields": own, "listRule": ""}, nil); err != nil {
		return err
	}
	for i := range teamCount {
		values := commonValues(r)
		values["id"] = teamID(i)
		if err := c.create(ctx, teams, values, nil); err != nil {
			return err
		}
	}
	for i := range itemCount {
		values, files := itemValues(r, i)
		values["id"] = itemID(i)
		if err := c.create(ctx, items, values, files); err != nil {
			return err
		}
	}
	return nil
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// some are up to n different ones of from, in any order.
func some[T any](r *rand.Rand, from []T, n int) []T {
	out := []T{}
	for _, i := range r.Perm(len(from))[:r.IntN(min(n, len(from))+1)] {
		out = append(out, from[i])
	}
	return out
}

// commonValues leaves out every fourth value, so that it was never given.
func commonValues(r *rand.Rand) object {
	all := object{"name": pick(r, texts), "score": pick(r, numbers), "active": r.IntN(2) == 0, "since": pick(r, dates), "color": pick(r, append(slices.Clone(colors), "")),
		"tags": some(r, colors, 3), "data": pick(r, docs), "place": pick(r, points)}
	for _, name := range []string{"name", "score", "active", "since", "color", "tags", "data", "place"} {
		if r.IntN(4) == 0 {
			delete(all, name)
		}
	}
	return all
}

// itemValues are those of the item at index i. Names of files begin differently everywhere, as what is added to them does not count.
func itemValues(r *rand.Rand, i int) (object, map[string][]string) {
	values := commonValues(r)
	if r.IntN(3) > 0 {
		values["text"], values["mail"] = pick(r, texts), pick(r, []string{"", "a@example.com", "B@example.com"})
	}
	var ids []string
	for i := range teamCount {
		ids = append(ids, teamID(i))
	}
	if r.IntN(3) > 0 {
		values["one"] = pick(r, ids)
	}
	values["many"] = some(r, ids, 3)
	var names []string
	for _, name := range fileNames {
		names = append(names, fmt.Sprintf("%s%02d.txt", name, i))
	}
	files := map[string][]string{"docs": some(r, names, 3)}
	if r.IntN(2) == 0 {
		files["pic"] = []string{pick(r, names)}
	}
	return values, files
}
