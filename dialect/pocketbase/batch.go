package pocketbase

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"dossier"
	"dossier/access"
	"dossier/core"
	"dossier/query"
)

// defaultBatchBody is how large a batch may be where the settings do not say.
const defaultBatchBody = 128 << 20

// contextBatch is the value of Principal.Request.Context within a batch.
const contextBatch = "batch"

// A batchItem is one request of a batch.
type batchItem struct {
	write
	query  url.Values
	record *dossier.Record // the outcome; nil for a removal
}

// batch is POST /api/batch: several creates, updates and removals of records, all or none.
func (h *handler) batch(w http.ResponseWriter, r *http.Request) error {
	who, err := h.authenticate(r)
	if err != nil {
		return err
	}
	s := h.settings().Batch
	if !s.Enabled {
		return newError(http.StatusForbidden, "Batch requests are not allowed.", nil)
	}
	who = within(who, contextBatch)
	form, err := h.readBatchForm(r, who, s)
	if err != nil {
		h.svc.Discard(r.Context(), form.staged()...)
		if translate(err) == errGeneric || dossier.KindOf(err) == dossier.Invalid {
			return newError(http.StatusBadRequest, "Failed to read the submitted batch data.", nil)
		}
		return err
	}
	items, err := h.runBatch(r.Context(), who, form, s)
	if err != nil {
		h.svc.Discard(r.Context(), form.staged()...)
		return err
	}
	h.svc.Discard(r.Context(), form.unused(attached(items))...)
	answers, err := h.batchAnswers(r.Context(), who, items)
	if err != nil {
		return err
	}
	return h.reply(w, r, answers)
}

// attached are the values of all items, as if of one.
func attached(items []*batchItem) map[string]dossier.Value {
	all := map[string]dossier.Value{}
	for i, item := range items {
		for name, v := range item.values {
			all[strconv.Itoa(i)+"."+name] = v
		}
	}
	return all
}

// readBatchForm reads the body. Files may come for requests that the payload before them names; of users, for others too.
func (h *handler) readBatchForm(r *http.Request, who access.Principal, s batchSettings) (*form, error) {
	limit := s.MaxBodySize
	if limit == 0 {
		limit = defaultBatchBody
	}
	rd := &formReader{limit: limit, plain: min(limit, h.maxBody), r: r, form: newForm(), maxFile: h.svc.Space().Settings.MaxFileSize}
	rd.file = func(part string) (*dossier.Field, bool) { return h.batchField(rd, who, part) }
	rd.stage = func(ctx context.Context, in core.Incoming, bytes io.Reader) (*dossier.Upload, error) {
		return h.svc.Stage(ctx, who, in, bytes)
	}
	return rd.form, rd.read()
}

// partForm is the name of a file part: requests.0.field or requests[0].field.
var partForm = regexp.MustCompile(`^requests(?:\.(\d{1,6})|\[(\d{1,6})\])\.(.+)$`)

// splitPart is which request a part is for, and the key of its field.
func splitPart(part string) (index int, key string, ok bool) {
	m := partForm.FindStringSubmatch(part)
	if m == nil {
		return 0, "", false
	}
	index, err := strconv.Atoi(m[1] + m[2])
	return index, m[3], err == nil
}

// batchField is the file field that a part of a batch is for, as far as the payload has come.
func (h *handler) batchField(rd *formReader, who access.Principal, part string) (*dossier.Field, bool) {
	index, key, ok := splitPart(part)
	if !ok {
		return nil, false
	}
	for _, payload := range rd.payloads {
		list, _ := payload["requests"].([]any)
		if index >= len(list) {
			continue
		}
		item, err := h.readItem(rd.r.Context(), list[index])
		if err != nil || h.svc.May(who, item.c, item.action) != nil {
			return nil, false
		}
		return fileFieldOf(item.c, key)
	}
	return &dossier.Field{Name: key}, len(rd.payloads) == 0 && !who.IsGuest()
}

