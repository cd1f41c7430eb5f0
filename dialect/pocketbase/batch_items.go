package pocketbase

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"dossier"
	"dossier/access"
	"dossier/core"
	"dossier/query"
	"dossier/wire"
)

// maxBatchURL is how long the URL of one request of a batch may be.
const maxBatchURL = 2000

// A batchItem is one request of a batch.
type batchItem struct {
	write
	method, url string
	headers     map[string]string
	query       url.Values
	who         access.Principal // who asks, with what the request has
	broken      error            // what is wrong with it, for when its turn comes
	record      *dossier.Record  // the outcome; nil for a removal
}

// readItem reads one request of a batch: its form, not its meaning.
func readItem(raw any) (*batchItem, error) {
	object, ok := raw.(map[string]any)
	if !ok {
		return nil, errBatchForm
	}
	item := &batchItem{headers: map[string]string{}, write: write{form: newForm()}}
	for key, to := range map[string]*string{"method": &item.method, "url": &item.url} {
		if v := object[key]; v != nil {
			if *to, ok = v.(string); !ok {
				return nil, errBatchForm
			}
		}
	}
	if v := object["body"]; v != nil {
		if item.form.values, ok = v.(map[string]any); !ok {
			return nil, errBatchForm
		}
	}
	headers, ok := object["headers"].(map[string]any)
	if !ok && object["headers"] != nil {
		return nil, errBatchForm
	}
	for name, v := range headers {
		if item.headers[name], ok = v.(string); !ok && v != nil {
			return nil, errBatchForm
		}
	}
	return item, nil
}

// check is what is wrong with the form of the request.
func (item *batchItem) check() map[string]any {
	wrong := map[string]any{}
	switch item.method {
	case "":
		wrong["method"] = blank
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
	default:
		wrong["method"] = badChoice
	}
	switch {
	case item.url == "":
		wrong["url"] = blank
	case len(item.url) > maxBatchURL:
		wrong["url"] = tooLong(maxBatchURL)
	}
	return wrong
}

// tooLong is the fault of what has more than most elements, or characters.
func tooLong(most int) fault {
	return fault{Code: "validation_length_too_long", Message: "The length must be no more than " + strconv.Itoa(most) + ".",
		Params: map[string]any{"max": most, "min": 0}}
}

// items makes items of the form's requests.
func (call *batchCall) items(ctx context.Context) ([]*batchItem, error) {
	raw, given := call.form.form.values["requests"]
	list, ok := raw.([]any)
	switch {
	case given && raw != nil && !ok:
		return nil, errBatchForm
	case len(list) == 0:
		return nil, invalidBatch(blank)
	}
	items := make([]*batchItem, len(list))
	wrong := map[string]any{}
	for i, raw := range list {
		item, err := readItem(raw)
		if err != nil {
			return nil, err
		}
		if faults := item.check(); len(faults) > 0 {
			wrong[strconv.Itoa(i)] = faults
		}
		items[i] = item
	}
	switch {
	case len(list) > call.s.MaxRequests:
		return nil, invalidBatch(tooLong(call.s.MaxRequests))
	case len(wrong) > 0:
		return nil, invalidBatch(wrong)
	}
	call.resolveAll(ctx, items)
	return items, nil
}

// invalidBatch is the answer to a batch whose form is good, but not what it says.
func invalidBatch(wrong any) error {
	return newError(http.StatusBadRequest, "Invalid batch request data.", map[string]any{"requests": wrong})
}

// resolveAll finds out what each item is about, and hands out the files.
func (call *batchCall) resolveAll(ctx context.Context, items []*batchItem) {
	made := map[string]bool{}
	for _, item := range items {
		item.at = dossier.InstantOf(call.svc.Now())
		if item.broken = call.resolve(ctx, item); item.broken != nil {
			return // and with it all that come after
		}
		item.follow(made)
		item.who.Request = call.requestOf(item)
	}
	for part, files := range call.form.form.files {
		if index, key, ok := splitPart(part); ok && index < len(items) {
			items[index].form.files[key] = append(items[index].form.files[key], renamed(files, key)...)
		}
	}
}

// itemForm is a request that a batch may have: its method, collection, record and query.
var itemForm = regexp.MustCompile(`^(POST|PUT|PATCH|DELETE) /api/collections/([^/?]+)/records(?:/([^/?]+))?(?:\?(.*))?$`)

// actions are what methods do to records.
var actions = map[string]access.Action{"POST": access.Create, "PUT": access.Create, "PATCH": access.Update, "DELETE": access.Delete}

