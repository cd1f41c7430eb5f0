package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// What testdata/schema.yaml gives to those who know it.
const (
	application = "60241522a16be4001b611249"
	apiKey      = "00000000-aaaa-4bbb-8ccc-000000000001"
	reportToken = "repTokAllRights0000000000000000000000001"
)

// A client speaks one dialect. Create uploads size bytes of body under name and attaches them to a new report with this title;
// it returns nil once the server has acknowledged both. Fetch finds the report by its title and opens its file.
type client interface {
	create(ctx context.Context, title, name string, body io.Reader, size int64) error
	fetch(ctx context.Context, title string) (io.ReadCloser, error)
}

// dialects are the names of the clients that newClients returns, in their order.
var dialects = []string{"kintone", "knack", "pocketbase"}

// newClients returns a client of every dialect for the server at base.
func newClients(t testing.TB, base string) []client {
	t.Helper()
	w := wire{base: base, http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true}}}
	t.Cleanup(w.http.CloseIdleConnections)
	pb := &pocketbase{wire: w}
	if err := pb.signIn(t.Context()); err != nil {
		t.Fatal(err)
	}
	return []client{&kintone{w}, &knack{w}, pb}
}

// wire is what the clients share: requests with headers, JSON in and out.
type wire struct {
	base string
	http *http.Client
}

// do sends a request and returns the response of a success; anything else is an error that holds the body.
func (w wire) do(ctx context.Context, method, target string, header map[string]string, body io.Reader, size int64) (*http.Response, error) {
	if strings.HasPrefix(target, "/") {
		target = w.base + target
	}
	req, err := http.NewRequestWithContext(ctx, method, target, body)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.ContentLength = size
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	res, err := w.http.Do(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		defer res.Body.Close()
		b, _ := io.ReadAll(io.LimitReader(res.Body, 2000))
		return nil, fmt.Errorf("%s %s: %s: %s", method, target, res.Status, b)
	}
	return res, nil
}

// call sends in as JSON, if it is not nil, and decodes the answer into out.
func (w wire) call(ctx context.Context, method, target string, header map[string]string, in, out any) error {
	var body io.Reader
	var size int64
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		header = with(header, "Content-Type", "application/json")
		body, size = bytes.NewReader(b), int64(len(b))
	}
	return w.decode(out)(w.do(ctx, method, target, header, body, size))
}

// upload sends a form of text fields and one file, streamed, and decodes the answer into out.
func (w wire) upload(ctx context.Context, target string, header map[string]string, form filePart, out any) error {
	head, tail := form.envelope()
	body := io.MultiReader(strings.NewReader(head), form.body, strings.NewReader(tail))
	header = with(header, "Content-Type", "multipart/form-data; boundary="+boundary)
	return w.decode(out)(w.do(ctx, http.MethodPost, target, header, body, int64(len(head)+len(tail))+form.size))
}

func (w wire) decode(out any) func(*http.Response, error) error {
	return func(res *http.Response, err error) error {
		if err != nil {
			return err
		}
		defer res.Body.Close()
		return json.NewDecoder(res.Body).Decode(out)
	}
}

// open returns the body of a GET.
func (w wire) open(ctx context.Context, target string, header map[string]string) (io.ReadCloser, error) {
	res, err := w.do(ctx, http.MethodGet, target, header, nil, 0)
	if err != nil {
		return nil, err
	}
	return res.Body, nil
}

func with(header map[string]string, name, value string) map[string]string {
	out := map[string]string{name: value}
	for k, v := range header {
		out[k] = v
	}
	return out
}

// A filePart is a form with one file and perhaps a title.
type filePart struct {
	field, name, title string
	body               io.Reader
	size               int64
}

// envelope returns what stands before and after the file's bytes.
func (f filePart) envelope() (head, tail string) {
	if f.title != "" {
		head = fmt.Sprintf("--%s\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\n%s\r\n", boundary, f.title)
	}
	head += fmt.Sprintf("--%s\r\nContent-Disposition: form-data; name=\"%s\"; filename=\"%s\"\r\nContent-Type: application/octet-stream\r\n\r\n",
		boundary, f.field, f.name)
	return head, fmt.Sprintf("\r\n--%s--\r\n", boundary)
}

type kintone struct{ wire }

func (c *kintone) header() map[string]string {
	return map[string]string{"X-Cybozu-API-Token": reportToken}
}

// put uploads and returns the key.
func (c *kintone) put(ctx context.Context, name string, body io.Reader, size int64) (string, error) {
	var up struct{ FileKey string }
	err := c.upload(ctx, "/k/v1/file.json", c.header(), filePart{field: "file", name: name, body: body, size: size}, &up)
	return up.FileKey, err
}