// runBatch does every request of the form in one transaction.
func (h *handler) runBatch(ctx context.Context, who access.Principal, f *form, s batchSettings) ([]*batchItem, error) {
	items, err := h.readItems(ctx, f, s)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithTimeout(ctx, time.Duration(s.Timeout)*time.Second)
	defer stop()
	for i, item := range items {
		if err := h.prepareItem(ctx, who, item); err != nil {
			return nil, batchFailure(i, item.failure(err))
		}
	}
	failed := 0
	err = h.svc.Batch(ctx, who, func(b *core.Batch) error {
		for i, item := range items {
			if err := item.run(ctx, b, who); err != nil {
				failed = i
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, batchFailure(failed, items[failed].failure(err))
	}
	return items, nil
}

// readItems makes items of the form's requests.
func (h *handler) readItems(ctx context.Context, f *form, s batchSettings) ([]*batchItem, error) {
	list, _ := f.values["requests"].([]any)
	wrong := map[string]fault{}
	switch {
	case len(list) == 0:
		wrong["requests"] = blank
	case len(list) > s.MaxRequests:
		wrong["requests"] = fault{Code: "validation_length_too_long", Message: "The length must be no more than " + strconv.Itoa(s.MaxRequests) + ".",
			Params: map[string]any{"max": s.MaxRequests, "min": 0}}
	}
	if len(wrong) > 0 {
		return nil, invalidFields("Invalid batch request data.", wrong)
	}
	items := make([]*batchItem, len(list))
	made := map[string]bool{}
	for i, raw := range list {
		item, err := h.readItem(ctx, raw)
		if err != nil {
			return nil, batchFailure(i, err)
		}
		item.follow(raw, made)
		item.at = dossier.InstantOf(h.svc.Now())
		items[i] = item
	}
	for part, files := range f.files {
		if index, key, ok := splitPart(part); ok && index < len(items) {
			items[index].form.files[key] = append(items[index].form.files[key], renamed(files, key)...)
		}
	}
	return items, nil
}

// follow makes an update of an upsert of a record that an item before it makes, and a create of one that an item before it removes. made
// says which those are.
func (item *batchItem) follow(raw any, made map[string]bool) {
	object, _ := raw.(map[string]any)
	key := string(item.c.ID) + "/"
	if item.id == "" {
		item.id = toText(item.form.values["id"])
	}
	there, known := made[key+item.id]
	if known && strings.EqualFold(toText(object["method"]), http.MethodPut) {
		item.action = access.Create
		if there {
			item.action = access.Update
		}
	}
	if item.id != "" {
		made[key+item.id] = item.action != access.Delete
	}
}

// renamed puts the field's name into what was wrong with its files.
func renamed(files []*incoming, key string) []*incoming {
	name, _ := splitKey(key)
	for _, in := range files {
		if in.problem != nil {
			in.problem.Path = []string{name}
		}
	}
	return files
}

// actions are what methods do to records.
var actions = map[string]access.Action{"POST": access.Create, "PUT": access.Create, "PATCH": access.Update, "DELETE": access.Delete}

// readItem reads one request of a batch.
func (h *handler) readItem(ctx context.Context, raw any) (*batchItem, error) {
	object, _ := raw.(map[string]any)
	method := strings.ToUpper(toText(object["method"]))
	u, err := url.Parse(toText(object["url"]))
	if err != nil {
		return nil, errGeneric
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	action, ok := actions[method]
	withID := action == access.Update || action == access.Delete
	if !ok || len(parts) < 4 || parts[0] != "api" || parts[1] != "collections" || parts[3] != "records" || withID != (len(parts) == 5) || len(parts) > 5 {
		return nil, errGeneric
	}
	c, ok := findCollection(h.svc.Space(), parts[2])
	if !ok {
		return nil, newError(http.StatusNotFound, msgNoCollection, nil)
	}
	item := &batchItem{query: u.Query()}
	item.write = write{action: action, c: c, form: newForm()}
	if withID {
		item.id = parts[4]
	}
	if body, ok := object["body"].(map[string]any); ok {
		item.form.values = body
	}
	if _, err := parsePicker(item.query.Get("fields")); err != nil {
		return nil, errGeneric
	}
	return item, h.upsert(ctx, method, item)
}

// upsert makes an update of a PUT whose record is there.
func (h *handler) upsert(ctx context.Context, method string, item *batchItem) error {
	id := toText(item.form.values["id"])
	if method != "PUT" || id == "" {
		return nil
	}
	q := query.Query{Filter: idIn([]string{id}), Limit: 1}
	page, err := h.svc.ListRecords(ctx, access.System(), item.c, q, core.ListOptions{})
	if err == nil && len(page.Records) > 0 {
		item.action, item.id = access.Update, id
	}
	return err
}

func (h *handler) prepareItem(ctx context.Context, who access.Principal, item *batchItem) error {
	if err := h.svc.May(who, item.c, item.action); err != nil {
		return err
	}
	if item.action == access.Delete {
		return nil
	}
	return h.prepare(ctx, who, &item.write)
}

// run does the item in b.
func (item *batchItem) run(ctx context.Context, b *core.Batch, who access.Principal) (err error) {
	if item.action == access.Delete {
		return b.DeleteRecord(ctx, item.c, core.ByID(dossier.ID(item.id)), 0)
	}
	item.record, err = item.do(ctx, b, who)
	return err
}

// failure is the answer to the item's failure.
func (item *batchItem) failure(err error) error {
	if item.action == access.Delete {
		return deleteError(item.c, err)
	}
	return item.write.failure(err)
}

// batchFailure is the answer to a batch whose request i failed.
func batchFailure(i int, err error) error {
	e := translate(err)
	if e.status == http.StatusInternalServerError && !errors.As(err, new(*apiError)) {
		return err
	}
	return newError(http.StatusBadRequest, "Batch transaction failed.", map[string]any{"requests": map[string]any{strconv.Itoa(i): map[string]any{
		"code": "batch_request_failed", "message": "Batch request failed.", "response": e.envelope(),
	}}})
}

// A batchAnswer is the outcome of one request.
type batchAnswer struct {
	Body   any `json:"body"`
	Status int `json:"status"`
}

// batchAnswers shows what became of every item.
func (h *handler) batchAnswers(ctx context.Context, who access.Principal, items []*batchItem) ([]batchAnswer, error) {
	answers := make([]batchAnswer, len(items))
	for i, item := range items {
		if item.record == nil {
			answers[i] = batchAnswer{Status: http.StatusNoContent}
			continue
		}
		shown, err := h.viewer(ctx, who).records(item.c, []*dossier.Record{item.record}, item.query.Get("expand"))
		if err != nil {
			return nil, err
		}
		p, err := parsePicker(item.query.Get("fields"))
		if err != nil {
			return nil, err
		}
		answers[i] = batchAnswer{Body: p.pick(shown[0]), Status: http.StatusOK}
	}
	return answers, nil
}
