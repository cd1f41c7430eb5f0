package pocketbase

import (
	"cmp"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"dossier"
	"dossier/access"
	"dossier/core"
	"dossier/wire"
)

// payloadKey is the part of a form whose text is a JSON object with values that must not be guessed from text.
const payloadKey = "@jsonPayload"

// errContentType answers a body that is of no type that is understood.
var errContentType = newError(http.StatusBadRequest, "Unsupported Content-Type.", nil)

// typeJSONBody begins the media type of bodies whose values have types.
const typeJSONBody = "application/json"

// Bounds of a multipart form besides its size.
const (
	maxParts     = 1000
	maxTextBytes = 32 << 20
)

// A form is a body: values as JSON knows them, by key as sent, modifiers included, and files by the name of their parts.
type form struct {
	values map[string]any
	files  map[string][]*incoming
	made   map[string]dossier.Text // made up for fields of text
	aside  map[string]dossier.JSON // what has no field
	// secrets are the hashed values of passwords
	secrets map[string]dossier.Secret
}

// An incoming is a file part whose bytes are staged, or what was wrong with it.
type incoming struct {
	upload  *dossier.Upload
	problem *dossier.Problem
}

func newForm() *form { return &form{values: map[string]any{}, files: map[string][]*incoming{}} }

// staged are the uploads that a failed write leaves to discard.
func (f *form) staged() []*dossier.Upload {
	var all []*dossier.Upload
	for _, parts := range f.files {
		for _, in := range parts {
			if in.upload != nil {
				all = append(all, in.upload)
			}
		}
	}
	return all
}

// add puts one text value under key; a key that comes again makes a list.
func (f *form) add(key string, v any) {
	switch old := f.values[key].(type) {
	case nil:
		f.values[key] = v
	case []any:
		f.values[key] = append(old, v)
	default:
		f.values[key] = []any{old, v}
	}
}

// readFields reads a body that holds no files.
func (h *handler) readFields(r *http.Request) (map[string]any, error) {
	rd := &formReader{limit: h.maxBody, plain: h.maxBody, r: r, form: newForm()}
	err := rd.read()
	return rd.form.values, err
}

// readRecordForm reads the body of a write of a record of c and stages its files, in the order of the parts. Even with an error the form
// holds what is staged.
func (h *handler) readRecordForm(r *http.Request, who access.Principal, c *dossier.Collection) (*form, error) {
	rd := &formReader{
		limit: h.plainLimit(c) + h.filesLimit(c), plain: h.wholeLimit(c), r: r, form: newForm(),
		file: func(name string) (*dossier.Field, bool) { return fileFieldOf(c, name) },
		stage: func(ctx context.Context, in core.Incoming, bytes io.Reader) (*dossier.Upload, error) {
			return h.svc.Stage(ctx, who, in, bytes)
		},
		maxFile: h.svc.Space().Settings.MaxFileSize,
	}
	return rd.form, rd.read()
}

// Sizes that a value of a field may have besides the general limit.
const (
	maxRichText = 5 << 20
	maxJSON     = 1 << 20
	// maxUnbrought bounds what the limits of files add to that of a body that is held whole and brings none.
	maxUnbrought = 32 << 20
	maxCounted   = 1 << 40 // of a file, so that no sum of limits is too large for an int64
)

// plainLimit is how large the body of a write of a record of c may be without its files: the general limit and what its fields may
// hold.
func (h *handler) plainLimit(c *dossier.Collection) int64 {
	limit := h.maxBody
	for _, f := range c.Fields {
		switch f.Type {
		case dossier.TypeRichText:
			limit += min(sizeLimit(f, maxRichText), maxCounted)
		case dossier.TypeJSON, dossier.TypeTable:
			limit += min(sizeLimit(f, maxJSON), maxCounted)
		}
	}
	return limit
}

// wholeLimit is how large a body may be that is no form with files. What files may have counts here too, though it brings none, as
// far as a body that is held whole may grow.
func (h *handler) wholeLimit(c *dossier.Collection) int64 {
	return h.plainLimit(c) + min(h.filesLimit(c), maxUnbrought)
}

