package schemafile

import (
	"bytes"
	"strconv"

	"go.yaml.in/yaml/v3"

	"dossier"
)

// Format writes the space as a schema file that Parse reads. Users, tokens and keys are not in it: of their secrets only
// hashes are kept. Nor are views, which a schema file does not say.
func Format(space *dossier.Space) ([]byte, error) {
	doc := mapping{}
	doc.add("application", quoted(space.Application))
	doc.add("settings", settingsNode(space.Settings))
	var collections, pages []*yaml.Node
	for _, c := range space.Collections {
		if !c.System && c.Kind != dossier.View {
			collections = append(collections, collectionNode(space, c))
		}
	}
	doc.add("collections", sequence(collections, false))
	for _, p := range space.Pages {
		pages = append(pages, pageNode(p))
	}
	if len(pages) > 0 {
		doc.add("pages", sequence(pages, false))
	}
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(doc.node(false)); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// mapping is keys and values in order.
type mapping struct{ content []*yaml.Node }

func (m *mapping) add(key string, value *yaml.Node) {
	if value != nil {
		m.content = append(m.content, scalar(key), value)
	}
}

// addText adds a text that is not empty, addFlag a truth that holds, addInt a number that is not 0.
func (m *mapping) addText(key, text string) {
	if text != "" {
		m.add(key, quoted(text))
	}
}

func (m *mapping) addFlag(key string, flag bool) {
	if flag {
		m.add(key, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "true"})
	}
}

func (m *mapping) addInt(key string, n int64) {
	if n != 0 {
		m.add(key, integer(n))
	}
}

func (m *mapping) addTexts(key string, texts []string) {
	if len(texts) == 0 {
		return
	}
	nodes := make([]*yaml.Node, len(texts))
	for i, t := range texts {
		nodes[i] = quoted(t)
	}
	m.add(key, sequence(nodes, true))
}

func (m *mapping) node(flow bool) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode, Content: m.content}
	if flow {
		n.Style = yaml.FlowStyle
	}
	return n
}

func sequence(nodes []*yaml.Node, flow bool) *yaml.Node {
	n := &yaml.Node{Kind: yaml.SequenceNode, Content: nodes}
	if flow || len(nodes) == 0 {
		n.Style = yaml.FlowStyle
	}
	return n
}

func scalar(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: s} }

// quoted is a text that reads back as one, whatever it looks like.
func quoted(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s} }

func integer(n int64) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: strconv.FormatInt(n, 10)}
}

func settingsNode(s dossier.Settings) *yaml.Node {
	var m mapping
	m.addText("name", s.Extra[dossier.ExtraName])
	m.add("upload_ttl", scalar(s.UploadTTL.String()))
	m.add("max_file_size", integer(s.MaxFileSize))
	m.add("disk_quota", integer(s.DiskQuota))
	if s.FileTokenTTL > 0 {
		m.add("file_token_ttl", scalar(s.FileTokenTTL.String()))
	}
	m.add("knack_rate_limit", integer(int64(s.RateLimit)))
	m.add("knack_daily_limit", integer(int64(s.DailyLimit)))
	m.addText("public_url", s.PublicURL)
	m.add("time_zone", quoted(s.TimeZone))
	m.add("language", quoted(s.Language))
	m.addTexts("superuser_networks", s.SuperuserNetworks)
	m.add("trusted_proxy", trustedProxyNode(s.TrustedProxy))
	return m.node(false)
}

// trustedProxyNode is nil where nothing is believed.
func trustedProxyNode(p dossier.TrustedProxy) *yaml.Node {
	if len(p.Headers) == 0 {
		return nil
	}
	var m mapping
	m.addTexts("headers", p.Headers)
	m.addFlag("leftmost", p.Leftmost)
	return m.node(true)
}

