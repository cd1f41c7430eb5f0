package core

import (
	"context"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gabriel-vasile/mimetype"

	"dossier"
)

// check validates what put has set: every touched value, and required fields of the whole record unless the change is loose. All that is
// wrong is in one Invalid error.
func (w *writing) check(ctx context.Context, change Change) error {
	w.freeZero = change.FreeZero
	for _, f := range w.c.Fields {
		if v, touched := w.touched[f.Name]; touched {
			w.value(ctx, f, v, f.Name)
		}
		if !change.Loose && f.Required && f.Type != dossier.TypeAutoNumber && missing(w.r.Values[f.Name]) && !w.faulty(f.Name) {
			w.fault(dossier.CodeRequired, nil, f.Name)
		}
	}
	w.email(change.Account)
	if w.err != nil {
		return w.err
	}
	if len(w.problems) > 0 {
		return dossier.Invalidate(w.problems...)
	}
	return nil
}

// email checks the email that a gives the record's account, if it is another than before.
func (w *writing) email(a *AccountChange) {
	if a == nil || a.Email == nil || w.r.Account == nil || *a.Email == "" || validEmail(*a.Email) {
		return
	}
	if w.old == nil || w.old.Account == nil || w.old.Account.Email != *a.Email {
		w.fault(dossier.CodeNotEmail, nil, "email")
	}
}

// missing reports whether v does not do for a required field: nothing, or a text of nothing.
func missing(v dossier.Value) bool {
	if t, ok := v.(dossier.Text); ok {
		return t == ""
	}
	return dossier.IsEmpty(v)
}

// faulty reports whether a problem with the field is known already.
func (w *writing) faulty(name string) bool {
	return slices.ContainsFunc(w.problems, func(p dossier.Problem) bool { return p.Path[0] == name })
}

// value checks one value of a field, at path.
func (w *writing) value(ctx context.Context, f *dossier.Field, v dossier.Value, path ...string) {
	switch v := v.(type) {
	case dossier.Text:
		w.text(ctx, f, string(v), path)
	case dossier.List:
		w.list(ctx, f, v, path)
	case dossier.Number:
		w.number(f, v, path)
	case dossier.Date:
		w.bounds(f, string(v), path)
	case dossier.Clock:
		w.clock(f, v, path)
	case dossier.Instant:
		w.bounds(f, v.Time().Format("2006-01-02T15:04:05.000Z"), path)
	case dossier.Rows:
		w.table(ctx, f, v, path)
	case dossier.Secret:
		w.secret(f, v, path)
	}
}

func (w *writing) text(ctx context.Context, f *dossier.Field, v string, path []string) {
	if v == "" {
		return
	}
	if !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
		w.fault(dossier.CodeInvalid, nil, path...)
		return
	}
	switch {
	case f.Type == dossier.TypeSelect:
		w.option(f, v, path)
	case f.IsRelation():
		w.related(ctx, f, v, path)
	case f.Type == dossier.TypeEmail && !validEmail(v):
		w.fault(dossier.CodeNotEmail, nil, path...)
	case f.Type == dossier.TypeURL && !validURL(v):
		w.fault(dossier.CodeNotURL, nil, path...)
	default:
		w.textBounds(f, v, path)
	}
}

func (w *writing) textBounds(f *dossier.Field, v string, path []string) {
	n := utf8.RuneCountInString(v)
	if least, err := strconv.Atoi(f.Min); err == nil && n < least {
		w.fault(dossier.CodeTooShort, map[string]any{"min": least}, path...)
		return
	}
	if most, err := strconv.Atoi(f.Max); err == nil && most > 0 && n > most {
		w.fault(dossier.CodeTooLong, map[string]any{"max": most}, path...)
		return
	}
	if f.Pattern != "" {
		if re, err := w.b.s.pattern(f.Pattern); err == nil && !re.MatchString(v) {
			w.fault(dossier.CodePattern, nil, path...)
		}
	}
}