// sizeLimit is how many bytes a value of f may have; def where f does not say.
func sizeLimit(f *dossier.Field, def int64) int64 {
	n, err := strconv.ParseInt(toText(extraOf(f, extraMaxSize, nil)), 10, 64)
	if err != nil || n <= 0 {
		return def
	}
	return n
}

// filesLimit is how large all files of a record of c may be.
func (h *handler) filesLimit(c *dossier.Collection) (limit int64) {
	for _, f := range c.Fields {
		if f.IsFile() {
			limit += h.countedSize(f) * int64(min(max(f.MaxSelect, 1), maxParts))
		}
	}
	return limit
}

// countedSize is how large one file of f may be, as far as a body is limited by it.
func (h *handler) countedSize(f *dossier.Field) int64 {
	if limit := fileLimit(f, h.svc.Space().Settings.MaxFileSize); limit > 0 && limit < maxCounted {
		return limit
	}
	return maxCounted
}

// fileLimit is how large one file of f may be where no file may have more than most bytes; 0 is no limit.
func fileLimit(f *dossier.Field, most int64) int64 {
	if f.MaxSize > 0 && (most <= 0 || f.MaxSize < most) {
		return f.MaxSize
	}
	return most
}

// fileFieldOf is the file field that a part named "field", "field+" or "+field" is for.
func fileFieldOf(c *dossier.Collection, part string) (*dossier.Field, bool) {
	name, sign := splitKey(part)
	f, ok := c.Field(name)
	return f, ok && f.IsFile() && sign != signRemove
}

// A formReader reads one body.
type formReader struct {
	r       *http.Request
	limit   int64 // bytes of a form with files
	plain   int64 // bytes of any other body
	maxFile int64
	form    *form
	// file says which file field a part is for; nil where there are none.
	file  func(part string) (*dossier.Field, bool)
	stage func(context.Context, core.Incoming, io.Reader) (*dossier.Upload, error)
	// payloads are the JSON objects to merge over the other values at the end.
	payloads []map[string]any
}

// read reads the body. What is understood but not offered, like a compressed body, and too many parts are as wrong as what cannot be read.
func (rd *formReader) read() error {
	err := rd.readBody()
	if dossier.KindOf(err) == dossier.Unsupported || errors.Is(err, wire.ErrTooManyParts) {
		return errGeneric
	}
	return err
}

func (rd *formReader) readBody() error {
	if rd.r.ContentLength == 0 || rd.r.Body == nil {
		return nil
	}
	switch t := wire.MediaType(rd.r); {
	case strings.HasPrefix(t, typeJSONBody):
		return rd.readJSON()
	case t == "multipart/form-data":
		return rd.readMultipart()
	case t == "application/x-www-form-urlencoded":
		return rd.readURLEncoded()
	}
	if n, err := io.ReadFull(rd.r.Body, make([]byte, 1)); n == 0 && errors.Is(err, io.EOF) {
		return nil
	}
	return errContentType
}

func (rd *formReader) readJSON() error {
	v, err := wire.ReadJSONFirst(rd.r, rd.plain)
	if err != nil || v == nil {
		return err
	}
	object, ok := v.(map[string]any)
	if !ok || !isFinite(v) {
		return errGeneric
	}
	rd.form.values = object
	return nil
}

func (rd *formReader) readURLEncoded() error {
	pairs, err := wire.ReadForm(rd.r, rd.plain)
	if err != nil {
		return err
	}
	for _, p := range pairs {
		if err := rd.addText(p.Name, p.Value); err != nil {
			return err
		}
	}
	rd.merge()
	return nil
}

func (rd *formReader) readMultipart() error {
	m, err := wire.OpenMultipart(rd.r, wire.Limits{
		Parts: maxParts, FieldBytes: maxTextBytes, TotalFieldBytes: maxTextBytes, Body: rd.limit,
	})
	if err != nil {
		return err
	}
	defer m.Close()
	for {
		p, err := m.Next()
		if errors.Is(err, io.EOF) {
			rd.merge()
			return nil
		}
		if err != nil {
			return err
		}
		if err := rd.readPart(p); err != nil {
			return err
		}
	}
}