// attach makes a report that holds the upload.
func (c *kintone) attach(ctx context.Context, title, key string) error {
	type value map[string]any
	record := value{"title": value{"value": title}, "attachment": value{"value": []value{{"fileKey": key}}}}
	return c.call(ctx, http.MethodPost, "/k/v1/record.json", c.header(), value{"app": 2, "record": record}, &struct{}{})
}

func (c *kintone) create(ctx context.Context, title, name string, body io.Reader, size int64) error {
	key, err := c.put(ctx, name, body, size)
	if err != nil {
		return err
	}
	return c.attach(ctx, title, key)
}

func (c *kintone) fetch(ctx context.Context, title string) (io.ReadCloser, error) {
	var list struct {
		Records []struct {
			Attachment struct{ Value []struct{ FileKey string } }
		}
	}
	target := "/k/v1/records.json?app=2&fields[0]=attachment&query=" + url.QueryEscape(`title = "`+title+`"`)
	if err := c.call(ctx, http.MethodGet, target, c.header(), nil, &list); err != nil {
		return nil, err
	}
	if len(list.Records) != 1 || len(list.Records[0].Attachment.Value) != 1 {
		return nil, fmt.Errorf("kintone: want one record %q with one file, got %+v", title, list.Records)
	}
	return c.open(ctx, "/k/v1/file.json?fileKey="+url.QueryEscape(list.Records[0].Attachment.Value[0].FileKey), c.header())
}

type knack struct{ wire }

func (c *knack) header() map[string]string {
	return map[string]string{"X-Knack-Application-Id": application, "X-Knack-REST-API-Key": apiKey}
}

func (c *knack) create(ctx context.Context, title, name string, body io.Reader, size int64) error {
	var asset struct{ ID string }
	err := c.upload(ctx, "/v1/applications/"+application+"/assets/file/upload", c.header(),
		filePart{field: "files", name: name, body: body, size: size}, &asset)
	if err != nil {
		return err
	}
	record := map[string]string{"field_10": title, "field_21": asset.ID}
	return c.call(ctx, http.MethodPost, "/v1/objects/object_2/records", c.header(), record, &struct{}{})
}

func (c *knack) fetch(ctx context.Context, title string) (io.ReadCloser, error) {
	var list struct {
		Records []struct {
			File struct{ URL string } `json:"field_21_raw"`
		}
	}
	filters := fmt.Sprintf(`[{"field":"field_10","operator":"is","value":%q}]`, title)
	if err := c.call(ctx, http.MethodGet, "/v1/objects/object_2/records?filters="+url.QueryEscape(filters), c.header(), nil, &list); err != nil {
		return nil, err
	}
	if len(list.Records) != 1 || list.Records[0].File.URL == "" {
		return nil, fmt.Errorf("knack: want one record %q with a file, got %+v", title, list.Records)
	}
	return c.open(ctx, list.Records[0].File.URL, nil)
}

type pocketbase struct {
	wire
	token string
}

func (c *pocketbase) header() map[string]string { return map[string]string{"Authorization": c.token} }

func (c *pocketbase) signIn(ctx context.Context) error {
	var auth struct{ Token string }
	in := map[string]string{"identity": "member1@example.com", "password": "member-password-1"}
	err := c.call(ctx, http.MethodPost, "/api/collections/users/auth-with-password", nil, in, &auth)
	c.token = auth.Token
	return err
}

func (c *pocketbase) create(ctx context.Context, title, name string, body io.Reader, size int64) error {
	form := filePart{field: "attachment", name: name, title: title, body: body, size: size}
	return c.upload(ctx, "/api/collections/reports/records", c.header(), form, &struct{}{})
}

func (c *pocketbase) fetch(ctx context.Context, title string) (io.ReadCloser, error) {
	var list struct {
		Items []struct {
			ID         string
			Attachment []string
		}
	}
	target := "/api/collections/reports/records?skipTotal=1&filter=" + url.QueryEscape(`title = "`+title+`"`)
	if err := c.call(ctx, http.MethodGet, target, c.header(), nil, &list); err != nil {
		return nil, err
	}
	if len(list.Items) != 1 || len(list.Items[0].Attachment) != 1 {
		return nil, fmt.Errorf("pocketbase: want one record %q with one file, got %+v", title, list.Items)
	}
	return c.open(ctx, "/api/files/reports/"+list.Items[0].ID+"/"+url.PathEscape(list.Items[0].Attachment[0]), nil)
}