// pattern is the compiled pattern of a field; those of a schema are kept.
func (s *Service) pattern(text string) (*regexp.Regexp, error) {
	if re, ok := s.patterns.Load(text); ok {
		return re.(*regexp.Regexp), nil
	}
	re, err := regexp.Compile(text)
	if err == nil {
		s.patterns.Store(text, re)
	}
	return re, err
}

// validEmail reports whether s is one plain address of a domain: a@b.c.
func validEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	_, domain, _ := strings.Cut(s, "@")
	return err == nil && a.Address == s && len(s) <= 320 && strings.Contains(domain, ".") && !strings.ContainsAny(domain, "!#$%&'*+/=?^`{|}~") &&
		validHost(domain) && !allDigits(lastLabel(domain))
}

// validHost reports whether every part of a host's name can be one.
func validHost(host string) bool {
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || label[0] == '-' || label[len(label)-1] == '-' || strings.ContainsAny(label, "[]") {
			return false
		}
	}
	return true
}

func lastLabel(host string) string { return host[strings.LastIndexByte(host, '.')+1:] }

func allDigits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// validURL reports whether s can be an address of something: no white space, and a host, or a scheme with something after it.
func validURL(s string) bool {
	if strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return false
	}
	u, err := url.Parse(s)
	if err != nil {
		return false
	}
	switch strings.ToLower(u.Scheme) {
	case "":
		return u.Host != "" || bareHost(u.Path)
	case "javascript", "vbscript", "data": // programs, wherever they are shown
		return false
	case "http", "https":
		name := strings.TrimSuffix(u.Hostname(), ".")
		return strings.Contains(name, ":") || validHost(name)
	}
	return u.Host != "" || u.Opaque != ""
}

// bareHost reports whether path, of an address without a scheme, is one in truth: example.com/index.html.
func bareHost(path string) bool {
	host, _, _ := strings.Cut(path, "/")
	if allDigits(lastLabel(host)) {
		_, err := netip.ParseAddr(host)
		return err == nil
	}
	return len(path) > len("a.b") && strings.Contains(host, ".") && validHost(host)
}

func (w *writing) option(f *dossier.Field, v string, path []string) {
	if !slices.Contains(f.Options, v) {
		w.fault(dossier.CodeOption, map[string]any{"value": v}, path...)
	}
}

func (w *writing) list(ctx context.Context, f *dossier.Field, v dossier.List, path []string) {
	if len(v) > f.MaxSelect {
		w.fault(dossier.CodeTooMany, map[string]any{"max": f.MaxSelect}, path...)
		return
	}
	for i, s := range v {
		at := append(slices.Clone(path), strconv.Itoa(i))
		if f.Type == dossier.TypeSelect {
			w.option(f, s, at)
		} else {
			w.related(ctx, f, s, at)
		}
	}
}

// related checks that the record that a relation names exists, unless the relation named it before.
func (w *writing) related(ctx context.Context, f *dossier.Field, id string, path []string) {
	if w.named(f, id) {
		return
	}
	target, ok := w.b.space.CollectionByID(f.Collection)
	if ok {
		_, err := w.b.tx.Records(target).Get(ctx, dossier.ID(id))
		if err == nil {
			return
		}
		if dossier.KindOf(err) != dossier.NotFound {
			w.err = err
			return
		}
	}
	w.fault(dossier.CodeNoRecord, map[string]any{"id": id}, path...)
}

// named reports whether the relation field f, in a table's rows or not, named the record before this write.
func (w *writing) named(f *dossier.Field, id string) bool {
	if w.old == nil {
		return false
	}
	for _, g := range w.c.Fields {
		if g == f {
			return names(w.old.Values[f.Name], id)
		}
		if !slices.Contains(g.Fields, f) {
			continue
		}
		rows, _ := w.old.Values[g.Name].(dossier.Rows)
		return slices.ContainsFunc(rows, func(r dossier.Row) bool { return names(r.Values[f.Name], id) })
	}
	return false
}