// resolve finds out what item is about.
func (call *batchCall) resolve(ctx context.Context, item *batchItem) error {
	m := itemForm.FindStringSubmatch(item.method + " " + item.url)
	if m == nil {
		return errGeneric
	}
	item.action, item.id, item.who = actions[m[1]], m[3], call.who
	if onRecord := item.action == access.Update || item.action == access.Delete; onRecord != (item.id != "") {
		return errGeneric
	}
	var err error
	if item.query, err = url.ParseQuery(m[4]); err != nil {
		return errGeneric
	}
	var ok bool
	if item.c, ok = findCollection(call.svc.Space(), m[2]); !ok {
		return newError(http.StatusNotFound, "Missing collection context.", nil)
	}
	if _, err := parsePicker(item.query.Get("fields")); err != nil {
		return errGeneric
	}
	return call.upsert(ctx, item)
}

// upsert makes an update of a PUT whose record is there.
func (call *batchCall) upsert(ctx context.Context, item *batchItem) error {
	id := toText(item.form.values["id"])
	if item.method != http.MethodPut || id == "" {
		return nil
	}
	q := query.Query{Filter: idIn([]string{id}), Limit: 1}
	page, err := call.svc.ListRecords(ctx, access.System(), item.c, q, core.ListOptions{})
	if err == nil && len(page.Records) > 0 {
		item.action, item.id = access.Update, id
	}
	return err
}

// follow makes an update of an upsert of a record that an item before it makes, and a create of one that an item before it removes. made
// says which those are.
func (item *batchItem) follow(made map[string]bool) {
	key := string(item.c.ID) + "/"
	if item.id == "" {
		item.id = toText(item.form.values["id"])
	}
	there, known := made[key+item.id]
	if known && item.method == http.MethodPut {
		item.action = access.Create
		if there {
			item.action = access.Update
		}
	}
	if item.id != "" {
		made[key+item.id] = item.action != access.Delete
	}
}

// requestOf is what rules may look at of an item: its own method and query, and its own headers over those of the batch. Who asks is said by
// the batch alone.
func (call *batchCall) requestOf(item *batchItem) access.Request {
	req := access.Request{Method: item.method, Remote: call.who.Request.Remote, Context: contextBatch, Query: map[string]string{},
		Headers: maps.Clone(call.who.Request.Headers)}
	if item.method == http.MethodPut {
		req.Method = http.MethodPost
		if item.action == access.Update {
			req.Method = http.MethodPatch
		}
	}
	for name, values := range item.query {
		req.Query[name] = values[0]
	}
	for name, value := range item.headers {
		if key := wire.HeaderKey(name); key != "authorization" { // as rules read it: letters outside of ASCII may become some of it
			req.Headers[key] = value
		}
	}
	req.Headers["content_type"] = "multipart/form-data" // as which items are handled
	return req
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

// prepareItem does what comes before the transaction for item i.
func (call *batchCall) prepareItem(ctx context.Context, i int, item *batchItem) error {
	path, _, _ := strings.Cut(item.url, "?")
	asked := limited{who: item.who, host: wire.RemoteHost(call.r), method: item.who.Request.Method, path: path, c: item.c, actions: []string{string(item.action)}}
	if s, ok := call.limits(); ok && call.isOverLimit(s, asked) {
		return dossier.Errorf(dossier.Busy, "too many requests")
	}
	if err := call.svc.May(item.who, item.c, item.action); err != nil {
		return err
	}
	if item.action == access.Delete {
		return nil
	}
	for _, part := range call.early {
		index, key, _ := splitPart(part)
		if _, lost := fileFieldOf(item.c, key); lost && index == i {
			return newError(http.StatusBadRequest, "The files of a guest must follow the @jsonPayload that they are for.", nil)
		}
	}
	return call.prepare(ctx, item.who, &item.write)
}

// run does the item in b.
func (item *batchItem) run(ctx context.Context, b *core.Batch) (err error) {
	switch {
	case item.broken != nil:
		return item.broken
	case item.action == access.Delete:
		return b.DeleteRecord(ctx, item.c, core.ByID(dossier.ID(item.id)), 0)
	}
	item.record, err = item.do(ctx, b, item.who)
	return err
}

// failure is the answer to the item's failure.
func (item *batchItem) failure(err error) error {
	if item.c == nil {
		return err
	}
	if item.action == access.Delete {
		return deleteError(item.c, err)
	}
	return item.write.failure(err)
}
