package kintone

import (
	"slices"
	"strconv"
	"strings"

	"dossier"
	"dossier/access"
)

// appBody is an app as it is shown.
func appBody(app *dossier.Collection) map[string]any {
	return map[string]any{
		"appId": decimal(app.Number), "code": "", "name": app.Label, "description": "", "spaceId": nil, "threadId": nil,
		"createdAt": app.Created.UTC().Format("2006-01-02T15:04:05.000Z"), "creator": nobody,
		"modifiedAt": app.Updated.UTC().Format("2006-01-02T15:04:05.000Z"), "modifier": nobody,
	}
}

// may reports whether the caller has any chance to do one of the actions in the app.
func (c *call) may(app *dossier.Collection, actions ...access.Action) bool {
	return slices.ContainsFunc(actions, func(a access.Action) bool { return c.h.svc.May(c.who, app, a) == nil })
}

// getApp answers GET app.json.
func (h *handler) getApp(c *call) (any, error) {
	number := c.id("id")
	if err := c.verdict(); err != nil {
		return nil, err
	}
	app, err := c.collection(number)
	if err != nil {
		return nil, err
	}
	if !c.may(app, access.View, access.Create) {
		return nil, fail(deniedTo(c.who))
	}
	return appBody(app), nil
}

// listApps answers GET apps.json. It takes no token.
func (h *handler) listApps(c *call) (any, error) {
	ids, codes, spaces := c.strs("ids", 100), c.strs("codes", 100), c.strs("spaceIds", 100)
	name := strings.ToLower(c.str("name"))
	limit, offset := c.number("limit", 100, 1, 100), c.number("offset", 0, 0, 1<<31)
	if err := c.verdict(); err != nil {
		return nil, err
	}
	if c.who.Kind == access.KindToken {
		return nil, fail(codeTokenDenied)
	}
	apps := []map[string]any{}
	for _, app := range c.space.Collections {
		switch {
		case app.System || app.Draft || app.Number < 1 || !c.may(app, access.View, access.Create):
		case len(codes) > 0 || len(spaces) > 0 || c.guestSpace != "": // no app has a code, or is in a space
		case len(ids) > 0 && !slices.Contains(ids, decimal(app.Number)):
		case name != "" && !strings.Contains(strings.ToLower(app.Label), name):
		case offset > 0:
			offset--
		case int64(len(apps)) < limit:
			apps = append(apps, appBody(app))
		}
	}
	return map[string]any{"apps": apps}, nil
}

// getFields answers GET app/form/fields.json.
func (h *handler) getFields(c *call) (any, error) {
	app, err := c.readableForm()
	if err != nil {
		return nil, err
	}
	return fieldsBody(formOf(app, c.who), revisionOf(app)), nil
}

// getLayout answers GET app/form/layout.json.
func (h *handler) getLayout(c *call) (any, error) {
	app, err := c.readableForm()
	if err != nil {
		return nil, err
	}
	return layoutBody(formOf(app, c.who), revisionOf(app)), nil
}

// readableForm is the app whose form the caller asks for and may see.
func (c *call) readableForm() (*dossier.Collection, error) {
	number := c.id("app")
	switch c.str("lang") {
	case "", "ja", "en", "zh", "user", "default":
	default:
		c.wrong.add("lang", say(textEnum))
	}
	if err := c.verdict(); err != nil {
		return nil, err
	}
	app, err := c.collection(number)
	if err != nil {
		return nil, err
	}
	if !c.may(app, access.View, access.Create) && !c.who.Has(app, access.RightManage) {
		return nil, fail(deniedTo(c.who))
	}
	return app, nil
}

// revisionOf is the revision of an app's settings: it rises with every change, through whichever dialect.
func revisionOf(app *dossier.Collection) int64 { return app.Updated.UnixMilli() }

func fieldsBody(f form, revision int64) map[string]any {
	return map[string]any{"properties": properties(f), "revision": decimal(revision)}
}

// properties are the fields of a form, the built-in ones included.
func properties(f form) map[string]any {
	out := map[string]any{}
	for _, b := range f.builtins {
		if b.label != "" {
			out[b.code] = builtinProperty(b)
		}
	}
	for code, t := range map[string]string{"Categories": "CATEGORY", "Status": "STATUS", "Assignee": "STATUS_ASSIGNEE"} {
		if !f.has(code) {
			out[code] = map[string]any{"type": t, "code": code, "label": code, "enabled": false}
		}
	}
	for _, field := range f.fields {
		out[field.Code] = property(field)
	}
	return out
}

