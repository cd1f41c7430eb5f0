package pocketbase

import (
	"context"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"dossier"
	"dossier/access"
	"dossier/core"
)

// defaultBatchBody is how large a batch may be where the settings do not say.
const defaultBatchBody = 128 << 20

const msgBatchFailed = "Batch transaction failed."

// contextBatch is the value of Principal.Request.Context within a batch.
const contextBatch = "batch"

// The answer to a body that is no batch.
var errBatchForm = newError(http.StatusBadRequest, "Failed to read the submitted batch data.", nil)

// A batchCall is one call of the batch route.
type batchCall struct {
	*handler
	r    *http.Request
	who  access.Principal
	s    batchSettings
	form *formReader
	// early are the files, by the names of their parts, that a guest sent before the payload said what they are for. They were not kept.
	early []string
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
	call := &batchCall{handler: h, r: r, who: within(who, contextBatch), s: s}
	if err := call.read(); err != nil {
		h.svc.Discard(r.Context(), call.form.form.staged()...)
		return err
	}
	items, err := call.run(r.Context())
	if err != nil {
		h.svc.Discard(r.Context(), call.form.form.staged()...)
		return err
	}
	h.svc.Discard(r.Context(), call.form.form.unused(attached(items))...)
	answers, err := h.batchAnswers(r.Context(), items)
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

// read reads the body. Files may come for requests that the payload before them names; of users, for others too.
func (call *batchCall) read() error {
	limit := call.s.MaxBodySize
	if limit == 0 {
		limit = defaultBatchBody
	}
	call.form = &formReader{limit: limit, plain: min(limit, call.maxBody), r: call.r, form: newForm(), maxFile: call.svc.Space().Settings.MaxFileSize}
	call.form.file = call.field
	call.form.stage = func(ctx context.Context, in core.Incoming, bytes io.Reader) (*dossier.Upload, error) {
		return call.svc.Stage(ctx, call.who, in, bytes)
	}
	err := call.form.read()
	if err != nil && translate(err).status == http.StatusBadRequest {
		return errBatchForm
	}
	return err
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

// field is the file field that a part of the batch is for, as far as the payload has come.
func (call *batchCall) field(part string) (*dossier.Field, bool) {
	index, key, ok := splitPart(part)
	if !ok {
		return nil, false
	}
	for _, payload := range call.form.payloads {
		list, _ := payload["requests"].([]any)
		if index >= len(list) {
			continue
		}
		item, err := readItem(list[index])
		if err == nil {
			err = call.resolve(call.r.Context(), item)
		}
		if err != nil || call.svc.May(item.who, item.c, item.action) != nil {
			return nil, false
		}
		return fileFieldOf(item.c, key)
	}
	if len(call.form.payloads) > 0 {
		return nil, false
	}
	if call.who.IsGuest() {
		call.early = append(call.early, part)
		return nil, false
	}
	return &dossier.Field{Name: key}, true
}

// run does every request of the form in one transaction. What is wrong with a request is told when those before it have been done.
func (call *batchCall) run(ctx context.Context) ([]*batchItem, error) {
	items, err := call.items(ctx)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithTimeout(ctx, time.Duration(call.s.Timeout)*time.Second)
	defer stop()
	for i, item := range items {
		if item.broken == nil {
			item.broken = call.prepareItem(ctx, i, item)
		}
		if item.broken != nil {
			break
		}
	}
	failed := 0
	err = call.svc.Batch(ctx, call.who, func(b *core.Batch) error {
		for i, item := range items {
			b.Ask(item.who.Request)
			if err := item.run(ctx, b); err != nil {
				failed = i
				return err
			}
		}
		return nil
	})
	switch {
	case err == nil:
		return items, nil
	case ctx.Err() != nil:
		return nil, newError(http.StatusBadRequest, msgBatchFailed, nil)
	}
	return nil, batchFailure(failed, items[failed].failure(err))
}

// batchFailure is the answer to a batch whose request i failed.
func batchFailure(i int, err error) error {
	e := translate(err)
	if e.status == http.StatusInternalServerError && !errors.As(err, new(*apiError)) {
		return err
	}
	return newError(http.StatusBadRequest, msgBatchFailed, map[string]any{"requests": map[string]any{strconv.Itoa(i): map[string]any{
		"code": "batch_request_failed", "message": "Batch request failed.", "response": e.envelope(),
	}}})
}

// A batchAnswer is the outcome of one request.
type batchAnswer struct {
	Body   any `json:"body"`
	Status int `json:"status"`
}

// batchAnswers shows what became of every item.
func (h *handler) batchAnswers(ctx context.Context, items []*batchItem) ([]batchAnswer, error) {
	answers := make([]batchAnswer, len(items))
	for i, item := range items {
		if item.record == nil {
			answers[i] = batchAnswer{Status: http.StatusNoContent}
			continue
		}
		shown, err := h.viewer(ctx, item.who).records(item.c, []*dossier.Record{item.record}, item.query.Get("expand"))
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
