package schemafile

import (
	"regexp"

	"go.yaml.in/yaml/v3"

	"dossier"
)

// slugForm is what stands in an address without being escaped.
var slugForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// pageNodes are where a page names other things of the file, for checks once all of it is read.
type pageNodes struct {
	parent, collection *yaml.Node
	roles              []*yaml.Node
}

func (r *reader) pages(n *yaml.Node) error {
	r.schema.Pages = []dossier.Page{}
	seen, slugs := map[string]int{}, map[string]int{}
	return each(n, func(n *yaml.Node) error { return r.page(n, seen, slugs) })
}

func (r *reader) page(n *yaml.Node, seen, slugs map[string]int) error {
	var p dossier.Page
	var nodes pageNodes
	err := object(n, "page", keys{
		"key":  func(n *yaml.Node) error { return unique(n, &p.Key, seen, "page key") },
		"name": func(n *yaml.Node) error { return text(n, &p.Name) },
		"slug": func(n *yaml.Node) error {
			if err := matching(n, &p.Slug, slugForm, "small letters and digits joined by -"); err != nil {
				return err
			}
			return unique(n, &p.Slug, slugs, "slug")
		},
		"login":      func(n *yaml.Node) error { return boolean(n, &p.Login) },
		"parent":     func(n *yaml.Node) error { nodes.parent = n; return text(n, &p.Parent) },
		"collection": func(n *yaml.Node) error { nodes.collection = n; return text(n, &p.Collection) },
		"roles":      func(n *yaml.Node) error { nodes.roles = n.Content; return texts(n, &p.Roles) },
		"views": func(n *yaml.Node) error {
			return each(n, func(n *yaml.Node) error { return r.view(n, &p, seen) })
		},
	})
	switch {
	case err != nil:
	case p.Key == "":
		err = at(n, "a page needs a key")
	case len(p.Roles) > 0 && !p.Login:
		err = at(nodes.roles[0], "a page with roles needs login: true")
	}
	r.schema.Pages = append(r.schema.Pages, p)
	r.later = append(r.later, func() error { return r.checkPage(&p, nodes) })
	return err
}

// checkPage looks whether what a page names is in the file, and whether its parents end.
func (r *reader) checkPage(p *dossier.Page, nodes pageNodes) error {
	if p.Parent != "" && r.pageByKey(p.Parent) == nil {
		return at(nodes.parent, "no page %q", p.Parent)
	}
	steps := 0
	for up := p; up != nil && up.Parent != ""; up = r.pageByKey(up.Parent) {
		if steps++; steps > len(r.schema.Pages) {
			return at(nodes.parent, "the page %s is among its own parents", p.Key)
		}
	}
	if c, known := r.named(p.Collection); nodes.collection != nil && known && c == nil {
		return at(nodes.collection, "no collection %q", p.Collection)
	}
	for i, role := range p.Roles {
		if c, known := r.named(role); known && (c == nil || c.Kind != dossier.Auth) {
			return at(nodes.roles[i], "no collection %q of kind auth", role)
		}
	}
	return nil
}

func (r *reader) pageByKey(key string) *dossier.Page {
	for i := range r.schema.Pages {
		if r.schema.Pages[i].Key == key {
			return &r.schema.Pages[i]
		}
	}
	return nil
}

// named is the collection of that name in this file; known is false if the file names no collections, which leaves those of the
// space, that cannot be judged here.
func (r *reader) named(name string) (c *dossier.Collection, known bool) {
	for _, c := range r.schema.Collections {
		if c.Name == name {
			return c, true
		}
	}
	return nil, len(r.schema.Collections) > 0
}

func (r *reader) view(n *yaml.Node, p *dossier.Page, seen map[string]int) error {
	var v dossier.PageView
	var kind, source string
	var collection *yaml.Node
	var fields []*yaml.Node
	err := object(n, "view", keys{
		"key":  func(n *yaml.Node) error { return unique(n, &v.Key, seen, "view key") },
		"name": func(n *yaml.Node) error { return text(n, &v.Name) },
		"kind": func(n *yaml.Node) error {
			return oneOf(n, &kind, string(dossier.ViewForm), string(dossier.ViewTable), string(dossier.ViewDetails), string(dossier.ViewList))
		},
		"collection": func(n *yaml.Node) error { collection = n; return text(n, &v.Collection) },
		"fields": func(n *yaml.Node) error {
			return each(n, func(n *yaml.Node) error {
				fields = append(fields, n)
				v.Fields = append(v.Fields, n.Value)
				return nil
			})
		},
		"source": func(n *yaml.Node) error { return oneOf(n, &source, string(dossier.SourceUser)) },
		"edit":   func(n *yaml.Node) error { return boolean(n, &v.Edit) },
		"delete": func(n *yaml.Node) error { return boolean(n, &v.Delete) },
	})
	if err != nil {
		return err
	}
	v.Kind, v.Source = dossier.ViewKind(kind), dossier.ViewSource(source)
	switch {
	case v.Key == "" || kind == "" || v.Collection == "":
		return at(n, "a view needs key, kind and collection")
	case v.Kind == dossier.ViewForm && (v.Edit || v.Delete):
		return at(n, "a form has no edit and no delete: tables, lists and details have")
	}
	p.Views = append(p.Views, v)
	r.later = append(r.later, func() error { return r.checkView(v, collection, fields) })
	return nil
}

// checkView looks whether a view names a collection and fields of this file.
func (r *reader) checkView(v dossier.PageView, collection *yaml.Node, fields []*yaml.Node) error {
	c, known := r.named(v.Collection)
	if !known {
		return nil
	}
	if c == nil {
		return at(collection, "no collection %q", v.Collection)
	}
	for _, n := range fields {
		if _, ok := c.Field(n.Value); !ok {
			return at(n, "the collection %s has no field %q", c.Name, n.Value)
		}
	}
	return nil
}

func pageNode(p dossier.Page) *yaml.Node {
	var m mapping
	m.add("key", quoted(p.Key))
	m.addText("name", p.Name)
	m.addText("slug", p.Slug)
	m.addFlag("login", p.Login)
	m.addTexts("roles", p.Roles)
	m.addText("parent", p.Parent)
	m.addText("collection", p.Collection)
	views := make([]*yaml.Node, len(p.Views))
	for i, v := range p.Views {
		views[i] = viewNode(v)
	}
	m.add("views", sequence(views, false))
	return m.node(false)
}

func viewNode(v dossier.PageView) *yaml.Node {
	var m mapping
	m.add("key", quoted(v.Key))
	m.addText("name", v.Name)
	m.add("kind", quoted(string(v.Kind)))
	m.add("collection", quoted(v.Collection))
	m.addTexts("fields", v.Fields)
	m.addText("source", string(v.Source))
	m.addFlag("edit", v.Edit)
	m.addFlag("delete", v.Delete)
	return m.node(true)
}