func (rd *formReader) readPart(p *wire.Part) error {
	if p.HasFileName && p.FileName != "" {
		return rd.readFile(p)
	}
	text, err := p.Text()
	if err != nil {
		return err
	}
	return rd.addText(p.Name, text)
}

func (rd *formReader) addText(name, text string) error {
	if name != payloadKey {
		rd.form.add(name, inferValue(text))
		return nil
	}
	v, err := wire.ParseJSON([]byte(text))
	object, ok := v.(map[string]any)
	if err != nil || !ok && v != nil || !isFinite(v) {
		return errGeneric
	}
	rd.payloads = append(rd.payloads, object)
	return nil
}

// merge puts the payloads over the other values.
func (rd *formReader) merge() {
	for _, p := range rd.payloads {
		for k, v := range p {
			rd.form.values[k] = v
		}
	}
}

// readFile stages the bytes of a part that is for a file field, and skips any other. A file that is too large does not end the
// reading: it becomes a problem of its field.
func (rd *formReader) readFile(p *wire.Part) error {
	if rd.file == nil {
		return nil
	}
	f, ok := rd.file(p.Name)
	if !ok {
		return nil
	}
	source := &watched{r: p}
	limit := fileLimit(f, rd.maxFile)
	up, err := rd.stage(rd.r.Context(), core.Incoming{
		Name: wire.CleanName(p.FileName), SlugName: slugName(p.FileName), Declared: bareType(p.ContentType), MaxSize: limit,
	}, source)
	in := &incoming{upload: up}
	if err != nil {
		if source.failed || dossier.KindOf(err) != dossier.TooLarge {
			return err
		}
		in = &incoming{problem: &dossier.Problem{
			Path: []string{f.Name}, Code: dossier.CodeFileTooLarge,
			Params: map[string]any{"file": wire.CleanName(p.FileName), "max": limit},
		}}
	}
	rd.form.files[p.Name] = append(rd.form.files[p.Name], in)
	return nil
}

// slugName is what the stored name of a file is made of: the last step of the path that was sent, to the letter, or a dot if there
// is none.
func slugName(sent string) string {
	return cmp.Or(sent[strings.LastIndexByte(sent, '/')+1:], ".")
}

// A watched reader remembers that reading failed, so that its error is not taken for one of who reads.
type watched struct {
	r      io.Reader
	failed bool
}

// Read reads on.
func (w *watched) Read(b []byte) (int, error) {
	n, err := w.r.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		w.failed = true
	}
	return n, err
}

// bareType is a media type without its parameters, "" if it is none.
func bareType(s string) string {
	t, _, err := mime.ParseMediaType(s)
	if err != nil {
		return ""
	}
	return t
}

// isFinite reports whether all numbers in v are ones that a client can hold: 1e400 is none.
func isFinite(v any) bool {
	switch v := v.(type) {
	case jsonNumber:
		_, err := v.Float64()
		return err == nil
	case []any:
		return !slices.ContainsFunc(v, func(e any) bool { return !isFinite(e) })
	case map[string]any:
		for _, e := range v {
			if !isFinite(e) {
				return false
			}
		}
	}
	return true
}

// inferValue guesses what a form's text stands for: a truth value, a number in its shortest form, or itself.
func inferValue(text string) any {
	switch text {
	case "true":
		return true
	case "false":
		return false
	}
	if n, ok := inferNumber(text); ok {
		return n
	}
	return text
}

func inferNumber(text string) (n any, ok bool) {
	if text == "" || len(text) > 32 || strings.Trim(text, "-.0123456789") != "" {
		return nil, false
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || text == "-0" || strconv.FormatFloat(f, 'f', -1, 64) != text {
		return nil, false
	}
	return jsonNumber(text), true
}