func collectionNode(space *dossier.Space, c *dossier.Collection) *yaml.Node {
	var m mapping
	m.add("name", quoted(c.Name))
	m.addInt("number", c.Number)
	if c.Label != c.Name {
		m.addText("label", c.Label)
	}
	if c.Kind != dossier.Base {
		m.addText("kind", string(c.Kind))
	}
	m.addText("identifier", c.Identifier)
	var rules mapping
	addRule(&rules, "list", c.Rules.List)
	addRule(&rules, "view", c.Rules.View)
	addRule(&rules, "create", c.Rules.Create)
	addRule(&rules, "update", c.Rules.Update)
	addRule(&rules, "delete", c.Rules.Delete)
	addRule(&rules, "manage", c.Rules.Manage)
	if len(rules.content) > 0 {
		m.add("rules", rules.node(true))
	}
	m.add("sign_in", signInNode(c))
	m.add("fields", fieldNodes(space, c.Fields))
	if len(c.Indexes) > 0 {
		m.add("indexes", indexNodes(c))
	}
	return m.node(false)
}

// signInNode says who may sign in, nil where everybody may with an email and a password.
func signInNode(c *dossier.Collection) *yaml.Node {
	var m mapping
	s := c.SigningIn()
	if s.Closed {
		m.add("rule", &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"})
	} else if s.Rule != "" {
		addRule(&m, "rule", &s.Rule)
	}
	if s.NoPassword {
		m.add("password", &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "false"})
	}
	var logins []string
	for _, ref := range s.Logins {
		if f, ok := c.FieldByID(ref.Field); ok {
			logins = append(logins, f.Name)
		} else {
			logins = append(logins, ref.Meta)
		}
	}
	m.addTexts("logins", logins)
	if len(m.content) == 0 {
		return nil
	}
	return m.node(true)
}

func addRule(m *mapping, key string, rule *string) {
	if rule != nil {
		m.add(key, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: *rule, Style: yaml.DoubleQuotedStyle})
	}
}

func fieldNodes(space *dossier.Space, fields []*dossier.Field) *yaml.Node {
	nodes := make([]*yaml.Node, len(fields))
	for i, f := range fields {
		nodes[i] = fieldNode(space, f)
	}
	return sequence(nodes, false)
}

func fieldNode(space *dossier.Space, f *dossier.Field) *yaml.Node {
	var m mapping
	m.add("name", quoted(f.Name))
	m.add("type", quoted(string(f.Type)))
	m.addInt("number", f.Number)
	if f.Code != f.Name {
		m.addText("code", f.Code)
	}
	if f.Label != f.Name {
		m.addText("label", f.Label)
	}
	m.addFlag("required", f.Required)
	m.addFlag("unique", f.Unique)
	m.addFlag("index", f.Indexed)
	m.addFlag("hidden", f.Hidden)
	m.addText("min", f.Min)
	m.addText("max", f.Max)
	m.addText("pattern", f.Pattern)
	m.addFlag("multiline", f.Multiline)
	m.addFlag("integer", f.Integer)
	m.addText("unit", f.Unit)
	if f.Decimals != nil {
		m.add("decimals", integer(int64(*f.Decimals)))
	}
	m.addTexts("options", f.Options)
	m.addInt("max_select", int64(f.MaxSelect))
	m.addText("widget", string(f.Widget))
	m.addText("format", f.Format)
	m.addInt("max_size", f.MaxSize)
	m.addTexts("mime_types", f.MimeTypes)
	m.addTexts("thumbs", f.Thumbs)
	m.addFlag("protected", f.Protected)
	if c, ok := space.CollectionByID(f.Collection); ok && f.IsRelation() {
		m.addText("collection", c.Name)
	}
	m.addFlag("cascade_delete", f.Cascade)
	m.addFlag("default_now", f.DefaultNow)
	m.add("default", defaultNode(f.Default))
	if f.Type == dossier.TypeTable {
		m.add("fields", fieldNodes(space, f.Fields))
	}
	return m.node(f.Type != dossier.TypeTable)
}

func defaultNode(v dossier.Value) *yaml.Node {
	switch v := v.(type) {
	case dossier.Text:
		return quoted(string(v))
	case dossier.Number:
		return quoted(string(v))
	case dossier.Date:
		return quoted(string(v))
	case dossier.Clock:
		return quoted(string(v))
	case dossier.Bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: strconv.FormatBool(bool(v))}
	case dossier.List:
		nodes := make([]*yaml.Node, len(v))
		for i, s := range v {
			nodes[i] = quoted(s)
		}
		return sequence(nodes, true)
	}
	return nil
}
