package pocketbase

import (
	"slices"
	"strings"

	"dossier"
	"dossier/access"
	"dossier/core"
	"dossier/query"
)

// Bounds of an expansion.
const (
	maxExpandDepth = 6
	maxBackRecords = 1000 // that refer to one record
	maxIDs         = 1000 // looked up at once
)

// backInfix parts collection and field in the name of a back relation: "posts_via_author".
const backInfix = "_via_"

// An expansion is one relation to follow, and those to follow from there.
type expansion struct {
	name string
	next []*expansion
}

// parseExpand reads a list of dotted paths of relations. What is too deep of a path is left out.
func parseExpand(text string) []*expansion {
	root := &expansion{}
	for path := range strings.SplitSeq(strings.ReplaceAll(text, " ", ""), ",") {
		if path = strings.Trim(path, "."); path == "" {
			continue
		}
		at := root
		names := strings.Split(path, ".")
		for _, name := range names[:min(len(names), maxExpandDepth)] {
			at = at.child(name)
		}
	}
	return root.next
}

func (x *expansion) child(name string) *expansion {
	for _, c := range x.next {
		if c.name == name {
			return c
		}
	}
	c := &expansion{name: name}
	x.next = append(x.next, c)
	return c
}

// An expander puts related records into shown ones. Each related record must be one that who may view.
type expander struct {
	*viewer
	who access.Principal
}

// expand follows what is wanted from records of c, which are shown as shown. Paths that are unknown or closed are left out, each as a
// whole; open is false where that are all.
func (x *expander) expand(c *dossier.Collection, records []*dossier.Record, shown []map[string]any, wanted []*expansion) (open bool, err error) {
	open = len(wanted) == 0 || len(records) == 0
	for _, want := range wanted {
		one, err := x.follow(c, records, shown, want)
		if err != nil {
			return false, err
		}
		open = open || one
	}
	return open, nil
}

// follow follows one relation; open is false where it is unknown or closed, or where nothing of what is wanted behind it is open.
func (x *expander) follow(c *dossier.Collection, records []*dossier.Record, shown []map[string]any, want *expansion) (open bool, err error) {
	if len(records) == 0 {
		return true, nil
	}
	if f, ok := c.Field(want.name); ok && f.IsRelation() {
		if f.Hidden && !x.who.IsSuper() {
			return false, nil
		}
		return x.forward(f, records, shown, want)
	}
	if other, f, ok := x.backRelation(c, want.name); ok {
		return x.back(other, f, records, shown, want)
	}
	return false, nil
}

// slot is the map under "expand" of a shown record.
func slot(m map[string]any) map[string]any {
	s, ok := m["expand"].(map[string]any)
	if !ok {
		s = map[string]any{}
		m["expand"] = s
	}
	return s
}

// forward follows the relation f.
func (x *expander) forward(f *dossier.Field, records []*dossier.Record, shown []map[string]any, want *expansion) (open bool, err error) {
	target, ok := x.space.CollectionByID(f.Collection)
	if !ok || target.Draft {
		return false, nil
	}
	var ids []string
	seen := map[string]bool{}
	for _, r := range records {
		for _, id := range choices(r.Values[f.Name]) {
			if !seen[id] {
				seen[id], ids = true, append(ids, id)
			}
		}
	}
	byID, open, err := x.related(target, ids, want)
	if err != nil || !open {
		return false, err
	}
	for i, r := range records {
		if list := pickByID(byID, choices(r.Values[f.Name])); len(list) == 0 {
			slot(shown[i])
		} else if f.Multiple() {
			slot(shown[i])[want.name] = list
		} else {
			slot(shown[i])[want.name] = list[0]
		}
	}
	return true, nil
}

func pickByID(byID map[string]map[string]any, ids []string) []map[string]any {
	var list []map[string]any
	for _, id := range ids {
		if m, ok := byID[id]; ok {
			list = append(list, m)
		}
	}
	return list
}

// related shows the records of c with these ids that who may view, by id. open is as follow says.
func (x *expander) related(c *dossier.Collection, ids []string, want *expansion) (byID map[string]map[string]any, open bool, err error) {
	byID = map[string]map[string]any{}
	var records []*dossier.Record
	if len(ids) == 0 {
		return byID, x.h.svc.May(x.who, c, access.View) == nil, nil
	}
	for some := range slices.Chunk(ids, maxIDs) {
		found, open, err := x.find(c, query.Query{Filter: idIn(some)})
		if err != nil || !open {
			return nil, open, err
		}
		records = append(records, found...)
	}
	shown, open, err := x.show(c, records, want)
	for i, r := range records {
		byID[string(r.ID)] = shown[i]
	}
	return byID, open, err
}

// find lists records that who may view; open is false where the collection is closed.
func (x *expander) find(c *dossier.Collection, q query.Query) (records []*dossier.Record, open bool, err error) {
	page, err := x.h.svc.ListRecords(x.ctx, x.who, c, q, core.ListOptions{Action: access.View})
	if dossier.KindOf(err) == dossier.Denied {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	return page.Records, true, nil
}

// show shows related records and follows what is wanted from them.
func (x *expander) show(c *dossier.Collection, records []*dossier.Record, want *expansion) (shown []map[string]any, open bool, err error) {
	shown = x.plain(c, records)
	open, err = x.expand(c, records, shown, want.next)
	return shown, open, err
}

// backRelation finds the collection and relation that a name like "posts_via_author" means, if it refers to c.
func (x *expander) backRelation(c *dossier.Collection, name string) (*dossier.Collection, *dossier.Field, bool) {
	collection, field, ok := strings.Cut(name, backInfix)
	if !ok {
		return nil, nil, false
	}
	other, ok := findCollection(x.space, collection)
	if !ok {
		return nil, nil, false
	}
	f, ok := other.Field(field)
	if !ok || !f.IsRelation() || f.Collection != c.ID || f.Hidden && !x.who.IsSuper() {
		return nil, nil, false
	}
	return other, f, true
}

// back follows the relation f of c backwards.
func (x *expander) back(c *dossier.Collection, f *dossier.Field, records []*dossier.Record, shown []map[string]any, want *expansion) (open bool, err error) {
	ids := make([]dossier.Value, len(records))
	for i, r := range records {
		ids[i] = dossier.Text(r.ID)
	}
	var filter query.Filter = query.In{Of: query.Col(f.Name), Values: ids}
	if f.Multiple() {
		filter = query.Some{Over: query.Col(f.Name), Where: query.In{Of: query.Element{}, Values: ids}}
	}
	found, open, err := x.find(c, query.Query{Filter: filter, Limit: maxBackRecords * len(records)})
	if err != nil || !open {
		return false, err
	}
	others, open, err := x.show(c, found, want)
	if err != nil || !open {
		return false, err
	}
	by := map[string][]map[string]any{}
	for i, r := range found {
		for _, id := range choices(r.Values[f.Name]) {
			if len(by[id]) < maxBackRecords {
				by[id] = append(by[id], others[i])
			}
		}
	}
	for i, r := range records {
		switch list := by[string(r.ID)]; {
		case len(list) == 0:
			slot(shown[i])
		case hasOwnIndex(c, f):
			slot(shown[i])[want.name] = list[0]
		default:
			slot(shown[i])[want.name] = list
		}
	}
	return true, nil
}
