package pocketbase

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"dossier"
)

// An optionReader reads the options of one field and notes what is wrong with them.
type optionReader struct {
	space *dossier.Space
	raw   map[string]any
	fresh bool     // the field is a new one
	path  []string // of the field: fields, its index
	data  map[string]any
	// malformed is set by an option of a wrong type.
	malformed bool
}

func (o *optionReader) fault(f fault, path ...string) {
	nest(o.data, append(slices.Clone(o.path), path...), f)
}

// option is the option of that name, the zero T where there is none.
func option[T any](o *optionReader, key string) T {
	v, ok := o.raw[key].(T)
	if !ok && o.raw[key] != nil {
		o.malformed = true
	}
	return v
}

func (o *optionReader) text(key string) string { return option[string](o, key) }
func (o *optionReader) flag(key string) bool   { return option[bool](o, key) }

// integer is a whole number, 0 where there is none.
func (o *optionReader) integer(key string) int64 {
	number := option[jsonNumber](o, key)
	if number == "" {
		return 0
	}
	n, err := strconv.ParseInt(toText(number), 10, 64)
	if err != nil {
		o.malformed = true
		return 0
	}
	return n
}

// whole is a whole number that is not negative, 0 where there is none.
func (o *optionReader) whole(key string) int64 {
	n := o.integer(key)
	if n < 0 {
		o.fault(negative, key)
		return 0
	}
	return n
}

// list is a list of texts, nil where there is none.
func (o *optionReader) list(key string) []string {
	for _, v := range option[[]any](o, key) {
		if _, ok := v.(string); !ok {
			o.malformed = true
		}
	}
	if o.raw[key] == nil || o.malformed {
		return nil
	}
	return toList(o.raw[key])
}

// texts is a list of texts as it was sent, repetitions and all; nil where there is none.
func (o *optionReader) texts(key string) []string {
	sent, ok := o.raw[key].([]any)
	if !ok {
		return o.list(key)
	}
	list := make([]string, len(sent))
	for i, v := range sent {
		list[i] = toText(v)
	}
	return list
}

// read puts the options that fields of f's type have into f.
func (o *optionReader) read(f *dossier.Field, typ string) {
	f.Hidden, f.Required = o.flag("hidden"), o.flag("required")
	setExtra(f, "presentable", o.flag("presentable"))
	setExtra(f, "help", o.text("help"))
	switch typ {
	case typeText:
		o.readText(f)
	case typePassword:
		o.readPassword(f)
	case typeEditor:
		setExtra(f, extraMaxSize, o.whole("maxSize"))
		setExtra(f, "convertURLs", o.flag("convertURLs"))
	case typeNumber:
		o.readNumber(f)
	case typeEmail, typeURL:
		o.readDomains(f)
	case typeDate:
		f.Min, f.Max = o.moment(f, "min"), o.moment(f, "max")
	case typeAutodate:
		o.readAutodate(f)
	case typeSelect:
		o.readSelect(f)
	case typeRelation:
		o.readRelation(f)
	case typeFile:
		o.readFile(f)
	case typeGeo:
		setExtra(f, extraType, typeGeo)
	case typeJSON:
		setExtra(f, extraMaxSize, o.whole("maxSize"))
	}
}

func (o *optionReader) readNumber(f *dossier.Field) {
	f.Integer, f.Min, f.Max = o.flag("onlyInt"), o.decimal("min"), o.decimal("max")
	for key, bound := range map[string]string{"min": f.Min, "max": f.Max} {
		if f.Integer && strings.Contains(bound, ".") {
			o.fault(faults[dossier.CodeNotInteger](dossier.Problem{}), key)
		}
	}
	if f.Min != "" && f.Max != "" && dossier.Number(f.Max).Compare(dossier.Number(f.Min)) < 0 {
		o.fault(faults[dossier.CodeTooSmall](dossier.Problem{Params: map[string]any{"min": f.Min}}), "max")
	}
}

func (o *optionReader) readAutodate(f *dossier.Field) {
	setExtra(f, extraType, typeAutodate)
	setExtra(f, "onCreate", o.flag("onCreate"))
	setExtra(f, "onUpdate", o.flag("onUpdate"))
	f.DefaultNow = o.flag("onCreate")
	if !o.flag("onCreate") && !o.flag("onUpdate") {
		neither := fault{Code: blank.Code, Message: "Either onCreate or onUpdate must be enabled."}
		o.fault(neither, "onCreate")
		o.fault(neither, "onUpdate")
	}
}

func (o *optionReader) readText(f *dossier.Field) {
	f.Min = characters(o.whole("min"))
	o.keepMax(f, o.whole("max"))
	if least, most := o.whole("min"), o.whole("max"); most > 0 && most < least {
		o.fault(noLess(least), "max")
	}
	setExtra(f, extraGenerate, o.text(extraGenerate))
	o.checkPattern(extraGenerate)
	f.Pattern = o.text("pattern")
	o.checkPattern("pattern")
}

// keepMax sets how many characters there may be, where that is another number than before; 0 is the usual one.
func (o *optionReader) keepMax(f *dossier.Field, most int64) {
	if !o.fresh && most == int64(shownMax(f)) {
		return
	}
	setExtra(f, extraMax, most)
	if most == 0 {
		most = int64(defaultMax(f))
	}
	f.Max = characters(most)
}

// The cost of a hash that a password field may name.
const (
	minCost = 4
	maxCost = 31
)

func (o *optionReader) readPassword(f *dossier.Field) {
	least := o.between("min", 1, defaultMaxPassword)
	most := o.between("max", least, defaultMaxPassword)
	f.Min = characters(least)
	o.keepMax(f, most)
	setExtra(f, extraCost, o.between(extraCost, minCost, maxCost))
	f.Pattern = o.text("pattern")
	o.checkPattern("pattern")
}