func names(v dossier.Value, id string) bool {
	switch v := v.(type) {
	case dossier.Text:
		return string(v) == id
	case dossier.List:
		return slices.Contains(v, id)
	}
	return false
}

func (w *writing) number(f *dossier.Field, v dossier.Number, path []string) {
	if f.Integer && !v.IsInteger() {
		w.fault(dossier.CodeNotInteger, nil, path...)
		return
	}
	if w.freeZero && v.Compare("0") == 0 {
		return
	}
	if least, err := dossier.ParseNumber(f.Min); err == nil && v.Compare(least) < 0 {
		w.fault(dossier.CodeTooSmall, map[string]any{"min": f.Min}, path...)
	}
	if most, err := dossier.ParseNumber(f.Max); err == nil && v.Compare(most) > 0 {
		w.fault(dossier.CodeTooBig, map[string]any{"max": f.Max}, path...)
	}
}

// clock checks a time of day: without seconds it is the start of its minute.
func (w *writing) clock(f *dossier.Field, v dossier.Clock, path []string) {
	full := func(s string) string {
		if len(s) == len("15:04") {
			s += ":00"
		}
		return s
	}
	if f.Min != "" && full(string(v)) < full(f.Min) {
		w.fault(dossier.CodeTooSmall, map[string]any{"min": f.Min}, path...)
	}
	if f.Max != "" && full(string(v)) > full(f.Max) {
		w.fault(dossier.CodeTooBig, map[string]any{"max": f.Max}, path...)
	}
}

// bounds checks a value whose text sorts like itself.
func (w *writing) bounds(f *dossier.Field, v string, path []string) {
	if f.Min != "" && v < f.Min {
		w.fault(dossier.CodeTooSmall, map[string]any{"min": f.Min}, path...)
	}
	if f.Max != "" && v > f.Max {
		w.fault(dossier.CodeTooBig, map[string]any{"max": f.Max}, path...)
	}
}

func (w *writing) table(ctx context.Context, f *dossier.Field, rows dossier.Rows, path []string) {
	for i, row := range rows {
		for _, g := range f.Fields {
			at := append(slices.Clone(path), strconv.Itoa(i), g.Name)
			v := row.Values[g.Name]
			w.value(ctx, g, v, at...)
			if g.Required && missing(v) {
				w.fault(dossier.CodeRequired, nil, at...)
			}
		}
	}
}

// checkFiles checks the files that a field is to hold: their number, and of those this write brings, size and type.
func (w *writing) checkFiles(f *dossier.Field, files dossier.Files, path ...string) {
	if most := max(1, f.MaxSelect); len(files) > most {
		w.fault(dossier.CodeTooMany, map[string]any{"max": most}, path...)
		return
	}
	for _, file := range files {
		if w.taken[file.ID] != nil && !w.fitting(f, file, path) {
			return
		}
	}
}

func (w *writing) fitting(f *dossier.Field, file *dossier.File, path []string) bool {
	switch {
	case f.MaxSize > 0 && file.Size > f.MaxSize:
		w.fault(dossier.CodeFileTooLarge, map[string]any{"max": f.MaxSize, "file": file.Name}, path...)
	case len(f.MimeTypes) > 0 && !allowedType(f.MimeTypes, file.Sniffed):
		w.fault(dossier.CodeFileType, map[string]any{"allowed": f.MimeTypes, "file": file.Name, "slug": file.Slug}, path...)
	case f.Type == dossier.TypeImage && !isImage(file.Sniffed):
		w.fault(dossier.CodeNotImage, map[string]any{"file": file.Name, "slug": file.Slug}, path...)
	default:
		return true
	}
	return false
}

// allowedType reports whether a sniffed media type is one of those allowed, under whichever of its names; parameters apart.
func allowedType(allowed []string, sniffed string) bool {
	known := mimetype.Lookup(bareType(sniffed))
	return slices.ContainsFunc(allowed, func(t string) bool {
		return bareType(t) == bareType(sniffed) || known != nil && known.Is(bareType(t))
	})
}