func builtinProperty(b builtin) map[string]any {
	return map[string]any{"type": b.typ, "code": b.code, "label": b.label, "noLabel": b.noLabel}
}

// extraKey is the name under which a field or app keeps something of the vendor's.
func extraKey(option string) string { return "kintone:" + option }

// extra is a display option of a field, def where nobody has set it.
func extra(f *dossier.Field, option, def string) string {
	if v, ok := f.Extra[extraKey(option)]; ok {
		return v
	}
	return def
}

// property shows a field of a form. Numbers among its settings are texts.
func property(f *dossier.Field) map[string]any {
	t := typeOf(f)
	unlabelled := strconv.FormatBool(t == typeTable) // as long as nobody has said
	p := map[string]any{"type": t, "code": f.Code, "label": f.Label, "noLabel": extra(f, "noLabel", unlabelled) == "true"}
	if t != typeTable && t != typeCalc {
		p["required"] = f.Required
	}
	describe(t, p, f)
	return p
}

// describe adds what is peculiar to a type.
func describe(t fieldType, p map[string]any, f *dossier.Field) {
	switch t {
	case typeLine:
		describeLine(p, f)
	case typeLines, typeRich:
		describeText(p, f)
	case typeLink:
		describeLink(p, f)
	case typeNumber:
		describeNumber(p, f)
	case typeCalc:
		describeCalc(p, f)
	case typeCheckBox, typeMulti, typeRadio, typeDropDown:
		describeSelect(p, f)
	case typeDate, typeTime, typeDateTime:
		describeMoment(p, f)
	case typeUsers:
		p["defaultValue"], p["entities"] = []any{}, []any{}
	case typeFile:
		p["thumbnailSize"] = extra(f, "thumbnailSize", "150")
	case typeTable:
		describeTable(p, f)
	}
}

func describeText(p map[string]any, f *dossier.Field) { p["defaultValue"] = showText(f, f.Default) }

func describeLine(p map[string]any, f *dossier.Field) {
	describeText(p, f)
	p["unique"], p["minLength"], p["maxLength"] = f.Unique, f.Min, f.Max
	p["expression"], p["hideExpression"] = "", false
}

func describeLink(p map[string]any, f *dossier.Field) {
	describeText(p, f)
	p["unique"], p["minLength"], p["maxLength"] = f.Unique, f.Min, f.Max
	p["protocol"] = map[dossier.FieldType]string{dossier.TypeURL: "WEB", dossier.TypeEmail: "MAIL", dossier.TypePhone: "CALL"}[f.Type]
}

func describeNumber(p map[string]any, f *dossier.Field) {
	n, _ := f.Default.(dossier.Number)
	scale := ""
	if f.Decimals != nil {
		scale = decimal(int64(*f.Decimals))
	}
	p["unique"], p["defaultValue"], p["minValue"], p["maxValue"] = f.Unique, string(n), f.Min, f.Max
	p["digit"], p["displayScale"] = extra(f, "digit", "false") == "true", scale
	p["unit"], p["unitPosition"] = f.Unit, extra(f, "unitPosition", "BEFORE")
}

func describeCalc(p map[string]any, f *dossier.Field) {
	p["expression"], p["format"], p["hideExpression"] = "", "NUMBER", false
	p["displayScale"], p["unit"], p["unitPosition"] = "", f.Unit, extra(f, "unitPosition", "BEFORE")
}

func describeSelect(p map[string]any, f *dossier.Field) {
	names := f.Options
	if f.Type == dossier.TypeBool {
		names = []string{boolYes, boolNo}
	}
	options := map[string]any{}
	for i, name := range names {
		options[name] = map[string]string{"label": name, "index": decimal(int64(i))}
	}
	p["options"] = options
	switch typeOf(f) {
	case typeCheckBox, typeMulti:
		p["defaultValue"] = append([]string{}, dossier.Elements(f.Default)...)
	default:
		def, _ := showOption(f.Default).(string)
		p["defaultValue"] = def
	}
	if t := typeOf(f); t == typeCheckBox || t == typeRadio {
		p["align"] = extra(f, "align", "HORIZONTAL")
	}
}

func describeMoment(p map[string]any, f *dossier.Field) {
	def, _ := showMoment(typeOf(f), f.Default).(string)
	p["defaultValue"], p["defaultNowValue"] = def, f.DefaultNow
	if typeOf(f) != typeTime {
		p["unique"] = f.Unique
	}
}

func describeTable(p map[string]any, f *dossier.Field) {
	fields := map[string]any{}
	for _, g := range f.Fields {
		fields[g.Code] = property(g)
	}
	p["fields"] = fields
}