// between is a whole number from least to most, or 0 where there is none.
func (o *optionReader) between(key string, least, most int64) int64 {
	n := o.integer(key)
	switch {
	case n == 0:
	case n < least:
		o.fault(noLess(least), key)
	case n > most:
		o.fault(noGreater(most), key)
	}
	return n
}

// checkPattern refuses what is no regular expression.
func (o *optionReader) checkPattern(key string) {
	if _, err := regexp.Compile(o.text(key)); err != nil {
		o.fault(fault{Code: "validation_invalid_regex", Message: "E" + strings.TrimPrefix(err.Error(), "e")}, key)
	}
}

func characters(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

func (o *optionReader) decimal(key string) string {
	n, err := dossier.ParseNumber(toText(option[jsonNumber](o, key)))
	if err != nil {
		return ""
	}
	return string(n)
}

// readDomains reads which domains addresses may have, or may not.
func (o *optionReader) readDomains(f *dossier.Field) {
	lists := map[string][]string{"exceptDomains": o.list("exceptDomains"), "onlyDomains": o.list("onlyDomains")}
	both := len(lists["exceptDomains"]) > 0 && len(lists["onlyDomains"]) > 0
	for key, list := range lists {
		setExtra(f, key, list)
		if both {
			o.fault(fault{Code: "validation_empty", Message: "Must be blank."}, key)
			continue
		}
		for i, domain := range list {
			if !domainForm.MatchString(domain) {
				o.fault(fault{Code: "validation_is_domain", Message: "Must be a valid domain."}, key, strconv.Itoa(i))
			}
		}
	}
}

// domainForm is a domain of at least two parts.
var domainForm = regexp.MustCompile(`^([\pL\pN]([\pL\pN-]*[\pL\pN])?\.)+\pL[\pL\pN-]*$`)

// moment is the bound of a date field as core keeps it.
func (o *optionReader) moment(f *dossier.Field, key string) string {
	t, ok := toTime(o.raw[key])
	switch {
	case !ok:
		return ""
	case f.Type == dossier.TypeDate:
		return t.Format("2006-01-02")
	}
	return t.Format("2006-01-02T15:04:05.000Z")
}

func (o *optionReader) readSelect(f *dossier.Field) {
	f.Options = o.list("values")
	o.readMaxSelect(f)
	switch n := len(f.Options); {
	case n == 0:
		o.fault(blank, "values")
	case f.MaxSelect > n:
		o.fault(noGreater(int64(n)), "maxSelect")
	}
}

// readMaxSelect reads how many elements there may be; 0 and 1 are one.
func (o *optionReader) readMaxSelect(f *dossier.Field) {
	if most := int(max(1, o.whole("maxSelect"))); o.fresh || most != max(1, f.MaxSelect) {
		if f.MaxSelect = most; f.Multiple() != manyWidget(f.Widget) {
			f.Widget = "" // it is shown as suits the number
		}
	}
	setExtra(f, extraMaxSelect, o.whole("maxSelect"))
}

// manyWidget reports whether a widget is one for several choices.
func manyWidget(w dossier.Widget) bool {
	return w == dossier.WidgetCheckbox || w == dossier.WidgetMulti
}

func (o *optionReader) readRelation(f *dossier.Field) {
	f.Cascade = o.flag("cascadeDelete")
	o.readMaxSelect(f)
	setExtra(f, "minSelect", o.whole("minSelect"))
	switch least, most := o.whole("minSelect"), o.whole("maxSelect"); {
	case least > 0 && most == 0:
		o.fault(blank, "maxSelect")
	case most < least:
		o.fault(noLess(least), "maxSelect")
	}
	id := o.text("collectionId")
	target, ok := findCollection(o.space, id)
	switch {
	case id == "":
		o.fault(blank, "collectionId")
	case !ok:
		o.fault(fault{Code: "validation_field_relation_missing_collection", Message: "The relation collection doesn't exist."}, "collectionId")
	case f.Collection != "" && f.Collection != target.ID:
		o.fault(fault{Code: "validation_field_relation_change", Message: "The relation collection cannot be changed."}, "collectionId")
	default:
		f.Collection = target.ID
	}
}

// maxWhole is the largest size that a client can write without losing a digit: numbers of JavaScript are exact up to there.
const maxWhole = 1<<53 - 1

// noThumbs are sizes of the right form that say nothing; thumbForm is that form.
var (
	noThumbs  = []string{"0x0", "0x0t", "0x0b", "0x0f"}
	thumbForm = regexp.MustCompile(`^\d+x\d+[tbf]?$`)
)

func (o *optionReader) readFile(f *dossier.Field) {
	f.MaxSelect, f.Protected = int(o.whole("maxSelect")), o.flag("protected")
	size := o.whole("maxSize")
	if size > maxWhole {
		o.fault(noGreater(maxWhole), "maxSize")
	}
	if o.fresh || size != shownMaxSize(f) {
		if f.MaxSize = size; size == 0 {
			f.MaxSize = defaultMaxFile
		}
		setExtra(f, extraMaxSize, size)
	}
	f.MimeTypes, f.Thumbs = o.texts("mimeTypes"), slices.DeleteFunc(o.texts("thumbs"), func(size string) bool { return size == "" })
	for i, size := range f.Thumbs {
		at := []string{"thumbs", strconv.Itoa(i)}
		switch {
		case slices.Contains(noThumbs, size):
			o.fault(excluded, at...)
		case !thumbForm.MatchString(size):
			o.fault(badForm, at...)
		}
	}
}
